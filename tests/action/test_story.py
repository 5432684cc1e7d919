"""The whole of it with tierops itself."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from action_step import (
    MERGE,
    ROOT,
    Runner,
    artifact,
    bodies,
    merged,
    plan_run,
)
from github_double import GitHubDouble
from harness import CAMPAIGN, KEYS

from tierops.emulator import Emulator
from tierops.emulator.server import Served

REAL = f"""#!{sys.executable}
import sys
sys.path.insert(0, {str(ROOT / "src")!r})
from tierops.cli import main
main()
"""


def test_the_whole_story(act: Runner, github: GitHubDouble, emulator: Emulator, served: Served, sample: Path) -> None:
    sample.parent.rename(act.workspace / "tiers")
    emulator.voucherify.load_examples()
    emulator.voucherify.delete_tier(CAMPAIGN, "Middle")
    act.environ |= {**KEYS, "VOUCHERIFY_URL": f"{served.url}/voucherify"}
    (act.path / "tierops").write_text(REAL)
    assert act("validate", env="").code == 0

    planned = act("plan", env="", comment="true")
    plan = Path(planned.outputs["plan-file"])
    assert planned.outputs["has-changes"] == "true"
    assert planned.outputs["artifact-name"] == "tierops-plan"
    assert planned.outputs["plan-digest"] == json.loads(plan.read_bytes())["digest"]
    assert "Middle" in bodies(github)[0]
    assert "Middle" in planned.summary
    assert emulator.writes == 0

    act.on({})
    github.lists[f"commits/{MERGE}/pulls"] = [merged()]
    github.lists["actions/workflows/tiers-plan.yml/runs"] = [plan_run()]
    github.lists["actions/runs/110/artifacts"] = [artifact(name="tierops-plan")]
    assert act("apply", script="reviewed.py", env="").outputs["run-id"] == "110"
    (act.folder / "tierops-reviewed").mkdir()
    plan.rename(act.folder / "tierops-reviewed" / "plan.json")
    for _ in range(2):
        applied = act("apply", env="", plan_file="reviewed", args="--journal journal.jsonl")
        assert (applied.code, applied.outputs["has-changes"]) == (0, "false"), applied.log
        assert emulator.writes == 1
    assert (act.workspace / "journal.jsonl").exists()

    asked = {"env": "", "issue": "true", "fail_on_drift": "false"}
    assert act("drift", **asked).outputs["has-changes"] == "false"
    emulator.voucherify.edit_tier(CAMPAIGN, "Middle", name="Centre")
    assert act("drift", **asked).outputs["exit-code"] == "2"
    (issue,) = github.issues
    assert "Centre" in issue["body"]
    refused = act("apply", env="", plan_file="reviewed")
    assert (refused.code, emulator.writes) == (4, 1)
    assert "::error title=tierops::The plan was refused" in refused.log
