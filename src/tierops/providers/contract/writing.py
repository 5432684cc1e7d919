"""What holds for a vendor to which tierops writes: nothing twice, nothing from a doubtful read, nothing untold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fnmatch import fnmatchcase

import pytest

from tierops import apply
from tierops.emulator import Fault
from tierops.errors import Exit, PlanRefused
from tierops.model import ID, Fate, Kind, Live, Request, Result, TargetPlan, Tier
from tierops.providers.contract.ladders import drawn, made, rising
from tierops.providers.contract.reading import SEEDS, Reading, saved
from tierops.providers.contract.setup import SETTLE, Bend, World

_LANDED = ("drop-after", "500-after", "502-after", "truncated", "empty", "html-after")
_NOT_LANDED = ("drop-before", "500-before", "503-before", "refuse", "429", "429-date", "429-epoch", "429-bare")
_AN_HOUR = 3600


class Writing(Reading):
    """A subclass, whose name begins with `Test`, gives `setup`."""

    def held(self, world: World, tiers: Sequence[Tier]) -> None:
        """By tierops itself."""
        assert apply.exit_code([world.apply(world.plan(tiers))]) is Exit.DONE

    # Requests.

    @pytest.mark.parametrize("seed", SEEDS)
    def test_requests_name_each_tier_once_and_are_a_pure_function(self, seed: int) -> None:
        tiers = drawn(self.setup, seed)
        with self.setup.world() as world:
            live = world.connection.fetch(world.place)
            planned = world.plan(tiers)
        new = made(self.setup, tiers)
        assert _names(planned.requests) == {tier.name: 1 for tier in new}
        assert {change.kind for change in planned.changes} == {Kind.CREATE}
        assert planned.requests == self.setup.vendor.requests(live, new) == self.setup.vendor.requests(live, new)
        part = self._can_be_sent(live, new[::2])
        assert _names(self.setup.vendor.requests(live, part)) == {tier.name: 1 for tier in part}
        saved(planned)

    def _can_be_sent(self, live: Live, tiers: Sequence[Tier]) -> Sequence[Tier]:
        return () if self.setup.vendor.abilities(self.setup.target(()).place, live).blocked else tiers

    # Convergence.

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_ladder_converges_and_a_second_apply_writes_nothing(self, seed: int) -> None:
        tiers = drawn(self.setup, seed)
        with self.setup.world() as world:
            self._converges(world, tiers)

    def test_every_setting_of_the_vendor_converges(self, setting: str) -> None:
        with self.setup.world(setting) as world:
            self._converges(world, rising(self.setup, 4))

    def _converges(self, world: World, tiers: Sequence[Tier]) -> None:
        planned = world.plan(tiers)
        created = len(made(self.setup, tiers))
        assert _fates(world.apply(planned)) == [Fate.DONE] * created
        assert world.emulator.writes == len(planned.requests)
        assert world.plan(tiers).changes == ()
        assert _fates(world.apply(planned)) == [Fate.ALREADY] * created
        assert world.emulator.writes == len(planned.requests)

    def test_nothing_is_sent_before_two_equal_reads_a_quiet_period_apart(self) -> None:
        with self.setup.world() as world:
            planned = world.plan(rising(self.setup))
            world.apply(planned)
            assert world.clock.pauses == [SETTLE]

    # Each request has an outcome of its own. A test that takes an `nth` tries each request of three tiers.

    @pytest.mark.parametrize("kind", _LANDED)
    def test_a_lost_answer_is_read_back_and_not_sent_again(self, kind: str, nth: int) -> None:
        with self.setup.world() as world:
            planned, _ = self._with_fault(world, nth, kind)
            assert _fates(world.apply(planned)) == [Fate.DONE] * 3
            assert world.emulator.writes == len(planned.requests)

    @pytest.mark.parametrize("kind", _NOT_LANDED)
    def test_a_create_that_was_not_carried_out_is_sent_again(self, kind: str, nth: int) -> None:
        with self.setup.world() as world:
            planned, _ = self._with_fault(world, nth, kind)
            assert apply.exit_code([world.apply(planned)]) is Exit.DONE
            assert world.plan(planned.target.tiers).changes == ()
            assert world.emulator.writes == len(planned.requests)

    @pytest.mark.parametrize("kind", ["429", "401", "403"])
    def test_a_refusal_says_nothing_of_the_requests_before_it(self, kind: str, nth: int) -> None:
        with self.setup.world() as world:
            planned, before = self._with_fault(world, nth, kind, times=9, value=_AN_HOUR if kind == "429" else 0)
            result = world.apply(planned)
            assert _fates(result) == [Fate.DONE] * before + [Fate.NOT_DONE] * (3 - before)
            assert apply.exit_code([result]) is (Exit.PARTIAL if nth else Exit.FAILED)
            assert result.trouble
            self._goes_on(world, planned, before)

    @pytest.mark.parametrize("kind", ["drop-before", "500-before"])
    def test_a_create_that_is_never_answered_is_unknown_and_the_ones_before_it_are_done(
        self, kind: str, nth: int
    ) -> None:
        with self.setup.world() as world:
            planned, before = self._with_fault(world, nth, kind, times=9)
            result = world.apply(planned)
            sent = len(planned.requests[nth].tiers)
            never = 3 - before - sent
            assert _fates(result) == [Fate.DONE] * before + [Fate.UNKNOWN] * sent + [Fate.NOT_DONE] * never
            assert sent or _place(result) is Fate.UNKNOWN
            assert apply.exit_code([result]) is Exit.UNKNOWN
            self._goes_on(world, planned, before)

    def test_a_create_that_breaks_off_half_way_is_completed_or_left_as_it_is(self, nth: int) -> None:
        with self.setup.world() as world:
            planned, _ = self._with_fault(world, nth, "500-partial", value=1)
            code = apply.exit_code([world.apply(planned)])
            left = {change.kind for change in world.plan(planned.target.tiers).changes}
            assert (code, left) in ((Exit.DONE, set()), (Exit.UNKNOWN, {Kind.BLOCKED}))
            if left:  # a ladder that is made whole or not at all; nothing of the plan can be carried out any more
                with pytest.raises(PlanRefused):
                    world.apply(planned)
            else:
                assert apply.exit_code([world.apply(planned)]) is Exit.DONE

    def test_an_error_in_a_success_is_told_and_the_create_never_sent_again(self, status: int, nth: int) -> None:
        with self.setup.world() as world:
            planned, before = self._with_fault(world, nth, f"{status}" if status < 500 else f"{status}-before", times=9)
            request, mount = planned.requests[nth], f"/{self.setup.api.place()}"
            body = json.loads(world.emulator.vendors[self.setup.vendor.name].error(status).payload())
            world.bends.append(Bend(f"{request.method} {mount}{_pattern(request)}", lambda _: body))
            result = world.apply(planned)
            assert world.emulator.writes <= nth + 1
            sent = [one[1] for one in world.emulator.requests if one[0] != "GET"]
            assert sum(fnmatchcase(path, f"*{_pattern(request)}") for path in sent) <= nth + 1
            fates = _fates(result)[before : before + len(request.tiers)] or [_place(result)]
            assert set(fates) in (({Fate.UNKNOWN},) if status >= 500 else ({Fate.UNKNOWN}, {Fate.NOT_DONE}))
            assert result.trouble

    def test_a_name_that_is_stored_otherwise_is_told_and_never_created_again(self, form: str) -> None:
        names = (" Tee & É", "Tea  Plus", "Caffe\u0300 ")
        ladder = rising(self.setup)
        new = zip(made(self.setup, ladder), names, strict=True)
        born = ladder[: len(ladder) - len(names)]
        tiers = (*born, *(tier._replace(name=name) for tier, name in new))
        with self.setup.world(form) as world:
            planned = world.plan(tiers)
            result = world.apply(planned)
            live = world.connection.fetch(world.place).tiers
            stored = [tier.name for tier in live if tier.name != self.setup.born]
            writes = world.emulator.writes
            assert len(stored) <= len(tiers)
            renamed = [(one, name) for one, name in zip(result.outcomes, stored, strict=False) if one.name != name]
            assert renamed
            assert all(one.fate is Fate.CONFLICT and f"stored as {name!r}" in one.detail for one, name in renamed)
            assert not [one for one in result.outcomes if one.fate is Fate.UNKNOWN]
            again = world.plan(tiers)
            assert again.requests == ()
            assert {change.kind for change in again.changes} >= {Kind.UNMANAGED}
            with pytest.raises(PlanRefused):
                world.apply(planned)
            assert world.emulator.writes == writes

    def _with_fault(
        self, world: World, nth: int, kind: str, *, times: int = 1, value: int = 0
    ) -> tuple[TargetPlan, int]:
        """The plan of three tiers whose n-th request meets a fault, and how many tiers the ones before it create."""
        planned = world.plan(rising(self.setup))
        request = planned.requests[nth]
        on = f"{request.method} {_pattern(request)}"
        after = sum(f"{one.method} {_pattern(one)}" == on for one in planned.requests[:nth])
        world.emulator.faults.append(Fault(on, kind, times, after, value))
        return planned, sum(len(one.tiers) for one in planned.requests[:nth])

    def _goes_on(self, world: World, planned: TargetPlan, before: int) -> None:
        """The same plan, once the vendor behaves again, does the rest and only that."""
        world.emulator.faults.clear()
        world.clock.sleep(_AN_HOUR)
        assert _fates(world.apply(planned)) == [Fate.ALREADY] * before + [Fate.DONE] * (3 - before)
        assert world.emulator.writes == len(planned.requests)

    # Lists that lag.

    @pytest.mark.parametrize("seconds", [1, 4, 60])
    def test_a_list_that_lags_behind_the_write_ends_as_done_or_unknown_and_never_twice(self, seconds: int) -> None:
        tiers = rising(self.setup)
        with self.setup.world(f"{self.setup.vendor.name}.read_after_write_lag_ms={seconds * 1000}") as world:
            planned = world.plan(tiers)
            result = world.apply(planned)
            is_place = result.place is not None and seconds == 60  # nothing is sent into one that no list shows
            lagging = {Fate.NOT_DONE} if is_place else {Fate.UNKNOWN}
            assert {*_fates(result)} == (lagging if seconds == 60 else {Fate.DONE})
            assert apply.exit_code([result]) is (Exit.UNKNOWN if seconds == 60 else Exit.DONE)
            assert world.emulator.writes == (1 if is_place else len(planned.requests))
            world.clock.sleep(60)
            world.apply(planned)
            world.clock.sleep(60)
            assert world.plan(tiers).changes == ()
            assert world.emulator.writes == len(planned.requests)

    @pytest.mark.parametrize("kind", _LANDED)
    def test_a_lost_answer_and_a_list_that_lags_less_than_the_quiet_period_are_no_duplicate(
        self, kind: str, nth: int
    ) -> None:
        with self.setup.world(f"{self.setup.vendor.name}.read_after_write_lag_ms={SETTLE * 900:.0f}") as world:
            planned, _ = self._with_fault(world, nth, kind)
            assert apply.exit_code([world.apply(planned)]) is Exit.DONE
            world.clock.sleep(60)
            assert world.plan(planned.target.tiers).changes == ()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """See `Reading`. An `nth` counts from 0."""
        super().pytest_generate_tests(metafunc)
        if "status" in metafunc.fixturenames:
            metafunc.parametrize("status", [401, 403, 500])
        if "nth" in metafunc.fixturenames:
            with self.setup.world() as world:
                metafunc.parametrize("nth", range(len(world.plan(rising(self.setup)).requests)))


def _names(requests: Sequence[Request]) -> dict[str, int]:
    names = [name for request in requests for name in request.tiers]
    return {name: names.count(name) for name in names}


def _pattern(request: Request) -> str:
    return request.path.replace(ID, "*")


def _place(result: Result) -> Fate:
    return result.place.fate if result.place else Fate.DONE


def _fates(result: Result) -> list[Fate]:
    return [outcome.fate for outcome in result.outcomes]
