"""How a tier of a loyalty-tiers request becomes an audience.

Fanfare documents neither the rules it makes of a range nor how it checks that ranges do not overlap: what is here is a
guess, or one of several guesses where `Switches` name them. The keys of `metadata` are those of the example on
the old audiences page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from tierops.emulator.exact import Json
from tierops.providers.fanfare.emulator.switches import Switches

RawTier: TypeAlias = Mapping[str, Any]
"""A tier as a request has it: `name`, `order`, `startValue`, perhaps `endValue` and `iconName`."""


@dataclass(frozen=True)
class Conflict:
    """The first tier of a request that its ranges rule out: its index, and why."""

    index: int
    text: str


def conflict(tiers: Sequence[RawTier]) -> Conflict | None:
    """The first tier that ends before it starts or overlaps one before it. Ranges that touch are documented."""
    for index, tier in enumerate(tiers):
        start, end = _bounds(tier)
        if start >= end:
            return Conflict(index, f"Tier {tier['name']} must start below its end")
        for other in tiers[:index]:
            lower, upper = _bounds(other)
            if max(start, lower) < min(end, upper):
                return Conflict(index, f"Tier {tier['name']} overlaps with {other['name']}")
    return None


def definition(tier: RawTier, group_id: str, attribute: str, *, is_lowest: bool, switches: Switches) -> Json:
    """The fields of an audience that say what the tier is, its rules without their ids."""
    start = _in_form(tier["startValue"], switches.number_form)
    end = tier.get("endValue")
    end = None if end is None else _in_form(end, switches.number_form)
    rules = [
        {"field": attribute, "operator": operator, "values": values}
        for operator, values in _rules(start, end, is_lowest=is_lowest, encoding=switches.rules)
    ]
    return {
        "name": tier["name"],
        "iconName": tier.get("iconName"),
        "metadata": _metadata(tier, group_id, attribute, start, end, switches),
        "rules": rules,
    }


def lowest(tiers: Sequence[RawTier]) -> RawTier | None:
    """The tier with the lowest start."""
    return min(tiers, key=lambda tier: _bounds(tier)[0], default=None)


def _bounds(tier: RawTier) -> tuple[Decimal, Decimal]:
    end = tier.get("endValue")
    return Decimal(str(tier["startValue"])), Decimal("Infinity") if end is None else Decimal(str(end))


def _rules(start: Json, end: Json, *, is_lowest: bool, encoding: str) -> list[tuple[str, list[Json]]]:
    if end is None:
        return [("GREATER_THAN" if encoding == "concepts" else "GREATER_THAN_OR_EQUAL", [start])]
    if encoding == "concepts" and is_lowest:
        return [("LESS_THAN", [end])]
    if encoding in ("between", "concepts"):
        return [("BETWEEN", [start, end])]
    return [
        ("GREATER_THAN_OR_EQUAL", [start]),
        ("LESS_THAN" if encoding == "gte_lt" else "LESS_THAN_OR_EQUAL", [end]),
    ]


def _metadata(tier: RawTier, group_id: str, attribute: str, start: Json, end: Json, switches: Switches) -> Json:
    if switches.tier_metadata == "absent":
        return None
    if switches.tier_metadata == "stale":
        start, end = _raised(start), None if end is None else _raised(end)
    boundaries = {"min": start, "max": end}
    if end is None and switches.open_end == "absent":
        del boundaries["max"]
    return {
        "tierGroup": group_id,
        "tierAttribute": attribute,
        "tierOrder": tier["order"],
        "tierBoundaries": boundaries,
    }


def _in_form(value: Json, form: str) -> Json:
    if form == "number" and isinstance(value, str):
        return Decimal(value)
    if form == "string" and not isinstance(value, str):
        return format(Decimal(str(value)), "f")
    return value


def _raised(value: Json) -> Json:
    raised = Decimal(str(value)) + 1
    return str(raised) if isinstance(value, str) else raised
