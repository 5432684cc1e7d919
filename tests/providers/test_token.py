"""Signing in: one token for all threads, renewed for reads alone, through a way out that can send nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, count
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from canaries import ECHOES, ODD, assert_absent, everything_about
from harness import Slept
from vendors import CREATE, Notes, client, listening, ok, says

from tierops.errors import Interrupted, NotSent, VendorError
from tierops.model import Value
from tierops.providers.accounts import Credentials, SignIn
from tierops.providers.expect import expect_map, expect_text
from tierops.providers.http import Client
from tierops.text import jsontext

SECRET = "c4n4ry-client-secret"
FORM = {"grant_type": "client_credentials", "client_id": "tierops", "client_secret": SECRET}


def bearer(body: Value) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {expect_text(expect_map(body, 'token'), 'access_token')}"}


def refusal(body: Value) -> str:
    return str(body.get("error_description")) if isinstance(body, Mapping) else "no reason"


SIGN_IN = SignIn("/token", FORM, bearer, refusal, (SECRET,))


class Service:
    """A vendor with a token endpoint; the token that it gave last is good.

    `grants` are answers and failures that come in the place of a token, one after the other; `tokens` are those given.
    """

    def __init__(self, *grants: Any, tokens: Iterable[str] = ()) -> None:
        self.token = ""
        self.requests: list[httpx.Request] = []
        self.answer: Callable[[httpx.Request], httpx.Response] = lambda _: ok(["read"])
        self._grants = list(grants)
        self._tokens = chain(tokens, (f"t0k3n-number-{n}" for n in count(1)))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path == "/api/token":
            return self._grant()
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return httpx.Response(401, json="expired")
        return self.answer(request)

    def expire(self) -> None:
        """The token that was given is good no longer."""
        self.token = "none"

    @property
    def lines(self) -> list[str]:
        """What was asked."""
        return [f"{request.method} {request.url.path}" for request in self.requests]

    def _grant(self) -> httpx.Response:
        if self._grants:
            grant = self._grants.pop(0)
            if isinstance(grant, Exception):
                raise grant
            return grant
        self.token = next(self._tokens)
        return ok({"access_token": self.token, "token_type": "Bearer"})


def signed_in(service: Service, slept: Slept, sign_in: SignIn = SIGN_IN, **more: Any) -> Client:
    return client(service, slept, Credentials({}, sign_in=sign_in), **more)


def create(made: Client) -> object:
    return made.create(CREATE, lambda _: ())


def test_a_token_is_asked_for_once_with_the_form_and_used_for_all(slept: Slept) -> None:
    service = Service()
    made = signed_in(service, slept)
    assert service.lines == []
    for _ in range(3):
        assert made.get("/x") == ["read"]
    create(made)
    made.close()
    assert service.lines == ["POST /api/token", "GET /api/x", "GET /api/x", "GET /api/x", "POST /api/x"]
    asked = service.requests[0]
    assert parse_qs(asked.content.decode()) == {name: [value] for name, value in FORM.items()}
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in asked.headers


def test_threads_share_one_token_and_renew_it_once(slept: Slept) -> None:
    service = Service()
    made = signed_in(service, slept)
    together = threading.Barrier(8, timeout=10)

    def reads(_: int) -> Value:
        together.wait()
        return made.get("/x")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(reads, range(8))) == [["read"]] * 8
        assert service.lines.count("POST /api/token") == 1
        service.expire()
        assert list(pool.map(reads, range(8))) == [["read"]] * 8
    assert service.lines.count("POST /api/token") == 2


def test_a_read_that_meets_an_expired_token_is_sent_again_once(slept: Slept) -> None:
    service = Service()
    made = signed_in(service, slept)
    made.get("/x")
    service.expire()
    assert made.get("/x") == ["read"]
    assert service.lines == ["POST /api/token", "GET /api/x", "GET /api/x", "POST /api/token", "GET /api/x"]
    service.answer = lambda _: httpx.Response(401, json="no")
    service.requests.clear()
    with pytest.raises(VendorError, match='answered GET /x with 401: "no"'):
        made.get("/x")
    assert service.lines == ["GET /api/x", "POST /api/token", "GET /api/x"]


def test_a_create_that_meets_an_expired_token_is_refused_and_not_sent_again(slept: Slept) -> None:
    service = Service()
    made = signed_in(service, slept)
    made.get("/x")
    service.expire()
    service.requests.clear()
    with pytest.raises(VendorError) as caught:
        create(made)
    assert type(caught.value) is VendorError
    assert caught.value.status == 401
    assert service.lines == ["POST /api/x"]
    made.get("/x")
    assert service.lines == ["POST /api/x", "POST /api/token", "GET /api/x"]


def test_a_client_that_only_reads_may_ask_for_a_token_and_for_nothing_else_by_post(slept: Slept) -> None:
    service = Service()
    made = signed_in(service, slept, is_read_only=True)
    assert made.get("/x") == ["read"]
    with pytest.raises(NotSent, match="POST /api/x was not sent: this command only reads"):
        create(made)
    with pytest.raises(NotSent, match="POST /api/token was not sent: this command only reads"):
        made.create(CREATE._replace(path="/token"), lambda _: ())
    assert service.lines == ["POST /api/token", "GET /api/x"]


def test_the_request_for_a_token_is_no_write_and_stands_in_no_journal(slept: Slept) -> None:
    notes = Notes()
    made = signed_in(Service(), slept, witness=notes)
    made.get("/x")
    assert (made.reads, made.writes, notes) == (1, 0, [])
    create(made)
    assert (made.reads, made.writes, notes) == (1, 1, [("POST", "/x"), (200, None)])


def test_the_keys_of_the_form_and_every_token_are_secrets_of_the_run(slept: Slept) -> None:
    secrets: set[str] = set()

    def keep(more: Iterable[str]) -> None:
        secrets.update(more)

    service = Service()
    made = signed_in(service, slept, keep_secret=keep)
    assert secrets == {SECRET}
    made.get("/x")
    first = service.token
    assert secrets == {SECRET, first}
    service.expire()
    made.get("/x")
    assert secrets == {SECRET, first, service.token}


def ask(made: Client, method: str) -> object:
    return made.get("/x") if method == "GET" else create(made)


@pytest.mark.parametrize(
    ("status", "shape"),
    # Parts of a key in an answer that can be read are for the command line to hide.
    [(status, shape) for status in (200, 400, 503) for shape in ECHOES if (status, shape) != (200, "details")],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("is_token", [True, False], ids=["token", "form"])
def test_no_error_holds_a_token_or_a_key_of_the_form(
    is_token: bool, method: str, status: int, shape: str, slept: Slept
) -> None:
    secret = ODD["FANFARE_SECRET_KEY"]
    service = Service(tokens=[secret] if is_token else [])
    service.answer = lambda _: httpx.Response(status, content=ECHOES[shape](secret))
    sign_in = SIGN_IN if is_token else SIGN_IN._replace(form={"client_secret": secret}, secrets=(secret,))
    with pytest.raises(VendorError) as caught:
        ask(signed_in(service, slept, sign_in), method)
    assert "POST /api/x" in service.lines or method == "GET"
    assert_absent(everything_about(caught.value), secret)


@pytest.mark.parametrize("shape", ECHOES)
@pytest.mark.parametrize("status", [200, 400, 401, 503])
def test_a_refused_sign_in_holds_no_key_of_the_form(status: int, shape: str, slept: Slept) -> None:
    secret = ODD["FANFARE_SECRET_KEY"]
    sign_in = SIGN_IN._replace(form={"client_secret": secret}, secrets=(secret,), refusal=jsontext.dumps)
    answer = httpx.Response(status, content=ECHOES[shape](secret))
    with pytest.raises(NotSent) as caught:
        signed_in(Service(*[answer] * 4), slept, sign_in).get("/x")
    assert_absent(everything_about(caught.value), secret)


BETWEEN = "no answer of the API; a proxy, a firewall or a content network in between may have sent it"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            httpx.Response(400, json={"error_description": "invalid client credentials"}),
            "was refused with 400: invalid client credentials",
        ),
        (httpx.Response(401, json=[]), "was refused with 401: no reason"),
        (
            httpx.Response(403, html="<h1>Blocked"),
            f"was refused with 403 and the page 'Blocked': {BETWEEN}",
        ),
        (httpx.Response(404), "was refused with 404: an empty body"),
        (
            httpx.Response(302, headers={"Location": "https://evil.example/"}),
            "was refused with 302, a redirect to 'https://evil.example/': not followed",
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_sign_in_is_told_and_nothing_is_sent(
    method: str, answer: httpx.Response, message: str, slept: Slept
) -> None:
    service = Service(answer)
    made = signed_in(service, slept)
    with pytest.raises(NotSent) as caught:
        ask(made, method)
    assert str(caught.value) == f"signing in to Vendor (POST /token) {message}"
    assert service.lines == ["POST /api/token"]
    assert slept == []
    assert ask(made, method) is not None  # the next one signs in


NO_JSON = "was answered with 200, but without the JSON that is documented"


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (httpx.ConnectError("refused"), "failed: refused"),
        (httpx.ReadTimeout("t"), "failed: no answer in time"),
        (httpx.Response(503, json={"error_description": "busy"}), "was refused with 503: busy"),
        (httpx.Response(200, content=b"access_token=c4n4ry1234"), NO_JSON),
        (httpx.Response(200, content=b'{"access_token": "c4n4ry1234"'), NO_JSON),
        (httpx.Response(200), NO_JSON),
        (httpx.Response(408), "was refused with 408: an empty body"),
        (httpx.Response(425), "was refused with 425: an empty body"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_sign_in_that_brought_nothing_is_tried_again_for_it_changes_nothing(
    failure: Any, message: str, slept: Slept
) -> None:
    service = Service(failure, failure, failure)
    assert signed_in(service, slept).get("/x") == ["read"]
    assert slept == [0.5, 1.0, 2.0]
    service = Service(*[failure] * 4)
    with pytest.raises(NotSent) as caught:
        signed_in(service, slept).get("/x")
    assert str(caught.value) == f"signing in to Vendor (POST /token) {message}"
    assert service.lines == ["POST /api/token"] * 4


@pytest.mark.parametrize("status", [403, 408, 425, 429, 503])
def test_a_sign_in_that_is_told_to_come_back_later_does(status: int, slept: Slept) -> None:
    later = httpx.Response(status, headers={"Retry-After": "6"}, json={})
    service = Service(*[later] * 5)
    assert signed_in(service, slept, waiting={"now": lambda: sum(slept)}).get("/x") == ["read"]
    assert slept == [7] * 5


def test_a_sign_in_does_not_wait_for_longer_than_allowed(slept: Slept) -> None:
    service = Service(httpx.Response(503, headers={"Retry-After": "600"}, json={"error_description": "maintenance"}))
    with pytest.raises(NotSent, match=r"was refused with 503: maintenance: wait 601 s and run again.*--max-wait"):
        signed_in(service, slept, waiting={"now": lambda: 0.0}).get("/x")
    assert slept == []


def test_nobody_signs_in_once_somebody_asked_to_stop(slept: Slept) -> None:
    def stop() -> None:
        raise Interrupted

    service = Service()
    with pytest.raises(Interrupted):
        signed_in(service, slept, waiting={"check": stop}).get("/x")
    assert service.lines == []


# What stands in such an answer may be the token, under whatever name.
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"accessToken": "c4n4ry1234"}, 'no `access_token` in {"accessToken":"[redacted]"}'),
        ({"access_token": {"value": "c4n4ry1234"}}, 'no `access_token` in {"access_token":{"value":"[redacted]"}}'),
        ({"access_token": ["c4n4ry1234"]}, 'no `access_token` in {"access_token":["[redacted]"]}'),
        ({"access_token": 12345678901}, 'no `access_token` in {"access_token":[redacted]}'),
        ({"access_token": ""}, 'no `access_token` in {"access_token":""}'),
        ({"access_token": None}, 'no `access_token` in {"access_token":null}'),
        ({}, "no `access_token` in {}"),
        (["c4n4ry1234"], 'expected an object as token, received ["[redacted]"]'),
        ("c4n4ry1234", 'expected an object as token, received "[redacted]"'),
        (True, "expected an object as token, received true"),
    ],
    ids=repr,
)
def test_an_answer_without_a_token_is_told_without_its_texts(body: Any, message: str, slept: Slept) -> None:
    service = Service(ok(body))
    with pytest.raises(NotSent) as caught:
        signed_in(service, slept).get("/x")
    assert str(caught.value) == f"signing in to Vendor (POST /token) brought no token: not as documented: {message}"
    assert_absent(everything_about(caught.value), "c4n4ry1234", "12345678901")
    assert service.lines == ["POST /api/token"]


@pytest.mark.parametrize("token", ["c4n4ry\r\nX-Evil: 1", "c4n4ry\n", "c4n4ré1234", "c4n4ry\x00"], ids=ascii)
def test_a_token_that_no_header_can_hold_is_refused_and_not_shown(token: str, slept: Slept) -> None:
    service = Service(tokens=[token])
    with pytest.raises(NotSent) as caught:
        signed_in(service, slept).get("/x")
    assert str(caught.value) == "signing in to Vendor (POST /token) brought a token that no header can hold"
    assert service.lines == ["POST /api/token"]


def test_the_log_names_the_sign_in_and_no_key(slept: Slept, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "tierops")
    service = Service()
    signed_in(service, slept).get("/x")
    assert "signing in to Vendor (POST /token): 200" in caplog.text
    assert_absent(caplog.text, SECRET, service.token)


def test_a_redirect_of_the_sign_in_takes_no_key_elsewhere(slept: Slept) -> None:
    with listening(says(200)) as (elsewhere, heard), listening(says(307, Location=f"{elsewhere}/x")) as (url, asked):
        made = client(None, slept, Credentials({}, sign_in=SIGN_IN), url=url)
        with pytest.raises(NotSent, match=rf"was refused with 307, a redirect to '{elsewhere}/x': not followed"):
            made.get("/x")
        made.close()
    assert (len(asked), heard) == (1, [])
