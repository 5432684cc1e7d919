"""Loyalty v2 as its documentation describes it: structures and their life, tiers, cursors, programs."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from emulator.conftest import Clock
from tierops.emulator import Emulator, Switches

BASE = "/v2/loyalties/tier-structures"
CLUB = f"{BASE}/lts_club"
WALLET = {"card_definition_id": "lcdef_1"}
NEW = {"name": "New", "type": "POINT_BALANCE", "point_balance": WALLET}
EARNED = {**WALLET, "period": {"value": 1, "unit": "YEAR"}, "type": "IMMEDIATELY"}


@pytest.fixture
def v2(app: Emulator, client: httpx.Client) -> httpx.Client:
    app.voucherify_v2.add_structure("Club tiers", id="lts_club")
    app.voucherify_v2.add_card("Coffee points", id="lcdef_1")
    return client


def tier(name: str, lower: Any, upper: Any = None, **more: Any) -> dict[str, Any]:
    points = {"min_value": lower} | ({} if upper is None else {"max_value": upper})
    return {"name": name, "qualification_rules": {"type": "POINTS", "points": points}, **more}


def for_segment(name: str, lower: int) -> dict[str, Any]:
    rules = {"type": "POINTS_AND_SEGMENT", "points": {"min_value": lower}, "segment": {"id": "seg_1"}}
    return {"name": name, "qualification_rules": rules}


def set_switches(app: Emulator, *settings: str) -> None:
    app.switches = Switches.parse([f"voucherify-v2.{one}" for one in settings])


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("key", "")


def test_both_versions_answer_at_one_address_and_a_path_of_neither_as_v1_does(v2: httpx.Client) -> None:
    assert v2.get("/v1/loyalties/Club/tiers").json()["total"] == 0
    assert v2.get(f"{CLUB}/tiers").json() == {"data": [], "cursor": None, "object": "list"}
    assert v2.get("/v3/loyalties").json() == {"statusCode": 404, "error": "Not Found", "message": "Not Found"}
    assert v2.patch(CLUB).status_code == 405
    assert v2.get(f"{CLUB}/tiers/lt_1").status_code == 405  # there is no read of one tier
    assert v2.get(CLUB, headers={"X-App-Token": ""}).status_code == 401


def test_a_structure_is_made_as_a_draft_with_the_documented_defaults(v2: httpx.Client) -> None:
    made = v2.post(BASE, json=NEW)
    assert made.status_code == 200
    structure = made.json()
    assert structure["id"].startswith("lts_")
    shown = {key: structure[key] for key in ("type", "point_balance", "expiration", "downgrade", "metadata", "status")}
    assert shown == {
        "type": "POINT_BALANCE",
        "point_balance": WALLET,
        "expiration": {"type": "NO_RETENTION"},
        "downgrade": {"type": "NO_DOWNGRADE"},
        "metadata": {},
        "status": "DRAFT",
    }
    assert (structure["updated_at"], structure["object"]) == (None, "tier_structure")
    assert v2.get(f"{BASE}/{structure['id']}").json() == structure
    earned = v2.post(BASE, json={"name": "E", "type": "POINT_EARNED", "point_earned": EARNED})
    assert "point_balance" not in earned.json()


@pytest.mark.parametrize(
    "body",
    [
        [],
        {**NEW, "tiers": []},
        {**NEW, "name": ""},
        {**NEW, "name": "x" * 201},
        {**NEW, "type": "SPEND"},
        {**NEW, "point_earned": EARNED},
        {"name": "A", "type": "POINT_BALANCE"},
        {"name": "A", "type": "POINT_EARNED", "point_earned": {**EARNED, "period": {"value": 13, "unit": "MONTH"}}},
        {**NEW, "downgrade": {"type": "NEVER"}},
        {**NEW, "status": "INACTIVE"},
    ],
)
def test_a_structure_that_the_schema_does_not_allow_is_400(v2: httpx.Client, body: Any) -> None:
    assert said(v2.post(BASE, json=body)) == (400, "invalid_payload")


def test_a_tier_is_created_as_documented(v2: httpx.Client) -> None:
    body = tier("Gold", 500, downgrade={"type": "NO_DOWNGRADE"}, metadata={"perk": "free refill"})
    made = v2.post(f"{CLUB}/tiers", json=body)
    assert made.status_code == 200
    row = made.json()
    assert row.items() >= body.items()
    assert row.keys() - body.keys() == {
        "id", "tier_structure_id", "created_at", "updated_at", "object", "points_expiration"
    }  # fmt: skip
    assert v2.get(f"{CLUB}/tiers").json()["data"] == [row]
    (activity,) = [one for one in v2.get(f"{CLUB}/activities").json()["data"] if "tier" in one["data"]]
    assert (activity["type"], activity["data"]["tier"]) == ("vl.tier_structure.tier.created", row)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "A"},
        {"qualification_rules": {"type": "POINTS", "points": {"min_value": 0}}},
        tier("A", 0, id="lt_1"),
        tier("A", None),
        tier("A", -1),
        tier("A", 0, 1_000_000_001),
        tier("A", "0"),
        tier("A", 9, 8),
        {"name": "A", "qualification_rules": {"type": "POINTS", "points": {"min_value": 0, "max_value": None}}},
        {"name": "A", "qualification_rules": {"type": "POINTS", "points": {"min_value": 0}, "segment": {"id": "s"}}},
        {"name": "A", "qualification_rules": {"type": "POINTS_AND_SEGMENT", "points": {"min_value": 0}}},
        tier("A", 0, downgrade={"type": "MULTI_LEVEL"}),
        tier("A", 0, points_expiration={"type": "LATER"}),
        tier("A", 0, metadata=[]),
    ],
)
def test_a_tier_that_the_schema_does_not_allow_is_400(v2: httpx.Client, body: Any) -> None:
    assert said(v2.post(f"{CLUB}/tiers", json=body)) == (400, "invalid_payload")
    assert v2.get(f"{CLUB}/tiers").json()["data"] == []


@pytest.mark.parametrize(
    ("setting", "bodies", "last"),
    [
        ("overlap=403", [tier("A", 0, 9), tier("B", 9)], (403, "tier_overlap")),
        ("overlap=400", [tier("A", 0), tier("B", 9)], (400, "tier_overlap")),
        ("overlap=accepted", [tier("A", 0), tier("B", 0)], (200, "")),
        ("inner_open=accepted", [tier("A", 0), tier("B", 9)], (200, "")),
        ("path_overlap=accepted", [tier("A", 0), for_segment("B", 0)], (200, "")),
        ("path_overlap=refused", [tier("A", 0), for_segment("B", 0)], (403, "tier_overlap")),
        ("duplicate_tier=accepted", [tier("A", 0, 1), tier("A", 2)], (200, "")),
        ("duplicate_tier=409", [tier("A", 0, 1), tier("A", 2)], (409, "duplicate_found")),
        ("duplicate_tier=400", [tier("A", 0, 1), tier("A", 2)], (400, "duplicate_found")),
        ("inverted_range=accepted", [tier("A", 9, 8)], (200, "")),
        ("equal_bounds=400", [tier("A", 9, 9)], (400, "invalid_payload")),
        ("decimals=accepted", [tier("A", 9.5)], (200, "")),
        ("decimals=400", [tier("A", 9.5)], (400, "invalid_payload")),
        ("points_expiration=refused", [tier("A", 0, points_expiration={"type": "INHERIT"})], (400, "invalid_payload")),
        ("null_field=default", [tier("A", 0, metadata=None, downgrade=None)], (200, "")),
        ("null_field=400", [tier("A", 0, metadata=None)], (400, "invalid_payload")),
        ("tier_cap=10", [tier(f"T{n}", n, n) for n in range(11)], (403, "tiers_per_tier_structure_limit_exceeded")),
    ],
)
def test_what_is_open_about_a_new_tier_is_a_switch(
    setting: str, bodies: list[Any], last: tuple[int, str], app: Emulator, v2: httpx.Client
) -> None:
    set_switches(app, setting)
    *before, end = [said(v2.post(f"{CLUB}/tiers", json=body)) for body in bodies]
    assert [one for one, _ in before] == [200] * len(before)
    assert end == last


def test_outside_a_draft_only_names_and_metadata_can_be_changed(app: Emulator, v2: httpx.Client) -> None:
    made = v2.post(f"{CLUB}/tiers", json=tier("A", 0, metadata={"a": 1})).json()
    path = f"{CLUB}/tiers/{made['id']}"
    assert v2.put(path, json=tier("A", 5)).status_code == 200
    assert v2.post(f"{CLUB}/activate").json()["status"] == "ACTIVE"
    frozen = {"qualification_rules": tier("A", 7)["qualification_rules"]}
    assert said(v2.put(path, json=frozen)) == (400, "invalid_payload")
    assert said(v2.put(CLUB, json={"downgrade": {"type": "MULTI_LEVEL"}})) == (400, "invalid_payload")
    assert said(v2.post(f"{CLUB}/tiers", json=tier("B", 9))) == (400, "invalid_payload")
    assert said(v2.delete(path)) == (400, "invalid_payload")
    assert v2.put(path, json={"name": "B", "metadata": {"b": 2}}).json()["metadata"] == {"b": 2}
    set_switches(app, "put_metadata=merges", "frozen_put=ignored", "frozen_create=accepted", "frozen_delete=accepted")
    assert v2.put(path, json={"metadata": {"c": 3}}).json()["metadata"] == {"b": 2, "c": 3}
    assert v2.put(path, json=frozen).json()["qualification_rules"]["points"] == {"min_value": 5}
    assert v2.put(CLUB, json={"name": "Renamed"}).json()["name"] == "Renamed"
    assert v2.delete(path).json()["name"] == "B"
    assert v2.post(f"{CLUB}/tiers", json=tier("B", 9)).status_code == 200
    set_switches(app, "frozen_same=accepted")
    assert v2.put(CLUB, json={"downgrade": {"type": "NO_DOWNGRADE"}}).status_code == 200


def test_a_structure_goes_through_its_life(app: Emulator, v2: httpx.Client) -> None:
    assert said(v2.post(f"{CLUB}/deactivate")) == (400, "invalid_state_transition")
    for act, status in (("activate", "ACTIVE"), ("deactivate", "INACTIVE"), ("activate", "ACTIVE"), ("draft", "DRAFT")):
        assert v2.post(f"{CLUB}/{act}").json()["status"] == status
    set_switches(app, "wrong_transition=409", "activate_empty=423")
    assert v2.post(f"{CLUB}/draft").status_code == 409
    assert v2.post(f"{CLUB}/activate").status_code == 423
    assert v2.delete(CLUB).json()["status"] == "DELETED"
    assert said(v2.get(CLUB)) == (404, "not_found")
    assert v2.get(BASE).json()["data"] == []
    set_switches(app, "deleted=shown", "resource_type=absent")
    assert [one["status"] for one in v2.get(BASE).json()["data"]] == ["DELETED"]
    assert "resource_type" not in v2.get(CLUB).json()
    types = [
        one["type"].rpartition(".")[2] for one in app.voucherify_v2.store.stored("voucherify-v2.activity", "lts_club")
    ]
    assert types == ["created", "activated", "deactivated", "activated", "drafted", "deleted"]


def test_programs_hold_one_structure_and_lock_it(app: Emulator, v2: httpx.Client) -> None:
    programs = "/v2/loyalties/programs"
    program = app.voucherify_v2.add_program("Coffee Club")["id"]
    app.voucherify_v2.add_structure("Other", id="lts_other")
    batch = f"{programs}/{program}/tier-structures/batch"
    assigned = v2.post(batch, json={"assign": [{"id": "lts_club"}]}).json()
    assert [one["tier_structure_id"] for one in assigned["assigned"]] == ["lts_club"]
    assert assigned["unassigned"] is None
    assert said(v2.post(batch, json={"assign": [{"id": "lts_club"}]})) == (409, "duplicate_found")
    limit = (403, "tier_structure_assignments_limit_exceeded")
    assert said(v2.post(batch, json={"assign": [{"id": "lts_other"}]})) == limit
    assert said(v2.post(batch, json={"assign": [{"id": "lts_none"}]})) == (404, "not_found")
    assert v2.get(f"{programs}/{program}").json()["name"] == "Coffee Club"
    assert [one["name"] for one in v2.get(programs).json()["data"]] == ["Coffee Club"]
    listed = v2.get(f"{programs}/{program}/tier-structures").json()["data"]
    assert [one["tier_structure_id"] for one in listed] == ["lts_club"]
    assert said(v2.delete(CLUB)) == (400, "resource_in_use")
    v2.post(f"{CLUB}/activate")
    assert v2.post(batch, json={"unassign": [{"id": "lts_club"}]}).status_code == 200
    live = app.voucherify_v2.add_program("Live", status="ACTIVE", structure="lts_club")["id"]
    assert said(v2.post(f"{CLUB}/draft")) == (423, "connected_non_draft_program")
    assert said(v2.post(f"{programs}/{live}/tier-structures/batch", json={"unassign": [{"id": "lts_club"}]})) == (
        423,
        "non_draft_program",
    )


def test_pages_follow_each_other_by_cursors_that_belong_to_their_query(
    app: Emulator, v2: httpx.Client, clock: Clock
) -> None:
    app.voucherify_v2.add_tiers("lts_club", [{"name": f"T{n}", "min_value": n, "max_value": n} for n in range(5)])
    asked = {"limit": 2, "order": "created_at"}
    names, cursor = [], {}
    while cursor is not None:
        page = v2.get(f"{CLUB}/tiers", params={**asked, **cursor}).json()
        names.append([one["name"] for one in page["data"]])
        cursor = page["cursor"] and {"cursor": page["cursor"]["next"]}
    assert names == [["T0", "T1"], ["T2", "T3"], ["T4"]]
    assert v2.get(f"{CLUB}/tiers", params={"order": "-name"}).json()["data"][0]["name"] == "T4"
    given = v2.get(f"{CLUB}/tiers", params=asked).json()["cursor"]["next"]
    assert given.startswith("lcrst_")
    mismatch = (400, "cursor_and_query_mismatch")
    assert said(v2.get(f"{CLUB}/tiers", params={"cursor": given})) == mismatch
    set_switches(app, "foreign_cursor=first-query")
    assert len(v2.get(f"{CLUB}/tiers", params={"cursor": given}).json()["data"]) == 2
    clock.time += 15 * 60
    assert said(v2.get(f"{CLUB}/tiers", params={**asked, "cursor": given})) == (400, "invalid_or_expired_cursor")


@pytest.mark.parametrize(
    "query", [{"limit": 101}, {"limit": 0}, {"order": "id"}, {"filters[name][conditions][$is]": 1}]
)
def test_a_query_that_makes_no_sense_is_400(v2: httpx.Client, query: dict[str, Any]) -> None:
    assert said(v2.get(f"{CLUB}/tiers", params=query)) == (400, "invalid_query_params")


@pytest.mark.parametrize(("form", "names"), [("exact", ["Club tiers"]), ("folded", ["Club tiers", "club TIERS"])])
def test_structures_are_filtered_by_name(form: str, names: list[str], app: Emulator, v2: httpx.Client) -> None:
    set_switches(app, f"name_filter={form}")
    app.voucherify_v2.add_structure("club TIERS")
    asked = {"filters[name][conditions][$is]": "Club tiers", "order": "created_at"}
    assert sorted(one["name"] for one in v2.get(BASE, params=asked).json()["data"]) == names


@pytest.mark.parametrize("status", [402, 403, 404])
def test_a_project_without_v2_says_so(status: int, app: Emulator, v2: httpx.Client) -> None:
    set_switches(app, f"feature={status}")
    assert said(v2.get(BASE)) == (status, "missing_required_feature")
    assert v2.get("/v1/loyalties").status_code == 200


def test_the_example_is_loaded_once(app: Emulator) -> None:
    loaded = app.voucherify_v2.load_examples()
    assert app.voucherify_v2.load_examples() == loaded
    assert [one["name"] for one in app.voucherify_v2.tiers("Coffee Club tiers")] == ["Bronze", "Silver", "Gold"]
