"""Ranges, tiers, and what a balance counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple, TypeVar, cast

from tierops.model.files import Position
from tierops.model.values import Value

_Rung = TypeVar("_Rung", bound="Tier | LiveTier")


class Range(NamedTuple):
    """Half-open `[lower, upper)` in points or money. None is no bound; only live tiers lack a lower one."""

    lower: Decimal | None
    upper: Decimal | None

    @property
    def is_empty(self) -> bool:
        """True where no balance can lie in the range."""
        return self.lower is not None and self.upper is not None and self.lower >= self.upper

    def meets(self, other: Range) -> bool:
        """True where some balance lies in both ranges."""
        if self.is_empty or other.is_empty:
            return False
        return _below(self.lower, other.upper) and _below(other.lower, self.upper)


def _below(lower: Decimal | None, upper: Decimal | None) -> bool:
    return lower is None or upper is None or lower < upper


class Scale(NamedTuple):
    """What a balance counts at a target, and with how many decimals; None is as many as somebody writes.

    Without `has_ends` the vendor keeps only where a tier starts: it ends where the next one does, and the last is open.
    A unit is counted, as points are, or else measured, as an amount that was spent is: `250 points`, but `a lifetime
    spend of 250`.
    `unsaid` are fields that a vendor fills in by itself: what a file does not say of them is as it is live.
    """

    unit: str = "points"
    places: int | None = 0
    has_ends: bool = True
    is_counted: bool = True
    unsaid: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        """True where balances are whole numbers."""
        return self.places == 0

    def fits(self, amount: Decimal) -> bool:
        """True where a balance can be exactly this amount."""
        return self.places is None or len(digits(amount).partition(".")[2]) <= self.places

    def number(self, amount: Decimal) -> str:
        """An amount as a person writes it; money keeps its cents, as in `99.50`."""
        if self.places and amount != amount.to_integral_value() and self.fits(amount):
            kept = len(digits(amount).partition(".")[2])
            return format(amount, f".{min(self.places, max(kept, 2))}f")
        return digits(amount)

    def amount(self, number: Decimal, more: str = "") -> str:
        """One balance in words: `250 points`, `1 point or more`, `a lifetime spend of 99.50`; `more` may follow."""
        if not self.is_counted:
            return f"{_article(self.unit)} {self.unit} of {self.number(number)}{more}"
        return f"{self.number(number)} {self.unit.removesuffix('s') if number == 1 else self.unit}{more}"

    def amounts(self, range_: Range) -> str:
        """The balances of a range in words: `250 points or more`, `less than 99.50 points`, `250–499 points`."""
        lower, upper = range_
        if upper is None and not lower:
            return f"any number of {self.unit}" if self.is_counted else f"any {self.unit}"
        if upper is None or (self.is_whole and lower is not None and upper - lower == 1):
            return self.amount(lower or Decimal(0), " or more" if upper is None else "")
        if not lower:
            span = f"less than {self.number(upper)}"
        else:
            span = self.span(range_) if self.is_whole else f"{self.number(lower)} to less than {self.number(upper)}"
        if not self.is_counted:
            return f"{_article(self.unit)} {self.unit} of {span}"
        return f"{span} {self.unit.removesuffix('s') if not lower and upper == 1 else self.unit}"

    def span(self, range_: Range) -> str:
        """`250–499` or, where balances have fractions, `250–<500`; `500+` where the end is open."""
        lower, upper = range_
        if upper is None:
            return "any" if lower is None else f"{digits(lower)}+"
        end = digits(upper - 1) if self.is_whole else f"<{digits(upper)}"
        if lower is None:
            return f"≤{end}" if self.is_whole else end
        return digits(lower) if self.is_whole and upper - lower == 1 else f"{digits(lower)}–{end}"

    def held(self, tiers: Sequence[_Rung]) -> tuple[_Rung, ...]:
        """These tiers, each with the range that it has where the vendor holds all of them and no other."""
        if self.has_ends:
            return tuple(tiers)
        starts = sorted({tier.range.lower for tier in tiers if tier.range.lower is not None})
        ends = dict(pairwise([*starts, None]))
        ranges = (Range(tier.range.lower, ends.get(tier.range.lower)) for tier in tiers)
        return tuple(cast("_Rung", tier._replace(range=range_)) for tier, range_ in zip(tiers, ranges, strict=True))

    def filled(self, wanted: Tier, live: LiveTier) -> Tier:
        """A desired tier with what it does not say and the live one has of the fields that may be left `unsaid`."""
        unsaid = (self.unsaid & live.fields.keys()) - wanted.fields.keys()
        return wanted._replace(fields={**wanted.fields, **{n: live.fields[n] for n in unsaid}}) if unsaid else wanted


def _article(noun: str) -> str:
    return "an" if noun[:1].lower() in "aeiou" else "a"


def digits(amount: Decimal | int) -> str:
    """A number as a person writes it: no exponent, no trailing zeros after the point."""
    text = format(Decimal(amount), "f")  # the format of an int goes through float
    return text.rstrip("0").rstrip(".") if "." in text else text


class Tier(NamedTuple):
    """A desired tier of one target. `fields` is what only the vendor knows, without its empty values."""

    name: str
    range: Range
    fields: Mapping[str, Value] = {}
    at: Position | None = None


class LiveTier(NamedTuple):
    """A tier as the vendor holds it. `updated_at` (ISO 8601, as received) informs; it is no evidence of drift."""

    id: str
    name: str
    range: Range
    fields: Mapping[str, Value] = {}
    updated_at: str | None = None
