"""The way out: what is tried again and what is not, what an answer to a create means, and how limits are obeyed."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from html import unescape
from urllib.parse import quote, unquote

import httpx
import pytest
from canaries import ECHOES, ODD, PLAIN, assert_absent, everything_about
from harness import Slept
from vendors import CREATE, DIALECT, VENDOR, Answers, Notes, bearing, client, listening, ok, says

from tierops.errors import AnswerLost, NotSent, VendorError
from tierops.model import LiveTier, Range, Value
from tierops.providers.accounts import Credentials, Dialect
from tierops.providers.expect import expect_list
from tierops.providers.http import Client
from tierops.providers.vendor import Allowance

NOW = 1_800_000_000.0
GOLD = LiveTier("1", "Gold", Range(None, None))


def read(answer: Value) -> tuple[LiveTier, ...]:
    """What a vendor's account makes of the answer to a create."""
    return tuple(GOLD for _ in expect_list(answer, "tiers"))


def ask(client: Client, method: str) -> object:
    return client.get("/x") if method == "GET" else client.create(CREATE, read)


@pytest.mark.parametrize("failure", [httpx.ReadTimeout("t"), httpx.ConnectError("refused"), httpx.Response(503)])
def test_a_read_is_tried_again(failure: object, slept: Slept) -> None:
    assert client(Answers(failure, failure, failure, ok([1])), slept).get("/x") == [1]
    assert slept == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (httpx.ReadTimeout("t"), "Vendor cannot be reached at http://127.0.0.1/api: no answer in time"),
        (httpx.ConnectError("refused"), "cannot be reached at http://127.0.0.1/api: refused"),
        (httpx.ReadError(""), "ReadError"),
        (httpx.Response(503, json={"a": 1}), 'Vendor answered GET /x with 503: {"a": 1}'),
        (httpx.Response(502, html="<h1>Bad\n gateway</h1>"), "with 502: text/html; charset=utf-8, '<h1>Bad gateway"),
        (httpx.Response(500), "with 500: an empty body"),
    ],
)
def test_a_read_fails_in_a_sentence_after_four_tries(failure: object, message: str, slept: Slept) -> None:
    answers = Answers(*[failure] * 4)
    with pytest.raises(VendorError) as caught:
        client(answers, slept).get("/x")
    assert message in str(caught.value)
    assert len(answers.asked) == 4
    assert slept == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504, 599])
def test_a_read_that_the_vendor_cannot_answer_now_is_tried_again(status: int, slept: Slept) -> None:
    assert client(Answers(httpx.Response(status), ok([1])), slept).get("/x") == [1]
    assert slept == [0.5]


@pytest.mark.parametrize("status", [403, 408, 425, 500, 502, 503])
@pytest.mark.parametrize("after", ["7", format_datetime(datetime.fromtimestamp(NOW + 7, UTC), usegmt=True)])
def test_a_read_comes_back_when_it_is_told_to_and_as_often(status: int, after: str, slept: Slept) -> None:
    later = httpx.Response(status, headers={"Retry-After": after}, json={"a": "maintenance"})
    told: list[str] = []
    made = client(Answers(*[later] * 6, ok([1])), slept, waiting={"now": lambda: NOW + sum(slept), "tell": told.append})
    assert made.get("/x") == [1]
    assert slept[0] == 8
    assert told[0] == f'Vendor answered GET /x with {status}: {{"a": "maintenance"}}: waiting 8 s'


def test_a_read_does_not_wait_for_longer_than_allowed_and_says_what_it_was_told(slept: Slept) -> None:
    later = httpx.Response(503, headers={"Retry-After": "50"}, json={"a": "maintenance"})
    with pytest.raises(VendorError) as caught:
        client(Answers(*[later] * 9), slept, waiting={"now": lambda: NOW + sum(slept)}).get("/x")
    said = 'Vendor answered GET /x with 503: {"a": "maintenance"}: wait 51 s and run again, or allow it with --max-wait'
    assert str(caught.value) == f"{said} (now 120 s)"
    assert slept == [51, 51]


@pytest.mark.parametrize("after", ["soon", "-1", "1e3", "", "9" * 400, "Mon, 01 Jan 99999999999 00:00:00 GMT"])
def test_a_time_to_come_back_that_cannot_be_read_is_none(after: str, slept: Slept) -> None:
    later = httpx.Response(503, headers={"Retry-After": after})
    assert client(Answers(later, ok([1])), slept).get("/x") == [1]
    assert slept == [0.5]


@pytest.mark.parametrize(("status", "is_lost"), [(403, False), (408, True), (503, True)])
def test_a_create_is_not_sent_again_however_long_it_is_told_to_wait(status: int, is_lost: bool, slept: Slept) -> None:
    answers = Answers(httpx.Response(status, headers={"Retry-After": "1"}, json={}))
    with pytest.raises(VendorError) as caught:
        client(answers, slept).create(CREATE, read)
    assert isinstance(caught.value, AnswerLost) == is_lost
    assert (len(answers.asked), slept) == (1, [])


def test_what_is_not_found_shows_the_address_that_somebody_gave(slept: Slept) -> None:
    missing = httpx.Response(404, json={"a": 1})
    with pytest.raises(VendorError, match=r"answered GET /x at https://h\.example/v1 with 404"):
        client(Answers(missing), slept, url="https://h.example/v1/").get("/x")
    vendor = VENDOR._replace(default_url="https://h.example/api/")
    with pytest.raises(VendorError, match=r"answered GET /x with 404"):
        client(Answers(missing), slept, vendor=vendor, url="https://H.example/api").get("/x")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 302])
def test_a_refused_read_is_not_tried_again(status: int, slept: Slept) -> None:
    answers = Answers(httpx.Response(status, json={"a": 1}, headers={"Location": "https://evil.example/"}))
    with pytest.raises(VendorError) as caught:
        client(answers, slept).get("/x")
    assert caught.value.status == status
    assert len(answers.asked) == 1


def test_a_create_goes_out_as_the_plan_has_it_and_its_answer_is_read(slept: Slept) -> None:
    answers = Answers(ok([1]))
    assert client(answers, slept).create(CREATE, read) == (GOLD,)
    (request,) = answers.asked
    assert (request.method, request.url.path, json.loads(request.content)) == ("POST", "/api/x", [{"name": "Gold"}])
    assert request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ReadTimeout("t"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("closed"),
        httpx.WriteError("reset"),
        httpx.DecodingError("gzip"),
        *map(httpx.Response, (408, 425, 499, 500, 502, 503, 504, 599)),
    ],
    ids=repr,
)
def test_a_create_without_a_clear_answer_is_lost_and_may_be_sent_again_once_it_was_read_back(
    failure: object, slept: Slept
) -> None:
    answers = Answers(failure)
    with pytest.raises(AnswerLost) as caught:
        client(answers, slept).create(CREATE, read)
    assert not caught.value.is_taken
    assert len(answers.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        *map(httpx.Response, (202, 300, 301, 302, 303, 304, 307, 308, 399, 409)),
        httpx.Response(202, json=[1]),
        httpx.Response(200, html="<p>hello"),
        httpx.Response(200),
        httpx.Response(200, json={"job": 1}),
        httpx.Response(201, json=None),
        httpx.Response(204),
    ],
    ids=lambda answer: f"{answer.status_code} {answer.text}",
)
def test_a_create_that_was_taken_without_what_was_asked_for_is_lost_and_never_sent_again(
    answer: httpx.Response, slept: Slept
) -> None:
    answers = Answers(answer)
    with pytest.raises(AnswerLost) as caught:
        client(answers, slept).create(CREATE, read)
    assert caught.value.is_taken
    assert len(answers.asked) == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (ok({"job": 1}), 'not as documented: expected a list of tiers, received {"job":1} in the answer to a create'),
        (httpx.Response(409, json="busy"), 'Vendor answered POST /x with 409: "busy"'),
        (
            httpx.Response(303, headers={"Location": "/y"}),
            "Vendor answered POST /x with 303, a redirect to '/y': not followed",
        ),
        (httpx.ReadTimeout("t"), "the answer of Vendor to POST /x is lost: no answer in time"),
    ],
)
def test_a_lost_answer_says_what_was_received(answer: object, message: str, slept: Slept) -> None:
    with pytest.raises(AnswerLost) as caught:
        client(Answers(answer), slept).create(CREATE, read)
    assert str(caught.value) == message


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 422, 451])
def test_a_refused_create_is_a_refusal(status: int, slept: Slept) -> None:
    with pytest.raises(VendorError, match=f'with {status}: "no"') as caught:
        client(Answers(httpx.Response(status, json="no")), slept).create(CREATE, read)
    assert type(caught.value) is VendorError
    assert caught.value.status == status


def saying(status: int) -> Dialect:
    """A dialect of which `{"error": "taken"}` is an error with this status."""
    return DIALECT._replace(
        refusal=lambda body: status if body == {"error": "taken"} else None, explain=lambda _: "name is taken"
    )


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_documented_error_in_a_success_is_a_refusal_and_told_whole(status: int, slept: Slept) -> None:
    for method in ("GET", "POST"):
        with pytest.raises(VendorError) as caught:
            ask(client(Answers(ok({"error": "taken"})), slept, dialect=saying(status)), method)
        assert type(caught.value) is VendorError
        assert str(caught.value) == f"Vendor answered {method} /x with 200, but: name is taken"
        assert caught.value.status == status
    assert slept == []


@pytest.mark.parametrize("status", [408, 409, 425, 500, 503])
def test_a_documented_error_in_a_success_that_does_not_tell_what_happened_is_never_sent_again(
    status: int, slept: Slept
) -> None:
    with pytest.raises(AnswerLost) as caught:
        client(Answers(ok({"error": "taken"})), slept, dialect=saying(status)).create(CREATE, read)
    assert str(caught.value) == "Vendor answered POST /x with 200, but: name is taken"
    assert caught.value.is_taken


def test_a_read_that_is_answered_with_a_passing_error_and_200_is_tried_again(slept: Slept) -> None:
    answers = Answers(ok({"error": "taken"}), ok([]))
    assert client(answers, slept, dialect=saying(503)).get("/x") == []
    assert slept == [0.5]


def test_a_create_that_found_no_connection_is_tried_again_for_nothing_was_sent(slept: Slept) -> None:
    answers = Answers(httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), ok([]))
    assert client(answers, slept).create(CREATE, read) == ()
    with pytest.raises(NotSent, match="cannot be reached"):
        client(Answers(*[httpx.ConnectError("refused")] * 4), slept).create(CREATE, read)
    assert slept == [0.5, 1.0, 0.5, 1.0, 2.0]


def limited(**headers: str) -> httpx.Response:
    return httpx.Response(429, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "7"}, 8),
        ({"X_Ends": str(int(NOW) + 30)}, 31),
        ({"X_Ends": str(int(NOW) - 9)}, 1),
        ({"Retry_After": format_datetime(datetime.fromtimestamp(NOW + 20, UTC), usegmt=True)}, 21),
        ({"Retry_After": "soon"}, 10),
        ({}, 10),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_limit_is_waited_for_as_told_for_reads_and_creates(
    method: str, headers: dict[str, str], seconds: float, slept: Slept
) -> None:
    answers = Answers(limited(**headers), ok([]))
    assert not ask(client(answers, slept, waiting={"now": lambda: NOW}), method)
    assert slept == [seconds]


def test_a_pause_that_only_the_body_names_is_waited_for(slept: Slept) -> None:
    dialect = DIALECT._replace(pause=lambda body: float(body["wait"]) if isinstance(body, dict) else None)
    answers = Answers(httpx.Response(429, json={"wait": 4}), ok([]))
    assert client(answers, slept, dialect=dialect, waiting={"now": lambda: NOW}).get("/x") == []
    assert slept == [5]


def test_a_limit_that_lasts_longer_than_allowed_ends_the_run(slept: Slept) -> None:
    answers = Answers(limited(Retry_After="60"), limited(Retry_After="60"))
    with pytest.raises(NotSent, match=r"wait 61 s and run again, or allow it with --max-wait"):
        client(answers, slept, waiting={"now": lambda: NOW}).create(CREATE, read)
    assert slept == [61]


def test_what_is_spent_for_good_is_not_waited_for(slept: Slept) -> None:
    vendor = VENDOR._replace(allowance=lambda headers: Allowance(is_spent="X-Spent" in headers))
    with pytest.raises(NotSent) as caught:
        client(Answers(limited(X_Spent="1", Retry_After="1")), slept, vendor=vendor).get("/x")
    assert str(caught.value) == "Vendor: the calls that this account may make are spent; waiting does not help"
    assert slept == []


def test_requests_are_counted(slept: Slept) -> None:
    made = client(Answers(*[ok([])] * 3), slept)
    for method in ("GET", "GET", "POST"):
        ask(made, method)
    assert (made.reads, made.writes) == (2, 1)


def test_a_client_that_only_reads_lets_nothing_else_out(slept: Slept) -> None:
    answers = Answers(ok([]))
    reader = client(answers, slept, is_read_only=True)
    assert reader.get("/x") == []
    with pytest.raises(NotSent) as caught:
        reader.create(CREATE, read)
    assert str(caught.value) == "POST /api/x was not sent: this command only reads"
    assert len(answers.asked) == 1


@pytest.mark.parametrize("path", [f"/{'x' * 100_000}", "/\udcff"], ids=["long", "surrogate"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_no_url_can_hold_is_not_sent(method: str, path: str, slept: Slept) -> None:
    unreachable = client(Answers(), slept)
    with pytest.raises(NotSent, match="cannot be asked for"):
        unreachable.get(path) if method == "GET" else unreachable.create(CREATE._replace(path=path), read)


# Who is told of writes.


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (ok([1]), (200, "id of {}")),
        (httpx.Response(400, json={"a": 1}), (400, "id of {'a': 1}")),
        (httpx.ReadTimeout("t"), ("no answer in time", True)),
        (httpx.ReadError("c4n4ry1234 reset"), ("[redacted] reset", True)),
    ],
    ids=repr,
)
def test_a_witness_is_told_of_a_write_before_it_leaves_and_of_its_answer(
    answer: object, note: tuple[object, ...], slept: Slept
) -> None:
    notes = Notes()
    dialect = DIALECT._replace(request_id=lambda _, body: f"id of {body or {}}")
    made = client(Answers(ok([]), answer), slept, dialect=dialect, witness=notes)
    made.get("/x")
    assert notes == []
    with suppress(VendorError):
        made.create(CREATE, read)
    assert notes == [("POST", "/x"), note]


def test_a_witness_is_told_of_each_time_that_nothing_was_sent(slept: Slept) -> None:
    notes = Notes()
    made = client(Answers(httpx.ConnectError("refused"), limited(), ok([])), slept, witness=notes)
    made.create(CREATE, read)
    sent = ("POST", "/x")
    assert notes == [sent, ("refused", False), sent, (429, None), sent, (200, None)]


@pytest.mark.parametrize("given", [5, None, "", ["v-1"], "c4n4ry1234", "v" * 300], ids=lambda given: str(given)[:9])
def test_the_name_of_a_request_is_a_short_text_without_keys(given: object, slept: Slept) -> None:
    notes = Notes()
    dialect = DIALECT._replace(request_id=lambda _headers, _body: given)
    client(Answers(ok([])), slept, dialect=dialect, witness=notes).create(CREATE, read)
    names = {"c4n4ry1234": "[redacted]", "v" * 300: "v" * 200, "": ""}
    assert notes[1] == (200, names[given] if isinstance(given, str) else None)


def test_what_the_witness_stops_does_not_leave(slept: Slept) -> None:
    class Full(Notes):
        def sending(self, method: str, path: str, body: bytes) -> int:
            raise NotSent("the disk is full")

    answers = Answers()
    made = client(answers, slept, witness=Full())
    with pytest.raises(NotSent, match="the disk is full"):
        made.create(CREATE, read)
    assert (answers.asked, made.writes) == ([], 0)


# What of the keys gets into errors and logs: nothing.

# JSON texts that hold a text, each in another writing.
WRITINGS: dict[str, Callable[[str], str]] = {
    "plain": json.dumps,
    "json escapes": lambda text: '"' + "".join(f"\\u{ord(c):04x}" for c in text) + '"',
    "one escape": lambda text: json.dumps(text).replace("+", "\\u002b"),
    "escaped slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "percent signs": lambda text: json.dumps(quote(text)),
    "entities": lambda text: json.dumps("".join(f"&#{ord(c)};" for c in text)),
}


def test_keys_are_in_no_message_and_no_log(slept: Slept, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "tierops")
    for answer in (httpx.Response(401, json={}), httpx.Response(302, headers={"Location": "https://evil.example"})):
        with pytest.raises(VendorError) as caught:
            client(Answers(answer), slept).get("/x")
        assert "c4n4ry" not in str(caught.value)
    assert "GET /api/x: 401 in" in caplog.text
    assert "c4n4ry" not in caplog.text


@pytest.mark.parametrize(
    ("status", "shape"),
    # Parts of a key in an answer that can be read are for the command line to hide.
    [(status, shape) for status in (200, 400, 503) for shape in ECHOES if (status, shape) != (200, "details")],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_error_holds_a_key_that_the_vendor_says_back(method: str, status: int, shape: str, slept: Slept) -> None:
    key = ODD["FANFARE_SECRET_KEY"]
    answer = httpx.Response(status, content=ECHOES[shape](key), headers={"Content-Type": f"text/{quote(key)}"})
    with pytest.raises(VendorError) as caught:
        ask(bearing(key, slept, lambda _: answer), method)
    assert isinstance(caught.value, AnswerLost) == (method == "POST" and status in {200, 503})
    assert_absent(everything_about(caught.value), key)


@pytest.mark.parametrize(
    "failure", [httpx.RemoteProtocolError, httpx.ConnectError, httpx.ReadTimeout, httpx.ProxyError]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_lost_connection_tells_a_key(method: str, failure: type[httpx.RequestError], slept: Slept) -> None:
    key = PLAIN["FANFARE_SECRET_KEY"]

    def fail(request: httpx.Request) -> httpx.Response:
        raise failure(f"illegal header line: {key!r} {request.headers['Authorization']}", request=request)

    with pytest.raises(VendorError) as caught:
        ask(bearing(key, slept, fail), method)
    assert_absent(everything_about(caught.value), key)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("where", ['{"name": KEY}', "[[KEY]]", "{KEY: 1}", '{"a": {"b": ["x", KEY]}}'])
@pytest.mark.parametrize("writing", sorted(WRITINGS))
def test_no_writing_of_a_key_gets_into_what_is_read(writing: str, where: str, encoding: str, slept: Slept) -> None:
    key = ODD["VOUCHERIFY_APP_TOKEN"]
    body = where.replace("KEY", WRITINGS[writing](f"debug: {key} "))
    fine = where.replace("KEY", WRITINGS[writing]("debug: another"))
    answers = Answers(*(httpx.Response(200, content=text.encode(encoding)) for text in (fine, body, body, body, body)))
    made = client(answers, slept, Credentials({"X-Key": key}))
    assert "debug: another" in unescape(unquote(str(made.get("/x"))))
    with pytest.raises(VendorError, match="sent back the key that it was asked with") as caught:
        made.get("/x")
    assert_absent(everything_about(caught.value), key)


@pytest.mark.parametrize("scheme", ["Bearer", "Basic", "ManagementKey-v1"])
def test_a_key_is_known_without_the_scheme_before_it(scheme: str, slept: Slept) -> None:
    credentials = Credentials({"Authorization": f"{scheme} c4n4ry1234"})
    with pytest.raises(VendorError, match="sent back the key that it was asked with"):
        client(Answers(*[ok(["c4n4ry1234"])] * 4), slept, credentials).get("/x")
    assert client(Answers(ok([scheme])), slept, credentials).get("/x") == [scheme]


def test_the_id_of_a_key_may_be_in_what_is_read_and_is_in_no_error(slept: Slept) -> None:
    headers = {"X-Id": "c4n4ry-id", "X-Key": "c4n4ry-key", "X-Version": "c4n4ry-version"}
    credentials = Credentials(headers, open_headers=frozenset({"X-Version"}), id_headers=frozenset({"X-Id"}))
    assert client(Answers(ok(["c4n4ry-id"])), slept, credentials).get("/x") == ["c4n4ry-id"]
    with pytest.raises(VendorError, match="sent back the key"):
        client(Answers(*[ok(["c4n4ry-key"])] * 4), slept, credentials).get("/x")
    with pytest.raises(VendorError) as caught:
        client(Answers(httpx.Response(400, json=[*headers.values()])), slept, credentials).get("/x")
    assert str(caught.value).endswith('with 400: ["[redacted]", "[redacted]", "c4n4ry-version"]')


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_told_and_not_followed(method: str, status: int, slept: Slept) -> None:
    with listening(says(200)) as (elsewhere, heard), listening(says(status, Location=f"{elsewhere}/x")) as (url, asked):
        connected = bearing("c4n4ry1234", slept, url=url)
        with pytest.raises(VendorError, match=rf"with {status}, a redirect to '{elsewhere}/x': not followed"):
            ask(connected, method)
        connected.close()
    assert (len(asked), heard) == (1, [])
