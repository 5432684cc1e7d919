"""Vendors to talk to that are no emulator: a declaration without oddities, answers in turn, servers on loopback."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
from harness import InProcess, Slept

from tierops.emulator import Emulator
from tierops.model import Abilities, Request, Scale
from tierops.providers.accounts import Credentials, Dialect
from tierops.providers.http import Client
from tierops.providers.limits import Waiting
from tierops.providers.vendor import Vendor, counted

VENDOR = Vendor(
    name="vendor",
    title="Vendor",
    noun="ladder",
    parts=(),
    url_variable="VENDOR_URL",
    variables=(),
    scale=lambda _place: Scale(),
    abilities=lambda _place, _live: Abilities("by hand", "join", "no undo"),
    requests=lambda _live, _tiers: (),
    fields=lambda block, _place, _index: block,
    block=lambda fields, _place, _index: fields,
    package="vendor",
    allowance=counted("X-Left", "X-Size", "X-Ends"),
)
DIALECT = Dialect(explain=lambda body: json.dumps(body, default=str))
CREATE = Request("POST", "/x", [{"name": "Gold"}], ("Gold",))


def client(
    transport: httpx.BaseTransport | Callable[[httpx.Request], httpx.Response] | None,
    slept: Callable[[float], None],
    credentials: Credentials | None = None,
    *,
    vendor: Vendor = VENDOR,
    url: str = "http://127.0.0.1/api/",
    dialect: Dialect = DIALECT,
    waiting: Mapping[str, Any] | None = None,
    **more: Any,
) -> Client:
    """A client of the vendor, that answers with what `transport` says; None is the network."""
    return Client(
        vendor,
        url,
        credentials or Credentials({"X-Key": "c4n4ry1234"}),
        dialect,
        waiting=Waiting(sleep=slept, **(waiting or {})),
        transport=httpx.MockTransport(transport) if callable(transport) else transport,
        **more,
    )


def bearing(key: str, slept: Slept, transport: Any = None, url: str = "http://127.0.0.1", **environ: str) -> Client:
    """A client with a key in `Authorization`, and an environment that may name proxies and certificates."""
    return client(transport, slept, Credentials({"Authorization": f"Bearer {key}"}), url=url, environ=environ)


class Answers(list[Any]):
    """Answers and failures in turn; `asked` are the requests."""

    def __init__(self, *answers: Any) -> None:
        super().__init__(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Notes(list[tuple[object, ...]]):
    """A witness of writes that notes what it is told."""

    def sending(self, method: str, path: str, body: bytes) -> int:
        self.append((method, path))
        return 7

    def answered(self, intent: int, status: int, request_id: str | None) -> None:
        assert intent == 7
        self.append((status, request_id))

    def lost(self, intent: int, reason: str, *, was_sent: bool) -> None:
        assert intent == 7
        self.append((reason, was_sent))


def ok(body: object = None) -> httpx.Response:
    return httpx.Response(200, json=body)


class Canned(httpx.BaseTransport):
    """Lets the emulator answer and then alters the body, or answers in its place."""

    def __init__(self, emulator: Emulator, path: str, alter: Callable[[Any], object]) -> None:
        self._emulator = InProcess(emulator)
        self._path = path
        self._alter = alter

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._emulator.handle_request(request)
        if not request.url.path.endswith(self._path):
            return response
        body = self._alter(json.loads(response.read()))
        return httpx.Response(response.status_code, content=body if isinstance(body, bytes) else json.dumps(body))


Answer = Callable[[BaseHTTPRequestHandler], None]


class Heard(list[tuple[str, dict[str, str]]]):
    """Request lines and headers."""


@contextmanager
def listening(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, Heard]]:
    """A server on loopback that hears what it is asked."""
    heard = Heard()

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline()
            if self.raw_requestline and self.parse_request():
                heard.append((self.requestline, dict(self.headers)))
                answer(self)
            self.close_connection = True

        def log_message(self, *_: Any) -> None: ...

    class Server(HTTPServer):
        def handle_error(self, *_: Any) -> None: ...  # a handshake that the client breaks off

    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def says(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer
