"""A ladder as Fanfare's API has it, and back; pure.

How the server stores a tier is documented in one older example only, so a tier is read from its metadata first, from
its rules as a fallback and a cross-check, and an audience that says something else is shown, never guessed. Balances
are never negative there: points start at 0 and money has no sign.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple

from tierops.model import Live, LiveTier, Range, Request, Tier, Value, compact, exact
from tierops.providers.expect import expect_same, expect_text

CREATE = "/audiences/loyalty-tiers"
COUNTS = frozenset({"loyaltyBalance", "loyaltyLifetimePoints", "totalOrders"})
"""What has whole numbers; money and scores have decimals."""

TAKEN = "a group of this name"
"""The fact that the name of a new group is that of something else."""

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
    """What one source says of a tier; None is no end.

    `is_above` says that the start is not in the tier itself, `is_through` that the end is.
    """

    start: Decimal
    end: Decimal | None
    is_above: bool = False
    is_through: bool = False

    def range(self, attribute: str) -> Range | None:
        """The balances in the tier. None where no half-open range is those: there is no next amount of money."""
        is_half_open = not self.is_above and not self.is_through
        if not is_half_open and attribute not in COUNTS:
            return None
        start = _next(self.start) if self.is_above else self.start
        return Range(start, _next(self.end) if self.is_through and self.end is not None else self.end)


def _next(count: Decimal) -> Decimal:
    """The first whole number above."""
    return count.to_integral_value(ROUND_FLOOR) + 1


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
    something else than the metadata or nothing that can be read, and a `group_name` other than `group`. Raises
    `VendorError` for an audience that contradicts itself.
    """
    tiers = [_tier(audience, group) for audience in audiences]
    ranked = sorted(tiers, key=lambda t: (t.range.lower is None, t.range.lower or 0, t.id))
    # Where no metadata says the order, the place in the ladder does.
    return tuple(tier._replace(fields={"order": place, **tier.fields}) for place, tier in enumerate(ranked))


def _tier(audience: Audience, group: str) -> LiveTier:
    _refuse_contradictions(audience)
    metadata, rules = _from_metadata(audience), _from_rules(audience)
    attribute = attribute_of([audience])
    range_ = metadata.range(attribute) if metadata else rules and rules.range(attribute)
    fields: dict[str, Value] = {
        "attribute": attribute or None,
        "order": _map_in(audience, "metadata").get("tierOrder"),
        "icon": audience.get("iconName"),
        "rules": _shown_rules(audience) if range_ is None or _has_other_rules(audience, metadata, rules) else None,
        "group_name": audience.get("groupName") if audience.get("groupName") != group else None,
    }
    updated = audience.get("updatedAt")
    return LiveTier(
        expect_text(audience, "id"),
        expect_text(audience, "name"),
        range_ or Range(None, None),
        compact(fields),
        updated if isinstance(updated, str) else None,
    )


def _has_other_rules(audience: Audience, metadata: _Bounds | None, rules: _Bounds | None) -> bool:
    """Whether the rules say something else than the metadata: other ends, or an end of something else.

    Whether an end is in the tier, metadata does not say; how the server makes rules of a range is not documented.
    """
    if metadata is None or "rules" not in audience:
        return False
    attribute = _map_in(audience, "metadata").get("tierAttribute")
    is_other = isinstance(attribute, str) and any(rule.get("field") != attribute for rule in _rules(audience))
    return is_other or rules is None or rules[:2] != metadata[:2]


def _refuse_contradictions(audience: Audience) -> None:
    what = f"audience {expect_text(audience, 'name')!r}"
    expect_same(_map_in(audience, "metadata"), "tierGroup", audience.get("groupId"), what)
    for rule in _rules(audience):
        expect_same(rule, "audienceId", expect_text(audience, "id"), f"a rule of {what}")


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
        case (("BETWEEN", Decimal() as start, Decimal() as end),):
            return _Bounds(start, end, is_through=True)
        case (("LESS_THAN" | "LESS_THAN_OR_EQUAL" as operator, Decimal() as end),):
            return _Bounds(Decimal(0), end, is_through=operator == "LESS_THAN_OR_EQUAL")
        case (("GREATER_THAN" | "GREATER_THAN_OR_EQUAL" as operator, Decimal() as start),):
            return _Bounds(start, None, is_above=operator == "GREATER_THAN")
        case (
            ("GREATER_THAN" | "GREATER_THAN_OR_EQUAL" as lower, Decimal() as start),
            ("LESS_THAN" | "LESS_THAN_OR_EQUAL" as upper, Decimal() as end),
        ):
            return _Bounds(start, end, lower == "GREATER_THAN", upper == "LESS_THAN_OR_EQUAL")
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
