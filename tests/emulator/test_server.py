"""The loopback server and the data file."""

from __future__ import annotations

import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import httpx
import pytest

from tierops.emulator import Emulator, server
from tierops.emulator.store import Store

KEYS = {"X-App-Id": "app", "X-App-Token": "token"}
TIERS = "/voucherify/v1/loyalties/Club/tiers"
SERVE = """
import sys
from pathlib import Path
from tierops.emulator import Emulator
from tierops.emulator.server import run_forever
run_forever(Emulator(Path(sys.argv[1])), ready=lambda url: print(url, flush=True))
"""


@contextmanager
def _process(script: str, *arguments: str) -> Iterator[Any]:
    """A Python that takes SIGINT also where it is ignored here, and ends with the test whatever happens."""
    script = f"import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n{script}"
    command = [sys.executable, "-c", script, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers=KEYS)


def test_connection_is_kept_and_answers_come_at_once(app: Emulator) -> None:
    app.voucherify.load_examples()
    path = "/voucherify/v1/loyalties/camp_fkZ28pe7DUAEmmabofkxHI8N/tiers"
    with server.serve(app) as served, _client(served.url) as client:
        ports, seconds = set(), []
        for _ in range(50):
            started = time.perf_counter()
            response = client.get(path)
            seconds.append(time.perf_counter() - started)
            ports.add(response.extensions["network_stream"].get_extra_info("client_addr")[1])
    assert len(ports) == 1
    # A millisecond or two; the trap to notice is the 40 ms of a delayed acknowledgement.
    assert statistics.median(seconds) < 0.02


def test_server_is_quiet_unless_asked(app: Emulator, capfd: pytest.CaptureFixture[str]) -> None:
    for log in (False, True):
        with server.serve(app, log=log) as served, _client(served.url) as client:
            client.get(TIERS)
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err.count(f'"GET {TIERS} HTTP/1.1" 200') == 1
    assert printed.err.count("\n") == 1


def test_closed_server_answers_nobody(app: Emulator) -> None:
    served = server.serve(app)
    with _client(served.url) as client:
        assert client.get(TIERS).status_code == 200
        served.close()
        served.close()
        with pytest.raises(httpx.TransportError):
            client.get(TIERS)
    assert len(app.requests) == 1


def test_taken_port_is_an_os_error(app: Emulator) -> None:
    with server.serve(app) as served, pytest.raises(OSError, match="in use"):
        server.serve(app, port=int(served.url.rsplit(":", 1)[1]))


def test_ipv6_loopback_is_served(app: Emulator) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with server.serve(app, "::1") as served, _client(served.url) as client:
        assert served.url.startswith("http://[::1]:")
        assert client.get(TIERS).status_code == 200


def test_application_is_called_as_the_standard_says(app: Emulator, capfd: pytest.CaptureFixture[str]) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'[{"name": "Bro'
        yield b'nze", "points": {}}]'

    with server.serve(validator(app)) as served, _client(served.url) as client:
        assert client.get(TIERS, headers={"X-Twice": "a"}).status_code == 200
        assert client.post(TIERS, json=[]).status_code == 400
        created = client.post(TIERS, content=chunks(), headers={"Content-Type": "application/json"})
        assert [tier["name"] for tier in created.json()] == ["Bronze"]
        assert client.head(TIERS).status_code == 405
    assert capfd.readouterr() == ("", "")


def test_mistake_of_the_application_is_told_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    def broken(environ: object, start_response: object) -> list[bytes]:
        raise ZeroDivisionError

    with server.serve(broken) as served, _client(served.url) as client, pytest.raises(httpx.RemoteProtocolError):
        client.get(TIERS)
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_chunks_may_have_extensions_and_trailers_and_the_connection_is_kept(app: Emulator) -> None:
    head = f"POST {TIERS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Type: application/json\r\n"
    first, second = '[{"name": "Bronze", ', '"points": {}}]'
    body = f"{len(first):X};a=b\r\n{first}\r\n00{len(second):x} \r\n{second}\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n"
    with server.serve(app) as served:
        address = ("127.0.0.1", int(served.url.rsplit(":", 1)[1]))
        with socket.create_connection(address, timeout=5) as client, client.makefile("rb") as answers:
            client.sendall(f"{head}Transfer-Encoding: Chunked\r\n\r\n{body}".encode() * 2)
            client.sendall(f"GET {TIERS} HTTP/1.0\r\nAuthorization: Bearer x\r\n\r\n".encode())
            told = answers.read()  # all there is, for HTTP/1.0 closes the connection
    assert told.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert [tier["name"] for tier in app.voucherify.tiers("Club")] == ["Bronze", "Bronze"]
    assert told.endswith(b'"total":2}')


def test_client_may_ask_before_it_sends_and_may_break_off(app: Emulator) -> None:
    head = f"POST {TIERS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Type: application/json\r\n"
    with server.serve(app) as served:
        address = ("127.0.0.1", int(served.url.rsplit(":", 1)[1]))
        with socket.create_connection(address, timeout=5) as polite:
            polite.sendall(f"{head}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n".encode())
            assert polite.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            polite.sendall(b"[]")
            assert polite.recv(100).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        with socket.create_connection(address, timeout=5) as broken:
            broken.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\nnonsense\r\n".encode())
            assert broken.recv(100) == b""


def test_writes_from_many_threads_all_arrive(tmp_path: Path) -> None:
    app = Emulator(tmp_path / "data.sqlite")
    app.voucherify.add_campaign("Club")

    def create(number: int) -> int:
        return client.post(TIERS, json=[{"name": f"{number}-{i}", "points": {}} for i in range(3)]).status_code

    with server.serve(app) as served, _client(served.url) as client, ThreadPoolExecutor(8) as pool:
        assert set(pool.map(create, range(40))) == {200}
    tiers = app.voucherify.tiers("Club")
    assert len({tier["id"] for tier in tiers}) == len(tiers) == 120
    assert all(tiers[i]["name"].split("-")[0] == tiers[i + 2]["name"].split("-")[0] for i in range(0, 120, 3))
    assert app.writes == len(app.requests) == 40
    app.close()


def test_data_survives_a_killed_process_in_one_file(tmp_path: Path) -> None:
    data = tmp_path / "data.sqlite"
    with _process(SERVE, str(data)) as process, _client(process.stdout.readline().strip()) as client:
        assert client.post("/voucherify/v1/loyalties", json={"name": "Club"}).status_code == 200
        created = client.post(TIERS, json=[{"name": "Bronze", "points": {"from": 0}}]).json()
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == [data]
    app = Emulator(data)
    assert app.voucherify.tiers("Club") == created
    assert app.voucherify.add_tiers("Club", [{"name": "Silver"}])[0]["id"] > created[0]["id"]
    app.close()


def test_run_forever_ends_with_an_interrupt(tmp_path: Path) -> None:
    with _process(SERVE.replace("Path(sys.argv[1])", "")) as process:
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}{TIERS}", headers=KEYS).status_code == 404
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize("is_told", [True, False])
def test_run_forever_tells_where_it_serves_once_it_does(
    app: Emulator, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    order: list[str] = []

    def stop_at_once(self: server._Server) -> None:
        order.append("serving")
        self.server_close()

    monkeypatch.setattr(server._Server, "serve_forever", stop_at_once)
    server.run_forever(app, ready=order.append if is_told else None)
    assert order[-1] == "serving"
    assert order[:-1] == [url for url in order if url.startswith("http://127.0.0.1:")]
    assert len(order) == 1 + is_told


def test_failed_transaction_leaves_nothing_behind() -> None:
    store = Store()
    body = {"id": "1", "name": "a", "created_at": "2026", "updated_at": None}

    def insert_twice() -> None:
        with store.transaction():
            store.insert("kind", "place", body)
            store.insert("kind", "place", body)

    with pytest.raises(ValueError, match="kind 1 is there already"):
        insert_twice()
    assert store.count("kind") == 0
    store.insert("kind", "place", body)
    assert store.find("kind", "a", place="place") == body
    store.close()


def test_what_is_no_data_file_is_an_os_error(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("milk, eggs " * 200)
    for path in (text, tmp_path):
        with pytest.raises(OSError, match="no usable data file"):
            Emulator(path)
