"""A live ladder beside the desired one, as rows from the highest balance down. Pure; the formats draw it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from decimal import Decimal
from itertools import groupby, pairwise
from typing import NamedTuple

from tierops.model import LiveTier, Range, TargetPlan, Tier

_LOWEST, _HIGHEST = Decimal("-Infinity"), Decimal("Infinity")


class Row(NamedTuple):
    """Balances that are in the same tiers throughout. More than one name on a side is an overlap, none is a gap.

    Where `alike` is not 0, the row stands for so many rows that are alike on both sides, and has no names.
    """

    range: Range
    live: tuple[str, ...]
    desired: tuple[str, ...]
    alike: int = 0

    @property
    def names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names on the live side, and on the desired one."""
        return self.live, self.desired

    def is_different(self, changed: Container[str]) -> bool:
        """True where the two sides differ, or a tier of the live side is among the `changed` names."""
        return self.live != self.desired or any(name in changed for name in self.live)


def rows(live: Sequence[LiveTier], desired: Sequence[Tier]) -> tuple[Row, ...]:
    """The rows between the lowest and the highest bound of both ladders. Tiers that hold no balance have none."""
    sides = [[tier for tier in side if not tier.range.is_empty] for side in (live, desired)]
    ends = sorted({end for side in sides for tier in side for end in _ends(tier)})
    starts: dict[Decimal, list[tuple[int, str, Decimal]]] = {}  # by lower end: side, name and upper end
    for number, side in enumerate(sides):
        for tier in side:
            lower, upper = _ends(tier)
            starts.setdefault(lower, []).append((number, tier.name, upper))
    upwards: list[Row] = []
    open_: list[tuple[int, str, Decimal]] = []
    for lower, upper in pairwise(ends):
        open_ = [entry for entry in open_ if entry[2] > lower] + starts.get(lower, [])
        live_names, desired_names = (tuple(name for number, name, _ in open_ if number == side) for side in (0, 1))
        range_ = Range(None if lower == _LOWEST else lower, None if upper == _HIGHEST else upper)
        upwards.append(Row(range_, live_names, desired_names))
    return tuple(reversed(upwards))


def shortened(target: TargetPlan, most: int) -> tuple[Row, ...]:
    """The rows of a target. Of more than `most`, neighbours that are alike on both sides are one row."""
    whole = rows(target.live.tiers, target.target.tiers)
    if len(whole) <= most:
        return whole
    changed = {change.name for change in target.changes}
    short: list[Row] = []
    for is_different, group in groupby(whole, key=lambda row: row.is_different(changed)):
        neighbours = list(group)
        if is_different:
            short += neighbours
        else:
            range_ = Range(neighbours[-1].range.lower, neighbours[0].range.upper)
            short.append(Row(range_, (), (), len(neighbours)))
    return tuple(short)


def _ends(tier: LiveTier | Tier) -> tuple[Decimal, Decimal]:
    lower, upper = tier.range.lower, tier.range.upper
    return (_LOWEST if lower is None else lower, _HIGHEST if upper is None else upper)
