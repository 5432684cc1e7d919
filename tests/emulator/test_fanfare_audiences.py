"""Audiences one by one and in cursor pages, as Fanfare documents them."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from tierops.emulator import Emulator


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
