"""A live ladder beside the desired one, as rows from the highest balance down. Pure; the formats draw it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from tierops.model import LiveTier, Range, Tier

_LOWEST, _HIGHEST = Decimal("-Infinity"), Decimal("Infinity")


class Row(NamedTuple):
    """Balances that are in the same tiers throughout. More than one name on a side is an overlap, none is a gap."""

    range: Range
    live: tuple[str, ...]
    desired: tuple[str, ...]

    def is_different(self, changed: Container[str]) -> bool:
        """True where the two sides differ, or a tier of the live side is among the `changed` names."""
        return self.live != self.desired or any(name in changed for name in self.live)


def rows(live: Sequence[LiveTier], desired: Sequence[Tier]) -> tuple[Row, ...]:
    """The rows between the lowest and the highest bound of both ladders. Tiers that hold no balance have none."""
    sides = [[tier for tier in side if not tier.range.is_empty] for side in (live, desired)]
    ends = sorted({end for side in sides for tier in side for end in _ends(tier)})
    starts: dict[Decimal, list[tuple[int, str, Decimal]]] = {}
    for number, side in enumerate(sides):
        for tier in side:
            lower, upper = _ends(tier)
            starts.setdefault(lower, []).append((number, tier.name, upper))
    found: list[Row] = []
    there: list[tuple[int, str, Decimal]] = []
    for lower, upper in pairwise(ends):
        there = [entry for entry in there if entry[2] > lower] + starts.get(lower, [])
        names = [tuple(name for number, name, _ in there if number == side) for side in (0, 1)]
        range_ = Range(None if lower == _LOWEST else lower, None if upper == _HIGHEST else upper)
        found.append(Row(range_, *names))
    return tuple(reversed(found))


def _ends(tier: LiveTier | Tier) -> tuple[Decimal, Decimal]:
    lower, upper = tier.range.lower, tier.range.upper
    return (_LOWEST if lower is None else lower, _HIGHEST if upper is None else upper)
