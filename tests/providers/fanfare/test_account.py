"""The Fanfare account: what proves a group complete, and what stops it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest
from harness import Slept, connect
from vendors import Canned

from tierops import plan
from tierops.emulator import Emulator, Fault, Switches
from tierops.errors import AnswerLost, IncompleteRead, PlanRefused, TieropsError, VendorError
from tierops.model import (
    Change,
    Identity,
    Kind,
    Live,
    Place,
    Position,
    Range,
    Request,
    Scale,
    Target,
    TargetPlan,
    Tier,
    Value,
)
from tierops.providers.accounts import Credentials
from tierops.providers.connection import Connection
from tierops.providers.fanfare import VENDOR
from tierops.providers.fanfare.account import Account, explain, request_id, retry_after
from tierops.providers.fanfare.tiers import decode

GROUP = "019a0000-0000-7000-8000-0000000000bb"


def place(group: str) -> Place:
    return VENDOR.place({"group": group, "attribute": "ltv"})


PLACE = place("Spending Tiers")


def span(lower: int, upper: int | None = None) -> Range:
    return Range(Decimal(lower), None if upper is None else Decimal(upper))


def ladder(*starts: int) -> tuple[Tier, ...]:
    """A ladder that counts `ltv`, from these starts up."""
    return tuple(
        Tier(f"T{n}", span(start, end), {"attribute": "ltv", "order": n})
        for n, (start, end) in enumerate(zip(starts, [*starts[1:], None], strict=True))
    )


LIVE = Live(Identity("http://127.0.0.1/fanfare", "group", "", "Club", None), (), "")


def create(*tiers: Tier) -> Request:
    """The request that creates the group `Club`."""
    (request,) = VENDOR.requests(LIVE, tiers)
    return request


CREATE = create(*ladder(0, 100))


def described(start: int, attribute: str = "ltv") -> dict[str, Any]:
    return {"tierAttribute": attribute, "tierOrder": 0, "tierBoundaries": {"min": start, "max": None}}


def audience(name: str, **fields: object) -> dict[str, Any]:
    return {
        "id": f"id-{name}",
        "name": name,
        "groupId": GROUP,
        "groupType": "SEGMENTED_VALUE",
        "groupName": "Club",
        "metadata": described(0),
        **fields,
    }


@pytest.fixture
def fanfare(emulator: Emulator, slept: Slept) -> Connection:
    return connect(emulator, slept, vendor="fanfare")


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
    assert live.identity._replace(key=None) == Identity(
        "http://127.0.0.1/fanfare", "group", group, "Spending Tiers", "dac2b519d8cdc873"
    )
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
        fanfare.fetch(place(group))
    assert lists() == 1
    fanfare.fetch(place("A"))
    assert lists() == 2
    fanfare.fetch(place("B"))
    assert lists() == 2


def test_after_a_write_every_look_is_a_fresh_one(emulator: Emulator, fanfare: Connection) -> None:
    """Another thread may have read the list before this one's write."""
    fanfare.fetch(place("A"))
    fanfare.send(CREATE)
    fanfare.fetch(place("A"))
    emulator.fanfare.delete_tier("Club", "T0")
    assert [tier.name for tier in fanfare.fetch(place("Club")).tiers] == ["T1"]


def directions(emulator: Emulator) -> list[str]:
    """The ends from which the list was read."""
    return [sent.query["sortDir"] for sent in emulator.requests if sent[1] == "/fanfare/audiences"]


def test_each_further_look_at_a_group_reads_the_list_from_its_other_end(
    emulator: Emulator, fanfare: Connection
) -> None:
    for _ in range(3):
        fanfare.fetch(place("A"))
        fanfare.fetch(place("B"))
    assert directions(emulator) == ["desc", "asc", "desc"]
    fanfare.send(CREATE)
    emulator.requests.clear()
    for group in ("A", "B", "A", "B"):
        fanfare.fetch(place(group))
    assert directions(emulator) == ["asc", "asc", "desc", "desc"]


def test_a_list_from_the_wrong_end_is_not_shared(emulator: Emulator, fanfare: Connection) -> None:
    for group in ("A", "A", "B", "B", "A"):
        fanfare.fetch(place(group))
    assert directions(emulator) == ["desc", "asc", "desc", "asc", "desc"]


@pytest.mark.parametrize(("others", "pages"), [(0, 1), (97, 2), (197, 3)])
def test_a_read_takes_a_call_for_each_page_and_one_for_the_group(
    others: int, pages: int, emulator: Emulator, fanfare: Connection
) -> None:
    for number in range(others):
        emulator.fanfare.add_audience(f"other {number}")
    emulator.fanfare.load_examples()
    live = fanfare.fetch(PLACE)
    assert live.calls == len(emulator.requests) == pages + 1
    assert fanfare.read_calls(live, 0) == pages + 1
    new = fanfare.fetch(place("Nope"))
    assert new.calls == pages
    assert fanfare.read_calls(new, 0) == pages + 1
    assert fanfare.read_calls(new, 100) == pages + 2


@pytest.mark.parametrize(("others", "more"), [(1, 2), (98, 2), (98, 3), (150, 49), (150, 51)])
@pytest.mark.parametrize("last_page", ["null", "cursor"])
def test_the_calls_of_the_read_after_a_create_are_known_before_it(
    last_page: str, others: int, more: int, emulator: Emulator, slept: Slept
) -> None:
    emulator.switches = Switches.parse([f"fanfare.last_page={last_page}"])
    fanfare = connect(emulator, slept, vendor="fanfare")
    for number in range(others):
        emulator.fanfare.add_audience(f"other {number}")
    told = fanfare.read_calls(fanfare.fetch(place("Club")), more)
    fanfare.send(create(*ladder(*range(more))))
    assert fanfare.fetch(place("Club")).calls == told


def test_many_audiences_are_paged_to_the_end(emulator: Emulator, fanfare: Connection) -> None:
    for number in range(150):
        emulator.fanfare.add_audience(f"other {number}")
    emulator.fanfare.load_examples()
    live = fanfare.fetch(place("Nope"))
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
        fanfare.account.fetch(PLACE)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(on="GET /audiences", kind="repeat"),
        Fault(on="GET /audiences", kind="cycle"),
        Fault(on="GET /audiences/groups/*", kind="cap", value=3),
    ],
    ids=["a row twice", "a circle", "a row less"],
)
@pytest.mark.parametrize("times", [1, 2])
def test_lists_that_were_not_whole_once_or_twice_are_read_again(
    times: int, fault: Fault, emulator: Emulator, fanfare: Connection, slept: Slept
) -> None:
    for number in range(120):
        emulator.fanfare.add_audience(f"other {number}")
    emulator.fanfare.load_examples()
    emulator.faults.append(replace(fault, times=times if fault.kind != "cycle" else times * 2))
    assert len(fanfare.fetch(PLACE).tiers) == 4
    assert slept == [0.5, 1.0][:times]


DIFFERENT = {"id": "other", "name": "Brass", "groupName": "Others", "iconName": "crown", "metadata": {"a": 1}}


@pytest.mark.parametrize(("key", "other"), DIFFERENT.items(), ids=DIFFERENT)
def test_a_group_whose_two_lists_tell_different_things_of_a_tier_is_not_planned_from(
    key: str, other: object, emulator: Emulator, slept: Slept
) -> None:
    emulator.fanfare.load_examples()
    group = emulator.fanfare.groups()[0]["groupId"]
    provider = connect(
        emulator, slept, Canned(emulator, group, lambda body: [body[0] | {key: other}, *body[1:]]), "fanfare"
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
        connect(emulator, slept, httpx.MockTransport(page), "fanfare").account.fetch(PLACE)
    assert str(caught.value) == "the cursors of Fanfare's list of audiences lead in a circle"
    assert asked == ([None] if cursor == 5 else [None, "same"])


def test_a_group_id_is_one_step_of_the_path(slept: Slept) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode().partition("?")[0])
        row = audience("Low", groupId="a/b X")
        return httpx.Response(200, json={"data": [row], "pageInfo": {}} if len(asked) == 1 else [row])

    emulator = Emulator()
    connect(emulator, slept, httpx.MockTransport(answer), "fanfare").fetch(place("Club"))
    emulator.close()
    assert asked == ["/fanfare/audiences", "/fanfare/audiences/groups/a%2Fb%20X"]


@pytest.mark.parametrize(("kind", "has_advice"), [("401", True), ("403", True), ("500-before", False)])
def test_a_refused_key_says_what_to_check_and_another_failure_does_not(
    kind: str, has_advice: bool, emulator: Emulator, fanfare: Connection
) -> None:
    emulator.faults.append(Fault(on="GET /audiences", kind=kind, times=None))
    with pytest.raises(VendorError) as caught:
        fanfare.fetch(PLACE)
    advice = ". Check FANFARE_SECRET_KEY, what the key may do, and FANFARE_URL"
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
        fanfare.fetch(place("Club"))
    first, second = (group["groupId"] for group in emulator.fanfare.groups())
    assert str(caught.value) in {
        f"2 live Fanfare groups are named 'Club' ({one}, {other}); tierops picks none: name the group by its id,"
        " or remove or rename all but one in the dashboard"
        for one, other in ((first, second), (second, first))
    }
    live = fanfare.fetch(place(second))
    assert (live.identity.id, live.identity.name, live.tiers[0].range) == (second, "Club", span(5))
    assert {block["group"] for block in fanfare.discover()} == {g["groupId"] for g in emulator.fanfare.groups()}


def test_an_id_that_no_group_has_is_no_name_for_a_new_one(fanfare: Connection) -> None:
    with pytest.raises(VendorError, match=f"no tier group with the id {GROUP}") as caught:
        fanfare.fetch(place(GROUP))
    assert caught.value.status == 404  # which tells apply that the group has gone


def test_a_tier_that_kept_the_old_name_of_its_group_is_shown_with_it(emulator: Emulator, fanfare: Connection) -> None:
    for name, group, start in (("Low", "Club", 0), ("High", "Old club", 5)):
        emulator.fanfare.add_audience(
            name, groupId=GROUP, groupName=group, groupType="SEGMENTED_VALUE", metadata=described(start)
        )
    low, high = fanfare.fetch(place("Club")).tiers
    assert "group_name" not in low.fields
    assert high.fields["group_name"] == "Old club"


def planned(fanfare: Connection, *tiers: Tier) -> TargetPlan:
    """The plan of a file for the group `Club`."""
    target = Target("club", "fanfare", place("Club"), Scale("ltv", None), tiers, Position("tiers/club.yaml", 1, 1))
    return plan.build(target, fanfare.fetch(target.place), VENDOR)


def changes(fanfare: Connection, *tiers: Tier) -> tuple[Change, ...]:
    target = planned(fanfare, *tiers)
    assert bool(target.requests) == any(change.kind is Kind.CREATE for change in target.changes)
    return target.changes


def test_the_rest_of_a_group_that_is_live_in_part_is_never_created_as_a_second_group(
    emulator: Emulator, fanfare: Connection
) -> None:
    target = planned(fanfare, *ladder(0, 100))
    empty = fanfare.fetch(place("Club"))
    assert plan.remaining_requests(target, plan.missing(target, empty), empty, VENDOR) == target.requests
    emulator.fanfare.add_group("Club", "ltv", [{"name": "T0", "order": 0, "startValue": 0, "endValue": 100}])
    part = fanfare.fetch(place("Club"))
    absent = plan.missing(target, part)
    assert [tier.name for tier in absent] == ["T1"]
    with pytest.raises(PlanRefused, match="club/fanfare: the group exists, and Fanfare's API creates whole groups"):
        plan.remaining_requests(target, absent, part, VENDOR)
    assert plan.remaining_requests(target, (), part, VENDOR) == ()


def test_a_group_that_lacks_a_tier_is_blocked_with_the_reason(emulator: Emulator, fanfare: Connection) -> None:
    emulator.fanfare.add_group("Club", "ltv", [{"name": "T0", "order": 0, "startValue": 0, "endValue": 100}])
    (change,) = changes(fanfare, *ladder(0, 100))
    assert (change.kind, change.name) == (Kind.BLOCKED, "T1")
    assert change.note == (
        "the group exists, and Fanfare's API creates whole groups only; its update deletes tiers that it is not told to"
        " keep, which can open live experiences to everybody. Add the tier to the group in the dashboard (Audiences)"
    )


def test_a_group_that_does_not_exist_can_be_created(fanfare: Connection) -> None:
    notes = [(change.kind, change.note) for change in changes(fanfare, *ladder(0, 100))]
    undo = "Fanfare has no API to undo it"
    assert notes == [
        (Kind.CREATE, f"Members with less than 100 ltv join this tier immediately. {undo}"),
        (Kind.CREATE, f"Members with 100 ltv or more join this tier immediately. {undo}"),
    ]


def test_a_tier_that_differs_says_what_to_do_by_hand(emulator: Emulator, fanfare: Connection) -> None:
    emulator.fanfare.add_group("Club", "ltv", [{"name": "T0", "order": 0, "startValue": 5}])
    (change,) = changes(fanfare, *ladder(0))
    assert change.kind is Kind.DIFFERS
    assert change.note == (
        "tierops does not change tiers of Fanfare, whose update deletes what it is not told to keep: edit the tier in"
        " the dashboard (Audiences), or write what is live into the file"
    )


def test_a_create_shows_its_tiers_low_to_high(emulator: Emulator, fanfare: Connection) -> None:
    shown = fanfare.send(CREATE)
    assert [(tier.name, tier.range, tier.fields) for tier in shown] == [
        (tier.name, tier.range, tier.fields) for tier in ladder(0, 100)
    ]
    assert emulator.writes == 1


def test_what_the_answer_shows_is_given_as_it_is_for_apply_to_judge(emulator: Emulator, slept: Slept) -> None:
    rows = [audience("Other"), audience("T1", groupName="Clubs")]
    shown = connect(emulator, slept, Canned(emulator, "/loyalty-tiers", lambda _: {"audiences": rows}), "fanfare").send(
        CREATE
    )
    assert shown == decode(rows, "Club")
    assert "Clubs" in str(shown)


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
    ],
)
def test_an_answer_without_tiers_is_shown_and_the_create_never_sent_again(
    alter: Callable[[Any], object], message: str, emulator: Emulator, slept: Slept
) -> None:
    provider = connect(emulator, slept, Canned(emulator, "/loyalty-tiers", alter), "fanfare")
    with pytest.raises(AnswerLost) as caught:
        provider.send(CREATE)
    assert str(caught.value) == message
    assert caught.value.is_taken


def test_a_publishable_key_is_refused_without_showing_it() -> None:
    with pytest.raises(TieropsError) as caught:
        Account.credentials({"FANFARE_SECRET_KEY": "pk_live_abc"})
    assert str(caught.value) == (
        "FANFARE_SECRET_KEY holds a publishable key (pk_…); the Admin API takes secret ones (sk_…)"
    )


def test_a_secret_key_is_the_bearer_and_a_missing_one_is_named() -> None:
    expected = Credentials({"Authorization": "Bearer sk_test_abc"})
    assert Account.credentials({"FANFARE_SECRET_KEY": " sk_test_abc\n"}) == expected
    with pytest.raises(TieropsError) as caught:
        Account.credentials({})
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
def test_each_documented_error_shape_is_one_sentence(body: Value, sentence: str) -> None:
    assert explain(body) == sentence


def test_the_id_of_a_request_stands_in_a_header_or_in_the_body_of_an_error() -> None:
    assert request_id({"X-Request-Id": "req_1"}, {"requestId": "req_2"}) == "req_1"
    assert request_id({}, {"requestId": "req_2"}) == "req_2"
    assert request_id({}, None) is None


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"retryAfter": 7}, 7.0),
        ({"retryAfter": 0}, 0.0),
        ({"retryAfter": -1}, None),
        ({"retryAfter": 86400}, 86400.0),
        ({"retryAfter": 10**9}, None),
        ({"retryAfter": True}, None),
        ({"retryAfter": "7"}, None),
        ({}, None),
        ([], None),
        (None, None),
    ],
)
def test_the_pause_that_a_body_names_is_in_seconds(body: Value, seconds: float | None) -> None:
    assert retry_after(body) == seconds


@pytest.mark.parametrize("status", ["400", "422"])
def test_a_refused_create_says_which_field(status: str, emulator: Emulator, slept: Slept) -> None:
    emulator.switches = Switches.parse([f"fanfare.validation_status={status}"])
    provider = connect(emulator, slept, vendor="fanfare")
    overlapping = (*ladder(0, 100), Tier("X", span(50, 60), {"attribute": "ltv", "order": 2}))
    with pytest.raises(VendorError, match=f"with {status}: validation_error") as caught:
        provider.send(create(*overlapping))
    assert caught.value.status == int(status)


def test_a_group_is_located_by_name(emulator: Emulator, fanfare: Connection) -> None:
    emulator.fanfare.load_examples()
    assert fanfare.locate({"group": "Spending Tiers"}) == PLACE.fields
    assert fanfare.discover() == (PLACE.fields,)
    with pytest.raises(VendorError, match="no tier group 'Nope'"):
        fanfare.locate({"group": "Nope"})


def test_a_group_whose_tiers_measure_different_things_has_no_attribute(emulator: Emulator, fanfare: Connection) -> None:
    for name, attribute in (("Low", "ltv"), ("High", "aov")):
        emulator.fanfare.add_audience(
            name, groupId=GROUP, groupName="Club", groupType="SEGMENTED_VALUE",
            metadata=described(0, attribute=attribute),
        )  # fmt: skip
    assert fanfare.locate({"group": "Club"}) == {"group": "Club", "attribute": ""}


def test_a_group_that_is_not_there_names_the_live_ones_that_read_like_it(
    emulator: Emulator, fanfare: Connection
) -> None:
    for name in ("Coffee Club", "Tea Club"):
        emulator.fanfare.add_group(name, "ltv", [{"name": "A", "order": 0, "startValue": 0}])
    assert fanfare.fetch(place("coffee  club")).near == ("Coffee Club",)
    assert fanfare.fetch(place("Coffee Club")).near == ()
    with pytest.raises(
        VendorError, match=r"no tier group 'Cofee Club'; did you mean 'Coffee Club' \(they differ in one letter\)\?"
    ):
        fanfare.locate({"group": "Cofee Club"})


def test_a_group_of_another_type_has_the_name_and_nothing_is_made_beside_it(
    emulator: Emulator, fanfare: Connection
) -> None:
    emulator.fanfare.add_audience("x", groupName="Club", groupId=GROUP, groupType="RFM")
    live = fanfare.fetch(place("Club"))
    assert live.tiers == ()
    assert "of the type RFM" in VENDOR.abilities(place("Club"), live).blocked
    assert live.facts == {"a group of this name": "of the type RFM"}


def test_an_archived_group_has_the_name_too(emulator: Emulator, fanfare: Connection) -> None:
    emulator.switches = Switches.parse(["fanfare.archived=shown"])
    emulator.fanfare.add_audience("y", groupName="Other", groupId="g-2", groupType="RFM")
    emulator.fanfare.add_audience(
        "x", groupName="Club", groupId=GROUP, groupType="SEGMENTED_VALUE", archived=True, metadata=described(0)
    )
    live = fanfare.fetch(place("Club"))
    assert (live.tiers, live.facts) == ((), {"a group of this name": "archived"})
    assert fanfare.fetch(place("Nothing")).facts == {}


def test_groups_of_another_type_are_no_near_names(emulator: Emulator, fanfare: Connection) -> None:
    emulator.fanfare.add_audience("x", groupName="Club", groupId=GROUP, groupType="RFM")
    assert fanfare.fetch(place("club")).near == ()
