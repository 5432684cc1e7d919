"""Scripted misbehaviour of the emulated Fanfare, and what was executed when it strikes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tierops.emulator import ConnectionDropped, Emulator, Fault

CREATE = "POST /audiences/loyalty-tiers"
LIST = "GET /audiences"
BODY = {
    "groupName": "Club",
    "attribute": "ltv",
    "tiers": [
        {"name": "Bronze", "order": 0, "startValue": 0, "endValue": 100},
        {"name": "Silver", "order": 1, "startValue": 100},
    ],
}


def _post(client: httpx.Client) -> httpx.Response:
    return client.post("/audiences/loyalty-tiers", json=BODY)


def _held(app: Emulator) -> int:
    return len(app.fanfare.audiences())


@pytest.mark.parametrize(("kind", "stored"), [("drop-before", 0), ("drop-after", 2)])
def test_connection_drops(fanfare_either: httpx.Client, app: Emulator, kind: str, stored: int) -> None:
    app.faults.append(Fault(CREATE, kind))
    with pytest.raises((ConnectionDropped, httpx.TransportError)):
        _post(fanfare_either)
    assert (_held(app), app.writes) == (stored, stored // 2)
    assert _post(fanfare_either).status_code == 200


@pytest.mark.parametrize(
    ("status", "error"), [(500, "internal_error"), (502, "bad_gateway"), (503, "service_unavailable")]
)
@pytest.mark.parametrize(("moment", "stored"), [("before", 0), ("after", 2)])
def test_server_errors(
    fanfare_either: httpx.Client, app: Emulator, status: int, error: str, moment: str, stored: int
) -> None:
    app.faults.append(Fault(CREATE, f"{status}-{moment}"))
    response = _post(fanfare_either)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert ("requestId" in response.json()) == (status == 500)
    assert "X-RateLimit-Limit" in response.headers
    assert _held(app) == stored


@pytest.mark.parametrize("stored", [0, 1])
def test_create_breaks_off_part_way(fanfare: httpx.Client, app: Emulator, stored: int) -> None:
    app.faults.append(Fault(CREATE, "500-partial", value=stored))
    assert _post(fanfare).status_code == 500
    assert _held(app) == stored


@pytest.mark.parametrize(
    ("kind", "text"), [("401", "Authentication required"), ("403", "Forbidden - User must be authenticated")]
)
def test_key_is_refused(fanfare: httpx.Client, app: Emulator, kind: str, text: str) -> None:
    app.faults.append(Fault(CREATE, kind))
    response = _post(fanfare)
    assert (response.status_code, response.json(), _held(app)) == (int(kind), {"error": text}, 0)


def test_rate_limit_refusals_tell_more_or_less(fanfare: httpx.Client, app: Emulator) -> None:
    kinds = ("429", "429-date", "429-epoch", "429-bare", "429-cycle")
    app.faults.extend(Fault(CREATE, kind, value=7) for kind in kinds)
    refused = [_post(fanfare) for _ in kinds]
    reset = {"x-ratelimit-limit": "1000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767225607"}
    headers = [
        {key: value for key, value in one.headers.items() if "ratelimit" in key or key == "retry-after"}
        for one in refused
    ]
    assert headers == [
        {**reset, "retry-after": "7"},
        {**reset, "retry-after": "Thu, 01 Jan 2026 00:00:07 GMT"},
        reset,
        {},
        {**reset, "retry-after": "7"},
    ]
    timed = {"error": "Rate limit exceeded", "retryAfter": 7}
    bare = {"error": "rate_limited", "message": "Too many requests"}
    assert [one.json() for one in refused] == [timed, timed, bare, bare, timed]
    assert _held(app) == 0


def test_rate_limit_refusal_waits_a_second_unless_told(fanfare: httpx.Client, app: Emulator) -> None:
    app.faults.append(Fault(LIST, "429"))
    assert fanfare.get("/audiences").headers["Retry-After"] == "1"


def test_spoiled_answers_come_after_the_commit(fanfare_either: httpx.Client, app: Emulator) -> None:
    app.faults.extend(Fault(CREATE, kind) for kind in ("truncated", "empty", "content-type", "html-after"))
    truncated, empty, mistyped, html = (_post(fanfare_either) for _ in range(4))
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        truncated.json()
    assert empty.content == b""
    assert mistyped.headers["Content-Type"].startswith("text/html")
    assert mistyped.json()["audiences"][0]["name"] == "Bronze"
    assert (html.status_code, html.text[:9]) == (502, "<!DOCTYPE")
    assert _held(app) == 8


def _listed(client: httpx.Client, **query: Any) -> tuple[list[str], str | None]:
    body = client.get("/audiences", params=query).json()
    return [audience["name"] for audience in body["data"]], body["pageInfo"]["endCursor"]


def test_lists_lie(fanfare: httpx.Client, app: Emulator) -> None:
    app.fanfare.load_examples()
    app.faults.append(Fault(LIST, "cap", value=1))
    assert _listed(fanfare) == (["Platinum"], None)
    app.faults.append(Fault(LIST, "repeat"))
    assert _listed(fanfare) == (["Platinum", "Gold", "Silver", "Bronze", "Bronze"], None)
    app.faults.append(Fault(LIST, "insert"))
    assert _listed(fanfare) == (["Platinum (new)", "Platinum", "Gold", "Silver", "Bronze"], None)
    app.faults.append(Fault(LIST, "shift", value=2))
    assert _listed(fanfare) == (["Silver", "Bronze"], None)
    assert _listed(fanfare) == (["Platinum", "Gold", "Silver", "Bronze"], None)


def test_bare_arrays_lie_too(fanfare: httpx.Client, app: Emulator) -> None:
    group_id = app.fanfare.load_examples()[0]["groupId"]
    app.faults.append(Fault("GET /audiences/groups/*", "cap", value=3))
    assert len(fanfare.get(f"/audiences/groups/{group_id}").json()) == 3
    app.faults.append(Fault("GET /audiences/groups/*", "insert"))
    assert len(fanfare.get(f"/audiences/groups/{group_id}").json()) == 5


def test_lists_and_groups_may_lag_behind_what_was_created(
    fanfare: httpx.Client, app: Emulator, switched: Callable[..., None], clock: Any
) -> None:
    by_hand = app.fanfare.load_examples()
    group = _post(fanfare).json()["tierGroup"]
    clock.time += 1
    app.faults.append(Fault("GET *", "lag", times=3, value=2000))
    assert _listed(fanfare) == ([one["name"] for one in reversed(by_hand)], None)
    assert fanfare.get(f"/audiences/groups/{group}").status_code == 404
    switched("fanfare.unknown_group=empty")
    assert fanfare.get(f"/audiences/groups/{group}").json() == []
    app.faults.append(Fault("GET *", "lag", times=2, value=1000))
    assert len(_listed(fanfare)[0]) == 6
    assert len(fanfare.get(f"/audiences/groups/{group}").json()) == 2


def test_list_changes_between_two_pages(fanfare: httpx.Client, app: Emulator, clock: Any) -> None:
    app.fanfare.load_examples()
    first, cursor = _listed(fanfare, first=2)
    app.faults.extend([Fault(LIST, "shift", value=1), Fault(LIST, "insert", after=1)])
    removed, _ = _listed(fanfare, first=2, after=cursor)
    inserted, _ = _listed(fanfare, first=2, after=cursor)
    assert first == ["Platinum", "Gold"]
    assert removed == ["Bronze"]
    assert inserted == ["Silver (new)", "Silver", "Bronze"]
    clock.time += 1
    # Really changed: what came in is at the head, where nobody who pages on sees it; what went is not on its page.
    app.fanfare.add_audience("Newcomer")
    app.fanfare.edit_audience("Silver", archived=True)
    assert _listed(fanfare, first=2, after=cursor) == (["Bronze"], None)
    assert _listed(fanfare)[0] == ["Newcomer", "Platinum", "Gold", "Bronze"]


def test_cursor_leads_in_a_circle(fanfare: httpx.Client, app: Emulator) -> None:
    app.fanfare.load_examples()
    app.faults.append(Fault(LIST, "cycle", times=None))
    first, cursor = _listed(fanfare, first=2)
    second, again = _listed(fanfare, first=2, after=cursor)
    assert (first, second) == (["Platinum", "Gold"], ["Silver", "Bronze"])
    assert again == cursor is not None
    app.faults.append(Fault("GET /audiences/*", "cycle"))
    assert fanfare.get(f"/audiences/{app.fanfare.audiences()[0]['id']}").json()["name"] == "Bronze"


@pytest.mark.parametrize("on", ["/audiences", "/fanfare/api/audiences", "/fanfare/*", "*"])
def test_fault_is_on_a_path_with_or_without_its_mount(app: Emulator, fanfare: httpx.Client, on: str) -> None:
    app.faults.append(Fault(f"GET {on}", "503-before"))
    assert fanfare.get("/api/audiences").status_code == 503
