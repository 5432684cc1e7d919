"""What is Talon.One's own: two reads that must agree, a log that says who it was, and never a write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness import Run, Slept, connect

from tierops.emulator import Emulator, Fault, Switches
from tierops.errors import Exit, IncompleteRead, VendorError
from tierops.model import Edit
from tierops.providers import contract
from tierops.providers.talonone import VENDOR, tiers
from tierops.providers.talonone.account import Account, explain

PROGRAM = """\
version: 1
program: club
targets:
  - talonone: {program: coffee_club}
tiers:
  - {name: Bronze, from: 100}
  - {name: Silver, from: 250}
  - {name: Gold, from: 500}
"""
HELD = (("Gold", 500), ("Bronze", 100), ("Silver", 250))
PLACE = VENDOR.place({"program": "coffee_club"})


@pytest.fixture
def club(emulator: Emulator) -> Emulator:
    emulator.talonone.add_program("coffee_club", [{"name": name, "minPoints": points} for name, points in HELD])
    Path("tiers").mkdir(exist_ok=True)
    return emulator


@pytest.fixture
def talonone(tierops: Run, club: Emulator) -> Run:
    Path("tiers/club.yaml").write_text(PROGRAM)
    return tierops


def test_what_is_live_and_wanted_has_no_drift_and_the_log_is_not_asked_for(talonone: Run, club: Emulator) -> None:
    ended = talonone("drift")
    assert (ended.code, ended.err) == (Exit.DONE, "")
    assert [sent[1] for sent in club.requests] == [
        "/talonone/v1/loyalty_programs",
        "/talonone/v1/loyalty_programs/139",
    ]


@pytest.mark.parametrize("entity", ["program", "tier"])
@pytest.mark.parametrize("chosen", ["begins", "equal", "ignored"])
def test_drift_says_who_changed_what_and_when(entity: str, chosen: str, talonone: Run, club: Emulator) -> None:
    club.talonone.add_program("tea_club", [{"name": "Leaf", "minPoints": 7}])
    club.talonone.edit_tier("tea_club", "Leaf", user=99, minPoints=8)
    club.talonone.edit_tier("coffee_club", "Gold", user=12, minPoints="450.5")
    club.talonone.delete_tier("coffee_club", "Silver", user=13)
    club.switches = Switches.parse([f"talonone.log_entity={entity}", f"talonone.log_filter={chosen}"])
    ended = talonone("drift", "--format", "json")
    assert ended.code == Exit.DIFFERENCES
    told = json.loads(ended.out)["histories"]["club/talonone"]
    if entity == "tier" and chosen == "equal":  # the log chooses by the path of a tier, which nobody knows
        assert told == {"edits": [], "trouble": None}
        return
    edits = [(edit["tier"], edit["by"], edit["before"], edit["after"]) for edit in told["edits"][:2]]
    gone = {} if entity == "program" else None
    assert edits == [
        ("Silver", "user 13", {"name": "Silver", "minPoints": 250}, gone),
        ("Gold", "user 12", {"minPoints": 500}, {"minPoints": 450.5}),
    ]
    assert not any(edit["by"] == "user 99" for edit in told["edits"])
    assert {method for method, _, _ in club.requests} == {"GET"}


@pytest.mark.parametrize("format_", ["text", "markdown", "html", "sarif", "junit"])
def test_every_report_of_drift_tells_it(format_: str, talonone: Run, club: Emulator) -> None:
    club.talonone.edit_tier("coffee_club", "Gold", user=12, minPoints=450)
    at = club.talonone.log()[-1]["created_at"]
    ended = talonone("drift", "--format", format_)
    assert ended.code == Exit.DIFFERENCES
    assert f"{at}, user 12: Gold: minPoints 500 " in ended.out


def test_the_log_stands_below_what_differs(talonone: Run, club: Emulator) -> None:
    club.talonone.edit_tier("coffee_club", "Gold", user=12, minPoints=450)
    at = club.talonone.log()[-1]["created_at"]
    told = talonone("drift").out.splitlines()
    line = told.index(f"  log of club/talonone: {at}, user 12: Gold: minPoints 500 → minPoints 450")
    assert "Gold: live 450+, file 500+" in told[line - 1]


def test_a_plan_does_not_ask_for_the_log(talonone: Run, club: Emulator) -> None:
    club.talonone.edit_tier("coffee_club", "Gold", minPoints=450)
    assert talonone("plan", "--detailed-exitcode").code == Exit.DIFFERENCES
    assert not [sent for sent in club.requests if sent[1].endswith("/changes")]


@pytest.mark.parametrize("form", ["message", "errors"])
def test_a_key_that_may_not_read_the_log_audits_all_the_same(form: str, talonone: Run, club: Emulator) -> None:
    club.talonone.edit_tier("coffee_club", "Gold", minPoints=450)
    club.switches = Switches.parse(["talonone.key_right=no_log", f"talonone.error_body={form}"])
    ended = talonone("drift")
    assert ended.code == Exit.DIFFERENCES
    assert (
        "log of club/talonone: could not be read: Talon.One answered GET /v1/changes with 403: Forbidden" in ended.out
    )


@pytest.mark.parametrize("setting", ["key_right=none", "key_end=past"])
def test_a_key_that_may_read_nothing_says_what_to_check(setting: str, talonone: Run, club: Emulator) -> None:
    club.switches = Switches.parse([f"talonone.{setting}"])
    ended = talonone("drift")
    assert (ended.code, "Check TALONONE_MANAGEMENT_KEY" in ended.err) == (Exit.FAILED, True)


def test_the_whole_way_sends_nothing_but_get(talonone: Run, club: Emulator) -> None:
    club.talonone.delete_tier("coffee_club", "Gold")
    assert talonone("validate").code == Exit.DONE
    planned = talonone("plan", "--out", "plan.json", "--detailed-exitcode")
    assert planned.code == Exit.DIFFERENCES
    assert "! Gold  500+ points" in planned.out
    assert VENDOR.read_only in " ".join(planned.out.split())
    assert talonone("apply", "plan.json").code == Exit.REMAINING
    assert talonone("apply", "--auto-approve").code == Exit.REMAINING
    at = ("--at", "program=coffee_club", "--program", "club", "--out", "tiers/club.yaml", "--force")
    assert talonone("import", "talonone", *at).code == Exit.DONE
    assert talonone("plan", "--detailed-exitcode").code == Exit.DONE
    assert ({method for method, _, _ in club.requests}, club.writes) == ({"GET"}, 0)


@pytest.mark.parametrize(
    ("edit", "finding"),
    [
        ("from: 500, to: 900", "not-representable"),
        ("from: 500.005", "not-representable"),
        ("from: 500, talonone: {icon: x}", "unknown key 'icon'"),
    ],
)
def test_what_talonone_cannot_hold_is_found_in_the_files(edit: str, finding: str, talonone: Run) -> None:
    Path("tiers/club.yaml").write_text(PROGRAM.replace("from: 500", edit))
    ended = talonone("validate")
    assert (ended.code, finding in ended.out + ended.err) == (Exit.FAILED, True), ended


# Reading.


def test_a_program_that_does_not_say_its_tiers_is_not_one_without(club: Emulator, slept: Slept) -> None:
    club.switches = Switches.parse(["talonone.tiers=absent"])
    with pytest.raises(VendorError, match="does not say which tiers it has"):
        connect(club, slept, vendor="talonone").fetch(PLACE)


def test_a_list_that_says_it_has_no_tiers_is_believed(club: Emulator, slept: Slept) -> None:
    club.switches = Switches.parse(["talonone.tiers=empty"])
    assert connect(club, slept, vendor="talonone").fetch(PLACE).tiers == ()


def test_a_total_that_is_wrong_is_an_incomplete_read(club: Emulator, slept: Slept) -> None:
    club.switches = Switches.parse(["talonone.total=wrong"])
    with pytest.raises(IncompleteRead, match="says that there are 2 loyalty programs, but its list shows 1"):
        connect(club, slept, vendor="talonone").fetch(PLACE)


def test_a_program_goes_by_its_number_too_and_others_are_suggested(club: Emulator, slept: Slept) -> None:
    club.talonone.add_program("tea_club")
    connection = connect(club, slept, vendor="talonone")
    assert connection.fetch(VENDOR.place({"program": "139"})).identity.name == "coffee_club"
    with pytest.raises(VendorError, match=r"no loyalty program 'Coffee_Club'; did you mean 'coffee_club'") as caught:
        connection.fetch(VENDOR.place({"program": "Coffee_Club"}))
    assert caught.value.status == 404
    assert connection.discover() == ({"program": "coffee_club"}, {"program": "tea_club"})


def test_two_programs_of_one_name_are_told_apart_by_number(club: Emulator, slept: Slept) -> None:
    club.talonone.add_program("other")
    second = club.talonone.program("other")
    club.talonone.store.replace("talonone.program", {**second, "name": "coffee_club"})
    connection = connect(club, slept, vendor="talonone")
    with pytest.raises(VendorError, match=r"2 loyalty programs are named 'coffee_club': name one by .* \(139, 1390\)"):
        connection.fetch(PLACE)
    assert connection.discover() == ({"program": "139"}, {"program": "1390"})


def test_what_the_account_rests_on_is_the_deployment_and_its_number_and_no_key(club: Emulator, slept: Slept) -> None:
    live = connect(club, slept, vendor="talonone").fetch(PLACE)
    assert live.identity.account
    assert live.facts == {"sandbox": "true"}
    assert "which is a sandbox" in live.proof


def test_requests_are_a_third_of_a_second_apart(club: Emulator) -> None:
    clock = contract.setup.Clock()
    connection = connect(club, clock.sleep, vendor="talonone", now=clock)
    connection.fetch(PLACE)
    connection.fetch(PLACE)
    assert clock.pauses == [pytest.approx(1 / 3)] * 3


@pytest.mark.parametrize("form", ["absent", "seconds", "date"])
def test_a_limit_is_waited_for_whether_or_not_it_says_how_long(form: str, club: Emulator) -> None:
    clock = contract.setup.Clock()
    club.switches = Switches.parse([f"talonone.retry_after={form}"])
    club.faults.append(Fault("GET *", "429-bare" if form == "absent" else "429"))
    connection = connect(club, clock.sleep, vendor="talonone", now=clock)
    assert len(connection.fetch(PLACE).tiers) == 3
    assert max(clock.pauses) >= (10 if form == "absent" else 1)


# Pure parts.


@pytest.mark.parametrize("value", [None, "300", True, -1, 10**12])
def test_points_that_are_none_are_refused(value: Any) -> None:
    row = {"id": 1, "name": "A", "minPoints": value}
    with pytest.raises(VendorError, match="not as documented: `minPoints`"):
        tiers.decode({"id": 2, "name": "P", "tiers": [row]})


def test_the_largest_number_of_points_is_held() -> None:
    row = {"id": 1, "name": "A", "minPoints": tiers.HIGHEST}
    (tier,) = tiers.decode({"id": 2, "name": "P", "tiers": [row]})
    assert tier.range.lower == tiers.HIGHEST


@pytest.mark.parametrize(
    ("row", "edit"),
    [
        (
            {"created": "t", "userId": 5, "new": {"id": 1, "name": "A", "minPoints": 3}},
            Edit("t", "user 5", "A", None, {"name": "A", "minPoints": 3}),
        ),
        (
            {"created": "t", "managementKeyId": 4, "userId": 5, "old": {"tiers": []}, "new": {"tiers": [{"id": 1}]}},
            Edit("t", "management key 4", "tier 1", {}, {}),
        ),
        (
            {"old": {"id": 1, "name": "A", "minPoints": 3}, "new": {"id": 1, "name": "B", "minPoints": 3}},
            Edit("at an unknown time", "somebody", "B", {"name": "A"}, {"name": "B"}),
        ),
    ],
    ids=["old is missing", "by a key", "nothing of who or when"],
)
def test_an_entry_of_the_log_is_told_as_far_as_it_says(row: dict[str, Any], edit: Edit) -> None:
    told = [*tiers.edits(row)]
    assert told == ([edit] if edit.before != edit.after else [])


@pytest.mark.parametrize("row", [{}, {"old": "text", "new": 3}, {"old": {"title": "a"}, "new": {"title": "b"}}])
def test_an_entry_that_shows_no_tiers_says_nothing_of_them(row: dict[str, Any]) -> None:
    assert [*tiers.edits(row)] == []


def test_a_key_may_have_its_scheme_before_it() -> None:
    made = Account.credentials({"TALONONE_MANAGEMENT_KEY": " 'managementkey-v1 abc' "})
    assert made.headers == {"Authorization": "ManagementKey-v1 abc"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"message": "No", "errors": [{"title": "No"}, {"title": "Why", "details": ""}]}, "No: Why"),
        ([1], "[1]"),
        ({}, "{}"),
    ],
)
def test_an_error_is_one_sentence(body: Any, said: str) -> None:
    assert explain(body) == said
