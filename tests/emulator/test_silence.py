"""Requests that get no answer, or a slow one: what the client sees, and what was executed."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import httpx
import pytest
from harness import InProcess

from tierops.emulator import ConnectionReset, Emulator, Fault, NoAnswer, PortClosed
from tierops.emulator.server import serve

VOUCHERIFY = "/voucherify/v1/loyalties/Club/tiers"
FANFARE = "/fanfare/audiences/loyalty-tiers"
HEADERS = {"X-App-Id": "app", "X-App-Token": "token", "Authorization": "Bearer sk_test_1"}
BODIES = {
    VOUCHERIFY: [{"name": "Bronze", "points": {"from": 0}}],
    FANFARE: {
        "groupName": "Club",
        "attribute": "ltv",
        "tiers": [{"name": "Bronze", "order": 0, "startValue": 0}],
    },
}


class Expected(NamedTuple):
    kind: str
    stored: int
    in_process: type[httpx.TransportError]
    served: tuple[type[httpx.TransportError], str]


RESET = (httpx.ReadError, "reset")
CLOSED = (httpx.RemoteProtocolError, "disconnected")
SILENCES = (
    Expected("refuse", 0, httpx.ConnectError, RESET),
    Expected("drop-before", 0, httpx.ReadError, CLOSED),
    Expected("drop-after", 1, httpx.ReadError, CLOSED),
    Expected("reset-before", 0, httpx.ReadError, RESET),
    Expected("reset-after", 1, httpx.ReadError, RESET),
    Expected("hang-before", 0, httpx.ReadTimeout, CLOSED),
    Expected("hang-after", 1, httpx.ReadTimeout, CLOSED),
    Expected("late", 0, httpx.ReadError, CLOSED),
)


def _held(app: Emulator) -> int:
    return len(app.voucherify.tiers("Club")) + len(app.fanfare.audiences())


def _read_to_the_end(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


@pytest.fixture
def reached(app: Emulator) -> Iterator[httpx.Client]:
    """In process."""
    with httpx.Client(transport=InProcess(app), base_url="http://emulator", headers=HEADERS) as client:
        yield client


@pytest.fixture
def served(app: Emulator) -> Iterator[httpx.Client]:
    """Over loopback."""
    with serve(app) as server, httpx.Client(base_url=server.url, headers=HEADERS, timeout=5) as client:
        yield client


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("silence", SILENCES, ids=lambda silence: silence.kind)
def test_silence_in_process_waits_for_nothing(
    reached: httpx.Client, app: Emulator, silence: Expected, path: str
) -> None:
    app.faults.append(Fault(f"POST {path}", silence.kind, value=600_000))
    started = time.monotonic()
    with pytest.raises(silence.in_process) as caught:
        reached.post(path, json=BODIES[path])
    assert type(caught.value) is silence.in_process
    assert time.monotonic() - started < 1
    assert (_held(app), app.writes) == (silence.stored, silence.stored)
    assert reached.post(path, json=BODIES[path]).status_code == 200


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("silence", SILENCES, ids=lambda silence: silence.kind)
def test_silence_over_a_socket(served: httpx.Client, app: Emulator, silence: Expected, path: str) -> None:
    app.faults.append(Fault(f"POST {path}", silence.kind, value=80))
    error, text = silence.served
    with pytest.raises(error, match=text):
        served.post(path, json=BODIES[path])
    assert (_held(app), app.writes) == (silence.stored, silence.stored)


def test_refused_connections_are_refused_for_as_long_as_told(served: httpx.Client, app: Emulator) -> None:
    app.faults.append(Fault("GET *", "refuse", value=250))
    started = time.monotonic()
    with pytest.raises(httpx.ReadError):
        served.get(VOUCHERIFY)
    refused = 0
    while time.monotonic() < started + 10:
        try:
            answer = served.get(VOUCHERIFY)
        except httpx.ConnectError:
            refused += 1
            time.sleep(0.01)
        else:
            break
    assert answer.status_code == 200
    assert refused > 1
    assert time.monotonic() - started >= 0.25
    assert [method for method, _, _ in app.requests] == ["GET", "GET"]


def test_port_may_be_closed_again_and_while_it_is_closed(app: Emulator) -> None:
    ask = b"GET /voucherify/v1/loyalties HTTP/1.1\r\nHost: x\r\n\r\n"
    with serve(app) as server:
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        with socket.create_connection(address) as one, socket.create_connection(address) as two:
            for connection in (one, two):  # a connection that waits to be accepted would be reset with the first one
                connection.settimeout(5)
                connection.sendall(ask)
                assert connection.recv(9) == b"HTTP/1.1 "
            app.faults.append(Fault("GET *", "refuse", times=2, value=500))
            for connection in (one, two):
                connection.sendall(ask)
                with pytest.raises(ConnectionResetError):
                    _read_to_the_end(connection)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with suppress(ConnectionRefusedError), socket.create_connection(address):
                break
            time.sleep(0.01)
        app.faults.append(Fault("GET *", "refuse", value=60_000))
        with pytest.raises(httpx.ReadError):
            httpx.get(f"{server.url}{VOUCHERIFY}")
    # The server closed while its port was closed, and left nothing of it behind.
    socket.create_server(address).close()


def test_hanging_answer_ends_when_its_time_is_over_or_the_client_goes(served: httpx.Client, app: Emulator) -> None:
    app.faults.append(Fault("GET *", "hang-before", value=100))
    started = time.monotonic()
    with pytest.raises(httpx.RemoteProtocolError):
        served.get(VOUCHERIFY)
    assert 0.1 <= time.monotonic() - started < 5
    app.faults.append(Fault("GET *", "hang-after", value=600_000))
    with pytest.raises(httpx.ReadTimeout):
        served.get(VOUCHERIFY, timeout=0.05)
    assert served.get(VOUCHERIFY).status_code == 200


def test_late_write_lands_after_the_client_has_read_back(reached: httpx.Client, app: Emulator, clock: Any) -> None:
    app.faults.append(Fault("POST *", "late", value=5000))
    with pytest.raises(httpx.ReadError):
        reached.post(VOUCHERIFY, json=BODIES[VOUCHERIFY])
    clock.time += 4.9
    assert reached.get(VOUCHERIFY).json()["total"] == app.writes == 0
    clock.time += 0.1
    assert reached.get(VOUCHERIFY).json()["total"] == app.writes == 1
    assert app.land() == 0


def test_late_writes_land_in_the_order_of_their_time(reached: httpx.Client, app: Emulator, clock: Any) -> None:
    for name, value in (("second", 3000), ("first", 1000), ("third", 9000)):
        app.faults.append(Fault("POST *", "late", value=value))
        with pytest.raises(httpx.ReadError):
            reached.post(VOUCHERIFY, json=[{"name": name, "points": {"from": 0}}])
    clock.time += 5
    assert app.land() == 2
    assert [tier["name"] for tier in app.voucherify.tiers("Club")] == ["first", "second"]
    assert app.land(everything=True) == 1
    assert app.writes == 3


def test_late_write_may_be_refused_when_it_lands(
    reached: httpx.Client, app: Emulator, switched: Callable[..., None]
) -> None:
    switched("voucherify.duplicate_name=409")
    app.faults.append(Fault("POST *", "late"))
    with pytest.raises(httpx.ReadError):
        reached.post(VOUCHERIFY, json=BODIES[VOUCHERIFY])
    assert reached.post(VOUCHERIFY, json=BODIES[VOUCHERIFY]).status_code == 200
    assert app.land(everything=True) == 1
    assert (_held(app), app.writes) == (1, 2)


def test_request_over_the_limit_does_not_land_late(
    reached: httpx.Client, app: Emulator, switched: Callable[..., None]
) -> None:
    switched("voucherify.rate_limit=1")
    reached.get(VOUCHERIFY)
    app.faults.append(Fault("POST *", "late"))
    with pytest.raises(httpx.ReadError):
        reached.post(VOUCHERIFY, json=BODIES[VOUCHERIFY])
    assert app.land(everything=True) == 0


def test_what_lasts_lasts_a_second_unless_told() -> None:
    lasting = ("refuse", "hang-before", "hang-after", "late", "delay", "drip", "lag")
    assert {Fault("GET /", kind).seconds for kind in lasting} == {1.0}
    assert Fault("GET /", "late", value=1).seconds == 0.001
    assert Fault("GET /", "empty").seconds == 0.0


def test_slow_answer_is_right(served: httpx.Client, app: Emulator) -> None:
    app.voucherify.add_tiers("Club", [{"name": name} for name in "ABC"])
    app.faults.append(Fault("GET *", "drip", value=200))
    arrived = []
    with served.stream("GET", VOUCHERIFY) as response:
        pieces = b""
        for piece in response.iter_raw():
            pieces += piece
            arrived.append(time.monotonic())
    assert response.status_code == 200
    assert len(pieces) == int(response.headers["Content-Length"])
    assert len(arrived) > 5
    assert arrived[-1] - arrived[0] >= 0.15
    assert served.get(VOUCHERIFY).content == pieces


def test_slow_answer_is_at_once_in_process(reached: httpx.Client, app: Emulator) -> None:
    app.faults.extend([Fault("GET *", "drip", value=600_000), Fault("GET *", "503-before", after=1)])
    app.faults.append(Fault("GET *", "drip", value=600_000))
    assert reached.get(VOUCHERIFY).status_code == 200
    assert reached.get(VOUCHERIFY).status_code == 503


def test_every_silence_has_its_own_exception(app: Emulator) -> None:
    kinds = {"refuse": PortClosed, "reset-before": ConnectionReset, "hang-after": NoAnswer}
    for kind, error in kinds.items():
        app.faults.append(Fault("GET *", kind, value=30))
        with (
            httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://emulator") as client,
            pytest.raises(error) as caught,
        ):
            client.get(VOUCHERIFY)
        assert caught.value.seconds == 0.03
