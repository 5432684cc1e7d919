"""Listing, creating and reading tiers as Voucherify documents it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tierops.emulator import Emulator

TIERS = "/v1/loyalties/camp_club/tiers"


def _post(client: httpx.Client, body: Any, path: str = TIERS) -> httpx.Response:
    return client.post(path, json=body)


def _names(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [tier["name"] for tier in response.json()["data"]]


def test_documented_example_is_listed_exactly_and_read_by_id_and_name(either: httpx.Client, app: Emulator) -> None:
    app.voucherify.load_examples()
    app.voucherify.load_examples()
    by_id = either.get("/v1/loyalties/camp_fkZ28pe7DUAEmmabofkxHI8N/tiers").json()
    assert by_id == either.get("/v1/loyalties/Loyalty%20Campaign%20-%20Tiers/tiers").json()
    assert [tier["name"] for tier in by_id["data"]] == ["Bottom", "Middle", "Tier 1 - Top"]
    assert by_id["data"] == app.voucherify.tiers("camp_fkZ28pe7DUAEmmabofkxHI8N")
    assert {key: value for key, value in by_id.items() if key != "data"} == {
        "object": "list",
        "data_ref": "data",
        "total": 3,
    }
    top = by_id["data"][2]
    assert top["created_at"] == "2022-11-09T06:26:54.797Z"
    assert top["config"] == {"points": {"from": 500, "to": 1000}}
    assert either.get(f"/v1/loyalties/camp_fkZ28pe7DUAEmmabofkxHI8N/tiers/{top['id']}").json() == top
    campaign = either.get("/v1/loyalties/camp_fkZ28pe7DUAEmmabofkxHI8N").json()
    assert campaign["vouchers_count"] == 3
    assert campaign["loyalty_tiers_expiration"]["qualification_type"] == "BALANCE"


def test_create_answers_200_with_full_tiers_of_one_batch(either: httpx.Client) -> None:
    body = [
        {"name": "Bronze", "points": {"from": 0, "to": 99}},
        {"name": "Gold", "points": {"from": 100}, "metadata": {"share": 0.1}},
    ]
    response = _post(either, body)
    assert response.status_code == 200
    bronze, gold = response.json()
    assert bronze == {
        "id": bronze["id"],
        "name": "Bronze",
        "campaign_id": "camp_club",
        "metadata": {},
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": None,
        "earning_rules": {},
        "rewards": {},
        "config": {"points": {"from": 0, "to": 99}},
        "points": {"from": 0, "to": 99},
        "object": "loyalty_tier",
    }
    assert gold["points"] == gold["config"]["points"] == {"from": 100}
    assert gold["metadata"] == {"share": 0.1}
    assert '"share":0.1}' in response.text
    assert len(bronze["id"]) == len("ltr_") + 18
    assert int(gold["id"][4:], 16) - int(bronze["id"][4:], 16) == 1


def test_second_create_appends(client: httpx.Client) -> None:
    _post(client, [{"name": "Bronze", "points": {}}])
    _post(client, [{"name": "Bronze", "points": {}}])
    listed = client.get(TIERS).json()
    assert listed["total"] == 2
    assert listed["data"][0]["points"] == {}


def test_mappings_come_back_as_sent(client: httpx.Client) -> None:
    mappings = {
        "earning_rules": {"ern_1": {"type": "MULTIPLY", "multiplier": 1.25}, "ern_2": {}},
        "rewards": {"rewa_1": {"type": "CUSTOM", "points": 300}},
    }
    created = _post(client, [{"name": "Bronze", "points": {}, **mappings}]).json()[0]
    assert {key: created[key] for key in mappings} == mappings


def test_list_shows_ten_unless_asked_for_more_and_total_counts_all(client: httpx.Client, app: Emulator) -> None:
    app.voucherify.add_tiers("Club", [{"name": f"T{i}"} for i in range(120)])
    listed = client.get(TIERS).json()
    assert (len(listed["data"]), listed["total"]) == (10, 120)
    assert len(client.get(TIERS, params={"limit": 100}).json()["data"]) == 100


@pytest.mark.parametrize(
    ("query", "details"),
    [
        ({"limit": "0"}, "Property .limit must be >= 1"),
        ({"limit": "101"}, "Property .limit must be <= 100"),
        ({"limit": "ten"}, "Property .limit must be integer"),
        ({"limit": ""}, "Property .limit must be integer"),
        ({"order": "name"}, "Property .order must be equal to one of the allowed values"),
    ],
)
def test_bad_query_is_refused(client: httpx.Client, query: dict[str, str], details: str) -> None:
    response = client.get(TIERS, params=query)
    assert response.status_code == 400
    body = response.json()
    assert (body["key"], body["message"], body["details"]) == ("invalid_query_params", "Invalid query params", details)


def test_list_is_ordered_as_asked(client: httpx.Client, app: Emulator) -> None:
    times = {"A": ("2024-01-01", "2024-03-01"), "B": ("2024-01-02", None), "C": ("2024-01-03", "2024-02-01")}
    raw = [{"name": name, "created_at": made, "updated_at": edited} for name, (made, edited) in times.items()]
    app.voucherify.add_tiers("Club", raw)
    expected = {"created_at": "ABC", "-created_at": "CBA", "updated_at": "BCA", "-updated_at": "ACB"}
    for order, names in expected.items():
        assert "".join(_names(client.get(TIERS, params={"order": order}))) == names
    assert _names(client.get(TIERS)) == ["C", "B", "A"]


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"name": "Bronze"}, "Payload must be array"),
        ([], "Payload must NOT have fewer than 1 items"),
        (["Bronze"], "Property [0] must be object"),
        ([{"points": {}}], "Payload should have required property 'name'"),
        ([{"name": "Bronze"}], "Payload should have required property 'points'"),
        ([{"name": 1, "points": {}}], "Property [0].name must be string"),
        ([{"name": "B", "points": []}], "Property [0].points must be object"),
        ([{"name": "B", "points": {"from": 1.5}}], "Property [0].points.from must be integer"),
        ([{"name": "B", "points": {"from": True}}], "Property [0].points.from must be integer"),
        ([{"name": "B", "points": {"to": "9"}}], "Property [0].points.to must be integer"),
        ([{"name": "B", "points": {}, "metadata": None}], "Property [0].metadata must be object"),
        ([{"name": "B", "points": {}, "rewards": []}], "Property [0].rewards must be object"),
        (
            [{"name": "B", "points": {}, "earning_rules": {"e": {"type": "ADD"}}}],
            "Property [0].earning_rules.e.type must be equal to one of the allowed values",
        ),
        (
            [{"name": "B", "points": {}, "earning_rules": {"e": {"multiplier": "2"}}}],
            "Property [0].earning_rules.e.multiplier must be number",
        ),
        (
            [{"name": "B", "points": {}, "rewards": {"r": {"points": 0.5}}}],
            "Property [0].rewards.r.points must be integer",
        ),
    ],
)
def test_bad_payload_is_refused_and_nothing_is_stored(
    client: httpx.Client, app: Emulator, body: Any, details: str
) -> None:
    response = _post(client, body)
    assert response.status_code == 400
    refusal = response.json()
    assert (refusal["code"], refusal["key"], refusal["details"]) == (400, "invalid_payload", details)
    assert app.voucherify.tiers("Club") == []


def test_campaign_name_may_hold_slashes_blanks_and_letters_of_any_script(either: httpx.Client, app: Emulator) -> None:
    for name, quoted in {
        "A/B/C": "A%2FB%2FC",
        "Café 100%": "Caf%C3%A9%20100%25",
        "会员?": "%E4%BC%9A%E5%91%98%3F",
    }.items():
        campaign_id = app.voucherify.add_campaign(name)["id"]
        created = either.post(f"/v1/loyalties/{quoted}/tiers", json=[{"name": "Bronze", "points": {}}])
        assert created.json()[0]["campaign_id"] == campaign_id, created.text
        assert either.get(f"/v1/loyalties/{quoted}/tiers").json()["total"] == 1
        assert either.get(f"/v1/loyalties/{quoted}").json()["name"] == name
        path = f"/v1/loyalties/{quoted}/tiers/{created.json()[0]['id']}"
        assert either.get(path).json() == created.json()[0]


def test_unknown_campaign_and_tier_are_echoed(either: httpx.Client) -> None:
    response = either.get("/v1/loyalties/Summer%20Loyalty/tiers")
    assert response.status_code == 404
    body = response.json()
    assert body.pop("request_id").startswith("v-")
    assert body == {
        "code": 404,
        "key": "not_found",
        "message": "Resource not found",
        "details": "Cannot find campaign with id Summer Loyalty",
        "resource_id": "Summer Loyalty",
        "resource_type": "campaign",
    }
    missing = either.get(f"{TIERS}/ltr_none").json()
    assert missing["details"] == "Cannot find loyalty_tier with id ltr_none"
    assert len(missing["request_id"]) == len("v-") + 18


def test_tier_is_read_by_id_only(client: httpx.Client, app: Emulator) -> None:
    app.voucherify.add_tiers("Club", [{"name": "Bronze"}])
    assert client.get(f"{TIERS}/Bronze").status_code == 404


def test_dashboard_edits_are_seen_by_readers(client: httpx.Client, app: Emulator, clock: Any) -> None:
    tier = app.voucherify.add_tiers("Club", [{"name": "Bronze", "points": {"from": 0}}])[0]
    clock.time += 1.5
    app.voucherify.edit_tier("Club", "Bronze", name="Copper", points={"from": 5})
    seen = client.get(f"{TIERS}/{tier['id']}").json()
    assert seen["name"] == "Copper"
    assert seen["config"] == {"points": {"from": 5}}
    assert seen["updated_at"] == "2026-01-01T00:00:01.500Z"
    app.voucherify.edit_tier("Club", tier["id"], points={"from": 7}, config={"points": {"from": 8}})
    assert client.get(TIERS).json()["data"][0]["config"] == {"points": {"from": 8}}
    app.voucherify.delete_tier("Club", "Copper")
    assert client.get(TIERS).json()["total"] == 0
    assert app.voucherify.add_tiers("Club", [{"name": "Bronze"}])[0]["id"] != tier["id"]


def test_dashboard_raises_on_what_is_not_there(app: Emulator) -> None:
    with pytest.raises(LookupError, match="no campaign 'X'"):
        app.voucherify.tiers("X")
    with pytest.raises(LookupError, match="no tier 'X' in campaign 'Club'"):
        app.voucherify.edit_tier("Club", "X", name="Y")
