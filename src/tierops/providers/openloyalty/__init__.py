"""Open Loyalty: the tiers of a tier set, whose API replaces the whole list and deletes what the list leaves out.

Source: Open Loyalty's published OpenAPI document and guides. tierops sends a list only to a set that holds its default
tier alone, and only new tiers in it: such a list names nothing that exists, and so changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from tierops.model import Abilities, Live, Place, Scale
from tierops.providers.openloyalty import tiers
from tierops.providers.vendor import Part, Variable, Vendor

UNITS = {
    "activeUnits": "active units",
    "totalEarnedUnits": "earned units",
    "cumulatedEarnedUnits": "units since the last recalculation",
    "totalSpending": "of spending",
    "monthsSinceJoiningProgram": "months of membership",
}
_WHERE = "in the admin panel (Tiers)"
_ONLY_WHOLE = (
    "the set holds tiers beside its default one, and Open Loyalty's API takes whole lists only: what a list leaves out"
    f" is deleted. Add the tier {_WHERE}"
)


def _scale(place: Mapping[str, str]) -> Scale:
    """Units and money with six decimals, as documented for all fractions; months are whole."""
    attribute = place["attribute"]
    return Scale(UNITS.get(attribute, attribute), 0 if attribute == tiers.MONTHS else 6, has_ends=False)


def _abilities(place: Place, live: Live) -> Abilities:
    falls = " (it falls when they spend)" if place.fields.get("attribute") == "activeUnits" else ""
    return Abilities(
        by_hand="tierops does not change tiers of Open Loyalty, whose API deletes what a list leaves out: edit the tier"
        f" {_WHERE}, or write what is live into the file",
        members=f"move to this tier at their next activity, or when the set is next recalculated{falls}",
        undo=f"A tier without members can be removed {_WHERE}",
        blocked=_why_closed(live) or (_ONLY_WHOLE if len(live.tiers) > 1 else ""),
        where=_WHERE,
    )


def _why_closed(live: Live) -> str:
    if live.facts.get("active") == "no":
        return "the tier set is not active: activate it in the admin panel, or look at it only"
    if live.facts.get("migrated") == "yes":
        return "the tier set is one that was migrated, which tierops only looks at"
    return ""


VENDOR = Vendor(
    name="openloyalty",
    title="Open Loyalty",
    noun="tier set",
    parts=(
        Part("store", "the code of the store, which the panel calls tenant", default="default"),
        Part("tier_set", "the tier set, by name or id"),
        Part("attribute", "what a tier counts", is_home=False, choices=tuple(UNITS)),
        Part("wallet", "the code of the wallet whose units count, or none", is_home=False, default="default"),
    ),
    url_variable="OPENLOYALTY_URL",
    variables=(Variable("OPENLOYALTY_TOKEN", "admin panel, Settings, Admins: an API key of an admin"),),
    prefixes=("/api",),
    hosts=("*.openloyalty.io",),
    scale=_scale,
    abilities=_abilities,
    requests=tiers.requests,
    fields=tiers.fields,
    block=tiers.block,
    url_help="the host of the panel, as Open Loyalty gave it to you",
    package=__name__,
    rank=5,
)
