"""The Voucherify provider: what it sends, what it believes, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest
from harness import CAMPAIGN, KEYS, InProcess, Slept, connect
from hypothesis import given
from hypothesis import strategies as st

from tierops.emulator import Emulator, Fault, Switches
from tierops.errors import AnswerLost, IncompleteRead, TieropsError, VendorError
from tierops.model import Identity, LiveTier, Range, Tier, compact
from tierops.providers import connections
from tierops.providers.voucherify.account import Provider, decode, encode

LIST = "GET /v1/loyalties/*/tiers"
PLACE = {"campaign": "Club"}

names = st.text(min_size=1, max_size=20)
mappings = st.dictionaries(
    st.text(min_size=1, max_size=8),
    st.fixed_dictionaries({"type": st.just("MULTIPLY"), "multiplier": st.decimals(0, 9, places=2)})
    | st.fixed_dictionaries({"type": st.just("CUSTOM"), "points": st.integers(0, 999)}),
    max_size=3,
)


@st.composite
def tiers(draw: st.DrawFn) -> Tier:
    lower = draw(st.integers(-(10**6), 10**6))
    length = draw(st.none() | st.integers(1, 10**6))
    fields = {
        "earning_rules": draw(mappings),
        "rewards": draw(mappings),
        "metadata": draw(st.dictionaries(st.text(max_size=5), st.booleans() | st.text(max_size=5), max_size=3)),
    }
    upper = None if length is None else Decimal(lower + length)
    return Tier(draw(names), Range(Decimal(lower), upper), compact(fields))


@given(tiers())
def test_decode_undoes_encode(tier: Tier) -> None:
    found = decode({"id": "ltr_1", **encode(tier)})
    assert found == LiveTier("ltr_1", tier.name, tier.range, tier.fields)


def test_an_open_end_has_no_key_and_the_upper_end_is_inclusive() -> None:
    assert encode(Tier("Gold", Range(Decimal(500), None)))["points"] == {"from": 500}
    assert encode(Tier("Silver", Range(Decimal(250), Decimal(500))))["points"] == {"from": 250, "to": 499}


@pytest.mark.parametrize("empty", [{}, None, "missing"])
def test_empty_null_and_missing_are_the_same_and_server_set_fields_are_dropped(empty: object) -> None:
    row = {
        "id": "ltr_1",
        "name": "Gold",
        "campaign_id": "camp_1",
        "points": {"from": 5, "to": None},
        "config": {"points": {"from": 1}},
        "expiration": {"tier_id": "ltr_1"},
        "created_at": "2024-01-24T08:28:02.240Z",
        "updated_at": None,
        "something_new": 1,
        "object": "loyalty_tier",
    }
    if empty != "missing":
        row |= {"earning_rules": empty, "rewards": empty, "metadata": empty}
    assert decode(row) == LiveTier("ltr_1", "Gold", Range(Decimal(5), None))


def test_points_fall_back_to_their_mirror_in_config() -> None:
    row = {"id": "i", "name": "n", "config": {"points": {"from": 1, "to": 9}}}
    assert decode(row).range == Range(Decimal(1), Decimal(10))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"name": "n", "points": {}}, "no `id`"),
        ({"id": "i", "points": {}}, "no `name`"),
        ({"id": "i", "name": "", "points": {}}, "no `name`"),
        ({"id": "i", "name": "n"}, "points of tier 'n', received null"),
        ({"id": "i", "name": "n", "points": [1]}, "received [1]"),
        ({"id": "i", "name": "n", "points": {"from": "1"}}, '`from`: "1", not an integer'),
        ({"id": "i", "name": "n", "points": {"from": True}}, "`from`: true, not an integer"),
        ({"id": "i", "name": "n", "points": {"to": Decimal("1.5")}}, "`to`: 1.5, not an integer"),
        ({"id": "i", "name": "n", "points": {}, "rewards": "x" * 200}, 'an object as rewards, received "xxx'),
    ],
)
def test_what_is_not_as_documented_fails_with_what_was_received(row: dict, message: str) -> None:
    with pytest.raises(VendorError) as caught:
        decode(row)
    assert "not as documented" in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize("length", [78, 79, 200])
def test_what_was_received_is_shown_in_80_characters_at_most(length: int) -> None:
    with pytest.raises(VendorError) as caught:
        decode({"id": "i", "name": "n", "points": "x" * length})
    shown = str(caught.value).rpartition("received ")[2]
    assert shown == ('"' + "x" * 78 + '"' if length == 78 else '"' + "x" * 76 + "...")


def test_a_time_that_is_no_text_is_no_time() -> None:
    row = {"id": "i", "name": "n", "points": {}}
    assert decode({**row, "updated_at": 5}).updated_at is None
    assert decode({**row, "updated_at": "2027-01-01"}).updated_at == "2027-01-01"


@pytest.fixture
def club(emulator: Emulator) -> Emulator:
    emulator.voucherify.add_campaign("Club", id="camp_club")
    return emulator


def fill(emulator: Emulator, number: int, start: int = 0) -> None:
    """So many tiers, each in a request of its own, so that their times differ."""
    for n in range(start, start + number):
        emulator.voucherify.add_tiers(
            "Club", [{"name": f"T{n}", "points": {"from": n}, "created_at": f"2024-01-01T00:{n // 60:02}:{n % 60:02}Z"}]
        )


@pytest.mark.parametrize("campaign", ["Club", "camp_club"])
def test_a_campaign_is_found_by_name_or_id_and_read_in_two_requests(
    campaign: str, club: Emulator, provider: Connection
) -> None:
    fill(club, 11)
    live = provider.fetch({"campaign": campaign})
    assert (live.identity.id, live.identity.name) == ("camp_club", "Club")
    assert live.identity.account not in (None, KEYS["VOUCHERIFY_APP_ID"])
    assert [tier.name for tier in live.tiers] == [f"T{n}" for n in range(11)]
    assert live.proof == "11 of 11 tiers, as `total` says"
    assert [(sent[0], sent[1], dict(sent.query)) for sent in club.requests] == [
        ("GET", f"/voucherify/v1/loyalties/{campaign}", {}),
        ("GET", "/voucherify/v1/loyalties/camp_club/tiers", {"limit": "100", "order": "created_at"}),
    ]
    assert club.requests[0].headers["x-voucherify-api-version"] == "v2018-08-01"


def test_a_name_with_a_slash_and_other_signs_reaches_the_vendor(emulator: Emulator, served, slept: Slept) -> None:
    emulator.voucherify.add_campaign("A/B & C? ü%")
    with connections.connect(["voucherify"], {**KEYS, "VOUCHERIFY_URL": f"{served.url}/voucherify"}, {}) as accounts:
        live = accounts["voucherify"].fetch({"campaign": "A/B & C? ü%"})
    assert live.identity.name == "A/B & C? ü%"


@pytest.mark.parametrize(("number", "reads"), [(100, 1), (101, 2), (200, 2)])
def test_more_than_100_tiers_are_joined_from_several_orders(
    number: int, reads: int, club: Emulator, provider: Connection
) -> None:
    fill(club, number)
    live = provider.fetch(PLACE)
    assert len(live.tiers) == number
    assert live.proof == f"{number} of {number} tiers, as `total` says" + (", in 2 orders" if reads == 2 else "")
    assert len(club.requests) == 1 + reads


def test_what_no_order_shows_is_an_incomplete_read(club: Emulator, provider: Connection) -> None:
    fill(club, 201)
    with pytest.raises(IncompleteRead) as caught:
        provider.fetch(PLACE)
    assert str(caught.value) == (
        "Voucherify says that campaign 'Club' has 201 tiers, but its lists show 200 different ones;"
        " nothing is planned from a list that may be incomplete"
    )


def test_a_total_that_changes_between_two_lists_is_told_with_both_numbers(club: Emulator, provider: Connection) -> None:
    fill(club, 101)
    club.faults.append(Fault(on=LIST, kind="total", value=1, after=1))
    with pytest.raises(IncompleteRead, match=r"has 101 and then 102 tiers, but its lists show 101 different"):
        provider.fetch(PLACE)


def test_tiers_come_low_to_high_and_one_without_a_start_first(club: Emulator, provider: Connection) -> None:
    for name, points in {"High": {"from": 9}, "Open": {"to": 4}, "Low": {"from": -5}}.items():
        club.voucherify.add_tiers("Club", [{"name": name, "points": points}])
    assert [tier.name for tier in provider.fetch(PLACE).tiers] == ["Open", "Low", "High"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(on=LIST, kind="total", value=1, times=None),
        Fault(on=LIST, kind="total", value=-1, times=None),
        Fault(on=LIST, kind="cap", value=1, times=None),
        Fault(on=LIST, kind="total", value=2, times=1),
    ],
    ids=["more than shown", "fewer than shown", "capped", "changes between reads"],
)
def test_a_list_and_a_total_that_disagree_are_never_planned_from(
    fault: Fault, club: Emulator, provider: Connection
) -> None:
    fill(club, 3)
    club.faults.append(fault)
    with pytest.raises(IncompleteRead):
        provider.fetch(PLACE)


class Canned(httpx.BaseTransport):
    """Lets the emulator answer and then alters the body, or answers in its place."""

    def __init__(self, emulator: Emulator, path: str, alter: Callable[[object], object]) -> None:
        self._emulator = InProcess(emulator)
        self._path = path
        self._alter = alter

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._emulator.handle_request(request)
        if not request.url.path.endswith(self._path):
            return response
        body = self._alter(json.loads(response.read()))
        return httpx.Response(response.status_code, content=body if isinstance(body, bytes) else json.dumps(body))


def repeated(body: dict) -> dict:
    return {**body, "data": [body["data"][0] | {"id": "ltr_same"}] * len(body["data"])}


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (repeated, "its lists show 1 different ones"),
        (lambda body: {**body, "total": None}, r"list of tiers has no `total`, but \{\"object\":\"list\""),
        (lambda body: {**body, "total": True}, "has no `total`"),
        (lambda body: {**body, "data": {}}, "expected a list of tiers"),
        (lambda body: {**body, "data": [1]}, "expected an object as tier"),
        (lambda body: [], "expected an object as list of tiers"),
        (lambda body: b"{", "not the JSON that is documented"),
        (lambda body: b'{"total": NaN}', "not the JSON that is documented"),
        (lambda body: b'{"total": 1, "total": 2}', "appears twice"),
        (lambda body: b"", "an empty body"),
    ],
)
def test_a_list_that_is_not_as_documented_is_no_list(
    alter: Callable, message: str, club: Emulator, slept: Slept
) -> None:
    fill(club, 3)
    with pytest.raises(VendorError, match=message):
        connect(club, slept, Canned(club, "/tiers", alter)).fetch(PLACE)


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda body: {**body, "id": "camp_x", "name": "Other"}, r"answered with 'Other' \(camp_x\)"),
        (lambda body: {**body, "campaign_type": "PROMOTION"}, "is a PROMOTION, not a LOYALTY_PROGRAM"),
        (lambda body: [], "expected an object as campaign"),
        (lambda body: {"name": "Club"}, "no `id`"),
    ],
)
def test_a_campaign_that_is_not_the_one_asked_for_stops(
    alter: Callable, message: str, club: Emulator, slept: Slept
) -> None:
    with pytest.raises(VendorError, match=message):
        connect(club, slept, Canned(club, "/Club", alter)).fetch(PLACE)


def test_an_unknown_campaign_says_what_to_check(emulator: Emulator, provider: Connection) -> None:
    with pytest.raises(VendorError) as caught:
        provider.fetch({"campaign": "Nope"})
    assert caught.value.status == 404
    assert "not_found: Resource not found: Cannot find campaign with id Nope (request v-" in str(caught.value)
    assert "Check the name" in str(caught.value)


def test_another_failure_gives_no_advice_that_does_not_help(club: Emulator, provider: Connection) -> None:
    club.faults.append(Fault(on="GET /v1/loyalties/*", kind="500-before", times=None))
    with pytest.raises(VendorError) as caught:
        provider.fetch(PLACE)
    assert str(caught.value).startswith("campaign 'Club': Voucherify answered GET /v1/loyalties/Club with 500: ")
    assert str(caught.value).endswith(")")


def test_a_wrong_key_says_what_to_check(emulator: Emulator, provider: Connection) -> None:
    emulator.switches = Switches.parse(["voucherify.accepted_keys=other:keys"])
    with pytest.raises(VendorError, match=r"unauthorized: Unauthorized.*VOUCHERIFY_APP_ID.*VOUCHERIFY_URL"):
        provider.fetch(PLACE)


def new(name: str, lower: int, upper: int | None = None) -> Tier:
    return Tier(name, Range(Decimal(lower), None if upper is None else Decimal(upper)))


IDENTITY = Identity("http://127.0.0.1/voucherify", "campaign", "camp_club", "Club", None)
PAIR = (new("A", 0, 10), new("B", 10))


@pytest.mark.parametrize("order", ["request", "reversed", "shuffled"])
def test_the_answer_to_a_create_is_matched_by_name_never_by_position(
    order: str, club: Emulator, provider: Connection
) -> None:
    club.switches = Switches.parse([f"voucherify.create_answer_order={order}"])
    provider.create(IDENTITY, PAIR)
    assert club.writes == 1
    assert sorted(tier["name"] for tier in club.voucherify.tiers("Club")) == ["A", "B"]


@pytest.mark.parametrize(
    "alter",
    [
        lambda body: body[:1],
        lambda body: [*body, body[0]],
        lambda body: [body[0], {**body[1], "points": {"from": 11}}],
        lambda body: [body[0], {**body[1], "metadata": {"a": 1}}],
        lambda body: {"async_action_id": "x"},
        lambda body: [{"id": "x"}],
    ],
)
def test_an_answer_that_does_not_show_what_was_sent_is_a_lost_answer(
    alter: Callable, club: Emulator, slept: Slept
) -> None:
    with pytest.raises(AnswerLost):
        connect(club, slept, Canned(club, "/tiers", alter)).create(IDENTITY, PAIR)


def test_an_answer_without_tiers_is_shown(club: Emulator, slept: Slept) -> None:
    provider = connect(club, slept, Canned(club, "/tiers", lambda body: {"async_action_id": "x"}))
    with pytest.raises(AnswerLost) as caught:
        provider.create(IDENTITY, PAIR)
    assert str(caught.value) == (
        'not as documented: expected a list of tiers, received {"async_action_id":"x"} in the answer to a create'
    )


def test_an_id_is_one_step_of_the_path(provider: Connection) -> None:
    (request,) = provider.requests(IDENTITY._replace(id="a/b?c X"), PAIR)
    assert request.path == "/v1/loyalties/a%2Fb%3Fc%20X/tiers"


def test_no_tiers_are_no_request(club: Emulator, provider: Connection) -> None:
    assert provider.requests(IDENTITY, ()) == ()
    provider.create(IDENTITY, ())
    assert club.requests == []


@pytest.mark.parametrize(
    ("environ", "headers", "has_account"),
    [
        (KEYS, {"X-App-Id": "app", "X-App-Token": "token"}, True),
        ({**KEYS, "VOUCHERIFY_OAUTH_TOKEN": " abc\n"}, {"Authorization": "Bearer abc"}, False),
        ({"VOUCHERIFY_OAUTH_TOKEN": "abc", "VOUCHERIFY_PROJECT": "p"}, {"Authorization": "Bearer abc"}, True),
    ],
)
def test_keys_or_a_bearer_token_authenticate(environ: dict, headers: dict, has_account: bool) -> None:
    found, account = Provider.credentials(environ)
    always = {"X-Voucherify-API-Version": "v2018-08-01", "X-Voucherify-Channel": "tierops"}
    assert found == always | headers
    assert (account is not None) == has_account
    assert "app" not in (account or "")


@pytest.mark.parametrize("environ", [{}, {"VOUCHERIFY_APP_ID": "x"}, {"VOUCHERIFY_APP_TOKEN": "x"}])
def test_missing_keys_are_named(environ: dict) -> None:
    with pytest.raises(TieropsError) as caught:
        Provider.credentials(environ)
    assert str(caught.value) == (
        "no Voucherify keys: set VOUCHERIFY_APP_ID and VOUCHERIFY_APP_TOKEN (dashboard, Project settings),"
        " or VOUCHERIFY_OAUTH_TOKEN"
    )


@pytest.mark.parametrize("secret", ["s3cr\u00e9t", "s3cr\x00t", "s3c\nret"])
def test_a_key_that_cannot_be_a_header_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(TieropsError) as caught:
        Provider.credentials({"VOUCHERIFY_APP_ID": "x", "VOUCHERIFY_APP_TOKEN": secret})
    assert "VOUCHERIFY_APP_TOKEN" in str(caught.value)
    assert "s3c" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"code": 401, "message": "Unauthorized", "key": "unauthorized"}, "unauthorized: Unauthorized"),
        (
            {"statusCode": 400, "error": "Bad Request", "message": "Invalid request payload JSON format"},
            "Bad Request: Invalid request payload JSON format",
        ),
        ({"code": 405, "message": "No", "details": "Use GET", "request_id": "v-1"}, "No: Use GET (request v-1)"),
        ({"odd": 1}, '{"odd":1}'),
        ({"odd": "x" * 200}, '{"odd":"' + "x" * 192),
        ([1], "[1]"),
        (["x" * 200], '["' + "x" * 198),
    ],
)
def test_each_documented_error_shape_is_one_sentence(body: object, sentence: str) -> None:
    assert Provider.explain(body) == sentence  # type: ignore[arg-type]


def test_the_documented_list_is_read_as_documented(emulator: Emulator, provider: Connection) -> None:
    emulator.voucherify.load_examples()
    live = provider.fetch({"campaign": CAMPAIGN})
    assert [(tier.name, tier.range.lower, tier.range.upper) for tier in live.tiers] == [
        ("Bottom", 1, 250),
        ("Middle", 250, 500),
        ("Tier 1 - Top", 500, 1001),
    ]
    assert live.tiers[2].fields["metadata"] == {"has_funds": True}


def test_every_page_of_campaigns_is_read(emulator: Emulator, slept: Slept) -> None:
    names = [f"Campaign {number}" for number in range(230)]
    for name in names:
        emulator.voucherify.add_campaign(name)
    assert connect(emulator, slept).discover() == tuple({"campaign": name} for name in names)
    assert [(sent[1], dict(sent.query)) for sent in emulator.requests] == [
        ("/voucherify/v1/loyalties", {"limit": "100", "order": "created_at", "page": str(number)})
        for number in (1, 2, 3)
    ]


def test_a_campaign_name_that_cannot_be_read_gives_way_to_the_id(emulator: Emulator, slept: Slept) -> None:
    emulator.voucherify.add_campaign(" ", id="camp_1")
    emulator.voucherify.add_campaign("a\u200bb", id="camp_2")
    emulator.voucherify.add_campaign("Ü & co", id="camp_3")
    found = connect(emulator, slept).discover()
    assert [place["campaign"] for place in found] == ["camp_1", "camp_2", "Ü & co"]


def pages(*answers: object) -> httpx.MockTransport:
    return handed_out(list(answers))


def handed_out(left: list) -> httpx.MockTransport:
    return httpx.MockTransport(lambda request: httpx.Response(200, json=left.pop(0)))


def page(ids: range, total: int) -> dict:
    rows = [{"id": f"camp_{number}", "name": f"C{number}"} for number in ids]
    return {"object": "list", "data_ref": "campaigns", "campaigns": rows, "total": total}


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([page(range(100), 150), page(range(100, 140), 150), page(range(0), 150)], ("150", 140)),
        ([page(range(100), 150), page(range(101, 150), 149)], ("149 and then 150", 149)),
        ([page(range(3), 2)], ("2", 3)),
        ([page(range(1), 2)] * 100, ("2", 1)),
    ],
)
def test_a_list_of_campaigns_that_may_be_incomplete_is_no_list(
    answers: list[dict], reason: tuple[str, int], emulator: Emulator, slept: Slept
) -> None:
    with pytest.raises(IncompleteRead) as caught:
        connect(emulator, slept, handed_out(left := [*answers])).discover()
    assert left == []
    told = "Voucherify says that there are {} loyalty campaigns, but its lists show {} different ones; run again"
    assert str(caught.value) == told.format(*reason)


def test_a_list_of_campaigns_that_is_not_as_documented_is_shown(emulator: Emulator, slept: Slept) -> None:
    with pytest.raises(VendorError, match="expected a list of campaigns, received null"):
        connect(emulator, slept, pages({"data": [], "total": 0})).discover()
    with pytest.raises(VendorError, match="expected an object as campaign, received 1"):
        connect(emulator, slept, pages({"campaigns": [1], "total": 1})).discover()
    with pytest.raises(VendorError, match="the list of campaigns has no `total`"):
        connect(emulator, slept, pages({"campaigns": []})).discover()
    with pytest.raises(VendorError, match="expected an object as list of campaigns, received \\[\\]"):
        connect(emulator, slept, pages([])).discover()


def test_a_place_in_voucherify_is_its_own_place(emulator: Emulator, slept: Slept) -> None:
    assert connect(emulator, slept).locate({"campaign": "x"}) == {"campaign": "x"}


@pytest.mark.parametrize(("left", "is_affordable"), [(6, True), (5, False)])
def test_a_create_takes_three_calls_at_each_place(left: int, is_affordable: bool, slept: Slept) -> None:
    """The create itself, then the campaign and its tiers to read it back."""
    emulator = Emulator(switches=Switches.parse([f"voucherify.rate_limit={2 + left}"]), clock=lambda: 1_800_000_000.0)
    emulator.voucherify.add_campaign("Club")
    provider = connect(emulator, slept, now=lambda: 1_800_000_000.0, max_wait=0)
    live = provider.fetch(PLACE)
    if is_affordable:
        provider.afford([live, live])
    else:
        with pytest.raises(VendorError, match="this takes 6 at the least: nothing was started"):
            provider.afford([live, live])
    emulator.close()
