"""The one way out to a vendor: authentication, limits, retry of reads, and readable errors.

A read may be repeated, for it changes nothing. A write is repeated only where the vendor said that it refused the
request unseen (429) or where no connection came about; any other silence is an `AnswerLost`.
"""

from __future__ import annotations

import ipaddress
import logging
import time
from collections.abc import Callable, Mapping
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Protocol

import httpx

from tierops import __version__, jsontext
from tierops.errors import AnswerLost, NotSent, TieropsError, VendorError
from tierops.model import Value
from tierops.providers.limits import Limits, Waiting

if TYPE_CHECKING:
    import ssl

# Seconds. A write may take a vendor minutes (its own limit is said to be three); giving up early is what makes
# an answer "lost".
_READ_TIMEOUT = httpx.Timeout(30, connect=10)
_WRITE_TIMEOUT = httpx.Timeout(180, connect=10)
_TRIES = 4
_FIRST_PAUSE = 0.5
_NO_CONNECTION = (httpx.ConnectError, httpx.ConnectTimeout)

_log = logging.getLogger(__name__)

Explain = Callable[[Value], str]


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

    `explain` turns the vendor's error body into a sentence. `reads` and `writes` count the requests sent, `limits` what
    the vendor allows. With `is_read_only` nothing but GET can leave. `witness` is told of every write.
    """

    def __init__(
        self,
        title: str,
        base_url: str,
        headers: Mapping[str, str],
        explain: Explain,
        *,
        waiting: Waiting | None = None,
        transport: httpx.BaseTransport | None = None,
        is_read_only: bool = False,
        witness: Witness | None = None,
    ) -> None:
        self.title = title
        self.base_url = base_url.rstrip("/")
        self.reads = 0
        self.writes = 0
        self._count = Lock()
        self._explain = explain
        self._waiting = waiting or Waiting()
        self.limits = Limits(title, self._waiting)
        self._witness = witness
        is_local = _check_url(title, self.base_url)
        self._root = httpx.URL(self.base_url).path.rstrip("/")
        self._http = httpx.Client(
            headers={"Accept": "application/json", "User-Agent": f"tierops/{__version__}", **headers},
            # A TLS context reads the whole CA bundle; plain http on loopback has no use for one, nor for a proxy.
            verify=_no_tls() if is_local else _tls(),
            trust_env=not is_local,
            transport=transport,
            event_hooks={"request": [_refuse_writes]} if is_read_only else {},
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Value:
        """The JSON of a read. Lost connections, 429, 5xx and broken JSON are tried again. Raises `VendorError`."""
        for attempt in range(1, _TRIES + 1):
            try:
                response = self._send("GET", path, params=params, timeout=_READ_TIMEOUT)
            except httpx.RequestError as error:
                if attempt == _TRIES:
                    raise VendorError(self._unreachable(error)) from None
            else:
                try:
                    return self._json(response)
                except VendorError:
                    is_refusal = not response.is_success and response.status_code < 500
                    if is_refusal or attempt == _TRIES:
                        raise
            self._waiting.sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
        raise AssertionError("unreachable")  # pragma: no cover

    def post(self, path: str, body: Value) -> Value:
        """The JSON of a write.

        Raises `NotSent` where it never left, `VendorError` where the vendor refused, `AnswerLost` where nobody knows.
        """
        content = jsontext.dumps(body).encode()
        for attempt in range(1, _TRIES + 1):
            try:
                response = self._send("POST", path, content=content, timeout=_WRITE_TIMEOUT)
                break
            except _NO_CONNECTION as error:
                # No connection, so nothing was sent: the one failure after which a write may simply be tried again.
                if attempt == _TRIES:
                    raise NotSent(self._unreachable(error)) from None
                self._waiting.sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
            except httpx.RequestError as error:
                lost = f"the answer of {self.title} to POST {path} is lost: {_reason(error)}"
                raise AnswerLost(lost, may_land_late=True) from None
        if response.status_code >= 500:
            # 502 and 504 come from a gateway that lost sight of the request, which may still be carried out.
            raise AnswerLost(self._told(response), may_land_late=response.status_code in {502, 504})
        try:
            return self._json(response)
        except VendorError as error:
            if response.is_success:
                raise AnswerLost(str(error)) from None
            raise

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
        turn = self.limits.turn()
        while True:
            with turn:
                intent = self._witness.sending(method, path, content or b"") if self._witness and method != "GET" else 0
                with self._count:
                    self.reads += method == "GET"
                    self.writes += method != "GET"
                start = time.perf_counter()
                try:
                    response = self._http.request(
                        method, self.base_url + path, params=params, content=content, headers=headers, timeout=timeout
                    )
                except httpx.RequestError as error:
                    if self._witness and intent:
                        was_sent = not isinstance(error, _NO_CONNECTION)
                        self._witness.lost(intent, _reason(error), was_sent=was_sent)
                    raise
                milliseconds = (time.perf_counter() - start) * 1000
                if self._witness and intent:
                    self._witness.answered(intent, response.status_code, _request_id(response))
                self.limits.learn(response.headers)
            _log.info("%s %s: %s in %.0f ms", method, response.url.path, response.status_code, milliseconds)
            if response.status_code != 429:
                return response
            self.limits.refused(response.headers, _told_pause(response))

    def _json(self, response: httpx.Response) -> Value:
        try:
            if response.is_success:
                return jsontext.loads(response.content)
        except ValueError as error:
            raise VendorError(f"{self._told(response)}, which is not the JSON that is documented ({error})") from None
        raise VendorError(self._told(response), response.status_code)

    def _unreachable(self, error: httpx.RequestError) -> str:
        return f"{self.title} cannot be reached at {self.base_url}: {_reason(error)}"

    def _told(self, response: httpx.Response) -> str:
        """The answer in a sentence; what a vendor says of a refusal, or the beginning of what is no answer."""
        asked = f"{response.request.method} {response.request.url.path.removeprefix(self._root)}"
        try:
            body = jsontext.loads(response.content)
        except ValueError:
            body = None
        told = self._explain(body) if not response.is_success and body is not None else _excerpt(response)
        return f"{self.title} answered {asked} with {response.status_code}{told and f': {told}'}"


def _refuse_writes(request: httpx.Request) -> None:
    if request.method != "GET":
        raise VendorError(f"{request.method} {request.url.path} was not sent: this command only reads")


def _told_pause(response: httpx.Response) -> float | None:
    """Seconds to wait that the body of a refusal names; one of Fanfare's documented forms has them there alone."""
    try:
        body = jsontext.loads(response.content)
    except ValueError:
        return None
    told = body.get("retryAfter") if isinstance(body, Mapping) else None
    return float(told) if isinstance(told, int) and not isinstance(told, bool) and 0 <= told < 10**9 else None


def _request_id(response: httpx.Response) -> str | None:
    """The vendor's name for a request, from a header or the body of an error; its support asks for it."""
    found: Value = response.headers.get("X-Request-Id")
    if found is None and not response.is_success:
        try:
            body = jsontext.loads(response.content)
        except ValueError:
            return None
        if isinstance(body, Mapping):
            found = body.get("request_id") or body.get("requestId")
    return found[:200] if isinstance(found, str) else None


def _check_url(title: str, url: str) -> bool:
    """True for a loopback address. Raises `TieropsError` for what must not be called."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise TieropsError(f"the address of {title} is not a URL: {url!r}") from None
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise TieropsError(f"the address of {title} must start with https:// and name a host: {url!r}")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise TieropsError(f"the address of {title} must hold no user, query or fragment")
    is_local = parsed.scheme == "http" and _is_loopback(parsed.host)
    if parsed.scheme == "http" and not is_local:
        raise TieropsError(
            f"the address of {title} is plain http, which would send the keys unencrypted: use https://{parsed.host}"
            " (http is accepted for loopback addresses only)"
        )
    return is_local


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


@cache
def _no_tls() -> ssl.SSLContext:
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody: https through it fails


def _reason(error: httpx.RequestError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__


def _excerpt(response: httpx.Response) -> str:
    text = " ".join(response.text.split())
    kind = response.headers.get("Content-Type", "no content type")
    return f"{kind}, {text[:80]!r}" if text else "an empty body"
