"""The one way out to a vendor: authentication, limits, retry of reads, and readable errors.

A read may be repeated, for it changes nothing. A write is repeated only where the vendor said that it refused the
request unseen (429) or where no connection came about; any other silence is an `AnswerLost`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Protocol

import httpx

from tierops import __version__
from tierops.errors import UNAUTHORIZED, AnswerLost, NotSent, VendorError
from tierops.model import LiveTier, Request, Value
from tierops.providers import address
from tierops.providers.answer import MEBIBYTE, described, parsed, reason, receive
from tierops.providers.limits import Limits, Waiting, tries
from tierops.providers.token import Token
from tierops.providers.vendor import Credentials, Dialect, Vendor, secrets_of
from tierops.text import jsontext
from tierops.text.redaction import Redaction
from tierops.text.visible import short

# Seconds. A write may take a vendor minutes (its own limit is said to be three); giving up early is what makes
# an answer "lost".
_READ_TIMEOUT = httpx.Timeout(30, connect=10)
_WRITE_TIMEOUT = httpx.Timeout(180, connect=10)
_NO_CONNECTION = (httpx.ConnectError, httpx.ConnectTimeout)
_LARGEST = 64 * MEBIBYTE  # an answer, unpacked; 5,000 tiers take about three million bytes
_LONGEST_MESSAGE = 3000  # characters

# Answers to a write that say neither that it was carried out nor that it was not: the vendor may be at work on it, or
# be done. Those of the second set say that it took the request, which is then never sent again.
_UNCLEAR = frozenset({408, 425, 499})
_TAKEN = frozenset({202, 409, *range(300, 400)})

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
    can leave, and the request for a token. `witness` is told of every write, `keep_secret` of the keys of a sign-in and
    of every token.
    """

    def __init__(
        self,
        vendor: Vendor,
        base_url: str,
        credentials: Credentials,
        dialect: Dialect,
        *,
        waiting: Waiting | None = None,
        transport: httpx.BaseTransport | None = None,
        is_read_only: bool = False,
        witness: Witness | None = None,
        keep_secret: Callable[[Iterable[str]], None] = lambda _: None,
    ) -> None:
        self.title = vendor.title
        self.base_url = base_url.rstrip("/")
        self.reads = 0
        self.writes = 0
        self._count = Lock()
        self._dialect = dialect
        self._waiting = waiting or Waiting()
        self.limits = Limits(vendor.title, vendor.allowance, self._waiting)
        self._witness = witness
        self._keep_secret = keep_secret
        secret = {name: value for name, value in credentials.headers.items() if name not in credentials.open_headers}
        self._redaction = Redaction(secrets_of(secret))
        # What is read gets into plans and reports, so no key may be in it. The id of an account may well be there.
        no_ids = {name: value for name, value in secret.items() if name not in credentials.id_headers}
        self._keys = Redaction(secrets_of(no_ids))
        own = {"Accept": "application/json", "User-Agent": f"tierops/{__version__}"}
        self._http = address.connect(
            self.title,
            self.base_url,
            {**own, **credentials.headers},
            transport=transport,
            before_each=[_refuse_writes] if is_read_only else [],
        )
        self._root = httpx.URL(self.base_url).path.rstrip("/")
        self._token: Token | None = None
        if credentials.sign_in:
            self._keep(credentials.sign_in.secrets)
            http = address.connect(self.title, self.base_url, own, transport=transport)
            self._token = Token(self.title, self.base_url, credentials.sign_in, http, self._waiting, self._keep)

    @contextmanager
    def discretion(self) -> Iterator[None]:
        """Within it errors hold no key: neither in what the vendor said nor in the errors that led to them."""
        try:
            yield
        except VendorError as error:
            error.args = (self._redaction.every(short(str(error), _LONGEST_MESSAGE)),)
            error.__cause__ = error.__context__ = None  # of httpx or of the JSON parser, with a part of the answer
            raise

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        if self._token:
            self._token.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Value:
        """The JSON of a read. Lost connections, 429, 5xx and broken JSON are tried again. Raises `VendorError`."""
        with self.discretion():
            return self._get(path, params)

    def _get(self, path: str, params: Mapping[str, str | int] | None) -> Value:
        for is_last in tries(self._waiting):
            try:
                response = self._send("GET", path, params=params, timeout=_READ_TIMEOUT)
            except httpx.RequestError as error:
                if is_last:
                    raise VendorError(self._unreachable(error)) from None
                continue
            try:
                return self._json(response)
            except VendorError as error:
                is_refused = error.status is not None and error.status < 500
                if is_refused or is_last:
                    raise
        raise AssertionError("unreachable")  # pragma: no cover

    def create(self, request: Request, read: Callable[[Value], Iterable[LiveTier]]) -> tuple[LiveTier, ...]:
        """Send a request of a plan as it is, and give the tiers that `read` finds in its answer.

        Raises `NotSent` where it never left, `VendorError` where the vendor refused, `AnswerLost` where nobody knows.
        """
        with self.discretion():
            return self._create(request, read)

    def _create(self, request: Request, read: Callable[[Value], Iterable[LiveTier]]) -> tuple[LiveTier, ...]:
        response = self._write(request)
        status = response.status_code
        if status in _TAKEN:
            raise AnswerLost(self._described(response), is_taken=True)
        if status >= 500 or status in _UNCLEAR:
            raise AnswerLost(self._described(response))
        try:
            return tuple(read(self._json(response)))
        except VendorError as error:
            if not response.is_success:
                raise
            if error.status is None:
                raise AnswerLost(f"{error} in the answer to a create", is_taken=True) from None
            if error.status >= 500 or error.status in _UNCLEAR | _TAKEN:
                raise AnswerLost(str(error), is_taken=True) from None
            raise

    def _write(self, request: Request) -> httpx.Response:
        content = jsontext.dumps(request.body).encode()
        for is_last in tries(self._waiting):
            try:
                return self._send(request.method, request.path, content=content, timeout=_WRITE_TIMEOUT)
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
        *,
        timeout: httpx.Timeout,
        params: Mapping[str, str | int] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """One request; sent again after a 429, which a vendor answers before it does anything."""
        headers = {"Content-Type": "application/json"} if content is not None else {}
        try:
            request = self._http.build_request(
                method, self.base_url + path, params=params, content=content, headers=headers, timeout=timeout
            )
        except (httpx.InvalidURL, ValueError) as error:  # a name or a cursor of a megabyte, or half a surrogate
            raise NotSent(f"{self.title}: {method} {path} cannot be asked for: {error}") from None
        turn = self.limits.turn()
        may_renew = method == "GET"  # a write that was refused with an expired token is not sent again by itself
        while True:
            token_headers = self._token.headers() if self._token else {}
            request.headers.update(token_headers)
            with turn:
                start = time.perf_counter()
                response = self._exchange(request, path)
                milliseconds = (time.perf_counter() - start) * 1000
                self.limits.learn(response.headers)
            _log.info("%s %s: %s in %.0f ms", method, self._root + path, response.status_code, milliseconds)
            if response.status_code == 429:
                self.limits.refused(response.headers, self._dialect.pause(parsed(response)))
                continue
            if response.status_code == UNAUTHORIZED and self._token:
                self._token.expire(token_headers)
                if may_renew:
                    may_renew = False
                    continue
            return response

    def _keep(self, secrets: Iterable[str]) -> None:
        """Show these nowhere from now on, and believe no answer that holds one."""
        secrets = tuple(secrets)
        for redaction in (self._redaction, self._keys):
            redaction.add(secrets)
        self._keep_secret(secrets)

    def _exchange(self, request: httpx.Request, path: str) -> httpx.Response:
        """Send, with a witness of what may write. Raises `httpx.RequestError` where no whole answer comes."""
        is_write = request.method != "GET"
        witness = self._witness if is_write else None
        intent = witness.sending(request.method, path, request.content) if witness is not None else 0
        with self._count:
            self.reads += not is_write
            self.writes += is_write
        try:
            response = receive(self._http, request, _LARGEST)
        except httpx.RequestError as error:
            if witness is not None:
                message = self._redaction.every(short(reason(error), _LONGEST_MESSAGE))
                witness.lost(intent, message, was_sent=not isinstance(error, _NO_CONNECTION))
            raise
        if witness is not None:
            request_id = self._request_id(response)
            witness.answered(intent, response.status_code, request_id and self._redaction.every(request_id))
        return response

    def _request_id(self, response: httpx.Response) -> str | None:
        name = self._dialect.request_id(response.headers, None if response.is_success else parsed(response))
        return name[:200] if isinstance(name, str) else None

    def _json(self, response: httpx.Response) -> Value:
        if response.is_success and self._keys.is_in(response.content.decode(errors="replace")):
            raise VendorError(f"{self.title} sent back the key that it was asked with; nothing of its answer is used")
        try:
            body = jsontext.loads(response.content) if response.is_success else None
        except ValueError as error:
            raise VendorError(
                f"{self._described(response)}, which is not the JSON that is documented ({error})"
            ) from None
        if not response.is_success:
            raise VendorError(self._described(response), response.status_code)
        if (status := self._dialect.refusal(body)) is not None:
            said = self._dialect.explain(body)
            raise VendorError(f"{self._asked(response)} with {response.status_code}, but: {said}", status)
        return body

    def _unreachable(self, error: httpx.RequestError) -> str:
        return f"{self.title} cannot be reached at {self.base_url}: {reason(error)}"

    def _described(self, response: httpx.Response) -> str:
        return f"{self._asked(response)} with {described(response, self._dialect.explain)}"

    def _asked(self, response: httpx.Response) -> str:
        path = response.request.url.path.removeprefix(self._root)
        return f"{self.title} answered {response.request.method} {path}"


def _refuse_writes(request: httpx.Request) -> None:
    if request.method != "GET":
        raise NotSent(f"{request.method} {request.url.path} was not sent: this command only reads")
