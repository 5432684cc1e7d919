"""The emulated org, as somebody else's client meets it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from harness import InProcess

from tierops.emulator import Emulator, Switches
from tierops.providers.salesforce.emulator import Api

DATA = "/services/data/v64.0"
TIER = f"{DATA}/sobjects/LoyaltyTier"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    app = Emulator(vendors=(Api,))
    app.vendors["salesforce"].load_examples()
    yield app
    app.close()


@pytest.fixture
def client(emulator: Emulator) -> httpx.Client:
    return httpx.Client(
        transport=InProcess(emulator),
        base_url="http://127.0.0.1/salesforce",
        headers={"Authorization": "Bearer 00DXX!any"},
    )


def switch(emulator: Emulator, *settings: str) -> None:
    emulator.switches = Switches.parse([f"salesforce.{one}" for one in settings], (Api,))


def ask(client: httpx.Client, text: str) -> httpx.Response:
    return client.get(f"{DATA}/query", params={"q": text})


def record(emulator: Emulator, **fields: object) -> dict[str, object]:
    return {"LoyaltyTierGroupId": emulator.salesforce.group("Status")["id"], "Name": "Gold", **fields}


def test_the_example_is_there_once(emulator: Emulator, client: httpx.Client) -> None:
    emulator.vendors["salesforce"].load_examples()
    answer = ask(client, "SELECT Id, Name, MinimumEligibleBalance, Color FROM LoyaltyTier ORDER BY Id").json()
    assert (answer["totalSize"], answer["done"]) == (2, True)
    assert [(row["Name"], row["MinimumEligibleBalance"], row["Color"]) for row in answer["records"]] == [
        ("Bronze", 0.0, None),
        ("Silver", 250.0, "#C0C0C0"),
    ]
    assert answer["records"][0]["attributes"]["url"].startswith(f"{TIER}/0lg")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT", "MALFORMED_QUERY"),
        ("SELECT Id FROM LoyaltyTier WHERE Name LIKE 'x'", "MALFORMED_QUERY"),
        ("SELECT Id FROM LoyaltyTier WHERE Name = 'x' OR Name = 'y'", "MALFORMED_QUERY"),
        ("SELECT Id FROM LoyaltyTier WHERE Name = 'x", "MALFORMED_QUERY"),
        ("SELECT Id FROM LoyaltyTier ORDER BY Name UP", "MALFORMED_QUERY"),
        ("SELECT Id FROM LoyaltyTier ORDER BY Nope", "INVALID_FIELD"),
        ("SELECT Id, Nope FROM LoyaltyTier", "INVALID_FIELD"),
        ("SELECT Id FROM LoyaltyTier WHERE Nope = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Account", "INVALID_TYPE"),
    ],
)
def test_a_query_of_another_shape_is_refused(client: httpx.Client, text: str, code: str) -> None:
    answer = ask(client, text)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_query_compares_texts_without_case_and_counts(client: httpx.Client) -> None:
    assert ask(client, "SELECT COUNT() FROM LoyaltyTier").json() == {"totalSize": 2, "done": True, "records": []}
    assert ask(client, "select Id from LoyaltyTier where Name = 'BRONZE' limit 5").json()["totalSize"] == 1


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("MinimumEligibleBalance", ["Bronze", "silver", "Silver", "Gold"]),
        ("MinimumEligibleBalance DESC, Id asc", ["Gold", "Silver", "silver", "Bronze"]),
        ("Color, Name DESC", ["silver", "Gold", "Bronze", "Silver"]),  # what is null comes first
        ("Name desc limit 1", ["Silver"]),
    ],
)
def test_a_query_orders_numbers_by_value_and_texts_without_case(
    order: str, names: list[str], emulator: Emulator, client: httpx.Client
) -> None:
    more = [{"Name": "Gold", "MinimumEligibleBalance": 1000}, {"Name": "silver", "MinimumEligibleBalance": 99}]
    emulator.salesforce.add_tiers("Status", more)
    answer = ask(
        client,
        f"SELECT Name FROM LoyaltyTier ORDER BY {order}",
    )
    assert [row["Name"] for row in answer.json()["records"]] == names


def test_batches_have_locators(emulator: Emulator, client: httpx.Client) -> None:
    switch(emulator, "batch_size=1")
    first = ask(client, "SELECT Name FROM LoyaltyTier ORDER BY Id").json()
    assert (first["done"], [row["Name"] for row in first["records"]]) == (False, ["Bronze"])
    last = client.get(first["nextRecordsUrl"]).json()
    assert (last["done"], [row["Name"] for row in last["records"]], last["totalSize"]) == (True, ["Silver"], 2)
    assert client.get(f"{DATA}/query/01gXX0000000099-1").json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_one_record_is_created_changed_and_deleted(emulator: Emulator, client: httpx.Client) -> None:
    created = client.post(TIER, json=record(emulator, MinimumEligibleBalance=499.95))
    assert (created.status_code, created.json()["success"]) == (201, True)
    id_ = created.json()["id"]
    assert client.patch(f"{TIER}/{id_}", json={"Color": "#FFD700"}).status_code == 204
    row = ask(client, f"SELECT Color, MinimumEligibleBalance FROM LoyaltyTier WHERE Id = '{id_}'").json()["records"][0]
    assert (row["Color"], row["MinimumEligibleBalance"]) == ("#FFD700", 499.95)
    whole = client.get(f"{TIER}/{id_}").json()
    assert (whole["Id"], whole["Name"], whole["Color"]) == (id_, "Gold", "#FFD700")
    assert client.get(f"{TIER}/0lgXX0000009999AAA").status_code == 404
    assert client.delete(f"{TIER}/{id_[:15]}").status_code == 404  # its long form only
    assert client.delete(f"{TIER}/{id_}").status_code == 204
    assert client.delete(f"{TIER}/{id_}").status_code == 404
    assert client.put(TIER, json={}).status_code == 405


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Name": ""}, "REQUIRED_FIELD_MISSING"),
        ({"Name": "x" * 256}, "STRING_TOO_LONG"),
        ({"Name": 7}, "JSON_PARSER_ERROR"),
        ({"Nope": 1}, "INVALID_FIELD"),
        ({"MinimumEligibleBalance": "1"}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"LoyaltyTierGroupId": "0ltXX0000009999AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
def test_a_record_that_is_not_good_is_refused(
    emulator: Emulator, client: httpx.Client, fields: dict[str, object], code: str
) -> None:
    answer = client.post(TIER, json=record(emulator, **fields))
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


@pytest.mark.parametrize(
    ("setting", "fields", "code"),
    [
        ("duplicate_name=refused", {"Name": "Silver"}, "DUPLICATE_VALUE"),
        ("duplicate_sequence=refused", {"SequenceNumber": 20}, "DUPLICATE_VALUE"),
        ("crossing_balances=refused", {"MinimumEligibleBalance": 250}, "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        (
            "crossing_balances=refused",
            {"MinimumEligibleBalance": 9, "MaximumEligibleBalance": 8},
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        ),
        ("key_field=absent", {"Tierops_Key__c": "x"}, "INVALID_FIELD"),
    ],
)
def test_what_a_switch_lets_an_org_refuse(
    emulator: Emulator, client: httpx.Client, setting: str, fields: dict[str, object], code: str
) -> None:
    if "key" not in setting:
        assert client.post(TIER, json=record(emulator, **fields)).status_code == 201
        emulator.salesforce.delete_tier("Status", emulator.salesforce.tiers("Status")[-1]["id"])
    switch(emulator, setting)
    answer = client.post(TIER, json=record(emulator, **fields))
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_unique_key_is_there_once_whatever_its_case(emulator: Emulator, client: httpx.Client) -> None:
    first = client.post(TIER, json=record(emulator, Tierops_Key__c="g:Gold")).json()["id"]
    answer = client.post(TIER, json=record(emulator, Tierops_Key__c="G:gold")).json()
    assert answer[0]["message"] == (
        f"duplicate value found: Tierops_Key__c duplicates value on record with id: {first[:15]}"
    )
    client.delete(f"{TIER}/{first}")
    switch(emulator, "deleted_key=taken")
    assert client.post(TIER, json=record(emulator, Tierops_Key__c="g:gold")).status_code == 400
    switch(emulator, "deleted_key=free")
    assert client.post(TIER, json=record(emulator, Tierops_Key__c="g:gold")).status_code == 201
    switch(emulator, "key_field=external")
    assert client.post(TIER, json=record(emulator, Tierops_Key__c="g:gold")).status_code == 201


def test_without_all_or_none_each_record_is_on_its_own(emulator: Emulator, client: httpx.Client) -> None:
    rows = [{"attributes": {"type": "LoyaltyTier"}, **record(emulator, Name=name)} for name in ("A", "", "B")]
    results = client.post(f"{DATA}/composite/sobjects", json={"allOrNone": False, "records": rows}).json()
    assert [row["success"] for row in results] == [True, False, True]
    results = client.post(f"{DATA}/composite/sobjects", json={"allOrNone": True, "records": rows}).json()
    assert [row["success"] for row in results] == [False] * 3
    assert [row["errors"][0]["statusCode"] for row in results] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "REQUIRED_FIELD_MISSING",
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    ]
    for body in ({"records": []}, {"records": rows * 70}, [], "x"):
        assert client.post(f"{DATA}/composite/sobjects", json=body).status_code == 400


def test_a_limit_of_a_day_is_a_403_without_a_word_of_when_it_ends(emulator: Emulator, client: httpx.Client) -> None:
    switch(emulator, "rate_limit=1")
    first, second = client.get("/services/data/"), client.get("/services/data/")
    assert first.headers["Sforce-Limit-Info"] == "api-usage=1/1"
    assert (second.status_code, second.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert "Retry-After" not in second.headers


def test_signing_in(emulator: Emulator, client: httpx.Client) -> None:
    switch(emulator, "accepted_keys=id:secret", "token_requests=1")
    form = {"grant_type": "client_credentials", "client_id": "id", "client_secret": "secret"}
    answer = client.post("/services/oauth2/token", data=form).json()
    assert answer.keys() >= {"access_token", "instance_url", "id", "token_type", "issued_at", "signature"}
    assert "expires_in" not in answer
    assert answer["instance_url"] == "http://127.0.0.1/salesforce"  # where requests go, as whoever follows it finds
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    described = client.get(f"{TIER}/describe", headers=bearer)
    assert [field["name"] for field in described.json()["fields"] if field["unique"]] == ["Tierops_Key__c"]
    again = client.get(f"{TIER}/describe", headers=bearer)
    assert (again.status_code, again.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    assert client.get(f"{TIER}/describe").status_code == 401
    # Whoever takes parts of the token out of texts leaves the ids of records whole.
    made = emulator.salesforce.add_group("Club", "Status")["id"]
    assert not any(made[start : start + 8] in answer["access_token"] for start in range(len(made) - 7))
    assert emulator.salesforce.store.next_id("")[:8] not in answer["access_token"]
    assert client.post("/services/oauth2/token", data=form | {"client_id": "x"}).json()["error"] == "invalid_client"
    assert client.post("/services/oauth2/token", data={}).json()["error"] == "unsupported_grant_type"
