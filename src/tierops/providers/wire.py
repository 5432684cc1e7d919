"""One exchange over the network, within bounds: of time for all of it, and of what its answer may take, unpacked."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from tierops.providers import proxies, trust
from tierops.providers.address import Address
from tierops.providers.direct import Direct
from tierops.providers.exchange import Way, left, within

MEBIBYTE = 1024 * 1024


def to(title: str, address: Address, environ: Mapping[str, str], most: int) -> Wire:
    """The way to an address of the vendor of this title. Raises `TieropsError` for what is wrong in the environment."""
    if address.is_plain:  # on this machine: no certificates are read, and no proxy is asked
        return Wire(Direct(address, None), most)
    proxy = proxies.on_the_way(title, address.host, address.port, environ)
    tls = trust.context(environ)
    if proxy is None:
        return Wire(Direct(address, tls), most)
    from tierops.providers.proxied import Proxied  # httpcore takes long to import

    return Wire(Proxied(proxy, tls), most)


class Wire(httpx.BaseTransport):
    """A way to one address; an answer has `most` bytes at the most, unpacked.

    A request's extension `whole` is the time for its exchange, in seconds. Raises `httpx.ConnectError` where nothing of
    a request was sent, another `httpx.RequestError` where no status came. What is wrong with the rest of an answer
    whose status is known is the extension `flaw` of the response, whose body is empty then.
    """

    def __init__(self, way: Way, most: int) -> None:
        self._way = way
        self._most = most

    def close(self) -> None:
        """Close the connections."""
        self._way.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The whole answer, read and unpacked."""
        with within(request):
            reply = self._way.ask(request)
            headers = httpx.Headers(reply.headers)
            content, flaw = b"", ""
            try:
                content = _whole(reply.pieces, headers.get("Content-Encoding", ""), self._most)
            except _Flaw as error:
                flaw = str(error)
            except (httpx.RequestError, TimeoutError) as error:
                flaw = f"breaks off ({str(error) or type(error).__name__})"
            finally:
                reply.end()
        rest = [(k, v) for k, v in headers.multi_items() if k not in {"content-encoding", "content-length"}]
        return httpx.Response(reply.status, headers=rest, content=content, extensions={"flaw": flaw}, request=request)


class _Flaw(Exception):
    """What an answer does that none should."""


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
        left()
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
