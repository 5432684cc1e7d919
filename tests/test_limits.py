"""One budget of calls for all threads of a run: what a vendor says of its limits is obeyed, in each of its forms."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from harness import Run, connect

from tierops.emulator import Emulator, Fault, Switches
from tierops.errors import Exit, VendorError
from tierops.providers.fanfare import account as fanfare
from tierops.providers.limits import Limits, Waiting
from tierops.providers.voucherify import account as voucherify

NOW = 1_800_000_000.0


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def limits(clock: Clock, told: list[str] | None = None, max_wait: float = 120) -> Limits:
    tell = (told if told is not None else []).append
    return Limits("Vendor", Waiting(max_wait, clock.sleep, clock, tell))


def headers(left: int, ends: float = 0, size: int = 100) -> dict[str, str]:
    found = {"X-Rate-Limit-Remaining": str(left), "X-Rate-Limit-Limit": str(size)}
    return found | ({"X-Rate-Limit-Retry": f"{ends:.0f}"} if ends else {})


def test_one_refusal_holds_up_every_request_and_is_told_once(clock: Clock) -> None:
    told: list[str] = []
    budget = limits(clock, told)
    with budget.turn():
        budget.refused({"Retry-After": "7"}, None)
    assert clock.slept == []
    with budget.turn():
        assert clock.slept == [8]
    with budget.turn():
        assert clock.slept == [8]
    assert told == ["Vendor limits its calls: waiting 8 s"]


def test_nothing_is_sent_once_no_call_is_left_until_there_are_more(clock: Clock) -> None:
    budget = limits(clock)
    with budget.turn():
        budget.learn(headers(0, NOW + 30))
    assert budget.left == 0
    with budget.turn():
        assert clock.slept == [30]


def test_the_last_call_is_not_sent_by_two_threads(clock: Clock) -> None:
    budget = limits(clock)
    with budget.turn():
        budget.learn(headers(1, NOW + 30))
    entered = threading.Event()

    def second() -> None:
        with budget.turn():
            entered.set()

    thread = threading.Thread(target=second)
    with budget.turn():
        thread.start()
        assert not entered.wait(0.05)
        assert clock.slept == []
        budget.learn(headers(0, NOW + 30))
    assert entered.wait(5)
    thread.join()
    assert clock.slept == [30]


def test_of_answers_that_overtake_each_other_the_lowest_count_is_believed(clock: Clock) -> None:
    budget = limits(clock)
    for left in (7, 5, 6):
        budget.learn(headers(left, NOW + 30))
    assert budget.left == 5
    budget.learn(headers(99, NOW + 90))
    assert budget.left == 99
    budget.learn({})
    assert budget.left == 98


def test_what_is_waited_for_one_request_adds_up(clock: Clock) -> None:
    budget = limits(clock)
    turn = budget.turn()
    for seconds in ("60", "60"):
        with turn:
            budget.refused({"Retry-After": seconds}, None)
    with pytest.raises(VendorError, match="wait 61 s and run again, or allow it with --max-wait"), turn:
        pytest.fail("sent")
    assert clock.slept == [61]
    # Another request has waited for nothing yet.
    with budget.turn():
        assert clock.slept == [61, 61]


@pytest.mark.parametrize(
    ("told", "calls", "max_wait", "sentence"),
    [
        (headers(10, NOW + 30), 10, 0, None),
        (headers(10, NOW + 30), 11, 31, None),
        (headers(10, NOW + 30), 11, 30, r"10 calls now \(more in 31 s\), and this takes 11 at the least: nothing"),
        (headers(10, NOW + 30), 110, 31, None),
        (headers(10, NOW + 30), 111, 3599, "allow the wait with --max-wait 3600"),
        (headers(10, NOW + 30), 111, 3600, None),
        (headers(10), 11, 120, "does not say when there are more"),
        (headers(10, NOW - 5), 11, 120, "does not say when there are more"),
        ({}, 10_000, 0, None),
    ],
)
def test_what_cannot_finish_within_the_limits_is_not_started(
    told: dict[str, str], calls: int, max_wait: float, sentence: str | None, clock: Clock
) -> None:
    budget = limits(clock, max_wait=max_wait)
    budget.learn(told)
    if sentence is None:
        budget.check(calls)
    else:
        with pytest.raises(VendorError, match=sentence):
            budget.check(calls)


@pytest.mark.parametrize("form", ["429", "429-date", "429-epoch", "429-bare"])
@pytest.mark.parametrize("kind", [voucherify.Provider, fanfare.Provider])
def test_each_form_of_refusal_is_waited_for_as_it_says(form: str, kind: type, clock: Clock) -> None:
    emulator = Emulator(clock=clock)
    emulator.voucherify.add_campaign("Club")
    vendor = connect(emulator, clock.sleep, kind=kind, now=clock)
    emulator.faults.append(Fault(on="GET *", kind=form, value=0 if form == "429-bare" else 20))
    vendor.fetch({"campaign": "Club", "group": "Club", "attribute": "loyaltyBalance"})
    assert clock.slept == [10 if form == "429-bare" else 21]
    emulator.close()


def test_a_pause_that_only_the_body_names_is_obeyed(clock: Clock) -> None:
    budget = limits(clock)
    budget.refused({}, 4.0)
    with budget.turn():
        assert clock.slept == [5]


@pytest.mark.parametrize(
    ("kind", "calls"),
    # Voucherify: the create, the campaign, its tiers. Fanfare: the list, the create, the list and the group.
    [(voucherify.Provider, 3), (fanfare.Provider, 4)],
)
def test_a_provider_knows_what_a_create_costs_at_the_least(kind: type, calls: int, clock: Clock) -> None:
    for spare, is_affordable in ((0, True), (-1, False)):
        limits = {"voucherify": 2 + calls + spare, "fanfare": 1 + calls + spare}
        switches = Switches.parse(f"{vendor}.rate_limit={limit}" for vendor, limit in limits.items())
        emulator = Emulator(switches=switches, clock=clock)
        emulator.voucherify.add_campaign("Club")
        vendor = connect(emulator, clock.sleep, kind=kind, now=clock, max_wait=0)
        live = vendor.fetch({"campaign": "Club", "group": "Club", "attribute": "loyaltyBalance"})
        if is_affordable:
            vendor.afford([live])
        else:
            with pytest.raises(VendorError, match="nothing was started"):
                vendor.afford([live])
            vendor.afford([])
        emulator.close()


def test_an_apply_that_the_sandbox_limit_does_not_allow_writes_nothing(
    emulator: Emulator, tierops: Run, sample: Path
) -> None:
    emulator.voucherify.load_examples()
    emulator.voucherify.delete_tier("Loyalty Campaign - Tiers", "Middle")
    # An hour's window as the sandbox has, with room for the plan and one call more.
    emulator.switches = Switches.parse(["voucherify.rate_limit=3", "voucherify.rate_window_s=3600"])
    ended = tierops("apply", "--auto-approve")
    assert ended.code == Exit.FAILED
    assert "Voucherify allows 1 call now" in ended.err
    assert "nothing was started" in ended.err
    assert emulator.writes == 0


def test_an_apply_waits_for_the_next_window_where_that_is_allowed(
    emulator: Emulator, tierops: Run, sample: Path
) -> None:
    emulator.voucherify.load_examples()
    emulator.voucherify.delete_tier("Loyalty Campaign - Tiers", "Middle")
    emulator.switches = Switches.parse(["voucherify.rate_limit=3", "voucherify.rate_window_s=1"])
    ended = tierops("apply", "--auto-approve", "--max-wait", "5")
    assert ended.code == Exit.DONE
    assert "Voucherify limits its calls: waiting" in ended.err
    assert emulator.writes == 1
