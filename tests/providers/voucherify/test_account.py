"""The Voucherify account: what it sends, what it believes, what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest
from harness import CAMPAIGN, KEYS, InProcess, Slept, connect
from vendors import Canned

from tierops.emulator import Emulator, Fault, Switches
from tierops.emulator.server import Served
from tierops.errors import AnswerLost, IncompleteRead, TieropsError, VendorError
from tierops.model import Identity, Live, Range, Tier, Value
from tierops.providers.connection import Connection, open_connection
from tierops.providers.limits import Waiting
from tierops.providers.voucherify import VENDOR
from tierops.providers.voucherify.account import Account, explain, refusal, request_id
from tierops.providers.voucherify.tiers import decode

LIST = "GET /v1/loyalties/*/tiers"
PLACE = VENDOR.place({"campaign": "Club"})


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
    live = provider.fetch(VENDOR.place({"campaign": campaign}))
    assert (live.identity.id, live.identity.name) == ("camp_club", "Club")
    assert live.identity.account not in (None, KEYS["VOUCHERIFY_APP_ID"])
    assert [tier.name for tier in live.tiers] == [f"T{n}" for n in range(11)]
    assert live.proof == "11 of 11 tiers, as `total` says"
    assert [(sent[0], sent[1], dict(sent.query)) for sent in club.requests] == [
        ("GET", f"/voucherify/v1/loyalties/{campaign}", {}),
        ("GET", "/voucherify/v1/loyalties/camp_club/tiers", {"limit": "100", "order": "created_at"}),
    ]
    assert club.requests[0].headers["x-voucherify-api-version"] == "v2018-08-01"


def test_a_name_with_a_slash_and_other_signs_reaches_the_vendor(emulator: Emulator, served: Served) -> None:
    emulator.voucherify.add_campaign("A/B & C? ü%")
    connection = open_connection(VENDOR, {"VOUCHERIFY_URL": f"{served.url}/voucherify", **KEYS})
    live = connection.fetch(VENDOR.place({"campaign": "A/B & C? ü%"}))
    connection.client.close()
    assert live.identity.name == "A/B & C? ü%"


@pytest.mark.parametrize(("number", "reads"), [(0, 1), (100, 1), (101, 2), (200, 2)])
def test_more_than_100_tiers_are_joined_from_several_orders(
    number: int, reads: int, club: Emulator, provider: Connection
) -> None:
    fill(club, number)
    live = provider.fetch(PLACE)
    assert len(live.tiers) == number
    assert live.proof == f"{number} of {number} tiers, as `total` says" + (", in 2 orders" if reads == 2 else "")
    assert len(club.requests) == live.calls == 1 + reads


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
        provider.account.fetch(PLACE)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(on=LIST, kind="total", value=1, times=None),
        Fault(on=LIST, kind="total", value=-1, times=None),
        Fault(on=LIST, kind="cap", value=1, times=None),
    ],
    ids=["more than shown", "fewer than shown", "capped"],
)
def test_a_list_and_a_total_that_disagree_are_never_planned_from(
    fault: Fault, club: Emulator, provider: Connection
) -> None:
    fill(club, 3)
    club.faults.append(fault)
    with pytest.raises(IncompleteRead):
        provider.fetch(PLACE)


@pytest.mark.parametrize(
    ("fault", "lists"),
    [
        (Fault(on=LIST, kind="total", value=2), 4),
        (Fault(on=LIST, kind="repeat"), 1),
        (Fault(on=LIST, kind="cap", value=1), 4),
    ],
    ids=["a total that is off", "a row twice", "rows less"],
)
@pytest.mark.parametrize("times", [1, 2])
def test_a_list_that_was_not_whole_once_or_twice_is_read_again(
    times: int, fault: Fault, lists: int, club: Emulator, provider: Connection, slept: Slept
) -> None:
    """A read that is not whole asks for so many lists."""
    fill(club, 3)
    club.faults.append(replace(fault, times=times * lists))
    assert [tier.name for tier in provider.fetch(PLACE).tiers] == ["T0", "T1", "T2"]
    assert slept == [0.5, 1.0][:times]


def repeated(body: dict[str, Any]) -> dict[str, Any]:
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
    alter: Callable[[Any], object], message: str, club: Emulator, slept: Slept
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
    alter: Callable[[Any], object], message: str, club: Emulator, slept: Slept
) -> None:
    with pytest.raises(VendorError, match=message):
        connect(club, slept, Canned(club, "/Club", alter)).fetch(PLACE)


def test_an_unknown_campaign_says_what_to_check(emulator: Emulator, provider: Connection) -> None:
    with pytest.raises(VendorError) as caught:
        provider.fetch(VENDOR.place({"campaign": "Nope"}))
    assert caught.value.status == 404
    assert "not_found: Resource not found: Cannot find campaign with id Nope (request v-" in str(caught.value)
    assert "Check the name" in str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "live", "how"),
    [
        ("coffee club", "Coffee Club", "only in case or width"),
        ("Coffee Club ", "Coffee Club", "only in white space"),
        ("Cofee Club", "Coffee Club", "in one letter"),
        (
            "Cafe\u0301",
            "Caf\u00e9",
            "only in their Unicode form (U+00E9 LATIN SMALL LETTER E WITH ACUTE, U+0301 COMBINING ACUTE ACCENT)",
        ),
    ],
)
def test_a_campaign_that_is_not_there_is_answered_with_the_one_that_is_meant(
    wanted: str, live: str, how: str, emulator: Emulator, provider: Connection
) -> None:
    for name in ("Tea Club", live):
        emulator.voucherify.add_campaign(name)
    for _ in range(2):
        with pytest.raises(VendorError) as caught:
            provider.fetch(VENDOR.place({"campaign": wanted}))
        assert f"; did you mean {live!r} (they differ {how})? Check the name" in str(caught.value)
        assert caught.value.status == 404
    assert sum(sent[1] == "/voucherify/v1/loyalties" for sent in emulator.requests) == 1


def test_a_list_of_campaigns_that_cannot_be_read_hides_no_reason(emulator: Emulator, provider: Connection) -> None:
    emulator.faults.append(Fault(on="GET /v1/loyalties", kind="403", times=None))
    with pytest.raises(VendorError, match=r"Cannot find campaign with id Nope \(request v-\w+\)\. Check the name"):
        provider.fetch(VENDOR.place({"campaign": "Nope"}))


def test_an_answer_that_names_the_campaign_in_another_form_says_how_they_differ(club: Emulator, slept: Slept) -> None:
    other = connect(club, slept, Canned(club, "/Club", lambda body: {**body, "name": "CLUB"}))
    with pytest.raises(VendorError) as caught:
        other.fetch(PLACE)
    assert str(caught.value) == (
        "asked for campaign 'Club', Voucherify answered with 'CLUB' (camp_club): they differ only in case or width;"
        " name it so in the file"
    )


@pytest.mark.parametrize(
    ("environ", "names", "silent"),
    [
        (KEYS, "VOUCHERIFY_APP_ID and VOUCHERIFY_APP_TOKEN", "OAUTH"),
        ({"VOUCHERIFY_OAUTH_TOKEN": "t"}, "VOUCHERIFY_OAUTH_TOKEN", "APP_ID"),
        ({**KEYS, "VOUCHERIFY_OAUTH_TOKEN": "t", "VOUCHERIFY_PROJECT": "p"}, "VOUCHERIFY_OAUTH_TOKEN", "APP_ID"),
    ],
)
@pytest.mark.parametrize("status", ["401", "403"])
def test_a_refused_key_names_the_variables_in_use_for_reads_and_creates(
    status: str, environ: dict[str, str], names: str, silent: str, club: Emulator, slept: Slept
) -> None:
    club.faults.append(Fault(on="* /v1/*", kind=status, times=None))
    connection = open_connection(VENDOR, {"VOUCHERIFY_URL": "http://127.0.0.1/voucherify", **environ},
                                 waiting=Waiting(sleep=slept), transport=InProcess(club))  # fmt: skip
    for ask in (lambda: connection.fetch(PLACE), lambda: connection.send(CREATE), connection.discover):
        with pytest.raises(VendorError) as caught:
            ask()
        assert str(caught.value).endswith(
            f". Check {names}, what the key may do, and that VOUCHERIFY_URL is the host of the project's region"
            " (https://us1.api.voucherify.io, for one)"
        )
        assert silent not in str(caught.value)
    connection.client.close()


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


LIVE = Live(Identity("http://127.0.0.1/voucherify", "campaign", "camp_club", "Club", None), (), "")
PAIR = (Tier("A", Range(Decimal(0), Decimal(10))), Tier("B", Range(Decimal(10), None)))
(CREATE,) = VENDOR.requests(LIVE, PAIR)


@pytest.mark.parametrize("order", ["request", "reversed", "shuffled"])
def test_a_create_shows_its_tiers_low_to_high_in_whatever_order_the_answer_has_them(
    order: str, club: Emulator, provider: Connection
) -> None:
    club.switches = Switches.parse([f"voucherify.create_answer_order={order}"])
    shown = provider.send(CREATE)
    assert [(tier.name, tier.range) for tier in shown] == [(tier.name, tier.range) for tier in PAIR]
    assert [tier["name"] for tier in club.voucherify.tiers("Club")] == ["A", "B"]
    assert club.writes == 1


def test_what_the_answer_shows_is_given_as_it_is_for_apply_to_judge(club: Emulator, slept: Slept) -> None:
    rows: list[Any] = []

    def other(body: list[dict[str, Any]]) -> object:
        points = {"from": 11}
        rows.extend([body[0] | {"name": "AA"}, body[1] | {"points": points, "config": {"points": points}}])
        return rows

    assert connect(club, slept, Canned(club, "/tiers", other)).send(CREATE) == decode(rows, "camp_club")


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda body: {"async_action_id": "x"}, 'expected a list of tiers, received {"async_action_id":"x"}'),
        (lambda body: [{"id": "x"}], 'no `name` in {"id":"x"}'),
        (lambda body: [1], "expected an object as tier, received 1"),
        (lambda body: {}, "expected a list of tiers, received {}"),
    ],
)
def test_an_answer_without_tiers_is_shown_and_the_create_never_sent_again(
    alter: Callable[[Any], object], message: str, club: Emulator, slept: Slept
) -> None:
    with pytest.raises(AnswerLost) as caught:
        connect(club, slept, Canned(club, "/tiers", alter)).send(CREATE)
    assert str(caught.value) == f"not as documented: {message} in the answer to a create"
    assert caught.value.is_taken


TAKEN_NAME = {"code": 400, "key": "duplicate_tier", "message": "Duplicate", "details": "must be unique in a campaign"}


def test_a_documented_error_with_status_200_is_a_refusal_told_whole(club: Emulator, slept: Slept) -> None:
    with pytest.raises(VendorError) as caught:
        connect(club, slept, Canned(club, "/tiers", lambda _: TAKEN_NAME)).send(CREATE)
    assert type(caught.value) is VendorError
    assert caught.value.status == 400
    assert str(caught.value) == (
        "Voucherify answered POST /v1/loyalties/camp_club/tiers with 200,"
        " but: duplicate_tier: Duplicate: must be unique in a campaign"
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (TAKEN_NAME, 400),
        ({"code": 405, "message": "HTTP Method Not Allowed", "details": "x"}, 405),
        ({"code": 500, "message": "Internal Server Error"}, 500),
        ({"statusCode": 413, "error": "Request Entity Too Large", "message": "m"}, 413),
        ({"code": 200, "message": "m"}, None),
        ({"code": "400", "message": "m"}, None),
        ({"code": 400, "message": 1}, None),
        ({"code": 400}, None),
        ({"message": "m"}, None),
        ({"async_action_id": "x"}, None),
        ([], None),
        (None, None),
    ],
)
def test_only_a_documented_shape_of_an_error_is_one(body: Value, status: int | None) -> None:
    assert refusal(body) == status


def test_the_id_of_a_request_stands_in_the_body_of_an_error() -> None:
    assert request_id({}, {"request_id": "v-1"}) == "v-1"
    assert request_id({"X-Request-Id": "other"}, None) is None


@pytest.mark.parametrize(
    ("environ", "headers", "has_account"),
    [
        (KEYS, {"X-App-Id": "app", "X-App-Token": "token"}, True),
        ({**KEYS, "VOUCHERIFY_OAUTH_TOKEN": " abc\n"}, {"Authorization": "Bearer abc"}, False),
        ({"VOUCHERIFY_OAUTH_TOKEN": "abc", "VOUCHERIFY_PROJECT": "p"}, {"Authorization": "Bearer abc"}, True),
    ],
)
def test_keys_or_a_bearer_token_authenticate(
    environ: dict[str, str], headers: dict[str, str], has_account: bool
) -> None:
    credentials = Account.credentials(environ)
    always = {"X-Voucherify-API-Version": "v2018-08-01", "X-Voucherify-Channel": "tierops"}
    assert credentials.headers == always | headers
    assert credentials.open_headers == always.keys()
    assert credentials.id_headers == {"X-App-Id"}
    assert (credentials.fingerprint is not None) == has_account
    assert "app" not in (credentials.fingerprint or "")


def test_the_fingerprint_of_a_key_never_changes_for_plans_hold_it() -> None:
    assert Account.credentials(KEYS).fingerprint == "471db751bbc35a15"
    assert Account.credentials({**KEYS, "VOUCHERIFY_PROJECT": "app"}).fingerprint == "471db751bbc35a15"
    assert Account.credentials({**KEYS, "VOUCHERIFY_PROJECT": "proj_1"}).fingerprint != "471db751bbc35a15"


@pytest.mark.parametrize("environ", [{}, {"VOUCHERIFY_APP_ID": "x"}, {"VOUCHERIFY_APP_TOKEN": "x"}])
def test_missing_keys_are_named(environ: dict[str, str]) -> None:
    with pytest.raises(TieropsError) as caught:
        Account.credentials(environ)
    assert str(caught.value) == (
        "no Voucherify keys: set VOUCHERIFY_APP_ID and VOUCHERIFY_APP_TOKEN (dashboard, Project settings),"
        " or VOUCHERIFY_OAUTH_TOKEN"
    )


@pytest.mark.parametrize("secret", ["s3cr\u00e9t", "s3cr\x00t", "s3c\nret"])
def test_a_key_that_cannot_be_a_header_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(TieropsError) as caught:
        Account.credentials({"VOUCHERIFY_APP_ID": "x", "VOUCHERIFY_APP_TOKEN": secret})
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
def test_each_documented_error_shape_is_one_sentence(body: Value, sentence: str) -> None:
    assert explain(body) == sentence


def test_the_documented_list_is_read_as_documented(emulator: Emulator, provider: Connection) -> None:
    emulator.voucherify.load_examples()
    live = provider.fetch(VENDOR.place({"campaign": CAMPAIGN}))
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
    blocks = connect(emulator, slept).discover()
    assert [block["campaign"] for block in blocks] == ["camp_1", "camp_2", "Ü & co"]


def pages(*answers: object) -> httpx.MockTransport:
    return handed_out(list(answers))


def handed_out(left: list[Any]) -> httpx.MockTransport:
    return httpx.MockTransport(lambda request: httpx.Response(200, json=left.pop(0)))


def page(ids: range, total: int) -> dict[str, Any]:
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
    answers: list[Any], reason: tuple[str, int], emulator: Emulator, slept: Slept
) -> None:
    with pytest.raises(IncompleteRead) as caught:
        connect(emulator, slept, handed_out(left := [*answers])).account.discover()
    assert left == []
    message = "Voucherify says that there are {} loyalty campaigns, but its lists show {} different ones; run again"
    assert str(caught.value) == message.format(*reason)


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
