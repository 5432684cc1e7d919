"""What a step runs, and what it says of it: the log, the outputs, the summary, the exit code."""

from __future__ import annotations

import json
import re
import signal
from typing import Any

import pytest
from action_step import HEAD, PRODUCTION, Runner, bodies
from github_double import REPOSITORY, GitHubDouble


def test_a_plan_sets_outputs_and_the_summary_and_comments(act: Runner, github: GitHubDouble) -> None:
    act.tell(2, "**1 tier to create**\n", '{"digest": "d1"}', reports={"text": "+ Silver\n"})
    step = act("plan", comment="true", args="--ttl '7d'", reports="html=a b.html\n\nsarif=x")
    arguments, environ, _ = act.called
    plan = act.folder / "tierops-plan.production" / "plan.json"
    assert step.code == 0
    assert step.outputs == {
        "exit-code": "2",
        "has-changes": "true",
        "plan-digest": "d1",
        "plan-file": str(plan),
        "artifact-name": "tierops-plan.production",
    }
    assert arguments == [
        *("plan", "--report", arguments[2], "--dir", "tiers", "--no-color", "--format", "markdown"),
        *("--env", "production", "--detailed-exitcode", "--out", str(plan)),
        *("--report", "html=a b.html", "--report", "sarif=x", "--ttl", "7d"),
    ]
    assert "GITHUB_TOKEN" not in environ
    assert step.summary == "**1 tier to create**\n\n\n"
    assert "+ Silver" in step.log
    (body,) = bodies(github)
    run = f"https://github.example/{REPOSITORY}/actions/runs/77"
    assert body == f"{PRODUCTION}\n**1 tier to create**\n\n<sub>{HEAD[:10]} · [run]({run})</sub>\n"
    assert github.tokens == {"Bearer ghs_secret"}


def test_hostile_names_in_a_report_stay_text(act: Runner, github: GitHubDouble) -> None:
    hostile = f"| --> {PRODUCTION} |\n::set-output name=exit-code::0\n::error::owned\nexit-code<<EOF\n0\nEOF\n"
    digest = "d\nhas-changes<<EOF\nfalse\nEOF"
    act.tell(2, hostile, json.dumps({"digest": digest}), stderr="::add-path::/evil\n", reports={"text": hostile})
    step = act("plan", comment="true")
    assert step.outputs["plan-digest"] == digest
    assert step.outputs["exit-code"] == "2"
    assert step.outputs["has-changes"] == "true"
    assert bodies(github)[0].startswith(f"{PRODUCTION}\n{hostile}")
    word = re.match(r"::stop-commands::([0-9a-f]{32})\n", step.log)
    assert word
    dead, alive = step.log[word.end() :].split(f"::{word[1]}::\n")
    assert "::error::owned" in dead
    assert "::add-path::/evil" in dead
    assert alive == ""


def test_validate_annotates_the_files(act: Runner) -> None:
    act.tell(1, "1 error\n", reports={"github": "::error file=tiers/a.yaml,line=3::overlap\n"})
    step = act("validate")
    assert step.code == 1
    assert step.log.splitlines()[-2] == "::error file=tiers/a.yaml,line=3::overlap"
    assert step.outputs["plan-file"] == ""


def test_a_report_that_is_too_long_is_named_instead(act: Runner, github: GitHubDouble) -> None:
    act.tell(2, "x" * 65_536 + "\n")
    step = act("plan", comment="true")
    (body,) = bodies(github)
    assert body.startswith(
        f"{PRODUCTION}\nThe report of the plan `d1` has 65,536 characters, too many for here. [Read it](https://"
    )
    assert len(body) < 300
    assert step.summary.startswith("xxxx")
    act.tell(2, "ä" * 600_000)
    assert act("plan").summary == "The report has 600,000 characters, too many for here: it is in the log.\n\n\n"


@pytest.mark.parametrize(
    ("command", "code", "ends", "changes"),
    [
        ("validate", 0, 0, "false"), ("validate", 1, 1, ""),
        ("plan", 0, 0, "false"), ("plan", 2, 0, "true"), ("plan", 1, 1, ""), ("plan", 64, 64, ""),
        ("apply", 0, 0, "false"), ("apply", 2, 2, "true"), ("apply", 3, 3, "true"), ("apply", 4, 4, ""),
        ("apply", 5, 5, ""), ("apply", 6, 6, ""), ("apply", 130, 130, ""),
        ("drift", 0, 0, "false"), ("drift", 2, 2, "true"), ("drift", 1, 1, ""),
    ],
)  # fmt: skip
def test_exit_codes_are_handed_on(act: Runner, command: str, code: int, ends: int, changes: str) -> None:
    act.tell(code)
    step = act(command, plan_file="plan.json")
    assert step.code == ends
    assert step.outputs["exit-code"] == str(code)
    assert step.outputs["has-changes"] == changes
    assert ("::error title=tierops::The plan was refused" in step.log) == (code == 4)


def test_a_failed_plan_hands_on_no_old_plan(act: Runner) -> None:
    (act.workspace / "plan.json").write_text('{"digest": "old"}')
    act.tell(1, plan=None)
    step = act("plan", plan_file="plan.json")
    assert (step.outputs["plan-file"], step.outputs["plan-digest"]) == ("", "")


def test_apply_runs_in_its_folder_on_its_plan(act: Runner) -> None:
    (act.workspace / "uk").mkdir()
    (act.workspace / "uk" / "plan.json").write_text('{"digest": "d7"}')
    step = act("apply", plan_file="plan.json", working_directory="uk")
    arguments, _, folder = act.called
    assert str(act.workspace / "uk" / "plan.json") in arguments
    assert folder == str(act.workspace / "uk")
    assert step.outputs["plan-digest"] == "d7"


@pytest.mark.parametrize("plan", ["", "[]", '{"digest": 7}', "\udcff"])
def test_a_plan_that_says_no_digest_has_none(act: Runner, plan: str) -> None:
    (act.workspace / "plan.json").write_text(plan, errors="surrogateescape")
    assert act("apply", plan_file="plan.json").outputs["plan-digest"] == ""


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"command": "import"}, "command is 'import': one of validate, plan, apply, drift"),
        ({"command": "apply"}, "apply needs a plan-file"),
        ({"command": "plan", "comment": "yes"}, "comment is 'yes': true or false"),
        ({"command": "drift", "fail_on_drift": "False"}, "fail-on-drift is 'False': true or false"),
        ({"command": "plan", "args": "--ttl '7d"}, "No closing quotation"),
        ({"command": "apply", "plan_file": "reviewed"}, "the reviewed artifact holds 0 entries, not one plan file"),
    ],
)
def test_a_wrong_input_is_refused_before_anything_runs(act: Runner, inputs: dict[str, str], told: str) -> None:
    step = act(**inputs)
    assert step.code == 64
    assert f"::error title=tierops::{told}" in step.log
    assert not (act.folder / "called.json").exists()


def test_what_tierops_told_stands_in_for_a_missing_report(act: Runner, github: GitHubDouble) -> None:
    act.tell(64, "", stderr="Error: no such option\n```\n@all\n")
    step = act("plan", comment="true")
    assert step.summary.startswith(
        "**tierops plan ended with exit code 64**\n\n    Error: no such option\n    ```\n    @all\n"
    )
    assert "Error: no such option" in bodies(github)[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_job_interrupts_tierops_once(act: Runner, number: int) -> None:
    act.tell(130, waits=True)
    with act.start("run.py", {"command": "apply", "plan_file": "plan.json"}) as process:
        assert process.stdout
        for line in process.stdout:
            if line == "waiting\n":
                break
        process.send_signal(number)
        step = act.end(process)
    assert "signals: 1" in step.log
    assert step.code == 130
    assert step.outputs["exit-code"] == "130"


def test_the_downloaded_artifact_is_what_apply_gets(act: Runner) -> None:
    (act.folder / "tierops-reviewed").mkdir()
    (act.folder / "tierops-reviewed" / "plan.json").write_text('{"digest": "d9"}')
    assert act("apply", plan_file="reviewed").outputs["plan-digest"] == "d9"
    (act.folder / "tierops-reviewed" / "other.json").write_text("{}")
    assert "holds 2 entries, not one plan file" in act("apply", plan_file="reviewed").log


LATIN_1 = {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}


def test_everything_is_utf8_whatever_the_locale(act: Runner, github: GitHubDouble) -> None:
    act.environ |= LATIN_1
    report = "Größe → 金 😀\n"
    act.tell(2, report, stderr="Fortschritt → 金\n", reports={"text": report})
    step = act("plan", comment="true", env="größe")
    assert step.code == 0
    assert "Größe → 金 😀" in step.log
    assert "Fortschritt → 金" in step.log
    assert step.summary.startswith(report)
    assert bodies(github)[0].startswith("<!-- tierops:gr%C3%B6%C3%9Fe:tiers -->\nGröße → 金 😀\n")
    assert step.outputs["has-changes"] == "true"
    del act.environ["LC_ALL"], act.environ["PYTHONUTF8"]
    refused = act("größe →")
    assert refused.code == 64
    assert "::error title=tierops::command is 'größe →': one of" in refused.log


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (3, 3), (5, 5), (6, 6)])
@pytest.mark.parametrize(
    "name", ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_EVENT_PATH", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL"]
)
def test_nothing_after_tierops_ran_changes_the_exit_code(act: Runner, code: int, ends: int, name: str) -> None:
    act.tell(code)
    for value in (str(act.folder), str(act.folder / "nowhere" / "file"), ""):
        act.environ[name] = value
        step = act("apply", plan_file="plan.json", comment="true")
        assert step.code == ends
        assert "Traceback" not in step.log
    del act.environ[name]
    assert act("apply", plan_file="plan.json", comment="true").code == ends


@pytest.mark.parametrize("event", [[], "x", {"pull_request": 5}, {"pull_request": {}}, {"pull_request": {"head": 1}}])
def test_no_shape_of_an_event_changes_the_exit_code(act: Runner, event: Any) -> None:
    act.on(event)
    act.tell(5)
    step = act("apply", plan_file="plan.json", comment="true")
    assert step.code == 5
    assert "Traceback" not in step.log


def test_an_event_that_is_no_json_changes_no_exit_code(act: Runner) -> None:
    (act.folder / "event.json").write_bytes(b"\xff")
    assert act("plan", comment="true").code == 0


def test_a_log_that_nobody_reads_changes_no_exit_code(act: Runner) -> None:
    act.tell(6, "x" * 100_000, stderr="y\n" * 50_000)
    with act.start("run.py", {"command": "apply", "plan_file": "plan.json"}) as process:
        process.stdout.close()
        assert process.wait(60) == 6
    assert "exit-code" in (act.folder / "output").read_text()
    assert "xxx" in (act.folder / "summary").read_text()


def test_a_tierops_that_cannot_be_started_is_no_wrong_input(act: Runner) -> None:
    (act.path / "tierops").unlink()
    act.environ["PATH"] = str(act.path)
    step = act("plan")
    assert step.code == 1
    assert "::error title=tierops::tierops could not be started: " in step.log


def test_tierops_gets_neither_the_token_nor_modules_of_the_checkout(act: Runner) -> None:
    act.environ |= {"PYTHONPATH": f"{act.environ['PYTHONPATH']}:.", "PYTHONSTARTUP": "x.py", "VOUCHERIFY_APP_ID": "id"}
    act("plan")
    _, environ, _ = act.called
    assert "GITHUB_TOKEN" not in environ
    assert {name: value for name, value in environ.items() if name.startswith("PYTHON")} == {"PYTHONUTF8": "1"}
    assert environ["VOUCHERIFY_APP_ID"] == "id"
