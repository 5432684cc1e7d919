"""The committed samples, in each of their environments, at the emulated vendors that `--seed` fills."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from harness import Run

from tierops import pipeline
from tierops.emulator import Emulator
from tierops.errors import Exit

SAMPLES = Path(__file__).parents[2] / "tiers"
ONE = "one-ladder"
LADDER = ["Bronze", "Silver", "Gold"]


def seed(emulator: Emulator, environment: str | None) -> None:
    """As `tierops emulate --seed tiers` does."""
    for program in pipeline.read_files([Path("tiers")], environment, today=date(2026, 11, 27)).programs:
        for target in program.targets:
            emulator.vendors[target.place.provider].seed(target.place.block)


@pytest.mark.parametrize("environment", ["sandbox", "production"])
def test_one_ladder_is_made_at_four_vendors_and_a_second_apply_writes_nothing(
    environment: str, emulator: Emulator, tierops: Run
) -> None:
    shutil.copytree(SAMPLES, "tiers")
    seed(emulator, environment)
    chosen = ("--env", environment, "--program", ONE)
    assert tierops("plan", "--detailed-exitcode", *chosen).code == Exit.DIFFERENCES
    assert emulator.writes == 0
    ended = tierops("apply", "--auto-approve", *chosen)
    assert (ended.code, "11 tiers created." in ended.out) == (Exit.DONE, True)
    (structure,) = emulator.voucherify_v2.structures()
    assert [tier["name"] for tier in emulator.voucherify_v2.tiers(structure["id"])] == LADDER
    assert structure["status"] == "DRAFT"
    assert [tier["Name"] for tier in emulator.salesforce.tiers("Status")] == LADDER
    assert [tier["name"] for tier in emulator.openloyalty.tiers("Travel Club")] == LADDER
    assert [audience["name"] for audience in emulator.fanfare.audiences()] == LADDER
    writes = emulator.writes
    assert writes == 6  # three into the draft, one at each other vendor
    for command in (("apply", "--auto-approve"), ("plan", "--detailed-exitcode"), ("drift",)):
        assert tierops(*command, *chosen).code == Exit.DONE
    assert emulator.writes == writes


def test_every_ladder_is_seeded_where_others_have_its_name(emulator: Emulator, tierops: Run) -> None:
    """Two programmes have a tier group each that is called alike, two stores a tier set, one of them a new store."""
    Path("tiers").mkdir()
    Path("tiers/a.yaml").write_text(
        "version: 1\nprogram: a\ntargets:\n"
        "  - {name: s1, salesforce: {program: Club, tier_group: Status}}\n"
        "  - {name: s2, salesforce: {program: Outlet, tier_group: Status}}\n"
        "  - {name: o1, openloyalty: {store: default, tier_set: Club, attribute: totalSpending, wallet: none}}\n"
        "  - {name: o2, openloyalty: {store: outlet, tier_set: Club, attribute: totalSpending, wallet: none}}\n"
        "tiers:\n  - {name: Bronze, from: 0}\n  - {name: Silver, from: 100}\n"
    )
    seed(emulator, None)
    ended = tierops("plan")
    assert ended.code == Exit.DONE
    assert "Plan: 6 to create." in ended.out  # the default tier of a set is there from the start
    seed(emulator, None)
    assert "Plan: 6 to create." in tierops("plan").out
    assert "outlet" in tierops("list", "openloyalty").out
