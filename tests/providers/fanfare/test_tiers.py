"""A ladder in Fanfare's JSON, and back: how it is rebuilt from audiences."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierops.errors import VendorError
from tierops.model import Identity, Live, Range, Request, Tier, Value
from tierops.providers.fanfare import VENDOR
from tierops.providers.fanfare.tiers import attribute_of, decode, encode, is_tier

GROUP = "019a0000-0000-7000-8000-0000000000bb"
PLACE = {"group": "Club", "attribute": "ltv"}


def rule(operator: str, *values: object, field: str = "ltv", **more: object) -> dict[str, Any]:
    return {"id": "r", "field": field, "operator": operator, "values": list(values), **more}


def audience(name: str = "Silver", *, metadata: object = None, rules: object = (), **fields: object) -> dict[str, Any]:
    return {
        "id": f"id-{name}",
        "name": name,
        "archived": False,
        "groupId": GROUP,
        "groupType": "SEGMENTED_VALUE",
        "groupName": "Club",
        "metadata": metadata,
        "rules": list(rules) if isinstance(rules, tuple) else rules,
        **fields,
    }


def described(start: object, end: object = None, order: object = 0, attribute: str = "ltv") -> dict[str, Any]:
    return {"tierAttribute": attribute, "tierOrder": order, "tierBoundaries": {"min": start, "max": end}}


def one(row: dict[str, Any]) -> tuple[Range, dict[str, Any]]:
    (tier,) = decode([row], "Club")
    fields = dict(tier.fields)
    assert fields.pop("order") == 0
    return tier.range, fields


def span(lower: object, upper: object = None) -> Range:
    return Range(Decimal(str(lower)), None if upper is None else Decimal(str(upper)))


@st.composite
def ladders(draw: st.DrawFn) -> tuple[Tier, ...]:
    amounts = st.decimals(0, 10**6, places=2)
    starts = sorted(draw(st.sets(amounts, max_size=6)))
    ends = [*starts[1:], draw(st.none() | amounts.map(lambda length: starts[-1] + length + 1))] if starts else []
    icons = st.fixed_dictionaries({}, optional={"icon": st.sampled_from(["medal", "crown"])})
    orders = draw(st.permutations(range(len(starts))))
    return tuple(
        Tier(
            draw(st.text(min_size=1, max_size=9)), Range(start, end), {"attribute": "ltv", "order": order} | draw(icons)
        )
        for start, end, order in zip(starts, ends, orders, strict=True)
    )


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(ladders())
def test_decode_undoes_encode_through_the_documented_metadata(ladder: tuple[Tier, ...]) -> None:
    stored = []
    for number, body in enumerate(encode(ladder)):
        metadata = described(body["startValue"], body.get("endValue"), body["order"])
        row = audience(body["name"], metadata=metadata, iconName=body.get("iconName"), id=f"id-{number}")
        del row["rules"]
        stored.append(row)
    live = decode(stored, "Club")
    assert [(t.name, t.range, t.fields) for t in live] == [(t.name, t.range, t.fields) for t in ladder]


@pytest.mark.parametrize("form", [100, "100", "100.00", Decimal("100.0")])
def test_a_number_is_the_same_in_every_form(form: object) -> None:
    range_, fields = one(audience(metadata=described(form), rules=(rule("GREATER_THAN_OR_EQUAL", "100"),)))
    assert (range_, fields) == (span(100), {"attribute": "ltv"})


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((rule("GREATER_THAN_OR_EQUAL", 100), rule("LESS_THAN", 500)), span(100, 500)),
        ((rule("LESS_THAN", "99.90"), rule("GREATER_THAN_OR_EQUAL", "9.5")), span("9.5", "99.90")),
        ((rule("GREATER_THAN_OR_EQUAL", 100),), span(100)),
        ((rule("LESS_THAN", 100),), span(0, 100)),
    ],
)
def test_rules_say_the_range_where_there_is_no_metadata(rules: tuple[Any, ...], expected: Range) -> None:
    assert one(audience(rules=rules)) == (expected, {"attribute": "ltv"})


ENDS_BESIDE = [
    ((("GREATER_THAN_OR_EQUAL", 100), ("LESS_THAN_OR_EQUAL", 499)), span(100, 500)),
    ((("GREATER_THAN", 99), ("LESS_THAN", 500)), span(100, 500)),
    ((("GREATER_THAN", "99"), ("LESS_THAN_OR_EQUAL", "499.0")), span(100, 500)),
    ((("BETWEEN", 100, 499),), span(100, 500)),
    ((("BETWEEN", "99.5", "499.5"),), span("99.5", 500)),
    ((("GREATER_THAN", 99),), span(100)),
    ((("GREATER_THAN", "99.5"),), span(100)),
    ((("LESS_THAN_OR_EQUAL", 99),), span(0, 100)),
]


@pytest.mark.parametrize(("rules", "expected"), ENDS_BESIDE)
@pytest.mark.parametrize("attribute", ["loyaltyBalance", "loyaltyLifetimePoints", "totalOrders"])
def test_an_end_that_is_in_a_tier_of_whole_numbers_is_read_as_its_operator_says(
    attribute: str, rules: tuple[Any, ...], expected: Range
) -> None:
    row = audience(rules=tuple(rule(*one, field=attribute) for one in rules))
    assert one(row) == (expected, {"attribute": attribute})


@pytest.mark.parametrize("rules", [rules for rules, _ in ENDS_BESIDE])
def test_an_end_that_is_in_a_tier_of_money_is_no_range_and_shown(rules: tuple[Any, ...]) -> None:
    """There is no next amount: 499 inclusive ends neither below 499 nor below 500."""
    range_, fields = one(audience(rules=tuple(rule(*one) for one in rules)))
    assert range_ == Range(None, None)
    assert [shown["operator"] for shown in fields["rules"]] == [operator for operator, *_ in rules]


def test_tiers_that_share_an_end_which_is_in_both_overlap_as_they_do_there() -> None:
    by_hand = [
        audience("Low", rules=(rule("BETWEEN", 0, 100, field="totalOrders"),)),
        audience("Mid", rules=(rule("BETWEEN", 100, 199, field="totalOrders"),)),
        audience("Top", rules=(rule("GREATER_THAN", 199, field="totalOrders"),)),
    ]
    assert [tier.range for tier in decode(by_hand, "Club")] == [span(0, 101), span(100, 200), span(200)]


@pytest.mark.parametrize(
    ("contradiction", "message"),
    [
        ({"metadata": {"tierGroup": "other"}}, f'has the `tierGroup` "other", not "{GROUP}"'),
        ({"rules": (rule("LESS_THAN", 5, audienceId="id-Gold"),)}, 'has the `audienceId` "id-Gold", not "id-Silver"'),
    ],
)
def test_an_audience_that_contradicts_itself_is_not_as_documented(contradiction: dict[str, Any], message: str) -> None:
    with pytest.raises(VendorError) as caught:
        decode([audience(**contradiction)], "Club")
    assert str(caught.value).startswith("not as documented: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "rules",
    [
        (),
        None,
        ("x",),
        (rule("EQUALS", 5),),
        (rule("BETWEEN", 5),),
        (rule("GREATER_THAN_OR_EQUAL", "many"),),
        (rule("GREATER_THAN_OR_EQUAL", True),),
        (rule("GREATER_THAN_OR_EQUAL", 1), rule("LESS_THAN", 5, field="aov")),
        (rule("GREATER_THAN_OR_EQUAL", 1, groupId="a"), rule("LESS_THAN", 5, groupId="b")),
        ({"field": "ltv", "operator": "LESS_THAN"},),
    ],
)
def test_what_cannot_be_read_has_no_range_and_shows_its_rules(rules: object) -> None:
    range_, fields = one(audience(rules=rules))
    assert range_ == Range(None, None)
    assert fields["rules"]


@pytest.mark.parametrize(
    "metadata",
    [{"tierBoundaries": {"min": "low"}}, {"tierBoundaries": {"min": 1, "max": "high"}}, {"tierBoundaries": [1]}, "x"],
)
def test_unreadable_metadata_leaves_the_rules(metadata: object) -> None:
    range_, _ = one(audience(metadata=metadata, rules=(rule("GREATER_THAN_OR_EQUAL", 7),)))
    assert range_ == span(7)


@pytest.mark.parametrize(
    "rules",
    [(rule("GREATER_THAN_OR_EQUAL", 101),), (rule("BETWEEN", 100, 500),), (rule("EXISTS"),), ()],
)
def test_rules_that_mean_something_else_than_the_metadata_are_shown(rules: tuple[Any, ...]) -> None:
    range_, fields = one(audience(metadata=described(100), rules=rules))
    assert range_ == span(100)
    shown = [{key: r[key] for key in ("field", "operator", "values")} for r in rules]
    assert fields["rules"] == (shown or "none")


def test_rules_about_something_else_than_the_metadata_says_are_shown() -> None:
    _, fields = one(audience(metadata=described(100), rules=(rule("GREATER_THAN_OR_EQUAL", 100, field="aov"),)))
    assert fields["rules"] == [{"field": "aov", "operator": "GREATER_THAN_OR_EQUAL", "values": [100]}]


def test_the_order_is_the_place_in_the_ladder_where_no_metadata_says_it() -> None:
    rules = [audience(f"T{n}", rules=(rule("GREATER_THAN_OR_EQUAL", n), rule("LESS_THAN", n + 1))) for n in (2, 0, 1)]
    assert [(t.name, t.fields["order"]) for t in decode(rules, "Club")] == [("T0", 0), ("T1", 1), ("T2", 2)]


def test_a_ladder_is_ordered_by_its_starts_not_by_ids_or_names_and_the_unreadable_comes_last() -> None:
    metadata = [
        ("A", described(250)),
        ("B", {}),
        ("C", described("99.90")),
        ("D", described(1000)),
        ("E", described(0)),
    ]
    stored = [audience(name, metadata=about) for name, about in metadata]
    assert [tier.name for tier in decode(stored, "Club")] == ["E", "C", "A", "D", "B"]
    twice = [audience(name, metadata=described(5), id=id_) for name, id_ in (("A", "2"), ("B", "1"))]
    assert [tier.name for tier in decode(twice, "Club")] == ["B", "A"]


def test_a_time_that_is_no_text_is_no_time() -> None:
    (tier,) = decode([audience(metadata=described(0), updatedAt=5)], "Club")
    assert tier.updated_at is None


def test_attribute_order_icon_and_group_name_are_shown_where_they_are_not_as_derived() -> None:
    odd = audience(metadata=described(0, None, 3, "aov"), iconName="crown", groupName="Clubs", updatedAt="2027-01-01")
    del odd["rules"]
    (tier,) = decode([odd], "Club")
    assert tier.fields == {"attribute": "aov", "order": 3, "icon": "crown", "group_name": "Clubs"}
    assert tier.updated_at == "2027-01-01"


LIVE = Live(Identity("http://127.0.0.1/fanfare", "group", "", "Club", None), (), "")


def test_the_request_is_as_documented_and_keeps_its_cents() -> None:
    ladder = (
        Tier("Low", span(0, "99.90"), {"attribute": "ltv", "order": 0}),
        Tier("High", span("99.90"), {"attribute": "ltv", "icon": "crown", "order": 7}),
    )
    body: Value = {
        "groupName": "Club",
        "attribute": "ltv",
        "tiers": [
            {"name": "Low", "order": 0, "startValue": 0, "endValue": "99.9"},
            {"name": "High", "order": 7, "startValue": "99.9", "iconName": "crown"},
        ],
    }
    assert VENDOR.requests(LIVE, ladder) == (Request("POST", "/audiences/loyalty-tiers", body, ("Low", "High")),)


def test_a_small_amount_is_written_out() -> None:
    (body,) = encode([Tier("Low", Range(Decimal("1E-7"), Decimal("1E+3")), {"attribute": "ltv", "order": 0})])
    assert body == {"name": "Low", "order": 0, "startValue": "0.0000001", "endValue": 1000}


@pytest.mark.parametrize(
    ("block", "fields"),
    [
        ({}, {"order": 2, "attribute": "ltv"}),
        ({"order": None, "icon": None}, {"order": 2, "attribute": "ltv"}),
        ({"order": "7", "icon": "crown"}, {"order": 7, "icon": "crown", "attribute": "ltv"}),
        ({"order": 0}, {"order": 0, "attribute": "ltv"}),
    ],
)
def test_a_tier_has_its_place_in_the_ladder_unless_its_block_says_another(
    block: dict[str, Any], fields: dict[str, Any]
) -> None:
    assert VENDOR.fields(block, PLACE, 2) == fields


@pytest.mark.parametrize(
    ("fields", "block"),
    [
        ({"order": 2, "attribute": "ltv", "icon": "crown"}, {"icon": "crown"}),
        ({"order": 1, "attribute": "ltv"}, {"order": 1}),
        ({"attribute": "ltv"}, {}),
        ({"order": True, "attribute": "ltv"}, {"order": True}),
    ],
)
def test_a_block_holds_what_is_not_so_anyway(fields: dict[str, Any], block: dict[str, Any]) -> None:
    assert VENDOR.block(fields, PLACE, 2) == block
    if fields.get("order") == 1:
        assert VENDOR.block({"order": True, "attribute": "ltv"}, PLACE, 1) == {"order": True}


def test_what_a_group_measures_is_said_by_metadata_or_else_by_rules_and_must_agree() -> None:
    low, high = audience(metadata=described(0)), audience(rules=(rule("LESS_THAN", 5), rule("BETWEEN", 1, 2)))
    assert attribute_of([low, high]) == "ltv"
    assert attribute_of([low, audience(metadata=described(0, attribute="aov"))]) == ""
    assert attribute_of([audience(rules=(rule("LESS_THAN", 5), rule("BETWEEN", 1, 2, field="aov")))]) == ""
    assert attribute_of([audience()]) == ""


@pytest.mark.parametrize(
    "other", [{"archived": True}, {"groupType": "RFM"}, {"groupId": None}, {"groupType": None}], ids=str
)
def test_archived_audiences_and_other_groups_are_no_tiers(other: dict[str, Any]) -> None:
    assert is_tier(audience())
    assert is_tier(audience(archived=None))
    assert not is_tier(audience(**other))


@pytest.mark.parametrize("as_", [str, Decimal], ids=["text", "number"])
def test_money_of_any_length_is_exact(as_: Any) -> None:
    end = "1234567890123456789012345678.0123456789"
    below = audience("Silver", rules=(rule("GREATER_THAN_OR_EQUAL", "0"), rule("LESS_THAN", as_(end))))
    above = audience("Gold", rules=(rule("GREATER_THAN_OR_EQUAL", as_(end)),))
    silver, gold = decode([below, above], "Club")
    assert silver.range.upper == gold.range.lower == Decimal(end)
