"""The program that a target names: whether the structure decides about the tiers of that one. It is only read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tierops.model import FieldChange, Live, Place
from tierops.providers.accounts import segment

PROGRAMS = "/v2/loyalties/programs"
ID = "lprg_"
KEY = "program"
UNASSIGNED = "not assigned to"
"""The fact of a structure that is not that of the program which the target names."""


class Program(NamedTuple):
    """A program, and the ids of the structures that decide about its tiers: one at the most, as documented."""

    id: str
    named: str
    structures: tuple[str, ...]

    @property
    def title(self) -> str:
        """How a person finds it: `the program 'Coffee Club' (lprg_…)`."""
        return f"the program {self.named!r}" + ("" if self.named == self.id else f" ({self.id})")

    def lacks(self, structure_id: str) -> bool:
        """True where this structure is none of its own."""
        return structure_id not in self.structures


def path(program_id: str) -> str:
    """Where the structures of a program are listed."""
    return f"{PROGRAMS}/{segment(program_id)}/tier-structures"


def facts(program: Program | None, structure_id: str) -> Mapping[str, str]:
    """What there is to say of a structure that is not that of its program; `structure_id` is empty for a new one."""
    if program is None or not program.lacks(structure_id):
        return {}
    others = f", which takes one and has {', '.join(program.structures)}" if program.structures else ""
    return {UNASSIGNED: f"{program.title}{others}"}


def amiss(place: Place, live: Live) -> tuple[FieldChange, ...]:
    """What is to be otherwise: the program that the structure is to be assigned to."""
    return (FieldChange(("structure", KEY), None, place.settings[KEY]),) if UNASSIGNED in live.facts else ()


def by_hand(live: Live) -> str:
    """What a person is to do about it, to be followed by more of that; empty where nothing is amiss."""
    title = live.facts.get(UNASSIGNED)
    if not title:
        return ""
    return (
        f"the structure is not assigned to {title}: assign it in the dashboard (Loyalty, Programs), or name the"
        " program that it is for; "
    )


def to_assign(program: Program | None, structure_id: str) -> str:
    """What a person does before the structure is activated, to be followed by that; empty where nothing."""
    if program is None:
        return "assign the structure to its program, "
    title = facts(program, structure_id).get(UNASSIGNED)
    return f"assign the structure to {title}, " if title else ""
