"""The documented Fanfare example, there and back: apply, plan, import, plan; under every setting of the emulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import Run
from ladders import DOCUMENTED

from tierops.emulator import Emulator, Switches
from tierops.errors import Exit

# Each setting of each switch; but stale metadata says two things, a name that is stored otherwise is another one, and
# the rest is about calls and keys.
_SKIPPED = {"accepted_keys", "rate_limit", "rate_window_s", "read_after_write_lag_ms", "page_size"}
SETTINGS = [
    f"{switch.name}={choice}"
    for switch in Switches.table()
    for choice in switch.choices
    if switch.name.startswith("fanfare.")
    and choice not in {"stale", "lowered"}
    and switch.name.partition(".")[2] not in _SKIPPED
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_documented_example_goes_there_and_back(setting: str, emulator: Emulator, tierops: Run) -> None:
    emulator.switches = Switches.parse([setting])
    Path("tiers").mkdir()
    Path("tiers/spending.yaml").write_text(DOCUMENTED)
    assert tierops("apply", "--auto-approve").code == Exit.DONE
    assert sum(sent[0] == "POST" for sent in emulator.requests) == 1
    assert tierops("plan", "--detailed-exitcode").code == Exit.DONE

    imported = tierops("import", "fanfare", "--group", "Spending Tiers", "--program", "spending")
    assert imported.code == Exit.DONE
    assert imported.out.split("tiers:\n")[1] == (
        "  - name: Bronze\n    from: 0\n"
        "  - name: Silver\n    from: 100\n"
        "  - name: Gold\n    from: 500\n"
        "  - name: Platinum\n    from: 1000\n"
    )
    Path("tiers/spending.yaml").write_text(imported.out)
    assert tierops("plan", "--detailed-exitcode").code == Exit.DONE


def test_every_group_and_campaign_can_be_imported_at_once(emulator: Emulator, tierops: Run) -> None:
    emulator.fanfare.load_examples()
    emulator.fanfare.add_group("Gap", "totalOrders", [
        {"name": "Few", "order": 0, "startValue": 0, "endValue": 5, "iconName": "cup"},
        {"name": "Many", "order": 1, "startValue": 9},
    ])  # fmt: skip
    emulator.voucherify.load_examples()
    assert tierops("import", "fanfare", "--all").code == Exit.DONE
    assert tierops("import", "voucherify", "--all").code == Exit.DONE
    assert sorted(path.name for path in Path("tiers").iterdir()) == [
        "gap.yaml",
        "loyalty-campaign-tiers.yaml",
        "spending-tiers.yaml",
    ]
    assert "rule: ladder-gap" in Path("tiers/gap.yaml").read_text()
    assert tierops("plan", "--detailed-exitcode").code == Exit.DONE


def test_a_group_that_cannot_be_read_is_not_imported_as_something_else(emulator: Emulator, tierops: Run) -> None:
    emulator.fanfare.add_group("Club", "ltv", [{"name": "Low", "order": 0, "startValue": 0}])
    group = emulator.fanfare.groups()[0]["groupId"]
    emulator.fanfare.add_audience(
        "Odd", groupId=group, groupName="Club", groupType="SEGMENTED_VALUE",
        rules=[{"field": "ltv", "operator": "EXISTS", "values": []}],
    )  # fmt: skip
    ended = tierops("import", "fanfare", "--group", "Club")
    assert ended.code == Exit.FAILED
    assert "'Odd' has no lower bound" in ended.err
    ended = tierops("import", "fanfare", "--group", "Nope")
    assert ended.code == Exit.FAILED
    assert "no tier group 'Nope'" in ended.err
