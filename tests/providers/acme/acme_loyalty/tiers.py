"""A ladder as ACME's API has it, and back; pure.

A level has a start in cents and no end: it reaches to the start of the next one. Its number is the vendor's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from tierops.errors import VendorError
from tierops.model import Live, LiveTier, Range, Request, Scale, Tier, Value
from tierops.providers.accounts import segment
from tierops.providers.expect import expect_list, expect_text, short

FIELDS = ("color", "perks")
_STARTS_ONLY = Scale(has_ends=False)


def path(club: str) -> str:
    """Where the levels of a club are listed and created."""
    return f"/v1/clubs/{segment(club)}/levels"


def requests(live: Live, tiers: Sequence[Tier]) -> tuple[Request, ...]:
    """One for each tier, low to high: until the last one is there, members are in too low a tier, never in none."""
    rising = sorted(tiers, key=lambda tier: tier.range.lower or 0)
    bodies = zip(rising, encode(rising), strict=True)
    return tuple(Request("POST", path(live.identity.id), body, (tier.name,)) for tier, body in bodies)


def fields(block: Mapping[str, Value], _place: Mapping[str, str], _index: int) -> Mapping[str, Value]:
    """What a tier holds, from its block: what is empty is not there."""
    return {name: block[name] for name in FIELDS if block.get(name)}


def block(fields: Mapping[str, Value], _place: Mapping[str, str], _index: int) -> Mapping[str, Value]:
    """The block of a tier: its fields as they are."""
    return dict(fields)


def encode(tiers: Sequence[Tier]) -> list[Value]:
    """The JSON that creates each level. Raises `VendorError` for a start that is no whole number of cents."""
    return [{"label": tier.name, "from_cents": _cents(tier), **tier.fields} for tier in tiers]


def decode(rows: Sequence[Mapping[str, Value]]) -> tuple[LiveTier, ...]:
    """The whole ladder, low to high. Raises `VendorError` for what is not as documented."""
    tiers = sorted(map(_decode_one, rows), key=lambda tier: (tier.range.lower or 0, int(tier.id)))
    return _STARTS_ONLY.held(tiers)


def _decode_one(row: Mapping[str, Value]) -> LiveTier:
    modified = row.get("modified")
    own: dict[str, Value] = {"color": row.get("color"), "perks": expect_list(row.get("perks") or [], "perks")}
    return LiveTier(
        str(number(row)),
        expect_text(row, "label"),
        Range(_amount(row), None),
        fields(own, {}, 0),
        modified if isinstance(modified, str) else None,
    )


def number(row: Mapping[str, Value]) -> int:
    """The number of a club or a level. Raises `VendorError` where there is none."""
    value = row.get("number")
    if not isinstance(value, int) or isinstance(value, bool):
        raise VendorError(f"not as documented: no `number` in {short(row)}")
    return value


def _cents(tier: Tier) -> int:
    cents = (tier.range.lower or Decimal(0)) * 100
    if cents != int(cents):
        raise VendorError(f"tier {tier.name!r} starts at {tier.range.lower}, which is no whole number of cents")
    return int(cents)


def _amount(row: Mapping[str, Value]) -> Decimal:
    cents = row.get("from_cents")
    if isinstance(cents, bool) or not isinstance(cents, int | str) or not str(cents).removeprefix("-").isdecimal():
        raise VendorError(f"not as documented: `from_cents` is {short(cents)} in level {short(row.get('label'))}")
    return Decimal(cents) / 100
