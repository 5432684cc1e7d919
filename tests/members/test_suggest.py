"""Thresholds for shares: near what was asked, round, and in a file that validates."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate
from pathlib import Path

import pytest
from harness import Run
from hypothesis import given
from hypothesis import strategies as st

from tierops.errors import Exit, TieropsError
from tierops.members.axis import Axis
from tierops.members.suggest import Suggestion, suggest


def of(balances: Sequence[Decimal], shares: Sequence[int], tolerance: str = "1") -> Suggestion:
    def count(axis: Axis) -> list[int]:
        buckets = [0] * (len(axis.cuts) + 1)
        for balance in balances:
            buckets[sum(balance >= cut for cut in axis.cuts)] += 1
        return buckets

    return suggest(count, [Decimal(share) for share in shares], 2, Decimal(tolerance))


def test_even_balances_give_the_numbers_that_anybody_would_choose() -> None:
    made = of([Decimal(n) for n in range(1000)], (60, 25, 10, 5))
    assert [threshold.start for threshold in made.thresholds] == [600, 850, 950]
    assert made.tiers == (600, 250, 100, 50)


def test_rounder_numbers_come_with_more_tolerance() -> None:
    balances = [Decimal(n) for n in range(1000)]
    assert [of(balances, (63, 37), tolerance).thresholds[0].start for tolerance in ("0", "1", "5", "20")] == [
        630,
        630,
        600,
        500,
    ]


def test_what_rounding_costs_is_known() -> None:
    (threshold,) = of([Decimal(n) for n in range(1000)], (63, 37), "5").thresholds
    assert (threshold.exact, threshold.below_exact, threshold.start, threshold.below) == (
        Decimal("629.01"),
        630,
        600,
        600,
    )


def test_members_who_are_all_alike_have_no_ladder() -> None:
    with pytest.raises(TieropsError, match="too many members have the same balance"):
        of([Decimal(100)] * 50, (60, 25, 10, 5))


@given(
    st.lists(st.decimals(0, 10_000, places=2, allow_nan=False), min_size=200, max_size=300, unique=True),
    st.sampled_from([(60, 25, 10, 5), (50, 50), (90, 9, 1), (25, 25, 25, 25)]),
)
def test_shares_are_met_as_near_as_was_asked(balances: list[Decimal], shares: tuple[int, ...]) -> None:
    made = of(balances, shares, "2")
    starts = [threshold.start for threshold in made.thresholds]
    assert starts == sorted(set(starts))
    assert sum(made.tiers) == len(balances)
    for threshold, share in zip(made.thresholds, accumulate(shares[:-1]), strict=True):
        assert threshold.below == sum(balance < threshold.start for balance in balances)
        assert abs(threshold.below - len(balances) * share / 100) <= len(balances) * 2 / 100 + 1


def test_the_file_validates_and_says_what_rounding_cost(offline: Run, cdnow: Path) -> None:
    asked = ("suggest", "--members", str(cdnow), "--shares", "60,25,10,5")
    ended = offline(*asked)
    assert ended.code == Exit.DONE
    assert "# Rounding puts 211 members (0.9 %) into another tier than the exact numbers would." in ended.out
    assert "- {name: Platinum, from: 400}" in ended.out
    assert offline(*asked, "--out", "suggested.yaml").code == Exit.DONE
    assert Path("suggested.yaml").read_text() == ended.out
    assert offline("validate", "suggested.yaml").code == Exit.DONE


def test_a_program_keeps_its_places_and_names(offline: Run, cdnow: Path) -> None:
    Path("tiers").mkdir()
    Path("tiers/club.yaml").write_text(
        "version: 1\nprogram: club\ntargets: [{name: shop, fanfare: {group: 'Club: EU', attribute: ltv}}]\n"
        "tiers: [{name: Basic, from: 0}, {name: 'Plus #', from: 1}]\n"
    )
    ended = offline("suggest", "--members", str(cdnow), "--shares", "80,20", "--program", "club", "--out", "new.yaml")
    assert ended.code == Exit.DONE
    assert '{name: shop, fanfare: {group: "Club: EU", attribute: ltv}}' in Path("new.yaml").read_text()
    assert offline("validate", "new.yaml").code == Exit.DONE


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ("60,30", "90 percent together"),
        ("100", "2 to 20 shares"),
        ("60,x", "no list of shares"),
        ("120,-20", "above 0"),
    ],
)
def test_shares_are_percents_of_all(shares: str, message: str, offline: Run) -> None:
    ended = offline("suggest", "--members", "members.csv", "--shares", shares)
    assert ended.code == Exit.USAGE
    assert message in ended.err
