"""The one way out to a vendor: authentication, limits, retry of reads, and readable errors.

A read may be repeated, for it changes nothing. A write is repeated only where the vendor said that it refused the
request unseen (429) or where no connection came about; any other silence is an `AnswerLost`.
"""

from __future__ import annotations

import ipaddress
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache, wraps
from threading import Lock
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

import httpx

from tierops import __version__
from tierops.errors import UNAUTHORIZED, AnswerLost, NotSent, TieropsError, VendorError
from tierops.model import LiveTier, Request, Value
from tierops.providers.limits import Limits, Waiting
from tierops.providers.token import Token
from tierops.providers.vendor import Credentials, Dialect, Vendor
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

# Answers to a write that say neither that it was carried out nor that it was not: the vendor may be at work on it, or
# be done. Those of the second set say that it took the request, which is then never sent again.
_UNCLEAR = frozenset({408, 425, 499})
_TAKEN = frozenset({202, 409, *range(300, 400)})


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
_Answer = TypeVar("_Answer")


def _discreet(call: Callable[Concatenate[Client, _Given], _Answer]) -> Callable[Concatenate[Client, _Given], _Answer]:
    """`call`, whose errors hold no key: neither in what the vendor said nor in the errors that led to them."""

    @wraps(call)
    def discreet(self: Client, /, *args: _Given.args, **kwargs: _Given.kwargs) -> _Answer:
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

    `reads` and `writes` count the requests sent, `limits` what the vendor allows. With `is_read_only` nothing but GET
    can leave, and the request for a token. `witness` is told of every write, `keep_secret` of every token.
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
        keys = [value for name, value in credentials.headers.items() if name not in credentials.open_headers]
        self._redaction = Redaction([value.removeprefix("Bearer ") for value in keys])
        # What is read gets into plans and reports, so no key may be in it. The id of an account may well be there.
        self._keys = Redaction(
            value.removeprefix("Bearer ")
            for name, value in credentials.headers.items()
            if name not in credentials.open_headers and name not in credentials.id_headers
        )
        is_local = check_url(self.title, self.base_url)
        self._root = httpx.URL(self.base_url).path.rstrip("/")
        settings: dict[str, Any] = {
            # A TLS context reads the whole CA bundle; plain http on loopback has no use for one, nor for a proxy.
            "verify": _no_tls() if is_local else _tls(),
            "trust_env": not is_local,
            "transport": transport,
        }
        headers = {"Accept": "application/json", "User-Agent": f"tierops/{__version__}"}
        self._http = _connect(
            self.title,
            headers={**headers, **credentials.headers},
            event_hooks={"request": [_refuse_writes]} if is_read_only else {},
            **settings,
        )
        self._token: Token | None = None
        if credentials.sign_in:
            self._redaction.add(credentials.sign_in.secrets)
            self._token = Token(
                self.title, self.base_url, credentials.sign_in, _connect(self.title, headers=headers, **settings)
            )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        if self._token:
            self._token.close()

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
    def create(self, request: Request, read: Callable[[Value], Iterable[LiveTier]]) -> tuple[LiveTier, ...]:
        """Send a request of a plan as it is, and give the tiers that `read` finds in its answer.

        Raises `NotSent` where it never left, `VendorError` where the vendor refused, `AnswerLost` where nobody knows.
        """
        response = self._write(request)
        status = response.status_code
        if status in _TAKEN:
            raise AnswerLost(self._described(response), is_taken=True)
        if status >= 500 or status in _UNCLEAR:
            raise AnswerLost(self._described(response))
        try:
            answer = self._json(response)
            if response.is_success and self._dialect.is_error(answer):
                raise VendorError(
                    f"{self._asked(response)} with {status}, but: {self._dialect.explain(answer)}", status
                )
            return tuple(read(answer))
        except VendorError as error:
            if response.is_success and error.status is None:
                raise AnswerLost(f"{error} in the answer to a create", is_taken=True) from None
            raise

    def _write(self, request: Request) -> httpx.Response:
        content = jsontext.dumps(request.body).encode()
        for attempt in range(1, _TRIES + 1):
            try:
                return self._send(request.method, request.path, content=content, timeout=_WRITE_TIMEOUT)
            except _NO_CONNECTION as error:
                # No connection, so nothing was sent: the one failure after which a write may simply be tried again.
                if attempt == _TRIES:
                    raise NotSent(self._unreachable(error)) from None
                self._waiting.sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
            except httpx.RequestError as error:
                lost = f"the answer of {self.title} to {request.method} {request.path} is lost: {_reason(error)}"
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
        has_new_token = False
        while True:
            token = self._authorize(request)
            with turn:
                start = time.perf_counter()
                response = self._exchange(request, path)
                milliseconds = (time.perf_counter() - start) * 1000
                self.limits.learn(response.headers)
            _log.info("%s %s: %s in %.0f ms", method, self._root + path, response.status_code, milliseconds)
            if response.status_code == UNAUTHORIZED and self._token:
                self._token.expire(token)
                if method == "GET" and not has_new_token:
                    has_new_token = True
                    continue
            if response.status_code != 429:
                return response
            self.limits.refused(response.headers, self._dialect.pause(_parsed(response)))

    def _authorize(self, request: httpx.Request) -> Mapping[str, str]:
        """Put the token's headers on the request, if there are some, and give them. Raises `NotSent`."""
        if self._token is None:
            return {}
        headers = self._token.headers()
        secrets = [value.removeprefix("Bearer ") for value in headers.values()]
        self._redaction.add(secrets)
        self._keys.add(secrets)
        self._keep_secret(secrets)
        request.headers.update(headers)
        return headers

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
            request_id = self._request_id(response)
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

    def _request_id(self, response: httpx.Response) -> str | None:
        """The vendor's name for a request, from a header or the body of an error; its support asks for it."""
        name: Value = response.headers.get("X-Request-Id")
        if name is None and not response.is_success and isinstance(body := _parsed(response), Mapping):
            name = self._dialect.request_id(body)
        return name[:200] if isinstance(name, str) else None

    def _json(self, response: httpx.Response) -> Value:
        if response.is_success and self._keys.is_in(response.content.decode(errors="replace")):
            raise VendorError(f"{self.title} sent back the key that it was asked with; nothing of its answer is used")
        try:
            if response.is_success:
                return jsontext.loads(response.content)
        except ValueError as error:
            raise VendorError(
                f"{self._described(response)}, which is not the JSON that is documented ({error})"
            ) from None
        raise VendorError(self._described(response), response.status_code)

    def _unreachable(self, error: httpx.RequestError) -> str:
        return f"{self.title} cannot be reached at {self.base_url}: {_reason(error)}"

    def _described(self, response: httpx.Response) -> str:
        """The answer in a sentence; what a vendor says of a refusal, or the beginning of what is no answer."""
        asked = self._asked(response)
        if response.has_redirect_location:
            address = response.headers["Location"]
            return f"{asked} with {response.status_code}, a redirect to {address!r}: not followed"
        body = _parsed(response)
        is_explained = not response.is_success and body is not None
        said = self._dialect.explain(body) if is_explained else _excerpt(response)
        return f"{asked} with {response.status_code}{said and f': {said}'}"

    def _asked(self, response: httpx.Response) -> str:
        path = response.request.url.path.removeprefix(self._root)
        return f"{self.title} answered {response.request.method} {path}"


def _refuse_writes(request: httpx.Request) -> None:
    if request.method != "GET":
        raise VendorError(f"{request.method} {request.url.path} was not sent: this command only reads")


def _parsed(response: httpx.Response) -> Value:
    """The body as JSON, None where it is none."""
    try:
        return jsontext.loads(response.content)
    except ValueError:
        return None


def check_url(title: str, url: str) -> bool:
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
