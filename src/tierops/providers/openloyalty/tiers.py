"""A ladder as Open Loyalty's API has it, and back; pure.

A tier has the least value to be in it, which belongs to it, and no end: it reaches to the start of the next one. The
lowest is the set's default tier, which is made with the set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from tierops.errors import VendorError
from tierops.model import Live, LiveTier, Range, Request, Scale, Tier, Value, compact, exact
from tierops.providers.accounts import segment
from tierops.providers.expect import expect_list, expect_map, expect_text, short

MONTHS = "monthsSinceJoiningProgram"
NO_WALLET = "none"
MOST_TIERS = 20
_LANGUAGE = "en"
_HIGHEST = 2_147_483_647
_LONGEST = 255
_STARTS_ONLY = Scale(has_ends=False)
_METHOD = "PUT"  # of a whole list; sent to a set with nothing but its default tier, and with new tiers only


class Condition(NamedTuple):
    """What decides about the tiers of a set: its id, what it counts, and in which wallet (`none` without one)."""

    id: str
    attribute: str
    wallet: str


def set_path(store: str, set_id: str) -> str:
    """Where a tier set is."""
    return f"/api/{segment(store)}/tierSet/{segment(set_id)}"


def requests(live: Live, tiers: Sequence[Tier]) -> tuple[Request, ...]:
    """One list of all missing tiers, low to high. None of them has an id, so that it names nothing that is live.

    Raises `VendorError` where the set would hold more tiers than it can, or a tier what it cannot.
    """
    if len(live.tiers) + len(tiers) > MOST_TIERS:
        raise VendorError(f"Open Loyalty holds {MOST_TIERS} tiers in a set at the most")
    rising = sorted(tiers, key=lambda tier: tier.range.lower or 0)
    path = f"{set_path(live.facts['store'], live.identity.id)}/tiers"
    body = {"tiers": encode(rising, live.facts["condition"])}
    return (Request(_METHOD, path, body, tuple(tier.name for tier in rising)),)


def fields(block: Mapping[str, Value], _place: Mapping[str, str], _index: int) -> Mapping[str, Value]:
    """What a tier holds, from its block. A tier and a benefit are active unless they say otherwise."""
    benefits = [_benefit(expect_map(one, "benefit")) for one in expect_list(block.get("benefits") or [], "benefits")]
    is_closed = block.get("active") is False
    return compact({**block, "active": False if is_closed else None, "benefits": benefits or None})


def block(fields: Mapping[str, Value], _place: Mapping[str, str], _index: int) -> Mapping[str, Value]:
    """The block of a tier: its fields as they are."""
    return dict(fields)


def _benefit(one: Mapping[str, Value]) -> Mapping[str, Value]:
    return compact({**one, "active": False if one.get("active") is False else None})


def encode(tiers: Sequence[Tier], condition: str) -> list[Value]:
    """The JSON that creates each tier. Raises `VendorError` for a name or a start that no tier can have."""
    return [_encode_one(tier, condition) for tier in tiers]


def _encode_one(tier: Tier, condition: str) -> Value:
    start = tier.range.lower or Decimal(0)
    if start > _HIGHEST or len(tier.name) > _LONGEST:
        raise VendorError(
            f"tier {short(tier.name)} starts above {_HIGHEST:,}, or its name has more than {_LONGEST} characters: Open"
            " Loyalty holds neither"
        )
    own = {"name": tier.name} | ({"description": tier.fields["description"]} if "description" in tier.fields else {})
    others = tier.fields.get("translations", {})
    written: dict[str, Value] = {
        "translations": {_LANGUAGE: own, **expect_map(others, "translations")},
        "active": tier.fields.get("active", True),
        "conditions": [{"conditionId": condition, "value": exact(start)}],
    }
    if "benefits" in tier.fields:
        benefits = expect_list(tier.fields["benefits"], "benefits")
        written["rewards"] = [_reward(expect_map(one, "benefit")) for one in benefits]
    return written


def _reward(benefit: Mapping[str, Value]) -> Value:
    labels = expect_map(benefit.get("labels", {}), "labels")
    return compact(
        {
            "name": benefit.get("name"),
            "code": benefit.get("code"),
            "value": benefit.get("value"),
            "active": benefit.get("active", True),
            "startAt": benefit.get("start_at"),
            "endAt": benefit.get("end_at"),
            "labels": [{"key": key, "value": value} for key, value in labels.items()] or None,
        }
    )


def condition_of(tier_set: Mapping[str, Value]) -> Condition:
    """The one condition of a set. Raises `VendorError` for several: no single start says who is in a tier."""
    listed = expect_list(tier_set.get("conditions"), "conditions")
    if len(listed) != 1:
        raise VendorError(
            f"tier set {short(tier_set.get('name'))} has {len(listed)} conditions; tierops reads sets with one only"
        )
    condition = expect_map(listed[0], "condition")
    wallet = condition.get("walletType")
    if isinstance(wallet, Mapping):
        wallet = wallet.get("code")
    return Condition(
        expect_text(condition, "id"),
        expect_text(condition, "attribute"),
        wallet if isinstance(wallet, str) and wallet else NO_WALLET,
    )


def decode(rows: Sequence[Mapping[str, Value]], set_id: str, condition: Condition) -> tuple[LiveTier, ...]:
    """The tiers of a set, low to high.

    Raises `VendorError` for what is not as documented, and for a row of another set or another condition.
    """
    if sum(row.get("isDefault") is True for row in rows) != 1:
        raise VendorError(
            f"not as documented: a set has one default tier, and this one has none or several: {len(rows)}"
        )
    for row in rows:
        owner = row.get("tierSet")
        for _ in range(2):  # an object that holds an object that holds the id, or one of them less
            owner = owner.get("tierSetId") if isinstance(owner, Mapping) else owner
        if owner != set_id:
            raise VendorError(f"not as documented: tier {short(row.get('name'))} is of set {short(owner)}")
    tiers = sorted((_decode_one(row, condition) for row in rows), key=lambda tier: (tier.range.lower or 0, tier.id))
    return _STARTS_ONLY.held(tiers)


def _decode_one(row: Mapping[str, Value], condition: Condition) -> LiveTier:
    translations = dict(expect_map(row.get("translations"), "translations"))
    own = expect_map(translations.pop(_LANGUAGE, None), "English translation")
    name = expect_text(own, "name")
    if row.get("name") not in (None, name):
        raise VendorError(f"not as documented: tier {short(name)} has the `name` {short(row['name'])}")
    rewards = [expect_map(one, "reward") for one in expect_list(row.get("rewards") or [], "rewards")]
    updated = row.get("updatedAt") if row.get("updatedAt") != row.get("createdAt") else None
    held: dict[str, Value] = {
        "description": own.get("description") or None,
        "active": False if row.get("active") is False else None,
        "translations": {language: _words(words) for language, words in translations.items()},
        "benefits": [_benefit_of(one) for one in rewards] or None,
    }
    start = Range(_value(row, condition), None)
    return LiveTier(
        expect_text(row, "levelId"), name, start, compact(held), updated if isinstance(updated, str) else None
    )


def _words(words: Value) -> Value:
    shown = expect_map(words, "translation")
    return {key: shown[key] for key in ("name", "description") if shown.get(key)}


def _benefit_of(reward: Mapping[str, Value]) -> Value:
    """Its id and when it was made or changed are the vendor's own."""
    labels = [expect_map(one, "label") for one in expect_list(reward.get("labels") or [], "labels")]
    return _benefit(
        {
            "code": reward.get("code"),
            "name": reward.get("name"),
            "value": reward.get("value"),
            "active": reward.get("active"),
            "start_at": reward.get("startAt"),
            "end_at": reward.get("endAt"),
            "labels": {str(one.get("key")): one.get("value") for one in labels},
        }
    )


def _value(row: Mapping[str, Value], condition: Condition) -> Decimal:
    listed = [expect_map(one, "condition") for one in expect_list(row.get("conditions"), "conditions")]
    if len(listed) != 1 or listed[0].get("conditionId") != condition.id:
        raise VendorError(f"not as documented: tier {short(row.get('name'))} has other conditions than its set")
    if listed[0].get("attribute") not in (None, condition.attribute):
        raise VendorError(f"not as documented: tier {short(row.get('name'))} counts {short(listed[0]['attribute'])}")
    value = listed[0].get("value")
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
        raise VendorError(f"not as documented: `value` is {short(value)} in tier {short(row.get('name'))}")
    return Decimal(value)
