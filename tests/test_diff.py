"""What counts as a difference, and how it is told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierops import diff
from tierops.model import FieldChange, Kind, LiveTier, Range, Tier, compact, exact
from tierops.text import jsontext

ANY = Range(Decimal(0), None)

numbers = st.integers(-5, 5) | st.decimals(-5, 5, allow_nan=False, places=2)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
).map(exact)
fields = st.dictionaries(st.sampled_from(["earning_rules", "rewards", "metadata"]), values, max_size=3).map(compact)


def live(name: str = "Gold", range_: Range = ANY, **fields: object) -> LiveTier:
    return LiveTier("ltr_1", name, range_, fields)  # type: ignore[arg-type]


def told(before: dict[str, object], after: dict[str, object]) -> tuple[FieldChange, ...]:
    (change,) = diff.changes([live(**before)], [Tier("Gold", ANY, after)])  # type: ignore[arg-type]
    assert change.kind is Kind.DIFFERS
    return change.fields


def test_equal_ladders_have_no_changes() -> None:
    assert diff.changes([live(), live("Silver")], [Tier("Silver", ANY), Tier("Gold", ANY)]) == ()


def test_changes_come_as_creates_then_differences_then_unmanaged_tiers() -> None:
    found = diff.changes(
        [live("Old"), live("Gold", Range(Decimal(1), None))], [Tier("Gold", ANY), Tier("New", ANY), Tier("Newer", ANY)]
    )
    assert [(c.kind.symbol, c.name) for c in found] == [("+", "New"), ("+", "Newer"), ("~", "Gold"), ("?", "Old")]
    assert found[2].fields == (FieldChange(("range", "lower"), Decimal(1), Decimal(0)),)


def test_what_is_amiss_with_the_place_is_a_difference_of_each_tier_there_and_of_no_other() -> None:
    amiss = FieldChange(("place", "owner"), None, "us")
    live_tiers = [live("Old"), live("Gold", Range(Decimal(1), None)), live("Silver")]
    desired = [Tier("New", ANY), Tier("Gold", ANY), Tier("Silver", ANY)]
    found = diff.changes(live_tiers, desired, amiss=(amiss,))
    assert [(c.kind.symbol, c.name) for c in found] == [("+", "New"), ("~", "Gold"), ("~", "Silver"), ("?", "Old")]
    assert found[0].fields == found[3].fields == ()
    assert found[1].fields == (FieldChange(("range", "lower"), Decimal(1), Decimal(0)), amiss)
    assert found[2].fields == (amiss,)


def test_both_ends_of_a_range_are_told() -> None:
    (change,) = diff.changes([live(range_=Range(None, Decimal(5)))], [Tier("Gold", ANY)])
    assert [field.path for field in change.fields] == [("range", "lower"), ("range", "upper")]


def test_each_field_is_told_by_its_path() -> None:
    before = {"earning_rules": {"ern_1": {"type": "MULTIPLY", "multiplier": 2}}, "metadata": {"a.b[0]": "x"}}
    after = {"earning_rules": {"ern_1": {"type": "MULTIPLY", "multiplier": Decimal("2.5")}}, "rewards": {"r": {}}}
    assert told(before, after) == (
        FieldChange(("earning_rules", "ern_1", "multiplier"), 2, Decimal("2.5")),
        FieldChange(("metadata",), {"a.b[0]": "x"}, None),
        FieldChange(("rewards",), None, {"r": {}}),
    )


@pytest.mark.parametrize(("before", "after"), [(True, 1), (False, 0), ("1", 1), (1, Decimal("1.5")), ([1], [1, 1])])
def test_values_of_another_type_or_size_differ(before: object, after: object) -> None:
    assert told({"metadata": {"a": before}}, {"metadata": {"a": after}})[0].path[:2] == ("metadata", "a")


# The first example imports deepdiff, which is slow.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(fields, fields)
def test_fields_are_told_exactly_where_tiers_are_not_the_same(before: dict, after: dict) -> None:
    found = diff.changes([LiveTier("i", "T", ANY, before)], [Tier("T", ANY, after)])
    assert bool(found) == (not diff.same(LiveTier("i", "T", ANY, before), Tier("T", ANY, after)))
    assert all(change.fields for change in found)


def test_what_deepdiff_passes_over_in_a_list_is_told_whole() -> None:
    assert told(
        {"metadata": {"a": [False, 2]}, "rewards": {"r": 1}}, {"metadata": {"a": [0, 2]}, "rewards": {"r": 1}}
    ) == (FieldChange(("metadata",), {"a": [False, 2]}, {"a": [0, 2]}),)


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ([None], [], ("a",)),
        ([], [None], ("a",)),
        ([1, None], [1], ("a",)),
        ([None], [1], ("a",)),
        ([{"b": [None]}], [{"b": []}], ("a", "0", "b")),
        ([[None], 1], [[], 2], None),
    ],
)
def test_null_in_a_list_is_never_told_as_absent(before: object, after: object, path: tuple[str, ...] | None) -> None:
    fields_ = told({"metadata": {"a": before}}, {"metadata": {"a": after}})
    assert all(field.before != field.after for field in fields_)
    assert all(isinstance(field.before, list) or field.before is not None for field in fields_)
    if path:
        assert [field.path for field in fields_] == [("metadata", *path)]
        assert all(isinstance(side, list) for field in fields_ for side in (field.before, field.after))


@given(fields, fields)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_field_is_told_as_changed_into_itself(before: dict, after: dict) -> None:
    for change in diff.changes([LiveTier("i", "T", ANY, before)], [Tier("T", ANY, after)]):
        assert all(jsontext.canonical(field.before) != jsontext.canonical(field.after) for field in change.fields)


@given(fields)
def test_a_tier_is_the_same_as_itself(given_fields: dict) -> None:
    assert diff.changes([LiveTier("i", "T", ANY, given_fields)], [Tier("T", ANY, dict(given_fields))]) == ()


def test_duplicates_are_the_tiers_that_share_a_name() -> None:
    a, b, c = live("Gold"), live("Silver"), live("Gold")
    assert diff.duplicates([a, b, c]) == {"Gold": (a, c)}
    assert diff.duplicates([a, b]) == {}
