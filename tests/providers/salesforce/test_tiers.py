"""Ladders of Salesforce: where a tier ends, which of two is the higher one, what cannot be created beside them."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256

import pytest

from tierops import diff, plan
from tierops.errors import VendorError
from tierops.model import Identity, Kind, Live, LiveTier, Position, Range, Target, TargetPlan, Tier, Value
from tierops.providers.salesforce import VENDOR
from tierops.providers.salesforce.tiers import decode

BLOCK = {"program": "Coffee Club", "tier_group": "Status"}
SCALE = VENDOR.scale(BLOCK)
GROUP = "0ltXX0000000001AAA"


def row(name: str, minimum: Value, sequence: Value = None, maximum: Value = None, **more: Value) -> dict[str, Value]:
    balances = {"MinimumEligibleBalance": minimum, "MaximumEligibleBalance": maximum}
    return {"Id": f"0lg{name}", "Name": name, "SequenceNumber": sequence, **balances, **more}


def tier(name: str, start: int, end: int | None = None, **fields: Value) -> Tier:
    return Tier(name, Range(Decimal(start), None if end is None else Decimal(end)), fields)


def planned(rows: list[dict[str, Value]], *tiers: Tier, **facts: str) -> TargetPlan:
    live = Live(Identity("http://127.0.0.1", "tier group", GROUP, "Status", None), decode(rows), "", facts=facts)
    target = Target("club", "salesforce", VENDOR.place(BLOCK), SCALE, tiers, Position("a", 1, 1))
    return plan.build(target, live, VENDOR)


def told(made: TargetPlan) -> dict[str, tuple[Kind, str]]:
    return {change.name: (change.kind, change.note) for change in made.changes}


def sequences(made: TargetPlan) -> list[Value]:
    return [record["SequenceNumber"] for request in made.requests for record in request.body["records"]]  # type: ignore[index,call-overload]


def test_a_tier_ends_where_the_next_one_starts() -> None:
    live = decode([row("B", Decimal("99.5")), row("A", 0), row("C", Decimal("1E+3"))])
    assert [(one.name, one.range) for one in live] == [
        ("A", Range(Decimal(0), Decimal("99.5"))),
        ("B", Range(Decimal("99.5"), Decimal(1000))),
        ("C", Range(Decimal(1000), None)),
    ]


@pytest.mark.parametrize("maximum", [None, 250, Decimal("249.99"), 249, Decimal("250.00")])
def test_a_maximum_where_the_next_tier_starts_is_the_same_ladder(maximum: Value) -> None:
    assert planned([row("A", 0, 10, maximum), row("B", 250, 20)], tier("A", 0, 250), tier("B", 250)).changes == ()


@pytest.mark.parametrize(
    ("rows", "name", "said"),
    [
        ([row("A", 0, 10, 300), row("B", 250, 20)], "A", "its maximum balance is 300, and 250 is where it ends"),
        ([row("A", 0, 10, 200), row("B", 250, 20)], "A", "its maximum balance is 200, and 250 is where it ends"),
        ([row("A", 0, 10), row("B", 250, 20, 999)], "B", "its maximum balance is 999, and the last tier is open"),
    ],
)
def test_any_other_maximum_is_a_difference_and_blocks(rows: list[dict[str, Value]], name: str, said: str) -> None:
    made = planned(rows, tier("A", 0, 250), tier("B", 250, 500), tier("C", 500))
    (change,) = [change for change in made.changes if change.kind is Kind.DIFFERS]
    assert change.name == name
    assert [(field.path, field.before) for field in change.fields] == [(("contradicting maximum",), said)]
    kind, note = told(made)["C"]
    assert (kind, said in note, made.requests) == (Kind.BLOCKED, True, ())


def test_a_tier_is_not_created_inside_of_what_a_live_maximum_says() -> None:
    rows = [row("A", 0, 10, 500), row("C", 500, 30)]
    kind, note = told(planned(rows, tier("A", 0, 250), tier("B", 250, 500, sequence=20), tier("C", 500)))["B"]
    assert kind is Kind.BLOCKED
    assert "'A' has the maximum balance 500, and 'B' is to start at 250: empty the maximum in Salesforce" in note


def test_without_a_minimum_nothing_is_created() -> None:
    made = planned([row("A", None, 10), row("B", 0, 20)], tier("B", 0, 250), tier("C", 250))
    kind, note = told(made)["C"]
    assert kind is Kind.BLOCKED
    assert "'A' has no minimum balance" in note
    assert decode([row("A", None)])[0].range == Range(None, None)


def test_null_is_not_zero() -> None:
    made = planned([row("A", None, 10)], tier("A", 0))
    assert [change.kind for change in made.changes] == [Kind.DIFFERS]


# Sequence numbers.


def test_a_file_that_says_no_number_agrees_with_any_that_rise() -> None:
    rows = [row("A", 0, 1), row("B", 250, 7), row("C", 500)]
    assert planned(rows, tier("A", 0, 250), tier("B", 250, 500), tier("C", 500)).changes == ()


def test_a_number_that_a_file_says_is_compared_exactly() -> None:
    made = planned([row("A", 0, 10), row("B", 250, 20)], tier("A", 0, 250), tier("B", 250, sequence=30))
    (change,) = made.changes
    assert [(field.path, field.before, field.after) for field in change.fields] == [(("sequence",), 20, 30)]


def test_numbers_against_the_thresholds_are_a_difference_and_block() -> None:
    rows = [row("A", 0, 30), row("B", 250, 20)]
    made = planned(rows, tier("A", 0, 250), tier("B", 250, 500), tier("C", 500))
    assert {name: kind for name, (kind, _) in told(made).items()} == {"B": Kind.DIFFERS, "C": Kind.BLOCKED}
    assert "its sequence number 20 is not above 30 of 'A', which starts lower" in told(made)["C"][1]


def test_a_new_tier_has_ten_times_its_place() -> None:
    rows = [row("A", 0, 10)]
    assert sequences(planned(rows, tier("A", 0, 250), tier("B", 250, 500), tier("C", 500))) == [20, 30]
    assert sequences(planned([], tier("A", 0, 250), tier("B", 250, sequence=99))) == [10, 99]


@pytest.mark.parametrize(
    ("rows", "fields", "said"),
    [
        (
            [row("A", 0, 10), row("C", 500, 20)],
            {},
            "'C' would have the sequence number 20, which is not above 20 of 'B'",
        ),
        (
            [row("A", 0, 10), row("C", 500, 20)],
            {"sequence": 5},
            "'B' would have the sequence number 5, which is not above",
        ),
        ([row("A", 0, 21), row("C", 500, 30)], {}, "give 'B' a `sequence` between those of its neighbours"),
    ],
)
def test_a_number_that_is_not_free_blocks(rows: list[dict[str, Value]], fields: dict[str, Value], said: str) -> None:
    made = planned(rows, tier("A", 0, 250), tier("B", 250, 500, **fields), tier("C", 500))
    kind, note = told(made)["B"]
    assert (kind, made.requests) == (Kind.BLOCKED, ())
    assert said in note


def test_a_number_between_those_of_the_neighbours_is_taken() -> None:
    rows = [row("A", 0, 10), row("C", 500, 20)]
    assert sequences(planned(rows, tier("A", 0, 250), tier("B", 250, 500, sequence=15), tier("C", 500))) == [15]


def test_a_tier_that_comes_on_top_of_a_gap_in_the_numbers_fits() -> None:
    rows = [row("A", 0, 10), row("C", 500, 30)]
    assert sequences(planned(rows, tier("A", 0, 250), tier("B", 250, 500), tier("C", 500))) == [20]


def test_what_a_file_leaves_unsaid_is_no_change_for_a_saved_plan() -> None:
    before, after = decode([row("A", 0, 10)])[0], decode([row("A", 0, 20)])[0]
    assert not diff.same(before, after)
    assert diff.same(before, SCALE.filled(tier("A", 0), before))
    assert not diff.same(before, SCALE.filled(tier("A", 0, sequence=20), before))


# Clubs, keys, forms.


def test_a_group_of_clubs_is_only_looked_at() -> None:
    kind, note = told(planned([], tier("A", 0), category="Clubs"))["A"]
    assert (kind, "tierops only looks at it" in note) == (Kind.BLOCKED, True)
    assert told(planned([], tier("A", 0), category="Tier_Group"))["A"][0] is Kind.CREATE


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Gold", "gold"),
        ("GOLD", "gold"),
        ("Straße", "strasse"),
        ("x" * 200, "x" * 200),
        ("X" * 201, sha256(b"x" * 201).hexdigest()),
    ],
)
def test_the_key_is_the_same_for_one_name_in_one_group(name: str, key: str) -> None:
    made = planned([], tier(name, 0), **{"key field": "Tierops_Key__c"})
    (record,) = made.requests[0].body["records"]  # type: ignore[index,call-overload]
    assert record["Tierops_Key__c"] == f"{GROUP}:{key}"


def test_without_the_field_there_is_no_key() -> None:
    (record,) = planned([], tier("A", 0)).requests[0].body["records"]  # type: ignore[index,call-overload]
    assert record.keys() == {"attributes", "LoyaltyTierGroupId", "Name", "MinimumEligibleBalance", "SequenceNumber"}


@pytest.mark.parametrize(
    ("column", "value"),
    [("MinimumEligibleBalance", "0"), ("MaximumEligibleBalance", True), ("SequenceNumber", []), ("Color", 1)],
)
def test_what_is_not_as_documented_shows_what_was_received(column: str, value: Value) -> None:
    with pytest.raises(VendorError, match=f"not as documented: `{column}` is "):
        decode([row("A", 0) | {column: value}])


def test_empty_text_and_null_are_nothing() -> None:
    (live,) = decode(
        [row("A", 0, None, None, Color="", Description=None, LastModifiedDate="2026-01-01T00:00:00.000+0000")]
    )
    assert live == LiveTier("0lgA", "A", Range(Decimal(0), None), {}, "2026-01-01T00:00:00.000+0000")
    assert VENDOR.fields({"sequence": "020", "color": "", "description": None}, BLOCK, 0) == {"sequence": 20}


def test_import_writes_the_number_and_no_maximum() -> None:
    (live,) = decode([row("A", 0, 10, None, Color="#C0C0C0")])
    fields = {**live.fields, "maximum": 10}
    assert VENDOR.block(fields, BLOCK, 0) == {"sequence": 10, "color": "#C0C0C0"}
