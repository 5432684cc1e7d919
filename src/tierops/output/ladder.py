"""A ladder as it is live, as it will be after an apply, and as the files want it; rows from the top down. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from itertools import groupby, pairwise
from typing import NamedTuple

from tierops.model import LiveTier, Range, TargetPlan, Tier

Rung = Tier | LiveTier
_LOWEST, _HIGHEST = Decimal("-Infinity"), Decimal("Infinity")


class Row(NamedTuple):
    """Balances that are in the same tiers throughout, with the names of these on each side.

    More than one name on a side is an overlap, none is a gap. Where `alike` is not 0, the row stands for so many rows
    that are alike on all sides, and has no names.
    """

    range: Range
    names: tuple[tuple[str, ...], ...]
    alike: int = 0

    def is_different(self, changed: Collection[str]) -> bool:
        """True where two sides differ, or a tier of the first one is among the `changed` names."""
        return len(set(self.names)) > 1 or any(name in changed for name in self.names[0])


def after(target: TargetPlan) -> tuple[Rung, ...]:
    """The ladder that the vendor holds once the plan's creates are done."""
    together: tuple[Rung, ...] = (*target.live.tiers, *target.creates)
    return target.target.scale.held(together)


def rows(*sides: Iterable[Rung]) -> tuple[Row, ...]:
    """The rows between the lowest and the highest bound of all sides. Tiers that hold no balance have none."""
    kept = [[tier for tier in side if not tier.range.is_empty] for side in sides]
    ends = sorted({end for side in kept for tier in side for end in _ends(tier)})
    starts: dict[Decimal, list[tuple[int, str, Decimal]]] = {}  # by lower end: side, name and upper end
    for number, side in enumerate(kept):
        for tier in side:
            lower, upper = _ends(tier)
            starts.setdefault(lower, []).append((number, tier.name, upper))
    upwards: list[Row] = []
    open_: list[tuple[int, str, Decimal]] = []
    for lower, upper in pairwise(ends):
        open_ = [entry for entry in open_ if entry[2] > lower] + starts.get(lower, [])
        names = tuple(tuple(name for number, name, _ in open_ if number == side) for side in range(len(kept)))
        range_ = Range(None if lower == _LOWEST else lower, None if upper == _HIGHEST else upper)
        upwards.append(Row(range_, names))
    return tuple(reversed(upwards))


def of(target: TargetPlan) -> tuple[Row, ...]:
    """The rows of a target: what is live, what will be, what the files want."""
    return rows(target.live.tiers, after(target), target.target.tiers)


def shortened(target: TargetPlan, most: int) -> tuple[Row, ...]:
    """The rows of a target. Of more than `most`, neighbours that are alike on all sides are one row."""
    whole = of(target)
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
            short.append(Row(range_, ((), (), ()), len(neighbours)))
    return tuple(short)


def origins(target: TargetPlan) -> dict[str, tuple[str, ...]]:
    """By the name of a tier of the files: the live tiers in which its balances are now, `""` where they are in none."""
    found: dict[str, dict[str, None]] = {}
    for row in reversed(rows(target.live.tiers, target.target.tiers)):
        live, desired = row.names
        for name in desired:
            found.setdefault(name, {}).update(dict.fromkeys(live or ("",)))
    return {name: tuple(names) for name, names in found.items()}


def lost(before: Iterable[Rung], between: Iterable[Rung], desired: Iterable[Rung]) -> tuple[Range, ...]:
    """The balances that are in some tier before, in none in between, and in one again in the end; low to high."""
    ranges: list[Range] = []
    for row in reversed(rows(before, between, desired)):
        if row.names[0] and not row.names[1] and row.names[2]:
            if ranges and ranges[-1].upper == row.range.lower:
                ranges[-1] = ranges[-1]._replace(upper=row.range.upper)
            else:
                ranges.append(row.range)
    return tuple(ranges)


def _ends(tier: Rung) -> tuple[Decimal, Decimal]:
    lower, upper = tier.range.lower, tier.range.upper
    return (_LOWEST if lower is None else lower, _HIGHEST if upper is None else upper)
