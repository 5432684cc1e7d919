"""Clients that send too much, nonsense or nothing: they are turned away, and nobody else notices."""

from __future__ import annotations

import socket
from contextlib import ExitStack, suppress

import httpx
import pytest

from tierops.emulator import Emulator, server, web
from tierops.emulator.server import serve

TIERS = "/voucherify/v1/loyalties/Club/tiers"
KEYS = {"X-App-Id": "app", "X-App-Token": "token"}
HEAD = f"POST {TIERS} HTTP/1.1\r\nHost: x\r\nX-App-Id: a\r\nX-App-Token: b\r\nContent-Type: application/json\r\n"


def _connect(served: server.Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), timeout=10)


def _told(connection: socket.socket) -> bytes:
    """All that comes until the connection ends."""
    told = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            told += piece
    return told


def _is_served(served: server.Served) -> bool:
    return httpx.get(f"{served.url}{TIERS}", headers=KEYS, timeout=5).status_code == 200


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
        (b"\0" * 100 + b"\r\n\r\n", b"400"),
        (b"GET\r\n\r\n", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"505"),
        (b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (HEAD.encode() + b"Content-Length: -1\r\n\r\n", b"400"),
        (HEAD.encode() + b"Content-Length: many\r\n\r\n", b"400"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X-Many: x\r\n" * 200 + b"\r\n", b"431"),
        (HEAD.encode() + b"Transfer-Encoding: gzip\r\n\r\n", b"400"),
        (HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + b"z" * 200_000, b""),
        (HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n[]\r\n0\r\n\r\n", b""),
        (HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]]\r\n0\r\n\r\n", b""),
    ],
    ids=[
        *("tls", "zeros", "short", "version", "target", "negative", "words", "long", "header", "headers", "coding"),
        *("chunk", "size", "length"),
    ],
)
def test_nonsense_is_turned_away(app: Emulator, sent: bytes, answer: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with serve(app) as served:
        with _connect(served) as connection:
            with suppress(ConnectionResetError, BrokenPipeError):
                connection.sendall(sent)
            told = _told(connection)
        assert answer in told.partition(b"\r\n")[0]
        assert _is_served(served)
    assert app.writes == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("sent", ["Content-Length: 9\r\n\r\n[]", "Transfer-Encoding: chunked\r\n\r\n5\r\n[]"])
def test_body_that_breaks_off_writes_nothing(app: Emulator, sent: str) -> None:
    with serve(app) as served, _connect(served) as connection:
        connection.sendall(f"{HEAD}{sent}".encode())
        connection.shutdown(socket.SHUT_WR)
        assert b" 200 " not in _told(connection)
    assert app.writes == 0


def test_large_body_gets_its_answer_and_an_endless_one_does_not(app: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_ENDLESS", web.BODY_LIMIT + 2_000_000)
    with serve(app) as served:
        url = f"{served.url}{TIERS}"
        headers = KEYS | {"Content-Type": "application/json"}
        assert httpx.post(url, headers=headers, content=b" " * (web.BODY_LIMIT + 1)).status_code == 413
        with _connect(served) as connection:
            connection.sendall(f"{HEAD}Content-Length: 999999999999\r\n\r\n".encode())
            with suppress(ConnectionResetError, BrokenPipeError):
                for _ in range(100):
                    connection.sendall(b" " * 1_000_000)
            assert _told(connection) == b""
        assert _is_served(served)
    assert app.writes == 0


def test_connections_that_say_nothing_do_not_stop_other_clients(app: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_MOST_CONNECTIONS", 20)
    with serve(app) as served, ExitStack() as stack:
        silent = [stack.enter_context(_connect(served)) for _ in range(60)]
        for connection in silent[::2]:
            with suppress(ConnectionResetError, BrokenPipeError):
                connection.sendall(b"GET /voucherify")
        assert _is_served(served)
        # The oldest were ended, and those that came last are still there.
        assert _told(silent[0]) == b""
        silent[-1].settimeout(0.1)
        with pytest.raises(TimeoutError):
            silent[-1].recv(1)


def test_silent_connection_ends_after_a_while(app: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server._Request, "timeout", 0.1)
    with serve(app) as served, _connect(served) as idle, _connect(served) as slow:
        slow.sendall(f"{HEAD}Content-Length: 100\r\n\r\n[".encode())
        assert _told(idle) == _told(slow) == b""
    assert app.requests == []
