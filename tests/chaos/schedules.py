"""What goes wrong, drawn from a seed: classes of trouble, and one schedule of a class played to its end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from chaos.places import EDITS, VENDORS, Place
from chaos.story import Story
from chaos.words import Shape
from chaos.world import LIFE, SETTLE, Kill, Run, World

from tierops.emulator import Fault


class Trouble(NamedTuple):
    """One class of schedules. `faults` hit any request, `write_faults` only creates.

    `kills`, `edits` and `twos` are how likely it is that a run is killed, that somebody edits meanwhile, that two runs
    go at once. `lag` and `late` are the longest, in milliseconds. `has_limits`: the vendors allow few calls a minute.
    `is_away`: a run that is killed has a create on its way, and the next one starts at once. `is_promised`: no
    duplicate may come about at all.
    """

    name: str
    faults: tuple[str, ...] = ()
    write_faults: tuple[str, ...] = ()
    list_faults: tuple[str, ...] = ()
    kills: float = 0.0
    edits: float = 0.0
    twos: float = 0.0
    lag: int = 0
    late: int = 0
    is_promised: bool = True
    has_limits: bool = False
    is_away: bool = False


_TIMEOUT = ("hang-before", "hang-after")
_RESET = ("refuse", "reset-before", "reset-after", "drop-before", "drop-after")
_5XX = ("500-before", "502-before", "503-before", "500-after", "502-after", "503-after")
_429 = ("429", "429-date", "429-epoch", "429-bare", "429-cycle")
_GARBLED = ("truncated", "empty", "content-type", "html-before", "html-after", "drip")
_LISTS = ("total", "cap", "shift", "repeat", "cycle")
_ALL = (*_TIMEOUT, *_RESET, *_5XX, *_429, *_GARBLED)
PROMISED = (*_ALL, "500-partial")
"""Faults after which nothing may ever be there twice."""
_QUIET = int(SETTLE * 1000)

TROUBLES = (
    Trouble("crash", kills=0.8),
    Trouble("timeout", _TIMEOUT),
    Trouble("reset", _RESET),
    Trouble("5xx", _5XX, write_faults=("500-partial",)),
    Trouble("429", _429, has_limits=True),
    Trouble("garbled answers", _GARBLED),
    Trouble("incomplete lists", list_faults=_LISTS, write_faults=("drop-after", "500-before")),
    Trouble("all of these", _ALL, ("500-partial",), _LISTS, kills=0.3),
    Trouble("late writes, within the quiet period", write_faults=("late", "drop-after"), late=_QUIET),
    Trouble("crash, with writes that land late within the quiet period", kills=0.8, late=_QUIET, is_away=True),
    Trouble("lagging lists, within the quiet period", write_faults=("drop-after", "500-before"), lag=_QUIET),
    Trouble("foreign edit", write_faults=("drop-before", "drop-after"), edits=0.8, is_promised=False),
    Trouble("two applies", twos=1.0, is_promised=False),
    Trouble("two applies, answers lost", _ALL, ("500-partial",), kills=0.2, twos=0.9, is_promised=False),
    Trouble("late writes", write_faults=("late", "late", "drop-before"), late=30_000, is_promised=False),
    Trouble("lagging lists", _RESET, ("500-after",), kills=0.2, lag=30_000, is_promised=False),
    Trouble("two applies, lagging lists", twos=0.9, lag=10_000, is_promised=False),
    Trouble("everything", _ALL, ("500-partial", "late"), _LISTS, 0.3, 0.3, 0.3, 10_000, 10_000, is_promised=False),
)  # fmt: skip

_SWITCHES = tuple(setting for words in VENDORS.values() for setting in words.switches)


@dataclass
class Verdict:
    """How a schedule ended. `runs` counts exit codes under trouble, `end` is that of a last run without any."""

    story: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    runs: Counter[str] = field(default_factory=Counter)
    end: str = ""
    reported: bool = False
    silent: bool = False
    after: bool = False
    false_successes: int = 0


def play(trouble: Trouble, random: Random) -> Verdict:
    """Draw a schedule of a class and play it to its end."""
    return Schedule(trouble, random).play()


class Schedule:
    """One schedule under way."""

    def __init__(self, trouble: Trouble, random: Random) -> None:
        self.trouble = trouble
        self.random = random
        switches = random.sample(_SWITCHES, random.choice([0, 0, 1, 2]))
        # Lists lag by a switch, all alike, or by faults, now and then.
        self.lags = bool(trouble.lag and trouble.write_faults) and random.random() < 0.5
        if trouble.lag and not self.lags:
            milliseconds = random.randint(1, trouble.lag)
            switches += [f"{vendor}.read_after_write_lag_ms={milliseconds}" for vendor in VENDORS]
        if trouble.has_limits and random.random() < 0.5:
            switches += [f"{vendor}.rate_limit={random.randint(3, 30)}" for vendor in VENDORS]
        self.world = World(
            self._places(),
            switches,
            is_consistent=not trouble.lag,
            may_duplicate=not trouble.is_promised,
            writes_late=bool(trouble.late) and not trouble.is_promised,
        )
        self.story = Story(self.world, random)
        self.story.tell(f"{trouble.name} {switches}")

    def play(self) -> Verdict:
        """Steps under trouble, then a last run without any, then one that finds nothing to do."""
        try:
            for _ in range(self.random.choice([2, 3, 4] if self.trouble.is_away else [1, 1, 2, 3])):
                self._step()
            codes = Counter(run.ended for run in self.world.runs if not run.is_plan)
            end = self.story.end()
        finally:
            self.world.close()
        judge = self.story.judge
        return Verdict(
            self.story.lines,
            judge.broken,
            codes,
            end,
            judge.reported > 0,
            judge.silent > 0,
            judge.after > 0,
            judge.false_successes,
        )

    def _places(self) -> dict[Place, tuple[Shape, ...]]:
        random = self.random
        places = {}
        for number in range(random.choice([1, 1, 1, 2, 3])):
            place = Place(random.choice([*VENDORS]), f"Club {number}", random.randint(1, 5))
            most = 0 if place.words.is_whole else place.size
            held = random.sample(place.ladder, random.randint(0, most))
            if place.words.settings and random.random() < 0.5:
                places[place._replace(is_new=True)] = ()
            else:
                places[place] = tuple(sorted(held)) if random.random() < 0.5 else ()
        return places

    def _step(self) -> None:
        random, trouble, story = self.random, self.trouble, self.story
        if random.random() < 0.4 or (self.world.file is None and random.random() < 0.3):
            story.run(Run(is_plan=True))
        if not trouble.is_away:
            story.wait(random.choice([SETTLE + 1, 60, 60, 60, LIFE.total_seconds()]))
        if trouble.edits and random.random() < 0.3:
            story.edit(random.choice(self.world.places), random.choice(EDITS))
        for _ in range(random.randint(1, 3)):
            self._fault()
        story.run(*(self._drawn_run() for _ in range(2 if random.random() < trouble.twos else 1)))
        self.world.emulator.faults.clear()

    def _drawn_run(self) -> Run:
        random, trouble = self.random, self.trouble
        run = Run(used_file=self.world.file is not None and random.random() < 0.6)
        if random.random() < trouble.kills:
            run.kill = self._kill()
        if random.random() < trouble.edits:
            place, kind = random.choice(self.world.places), random.choice(EDITS)
            run.events[random.randint(1, 12)] = lambda: self.story.edit(place, kind)
        return run

    def _kill(self) -> Kill:
        random = self.random
        if not self.trouble.is_away:
            return Kill(random.randint(1, 12), random.choice(["before", "after"]))
        later = random.choice([random.uniform(0.1, SETTLE), SETTLE])
        return Kill(random.choice([1, 1, 2, 3]), "away", later, signals=random.random() < 0.5)

    def _fault(self) -> None:
        random, trouble = self.random, self.trouble
        methods = sorted({place.words.method for place in self.world.places})
        write = f"{methods[0] if len(methods) == 1 else random.choice(methods)} *"
        kinds = [(kind, "* *") for kind in trouble.faults] + [(kind, write) for kind in trouble.faults * 2]
        kinds += [(kind, write) for kind in trouble.write_faults]
        kinds += [(kind, "GET *") for kind in trouble.list_faults]
        if not kinds:
            return
        kind, on = random.choice(kinds)
        times, value = random.choice([1, 1, 1, 2, 3, 5]), random.choice([1, 1, 2, 150])
        after = random.randint(0, 2 if on == write else 8)
        if kind in {"cap", "shift"}:
            on = random.choice(sorted({place.words.lists for place in self.world.places}))
        if kind == "late":
            value = random.randint(1, trouble.late)
        if kind == "500-partial":
            value = random.choice([1, 2])
        if kind.startswith("html"):
            value = random.choice([0, 200, 503] + [403] * (kind == "html-before"))
        self.story.fault(Fault(on=on, kind=kind, times=times, after=after, value=value))
        if self.lags:
            value = random.randint(1, trouble.lag)
            self.story.fault(Fault(on="GET *", kind="lag", times=random.choice([None, 3, 9]), value=value))
