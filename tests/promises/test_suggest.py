"""Tests of the boundaries of a ladder, written for who has none yet."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from harness import Run
from hypothesis import given
from hypothesis import strategies as st

from tierops.errors import Exit
from tierops.model import Place, Position, Program, Range, Scale, Target, Tier
from tierops.promises import boundaries, member_tests

HEAD = "version: 1\nprogram: club\ntargets: [{voucherify: {campaign: Club}}]\n"
FILE = Path("tiers/club.yaml")


def write(text: str) -> None:
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text)


def test_both_sides_of_each_end_are_tested_and_what_is_printed_is_valid(offline: Run) -> None:
    program = HEAD + "tiers: [{name: Bronze, from: 1, to: 499}, {name: 'No: 2', from: 500, to: 999}]\n"
    write(program)
    ended = offline("suggest", "--tests", "club")
    assert ended.out.splitlines() == [
        "tests:",
        "  - {member: {value: 0}, tier: null}",
        "  - {member: {value: 1}, tier: Bronze}",
        "  - {member: {value: 499}, tier: Bronze}",
        '  - {member: {value: 500}, tier: "No: 2"}',
        '  - {member: {value: 999}, tier: "No: 2"}',
        "  - {member: {value: 1000}, tier: null}",
    ]
    write(program + ended.out)
    assert offline("test").out == "6 tests at 1 target: all hold.\n"
    again = offline("suggest", "--tests", "club")
    assert (again.out, again.err) == ("", "every boundary of club is tested already\n")


def test_nobody_has_less_than_nothing(offline: Run) -> None:
    write(HEAD + "tiers: [{name: Bronze, from: 0}]\n")
    assert offline("suggest", "--tests", "club").out == "tests:\n  - {member: {value: 0}, tier: Bronze}\n"


def test_money_is_tested_by_the_cent_and_targets_that_differ_one_by_one(offline: Run) -> None:
    write(
        "version: 1\nprogram: club\ntargets:\n"
        "  - {name: de, fanfare: {group: Club, attribute: ltv}}\n  - {name: uk, fanfare: {group: UK, attribute: ltv}}\n"
        "tiers: [{name: Bronze, from: 0}, {name: Silver, from: 99.5, targets: {uk: {from: 80}}}]\n"
    )
    text = offline("suggest", "--tests", "club").out
    assert text.splitlines()[1:] == [
        "  - {member: {value: 0}, tier: Bronze}",
        "  - {member: {value: 79.99}, tier: Bronze, target: uk}",
        "  - {member: {value: 80}, tier: Silver, target: uk}",
        "  - {member: {value: 99.49}, tier: Bronze, target: de}",
        "  - {member: {value: 99.5}, tier: Silver, target: de}",
    ]
    write(FILE.read_text() + text)
    assert offline("test").code == Exit.DONE


def test_a_ladder_whose_tests_fail_gets_suggestions_all_the_same(offline: Run) -> None:
    write(HEAD + "tiers: [{name: Bronze, from: 0}]\ntests: [{member: {value: 5}, tier: null}]\n")
    assert "{value: 0}" in offline("suggest", "--tests", "club").out


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (HEAD + "tiers: [{name: A, from: 0}]\n", Exit.USAGE, "--tests clbu: no such program; there are: club"),
        (HEAD + "tiers: [{name: A}]\n", Exit.FAILED, "1 problem in the files"),
    ],
)
def test_a_program_that_is_not_there(offline: Run, text: str, code: Exit, message: str) -> None:
    write(text)
    ended = offline("suggest", "--tests", "clbu")
    assert ended.code == code
    assert message in ended.err


HERE = Position("a.yaml", 1, 1)
amounts = st.decimals(-1000, 1000, places=2)


@given(st.lists(st.tuples(amounts, amounts | st.none()), min_size=1, max_size=5), st.sampled_from([0, 1, 2, None]))
def test_every_suggestion_holds_on_the_ladder_it_was_made_for(
    ends: list[tuple[Decimal, Decimal | None]], places: int | None
) -> None:
    tiers = tuple(Tier(f"T{number}", Range(*range_)) for number, range_ in enumerate(ends))
    place = Place("voucherify", "campaign", ("Club",), {"campaign": "Club"})
    target = Target("club", "voucherify", place, Scale("points", places), tiers, HERE)
    suggested = boundaries.suggest(Program("club", "", (target,), (), HERE))
    from tierops.model import MemberTest

    tests = tuple(MemberTest(one.value, one.tier, "", HERE) for one in suggested)
    assert [verdict.failure for verdict in member_tests.verdicts(target._replace(tests=tests))] == [""] * len(tests)
    assert boundaries.suggest(Program("club", "", (target._replace(tests=tests),), (), HERE)) == ()
