"""What comes before and around the vendor: methods, bodies, mounts, paths, the request log."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx
import pytest

from tierops.emulator import Emulator
from tierops.emulator.web import BODY_LIMIT, requested_paths

TIERS = "/v1/loyalties/camp_club/tiers"
JSON = {"Content-Type": "application/json"}
MOUNTS = [
    "/fanfare", "/fanfare/api", "/fanfare/api/v1", "/openloyalty", "/salesforce", "/talonone", "/voucherify",
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "details"),
    [
        ("PUT", TIERS, "PUT is not supported by this endpoint. Did you mean GET or POST?"),
        ("DELETE", f"{TIERS}/ltr_1", "DELETE is not supported by this endpoint. Did you mean GET?"),
    ],
)
def test_unsupported_method_is_405(either: httpx.Client, method: str, path: str, details: str) -> None:
    response = either.request(method, path)
    assert response.status_code == 405
    body = response.json()
    assert (body["code"], body["message"], body["details"]) == (405, "HTTP Method Not Allowed", details)


def test_head_has_no_body(either: httpx.Client) -> None:
    response = either.head(TIERS)
    assert (response.status_code, response.content) == (405, b"")
    assert either.get(TIERS).status_code == 200


@pytest.mark.parametrize("path", ["/v2/loyalties", "/v1", "/"])
def test_path_that_is_no_endpoint_is_404(either: httpx.Client, path: str) -> None:
    response = either.get(path)
    assert response.status_code == response.json()["statusCode"] == 404


@pytest.mark.parametrize("path", ["/", "/voucherifyx/v1/loyalties", "/other"])
def test_other_mounts_name_what_there_is(app: Emulator, path: str) -> None:
    with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://x") as client:
        response = client.get(path)
    assert (response.status_code, response.json()["mounts"]) == (404, MOUNTS)


@pytest.mark.parametrize(
    "text",
    ["[", "", "[NaN]", '["\\ud800"]', "[1e999]", "[-Infinity]", "\x00", "[" * 100_000],
    ids=lambda text: text[:8].strip() or "none",
)
def test_malformed_json_has_the_frameworks_error_shape(client: httpx.Client, app: Emulator, text: str) -> None:
    response = client.post(TIERS, content=text, headers=JSON)
    assert response.status_code == 400
    assert response.json() == {
        "statusCode": 400,
        "error": "Bad Request",
        "message": "Invalid request payload JSON format",
    }
    assert app.voucherify.tiers("Club") == []


@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {}])
def test_other_content_type_is_415(client: httpx.Client, headers: dict[str, str]) -> None:
    assert client.post(TIERS, content="[]", headers=headers).status_code == 415


def test_content_type_may_have_parameters(client: httpx.Client) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert client.post(TIERS, content='[{"name": "Ä", "points": {}}]', headers=headers).json()[0]["name"] == "Ä"


@pytest.mark.parametrize("is_chunked", [False, True])
def test_body_over_ten_mebibytes_is_413_and_the_connection_lives_on(either: httpx.Client, is_chunked: bool) -> None:
    def chunks(size: int) -> Iterator[bytes]:
        yield b"[" + b" " * (size - 2)
        yield b"]"

    def send(size: int) -> httpx.Response:
        body = b"".join(chunks(size))
        # In process there is no chunked transfer, so the body's length is always told.
        is_loopback = "127.0.0.1" in str(either.base_url)
        return either.post(TIERS, content=chunks(size) if is_chunked and is_loopback else body, headers=JSON)

    assert send(BODY_LIMIT).json()["details"] == "Payload must NOT have fewer than 1 items"
    response = send(BODY_LIMIT + 1)
    assert response.status_code == 413
    assert response.json() == {
        "statusCode": 413,
        "error": "Request Entity Too Large",
        "message": "Payload content length greater than maximum allowed: 10485760",
    }
    assert send(BODY_LIMIT + 3 * 1024 * 1024).status_code == 413
    assert either.get(TIERS).status_code == 200


def test_log_holds_what_was_sent(either: httpx.Client, app: Emulator) -> None:
    body = [{"name": "Bronze", "points": {}}]
    either.get("/v1/loyalties/A%20B/tiers?limit=5&order=", headers={"X-Voucherify-Channel": "tierops"})
    either.post(TIERS, json=body)
    either.post(TIERS, content=b"\xff[", headers=JSON)
    assert app.requests == [
        ("GET", "/voucherify/v1/loyalties/A B/tiers", None),
        ("POST", f"/voucherify{TIERS}", body),
        ("POST", f"/voucherify{TIERS}", "�["),
    ]
    assert app.requests[0].query == {"limit": "5", "order": ""}
    assert app.requests[0].headers["x-voucherify-channel"] == "tierops"
    assert app.writes == 2


def test_refused_requests_are_logged_but_are_no_writes(client: httpx.Client, app: Emulator) -> None:
    client.post(TIERS, json=[], headers={"X-App-Id": ""})
    client.put(TIERS, json=[])
    client.post("/v1/nothing", json=[])
    assert (len(app.requests), app.writes) == (3, 0)


def test_log_keeps_the_last_requests_only() -> None:
    app = Emulator(log_size=2)
    with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://x/voucherify") as client:
        for name in "ABC":
            client.get(f"/v1/loyalties/{name}")
    assert [path[-1] for _, path, _ in app.requests] == ["B", "C"]
    app.close()


@pytest.mark.parametrize(
    ("environ", "paths"),
    [
        ({"PATH_INFO": "/a b"}, ("/a b", None)),
        ({"PATH_INFO": "/CafÃ©"}, ("/Café", None)),
        ({"PATH_INFO": "/Café"}, ("/Café", None)),
        ({"PATH_INFO": "/会"}, ("/会", None)),
        ({"PATH_INFO": "/a/b", "RAW_URI": "/a%2Fb?c=/d#e"}, ("/a/b", "/a%2Fb")),
        ({"PATH_INFO": "/a", "REQUEST_URI": "http://host:80/a"}, ("/a", "/a")),
        ({"PATH_INFO": "/a", "SCRIPT_NAME": "/x", "RAW_URI": "/x/a"}, ("/a", "/a")),
    ],
)
def test_path_is_read_from_what_the_server_tells(environ: dict[str, Any], paths: tuple[str, str | None]) -> None:
    assert requested_paths(environ) == paths


@pytest.mark.parametrize("length", ["", "-1", "two"])
def test_unreadable_content_length_counts_as_no_body(app: Emulator, length: str) -> None:
    seen: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/voucherify{TIERS}",
        "CONTENT_LENGTH": length,
        "CONTENT_TYPE": "application/json",
        "HTTP_AUTHORIZATION": "Bearer x",
        "wsgi.input": BytesIO(b"[]"),
    }
    body = b"".join(app(environ, lambda status, *_: seen.append(status)))  # type: ignore[arg-type,func-returns-value]
    assert seen == ["400 Bad Request"]
    assert b"Invalid request payload JSON format" in body
