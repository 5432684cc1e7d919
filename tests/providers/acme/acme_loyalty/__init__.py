"""ACME Loyalty: the levels of a club, which its API creates one at a time and keeps by their start alone.

There is no such vendor. It is made up to be unlike the others in everything, and lives outside of tierops.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from acme_loyalty import tiers

from tierops.model import Abilities, Live, Place, Scale
from tierops.providers.vendor import Allowance, Part, Variable, Vendor

_QUOTA = re.compile(r"([0-9]{1,9}) of ([0-9]{1,9}); until=([0-9]{1,11})")


def _scale(place: Mapping[str, str]) -> Scale:
    """Money, with two decimals in each currency that ACME knows."""
    return Scale(place["currency"], 2, has_ends=False)


def _abilities(_place: Place, live: Live) -> Abilities:
    is_closed = live.facts.get("status") == "closed"
    return Abilities(
        by_hand="ACME's API cannot change a level: edit it in the console (Clubs), or write what is live into the file",
        members="join this tier once the club is published",
        undo="Until then the level can be deleted in the console",
        blocked="the club is closed, and takes no levels any more: open it in the console" if is_closed else "",
        is_guarded=True,
    )


def _allowance(headers: Mapping[str, str]) -> Allowance:
    """`Acme-Quota: 12 of 100; until=1767225660`."""
    quota = _QUOTA.fullmatch(headers.get("Acme-Quota", ""))
    return Allowance(int(quota[1]), int(quota[2]), float(quota[3])) if quota else Allowance()


VENDOR = Vendor(
    name="acme",
    title="ACME Loyalty",
    noun="club",
    parts=(
        Part("club", "the club, by title or number"),
        Part("currency", "what the club counts in, such as EUR", is_home=False, default="EUR"),
    ),
    url_variable="ACME_URL",
    variables=(
        Variable("ACME_CLIENT_ID", "console, Integrations: the client id"),
        Variable("ACME_CLIENT_SECRET", "beside the client id, shown once"),
    ),
    scale=_scale,
    abilities=_abilities,
    requests=tiers.requests,
    fields=tiers.fields,
    block=tiers.block,
    allowance=_allowance,
    package=__name__,
)
