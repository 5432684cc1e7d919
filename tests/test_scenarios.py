"""Each folder in scenarios/ is a story: a program file, what is live, and the plan that must come of it.

`pytest --bless tests/test_scenarios.py` rewrites the plans. Some folders have a plan.md too: the comment.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click import unstyle
from harness import Slept
from jsonschema import Draft202012Validator

from tierops import apply, config, plan_file, stages
from tierops.emulator import Emulator
from tierops.errors import Exit
from tierops.model import Kind, Plan, Report
from tierops.output import render
from tierops.providers.voucherify.account import Provider

SCENARIOS = sorted(path for path in (Path(__file__).parent / "scenarios").iterdir() if path.is_dir())


class Here(stages.Vendors):
    """The vendors of a scenario: the emulator in this process."""

    def connect(self, names):
        return self.connected


def make_plan(vendors: stages.Vendors) -> Plan:
    files = stages.read_files(Path(), None, full_check=True)
    targets = stages.select(files, ())
    plan = stages.make_plan(targets, stages.read_live(targets, vendors), vendors, None, timedelta(hours=24))
    times = {"created_at": "2027-01-01T00:00:00+00:00", "expires_at": "2037-01-01T00:00:00+00:00"}
    return plan._replace(tool_version="0", **times)


@pytest.mark.parametrize("folder", SCENARIOS, ids=lambda path: path.name)
def test_plan_is_as_expected_and_apply_converges(
    folder: Path,
    request: pytest.FixtureRequest,
    emulator: Emulator,
    provider: Connection,
    slept: Slept,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live = json.loads((folder / "live.json").read_text())
    emulator.voucherify.add_campaign("Club", id="camp_scenario", tiers=live)
    vendors = Here({}, {}, connected={"voucherify": provider})

    monkeypatch.chdir(folder)
    plan = make_plan(vendors)
    made = {
        "plan.txt": unstyle(render(Report("plan", Exit.DONE, plan=plan), "text")),
        "plan.json": plan_file.dumps(plan),
    }
    if (folder / "plan.md").exists():
        made["plan.md"] = render(Report("plan", Exit.DONE, plan=plan), "markdown")
    for name, text in made.items():
        if request.config.getoption("--bless"):
            (folder / name).write_text(text)
        assert text == (folder / name).read_text(), f"{folder.name}/{name}: see the difference, then --bless"
    Draft202012Validator(json.loads(config.schema("plan"))).validate(json.loads(made["plan.json"]))
    assert plan_file.loads(made["plan.json"].encode()) == plan
    assert emulator.writes == 0

    creates = any(target.creates for target in plan.targets)
    results = stages.carry_out(plan.targets, None, vendors, apply.Patience(0, slept))
    left = [change for target in plan.targets for change in target.changes if change.kind is not Kind.CREATE]
    assert apply.exit_code(results) == (Exit.REMAINING if left else Exit.DONE)
    assert emulator.writes == (1 if creates else 0)

    again = make_plan(vendors)
    assert [change for target in again.targets for change in target.changes] == left
    stages.carry_out(plan.targets, None, vendors, apply.Patience(0, slept))
    stages.carry_out(again.targets, None, vendors, apply.Patience(0, slept))
    assert emulator.writes == (1 if creates else 0)
    assert slept == []
