"""What happens in a world, told line by line and judged at every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from chaos import turnstile
from chaos.oracles import Judge
from chaos.places import Place, edit, twice
from chaos.words import Shape
from chaos.world import LIFE, Run, World

from tierops.emulator import Fault
from tierops.errors import Exit

_LAST = {"duplicate": Exit.FAILED, "converged": Exit.DONE, "by hand": Exit.REMAINING}
"""How a run must end in each kind of end."""


class Story:
    """A world, its judge and what happened so far. `random` decides in which order threads go on."""

    def __init__(self, world: World, random: Random) -> None:
        self.world = world
        self.judge = Judge(world)
        self.lines: list[str] = []
        self._random = random
        self._has_edits = False
        self.tell(f"{', '.join(map(repr, world.places))}; held: {[len(held) for held in world.stored().values()]}")

    def tell(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)

    def wait(self, seconds: float) -> None:
        """Time passes between two steps."""
        self.tell(f"{seconds:.0f} s pass")
        self.world.clock.now += seconds
        self.world.land()
        self.judge.between()
        if seconds >= LIFE.total_seconds():
            self.judge.has_reason_to_refuse = True

    def edit(self, place: Place, kind: str) -> None:
        """Somebody does one of `places.EDITS` in the dashboard."""
        self.tell(f"somebody does {kind} in {place.name}")
        edit(self.world.emulator, place, kind)
        self._has_edits = self.judge.has_reason_to_refuse = True

    def fault(self, fault: Fault) -> None:
        """Something will go wrong."""
        self.tell(repr(fault))
        self.world.emulator.faults.append(fault)

    def run(self, *runs: Run) -> None:
        """Plans and applies, at the same time, to their ends."""
        world = self.world
        with turnstile.in_charge(self._random) as turns:
            turns.run(*(lambda run=run: world.plan(run) if run.is_plan else world.apply(run) for run in runs))  # type: ignore[misc]
        for run in runs:
            what = "plan" if run.is_plan else "apply FILE" if run.used_file else "apply"
            posts = [f"{one.status} (+{one.made})" for one in run.asked if one.method != "GET"]
            self.tell(f"{what}: {run.ended} after {run.requests} requests, sent {posts} {run.error}")
            for result in run.results:
                outcomes = ", ".join(f"{one.name} {one.fate}" for one in result.outcomes)
                self.tell(f"  {result.target.address}: {outcomes or 'nothing'} {result.trouble}".rstrip())
        self.judge.step(*runs)
        if any(run.is_plan and run.code is Exit.DONE for run in runs):
            self.judge.has_reason_to_refuse = False

    def end(self) -> str:
        """Faults cease, all that is late lands. One more run leaves live as desired or says why not, the next rests.

        Returns what the end is: `converged`, `by hand` where differences are left to a person, or `duplicate`.
        """
        world = self.world
        world.land(everything=True)
        self.wait(3600)
        world.behave()
        first, second = Run(), Run()
        self.run(first)
        self.run(second)
        held = world.stored()
        end = "converged" if not self._unequal(held) else "by hand"
        if any(map(twice, held.values())) or any(
            place.words.is_split(world.emulator, place.name) for place in world.places
        ):
            end = "duplicate"
        if (first.code, second.code) != (_LAST[end], _LAST[end]):
            self.judge.broken.append(f"the end is {end}, but the last runs say {first.ended}, {second.ended}")
        if any(one.method != "GET" and "/oauth" not in one.path for one in second.asked):
            self.judge.broken.append("a second run had something to write")
        if (
            end == "by hand"
            and not self._has_edits
            and not all(place.is_stuck(held[place]) for place in self._unequal(held))
        ):
            self.judge.broken.append("creates were left undone though nothing kept them")
        return end

    def _unequal(self, held: Mapping[Place, Sequence[Shape]]) -> list[Place]:
        return [p for p in self.world.places if sorted(held[p], key=repr) != sorted(p.wanted, key=repr)]
