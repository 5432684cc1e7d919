"""Where balances are cut: every bound of every ladder that is asked about, so that one pass answers for all. Pure.

An engine only says how many members lie between two cuts; what that means for a ladder is found here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import NamedTuple

from tierops.model import LiveTier, Range, Scale, Tier

Rung = Tier | LiveTier
_EXACT = Context(prec=120)  # digits; more than any bound of a file and any balance have together


class Margin(NamedTuple):
    """How near a bound is near: `amount` points or money, or so many percent of the bound."""

    amount: Decimal
    is_percent: bool = False

    def __str__(self) -> str:
        return f"{self.amount.normalize():f}{'%' if self.is_percent else ''}"

    def around(self, bound: Decimal) -> Range:
        """The balances near a bound: the lower end is near, the upper one is not."""
        width = bound * self.amount / 100 if self.is_percent else self.amount
        return Range(bound - width, bound + width)


class Comparison(NamedTuple):
    """A question: what becomes of the members of `before` on the ladder `after`, and on the one that is `desired`.

    `against` says what `before` is, `acts` when the vendor moves members; see `model.Impact`.
    """

    address: str
    against: str
    before: Sequence[Rung]
    after: Sequence[Rung]
    desired: Sequence[Rung]
    scale: Scale
    acts: str = ""


class Axis(NamedTuple):
    """The cuts, rising. Bucket `n` holds balances from `cuts[n - 1]` up to `cuts[n]`; the first begins at 0.

    `places` are the decimals that a balance has: each cut has no more of them.
    """

    cuts: tuple[Decimal, ...]
    places: int

    def buckets(self, range_: Range) -> range:
        """The buckets that a range with ends among the cuts consists of."""
        start = 0 if range_.lower is None or range_.lower <= 0 else bisect_left(self.cuts, range_.lower) + 1
        end = len(self.cuts) + 1 if range_.upper is None else self._first_from(range_.upper)
        return range(start, end)

    def _first_from(self, bound: Decimal) -> int:
        return 0 if bound <= 0 else bisect_left(self.cuts, bound) + 1

    def tiers(self, ladder: Sequence[Rung]) -> list[list[str]]:
        """The names of the tiers that each bucket lies in, low to high."""
        names: list[list[str]] = [[] for _ in range(len(self.cuts) + 1)]
        for rung in rising(ladder):
            for bucket in self.buckets(rung.range):
                names[bucket].append(rung.name)
        return names


def rising(ladder: Iterable[Rung]) -> list[Rung]:
    """The rungs of a ladder, low to high."""
    return sorted(ladder, key=lambda rung: Decimal("-Infinity") if rung.range.lower is None else rung.range.lower)


def axis(comparisons: Iterable[Comparison], margin: Margin, places: int, most: Decimal) -> Axis:
    """The cuts for balances with so many decimals, none of which is `most` or more.

    A balance that has two decimals is at least 99.505 exactly where it is at least 99.51: so a cut is rounded up, and
    no balance ever is.
    """
    ends: set[Decimal] = set()
    for asked in comparisons:
        for ladder in (asked.before, asked.after, asked.desired):
            ends.update(_ends(rung.range for rung in ladder))
        ends.update(_ends(near(asked, margin)))
        ends.update(_ends(between(asked, places)))
    cuts = {on_grid(end, places) for end in ends if 0 < end < most}
    return Axis(tuple(sorted(cuts)), places)


def near(asked: Comparison, margin: Margin) -> list[Range]:
    """The balances near a bound of the desired ladder."""
    bounds = {end for end in _ends(rung.range for rung in asked.desired) if end > 0}
    return [margin.around(bound) for bound in bounds]


def between(asked: Comparison, places: int) -> list[Range]:
    """The balances above the last whole number of a desired tier and below its end; none where all are whole."""
    if not asked.scale.is_whole:
        return []
    step = Decimal(1).scaleb(-places)
    tops = {rung.range.upper for rung in asked.desired if rung.range.upper is not None}
    lasts = {top: (top - 1).quantize(step, ROUND_FLOOR, _EXACT) for top in tops}
    return [Range(last + step, top) for top, last in lasts.items() if last + step < top]


def on_grid(amount: Decimal, places: int) -> Decimal:
    """The smallest number with so many decimals that is not below the amount."""
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_CEILING, _EXACT)


def _ends(ranges: Iterable[Range]) -> Iterable[Decimal]:
    return (end for range_ in ranges for end in range_ if end is not None)
