"""Voucherify, v1 loyalties: tiers of a loyalty campaign, which its API can create and list, never change.

Source: Voucherify's published OpenAPI files and guides (API version v2018-08-01). What they leave open is not assumed
here: an answer that is not as documented is an error that shows what was received.
"""

from __future__ import annotations

from collections.abc import Mapping

from tierops.model import Abilities, Live, Place, Scale
from tierops.providers.vendor import Allowance, Part, Variable, Vendor, counted
from tierops.providers.voucherify import tiers

REGION = "the host of the project's region (https://us1.api.voucherify.io, for one)"

_counted = counted("X-Rate-Limit-Remaining", "X-Rate-Limit-Limit", "X-Rate-Limit-Retry")


def _scale(_place: Mapping[str, str]) -> Scale:
    return Scale("points", 0)


def _abilities(_place: Place, _live: Live) -> Abilities:
    return Abilities(
        by_hand="Voucherify's API cannot change a tier: edit it in the dashboard (the campaign's Tiers), or write what"
        " is live into the file",
        members="join this tier immediately",
        undo="Voucherify has no API to undo it",
        where="in the dashboard (the campaign's Tiers)",
    )


def _allowance(headers: Mapping[str, str]) -> Allowance:
    """As documented in the guide on limits; the calls of a billing cycle do not come back within a wait."""
    return _counted(headers)._replace(is_spent=headers.get("X-Rate-Limit-Type", "").endswith("_cycle"))


VENDOR = Vendor(
    name="voucherify",
    title="Voucherify",
    noun="campaign",
    parts=(Part("campaign", "the campaign, by name or id"),),
    url_variable="VOUCHERIFY_URL",
    variables=(
        Variable("VOUCHERIFY_APP_ID", "dashboard, Project settings, Application keys"),
        Variable("VOUCHERIFY_APP_TOKEN", "beside the app id"),
        Variable("VOUCHERIFY_OAUTH_TOKEN", "in place of the two: a token of Voucherify's OAuth", is_alternative=True),
        Variable(
            "VOUCHERIFY_PROJECT",
            "any name for the project, so that another key of it may apply the plan",
            is_secret=False,
        ),
    ),
    default_url="https://api.voucherify.io",
    prefixes=("/v1", "/v2"),  # v2 has the same address
    hosts=("api.voucherify.io", "*.api.voucherify.io"),
    scale=_scale,
    abilities=_abilities,
    requests=tiers.requests,
    fields=tiers.fields,
    block=tiers.block,
    allowance=_allowance,
    describe=tiers.describe,
    benefits=tiers.benefits,
    metadata="metadata",
    package=__name__,
    same_account="where two keys of one project plan and apply, set VOUCHERIFY_PROJECT to one name for both",
    url_help=REGION,
    rank=1,
)
