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
    assert ended.out.startswith("# Imported on ")
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
    assert "wrote new/tiers/coffee-club-2.yaml: campaign 'Coffee  club!'\n" in ended.err
    assert_plan_is_empty(tierops, "--dir", "new/tiers")


def test_what_a_file_targets_is_kept_and_the_rest_gets_a_name_of_its_own(documented: Emulator, tierops: Run) -> None:
    Path("tiers").mkdir()
    Path("tiers/loyalty-campaign-tiers.yml").write_text("mine")
    ended = tierops("import", "voucherify", "--all")
    assert (ended.code, files()) == (Exit.DONE, ["loyalty-campaign-tiers-2.yaml", "loyalty-campaign-tiers.yml"])
    assert "wrote tiers/loyalty-campaign-tiers-2.yaml: campaign 'Loyalty Campaign - Tiers'\n" in ended.err
    Path("tiers/loyalty-campaign-tiers.yml").unlink()
    Path("tiers/loyalty-campaign-tiers-2.yaml").rename("tiers/eu.yaml")
    text = Path("tiers/eu.yaml").read_text()
    Path("tiers/eu.yaml").write_text(f"# ours\n{text}")
    add(documented, "Aaa")
    ended = tierops("import", "voucherify", "--all")
    assert (ended.code, files()) == (Exit.DONE, ["aaa.yaml", "eu.yaml"])
    told = "campaign 'Loyalty Campaign - Tiers' is a target of loyalty-campaign-tiers-2\n"
    assert f"kept tiers/eu.yaml: {told}" in ended.err
    assert Path("tiers/eu.yaml").read_text() == f"# ours\n{text}"
    assert tierops("import", "voucherify", "--all", "-q") == (Exit.DONE, "", "")
    assert_plan_is_empty(tierops)
    assert tierops("import", "voucherify", "--all", "--force", "-q") == (Exit.DONE, "", "")
    assert (files(), Path("tiers/eu.yaml").read_text()) == (["aaa.yaml", "eu.yaml"], text)


@pytest.mark.parametrize("named", ["Club", "camp_1", "${club}"])
def test_a_ladder_is_known_by_its_name_its_id_and_a_value(named: str, emulator: Emulator, tierops: Run) -> None:
    add(emulator, "Club", id="camp_1")
    Path("tiers/environments").mkdir(parents=True)
    Path("tiers/environments/live.yaml").write_text("version: 1\nenvironment: live\nvalues: {club: camp_1}\n")
    Path("tiers/mine.yaml").write_text(f"program: x\ntargets: [{{voucherify: {{campaign: '{named}'}}}}]\nnot: valid\n")
    ended = tierops("import", "voucherify", "--all", "--env", "live")
    assert (ended.code, files()) == (Exit.DONE, ["environments", "mine.yaml"])
    assert "kept tiers/mine.yaml: campaign 'Club' is a target of x\n" in ended.err


def test_both_vendors_hold_a_ladder_of_one_name(emulator: Emulator, tierops: Run) -> None:
    for name in ("Club", "Other"):
        add(emulator, name)
        emulator.fanfare.add_group(name, "ltv", [{"name": "Bronze", "startValue": 0, "order": 0}])
    assert tierops("import", "voucherify", "--all").code == Exit.DONE
    ended = tierops("import", "fanfare", "--all", "--force")
    assert (ended.code, files()) == (Exit.DONE, ["club-fanfare.yaml", "club.yaml", "other-fanfare.yaml", "other.yaml"])
    assert "wrote tiers/club-fanfare.yaml: group 'Club'\n" in ended.err
    assert "voucherify:" in Path("tiers/club.yaml").read_text()
    assert_plan_is_empty(tierops)
    before = {path: path.read_text() for path in Path("tiers").iterdir()}
    for vendor in ("voucherify", "fanfare"):
        assert tierops("import", vendor, "--all").err.count("\nkept ") == 2
    assert {path: path.read_text() for path in Path("tiers").iterdir()} == before


def test_force_writes_no_file_anew_that_holds_more_than_the_ladder(emulator: Emulator, tierops: Run) -> None:
    add(emulator, "One")
    add(emulator, "Two")
    assert tierops("import", "voucherify", "--all").code == Exit.DONE
    one, two = Path("tiers/one.yaml").read_text(), Path("tiers/two.yaml").read_text()
    Path("tiers/one.yaml").unlink()
    Path("tiers/two.yaml").write_text(f"{one}---\n{two}")
    ended = tierops("import", "voucherify", "--all", "--force")
    assert (ended.code, files(), ended.err.count("kept tiers/two.yaml: ")) == (Exit.DONE, ["two.yaml"], 2)
    assert Path("tiers/two.yaml").read_text() == f"{one}---\n{two}"


def test_all_gives_way_to_a_program_of_the_same_key_in_another_file(emulator: Emulator, tierops: Run) -> None:
    add(emulator, "Club")
    Path("tiers").mkdir()
    Path("tiers/mine.yaml").write_text(
        "version: 1\nprogram: club\nnot: valid\ntargets: [{voucherify: {campaign: Other}}]\n---\n- 1\n---\nprogram: 2\n"
    )
    assert tierops("import", "voucherify", "--all").code == Exit.DONE
    assert files() == ["club-2.yaml", "mine.yaml"]


@pytest.mark.parametrize("vendor", ["voucherify", "both"])
def test_the_sample_of_init_is_replaced_by_its_own_ladder(vendor: str, emulator: Emulator, tierops: Run) -> None:
    add(emulator, "Club")
    add(emulator, "Other")
    asked = ["--campaign", "Club"] if vendor == "voucherify" else ["--vendor", "both", "--campaign", "Club"]
    assert tierops("init", *asked, "--ci", "none", "--environment", "live").code == Exit.DONE
    ended = tierops("import", "voucherify", "--all", "--env", "live")
    assert (ended.code, ended.out) == (Exit.DONE, "")
    assert {"club.yaml", "other.yaml"} == {path.name for path in Path("tiers").glob("*.yaml")}
    assert "made-up" not in ended.err
    assert_plan_is_empty(tierops, "--env", "live")


def test_a_sample_that_is_left_is_told(emulator: Emulator, tierops: Run) -> None:
    add(emulator, "Other")
    assert tierops("init", "--campaign", "Club", "--ci", "none", "--environment", "live").code == Exit.DONE
    told = "note: tiers/club.yaml is still what init wrote, with made-up tiers: remove it, or put yours in it\n"
    assert told in tierops("import", "voucherify", "--all", "--env", "live").err
    line = ("import", "voucherify", "--campaign", "Other", "--env", "live", "--out")
    assert told in tierops(*line, "tiers/second.yaml").err
    Path("tiers/club.yaml").write_text(Path("tiers/club.yaml").read_text().replace("250", "300"))
    assert told not in tierops("import", "voucherify", "--all", "--env", "live").err
    assert tierops(*line, "tiers/club.yaml").code == Exit.USAGE


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
    ended = tierops("import", "voucherify", "--all", "--dir", "file")
    assert ended.code == Exit.FAILED
    Path("tiers/loyalty-campaign-tiers.yaml").mkdir(parents=True)
    assert tierops("import", "voucherify", "--all", "--force").code == Exit.DONE
    assert files() == ["loyalty-campaign-tiers-2.yaml", "loyalty-campaign-tiers.yaml"]


# Into which file.


def test_the_modeline_leads_to_where_init_put_the_schema(documented: Emulator, tierops: Run) -> None:
    assert tierops("init", "--ci", "none", "--environment", "live").code == Exit.DONE
    line = ("import", "voucherify", "--campaign", CAMPAIGN, "--env", "live")
    for name, place in (("tiers/a.yaml", ".schemas"), ("tiers/eu/b.yaml", "../.schemas"), ("c.yaml", "tiers/.schemas")):
        assert tierops(*line, "--out", name).code == Exit.DONE
        modeline = Path(name).read_text().splitlines()[0]
        assert modeline == f"# yaml-language-server: $schema={place}/program.schema.json"
        assert (Path(name).parent / modeline.partition("=")[2]).is_file()
    assert tierops(*line).out.startswith("# yaml-language-server: $schema=.schemas/program.schema.json\n")


@pytest.mark.parametrize("name", ["x.YML", "x.Yaml", "deep/er/x.yml"])
def test_a_file_is_read_whatever_case_its_ending_is_in(name: str, documented: Emulator, tierops: Run) -> None:
    ended = tierops("import", "voucherify", "--campaign", CAMPAIGN, "--out", f"tiers/{name}")
    assert (ended.code, ended.err) == (Exit.DONE, f"wrote tiers/{name}\n")
    assert "1 program, 1 target" in tierops("validate").out


@pytest.mark.parametrize("name", ["x.txt", "x", ".x.yaml", "environments/x.yaml"])
def test_a_file_that_no_command_reads_is_told(name: str, documented: Emulator, tierops: Run) -> None:
    ended = tierops("import", "voucherify", "--campaign", CAMPAIGN, "--out", f"tiers/{name}")
    assert (ended.code, Path("tiers", name).is_file()) == (Exit.DONE, True)
    assert f"note: tiers/{name} is not read as a program" in ended.err


def test_a_second_file_for_one_ladder_is_told(documented: Emulator, tierops: Run) -> None:
    line = ("import", "voucherify", "--campaign", CAMPAIGN, "--out")
    assert tierops(*line, "tiers/a.yaml").code == Exit.DONE
    ended = tierops("import", "voucherify", "--campaign", "camp_fkZ28pe7DUAEmmabofkxHI8N", "--out", "tiers/b.yaml")
    assert "note: tiers/a.yaml targets campaign 'camp_fkZ28pe7DUAEmmabofkxHI8N', too: keep one of the two" in ended.err
    ended = tierops(*line, "tiers/b.yaml")
    assert "already there: tiers/b.yaml (it holds loyalty-campaign-tiers-2); --force overwrites" in ended.err


def test_what_one_waiver_covers_is_one_line_of_a_report(emulator: Emulator, tierops: Run) -> None:
    tiers = [{"name": f"T{start}", "points": {"from": start, "to": start + 9}} for start in (0, 20, 40, 60)]
    add(emulator, "Club", tiers)
    ended = tierops("-q", "import", "voucherify", "--all")
    assert ended.err.count("\n") == 1
    for command in ("validate", "plan", "drift"):
        ended = tierops(command)
        notes = [line for line in ended.out.splitlines() if line.startswith("note: ")]
        assert len(notes) == 1
        assert "10 up to 20 is in no tier" in notes[0]
        assert notes[0].endswith(", and 2 more")
    assert "3 problems waived." in tierops("validate").out
    assert tierops("validate", "--format", "markdown").out.count("| note |") == 1
    assert len(json.loads(tierops("validate", "--format", "json").out)["problems"]) == 3
