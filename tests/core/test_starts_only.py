"""A vendor that keeps only where a tier starts: a create moves the end of the tier below it, and that is no change."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import outside
import pytest

from tierops import diff, plan, rules
from tierops.errors import PlanRefused
from tierops.model import Identity, Kind, Live, LiveTier, Position, Program, Range, Scale, Target, TargetPlan, Tier

with outside.installed("acme"):
    from acme_loyalty import VENDOR

HERE = Position("tiers/club.yaml", 1, 1)
PLACE = VENDOR.place({"club": "Club", "currency": "EUR"})
SCALE = VENDOR.scale(PLACE.fields)


def span(lower: str, upper: str | None = None) -> Range:
    return Range(Decimal(lower), None if upper is None else Decimal(upper))


def ladder(*starts: tuple[str, str], end: str | None = None) -> tuple[Tier, ...]:
    ends = [*(start for _, start in starts[1:]), end]
    return tuple(Tier(name, span(start, upper), at=HERE) for (name, start), upper in zip(starts, ends, strict=True))


def held(*starts: tuple[str, str]) -> tuple[LiveTier, ...]:
    return SCALE.held([LiveTier(f"id-{name}", name, span(start)) for name, start in starts])


def live(*starts: tuple[str, str]) -> Live:
    return Live(Identity("", "club", "1", "Club", None), held(*starts), "", facts={"status": "open"})


def build(desired: tuple[Tier, ...], *starts: tuple[str, str]) -> TargetPlan:
    return plan.build(Target("club", "acme", PLACE, SCALE, desired, HERE), live(*starts), VENDOR)


BRONZE, SILVER, GOLD = ("Bronze", "0"), ("Silver", "99.50"), ("Gold", "500")
LADDER = ladder(BRONZE, SILVER, GOLD)


def test_a_tier_ends_where_the_next_one_starts_in_whatever_order_they_come() -> None:
    assert [tier.range for tier in held(GOLD, BRONZE, SILVER)] == [
        span("500"),
        span("0", "99.50"),
        span("99.50", "500"),
    ]
    assert SCALE.held(()) == ()
    nowhere = LiveTier("1", "Nowhere", Range(None, None))
    assert SCALE.held((nowhere,)) == (nowhere,)
    assert Scale().held(LADDER[:1]) == LADDER[:1]


def test_a_missing_tier_is_a_create_and_the_one_below_it_does_not_differ() -> None:
    for starts in ((), (BRONZE,), (GOLD,), (BRONZE, GOLD), (SILVER,)):
        planned = build(LADDER, *starts)
        missing = [tier.name for tier in LADDER if (tier.name) not in dict(starts)]
        assert [(change.kind, change.name) for change in planned.changes] == [(Kind.CREATE, name) for name in missing]
        assert [request.tiers for request in planned.requests] == [(name,) for name in missing]


def test_another_start_is_a_difference_at_each_end_that_it_moves() -> None:
    changes = build(LADDER, BRONZE, ("Silver", "99"), GOLD).changes
    assert {change.name: change.kind for change in changes} == {"Bronze": Kind.DIFFERS, "Silver": Kind.DIFFERS}
    assert [field.path for field in changes[0].fields] == [("range", "upper")]
    assert [field.path for field in changes[1].fields] == [("range", "lower")]


def test_a_difference_does_not_tell_of_the_end_that_a_create_moves() -> None:
    bronze = LADDER[0]._replace(fields={"color": "brown"})
    (create, differs) = build((bronze, LADDER[1]._replace(range=span("99.50"))), BRONZE).changes
    assert (create.kind, differs.kind) == (Kind.CREATE, Kind.DIFFERS)
    assert [field.path for field in differs.fields] == [("color",)]


def test_a_create_that_would_end_elsewhere_is_blocked() -> None:
    planned = build(LADDER, ("Guest", "200"))
    assert {change.kind for change in planned.changes} == {Kind.BLOCKED, Kind.UNMANAGED}
    assert "Silver would be 99.5–<200 there, not 99.5–<500: the vendor keeps only where a tier starts" in (
        planned.changes[0].note
    )
    assert planned.requests == ()


def test_a_start_that_two_tiers_share_is_an_overlap() -> None:
    planned = build(LADDER, ("Guest", "500"))
    assert "Gold overlaps Guest" in planned.changes[0].note


@pytest.mark.parametrize(
    ("tiers", "messages"),
    [
        (ladder(BRONZE, SILVER, end="500"), ["Silver would be 99.5+ there, not 99.5–<500"]),
        (LADDER[::2], ["Bronze would be 0–<500 there, not 0–<99.5"]),
        (ladder(SILVER, BRONZE), ["Bronze would be 0–<99.5 there, not 0+"]),  # Silver is empty, which another rule says
        (LADDER, []),
    ],
    ids=["an upper end", "a gap", "another order", "neither"],
)
def test_what_the_vendor_cannot_hold_is_found_in_the_files(tiers: tuple[Tier, ...], messages: list[str]) -> None:
    program = Program("club", "", (Target("club", "acme", PLACE, SCALE, tiers, HERE),), (), HERE)
    problems = [p.message for p in rules.check([program], date(2027, 1, 1)) if p.rule == "not-representable"]
    assert problems == [f"{message}: the vendor keeps only where a tier starts" for message in messages]


@pytest.mark.parametrize("there", [(), ("Bronze",), ("Bronze", "Silver"), ("Gold",), ("Bronze", "Silver", "Gold")])
def test_a_part_of_the_plan_that_is_live_is_no_foreign_change(there: tuple[str, ...]) -> None:
    now = live(*(start for start in (BRONZE, SILVER, GOLD) if start[0] in there))
    absent = plan.missing(build(LADDER), now)
    assert [tier.name for tier in absent] == [tier.name for tier in LADDER if tier.name not in there]


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ((BRONZE, ("Guest", "50")), "live tier 'Guest' (id-Guest) has appeared since"),
        (
            (("Bronze", "5"),),
            "live tier 'Bronze' (id-Bronze) was changed since the plan was made (range: 0–<500 → 5–<500)",
        ),
        ((), "live tier 'Bronze' (id-Bronze) has gone"),
        (
            (BRONZE, ("Silver", "98")),
            "'Silver' (id-Silver) has appeared, but not as the plan would create it (range: 98",
        ),
    ],
)
def test_a_foreign_change_is_told_apart_from_an_end_that_moves(now: tuple[tuple[str, str], ...], reason: str) -> None:
    with pytest.raises(PlanRefused) as caught:
        plan.missing(build(LADDER, BRONZE, GOLD), live(*now, GOLD))
    assert reason in str(caught.value)


def test_differences_are_those_that_creates_do_not_mend() -> None:
    tiers = ladder(BRONZE, SILVER)
    assert [change.kind for change in diff.changes(held(BRONZE), tiers, SCALE)] == [Kind.CREATE]
    assert [change.kind for change in diff.changes(held(BRONZE), tiers)] == [Kind.CREATE, Kind.DIFFERS]
