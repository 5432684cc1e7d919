"""Serving a WSGI application, such as the emulator, over HTTP/1.1 with kept connections."""

from __future__ import annotations

import math
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedReader
from socketserver import TCPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tierops.emulator import sockets
from tierops.emulator.chunks import Chunks
from tierops.emulator.web import ConnectionDropped, ConnectionReset, NoAnswer, PortClosed

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


_PIECES = 20
"""Into how many pieces a body is cut that comes slowly."""


_MOST_CONNECTIONS = 128
_LONGEST_LINE = 64 * 1024


class _Request(BaseHTTPRequestHandler):
    """One connection, kept alive: the emulator reads every body to its end and knows the length of every answer."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "tierops", ""
    # Head and body leave in one write, and without waiting for the other side's delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    # Seconds that a client may send nothing, or take nothing: its thread is not for ever.
    timeout = 60
    server: _Server

    def handle_one_request(self) -> None:
        """Answer one request. Raises `OSError` where the client has gone, is too slow or broke its chunked body."""
        self.raw_requestline = self.rfile.readline(_LONGEST_LINE + 1)
        if not self.raw_requestline:
            self.close_connection = True
        elif len(self.raw_requestline) > _LONGEST_LINE:
            self.requestline = self.request_version = self.command = ""
            self.send_error(414)
        elif self.parse_request():
            self._answer()

    def handle_expect_100(self) -> bool:
        """Let the client send its body; at once, since it waits."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def _answer(self) -> None:
        try:
            environ = self._environ()
        except ValueError:
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
            body = self.server.app(environ, start_response)
            self._send(body)
            if hasattr(body, "close"):
                body.close()
        except ConnectionDropped as silence:
            self.close_connection = True
            self._keep_silent(silence)

    def _environ(self) -> WSGIEnvironment:
        """The request as PEP 3333 has it. Raises `ValueError` on a target that is none, or a body without an end."""
        target = urlsplit(self.path)
        length, coding = self.headers.get("Content-Length", "0"), self.headers.get("Transfer-Encoding", "")
        is_chunked = coding.lower() == "chunked"
        if not (length.isascii() and length.isdigit()) or (coding and not is_chunked):
            raise ValueError(f"where the body ends is not said: {length!r}, {coding!r}")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(target.path, "latin-1"),
            "QUERY_STRING": target.query,
            "RAW_URI": self.path,
            "SERVER_PROTOCOL": self.request_version,
            "SERVER_NAME": self.server.server_address[0],
            "SERVER_PORT": str(self.server.server_address[1]),
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BufferedReader(Chunks(self.rfile)) if is_chunked else self.rfile,
            "wsgi.input_terminated": is_chunked,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        return environ

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
            self.server.gate.shut(silence.seconds)
        if isinstance(silence, PortClosed | ConnectionReset):
            sockets.reset(self.connection)

    def log_request(self, code: int | str = "-", _size: int | str = "-") -> None:
        """One line per request on stderr, if that is wanted."""
        if self.server.is_logging:
            self.log_message('"%s" %s', self.requestline, str(code))

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's own word
        """No line per client that sends garbage, or nothing."""


class _Server(ThreadingHTTPServer):
    """A thread for each connection; it knows which are open. Raises `OSError` on a port that is taken."""

    request_queue_size = 128
    allow_reuse_port = False

    def __init__(self, app: WSGIApplication, host: str, port: int, *, log: bool) -> None:
        self.app = app
        self.is_logging = log
        self._connections: dict[socket.socket, None] = {}  # a set that knows who came first
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Request)
        self.gate = sockets.Gate(self.socket)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self.server_address[1]}"

    def server_bind(self) -> None:
        """Bind to the address alone; `HTTPServer` would also ask the network for this machine's name."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer what comes over one connection, in a thread of its own."""
        self._connections[request] = None
        # Who opens more and more of them loses the oldest, and nobody else waits for a thread.
        _hang_up(tuple(self._connections)[:-_MOST_CONNECTIONS])
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """No word on a client that has gone, is too slow or talks nonsense; a traceback on a mistake of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

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
            self.server_close()

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
    with suppress(KeyboardInterrupt):
        server.serve_forever()


def _hang_up(connections: Iterable[socket.socket]) -> None:
    for connection in connections:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _pieces(chunk: bytes) -> Iterable[bytes]:
    size = max(math.ceil(len(chunk) / _PIECES), 1)
    return [chunk[start : start + size] for start in range(0, len(chunk), size)]
