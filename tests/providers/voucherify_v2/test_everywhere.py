"""Loyalty v2 in every command, side by side with v1: one address, the same keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import Run

from tierops.emulator import Emulator
from tierops.errors import Exit

BOTH = """\
version: 1
program: club
targets:
  - voucherify: {campaign: Club}
  - name: next
    voucherify-v2: {structure: Club tiers}
tiers:
  - {name: Bronze, from: 0}
  - name: Silver
    from: 250
    voucherify: {metadata: {perk: refill}}
    voucherify-v2: {metadata: {perk: refill}, downgrade: {type: NO_DOWNGRADE}}
"""


@pytest.fixture
def club(emulator: Emulator, tierops: Run) -> Run:
    emulator.voucherify.add_campaign("Club")
    emulator.voucherify_v2.add_structure("Club tiers")
    Path("tiers").mkdir()
    Path("tiers/club.yaml").write_text(BOTH)
    return tierops


def test_one_program_lives_in_both_and_a_second_apply_writes_nothing(club: Run, emulator: Emulator) -> None:
    assert club("apply", "--auto-approve").code == Exit.DONE
    assert [tier["name"] for tier in emulator.voucherify.tiers("Club")] == ["Bronze", "Silver"]
    assert [tier["name"] for tier in emulator.voucherify_v2.tiers("Club tiers")] == ["Bronze", "Silver"]
    assert emulator.writes == 3
    assert club("apply", "--auto-approve").code == Exit.DONE
    assert club("drift").code == Exit.DONE
    assert emulator.writes == 3


@pytest.mark.parametrize("version", ["", "/v1", "/v2"])
def test_the_address_is_that_of_both_whichever_version_it_was_copied_with(
    version: str, club: Run, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, served: object
) -> None:
    monkeypatch.setenv("VOUCHERIFY_URL", f"{served.url}/voucherify{version}")  # type: ignore[attr-defined]
    assert club("plan", "--detailed-exitcode").code == Exit.DIFFERENCES
    assert {sent[1].split("/")[2] for sent in emulator.requests} == {"v1", "v2"}


def test_drift_only_reads_and_tells_what_was_edited(club: Run, emulator: Emulator) -> None:
    club("apply", "--auto-approve")
    emulator.voucherify_v2.edit_tier("Club tiers", "Silver", points={"min_value": 300})
    emulator.requests.clear()
    ended = club("drift")
    assert ended.code == Exit.DIFFERENCES
    assert "club/next: Silver" in ended.out
    assert {sent[0] for sent in emulator.requests} == {"GET"}


@pytest.mark.parametrize("at", ["name", "id"])
def test_what_is_imported_has_an_empty_plan(at: str, club: Run, emulator: Emulator) -> None:
    club("apply", "--auto-approve")
    Path("tiers/club.yaml").unlink()
    named = "Club tiers" if at == "name" else emulator.voucherify_v2.structure("Club tiers")["id"]
    ended = club("import", "voucherify-v2", "--at", f"structure={named}", "--out", "tiers/next.yaml")
    assert ended.code == Exit.DONE, ended
    text = Path("tiers/next.yaml").read_text()
    assert "downgrade: {type: NO_DOWNGRADE}" in text
    assert "points_expiration" not in text
    assert club("plan", "--detailed-exitcode").code == Exit.DONE


def test_a_tier_for_a_segment_is_a_comment_and_a_note_in_what_is_imported(club: Run, emulator: Emulator) -> None:
    Path("tiers/club.yaml").unlink()
    rules = {"type": "POINTS_AND_SEGMENT", "points": {"min_value": 0}, "segment": {"id": "seg_1"}}
    emulator.voucherify_v2.add_tiers("Club tiers", [{"name": "Staff", "qualification_rules": rules}])
    ended = club("import", "voucherify-v2", "--at", "structure=Club tiers", "--out", "tiers/next.yaml")
    assert ended.code == Exit.DONE
    assert 'cannot hold it: {"id":"seg_1"}' in Path("tiers/next.yaml").read_text()
    assert "segment.id is left out" in ended.out + ended.err


@pytest.mark.parametrize(
    ("line", "instead", "place", "said"),
    [
        ("downgrade: {type: NO_DOWNGRADE}", "earning_rules: {ern_1: {type: CUSTOM}}", "12:", "`tier_rules`"),
        ("downgrade: {type: NO_DOWNGRADE}", "rewards: {}", "12:", "at the reward in the dashboard"),
        (
            "downgrade: {type: NO_DOWNGRADE}",
            "downgrade: {type: MULTI_LEVEL}",
            "12:",
            "expected INHERIT or NO_DOWNGRADE",
        ),
        (
            "    voucherify: {m",
            "    targets: {next: {rewards: {rewa_1: null}}}\n    voucherify: {m",
            "11:",
            "at the reward",
        ),
    ],
    ids=["earning rules", "rewards", "downgrade", "overlay"],
)
def test_what_v1_has_and_v2_cannot_hold_is_an_error_at_its_line(
    line: str, instead: str, place: str, said: str, club: Run
) -> None:
    Path("tiers/club.yaml").write_text(BOTH.replace(line, instead))
    ended = club("validate")
    assert ended.code == Exit.FAILED
    (found,) = [one for one in (ended.out + ended.err).splitlines() if "club.yaml:" in one and said in one]
    assert f"club.yaml:{place}" in found


def test_an_overlay_of_v1_may_still_have_rewards(club: Run) -> None:
    overlay = "    targets: {voucherify: {rewards: {rewa_1: {type: CUSTOM, points: 3}}}}\n"
    Path("tiers/club.yaml").write_text(BOTH + overlay)
    assert club("validate").code == Exit.DONE


def test_keys_that_are_missing_are_named(club: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOUCHERIFY_APP_TOKEN")
    ended = club("plan")
    assert ended.code == Exit.FAILED
    assert "set VOUCHERIFY_APP_ID and VOUCHERIFY_APP_TOKEN" in ended.err


NEW = """\
version: 1
program: club
targets:
  - voucherify-v2:
      structure: Club tiers
      card_definition: Points
      downgrade: {type: MULTI_LEVEL, grace_period: {value: 1, unit: MONTH}}
      expiration: {type: CALENDAR_EXPIRATION, calendar_expiration: {calendar_dates: [{day: 1, month: 1}]}}
tiers:
  - {name: Bronze, from: 0}
  - {name: Silver, from: 250}
"""


@pytest.fixture
def new(tierops: Run) -> Run:
    Path("tiers").mkdir()
    Path("tiers/club.yaml").write_text(NEW)
    return tierops


def test_a_structure_is_made_from_a_plan_file_once(new: Run, emulator: Emulator) -> None:
    planned = new("plan", "--out", "plan.json")
    assert "the new tier structure Club tiers" in planned.out
    assert "until then no member moves" in planned.out
    assert "In the draft the tier and the structure can be deleted by hand" in planned.out
    shown = new("show", "plan.json", "--format", "markdown")
    assert "POST /v2/loyalties/tier-structures/{id}/tiers" in shown.out
    ended = new("apply", "plan.json", "--journal", "journal.jsonl", "--report", "json=report.json")
    (structure,) = emulator.voucherify_v2.structures()
    assert ended.code == Exit.DONE, ended
    assert f"created: tier structure 'Club tiers' ({structure['id']})" in ended.out
    assert "The tier structure 'Club tiers' is new." in ended.out
    assert "2 tiers created." in ended.out
    assert f"/{structure['id']}/activate" in ended.out
    assert new("journal", "verify", "journal.jsonl").code == Exit.DONE
    lines = [json.loads(line) for line in Path("journal.jsonl").read_text().splitlines()]
    outcomes = [(line.get("place"), line.get("tier"), line["state"]) for line in lines if line["kind"] == "outcome"]
    place = ("tier structure 'Club tiers'", None, "done")
    assert outcomes == [place, (None, "Bronze", "done"), (None, "Silver", "done")]
    (target,) = json.loads(Path("report.json").read_text())["results"]
    assert target["place"] == {"name": place[0], "state": "done", "detail": structure["id"]}
    assert [outcome["name"] for outcome in target["outcomes"]] == ["Bronze", "Silver"]
    assert new("apply", "plan.json").code == Exit.DONE
    assert new("drift").code == Exit.DONE
    assert emulator.writes == 3


def test_a_plan_file_with_another_wallet_is_refused(new: Run, emulator: Emulator) -> None:
    new("plan", "--out", "plan.json")
    text = Path("plan.json").read_text()
    Path("plan.json").write_text(text.replace("lcdef_12f0a1a0110c5d6df0", "lcdef_other"))
    assert new("apply", "plan.json").code == Exit.REFUSED
    Path("plan.json").write_text(text)
    Path("tiers/club.yaml").write_text(NEW.replace("MULTI_LEVEL", "SINGLE_LEVEL"))
    assert new("apply", "plan.json").code == Exit.REFUSED
    assert emulator.writes == 0


def test_a_ladder_that_is_suggested_for_it_keeps_the_whole_target(new: Run) -> None:
    Path("members.csv").write_text("value\n" + "\n".join(str(number) for number in range(100)))
    ended = new("suggest", "--members", "members.csv", "--shares", "50,50", "--program", "club")
    assert ended.code == Exit.DONE, ended
    Path("tiers/club.yaml").write_text(ended.out)
    assert new("validate").code == Exit.DONE
    assert "calendar_dates: [{day: 1, month: 1}]" in ended.out
    assert "grace_period: {unit: MONTH, value: 1}" in ended.out.replace(
        "value: 1, unit: MONTH", "unit: MONTH, value: 1"
    )


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ("      downgrade:", "      metadata:", "`card_definition` goes with `downgrade`"),
        ("      card_definition: Points", "      type: POINT_BALANCE", "`type` goes with `card_definition`"),
        ("card_definition: Points", "card_definition: Points\n      type: POINT_EARNED", "goes with `point_earned`"),
        ("MULTI_LEVEL", "SOME_LEVEL", "expected MULTI_LEVEL, SINGLE_LEVEL or NO_DOWNGRADE"),
        ("card_definition: Points", "wallet: Points", "unknown key"),
    ],
)
def test_a_block_that_makes_no_structure_is_an_error_with_what_is_missing(
    line: str, instead: str, said: str, new: Run
) -> None:
    Path("tiers/club.yaml").write_text(NEW.replace(line, instead))
    ended = new("validate")
    assert ended.code == Exit.FAILED
    assert [one for one in (ended.out + ended.err).splitlines() if "club.yaml:" in one and said in one], ended


def test_environments_may_have_wallets_and_periods_of_their_own(new: Run) -> None:
    Path("tiers/environments").mkdir()
    for name, wallet in (("test", "Points"), ("live", "Coffee points")):
        text = f"version: 1\nenvironment: {name}\nvalues: {{wallet: {wallet}, months: 1}}\n"
        Path(f"tiers/environments/{name}.yaml").write_text(text)
    Path("tiers/club.yaml").write_text(NEW.replace("Points", "${wallet}").replace("value: 1", 'value: "${months}"'))
    assert new("--env", "test", "plan").code == Exit.DONE
    ended = new("compare", "test", "live")
    assert "card_definition" in ended.out
