"""Who moves, as a user asks: within a plan, and without one."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest
from harness import Ended, Run
from jsonschema import Draft202012Validator

from tierops import config
from tierops.emulator import Emulator
from tierops.errors import Exit

PROGRAM = """\
version: 1
program: club
targets: [{voucherify: {campaign: Club}}]
tiers:
  - {name: Bronze, from: 0}
  - {name: Silver, from: 250}
  - {name: Gold, from: 500}
"""
MEMBERS = {"ann": 10, "bob": 260, "cid": 300, "dan": 499, "eve": 500, "fay": 900}
BRONZE = {"name": "Bronze", "points": {"from": 0, "to": 249}}
SILVER = {"name": "Silver", "points": {"from": 250, "to": 499}}


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiers").mkdir()
    Path("tiers/club.yaml").write_text(PROGRAM)
    Path("members.csv").write_text("member_id,value\n" + "".join(f"{name},{n}\n" for name, n in MEMBERS.items()))


@pytest.fixture
def club(emulator: Emulator) -> None:
    emulator.voucherify.add_campaign("Club")
    emulator.voucherify.add_tiers("Club", [BRONZE, SILVER])


def impact_of(ended: Ended) -> dict[str, object]:
    report = json.loads(ended.out)
    targets = report["impacts"] or report["plan"]["targets"] if "impacts" in report else report["plan"]["targets"]
    (target,) = targets
    impact: dict[str, object] = target["impact"]
    return impact


def test_a_plan_says_who_would_join(tierops: Run, club: None) -> None:
    ended = tierops("plan", "--members", "members.csv", "--format", "json")
    impact = impact_of(ended)
    assert ended.code == Exit.DONE
    assert impact["members"] == 6
    assert impact["before"] == {"Bronze": 1, "Silver": 3}
    assert impact["after"] == {"Bronze": 1, "Silver": 3, "Gold": 2}
    assert impact["moves"] == [{"from": None, "to": "Gold", "members": 2, "steps": None}]
    assert (impact["in_no_tier"], impact["in_no_tier_before"], impact["vendor_differs"]) == (0, 2, None)
    assert impact["near"] == {"margin": "5%", "members": 3}
    assert "join this tier immediately" in str(impact["acts"])


def test_what_differs_is_counted_as_it_stays_and_as_the_files_want_it(tierops: Run, club: None) -> None:
    Path("tiers/club.yaml").write_text(PROGRAM.replace("250", "300"))
    ended = tierops("plan", "--members", "members.csv")
    assert "After apply: 2 of 6 members (33.3 %) join the ladder; nobody drops." in ended.out
    assert "Once live is as the files want it: 1 of 6 members (16.7 %) drops one tier;" in ended.out
    impact = impact_of(tierops("plan", "--members", "members.csv", "--format", "json"))
    desired = impact["desired"]
    assert isinstance(desired, dict)
    assert (impact["downgrades"], desired["downgrades"]) == (0, 1)
    assert desired["after"] == {"Bronze": 2, "Silver": 2, "Gold": 2}


def test_a_blocked_tier_gets_no_members(tierops: Run, club: None) -> None:
    Path("tiers/club.yaml").write_text(PROGRAM.replace("from: 500", "from: 600"))
    impact = impact_of(tierops("plan", "--members", "members.csv", "--format", "json"))
    desired = impact["desired"]
    assert isinstance(desired, dict)
    assert impact["after"] == {"Bronze": 1, "Silver": 3}
    assert impact["moves"] == []
    assert desired["after"] == {"Bronze": 1, "Silver": 4, "Gold": 1}


def test_a_saved_plan_keeps_who_moves(tierops: Run, club: None) -> None:
    assert tierops("plan", "--members", "members.csv", "--out", "plan.json").code == Exit.DONE
    plan = json.loads(Path("plan.json").read_text())
    Draft202012Validator(json.loads(config.schema("plan"))).validate(plan)
    shown = tierops("show", "plan.json")
    assert "2 of 6 members (33.3 %) join the ladder; nobody drops." in shown.out
    assert tierops("apply", "plan.json").code == Exit.DONE


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_every_report_says_it_to_a_manager(form: str, tierops: Run, club: None) -> None:
    ended = tierops("plan", "--members", "members.csv", "--format", form)
    assert "2 of 6 members (33.3 %) join the ladder; nobody drops." in ended.out
    assert "no tier" in ended.out


def test_members_are_compared_with_live_without_a_plan(tierops: Run, club: None) -> None:
    impact = impact_of(tierops("impact", "--members", "members.csv", "--live", "--format", "json"))
    assert (impact["against"], impact["joiners"]) == ("live", 2)


def test_members_are_compared_with_another_file(offline: Run) -> None:
    Path("old.yaml").write_text(PROGRAM.replace("250", "200").replace("500", "300"))
    ended = offline("impact", "--members", "members.csv", "--against", "old.yaml")
    assert ended.code == Exit.DONE
    assert "2 of 6 members (33.3 %) drop one tier; nobody rises." in ended.out
    impact = impact_of(offline("impact", "--members", "members.csv", "--against", "old.yaml", "--format", "json"))
    assert impact["moves"] == [{"from": "Gold", "to": "Silver", "members": 2, "steps": -1}]


def git(*arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


def test_members_are_compared_with_a_revision(offline: Run) -> None:
    git("init", "-q", "-b", "main")
    git("add", "tiers")
    git("commit", "-q", "-m", "ladder")
    Path("tiers/club.yaml").write_text(PROGRAM.replace("250", "270"))
    impact = impact_of(offline("impact", "--members", "members.csv", "--against-rev", "HEAD", "--format", "json"))
    assert (impact["against"], impact["downgrades"]) == ("revision HEAD", 1)
    wrong = offline("impact", "--members", "members.csv", "--against-rev", "nowhere")
    assert wrong.code == Exit.USAGE
    assert "git has no revision 'nowhere'" in wrong.err
    assert offline("impact", "--members", "members.csv", "--against-rev=--output=x").code == Exit.USAGE
    assert not Path("tiers/x").exists()


def test_candidates_stand_side_by_side(offline: Run) -> None:
    for name, start in (("a", "250"), ("b", "300"), ("c", "200")):
        Path(f"{name}.yaml").write_text(PROGRAM.replace("250", start))
    ended = offline("impact", "--members", "members.csv", "--compare", "a.yaml", "b.yaml", "c.yaml")
    assert ended.code == Exit.DONE
    table = [line.split() for line in ended.out.splitlines()[-10:]]
    assert ["members", "a.yaml", "b.yaml", "c.yaml"] in table
    assert ["Silver", "3", "2", "3"] in table
    assert ["downgrades", "1", "·"] in table


def test_without_a_comparison_the_ladder_alone_is_counted(offline: Run) -> None:
    assert "6 members: 1 Bronze, 3 Silver, 2 Gold." in offline("impact", "--members", "members.csv").out


def test_a_guard_names_the_numbers_and_fails(tierops: Run, club: None) -> None:
    ended = tierops("plan", "--members", "members.csv", "--fail-on", "joiners>1", "--out", "plan.json")
    assert ended.code == Exit.FAILED
    assert "club/voucherify: 2 of 6 members come into a tier after apply; the guard is joiners>1" in ended.out
    assert not Path("plan.json").exists()
    assert tierops("plan", "--members", "members.csv", "--fail-on", "joiners>2").code == Exit.DONE


def test_a_guard_looks_at_what_the_files_want_too(tierops: Run, club: None) -> None:
    Path("tiers/club.yaml").write_text(PROGRAM.replace("250", "300"))
    ended = tierops("plan", "--members", "members.csv", "--fail-on", "downgrades>0")
    assert ended.code == Exit.FAILED
    assert "1 of 6 members drop once live is as the files want it" in ended.out


def test_nobody_is_named_unless_a_list_is_asked_for(tierops: Run, club: None) -> None:
    ended = tierops("plan", "--members", "members.csv", "--format", "json", "--list", "movers.csv")
    assert not [name for name in MEMBERS if name in ended.out]
    assert Path("movers.csv").read_text() == (
        "target,against,member_id,before,after,desired\n"
        "club/voucherify,live,eve,,Gold,Gold\n"
        "club/voucherify,live,fay,,Gold,Gold\n"
    )
    assert stat.S_IMODE(Path("movers.csv").stat().st_mode) == 0o600


def test_a_list_needs_to_know_who_they_are(offline: Run) -> None:
    Path("members.csv").write_text("value\n10\n")
    ended = offline("impact", "--members", "members.csv", "--list", "movers.csv")
    assert ended.code == Exit.FAILED
    assert "no column member_id" in ended.err


def test_small_numbers_are_kept_back(offline: Run) -> None:
    Path("old.yaml").write_text(PROGRAM.replace("250", "200").replace("500", "300"))
    ended = offline("impact", "--members", "members.csv", "--against", "old.yaml", "--min-count", "5")
    assert "<5" in ended.out
    assert "drop one tier" in ended.out
    assert "2 of 6" not in ended.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["impact"], "--members"),
        (["plan", "--fail-on", "downgrades>0"], "--members FILE"),
        (["impact", "--members", "members.csv", "--fail-on", "tears>0"], "is no guard"),
        (["impact", "--members", "members.csv", "--margin", "near"], "is no margin"),
        (["impact", "--members", "members.csv", "--value-type", "float"], "decimal(18,2)"),
        (["impact", "--members", "members.csv", "--compare", "tiers/club.yaml"], "two or more"),
        (["impact", "--members", "members.csv", "--live", "--against", "tiers"], "not several"),
        (["impact", "--members", "members.csv", "tiers/club.yaml"], "--compare"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(arguments: list[str], message: str, offline: Run) -> None:
    ended = offline(*arguments)
    assert ended.code == Exit.USAGE
    assert message in ended.err


def test_a_comment_has_the_matrix_and_a_page_the_picture(offline: Run) -> None:
    Path("old.yaml").write_text(PROGRAM.replace("250", "200").replace("500", "300"))
    asked = ("impact", "--members", "members.csv", "--against", "old.yaml", "--format")
    comment = offline(*asked, "markdown").out
    assert "| from ↓ to → | Bronze | Silver | Gold | together |" in comment
    assert "| Gold | · | 2 | 2 | 4 |" in comment
    page = offline(*asked, "html").out
    assert "2 drop to Silver</text>" in page
    assert "<title>1 stay in Bronze</title>" in page
    assert 'class="ribbon drop"' in page


def test_a_comment_and_a_page_have_candidates_side_by_side(offline: Run) -> None:
    for name, start in (("a", "250"), ("b", "300"), ("c", "200")):
        Path(f"{name}.yaml").write_text(PROGRAM.replace("250", start))
    asked = ("impact", "--members", "members.csv", "--compare", "a.yaml", "b.yaml", "c.yaml", "--format")
    assert "| members | a.yaml | b.yaml | c.yaml |" in offline(*asked, "markdown").out
    assert "Side by side" in offline(*asked, "html").out


def test_a_target_that_the_other_side_lacks_is_told(offline: Run) -> None:
    Path("old.yaml").write_text(PROGRAM)
    Path("tiers/other.yaml").write_text(PROGRAM.replace("program: club", "program: other").replace("Club}", "Other}"))
    ended = offline("impact", "--members", "members.csv", "--against", "old.yaml")
    assert ended.code == Exit.DONE
    assert "not compared, for old.yaml has no such target: other/voucherify" in ended.err
    wrong = offline("impact", "--members", "members.csv", "--against", "old.yaml", "--program", "other")
    assert wrong.code == Exit.DONE  # one ladder on either side: these two are meant
    Path("old.yaml").write_text(PROGRAM.replace("program: club", "program: third"))
    wrong = offline("impact", "--members", "members.csv", "--against", "old.yaml")
    assert wrong.code == Exit.USAGE
    assert "nothing to compare: old.yaml has third/voucherify" in wrong.err


POLICY = "version: 1\nrules:\n  members: {fail_on: ['joiners>1']}\n"


def test_a_policy_guards_members(tierops: Run, club: None) -> None:
    Path("tiers/policy.yaml").write_text(POLICY)
    without = tierops("plan")
    assert without.code == Exit.FAILED
    assert "--members FILE" in without.out + without.err
    refused = tierops("plan", "--members", "members.csv", "--out", "plan.json")
    assert refused.code == Exit.FAILED
    assert "2 of 6 members come into a tier after apply; the guard is joiners>1" in refused.out + refused.err
    assert not Path("plan.json").exists()
    Path("tiers/policy.yaml").write_text(POLICY.replace(">1", ">2"))
    assert tierops("plan", "--members", "members.csv", "--out", "plan.json").code == Exit.DONE
    Path("tiers/policy.yaml").write_text(POLICY)
    assert tierops("apply", "plan.json").code == Exit.REFUSED
    Path("tiers/policy.yaml").write_text(POLICY.replace(">1", ">2"))
    assert tierops("apply", "plan.json").code == Exit.DONE
