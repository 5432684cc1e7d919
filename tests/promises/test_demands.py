"""What else a policy says of a plan, without a vendor: words, guards on members, and days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

import pytest

from tierops import promises
from tierops.model import (
    Change,
    Demand,
    Identity,
    Kind,
    Live,
    Place,
    Policy,
    Position,
    Program,
    Range,
    Scale,
    Severity,
    Target,
    TargetPlan,
    Tier,
    Waiver,
)
from tierops.promises.words import span

HERE = Position("tiers/club.yaml", 2, 10)
TODAY = date(2027, 1, 31)
POINTS, MONEY = Scale("points", 0), Scale("GBP", 2)


@pytest.mark.parametrize(
    ("lower", "upper", "scale", "words"),
    [
        (None, None, POINTS, "any balance"),
        (None, "500", POINTS, "less than 500"),
        ("500", "2000", POINTS, "500 to 1,999"),
        ("500", "501", POINTS, "500"),
        ("1234567", None, POINTS, "1,234,567 or more"),
        ("-5", "0", POINTS, "-5 to -1"),
        ("99.5", "1000", MONEY, "99.50 to less than 1,000"),
    ],
)
def test_a_range_is_told_in_plain_words(lower: str | None, upper: str | None, scale: Scale, words: str) -> None:
    assert span(Range(*(None if end is None else Decimal(end) for end in (lower, upper))), scale) == words


def planned(*kinds: Kind) -> TargetPlan:
    target = Target(
        "club", "voucherify", Place("voucherify", "campaign", ("Club",), {"campaign": "Club"}), POINTS, (), HERE
    )
    changes = tuple(Change(kind, "Silver", after=Tier("Silver", Range(Decimal(1), None))) for kind in kinds)
    live = Live(Identity("https://example", "campaign", "c", "Club", None), (), "")
    return TargetPlan(target, live, changes, ())


def trips(one: TargetPlan, guards: Sequence[str]) -> Iterable[str]:
    """Guards as somebody who counted the members would answer."""
    return (f"{guard}: 7 of 10 members" for guard in guards if guard != "upgrades>0")


@pytest.mark.parametrize("severity", [Severity.ERROR, Severity.WARNING])
def test_a_guard_that_members_trip_is_a_finding_of_the_target(severity: Severity) -> None:
    demand = Demand("members", severity, {"fail_on": ["downgrades>0", "upgrades>0"]}, HERE)
    program = Program("club", "", (planned().target,), (), HERE)
    (found,) = promises.check_plan([planned(Kind.CREATE)], [program], Policy((demand,)), TODAY, TODAY, guard=trips)
    assert (found.rule, found.message, found.severity) == ("members", "downgrades>0: 7 of 10 members", severity)


def test_guards_are_waived_and_are_silent_where_nothing_changes() -> None:
    demand = Demand("members", Severity.ERROR, {"fail_on": ["downgrades>0"]}, HERE)
    waiver = Waiver("members", "agreed", "2027-01-31", HERE)
    program = Program("club", "", (planned().target,), (waiver,), HERE)
    (found,) = promises.check_plan([planned(Kind.DIFFERS)], [program], Policy((demand,)), TODAY, TODAY, guard=trips)
    assert (found.severity, found.waiver) == (Severity.NOTE, "waived until 2027-01-31: agreed")
    for kinds in ((), (Kind.UNMANAGED,)):
        assert promises.check_plan([planned(*kinds)], [program], Policy((demand,)), TODAY, TODAY) == ()
