"""Ranges and benefits in plain words, for people who write no ladders."""

from __future__ import annotations

from decimal import Decimal

from tierops.model import TIMES, Benefit, Range, Scale, digits


def grouped(amount: Decimal, scale: Scale) -> str:
    """`1,999`, `99.50`."""
    return format(Decimal(scale.number(amount)), ",f")


def span(range_: Range, scale: Scale) -> str:
    """`500 to 1,999`, `2,000 or more`, `500 to less than 999.50`."""
    lower, upper = range_
    if upper is None:
        return "any balance" if lower is None else f"{grouped(lower, scale)} or more"
    if lower is None:
        return f"less than {grouped(upper, scale)}"
    if not scale.is_whole:
        return f"{grouped(lower, scale)} to less than {grouped(upper, scale)}"
    last = upper - 1
    return grouped(lower, scale) if last == lower else f"{grouped(lower, scale)} to {grouped(last, scale)}"


def amount(benefit: Benefit) -> str:
    """`×2`, `300 points`, of a benefit that is counted."""
    number = digits(Decimal(benefit.amount))
    return f"×{number}" if benefit.measure in {None, TIMES} else f"{number} {benefit.measure.name}"
