"""The reviewed files and the reviewed plan belong together."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import Run

from tierops.emulator import Emulator
from tierops.errors import Exit

PROGRAM = "version: 1\nprogram: club\ntargets: [{voucherify: {campaign: Club}}]\n"
TIERS = "tiers: [{name: Bronze, from: 0}, {name: Gold, from: 100}]\n"
FILE = Path("tiers/club.yaml")


@pytest.fixture
def club(emulator: Emulator, tierops: Run) -> Emulator:
    """An empty campaign, and a saved plan to fill it."""
    emulator.voucherify.add_campaign("Club")
    emulator.voucherify.add_campaign("Other")
    FILE.parent.mkdir()
    FILE.write_text(PROGRAM + TIERS)
    assert tierops("plan", "--out", "plan.json").code == Exit.DONE
    return emulator


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (PROGRAM + TIERS.replace("100", "200"), "the files have changed since the plan was made, in tier 'Bronze'"),
        (PROGRAM + TIERS.replace("Gold", "Golden"), "in tier 'Golden'"),
        (PROGRAM + TIERS.replace("}]", "}, {name: Top, from: 900}]"), "in tier 'Gold'"),
        (PROGRAM.replace("Club", "Other") + TIERS, "the files name another place now: 'Other'"),
        (PROGRAM.replace("program: club", "program: clubs") + TIERS, "the files have no such target any more"),
        (
            PROGRAM + TIERS + "waivers: [{rule: ladder-gap, reason: agreed, until: 2999-01-01}]\n",
            "the files waive other rules now",
        ),
        (PROGRAM + "tiers: [{name: Bronze}]\n", "the files have changed since the plan was made: they hold errors"),
    ],
)
def test_a_plan_of_other_files_is_refused_and_says_what_differs(
    text: str, reason: str, club: Emulator, tierops: Run
) -> None:
    FILE.write_text(text)
    ended = tierops("apply", "plan.json")
    assert (ended.code, club.writes) == (Exit.REFUSED, 0)
    assert reason in ended.err


def test_files_that_only_moved_their_lines_are_the_same(club: Emulator, tierops: Run) -> None:
    FILE.write_text("# reviewed\n\n" + PROGRAM + TIERS)
    ended = tierops("apply", "plan.json")
    assert (ended.code, club.writes) == (Exit.DONE, 1)
    assert "Live equals the files" in ended.out


@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
def test_without_files_no_report_speaks_of_them(format_: str, club: Emulator, tierops: Run) -> None:
    FILE.unlink()
    assert tierops("apply", "plan.json").code == Exit.FAILED
    ended = tierops("apply", "plan.json", "--without-files", "--format", format_)
    assert (ended.code, club.writes) == (Exit.DONE, 1)
    assert "Live equals the plan" in ended.out
    assert "the files" not in ended.out


def test_without_files_is_for_a_plan_file(club: Emulator, tierops: Run) -> None:
    assert tierops("apply", "--auto-approve", "--without-files").code == Exit.USAGE
