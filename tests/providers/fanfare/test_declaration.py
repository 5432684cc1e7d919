"""What tierops knows of Fanfare without keys."""

from __future__ import annotations

import pytest

from tierops.model import Abilities, Identity, Live, LiveTier, Range, Scale
from tierops.providers.fanfare import VENDOR
from tierops.providers.vendor import Allowance

PLACE = VENDOR.place({"group": "Club", "attribute": "ltv"})
LIVE = Live(Identity("https://admin.fanfare.io/api", "group", "", "Club", None), (), "")


@pytest.mark.parametrize("attribute", ["loyaltyBalance", "loyaltyLifetimePoints", "totalOrders"])
def test_points_and_counts_are_whole_numbers(attribute: str) -> None:
    unit = {"loyaltyBalance": "points", "loyaltyLifetimePoints": "lifetime points", "totalOrders": "orders"}[attribute]
    assert VENDOR.scale({"group": "x", "attribute": attribute}) == Scale(unit, 0)


@pytest.mark.parametrize(
    ("attribute", "unit"),
    [
        ("ltv", "lifetime spend"),
        ("aov", "average order value"),
        ("activityScore", "activity score"),
        ("purchaseFrequencyScore", "purchase frequency score"),
        ("monetaryScore", "monetary score"),
    ],
)
def test_money_and_scores_are_measured_and_have_fractions(attribute: str, unit: str) -> None:
    assert VENDOR.scale({"group": "x", "attribute": attribute}) == Scale(unit, None, is_counted=False)


def test_a_place_is_its_group_whatever_it_counts() -> None:
    assert (PLACE.provider, PLACE.noun, PLACE.home) == ("fanfare", "group", ("Club",))


def test_a_group_is_created_whole_or_not_at_all() -> None:
    new = VENDOR.abilities(PLACE, LIVE)
    assert new == Abilities(
        by_hand="tierops does not change tiers of Fanfare, whose update deletes what it is not told to keep: edit the"
        " tier in the dashboard (Audiences), or write what is live into the file",
        members="join this tier immediately",
        undo="Fanfare has no API to undo it",
        where="in the dashboard (Audiences)",
    )
    grown = VENDOR.abilities(PLACE, LIVE._replace(tiers=(LiveTier("1", "Low", Range(None, None)),)))
    assert grown == new._replace(
        blocked="the group exists, and Fanfare's API creates whole groups only; its update deletes tiers that it is not"
        " told to keep, which can open live experiences to everybody. Add the tier to the group in the dashboard"
        " (Audiences)"
    )


def test_the_calls_that_are_left_are_counted_in_headers() -> None:
    headers = {"X-RateLimit-Remaining": "7", "X-RateLimit-Limit": "60", "X-RateLimit-Reset": "1800000000"}
    assert VENDOR.allowance(headers) == Allowance(7, 60, 1_800_000_000.0)
