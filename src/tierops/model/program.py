"""What the files want, and what is live where they want it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tierops.model.files import Position
from tierops.model.ladder import LiveTier, Scale, Tier
from tierops.model.promises import MemberTest, Schedule
from tierops.model.values import Value


class Waiver(NamedTuple):
    """A rule switched off for one program, with a reason and a last day (ISO date, that day included)."""

    rule: str
    reason: str
    until: str
    at: Position


class Place(NamedTuple):
    """A vendor's address of a ladder. `noun` is what the vendor calls one.

    `fields` is what of a target's block names it, `home` the part of that which tells one ladder from another.
    `settings` is what else the block says, of a place that tierops may make.
    """

    provider: str
    noun: str
    home: tuple[str, ...]
    fields: Mapping[str, str]
    settings: Mapping[str, Value] = {}

    @property
    def name(self) -> str:
        """The ladder, as the file names it."""
        return " / ".join(self.home)

    @property
    def block(self) -> Mapping[str, Value]:
        """The block of a target, as it stands in the file."""
        return {**self.fields, **self.settings}


class Target(NamedTuple):
    """Where a program lives: one place, with the ladder as this target wants it, and who is where in it.

    Before `effective_from` (ISO date, empty where none is said) nothing may be created.
    """

    program: str
    name: str
    place: Place
    scale: Scale
    tiers: tuple[Tier, ...]
    at: Position
    waived: frozenset[str] = frozenset()
    effective_from: str = ""
    tests: tuple[MemberTest, ...] = ()

    @property
    def address(self) -> str:
        """How plans and reports name the target: `program/target`."""
        return f"{self.program}/{self.name}"

    @property
    def provider(self) -> str:
        """The name of its vendor."""
        return self.place.provider


class Origin(NamedTuple):
    """Where a part of a tier stands in a file. `is_overlaid` says that one target alone has it so."""

    at: Position
    is_overlaid: bool = False


class Program(NamedTuple):
    """A ladder kept in one YAML document.

    `origins` has, by target and the index of a tier there, the parts that a finding may be about: `name`, `from`, `end`
    where the tier has one of its own, and numbers in fields; each by its path.
    """

    key: str
    description: str
    targets: tuple[Target, ...]
    waivers: tuple[Waiver, ...]
    at: Position
    origins: Mapping[tuple[str, int], Mapping[tuple[str, ...], Origin]] = {}
    schedule: Schedule | None = None


class FieldChange(NamedTuple):
    """One field that differs; None is absent. `path` leads to it: `("earning_rules", "ern_1", "multiplier")`."""

    path: tuple[str, ...]
    before: Value
    after: Value


class Abilities(NamedTuple):
    """What creates mean at one place of a vendor, in the vendor's sentences.

    `by_hand` tells a person how to change a tier there, `members` what a create does to the members in its range,
    `undo` whether and how it can be taken back. `blocked` says why nothing can be created there now; it is empty where
    something can. `is_guarded` says that the vendor itself refuses a second tier of a name. `where` is where a person
    changes a tier there, as in `in the dashboard (Audiences)`; it is empty where that is anywhere at the vendor's.
    `amiss` is in what the place itself is not as the target says, which is a difference of each tier there.
    """

    by_hand: str
    members: str
    undo: str
    blocked: str = ""
    is_guarded: bool = False
    where: str = ""
    amiss: tuple[FieldChange, ...] = ()


class Identity(NamedTuple):
    """Which ladder of which account a target turned out to be. `id` is empty where there is no such ladder yet.

    `account` is a fingerprint of the account id, never the id; None where nothing that is known names the account.
    `key` is a fingerprint of the key, which must be the same where an account is not known.
    """

    base_url: str
    kind: str
    id: str
    name: str
    account: str | None
    key: str | None = None


class Live(NamedTuple):
    """A complete read of one target. `proof` says in words why it is known to be complete.

    `steps` is what remains to be done by hand after a create. `facts` is what else of the place a plan rests on, as the
    vendor says it. `calls` is how many requests such a read takes. `near` is for a ladder that is not there yet: the
    names of live ones that it could be meant to be, the nearest first.
    """

    identity: Identity
    tiers: tuple[LiveTier, ...]
    proof: str
    steps: tuple[str, ...] = ()
    facts: Mapping[str, str] = {}
    calls: int = 1
    near: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """True where there is no such ladder yet: its first tier makes it."""
        return not self.identity.id
