"""How tierops writes ranges, differences and times, one way everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from tierops.model import FieldChange, LiveTier, Range, Tier, Value, exact
from tierops.text import jsontext


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


def shown(value: Value) -> str:
    """A vendor field in ASCII, as JSON."""
    return "absent" if value is None else jsontext.dumps(exact(value))


def differences(
    before: LiveTier | Tier, after: LiveTier | Tier, fields: Sequence[FieldChange], *, whole: bool
) -> Iterator[str]:
    """What differs between two tiers, `fields` being what `diff.fields` found: `range: 250–499 → 300–499`."""
    if before.name != after.name:
        yield f"name: {shown(before.name)} → {shown(after.name)}"
    if before.range != after.range:
        yield f"range: {span(before.range, whole=whole)} → {span(after.range, whole=whole)}"
    for field in fields:
        if field.path[0] != "range":
            yield f"{'.'.join(field.path)}: {shown(field.before)} → {shown(field.after)}"


def ago(passed: timedelta) -> str:
    """`3 hours ago`, in the largest unit of which there are two or more."""
    seconds = int(passed.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}s ago"
    return f"{seconds} second{'' if seconds == 1 else 's'} ago"
