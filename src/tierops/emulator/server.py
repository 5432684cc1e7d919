"""Serving the emulator over HTTP/1.1 with kept connections."""

from __future__ import annotations

import io
import math
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler, select_address_family

from tierops.emulator import sockets
from tierops.emulator.web import ConnectionDropped, ConnectionReset, NoAnswer, PortClosed

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


_PIECES = 20
"""Into how many pieces a body is cut that comes slowly."""


_MOST_CONNECTIONS = 128
_LONGEST_LINE = 64 * 1024


class _ShortLines(io.BufferedReader):
    """A reader that gives out a line in parts if it is too long, so that none fills the memory."""

    def readline(self, size: int | None = -1, /) -> bytes:
        """The next line, or as much of it as one may have."""
        return super().readline(_LONGEST_LINE if size is None or size < 0 else size)


class _QuietRequest(WSGIRequestHandler):
    """Werkzeug's request handler, kept alive.

    Werkzeug's own `run_wsgi` closes each connection, after waiting 10 ms for bytes left unread. The emulator reads
    every body to its end and knows the length of every answer, so neither is needed.
    """

    protocol_version = "HTTP/1.1"
    # Head and body leave in one write, and without waiting for the other side's delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    # Seconds that a client may send nothing, or take nothing: its thread is not for ever.
    timeout = 60

    def setup(self) -> None:
        """Files for the connection, of which the one that is read from knows no endless lines."""
        super().setup()
        self.rfile = _ShortLines(self.rfile.detach())

    def handle_expect_100(self) -> bool:
        """Let the client send its body; at once, since it waits."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def run_wsgi(self) -> None:
        """Answer one request; an `OSError` closes the connection instead."""
        length = self.headers.get("Content-Length", "0")
        try:
            self.environ = self.make_environ()
        except ValueError:  # a target such as http://[
            length = ""
        if not (length.isascii() and length.isdigit()):
            self.send_error(400)  # closes the connection, too: where the next request begins, nobody knows
            return

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
            code, _, phrase = status.partition(" ")
            self.send_response(int(code), phrase)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            return self.wfile.write

        try:
            self._send(self.server.app(self.environ, start_response))
        except ConnectionDropped as silence:
            self.close_connection = True
            self._keep_silent(silence)
        except OSError:
            # The client has gone, or broke its chunked body.
            self.close_connection = True

    def _send(self, body: Iterable[bytes]) -> None:
        seconds = getattr(body, "seconds", 0.0)
        for chunk in body:
            for piece in _pieces(chunk) if seconds else (chunk,):
                if seconds:
                    self.wfile.flush()
                    time.sleep(seconds / _PIECES)
                self.wfile.write(piece)
        self.wfile.flush()

    def _keep_silent(self, silence: ConnectionDropped) -> None:
        if isinstance(silence, NoAnswer):
            sockets.stay_silent(self.connection, silence.seconds)
        if isinstance(silence, PortClosed):
            cast("_Server", self.server).gate.shut(silence.seconds)
        if isinstance(silence, PortClosed | ConnectionReset):
            sockets.reset(self.connection)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """No line per request."""

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's own word
        """No line per client that sends garbage, or nothing."""


class _LoggingRequest(_QuietRequest):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One line per request on stderr."""
        BaseHTTPRequestHandler.log_message(self, '"%s" %s %s', self.requestline, str(code), str(size))


class _Server(ThreadedWSGIServer):
    """Werkzeug's threaded server, which knows its open connections and raises `OSError` on a port that is taken."""

    def __init__(self, app: WSGIApplication, host: str, port: int, *, log: bool) -> None:
        self._connections: dict[socket.socket, None] = {}  # a set that knows who came first
        family = select_address_family(host, port)
        # Bound here: Werkzeug, doing it itself, ends the process when the port is taken.
        with socket.create_server((host, port), family=family, backlog=128) as listener:
            handler = _LoggingRequest if log else _QuietRequest
            super().__init__(host, listener.getsockname()[1], app, handler, fd=listener.fileno())
        self.gate = sockets.Gate(self.socket)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self.port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer what comes over one connection, in a thread of its own."""
        self._connections[request] = None
        # Who opens more and more of them loses the oldest, and nobody else waits for a thread.
        _hang_up(tuple(self._connections)[:-_MOST_CONNECTIONS])
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """Called by the thread that polls, each time it has."""
        self.gate.turn()

    def shutdown_request(self, request: Any) -> None:
        """Called at the end of each connection."""
        self._connections.pop(request, None)
        super().shutdown_request(request)

    def serve_forever(self, poll_interval: float = 0.02) -> None:
        """Serve until told to stop. The interval, in seconds, is how long a port that is to be closed stays open."""
        try:
            super().serve_forever(poll_interval)
        finally:
            self.gate.close()

    def hang_up(self) -> None:
        """End all kept connections, so that nothing is answered after the server closed."""
        _hang_up(tuple(self._connections))


class Served:
    """A running server; use it as a context manager, or call `close`."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.url = server.url
        self._thread = threading.Thread(target=server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end the open connections. A second call does nothing."""
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()

    def __enter__(self) -> Served:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


def serve(app: WSGIApplication, host: str = "127.0.0.1", port: int = 0, *, log: bool = False) -> Served:
    """Serve in a daemon thread; port 0 takes a free one, `url` says which. Raises `OSError` if the port is taken."""
    return Served(_Server(app, host, port, log=log))


def run_forever(
    app: WSGIApplication,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    log: bool = False,
    ready: Callable[[str], object] | None = None,
) -> None:
    """Serve in this thread until Ctrl-C; `ready(url)` is called once connections are accepted. Raises `OSError`."""
    server = _Server(app, host, port, log=log)
    if ready is not None:
        ready(server.url)
    server.serve_forever()


def _hang_up(connections: Iterable[socket.socket]) -> None:
    for connection in connections:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _pieces(chunk: bytes) -> Iterable[bytes]:
    size = max(math.ceil(len(chunk) / _PIECES), 1)
    return [chunk[start : start + size] for start in range(0, len(chunk), size)]
