"""Toy Loyalty: the tiers of a box, which its API only shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toy_loyalty import tiers

from tierops.model import Abilities, Live, Place, Request, Scale, Tier
from tierops.providers.vendor import Part, Variable, Vendor


def _scale(_place: Mapping[str, str]) -> Scale:
    return Scale("stars", 0)


def _abilities(_place: Place, _live: Live) -> Abilities:
    return Abilities(
        by_hand="edit the tier in Toy's app, or write what is live into the file",
        members="join this tier at midnight",
        undo="A tier can be removed in the app",
    )


def _requests(_live: Live, _tiers: Sequence[Tier]) -> tuple[Request, ...]:
    return ()  # there is nothing that could be sent


VENDOR = Vendor(
    name="toy",
    title="Toy Loyalty",
    noun="box",
    parts=(Part("box", "the box, by name"),),
    url_variable="TOY_URL",
    variables=(Variable("TOY_KEY", "app, Settings: the key for reading"),),
    default_url="https://api.toy.example",
    hosts=("api.toy.example",),
    scale=_scale,
    abilities=_abilities,
    requests=_requests,
    fields=tiers.fields,
    block=tiers.block,
    read_only="Toy has no API to create a tier: add it in the app",
    package=__name__,
)
