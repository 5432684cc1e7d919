"""Emulated vendors, a clock that only moves when told, and a wire that records, kills and lets others in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent import futures
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import httpx
import outside
from chaos import turnstile
from chaos.places import VENDORS, Place, stored
from chaos.words import Shape

from tierops import __version__, apply, plan, plan_file, providers
from tierops.emulator import Emulator, Fault, Switches
from tierops.errors import Exit, Interrupted, TieropsError
from tierops.model import Live, Plan, Result, Target, TargetPlan
from tierops.providers import contract
from tierops.providers.connection import Connection, open_connection
from tierops.providers.limits import Waiting

SETTLE = 2.0
"""Seconds of the quiet period, as the command has it."""
LATENCY = 0.02
"""Seconds that a request takes by the world's clock."""
LIFE = timedelta(hours=24)
"""How long a plan file is good for."""

_KINDS = tuple(words.api for words in VENDORS.values())
_OUTSIDE = ("acme",)
_ADDRESS = "http://127.0.0.1"

# Imported here, not when first asked for: a turnstile takes charge of the locks of the modules that are there.
for _words in VENDORS.values():
    providers.account(_words.vendor)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Clock:
    """Seconds since the epoch, that pass when told."""

    now: float = 1_767_225_600.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Time passes, and others may do something meanwhile."""
        self.now += seconds
        turnstile.pause()

    def date(self) -> datetime:
        """Now, as plans have it."""
        return datetime.fromtimestamp(self.now, UTC)


class Kill(NamedTuple):
    """The end of a process: `before` or `after` its n-th request, or `away`, with its n-th create on its way.

    With `signals`, somebody asks it to stop first, so that its other threads begin nothing new. What is away lands
    `later`, in seconds.
    """

    number: int
    moment: str
    later: float = 0.0
    signals: bool = False


class Asked(NamedTuple):
    """One request that left a run, for the target at `address`. Times are those of the world's clock.

    `status` is None where no answer came, `was_refused` says that there was no connection. `truth` is what all places
    really held just after it, `made` how many tiers it added to them.
    """

    address: str
    start: float
    end: float
    method: str
    path: str
    query: Mapping[str, str]
    sent: Any
    status: int | None
    answer: Any
    was_refused: bool
    truth: Mapping[Place, tuple[Shape, ...]]
    made: int


@dataclass
class Run:
    """One process of tierops. `events` happen right before the request of their number."""

    kill: Kill | None = None
    events: dict[int, Callable[[], object]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    requests: int = 0
    creates: int = 0
    is_dead: bool = False
    is_asked_to_stop: bool = False
    used_file: bool = False
    is_plan: bool = False
    code: Exit | None = None
    results: tuple[Result, ...] = ()
    error: str = ""

    @property
    def ended(self) -> str:
        """How, in a word."""
        return "killed" if self.is_dead else "?" if self.code is None else self.code.name

    def check(self) -> None:
        """Raise what ends the threads of a process that is to stop, or is gone."""
        if self.is_dead:
            raise Killed
        if self.is_asked_to_stop:
            raise Interrupted


class World:
    """Some ladders, wanted and held.

    `is_consistent`: every whole list shows what is stored. `may_duplicate`: two writers, or writes and lists later than
    the quiet period, may bring a duplicate about. `writes_late`: a write may be carried out after its answer was lost.
    """

    def __init__(
        self,
        places: Mapping[Place, Sequence[Shape]],
        switches: Sequence[str] = (),
        *,
        is_consistent: bool = True,
        may_duplicate: bool = False,
        writes_late: bool = False,
    ) -> None:
        self.clock = Clock()
        self.switches = tuple(switches)
        self.emulator = Emulator(switches=Switches.parse(switches, _KINDS), vendors=_KINDS, clock=self.clock)
        self.places = tuple(places)
        self.is_consistent = is_consistent
        self.may_duplicate = may_duplicate
        self.writes_late = writes_late
        self.runs: list[Run] = []
        self.file: bytes | None = None
        self._installed = ExitStack()
        self._installed.enter_context(outside.installed(*_OUTSIDE))
        for place, held in places.items():
            if not place.is_new:
                place.words.prepare(self.emulator, place.name, held)

    def close(self) -> None:
        """Forget everything."""
        self._installed.close()
        self.emulator.close()

    def stored(self) -> dict[Place, tuple[Shape, ...]]:
        """What every place really holds."""
        return {place: stored(self.emulator, place) for place in self.places}

    def land(self, *, everything: bool = False) -> None:
        """Late writes that are due happen now, or all that are still to come."""
        self.emulator.land(everything=everything)

    def behave(self) -> None:
        """No faults any more, and lists that show at once what is written."""
        self.emulator.faults.clear()
        calm = [f"{name}.{setting}" for name, words in VENDORS.items() for setting in words.calm]
        self.emulator.switches = Switches.parse([*self.switches, *calm], _KINDS)

    def is_create(self, request: httpx.Request) -> bool:
        """Does it create tiers? A sign-in is the one other request that is no GET."""
        return request.method != "GET" and "/oauth" not in request.url.path

    def address(self) -> str:
        """The target that the running thread is about: there is but one where no threads are needed."""
        about = turnstile.about()
        return str(self.places[0].target.address if about is None else about.address)

    def plan(self, run: Run) -> Run:
        """`tierops plan --out FILE`."""

        def work() -> Exit:
            with self._connections(run) as connections:
                self.file = plan_file.dumps(self._plan(connections)[0]).encode()
            return Exit.DONE

        return self._live(run, work)

    def apply(self, run: Run) -> Run:
        """`tierops apply --auto-approve`, or `tierops apply FILE` if there is one and the run is to use it."""

        def work() -> Exit:
            with self._connections(run) as connections:
                if run.used_file:
                    planned = plan_file.loads(self.file or b"")
                    plan_file.check(planned, self.clock.date(), None)
                    reads = self._read([one.target for one in planned.targets], connections)
                else:
                    planned, reads = self._plan(connections)
                patience = apply.Patience(SETTLE, self._sleep(run), self.clock, check=run.check)
                run.results = apply.run(planned.targets, connections, reads, patience, _side_by_side)
            return apply.exit_code(run.results)

        return self._live(run, work)

    def _live(self, run: Run, work: Callable[[], Exit]) -> Run:
        self.runs.append(run)
        try:
            run.code = work()
        except TieropsError as error:
            run.code, run.error = error.exit_code, str(error)
        except Killed:
            run.is_dead = True
        return run

    def _plan(self, connections: Mapping[str, Connection]) -> tuple[Plan, apply.Reads]:
        targets = [place.target for place in self.places]
        reads = self._read(targets, connections)
        planned = [plan.build(one, reads.lives[one.address], connections[one.provider].vendor) for one in targets]
        now = self.clock.date()
        return Plan(__version__, now.isoformat(), (now + LIFE).isoformat(), None, tuple(planned)), reads

    def _read(self, targets: Sequence[Target], connections: Mapping[str, Connection]) -> apply.Reads:
        """Each target's live ladder, read side by side."""

        def read(target: Target) -> Live:
            return connections[target.provider].fetch(target.place)

        lives = dict(zip([target.address for target in targets], _side_by_side(read, targets), strict=True))
        return apply.Reads(lives, self.clock())

    @contextmanager
    def _connections(self, run: Run) -> Iterator[dict[str, Connection]]:
        with ExitStack() as opened:
            connections = {}
            for name in sorted({place.vendor for place in self.places}):
                connections[name] = open_connection(
                    VENDORS[name].vendor,
                    self.emulator.vendors[name].environ(_ADDRESS),
                    waiting=Waiting(sleep=self._sleep(run), now=self.clock, check=run.check),
                    transport=Wire(self, run),
                )
                opened.callback(connections[name].client.close)
            yield connections

    def _sleep(self, run: Run) -> Callable[[float], None]:
        def sleep(seconds: float) -> None:
            run.check()
            self.clock.sleep(seconds)
            run.check()

        return sleep


_Item = TypeVar("_Item", Target, TargetPlan)
_Outcome = TypeVar("_Outcome")


def _side_by_side(work: Callable[[_Item], _Outcome], items: Sequence[_Item]) -> Iterable[_Outcome]:
    """In threads, of which each knows by the turnstile what it is about."""
    if len(items) < 2:
        return [work(item) for item in items]
    with futures.ThreadPoolExecutor() as pool:
        return list(pool.map(work, items))


class Wire(httpx.BaseTransport):
    """What a run's requests go through on their way to the emulator."""

    def __init__(self, world: World, run: Run) -> None:
        self._world = world
        self._run = run
        self._vendor = contract.InProcess(world.emulator)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request, in the order of the turnstile."""
        run, world = self._run, self._world
        turnstile.pause()
        run.requests += 1
        number = run.requests
        if event := run.events.get(number):
            event()
        self._die(number, "before")
        world.land()
        is_away = self._send_away(request)
        start = world.clock.now
        before = world.stored() if request.method != "GET" else {}
        response = trouble = None
        try:
            response = self._vendor.handle_request(request)
            response.read()
        except httpx.RequestError as error:
            trouble = error
            if isinstance(error, httpx.TimeoutException):
                world.clock.now += request.extensions["timeout"]["read"]
        world.clock.now += LATENCY
        truth = world.stored()
        run.asked.append(
            Asked(
                world.address(),
                start,
                world.clock.now,
                request.method,
                request.url.path,
                dict(request.url.params),
                _json(request.content),
                None if response is None else response.status_code,
                None if response is None else _json(response.content),
                isinstance(trouble, httpx.ConnectError | httpx.ConnectTimeout),
                truth,
                sum(len(held) - len(before[place]) for place, held in truth.items()) if before else 0,
            )
        )
        if is_away:
            self._vanish()
        self._die(number, "after")
        if response is None:
            assert trouble is not None
            raise trouble
        return response

    def _die(self, number: int, moment: str) -> None:
        kill = self._run.kill
        self._run.is_dead = self._run.is_dead or (kill is not None and kill[:2] == (number, moment))
        if self._run.is_dead:
            raise Killed

    def _send_away(self, request: httpx.Request) -> bool:
        """True for the create with which the process is to end: it will be carried out later, and never answered."""
        run, path = self._run, request.url.path
        if run.kill is None or run.kill.moment != "away" or not self._world.is_create(request):
            return False
        run.creates += 1
        if run.creates != run.kill.number:
            return False
        late = Fault(f"{request.method} {path}", "late", value=int(run.kill.later * 1000))
        self._world.emulator.faults._waiting.insert(0, late)
        return True

    def _vanish(self) -> None:
        """The process ends; after a first signal, its other threads may still read to the end of what they asked."""
        assert self._run.kill is not None
        if self._run.kill.signals:
            self._run.is_asked_to_stop = True
            for _ in range(5):
                turnstile.pause()
        self._run.is_dead = True
        raise Killed


def _json(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None
