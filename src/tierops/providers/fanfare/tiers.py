"""A ladder as Fanfare's API has it, and back; pure.

How the server stores a tier is documented in one older example only, so a tier is read from its metadata first, from
its rules as a fallback and a cross-check, and an audience that says something else is shown, never guessed. Balances
are never negative there: points start at 0 and money has no sign.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from tierops.model import Live, LiveTier, Range, Request, Tier, Value, compact, exact
from tierops.providers.expect import expect_text

CREATE = "/audiences/loyalty-tiers"

Audience = Mapping[str, Value]


def requests(live: Live, tiers: Sequence[Tier]) -> tuple[Request, ...]:
    """The whole group in one body."""
    names = tuple(tier.name for tier in tiers)
    attribute = tiers[0].fields["attribute"]
    body: Value = {"groupName": live.identity.name, "attribute": attribute, "tiers": encode(tiers)}
    return (Request("POST", CREATE, body, names),)


def fields(block: Mapping[str, Value], place: Mapping[str, str], index: int) -> Mapping[str, Value]:
    """What a tier holds, from its block: its place in the ladder where the block says no other.

    What a group measures is stored with each of its tiers, and may be changed there by hand.
    """
    order = block.get("order")
    whole = index if order is None else exact(Decimal(order)) if isinstance(order, str) else order
    return compact({**block, "order": whole, "attribute": place["attribute"]})


def block(fields: Mapping[str, Value], _place: Mapping[str, str], index: int) -> Mapping[str, Value]:
    """The block of a tier: without what stands at the target, once for all tiers, or is so anyway."""
    is_own = {name: value for name, value in fields.items() if name != "attribute"}
    if is_own.get("order") == index and not isinstance(is_own.get("order"), bool):
        del is_own["order"]
    return is_own


class _Bounds(NamedTuple):
    """What one source says of a tier. `is_inclusive` is about the end; None is no end."""

    start: Decimal
    end: Decimal | None
    is_inclusive: bool = False


def encode(tiers: Sequence[Tier]) -> list[Value]:
    """A ladder as the create takes it. Whole numbers go out as JSON numbers, others as strings."""
    return [
        {
            "name": tier.name,
            "order": tier.fields["order"],
            "startValue": _amount(tier.range.lower),
            **({} if tier.range.upper is None else {"endValue": _amount(tier.range.upper)}),
            **({"iconName": tier.fields["icon"]} if "icon" in tier.fields else {}),
        }
        for tier in tiers
    ]


def decode(audiences: Sequence[Audience], group: str) -> tuple[LiveTier, ...]:
    """The ladder that these audiences are, low to high.

    What an audience says beyond a tier is among its fields, where a plan shows it as a difference: `rules` that mean
    something else than the metadata or nothing that can be read, and a `group_name` other than `group`.
    """
    read = [(audience, _from_metadata(audience), _from_rules(audience)) for audience in audiences]
    starts = {b.start for _, metadata, rules in read for b in (metadata, rules) if b is not None}
    tiers = [_tier(audience, metadata, rules, starts, group) for audience, metadata, rules in read]
    ranked = sorted(tiers, key=lambda t: (t.range.lower is None, t.range.lower or 0, t.id))
    # Where no metadata says the order, the place in the ladder does.
    return tuple(tier._replace(fields={"order": place, **tier.fields}) for place, tier in enumerate(ranked))


def _tier(
    audience: Audience, metadata: _Bounds | None, rules: _Bounds | None, starts: set[Decimal], group: str
) -> LiveTier:
    bounds = metadata or rules
    has_other_rules = metadata is not None and "rules" in audience and (rules is None or rules[:2] != metadata[:2])
    fields: dict[str, Value] = {
        "attribute": attribute_of([audience]) or None,
        "order": _map_in(audience, "metadata").get("tierOrder"),
        "icon": audience.get("iconName"),
        "rules": _shown_rules(audience) if has_other_rules or bounds is None else None,
        "group_name": audience.get("groupName") if audience.get("groupName") != group else None,
    }
    updated = audience.get("updatedAt")
    return LiveTier(
        expect_text(audience, "id"),
        expect_text(audience, "name"),
        Range(None, None) if bounds is None else Range(bounds.start, _upper(bounds, starts)),
        compact(fields),
        updated if isinstance(updated, str) else None,
    )


def _upper(bounds: _Bounds, starts: set[Decimal]) -> Decimal | None:
    """The first balance above the tier. Touching tiers share a bound; an inclusive end is one below the next start."""
    if bounds.end is not None and bounds.is_inclusive and bounds.end + 1 in starts and bounds.end not in starts:
        return bounds.end + 1
    return bounds.end


def _from_metadata(audience: Audience) -> _Bounds | None:
    boundaries = _map_in(_map_in(audience, "metadata"), "tierBoundaries")
    start, end = _decimal(boundaries.get("min")), _decimal(boundaries.get("max"))
    if start is None or (end is None and boundaries.get("max") is not None):
        return None
    return _Bounds(start, end)


def _from_rules(audience: Audience) -> _Bounds | None:
    """Start and end that the rules say; None where they are not those of a tier: other operators, several fields."""
    rules = _rules(audience)
    if len({str(rule.get("field")) for rule in rules}) > 1 or len({str(rule.get("groupId")) for rule in rules}) > 1:
        return None
    said = tuple(sorted((str(rule.get("operator")), *_values(rule)) for rule in rules))
    match said:
        case (("GREATER_THAN_OR_EQUAL", Decimal() as start), ("LESS_THAN", Decimal() as end)):
            return _Bounds(start, end)
        case (("GREATER_THAN_OR_EQUAL", Decimal() as start), ("LESS_THAN_OR_EQUAL", Decimal() as end)):
            return _Bounds(start, end, is_inclusive=True)
        case (("BETWEEN", Decimal() as start, Decimal() as end),):
            return _Bounds(start, end, is_inclusive=True)
        case (("GREATER_THAN_OR_EQUAL" | "GREATER_THAN", Decimal() as start),):
            return _Bounds(start, None)
        case (("LESS_THAN", Decimal() as end),):
            return _Bounds(Decimal(0), end)
    return None


def _values(rule: Mapping[str, Value]) -> list[Decimal | None]:
    values = rule.get("values")
    return [_decimal(value) for value in values] if isinstance(values, list) else []


def _rules(audience: Audience) -> list[Mapping[str, Value]]:
    rules = audience.get("rules")
    return [rule for rule in rules if isinstance(rule, Mapping)] if isinstance(rules, list) else []


def _shown_rules(audience: Audience) -> Value:
    rules = _rules(audience)
    return [{key: rule.get(key) for key in ("field", "operator", "values")} for rule in rules] or "none"


def attribute_of(bucket: Sequence[Audience]) -> str:
    """What the tiers of a group measure, as metadata or else the rules say; empty where they do not agree."""
    attributes: set[str] = set()
    for audience in bucket:
        attribute = _map_in(audience, "metadata").get("tierAttribute")
        if isinstance(attribute, str):
            attributes.add(attribute)
        else:
            attributes |= {str(rule.get("field")) for rule in _rules(audience)}
    return attributes.pop() if len(attributes) == 1 else ""


def is_tier(audience: Audience) -> bool:
    """Archived audiences are not live, and RFM groups are no ladders."""
    return (
        audience.get("archived") is not True
        and audience.get("groupType") == "SEGMENTED_VALUE"
        and isinstance(audience.get("groupId"), str)
    )


_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


def _decimal(value: Value) -> Decimal | None:
    """A number in any of the forms that the API is free to use; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def _amount(value: Decimal | None) -> Value:
    number = exact(value)
    return format(number, "f") if isinstance(number, Decimal) else number


def _map_in(row: Mapping[str, Value], key: str) -> Mapping[str, Value]:
    value = row.get(key)
    return value if isinstance(value, Mapping) else {}
