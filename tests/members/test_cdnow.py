"""The numbers of CDNOW's 23,570 customers, which anybody can find by hand in a spreadsheet."""

from __future__ import annotations

from pathlib import Path

from balances import POINTS, asked, ladder, take, tier

TODAY, TOMORROW = ladder("0", "50", "150", "500"), ladder("0", "75", "200", "600")


def test_the_ladder_as_it_is(cdnow: Path, engine: str) -> None:
    (impact,) = take(cdnow, asked(TODAY, TODAY), engine=engine)
    assert impact.members == 23_570
    assert impact.before.tiers == (("First", 12_830), ("Second", 6_545), ("Third", 3_461), ("Fourth", 734))
    assert impact.after.moves == ()


def test_higher_thresholds_let_people_drop(cdnow: Path, engine: str) -> None:
    (impact,) = take(cdnow, asked(TODAY, TOMORROW), engine=engine)
    after = impact.after
    assert (after.downgrades, after.upgrades, after.joiners, after.leavers) == (4_191, 0, 0, 0)
    moves = {(move.before, move.after): (move.members, move.steps) for move in after.moves}
    assert moves == {
        ("Second", "First"): (2_806, -1),
        ("Third", "Second"): (1_190, -1),
        ("Fourth", "Third"): (195, -1),
    }


def test_whole_numbers_at_the_top_of_tiers_leave_people_between_them(cdnow: Path, engine: str) -> None:
    """0-49, 50-149, 150-499, 500+ for people who have cents: 49.50 is in none."""
    tops = (
        tier("First", "0", "49.01"),
        tier("Second", "50", "149.01"),
        tier("Third", "150", "499.01"),
        tier("Fourth", "500", None),
    )
    literal, derived = take(cdnow, asked(TODAY, tops), asked(TODAY, TODAY, scale=POINTS), engine=engine)
    assert (literal.after.standing.in_no_tier, literal.after.leavers) == (196, 196)
    # Where balances are whole numbers, a tier up to 49 and one from 50 leave no gap; people with cents are told of.
    assert (derived.after.standing.in_no_tier, derived.between) == (0, 196)
