"""A ladder as Voucherify's API has it, and back; pure.

Points are inclusive integers, an absent end is open. Server-set fields and unknown keys are no evidence of drift.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from tierops.errors import VendorError
from tierops.model import POINTS, TIMES, Benefit, Live, LiveTier, Range, Request, Tier, Value, compact, digits, exact
from tierops.providers.accounts import segment
from tierops.providers.expect import expect_map, expect_same, expect_text, short
from tierops.providers.vendor import Term

FIELDS = ("earning_rules", "rewards", "metadata")
LISTED = 100  # tiers in a list at the most
_MAPPINGS = ("earning_rules", "rewards")


def path(campaign_id: str) -> str:
    """Where the tiers of a campaign are listed and created."""
    return f"/v1/loyalties/{segment(campaign_id)}/tiers"


def campaign_of(path: str) -> str:
    """The inverse of `path`."""
    return unquote(path.removesuffix("/tiers").rpartition("/")[2])


def requests(live: Live, tiers: Sequence[Tier]) -> tuple[Request, ...]:
    """All tiers in one JSON array; in several where no list could show them all.

    The tiers of one request have one time, and a list by time that ends among them says nothing of the rest.
    """
    parts = [tiers[start : start + LISTED] for start in range(0, len(tiers), LISTED)]
    return tuple(
        Request("POST", path(live.identity.id), encode(part), tuple(tier.name for tier in part)) for part in parts
    )


def fields(block: Mapping[str, Value], _place: Mapping[str, str], _index: int) -> Mapping[str, Value]:
    """What a tier holds, from its block: numbers that stand in quotes are numbers."""
    mappings = {key: {name: _typed(one) for name, one in _map(block.get(key)).items()} for key in _MAPPINGS}
    return compact({**block, **mappings})


def block(fields: Mapping[str, Value], _place: Mapping[str, str], _index: int) -> Mapping[str, Value]:
    """The block of a tier: its fields as they are."""
    return {key: fields[key] for key in FIELDS if key in fields}


def describe(field: str, key: str, value: Value) -> Term | None:
    """An earning rule or a reward in words, as far as it is one that is documented."""
    mapping = _map(value)
    kind = mapping.get("type")
    name = {"MULTIPLY": "multiplier", "CUSTOM": "points"}.get(str(kind), "")
    number = mapping.get(name)
    is_known = field in _MAPPINGS and mapping.keys() == {"type", name}
    if not is_known or isinstance(number, bool) or not isinstance(number, int | Decimal):
        return None
    points = f"{digits(number)} point{'' if number == 1 else 's'}"
    usual = "the usual points" if number == 1 else f"{digits(number)} times the usual points"
    if field == "rewards":
        return Term(f"reward {key}", f"a reward costs {points if kind == 'CUSTOM' else usual}")
    return Term(f"earning rule {key}", f"earns {f'{points} for each event' if kind == 'CUSTOM' else usual}")


def benefits(fields: Mapping[str, Value]) -> tuple[Benefit, ...]:
    """What members earn and what rewards cost them in a tier, and the words that are kept with it."""
    listed = []
    for key in _MAPPINGS:
        for name, mapping in _map(fields.get(key)).items():
            measure, amount = (TIMES, "multiplier") if mapping.get("type") == "MULTIPLY" else (POINTS, "points")
            if isinstance(value := mapping.get(amount), int | Decimal):
                listed.append(Benefit((key, name), value, measure, is_price=key == "rewards"))
    texts = ((name, text) for name, text in _map(fields.get("metadata")).items() if isinstance(text, str))
    return (*listed, *(Benefit(("metadata", name), text) for name, text in texts))


def encode(tiers: Sequence[Tier]) -> list[Value]:
    """The JSON that creates a ladder. An open end has no `to` key; null there is not documented."""
    return [
        {
            "name": tier.name,
            "points": {key: int(value) for key, value in _points(tier.range).items() if value is not None},
            **tier.fields,
        }
        for tier in tiers
    ]


def decode(rows: Sequence[Mapping[str, Value]], campaign_id: str) -> tuple[LiveTier, ...]:
    """The tiers of a campaign as listed, low to high.

    Raises `VendorError` for what is not as documented, and for a row that contradicts itself or is of something else.
    """
    return tuple(sorted((_decode_one(row, campaign_id) for row in rows), key=_rank))


def _decode_one(row: Mapping[str, Value], campaign_id: str) -> LiveTier:
    what = f"tier {expect_text(row, 'name')!r}"
    expect_same(row, "object", "loyalty_tier", what)
    expect_same(row, "campaign_id", campaign_id, what)
    said = [points for points in (row.get("points"), _map(row.get("config")).get("points")) if points is not None]
    ends = [_ends(expect_map(points, f"points of {what}")) for points in said or [None]]
    lower, last = ends[0]
    if len(set(ends)) > 1:
        both = " and ".join(short(points) for points in said)
        raise VendorError(f"not as documented: {what} says two things of its points, {both}")
    own = {name: expect_map(row[name], name) for name in FIELDS if row.get(name) is not None}
    updated = row.get("updated_at")
    return LiveTier(
        expect_text(row, "id"),
        expect_text(row, "name"),
        Range(lower, None if last is None else last + 1),
        compact(own),
        updated if isinstance(updated, str) else None,
    )


def _ends(points: Mapping[str, Value]) -> tuple[Decimal | None, Decimal | None]:
    return _whole(points, "from"), _whole(points, "to")


def _points(range_: Range) -> dict[str, Decimal | None]:
    return {"from": range_.lower, "to": None if range_.upper is None else range_.upper - 1}


def _rank(tier: LiveTier) -> tuple[Decimal, str]:
    return (Decimal("-Infinity") if tier.range.lower is None else tier.range.lower, tier.id)


def _whole(ends: Mapping[str, Value], key: str) -> Decimal | None:
    value = ends.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise VendorError(f"not as documented: points hold `{key}`: {short(value)}, not an integer")
    return Decimal(value)


def _map(value: Value) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _typed(mapping: Mapping[str, Value] | None) -> Value:
    if mapping is None:
        return None
    return {key: exact(Decimal(v)) if key != "type" and isinstance(v, str) else v for key, v in mapping.items()}
