"""The one way out to a vendor: authentication, limits, retry of reads, and readable errors.

A read may be repeated, for it changes nothing. A write is repeated only where the vendor said that it refused the
request unseen (429) or where no connection came about; any other silence is an `AnswerLost`.
"""

from __future__ import annotations

import ipaddress
import logging
import time
from collections.abc import Callable, Mapping
from functools import cache, wraps
from threading import Lock
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol

import httpx

from tierops import __version__
from tierops.errors import AnswerLost, NotSent, TieropsError, VendorError
from tierops.model import Value
from tierops.providers.limits import Limits, Waiting
from tierops.text import jsontext
from tierops.text.redaction import Redaction
from tierops.text.visible import short

if TYPE_CHECKING:
    import ssl

# Seconds. A write may take a vendor minutes (its own limit is said to be three); giving up early is what makes
# an answer "lost".
_READ_TIMEOUT = httpx.Timeout(30, connect=10)
_WRITE_TIMEOUT = httpx.Timeout(180, connect=10)
_TRIES = 4
_FIRST_PAUSE = 0.5
_NO_CONNECTION = (httpx.ConnectError, httpx.ConnectTimeout)
_LARGEST = 64 * 1024 * 1024  # bytes of an answer, unpacked; 5,000 tiers take about three million
_SLOWEST = 4  # times the timeout, which counts from byte to byte, for a whole answer
_LONGEST_MESSAGE = 3000  # characters

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


_Given = ParamSpec("_Given")


def _discreet(call: Callable[Concatenate[Client, _Given], Value]) -> Callable[Concatenate[Client, _Given], Value]:
    """`call`, whose errors hold no key: neither in what the vendor said nor in the errors that led to them."""

    @wraps(call)
    def discreet(self: Client, /, *args: _Given.args, **kwargs: _Given.kwargs) -> Value:
        try:
            return call(self, *args, **kwargs)
        except VendorError as error:
            found = error
        found.args = (self._redaction.every(short(str(found), _LONGEST_MESSAGE)),)
        found.__context__ = None  # an error of httpx or of the JSON parser, with the answer or a part of it
        raise found

    return discreet


class Client:
    """A vendor's API below `base_url`. Safe to use from several threads.

    `explain` turns the vendor's error body into a sentence. The values of `headers` are secrets, but for those that
    `open_headers` names. `reads` and `writes` count the requests sent, `limits` what the vendor allows. With
    `is_read_only` nothing but GET can leave. `witness` is told of every write.
    """

    def __init__(
        self,
        title: str,
        base_url: str,
        headers: Mapping[str, str],
        explain: Explain,
        *,
        open_headers: Mapping[str, str] | None = None,
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
        secret = headers.keys() - (open_headers or {}).keys()
        keys = {name: headers[name].removeprefix("Bearer ") for name in secret}
        self._redaction = Redaction(keys.values())
        # An account's id may well be in an answer. A key must not: what is read gets into plans and reports.
        self._keys = Redaction(value for name, value in keys.items() if not name.lower().endswith("-id"))
        is_local = _check_url(title, self.base_url)
        self._root = httpx.URL(self.base_url).path.rstrip("/")
        self._http = _connect(
            title,
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

    @_discreet
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

    @_discreet
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
                raise AnswerLost(lost) from None
        if response.status_code >= 500:
            raise AnswerLost(self._told(response))
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
        try:
            request = self._http.build_request(
                method, self.base_url + path, params=params, content=content, headers=headers, timeout=timeout
            )
        except (httpx.InvalidURL, ValueError) as error:  # a name or a cursor of a megabyte, or half a surrogate
            raise NotSent(f"{self.title}: {method} {path} cannot be asked for: {error}") from None
        turn = self.limits.turn()
        while True:
            with turn:
                start = time.perf_counter()
                response = self._exchange(request, path)
                milliseconds = (time.perf_counter() - start) * 1000
                self.limits.learn(response.headers)
            _log.info("%s %s: %s in %.0f ms", method, self._root + path, response.status_code, milliseconds)
            if response.status_code != 429:
                return response
            self.limits.refused(response.headers, _told_pause(response))

    def _exchange(self, request: httpx.Request, path: str) -> httpx.Response:
        """Send, with a witness of what may write. Raises `httpx.RequestError` where no whole answer comes."""
        is_write = request.method != "GET"
        witness = self._witness if is_write else None
        intent = witness.sending(request.method, path, request.content) if witness else 0
        with self._count:
            self.reads += not is_write
            self.writes += is_write
        try:
            response = self._receive(request)
        except httpx.RequestError as error:
            if witness:
                reason = self._redaction.every(short(_reason(error), _LONGEST_MESSAGE))
                witness.lost(intent, reason, was_sent=not isinstance(error, _NO_CONNECTION))
            raise
        if witness:
            request_id = _request_id(response)
            witness.answered(intent, response.status_code, request_id and self._redaction.every(request_id))
        return response

    def _receive(self, request: httpx.Request) -> httpx.Response:
        """The whole answer. Raises `httpx.RequestError` for one that is too large, or too slow as a whole."""
        end = time.perf_counter() + (request.extensions["timeout"]["read"] or 0) * _SLOWEST
        content = bytearray()
        answer = self._http.send(request, stream=True)
        try:
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > _LARGEST:
                    raise httpx.ReadError(f"the answer is larger than {_LARGEST // 1024 // 1024} MiB", request=request)
                if time.perf_counter() > end:
                    raise httpx.ReadTimeout("the answer comes too slowly", request=request)
        finally:
            answer.close()
        headers = [(k, v) for k, v in answer.headers.multi_items() if k not in {"content-encoding", "content-length"}]
        return httpx.Response(answer.status_code, headers=headers, content=bytes(content), request=request)

    def _json(self, response: httpx.Response) -> Value:
        if response.is_success and self._keys.is_in(response.content.decode(errors="replace")):
            raise VendorError(f"{self.title} sent back the key that it was asked with; nothing of its answer is used")
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
        if response.has_redirect_location:
            address = response.headers["Location"]
            return f"{self.title} answered {asked} with {response.status_code}, a redirect to {address!r}: not followed"
        body = _parsed(response)
        told = self._explain(body) if not response.is_success and body is not None else _excerpt(response)
        return f"{self.title} answered {asked} with {response.status_code}{told and f': {told}'}"


def _refuse_writes(request: httpx.Request) -> None:
    if request.method != "GET":
        raise VendorError(f"{request.method} {request.url.path} was not sent: this command only reads")


def _parsed(response: httpx.Response) -> Value:
    """The body as JSON, None where it is none."""
    try:
        return jsontext.loads(response.content)
    except ValueError:
        return None


def _told_pause(response: httpx.Response) -> float | None:
    """Seconds to wait that the body of a refusal names; one of Fanfare's documented forms has them there alone."""
    body = _parsed(response)
    told = body.get("retryAfter") if isinstance(body, Mapping) else None
    return float(told) if isinstance(told, int) and not isinstance(told, bool) and 0 <= told < 10**9 else None


def _request_id(response: httpx.Response) -> str | None:
    """The vendor's name for a request, from a header or the body of an error; its support asks for it."""
    found: Value = response.headers.get("X-Request-Id")
    if found is None and not response.is_success and isinstance(body := _parsed(response), Mapping):
        found = body.get("request_id") or body.get("requestId")
    return found[:200] if isinstance(found, str) else None


def _check_url(title: str, url: str) -> bool:
    """True for a loopback address. Raises `TieropsError` for what must not be called."""
    shown = "" if set("@?#") & set(url) else f": {url!r}"  # what stands there may be a password
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise TieropsError(f"the address of {title} is not a URL{shown}") from None
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise TieropsError(f"the address of {title} must start with https:// and name a host{shown}")
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


def _connect(title: str, **settings: Any) -> httpx.Client:
    """httpx's client. Raises `TieropsError` for a proxy in the environment that it cannot use."""
    try:
        return httpx.Client(**settings)
    except (ValueError, ImportError, httpx.InvalidURL):
        raise TieropsError(
            f"no way to {title}: HTTPS_PROXY, ALL_PROXY or NO_PROXY holds no address that can be used; a proxy is"
            " http://host:port or https://host:port"
        ) from None


@cache
def _tls() -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        raise TieropsError(
            f"the certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read: {error.strerror or error}"
        ) from None


@cache
def _no_tls() -> ssl.SSLContext:
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody: https through it fails


def _reason(error: httpx.RequestError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return f"{error}. A certificate authority of your own is trusted with SSL_CERT_FILE=its.pem"
    if isinstance(error, httpx.ProxyError):
        return f"the proxy of HTTPS_PROXY or ALL_PROXY answered {error}"
    return str(error) or type(error).__name__


def _excerpt(response: httpx.Response) -> str:
    text = " ".join(response.text.split())
    kind = response.headers.get("Content-Type", "no content type")
    return f"{kind}, {text[:80]!r}" if text else "an empty body"
