"""What commands must know of each vendor before any account is connected: its options, its prompts, its keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Part(NamedTuple):
    """One key of a place, as it stands in a target's block.

    `is_home` says that it takes part in telling one ladder from another. `default` is what `init` proposes; empty, it
    proposes the name that the other places have. `choices` are all values that there are, where there are few.
    """

    name: str
    help: str
    is_home: bool = True
    default: str = ""
    choices: tuple[str, ...] = ()


class Variable(NamedTuple):
    """A variable of the environment that holds a key, or says whose it is. `help` tells what to put there.

    `is_alternative` says that it takes the place of those before it.
    """

    name: str
    help: str
    is_secret: bool = True
    is_alternative: bool = False


class Vendor(NamedTuple):
    """A vendor. `noun` is what it calls a ladder."""

    name: str
    title: str
    noun: str
    parts: tuple[Part, ...]
    url_variable: str
    variables: tuple[Variable, ...]
    default_url: str = ""


_ATTRIBUTES = (
    "loyaltyBalance",
    "loyaltyLifetimePoints",
    "ltv",
    "totalOrders",
    "aov",
    "activityScore",
    "purchaseFrequencyScore",
    "monetaryScore",
)

VENDORS = (
    Vendor(
        name="voucherify",
        title="Voucherify",
        noun="campaign",
        parts=(Part("campaign", "the campaign, by name or id"),),
        url_variable="VOUCHERIFY_URL",
        variables=(
            Variable("VOUCHERIFY_APP_ID", "dashboard, Project settings"),
            Variable("VOUCHERIFY_APP_TOKEN", "dashboard, Project settings"),
            Variable("VOUCHERIFY_OAUTH_TOKEN", "an OAuth token", is_alternative=True),
            Variable(
                "VOUCHERIFY_PROJECT",
                "any name for the project, so that another key of it may apply the plan",
                is_secret=False,
            ),
        ),
        default_url="https://api.voucherify.io",
    ),
    Vendor(
        name="fanfare",
        title="Fanfare",
        noun="group",
        parts=(
            Part("group", "the group, by name or id"),
            Part("attribute", "what a tier counts, such as ltv", False, _ATTRIBUTES[0], _ATTRIBUTES),
        ),
        url_variable="FANFARE_URL",
        variables=(Variable("FANFARE_SECRET_KEY", "dashboard, Settings"),),
        default_url="https://admin.fanfare.io/api",
    ),
)

BY_NAME: Mapping[str, Vendor] = {vendor.name: vendor for vendor in VENDORS}


def secrets(environ: Mapping[str, str]) -> Iterator[str]:
    """The values that must not leave tierops: of every variable of a vendor but those that are said to be open."""
    for vendor in VENDORS:
        open_names = {vendor.url_variable, *(v.name for v in vendor.variables if not v.is_secret)}
        for name, value in environ.items():
            if name.startswith(f"{vendor.name.upper()}_") and name not in open_names:
                yield value.strip()
