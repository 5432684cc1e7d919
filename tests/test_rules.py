"""The proofs over a ladder, and what they say to a person."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierops import rules
from tierops.model import (
    LiveTier,
    Origin,
    Place,
    Position,
    Problem,
    Program,
    Range,
    Scale,
    Severity,
    Target,
    Tier,
    Waiver,
)

TODAY = date(2027, 1, 31)
HERE = Position("tiers/club.yaml", 2, 10)
POINTS, MONEY, FREE = Scale("points", 0), Scale("GBP", 2), Scale("lifetime spend", None, is_counted=False)


FULL_WIDTH = (
    "U+FF27 FULLWIDTH LATIN CAPITAL LETTER G, U+FF44 FULLWIDTH LATIN SMALL LETTER D,"
    " U+FF4C FULLWIDTH LATIN SMALL LETTER L"
)


def tier(name: str, lower: float | str | None, upper: float | str | None = None, line: int = 9) -> Tier:
    low, high = (None if end is None else Decimal(end) for end in (lower, upper))
    return Tier(name, Range(low, high), at=Position("tiers/club.yaml", line, 5))


def program(
    *tiers: Tier, key: str = "club", waivers: tuple[Waiver, ...] = (), at: Position = HERE, scale: Scale = POINTS
) -> Program:
    return Program(key, "", (target(*tiers, scale=scale),), waivers, at)


def target(
    *tiers: Tier, name: str = "voucherify", campaign: str = "Club", line: int = 4, scale: Scale = POINTS
) -> Target:
    place = Place("voucherify", "campaign", (campaign,), {"campaign": campaign})
    return Target("club", name, place, scale, tiers, Position("tiers/club.yaml", line, 5))


def check(*programs: Program) -> list[tuple[str, str, str]]:
    return [(p.rule, p.message, p.member) for p in rules.check(programs, TODAY)]


def test_a_sound_ladder_has_no_problem() -> None:
    assert check(program(tier("Bronze", 0, 250), tier("Silver", 250, 500), tier("Gold", 500))) == []


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("duplicate-tier", (tier("Low", 0, 250), tier("Low", 250, line=12))),
        ("similar-name", (tier("Low", 0, 250), tier("low", 250, line=12))),
        ("tier-order", (tier("Low", 250, 0), tier("High", 0, line=12))),
        ("empty-range", (tier("Low", 0, 250), tier("High", 250, 250, line=12))),
        ("ladder-overlap", (tier("Low", 0, 251), tier("High", 250, line=12))),
        ("ladder-gap", (tier("Low", 0, 249), tier("High", 250, line=12))),
        ("whole-numbers", (tier("Low", 0, 250), tier("High", 250, "300.5", line=12))),
    ],
)
def test_a_finding_is_at_the_tier_that_breaks_the_rule(rule: str, broken: tuple[Tier, ...]) -> None:
    (problem,) = rules.check([program(*broken)], TODAY)
    assert (problem.rule, problem.at) == (rule, broken[1].at)


def test_a_tier_that_has_no_place_in_a_file_is_reported_at_its_program() -> None:
    ladder = (tier("Low", 0, 249), tier("High", 250)._replace(at=None))
    (problem,) = rules.check([program(*ladder)], TODAY)
    assert problem.at == HERE


def test_findings_come_in_the_order_of_their_lines() -> None:
    ladder = (tier("Low", 0, "250.5", line=5), tier("Mid", 251, 400, line=8), tier("Low", 401, line=11))
    found = rules.check([program(*ladder)], TODAY)
    assert [(p.at.line, p.rule) for p in found] == [
        (5, "whole-numbers"),
        (8, "ladder-gap"),
        (11, "duplicate-tier"),
        (11, "ladder-gap"),
    ]


def test_an_overlap_names_the_member_who_would_be_in_two_tiers() -> None:
    assert check(program(tier("Silver", 0, 501), tier("Gold", 500))) == [
        ("ladder-overlap", "Gold overlaps Silver", "a member with 500 points would be in Silver and in Gold")
    ]


def test_a_tier_inside_a_wider_one_overlaps_it_and_so_does_the_next() -> None:
    ladder = (tier("All", 0, 1000), tier("Some", 100, 200), tier("More", 300, 400))
    assert [p[1] for p in check(program(*ladder))] == ["Some overlaps All", "More overlaps All"]


def test_of_two_tiers_that_end_together_the_upper_one_is_the_neighbour() -> None:
    ladder = (tier("All", 0, 100), tier("Some", 50, 100), tier("Next", 120))
    assert [p[1] for p in check(program(*ladder))] == [
        "Some overlaps All",
        "nothing between Some and Next: 100 up to 120 is in no tier",
    ]


def test_a_gap_names_the_member_who_would_fall_out() -> None:
    assert check(program(tier("Silver", 0, 250), tier("Gold", 500))) == [
        (
            "ladder-gap",
            "nothing between Silver and Gold: 250 up to 500 is in no tier",
            "a member with 250 points would be in no tier",
        )
    ]


def test_a_ladder_may_end_below_infinity() -> None:
    assert check(program(tier("Bottom", 0, 250), tier("Top", 250, 1001))) == []


@pytest.mark.parametrize(
    ("start", "scale", "nobody"),
    [
        (1, POINTS, "a member with 0 points"),
        (200, POINTS, "a member with 0 points"),
        ("0.01", MONEY, "a member with 0 GBP"),
        ("0.5", FREE, "a member with a lifetime spend of 0"),
    ],
)
def test_a_ladder_that_starts_above_zero_is_a_note(start: float | str, scale: Scale, nobody: str) -> None:
    (note,) = rules.check([program(tier("Bottom", start, 250), tier("Top", 250), scale=scale)], TODAY)
    said = f"nothing below Bottom, which starts at {start}: is it to start at 0?"
    assert (note.rule, note.severity, note.message) == ("ladder-gap", Severity.NOTE, said)
    assert note.member == f"{nobody} would be in no tier"


@pytest.mark.parametrize(
    ("end", "scale", "says"),
    [
        ("100000", POINTS, "at 99999"),
        ("1000000000", POINTS, "at 999999999"),
        ("1000001", POINTS, "at 1000000"),
        ("2147483648", POINTS, "at 2147483647"),
        ("4294967296", POINTS, "at 4294967295"),
        ("9007199254740992", POINTS, "at 9007199254740991"),
        ("99999.99", MONEY, "below 99999.99"),
        ("1000000000", FREE, "below 1000000000"),
    ],
)
def test_an_end_that_stands_for_none_is_a_note(end: str, scale: Scale, says: str) -> None:
    top = tier("Gold", 250, end)
    (note,) = rules.check([program(tier("Low", 0, 250), top, scale=scale)], TODAY)
    assert (note.rule, note.severity) == ("ladder-gap", Severity.NOTE)
    assert note.message == f"Gold ends {says}; leave its end out if none is meant, for the last tier is open"


@pytest.mark.parametrize("end", ["1000", "10000", "100000.5", "123456789", "10001", "1000011"])
def test_an_end_that_may_well_be_meant_is_none(end: str) -> None:
    assert check(program(tier("Low", 0, 250), tier("Gold", 250, end), scale=FREE)) == []


def test_a_waived_note_is_not_told_and_its_waiver_is_of_use() -> None:
    agreed = Waiver("ladder-gap", "agreed", "2027-02-01", HERE)
    assert check(program(tier("Bottom", 1), waivers=(agreed,))) == []


def test_a_waiver_that_covers_nothing_is_a_note() -> None:
    overlap = Waiver("ladder-overlap", "agreed", "2027-02-01", Position("tiers/club.yaml", 20, 5))
    gap, place = overlap._replace(rule="ladder-gap"), overlap._replace(rule="similar-place")
    found = rules.check([program(tier("A", 0, 5), tier("B", 6), waivers=(gap, overlap, place))], TODAY)
    assert [(p.rule, p.severity, p.waiver) for p in found] == [
        ("ladder-gap", Severity.NOTE, "waived until 2027-02-01: agreed"),
        ("expired-waiver", Severity.NOTE, ""),
    ]
    assert found[1].message.startswith("the waiver of ladder-overlap covers nothing in the files; remove it")
    assert found[1].at == overlap.at


@pytest.mark.parametrize(("until", "notes"), [("2127-12-31", 0), ("2128-01-01", 1), ("9999-12-31", 1)])
def test_a_waiver_without_an_end_in_sight_is_a_note(until: str, notes: int) -> None:
    waiver = Waiver("ladder-gap", "agreed", until, HERE)
    found = rules.check([program(tier("A", 0, 5), tier("B", 6), waivers=(waiver,))], TODAY)
    assert [p.message for p in found if not p.waiver] == [
        f"the waiver of ladder-gap lasts until {until}; name a day on which to agree on it again"
    ] * notes


def test_tiers_from_high_to_low_are_one_finding() -> None:
    found = check(program(tier("Gold", 500, 250), tier("Silver", 250, 0), tier("Bronze", 0)))
    assert found == [
        ("tier-order", "the tiers are written from high to low; write them from low to high, Bronze first", "")
    ]
    closed = (tier("Gold", 500), tier("Silver", 250, 500), tier("Bronze", 0, 250))
    assert check(program(*closed)) == found


@pytest.mark.parametrize(("end", "number"), [("0", "-1"), ("1", "0")])
def test_an_end_that_others_write_for_none_says_what_to_do(end: str, number: str) -> None:
    (top,) = check(program(tier("A", 0, 5), tier("B", 5, end)))
    says = f"B is empty: it starts at 5 and ends at {number}; leave the end out if none is meant"
    assert top[1] == f"{says}: the last tier is open"
    (middle,) = (found for found in check(program(tier("B", 5, end), tier("C", 9))) if found[0] == "empty-range")
    assert middle[1] == f"{says}: it then ends where C starts"


def test_numbers_that_a_double_rounds_are_warned_about() -> None:
    fields = {"metadata": {"sap_id": 2**53 + 1, "fine": 2**53, "deep": [{"rate": Decimal("0.12345678901234567890")}]}}
    at = Position("tiers/club.yaml", 12, 20)
    low = tier("Low", 0)._replace(fields=fields)
    written = program(low)._replace(origins={("voucherify", 0): {("metadata", "sap_id"): Origin(at)}})
    one, two = sorted(rules.check([written], TODAY), key=lambda problem: -problem.at.line)
    assert (one.rule, one.severity, one.at) == ("not-representable", Severity.WARNING, at)
    assert one.message == (
        "Low has metadata.sap_id 9007199254740993, more digits than a double has: a vendor that reads it as one keeps"
        " 9007199254740992; quote it, or write fewer digits"
    )
    assert "metadata.deep.0.rate 0.1234567890123456789, more" in two.message
    assert two.at == low.at


def test_a_number_that_no_double_holds_is_told_as_none() -> None:
    (one,) = rules.check([program(tier("Low", 0)._replace(fields={"metadata": {"huge": 10**400}}))], TODAY)
    assert "reads it as one keeps none at all; quote it" in one.message


def test_what_one_target_has_otherwise_is_found_where_it_stands() -> None:
    over = Position("tiers/club.yaml", 30, 20)

    def found(index: int, part: str, *ladder: Tier) -> list[Position]:
        both = program(*ladder)._replace(targets=(target(*ladder, name="de", campaign="DE"), target(*ladder)))
        origins = {("voucherify", index): {(part,): Origin(over, is_overlaid=True)}}
        return [problem.at for problem in rules.check([both._replace(origins=origins)], TODAY)]

    gap, overlap = (tier("Low", 0, 5), tier("High", 6)), (tier("Low", 0, 9), tier("High", 6))
    elsewhere = Position("tiers/club.yaml", 9, 5)
    for ladder in (gap, overlap):
        assert found(0, "end", *ladder) == found(1, "from", *ladder) == [elsewhere, over]
        assert found(0, "name", *ladder) == [elsewhere]
    assert found(1, "name", tier("Low", 0, 6), tier("Low", 6)) == [elsewhere, over]
    assert found(0, "name", tier("Low", 0, 6), tier("low", 6)) == [elsewhere, over]
    assert set(found(2, "from", tier("A", 0, 9), tier("B", 9, 20), tier("C", 4, 5))) == {elsewhere, over}


def test_tiers_are_written_low_to_high_and_the_derived_end_is_no_second_problem() -> None:
    found = check(program(tier("Silver", 250, 200), tier("Bronze", 200, 500), tier("Gold", 500)))
    assert found == [("tier-order", "Bronze starts at 200, not above Silver, which starts at 250", "")]


def test_equal_starts_are_out_of_order() -> None:
    found = check(program(tier("Silver", 250, 250), tier("Gold", 250)))
    assert [rule for rule, _, _ in found] == ["tier-order"]


def test_an_empty_range_is_reported_at_its_tier() -> None:
    (problem,) = rules.check([program(tier("Bronze", 0, 100), tier("Silver", 100, 50, line=12))], TODAY)
    assert (problem.rule, problem.at.line) == ("empty-range", 12)


@pytest.mark.parametrize(
    ("end", "scale", "says"),
    [
        ("4", POINTS, "starts at 5 and ends at 3"),  # `to: 3`
        ("5", POINTS, "starts at 5 and ends at 4"),
        ("4.5", POINTS, "starts at 5 and ends below 4.5"),
        ("4.5", MONEY, "starts at 5 and ends below 4.50"),
        ("5", FREE, "starts at 5 and ends below 5"),
    ],
)
def test_an_empty_range_is_told_as_a_file_says_it(end: str, scale: Scale, says: str) -> None:
    messages = dict(found[:2] for found in check(program(tier("B", 5, end), scale=scale)))
    assert messages["empty-range"] == f"B is empty: it {says}"


def test_a_name_twice_and_names_that_read_alike() -> None:
    ladder = (tier("Gold", 0, 1), tier("Gold", 1, 2), tier(" gold", 2, 3), tier("Ｇｏｌｄ", 3))
    assert [(rule, message) for rule, message, _ in check(program(*ladder))] == [
        ("duplicate-tier", "a second tier is named 'Gold'"),
        ("similar-name", "' gold' reads like 'Gold': they differ in characters that look alike"),
        ("similar-name", f"'Ｇｏｌｄ' reads like 'Gold': they differ only in case or width ({FULL_WIDTH})"),
        ("similar-name", "' gold' has blanks at an end, or several in a row, which a vendor may take away"),
    ]
    severities = {
        problem.severity for problem in rules.check((program(*ladder),), TODAY) if "blanks" in problem.message
    }
    assert severities == {Severity.NOTE}  # it stops nothing


def test_fractions_are_refused_where_the_vendor_takes_whole_numbers_only() -> None:
    ladder = (tier("Bronze", "0", "99.5"), tier("Silver", "99.5"))
    assert check(program(*ladder)) == [
        ("whole-numbers", "Silver has the bound 99.5, but points are whole numbers there", ""),
    ]
    assert check(program(*ladder, scale=FREE)) == []


def test_more_decimals_than_the_vendor_keeps_are_refused() -> None:
    ladder = (tier("Bronze", "0", "99.50"), tier("Silver", "99.50", "100.005"))
    assert check(program(*ladder, scale=MONEY)) == [
        ("not-representable", "Silver has the bound 100.005, but GBP are numbers with 2 decimals at most there", ""),
    ]
    assert check(program(*ladder, scale=FREE)) == []


def test_a_tier_with_two_fractions_is_one_finding() -> None:
    assert len(check(program(tier("All", "0.5", "9.5")))) == 1


def test_numbers_are_written_out() -> None:
    (found,) = check(program(tier("Low", 0, "1E+3"), tier("High", "2E+3")))
    assert found[1:] == (
        "nothing between Low and High: 1000 up to 2000 is in no tier",
        "a member with 1000 points would be in no tier",
    )


def test_one_key_for_two_programs() -> None:
    later = program(tier("A", 0), at=Position("tiers/z.yaml", 2, 10))._replace(targets=())
    found = rules.check([program(tier("A", 0)), later], TODAY)
    assert found == (
        Problem("duplicate-program", "program club is already at tiers/club.yaml:2:10", later.at, program="club"),
    )


def test_two_targets_in_one_place() -> None:
    ladder = (tier("A", 0),)
    twice = program()._replace(targets=(target(*ladder), target(*ladder, name="uk", line=5)))
    other = program(*ladder, key="other")._replace(at=Position("tiers/other.yaml", 2, 10))
    message = "voucherify 'Club' is already a target at tiers/club.yaml:4:5"
    assert check(twice, other) == [("duplicate-target", message, "")] * 2


def test_a_problem_of_one_target_only_names_that_target() -> None:
    sound, broken = (tier("A", 0, 5), tier("B", 5)), (tier("A", 0, 5), tier("B", 6))
    both = program()._replace(targets=(target(*sound), target(*broken, name="uk", campaign="UK")))
    ((_, message, _),) = check(both)
    assert message.endswith("(target uk)")
    two = both._replace(targets=(*both.targets, target(*broken, name="de", campaign="DE")))
    ((_, message, _),) = check(two)
    assert message.endswith("(target uk, de)")
    same = program()._replace(targets=(target(*broken), target(*broken, name="uk", campaign="UK")))
    ((_, message, _),) = check(same)
    assert not message.endswith(")")


def test_a_waiver_turns_an_error_into_a_note_until_its_last_day() -> None:
    waiver = Waiver("ladder-gap", "agreed with finance", "2027-01-31", HERE)
    gap = program(tier("A", 0, 5), tier("B", 6), waivers=(waiver,))
    (problem,) = rules.check([gap], TODAY)
    assert problem.severity is Severity.NOTE
    assert "(waived until 2027-01-31: agreed with finance)" in problem.message
    ended = rules.check([gap], date(2027, 2, 1))
    assert [(p.rule, p.severity) for p in ended] == [
        ("expired-waiver", Severity.ERROR),
        ("ladder-gap", Severity.ERROR),
    ]
    assert ended[0].message == "the waiver of ladder-gap ended on 2027-01-31: agreed with finance"
    assert ended[0].at == HERE


def test_a_finding_says_what_it_is_about() -> None:
    """Which reports for machines group by, and their fingerprints rest on."""

    def about(*programs: Program) -> list[tuple[str, str, tuple[str, ...], str, str]]:
        found = rules.check(programs, TODAY)
        return [(p.rule, p.program, p.targets, p.tier, p.waiver) for p in found]

    broken = (tier("A", 0, 5), tier("B", 6))
    agreed, ended = Waiver("ladder-gap", "agreed", "2027-01-31", HERE), Waiver("ladder-gap", "was", "2027-01-30", HERE)
    assert about(program(*broken)) == [("ladder-gap", "club", (), "B", "")]
    waived = "waived until 2027-01-31: agreed"
    assert about(program(*broken, waivers=(agreed,))) == [("ladder-gap", "club", (), "B", waived)]
    sound = program(tier("A", 0), waivers=(ended,))
    assert about(sound) == [("expired-waiver", "club", (), "", "")]
    uk = target(*broken, name="uk", campaign="UK")
    both = program()._replace(targets=(target(tier("A", 0)), uk))
    assert about(both) == [("ladder-gap", "club", ("uk",), "B", "")]
    twice = program()._replace(targets=(target(tier("A", 0)), target(tier("A", 0), name="uk")))
    assert about(twice) == [("duplicate-target", "club", ("uk",), "", "")]


@pytest.mark.parametrize(("scale", "balance"), [(MONEY, "{} GBP"), (FREE, "a lifetime spend of {}")])
def test_money_is_named_by_its_unit_and_keeps_its_cents(scale: Scale, balance: str) -> None:
    ladder = (tier("A", "0", "99.90"), tier("B", "100", "300"), tier("C", "200"))
    cents = "99.90" if scale is MONEY else "99.9"
    assert [(message, member) for _, message, member in check(program(*ladder, scale=scale))] == [
        ("C overlaps B", f"a member with {balance.format(200)} would be in B and in C"),
        (
            f"nothing between A and B: {cents} up to 100 is in no tier",
            f"a member with {balance.format(cents)} would be in no tier",
        ),
    ]


def test_a_live_tier_without_bounds_overlaps_everything() -> None:
    everything = LiveTier("ltr_1", "All", Range(None, None))
    (flaw,) = rules.overlaps([tier("Gold", 500), everything], POINTS)
    assert flaw.member == "a member with 500 points would be in All and in Gold"
    (flaw,) = rules.overlaps([everything, everything._replace(id="ltr_2", name="Too")], POINTS)
    assert flaw.member == "every member would be in All and in Too"


def test_every_rule_of_the_schema_enum_is_waivable_and_no_other() -> None:
    import json

    from tierops import config

    schema = json.loads(config.schema("program"))
    enum = next(found for found in _enums(schema) if "ladder-gap" in found)
    assert set(enum) == {rule.id for rule in rules.RULES.values() if rule.is_waivable}


def _enums(node):
    if isinstance(node, dict):
        if isinstance(node.get("enum"), list):
            yield node["enum"]
        for value in node.values():
            yield from _enums(value)
    elif isinstance(node, list):
        for value in node:
            yield from _enums(value)


points = st.integers(0, 30)


@st.composite
def ladders(draw: st.DrawFn) -> list[Tier]:
    ends = draw(st.lists(st.tuples(points, st.none() | points), min_size=1, max_size=6))
    return [tier(f"T{number}", lower, upper) for number, (lower, upper) in enumerate(ends)]


def holders(ladder: list[Tier], balance: int) -> int:
    return sum(t.range.lower <= balance and (t.range.upper is None or balance < t.range.upper) for t in ladder)


@given(ladders())
def test_overlaps_and_gaps_are_found_exactly_where_some_member_is_in_two_tiers_or_none(ladder: list[Tier]) -> None:
    counts = [holders(ladder, balance) for balance in range(32)]
    assert bool(list(rules.overlaps(ladder, POINTS))) == any(count > 1 for count in counts)
    held = [balance for balance, count in enumerate(counts) if count]
    has_hole = bool(held) and any(not count for count in counts[held[0] : held[-1]])
    assert bool(list(rules.gaps(ladder, POINTS))) == has_hole


@pytest.mark.parametrize("rule", rules.RULES.values(), ids=lambda rule: rule.id)
def test_every_rule_says_why_it_exists(rule: rules.Rule) -> None:
    assert len(rule.reason.split()) > 3
    assert rule.severity is Severity.ERROR


@pytest.mark.parametrize("name", ["\u200b", "\ufeff\u00ad", "\u3164"])
def test_a_name_that_nobody_sees_is_refused(name: str) -> None:
    (problem,) = check(program(tier(name, 0)))
    assert problem[0] == "schema"
    assert "has no visible character" in problem[1]


def test_a_waiver_silences_the_notes_of_its_rule_and_is_not_said_of_them() -> None:
    waiver = Waiver("similar-name", "agreed", "2027-01-31", HERE)
    ladder = (tier("Gold", 0, 1), tier(" gold", 1))
    (waived,) = rules.check([program(*ladder, waivers=(waiver,))], TODAY)
    assert (waived.message, waived.waiver) == (
        "' gold' reads like 'Gold': they differ in characters that look alike (waived until 2027-01-31: agreed)",
        "waived until 2027-01-31: agreed",
    )
