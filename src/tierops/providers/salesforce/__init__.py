"""Salesforce Loyalty Management: tiers are records of a tier group, which the general REST API reads and creates.

Source: Salesforce's published guides (Loyalty Management and REST API, 64.0 and later). What they leave open is not
assumed here: an answer that is not as documented is an error that shows what was received.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tierops.model import Abilities, Live, Place, Scale
from tierops.providers.salesforce import tiers
from tierops.providers.vendor import Allowance, Part, Variable, Vendor

_USAGE = re.compile(r"(?:per-app-)?api-usage=([0-9]{1,12})/([0-9]{1,12})")
_CLUBS = "the group is one of clubs, which members join by themselves: tierops only looks at it"


def _scale(_place: Mapping[str, str]) -> Scale:
    """What the group's currency counts, kept with two decimals, and only where a tier starts."""
    return Scale("points", 2, has_ends=False, unsaid=frozenset({"sequence", "maximum"}))


def _abilities(_place: Place, live: Live) -> Abilities:
    return Abilities(
        by_hand="tierops does not change records of Salesforce: edit the tier in its tier group and generate the rules"
        " again, or write what is live into the file",
        members="join this tier once somebody generates the rules again, and not before",
        undo="Until then the tier can be deleted in Salesforce without any member noticing",
        blocked=_CLUBS if live.facts.get("category") == "Clubs" else tiers.doubt(live),
        is_guarded=tiers.KEY_FIELD in live.facts,
    )


def _allowance(headers: Mapping[str, str]) -> Allowance:
    """`Sforce-Limit-Info: api-usage=18/5000`, and perhaps the same for one app: the calls of 24 hours, on the move."""
    used = [(int(used), int(most)) for used, most in _USAGE.findall(headers.get("Sforce-Limit-Info", ""))]
    if not used:
        return Allowance()
    left, size = min((max(most - used, 0), most) for used, most in used)
    return Allowance(left, size)


VENDOR = Vendor(
    name="salesforce",
    title="Salesforce",
    noun="tier group",
    parts=(
        Part("program", "the loyalty programme, by name or id"),
        Part("tier_group", "its tier group, by name or id"),
    ),
    url_variable="SALESFORCE_URL",
    variables=(
        Variable("SALESFORCE_CLIENT_ID", "Setup, External Client Apps: the consumer key"),
        Variable("SALESFORCE_CLIENT_SECRET", "beside the consumer key"),
        Variable(
            "SALESFORCE_ACCESS_TOKEN",
            "in place of the two: a token that is ready, such as one of the CLI `sf`",
            True,
            True,
        ),
    ),
    prefixes=(tiers.DATA,),
    hosts=("*.my.salesforce.com",),
    scale=_scale,
    abilities=_abilities,
    requests=tiers.requests,
    unfit=tiers.unfit,
    fields=tiers.fields,
    block=tiers.block,
    allowance=_allowance,
    package=__name__,
    url_help="the org's own (https://NAME.my.salesforce.com; a sandbox: https://NAME--BOX.sandbox.my.salesforce.com)",
    rank=4,
)
