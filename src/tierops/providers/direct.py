"""Connections to one address without a proxy, over Python's own `http.client`.

httpcore, which httpx brings along for the same, takes a tenth of `tierops plan` to import: only proxies need it.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from email.errors import MissingHeaderBodySeparatorDefect
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead, RemoteDisconnected
from selectors import EVENT_READ, DefaultSelector
from threading import Lock
from typing import Any

import httpx

from tierops.providers.address import Address
from tierops.providers.exchange import PIECE, Reply, left

_KEPT = 5.0  # seconds without a request, after which servers begin to hang up
_CUT = "peer closed connection without sending complete message body"
_FAILURES = (OSError, HTTPException, ValueError)  # the last of what is no header, and no length of a chunk


class Direct:
    """See `exchange.Way`. A connection serves one request at a time; those without one wait for the next."""

    def __init__(self, address: Address, tls: ssl.SSLContext | None) -> None:
        self._address = address
        self._tls = tls
        self._lock = Lock()
        self._is_closed = False
        self._idle: list[_Connection] = []

    def close(self) -> None:
        """Close the connections; those in use, once they are no longer."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def ask(self, request: httpx.Request) -> Reply:
        """Send a request, once: what fails on a connection that was idle is not sent again by itself."""
        connection = self._idle_one() or self._connect(request)
        try:
            answer = connection.ask(request)
        except _FAILURES as error:
            connection.close()
            raise _as_httpx(error, request) from None
        except BaseException:
            connection.close()
            raise
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.getheaders()]
        return Reply(answer.status, headers, answer.pieces(request), partial(self._end, connection, answer))

    def _idle_one(self) -> _Connection | None:
        """The connection that was used last, for it is the likeliest to be still open."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if connection.is_quiet():
                return connection
            connection.close()

    def _connect(self, request: httpx.Request) -> _Connection:
        host, port = self._address.host, self._address.port
        timeout = request.extensions.get("timeout", {}).get("connect")
        try:
            line = socket.create_connection((host, port), left(timeout))
            try:
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._tls is not None:
                    line.settimeout(left(timeout))
                    line = self._tls.wrap_socket(line, server_hostname=host)
            except BaseException:
                line.close()
                raise
        except (UnicodeError, OverflowError):
            raise httpx.ConnectError(f"{host[:80]!r} is no name of a host, or {port} no port") from None
        except TimeoutError:
            raise httpx.ConnectError("no answer in time") from None
        except OSError as error:
            raise httpx.ConnectError(str(error) or type(error).__name__) from None
        return _Connection(line, host, port)

    def _end(self, connection: _Connection, answer: _Answer) -> None:
        """Keep a connection whose answer was read to its end; hang up on any other."""
        if answer.is_whole and not answer.will_close:
            connection.since = time.monotonic()
            with self._lock:
                if not self._is_closed:
                    self._idle.append(connection)
                    return
        answer.close()
        connection.close()


class _Connection(HTTPConnection):
    """An open one. `since` is when it was last in use, by the monotonic clock."""

    def __init__(self, line: socket.socket, host: str, port: int) -> None:
        super().__init__(host, port)
        self.sock: socket.socket = line
        self.auto_open = 0
        self.response_class = _Answer
        self.since = time.monotonic()

    def is_quiet(self) -> bool:
        """Whether nothing came since the last answer: neither its end, nor what nobody asked for."""
        if time.monotonic() - self.since > _KEPT or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            return False
        with DefaultSelector() as selector:
            selector.register(self.sock, EVENT_READ)
            return not selector.select(0)

    def ask(self, request: httpx.Request) -> _Answer:
        """Send a request; its answer, without the body."""
        target = request.url.raw_path.decode("ascii")
        self.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.raw:
            self.putheader(name.decode("latin-1"), value)
        with suppress(ConnectionError):  # one who refuses may answer and hang up before all is sent
            self.endheaders(request.read())
        answer = self.getresponse()
        assert isinstance(answer, _Answer)  # noqa: S101 (what `response_class` says)
        return answer

    def send(self, data: Any) -> None:
        """All of it, in pieces, each in time."""
        for start in range(0, len(data), PIECE):
            self.sock.settimeout(left())
            self.sock.sendall(data[start : start + PIECE])


class _Answer(HTTPResponse):
    """An answer that is read in time. `is_whole` says that it was read to its end."""

    def __init__(self, sock: socket.socket, *arguments: Any, **more: Any) -> None:
        super().__init__(sock, *arguments, **more)
        self._incoming = _Incoming(sock, self.fp.detach())
        self.fp = io.BufferedReader(self._incoming)
        self.is_whole = False

    def begin(self) -> None:
        """The headers of the answer. Others of 1xx may come before, of which `http.client` knows 100 only.

        Headers that end in the middle, or at a line that is none, are no error for it, and those behind are missing.
        """
        super().begin()
        while self.status < 200 and self.status != 101:
            self.headers = self.msg = None  # type: ignore[assignment]  # so it begins anew
            super().begin()
        if any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in self.headers.defects):
            raise HTTPException("a line among its headers is none")
        if self._incoming.is_over:
            raise HTTPException("its headers break off")

    def pieces(self, request: httpx.Request) -> Iterator[bytes]:
        """The body. Raises `httpx.RequestError` where it breaks off."""
        try:
            while piece := self.read(PIECE):
                yield piece
        except _FAILURES as error:
            raise _as_httpx(error, request) from None
        if self.length:  # `read` gives what there is, without a word
            raise httpx.RemoteProtocolError(f"{_CUT} ({self.length} bytes are missing)", request=request)
        self.is_whole = True


class _Incoming(io.RawIOBase):
    """What comes from a socket. `is_over` says that its end was read."""

    def __init__(self, line: socket.socket, file: io.RawIOBase) -> None:
        self._line = line
        self._file = file
        self.is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._line.settimeout(left())
        count = self._file.readinto(buffer)
        self.is_over = count == 0
        return count

    def readall(self) -> bytes:
        """For `http.client` a chunk of the length -1 is all that comes, without bounds."""
        raise ValueError("a chunk of a negative length")

    def close(self) -> None:
        self._file.close()
        super().close()


def _as_httpx(error: Exception, request: httpx.Request) -> httpx.RequestError:
    """The error as httpx's own connections raise it."""
    said = str(error)
    if isinstance(error, TimeoutError):
        return httpx.ReadTimeout(said, request=request)
    if isinstance(error, RemoteDisconnected):
        return httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
    if isinstance(error, OSError):
        return httpx.ReadError(said, request=request)
    if isinstance(error, IncompleteRead):
        return httpx.RemoteProtocolError(f"{_CUT} (a chunk is missing)", request=request)
    return httpx.RemoteProtocolError(said, request=request)
