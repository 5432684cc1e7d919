"""A ladder as Loyalty v2 has it, and back; pure.

Points are inclusive at both ends, an absent end is open. What is inherited from the structure is the same as unsaid.
Server-set fields and unknown keys are no evidence of drift.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from urllib.parse import unquote

from tierops.errors import VendorError
from tierops.model import ID, Live, LiveTier, Range, Request, Tier, Value, compact
from tierops.providers.accounts import segment
from tierops.providers.expect import expect_map, expect_same, expect_text, short
from tierops.providers.voucherify_v2 import structures
from tierops.providers.voucherify_v2.structures import STRUCTURES

FIELDS = ("downgrade", "points_expiration", "metadata")
_INHERITED = ("downgrade", "points_expiration")
_POINTS, _WITH_SEGMENT = "POINTS", "POINTS_AND_SEGMENT"


def path(structure_id: str) -> str:
    """Where the tiers of a structure are listed and created."""
    return f"{STRUCTURES}/{segment(structure_id)}/tiers"


def structure_of(path: str) -> str:
    """The inverse of `path`."""
    return unquote(path.removesuffix("/tiers").rpartition("/")[2])


def requests(live: Live, tiers: Sequence[Tier]) -> tuple[Request, ...]:
    """One for each tier, low to high: no state between two of them breaks a rule of the vendor.

    Before them is the one that makes the structure, where there is none.
    """
    rising = sorted(tiers, key=lambda tier: tier.range.lower or 0)
    where = f"{STRUCTURES}/{ID}/tiers" if live.is_new else path(live.identity.id)
    creates = tuple(Request("POST", where, encode(tier), (tier.name,)) for tier in rising)
    return (structures.create(live), *creates) if live.is_new else creates


def fields(block: Mapping[str, Value], _place: Mapping[str, str], _index: int) -> Mapping[str, Value]:
    """What a tier holds, from its block, without what it inherits."""
    return compact({name: value for name, value in block.items() if not _is_inherited(name, value)})


def block(fields: Mapping[str, Value], _place: Mapping[str, str], _index: int) -> Mapping[str, Value]:
    """The block of a tier: its fields as they are."""
    return dict(fields)


def encode(tier: Tier) -> Value:
    """The JSON that creates a tier. An open end has no `max_value`; null there is refused."""
    lower, upper = tier.range
    points = {"min_value": int(lower or 0)} | ({} if upper is None else {"max_value": int(upper) - 1})
    own = {name: tier.fields[name] for name in FIELDS if name in tier.fields}
    return {"name": tier.name, "qualification_rules": {"type": _POINTS, "points": points}, **own}


def decode(rows: Sequence[Mapping[str, Value]], structure_id: str) -> tuple[LiveTier, ...]:
    """The tiers of a structure as listed, low to high.

    Raises `VendorError` for what is not as documented, for a row of something else, and for bounds between two points.
    """
    tiers = [_decode_one(row, structure_id) for row in rows]
    return tuple(sorted(tiers, key=lambda tier: (tier.range.lower or Decimal(0), tier.id)))


def _decode_one(row: Mapping[str, Value], structure_id: str) -> LiveTier:
    what = f"tier {expect_text(row, 'name')!r}"
    expect_text(row, "tier_structure_id")
    expect_same(row, "tier_structure_id", structure_id, what)
    expect_same(row, "object", "tier", what)
    rules = expect_map(row.get("qualification_rules"), f"qualification_rules of {what}")
    kind = rules.get("type")
    if kind not in (_POINTS, _WITH_SEGMENT):
        raise VendorError(f"not as documented: {what} has qualification_rules of the type {short(kind)}")
    points = expect_map(rules.get("points"), f"points of {what}")
    lower, last = _whole(points, "min_value", what), _whole(points, "max_value", what)
    if lower is None:
        raise VendorError(f"not as documented: {what} has no `min_value` in {short(points)}")
    own = {name: expect_map(row[name], f"{name} of {what}") for name in FIELDS if row.get(name) is not None}
    if kind == _WITH_SEGMENT:
        own["segment"] = expect_map(rules.get("segment"), f"segment of {what}")
    updated = row.get("updated_at")
    return LiveTier(
        expect_text(row, "id"),
        expect_text(row, "name"),
        Range(lower, None if last is None else last + 1),
        fields(own, {}, 0),
        updated if isinstance(updated, str) else None,
    )


def _is_inherited(name: str, value: Value) -> bool:
    return name in _INHERITED and isinstance(value, Mapping) and value.get("type") in (None, "INHERIT")


def _whole(points: Mapping[str, Value], key: str, what: str) -> Decimal | None:
    value = points.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise VendorError(f"not as documented: `{key}` of {what} is {short(value)}, not a number")
    if value != int(value):
        raise VendorError(
            f"{what} has the `{key}` {short(value)}, between two points: tierops counts whole points there; change it"
            " by hand"
        )
    return Decimal(value)
