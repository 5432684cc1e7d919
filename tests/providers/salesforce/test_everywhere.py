"""What a user sees: every command, at a served org."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import Run

from tierops.emulator import Emulator
from tierops.errors import Exit

PROGRAM = """\
version: 1
program: coffee-club
targets:
  - salesforce: {program: Coffee Club, tier_group: Status}
tiers:
  - name: Bronze
    from: 0
  - name: Silver
    from: 99.50
    salesforce: {color: "#C0C0C0", description: Free refill}
  - name: Gold
    from: 500
    targets:
      salesforce: {enrollment: TierBased, sequence: 40}
"""
SIGN_IN = "/salesforce/services/oauth2/token"


@pytest.fixture
def program(tierops: Run, emulator: Emulator) -> Path:
    """A ladder of three tiers, of which the group has the lowest."""
    bronze = {"Name": "Bronze", "MinimumEligibleBalance": 0, "SequenceNumber": 10}
    emulator.salesforce.add_group("Coffee Club", "Status", [bronze])
    path = Path("tiers/coffee-club.yaml")
    path.parent.mkdir()
    path.write_text(PROGRAM)
    return path


def posts(emulator: Emulator) -> set[str]:
    return {path for method, path, _ in emulator.requests if method != "GET"}


def said(text: str) -> str:
    return " ".join(text.split())


def test_a_plan_reads_only_and_says_when_members_move(tierops: Run, program: Path, emulator: Emulator) -> None:
    ended = tierops("plan", "--detailed-exitcode")
    assert ended.code == Exit.DIFFERENCES, ended
    assert "until then no member moves" in said(ended.out)
    assert "immediately" not in ended.out
    assert (posts(emulator), emulator.writes) == ({SIGN_IN}, 0)


def test_apply_creates_once_and_names_the_step_by_hand(tierops: Run, program: Path, emulator: Emulator) -> None:
    ended = tierops("apply", "--auto-approve")
    assert ended.code == Exit.DONE, ended
    assert "Generate Rules" in said(ended.out)
    rows = emulator.salesforce.tiers("Status")
    assert [(row["Name"], row["MinimumEligibleBalance"], row["SequenceNumber"]) for row in rows] == [
        ("Bronze", "0", 10),
        ("Silver", "99.5", 20),
        ("Gold", "500", 40),
    ]
    assert tierops("apply", "--auto-approve").code == Exit.DONE
    assert tierops("plan", "--detailed-exitcode").code == Exit.DONE
    assert emulator.writes == 1


def test_drift_only_reads_and_signs_in(tierops: Run, program: Path, emulator: Emulator) -> None:
    tierops("apply", "--auto-approve")
    assert tierops("drift").code == Exit.DONE
    emulator.salesforce.edit_tier("Status", "Silver", MinimumEligibleBalance=100)
    emulator.requests.clear()
    ended = tierops("drift")
    assert ended.code == Exit.DIFFERENCES
    assert "Silver" in ended.out
    assert posts(emulator) == {SIGN_IN}


@pytest.mark.parametrize("at", ["Coffee Club", "its id"])
def test_what_is_imported_has_an_empty_plan(at: str, tierops: Run, program: Path, emulator: Emulator) -> None:
    tierops("apply", "--auto-approve")
    program.unlink()
    name = at if at == "Coffee Club" else emulator.salesforce.program("Coffee Club")["id"]
    options = ("--at", f"program={name}", "--at", "tier_group=Status", "--program", "club", "--out", "tiers/club.yaml")
    ended = tierops("import", "salesforce", *options)
    assert ended.code == Exit.DONE, ended
    text = Path("tiers/club.yaml").read_text()
    assert ("sequence: 40" in text, "below:" in text) == (True, False)
    assert tierops("plan", "--detailed-exitcode").code == Exit.DONE


def test_every_group_is_imported(tierops: Run, program: Path, emulator: Emulator) -> None:
    emulator.salesforce.add_group("Tea Club", "Status", [{"Name": "Leaf", "MinimumEligibleBalance": 1.5}])
    program.unlink()
    assert tierops("import", "salesforce", "--all").code == Exit.DONE
    assert sorted(path.name for path in Path("tiers").glob("*.yaml")) == [
        "coffee-club-status.yaml",
        "tea-club-status.yaml",
    ]
    assert tierops("plan", "--detailed-exitcode").code == Exit.DONE


@pytest.mark.parametrize(
    ("line", "instead", "finding"),
    [
        ("from: 99.50", "from: 99.505", "not-representable: Silver has the bound 99.505"),
        ("from: 500", "from: 500\n    below: 1000", "not-representable: Gold would be 500+ there"),
        ('"#C0C0C0"', "silver", "expected a color such as #C0C0C0"),
        ("sequence: 40", "sequence: 10000", "expected a whole number from 0 to 9999"),
        ("TierBased", "Tierbased", "expected Free, Paid, SegmentBased, TierBased or Trial"),
    ],
)
def test_what_salesforce_cannot_hold_is_found_in_the_files(
    line: str, instead: str, finding: str, tierops: Run, program: Path
) -> None:
    program.write_text(PROGRAM.replace(line, instead))
    ended = tierops("validate")
    assert ended.code == Exit.FAILED
    assert finding in ended.out + ended.err


def test_init_writes_a_repository_for_salesforce(tierops: Run, emulator: Emulator) -> None:
    options = ("--vendor", "salesforce", "--at", "program=Club", "--at", "tier_group=Status", "--yes")
    ended = tierops("init", *options, "--environment", "sandbox")
    assert ended.code == Exit.DONE, ended
    emulator.salesforce.add_group("Club", "Status")
    assert tierops("apply", "--env", "sandbox", "--auto-approve").code == Exit.DONE


def test_no_secret_and_no_token_is_shown(
    tierops: Run, program: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "00D7k4Wq2mZt9Lc!AQ-a-token-that-nobody-may-see"
    emulator.salesforce.add_tiers("Status", [{"Name": token, "MinimumEligibleBalance": 1}])
    monkeypatch.setattr(emulator.vendors["salesforce"], "new_token", lambda: token)
    ended = tierops("-v", "plan")
    assert ended.code == Exit.FAILED
    assert "Salesforce sent back the key that it was asked with" in ended.err
    assert token not in ended.out + ended.err
