"""The one way out to a vendor: authentication, limits, retry of reads, and readable errors.

A read may be repeated, for it changes nothing. A write is repeated only where the vendor said that it refused the
request unseen (429) or where no connection came about; any other silence is an `AnswerLost`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from threading import Lock
from typing import Protocol
from urllib.parse import unquote

import httpx

from tierops import __version__
from tierops.errors import NOT_FOUND, UNAUTHORIZED, AnswerLost, NotSent, VendorError
from tierops.model import LiveTier, Request, Value
from tierops.providers import address, proxies, wire
from tierops.providers.accounts import Credentials, Dialect
from tierops.providers.answer import Answer, Times, described, is_page, loads, parsed, reason, receive
from tierops.providers.discretion import Discretion
from tierops.providers.limits import Limits, Waiting, is_passing, tries
from tierops.providers.token import Token
from tierops.providers.vendor import Vendor
from tierops.text import jsontext

# A write may take a vendor minutes (its own limit is said to be three); giving up early makes an answer "lost".
_READ = Times(connect=10, step=30, whole=120)
_WRITE = Times(connect=10, step=180, whole=240)
_NO_CONNECTION = (httpx.ConnectError, httpx.ConnectTimeout)
_LARGEST = 16 * wire.MEBIBYTE  # an answer, unpacked; 5,000 tiers take about three million bytes

# Answers to a write that say neither that it was carried out nor that it was not: the vendor may be at work on it, or
# be done. Those of the second set say that it took the request, which is then never sent again.
_UNCLEAR = frozenset({408, 425, 499})
_TAKEN = frozenset({202, 409, *range(300, 400)})
_NO_CONTENT = 204

_log = logging.getLogger(__name__)


class Witness(Protocol):
    """Is told of every request that may write, before it leaves and after. Called from several threads at once."""

    def sending(self, method: str, path: str, body: bytes) -> int:
        """The request is about to leave; the number stands for it from now on.

        Raises `NotSent`, and then it does not leave.
        """
        ...

    def answered(self, intent: int, status: int, request_id: str | None) -> None:
        """An answer came, with the vendor's name for the request where it gave one. Raises nothing."""
        ...

    def lost(self, intent: int, reason: str, *, was_sent: bool) -> None:
        """No answer came; `was_sent` is False where there was no connection to send it through. Raises nothing."""
        ...


class Client:
    """A vendor's API below `base_url`. Safe to use from several threads.

    `reads` and `writes` count the requests sent, `limits` what the vendor allows. With `is_read_only` nothing but GET
    can leave, and the request for a token. `environ` may name proxies and certificates. `witness` is told of every
    write, `keep_secret` of the keys of a sign-in and of every token.
    """

    def __init__(
        self,
        vendor: Vendor,
        base_url: str,
        credentials: Credentials,
        dialect: Dialect,
        *,
        environ: Mapping[str, str] | None = None,
        waiting: Waiting | None = None,
        transport: httpx.BaseTransport | None = None,
        is_read_only: bool = False,
        witness: Witness | None = None,
        keep_secret: Callable[[Iterable[str]], None] = lambda _: None,
    ) -> None:
        environ = environ or {}
        there = address.checked(vendor.title, base_url, vendor.prefixes)
        self.title = vendor.title
        self.base_url = there.url
        self.reads = 0
        self.writes = 0
        self.discretion = Discretion(credentials, proxies.passwords(environ), keep_secret)
        self._root = there.path
        self._is_given = there.url != vendor.default_url.rstrip("/")
        self._is_read_only = is_read_only
        self._is_closed = False
        self._count = Lock()
        self._dialect = dialect
        self._waiting = waiting or Waiting()
        self.limits = Limits(vendor.title, vendor.allowance, self._waiting, vendor.pace)
        self._witness = witness
        own = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": f"tierops/{__version__}"}
        self._headers = {**own, **credentials.headers}
        self._transport = transport or wire.to(self.title, there, environ, _LARGEST)
        self._token: Token | None = None
        if credentials.sign_in:
            self.discretion.keep(credentials.sign_in.secrets)
            way = transport or wire.to(self.title, there, environ, wire.MEBIBYTE)
            self._token = Token(
                self.title, there.url, credentials.sign_in, own, way, self._waiting, self.discretion.keep
            )

    def close(self) -> None:
        """Close the connections, for good."""
        self._is_closed = True
        self._transport.close()
        if self._token:
            self._token.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Value:
        """The JSON of a read. Raises `VendorError`.

        It is tried again where the connection or the JSON breaks, and where the vendor cannot answer now: 408, 425,
        429, 5xx, for as long as the answer says where it does.
        """
        with self.discretion.about_errors():
            return self._get(path, params)

    def _get(self, path: str, params: Mapping[str, str | int] | None) -> Value:
        for is_last in tries(self._waiting):
            try:
                answer = self._send("GET", path, _READ, params=params)
            except httpx.RequestError as error:
                if is_last:
                    raise VendorError(self._unreachable(error)) from None
                continue
            try:
                return self._json("GET", path, answer)
            except VendorError as error:
                said_in_success = error.status is not None and error.status < 500
                is_refused = said_in_success if answer.is_success else not is_passing(answer.status)
                if is_last or is_refused:
                    raise
        raise AssertionError("unreachable")  # pragma: no cover

    def create(self, request: Request, read: Callable[[Value], Iterable[LiveTier]]) -> tuple[LiveTier, ...]:
        """Send a request of a plan as it is, and give the tiers that `read` finds in its answer.

        Raises `NotSent` where it never left, `VendorError` where the vendor refused, `AnswerLost` where nobody knows.
        """
        with self.discretion.about_errors():
            return self._create(request, read)

    def _create(self, request: Request, read: Callable[[Value], Iterable[LiveTier]]) -> tuple[LiveTier, ...]:
        method, path = request.method, request.path
        answer = self._write(request)
        status = answer.status
        if status in _TAKEN:
            raise AnswerLost(self._described(method, path, answer), is_taken=True)
        if status >= 500 or status in _UNCLEAR:
            raise AnswerLost(self._described(method, path, answer))
        try:
            is_empty = status == _NO_CONTENT and not answer.content and not answer.flaw
            return tuple(read(None if is_empty else self._json(method, path, answer)))
        except VendorError as error:
            if not answer.is_success:
                raise
            if error.status is None:
                raise AnswerLost(f"{error} in the answer to a create", is_taken=True) from None
            if error.status >= 500 or error.status in _UNCLEAR | _TAKEN:
                raise AnswerLost(str(error), is_taken=True) from None
            raise

    def _write(self, request: Request) -> Answer:
        content = jsontext.dumps(request.body).encode()
        for is_last in tries(self._waiting):
            try:
                return self._send(request.method, request.path, _WRITE, content=content)
            except _NO_CONNECTION as error:
                # No connection, so nothing was sent: the one failure after which a write may simply be tried again.
                if is_last:
                    raise NotSent(self._unreachable(error)) from None
            except httpx.RequestError as error:
                lost = f"the answer of {self.title} to {request.method} {request.path} is lost: {reason(error)}"
                raise AnswerLost(lost) from None
        raise AssertionError("unreachable")  # pragma: no cover

    def _send(
        self,
        method: str,
        path: str,
        times: Times,
        *,
        params: Mapping[str, str | int] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """One request; sent again after a 429, which a vendor answers before it does anything.

        A read is sent again, too, after an answer that says when to come back.
        """
        is_read = method == "GET"
        if self._is_read_only and not is_read:
            raise NotSent(f"{method} {self._root}{path} was not sent: this command only reads")
        turn = self.limits.turn()
        may_renew = is_read  # a write that was refused with an expired token is not sent again by itself
        while True:
            token_headers = self._token.headers() if self._token else {}
            request = self._request(method, path, times, params, content, token_headers)
            with turn:
                start = time.perf_counter()
                answer = self._exchange(request, path)
                milliseconds = (time.perf_counter() - start) * 1000
                self.limits.learn(answer.headers)
            _log.info("%s %s: %s in %.0f ms", method, self._root + path, answer.status, milliseconds)
            if answer.status == UNAUTHORIZED and self._token:
                self._token.expire(token_headers)
                if may_renew:
                    may_renew = False
                    continue
            if answer.status == 429:
                self.limits.refused(answer.headers, self._dialect.pause(parsed(answer)))
            elif not (is_read and self.limits.is_closed(answer, partial(self._described, method, path, answer))):
                return answer

    def _request(
        self,
        method: str,
        path: str,
        times: Times,
        params: Mapping[str, str | int] | None,
        content: bytes | None,
        token_headers: Mapping[str, str],
    ) -> httpx.Request:
        kind = {"Content-Type": "application/json"} if content is not None else {}
        try:
            return httpx.Request(
                method,
                self.base_url + path,
                params=params,
                headers={**self._headers, **kind, **token_headers},
                content=content,
                extensions=times.extensions(),
            )
        except (httpx.InvalidURL, ValueError) as error:  # a name or a cursor of a megabyte, or half a surrogate
            raise NotSent(f"{self.title}: {method} {path} cannot be asked for: {error}") from None

    def _exchange(self, request: httpx.Request, path: str) -> Answer:
        """Send, with a witness of what may write. Raises `httpx.RequestError` where no answer comes."""
        if self._is_closed:
            raise RuntimeError(f"the connection to {self.title} is closed")
        is_write = request.method != "GET"
        witness = self._witness if is_write else None
        intent = witness.sending(request.method, path, request.content) if witness is not None else 0
        with self._count:
            self.reads += not is_write
            self.writes += is_write
        try:
            answer = receive(self._transport, request)
        except httpx.RequestError as error:
            if witness is not None:
                was_sent = not isinstance(error, _NO_CONNECTION)
                witness.lost(intent, self.discretion.cleaned(reason(error)), was_sent=was_sent)
            raise
        if witness is not None:
            request_id = self._request_id(answer)
            witness.answered(intent, answer.status, request_id and self.discretion.cleaned(request_id))
        return answer

    def _request_id(self, answer: Answer) -> str | None:
        name = self._dialect.request_id(answer.headers, None if answer.is_success else parsed(answer))
        return name[:200] if isinstance(name, str) else None

    def _json(self, method: str, path: str, answer: Answer) -> Value:
        if not answer.is_success:  # what something in between says is no refusal of the vendor
            raise VendorError(self._described(method, path, answer), None if is_page(answer) else answer.status)
        try:
            body = loads(answer)
        except ValueError as error:
            said = self._described(method, path, answer)
            flaw = "" if answer.flaw else f", which is not the JSON that is documented ({error})"
            raise VendorError(said + flaw) from None
        if self.discretion.holds_key(body):
            raise VendorError(f"{self.title} sent back the key that it was asked with; nothing of its answer is used")
        if (status := self._dialect.refusal(body)) is not None:
            said = self._dialect.explain(body)
            raise VendorError(f"{self.title} answered {method} {path} with {answer.status}, but: {said}", status)
        return body

    def _unreachable(self, error: httpx.RequestError) -> str:
        return f"{self.title} cannot be reached at {self.base_url}: {reason(error)}"

    def _described(self, method: str, path: str, answer: Answer) -> str:
        # What is missing may be so at this address only: one that a person gave is shown.
        where = f" at {self.base_url}" if answer.status == NOT_FOUND and self._is_given else ""
        said = described(answer, self._dialect.explain)
        return f"{self.title} answered {method} {unquote(path)}{where} with {said}"
