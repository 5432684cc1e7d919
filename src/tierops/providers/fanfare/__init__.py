"""Fanfare, Admin API: a ladder is a group of audiences, which its API creates whole or not at all.

Source: Fanfare's published OpenAPI file and guides.
"""

from __future__ import annotations

from collections.abc import Mapping

from tierops.model import Abilities, Live, Place, Scale
from tierops.providers.fanfare import tiers
from tierops.providers.vendor import Part, Variable, Vendor, counted

_UNITS = {  # attribute → what it counts, or measures
    "loyaltyBalance": "points",
    "loyaltyLifetimePoints": "lifetime points",
    "ltv": "lifetime spend",
    "totalOrders": "orders",
    "aov": "average order value",
    "activityScore": "activity score",
    "purchaseFrequencyScore": "purchase frequency score",
    "monetaryScore": "monetary score",
}
_ATTRIBUTES = tuple(_UNITS)

_BY_HAND = (
    "tierops does not change tiers of Fanfare, whose update deletes what it is not told to keep: edit the tier in the"
    " dashboard (Audiences), or write what is live into the file"
)
_ONLY_WHOLE = (
    "the group exists, and Fanfare's API creates whole groups only; its update deletes tiers that it is not told to"
    " keep, which can open live experiences to everybody. Add the tier to the group in the dashboard (Audiences)"
)


def _scale(place: Mapping[str, str]) -> Scale:
    """Points and counts are integers, money and scores are decimals."""
    attribute = place["attribute"]
    is_counted = attribute in tiers.COUNTS
    return Scale(_UNITS[attribute], 0 if is_counted else None, is_counted=is_counted)


def _abilities(_place: Place, live: Live) -> Abilities:
    return Abilities(
        by_hand=_BY_HAND,
        members="join this tier immediately",
        undo="Fanfare has no API to undo it",
        blocked=_ONLY_WHOLE if live.tiers else _why_taken(live),
        where="in the dashboard (Audiences)",
    )


def _why_taken(live: Live) -> str:
    """Why a group is not made, although no live tiers have its name."""
    kinds = [f"{what} is there, but {kind}" for what, kind in live.facts.items() if what == tiers.TAKEN]
    return (
        f"{kinds[0]}: make it a group of tiers again in the dashboard (Audiences), or name another one" if kinds else ""
    )


VENDOR = Vendor(
    name="fanfare",
    title="Fanfare",
    noun="group",
    parts=(
        Part("group", "the group, by name or id"),
        Part("attribute", "what a tier counts, such as ltv", False, _ATTRIBUTES[0], _ATTRIBUTES),
    ),
    url_variable="FANFARE_URL",
    variables=(Variable("FANFARE_SECRET_KEY", "dashboard, Settings: a secret key (sk_live_… or sk_test_…)"),),
    default_url="https://admin.fanfare.io/api",
    hosts=("admin.fanfare.io",),
    scale=_scale,
    abilities=_abilities,
    requests=tiers.requests,
    fields=tiers.fields,
    block=tiers.block,
    allowance=counted("X-RateLimit-Remaining", "X-RateLimit-Limit", "X-RateLimit-Reset"),
    package=__name__,
    rank=2,
)
