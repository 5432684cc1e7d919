"""What a run costs, counted: requests at the vendor, calls while loading, seconds by the emulator's clock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from harness import InProcess

from benchmarks import content, scale
from tierops import apply, pipeline, plan, providers
from tierops.emulator import Emulator, Switches
from tierops.errors import NotSent
from tierops.model import Live, Target
from tierops.providers.connection import Connection, open_connection
from tierops.providers.limits import Waiting

TODAY = date(2026, 1, 1)
DAY = timedelta(days=1)
PLENTY = "1000000"
LATENCY = 0.05


class Clock:
    """Seconds since the epoch, which pass when a request or a pause takes them."""

    def __init__(self) -> None:
        self.now = 1_767_225_600.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Slow(httpx.BaseTransport):
    """The emulator, and an answer that takes its time by the clock."""

    def __init__(self, emulator: Emulator, clock: Clock, latency: float) -> None:
        self._vendor, self._clock, self._latency = InProcess(emulator), clock, latency

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._clock.sleep(self._latency)
        return self._vendor.handle_request(request)


class Project(NamedTuple):
    """So many programs with a target each, and the vendor that they are at."""

    targets: list[Target]
    emulator: Emulator
    clock: Clock
    vendor: str
    latency: float

    def connect(self, max_wait: float = 3600) -> Connection:
        waiting = Waiting(max_wait, self.clock.sleep, self.clock)
        environ = self.emulator.vendors[self.vendor].environ("http://127.0.0.1")
        transport = Slow(self.emulator, self.clock, self.latency)
        return open_connection(providers.find(self.vendor), environ, waiting=waiting, transport=transport)

    def requests(self, command: Callable[..., object], *arguments: Any) -> int:
        """How many requests reach the vendor during a command."""
        before = len(self.emulator.requests)
        command(*arguments)
        return len(self.emulator.requests) - before

    def read(self, most: int | None = None) -> apply.Reads:
        """What `plan` and `drift` read of the first targets, by a connection of its own."""
        return apply.Reads(self._lives(self.connect(), self.targets[:most]), self.clock())

    def _lives(self, connection: Connection, targets: list[Target]) -> dict[str, Live]:
        connection.survey([one.place for one in targets])
        return {one.address: connection.fetch(one.place) for one in targets}

    def apply(self, max_wait: float = 3600) -> None:
        """Plan and carry out, one target after the other."""
        connection = self.connect(max_wait)
        lives = self._lives(connection, self.targets)
        planned = [plan.build(one, lives[one.address], connection.vendor) for one in self.targets]
        patience = apply.Patience(0, self.clock.sleep, self.clock)
        results = apply.run(planned, {self.vendor: connection}, apply.Reads(lives, self.clock()), patience)
        assert apply.exit_code(results) == 0


def project(
    folder: Path, vendor: str, programs: int, limit: str = PLENTY, window: str = "60", *, latency: float = LATENCY
) -> Project:
    shape = content.Shape(programs)
    content.tierops(folder / f"{vendor}-{programs}", shape, vendor)
    files = pipeline.read_files([folder / f"{vendor}-{programs}" / "tiers"], None, today=TODAY)
    assert not files.problems
    targets = [target for program in files.programs for target in program.targets]
    clock = Clock()
    switches = Switches.parse([f"{vendor}.rate_limit={limit}", f"{vendor}.rate_window_s={window}"])
    emulator = Emulator(switches=switches, clock=clock, log_size=1_000_000)
    for target in targets:
        emulator.vendors[vendor].seed(target.place.fields)
    return Project(targets, emulator, clock, vendor, latency)


@pytest.mark.parametrize("programs", [1, 4, 16])
@pytest.mark.parametrize("vendor", [name for name, cost in scale.COSTS.items() if cost.creates])
def test_a_run_takes_as_many_requests_as_the_estimate_says(vendor: str, programs: int, tmp_path: Path) -> None:
    cost, here = scale.COSTS[vendor], project(tmp_path, vendor, programs)
    assert here.requests(here.read) == cost.plan_empty(programs)
    assert here.requests(here.apply) == cost.apply(programs)
    assert here.requests(here.read) == cost.plan(programs)


@pytest.mark.parametrize("programs", [1, 10, 40])
def test_a_vendor_without_creates_is_read_as_the_estimate_says(programs: int, tmp_path: Path) -> None:
    here = project(tmp_path, "talonone", programs)
    assert here.requests(here.read) == scale.COSTS["talonone"].plan(programs)


@pytest.mark.parametrize("vendor", [name for name, cost in scale.COSTS.items() if cost.creates])
def test_a_plan_of_some_programs_takes_as_many_requests_as_the_estimate_says(vendor: str, tmp_path: Path) -> None:
    here = project(tmp_path, vendor, 16)
    here.apply()
    assert here.requests(here.read, 3) == scale.COSTS[vendor].plan_some(3, 16)


@pytest.mark.parametrize("vendor", sorted(scale.COSTS))
def test_one_more_program_never_costs_more_reads_than_the_first(vendor: str) -> None:
    cost = scale.COSTS[vendor]
    assert cost.plan(10_000) <= 10_000 * cost.plan(1)


@pytest.mark.parametrize("limit", [scale.Limit("small", 30, 60), scale.Limit("roomy", 2000, 60)])
def test_the_vendors_clock_agrees_with_the_estimate(limit: scale.Limit, tmp_path: Path) -> None:
    here = project(tmp_path, "voucherify", 40, str(limit.calls), str(limit.seconds))
    start, requests = here.clock.now, 0
    for command in (here.read, here.apply):
        requests += here.requests(command)
        windows = requests // limit.calls + 1
        took, estimate = here.clock.now - start, scale.seconds(requests, limit._replace(at_once=1))
        assert took == pytest.approx(estimate, abs=2 * windows)  # the end of a window is told in whole seconds
    assert requests == 41 + 241


def test_a_vendor_that_tells_of_its_limit_by_refusing_takes_as_long_as_the_estimate_says(tmp_path: Path) -> None:
    limit = scale.COSTS["openloyalty"].limits[0]
    here = project(tmp_path, "openloyalty", 40, str(limit.calls), str(limit.seconds), latency=LATENCY / limit.at_once)
    start = here.clock.now
    requests = here.requests(here.read)
    expected = scale.COSTS["openloyalty"].plan(40)
    assert expected < requests <= expected * (1 + 1 / limit.calls) + 1  # one that is refused for each window
    assert here.clock.now - start == pytest.approx(scale.seconds(expected, limit), rel=0.1)


def test_a_vendor_that_is_paced_takes_as_long_as_the_estimate_says(tmp_path: Path) -> None:
    here = project(tmp_path, "talonone", 40)
    start = here.clock.now
    here.read()
    (limit,) = scale.COSTS["talonone"].limits
    assert here.clock.now - start == pytest.approx(scale.seconds(41, limit._replace(at_once=1)), rel=0.05)


def test_more_than_a_window_of_creates_needs_a_longer_wait_than_the_default(tmp_path: Path) -> None:
    here = project(tmp_path, "voucherify", 40, "100")
    with pytest.raises(NotSent, match="--max-wait 3600"):
        here.apply(max_wait=120)
    assert here.emulator.writes == 0


def calls(function: Callable[..., object], *arguments: object, **settings: object) -> int:
    """How many Python functions a call of this one calls."""
    number = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal number
        number += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        function(*arguments, **settings)
    finally:
        sys.setprofile(before)
    return number


@pytest.mark.parametrize("has_advice", [False, True], ids=["plan", "validate"])
def test_loading_costs_the_same_for_each_program_however_many_there_are(has_advice: bool, tmp_path: Path) -> None:
    counts: dict[int, int] = {}
    for programs in (1, 50, 100, 300):  # the first one also imports
        content.tierops(tmp_path / str(programs), content.Shape(programs, 1), "voucherify")
        folders = [tmp_path / str(programs) / "tiers"]
        counts[programs] = calls(pipeline.read_files, folders, None, today=TODAY, has_advice=has_advice)
    few, many = (counts[100] - counts[50]) / 50, (counts[300] - counts[100]) / 200
    assert many == pytest.approx(few, rel=0.02)


def test_planning_costs_the_same_for_each_target_however_many_there_are(tmp_path: Path) -> None:
    counts: dict[int, int] = {}
    for programs in (1, 10, 20, 60):
        here = project(tmp_path, "voucherify", programs)
        counts[programs] = calls(
            pipeline.make_plan, here.targets, pipeline.LiveRead(dict(here.read().lives), ()), None, DAY
        )
    assert (counts[60] - counts[20]) / 40 == pytest.approx((counts[20] - counts[10]) / 10, rel=0.02)
