"""Each folder in scenarios/ is a story: a program file, what is live, and the plan that must come of it.

`pytest --bless tests/test_scenarios.py` rewrites the plans. Some folders have a plan.md too: the comment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from click import unstyle
from harness import Slept
from jsonschema import Draft202012Validator

from tierops import apply, config, pipeline, plan_file
from tierops.emulator import Emulator
from tierops.errors import Exit
from tierops.model import Kind, Plan, Report
from tierops.output import render
from tierops.providers.voucherify.account import Provider

SCENARIOS = sorted(path for path in (Path(__file__).parent / "scenarios").iterdir() if path.is_dir())


def make_plan(accounts: Mapping[str, Provider]) -> Plan:
    files = pipeline.read_files(Path(), None, full_check=True)
    targets = pipeline.select(files, ())
    plan = pipeline.make_plan(targets, pipeline.read_live(targets, accounts), accounts, None, timedelta(hours=24))
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
    accounts = {"voucherify": provider}

    monkeypatch.chdir(folder)
    plan = make_plan(accounts)
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
    results = pipeline.carry_out(plan.targets, None, accounts, apply.Patience(0, slept))
    left = [change for target in plan.targets for change in target.changes if change.kind is not Kind.CREATE]
    assert apply.exit_code(results) == (Exit.REMAINING if left else Exit.DONE)
    assert emulator.writes == (1 if creates else 0)

    again = make_plan(accounts)
    assert [change for target in again.targets for change in target.changes] == left
    pipeline.carry_out(plan.targets, None, accounts, apply.Patience(0, slept))
    pipeline.carry_out(again.targets, None, accounts, apply.Patience(0, slept))
    assert emulator.writes == (1 if creates else 0)
    assert slept == []
