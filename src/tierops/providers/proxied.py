"""Connections to one address by way of a proxy: httpx's own, which know how to ask one."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

from tierops.providers.exchange import PIECE, Reply, left
from tierops.providers.proxies import Proxy

_FAILURES = (
    TimeoutError,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


class Proxied:
    """See `exchange.Way`."""

    def __init__(self, proxy: Proxy, tls: ssl.SSLContext) -> None:
        self._name = f"by way of the proxy {proxy.shown} ({proxy.variable}): "
        self._pool = httpcore.HTTPProxy(
            httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target="/"),
            proxy_auth=proxy.user and (proxy.user[0].encode(), proxy.user[1].encode()),
            proxy_ssl_context=tls if proxy.scheme == "https" else None,
            ssl_context=tls,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,  # seconds
            network_backend=_Network(),
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def ask(self, request: httpx.Request) -> Reply:
        """Send a request, once."""
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
        try:
            answer = self._pool.handle_request(asked)
        except _FAILURES as error:
            if is_under_way:
                raise _as_httpx(error, request) from None
            raise httpx.ConnectError(self._name + _no_connection(error), request=request) from None
        return Reply(answer.status, answer.headers, _pieces(answer, request), answer.close)


def _pieces(answer: httpcore.Response, request: httpx.Request) -> Iterator[bytes]:
    try:
        yield from answer.iter_stream()
    except _FAILURES as error:
        raise _as_httpx(error, request) from None


def _as_httpx(error: Exception, request: httpx.Request) -> httpx.RequestError:
    name = "ReadTimeout" if isinstance(error, TimeoutError) else type(error).__name__
    made: httpx.RequestError = getattr(httpx, name)(str(error), request=request)
    return made


def _no_connection(error: Exception) -> str:
    if isinstance(error, TimeoutError | httpcore.TimeoutException):
        return "no answer in time"
    return f"it answered {error}" if isinstance(error, httpcore.ProxyError) else str(error) or type(error).__name__


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
            stream = self._network.connect_tcp(host, port, left(timeout), local_address, socket_options)
        except (UnicodeError, OverflowError):
            raise httpcore.ConnectError(f"{host[:80]!r} is no name of a host, or {port} no port") from None
        return _Stream(stream)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), PIECE):
            self._stream.write(buffer[start : start + PIECE], left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
