"""The way out: what is tried again and what is not, how long limits are waited for, and where keys never go."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx
import pytest
from harness import Slept

from tierops.errors import AnswerLost, TieropsError, VendorError
from tierops.providers.http import Client
from tierops.providers.limits import Waiting

NOW = 1_800_000_000.0


def client(answer: Callable[[httpx.Request], httpx.Response], slept: Slept, max_wait: float = 120) -> Client:
    return Client(
        "Vendor",
        "http://127.0.0.1/api/",
        {"X-Key": "s3cret"},
        lambda body: f"explained {body}",
        waiting=Waiting(max_wait, slept, lambda: NOW),
        transport=httpx.MockTransport(answer),
    )


class Answers(list):
    """Answers in turn, and counts."""

    asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        answer = self.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def ok(body: object = None) -> httpx.Response:
    return httpx.Response(200, json=body)


def limited(**headers: str) -> httpx.Response:
    return httpx.Response(429, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("failure", [httpx.ReadTimeout("t"), httpx.ConnectError("refused"), httpx.Response(503)])
def test_a_read_is_tried_again(failure: object, slept: Slept) -> None:
    answers = Answers([failure, failure, failure, ok([1])])
    assert client(answers, slept).get("/x") == [1]
    assert slept == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (httpx.ReadTimeout("t"), "Vendor cannot be reached at http://127.0.0.1/api: no answer in time"),
        (httpx.ConnectError("refused"), "cannot be reached at http://127.0.0.1/api: refused"),
        (httpx.ReadError(""), "ReadError"),
        (httpx.Response(503, json={"a": 1}), "Vendor answered GET /x with 503: explained {'a': 1}"),
        (httpx.Response(502, html="<h1>Bad\n gateway</h1>"), "with 502: text/html; charset=utf-8, '<h1>Bad gateway"),
        (httpx.Response(500), "with 500: an empty body"),
    ],
)
def test_a_read_fails_in_a_sentence_after_four_tries(failure: object, message: str, slept: Slept) -> None:
    answers = Answers([failure] * 4)
    with pytest.raises(VendorError) as caught:
        client(answers, slept).get("/x")
    assert message in str(caught.value)
    assert answers.asked == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 302])
def test_a_refused_read_is_not_tried_again(status: int, slept: Slept) -> None:
    answers = Answers([httpx.Response(status, json={"a": 1}, headers={"Location": "https://evil.example/"})])
    with pytest.raises(VendorError) as caught:
        client(answers, slept).get("/x")
    assert caught.value.status == status
    assert answers.asked == 1


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ReadTimeout("t"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("closed"),
        httpx.WriteError("reset"),
        httpx.DecodingError("gzip"),
        httpx.Response(500),
        httpx.Response(503),
        httpx.Response(502),
        httpx.Response(504),
        httpx.Response(200, html="<p>hello"),
        httpx.Response(200),
    ],
)
def test_a_write_without_a_clear_answer_is_lost_and_never_sent_again(failure: object, slept: Slept) -> None:
    answers = Answers([failure])
    with pytest.raises(AnswerLost):
        client(answers, slept).post("/x", [])
    assert answers.asked == 1


def test_a_refused_write_is_a_refusal(slept: Slept) -> None:
    with pytest.raises(VendorError, match="with 400: explained") as caught:
        client(Answers([httpx.Response(400, json={})]), slept).post("/x", [])
    assert not isinstance(caught.value, AnswerLost)


def test_a_write_that_found_no_connection_is_tried_again_for_nothing_was_sent(slept: Slept) -> None:
    answers = Answers([httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), ok([])])
    assert client(answers, slept).post("/x", []) == []
    with pytest.raises(VendorError, match="cannot be reached") as caught:
        client(Answers([httpx.ConnectError("refused")] * 4), slept).post("/x", [])
    assert not isinstance(caught.value, AnswerLost)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "7"}, 8),
        ({"X_Rate_Limit_Retry": str(int(NOW) + 30)}, 31),
        ({"X_RateLimit_Reset": str(int(NOW) + 9)}, 10),
        ({"X_RateLimit_Reset": str(int(NOW) - 9)}, 1),
        ({"Retry_After": format_datetime(datetime.fromtimestamp(NOW + 20, UTC), usegmt=True)}, 21),
        ({"Retry_After": "soon"}, 10),
        ({}, 10),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_limit_is_waited_for_as_told_for_reads_and_writes(
    method: str, headers: dict, seconds: float, slept: Slept
) -> None:
    answers = Answers([limited(**headers), ok([])])
    made = client(answers, slept)
    assert (made.get("/x") if method == "get" else made.post("/x", [])) == []
    assert slept == [seconds]


def test_a_limit_that_lasts_longer_than_allowed_ends_the_run(slept: Slept) -> None:
    answers = Answers([limited(Retry_After="60"), limited(Retry_After="60")])
    with pytest.raises(VendorError, match=r"wait 61 s and run again, or allow it with --max-wait"):
        client(answers, slept).post("/x", [])
    assert slept == [61]


def test_a_spent_billing_cycle_is_not_waited_for(slept: Slept) -> None:
    with pytest.raises(VendorError, match="billing cycle"):
        client(Answers([limited(X_Rate_Limit_Type="api_calls_cycle", Retry_After="1")]), slept).get("/x")
    assert slept == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://api.voucherify.io", "plain http.*use https://api.voucherify.io"),
        ("http://127.0.0.1.evil.example", "plain http"),
        ("http://10.0.0.1", "plain http"),
        ("ftp://x", "must start with https://"),
        ("api.voucherify.io", "must start with https://"),
        ("https://", "must start with https://"),
        ("https://[::1", "not a URL"),
        ("https://user:pass@host", "must hold no user"),
        ("https://host/?a=1", "must hold no user, query"),
    ],
)
def test_an_address_that_must_not_be_called_is_refused(url: str, message: str) -> None:
    with pytest.raises(TieropsError, match=message) as caught:
        Client("Vendor", url, {}, str)
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"])
def test_plain_http_is_for_loopback_and_reads_no_certificates(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: pytest.fail("read a CA bundle"))
    Client("Vendor", url, {}, str).close()


def test_every_https_client_shares_one_verifying_tls_context(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    original = httpx.Client.__init__
    monkeypatch.setattr(httpx.Client, "__init__", lambda self, **kw: seen.append(kw["verify"]) or original(self, **kw))
    for host in ("a", "b"):
        Client("Vendor", f"https://{host}.example", {}, str).close()
    assert seen[0] is seen[1]
    assert seen[0].verify_mode is ssl.CERT_REQUIRED
    assert seen[0].check_hostname


def test_keys_are_in_no_message(slept: Slept, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "tierops")
    for answer in (httpx.Response(401, json={}), httpx.Response(302, headers={"Location": "https://evil.example"})):
        with pytest.raises(VendorError) as caught:
            client(Answers([answer]), slept).get("/x")
        assert "s3cret" not in str(caught.value)
    assert "GET /api/x: 401 in" in caplog.text
    assert "s3cret" not in caplog.text


def test_requests_are_counted(slept: Slept) -> None:
    made = client(Answers([ok([]), ok([]), ok([])]), slept)
    made.get("/x")
    made.get("/x")
    made.post("/x", [])
    assert (made.reads, made.writes) == (2, 1)
