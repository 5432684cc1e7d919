"""Talon.One: tiers of a loyalty program, which its Management API only shows.

Source: Talon.One's published OpenAPI specification and the models of its SDK. These have types for new tiers, too, but
no operation takes them: there is no write API, and tierops assumes none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tierops.model import Abilities, Live, Place, Request, Scale, Tier
from tierops.providers.talonone import tiers
from tierops.providers.vendor import Part, Variable, Vendor

READ_ONLY = "Talon.One has no API for tiers: add it in the Campaign Manager (the loyalty program's Tiers)"


def _scale(_place: Mapping[str, str]) -> Scale:
    """Points with two decimals, as the largest of them is written."""
    return Scale("points", 2, has_ends=False)


def _abilities(_place: Place, _live: Live) -> Abilities:
    return Abilities(
        by_hand="Talon.One has no API to change a tier: edit it in the Campaign Manager (the loyalty program's Tiers),"
        " or write what is live into the file",
        members="join this tier when the program's policy next evaluates them",
        undo="A tier can be removed in the Campaign Manager",
        where="in the Campaign Manager (the loyalty program's Tiers)",
    )


def _requests(_live: Live, _tiers: Sequence[Tier]) -> tuple[Request, ...]:
    return ()  # there is nothing that could be sent


VENDOR = Vendor(
    name="talonone",
    title="Talon.One",
    noun="loyalty program",
    parts=(Part("program", "the loyalty program, by its internal name or id"),),
    url_variable="TALONONE_URL",
    variables=(
        Variable("TALONONE_MANAGEMENT_KEY", "Campaign Manager, Account, Management API keys: one that may only read"),
    ),
    hosts=("*.talon.one",),
    scale=_scale,
    abilities=_abilities,
    requests=_requests,
    fields=tiers.fields,
    block=tiers.block,
    pace=1 / 3,
    read_only=READ_ONLY,
    package=__name__,
    rank=6,
)
