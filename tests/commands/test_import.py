"""`tierops import` as a user runs it, against the served emulator."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from harness import CAMPAIGN, Run

from tierops.emulator import Emulator, Fault
from tierops.errors import Exit

TIERS = [{"name": "Bronze", "points": {"from": 0, "to": 99}}, {"name": "Silver", "points": {"from": 100}}]
LISTS = "GET /v1/loyalties"


@pytest.fixture
def documented(emulator: Emulator) -> Emulator:
    emulator.voucherify.load_examples()
    return emulator


def add(emulator: Emulator, name: str, tiers: list | None = None, **fields: str) -> None:
    emulator.voucherify.add_campaign(name, tiers=TIERS if tiers is None else tiers, **fields)


def files(folder: str = "tiers") -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def assert_plan_is_empty(tierops: Run, *arguments: str) -> None:
    assert tierops("validate", *arguments).code == Exit.DONE
    ended = tierops("plan", "--detailed-exitcode", *arguments)
    assert (ended.code, ended.err) == (Exit.DONE, ""), ended.out


# One ladder.


def test_the_documented_list_is_imported_and_its_plan_is_empty(documented: Emulator, tierops: Run) -> None:
    ended = tierops("import", "voucherify", "--campaign", CAMPAIGN, "--out", "tiers/club.yaml")
    assert ended == (Exit.DONE, "", "wrote tiers/club.yaml\n")
    assert "program: loyalty-campaign-tiers\ntargets:\n  - voucherify: {campaign: Loyalty Campaign - Tiers}\n" in (
        Path("tiers/club.yaml").read_text()
    )
    assert files() == ["club.yaml"]
    assert_plan_is_empty(tierops)
    assert {sent[0] for sent in documented.requests} == {"GET"}


def test_without_out_the_text_goes_to_stdout_and_no_folder_is_needed(documented: Emulator, tierops: Run) -> None:
    ended = tierops("import", "voucherify", "--campaign", "camp_fkZ28pe7DUAEmmabofkxHI8N", "--program", "club")
    assert (ended.code, ended.err) == (Exit.DONE, "")
    assert ended.out.startswith("# yaml-language-server: $schema=program.schema.json\n")
    assert "program: club\ntargets:\n  - voucherify: {campaign: camp_fkZ28pe7DUAEmmabofkxHI8N}\n" in ended.out
    assert list(Path().iterdir()) == []


def test_a_file_is_overwritten_only_with_force_and_nothing_is_read_before(documented: Emulator, tierops: Run) -> None:
    Path("club.yaml").write_text("mine")
    line = ("import", "voucherify", "--campaign", CAMPAIGN, "--out", "club.yaml")
    ended = tierops(*line)
    assert ended.code == Exit.USAGE
    assert "already there: club.yaml; --force overwrites" in ended.err
    assert (Path("club.yaml").read_text(), documented.requests) == ("mine", [])
    assert tierops(*line, "--force").code == Exit.DONE
    assert Path("club.yaml").read_text() != "mine"


def test_a_program_file_has_ordinary_permissions(documented: Emulator, tierops: Run) -> None:
    before = os.umask(0o022)
    try:
        tierops("import", "voucherify", "--campaign", CAMPAIGN, "--out", "club.yaml")
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path("club.yaml").stat().st_mode) == 0o644


def test_a_key_that_another_file_has_is_not_taken_again(documented: Emulator, tierops: Run) -> None:
    line = ("import", "voucherify", "--campaign", CAMPAIGN, "--out")
    for name in ("tiers/a.yaml", "tiers/b.yaml"):
        assert tierops(*line, name).code == Exit.DONE
    assert tierops(*line, "tiers/a.yaml", "--force").code == Exit.DONE
    assert "\nprogram: loyalty-campaign-tiers\n" in tierops(*line[:-1]).out
    keys = [Path(f"tiers/{name}.yaml").read_text().split("program: ")[1].split("\n")[0] for name in "ab"]
    # b.yaml did not stand in its own way, nor did a.yaml when it was written again.
    assert keys == ["loyalty-campaign-tiers", "loyalty-campaign-tiers-2"]


def test_a_gap_is_written_with_a_waiver_and_said(emulator: Emulator, tierops: Run) -> None:
    add(emulator, "Club", [{"name": "A", "points": {"from": 0, "to": 9}}, {"name": "B", "points": {"from": 20}}])
    ended = tierops("-q", "import", "voucherify", "--campaign", "Club", "--out", "tiers/club.yaml")
    assert ended.code == Exit.DONE
    assert ended.err.startswith("note: campaign 'Club': nothing between A and B: 10 up to 20 is in no tier")
    assert ended.err.count("\n") == 1
    assert_plan_is_empty(tierops)


def test_an_unknown_mapping_is_left_out_and_the_plan_shows_it(emulator: Emulator, tierops: Run) -> None:
    rewards = {"rewa_1": {"type": "NOT_AVAILABLE"}, "rewa_2": {"type": "CUSTOM", "points": 3}}
    add(emulator, "Club", [{"name": "A", "points": {"from": 0}, "rewards": rewards}])
    ended = tierops("import", "voucherify", "--campaign", "Club", "--out", "tiers/club.yaml")
    assert "note: campaign 'Club': tier 'A': rewards.rewa_1 is left out" in ended.err
    assert '# left out, a program file cannot hold it: {"rewa_1":{"type":"NOT_AVAILABLE"}}' in (
        Path("tiers/club.yaml").read_text()
    )
    assert "rewa_1" in tierops("plan").out


@pytest.mark.parametrize(
    ("tiers", "reason"),
    [
        ([], "has no tiers; there is nothing to import"),
        ([{"name": "A", "points": {"to": 9}}], "'A' has no lower bound"),
        ([*TIERS, TIERS[0]], "a second tier is named 'Bronze'"),
    ],
)
def test_what_cannot_be_imported_says_why(tiers: list, reason: str, emulator: Emulator, tierops: Run) -> None:
    add(emulator, "Club", tiers)
    ended = tierops("import", "voucherify", "--campaign", "Club")
    assert (ended.code, ended.out) == (Exit.FAILED, "")
    assert ended.err.startswith("error: campaign 'Club'")
    assert reason in ended.err


def test_values_of_the_environment_come_back_as_their_names(documented: Emulator, tierops: Run) -> None:
    Path("tiers/environments").mkdir(parents=True)
    values = {
        "campaign": "camp_fkZ28pe7DUAEmmabofkxHI8N",
        "double": "ern_95aq3JaE5A8xzHjoJPYNRqXZ",
        "same": "x",
        "n": 2,
    }
    document = {"version": 1, "environment": "live", "values": {**values, "again": "x"}}
    Path("tiers/environments/live.yaml").write_text(json.dumps(document))
    line = ("import", "voucherify", "--campaign", CAMPAIGN, "--out", "tiers/club.yaml")
    assert tierops(*line).code == Exit.USAGE
    assert tierops(*line, "--env", "live").code == Exit.DONE
    text = Path("tiers/club.yaml").read_text()
    assert 'voucherify: {campaign: "${campaign}"}' in text
    assert text.count("        ${double}: {type: MULTIPLY") == 3
    assert "ern_95aq3JaE5A8xzHjoJPYNRqXZ" not in text
    assert_plan_is_empty(tierops, "--env", "live")


def test_the_place_is_named_as_a_target_names_it(documented: Emulator, tierops: Run) -> None:
    documented.fanfare.load_examples()
    for vendor, name in (("voucherify", CAMPAIGN), ("fanfare", "Spending Tiers")):
        home = {"voucherify": "campaign", "fanfare": "group"}[vendor]
        imported = tierops("import", vendor, "--at", f"{home}={name}")
        assert imported.code == Exit.DONE
        assert imported == tierops("import", vendor, f"--{home}", name)
    assert tierops("import", "fanfare", "--at", "group=Spending Tiers", "--at", "attribute=ltv") == imported
    ended = tierops("import", "fanfare", "--at", "group=Spending Tiers", "--at", "attribute=aov")
    assert (ended.code, ended.out) == (Exit.FAILED, "")
    assert "attribute is 'ltv' there, not 'aov'" in ended.err


# All of them.


def test_all_writes_a_file_for_each_campaign(documented: Emulator, tierops: Run) -> None:
    for name in ("Coffee Club", "Coffee  club!", "金卡", "${x}", "a/b", " ", "x\ny"):
        add(documented, name)
    add(documented, "Empty", [])
    documented.voucherify.add_campaign("Codes", campaign_type="DISCOUNT_COUPONS")
    ended = tierops("import", "voucherify", "--all", "--dir", "new/tiers")
    assert (ended.code, ended.out) == (Exit.DONE, "")
    names = files("new/tiers")
    assert {"a-b.yaml", "coffee-club.yaml", "coffee-club-2.yaml", "loyalty-campaign-tiers.yaml"} <= set(names)
    assert len(names) == 8
    assert "reading 1 of 9: Loyalty Campaign - Tiers\n" in ended.err
    assert "note: campaign 'Empty' has no tiers: no file for it\n" in ended.err
    assert "wrote new/tiers/coffee-club-2.yaml\n" in ended.err
    assert_plan_is_empty(tierops, "--dir", "new/tiers")


def test_all_overwrites_nothing_and_then_writes_nothing(documented: Emulator, tierops: Run) -> None:
    add(documented, "Aaa")
    Path("tiers").mkdir()
    Path("tiers/loyalty-campaign-tiers.yaml").write_text("mine")
    ended = tierops("import", "voucherify", "--all")
    assert ended.code == Exit.USAGE
    assert "already there: tiers/loyalty-campaign-tiers.yaml; --force overwrites, nothing was written" in ended.err
    assert files() == ["loyalty-campaign-tiers.yaml"]
    assert tierops("import", "voucherify", "--all", "--force").code == Exit.DONE
    assert tierops("import", "voucherify", "--all", "--force", "-q") == (Exit.DONE, "", "")
    assert files() == ["aaa.yaml", "loyalty-campaign-tiers.yaml"]
    assert_plan_is_empty(tierops)


def test_all_gives_way_to_a_program_of_the_same_key_in_another_file(emulator: Emulator, tierops: Run) -> None:
    add(emulator, "Club")
    Path("tiers").mkdir()
    Path("tiers/mine.yaml").write_text("version: 1\nprogram: club\nnot: valid\n---\n- 1\n---\nprogram: 2\n")
    assert tierops("import", "voucherify", "--all").code == Exit.DONE
    assert files() == ["club-2.yaml", "mine.yaml"]


def test_one_ladder_that_cannot_be_imported_does_not_stop_the_others(documented: Emulator, tierops: Run) -> None:
    add(documented, "Broken", [{"name": "A", "points": {"to": 9}}])
    add(documented, "Gone", id="camp_gone")
    add(documented, "Club")
    documented.faults.append(Fault(on="GET /v1/loyalties/camp_gone/tiers", kind="403", times=None))
    ended = tierops("import", "voucherify", "--all")
    assert ended.code == Exit.FAILED
    assert "\nerror: not imported:\n  'Broken': campaign 'Broken': 'A' has no lower bound" in ended.err
    assert "\n  'Gone': Voucherify answered GET" in ended.err
    assert files() == ["club.yaml", "loyalty-campaign-tiers.yaml"]
    assert_plan_is_empty(tierops)


def test_a_project_without_campaigns_has_nothing_to_import(emulator: Emulator, tierops: Run) -> None:
    ended = tierops("import", "voucherify", "--all")
    assert ended == (Exit.DONE, "", "note: nothing to import from Voucherify\n")
    assert list(Path().iterdir()) == []


# Usage.


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("voucherify", "give either --at campaign=… or --all"),
        ("fanfare", "give either --at group=… or --all"),
        ("voucherify --campaign X --all", "give either --at campaign=… or --all"),
        ("fanfare --at attribute=ltv", "give either --at group=… or --all"),
        ("voucherify --at campaign=X --campaign X", "campaign is given twice"),
        ("voucherify --at X", "'X' is not KEY=VALUE"),
        ("voucherify --at =X", "'=X' is not KEY=VALUE"),
        ("voucherify --at campaign=", "at least one visible character"),
        ("voucherify --group X", "Voucherify has no group: give --at campaign=… or --all"),
        ("fanfare --campaign X --all", "Fanfare has no campaign"),
        ("voucherify --all --out x.yaml", "no --program and no --out with it"),
        ("voucherify --all --program x", "no --program and no --out with it"),
        ("voucherify --campaign X --program Coffee", "1 to 63 lower-case letters"),
        ("shopify --all", "'shopify' is no vendor; there are: voucherify, fanfare"),
        ("", "Missing argument"),
        ("voucherify --campaign X --env live", "there is no environment 'live'"),
    ],
)
def test_a_wrong_line_says_what_is_wrong(line: str, reason: str, tierops: Run) -> None:
    ended = tierops("import", *line.split())
    assert ended.code == Exit.USAGE
    assert reason in ended.err


def test_a_file_that_cannot_be_written_says_so_and_leaves_nothing_behind(documented: Emulator, tierops: Run) -> None:
    Path("file").write_text("")
    Path("folder").mkdir()
    line = ("import", "voucherify", "--campaign", CAMPAIGN, "--out")
    assert "cannot make the folder file/x" in tierops(*line, "file/x/club.yaml").err
    assert "cannot make the folder file" in tierops(*line, "file/club.yaml").err
    ended = tierops("import", "voucherify", "--all", "--force", "--dir", "file")
    assert ended.code == Exit.FAILED
    Path("tiers/loyalty-campaign-tiers.yaml").mkdir(parents=True)
    ended = tierops("import", "voucherify", "--all", "--force")
    assert ended.code == Exit.FAILED
    assert "cannot write tiers/loyalty-campaign-tiers.yaml: Is a directory" in ended.err
    assert files() == ["loyalty-campaign-tiers.yaml"]
