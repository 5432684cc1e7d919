"""Ladders at emulated vendors: what is wanted, what is really stored, and what people do to it by hand."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import outside
from chaos.vendors.fanfare import Fanfare
from chaos.vendors.openloyalty import OpenLoyalty
from chaos.vendors.salesforce import Salesforce
from chaos.vendors.voucherify import Voucherify
from chaos.vendors.voucherify_v2 import VoucherifyV2
from chaos.words import ITSELF, Shape, Words

from tierops.emulator import Emulator
from tierops.model import Position, Range, Target, Tier

with outside.installed("acme"):
    from acme_chaos import Acme

VENDORS: dict[str, Words] = {
    words.vendor.name: words for words in (Voucherify(), VoucherifyV2(), Fanfare(), Salesforce(), OpenLoyalty(), Acme())
}

_STEP = 100


class Place(NamedTuple):
    """One wanted ladder of `size` tiers T0, T1 … at one vendor, each a hundred points wide.

    `is_new`: there is none yet, and the target says how it is made.
    """

    vendor: str
    name: str
    size: int
    is_new: bool = False

    @property
    def words(self) -> Words:
        """Its vendor."""
        return VENDORS[self.vendor]

    @property
    def wanted(self) -> tuple[Shape, ...]:
        """All that must be stored."""
        return (*self.ladder, ITSELF) if self.words.settings else self.ladder

    @property
    def ladder(self) -> tuple[Shape, ...]:
        """The tiers."""
        ends = [n * _STEP for n in range(self.size)]
        return tuple((f"T{n}", end, end + _STEP if n < self.size - 1 else None, "") for n, end in enumerate(ends))

    @property
    def target(self) -> Target:
        """The ladder as a target of a program of its own, as a file would give it."""
        vendor, settings = self.words.vendor, self.words.settings if self.is_new else {}
        block = {**self.words.block(self.name), **settings}
        tiers = tuple(
            Tier(name, Range(Decimal(lower), None if upper is None else Decimal(upper)), self.words.fields(order))
            for order, (name, lower, upper, _) in enumerate(self.ladder)
        )
        position = Position("tiers.yaml", 1, 1)
        return Target(
            self.name, self.vendor, vendor.place(block), vendor.scale(self.words.block(self.name)), tiers, position
        )

    def is_stuck(self, held: Sequence[Shape]) -> bool:
        """A part of what is created whole or not at all, which nothing can complete."""
        return self.words.is_stuck(held)


def stored(emulator: Emulator, place: Place) -> tuple[Shape, ...]:
    """What the vendor holds, visible to readers or not."""
    return tuple(sorted(place.words.stored(emulator, place.name), key=repr))


def twice(shapes: Sequence[Shape]) -> set[str]:
    """The names that more than one tier has."""
    names = [shape[0] for shape in shapes]
    return {name for name in names if names.count(name) > 1}


_GUEST: Shape = ("Guest", 100_000, 100_001, "")
EDITS = ("change", "delete", "add", "add-wanted")


def edit(emulator: Emulator, place: Place, kind: str) -> None:
    """What somebody does by hand: change or delete the first tier, add another, add one that is wanted."""
    words, held = place.words, [shape for shape in stored(emulator, place) if shape != ITSELF]
    if words.is_split(emulator, place.name):
        return  # nobody could say which of the two
    names = {name for name, *_ in held}
    if kind == "add-wanted":
        missing = [shape for shape in place.ladder if shape[0] not in names]
        words.add(emulator, place.name, place.ladder if words.is_whole and not held else missing[:1])
    elif kind == "add":
        words.add(emulator, place.name, [] if _GUEST[0] in names else [_GUEST])
    elif held:
        {"change": words.change, "delete": words.delete}[kind](emulator, place.name, held[0][0])
