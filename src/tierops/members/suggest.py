"""Thresholds that give each tier its share of the members, rounded to numbers that people remember.

A count of members between cuts is all that it asks for, a few times over: so any engine does, and any number of
members.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, Decimal
from itertools import accumulate, pairwise
from typing import NamedTuple, TypeAlias

from tierops.errors import TieropsError
from tierops.members.axis import Axis, on_grid

Count: TypeAlias = Callable[[Axis], Sequence[int]]
"""Members by bucket of an axis."""

_FINEST = 2  # decimals of a threshold
_PIECES = 200  # into which a range of balances is cut in one pass
_HIGHEST = 16  # digits of a balance from which it is nobody's
# What is round, the roundest first: the leading digits that a number may have.
_ROUND = (
    (1, 2, 5),
    (1, 2, 3, 4, 5, 6, 8),
    (10, 12, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 75, 80, 90),
    tuple(range(10, 100)),
    tuple(range(100, 1000)),
)


class Threshold(NamedTuple):
    """Where a tier starts: `exact` gives the wanted share, `start` is the friendly number near it.

    `below` counts the members below `start`, `below_exact` those below `exact`.
    """

    exact: Decimal
    start: Decimal
    below: int
    below_exact: int


class Suggestion(NamedTuple):
    """The thresholds above the lowest tier, and how many members there are."""

    members: int
    thresholds: tuple[Threshold, ...]

    @property
    def tiers(self) -> tuple[int, ...]:
        """The members of each tier, low to high."""
        return tuple(end - start for start, end in pairwise((0, *(t.below for t in self.thresholds), self.members)))


def suggest(count: Count, shares: Sequence[Decimal], places: int, tolerance: Decimal) -> Suggestion:
    """Thresholds for these shares in percent, low to high. Rounding may cost `tolerance` percent of the members each.

    Raises `TieropsError` where the members are too much alike for so many tiers.
    """
    finest = min(places, _FINEST)
    below = [share / 100 for share in accumulate(shares[:-1])]
    exact = _exact(count, below, finest)
    candidates = [_friendly(amount, finest) for amount in exact]
    cuts = tuple(sorted({number for levels in candidates for level in levels for number in level} | set(exact)))
    counts = list(accumulate(count(Axis(cuts, finest))))
    members = counts[-1]
    under = dict(zip(cuts, counts, strict=False))
    thresholds: list[Threshold] = []
    for amount, levels, share in zip(exact, candidates, below, strict=True):
        last = thresholds[-1].start if thresholds else Decimal(0)
        start = _roundest(levels, under, share * members, tolerance * members / 100, last)
        if start is None or under[start] == (thresholds[-1].below if thresholds else 0):
            raise TieropsError(
                f"no threshold gives tier {len(thresholds) + 2} of {len(shares)} a share of its own: too many members"
                f" have the same balance near {amount:,f}; ask for fewer tiers, or for other shares"
            )
        thresholds.append(Threshold(amount, start, under[start], under[amount]))
    return Suggestion(members, tuple(thresholds))


def _exact(count: Count, shares: Sequence[Decimal], places: int) -> list[Decimal]:
    """For each share the smallest balance, on the grid, below which there is that share of the members or more."""
    step = Decimal(1).scaleb(-places)
    ranges = [(Decimal(0), Decimal(10) ** _HIGHEST) for _ in shares]
    digits = [Decimal(digit).scaleb(power) for power in range(-places, _HIGHEST) for digit in range(1, 10)]
    pieces = [digits for _ in shares]
    while True:
        cuts = tuple(sorted({cut for piece in pieces for cut in piece}))
        counts = list(accumulate(count(Axis(cuts, places))))
        found = []
        for share, (low, high) in zip(shares, ranges, strict=True):
            place = bisect_left(counts, share * counts[-1])
            found.append(
                (max(low, cuts[place - 1] if place else low), min(high, cuts[place] if place < len(cuts) else high))
            )
        if found == ranges or all(high - low <= step for low, high in found):
            return [high for _, high in found]
        ranges = found
        pieces = [_pieces(low, high, step) for low, high in ranges]


def _pieces(low: Decimal, high: Decimal, step: Decimal) -> list[Decimal]:
    width = max(step, ((high - low) / _PIECES / step).to_integral_value(ROUND_CEILING) * step)
    cuts = [low + width * n for n in range(1, _PIECES + 1) if low + width * n < high]
    return [*cuts, high]


def _friendly(exact: Decimal, places: int) -> list[list[Decimal]]:
    """Round numbers near, by how round they are: at each level the nearest two or three on either side."""
    magnitude = exact.adjusted()
    levels = []
    for digits in _ROUND:
        length = len(str(digits[0]))
        numbers = [
            Decimal(digit).scaleb(power - length + 1)
            for power in range(magnitude - 1, magnitude + 2)
            for digit in digits
        ]
        near = sorted((n for n in numbers if n > 0 and n == on_grid(n, places)), key=lambda n: abs(n - exact))[:5]
        levels.append(near)
    return [*levels, [exact]]


def _roundest(
    levels: Sequence[Sequence[Decimal]], under: dict[Decimal, int], wanted: Decimal, most: Decimal, last: Decimal
) -> Decimal | None:
    """The roundest number that costs no more than it may; the one that costs least where none is round enough."""

    def cost(number: Decimal) -> Decimal:
        return abs(under[number] - wanted)

    possible = [[number for number in level if number > last] for level in levels]
    for level in possible:
        if level and cost(best := min(level, key=cost)) <= most:
            return best
    return min((number for level in possible for number in level), key=cost, default=None)
