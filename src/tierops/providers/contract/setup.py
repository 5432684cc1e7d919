"""How the contract is tried on one vendor: its emulator behind httpx's transport seam, and a clock that never waits."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from importlib import import_module
from random import Random
from typing import Any, NamedTuple, cast

import httpx

from tierops import apply, plan
from tierops.emulator import Api, ConnectionDropped, Emulator, Fault, NoAnswer, PortClosed, Switches
from tierops.model import Place, Position, Result, Scale, Target, TargetPlan, Tier, Value
from tierops.providers.connection import open_connection
from tierops.providers.limits import Waiting
from tierops.providers.vendor import Vendor

SETTLE = 2.0  # seconds

_AT = Position("tiers/club.yaml", 1, 1)
# What a client notices of a connection that the emulator drops, where that is no `httpx.ReadError`.
_NOTICED: dict[type[ConnectionDropped], type[httpx.TransportError]] = {
    PortClosed: httpx.ConnectError,
    NoAnswer: httpx.ReadTimeout,
}


class Bend(NamedTuple):
    """Alters the JSON of the answers to `on`, a method and a pattern of paths (`GET */tiers`), and their status."""

    on: str
    alter: Callable[[Any], object]
    status: int = 200

    def fits(self, request: httpx.Request) -> bool:
        """Whether it is for this request."""
        return fnmatchcase(f"{request.method} {request.url.path}", self.on)


class Setup(NamedTuple):
    """What the tests need to know of a vendor.

    - `place`: the block of a target, and `prepare` makes that place in the emulator.
    - `blocks(random)`: the block of a tier as a file may have it, another one each time.
    - `hold(emulator, tiers)`: put these tiers there by hand, for a vendor from which tierops only reads.
    - `born`: the name of the tier from 0 that the place is made with, where it is; every ladder begins with it.
    - `lies`: faults each of which makes the list of a place of two tiers incomplete.
    - `contradictions`: what makes the list of a place say two things, or things of another place.
    - `exempt`: settings of switches under which the vendor says two things, which a test of its own must show.
    """

    vendor: Vendor
    place: Mapping[str, Value]
    prepare: Callable[[Emulator], object] = lambda _: None
    blocks: Callable[[Random], Mapping[str, Value]] = lambda _: {}
    hold: Callable[[Emulator, Sequence[Tier]], object] | None = None
    born: str = ""
    lies: Sequence[Fault] = ()
    contradictions: Sequence[Bend] = ()
    exempt: frozenset[str] = frozenset()

    @property
    def api(self) -> type[Api[Any]]:
        """The vendor's emulator."""
        return cast("type[Api[Any]]", import_module(f"{self.vendor.package}.emulator").Api)

    @property
    def scale(self) -> Scale:
        """What balances count at the place."""
        return self.vendor.scale(self.fields)

    @property
    def fields(self) -> Mapping[str, str]:
        """What of the block names the place."""
        return self.vendor.place(self.place).fields

    def target(self, tiers: Sequence[Tier]) -> Target:
        """A program that wants these tiers at the place."""
        return Target("club", self.vendor.name, self.vendor.place(self.place), self.scale, tuple(tiers), _AT)

    def world(self, *switches: str) -> World:
        """The vendor with these settings, such as `NAME.rate_limit=5`, and nothing in it but the place."""
        return World(self, switches)


class InProcess(httpx.BaseTransport):
    """The emulator without a socket. A connection that it drops is a lost answer, as over a network; nothing waits.

    The first of `bends` that fits alters an answer.
    """

    def __init__(self, emulator: Emulator, bends: Sequence[Bend] = ()) -> None:
        self._transport = httpx.WSGITransport(app=emulator)
        self._bends = bends

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The emulator's answer, or the error that a network would give."""
        try:
            answer = self._transport.handle_request(request)
            for bend in self._bends:
                if bend.fits(request):
                    return httpx.Response(bend.status, json=bend.alter(json.loads(answer.read())))
            return answer
        except ConnectionDropped as error:
            raise _NOTICED.get(type(error), httpx.ReadError)(str(error), request=request) from error


class Clock:
    """Seconds since the epoch, which pass when somebody sleeps. `pauses` are those that were asked for."""

    def __init__(self) -> None:
        self.time = 1_767_225_600.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        """Now."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.pauses.append(seconds)
        self.time += seconds


class World:
    """One emulated account of a vendor, and a connection to it, whose answers `bends` alter. A context manager."""

    def __init__(self, setup: Setup, switches: Sequence[str] = ()) -> None:
        kinds = (setup.api,)
        self.setup = setup
        self.clock = Clock()
        self.emulator = Emulator(switches=Switches.parse(switches, kinds), vendors=kinds, clock=self.clock)
        self.bends: list[Bend] = []
        setup.prepare(self.emulator)
        api = self.emulator.vendors[setup.vendor.name]
        self.connection = open_connection(
            setup.vendor,
            api.environ("http://127.0.0.1"),
            waiting=Waiting(sleep=self.clock.sleep, now=self.clock),
            transport=InProcess(self.emulator, self.bends),
        )

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.client.close()
        self.emulator.close()

    @property
    def place(self) -> Place:
        """Where everything happens."""
        return self.setup.vendor.place(self.setup.place)

    def plan(self, tiers: Sequence[Tier]) -> TargetPlan:
        """The plan of a ladder."""
        return plan.build(self.setup.target(tiers), self.connection.fetch(self.place), self.setup.vendor)

    def apply(self, planned: TargetPlan) -> Result:
        """Carry a plan out."""
        reads = apply.Reads({planned.address: self.connection.fetch(self.place)}, self.clock())
        patience = apply.Patience(SETTLE, self.clock.sleep, self.clock)
        (result,) = apply.run([planned], {self.setup.vendor.name: self.connection}, reads, patience)
        return result
