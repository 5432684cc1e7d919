"""One exchange over the network, within bounds: of time for all of it, and of what its answer may take, unpacked.

A read that hangs is given up, but a vendor may as well send a byte now and then, answers that are none (1xx) without
end, or blocks that unpack to nothing. So no step of an exchange waits for longer than the whole of it has left.
"""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

from tierops.providers import proxies, trust
from tierops.providers.address import Address
from tierops.providers.proxies import Proxy

MEBIBYTE = 1024 * 1024
_PIECE = 16 * 1024  # bytes: what is sent or unpacked before the clock and the bound are looked at again
_FAILURES = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)
_NEVER = float("inf")
_ends: ContextVar[float] = ContextVar("_ends", default=_NEVER)  # of the exchange that this thread is in


def to(title: str, address: Address, environ: Mapping[str, str], most: int) -> Wire:
    """The way to an address of the vendor of this title. Raises `TieropsError` for what is wrong in the environment."""
    if address.is_plain:  # on this machine: no certificates are read, and no proxy is asked
        return Wire(None, None, most)
    proxy = proxies.on_the_way(title, address.host, address.port, environ)
    return Wire(trust.context(environ), proxy, most)


class Wire(httpx.BaseTransport):
    """A way to one address, of several connections; an answer has `most` bytes at the most, unpacked.

    A request's extension `whole` is the time for its exchange, in seconds. Raises `httpx.ConnectError` where nothing of
    a request was sent, another `httpx.RequestError` where no status came. What is wrong with the rest of an answer
    whose status is known is the extension `flaw` of the response, whose body is empty then.
    """

    def __init__(self, tls: ssl.SSLContext | None, proxy: Proxy | None, most: int) -> None:
        self._most = most
        self._way = f"by way of the proxy {proxy.shown} ({proxy.variable}): " if proxy else ""
        settings: dict[str, Any] = {"ssl_context": tls, "max_connections": 100, "network_backend": _Network()}
        settings |= {"max_keepalive_connections": 20, "keepalive_expiry": 5.0}  # seconds
        if proxy is None:
            self._pool = httpcore.ConnectionPool(**settings)
        else:
            self._pool = httpcore.HTTPProxy(
                httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target="/"),
                proxy_auth=proxy.user and (proxy.user[0].encode(), proxy.user[1].encode()),
                proxy_ssl_context=tls if proxy.scheme == "https" else None,
                **settings,
            )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The whole answer, read and unpacked."""
        is_under_way = False

        def trace(name: str, info: dict[str, Any]) -> None:
            nonlocal is_under_way
            if name == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
                is_under_way = True

        url = request.url
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions={**request.extensions, "trace": trace},
        )
        with _for(request.extensions.get("whole", _NEVER)):
            try:
                answer = self._pool.handle_request(asked)
            except _FAILURES as error:
                if is_under_way:
                    raise getattr(httpx, type(error).__name__)(str(error), request=request) from None
                raise httpx.ConnectError(self._way + _no_connection(error), request=request) from None
            headers = httpx.Headers(answer.headers)
            content, flaw = b"", ""
            try:
                content = _whole(answer.iter_stream(), headers.get("Content-Encoding", ""), self._most)
            except _Flaw as error:
                flaw = str(error)
            except _FAILURES as error:
                flaw = f"breaks off ({str(error) or type(error).__name__})"
            finally:
                answer.close()
        rest = [(k, v) for k, v in headers.multi_items() if k not in {"content-encoding", "content-length"}]
        return httpx.Response(answer.status, headers=rest, content=content, extensions={"flaw": flaw}, request=request)


class _Flaw(Exception):
    """What an answer does that none should."""


def _no_connection(error: Exception) -> str:
    if isinstance(error, httpcore.TimeoutException):
        return "no answer in time"
    return f"it answered {error}" if isinstance(error, httpcore.ProxyError) else str(error) or type(error).__name__


def _whole(pieces: Iterable[bytes], encoding: str, most: int) -> bytes:
    """The body. Raises `_Flaw` for one that is too large, packed or unpacked, or in no encoding that was asked for."""
    encoding = encoding.strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise _Flaw(f"is packed as {encoding[:40]!r}, which nobody asked for")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding.endswith("gzip") else None
    received, content = 0, bytearray()
    for piece in pieces:
        received += len(piece)
        content += piece if unpack is None else _unpacked(unpack, piece, most + 1 - len(content))
        if max(received, len(content)) > most:
            raise _Flaw(f"is larger than {most / MEBIBYTE:g} MiB")
        _left(None)
    if unpack is not None and received and not unpack.eof:
        raise _Flaw("is packed as gzip, and breaks off")
    return bytes(content)


def _unpacked(unpack: Any, piece: bytes, most: int) -> bytes:
    try:
        unpacked: bytes = unpack.decompress(piece, most)
        if unpack.unused_data:
            raise _Flaw("goes on after the end of its gzip")
    except zlib.error as error:
        raise _Flaw(f"cannot be unpacked as the gzip that it is said to be ({error})") from None
    return unpacked


@contextmanager
def _for(seconds: float) -> Iterator[None]:
    """Within it everything ends after so many seconds."""
    before = _ends.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends.reset(before)


def _left(timeout: float | None) -> float | None:
    """The time that a step has, in seconds. Raises `httpcore.ReadTimeout` where it has none."""
    left = _ends.get() - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("it comes too slowly")
    return min(left, _NEVER if timeout is None else timeout) if left < _NEVER else timeout


class _Network(httpcore.NetworkBackend):
    """The network, where no step takes longer than its exchange has left."""

    def __init__(self) -> None:
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            stream = self._network.connect_tcp(host, port, _left(timeout), local_address, socket_options)
        except (UnicodeError, OverflowError):
            raise httpcore.ConnectError(f"{host[:80]!r} is no name of a host, or {port} no port") from None
        return _Stream(stream)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            self._stream.write(buffer[start : start + _PIECE], _left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
