"""Creating, replacing, reading and deleting tier groups as Fanfare documents it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tierops.emulator import Emulator

CREATE = "/audiences/loyalty-tiers"
ORGANIZATION = "019a0000-0000-7000-8000-0000000000aa"


def tier(name: str, order: int, start: Any, end: Any = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "order": order, "startValue": start, **({} if end is None else {"endValue": end}), **more}


TIERS = [tier("Bronze", 0, 0, 100), tier("Silver", 1, 100, 500, iconName="medal"), tier("Gold", 2, 500)]


def group(*tiers: dict[str, Any], name: str = "Points Tiers", attribute: str = "loyaltyBalance") -> dict[str, Any]:
    return {"groupName": name, "attribute": attribute, "tiers": list(tiers)}


def test_create_answers_200_with_full_audiences(fanfare_either: httpx.Client) -> None:
    response = fanfare_either.post(CREATE, json=group(*TIERS))
    assert response.status_code == 200
    body = response.json()
    assert [audience["name"] for audience in body["audiences"]] == ["Bronze", "Silver", "Gold"]
    silver = body["audiences"][1]
    rule = {"organizationId": ORGANIZATION, "audienceId": silver["id"], "groupId": None, "field": "loyaltyBalance"}
    assert silver == {
        "id": silver["id"],
        "organizationId": ORGANIZATION,
        "createdAt": "2026-01-01T00:00:00.000Z",
        "createdBy": "secret-key",
        "archived": False,
        "name": "Silver",
        "type": "DYNAMIC",
        "description": None,
        "groupId": body["tierGroup"],
        "groupType": "SEGMENTED_VALUE",
        "groupName": "Points Tiers",
        "iconName": "medal",
        "metadata": {
            "tierGroup": body["tierGroup"],
            "tierAttribute": "loyaltyBalance",
            "tierOrder": 1,
            "tierBoundaries": {"min": 100, "max": 500},
        },
        "rules": [
            {
                **rule,
                "id": silver["rules"][0]["id"],
                "position": 0,
                "operator": "GREATER_THAN_OR_EQUAL",
                "values": [100],
            },
            {**rule, "id": silver["rules"][1]["id"], "position": 1, "operator": "LESS_THAN", "values": [500]},
        ],
        "imports": [],
        "lastRefreshedAt": None,
        "refreshIntervalSeconds": None,
        "updatedAt": None,
        "updatedBy": None,
        "primaryExternalId": None,
        "primarySourceVendor": None,
        "primarySyncSourceId": None,
        "primaryLastSyncedAt": None,
    }
    ids = [audience["id"] for audience in body["audiences"]]
    ids += [rule["id"] for audience in body["audiences"] for rule in audience["rules"]]
    assert len({*ids, body["tierGroup"]}) == 3 + 5 + 1
    assert fanfare_either.get(f"/audiences/groups/{body['tierGroup']}").json() == body["audiences"]
    assert fanfare_either.get(f"/audiences/{silver['id']}").json() == silver


@pytest.mark.parametrize("base", ["/fanfare", "/fanfare/api", "/fanfare/api/v1"])
def test_every_base_of_the_documentation_leads_to_the_same_data(app: Emulator, base: str) -> None:
    app.fanfare.load_examples()
    headers = {"Authorization": "Bearer key"}
    with httpx.Client(transport=httpx.WSGITransport(app=app), base_url=f"http://x{base}", headers=headers) as client:
        names = [audience["name"] for audience in client.get("/audiences").json()["data"]]
    assert names == ["Platinum", "Gold", "Silver", "Bronze"]
    assert app.requests == [("GET", f"{base}/audiences", None)]


def test_repeated_create_makes_a_second_group(fanfare: httpx.Client, app: Emulator) -> None:
    first, second = (fanfare.post(CREATE, json=group(*TIERS)).json()["tierGroup"] for _ in range(2))
    assert first != second
    assert [one["groupName"] for one in app.fanfare.groups()] == ["Points Tiers", "Points Tiers"]
    assert app.writes == 2


def test_numbers_come_back_digit_for_digit(fanfare: httpx.Client, app: Emulator) -> None:
    exact = "0.1000000000000000055511151231257827"
    sent = f"""{{"groupName": "G", "attribute": "ltv", "tiers": [
        {{"name": "A", "order": 0.0, "startValue": {exact}, "endValue": "99.90"}},
        {{"name": "B", "order": 1, "startValue": 99.90, "endValue": 12345678901234567890}},
        {{"name": "C", "order": 2, "startValue": 12345678901234567890}}]}}"""
    headers = {"Content-Type": "application/json"}
    response = fanfare.post(CREATE, content=sent, headers=headers)
    for text in (response.text, fanfare.get("/audiences").text):
        assert f'"tierBoundaries":{{"min":{exact},"max":"99.90"}}' in text
        assert f'"operator":"GREATER_THAN_OR_EQUAL","values":[{exact}]' in text
        assert '"tierBoundaries":{"min":99.90,"max":12345678901234567890}' in text
        assert '"tierOrder":0.0,' in text
    assert app.fanfare.group("G")[1]["rules"][0]["values"] == [Decimal("99.90")]


@pytest.mark.parametrize("number", ["1e999", "-1e-999", "1e99999999999999999999", "0e999"])
def test_number_no_double_could_hold_is_malformed(fanfare: httpx.Client, number: str) -> None:
    response = fanfare.post(CREATE, content=f"[{number}]", headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert response.json() == {"error": "bad_request", "message": "Invalid JSON in request body"}


def test_group_read_is_a_bare_array_of_its_members_only(fanfare: httpx.Client, app: Emulator) -> None:
    app.fanfare.load_examples()
    created = fanfare.post(CREATE, json=group(*TIERS)).json()
    assert fanfare.get(f"/audiences/groups/{created['tierGroup']}").json() == created["audiences"]


def test_archived_group_is_out_of_sight(fanfare: httpx.Client, app: Emulator) -> None:
    created = fanfare.post(CREATE, json=group(*TIERS)).json()
    group_id = created["tierGroup"]
    for audience in created["audiences"]:
        app.fanfare.edit_audience(audience["id"], archived=True)
    assert fanfare.get("/audiences").json() == {"data": [], "pageInfo": {"startCursor": None, "endCursor": None}}
    assert fanfare.get(f"/audiences/groups/{group_id}").json() == []
    assert app.fanfare.groups() == []
    assert len(app.fanfare.audiences()) == 3


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/audiences/groups/nothing", "Audience group not found"),
        ("/audiences/nothing", "Audience not found"),
        ("/audiences/Bronze", "Audience not found"),
    ],
)
def test_unknown_id_is_404(fanfare: httpx.Client, app: Emulator, path: str, text: str) -> None:
    app.fanfare.load_examples()
    response = fanfare.get(path)
    assert (response.status_code, response.json()) == (404, {"error": text})


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ({"groupName": 3}, ["groupName"]),
        ({"attribute": "totalOrderValue"}, ["attribute"]),
        ({"tiers": None}, ["tiers"]),
        ({"tiers": [3]}, ["tiers.0"]),
        ({"tiers": [{}]}, ["tiers.0.name", "tiers.0.order", "tiers.0.startValue"]),
        ({"tiers": [tier("", 0, 0)]}, ["tiers.0.name"]),
        ({"tiers": [tier("A", "0", 0)]}, ["tiers.0.order"]),  # type: ignore[arg-type]
        ({"tiers": [tier("A", True, 0)]}, ["tiers.0.order"]),
        ({"tiers": [tier("A", 0, None)]}, ["tiers.0.startValue"]),
        ({"tiers": [tier("A", 0, "ten", "1e5")]}, ["tiers.0.startValue", "tiers.0.endValue"]),
        ({"tiers": [tier("A", 0, 0, iconName=1)]}, ["tiers.0.iconName"]),
    ],
)
def test_invalid_body_is_refused_with_all_its_issues(
    fanfare: httpx.Client, app: Emulator, change: dict[str, Any], places: list[str]
) -> None:
    response = fanfare.post(CREATE, json=group(*TIERS) | change)
    assert response.status_code == 400
    assert response.json()["error"] == "validation_error"
    issues = response.json()["issues"]
    assert [".".join(str(item["key"]) for item in issue["path"]) for issue in issues] == places
    for issue in issues:
        assert issue.keys() == {"kind", "type", "expected", "received", "message", "path"}
        assert all(item.keys() == {"type", "origin", "input", "key"} for item in issue["path"])
    assert app.fanfare.audiences() == []


def test_absent_key_has_the_documented_issue(fanfare: httpx.Client) -> None:
    sent = {"attribute": "ltv", "tiers": []}
    assert fanfare.post(CREATE, json=sent).json()["issues"] == [
        {
            "kind": "validation",
            "type": "required",
            "expected": "string",
            "received": "undefined",
            "message": "Required field",
            "path": [{"type": "object", "origin": "value", "input": sent, "key": "groupName"}],
        }
    ]
    (issue,) = fanfare.post(CREATE, json=[1]).json()["issues"]
    assert (issue["received"], issue["path"]) == ("Array", [])


def test_issues_of_one_answer_are_bounded(fanfare: httpx.Client) -> None:
    assert len(fanfare.post(CREATE, json=group(*[{}] * 50)).json()["issues"]) == 20


def test_null_end_and_icon_count_as_absent_and_unknown_keys_are_dropped(fanfare: httpx.Client) -> None:
    sent = group({**tier("A", 0, 0), "endValue": None, "iconName": None, "id": "mine"})
    (created,) = fanfare.post(CREATE, json=sent).json()["audiences"]
    assert created["metadata"]["tierBoundaries"] == {"min": 0, "max": None}
    assert [rule["operator"] for rule in created["rules"]] == ["GREATER_THAN_OR_EQUAL"]
    assert created["id"] != "mine"


@pytest.mark.parametrize(("content", "kind"), [("{", "application/json"), ("{}", "text/plain"), ("\xff", None)])
def test_body_that_is_no_json_is_a_bad_request(fanfare: httpx.Client, content: str, kind: str | None) -> None:
    response = fanfare.post(CREATE, content=content, headers={} if kind is None else {"Content-Type": kind})
    assert response.status_code == 400
    assert response.json() == {"error": "bad_request", "message": "Invalid JSON in request body"}


def test_body_over_ten_mebibytes_is_413(fanfare: httpx.Client) -> None:
    assert fanfare.post(CREATE, content=b" " * (10 * 1024 * 1024 + 1)).status_code == 413


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({"Authorization": ""}, "Authentication required"),
        ({"Authorization": "Bearer"}, "Authentication required"),
        ({"Authorization": "Basic abc"}, "Authentication required"),
        ({"Authorization": "Bearer pk_test_1"}, "Secret key required"),
    ],
)
def test_request_without_a_secret_key_is_401(
    fanfare_either: httpx.Client, app: Emulator, headers: dict[str, str], text: str
) -> None:
    response = fanfare_either.post(CREATE, json=group(*TIERS), headers=headers)
    assert (response.status_code, response.json()) == (401, {"error": text})
    assert (app.fanfare.audiences(), app.writes) == ([], 0)


def test_unknown_paths_and_methods(fanfare: httpx.Client) -> None:
    assert fanfare.get("/loyalty").status_code == 404
    assert fanfare.get("/").json() == {"error": "not_found", "message": "Not found"}
    refused = fanfare.patch("/audiences/some")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET")
    assert refused.json() == {"error": "method_not_allowed", "message": "PATCH is not allowed"}


@pytest.mark.parametrize(("levels", "status"), [(99, 200), (100, 400), (5000, 400)])
def test_body_nested_too_deep_is_malformed(fanfare: httpx.Client, levels: int, status: int) -> None:
    body = f'{{"groupName":"A","attribute":"ltv","tiers":[],"x":{"[" * levels}0.5{"]" * levels}}}'
    response = fanfare.post(CREATE, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == status


def test_every_answer_tells_the_limit_and_a_request_id(fanfare: httpx.Client, clock: Any) -> None:
    headers = fanfare.get("/audiences").headers
    assert headers["X-RateLimit-Limit"] == "1000"
    assert headers["X-RateLimit-Remaining"] == "999"
    assert headers["X-RateLimit-Reset"] == str(int(clock.time) + 60)
    assert headers["X-Request-Id"].startswith("req_")


def test_large_group_is_listed_whole(fanfare: httpx.Client) -> None:
    many = [tier(f"T{i}", i, i, i + 1) for i in range(120)]
    created = json.loads(fanfare.post(CREATE, json=group(*many)).text)
    assert len(created["audiences"]) == len({audience["id"] for audience in created["audiences"]}) == 120
