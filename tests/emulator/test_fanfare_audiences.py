"""Audiences one by one, their rules, and cursor pages as Fanfare documents them."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from tierops.emulator import Emulator

RULE = {"field": "ltv", "operator": "GREATER_THAN", "values": ["10.50"]}


def _letters(app: Emulator, clock: Any, letters: str) -> None:
    for letter in letters:
        clock.time += 1
        app.fanfare.add_audience(letter)


def _page(client: httpx.Client, **query: Any) -> tuple[str, str | None, str | None]:
    response = client.get("/audiences", params=query)
    assert response.status_code == 200, response.text
    body = response.json()
    assert body.keys() == {"data", "pageInfo"}
    names = "".join(audience["name"] for audience in body["data"])
    return names, body["pageInfo"]["startCursor"], body["pageInfo"]["endCursor"]


def test_pages_go_forward_until_the_cursor_is_null(fanfare_either: httpx.Client, app: Emulator, clock: Any) -> None:
    _letters(app, clock, "ABCDE")
    first, start, end = _page(fanfare_either, first=2)
    assert (first, start is None) == ("ED", False)
    second, _, end = _page(fanfare_either, first=2, after=end)
    third, _, last = _page(fanfare_either, first=2, after=end)
    assert (second, third, last) == ("CB", "A", None)


def test_page_that_is_exactly_full_is_the_last_one(fanfare: httpx.Client, app: Emulator, clock: Any) -> None:
    _letters(app, clock, "AB")
    assert _page(fanfare, first=2)[0::2] == ("BA", None)


def test_pages_go_backward_too(fanfare: httpx.Client, app: Emulator, clock: Any) -> None:
    _letters(app, clock, "ABCDE")
    last, start, end = _page(fanfare, last=2)
    assert (last, end is None) == ("BA", False)
    middle, start, _ = _page(fanfare, last=2, before=start)
    first, none, _ = _page(fanfare, last=2, before=start)
    assert (middle, first, none) == ("DC", "E", None)


def test_sorting(fanfare: httpx.Client, app: Emulator, clock: Any) -> None:
    _letters(app, clock, "BCA")
    app.fanfare.edit_audience("C", lastRefreshedAt="2026-01-02T00:00:00Z")
    app.fanfare.edit_audience("B", lastRefreshedAt="2026-01-01T00:00:00Z")
    assert _page(fanfare, sortBy="name")[0] == "CBA"
    assert _page(fanfare, sortBy="name", sortDir="asc")[0] == "ABC"
    assert _page(fanfare, sortBy="createdAt", sortDir="asc")[0] == "BCA"
    assert _page(fanfare, sortBy="lastRefreshedAt")[0] == "CBA"
    _, _, end = _page(fanfare, sortBy="name", sortDir="asc", first=1)
    assert _page(fanfare, sortBy="name", sortDir="asc", first=1, after=end)[0] == "B"


def test_same_creation_time_is_paged_without_loss(fanfare: httpx.Client, app: Emulator) -> None:
    for number in range(7):
        app.fanfare.add_audience(str(number))
    seen, cursor = "", None
    while True:
        names, _, cursor = _page(fanfare, first=3, **({} if cursor is None else {"after": cursor}))
        seen += names
        if cursor is None:
            break
    assert seen == "6543210"


def test_cursor_holds_its_place_when_the_list_changes(fanfare: httpx.Client, app: Emulator, clock: Any) -> None:
    _letters(app, clock, "ABCD")
    _, _, end = _page(fanfare, first=2)
    _letters(app, clock, "E")
    app.fanfare.edit_audience("C", archived=True)
    assert _page(fanfare, first=2, after=end)[0] == "BA"


def test_cursor_is_base64_of_json_and_lives_for_a_day(fanfare: httpx.Client, app: Emulator, clock: Any) -> None:
    _letters(app, clock, "AB")
    _, _, end = _page(fanfare, first=1)
    assert end is not None
    json.loads(base64.b64decode(end, validate=True))
    clock.time += 24 * 3600
    assert _page(fanfare, first=1, after=end)[0] == "A"
    clock.time += 1
    assert fanfare.get("/audiences", params={"after": end}).status_code == 400


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ({"first": "0"}, "first"),
        ({"first": "101"}, "first"),
        ({"first": "many"}, "first"),
        ({"last": ""}, "last"),
        ({"first": "1", "last": "1"}, "last"),
        ({"first": "1", "before": "x"}, "before"),
        ({"after": "%%%"}, "after"),
        ({"after": "e30="}, "after"),
        ({"after": "e3"}, "after"),
        ({"before": ""}, "before"),
        ({"sortBy": "order"}, "sortBy"),
        ({"sortDir": "up"}, "sortDir"),
        ({"include": "rules,members"}, "include"),
    ],
)
def test_wrong_query_is_refused(fanfare: httpx.Client, query: dict[str, str], key: str) -> None:
    response = fanfare.get("/audiences", params=query)
    assert response.status_code == 400
    assert response.json()["issues"][0]["path"][0]["key"] == key


def test_cursor_of_another_sorting_is_refused(fanfare: httpx.Client, app: Emulator, clock: Any) -> None:
    _letters(app, clock, "AB")
    _, _, end = _page(fanfare, first=1)
    for other in ({"sortBy": "name"}, {"sortDir": "asc"}):
        assert fanfare.get("/audiences", params={"after": end, **other}).status_code == 400


def test_include_names_the_parts_of_an_audience(fanfare: httpx.Client, app: Emulator) -> None:
    source = {"id": "1", "syncStatus": "SUCCESS"}
    audience_id = app.fanfare.add_audience("Synced", type="SYNCED_LIST", primarySyncSource=source)["id"]

    def parts(**query: str) -> set[str]:
        body = fanfare.get(f"/audiences/{audience_id}", params=query).json()
        return {"rules", "imports", "primarySyncSource"} & body.keys()

    assert parts() == {"rules", "imports"}
    assert parts(include="primarySyncSource, rules") == {"rules", "primarySyncSource"}
    assert parts(include="") == set()
    listed = fanfare.get("/audiences", params={"include": "primarySyncSource"}).json()["data"][0]
    assert listed["primarySyncSource"] == source


def test_audience_is_created_changed_and_archived(fanfare_either: httpx.Client, clock: Any) -> None:
    sent = {"name": "VIP", "type": "DYNAMIC", "description": "by hand", "rules": [RULE], "metadata": {"share": 0.25}}
    created = fanfare_either.post("/audiences", json=sent)
    assert created.status_code == 200
    audience = created.json()
    assert (audience["name"], audience["description"], audience["metadata"]) == ("VIP", "by hand", {"share": 0.25})
    assert audience["rules"][0]["values"] == ["10.50"]
    path = f"/audiences/{audience['id']}"
    clock.time += 1
    changed = fanfare_either.put(path, json={"name": "Top", "metadata": {"a": 1}}).json()
    assert "rules" not in changed
    assert (changed["name"], changed["metadata"], changed["description"]) == ("Top", {"a": 1}, "by hand")
    assert changed["updatedAt"] == "2026-01-01T00:00:01.000Z"
    archived = fanfare_either.delete(path).json()
    assert (archived["archived"], "rules" in archived) == (True, False)
    assert _page(fanfare_either)[0] == ""
    assert fanfare_either.get(path).json()["archived"] is True


@pytest.mark.parametrize(
    ("method", "path", "body", "place"),
    [
        ("POST", "", {"name": "A"}, "type"),
        ("POST", "", {"name": "A", "type": "STATIC"}, "type"),
        ("POST", "", {"name": "A", "type": "DYNAMIC", "metadata": []}, "metadata"),
        ("POST", "", {"name": "A", "type": "DYNAMIC", "rules": [{"field": "ltv", "operator": "IN"}]}, "rules.0.values"),
        ("PUT", "/{id}", {"name": None}, "name"),
        ("PUT", "/{id}", {"groupType": "TIERS"}, "groupType"),
        ("POST", "/{id}/rules", RULE, "audienceId"),
        ("POST", "/{id}/rules", {**RULE, "audienceId": "x", "operator": "LIKE"}, "operator"),
        ("POST", "/{id}/rules", {**RULE, "audienceId": "x", "values": [1, [2]]}, "values.1"),
        ("PUT", "/{id}/rules", {}, "rules"),
        ("PUT", "/{id}/rules", {"rules": [RULE]}, "rules.0.audienceId"),
    ],
)
def test_invalid_audience_or_rule_is_refused(
    fanfare: httpx.Client, app: Emulator, method: str, path: str, body: Any, place: str
) -> None:
    audience_id = app.fanfare.add_audience("Any")["id"]
    response = fanfare.request(method, f"/audiences{path}".replace("{id}", audience_id), json=body)
    assert response.status_code == 400
    assert [".".join(str(item["key"]) for item in issue["path"]) for issue in response.json()["issues"]] == [place]


@pytest.mark.parametrize(("levels", "status"), [(99, 200), (100, 400), (5000, 400)])
def test_body_nested_too_deep_is_malformed(fanfare: httpx.Client, levels: int, status: int) -> None:
    body = f'{{"name":"A","type":"DYNAMIC","metadata":{{"x":{"[" * (levels - 1)}0.5{"]" * (levels - 1)}}}}}'
    response = fanfare.post("/audiences", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == status


def test_nullable_fields_take_null(fanfare: httpx.Client) -> None:
    sent = {"name": "A", "type": "STATIC_LIST", "groupId": None, "rules": None, "primarySyncSource": None}
    created = fanfare.post("/audiences", json=sent).json()
    assert (created["groupId"], created["rules"]) == (None, [])


def test_rules_are_read_added_and_replaced(fanfare: httpx.Client, app: Emulator) -> None:
    audience = app.fanfare.add_audience("Any", rules=[RULE])
    path = f"/audiences/{audience['id']}/rules"
    assert fanfare.get(path).json() == audience["rules"]
    added = fanfare.post(path, json={**RULE, "audienceId": audience["id"], "groupId": "clause"})
    assert added.status_code == 200
    assert (added.json()["groupId"], added.json()["position"]) == ("clause", 1)
    assert fanfare.get(path).json() == [*audience["rules"], added.json()]
    replaced = fanfare.put(
        path, json={"rules": [{**RULE, "audienceId": audience["id"], "values": [1, None, True, "x"]}]}
    )
    assert replaced.json()[0]["values"] == [1, None, True, "x"]
    assert replaced.json()[0]["id"] not in {audience["rules"][0]["id"], added.json()["id"]}
    assert app.fanfare.audiences()[0]["rules"] == replaced.json()


def test_status_and_count_say_that_membership_is_computed(fanfare: httpx.Client, app: Emulator) -> None:
    audience_id = app.fanfare.add_audience("Any")["id"]
    status = fanfare.get(f"/audiences/{audience_id}/status").json()
    assert (status["audienceId"], status["stale"], status["inProgress"]) == (audience_id, False, False)
    assert fanfare.get(f"/audiences/{audience_id}/count").json() == {"audienceId": audience_id, "count": 0}
