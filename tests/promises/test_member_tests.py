"""Member tests: who is where, and what is said to the person who wrote that down."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from harness import Run

from tierops.emulator import Emulator
from tierops.errors import Exit

HEAD = "version: 1\nprogram: club\ntargets: [{voucherify: {campaign: Club}}]\n"
TIERS = "tiers:\n  - {name: Bronze, from: 0}\n  - {name: Silver, from: 500}\n  - {name: Gold, from: 2000}\n"
FILE = Path("tiers/club.yaml")


def club(tests: str, head: str = HEAD, tiers: str = TIERS) -> None:
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(f"{head}{tiers}tests:\n{tests}")


def said(run: Run, *arguments: str) -> list[str]:
    """The findings of `validate`, without their places."""
    report = json.loads(run("validate", "--format", "json", *arguments).out)
    return [f"{problem['rule']}: {problem['message']}" for problem in report["problems"]]


@pytest.mark.parametrize(
    ("test", "sentence"),
    [
        ("{member: {value: 1500}, tier: Gold}", "would be in Silver (500 to 1,999), not in Gold"),
        ("{member: {value: 1500}, tier: Gold, note: see the terms}", "(500 to 1,999), not in Gold: see the terms"),
        ("{member: {value: 1500}, tier: null}", "would be in Silver (500 to 1,999), and is to be in no tier"),
        ("{member: {value: -1}, tier: Bronze}", "a member with -1 points would be in no tier, not in Bronze"),
        ("{member: {value: '2000'}, tier: Silver}", "would be in Gold (2,000 or more), not in Silver"),
        ("{member: {value: 499.5}, tier: Bronze}", "nobody can be a member with 499.5 points: points are whole"),
    ],
)
def test_a_broken_promise_is_told_in_plain_words_at_its_own_line(offline: Run, test: str, sentence: str) -> None:
    club(f"  - {{member: {{value: 0}}, tier: Bronze}}\n  - {test}\n")
    ended = offline("validate")
    assert ended.code == Exit.FAILED
    (line,) = (line for line in ended.out.splitlines() if "failing-test" in line)
    assert line.startswith("tiers/club.yaml:10:5: failing-test: ")
    assert sentence in line


def test_promises_that_are_kept_say_nothing(offline: Run) -> None:
    club(
        "  - {member: {value: -1}, tier: null}\n  - {member: {value: 0}, tier: Bronze}\n"
        "  - {member: {value: 499}, tier: Bronze}\n  - {member: {value: 500}, tier: Silver}\n"
        "  - {member: {value: 1000000}, tier: Gold}\n"
    )
    assert said(offline) == []
    assert offline("test").out == "5 tests at 1 target: all hold.\n"


def test_who_is_in_two_tiers_is_not_where_the_test_wants_them(offline: Run) -> None:
    club(
        "  - {member: {value: 250}, tier: Silver}\n",
        tiers="tiers: [{name: Bronze, from: 0, to: 299}, {name: Silver, from: 250}]\n",
    )
    (line,) = (line for line in said(offline) if "failing-test" in line)
    assert (
        "a member with 250 points would be in Bronze (0 to 299) and in Silver (250 or more), not in Silver alone"
        in line
    )


@pytest.mark.parametrize(
    ("test", "finding"),
    [
        (
            "{member: {value: 1}, tier: Glod}",
            "10:32: schema: there is no tier 'Glod' in this ladder; did you mean `Gold`?",
        ),
        ("{member: {value: 1}, tier: X}", "there is no tier 'X' in this ladder; there are: Bronze, Silver, Gold"),
        (
            "{member: {value: 1}, tier: Gold, target: voucherfy}",
            "there is no target 'voucherfy' in this program; did you mean `voucherify`?",
        ),
        (
            "{member: {value: 1}, tier: Gold, target: uk}",
            "there is no target 'uk' in this program; there are: voucherify",
        ),
        ("{member: {value: lots}, tier: Gold}", "`value`: expected a number such as 250"),
        ("{member: {value: 1}}", "`tier` is missing"),
        ("{member: {value: 1, points: 3}, tier: Gold}", "unknown key 'points'; known here: value"),
        ("{member: {value: 1}, tier: 3}", "`tier`: expected the name of a tier, or null for a member who is in none"),
    ],
)
def test_a_test_that_cannot_be_meant_is_a_finding_of_the_file(offline: Run, test: str, finding: str) -> None:
    club(f"  - {{member: {{value: 0}}, tier: Bronze}}\n  - {test}\n")
    assert finding in offline("validate").out


TWO = """\
version: 1
program: club
targets:
  - {name: de, fanfare: {group: Club, attribute: loyaltyBalance}}
  - {name: uk, fanfare: {group: UK, attribute: ltv}}
"""
LAID = """\
tiers:
  - {name: Bronze, from: 0}
  - {name: Silver, from: 500, targets: {uk: {from: 99.5, name: Argent}}}
"""


def test_a_test_is_held_against_the_ladder_of_each_target(offline: Run) -> None:
    club("  - {member: {value: 200}, tier: Bronze}\n", TWO, LAID)
    finding = (
        "failing-test: a member with a lifetime spend of 200 would be in Argent (99.5 or more), "
        "not in Bronze (target uk)"
    )
    assert said(offline) == [finding]


def test_a_test_of_one_target_is_none_of_the_others(offline: Run) -> None:
    club("  - {member: {value: 200}, tier: Bronze, target: de}\n", TWO, LAID)
    assert said(offline) == []
    assert offline("test").out == "1 test at 1 target: all hold.\n"


@pytest.mark.parametrize("name", ["Silver", "Argent"])
def test_a_tier_may_be_called_as_the_program_or_as_its_target_calls_it(offline: Run, name: str) -> None:
    club(f"  - {{member: {{value: 700}}, tier: {name}}}\n", TWO, LAID)
    assert said(offline) == []


def test_a_test_takes_values_of_the_environment(offline: Run) -> None:
    club(
        "  - {member: {value: '${most}'}, tier: '${top}'}\n",
        tiers="tiers: [{name: Bronze, from: 0}, {name: Gold, from: '${gold}'}]\n",
    )
    Path("tiers/environments").mkdir()
    for name, gold in (("live", 100), ("test", 5000)):
        Path(f"tiers/environments/{name}.yaml").write_text(
            f"version: 1\nenvironment: {name}\nvalues: {{most: 1000, top: Gold, gold: {gold}}}\n"
        )
    assert said(offline, "--env", "live") == []
    failing = "failing-test: a member with 1000 points would be in Bronze (0 to 4,999), not in Gold"
    assert said(offline, "--env", "test") == [failing]
    assert said(offline, "--all-environments") == [f"{failing} (environment test)"]


def test_every_other_command_is_stopped_by_a_broken_promise(tierops: Run, emulator: Emulator) -> None:
    emulator.voucherify.add_campaign("Club")
    club("  - {member: {value: 1500}, tier: Gold}\n")
    ended = tierops("apply", "--auto-approve")
    assert (ended.code, emulator.writes) == (Exit.FAILED, 0)
    assert "failing-test" in ended.out


def live(emulator: Emulator) -> None:
    rungs = [
        {"name": "Bronze", "points": {"from": 0, "to": 499}},
        {"name": "Silver", "points": {"from": 500, "to": 2999}},
        {"name": "Gold", "points": {"from": 3000}},
    ]
    emulator.voucherify.add_campaign("Club", tiers=rungs)


def test_live_ladders_are_held_to_the_same_promises(tierops: Run, emulator: Emulator) -> None:
    live(emulator)
    club("  - {member: {value: 2000}, tier: Gold}\n  - {member: {value: 100}, tier: Bronze}\n")
    assert tierops("test").code == Exit.DONE
    ended = tierops("test", "--live")
    assert (ended.code, emulator.writes) == (Exit.FAILED, 0)
    assert ended.out.splitlines() == [
        "tiers/club.yaml:9:5: failing-test: a member with 2000 points is in Silver (500 to 2,999), not in Gold",
        "2 tests at 1 target: 1 fails.",
    ]


def test_what_only_the_files_break_does_not_fail_live(tierops: Run, emulator: Emulator) -> None:
    live(emulator)
    club("  - {member: {value: 2500}, tier: Silver}\n")
    assert tierops("test").code == Exit.FAILED
    assert tierops("test", "--live").code == Exit.DONE


def test_a_ladder_that_cannot_be_read_is_reported_beside_the_others(tierops: Run, emulator: Emulator) -> None:
    live(emulator)
    club(
        "  - {member: {value: 2000}, tier: Gold}\n", HEAD.replace("}}]", "}}, {name: lost, voucherify: {campaign: X}}]")
    )
    for format_ in ("text", "json", "markdown", "html", "sarif", "junit", "github"):
        ended = tierops("test", "--live", "--format", format_)
        assert ended.code == Exit.FAILED
        assert "club/lost" in ended.out
        assert "not in Gold" in ended.out


def test_other_errors_in_the_files_stop_the_tests(offline: Run) -> None:
    club(
        "  - {member: {value: 250}, tier: Bronze}\n",
        tiers="tiers: [{name: Bronze, from: 0, to: 3}, {name: A, from: 9}]\n",
    )
    ended = offline("test")
    assert ended.code == Exit.FAILED
    assert "ladder-gap" in ended.out


def test_no_tests_are_told_and_are_no_failure(offline: Run) -> None:
    club("", tiers=TIERS)
    FILE.write_text(HEAD + TIERS)
    ended = offline("test")
    assert (ended.code, ended.out) == (
        Exit.DONE,
        "No tests: `tierops suggest --tests KEY` writes some for a program.\n",
    )


def test_json_holds_each_test_with_its_outcome(offline: Run) -> None:
    club("  - {member: {value: 1500}, tier: Gold, note: terms}\n  - {member: {value: 99}, tier: Bronze}\n")
    report = json.loads(offline("test", "--format", "json").out)
    assert (report["exit_code"], [test["passed"] for test in report["tests"]]) == (1, [False, True])
    assert report["tests"][0] == {
        "program": "club", "target": "voucherify", "member": {"value": 1500}, "tier": "Gold", "note": "terms",
        "passed": False, "message": "a member with 1500 points would be in Silver (500 to 1,999), not in Gold",
        "file": "tiers/club.yaml", "line": 9, "column": 5,
    }  # fmt: skip
    assert report["tests"][1]["message"] == "a member with 99 points is in Bronze"


def test_junit_has_a_case_for_each_test(offline: Run) -> None:
    club("  - {member: {value: 1500}, tier: Gold, note: terms}\n  - {member: {value: -4}, tier: null}\n")
    root = ET.fromstring(offline("test", "--format", "junit").out)
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    failed, passed = root.iter("testcase")
    assert (failed.get("name"), failed.get("line")) == ("a member with 1500 points is in Gold at club/voucherify", "9")
    (failure,) = failed
    assert failure.get("message") == "a member with 1500 points would be in Silver (500 to 1,999), not in Gold: terms"
    assert (passed.get("name"), len(passed)) == ("a member with -4 points is in no tier at club/voucherify", 0)


def test_sarif_and_annotations_point_at_the_test(offline: Run) -> None:
    club("  - {member: {value: 1500}, tier: Gold}\n")
    (run,) = json.loads(offline("test", "--format", "sarif").out)["runs"]
    (result,) = run["results"]
    assert (result["ruleId"], result["locations"][0]["physicalLocation"]["region"]["startLine"]) == ("failing-test", 9)
    assert "::error file=tiers/club.yaml,line=9,col=5,title=failing-test" in offline("test", "--format", "github").out


def test_only_the_tests_of_some_programs_are_run(offline: Run) -> None:
    club("  - {member: {value: 1500}, tier: Gold}\n")
    other = HEAD.replace("club", "other").replace("Club", "Other")
    Path("tiers/other.yaml").write_text(f"{other}{TIERS}tests: [{{member: {{value: 1}}, tier: Bronze}}]\n")
    assert offline("test", "--program", "other").code == Exit.DONE
    assert offline("test", "--program", "cl*").code == Exit.FAILED
    assert offline("test", "--target", "other/*").code == Exit.DONE
