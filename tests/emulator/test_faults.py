"""Scripted misbehaviour, and what was executed when it strikes."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tierops.emulator import KINDS, ConnectionDropped, Emulator, Fault

TIERS = "/v1/loyalties/camp_club/tiers"
CREATE = "POST /v1/loyalties/*/tiers"
LIST = "GET /v1/loyalties/*/tiers"
BODY = [{"name": "Bronze", "points": {"from": 0}}]


def _held(app: Emulator) -> int:
    return len(app.voucherify.tiers("Club"))


@pytest.mark.parametrize(("kind", "stored"), [("drop-before", 0), ("drop-after", 1)])
def test_connection_drops(either: httpx.Client, app: Emulator, kind: str, stored: int) -> None:
    app.faults.append(Fault(CREATE, kind))
    with pytest.raises((ConnectionDropped, httpx.TransportError)):
        either.post(TIERS, json=BODY)
    assert (_held(app), app.writes, len(app.faults)) == (stored, stored, 0)
    assert either.post(TIERS, json=BODY).status_code == 200


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize(("moment", "stored"), [("before", 0), ("after", 1)])
def test_server_errors(either: httpx.Client, app: Emulator, status: int, moment: str, stored: int) -> None:
    app.faults.append(Fault(CREATE, f"{status}-{moment}"))
    response = either.post(TIERS, json=BODY)
    assert response.status_code == response.json()["code"] == status
    assert "X-Rate-Limit-Limit" in response.headers
    assert _held(app) == stored


def test_create_breaks_off_part_way(client: httpx.Client, app: Emulator) -> None:
    app.faults.append(Fault(CREATE, "500-partial", value=1))
    assert client.post(TIERS, json=[*BODY, *BODY]).status_code == 500
    assert _held(app) == 1


@pytest.mark.parametrize(("kind", "key"), [("401", "unauthorized"), ("403", "forbidden")])
def test_keys_are_refused(client: httpx.Client, app: Emulator, kind: str, key: str) -> None:
    app.faults.append(Fault(CREATE, kind))
    response = client.post(TIERS, json=BODY)
    assert (response.status_code, response.json()["key"], _held(app)) == (int(kind), key, 0)


@pytest.mark.parametrize(("kind", "stored"), [("html-before", 0), ("html-after", 1)])
@pytest.mark.parametrize(("value", "status"), [(0, 502), (504, 504), (200, 200)])
def test_html_error_page(client: httpx.Client, app: Emulator, kind: str, stored: int, value: int, status: int) -> None:
    app.faults.append(Fault(CREATE, kind, value=value))
    response = client.post(TIERS, json=BODY)
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.text.startswith("<!DOCTYPE html>")
    assert _held(app) == stored


def _told(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 429
    return {name: value for name, value in response.headers.items() if "rate-limit" in name or name == "retry-after"}


def test_rate_limit_refusals_tell_more_or_less(client: httpx.Client, app: Emulator) -> None:
    epoch = "1767225607"
    base = {"x-rate-limit-limit": "2000", "x-rate-limit-remaining": "0", "x-rate-limit-retry": epoch}
    app.faults.extend(
        Fault(CREATE, kind, value=7) for kind in ("429", "429-date", "429-epoch", "429-bare", "429-cycle")
    )
    told = [_told(client.post(TIERS, json=BODY)) for _ in range(5)]
    assert told == [
        {**base, "retry-after": "7", "x-rate-limit-type": "api_calls"},
        {**base, "retry-after": "Thu, 01 Jan 2026 00:00:07 GMT", "x-rate-limit-type": "api_calls"},
        base,
        {},
        {**base, "retry-after": "7", "x-rate-limit-type": "api_calls_cycle"},
    ]
    assert _held(app) == 0


@pytest.mark.parametrize(("kind", "wait"), [("429", "1"), ("429-cycle", "2592000")])
def test_rate_limit_refusal_waits_a_second_or_a_billing_cycle(
    client: httpx.Client, app: Emulator, kind: str, wait: str
) -> None:
    app.faults.append(Fault(LIST, kind))
    assert client.get(TIERS).headers["Retry-After"] == wait


def test_spoiled_answers_come_after_the_commit(either: httpx.Client, app: Emulator) -> None:
    app.faults.extend(Fault(CREATE, kind) for kind in ("truncated", "empty", "content-type"))
    truncated, empty, mistyped = (either.post(TIERS, json=BODY) for _ in range(3))
    assert [response.status_code for response in (truncated, empty, mistyped)] == [200, 200, 200]
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        truncated.json()
    assert empty.content == b""
    assert mistyped.headers["Content-Type"].startswith("text/html")
    assert mistyped.json()[0]["name"] == "Bronze"
    assert _held(app) == 3


def test_answer_comes_late_but_is_right(client: httpx.Client, app: Emulator) -> None:
    app.faults.extend([Fault(CREATE, "delay", value=30), Fault(CREATE, "500-before", after=1)])
    started = time.monotonic()
    assert client.post(TIERS, json=BODY).status_code == 200
    assert time.monotonic() - started >= 0.03
    app.faults.append(Fault(CREATE, "delay", value=30))
    started = time.monotonic()
    assert client.post(TIERS, json=BODY).status_code == 500
    assert time.monotonic() - started >= 0.03


def test_lists_lie(client: httpx.Client, app: Emulator) -> None:
    app.voucherify.add_tiers("Club", [{"name": name} for name in "ABC"])
    app.faults.extend([Fault(LIST, "total", value=2), Fault(LIST, "cap", value=1, times=2)])
    first, second, third = (client.get(TIERS).json() for _ in range(3))
    assert (len(first["data"]), first["total"]) == (1, 5)
    assert (len(second["data"]), second["total"]) == (1, 3)
    assert (len(third["data"]), third["total"]) == (3, 3)
    app.faults.extend([Fault(LIST, "shift", value=1), Fault(LIST, "repeat")])
    assert [tier["name"] for tier in client.get(TIERS).json()["data"]] == ["B", "C", "C"]
    app.faults.append(Fault(LIST, "insert"))
    longer = client.get(TIERS).json()
    assert ([tier["name"] for tier in longer["data"]], longer["total"]) == (["A (new)", "A", "B", "C"], 4)
    assert len({tier["id"] for tier in longer["data"]}) == 4
    app.faults.append(Fault("GET /v1/loyalties", "cap"))
    assert client.get("/v1/loyalties").json()["campaigns"] == []


def test_lies_leave_other_answers_alone(client: httpx.Client, app: Emulator) -> None:
    app.faults.extend([Fault("* /*", "total", times=None, value=2), Fault("* /*", "cap", times=None)])
    app.faults.append(Fault("* /*", "insert", times=None))
    assert client.get("/v1/loyalties/Club").json()["name"] == "Club"
    assert client.post(TIERS, json=BODY).json()[0]["name"] == "Bronze"


def test_queue_serves_one_deciding_fault_per_request_in_order(client: httpx.Client, app: Emulator) -> None:
    app.faults.append(Fault("GET /v1/campaigns", "503-before"))
    app.faults.extend([Fault(LIST, "502-before", times=2), Fault(LIST, "500-before", after=2)])
    assert [client.get(TIERS).status_code for _ in range(4)] == [502, 502, 500, 200]
    assert len(app.faults) == 1


def test_standing_fault_lasts_until_cleared(client: httpx.Client, app: Emulator) -> None:
    app.faults.append(Fault("* /voucherify/v1/loyalties/*", "503-before", times=None))
    assert [client.get(TIERS).status_code for _ in range(3)] == [503, 503, 503]
    app.faults.clear()
    assert client.get(TIERS).status_code == 200


def test_every_kind_is_described() -> None:
    assert all(KINDS.values())
    assert len(KINDS) == 36


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"on": CREATE, "kind": "sulk"}, "fault kind 'sulk' is none of"),
        ({"on": "/v1/loyalties", "kind": "empty"}, "a fault is on METHOD /path"),
        ({"on": "post /v1/loyalties", "kind": "empty"}, "a fault is on METHOD /path"),
        ({"on": CREATE, "kind": "empty", "times": 0}, "at least once, not 0 times"),
        ({"on": CREATE, "kind": "empty", "times": None, "after": -1}, "no fewer than 0"),
        ({"on": CREATE, "kind": "html-before", "value": 204}, "204 is no HTTP status of a page"),
        ({"on": CREATE, "kind": "html-after", "value": 799}, "799 is no HTTP status of a page"),
        ({"on": LIST, "kind": "cap", "value": -1}, "-1 is no value for a fault: 0 to 86400000"),
        ({"on": LIST, "kind": "total", "value": -86_400_001}, "no value for a fault: -86400000 to 86400000"),
    ],
)
def test_bad_fault_is_refused(fault: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Fault(**fault)


def test_list_may_lag_behind_what_was_created(client: httpx.Client, app: Emulator, clock: Any) -> None:
    app.voucherify.add_tiers("Club", [{"name": "by hand"}])
    client.post(TIERS, json=BODY)
    client.post("/v1/loyalties", json={"name": "New"})
    clock.time += 3
    client.post(TIERS, json=BODY)
    app.faults.extend(
        [Fault(LIST, "lag", value=3001), Fault(LIST, "lag", value=2999), Fault("GET *", "lag", times=None)]
    )
    lists = [client.get(TIERS).json() for _ in range(4)]
    assert [(len(found["data"]), found["total"]) for found in lists] == [(1, 1), (2, 2), (2, 2), (2, 2)]
    app.faults.clear()
    app.faults.append(Fault("GET /v1/loyalties", "lag", value=3001))
    assert [client.get("/v1/loyalties").json()["total"] for _ in range(2)] == [1, 2]
    assert client.get(f"{TIERS}/{app.voucherify.tiers('Club')[-1]['id']}").status_code == 200
