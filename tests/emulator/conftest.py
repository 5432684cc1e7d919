"""The emulator, and an httpx client that reaches it in process or over loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest

from tierops.emulator import Emulator, Switches
from tierops.emulator.server import serve

KEYS = {"X-App-Id": "app", "X-App-Token": "token"}


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


@pytest.fixture(params=["in process", "loopback"])
def either(request: pytest.FixtureRequest, app: Emulator) -> Iterator[httpx.Client]:
    """A client in both ways of reaching the emulator."""
    with ExitStack() as stack:
        if request.param == "loopback":
            url = stack.enter_context(serve(app)).url
            yield stack.enter_context(httpx.Client(base_url=f"{url}/voucherify", headers=KEYS))
        else:
            transport = httpx.WSGITransport(app=app)
            yield stack.enter_context(
                httpx.Client(transport=transport, base_url="http://emulator/voucherify", headers=KEYS)
            )


@pytest.fixture
def switched(app: Emulator) -> Callable[..., None]:
    """Set switches by `name=value`."""

    def switch(*settings: str) -> None:
        app.switches = Switches.parse(settings)

    return switch
