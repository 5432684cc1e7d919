"""What a read of many targets asks for: requests are counted, and a place that is looked at again is seen afresh."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from harness import Slept, connect

from tierops import pipeline, providers
from tierops.emulator import Emulator, Fault, Switches
from tierops.errors import IncompleteRead, VendorError
from tierops.host import threads
from tierops.model import Position, Target
from tierops.providers.connection import Connection
from tierops.providers.connections import Connections
from tierops.providers.fanfare.passes import Passes
from tierops.providers.limits import Limits, Waiting
from tierops.providers.vendor import untold

BLOCKS: Mapping[str, Callable[[int], dict[str, str]]] = {
    "voucherify": lambda n: {"campaign": f"Club {n}"},
    "voucherify-v2": lambda n: {"structure": f"Club {n}"},
    "fanfare": lambda n: {"group": f"Club {n}", "attribute": "ltv"},
    "salesforce": lambda n: {"program": "Coffee Club", "tier_group": f"Club {n}"},
    "openloyalty": lambda n: {
        "store": "default",
        "tier_set": f"Club {n}",
        "attribute": "totalEarnedUnits",
        "wallet": "default",
    },
    "talonone": lambda n: {"program": f"Club {n}"},
}
SURVEYED = sorted(BLOCKS.keys() - {"fanfare"})  # its fetches share a list by themselves


def fill(emulator: Emulator, vendor: str, places: int) -> None:
    """Places with a ladder, or without one where the vendor makes an empty one."""
    emulator.switches = Switches.parse([f"{vendor}.rate_limit=100000"])
    for number in range(places):
        block = BLOCKS[vendor](number)
        if vendor == "fanfare":
            emulator.fanfare.add_group(block["group"], "ltv", [{"name": "T", "order": 0, "startValue": 0}])
        elif vendor == "salesforce":
            tier = {"Name": "T", "MinimumEligibleBalance": 0, "SequenceNumber": 10}
            emulator.salesforce.add_group(block["program"], block["tier_group"], [tier])
        else:
            emulator.vendors[vendor].seed(block)


def targets(vendor: str, *numbers: int) -> list[Target]:
    declared = providers.find(vendor)
    at = Position("club.yaml", 1, 1)
    blocks = [(number, BLOCKS[vendor](number)) for number in numbers]
    return [
        Target(f"club{number}", vendor, declared.place(block), declared.scale(block), (), at)
        for number, block in blocks
    ]


def read(connection: Connection, wanted: list[Target]) -> pipeline.LiveRead:
    return pipeline.read_live(wanted, Connections({wanted[0].provider: connection}))


@pytest.mark.parametrize(
    ("vendor", "requests"),
    [
        ("voucherify", (2, 1 + 10, 1 + 100)),
        ("voucherify-v2", (4, 1 + 30, 1 + 300)),
        ("fanfare", (2, 1 + 10, 1 + 100)),
        ("salesforce", (6, 6, 6)),
        ("openloyalty", (3, 1 + 20, 2 + 200)),
        ("talonone", (2, 1 + 10, 1 + 100)),
    ],
)
def test_the_requests_of_1_10_and_100_targets(vendor: str, requests: tuple[int, ...]) -> None:
    sent = []
    for number in (1, 10, 100):
        emulator = Emulator()
        fill(emulator, vendor, number)
        connection = connect(emulator, Slept(), vendor=vendor)
        lives = read(connection, targets(vendor, *range(number))).lives
        assert len(lives) == number
        sent.append(connection.client.reads)
        emulator.close()
    assert tuple(sent) == requests


@pytest.mark.parametrize("vendor", BLOCKS)
def test_a_read_among_many_shows_the_same_as_a_read_alone(vendor: str, emulator: Emulator, slept: Slept) -> None:
    fill(emulator, vendor, 3)
    wanted = targets(vendor, 0, 1, 2)
    many = read(connect(emulator, slept, vendor=vendor), wanted).lives
    for target in wanted:
        alone = connect(emulator, slept, vendor=vendor).fetch(target.place)
        live = many[target.address]
        assert live._replace(proof="") == alone._replace(proof="")
        assert live.proof.startswith(alone.proof)


@pytest.mark.parametrize("vendor", BLOCKS)
def test_what_was_seen_of_many_is_good_for_one_fetch_each(vendor: str, emulator: Emulator, slept: Slept) -> None:
    """Before a create, and after it, a place is looked at afresh."""
    fill(emulator, vendor, 3)
    connection, wanted = connect(emulator, slept, vendor=vendor), targets(vendor, 0, 1, 2)
    read(connection, wanted)
    emulator.requests.clear()
    again = connection.fetch(wanted[0].place)
    kept = 2 if vendor == "salesforce" else 0  # which org it is, and its fields
    assert len(emulator.requests) == again.calls - kept - 2 * bool(kept)


@pytest.mark.parametrize("vendor", BLOCKS)
def test_a_place_that_is_not_there_is_told_as_it_is_told_alone(vendor: str, emulator: Emulator, slept: Slept) -> None:
    fill(emulator, vendor, 3)
    wanted = targets(vendor, 0, 1, 7)
    many = read(connect(emulator, slept, vendor=vendor), wanted)
    if vendor == "fanfare":  # there, a create makes it
        assert many.lives[wanted[2].address].is_new
        return
    with pytest.raises(VendorError) as alone:
        connect(emulator, slept, vendor=vendor).fetch(wanted[2].place)
    told = [re.sub(r"req_\w+|request \S+\)", "", text) for text in (str(alone.value), many.problems[0].message)]
    assert len(many.problems) == 1
    assert told[1] == f"{wanted[2].address} could not be read: {told[0]}"
    assert many.lives.keys() == {target.address for target in wanted[:2]}


@pytest.mark.parametrize("vendor", SURVEYED)
@pytest.mark.parametrize("kind", ["403", "truncated", "empty", "html-before", "500-before"])
def test_a_survey_that_fails_takes_no_target_with_it(vendor: str, kind: str, emulator: Emulator, slept: Slept) -> None:
    """The fault is there for as long as the survey tries, and each target asks for itself then."""
    fill(emulator, vendor, 3)
    times = 1 if kind == "403" else 4
    on = "GET */query" if vendor == "salesforce" else "GET *"
    emulator.faults.append(Fault(on, kind, times=times))
    many = read(connect(emulator, slept, vendor=vendor), targets(vendor, 0, 1, 2))
    assert many.problems == ()
    assert len(many.lives) == 3


@pytest.mark.parametrize("vendor", ["voucherify", "salesforce", "openloyalty", "talonone"])
def test_a_survey_proves_its_list_whole(vendor: str, emulator: Emulator, slept: Slept) -> None:
    fill(emulator, vendor, 3)
    on = {"salesforce": "GET */query", "openloyalty": "GET */tierSet"}.get(vendor, "GET */loyalt*")
    emulator.faults.append(Fault(on, "total", value=1, times=1))
    connection = connect(emulator, slept, vendor=vendor)
    with pytest.raises(IncompleteRead):
        connection.account.survey([target.place for target in targets(vendor, 0, 1, 2)])  # type: ignore[attr-defined]


def test_a_long_list_is_not_read_for_a_few_targets(emulator: Emulator, slept: Slept) -> None:
    fill(emulator, "voucherify", 301)
    connection = connect(emulator, slept)
    read(connection, targets("voucherify", 0, 1, 2))
    assert connection.client.reads == 1 + 2 * 3


def test_two_campaigns_of_which_one_has_the_id_of_the_other_for_its_name_are_left_to_the_vendor(
    emulator: Emulator, slept: Slept
) -> None:
    first = emulator.voucherify.add_campaign("Club 0")
    emulator.voucherify.add_campaign(first["id"])
    emulator.voucherify.add_campaign("Club 1")
    connection = connect(emulator, slept)
    vendor = providers.find("voucherify")
    places = [vendor.place({"campaign": name}) for name in (first["id"], "Club 1")]
    connection.survey(places)
    emulator.requests.clear()
    for place in places:
        connection.fetch(place)
    assert [sent[1].endswith("/tiers") for sent in emulator.requests] == [False, True, True]


def test_a_tier_of_a_group_that_is_not_listed_proves_nothing(emulator: Emulator, slept: Slept) -> None:
    fill(emulator, "salesforce", 3)
    connection = connect(emulator, slept, vendor="salesforce")
    org = connection.account._org  # type: ignore[attr-defined]
    rows = org.rows
    org.rows = lambda kind, *rest, **most: (
        (rows(kind, *rest, **most)[0][1:], 1) if kind == "LoyaltyTierGroup" else rows(kind, *rest, **most)
    )
    with pytest.raises(IncompleteRead, match="no such group"):
        connection.account.survey([target.place for target in targets("salesforce", 0, 1)])  # type: ignore[attr-defined]


class Slow:
    """A client whose answers come when they are let go; `begun` counts what was asked."""

    def __init__(self, error: VendorError | None = None) -> None:
        self.begun = 0
        self.go = threading.Semaphore(0)
        self._error = error

    def get(self, _path: str, _parameters: Any) -> Any:
        self.begun += 1
        assert self.go.acquire(timeout=10)
        if self._error:
            raise self._error
        return {"data": [], "pageInfo": {"endCursor": None}}


def _asking(passes: Passes, number: int) -> Callable[[], object]:
    return lambda: passes.listing("asc", f"Club {number}", is_fresh=True)


@pytest.mark.parametrize("error", [None, VendorError("away")])
def test_those_who_ask_while_a_list_is_read_share_the_next_one(error: VendorError | None) -> None:
    """One that began before they asked would tell nothing of what was written since."""
    client = Slow(error)
    passes = Passes(client)  # type: ignore[arg-type]
    with ThreadPoolExecutor(9) as pool:
        asked = [pool.submit(_asking(passes, 0))]
        while client.begun < 1:
            pass
        asked += [pool.submit(_asking(passes, number)) for number in range(1, 9)]
        while pool._work_queue.qsize():
            pass
        threading.Event().wait(0.2)  # all of them have asked
        for _ in range(9):
            client.go.release()
        outcomes = [future.exception() or future.result() for future in asked]
    assert client.begun == 2
    if error is None:
        assert len(set(map(id, outcomes))) == 2
    else:
        assert {str(outcome) for outcome in outcomes} == {"away"}
        assert len(set(map(id, outcomes))) == 9  # to each its own, to which whoever tells it may add


def _most_at_once(limits: Limits) -> int:
    inside, most, lock, full = 0, 0, threading.Lock(), threading.Event()

    def call(_: int) -> None:
        nonlocal inside, most
        with limits.turn():
            with lock:
                inside += 1
                most = max(most, inside)
            full.wait(0.2)
            with lock:
                inside -= 1

    with ThreadPoolExecutor(threads.MOST) as pool:
        list(pool.map(call, range(threads.MOST)))
    return most


def test_a_vendor_that_does_not_say_what_is_left_is_asked_by_sixteen_at_once() -> None:
    assert _most_at_once(Limits("Vendor", untold, Waiting())) == 16


def test_a_vendor_that_says_what_is_left_is_asked_by_all_at_once() -> None:
    limits = Limits("Vendor", providers.find("fanfare").allowance, Waiting())
    limits.learn({"X-RateLimit-Remaining": "1000"})
    assert _most_at_once(limits) == threads.MOST


@pytest.mark.parametrize("vendor", ["voucherify", "fanfare"])
def test_many_threads_meet_the_end_of_a_limit_no_more_often_than_one(vendor: str) -> None:
    """The vendor says with each answer how many calls are left: nobody sends what it would refuse."""
    time = [1_767_225_600.0]
    lock = threading.Lock()

    def sleep(seconds: float) -> None:
        with lock:
            time[0] += seconds

    emulator = Emulator(clock=lambda: time[0])
    fill(emulator, vendor, 100)
    emulator.switches = Switches.parse([f"{vendor}.rate_limit=40"])
    refused = 0
    connection = connect(emulator, sleep, vendor=vendor, now=lambda: time[0])  # type: ignore[arg-type]
    told = connection.client.limits.refused

    def counting(*what: Any) -> None:
        nonlocal refused
        refused += 1
        told(*what)

    connection.client.limits.refused = counting  # type: ignore[method-assign]
    assert len(read(connection, targets(vendor, *range(100))).lives) == 100
    assert refused == 0
    emulator.close()
