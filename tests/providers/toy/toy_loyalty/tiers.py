"""A ladder as Toy's API has it, and back; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from tierops.errors import VendorError
from tierops.model import LiveTier, Range, Value, compact
from tierops.providers.expect import expect_text, short


def fields(block: Mapping[str, Value], _place: Mapping[str, str], _index: int) -> Mapping[str, Value]:
    """What a tier holds, from its block in a file."""
    return compact(block)


def block(fields: Mapping[str, Value], _place: Mapping[str, str], _index: int) -> Mapping[str, Value]:
    """The inverse of `fields`, for import."""
    return dict(fields)


def decode(rows: Sequence[Mapping[str, Value]]) -> tuple[LiveTier, ...]:
    """The whole ladder, low to high. Raises `VendorError` for what is not as documented."""
    tiers = (
        LiveTier(
            expect_text(row, "id"),
            expect_text(row, "name"),
            Range(_stars(row, "first"), None if row.get("last") is None else _stars(row, "last") + 1),
            compact({"badge": row.get("badge")}),
        )
        for row in rows
    )
    return tuple(sorted(tiers, key=lambda tier: (tier.range.lower or 0, tier.id)))


def _stars(row: Mapping[str, Value], key: str) -> Decimal:
    value = row.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise VendorError(f"not as documented: `{key}` is {short(value)} in {short(row)}")
    return Decimal(value)
