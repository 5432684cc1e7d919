"""Whatever happens in whatever order: no tier twice unseen, no write from a doubtful read, no success that is none."""

from __future__ import annotations

from random import Random

import pytest
from chaos.places import EDITS, VENDORS, Place
from chaos.schedules import PROMISED
from chaos.story import Story
from chaos.world import LIFE, SETTLE, Kill, Run, World
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tierops.emulator import Fault

_NUMBERS = st.integers(1, 10)
_AWAY = st.builds(Kill, st.integers(1, 4), st.just("away"), st.floats(0.1, SETTLE), st.booleans())
_KILLS = st.none() | st.builds(Kill, _NUMBERS, st.sampled_from(["before", "after"])) | _AWAY
_SEEDS = st.integers(0, 2**16)


class NeverTwice(RuleBasedStateMachine):
    """One or two ladders at one vendor, and all that may happen to them. A subclass names the vendor."""

    vendor = ""

    @initialize(size=st.integers(1, 4), held=st.integers(-1, 3), two=st.booleans(), seed=_SEEDS)
    def begin(self, size: int, held: int, two: bool, seed: int) -> None:
        words = VENDORS[self.vendor]
        first = Place(self.vendor, "Club 0", size, is_new=held < 0 and bool(words.settings))
        places = {first: () if words.is_whole else first.ladder[: max(held, 0)]}
        if two:
            places[Place(self.vendor, "Club 1", 2)] = ()
        self.story = Story(World(places), Random(seed))

    @rule()
    def plan(self) -> None:
        self.story.run(Run(is_plan=True))

    @rule(kill=_KILLS)
    def apply(self, kill: Kill | None) -> None:
        self.story.run(Run(kill=kill))

    @precondition(lambda self: self.story.world.file)
    @rule(kill=_KILLS)
    def apply_the_saved_plan(self, kill: Kill | None) -> None:
        self.story.run(Run(kill=kill, used_file=True))

    @rule(kill=_KILLS, others_kill=_KILLS, of_file=st.booleans())
    def two_applies_at_once(self, kill: Kill | None, others_kill: Kill | None, of_file: bool) -> None:
        self.story.world.may_duplicate = True
        if any(one and one.moment == "away" for one in (kill, others_kill)):
            self.story.world.writes_late = True  # what one of them had on its way may land when nobody looks any more
        used_file = of_file and self.story.world.file is not None
        self.story.run(Run(kill=kill), Run(kill=others_kill, used_file=used_file))

    @rule(kind=st.sampled_from(PROMISED), is_of_writes=st.booleans(), after=st.integers(0, 4), times=_NUMBERS)
    def a_fault(self, kind: str, is_of_writes: bool, after: int, times: int) -> None:
        on = f"{VENDORS[self.vendor].method} *" if is_of_writes else "* *"
        self.story.fault(Fault(on=on, kind=kind, after=after, times=times, value=0 if "html" in kind else 1))

    @rule(kind=st.sampled_from(EDITS), number=st.integers(0, 1))
    def somebody_edits(self, kind: str, number: int) -> None:
        self._land()
        self.story.edit(self._place(number), kind)

    @rule(kind=st.sampled_from(EDITS), number=st.integers(0, 1), at=_NUMBERS)
    def somebody_edits_meanwhile(self, kind: str, number: int, at: int) -> None:
        self.story.world.may_duplicate = True
        self._land()
        self.story.run(Run(events={at: lambda: self.story.edit(self._place(number), kind)}))

    @rule(seconds=st.sampled_from([SETTLE, 60.0, LIFE.total_seconds()]))
    def time_passes(self, seconds: float) -> None:
        self.story.wait(seconds)

    @invariant()
    def every_promise_holds(self) -> None:
        assert self.story.judge.broken == [], "\n".join(self.story.lines)

    def teardown(self) -> None:
        if hasattr(self, "story"):
            self.story.end()
            self.story.world.close()
            self.every_promise_holds()

    def _land(self) -> None:
        """Or a run that is dead could create what somebody has just made by hand."""
        self.story.world.land(everything=True)

    def _place(self, number: int) -> Place:
        places = self.story.world.places
        return places[number % len(places)]


@pytest.mark.parametrize("vendor", VENDORS)
def test_never_twice(vendor: str) -> None:
    machine = type("Machine", (NeverTwice,), {"vendor": vendor})
    quick = settings(
        max_examples=30, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
    )
    run_state_machine_as_test(machine, settings=quick)
