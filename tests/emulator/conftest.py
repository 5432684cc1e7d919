"""The emulator, and an httpx client that reaches it in process or over loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx
import pytest

from tierops.emulator import Emulator, Switches
from tierops.emulator.server import serve

KEYS = {"X-App-Id": "app", "X-App-Token": "token"}
SECRET = {"Authorization": "Bearer sk_test_1"}


@dataclass
class Clock:
    """Time that passes when told."""

    time: float = 1_767_225_600.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(clock: Clock) -> Iterator[Emulator]:
    emulator = Emulator(clock=clock)
    emulator.voucherify.add_campaign("Club", id="camp_club")
    yield emulator
    emulator.close()


@pytest.fixture
def client(app: Emulator) -> Iterator[httpx.Client]:
    with httpx.Client(
        transport=httpx.WSGITransport(app=app), base_url="http://emulator/voucherify", headers=KEYS
    ) as in_process:
        yield in_process


@pytest.fixture
def fanfare(app: Emulator) -> Iterator[httpx.Client]:
    with httpx.Client(
        transport=httpx.WSGITransport(app=app), base_url="http://emulator/fanfare", headers=SECRET
    ) as in_process:
        yield in_process


@contextmanager
def _both(way: str, app: Emulator, mount: str, headers: dict[str, str]) -> Iterator[httpx.Client]:
    with ExitStack() as stack:
        if way == "loopback":
            url = stack.enter_context(serve(app)).url
            yield stack.enter_context(httpx.Client(base_url=f"{url}{mount}", headers=headers))
        else:
            transport = httpx.WSGITransport(app=app)
            base_url = f"http://emulator{mount}"
            yield stack.enter_context(httpx.Client(transport=transport, base_url=base_url, headers=headers))


@pytest.fixture(params=["in process", "loopback"])
def either(request: pytest.FixtureRequest, app: Emulator) -> Iterator[httpx.Client]:
    """A client of Voucherify in both ways of reaching the emulator."""
    with _both(request.param, app, "/voucherify", KEYS) as reached:
        yield reached


@pytest.fixture(params=["in process", "loopback"])
def fanfare_either(request: pytest.FixtureRequest, app: Emulator) -> Iterator[httpx.Client]:
    """A client of Fanfare in both ways of reaching the emulator."""
    with _both(request.param, app, "/fanfare", SECRET) as reached:
        yield reached


@pytest.fixture
def switched(app: Emulator) -> Callable[..., None]:
    """Set switches by `vendor.name=value`."""

    def switch(*settings: str) -> None:
        app.switches = Switches.parse(settings)

    return switch
