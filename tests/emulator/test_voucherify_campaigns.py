"""Campaigns and keys as Voucherify documents them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tierops.emulator import Emulator

TIERS = "/v1/loyalties/camp_club/tiers"
REQUIRED = (
    "id name campaign_type type auto_join join_once use_voucher_metadata_schema created_at creation_status"
    " vouchers_generation_status protected category_id categories object"
)


def test_created_campaign_has_every_required_field(client: httpx.Client) -> None:
    body = {
        "name": "New",
        "campaign_type": "LOYALTY_PROGRAM",
        "join_once": False,
        "description": None,
        "voucher": {"type": "LOYALTY_CARD", "loyalty_card": {"points": 5}},
        "metadata": {"a": 1},
        "tiers": [{"name": "ignored"}],
    }
    created = client.post("/v1/loyalties", json=body)
    assert created.status_code == 200, created.text
    campaign = created.json()
    assert set(REQUIRED.split()) <= set(campaign)
    assert campaign["join_once"] is True
    assert campaign["voucher"]["loyalty_card"] == {"points": 5}
    assert campaign["voucher"]["is_referral_code"] is False
    assert "tiers" not in campaign
    assert client.get(f"/v1/loyalties/{campaign['id']}").json() == campaign
    assert client.get("/v1/loyalties/New/tiers").json()["total"] == 0


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ([], "Payload must be object"),
        ({}, "Payload should have required property 'name'"),
        ({"name": 1}, "Property .name must be string"),
        (
            {"name": "A", "campaign_type": "PROMOTION"},
            "Property .campaign_type must be equal to one of the allowed values",
        ),
    ],
)
def test_bad_campaign_is_refused(client: httpx.Client, body: Any, details: str) -> None:
    response = client.post("/v1/loyalties", json=body)
    assert (response.status_code, response.json()["details"]) == (400, details)


def test_taken_campaign_name_is_409(client: httpx.Client) -> None:
    response = client.post("/v1/loyalties", json={"name": "Club"})
    assert response.status_code == 409
    body = response.json()
    del body["request_id"]
    assert body == {
        "code": 409,
        "key": "duplicate_found",
        "message": "Duplicated resource found",
        "details": "Duplicated campaign exists with name Club",
        "resource_id": "Club",
        "resource_type": "campaign",
    }


def test_seed_refuses_a_taken_name_or_id(app: Emulator) -> None:
    with pytest.raises(ValueError, match="campaign 'Club' is there already"):
        app.voucherify.add_campaign("Club")
    with pytest.raises(ValueError, match="camp_club is there already"):
        app.voucherify.add_campaign("Other", id="camp_club")
    assert app.voucherify.add_campaign("camp_club")["name"] == "camp_club"
    assert app.voucherify.campaign("camp_club")["name"] == "Club"
    assert [campaign["name"] for campaign in app.voucherify.campaigns()] == ["Club", "camp_club"]


def test_campaigns_are_paged_newest_first(client: httpx.Client, app: Emulator, clock: Any) -> None:
    for number in range(11):
        clock.time += 1
        app.voucherify.add_campaign(f"L{number}")
    app.voucherify.add_campaign("P", campaign_type="PROMOTION")
    first = client.get("/v1/loyalties").json()
    assert (first["data_ref"], first["total"], len(first["campaigns"])) == ("campaigns", 12, 10)
    assert first["campaigns"][0]["name"] == "L10"
    second = client.get("/v1/loyalties", params={"page": 2}).json()
    assert [campaign["name"] for campaign in second["campaigns"]] == ["L0", "Club"]
    assert client.get("/v1/loyalties", params={"page": 3}).json()["campaigns"] == []
    oldest = client.get("/v1/loyalties", params={"order": "created_at", "limit": 1}).json()
    assert oldest["campaigns"][0]["name"] == "Club"


def test_campaign_of_another_type_is_no_loyalty_campaign(
    client: httpx.Client, app: Emulator, switched: Callable[..., None]
) -> None:
    app.voucherify.add_campaign("Gifts", campaign_type="GIFT_VOUCHERS", voucher={"type": "G"})
    assert (app.voucherify.campaign("Gifts")["voucher"], client.get("/v1/loyalties").json()["total"]) == (
        {"type": "G"},
        1,
    )
    for path in ("/v1/loyalties/Gifts", "/v1/loyalties/Gifts/tiers"):
        switched("voucherify.foreign_campaign=404")
        assert client.get(path).json()["details"] == "Cannot find campaign with id Gifts"
        switched("voucherify.foreign_campaign=400")
        assert client.get(path).status_code == 400


@pytest.mark.parametrize("query", [{"page": "0"}, {"page": "101"}, {"limit": "101"}, {"order": "name"}])
def test_bad_campaign_query_is_refused(client: httpx.Client, query: dict[str, str]) -> None:
    response = client.get("/v1/loyalties", params=query)
    assert (response.status_code, response.json()["key"]) == (400, "invalid_query_params")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-App-Id": "a"}, 401),
        ({"X-App-Id": "a", "X-App-Token": ""}, 401),
        ({"X-App-Id": "a", "X-App-Token": "b"}, 200),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Basic abc"}, 401),
        ({"Authorization": "bearer abc"}, 200),
    ],
)
def test_any_keys_open_but_none_do_not(app: Emulator, headers: dict[str, str], status: int) -> None:
    with httpx.Client(
        transport=httpx.WSGITransport(app=app), base_url="http://x/voucherify", headers=headers
    ) as client:
        response = client.get(TIERS)
    assert response.status_code == status
    if status == 401:
        assert response.json() == {"code": 401, "message": "Unauthorized", "key": "unauthorized"}


def test_only_accepted_keys_open_where_they_are_named(client: httpx.Client, switched: Callable[..., None]) -> None:
    switched("voucherify.accepted_keys=app:token, secret")
    assert client.get(TIERS).status_code == 200
    assert client.get(TIERS, headers={"X-App-Token": "wrong"}).status_code == 401
    no_keys = {"X-App-Id": "", "X-App-Token": ""}
    assert client.get(TIERS, headers={**no_keys, "Authorization": "Bearer secret"}).status_code == 200
    assert client.get(TIERS, headers={**no_keys, "Authorization": "Bearer other"}).status_code == 401
