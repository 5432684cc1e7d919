"""A target of several requests: each has an outcome of its own, and what was created before a fault is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import httpx
import outside
import pytest

from tierops import apply, plan
from tierops.emulator import Fault
from tierops.errors import AnswerLost, Exit, Interrupted, NotSent, VendorError
from tierops.model import Abilities, Fate, Kind, Live, LiveTier, Place, Range, Request, Result, TargetPlan, Tier
from tierops.providers import contract, voucherify
from tierops.providers.connection import Connection, open_connection
from tierops.providers.limits import Waiting

with outside.installed("acme"):
    from acme_setup import SETUP

POST = "POST /v1/clubs/*/levels"
LEVELS = "GET /v1/clubs/*/levels"
DONE, NOT_DONE, UNKNOWN, ALREADY = Fate.DONE, Fate.NOT_DONE, Fate.UNKNOWN, Fate.ALREADY
LADDER = tuple(
    Tier(name, Range(Decimal(lower), None if upper is None else Decimal(upper)))
    for name, lower, upper in (("Bronze", "0", "99.50"), ("Silver", "99.50", "500"), ("Gold", "500", None))
)
VOUCHERIFY = contract.Setup(
    voucherify.VENDOR,
    place={"campaign": "Club"},
    prepare=lambda emulator: emulator.voucherify.add_campaign("Club"),
)


@pytest.fixture
def club() -> Iterator[contract.World]:
    with SETUP.world() as world:
        yield world


def fates(result: Result) -> list[Fate]:
    return [outcome.fate for outcome in result.outcomes]


def details(result: Result) -> dict[str, str]:
    return {outcome.name: outcome.detail for outcome in result.outcomes}


def labels(world: contract.World) -> list[str]:
    return [level["label"] for level in world.emulator.acme.levels("Club")]


def posts(world: contract.World) -> list[str]:
    return [sent[2]["label"] for sent in world.emulator.requests if sent[0] == "POST" and sent[1].endswith("/levels")]


class Wire(httpx.BaseTransport):
    """The emulator, with something that happens to a create before it leaves, or to its answer."""

    def __init__(
        self,
        world: contract.World,
        before: Callable[[int], object] = lambda _: None,
        after: Callable[[int, httpx.Response], httpx.Response] = lambda _, answer: answer,
    ) -> None:
        self._emulator = contract.InProcess(world.emulator)
        self._before, self._after = before, after
        self._creates = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        is_create = request.method == "POST" and request.url.path.endswith("/levels")
        self._creates += is_create
        if is_create:
            self._before(self._creates)
        answer = self._emulator.handle_request(request)
        return self._after(self._creates, answer) if is_create else answer


def reconnect(world: contract.World, wire: httpx.BaseTransport) -> None:
    """Give the world another connection to the same account."""
    environ = world.emulator.vendors["acme"].environ("http://127.0.0.1")
    waiting = Waiting(sleep=world.clock.sleep, now=world.clock)
    world.connection = open_connection(SETUP.vendor, environ, waiting=waiting, transport=wire)


# The second of three creates meets a fault.


@pytest.mark.parametrize(
    ("kind", "times", "value", "expected", "code"),
    [
        ("429", 9, 3600, [DONE, NOT_DONE, NOT_DONE], Exit.PARTIAL),
        ("429-bare", 99, 0, [DONE, NOT_DONE, NOT_DONE], Exit.PARTIAL),
        ("401", 1, 0, [DONE, NOT_DONE, NOT_DONE], Exit.PARTIAL),
        ("403", 1, 0, [DONE, NOT_DONE, NOT_DONE], Exit.PARTIAL),
        ("drop-before", 9, 0, [DONE, UNKNOWN, NOT_DONE], Exit.UNKNOWN),
        ("drop-before", 2, 0, [DONE, DONE, DONE], Exit.DONE),
        ("drop-after", 1, 0, [DONE, DONE, DONE], Exit.DONE),
        ("500-before", 9, 0, [DONE, UNKNOWN, NOT_DONE], Exit.UNKNOWN),
        ("500-before", 2, 0, [DONE, DONE, DONE], Exit.DONE),
        ("500-after", 1, 0, [DONE, DONE, DONE], Exit.DONE),
        ("html-before", 1, 202, [DONE, UNKNOWN, NOT_DONE], Exit.UNKNOWN),
        ("html-after", 1, 202, [DONE, DONE, DONE], Exit.DONE),
        ("empty", 1, 0, [DONE, DONE, DONE], Exit.DONE),
    ],
)
def test_the_second_create_says_nothing_of_the_first(
    kind: str, times: int, value: int, expected: list[Fate], code: Exit, club: contract.World
) -> None:
    planned = club.plan(LADDER)
    club.emulator.faults.append(Fault(POST, kind, times, after=1, value=value))
    result = club.apply(planned)
    assert fates(result) == expected
    assert apply.exit_code([result]) is code
    club.emulator.faults.clear()
    club.clock.sleep(3600)
    again = club.apply(planned)
    assert (fates(again)[0], apply.exit_code([again])) == (ALREADY, Exit.DONE)
    assert labels(club) == ["Bronze", "Silver", "Gold"]


def test_what_the_vendor_refuses_is_not_sent_again_and_leaves_what_was_created(club: contract.World) -> None:
    """As with 400; here 422, for a reason that no list shows."""
    planned = club.plan(LADDER)
    club.emulator.acme.add_levels("Club", [{"label": "Guest", "from_cents": 9950}], visible_at=9e9)
    result = club.apply(planned)
    assert fates(result) == [DONE, NOT_DONE, NOT_DONE]
    assert apply.exit_code([result]) is Exit.PARTIAL
    assert "A level starts there already" in result.trouble
    assert [(change.kind, change.name) for change in result.remaining or ()] == [
        (Kind.CREATE, "Silver"),
        (Kind.CREATE, "Gold"),
    ]
    assert posts(club) == ["Bronze", "Silver"]


def test_what_is_held_up_longer_than_allowed_is_told_with_what_was_created(club: contract.World) -> None:
    planned = club.plan(LADDER)
    club.emulator.faults.append(Fault(POST, "429", 9, after=1, value=3600))
    result = club.apply(planned)
    assert details(result)["Bronze"] == "the vendor confirmed it; it was not read back"
    assert result.trouble.startswith("ACME Loyalty limits its calls: wait 3601 s")
    assert (result.remaining, result.sends) == (None, 1)


def test_a_token_that_ends_before_the_second_create_stops_there_and_the_next_run_goes_on() -> None:
    with SETUP.world("acme.token_requests=7") as world:
        planned = world.plan(LADDER)  # two requests; before the first create, four more
        result = world.apply(planned)
        assert fates(result) == [DONE, NOT_DONE, NOT_DONE]
        assert apply.exit_code([result]) is Exit.PARTIAL
        assert "The token is not known, or has ended" in result.trouble
        assert result.remaining is not None  # it was read back, with a new token
        assert fates(world.apply(planned)) == [ALREADY, DONE, NOT_DONE]
        assert fates(world.apply(planned)) == [ALREADY, ALREADY, DONE]
        assert posts(world) == ["Bronze", "Silver", "Silver", "Gold", "Gold"]
        assert labels(world) == ["Bronze", "Silver", "Gold"]


def test_a_token_that_ends_with_every_request_but_reads_never_writes_twice() -> None:
    for requests in range(1, 12):
        with SETUP.world(f"acme.token_requests={requests}") as world:
            planned = world.plan(LADDER)
            codes = {apply.exit_code([world.apply(planned)]) for _ in range(4)}
            assert codes <= {Exit.DONE, Exit.PARTIAL, Exit.FAILED}
            assert labels(world) == ["Bronze", "Silver", "Gold"][: len(labels(world))]


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_run_that_is_killed_between_two_creates_is_finished_by_the_next(
    number: int, moment: str, club: contract.World
) -> None:
    class Killed(BaseException):
        pass

    def kill(create: int, answer: Any = None) -> Any:
        if create == number:
            raise Killed
        return answer

    planned = club.plan(LADDER)
    reconnect(club, Wire(club, before=kill) if moment == "before" else Wire(club, after=kill))
    with pytest.raises(Killed):
        club.apply(planned)
    landed = number - (moment == "before")
    assert labels(club) == ["Bronze", "Silver", "Gold"][:landed]
    reconnect(club, contract.InProcess(club.emulator))
    assert fates(club.apply(planned)) == [ALREADY] * landed + [DONE] * (3 - landed)
    assert posts(club) == labels(club) == ["Bronze", "Silver", "Gold"]


def test_an_answer_that_is_lost_and_cannot_be_read_back_leaves_the_first_as_created(club: contract.World) -> None:
    planned = club.plan(LADDER)
    club.emulator.faults.append(Fault(POST, "drop-after", after=1))
    club.emulator.faults.append(Fault(LEVELS, "500-before", times=99, after=2))
    result = club.apply(planned)
    assert fates(result) == [DONE, UNKNOWN, NOT_DONE]
    assert apply.exit_code([result]) is Exit.UNKNOWN
    assert "is lost" in result.trouble
    assert "reading back failed" in result.trouble


def test_what_another_run_created_meanwhile_is_not_sent_once_a_read_has_shown_it(club: contract.World) -> None:
    def other(create: int) -> None:
        if create == 2:
            club.emulator.acme.add_levels("Club", [{"label": "Gold", "from_cents": 50000}])

    planned = club.plan(LADDER)
    reconnect(club, Wire(club, before=other))
    club.emulator.faults.append(Fault(POST, "drop-after", after=1))
    assert fates(club.apply(planned)) == [DONE, DONE, ALREADY]
    assert posts(club) == ["Bronze", "Silver"]


# Nothing is sent before its absence has settled.


def killed_create(world: contract.World, seconds: float, planned: TargetPlan) -> None:
    """A run that was killed while its first request was on its way; the request is carried out so much later."""

    request = planned.requests[0]
    world.emulator.faults.append(Fault(f"{request.method} {request.path}", "late", value=int(seconds * 1000)))
    transport = contract.InProcess(world.emulator)
    with httpx.Client(transport=transport, headers=_keys(world), base_url=planned.live.identity.base_url) as client:
        create = client.build_request(request.method, request.path, json=request.body)
        with pytest.raises(httpx.ReadError):
            client.send(create)


def _keys(world: contract.World) -> dict[str, str]:
    if world.setup is VOUCHERIFY:
        return {"X-App-Id": "any", "X-App-Token": "any"}
    form = {"grant_type": "client_credentials", "client_id": "any", "client_secret": "any-secret"}
    with httpx.Client(transport=contract.InProcess(world.emulator), base_url="http://127.0.0.1/acme") as client:
        token = client.post("/oauth/token", data=form).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("setup", [VOUCHERIFY, SETUP], ids=lambda setup: setup.vendor.name)
@pytest.mark.parametrize("seconds", [0.5, 1.5, 1.99])
def test_a_create_that_lands_within_the_quiet_period_is_seen_and_nothing_is_created_twice(
    setup: contract.Setup, seconds: float
) -> None:
    with setup.world() as world:
        tiers = contract.rising(setup)
        planned = world.plan(tiers)
        killed_create(world, seconds, planned)
        result = world.apply(planned)
        assert apply.exit_code([result]) is Exit.DONE
        landed = planned.requests[0].tiers
        assert fates(result) == [ALREADY] * len(landed) + [DONE] * (3 - len(landed))
        assert world.emulator.writes == len(planned.requests)
        assert [tier.name for tier in world.connection.fetch(world.place).tiers] == ["T0", "T1", "T2"]


def test_the_quiet_period_is_counted_from_the_end_of_the_first_read_and_shared(club: contract.World) -> None:
    planned = club.plan(LADDER)
    read = club.connection.fetch(club.place)
    club.clock.time += 1.5  # the reads of other targets
    reads = apply.Reads({planned.address: read}, club.clock() - 1.5)
    patience = apply.Patience(2, club.clock.sleep, club.clock)
    apply.run([planned], {"acme": club.connection}, reads, patience)
    assert club.clock.pauses == [0.5]


# A vendor that refuses a second tier of a name.


def test_what_such_a_vendor_does_not_show_after_one_complete_read_is_sent_again(club: contract.World) -> None:
    planned = club.plan(LADDER)
    club.emulator.faults.append(Fault(POST, "500-before", after=1))
    club.emulator.requests.clear()
    assert apply.exit_code([club.apply(planned)]) is Exit.DONE
    sent = [f"{method} {path.rpartition('/')[2]}" for method, path, _ in club.emulator.requests]
    look = ["GET clubs", "GET levels"]
    create = "POST levels"
    start = sent.index(create)
    assert sent[start : start + 6] == [create, create, *look, create, create]


def test_a_second_send_that_is_refused_as_taken_is_the_first_one_that_landed() -> None:
    """The list lags, so the tier seems absent; the vendor knows better."""
    with SETUP.world("acme.read_after_write_lag_ms=1500") as world:
        planned = world.plan(LADDER)
        world.emulator.faults.append(Fault(POST, "drop-after", after=1))
        result = world.apply(planned)
        assert fates(result) == [DONE, DONE, DONE]
        assert apply.exit_code([result]) is Exit.DONE
        assert posts(world) == ["Bronze", "Silver", "Silver", "Gold"]
        assert labels(world) == ["Bronze", "Silver", "Gold"]


def test_a_tier_that_shows_after_all_leaves_no_trouble_behind() -> None:
    """The second send is refused as taken before the list shows the first; once all is there, all is well."""
    with SETUP.world("acme.read_after_write_lag_ms=3900") as world:
        planned = world.plan((*LADDER[:1], LADDER[1]._replace(range=Range(Decimal("99.50"), None))))
        world.emulator.faults.append(Fault(POST, "drop-after", after=1))
        result = world.apply(planned)
        assert (fates(result), result.trouble) == ([DONE, DONE], "")
        assert apply.exit_code([result]) is Exit.DONE


def test_only_what_a_request_names_is_rendered_anew(club: contract.World) -> None:
    class Pairs:
        read_only = same_account = ""
        abilities = staticmethod(SETUP.vendor.abilities)
        unfit = staticmethod(SETUP.vendor.unfit)

        def requests(self, live: Live, tiers: Sequence[Tier]) -> tuple[Request, ...]:
            names = [tier.name for tier in tiers]
            return tuple(Request("POST", "/pairs", n, tuple(names[n : n + 2])) for n in range(0, len(names), 2))

    vendor: Any = Pairs()
    planned = plan.build(SETUP.target(contract.rising(SETUP, 6)), club.connection.fetch(club.place), vendor)
    assert [request.tiers for request in planned.requests] == [("T0", "T1"), ("T2", "T3"), ("T4", "T5")]
    later = planned._replace(requests=planned.requests[1:])
    absent = [tier for tier in planned.creates if tier.name != "T2"]
    left = plan.remaining_requests(later, absent, planned.live, vendor)
    assert [request.tiers for request in left] == [("T3", "T4"), ("T5",)]


# An answer that shows something else.


def test_a_tier_that_is_stored_under_another_name_is_never_sent_again() -> None:
    tiers = (LADDER[0], LADDER[1]._replace(name="Silver  plus "), LADDER[2])
    with SETUP.world("acme.labels=tidied") as world:
        planned = world.plan(tiers)
        result = world.apply(planned)
        assert fates(result) == [DONE, Fate.CONFLICT, NOT_DONE]
        assert details(result)["Silver  plus "] == "created, but stored as 'Silver plus' (3)"
        assert apply.exit_code([result]) is Exit.PARTIAL
        assert posts(world) == ["Bronze", "Silver  plus "]


def test_a_tier_that_the_answer_shows_under_another_id_is_never_sent_again(club: contract.World) -> None:
    def renumbered(create: int, answer: httpx.Response) -> httpx.Response:
        answer.read()
        return answer if create != 2 else httpx.Response(201, json={**answer.json(), "number": 900})

    planned = club.plan(LADDER)
    reconnect(club, Wire(club, after=renumbered))
    result = club.apply(planned)
    assert fates(result) == [DONE, UNKNOWN, DONE]
    assert details(result)["Silver"] == "3 is live, and 900 may still appear: plan again later"
    assert posts(club) == labels(club) == ["Bronze", "Silver", "Gold"]


# One target's crash.


def test_a_crash_of_one_target_keeps_the_report_of_the_others(
    club: contract.World, caplog: pytest.LogCaptureFixture
) -> None:
    class Crashing:
        def __init__(self, connection: Connection) -> None:
            self._connection = connection
            self.vendor = connection.vendor
            self.fetch, self.afford = connection.fetch, connection.afford
            self.read_calls = connection.read_calls

        def send(self, request: Request) -> Sequence[LiveTier]:
            if request.path == second.requests[0].path and request.tiers == ("Silver",):
                raise RuntimeError("out of order")
            return self._connection.send(request)

    club.emulator.acme.add_club("Other")
    first = club.plan(LADDER)
    place = SETUP.vendor.place({"club": "Other", "currency": "EUR"})
    target = first.target._replace(program="other", place=place)
    second = plan.build(target, club.connection.fetch(place), SETUP.vendor)
    reads = apply.Reads({one.address: one.live for one in (first, second)}, 0)
    patience = apply.Patience(2, club.clock.sleep, club.clock)
    crashing: Any = Crashing(club.connection)
    results = apply.run([second, first], {"acme": crashing}, reads, patience)
    assert [fates(result) for result in results] == [[DONE, UNKNOWN, NOT_DONE], [DONE, DONE, DONE]]
    assert results[0].trouble == "a mistake in tierops, please report it: RuntimeError: out of order"
    assert apply.exit_code(results) is Exit.UNKNOWN
    assert "other/acme" in caplog.messages


def test_what_remains_to_be_done_by_hand_is_told_with_the_result(club: contract.World) -> None:
    planned = club.plan(LADDER)
    assert "publish the club" in planned.live.steps[0]
    assert club.apply(planned).steps == planned.live.steps


# Requests one after the other: what one of them met says nothing of the others.


class Scripted:
    """The vendor, but for what is done in place of a request, by the tier that it creates, and before each read."""

    def __init__(self, world: contract.World, instead: Mapping[str, Callable[[Request], object]]) -> None:
        self._connection, self._instead = world.connection, instead
        self.vendor, self.afford = world.connection.vendor, world.connection.afford
        self.read_calls = world.connection.read_calls
        self.before_read: Callable[[], object] = lambda: None

    def fetch(self, place: Place) -> Live:
        self.before_read()
        return self._connection.fetch(place)

    def send(self, request: Request) -> Sequence[LiveTier]:
        if act := self._instead.get(request.tiers[0]):
            act(request)
        return self._connection.send(request)


def carry_out(
    world: contract.World, planned: TargetPlan, connection: Scripted, check: Callable[[], None] = lambda: None
) -> Result:
    patience = apply.Patience(2, world.clock.sleep, world.clock, check=check)
    reads = apply.Reads({planned.address: world.connection.fetch(world.place)}, world.clock())
    return apply.run([planned], {"acme": connection}, reads, patience)[0]


def test_a_refused_request_whose_tier_is_there_all_the_same_stops_no_other(club: contract.World) -> None:
    def refuse(request: Request) -> None:
        club.connection.send(request)  # of another run
        raise VendorError("the label is taken", 400)

    result = carry_out(club, club.plan(LADDER), Scripted(club, {"Bronze": refuse}))
    assert (fates(result), result.trouble) == ([DONE, DONE, DONE], "")
    assert posts(club) == ["Bronze", "Silver", "Gold"]


@pytest.mark.parametrize(("lag", "looks"), [(0, 1), (1500, 3)])
def test_after_a_refusal_the_list_is_read_until_it_shows_what_was_confirmed_and_no_longer(lag: int, looks: int) -> None:
    def refuse(_: Request) -> None:
        world.emulator.requests.clear()
        raise VendorError("no third level", 400)

    with SETUP.world(f"acme.read_after_write_lag_ms={lag}") as world:
        result = carry_out(world, world.plan(LADDER), Scripted(world, {"Gold": refuse}))
        assert (fates(result), result.trouble) == ([DONE, DONE, NOT_DONE], "no third level")
        assert len(world.emulator.requests) == 2 * looks  # the club, and its levels


def test_after_a_lost_answer_a_list_that_has_settled_is_still_read_until_it_shows_what_was_confirmed() -> None:
    answers = iter([AnswerLost("the answer is lost")])

    def lose(_: Request) -> None:
        if error := next(answers, None):
            raise error

    with SETUP.world("acme.read_after_write_lag_ms=3500") as world:  # two equal reads that show nothing
        result = carry_out(world, world.plan(LADDER), Scripted(world, {"Silver": lose}))
        assert (fates(result), result.trouble) == ([DONE, DONE, DONE], "")
        assert result.sends == 4  # with the one whose answer is lost


@pytest.mark.parametrize(("guarded", "pauses"), [("Club", [2, 2]), ("Other", [2, 2, 2])])
def test_one_place_of_a_vendor_may_refuse_a_second_tier_where_another_takes_it(
    guarded: str, pauses: list[float], club: contract.World
) -> None:
    answers = iter([AnswerLost("the answer is lost")])

    def lose(_: Request) -> None:
        if error := next(answers, None):
            raise error

    def abilities(place: Place, live: Live) -> Abilities:
        return SETUP.vendor.abilities(place, live)._replace(is_guarded=place.name == guarded)

    connection = Scripted(club, {"Silver": lose})
    connection.vendor = SETUP.vendor._replace(abilities=abilities)
    result = carry_out(club, club.plan(LADDER), connection)
    assert (fates(result), club.clock.pauses) == ([DONE, DONE, DONE], pauses)


def test_where_reading_back_fails_each_tier_is_told_as_it_was_last_seen(club: contract.World) -> None:
    def land(request: Request) -> None:
        club.connection.send(request)
        raise AnswerLost("the answer is lost")

    def fail() -> None:
        raise VendorError("down for maintenance", 503)

    def lose(_: Request) -> None:
        connection.before_read = fail
        raise AnswerLost("the answer is lost")

    connection = Scripted(club, {"Bronze": land, "Silver": lose})
    result = carry_out(club, club.plan(LADDER), connection)
    assert [(one.name, one.fate) for one in result.outcomes] == [
        ("Bronze", DONE), ("Silver", UNKNOWN), ("Gold", NOT_DONE),
    ]  # fmt: skip
    assert result.trouble == "the answer is lost; reading back failed: down for maintenance"


def test_an_interrupt_tells_no_doubt_that_was_cleared_up(club: contract.World) -> None:
    def land(request: Request) -> None:
        club.connection.send(request)
        raise AnswerLost("the answer is lost")

    checks = iter([None, None, Interrupted()])

    def check() -> None:
        if error := next(checks):
            raise error

    result = carry_out(club, club.plan(LADDER), Scripted(club, {"Bronze": land}), check)
    assert (fates(result), result.trouble) == ([DONE, DONE, NOT_DONE], "interrupted")


def test_what_another_run_finished_leaves_no_trouble_behind(club: contract.World) -> None:
    planned = club.plan(LADDER)

    def overtake(_: Request) -> None:
        for request in planned.requests[1:]:
            club.connection.send(request)
        raise NotSent("no connection")

    result = carry_out(club, planned, Scripted(club, {"Silver": overtake}))
    assert (fates(result), result.trouble) == ([DONE, ALREADY, ALREADY], "")
    assert apply.exit_code([result]) is Exit.DONE
