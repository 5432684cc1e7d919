"""What an engine counted → the impact on each target. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tierops.members import axis as axes
from tierops.members.axis import Axis, Comparison, Margin, Rung, rising
from tierops.model import Impact, Move, Outlook, Range, Standing

_Pair = tuple[str | None, str | None]


class Counted(NamedTuple):
    """Members by bucket of the axis and by the tier that the vendor holds, which is None where that is not told.

    `rows` are all that were read, `skipped` those by reason that are not among the members.
    """

    source: str
    axis: Axis
    margin: Margin
    rows: int
    members: Mapping[tuple[int, str | None], int]
    skipped: tuple[tuple[str, int], ...]
    has_vendor: bool


def impact(asked: Comparison, counted: Counted) -> Impact:
    """The answer to one question. Every member is in it once; that is asserted."""
    per_bucket: Counter[int] = Counter()
    for (bucket, _), members in counted.members.items():
        per_bucket[bucket] += members
    before = counted.axis.tiers(asked.before)
    after = _outlook(asked.before, asked.after, counted.axis, per_bucket)
    desired = _outlook(asked.before, asked.desired, counted.axis, per_bucket)
    is_same = _ladder(asked.after) == _ladder(asked.desired)
    ranges = axes.near(asked, counted.margin)
    made = Impact(
        source=counted.source,
        against=asked.against,
        members=per_bucket.total(),
        skipped=counted.skipped,
        before=_standing(asked.before, before, per_bucket),
        after=after,
        desired=None if is_same else desired,
        margin=str(counted.margin),
        near=_within(ranges, counted.axis, per_bucket),
        vendor=_vendor(asked, before, counted) if counted.has_vendor else None,
        between=_within(axes.between(asked, counted.axis.places), counted.axis, per_bucket),
        acts=asked.acts,
    )
    for standing in (made.before, *(outlook.standing for outlook in made.outlooks)):
        accounted = sum(members or 0 for _, members in standing.tiers) + (standing.in_no_tier or 0)
        assert accounted == made.members, "members in are members accounted for"  # noqa: S101
    return made


def _outlook(before: Sequence[Rung], after: Sequence[Rung], axis: Axis, per_bucket: Mapping[int, int]) -> Outlook:
    names_before, names_after = axis.tiers(before), axis.tiers(after)
    pairs: Counter[_Pair] = Counter()
    for bucket, members in per_bucket.items():
        pairs[_highest(names_before[bucket]), _highest(names_after[bucket])] += members
    moves = _moves(pairs, before, after)

    def together(moved: Iterable[Move]) -> int:
        return sum(move.members or 0 for move in moved)

    return Outlook(
        standing=_standing(after, names_after, per_bucket),
        moves=moves,
        upgrades=together(move for move in moves if (move.steps or 0) > 0),
        downgrades=together(move for move in moves if (move.steps or 0) < 0),
        joiners=together(move for move in moves if move.before is None),
        leavers=together(move for move in moves if move.after is None),
    )


def _moves(pairs: Mapping[_Pair, int], before: Sequence[Rung], after: Sequence[Rung]) -> tuple[Move, ...]:
    heights = [{rung.name: height for height, rung in enumerate(rising(ladder))} for ladder in (before, after)]
    moves = [Move(*pair, n, _steps(*pair, *heights)) for pair, n in pairs.items() if n and pair[0] != pair[1]]
    return tuple(sorted(moves, key=lambda move: (-(move.members or 0), move.before or "", move.after or "")))


def _steps(start: str | None, end: str | None, below: Mapping[str, int], above: Mapping[str, int]) -> int | None:
    """By how many tiers a member rises, on the new ladder where it has both; else on the old one, else by height."""
    if start is None or end is None:
        return None
    for heights in (above, below):
        if start in heights and end in heights:
            return heights[end] - heights[start]
    return above[end] - below[start]


def _standing(ladder: Sequence[Rung], names: Sequence[Sequence[str]], per_bucket: Mapping[int, int]) -> Standing:
    tiers: Counter[str | None] = Counter()
    doubled = 0
    for bucket, members in per_bucket.items():
        tiers[_highest(names[bucket])] += members
        doubled += members if len(names[bucket]) > 1 else 0
    return Standing(tuple((rung.name, tiers[rung.name]) for rung in rising(ladder)), tiers[None], doubled)


def _vendor(asked: Comparison, before: Sequence[Sequence[str]], counted: Counted) -> tuple[Move, ...]:
    pairs: Counter[_Pair] = Counter()
    for (bucket, held), members in counted.members.items():
        pairs[_highest(before[bucket]), held] += members
    heights = {rung.name: height for height, rung in enumerate(rising(asked.before))}
    moves = [
        Move(rule, held, n, heights[held] - heights[rule] if rule in heights and held in heights else None)
        for (rule, held), n in pairs.items()
        if n and rule != held
    ]
    return tuple(sorted(moves, key=lambda move: (-(move.members or 0), move.before or "", move.after or "")))


def _within(ranges: Iterable[Range], axis: Axis, per_bucket: Mapping[int, int]) -> int:
    buckets = {bucket for range_ in ranges for bucket in axis.buckets(range_)}
    return sum(per_bucket.get(bucket, 0) for bucket in buckets)


def _highest(names: Sequence[str]) -> str | None:
    return names[-1] if names else None


def _ladder(ladder: Iterable[Rung]) -> list[tuple[str, Range]]:
    return [(rung.name, rung.range) for rung in rising(ladder)]
