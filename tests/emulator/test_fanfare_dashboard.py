"""The Python methods that play somebody in Fanfare's dashboard."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tierops.emulator import Emulator

TIERS = [
    {"name": "Bronze", "order": 0, "startValue": 0, "endValue": "99.90"},
    {"name": "Silver", "order": 1, "startValue": Decimal("99.90")},
]


def test_documented_example_is_loaded_once(app: Emulator, fanfare: httpx.Client) -> None:
    loaded = app.fanfare.load_examples()
    assert app.fanfare.load_examples() == loaded
    (group,) = app.fanfare.groups()
    assert (group["groupName"], group["attribute"], group["audiences"]) == ("Spending Tiers", "ltv", loaded)
    assert [(one["name"], one["metadata"]["tierOrder"], one["metadata"]["tierBoundaries"]) for one in loaded] == [
        ("Bronze", 0, {"min": 0, "max": 100}),
        ("Silver", 1, {"min": 100, "max": 500}),
        ("Gold", 2, {"min": 500, "max": 1000}),
        ("Platinum", 3, {"min": 1000, "max": None}),
    ]
    assert fanfare.get(f"/audiences/groups/{group['groupId']}").json() == loaded


def test_group_takes_an_id_and_a_time_and_checks_nothing(app: Emulator) -> None:
    odd = [{"name": "A", "order": 0, "startValue": 9, "endValue": 1}, {"name": "A", "order": 0, "startValue": 0}]
    made = app.fanfare.add_group("Odd", "shoeSize", odd, id="group-1", created_at="2020-01-01T00:00:00Z")
    assert {(one["groupId"], one["createdAt"], one["createdBy"]) for one in made} == {
        ("group-1", "2020-01-01T00:00:00Z", "dashboard")
    }
    assert app.fanfare.group("group-1") == app.fanfare.group("Odd") == made
    assert app.fanfare.add_group("None", "ltv") == []


def test_data_file_keeps_numbers_digit_for_digit(tmp_path: Path) -> None:
    first = Emulator(tmp_path / "data.sqlite")
    made = first.fanfare.add_group("Club", "ltv", TIERS)
    first.close()
    second = Emulator(tmp_path / "data.sqlite")
    assert second.fanfare.audiences() == made
    assert str(second.fanfare.group("Club")[1]["metadata"]["tierBoundaries"]["min"]) == "99.90"
    assert second.fanfare.add_audience("New")["id"] > made[1]["id"]
    second.close()


def test_edit_changes_one_audience(app: Emulator, clock: Any) -> None:
    app.fanfare.add_group("Club", "ltv", TIERS)
    app.fanfare.add_group("Other", "ltv", TIERS)
    clock.time += 1
    rule = {"field": "ltv", "operator": "IN", "values": [Decimal("1.0")]}
    edited = app.fanfare.edit_audience("Silver", group="Other", rules=[rule], description="new")
    assert (edited["groupName"], edited["description"], edited["updatedBy"]) == ("Other", "new", "dashboard")
    assert edited["updatedAt"] == "2026-01-01T00:00:01.000Z"
    assert [(one["operator"], one["audienceId"]) for one in edited["rules"]] == [("IN", edited["id"])]
    assert app.fanfare.group("Other")[1] == edited
    assert app.fanfare.group("Club")[1]["updatedAt"] is None
    assert app.fanfare.edit_audience(edited["id"], iconName="star")["iconName"] == "star"


def test_deleted_tier_is_archived(app: Emulator) -> None:
    app.fanfare.add_group("Club", "ltv", TIERS)
    app.fanfare.delete_tier("Club", "Bronze")
    assert [one["name"] for one in app.fanfare.group("Club")] == ["Silver"]
    assert [(one["name"], one["archived"]) for one in app.fanfare.audiences()] == [("Bronze", True), ("Silver", False)]


def test_unknown_names_are_lookup_errors(app: Emulator) -> None:
    app.fanfare.add_group("Club", "ltv", TIERS)
    for text, call in {
        "no group 'Klub'": lambda: app.fanfare.group("Klub"),
        "no audience 'Gold'$": lambda: app.fanfare.edit_audience("Gold", name="x"),
        "no audience 'Gold' in group 'Club'": lambda: app.fanfare.delete_tier("Club", "Gold"),
    }.items():
        with pytest.raises(LookupError, match=text):
            call()


def test_any_audience_can_be_made_by_hand(app: Emulator) -> None:
    grouped = {"groupId": "g", "groupName": "By hand", "groupType": "SEGMENTED_VALUE"}
    low = {"field": "ltv", "operator": "LESS_THAN", "values": [5]}
    app.fanfare.add_audience("Low", **grouped, rules=[low])
    app.fanfare.add_audience("Loose", type="STATIC_LIST")
    (group,) = app.fanfare.groups()
    assert (group["attribute"], group["audiences"][0]["metadata"]) == ("ltv", None)
    app.fanfare.add_audience("Odd", **grouped, rules=[low | {"field": "aov"}], metadata={})
    assert app.fanfare.groups()[0]["attribute"] is None
    app.fanfare.add_audience("Champions", id="fixed", groupId="r", groupName="RFM", groupType="RFM", archived=False)
    assert [one["groupName"] for one in app.fanfare.groups()] == ["By hand", "RFM"]
    assert len(app.fanfare.audiences()) == 4
    with pytest.raises(ValueError, match="fixed is there already"):
        app.fanfare.add_audience("Again", id="fixed")


def test_replaced_group_keeps_what_matches(app: Emulator) -> None:
    made = app.fanfare.add_group("Club", "ltv", TIERS)
    replaced = app.fanfare.replace_group("Club", "Klub", "aov", TIERS[:1])
    assert [(one["id"], one["groupName"], one["updatedBy"]) for one in replaced] == [
        (made[0]["id"], "Klub", "dashboard")
    ]
    assert app.fanfare.groups()[0]["attribute"] == "aov"
