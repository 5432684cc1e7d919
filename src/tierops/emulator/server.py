"""Serving the emulator over HTTP/1.1 with kept connections."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler, select_address_family

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _QuietRequest(WSGIRequestHandler):
    """Werkzeug's request handler, kept alive.

    Werkzeug's own `run_wsgi` closes each connection, after waiting 10 ms for bytes left unread. The emulator reads
    every body to its end and knows the length of every answer, so neither is needed.
    """

    protocol_version = "HTTP/1.1"
    # Head and body leave in one write, and without waiting for the other side's delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle_expect_100(self) -> bool:
        """Let the client send its body; at once, since it waits."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def run_wsgi(self) -> None:
        """Answer one request; an `OSError` closes the connection instead."""
        self.environ = self.make_environ()

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
            code, _, phrase = status.partition(" ")
            self.send_response(int(code), phrase)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            return self.wfile.write

        try:
            for chunk in self.server.app(self.environ, start_response):
                self.wfile.write(chunk)
            self.wfile.flush()
        except OSError:
            # Scripted by a fault (`ConnectionDropped`), or the client has gone or broke its chunked body.
            self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """No line per request."""


class _LoggingRequest(_QuietRequest):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One line per request on stderr."""
        BaseHTTPRequestHandler.log_message(self, '"%s" %s %s', self.requestline, str(code), str(size))


class _Server(ThreadedWSGIServer):
    """Werkzeug's threaded server, which knows its open connections and raises `OSError` on a port that is taken."""

    def __init__(self, app: WSGIApplication, host: str, port: int, *, log: bool) -> None:
        self._connections: set[socket.socket] = set()
        family = select_address_family(host, port)
        # Bound here: Werkzeug, doing it itself, ends the process when the port is taken.
        with socket.create_server((host, port), family=family, backlog=128) as listener:
            handler = _LoggingRequest if log else _QuietRequest
            super().__init__(host, listener.getsockname()[1], app, handler, fd=listener.fileno())
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self.port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer what comes over one connection, in a thread of its own."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Called at the end of each connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End all kept connections, so that nothing is answered after the server closed."""
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Served:
    """A running server; use it as a context manager, or call `close`."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.url = server.url
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
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
