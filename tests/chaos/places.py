"""Ladders at emulated vendors: what is wanted, what is really stored, and what people do to it in the dashboard.

Nothing here goes through the providers, so that a wrong idea in them is not taken for the truth.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from tierops.emulator import Emulator
from tierops.model import Position, Range, Target, Tier

Shape = tuple[str, int, int | None, str]
"""A tier as both sides of a comparison: name, lowest balance, first balance above or None, what else there is."""

_STEP = 100


class Place(NamedTuple):
    """One wanted ladder of `size` tiers T0, T1 … at one vendor, each a hundred points wide."""

    vendor: str
    name: str
    size: int

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The ladder as a file would give it."""
        return tuple(
            Tier(
                name,
                Range(Decimal(lower), None if upper is None else Decimal(upper)),
                {} if self.vendor == "voucherify" else {"attribute": "loyaltyBalance", "order": order},
            )
            for order, (name, lower, upper, _) in enumerate(self.wanted)
        )

    @property
    def wanted(self) -> tuple[Shape, ...]:
        """The ladder as it must be stored."""
        ends = [n * _STEP for n in range(self.size)]
        return tuple((f"T{n}", end, end + _STEP if n < self.size - 1 else None, "") for n, end in enumerate(ends))

    @property
    def target(self) -> Target:
        """The ladder as a target of a program of its own."""
        key = "campaign" if self.vendor == "voucherify" else "group"
        place = {key: self.name} | ({} if self.vendor == "voucherify" else {"attribute": "loyaltyBalance"})
        return Target(self.name, self.vendor, self.vendor, place, self.tiers, Position("tiers.yaml", 1, 1))


def stored(emulator: Emulator, place: Place) -> tuple[Shape, ...]:
    """What the vendor holds, visible to readers or not."""
    if place.vendor == "voucherify":
        return tuple(sorted(map(_voucherify_shape, emulator.voucherify.tiers(place.name)), key=repr))
    audiences = [a for g in emulator.fanfare.groups() if g["groupName"] == place.name for a in g["audiences"]]
    return tuple(sorted(map(_fanfare_shape, audiences), key=repr))


def twice(shapes: Sequence[Shape]) -> set[str]:
    """The names that more than one tier has."""
    names = [shape[0] for shape in shapes]
    return {name for name in names if names.count(name) > 1}


def is_split(emulator: Emulator, place: Place) -> bool:
    """Do two Fanfare groups share its name?"""
    groups = emulator.fanfare.groups() if place.vendor == "fanfare" else []
    return sum(group["groupName"] == place.name for group in groups) > 1


def prepare(emulator: Emulator, place: Place, held: Sequence[Shape]) -> None:
    """Make the campaign, or nothing where there are no tiers: a Fanfare group is made by its tiers."""
    if place.vendor == "voucherify":
        emulator.voucherify.add_campaign(place.name, tiers=map(_voucherify_raw, held))
    elif held:
        emulator.fanfare.add_group(place.name, "loyaltyBalance", _fanfare_raw(held))


_GUEST: Shape = ("Guest", 100_000, 100_001, "")
EDITS = ("change", "delete", "add", "add-wanted")


def edit(emulator: Emulator, place: Place, kind: str) -> None:
    """What somebody does in the dashboard: change or delete the first tier, add another, add one that is wanted."""
    held = stored(emulator, place)
    if is_split(emulator, place):
        return  # nobody could say which of the two
    if kind == "add-wanted":
        missing = [shape for shape in place.wanted if shape[0] not in {name for name, *_ in held}]
        _add(emulator, place, missing[:1] if place.vendor == "voucherify" or held else place.wanted)
    elif kind == "add":
        _add(emulator, place, [] if any(name == _GUEST[0] for name, *_ in held) else [_GUEST])
    elif held and place.vendor == "voucherify":
        if kind == "delete":
            emulator.voucherify.delete_tier(place.name, held[0][0])
        else:
            emulator.voucherify.edit_tier(place.name, held[0][0], metadata={"edited": "yes"})
    elif held:
        if kind == "delete":
            emulator.fanfare.delete_tier(place.name, held[0][0])
        else:
            emulator.fanfare.edit_audience(held[0][0], group=place.name, iconName="edited")


def _add(emulator: Emulator, place: Place, shapes: Sequence[Shape]) -> None:
    if place.vendor == "voucherify":
        emulator.voucherify.add_tiers(place.name, map(_voucherify_raw, shapes))
        return
    held = stored(emulator, place)
    if not held:
        emulator.fanfare.add_group(place.name, "loyaltyBalance", _fanfare_raw(shapes))
    elif shapes and not twice(held):
        emulator.fanfare.replace_group(place.name, place.name, "loyaltyBalance", _fanfare_raw((*held, *shapes)))


def _voucherify_raw(shape: Shape) -> Mapping[str, Any]:
    name, lower, upper, _ = shape
    return {"name": name, "points": {"from": lower} if upper is None else {"from": lower, "to": upper - 1}}


def _voucherify_shape(row: Mapping[str, Any]) -> Shape:
    last = row["points"].get("to")
    rest = json.dumps(row["metadata"]) if row["metadata"] else ""
    return row["name"], row["points"]["from"], None if last is None else last + 1, rest


def _fanfare_raw(shapes: Sequence[Shape]) -> list[dict[str, Any]]:
    return [
        {"name": name, "startValue": lower, "order": order}
        | ({} if upper is None else {"endValue": upper})
        | ({"iconName": rest} if rest else {})
        for order, (name, lower, upper, rest) in enumerate(sorted(shapes, key=lambda shape: shape[1]))
    ]


def _fanfare_shape(audience: Mapping[str, Any]) -> Shape:
    bounds = audience["metadata"]["tierBoundaries"]
    upper = bounds.get("max")
    return audience["name"], int(bounds["min"]), None if upper is None else int(upper), audience["iconName"] or ""
