"""How tierops writes ranges, one way everywhere."""

from __future__ import annotations

from decimal import Decimal

from tierops.model import Range


def number(value: Decimal | int) -> str:
    """Digits as a person writes them: no exponent, no trailing zeros after the point."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def span(range_: Range, *, whole: bool) -> str:
    """`250–499` or, where balances have fractions, `250–<500`; `500+` where the end is open."""
    lower, upper = range_.lower, range_.upper
    if upper is None:
        return "any" if lower is None else f"{number(lower)}+"
    end = number(upper - 1) if whole else f"<{number(upper)}"
    if lower is None:
        return f"≤{end}" if whole else end
    return number(lower) if whole and upper - lower == 1 else f"{number(lower)}–{end}"
