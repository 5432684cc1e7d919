"""The policy: what a team demands of its ladders, in the files, of a plan, and of carrying it out."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from harness import Run

from tierops import rules
from tierops.config import contract
from tierops.config.contract import Contract
from tierops.emulator import Emulator
from tierops.errors import Exit

HEAD = "version: 1\nprogram: club\ntargets: [{voucherify: {campaign: Club}}]\n"
TIERS = "tiers:\n  - {name: Bronze, from: 0}\n  - {name: Silver, from: 500}\n  - {name: Gold, from: 2000}\n"
POLICY, FILE = Path("tiers/policy.yaml"), Path("tiers/club.yaml")
BRONZE = {"name": "Bronze", "points": {"from": 0, "to": 499}}
SILVER = {"name": "Silver", "points": {"from": 500, "to": 1999}}
GOLD = {"name": "Gold", "points": {"from": 2000}}


def write(policy: str = "", program: str = TIERS, head: str = HEAD) -> None:
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(head + program)
    if policy:
        POLICY.write_text(f"version: 1\nrules:\n  {policy}\n")


def day(ahead: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=ahead)).isoformat()


def findings(ended: Any) -> list[str]:
    """What the policy says, in a text report: where, which rule and what."""
    ids = [f" {rule.id}: " for rule in rules.RULES.values() if rule.is_policy]
    return [line for line in ended.out.splitlines() if any(id_ in line for id_ in ids)]


def benefits(*multipliers: float | None) -> str:
    lines = ["tiers:"]
    for number, multiplier in enumerate(multipliers):
        block = (
            ""
            if multiplier is None
            else f", voucherify: {{earning_rules: {{e: {{type: MULTIPLY, multiplier: {multiplier}}}}}}}"
        )
        lines.append(f"  - {{name: T{number}, from: {number * 100}{block}}}")
    return "\n".join([*lines, ""])


# In the files.


def test_without_a_policy_nothing_is_demanded(offline: Run) -> None:
    write(program=benefits(3, 1))
    assert offline("validate").code == Exit.DONE


@pytest.mark.parametrize(
    ("policy", "place", "sentence"),
    [
        (
            "name-pattern: {pattern: '[A-Z][a-y]+'}",
            "5:5",
            "the name 'Bronze' is not as the policy wants names: [A-Z][a-y]+",
        ),
        ("most-tiers: {most: 2}", "7:5", "3 tiers, and the policy allows 2 at most"),
        ("required-metadata: {keys: [perk, code]}", "5:5", "Bronze has no perk, code in its metadata"),
    ],
)
def test_a_ladder_that_breaks_the_policy_is_told_at_its_tier(
    offline: Run, policy: str, place: str, sentence: str
) -> None:
    write(policy)
    ended = offline("validate")
    assert ended.code == Exit.FAILED
    rule = policy.partition(":")[0]
    assert findings(ended)[0] == f"tiers/club.yaml:{place}: {rule}: {sentence}"


def test_a_ladder_as_the_policy_wants_it_is_valid(offline: Run) -> None:
    write(
        "name-pattern: {pattern: '[A-Z][a-z]+'}\n  most-tiers: {most: 3}\n  benefits-never-worse:\n"
        "  required-metadata: {keys: [perk]}",
        "tiers: [{name: Bronze, from: 0, voucherify: {metadata: {perk: tea, more: x}}}]\n",
    )
    assert offline("validate").out == "1 program, 1 target, 1 tier: valid.\n"


def test_a_vendor_without_metadata_is_passed_over(offline: Run) -> None:
    write(
        "required-metadata: {keys: [perk]}",
        head=HEAD.replace("{voucherify: {campaign: Club}}", "{fanfare: {group: Club, attribute: ltv}}"),
    )
    assert offline("validate").code == Exit.DONE


@pytest.mark.parametrize(
    ("multipliers", "found"),
    [
        ((1, 2, 3), []),
        ((2, 2), []),
        ((None, 2), []),
        ((0.5, None), []),  # a tier that says nothing multiplies by one
        ((2, 1.5), ["T1 is worse than T0: ×1.5 for earning_rules.e, and ×2 in T0"]),
        ((2, None), ["T1 is worse than T0: ×1 for earning_rules.e, and ×2 in T0"]),
        ((None, 0.5), ["T1 is worse than T0: ×0.5 for earning_rules.e, and ×1 in T0"]),
        ((3, 2, 1), ["T1 is worse than T0: ×2 for", "T2 is worse than T1: ×1 for"]),
    ],
)
def test_multipliers_do_not_fall_going_up(
    offline: Run, multipliers: tuple[float | None, ...], found: list[str]
) -> None:
    write("benefits-never-worse:", benefits(*multipliers))
    told = findings(offline("validate"))
    assert len(told) == len(found)
    assert all(sentence in line for line, sentence in zip(told, found, strict=True))


@pytest.mark.parametrize(
    ("first", "second", "is_worse"),
    [
        ("rewards: {r: {type: CUSTOM, points: 300}}", "rewards: {r: {type: CUSTOM, points: 200}}", False),
        ("rewards: {r: {type: CUSTOM, points: 300}}", "rewards: {r: {type: CUSTOM, points: 301}}", True),
        ("rewards: {r: {type: MULTIPLY, multiplier: 2}}", "metadata: {}", False),
        ("metadata: {}", "rewards: {r: {type: MULTIPLY, multiplier: 2}}", True),
        ("earning_rules: {r: {type: CUSTOM, points: 5}}", "earning_rules: {r: {type: CUSTOM, points: 4}}", True),
        ("earning_rules: {r: {type: CUSTOM, points: 5}}", "metadata: {}", False),  # what it earns then is not known
        ("earning_rules: {r: {type: CUSTOM, points: 5}}", "earning_rules: {r: {type: MULTIPLY, multiplier: 1}}", False),
    ],
)
def test_prices_do_not_rise_and_grants_do_not_fall(offline: Run, first: str, second: str, is_worse: bool) -> None:
    blocks = enumerate((first, second))
    lines = [f"  - {{name: T{number}, from: {number}, voucherify: {{{block}}}}}" for number, block in blocks]
    write("benefits-never-worse:", "\n".join(["tiers:", *lines, ""]))
    assert bool(findings(offline("validate"))) == is_worse


def test_a_grant_is_compared_with_the_last_tier_that_names_it(offline: Run) -> None:
    grants = [
        "earning_rules: {r: {type: CUSTOM, points: 5}}",
        "metadata: {}",
        "earning_rules: {r: {type: CUSTOM, points: 4}}",
    ]
    lines = [f"  - {{name: T{n}, from: {n}, voucherify: {{{block}}}}}" for n, block in enumerate(grants)]
    write("benefits-never-worse:", "\n".join(["tiers:", *lines, ""]))
    (line,) = findings(offline("validate"))
    assert "T2 is worse than T0: 4 points for earning_rules.r, and 5 points in T0" in line


def test_a_warning_stops_nothing_and_is_told(offline: Run) -> None:
    write("most-tiers: {most: 2, severity: warning}")
    ended = offline("validate")
    assert ended.code == Exit.DONE
    assert findings(ended) == ["warning: tiers/club.yaml:7:5: most-tiers: 3 tiers, and the policy allows 2 at most"]
    assert "::warning " in offline("validate", "--format", "github").out
    (run,) = json.loads(offline("validate", "--format", "sarif").out)["runs"]
    assert [result["level"] for result in run["results"]] == ["warning"]


def test_a_program_waives_a_rule_of_the_policy_like_any_other(offline: Run) -> None:
    write("most-tiers: {most: 2}", TIERS + "waivers: [{rule: most-tiers, reason: agreed, until: 2999-01-01}]\n")
    ended = offline("validate")
    assert ended.code == Exit.DONE
    assert "(waived until 2999-01-01: agreed)" in findings(ended)[0]


# The policy file.


@pytest.mark.parametrize(
    ("policy", "finding"),
    [
        ("treshold-rise: {percent: 1}", "3:3: schema: unknown key 'treshold-rise'; did you mean `threshold-rise`?"),
        ("most-tiers: {least: 1}", "3:16: schema: unknown key 'least'; known here: most, severity"),
        ("most-tiers: {}", "schema: `most` is missing in `most-tiers`"),
        ("most-tiers:", "schema: `most-tiers`: expected a mapping (key: value), found nothing"),
        ("most-tiers: {most: 0}", "schema: `most`: expected a number of tiers from 1"),
        ("most-tiers: {most: 1, severity: fatal}", "schema: `severity`: expected error or warning, found 'fatal'"),
        ("name-pattern: {pattern: '('}", "3:27: schema: `pattern` is no regular expression: missing )"),
        ("members: {fail_on: [downgrade>0]}", "schema: entry 1 of `fail_on`: expected a guard such as downgrades>0"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_a_finding_with_its_place(offline: Run, policy: str, finding: str) -> None:
    write(policy)
    ended = offline("validate")
    assert ended.code == Exit.FAILED
    assert f"tiers/policy.yaml:{finding}" in ended.out or (finding.startswith("schema") and finding in ended.out)


def test_a_policy_is_no_program_and_no_program_is_missing(offline: Run) -> None:
    write("most-tiers: {most: 9}")
    assert offline("validate").out == "1 program, 1 target, 3 tiers: valid.\n"
    assert offline("validate", "tiers/policy.yaml").out == "0 programs, 0 targets, 0 tiers: valid.\n"
    assert offline("validate", "tiers").out == "1 program, 1 target, 3 tiers: valid.\n"


@pytest.mark.parametrize("name", ["policy.yml", "policy.YAML"])
def test_the_policy_holds_whatever_the_ending_of_its_name(offline: Run, name: str) -> None:
    write("most-tiers: {most: 2}")
    POLICY.rename(POLICY.with_name(name))
    assert "most-tiers" in offline("validate").out
    assert "most-tiers" in offline("validate", "tiers/club.yaml").out


def test_two_policies_and_one_in_a_wrong_place_are_findings(offline: Run) -> None:
    write("most-tiers: {most: 9}")
    Path("tiers/policy.yml").write_text("version: 1\nrules: {}\n")
    Path("tiers/uk").mkdir()
    Path("tiers/uk/policy.yaml").write_text("version: 1\nrules: {}\n")
    out = offline("validate").out
    assert "tiers/policy.yml:1:1: schema: there is a policy already, in tiers/policy.yaml; a project has one" in out
    assert "tiers/uk/policy.yaml:1:1: schema: a policy is the file tiers/policy.yaml; move this one there" in out


def test_a_policy_holds_one_document(offline: Run) -> None:
    write("most-tiers: {most: 9}\n---\nversion: 1\nrules: {}")
    assert "schema: a policy file holds one document only" in offline("validate").out


def test_a_policy_on_stdin_is_checked_as_one(offline: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for text, code in (("version: 1\nrules: {}\n", Exit.DONE), ("version: 1\nrules: {x: {}}\n", Exit.FAILED)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert offline("validate", "-").code == code


def test_a_broken_policy_stops_a_plan(tierops: Run, emulator: Emulator) -> None:
    emulator.voucherify.add_campaign("Club")
    write("most-tiers: {most: x}")
    assert tierops("plan").code == Exit.FAILED


def test_the_schema_names_the_rules_of_a_policy_and_no_other() -> None:
    schema = contract.schema(Contract("policy", ()))
    assert set(schema["properties"]["rules"]["properties"]) == {r.id for r in rules.RULES.values() if r.is_policy}


# What only a plan knows.


@pytest.fixture
def club(emulator: Emulator) -> Emulator:
    emulator.voucherify.add_campaign("Club", tiers=[BRONZE, SILVER])
    return emulator


def test_a_threshold_that_rises_too_far_stops_the_plan(tierops: Run, club: Emulator) -> None:
    write("threshold-rise: {percent: 10}", TIERS.replace("500", "600"))
    assert tierops("validate").code == Exit.DONE
    ended = tierops("plan", "--out", "plan.json")
    assert (ended.code, Path("plan.json").exists()) == (Exit.FAILED, False)
    sentence = "Silver rises from 500 to 600 (20.0 % more), and the policy allows 10 %"
    assert findings(ended) == [f"tiers/club.yaml:6:5: threshold-rise: {sentence}"]
    assert "no plan is made: the policy forbids it (threshold-rise)" in ended.err
    assert tierops("apply", "--auto-approve").code == Exit.FAILED
    assert tierops("drift").code == Exit.DIFFERENCES  # which looks at what is, and plans nothing
    assert club.writes == 0


@pytest.mark.parametrize("threshold", ["500", "550", "400"])
def test_a_threshold_may_rise_as_far_as_the_policy_says(tierops: Run, club: Emulator, threshold: str) -> None:
    write("threshold-rise: {percent: 10}", TIERS.replace("500", threshold))
    assert tierops("plan").code == Exit.DONE


def test_what_else_is_wrong_is_told_beside_what_the_policy_forbids(tierops: Run, club: Emulator) -> None:
    head = HEAD.replace("}}]", "}}, {name: lost, voucherify: {campaign: Nowhere}}]")
    write("threshold-rise: {percent: 10}", TIERS.replace("500", "600"), head)
    ended = tierops("plan")
    assert ended.code == Exit.FAILED
    assert "threshold-rise: Silver rises" in ended.out
    assert "unreadable-target: club/lost could not be read" in ended.out


def test_a_rise_from_nothing_is_one_without_percent(tierops: Run, club: Emulator) -> None:
    write("threshold-rise: {percent: 999999}", TIERS.replace("from: 0", "from: 1"))
    assert "Bronze rises from 0 to 1, and the policy allows" in findings(tierops("plan"))[0]


def test_benefits_do_not_fall_against_live(tierops: Run, emulator: Emulator) -> None:
    emulator.voucherify.add_campaign("Club", tiers=[BRONZE])
    twice = {"e": {"type": "MULTIPLY", "multiplier": 2}}
    emulator.voucherify.edit_tier("Club", "Bronze", earning_rules=twice)
    write("benefits-never-worse:", "tiers: [{name: Bronze, from: 0, to: 499}]\n")
    assert tierops("validate").code == Exit.DONE
    (line,) = findings(tierops("plan"))
    assert "Bronze gets worse: ×1 for earning_rules.e, and ×2 now" in line


def test_what_is_waived_or_only_a_warning_is_in_the_plan_and_stays_there(tierops: Run, club: Emulator) -> None:
    program = TIERS.replace("500", "600") + "waivers: [{rule: threshold-rise, reason: agreed, until: 2999-01-01}]\n"
    write("threshold-rise: {percent: 10}\n  notice-days: {days: 30, severity: warning}", program)
    ended = tierops("plan", "--out", "plan.json")
    assert ended.code == Exit.DONE
    shown = tierops("show", "plan.json")
    assert len(findings(ended)) == 2
    assert findings(shown) == findings(ended)
    said = json.loads(Path("plan.json").read_text())["policy"]
    assert [(one["rule"], one["severity"]) for one in said] == [("notice-days", "warning"), ("threshold-rise", "note")]


def test_a_policy_that_got_stricter_since_refuses_the_plan(tierops: Run, club: Emulator) -> None:
    write("threshold-rise: {percent: 50}", TIERS.replace("500", "600"))
    assert tierops("plan", "--out", "plan.json").code == Exit.DONE
    write("threshold-rise: {percent: 10}", TIERS.replace("500", "600"))
    ended = tierops("apply", "plan.json")
    assert (ended.code, club.writes) == (Exit.REFUSED, 0)
    assert "the policy forbids this plan now: tiers/club.yaml:6:5: threshold-rise" in ended.err


def test_guards_on_members_want_to_know_of_members(tierops: Run, club: Emulator) -> None:
    write("members: {fail_on: ['moved_pct > 5']}")
    (line,) = findings(tierops("plan"))
    assert "the policy guards how many members move: make the plan with `--members FILE`" in line


# Days.


@pytest.mark.parametrize(
    ("dates", "sentence"),
    [
        ("", "the ladder changes, and no `effective_from` says from when; the policy wants 30 days of notice"),
        (f"announced: {day(-60)}\n", "no `effective_from` says from when"),
        (f"effective_from: {day(29)}\n", "has no `announced`; the plan is of"),
        (f"effective_from: {day(-1)}\n", ": 0 days of notice, not 30"),
        (f"effective_from: {day(2)}\nannounced: {day(-27)}\n", ": 29 days of notice, not 30"),
        (f"effective_from: {day(2)}\nannounced: {day(3)}\n", ": 0 days of notice, not 30"),
    ],
)
def test_members_who_are_told_too_late_stop_the_plan(tierops: Run, club: Emulator, dates: str, sentence: str) -> None:
    write("notice-days: {days: 30}", TIERS + dates)
    ended = tierops("plan")
    assert ended.code == Exit.FAILED
    (line,) = findings(ended)
    assert sentence in line
    assert line.startswith("tiers/club.yaml:8:" if "effective_from" in dates else "tiers/club.yaml:2:")


@pytest.mark.parametrize(
    "dates", [f"effective_from: {day(30)}\n", f"effective_from: {day(0)}\nannounced: {day(-30)}\n"]
)
def test_members_who_are_told_in_time_stop_nothing(tierops: Run, club: Emulator, dates: str) -> None:
    write("notice-days: {days: 30}", TIERS + dates)
    assert tierops("plan").code == Exit.DONE


def test_no_notice_is_due_where_nobody_has_a_tier_or_nothing_changes(tierops: Run, emulator: Emulator) -> None:
    emulator.voucherify.add_campaign("Club")
    write("notice-days: {days: 30}")
    assert tierops("apply", "--auto-approve").code == Exit.DONE
    assert tierops("plan").code == Exit.DONE


def test_nothing_is_created_before_the_day_from_which_the_ladder_holds(tierops: Run, club: Emulator) -> None:
    write(program=TIERS + f"effective_from: {day(1)}\n")
    assert tierops("plan", "--out", "plan.json").code == Exit.DONE
    for arguments in (["plan.json"], ["plan.json", "--without-files"]):
        ended = tierops("apply", *arguments)
        assert (ended.code, club.writes) == (Exit.REFUSED, 0)
        assert f"club/voucherify holds from {day(1)}, as its program says: apply it on that day or later" in ended.err
    ended = tierops("apply", "--auto-approve")
    assert (ended.code, club.writes) == (Exit.FAILED, 0)
    assert "nothing was written" in ended.err


def test_from_that_day_on_it_is_created(tierops: Run, club: Emulator) -> None:
    write(program=TIERS + f"effective_from: {day(0)}\n")
    assert tierops("plan", "--out", "plan.json").code == Exit.DONE
    assert tierops("apply", "plan.json").code == Exit.DONE
    assert club.writes == 1


def test_another_day_in_the_files_is_another_plan(tierops: Run, club: Emulator) -> None:
    write(program=TIERS + f"effective_from: {day(-2)}\n")
    tierops("plan", "--out", "plan.json")
    for dates in (f"effective_from: {day(-1)}\n", ""):
        write(program=TIERS + dates)
        ended = tierops("apply", "plan.json")
        assert (ended.code, club.writes) == (Exit.REFUSED, 0)
        assert "say another day from which the ladder holds" in ended.err


def test_a_day_that_is_none_is_a_finding(offline: Run) -> None:
    write(program=TIERS + "effective_from: 2027-02-30\n")
    assert "`effective_from`: expected a day of the calendar such as 2027-01-31" in offline("validate").out


# A program that is called so.


def test_a_program_in_the_policy_s_file_is_told_so(offline: Run) -> None:
    write()
    FILE.rename(POLICY)
    FILE.write_text(HEAD.replace("club", "other").replace("Club", "Other") + TIERS)
    finding = "tiers/policy.yaml:2:1: schema: by its name this file is the team's policy; a program needs another name"
    assert finding in offline("validate").out


def test_init_and_import_write_no_program_that_is_taken_for_the_policy(tierops: Run, emulator: Emulator) -> None:
    emulator.voucherify.add_campaign("Policy", tiers=[BRONZE])
    assert tierops("import", "voucherify", "--all").code == Exit.DONE
    assert tierops("validate").out == "1 program, 1 target, 1 tier: valid.\n"
    assert [path.name for path in Path("tiers").glob("*.yaml")] == ["policy-program.yaml"]
    ended = tierops("import", "voucherify", "--campaign", "Policy", "--out", "tiers/policy.yml")
    assert "tiers/policy.yml is not read as a program" in ended.err
    assert tierops("init", "new", "--yes", "--program", "policy", "--ci", "none").code == Exit.DONE
    assert Path("new/tiers/policy-program.yaml").exists()


@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
def test_every_report_of_a_plan_says_from_which_day_it_holds(tierops: Run, club: Emulator, format_: str) -> None:
    write(program=TIERS + "effective_from: 2999-03-01\n")
    assert "holds from 2999-03-01: before that day, apply creates nothing" in tierops("plan", "--format", format_).out


def test_junit_of_all_environments_has_the_cases_of_the_policy(offline: Run) -> None:
    write("most-tiers: {most: 3}")
    for options in ([], ["--all-environments"]):
        assert "most-tiers at club/voucherify" in offline("validate", "--format", "junit", *options).out
