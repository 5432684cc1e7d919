"""An emulated API: what a vendor's package says of it, and what is alike for all of them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from tierops.emulator.faults import Fault
from tierops.emulator.routes import Router
from tierops.emulator.store import Store
from tierops.emulator.switches import SwitchSet
from tierops.emulator.web import BODY_LIMIT, Answer, Call, Refused, Window, http_date

S = TypeVar("S", bound=SwitchSet)


class Story(NamedTuple):
    """What `tierops demo` plays with the vendor: a sample file wants one tier more than the vendor holds.

    `begin` and `edit` are done to the vendor's `dashboard`, the one before anything, the other at the end.
    """

    sample: str
    """The file below `tiers/`."""
    begin: Callable[[Any], object]
    scene: str
    """What the vendor holds and what the file wants; `{url}` in it is where the emulator runs."""
    edit: Callable[[Any], object]
    edited: str
    """One sentence that says what `edit` does."""
    epilogue: str
    """How to go on with an account of one's own."""


class Loss(NamedTuple):
    """What `tierops demo` plays with the vendor and others: a sample for several, and an answer that gets lost."""

    sample: str
    """The file below `tiers/`; the places that it names in `environment` are made without tiers."""
    environment: str
    scene: str
    """What the file wants, and which answer will not come."""
    fault: Fault
    """Happens to one of the vendor's creates."""
    held: Callable[[Any], Sequence[str]]
    """The names of the tiers that the `dashboard` holds at the end."""


class Api(ABC, Generic[S]):
    """One emulated vendor. The emulator finds the route of a request, runs its handler in a transaction, plays faults.

    The package of a vendor has a subclass called `Api` in its `emulator`; any other one can be given to `Emulator`. Its
    `__init__` sets `router` and, where there is more to it than an API, `dashboard`.
    """

    name: ClassVar[str]
    """As program files have it. It is mounted at `/name`, and its switches are `name.switch`."""
    mount: ClassVar[str] = ""
    """The name below which it is mounted, where that is another one's: two APIs at one address, with the same keys."""
    switch_set: ClassVar[type[SwitchSet]]
    exports: ClassVar[Mapping[str, str]]
    """The variables that a client needs; `{url}` in a value is where the vendor is mounted."""
    bases: ClassVar[tuple[str, ...]] = ("",)
    """Paths below the mount where the API begins: the vendor's addresses may have more than one form."""
    cycle_seconds: ClassVar[int] = 1
    """How long a client waits once the calls of a billing cycle are used up."""
    story: ClassVar[Story | None] = None
    loss: ClassVar[Loss | None] = None

    router: Router
    dashboard: Any = None
    """Plays somebody who works in the vendor's dashboard."""

    def __init__(self, store: Store, clock: Callable[[], float], switches: Callable[[], S]) -> None:
        self.store = store
        self.clock = clock
        self.switches = switches
        self._window = Window(clock)

    def environ(self, url: str) -> dict[str, str]:
        """What a client of the emulator that runs at `url` has in its environment."""
        return {name: value.replace("{url}", f"{url}/{self.place()}") for name, value in self.exports.items()}

    @classmethod
    def place(cls) -> str:
        """Below which name it is mounted."""
        return cls.mount or cls.name

    def load_examples(self) -> None:
        """Add the examples of the vendor's documentation, unless there is something already."""
        return

    def seed(self, _place: Mapping[str, Any]) -> None:
        """Add the ladder that a target's block names, without tiers; none that is there, or that tierops makes."""
        return

    @abstractmethod
    def authenticate(self, call: Call) -> None:
        """Raise `Refused` unless the request carries keys that are accepted."""

    @abstractmethod
    def error(self, status: int) -> Answer:
        """401, 403, 404 for a path that is no endpoint, 413, and 5xx, in the vendor's form."""

    @abstractmethod
    def wrong_method(self, method: str, allowed: str) -> Answer:
        """405, where only the methods in `allowed` are taken."""

    @abstractmethod
    def too_many(self, wait: int | None, *, is_cycle: bool) -> Answer:
        """429 without the headers that all vendors have. `wait` are seconds, None where the answer does not tell."""

    @abstractmethod
    def headers(self, limit: int, left: int, ends: int) -> Mapping[str, str]:
        """Those of every answer: calls in a window, how many of them are left, the epoch second at which it ends."""

    def tells_date(self) -> bool:
        """Is `Retry-After` a date where the limit is hit? It is seconds else."""
        return False

    def accepts(self, key: str) -> bool:
        """Is this key accepted, as the switch says?"""
        accepted = [one.strip() for one in self.switches().accepted_keys.split(",") if one.strip()]
        return bool(key) and (not accepted or key in accepted)

    # What the emulator asks of a vendor.

    def meter(self) -> tuple[Mapping[str, str], Answer | None]:
        """Count a call: the headers that every answer carries, and the refusal once the limit is hit."""
        switches = self.switches()
        is_allowed, left, ends = self._window.take(switches.rate_limit, switches.rate_window_s)
        headers = self.headers(switches.rate_limit, left, ends)
        if is_allowed:
            return headers, None
        wait = max(math.ceil(ends - self.clock()), 0)
        return headers, self._refusal(wait, ends, "date" if self.tells_date() else "")

    def admit(self, call: Call) -> None:
        """Raise `Refused` on what no route would take: wrong keys, a body too large."""
        self.authenticate(call)
        if call.body_length > BODY_LIMIT:
            raise Refused(self.error(413))

    def no_method(self, method: str, allowed: Iterable[str]) -> Answer:
        """The answer to a method that the path does not take."""
        names = tuple(allowed)
        return replace(self.wrong_method(method, " or ".join(names)), headers={"Allow": ", ".join(names)})

    def failure(self, fault: Fault) -> Answer:
        """The answer of a scripted 401, 403, 429 or 5xx."""
        status, _, form = fault.kind.partition("-")
        if status != "429":
            return self.error(int(status))
        if form == "bare":
            return self.too_many(None, is_cycle=False)
        wait = fault.value or (self.cycle_seconds if form == "cycle" else 1)
        ends = self.clock() + wait
        headers = self.headers(self.switches().rate_limit, 0, math.ceil(ends))
        answer = self.too_many(None, is_cycle=False) if form == "epoch" else self._refusal(wait, ends, form)
        return replace(answer, headers={**headers, **answer.headers})

    def _refusal(self, wait: int, ends: float, form: str) -> Answer:
        answer = self.too_many(wait, is_cycle=form == "cycle")
        after = http_date(ends) if form == "date" else str(wait)
        return replace(answer, headers={"Retry-After": after, **answer.headers})
