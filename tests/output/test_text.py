"""The text for people: names made safe, ladders drawn, long ladders kept short."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from click import unstyle
from hypothesis import example, given
from hypothesis import strategies as st
from reports import EVERY

from tierops import providers
from tierops.errors import Exit
from tierops.model import (
    Change,
    Identity,
    Kind,
    Live,
    LiveTier,
    Plan,
    Position,
    Problem,
    Range,
    Scale,
    Target,
    TargetPlan,
    Tier,
)
from tierops.output import Report, ladder, render
from tierops.text.visible import printable

IDENTITY = Identity("https://api.voucherify.io", "campaign", "camp_1", "Club", None)
HERE = Position("f", 1, 1)


def bounds(lower: int | None, upper: int | None) -> Range:
    return Range(*(None if end is None else Decimal(end) for end in (lower, upper)))


def target(held: list[LiveTier], desired: list[Tier], changes: tuple[Change, ...] = ()) -> TargetPlan:
    place = providers.find("voucherify").place({"campaign": "Club"})
    own = Target("club", "v", place, Scale(), tuple(desired), HERE)
    return TargetPlan(own, Live(IDENTITY, tuple(held), "all"), changes, ())


def shown(*targets: TargetPlan) -> str:
    return unstyle(render(Report("plan", Exit.DONE, plan=Plan("0", "", "", None, targets)), "text"))


@pytest.mark.parametrize(
    ("range_", "whole", "fraction"),
    [
        (bounds(250, 500), "250–499", "250–<500"),
        (bounds(500, None), "500+", "500+"),
        (bounds(5, 6), "5", "5–<6"),
        (bounds(None, 5), "≤4", "<5"),
        (bounds(None, None), "any", "any"),
        (Range(Decimal("9.90"), Decimal("10.00")), None, "9.9–<10"),
    ],
)
def test_ranges_have_one_form(range_: Range, whole: str | None, fraction: str) -> None:
    assert whole is None or Scale(places=0).span(range_) == whole
    assert Scale(places=None).span(range_) == fraction


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Gold", "Gold"),
        ("Gøld ┃ 金", "Gøld ┃ 金"),
        ("a\nb\t\x1b[31m", "a\\nb\\t\\x1b[31m"),
        ("\u202eevil\u200b", "\\u202eevil\\u200b"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_cannot_be_seen_is_escaped(name: str, safe: str) -> None:
    assert printable(name) == safe


@given(st.text(max_size=30))
@example("כסף\u061c")
def test_no_name_can_break_a_line_or_reach_the_terminal(name: str) -> None:
    tier = Tier(name or "x", bounds(0, None), {"metadata": {name: name}}, Position("f", 1, 1))
    change = Change(Kind.CREATE, tier.name, after=tier, note=name)
    text = shown(target([], [tier], (change,)))
    own = re.sub("\u2068([\u0590-\u08ff\ufb1d-\ufeff\U00010800-\U0001efff][^\u2068\u2069\n]*)\u2069", r"\1", text)
    assert all(line.isprintable() for line in own.split("\n"))
    problem = Problem("schema", name, Position("f", 1, 1))
    assert render(Report("validate", Exit.FAILED, problems=(problem,)), "text").count("\n") == 1


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("name", ["plan", "several targets", "one tier more above an open one", "apply"])
def test_no_line_is_wider_than_the_terminal(name: str, columns: int) -> None:
    text = unstyle(render(EVERY[name]._replace(columns=columns), "text"))
    lines = text.splitlines()
    assert max(map(len, lines)) <= columns
    assert columns == 60 or any(len(line) > columns - 20 for line in lines)


def test_a_name_from_right_to_left_turns_no_range_round() -> None:
    held = [live("כסף", bounds(0, 500)), live("זהב VIP", bounds(500, None))]
    text = shown(target(held, [], tuple(Change(Kind.UNMANAGED, one.name, before=one) for one in held)))
    assert "? \u2068כסף\u2069  0–499 points: in no file" in text
    assert "? \u2068זהב\u2069 VIP  500+ points" in text


points = st.none() | st.integers(0, 12)


@st.composite
def rungs(draw: st.DrawFn, make) -> list:
    return [make(f"T{n}", bounds(*draw(st.tuples(points, points)))) for n in range(draw(st.integers(0, 5)))]


def live(name: str, range_: Range) -> LiveTier:
    return LiveTier(name, name, range_)


def holds(range_: Range, balance: int) -> bool:
    return (range_.lower is None or range_.lower <= balance) and (range_.upper is None or balance < range_.upper)


@given(rungs(live), rungs(Tier))
def test_each_balance_is_drawn_in_the_tiers_that_hold_it(held: list[LiveTier], wanted: list[Tier]) -> None:
    rows = ladder.rows(held, wanted)
    for balance in range(-1, 14):
        holding = [row for row in rows if holds(row.range, balance)]
        expected = [sorted(tier.name for tier in side if holds(tier.range, balance)) for side in (held, wanted)]
        assert len(holding) <= 1
        found = [sorted(names) for names in holding[0].names] if holding else [[], []]
        assert found == expected


def test_a_long_ladder_leaves_out_what_is_alike() -> None:
    tiers = [Tier(f"T{n}", bounds(n, n + 1)) for n in range(5000)]
    held = [live(t.name, t.range) for t in tiers if t.name != "T2500"]
    change = Change(Kind.CREATE, "T2500", after=tiers[2500])
    text = shown(target(held, tiers, (change,)))
    assert "⋮       2,499 ranges alike on all sides" in text
    assert "⋮       2,500 ranges alike on all sides" in text
    assert "2500    ·  (no tier)" in text
    assert len(text.splitlines()) < 25


def test_long_names_stay_within_the_columns() -> None:
    tier = Tier("N" * 200, bounds(0, None))
    text = shown(target([], [tier], (Change(Kind.UNMANAGED, "x", before=live("L" * 200, bounds(0, None))),)))
    rows = text.split("the files want\n")[1].splitlines()
    assert max(map(len, rows)) <= 80
    assert "…" in text
