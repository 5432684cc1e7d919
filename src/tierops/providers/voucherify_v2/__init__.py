"""Voucherify, Loyalty v2: tiers of a tier structure, made in a draft and frozen once it is activated.

Source: Voucherify's published OpenAPI file of Loyalty v2 and its guides. What they leave open is not assumed here: an
answer that is not as documented is an error that shows what was received. Address, keys and limits are those of v1.
"""

from __future__ import annotations

from tierops.model import Abilities, Live, Place
from tierops.providers import voucherify
from tierops.providers.vendor import Part
from tierops.providers.voucherify_v2 import programs, structures, tiers

_DASHBOARD = "in the dashboard (Loyalty, Tier structures)"
_MEND = f"change it in the draft, {_DASHBOARD}, or in the file; or name another structure"


def _abilities(place: Place, live: Live) -> Abilities:
    status, unlike = live.facts.get(structures.STATUS, structures.DRAFT), structures.unlike(live.facts)
    is_draft = status == structures.DRAFT
    return Abilities(
        by_hand=f"{programs.by_hand(live)}tierops does not change tiers: edit the tier {_DASHBOARD}, where"
        " outside a draft only names and metadata can be changed, or write what is live into the file",
        members="join this tier once the structure is activated: until then no member moves",
        undo=f"In the draft the tier{' and the structure' if live.is_new else ''} can be deleted by hand",
        blocked=_frozen(status) or (f"the structure is there, but its {unlike}: {_MEND}" if unlike else ""),
        where=_DASHBOARD if is_draft else f"in the draft of a new structure, {_DASHBOARD}",
        amiss=(*structures.amiss(live.facts), *programs.amiss(place, live)),
    )


def _frozen(status: str) -> str:
    if status == structures.DRAFT:
        return ""
    return (
        f"the structure is {status}, and outside a draft its ladder is frozen: make a new structure with the ladder"
        " that is wanted, and a new program for it; or, where no program that was ever started uses it, take it back to"
        " draft (dashboard, Tier structures)"
    )


VENDOR = voucherify.VENDOR._replace(
    name="voucherify-v2",
    title="Voucherify Loyalty v2",
    noun="tier structure",
    parts=(Part("structure", "the tier structure, by name or id"),),
    abilities=_abilities,
    requests=tiers.requests,
    fields=tiers.fields,
    block=tiers.block,
    package=__name__,
    rank=3,
    settings=structures.SETTINGS,
)
