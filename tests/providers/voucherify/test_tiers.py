"""A ladder in Voucherify's JSON, and back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierops.errors import VendorError
from tierops.model import POINTS, TIMES, Benefit, Identity, Live, LiveTier, Range, Request, Tier, Value, compact
from tierops.providers.voucherify import VENDOR
from tierops.providers.voucherify.tiers import benefits, campaign_of, decode, encode, path

PLACE = {"campaign": "Club"}

names = st.text(min_size=1, max_size=20)
mappings = st.dictionaries(
    st.text(min_size=1, max_size=8),
    st.fixed_dictionaries({"type": st.just("MULTIPLY"), "multiplier": st.decimals(0, 9, places=2)})
    | st.fixed_dictionaries({"type": st.just("CUSTOM"), "points": st.integers(0, 999)}),
    max_size=3,
)


@st.composite
def tiers(draw: st.DrawFn, lower: int) -> Tier:
    length = draw(st.none() | st.integers(1, 10**6))
    fields = {
        "earning_rules": draw(mappings),
        "rewards": draw(mappings),
        "metadata": draw(st.dictionaries(st.text(max_size=5), st.booleans() | st.text(max_size=5), max_size=3)),
    }
    upper = None if length is None else Decimal(lower + length)
    return Tier(draw(names), Range(Decimal(lower), upper), compact(fields))


starts = st.lists(st.integers(-(10**6), 10**6), max_size=4).map(sorted)
ladders = starts.flatmap(lambda lowers: st.tuples(*map(tiers, lowers)))


@given(ladders)
def test_decode_undoes_encode(ladder: tuple[Tier, ...]) -> None:
    rows = [{"id": f"ltr_{n}", **row} for n, row in enumerate(encode(ladder))]
    assert decode(rows, "camp_1") == tuple(
        LiveTier(f"ltr_{n}", tier.name, tier.range, tier.fields) for n, tier in enumerate(ladder)
    )


def tier(name: str, lower: int, upper: int | None = None) -> Tier:
    return Tier(name, Range(Decimal(lower), None if upper is None else Decimal(upper)))


def test_an_open_end_has_no_key_and_the_upper_end_is_inclusive() -> None:
    silver, gold = encode([tier("Silver", 250, 500), tier("Gold", 500)])
    assert silver == {"name": "Silver", "points": {"from": 250, "to": 499}}
    assert gold == {"name": "Gold", "points": {"from": 500}}


def test_tiers_come_low_to_high_one_without_a_start_first_and_equal_ones_by_id() -> None:
    rows = [
        {"id": id_, "name": name, "points": points}
        for id_, name, points in (
            ("1", "High", {"from": 9}),
            ("4", "Twin", {"from": 0}),
            ("3", "Mid", {"from": 0}),
            ("2", "Open", {"to": 4}),
            ("5", "Low", {"from": -5}),
        )
    ]
    assert [live.name for live in decode(rows, "camp_1")] == ["Open", "Low", "Mid", "Twin", "High"]


def one(row: dict[str, Any]) -> LiveTier:
    (live,) = decode([row], "camp_1")
    return live


@pytest.mark.parametrize("empty", [{}, None, "missing"])
def test_empty_null_and_missing_are_the_same_and_server_set_fields_are_dropped(empty: object) -> None:
    row = {
        "id": "ltr_1",
        "name": "Gold",
        "campaign_id": "camp_1",
        "points": {"from": 5, "to": None},
        "config": {"points": {"from": 5}},
        "expiration": {"tier_id": "ltr_1"},
        "created_at": "2024-01-24T08:28:02.240Z",
        "updated_at": None,
        "something_new": 1,
        "object": "loyalty_tier",
    }
    if empty != "missing":
        row |= {"earning_rules": empty, "rewards": empty, "metadata": empty}
    assert one(row) == LiveTier("ltr_1", "Gold", Range(Decimal(5), None))


def test_points_fall_back_to_their_mirror_in_config() -> None:
    row = {"id": "i", "name": "n", "config": {"points": {"from": 1, "to": 9}}}
    assert one(row).range == Range(Decimal(1), Decimal(10))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"name": "n", "points": {}}, "no `id`"),
        ({"id": "i", "points": {}}, "no `name`"),
        ({"id": "i", "name": "", "points": {}}, "no `name`"),
        ({"id": "i", "name": "n"}, "points of tier 'n', received null"),
        ({"id": "i", "name": "n", "config": 5}, "points of tier 'n', received null"),
        ({"id": "i", "name": "n", "points": [1]}, "received [1]"),
        ({"id": "i", "name": "n", "points": {"from": "1"}}, '`from`: "1", not an integer'),
        ({"id": "i", "name": "n", "points": {"from": True}}, "`from`: true, not an integer"),
        ({"id": "i", "name": "n", "points": {"to": Decimal("1.5")}}, "`to`: 1.5, not an integer"),
        ({"id": "i", "name": "n", "points": {}, "rewards": "x" * 200}, 'an object as rewards, received "xxx'),
    ],
)
def test_what_is_not_as_documented_fails_with_what_was_received(row: dict[str, Any], message: str) -> None:
    with pytest.raises(VendorError) as caught:
        decode([row], "camp_1")
    assert "not as documented" in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("contradiction", "message"),
    [
        ({"object": "voucher"}, 'has the `object` "voucher", not "loyalty_tier"'),
        ({"campaign_id": "camp_2"}, 'has the `campaign_id` "camp_2", not "camp_1"'),
        ({"campaign_id": 1}, 'has the `campaign_id` 1, not "camp_1"'),
        (
            {"config": {"points": {"from": 5, "to": 8}}},
            'says two things of its points, {"from":5} and {"from":5,"to":8}',
        ),
        ({"config": {"points": [5]}}, "expected an object as points of tier 'n', received [5]"),
    ],
)
def test_a_row_that_contradicts_itself_or_the_campaign_is_not_as_documented(
    contradiction: dict[str, Any], message: str
) -> None:
    row = {"id": "i", "name": "n", "object": "loyalty_tier", "campaign_id": "camp_1", "points": {"from": 5}}
    assert one(row | {"config": {"points": {"from": Decimal("5.0"), "to": None}}}).range.lower == 5
    with pytest.raises(VendorError) as caught:
        one(row | contradiction)
    assert str(caught.value).startswith("not as documented: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("campaign", ["camp_1", "Coffee Club", "a/b?c#d%2F", "/tiers", "Ü"])
def test_the_campaign_of_a_path_is_the_one_it_was_made_of(campaign: str) -> None:
    assert campaign_of(path(campaign)) == campaign


@pytest.mark.parametrize("length", [78, 79, 200])
def test_what_was_received_is_shown_in_80_characters_at_most(length: int) -> None:
    with pytest.raises(VendorError) as caught:
        decode([{"id": "i", "name": "n", "points": "x" * length}], "camp_1")
    shown = str(caught.value).rpartition("received ")[2]
    assert shown == ('"' + "x" * 78 + '"' if length == 78 else '"' + "x" * 76 + "...")


def test_a_time_that_is_no_text_is_no_time() -> None:
    row = {"id": "i", "name": "n", "points": {}}
    assert one({**row, "updated_at": 5}).updated_at is None
    assert one({**row, "updated_at": "2027-01-01"}).updated_at == "2027-01-01"


LIVE = Live(Identity("http://127.0.0.1", "campaign", "camp_1", "Club", None), (), "")


def test_all_tiers_go_out_in_one_request_that_names_them() -> None:
    ladder = (tier("A", 0, 10), tier("B", 10))
    assert VENDOR.requests(LIVE, ladder) == (Request("POST", "/v1/loyalties/camp_1/tiers", encode(ladder), ("A", "B")),)


def test_an_id_is_one_step_of_the_path() -> None:
    live = LIVE._replace(identity=LIVE.identity._replace(id="a/b?c X"))
    (request,) = VENDOR.requests(live, [tier("A", 0)])
    assert request.path == "/v1/loyalties/a%2Fb%3Fc%20X/tiers"


def test_numbers_in_quotes_are_numbers_and_what_is_empty_is_left_out() -> None:
    block = {
        "earning_rules": {
            "ern_1": {"type": "MULTIPLY", "multiplier": "1.50"},
            "ern_2": {"type": "CUSTOM", "points": 5},
            "ern_3": None,
        },
        "rewards": {"rew_1": {"type": "CUSTOM", "points": "10"}},
        "metadata": {"year": "2024", "perk": None},
    }
    assert VENDOR.fields(block, PLACE, 0) == {
        "earning_rules": {
            "ern_1": {"type": "MULTIPLY", "multiplier": Decimal("1.5")},
            "ern_2": {"type": "CUSTOM", "points": 5},
        },
        "rewards": {"rew_1": {"type": "CUSTOM", "points": 10}},
        "metadata": {"year": "2024"},
    }
    assert VENDOR.fields({}, PLACE, 0) == {}
    assert VENDOR.fields({"rewards": None, "earning_rules": {}}, PLACE, 0) == {}


def test_the_block_of_a_tier_holds_its_fields_in_a_fixed_order() -> None:
    fields = {"metadata": {"a": 1}, "rewards": {}, "earning_rules": {"e": {"type": "CUSTOM", "points": 1}}}
    block = VENDOR.block(fields, PLACE, 3)
    assert list(block.items()) == [(name, fields[name]) for name in ("earning_rules", "rewards", "metadata")]
    assert VENDOR.block({"metadata": {}}, PLACE, 0) == {"metadata": {}}


def test_what_members_get_is_earned_paid_or_told() -> None:
    fields: dict[str, Value] = {
        "earning_rules": {
            "e": {"type": "MULTIPLY", "multiplier": Decimal("1.5")},
            "f": {"type": "CUSTOM", "points": 5},
        },
        "rewards": {"r": {"type": "CUSTOM", "points": 300}, "odd": {"type": "CUSTOM"}},
        "metadata": {"perk": "tea", "code": 7},
    }
    assert benefits(fields) == (
        Benefit(("earning_rules", "e"), Decimal("1.5"), TIMES),
        Benefit(("earning_rules", "f"), 5, POINTS),
        Benefit(("rewards", "r"), 300, POINTS, is_price=True),
        Benefit(("metadata", "perk"), "tea"),
    )
    assert benefits({}) == ()


@pytest.mark.parametrize("points", [10**27, 10**28, 10**40 + 7, 10**59])
def test_points_of_any_length_are_exact_in_every_thread(points: int) -> None:
    row = {"id": "ltr_1", "name": "Gold", "points": {"from": points, "to": points + 1}}
    with ThreadPoolExecutor(1) as pool:
        elsewhere = pool.submit(decode, [row], "camp_1").result()
    assert elsewhere == decode([row], "camp_1")
    (tier,) = elsewhere
    assert (int(tier.range.lower or 0), int(tier.range.upper or 0)) == (points, points + 2)
    assert encode([Tier("Gold", tier.range, {})])[0]["points"] == {"from": points, "to": points + 1}
