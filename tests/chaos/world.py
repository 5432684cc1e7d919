"""Emulated vendors, a clock that only moves when told, and a wire that records, kills and lets others in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import httpx
from chaos import turnstile
from chaos.places import Place, Shape, prepare, stored
from harness import KEYS, InProcess

from tierops import apply, pipeline, plan_file
from tierops.emulator import Emulator, Switches
from tierops.errors import Exit, TieropsError
from tierops.model import Plan, Result
from tierops.providers.connections import Connections
from tierops.providers.fanfare import account as fanfare
from tierops.providers.http import Client
from tierops.providers.limits import Waiting
from tierops.providers.voucherify import account as voucherify

SETTLE = 2.0
"""Seconds of the quiet period, as the command has it."""
LATENCY = 0.02
"""Seconds that a request takes by the world's clock."""
LIFE = timedelta(hours=24)
"""How long a plan file is good for."""
_CALM = ("read_after_write_lag_ms=0", "rate_limit=1000")


# Imported here, not when first asked for: a turnstile takes charge of the locks of the modules that are there.
_PROVIDERS: dict[str, Any] = {kind.NAME: kind for kind in (voucherify.Provider, fanfare.Provider)}


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
    """One process of tierops. `kill` is the number of a request and whether it dies `before` or `after` it."""

    kill: tuple[int, str] | None = None
    events: dict[int, Callable[[], object]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    requests: int = 0
    is_dead: bool = False
    used_file: bool = False
    is_plan: bool = False
    code: Exit | None = None
    results: tuple[Result, ...] = ()
    error: str = ""

    @property
    def ended(self) -> str:
        """How, in a word."""
        return "killed" if self.is_dead else "?" if self.code is None else self.code.name


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
        self.emulator = Emulator(switches=Switches.parse(switches), clock=self.clock)
        self.places = tuple(places)
        self.is_consistent = is_consistent
        self.may_duplicate = may_duplicate
        self.writes_late = writes_late
        self.runs: list[Run] = []
        self.file: bytes | None = None
        for place, held in places.items():
            prepare(self.emulator, place, held)

    def close(self) -> None:
        """Forget everything."""
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
        calm = [f"{vendor}.{name}" for vendor in self.emulator.vendors for name in _CALM]
        self.emulator.switches = Switches.parse([*self.switches, *calm])

    def address(self) -> str:
        """The target that the running thread is about: there is but one where no threads are needed."""
        about = turnstile.about()
        return str(self.places[0].target.address if about is None else about.address)

    def plan(self, run: Run) -> Run:
        """`tierops plan --out FILE`."""

        def work() -> Exit:
            with self._connections(run) as accounts:
                self.file = plan_file.dumps(self._plan(accounts)[0]).encode()
            return Exit.DONE

        return self._live(run, work)

    def apply(self, run: Run) -> Run:
        """`tierops apply --auto-approve`, or `tierops apply FILE` if there is one and the run is to use it."""

        def work() -> Exit:
            with self._connections(run) as accounts:
                if run.used_file:
                    planned, lives = plan_file.loads(self.file or b""), None
                    plan_file.check(planned, self.clock.date(), None)
                else:
                    planned, lives = self._plan(accounts)
                patience = apply.Patience(SETTLE, self._sleep(run))
                run.results = pipeline.carry_out(planned.targets, lives, accounts, patience)
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

    def _plan(self, accounts: Connections) -> tuple[Plan, Any]:
        targets = [place.target for place in self.places]
        lives = pipeline.read_live(targets, accounts)
        made = pipeline.make_plan(targets, lives, accounts, None, LIFE)
        now = self.clock.date()
        return made._replace(created_at=now.isoformat(), expires_at=(now + LIFE).isoformat()), lives

    def _connections(self, run: Run) -> Connections:
        accounts: dict[str, Any] = {}
        clients: dict[str, Client] = {}
        for name in sorted({place.vendor for place in self.places}):
            kind = _PROVIDERS[name]
            headers, account = kind.credentials(KEYS)
            waiting = Waiting(sleep=self._sleep(run), now=self.clock)
            url, wire = f"http://127.0.0.1/{name}", Wire(self, run)
            clients[name] = Client(kind.TITLE, url, headers, kind.explain, waiting=waiting, transport=wire)
            accounts[name] = kind(clients[name], account)
        return Connections(accounts, clients)

    def _sleep(self, run: Run) -> Callable[[float], None]:
        def sleep(seconds: float) -> None:
            if run.is_dead:
                raise Killed
            self.clock.sleep(seconds)

        return sleep


class Wire(httpx.BaseTransport):
    """What a run's requests go through on their way to the emulator."""

    def __init__(self, world: World, run: Run) -> None:
        self._world = world
        self._run = run
        self._vendor = InProcess(world.emulator)

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
        self._die(number, "after")
        if response is None:
            assert trouble is not None
            raise trouble
        return response

    def _die(self, number: int, moment: str) -> None:
        self._run.is_dead = self._run.is_dead or self._run.kill == (number, moment)
        if self._run.is_dead:
            raise Killed


def _json(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None
