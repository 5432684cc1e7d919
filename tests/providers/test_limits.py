"""One budget of calls for all threads of a run: what a vendor says of its limits is obeyed, in each of its forms."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from harness import Run, connect

from tierops.emulator import Emulator, Fault, Switches
from tierops.errors import Exit, NotSent
from tierops.providers import find
from tierops.providers.limits import Limits, Waiting
from tierops.providers.vendor import counted

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


def limits(clock: Clock, lines: list[str] | None = None, max_wait: float = 120) -> Limits:
    tell = (lines if lines is not None else []).append
    return Limits("Vendor", counted("X-Left", "X-Size", "X-Ends"), Waiting(max_wait, clock.sleep, clock, tell))


def headers(left: int, ends: float = 0, size: int = 100) -> dict[str, str]:
    ending = {"X-Ends": f"{ends:.0f}"} if ends else {}
    return {"X-Left": str(left), "X-Size": str(size)} | ending


def test_one_refusal_holds_up_every_request_and_is_told_once(clock: Clock) -> None:
    lines: list[str] = []
    budget = limits(clock, lines)
    with budget.turn():
        budget.refused({"Retry-After": "7"}, None)
    assert clock.slept == []
    with budget.turn():
        assert clock.slept == [8]
    with budget.turn():
        assert clock.slept == [8]
    assert lines == ["Vendor limits its calls: waiting 8 s"]


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
    with pytest.raises(NotSent, match="wait 61 s and run again, or allow it with --max-wait"), turn:
        pytest.fail("sent")
    assert clock.slept == [61]
    # Another request has waited for nothing yet.
    with budget.turn():
        assert clock.slept == [61, 61]


@pytest.mark.parametrize(
    ("answered", "calls", "max_wait", "sentence"),
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
    answered: dict[str, str], calls: int, max_wait: float, sentence: str | None, clock: Clock
) -> None:
    budget = limits(clock, max_wait=max_wait)
    budget.learn(answered)
    if sentence is None:
        budget.afford(calls)
    else:
        with pytest.raises(NotSent, match=sentence):
            budget.afford(calls)


PLACES = {"voucherify": {"campaign": "Club"}, "fanfare": {"group": "Club", "attribute": "loyaltyBalance"}}


@pytest.mark.parametrize("form", ["429", "429-date", "429-epoch", "429-bare"])
@pytest.mark.parametrize("vendor", PLACES)
def test_each_form_of_refusal_is_waited_for_as_it_says(form: str, vendor: str, clock: Clock) -> None:
    emulator = Emulator(clock=clock)
    emulator.voucherify.add_campaign("Club")
    connection = connect(emulator, clock.sleep, vendor=vendor, now=clock)
    emulator.faults.append(Fault(on="GET *", kind=form, value=0 if form == "429-bare" else 20))
    connection.fetch(find(vendor).place(PLACES[vendor]))
    assert clock.slept == [10 if form == "429-bare" else 21]
    emulator.close()


def test_a_pause_that_only_the_body_names_is_obeyed(clock: Clock) -> None:
    budget = limits(clock)
    budget.refused({}, 4.0)
    with budget.turn():
        assert clock.slept == [5]


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
    emulator: Emulator, tierops: Run, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tierops.host.interrupts.Stop.sleep", lambda _, seconds: time.sleep(seconds))
    emulator.voucherify.load_examples()
    emulator.voucherify.delete_tier("Loyalty Campaign - Tiers", "Middle")
    # The plan takes two calls of four; the read before the create, the create and the read after it take five.
    emulator.switches = Switches.parse(["voucherify.rate_limit=4", "voucherify.rate_window_s=1"])
    ended = tierops("apply", "--auto-approve", "--max-wait", "5", "--settle", "0")
    assert ended.code == Exit.DONE
    assert "Voucherify limits its calls: waiting" in ended.err
    assert emulator.writes == 1


def http_date(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)


@pytest.mark.parametrize(
    "told",
    [
        {"Retry-After": "Mon, 01 Jan 99999999999 00:00:00 GMT"},
        {"Retry-After": "Mon, 31 Feb 2027 00:00:00 GMT"},
        {"Retry-After": "Mon, 01 Jan 2027 99:00:00 GMT"},
        {"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359"},
        {"Retry-After": "x" * 60_000},
        {"Retry-After": "Mon, " * 12_000},
        {"Retry-After": "9" * 60_000},
        {"Retry-After": "1793945170931"},
        {"Retry-After": "-5"},
        {"Retry-After": "7.5"},
        {"Retry-After": "\u0667"},
        {"X-Ends": f"{NOW * 1000:.0f}"},
        {"X-Ends": f"{NOW * 1000:.0f}", "Retry-After": "soon"},
    ],
    ids=lambda told: str(told)[:50],
)
def test_what_cannot_be_read_is_waited_for_as_if_nothing_was_said(told: dict[str, str], clock: Clock) -> None:
    budget = limits(clock)
    with budget.turn():
        budget.refused(told, None)
    with budget.turn():
        assert clock.slept == [10]


@pytest.mark.parametrize("named", [float("nan"), float("inf"), -3.0, 1e15])
def test_a_pause_that_no_clock_knows_is_none(named: float, clock: Clock) -> None:
    budget = limits(clock)
    with budget.turn():
        budget.refused({}, named)
    with budget.turn():
        assert clock.slept == [1 if named < 0 else 10]


def test_the_next_form_counts_where_one_cannot_be_read(clock: Clock) -> None:
    budget = limits(clock)
    with budget.turn():
        budget.refused({"X-Ends": f"{NOW * 1000:.0f}", "Retry-After": http_date(NOW + 20)}, 3.0)
    with budget.turn():
        assert clock.slept == [21]


@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0000", ""])
def test_a_date_without_a_zone_is_in_utc(zone: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    time.tzset()
    try:
        budget = limits(clock)
        with budget.turn():
            budget.refused({"Retry-After": http_date(NOW + 20).replace("GMT", zone).strip()}, None)
        with budget.turn():
            assert clock.slept == [21]
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("behind", [600, -600, 0, 86400 * 400])
@pytest.mark.parametrize("form", ["Retry-After", "X-Ends"])
def test_a_time_is_meant_by_the_clock_of_the_answer(form: str, behind: float, clock: Clock) -> None:
    there = NOW + behind
    ends = http_date(there + 20) if form == "Retry-After" else f"{there + 20:.0f}"
    budget = limits(clock)
    with budget.turn():
        budget.refused({form: ends, "Date": http_date(there)}, None)
    with budget.turn():
        assert clock.slept == [21]


@pytest.mark.parametrize("behind", [600, -600, 0])
def test_so_is_the_end_of_a_window(behind: float, clock: Clock) -> None:
    budget = limits(clock, max_wait=30)
    with budget.turn():
        budget.learn(headers(0, NOW + behind + 30) | {"Date": http_date(NOW + behind)})
    with pytest.raises(NotSent, match=r"0 calls now \(more in 31 s\)"):
        budget.afford(1)
    with budget.turn():
        assert clock.slept == [30]


def test_a_window_that_ends_in_no_time_of_ours_holds_nobody_up(clock: Clock) -> None:
    budget = limits(clock)
    with budget.turn():
        budget.learn(headers(0, NOW * 1000))
    with budget.turn():
        assert clock.slept == []


def test_requests_of_a_vendor_with_a_pace_are_so_far_apart_however_many_threads_ask(clock: Clock) -> None:
    budget = Limits("Vendor", counted("X-Left"), Waiting(120, clock.sleep, clock), pace=0.5)
    for _ in range(3):
        with budget.turn():
            pass
    assert clock.slept == [0.5, 0.5]
    clock.now += 60
    with budget.turn():
        assert clock.slept == [0.5, 0.5]


def test_a_stop_while_the_pace_is_kept_leaves_no_call_under_way(clock: Clock) -> None:
    def stop(_: float) -> None:
        raise KeyboardInterrupt

    budget = Limits("Vendor", counted("X-Left"), Waiting(120, stop, clock), pace=0.5)
    with budget.turn():
        pass
    with pytest.raises(KeyboardInterrupt), budget.turn():
        pass
    clock.now += 1
    budget.learn({"X-Left": "1"})
    with budget.turn():  # which would wait for ever for a call that is still under way
        pass
