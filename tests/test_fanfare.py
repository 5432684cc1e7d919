"""The Fanfare provider: how a ladder is rebuilt from audiences, and what stops it."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest
from harness import Slept, connect
from hypothesis import given
from hypothesis import strategies as st

from test_contract import ladder, ladders, planned
from test_voucherify import Canned
from tierops.emulator import Emulator, Fault, Switches
from tierops.errors import AnswerLost, IncompleteRead, NotSent, TieropsError, VendorError
from tierops.model import Identity, Kind, Live, Range, Tier
from tierops.providers.fanfare.account import Provider, decode, encode

GROUP = "019a0000-0000-7000-8000-0000000000bb"
PLACE = {"group": "Spending Tiers", "attribute": "ltv"}


@pytest.fixture
def fanfare(emulator: Emulator, slept: Slept) -> Connection:
    return connect(emulator, slept, vendor="fanfare")


def rule(operator: str, *values: object, field: str = "ltv", **more: object) -> dict:
    return {"id": "r", "field": field, "operator": operator, "values": list(values), **more}


def audience(name: str = "Silver", *, metadata: object = None, rules: object = (), **fields: object) -> dict:
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


def described(start: object, end: object = None, order: object = 0, attribute: str = "ltv") -> dict:
    return {"tierAttribute": attribute, "tierOrder": order, "tierBoundaries": {"min": start, "max": end}}


def one(found: dict) -> tuple[Range, dict]:
    (tier,) = decode([found], "Club")
    fields = dict(tier.fields)
    assert fields.pop("order") == 0
    return tier.range, fields


def span(lower: object, upper: object = None) -> Range:
    return Range(Decimal(str(lower)), None if upper is None else Decimal(str(upper)))


@given(st.data())
def test_decode_undoes_encode_through_the_documented_metadata(data: st.DataObject) -> None:
    tiers = data.draw(ladders("fanfare"))
    bodies = encode(tiers)
    stored = [
        audience(
            body["name"],
            metadata=described(body["startValue"], body.get("endValue"), body["order"]),
            iconName=body.get("iconName"),
            rules="absent",
        )
        for body in bodies
    ]
    for body in stored:
        del body["rules"]
    found = decode(stored, "Club")
    assert [(t.name, t.range, t.fields) for t in found] == [(t.name, t.range, t.fields) for t in tiers]


@pytest.mark.parametrize("form", [100, "100", "100.00", Decimal("100.0")])
def test_a_number_is_the_same_in_every_form(form: object) -> None:
    found, fields = one(audience(metadata=described(form), rules=(rule("GREATER_THAN_OR_EQUAL", "100"),)))
    assert (found, fields) == (span(100), {"attribute": "ltv"})


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((rule("GREATER_THAN_OR_EQUAL", 100), rule("LESS_THAN", 500)), span(100, 500)),
        ((rule("LESS_THAN", "99.90"), rule("GREATER_THAN_OR_EQUAL", "9.5")), span("9.5", "99.90")),
        ((rule("GREATER_THAN_OR_EQUAL", 100), rule("LESS_THAN_OR_EQUAL", 500)), span(100, 500)),
        ((rule("BETWEEN", 100, 500),), span(100, 500)),
        ((rule("GREATER_THAN_OR_EQUAL", 100),), span(100)),
        ((rule("GREATER_THAN", 100),), span(100)),
        ((rule("LESS_THAN", 100),), span(0, 100)),
    ],
)
def test_rules_say_the_range_where_there_is_no_metadata(rules: tuple, expected: Range) -> None:
    assert one(audience(rules=rules)) == (expected, {"attribute": "ltv"})


def test_an_inclusive_end_one_below_the_next_start_is_that_start() -> None:
    hand_made = [
        audience("Low", rules=(rule("BETWEEN", 0, 99),)),
        audience("Mid", rules=(rule("GREATER_THAN_OR_EQUAL", 100), rule("LESS_THAN_OR_EQUAL", 199))),
        audience("Top", rules=(rule("GREATER_THAN_OR_EQUAL", 200),)),
    ]
    assert [tier.range for tier in decode(hand_made, "Club")] == [span(0, 100), span(100, 200), span(200)]


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
    found, fields = one(audience(rules=rules))
    assert found == Range(None, None)
    assert fields["rules"]


@pytest.mark.parametrize(
    "metadata",
    [{"tierBoundaries": {"min": "low"}}, {"tierBoundaries": {"min": 1, "max": "high"}}, {"tierBoundaries": [1]}, "x"],
)
def test_unreadable_metadata_leaves_the_rules(metadata: object) -> None:
    found, _ = one(audience(metadata=metadata, rules=(rule("GREATER_THAN_OR_EQUAL", 7),)))
    assert found == span(7)


@pytest.mark.parametrize(
    "rules",
    [(rule("GREATER_THAN_OR_EQUAL", 101),), (rule("BETWEEN", 100, 500),), (rule("EXISTS"),), ()],
)
def test_rules_that_mean_something_else_than_the_metadata_are_shown(rules: tuple) -> None:
    found, fields = one(audience(metadata=described(100), rules=rules))
    assert found == span(100)
    shown = [{key: r[key] for key in ("field", "operator", "values")} for r in rules]
    assert fields["rules"] == (shown or "none")


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


def test_the_documented_example_is_read_in_two_requests_with_its_proof(emulator: Emulator, fanfare: Connection) -> None:
    emulator.fanfare.load_examples()
    live = fanfare.fetch(PLACE)
    assert [(t.name, t.range) for t in live.tiers] == [
        ("Bronze", span(0, 100)),
        ("Silver", span(100, 500)),
        ("Gold", span(500, 1000)),
        ("Platinum", span(1000)),
    ]
    assert live.proof == "4 tiers in the list of all audiences and the same 4 in the group"
    group = emulator.fanfare.groups()[0]["groupId"]
    # Plans hold the fingerprint of the organisation, so it must never come out otherwise.
    assert live.identity == Identity("http://127.0.0.1/fanfare", "group", group, "Spending Tiers", "dac2b519d8cdc873")
    assert [(sent[1], dict(sent.query)) for sent in emulator.requests] == [
        ("/fanfare/audiences", {"first": "100", "include": "rules", "sortBy": "createdAt", "sortDir": "desc"}),
        (f"/fanfare/audiences/groups/{group}", {}),
    ]


def test_the_list_is_read_once_for_all_groups_and_afresh_for_a_second_look(
    emulator: Emulator, fanfare: Connection
) -> None:
    emulator.fanfare.add_group("A", "ltv", [{"name": "x", "order": 0, "startValue": 0}])
    emulator.fanfare.add_group("B", "ltv", [{"name": "y", "order": 0, "startValue": 0}])

    def lists() -> int:
        return sum(sent[1] == "/fanfare/audiences" for sent in emulator.requests)

    for group in ("A", "B", "C"):
        fanfare.fetch({"group": group, "attribute": "ltv"})
    assert lists() == 1
    fanfare.fetch({"group": "A", "attribute": "ltv"})
    assert lists() == 2
    fanfare.fetch({"group": "B", "attribute": "ltv"})
    assert lists() == 2


def test_after_a_write_every_look_is_a_fresh_one(emulator: Emulator, fanfare: Connection) -> None:
    """Another thread may have read the list before this one's write."""
    fanfare.fetch({"group": "A", "attribute": "ltv"})
    fanfare.create(IDENTITY, ladder("fanfare", "0", "100"))
    fanfare.fetch({"group": "A", "attribute": "ltv"})
    emulator.fanfare.delete_tier("Club", "T0")
    assert [tier.name for tier in fanfare.fetch({"group": "Club", "attribute": "ltv"}).tiers] == ["T1"]


def test_before_a_create_the_list_is_read_once_more_in_the_opposite_order(
    emulator: Emulator, fanfare: Connection
) -> None:
    fanfare.create(IDENTITY, ladder("fanfare", "0", "100"))
    assert [(sent[0], sent.query.get("sortDir")) for sent in emulator.requests] == [("GET", "asc"), ("POST", None)]


def test_a_create_whose_list_before_it_cannot_be_read_is_not_sent(emulator: Emulator, fanfare: Connection) -> None:
    emulator.faults.append(Fault(on="GET /audiences", kind="403", times=None))
    with pytest.raises(
        NotSent, match=r"^not sent, for the list before it failed: Fanfare answered GET /audiences with 403"
    ):
        fanfare.create(IDENTITY, ladder("fanfare", "0", "100"))
    assert {sent[0] for sent in emulator.requests} == {"GET"}


def test_many_audiences_are_paged_to_the_end(emulator: Emulator, fanfare: Connection) -> None:
    for number in range(150):
        emulator.fanfare.add_audience(f"other {number}")
    emulator.fanfare.load_examples()
    live = fanfare.fetch({"group": "Nope", "attribute": "ltv"})
    assert live.tiers == ()
    assert (live.identity.id, live.identity.name) == ("", "Nope")
    assert live.proof == "no such group among 154 audiences on 2 pages, read to the end"
    assert len(fanfare.fetch(PLACE).tiers) == 4


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(on="GET /audiences", kind="repeat", value=1, times=None), "twice"),
        (Fault(on="GET /audiences", kind="cycle", times=None), "twice|in a circle"),
        (Fault(on="GET /audiences", kind="shift", value=1, times=None), "nothing is planned from reads that disagree"),
        (Fault(on="GET /audiences/groups/*", kind="cap", value=3, times=None), "reads that disagree"),
    ],
)
def test_lists_that_disagree_repeat_or_lead_in_a_circle_are_incomplete(
    fault: Fault, message: str, emulator: Emulator, fanfare: Connection
) -> None:
    for number in range(120):
        emulator.fanfare.add_audience(f"other {number}")
    emulator.fanfare.load_examples()
    emulator.faults.append(fault)
    with pytest.raises(IncompleteRead, match=message):
        fanfare.fetch(PLACE)


DIFFERENT = {"id": "other", "name": "Brass", "groupName": "Others", "iconName": "crown", "metadata": {"a": 1}}


@pytest.mark.parametrize(("key", "other"), DIFFERENT.items(), ids=DIFFERENT)
def test_a_group_whose_two_lists_tell_different_things_of_a_tier_is_not_planned_from(
    key: str, other: object, emulator: Emulator, slept: Slept
) -> None:
    emulator.fanfare.load_examples()
    group = emulator.fanfare.groups()[0]["groupId"]
    provider = connect(
        emulator, slept, Canned(emulator, group, lambda body: [body[0] | {key: other}, *body[1:]]), Provider
    )
    with pytest.raises(IncompleteRead) as caught:
        provider.fetch(PLACE)
    assert str(caught.value) == (
        "Fanfare's list of audiences shows 4 tiers of group 'Spending Tiers', the group itself 4, or other ones;"
        " nothing is planned from reads that disagree"
    )


def test_order_numbers_and_server_set_times_are_no_disagreement_between_two_lists(
    emulator: Emulator, slept: Slept
) -> None:
    emulator.fanfare.load_examples()
    group = emulator.fanfare.groups()[0]["groupId"]

    def otherwise(body: list[dict]) -> bytes:
        rows = [row | {"lastRefreshedAt": "2027-01-01T00:00:00Z"} for row in reversed(body)]
        return json.dumps(rows).replace('"tierOrder": 1', '"tierOrder": 1.0').encode()

    live = connect(emulator, slept, Canned(emulator, group, otherwise), "fanfare").fetch(PLACE)
    assert [tier.name for tier in live.tiers] == ["Bronze", "Silver", "Gold", "Platinum"]


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/audiences", [], "expected an object as page, received []"),
        ("/audiences", {"data": {}, "pageInfo": {}}, "expected a list of audiences, received {}"),
        ("/audiences", {"data": [1], "pageInfo": {}}, "expected an object as audience, received 1"),
        ("/audiences", {"data": [{}], "pageInfo": {}}, "no `id` in {}"),
        ("/audiences", {"data": []}, "expected an object as pageInfo, received null"),
        (GROUP, {}, "expected a list of audiences, received {}"),
        (GROUP, [1], "expected an object as audience, received 1"),
    ],
)
def test_a_list_that_is_not_as_documented_is_no_list(
    path: str, body: object, message: str, emulator: Emulator, slept: Slept
) -> None:
    emulator.fanfare.add_group("Spending Tiers", "ltv", [{"name": "x", "order": 0, "startValue": 0}], id=GROUP)
    with pytest.raises(VendorError) as caught:
        connect(emulator, slept, Canned(emulator, path, lambda _: body), "fanfare").fetch(PLACE)
    assert str(caught.value) == f"not as documented: {message}"


@pytest.mark.parametrize("cursor", [5, "same"])
def test_a_cursor_that_leads_nowhere_new_is_not_followed(cursor: object, emulator: Emulator, slept: Slept) -> None:
    asked = []

    def page(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("after"))
        return httpx.Response(200, json={"pageInfo": {"endCursor": cursor}, "data": [audience(str(len(asked)))]})

    with pytest.raises(IncompleteRead) as caught:
        connect(emulator, slept, httpx.MockTransport(page), "fanfare").fetch(PLACE)
    assert str(caught.value) == "the cursors of Fanfare's list of audiences lead in a circle"
    assert asked == ([None] if cursor == 5 else [None, "same"])


def test_a_group_id_is_one_step_of_the_path(slept: Slept) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode().partition("?")[0])
        row = audience(groupId="a/b X", groupName="Club", metadata=described(0))
        return httpx.Response(200, json={"data": [row], "pageInfo": {}} if len(asked) == 1 else [row])

    emulator = Emulator()
    connect(emulator, slept, httpx.MockTransport(answer), "fanfare").fetch({"group": "Club", "attribute": "ltv"})
    emulator.close()
    assert asked == ["/fanfare/audiences", "/fanfare/audiences/groups/a%2Fb%20X"]


@pytest.mark.parametrize(("kind", "has_advice"), [("401", True), ("403", True), ("500-before", False)])
def test_a_refused_key_says_what_to_check_and_another_failure_does_not(
    kind: str, has_advice: bool, emulator: Emulator, fanfare: Connection
) -> None:
    emulator.faults.append(Fault(on="GET /audiences", kind=kind, times=None))
    with pytest.raises(VendorError) as caught:
        fanfare.fetch(PLACE)
    advice = ". Check FANFARE_SECRET_KEY (dashboard, Settings), what the key may do, and FANFARE_URL"
    assert str(caught.value).endswith(advice) == has_advice
    assert has_advice or str(caught.value).endswith(")")
    assert caught.value.status == int(kind[:3])


def test_archived_members_and_rfm_groups_are_not_live(emulator: Emulator, slept: Slept) -> None:
    emulator.switches = Switches.parse(["fanfare.archived=shown"])
    emulator.fanfare.load_examples()
    emulator.fanfare.delete_tier("Spending Tiers", "Gold")
    emulator.fanfare.add_audience("rfm", groupType="RFM", groupId=GROUP, groupName="Spending Tiers")
    live = connect(emulator, slept, vendor="fanfare").fetch(PLACE)
    assert [tier.name for tier in live.tiers] == ["Bronze", "Silver", "Platinum"]


def test_two_live_groups_of_one_name_stop_and_an_id_tells_them_apart(emulator: Emulator, fanfare: Connection) -> None:
    for start in (0, 5):
        emulator.fanfare.add_group("Club", "ltv", [{"name": "x", "order": 0, "startValue": start}])
    with pytest.raises(VendorError) as caught:
        fanfare.fetch({"group": "Club", "attribute": "ltv"})
    first, second = (group["groupId"] for group in emulator.fanfare.groups())
    assert str(caught.value) in {
        f"2 live Fanfare groups are named 'Club' ({one}, {other}); tierops picks none: name the group by its id,"
        " or remove or rename all but one in the dashboard"
        for one, other in ((first, second), (second, first))
    }
    live = fanfare.fetch({"group": second, "attribute": "ltv"})
    assert (live.identity.id, live.identity.name, live.tiers[0].range) == (second, "Club", span(5))
    assert {place["group"] for place in fanfare.discover()} == {g["groupId"] for g in emulator.fanfare.groups()}


def test_an_id_that_no_group_has_is_no_name_for_a_new_one(fanfare: Connection) -> None:
    with pytest.raises(VendorError, match=f"no tier group with the id {GROUP}") as caught:
        fanfare.fetch({"group": GROUP, "attribute": "ltv"})
    assert caught.value.status == 404  # which tells apply that the group has gone


def test_a_tier_that_kept_the_old_name_of_its_group_is_shown_with_it(emulator: Emulator, fanfare: Connection) -> None:
    for name, group, start in (("Low", "Club", 0), ("High", "Old club", 5)):
        emulator.fanfare.add_audience(
            name, groupId=GROUP, groupName=group, groupType="SEGMENTED_VALUE", metadata=described(start)
        )
    low, high = fanfare.fetch({"group": "Club", "attribute": "ltv"}).tiers
    assert "group_name" not in low.fields
    assert high.fields["group_name"] == "Old club"


def test_a_group_that_lacks_a_tier_is_blocked_with_the_reason(emulator: Emulator, fanfare: Connection) -> None:
    emulator.fanfare.add_group("Club", "ltv", [{"name": "T0", "order": 0, "startValue": 0, "endValue": 100}])
    target = planned("fanfare", fanfare, ladder("fanfare", "0", "100"))
    (change,) = target.changes
    assert (change.kind, change.name) == (Kind.BLOCKED, "T1")
    assert change.note == (
        "the group exists, and Fanfare's API creates whole groups only; its update deletes tiers that it is not told to"
        " keep, which can open live experiences to everybody. Add the tier to the group in the dashboard (Audiences)"
    )
    assert target.requests == ()


def test_a_tier_that_differs_says_what_to_do_by_hand(emulator: Emulator, fanfare: Connection) -> None:
    emulator.fanfare.add_group("Club", "ltv", [{"name": "T0", "order": 0, "startValue": 5}])
    (change,) = planned("fanfare", fanfare, ladder("fanfare", "0")).changes
    assert change.kind is Kind.DIFFERS
    assert change.note == (
        "tierops does not change tiers of Fanfare, whose update deletes what it is not told to keep: edit the tier in"
        " the dashboard (Audiences), or write what is live into the file"
    )


def test_a_group_that_appeared_meanwhile_is_not_created_a_second_time(emulator: Emulator, fanfare: Connection) -> None:
    target = planned("fanfare", fanfare, ladder("fanfare", "0", "100"))
    emulator.fanfare.add_group("Club", "ltv", [{"name": "T0", "order": 0, "startValue": 0}])
    with pytest.raises(VendorError, match="exists by now"):
        fanfare.create(target.identity, target.creates)
    assert emulator.writes == 0


IDENTITY = Identity("http://127.0.0.1/fanfare", "group", "", "Club", None)


def test_the_request_is_as_documented_and_keeps_its_cents(fanfare: Connection) -> None:
    tiers = (
        Tier("Low", span(0, "99.90"), {"attribute": "ltv", "order": 0}),
        Tier("High", span("99.90"), {"attribute": "ltv", "icon": "crown", "order": 7}),
    )
    (request,) = fanfare.requests(IDENTITY, tiers)
    assert (request.method, request.path) == ("POST", "/audiences/loyalty-tiers")
    assert request.body == {
        "groupName": "Club",
        "attribute": "ltv",
        "tiers": [
            {"name": "Low", "order": 0, "startValue": 0, "endValue": "99.9"},
            {"name": "High", "order": 7, "startValue": "99.9", "iconName": "crown"},
        ],
    }
    assert fanfare.requests(IDENTITY, ()) == ()


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda b: [], "not as documented: expected an object as created group, received [] in the answer to a create"),
        (
            lambda b: {},
            "not as documented: expected a list of audiences, received null in the answer to a create",
        ),
        (
            lambda b: {"audiences": [1]},
            "not as documented: expected an object as audience, received 1 in the answer to a create",
        ),
        (
            lambda b: {**b, "audiences": b["audiences"][1:]},
            "the create was accepted, but its answer does not show the tiers as sent",
        ),
    ],
)
def test_an_answer_that_does_not_show_what_was_sent_is_a_lost_answer(
    alter: Callable, message: str, emulator: Emulator, slept: Slept
) -> None:
    provider = connect(emulator, slept, Canned(emulator, "/loyalty-tiers", alter), "fanfare")
    with pytest.raises(AnswerLost) as caught:
        provider.create(IDENTITY, ladder("fanfare", "0", "100"))
    assert str(caught.value) == message


def test_a_small_amount_is_written_out() -> None:
    (body,) = encode([Tier("Low", Range(Decimal("1E-7"), Decimal("1E+3")), {"attribute": "ltv", "order": 0})])
    assert body == {"name": "Low", "order": 0, "startValue": "0.0000001", "endValue": 1000}


@pytest.mark.parametrize("attribute", ["loyaltyBalance", "loyaltyLifetimePoints", "totalOrders"])
def test_points_and_counts_are_whole_numbers(attribute: str) -> None:
    assert Provider.capabilities({"group": "x", "attribute": attribute}).whole_numbers


@pytest.mark.parametrize("attribute", ["ltv", "aov", "activityScore", "purchaseFrequencyScore", "monetaryScore"])
def test_money_and_scores_have_fractions(attribute: str) -> None:
    assert not Provider.capabilities({"group": "x", "attribute": attribute}).whole_numbers


def test_a_publishable_key_is_refused_without_showing_it() -> None:
    with pytest.raises(TieropsError) as caught:
        Provider.credentials({"FANFARE_SECRET_KEY": "pk_live_abc"})
    assert str(caught.value) == (
        "FANFARE_SECRET_KEY holds a publishable key (pk_…); the Admin API takes secret ones (sk_…)"
    )


def test_a_secret_key_is_the_bearer_and_a_missing_one_is_named() -> None:
    assert Provider.credentials({"FANFARE_SECRET_KEY": "sk_test_abc"}) == (
        {"Authorization": "Bearer sk_test_abc"},
        None,
    )
    with pytest.raises(TieropsError) as caught:
        Provider.credentials({})
    assert str(caught.value) == ("no Fanfare key: set FANFARE_SECRET_KEY (sk_live_… or sk_test_…, dashboard, Settings)")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"error": "Audience not found"}, "Audience not found"),
        ({"error": "not_found", "message": "No"}, "not_found: No"),
        (
            {"error": "validation_error", "issues": [{"message": "Required field", "path": [{"key": "email"}]}]},
            "validation_error: email: Required field",
        ),
        (
            {"error": "bad", "issues": [{"message": "Required", "path": [{"key": "tiers"}, {"key": 0}]}]},
            "bad: tiers.0: Required",
        ),
        (
            {"error": "Validation failed", "details": [{"field": "name", "message": "Required"}, {"message": "x"}]},
            "Validation failed: name: Required: x",
        ),
        ({"error": "internal_error", "requestId": "req_1"}, "internal_error (request req_1)"),
        ({"odd": 1}, '{"odd":1}'),
        ({"odd": "x" * 200}, '{"odd":"' + "x" * 192),
        ("x", '"x"'),
        ("x" * 200, '"' + "x" * 199),
    ],
)
def test_each_documented_error_shape_is_one_sentence(body: object, sentence: str) -> None:
    assert Provider.explain(body) == sentence  # type: ignore[arg-type]


@pytest.mark.parametrize("status", ["400", "422"])
def test_a_refused_create_says_which_field(status: str, emulator: Emulator, slept: Slept) -> None:
    emulator.switches = Switches.parse([f"fanfare.validation_status={status}"])
    provider = connect(emulator, slept, vendor="fanfare")
    overlapping = (*ladder("fanfare", "0", "100"), Tier("X", span(50, 60), {"attribute": "ltv", "order": 2}))
    with pytest.raises(VendorError, match=f"with {status}: validation_error") as caught:
        provider.create(IDENTITY, overlapping)
    assert caught.value.status == int(status)


def test_a_group_is_located_by_name(emulator: Emulator, fanfare: Connection) -> None:
    emulator.fanfare.load_examples()
    assert fanfare.locate({"group": "Spending Tiers"}) == PLACE
    assert fanfare.discover() == (PLACE,)
    with pytest.raises(VendorError, match="no tier group 'Nope'"):
        fanfare.locate({"group": "Nope"})


def test_a_group_whose_tiers_measure_different_things_has_no_attribute(emulator: Emulator, fanfare: Connection) -> None:
    for name, attribute in (("Low", "ltv"), ("High", "aov")):
        emulator.fanfare.add_audience(
            name, groupId=GROUP, groupName="Club", groupType="SEGMENTED_VALUE",
            metadata=described(0, attribute=attribute),
        )  # fmt: skip
    assert fanfare.locate({"group": "Club"}) == {"group": "Club", "attribute": ""}


NOW = 1_800_000_000.0


@pytest.mark.parametrize("spare", [0, -1])
@pytest.mark.parametrize("is_list_known", [True, False])
def test_a_fanfare_create_costs_more_calls_the_more_pages_the_list_has(
    is_list_known: bool, spare: int, slept: Slept
) -> None:
    used, needed = (2, 2 * 2 + 2) if is_list_known else (2, 2 * 1 + 2)  # of a list not yet read one page is certain
    switches = Switches.parse([f"fanfare.rate_limit={used + 2 * needed + spare}"])
    emulator = Emulator(switches=switches, clock=lambda: NOW)
    vendor = connect(emulator, slept, kind=Provider, now=lambda: NOW, max_wait=0)
    if is_list_known:
        for number in range(101):
            emulator.fanfare.add_audience(f"other {number}")
        vendor.fetch({"group": "Club", "attribute": "ltv"})
    else:
        vendor.create(Identity("", "group", "", "Club", None), ladder("fanfare", "0", "100"))
    lives = [Live(Identity("", "group", "", name, None), (), "") for name in ("A", "B")]
    if spare:
        with pytest.raises(VendorError, match=f"this takes {2 * needed} at the least"):
            vendor.afford(lives)
    else:
        vendor.afford(lives)
    emulator.close()
