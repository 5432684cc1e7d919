"""What reports are made of: small values, as a reader sees them. A `Change` here is a `model.Change` with its words."""

from __future__ import annotations

from typing import NamedTuple

from tierops.model import Kind, TargetPlan
from tierops.output import words
from tierops.output.entries import Entry


class Change(NamedTuple):
    """One change. `live`, `after` and `desired` are its range now, after this apply, and as the file wants it."""

    kind: Kind
    meaning: str
    name: str
    live: str
    after: str
    desired: str
    note: str
    entries: tuple[Entry, ...]
    at: str = ""
    href: str = ""
    updated: str = ""

    @property
    def told(self) -> tuple[str, ...]:
        """Its entries as sentences."""
        return tuple(e.difference if self.kind is Kind.DIFFERS else e.sentence for e in self.entries)

    @property
    def range(self) -> str:
        """The range in one cell."""
        if self.kind is Kind.DIFFERS and self.live != self.desired:
            return f"live {self.live}, file {self.desired}"
        return self.desired or self.live


class Held(NamedTuple):
    """A tier in a ladder. `kind` is that of the change which is told there, and empty where there is none."""

    name: str
    kind: str = ""
    mark: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.mark})" if self.mark else self.name


class Rung(NamedTuple):
    """Balances that are in the same tiers throughout, with these tiers on each side.

    `alike` counts the ranges that are left out in its stead, and `word` says why.
    """

    range: str
    live: tuple[Held, ...]
    after: tuple[Held, ...]
    desired: tuple[Held, ...]
    alike: int = 0
    word: str = "alike on all sides"


class Outcome(NamedTuple):
    """What became of one create."""

    name: str
    state: str
    word: str
    detail: str


class Spot(NamedTuple):
    """One of the targets that a card tells of: what it has of its own."""

    plan: TargetPlan
    address: str
    place: str
    facts: tuple[tuple[str, str], ...]


class Card(NamedTuple):
    """What a plan, or what apply did, has to say of one target, or of several for which it says the same.

    `state` says how live relates to the files after an apply, `is_read` whether that is known.
    """

    spots: tuple[Spot, ...]
    unit: str
    changes: tuple[Change, ...]
    rungs: tuple[Rung, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    trouble: str = ""
    state: str = ""
    is_read: bool = True
    # What a plan with --members says of who moves at these targets has its place here.

    @property
    def is_worth_telling(self) -> bool:
        """False where nothing differs and nothing was done."""
        return bool(self.changes or self.outcomes or self.trouble)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The targets' addresses."""
        return tuple(spot.address for spot in self.spots)

    @property
    def title(self) -> str:
        """The target, or of several what it is about: `Silver 250+ points will be created at 26 targets`."""
        if len(self.spots) == 1:
            return self.spots[0].address
        where = f"at {words.count(len(self.spots), 'target')}"
        if not self.changes:
            return f"Alike {where}"
        first = self.changes[0]
        alike = [change for change in self.changes if change.kind is first.kind]
        if len(alike) > 1:
            verb = first.meaning.replace("differs", "differ")
            return f"{words.count(len(alike), 'tier')} {verb} {where}"
        span = f" {first.desired or first.live} {self.unit}" if first.kind is not Kind.DIFFERS else ""
        verb = first.meaning if first.meaning.startswith(("will", "differs")) else f"is {first.meaning}"
        return f"{first.name}{span} {verb} {where}"

    @property
    def counts(self) -> tuple[tuple[Kind, int], ...]:
        """How many changes there are of each kind that there is."""
        return tuple(words.amounts(change.kind for change in self.changes).items())
