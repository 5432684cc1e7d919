"""Loyalty v2 in every command, side by side with v1: one address, the same keys."""

from __future__ import annotations

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
