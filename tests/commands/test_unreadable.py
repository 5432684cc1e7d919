"""A target that cannot be read stops no other: each is reported with its place in the files, in every format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import Run

from tierops.emulator import Emulator
from tierops.errors import Exit

GONE = "gone/voucherify could not be read: campaign 'Gone'"
TWICE = "twice/voucherify could not be read: 2 live tiers of 'Twice' are named 'Bronze'"


@pytest.fixture
def clubs(emulator: Emulator, tierops: Run) -> Emulator:
    """One campaign that lacks a tier, one that was deleted, one that holds a name twice, and an unchanged group."""
    Path("tiers").mkdir()
    bronze = {"name": "Bronze", "points": {"from": 0, "to": 99}}
    emulator.voucherify.add_campaign("Club", tiers=[bronze])
    emulator.voucherify.add_campaign("Twice", tiers=[bronze, bronze])
    for key in ("club", "gone", "twice"):
        Path(f"tiers/{key}.yaml").write_text(
            f"version: 1\nprogram: {key}\ntargets:\n  - voucherify: {{campaign: {key.title()}}}\n"
            "tiers: [{name: Bronze, from: 0}, {name: Gold, from: 100}]\n"
        )
    return emulator


@pytest.mark.parametrize("command", ["plan", "drift"])
@pytest.mark.parametrize("format_", ["text", "json", "markdown", "html"])
def test_the_others_are_reported(command: str, format_: str, clubs: Emulator, tierops: Run) -> None:
    ended = tierops(command, "--format", format_)
    assert ended.code == Exit.FAILED
    for said in (GONE, TWICE):
        assert said.replace("'", "&#39;" if format_ == "html" else "'") in ended.out
    for place in ("tiers/gone.yaml:4", "tiers/twice.yaml:4"):
        file, line = place.split(":")
        assert f"{place}:5" in ended.out or (f'"file": "{file}"' in ended.out and f'"line": {line}' in ended.out)
    assert "Gold" in ended.out
    assert "live equals the files" not in ended.out.lower()


@pytest.mark.parametrize("format_", ["sarif", "junit", "github"])
def test_a_finding_points_at_each_target_and_each_departure(format_: str, clubs: Emulator, tierops: Run) -> None:
    ended = tierops("drift", "--format", format_)
    assert ended.code == Exit.FAILED
    for part in ("unreadable-target", "tiers/gone.yaml", "tiers/twice.yaml", "drift-missing", "tiers/club.yaml"):
        assert part in ended.out


def test_a_saved_plan_holds_the_other_targets_and_says_so(clubs: Emulator, tierops: Run) -> None:
    assert tierops("plan", "--out", "plan.json").code == Exit.FAILED
    assert json.loads(Path("plan.json").read_text())["unread"] == ["gone/voucherify", "twice/voucherify"]
    shown = tierops("show", "plan.json")
    assert "2 targets could not be read: gone/voucherify, twice/voucherify." in shown.out
    applied = tierops("apply", "plan.json")
    assert (applied.code, clubs.writes) == (Exit.DONE, 1)
    assert "created: Gold" in applied.out


def test_apply_without_a_plan_file_does_not_start(clubs: Emulator, tierops: Run) -> None:
    ended = tierops("apply", "--auto-approve")
    assert (ended.code, clubs.writes) == (Exit.FAILED, 0)
    assert GONE in ended.out
    assert TWICE in ended.out
    assert "nothing was written" in ended.err


def test_where_no_target_can_be_read_the_command_fails_with_the_reason(clubs: Emulator, tierops: Run) -> None:
    Path("tiers/club.yaml").unlink()
    for command in ("plan", "drift"):
        ended = tierops(command)
        assert ended.code == Exit.FAILED
        assert GONE in ended.out
        assert TWICE in ended.out
        assert f"error: {GONE}" in ended.err
        assert "(and 1 more)" in ended.err
