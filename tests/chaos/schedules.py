"""What goes wrong, drawn from a seed: classes of trouble, and one schedule of a class played to its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from chaos import turnstile
from chaos.oracles import Judge
from chaos.places import EDITS, Place, Shape, edit, is_split, twice
from chaos.world import LIFE, SETTLE, Run, World

from tierops.emulator import Fault
from tierops.errors import Exit


class Trouble(NamedTuple):
    """One class of schedules. `faults` hit any request, `write_faults` only creates.

    `kills`, `edits` and `twos` are how likely it is that a run is killed, that somebody edits meanwhile, that two runs
    go at once. `lag` and `late` are the longest, in milliseconds. `has_limits`: the vendors allow few calls a minute.
    `is_promised`: no duplicate may come about at all.
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


_TIMEOUT = ("hang-before", "hang-after")
_RESET = ("refuse", "reset-before", "reset-after", "drop-before", "drop-after")
_5XX = ("500-before", "502-before", "503-before", "500-after", "502-after", "503-after")
_429 = ("429", "429-date", "429-epoch", "429-bare", "429-cycle")
_GARBLED = ("truncated", "empty", "content-type", "html-before", "html-after", "drip")
_LISTS = ("total", "cap", "shift", "repeat", "cycle")
_ALL = (*_TIMEOUT, *_RESET, *_5XX, *_429, *_GARBLED)
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
    Trouble("lagging lists, within the quiet period", write_faults=("drop-after", "500-before"), lag=_QUIET),
    Trouble("foreign edit", write_faults=("drop-before", "drop-after"), edits=0.8, is_promised=False),
    Trouble("two applies", twos=1.0, is_promised=False),
    Trouble("two applies, answers lost", _ALL, ("500-partial",), kills=0.2, twos=0.9, is_promised=False),
    Trouble("late writes", write_faults=("late", "late", "drop-before"), late=30_000, is_promised=False),
    Trouble("lagging lists", _RESET, ("500-after",), kills=0.2, lag=30_000, is_promised=False),
    Trouble("everything", _ALL, ("500-partial", "late"), _LISTS, 0.3, 0.3, 0.3, 10_000, 10_000, is_promised=False),
)  # fmt: skip

_SWITCHES = (
    "voucherify.duplicate_name=409",
    "voucherify.batch_failure=partial",
    "voucherify.create_answer_order=shuffled",
    "voucherify.default_order=updated_at",
    "fanfare.duplicate_group=unique",
    "fanfare.last_page=cursor",
    "fanfare.batch_failure=partial",
    "fanfare.list_order=asc",
)


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
        self.verdict = Verdict()
        places = self._places()
        switches = random.sample(_SWITCHES, random.choice([0, 0, 1, 2]))
        self.lags = trouble.lag > 0 and random.random() < 0.5
        if trouble.lag and not self.lags:
            milliseconds = random.randint(1, trouble.lag)
            switches += [f"{vendor}.read_after_write_lag_ms={milliseconds}" for vendor in ("voucherify", "fanfare")]
        if trouble.has_limits and random.random() < 0.5:
            switches += [f"{vendor}.rate_limit={random.randint(3, 30)}" for vendor in ("voucherify", "fanfare")]
        self.world = World(
            places,
            switches,
            is_consistent=not trouble.lag,
            may_duplicate=not trouble.is_promised,
            writes_late=bool(trouble.late) and not trouble.is_promised,
        )
        self.judge = Judge(self.world)
        self.has_edits = False
        held = {place.name: len(shapes) for place, shapes in places.items()}
        self._tell(f"{trouble.name}: {', '.join(map(repr, places))}, held {held}, {switches}")

    def play(self) -> Verdict:
        """Steps under trouble, then a last run without any, then one that finds nothing to do."""
        try:
            with turnstile.in_charge(self.random) as turns:
                for _ in range(self.random.choice([1, 1, 2, 3])):
                    self._step(turns)
                self._end(turns)
        finally:
            self.world.close()
        judge, verdict = self.judge, self.verdict
        verdict.broken = judge.broken
        verdict.reported, verdict.silent, verdict.after = judge.reported > 0, judge.silent > 0, judge.after > 0
        verdict.false_successes = judge.false_successes
        return verdict

    def _tell(self, text: str) -> None:
        self.verdict.story.append(text)

    def _places(self) -> dict[Place, tuple[Shape, ...]]:
        random = self.random
        places = {}
        for number in range(random.choice([1, 1, 1, 2, 3])):
            place = Place(random.choice(["voucherify", "fanfare"]), f"Club {number}", random.randint(1, 5))
            held = random.sample(place.wanted, random.randint(0, place.size)) if place.vendor == "voucherify" else []
            places[place] = tuple(sorted(held)) if random.random() < 0.5 else ()
        return places

    def _step(self, turns: turnstile.Turnstile) -> None:
        random, trouble, world = self.random, self.trouble, self.world
        if random.random() < 0.4 or (world.file is None and random.random() < 0.3):
            self._run(turns, world.plan, [Run(is_plan=True)])
            self.judge.has_reason_to_refuse = False
        self._pass(random.choice([SETTLE + 1, 60, 60, 60, LIFE.total_seconds()]))
        if trouble.edits and random.random() < 0.3:
            self._edit(random.choice(world.places), random.choice(EDITS))
        for _ in range(random.randint(1, 3)):
            self._fault()
        number = 2 if random.random() < trouble.twos else 1
        self._run(turns, world.apply, [self._drawn_run() for _ in range(number)])
        world.emulator.faults.clear()

    def _pass(self, seconds: float) -> None:
        self._tell(f"{seconds:.0f} s pass")
        self.world.clock.now += seconds
        self.world.land()
        self.judge.between()
        if seconds >= LIFE.total_seconds():
            self.judge.has_reason_to_refuse = True

    def _edit(self, place: Place, kind: str) -> None:
        self._tell(f"somebody does {kind} in {place.name}")
        edit(self.world.emulator, place, kind)
        self.has_edits = self.judge.has_reason_to_refuse = True

    def _drawn_run(self) -> Run:
        random, trouble = self.random, self.trouble
        run = Run(used_file=self.world.file is not None and random.random() < 0.6)
        if random.random() < trouble.kills:
            run.kill = random.randint(1, 12), random.choice(["before", "after"])
        if random.random() < trouble.edits:
            place, kind = random.choice(self.world.places), random.choice(EDITS)
            run.events[random.randint(1, 12)] = lambda: self._edit(place, kind)
        return run

    def _run(self, turns: turnstile.Turnstile, work: Callable[[Run], Run], runs: Sequence[Run]) -> None:
        turns.run(*(lambda run=run: work(run) for run in runs))  # type: ignore[misc]
        for run in runs:
            code = "killed" if run.is_dead else run.code.name if run.code is not None else "?"
            what = "plan" if run.is_plan else "apply FILE" if run.used_file else "apply"
            posts = [f"{one.status} (+{one.made})" for one in run.asked if one.method == "POST"]
            self._tell(f"{what}: {code} after {run.requests} requests, creates {posts} {run.error}")
            if not run.is_plan:
                self.verdict.runs[code] += 1
        self.judge.step(*runs)

    def _fault(self) -> None:
        random, trouble = self.random, self.trouble
        kinds = [(kind, "* *") for kind in trouble.faults] + [(kind, "POST *") for kind in trouble.faults * 2]
        kinds += [(kind, "POST *") for kind in trouble.write_faults]
        kinds += [(kind, "GET *") for kind in trouble.list_faults]
        if not kinds:
            return
        kind, on = random.choice(kinds)
        times, value = random.choice([1, 1, 1, 2, 3, 5]), random.choice([1, 1, 2, 150])
        after = random.randint(0, 2 if on == "POST *" else 8)
        if kind in {"cap", "shift"}:
            # Fanfare's list of audiences has no total: one that hides a whole group, each time that it is read, is one
            # of an organisation without it. The group's own list can be told to be wrong.
            on = random.choice(["GET /v1/loyalties/*/tiers", "GET /audiences/groups/*"])
        if kind == "late":
            value = random.randint(1, trouble.late)
        if kind == "500-partial":
            value = random.choice([1, 2])
        if kind.startswith("html"):
            value = random.choice([0, 200, 403, 503])
        self._tell(f"fault {kind} on {on}, {times} times after {after}, value {value}")
        self.world.emulator.faults.append(Fault(on=on, kind=kind, times=times, after=after, value=value))
        if self.lags:
            lag = Fault(on="GET *", kind="lag", times=random.choice([None, 3, 9]), value=random.randint(1, trouble.lag))
            self._tell(f"fault {lag}")
            self.world.emulator.faults.append(lag)

    def _end(self, turns: turnstile.Turnstile) -> None:
        """Faults cease, all that is late lands, and one more run must leave live as desired, or say why not."""
        world, verdict = self.world, self.verdict
        self._pass(3600)
        world.land(everything=True)
        self.judge.between()
        world.behave()
        runs = verdict.runs.copy()
        for _ in range(2):
            self._run(turns, world.apply, [Run()])
        verdict.runs = runs
        first, second = world.runs[-2:]
        held = world.stored()
        if any(map(twice, held.values())) or any(is_split(world.emulator, place) for place in world.places):
            verdict.end = "duplicate"
        elif all(sorted(held[place], key=repr) == sorted(place.wanted, key=repr) for place in world.places):
            verdict.end = "converged"
        else:
            verdict.end = "by hand"
        code = {"duplicate": Exit.FAILED, "converged": Exit.DONE, "by hand": Exit.REMAINING}[verdict.end]
        if (first.code, second.code) != (code, code):
            self.judge.broken.append(f"the end is {verdict.end}, but the last runs say {first.code!r}, {second.code!r}")
        if any(one.method == "POST" for one in second.asked):
            self.judge.broken.append("a second run had something to write")
        if verdict.end == "by hand" and not self.has_edits and not self._is_partial_group(held):
            self.judge.broken.append("creates were left undone though nothing kept them")

    def _is_partial_group(self, held: Mapping[Place, Sequence[Shape]]) -> bool:
        """A group that was stored in part cannot be completed: the create takes whole groups only."""
        wrong = [p for p in self.world.places if sorted(held[p], key=repr) != sorted(p.wanted, key=repr)]
        return all(place.vendor == "fanfare" and held[place] for place in wrong)
