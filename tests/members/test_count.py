"""What counts mean: who rises and who drops, what is kept back, what a guard stops. No engine is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest
from balances import NAMES, POINTS, asked, ladder, tier
from hypothesis import assume, given
from hypothesis import strategies as st

from tierops.errors import UsageError
from tierops.members import axis as axes
from tierops.members import count, guards, hiding
from tierops.members.axis import Comparison, Margin
from tierops.members.count import Counted
from tierops.model import Impact, Tier
from tierops.output import impact as words

FIVE_PERCENT = Margin(Decimal(5), True)


def impact(comparison: Comparison, balances: Mapping[str, int], margin: Margin = FIVE_PERCENT) -> Impact:
    """The impact on so many members of each balance."""
    axis = axes.axis([comparison], margin, 2, Decimal(10) ** 27)
    buckets: dict[tuple[int, str | None], int] = {}
    for balance, members in balances.items():
        bucket = sum(Decimal(balance) >= cut for cut in axis.cuts)
        buckets[bucket, None] = buckets.get((bucket, None), 0) + members
    counted = Counted("members.csv", axis, margin, sum(balances.values()), buckets, (), False)
    return count.impact(comparison, counted)


THREE = ladder("0", "250", "500")


@pytest.mark.parametrize(
    ("before", "after", "balance", "steps"),
    [
        (THREE, ladder("0", "300", "500"), "260", -1),
        (THREE, ladder("0", "600", "700"), "550", -2),
        (ladder("0", "600", "700"), THREE, "550", 2),
        (THREE, ladder("300", "500", "700"), "100", None),
        (ladder("300", "500", "700"), THREE, "100", None),
        (THREE, ladder("0", "250", "500", names=("First", "Zwei", "Third")), "300", 0),  # only the name is new
        (THREE, ladder("0", "250", "400", "500", names=("First", "Second", "Plus", "Third")), "450", 1),
        (THREE, ladder("0", "250", "500", "900", names=(*NAMES[:3], "Top")), "950", 1),
        (ladder("0", "250", "500", "900"), THREE, "950", -1),
    ],
)
def test_a_move_has_a_direction(before: Sequence[Tier], after: Sequence[Tier], balance: str, steps: int | None) -> None:
    (move,) = impact(asked(before, after), {balance: 3}).after.moves
    assert (move.members, move.steps) == (3, steps)


def test_members_in_two_tiers_are_counted_in_the_higher_one() -> None:
    overlapping = (tier("Low", "0", "300"), tier("High", "250", None))
    standing = impact(asked(overlapping, overlapping), {"100": 1, "260": 2, "400": 4}).before
    assert (standing.tiers, standing.in_two_tiers, standing.in_no_tier) == ((("Low", 1), ("High", 6)), 2, 0)


def test_near_is_below_and_above_a_bound() -> None:
    balances = {"240": 1, "240.01": 1, "250": 1, "259.99": 1, "260": 1}
    one = asked(ladder("0", "250"), ladder("0", "250"))
    assert impact(one, balances, Margin(Decimal(10))).near == 4  # the lower end is near, the upper one is not
    assert impact(one, balances, Margin(Decimal(4), True)).near == 4
    assert impact(one, {"0": 7, "1": 7}).near == 0  # nobody is near to nothing


def test_fractions_between_whole_numbers_are_counted() -> None:
    whole = asked(THREE, THREE, scale=POINTS)
    assert impact(whole, {"249": 1, "249.01": 2, "249.99": 3, "250": 4, "499.50": 5}).between == 10
    assert impact(asked(THREE, THREE), {"249.50": 9}).between == 0


@pytest.mark.parametrize(
    ("after", "balances", "sentence"),
    [
        (THREE, {"10": 5}, "Nobody moves: all 5 members stay where they are."),
        (ladder("0", "300", "500"), {"260": 1, "10": 99}, "1 of 100 members (1.0 %) drops one tier; nobody rises."),
        (ladder("0", "200", "500"), {"210": 2, "10": 998}, "2 of 1,000 members (0.2 %) rise one tier; nobody drops."),
        (
            ladder("0", "200", "600"),
            {"210": 2, "550": 1, "10": 4997},
            "1 of 5,000 members (less than 0.1 %) drops one tier; 2 (less than 0.1 %) rise one tier.",
        ),
        (
            ladder("100", "600", "700"),
            {"10": 1, "300": 1, "550": 1, "650": 1},
            "3 of 4 members (75.0 %) drop one tier or more; 1 (25.0 %) falls out of every tier; nobody rises.",
        ),
    ],
)
def test_a_manager_reads_one_sentence(after: Sequence[Tier], balances: Mapping[str, int], sentence: str) -> None:
    assert words.sentences(impact(asked(THREE, after), balances)) == (sentence,)


def cells(matrix: words.Matrix) -> dict[tuple[int, int], str]:
    return {(n, m): cell for n, (_, row) in enumerate(matrix.rows) for m, cell in enumerate(row)}


def subtracted(hidden: Impact, mark: str) -> set[tuple[int, int]]:
    """The cells of the matrix that a reader knows, who finds by subtraction what a row or column lacks."""
    matrix = words.matrix(hidden, hidden.after, "")
    assert matrix is not None
    shown = cells(matrix)
    found = {cell for cell, text in shown.items() if text != mark}
    height, breadth = len(matrix.rows), len(matrix.columns)
    lines = [[(n, m) for m in range(breadth)] for n in range(height)]
    lines += [[(n, m) for n in range(height)] for m in range(breadth)]
    while missing := [left for line in lines if len(left := [cell for cell in line if cell not in found]) == 1]:
        found.update(cell for left in missing for cell in left)
    return found


@given(st.dictionaries(st.integers(0, 999).map(str), st.integers(1, 30), min_size=1), st.integers(2, 10))
def test_nothing_small_is_told_and_nothing_of_it_can_be_found_by_subtraction(
    balances: dict[str, int], least: int
) -> None:
    whole = impact(asked(THREE, ladder("100", "300", "600")), balances)
    assume(whole.members >= least)
    hidden = hiding.hide(whole, least)
    told = [hidden.near, hidden.between, hidden.before.in_no_tier, hidden.after.upgrades, hidden.after.downgrades]
    told += [members for _, members in (*hidden.before.tiers, *hidden.after.standing.tiers)]
    told += [move.members for move in hidden.after.moves]
    assert not [members for members in told if members is not None and 0 < members < least]
    found = subtracted(hidden, f"<{least}")
    truth = words.matrix(whole, whole.after, "")
    assert truth is not None
    small = [cell for cell, text in cells(truth).items() if text.isdigit() and int(text) < least]
    assert not [cell for cell in small if cell in found]
    drops = [hidden.after.downgrades, *(move.members for move in hidden.after.moves if (move.steps or 0) < 0)]
    assert drops.count(None) != 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("downgrades>0", "2 of 10 members drop; the guard is downgrades>0"),
        ("downgrades >= 2", "2 of 10 members drop; the guard is downgrades>=2"),
        ("downgrades>2", ""),
        ("upgrades>0", ""),
        ("leavers>0", ""),
        ("moved_pct>19.5", "2 of 10 members (20.0 %) move; the guard is moved_pct>19.5"),
        ("moved_pct>20", ""),
    ],
)
def test_a_guard_stops_what_it_names(text: str, message: str) -> None:
    one = asked(THREE, ladder("0", "300", "500"))._replace(against="old.yaml")
    assert guards.broken(guards.parse(text), impact(one, {"260": 2, "10": 8})) == message


@pytest.mark.parametrize(
    "text", ["", "downgrades", "downgrades>", "downgrades>-1", "losers>0", "downgrades>0; x", "a=1"]
)
def test_what_is_no_guard_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="is no guard"):
        guards.parse(text)


def test_a_bound_with_more_decimals_than_a_balance_cuts_where_it_stands() -> None:
    one = asked(ladder("0", "99.505"), ladder("0", "99.505"))
    assert impact(one, {"99.50": 1, "99.51": 2}).before.tiers == (("First", 1), ("Second", 2))
