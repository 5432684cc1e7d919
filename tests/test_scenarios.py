"""Each folder in scenarios/VENDOR/ is a story: a program file, what is live, and the plan that must come of it.

`live.json` is what somebody did in the vendor's dashboard: methods of the emulator, each with its arguments. `plan.txt`
is what a person reads. A plan.md (the comment) and a plan.json (the plan file) are there where they show something.
`pytest --bless tests/test_scenarios.py` rewrites the plans.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click import unstyle
from harness import Slept, connect
from jsonschema import Draft202012Validator

from tierops import apply, config, plan, plan_file, rules
from tierops.emulator import Emulator
from tierops.errors import Exit
from tierops.model import Kind, Live, Plan, Result, Severity, Target, TargetPlan
from tierops.output import Report, render
from tierops.providers.connection import Connection

ROOT = Path(__file__).parent / "scenarios"
SCENARIOS = sorted(path.parent for path in ROOT.glob("*/*/program.yaml"))
RENDERED = {"plan.txt": "text", "plan.md": "markdown"}


def read_targets() -> tuple[Target, ...]:
    today = datetime.now(UTC).date()
    loaded = config.load(Path(), full_check=True, today=today)
    problems = (*loaded.problems, *rules.check(loaded.programs, today))
    assert [problem for problem in problems if problem.severity is Severity.ERROR] == []
    return tuple(target for program in loaded.programs for target in program.targets)


def read(targets: tuple[Target, ...], connection: Connection) -> dict[str, Live]:
    return {target.address: connection.fetch(target.place) for target in targets}


def make_plan(targets: tuple[Target, ...], connection: Connection) -> tuple[TargetPlan, ...]:
    lives = read(targets, connection)
    return tuple(plan.build(target, lives[target.address], connection.vendor) for target in targets)


def carry_out(planned: tuple[TargetPlan, ...], connection: Connection, slept: Slept) -> tuple[Result, ...]:
    lives = read(tuple(one.target for one in planned), connection)
    patience = apply.Patience(settle=0, sleep=slept, now=time.monotonic)
    connections = {connection.vendor.name: connection}
    return apply.run(planned, connections, apply.Reads(lives, time.monotonic()), patience)


@pytest.mark.parametrize("folder", SCENARIOS, ids=lambda path: str(path.relative_to(ROOT)))
def test_plan_is_as_expected_and_apply_converges(
    folder: Path, request: pytest.FixtureRequest, emulator: Emulator, slept: Slept, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = folder.parent.name
    for action in json.loads((folder / "live.json").read_text()):
        for method, arguments in action.items():
            getattr(getattr(emulator, vendor), method)(**arguments)
    connection = connect(emulator, slept, vendor=vendor)

    monkeypatch.chdir(folder)
    targets = read_targets()
    planned = make_plan(targets, connection)
    whole = Plan("0", "2027-01-01T00:00:00+00:00", "2037-01-01T00:00:00+00:00", None, planned)
    file = plan_file.dumps(whole)
    pages = {name: unstyle(render(Report("plan", Exit.DONE, plan=whole), form)) for name, form in RENDERED.items()}
    for name, text in {**pages, "plan.json": file}.items():
        if name == "plan.txt" or (folder / name).exists():
            if request.config.getoption("--bless"):
                (folder / name).write_text(text)
            assert text == (folder / name).read_text(), f"{folder}/{name}: see the difference, then --bless"
    Draft202012Validator(json.loads(config.schema("plan"))).validate(json.loads(file))
    assert plan_file.loads(file.encode()) == whole
    assert emulator.writes == 0

    requests = sum(len(target.requests) for target in planned)
    results = carry_out(planned, connection, slept)
    left = [change for target in planned for change in target.changes if change.kind is not Kind.CREATE]
    assert apply.exit_code(results) == (Exit.REMAINING if left else Exit.DONE)
    assert emulator.writes == requests

    again = make_plan(targets, connection)
    assert [change for target in again for change in target.changes] == left
    carry_out(planned, connection, slept)
    carry_out(again, connection, slept)
    assert emulator.writes == requests
    assert slept == [] or connection.vendor.pace  # which leaves time between any two requests
