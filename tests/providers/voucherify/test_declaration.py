"""What tierops knows of Voucherify without keys."""

from __future__ import annotations

import pytest

from tierops.model import Abilities, Identity, Live, Scale
from tierops.providers.vendor import Allowance
from tierops.providers.voucherify import VENDOR

PLACE = VENDOR.place({"campaign": "Club"})
LIVE = Live(Identity("https://api.voucherify.io", "campaign", "camp_1", "Club", None), (), "")


def test_balances_are_whole_points() -> None:
    assert VENDOR.scale(PLACE.fields) == Scale("points", 0)


def test_a_place_is_its_campaign() -> None:
    assert (PLACE.provider, PLACE.noun, PLACE.home) == ("voucherify", "campaign", ("Club",))


def test_a_create_may_always_run_and_can_never_be_undone() -> None:
    assert VENDOR.abilities(PLACE, LIVE) == Abilities(
        by_hand="Voucherify's API cannot change a tier: edit it in the dashboard (the campaign's Tiers), or write what"
        " is live into the file",
        members="join this tier immediately",
        undo="Voucherify has no API to undo it",
        blocked="",
        is_guarded=False,
        where="in the dashboard (the campaign's Tiers)",
    )


@pytest.mark.parametrize(
    ("kind", "is_spent"),
    [("api_calls_cycle", True), ("bulk_api_calls_cycle", True), ("api_calls", False), ("cycle", False), (None, False)],
)
def test_the_calls_of_a_billing_cycle_do_not_come_back_within_a_wait(kind: str | None, is_spent: bool) -> None:
    headers = {"X-Rate-Limit-Remaining": "7", "X-Rate-Limit-Limit": "2000", "X-Rate-Limit-Retry": "1800000000"}
    if kind is not None:
        headers["X-Rate-Limit-Type"] = kind
    assert VENDOR.allowance(headers) == Allowance(7, 2000, 1_800_000_000.0, is_spent)


def test_an_answer_that_says_nothing_of_limits_allows_nothing_to_be_known() -> None:
    assert VENDOR.allowance({}) == Allowance()
