"""What becomes of a create: once, never twice, and never reported as done unless it was seen."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import pytest
from harness import InProcess, Slept, connect

from tierops import apply, plan
from tierops.apply.readback import settled
from tierops.emulator import Emulator, Fault, Switches
from tierops.emulator.web import Window
from tierops.errors import AnswerLost, Exit, IncompleteRead, Interrupted, NotSent, PlanRefused, VendorError
from tierops.model import Fate, Kind, Live, LiveTier, Place, Position, Range, Request, Result, Target, TargetPlan, Tier
from tierops.plan import Declaration
from tierops.providers.connection import Connection
from tierops.providers.voucherify import VENDOR
from tierops.providers.voucherify.tiers import encode

HERE = Position("tiers/club.yaml", 1, 1)
POST = "POST /v1/loyalties/*/tiers"
LIST = "GET /v1/loyalties/*/tiers"
LADDER = (
    Tier("Bronze", Range(Decimal(0), Decimal(250))),
    Tier("Silver", Range(Decimal(250), Decimal(500)), {"metadata": {"perk": "free refill"}}),
    Tier("Gold", Range(Decimal(500), None)),
)


def ladder(*tiers: Tier) -> Target:
    return at("Club", "club", tiers or LADDER)


def at(campaign: str, program: str, tiers: tuple[Tier, ...] = LADDER) -> Target:
    place = VENDOR.place({"campaign": campaign})
    return Target(program, "voucherify", place, VENDOR.scale(place.fields), tiers, HERE)


@pytest.fixture
def club(emulator: Emulator) -> Emulator:
    """A campaign with Bronze in it."""
    emulator.voucherify.add_campaign("Club", tiers=[{"name": "Bronze", "points": {"from": 0, "to": 249}}])
    return emulator


def planned(provider: Connection, target: Target | None = None) -> TargetPlan:
    target = target or ladder()
    return plan.build(target, provider.fetch(target.place), VENDOR)


def run(
    targets: Sequence[TargetPlan],
    connection: apply.Connection,
    slept: Callable[[float], None],
    lives: Mapping[str, Live] | None = None,
    **patience: Any,
) -> tuple[Result, ...]:
    """Apply, where the first read of all targets was a quiet period ago, so that the second one has not to wait."""
    lives = lives or {target.address: connection.fetch(target.target.place) for target in targets}
    reads = apply.Reads(lives, ended=-2)
    return apply.run(targets, {"voucherify": connection}, reads, apply.Patience(2, slept, lambda: 0, **patience))


def carry_out(target: TargetPlan, connection: apply.Connection, slept: Callable[[float], None]) -> Result:
    return run([target], connection, slept)[0]


def states(result: Result) -> dict[str, Fate]:
    return {outcome.name: outcome.fate for outcome in result.outcomes}


def names(emulator: Emulator) -> list[str]:
    return sorted(tier["name"] for tier in emulator.voucherify.tiers("Club"))


def test_missing_tiers_go_out_in_one_request_and_are_read_back(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    result = carry_out(planned(provider), provider, slept)
    assert states(result) == {"Silver": Fate.DONE, "Gold": Fate.DONE}
    assert apply.exit_code([result]) is Exit.DONE
    posts = [sent for sent in club.requests if sent[0] == "POST"]
    assert [sent[2] for sent in posts] == [
        [
            {"name": "Silver", "points": {"from": 250, "to": 499}, "metadata": {"perk": "free refill"}},
            {"name": "Gold", "points": {"from": 500}},
        ]
    ]
    assert club.requests[-1][0] == "GET"
    assert slept == []


def test_second_apply_writes_nothing(club: Emulator, provider: Connection, slept: Slept) -> None:
    target = planned(provider)
    carry_out(target, provider, slept)
    club.requests.clear()
    again = carry_out(target, provider, slept)
    assert states(again) == {"Silver": Fate.ALREADY, "Gold": Fate.ALREADY}
    assert apply.exit_code([again]) is Exit.DONE
    assert club.writes == 1
    assert len(club.requests) == 2  # the campaign and its list, once: there is nothing to wait for


@pytest.mark.parametrize(
    "kind",
    ["drop-after", "500-after", "502-after", "503-after", "html-after", "truncated", "empty"],
)
def test_a_lost_answer_to_a_create_that_landed_is_found_by_reading_back(
    kind: str, club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider)
    club.faults.append(Fault(on=POST, kind=kind))
    result = carry_out(target, provider, slept)
    assert states(result) == {"Silver": Fate.DONE, "Gold": Fate.DONE}
    assert apply.exit_code([result]) is Exit.DONE
    assert club.writes == 1
    assert slept == [2]


@pytest.mark.parametrize("kind", ["drop-before", "500-before", "502-before", "503-before", "html-before"])
def test_a_lost_answer_to_a_create_that_did_not_land_is_sent_again_after_two_equal_reads(
    kind: str, club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider)
    club.faults.append(Fault(on=POST, kind=kind, times=2))
    result = carry_out(target, provider, slept)
    assert apply.exit_code([result]) is Exit.DONE
    assert names(club) == ["Bronze", "Gold", "Silver"]
    assert slept == [2, 2, 2]


def test_an_answer_that_is_right_but_wrongly_labelled_is_an_answer(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider)
    club.faults.append(Fault(on=POST, kind="content-type"))
    assert apply.exit_code([carry_out(target, provider, slept)]) is Exit.DONE
    assert slept == []


def test_a_create_that_gets_no_answer_three_times_is_unknown(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider)
    club.faults.append(Fault(on=POST, kind="drop-before", times=9))
    result = carry_out(target, provider, slept)
    assert states(result) == {"Silver": Fate.UNKNOWN, "Gold": Fate.UNKNOWN}
    assert apply.exit_code([result]) is Exit.UNKNOWN
    assert sum(sent[0] == "POST" for sent in club.requests) == 3


@pytest.mark.parametrize("kind", ["500-before", "500-after"])
def test_a_create_that_the_vendor_fails_three_times_and_no_list_shows_is_unknown(
    kind: str, club: Emulator, slept: Slept
) -> None:
    reads = Lagging(club, hidden_reads=99)
    provider = connect(club, slept, reads)
    target = planned(provider)
    reads.start()
    club.faults.append(Fault(on=POST, kind=kind, times=9))
    result = carry_out(target, provider, slept)
    assert states(result) == {"Silver": Fate.UNKNOWN, "Gold": Fate.UNKNOWN}
    assert apply.exit_code([result]) is Exit.UNKNOWN
    assert "sent 3 times" in result.trouble


def test_a_tier_that_is_seen_once_after_two_lost_answers_is_unknown(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    """A list that lags more than the quiet period may have yet to show the other one."""
    target = planned(provider)
    club.faults.append(Fault(on=POST, kind="drop-before"))
    club.faults.append(Fault(on=POST, kind="drop-after"))
    result = carry_out(target, provider, slept)
    assert states(result) == {"Silver": Fate.UNKNOWN, "Gold": Fate.UNKNOWN}
    assert "sent 2 times without an answer and seen once" in result.outcomes[0].detail
    assert apply.exit_code([carry_out(target, provider, slept)]) is Exit.DONE


@pytest.mark.parametrize("lag", [1, 7, 60])
def test_a_list_that_shows_the_tier_of_another_run_first_is_read_until_it_shows_the_own_one(lag: int) -> None:
    clock = [1_767_225_600.0]
    club = Emulator(clock=lambda: clock[0])
    club.voucherify.add_campaign("Club")

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    def other() -> None:
        club.voucherify.add_tiers("Club", encode(LADDER))
        club.switches = Switches.parse([f"voucherify.read_after_write_lag_ms={lag * 1000}"])

    provider = connect(club, sleep)
    target = planned(provider)
    vendor = Refusing(provider, before=other)
    result = run([target], vendor, sleep)[0]
    assert states(result) == dict.fromkeys(("Bronze", "Silver", "Gold"), Fate.UNKNOWN)
    assert ("exists 2 times" in result.outcomes[0].detail) == (lag < 60)
    assert ("may still appear" in result.outcomes[0].detail) == (lag == 60)
    assert club.writes == 1
    club.close()


def test_a_duplicate_of_a_tier_that_was_there_before_is_no_success(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    def foreign() -> None:
        club.voucherify.add_tiers("Club", [{"name": "Bronze", "points": {"from": 0, "to": 249}}])

    result = carry_out(planned(provider), Refusing(provider, before=foreign), slept)
    assert states(result) == {"Silver": Fate.DONE, "Gold": Fate.DONE}
    assert "'Bronze' exists twice" in result.trouble
    assert apply.exit_code([result]) is Exit.REMAINING


def test_a_failed_read_back_leaves_the_outcome_unknown(club: Emulator, provider: Connection, slept: Slept) -> None:
    target = planned(provider)
    club.faults.append(Fault(on=POST, kind="drop-after"))
    club.faults.append(Fault(on=LIST, kind="500-before", times=99, after=2))
    result = carry_out(target, provider, slept)
    assert states(result) == {"Silver": Fate.UNKNOWN, "Gold": Fate.UNKNOWN}
    assert result.remaining is None
    assert apply.exit_code([result]) is Exit.UNKNOWN
    assert club.writes == 1


def test_tiers_that_were_there_stay_known_when_the_read_back_fails(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider)
    club.voucherify.add_tiers("Club", [{"name": "Gold", "points": {"from": 500}}])
    club.faults.append(Fault(on=LIST, kind="500-before", times=99, after=2))
    result = carry_out(target, provider, slept)
    assert states(result) == {"Silver": Fate.UNKNOWN, "Gold": Fate.ALREADY}


def test_a_refused_create_writes_nothing_and_is_not_sent_again(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider)
    club.switches = Switches.parse(["voucherify.accepted_keys=other:keys"])
    live = {target.address: target.live}
    club.switches = Switches()
    refusing = Refusing(provider, VendorError("Voucherify answered with 400: invalid_payload", 400))
    result = run([target], refusing, slept, live)[0]
    assert states(result) == {"Silver": Fate.NOT_DONE, "Gold": Fate.NOT_DONE}
    assert "invalid_payload" in result.trouble
    assert apply.exit_code([result]) is Exit.FAILED
    assert refusing.creates == 1


class Refusing:
    """A vendor that reads as another does, and answers creates in its own way."""

    def __init__(self, provider: Connection, *errors: VendorError, before: Callable[[], object] | None = None) -> None:
        self._provider = provider
        self._errors = list(errors)
        self._before = before
        self.creates = 0

    def fetch(self, place: Place) -> Live:
        return self._provider.fetch(place)

    @property
    def vendor(self) -> Declaration:
        return self._provider.vendor

    def read_calls(self, live: Live, more: int) -> int:
        return self._provider.read_calls(live, more)

    def afford(self, calls: int) -> None:
        self._provider.afford(calls)

    def send(self, request: Request) -> Sequence[LiveTier]:
        self.creates += 1
        if self._before:
            self._before()
        if self._errors:
            raise self._errors.pop(0)
        return self._provider.send(request)


def test_a_batch_that_is_stored_in_part_and_then_refused_is_reported_tier_by_tier(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    def half() -> None:
        club.voucherify.add_tiers(
            "Club", [{"name": "Silver", "points": {"from": 250, "to": 499}, "metadata": {"perk": "free refill"}}]
        )

    refusing = Refusing(provider, VendorError("refused", 400), before=half)
    result = carry_out(planned(provider), refusing, slept)
    assert states(result) == {"Silver": Fate.DONE, "Gold": Fate.NOT_DONE}
    assert apply.exit_code([result]) is Exit.PARTIAL


def test_only_what_is_still_absent_is_sent_again(club: Emulator, provider: Connection, slept: Slept) -> None:
    done = []

    def half() -> None:
        if not done:
            done.append(True)
            club.voucherify.add_tiers("Club", [{"name": "Gold", "points": {"from": 500}}])

    result = carry_out(planned(provider), Refusing(provider, AnswerLost("lost"), before=half), slept)
    assert apply.exit_code([result]) is Exit.DONE
    (post,) = (sent for sent in club.requests if sent[0] == "POST")
    assert [tier["name"] for tier in post[2]] == ["Silver"]


def test_a_refusal_that_follows_a_late_landing_is_no_failure(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    """First send: no answer, nothing to see. Second send: "duplicate", for the first has landed meanwhile."""
    landed = []

    def late() -> None:
        landed.append(True)
        if len(landed) == 2:
            provider.send(target.requests[0])

    target = planned(provider)
    vendor = Refusing(provider, AnswerLost("lost"), VendorError("duplicate", 409), before=late)
    result = carry_out(target, vendor, slept)
    assert apply.exit_code([result]) is Exit.DONE
    assert result.trouble == ""
    assert names(club) == ["Bronze", "Gold", "Silver"]


def test_a_tier_that_lands_twice_is_reported_and_never_a_success(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider)

    def twice() -> None:
        provider.send(VENDOR.requests(target.live, target.creates[:1])[0])

    result = carry_out(target, Refusing(provider, before=twice), slept)
    assert states(result) == {"Silver": Fate.UNKNOWN, "Gold": Fate.DONE}
    assert "exists 2 times" in result.outcomes[0].detail
    assert apply.exit_code([result]) is Exit.UNKNOWN


def test_a_tier_of_the_same_name_but_other_content_is_a_conflict(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider)

    def other() -> None:
        club.voucherify.add_tiers("Club", [{"name": "Gold", "points": {"from": 900}}])

    result = carry_out(target, Refusing(provider, VendorError("no", 409), before=other), slept)
    assert states(result) == {"Silver": Fate.NOT_DONE, "Gold": Fate.CONFLICT}
    assert apply.exit_code([result]) is Exit.PARTIAL
    assert "has appeared, but not as the plan would create it" in result.trouble
    assert club.writes == 0
    assert [(c.kind, c.name) for c in result.remaining or ()] == [(Kind.CREATE, "Silver"), (Kind.DIFFERS, "Gold")]


def test_a_foreign_tier_that_appears_during_apply_stops_a_second_send(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    def foreign() -> None:
        club.voucherify.add_tiers("Club", [{"name": "VIP", "points": {"from": 10, "to": 20}}])

    result = carry_out(planned(provider), Refusing(provider, AnswerLost("lost"), before=foreign), slept)
    assert set(states(result).values()) == {Fate.UNKNOWN}
    assert "VIP" in result.trouble
    assert club.writes == 0


def test_a_list_that_lags_behind_the_write_is_waited_for(club: Emulator, slept: Slept) -> None:
    reads = Lagging(club, hidden_reads=4)
    provider = connect(club, slept, reads)
    target = planned(provider)
    reads.start()
    result = carry_out(target, provider, slept)
    assert apply.exit_code([result]) is Exit.DONE
    assert club.writes == 1
    assert slept == [2, 2]


def test_a_confirmed_create_that_the_list_never_shows_is_unknown_and_never_sent_again(
    club: Emulator, slept: Slept
) -> None:
    reads = Lagging(club, hidden_reads=99)
    provider = connect(club, slept, reads)
    target = planned(provider)
    reads.start()
    result = carry_out(target, provider, slept)
    assert set(states(result).values()) == {Fate.UNKNOWN}
    assert apply.exit_code([result]) is Exit.UNKNOWN
    assert club.writes == 1
    assert slept == [2] * 6
    assert [(c.kind, c.name) for c in result.remaining or ()] == [(Kind.CREATE, "Silver"), (Kind.CREATE, "Gold")]
    assert result.trouble == ""


class Lagging(httpx.BaseTransport):
    """Shows the list as it was before the write, for so many reads after `start`."""

    def __init__(self, emulator: Emulator, hidden_reads: int) -> None:
        self._fresh = InProcess(emulator)
        self._old: dict[str, bytes] = {}
        self._left = hidden_reads
        self._is_on = False

    def start(self) -> None:
        self._is_on = True

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._fresh.handle_request(request)
        if request.method != "GET" or not request.url.path.endswith("/tiers"):
            return response
        content = response.read()
        if not self._is_on:
            self._old[str(request.url)] = content
        elif self._left:
            self._left -= 1
            content = self._old[str(request.url)]
        return httpx.Response(200, content=content)


@pytest.mark.parametrize(("times", "code"), [(4, Exit.DONE), (None, Exit.UNKNOWN)])
@pytest.mark.parametrize("lost", [False, True])
def test_a_list_that_is_incomplete_after_the_write_is_read_again(
    times: int | None, code: Exit, lost: bool, club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider)
    if lost:
        club.faults.append(Fault(on=POST, kind="drop-after"))
    club.faults.append(Fault(on=LIST, kind="total", value=1, times=times, after=2))
    result = carry_out(target, provider, slept)
    assert apply.exit_code([result]) is code
    assert club.writes == 1


def test_a_list_that_never_settles_after_a_lost_answer_is_unknown(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    class Restless(Refusing):
        reads = 0

        def fetch(self, place: Place) -> Live:
            self.reads += 1
            if self.creates:
                club.voucherify.edit_tier("Club", "Bronze", metadata={"reads": self.reads})
            return super().fetch(place)

    target = planned(provider)
    vendor = Restless(provider, AnswerLost("lost"))
    live = {target.address: target.live}
    result = run([target], vendor, slept, live)[0]
    assert set(states(result).values()) == {Fate.UNKNOWN}
    assert "changed with every one" in result.trouble
    assert (vendor.creates, vendor.reads, slept) == (1, 8, [2] * 6)


@pytest.mark.parametrize("errors", [[], [AnswerLost("lost")]], ids=["confirmed", "lost"])
@pytest.mark.parametrize("number", [1, 5, 7])
def test_up_to_seven_reads_are_tried_for_a_complete_one(
    number: int, errors: list[VendorError], club: Emulator, provider: Connection, slept: Slept
) -> None:
    """Five, where two must be equal."""

    class Torn(Refusing):
        reads = 0

        def fetch(self, place: Place) -> Live:
            self.reads += self.creates
            if self.creates and self.reads <= number:
                raise IncompleteRead("the list is cut short")
            return super().fetch(place)

    target = planned(provider)
    vendor = Torn(provider, *errors, before=lambda: errors and provider.send(target.requests[0]))
    result = carry_out(target, vendor, slept)
    assert set(states(result).values()) == {Fate.DONE if number < 7 else Fate.UNKNOWN}
    assert result.trouble.endswith("" if number < 7 else "reading back failed: the list is cut short")
    assert (vendor.creates, club.writes) == (1, 1)


def test_a_list_that_shows_one_tier_after_the_other_has_not_settled(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    class Slow(Refusing):
        reads = 0

        def fetch(self, place: Place) -> Live:
            live = super().fetch(place)
            self.reads += self.creates
            return live._replace(tiers=live.tiers[: self.reads]) if self.creates else live

    target = planned(provider)
    vendor = Slow(provider, AnswerLost("lost"), before=lambda: provider.send(target.requests[0]))
    result = carry_out(target, vendor, slept)
    assert states(result) == {"Silver": Fate.DONE, "Gold": Fate.DONE}
    assert (vendor.creates, names(club)) == (1, ["Bronze", "Gold", "Silver"])


def test_nothing_is_written_anywhere_if_one_target_does_not_fit_its_plan(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    club.voucherify.add_campaign("Other")
    first = planned(provider)
    other = at("Other", "other")
    second = planned(provider, other)
    club.voucherify.add_tiers("Other", [{"name": "VIP", "points": {"from": 1}}])
    with pytest.raises(PlanRefused, match=r"other/voucherify: live tier 'VIP' .* has appeared"):
        run([first, second], provider, slept)
    assert club.writes == 0


def details(result: Result) -> dict[str, str]:
    return {outcome.name: outcome.detail for outcome in result.outcomes}


def test_a_tier_that_is_there_is_told_with_its_id(club: Emulator, provider: Connection, slept: Slept) -> None:
    target = planned(provider)
    created = details(carry_out(target, provider, slept))
    assert created == {tier["name"]: tier["id"] for tier in club.voucherify.tiers("Club") if tier["name"] != "Bronze"}
    assert details(carry_out(target, provider, slept)) == created


def test_a_tier_that_is_not_there_is_told_with_what_is_known_of_it(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    refused = carry_out(planned(provider), Refusing(provider, VendorError("no", 400)), slept)
    assert set(details(refused).values()) == {""}
    club.faults.append(Fault(on=POST, kind="drop-before", times=3))
    lost = carry_out(planned(provider), provider, slept)
    assert set(details(lost).values()) == {"not in the list, but it may still appear: plan again later"}
    assert lost.target == refused.target == planned(provider)


def test_a_tier_that_could_not_be_read_back_is_told_so(club: Emulator, provider: Connection, slept: Slept) -> None:
    target = planned(provider)
    club.faults.append(Fault(on=LIST, kind="500-before", times=99, after=2))
    result = carry_out(target, provider, slept)
    assert set(details(result).values()) == {"it may or may not have landed: plan again to see"}
    assert result.trouble.startswith("reading back failed: Voucherify answered GET")
    assert result.target == target


def test_a_tier_of_another_or_twice_is_told_with_the_ids_to_look_for(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider)

    def meanwhile() -> None:
        club.voucherify.add_tiers("Club", [{"name": "Gold", "points": {"from": 900}, "id": "ltr_gold"}])
        for id_ in ("ltr_1", "ltr_2"):
            club.voucherify.add_tiers("Club", [{"name": "Silver", "points": {"from": 250, "to": 499}, "id": id_}])

    result = carry_out(target, Refusing(provider, VendorError("no", 409), before=meanwhile), slept)
    assert states(result) == {"Silver": Fate.UNKNOWN, "Gold": Fate.CONFLICT}
    assert details(result) == {
        "Silver": "exists 2 times (ltr_1, ltr_2): keep one by hand",
        "Gold": "ltr_gold has its name, but is not as wanted",
    }


def test_a_create_that_never_left_is_not_read_back_and_changes_nothing_of_what_is_known(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider)
    vendor = Refusing(provider, NotSent("the journal has ended"))
    result = carry_out(target, vendor, slept)
    assert (states(result), result.trouble) == (
        {"Silver": Fate.NOT_DONE, "Gold": Fate.NOT_DONE},
        "the journal has ended",
    )
    assert (vendor.creates, slept, club.writes) == (1, [], 0)

    def second() -> None:
        if vendor.creates == 2:
            raise NotSent("the journal has ended")

    club.faults.append(Fault(on=POST, kind="drop-before"))
    vendor = Refusing(provider, before=second)
    result = carry_out(target, vendor, slept)
    assert states(result) == {"Silver": Fate.UNKNOWN, "Gold": Fate.UNKNOWN}
    assert (vendor.creates, result.trouble) == (2, "the journal has ended")


def test_each_vendor_is_asked_whether_it_allows_its_own_creates_and_no_others(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    class Asked(Refusing):
        asked: int | None = None

        def afford(self, calls: int) -> None:
            self.asked = calls

    club.voucherify.add_campaign("Other")
    club.voucherify.add_campaign("Done")
    done = planned(provider, at("Done", "done"))
    carry_out(done, provider, slept)
    place = VENDOR.place({"campaign": "Other"})._replace(provider="second")
    other = planned(provider, at("Other", "other"))
    targets = [planned(provider), other._replace(target=other.target._replace(place=place)), done]
    connections = {name: Asked(provider) for name in ("voucherify", "second", "third")}
    reads = apply.Reads({target.address: provider.fetch(target.target.place) for target in targets}, -2)
    apply.run(targets, connections, reads, apply.Patience(2, slept, lambda: 0))
    # The campaign and its list before the create and after it, and the create.
    assert {name: one.asked for name, one in connections.items()} == {"voucherify": 5, "second": 5, "third": None}


def test_a_vendor_that_does_not_allow_what_it_takes_gets_no_create_anywhere(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    class Mean(Refusing):
        def afford(self, calls: int) -> None:
            raise NotSent(f"{calls} are too many")

    mean = Mean(provider)
    with pytest.raises(NotSent, match="5 are too many"):
        carry_out(planned(provider), mean, slept)
    assert (mean.creates, club.writes) == (0, 0)


def test_each_send_and_each_lost_answer_is_told_while_it_happens(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    told: list[str] = []
    target = planned(provider)
    live = {target.address: target.live}
    vendor = Refusing(provider, AnswerLost("no answer"))
    run([target], vendor, slept, live, tell=told.append)
    send = "club/voucherify: creating Silver, Gold"
    assert told == [send, "club/voucherify: no answer; reading back", send]


def test_blocked_and_differing_tiers_remain_with_their_notes(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider, ladder(Tier("Bronze", Range(Decimal(0), Decimal(100))), *LADDER[1:]))
    assert [c.kind for c in target.changes] == [Kind.CREATE, Kind.CREATE, Kind.DIFFERS]
    result = carry_out(target, provider, slept)
    assert apply.exit_code([result]) is Exit.REMAINING
    assert result.remaining == target.changes[2:]
    blocked = planned(provider, ladder(*LADDER, Tier("VIP", Range(Decimal(600), None))))
    result = carry_out(blocked, provider, slept)
    assert result.outcomes == ()
    assert [(c.kind, c.note == blocked.changes[0].note) for c in result.remaining or ()] == [(Kind.BLOCKED, True)]
    assert apply.exit_code([result]) is Exit.REMAINING
    assert club.writes == 1


def test_the_worst_outcome_of_all_targets_is_the_exit_code(club: Emulator, provider: Connection, slept: Slept) -> None:
    good = carry_out(planned(provider), provider, slept)
    club.voucherify.add_campaign("Other")
    other = planned(provider, at("Other", "other"))
    bad = carry_out(other, Refusing(provider, VendorError("no", 400)), slept)
    lost = carry_out(other, Refusing(provider, *[AnswerLost("lost")] * 3), slept)
    assert apply.exit_code([good, bad]) is Exit.PARTIAL
    assert apply.exit_code([good, bad, lost]) is Exit.UNKNOWN
    assert apply.exit_code([bad]) is Exit.FAILED
    assert apply.exit_code([]) is Exit.DONE


class Stopping:
    """Somebody asks to stop after so many checks, or in the first pause."""

    def __init__(self, checks: int = 99) -> None:
        self._left = checks

    def check(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Interrupted

    def sleep(self, _: float) -> None:
        raise Interrupted


def stopped(target: TargetPlan, vendor: object, stop: Stopping) -> Result:
    return run([target], vendor, stop.sleep, check=stop.check)[0]


def test_an_interrupt_before_the_create_leaves_it_not_done(club: Emulator, provider: Connection) -> None:
    result = stopped(planned(provider), provider, Stopping(0))
    assert states(result) == {"Silver": Fate.NOT_DONE, "Gold": Fate.NOT_DONE}
    assert (result.is_interrupted, result.trouble, club.writes) == (True, "interrupted", 0)
    assert apply.exit_code([result]) is Exit.INTERRUPTED


def test_an_interrupt_in_the_pause_after_a_lost_answer_leaves_it_unknown(club: Emulator, provider: Connection) -> None:
    target = planned(provider)
    club.voucherify.add_tiers("Club", [{"name": "Gold", "points": {"from": 500}}])
    club.faults.append(Fault(on=POST, kind="drop-after"))
    result = stopped(target, provider, Stopping())
    assert states(result) == {"Silver": Fate.UNKNOWN, "Gold": Fate.ALREADY}
    assert (result.is_interrupted, result.remaining) == (True, None)


def test_an_interrupt_before_the_second_send_knows_what_the_settled_read_showed(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider)
    vendor = Refusing(provider, AnswerLost("lost"))
    live = {target.address: target.live}
    result = run([target], vendor, slept, live, check=Stopping(1).check)[0]
    assert set(states(result).values()) == {Fate.UNKNOWN}
    assert (vendor.creates, result.is_interrupted) == (1, True)
    assert [change.kind for change in result.remaining or ()] == [Kind.CREATE, Kind.CREATE]


def test_an_interrupted_read_back_of_a_confirmed_create_says_that_it_is_done(
    club: Emulator, provider: Connection
) -> None:
    class Stopped(Refusing):
        def fetch(self, place: Place) -> Live:
            if self.creates:
                raise Interrupted
            return super().fetch(place)

    for errors, state, trouble, told in (
        ((), Fate.DONE, "interrupted", "the vendor confirmed it; it was not read back"),
        (
            (VendorError("refused", 400),),
            Fate.UNKNOWN,
            "refused; interrupted",
            "it may or may not have landed: plan again to see",
        ),
    ):
        club.voucherify.add_campaign(f"Club {trouble}")
        target = planned(provider, at(f"Club {trouble}", "club"))
        result = stopped(target, Stopped(provider, *errors), Stopping())
        assert states(result) == dict.fromkeys(("Bronze", "Silver", "Gold"), state)
        assert set(details(result).values()) == {told}
        assert (result.trouble, apply.exit_code([result])) == (trouble, Exit.INTERRUPTED)


class Answering(Refusing):
    """A vendor that accepts a create and whose answer shows something else; nothing is stored."""

    shown: tuple[LiveTier, ...] = ()

    def send(self, request: Request) -> Sequence[LiveTier]:
        self.creates += 1
        return self.shown


UNLIKE = "the create was accepted, but its answer does not show the tiers as sent"


@pytest.mark.parametrize(
    "shown",
    [
        (),
        (LiveTier("ltr_1", "Silver", LADDER[1].range, LADDER[1].fields),),
        tuple(LiveTier(f"ltr_{n}", tier.name, Range(Decimal(7), None)) for n, tier in enumerate(LADDER[1:])),
        tuple(LiveTier(f"ltr_{n}", "Gold", LADDER[2].range) for n in range(2)),
    ],
    ids=["nothing", "one of two", "other ranges", "one twice"],
)
def test_an_accepted_create_that_shows_something_else_is_never_sent_again(
    shown: tuple[LiveTier, ...], club: Emulator, provider: Connection, slept: Slept
) -> None:
    vendor = Answering(provider)
    vendor.shown = shown
    result = carry_out(planned(provider), vendor, slept)
    assert set(states(result).values()) == {Fate.UNKNOWN}
    assert (vendor.creates, result.trouble) == (1, UNLIKE)
    assert apply.exit_code([result]) is Exit.UNKNOWN


def test_a_foreign_change_between_the_two_reads_refuses_the_plan_and_nothing_is_written(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider)
    club.voucherify.add_tiers("Club", [{"name": "VIP", "points": {"from": 900}}])
    with pytest.raises(PlanRefused, match=r"club/voucherify: live tier 'VIP' .* has appeared"):
        run([target], provider, slept, {target.address: target.live})
    assert club.writes == 0


def test_a_foreign_change_at_one_target_is_reported_where_another_one_was_written(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    club.voucherify.add_campaign("Other")
    targets = [planned(provider), planned(provider, at("Other", "other"))]
    lives = {target.address: target.live for target in targets}
    club.voucherify.add_tiers("Other", [{"name": "VIP", "points": {"from": 900}}])
    first, second = run(targets, provider, slept, lives)
    assert (first.is_refused, second.is_refused) == (False, True)
    assert "'VIP'" in second.trouble
    assert set(states(second).values()) == {Fate.NOT_DONE}
    assert apply.exit_code([first, second]) is Exit.PARTIAL


def test_where_one_target_is_refused_and_another_never_sent_both_reasons_are_told_and_no_others(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    class Held(Refusing):
        def send(self, request: Request) -> Sequence[LiveTier]:
            raise NotSent("wait 60 s and run again")

    club.voucherify.add_campaign("Other")
    club.voucherify.add_campaign("Third")
    club.voucherify.add_campaign("Done", tiers=encode(LADDER))
    campaigns = ("Club", "Other", "Third", "Done")
    targets = [planned(provider, at(campaign, campaign.lower())) for campaign in campaigns]
    lives = {target.address: target.live for target in targets}
    club.voucherify.add_tiers("Other", [{"name": "VIP", "points": {"from": 900}}])
    with pytest.raises(PlanRefused) as caught:
        run(targets, Held(provider), slept, lives)
    first, second, third = str(caught.value).split("; ")[0], *str(caught.value).split("make a new plan; ")
    assert first == "club/voucherify: wait 60 s and run again"
    assert second.startswith(f"{first}; other/voucherify: live tier 'VIP'")
    assert third == "third/voucherify: wait 60 s and run again"


@pytest.mark.parametrize(
    ("number", "calls"),
    [(90, 2 + 1 + 2), (98, 2 + 1 + 2), (99, 2 + 1 + 5), (150, 3 + 1 + 5)],
)
def test_the_read_back_of_more_tiers_than_one_list_shows_is_counted_and_an_apply_that_cannot_afford_it_does_not_start(
    number: int, calls: int, emulator: Emulator, slept: Slept
) -> None:
    tiers = [
        {"name": f"T{n}", "points": {"from": n, "to": n}, "created_at": f"2024-01-01T00:{n // 60:02}:{n % 60:02}Z"}
        for n in range(number)
    ]
    emulator.voucherify.add_campaign("Club", tiers=tiers)
    live = tuple(Tier(f"T{n}", Range(Decimal(n), Decimal(n + 1))) for n in range(number))
    new = (Tier("Gold", Range(Decimal(number), Decimal(500))), Tier("Top", Range(Decimal(500), None)))
    target = planned(connect(emulator, slept), ladder(*live, *new))
    for left in (calls - 1, calls):
        emulator.switches = Switches.parse([f"voucherify.rate_limit={left + 4}", "voucherify.rate_window_s=3600"])
        emulator.vendors["voucherify"]._window = Window(emulator.vendors["voucherify"].clock)
        connection = connect(emulator, slept)
        for _ in range(4 - target.live.calls):
            connection.client.get("/v1/loyalties/Club")
        lives = {target.address: connection.fetch(target.target.place)}
        assert connection.client.limits.left == left
        if left < calls:
            with pytest.raises(NotSent, match=f"allows {left} calls now .* and this takes {calls} at the least"):
                run([target], connection, slept, lives)
            assert emulator.writes == 0
        else:
            assert apply.exit_code(run([target], connection, slept, lives)) is Exit.DONE


@pytest.mark.parametrize(("number", "requests"), [(100, 1), (101, 2), (150, 2), (200, 2)])
def test_more_tiers_than_one_list_shows_are_created_so_that_they_can_be_read_back(
    number: int, requests: int, emulator: Emulator, slept: Slept
) -> None:
    """Tiers of one request have one time, and no order tells them apart."""
    emulator.voucherify.add_campaign("Club")
    bounds = [*map(Decimal, range(number)), None]
    tiers = tuple(Tier(f"T{n}", Range(*ends)) for n, ends in enumerate(pairwise(bounds)))
    provider = connect(emulator, slept)
    target = planned(provider, ladder(*tiers))
    assert len(target.requests) == requests

    class Slow(Refusing):
        def send(self, request: Request) -> Sequence[LiveTier]:
            time.sleep(0.005)  # longer than the vendor's clock ticks, as a network is
            return self._provider.send(request)

    result = carry_out(target, Slow(provider), slept)
    assert apply.exit_code([result]) is Exit.DONE
    assert emulator.writes == requests


def test_a_read_right_before_the_create_that_fails_writes_nothing(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider)
    club.faults.append(Fault(on=LIST, kind="500-before", times=99))
    (result,) = run([target], provider, slept, {target.address: target.live})
    assert set(states(result).values()) == {Fate.NOT_DONE}
    assert result.trouble.startswith("the read before the create failed: Voucherify answered GET")
    assert apply.exit_code([result]) is Exit.FAILED
    assert (club.writes, result.sends) == (0, 0)


def test_a_mistake_at_one_target_keeps_the_report_of_the_others(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    class Broken(Refusing):
        def send(self, request: Request) -> Sequence[LiveTier]:
            if "camp_other" in request.path:
                raise LookupError("unknown encoding: hex")
            return super().send(request)

    club.voucherify.add_campaign("Other", id="camp_other")
    targets = [planned(provider), planned(provider, at("Other", "other"))]
    first, second = run(targets, Broken(provider), slept)
    assert set(states(first).values()) == {Fate.DONE}
    assert set(states(second).values()) == {Fate.UNKNOWN}
    assert second.trouble == "a mistake in tierops, please report it: LookupError: unknown encoding: hex"
    assert apply.exit_code([first, second]) is Exit.UNKNOWN


def test_keys_of_another_account_are_refused_with_what_shows_that_two_are_of_one(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    target = planned(provider)
    other = target.live._replace(identity=target.live.identity._replace(account="another"))
    with pytest.raises(PlanRefused, match=f"keys of another account; {VENDOR.same_account}"):
        run([target], provider, slept, {target.address: other})


def test_the_calls_of_all_targets_of_a_vendor_are_added_up(club: Emulator, provider: Connection, slept: Slept) -> None:
    asked: list[int] = []

    class Asked(Refusing):
        def afford(self, calls: int) -> None:
            asked.append(calls)

    club.voucherify.add_campaign("Other")
    run([planned(provider), planned(provider, at("Other", "other"))], Asked(provider), slept)
    assert asked == [10]


def test_an_interrupt_right_before_the_request_leaves_is_no_lost_answer(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    class Stopped(Refusing):
        def send(self, request: Request) -> Sequence[LiveTier]:
            raise Interrupted

    result = carry_out(planned(provider), Stopped(provider), slept)
    assert set(states(result).values()) == {Fate.NOT_DONE}
    assert (result.is_interrupted, result.sends) == (True, 0)


def test_a_list_that_has_settled_but_never_shows_an_id_is_what_there_is(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    place = VENDOR.place({"campaign": "Club"})
    live = settled(provider, place, apply.Patience(2, slept, lambda: 0), ids=frozenset({"ltr_nowhere"}))
    assert [tier.name for tier in live.tiers] == ["Bronze"]
    assert slept == [2] * 6


def test_a_foreign_tier_that_goes_while_apply_runs_is_no_difference_once_live_is_as_wanted(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    club.voucherify.add_tiers("Club", [{"name": "VIP", "points": {"from": 900, "to": 999}}])
    target = planned(provider, ladder(*LADDER[:2], LADDER[2]._replace(range=Range(Decimal(500), Decimal(900)))))
    vendor = Refusing(provider, before=lambda: club.voucherify.delete_tier("Club", "VIP"))
    result = carry_out(target, vendor, slept)
    assert (result.trouble, result.remaining) == ("", ())
    assert apply.exit_code([result]) is Exit.DONE


def test_a_plan_that_does_not_fit_any_more_says_why_even_where_all_is_as_wanted_by_now(
    club: Emulator, provider: Connection, slept: Slept
) -> None:
    club.voucherify.add_tiers("Club", [{"name": "VIP", "points": {"from": 900, "to": 999}}])
    target = planned(provider, ladder(*LADDER[:2], LADDER[2]._replace(range=Range(Decimal(500), Decimal(900)))))
    club.voucherify.delete_tier("Club", "VIP")
    club.voucherify.add_tiers("Club", encode(target.target.tiers[1:]))
    with pytest.raises(PlanRefused, match=r"club/voucherify: live tier 'VIP' .* has gone since the plan was made"):
        run([target], provider, slept, {target.address: target.live})
    assert club.writes == 0


class Watching(Refusing):
    """A vendor that answers a create with `errors`, or as another does, while somebody looks at what is known."""

    look: Callable[[], object] = staticmethod(lambda: None)

    def send(self, request: Request) -> Sequence[LiveTier]:
        self.look()
        return super().send(request)


@pytest.mark.parametrize("moment", ["not begun", "under way", "confirmed", "never sent", "ended"])
def test_what_is_known_when_nobody_waits_any_longer(
    moment: str, club: Emulator, provider: Connection, slept: Slept
) -> None:
    """`spread` hands the work to another thread, and raises `Interrupted` without its answer."""
    target = planned(provider)
    errors = [NotSent("no connection")] if moment == "never sent" else []
    vendor = Watching(provider, *errors)
    lives = {target.address: provider.fetch(target.target.place)}
    result: tuple[Result, ...] = ()

    def spread(work: Callable[[TargetPlan], Result], targets: Sequence[TargetPlan]) -> list[Result]:
        if moment == "under way":
            vendor.look = stop
        if moment == "confirmed":
            club.faults.append(Fault(on=LIST, kind="500-before", times=99, after=1))
        if moment != "not begun":
            with contextlib.suppress(KeyboardInterrupt):
                work(targets[0])
        raise Interrupted

    def stop() -> None:
        raise KeyboardInterrupt

    reads, patience = apply.Reads(lives, ended=-2), apply.Patience(2, slept, lambda: 0)
    result = apply.run([target], {"voucherify": vendor}, reads, patience, spread)
    fates = {
        "not begun": Fate.NOT_DONE,
        "under way": Fate.UNKNOWN,
        "confirmed": Fate.UNKNOWN,  # a walk that sent all must prove it
        "never sent": Fate.NOT_DONE,
        "ended": Fate.DONE,
    }
    assert states(result[0]) == dict.fromkeys(("Silver", "Gold"), fates[moment])
    assert result[0].is_interrupted == (moment in {"not begun", "under way"})
    troubles = {"not begun": "interrupted", "under way": "interrupted before a create was answered", "ended": ""}
    assert result[0].trouble == troubles.get(moment, result[0].trouble)
    assert result[0].sends == (moment in {"under way", "confirmed", "ended"})
    assert club.writes == (moment in {"confirmed", "ended"})


class Taking(Refusing):
    """A vendor that carries a create out, and says only that it accepted it."""

    def send(self, request: Request) -> Sequence[LiveTier]:
        super().send(request)
        raise AnswerLost("Voucherify answered with 202", is_taken=True)


@pytest.mark.parametrize(("lag", "fate"), [(0, Fate.DONE), (7, Fate.DONE), (60, Fate.UNKNOWN)])
def test_what_the_vendor_accepted_is_waited_for_longer_and_never_sent_again(lag: int, fate: Fate) -> None:
    clock = [1_767_225_600.0]
    club = Emulator(clock=lambda: clock[0])
    club.voucherify.add_campaign("Club")
    club.switches = Switches.parse([f"voucherify.read_after_write_lag_ms={lag * 1000}"])

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    provider = connect(club, sleep)
    vendor = Taking(provider)
    result = run([planned(provider)], vendor, sleep)[0]
    assert states(result) == dict.fromkeys(("Bronze", "Silver", "Gold"), fate)
    assert vendor.creates == club.writes == 1
    club.close()
