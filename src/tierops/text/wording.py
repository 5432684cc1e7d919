"""How tierops writes differences, numbers and times, one way everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from tierops.model import FieldChange, LiveTier, Scale, Tier, Value, exact
from tierops.text import jsontext


def shown(value: Value) -> str:
    """A vendor field in ASCII, as JSON."""
    return "absent" if value is None else jsontext.dumps(exact(value))


def differences(
    before: LiveTier | Tier, after: LiveTier | Tier, fields: Sequence[FieldChange], scale: Scale
) -> Iterator[str]:
    """What differs between two tiers, `fields` being what `diff.fields` found: `range: 250–499 → 300–499`."""
    if before.name != after.name:
        yield f"name: {shown(before.name)} → {shown(after.name)}"
    if before.range != after.range:
        yield f"range: {scale.span(before.range)} → {scale.span(after.range)}"
    for field in fields:
        if field.path[0] != "range":
            yield f"{'.'.join(field.path)}: {shown(field.before)} → {shown(field.after)}"


def beside(live: str, file: str) -> str:
    """Two sides that differ, neither before the other: `live 0–249, file 0–259`. An empty one is not there."""
    return f"{f'live {live}' if live else 'not live'}, {f'file {file}' if file else 'not in the file'}"


def counted(amount: int, noun: str) -> str:
    """`1 tier`, `2 tiers`."""
    return f"{amount} {noun}{'' if amount == 1 else 's'}"


def ago(passed: timedelta) -> str:
    """`3 hours ago`, in the largest unit of which there are two or more."""
    seconds = int(passed.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}s ago"
    return f"{counted(seconds, 'second')} ago"
