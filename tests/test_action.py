"""The action: what a workflow runs, with tierops or a stand-in for it, and a stand-in for GitHub on loopback."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from harness import CAMPAIGN, KEYS, running

import github_double
from github_double import REPOSITORY, GitHubDouble
from tierops.emulator import Emulator
from tierops.emulator.server import Served

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / ".github" / "action"
HEAD, MERGE = "a" * 40, "b" * 40
PRODUCTION = "<!-- tierops:production:tiers -->"

# Writes down its command line and what it was given, then does what it is told.
STAND_IN = f"""#!{sys.executable}
import json, os, sys, time
from pathlib import Path
told = json.loads(Path(os.environ["TOLD"]).read_text())
arguments = sys.argv[1:]
Path(os.environ["TOLD"]).with_name("called.json").write_text(json.dumps([arguments, dict(os.environ), os.getcwd()]))
for name, value in zip(arguments, arguments[1:]):
    if name == "--out" and told["plan"] is not None:
        Path(value).write_text(told["plan"])
    if name == "--report":
        kind, _, path = value.partition("=")
        if kind in told["reports"]:
            Path(path).write_text(told["reports"][kind])
print(told["stderr"], end="", file=sys.stderr, flush=True)
if told["waits"]:
    import signal
    taken = []
    signal.signal(signal.SIGINT, lambda *_: taken.append(1))
    signal.signal(signal.SIGTERM, lambda *_: taken.append(1))
    print("waiting", file=sys.stderr, flush=True)
    while not taken:
        time.sleep(0.01)
    time.sleep(0.3)
    print("signals:", len(taken), file=sys.stderr)
print(told["markdown"], end="")
sys.exit(told["code"])
"""


class Step(NamedTuple):
    """How a step ended: its exit code, its log, its outputs and its summary."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


Act = Callable[..., Step]


def read_outputs(text: str) -> dict[str, str]:
    """As the runner reads them."""
    found, lines = {}, iter(text.split("\n"))
    for line in lines:
        if line:
            name, end = line.split("<<", 1)
            found[name] = "\n".join(iter(lines.__next__, end))
    return found


@pytest.fixture
def github() -> Iterator[GitHubDouble]:
    with github_double.serve() as double:
        yield double


class Runner:
    """Runs the scripts as a runner does, with `script` in the folder `at`."""

    def __init__(self, at: Path, github: GitHubDouble) -> None:
        self.at = at
        self.folder = at / "runner"
        self.workspace = at / "workspace"
        self.workspace.mkdir()
        (self.folder / "bin").mkdir(parents=True)
        self.path = self.folder / "bin"
        self.environ = {
            "HOME": str(self.folder),
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_API_URL": github.url,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": "77",
            "GITHUB_SHA": MERGE,
            "GITHUB_TOKEN": "ghs_secret",
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "TOLD": str(self.folder / "told.json"),
        }
        self.on_pull_request()
        self.tell()

    def on_pull_request(self, number: int | None = 5) -> None:
        pull = {"pull_request": {"number": number, "head": {"sha": HEAD}}} if number else {}
        (self.folder / "event.json").write_text(json.dumps(pull))

    def tell(
        self, code: int = 0, markdown: str = "all fine\n", plan: str | None = '{"digest": "d1"}', stderr: str = "",
        reports: dict[str, str] | None = None, waits: bool = False,
    ) -> None:  # fmt: skip
        """What the stand-in for tierops is to do."""
        told = {"code": code, "markdown": markdown, "plan": plan, "stderr": stderr, "reports": reports or {}}
        (self.folder / "told.json").write_text(json.dumps(told | {"waits": waits}))
        (self.path / "tierops").write_text(STAND_IN)
        (self.path / "tierops").chmod(0o755)

    @property
    def called(self) -> tuple[list[str], dict[str, str], str]:
        """Arguments, environment and folder of the stand-in."""
        arguments, environ, folder = json.loads((self.folder / "called.json").read_text())
        return arguments, environ, folder

    def start(self, script: str, inputs: dict[str, str]) -> AbstractContextManager[subprocess.Popen[str]]:
        for name in ("output", "summary"):
            (self.folder / name).write_text("")
        given = {f"WITH_{name.upper()}": value for name, value in inputs.items()}
        return running(
            [sys.executable, str(SCRIPTS / script)],
            cwd=self.workspace,
            env={"PATH": f"{self.path}:{os.environ['PATH']}", **self.environ, **given},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self, process: subprocess.Popen[str]) -> Step:
        log, _ = process.communicate(timeout=60)
        output, summary = ((self.folder / name).read_text() for name in ("output", "summary"))
        return Step(process.returncode, log, read_outputs(output), summary)

    def __call__(self, command: str, *, script: str = "run.py", **inputs: str) -> Step:
        given = {"command": command, "env": "production", "dir": "tiers", "fail_on_drift": "true"} | inputs
        with self.start(script, given) as process:
            return self.end(process)


@pytest.fixture
def act(tmp_path: Path, github: GitHubDouble) -> Runner:
    return Runner(tmp_path, github)


def bodies(github: GitHubDouble, number: int = 5) -> list[str]:
    return [comment["body"] for comment in github.comments.get(number, [])]


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
    text = arguments[arguments.index("--ttl") - 1]
    assert arguments == [
        *("plan", "--dir", "tiers", "--no-color", "--format", "markdown", "--env", "production"),
        *("--detailed-exitcode", "--out", str(plan), "--report", "html=a b.html", "--report", "sarif=x"),
        *("--report", text, "--ttl", "7d"),
    ]
    assert "GITHUB_TOKEN" not in environ
    assert step.summary == "**1 tier to create**\n\n\n"
    assert "+ Silver" in step.log
    (body,) = bodies(github)
    run = f"https://github.example/{REPOSITORY}/actions/runs/77"
    assert body == f"{PRODUCTION}\n**1 tier to create**\n\n<sub>{HEAD[:10]} · [run]({run})</sub>\n"
    assert github.tokens == {"Bearer ghs_secret"}


def test_the_next_push_edits_the_comment(act: Runner, github: GitHubDouble) -> None:
    for number in range(5):
        github.comment(5, f"chatter {number}", "ann")
    act("plan", comment="true")
    act.tell(2, "changed\n")
    act("plan", comment="true")
    assert len(bodies(github)) == 6
    assert bodies(github)[-1].startswith(f"{PRODUCTION}\nchanged\n")


def test_every_environment_and_folder_has_its_own_comment(act: Runner, github: GitHubDouble) -> None:
    for _ in range(2):
        act("plan", comment="true")
        act("plan", comment="true", env="sandbox")
        act("plan", comment="true", dir="./uk/tiers/")
        act("plan", comment="true", env="")
    assert [body.splitlines()[0] for body in bodies(github)] == [
        PRODUCTION,
        "<!-- tierops:sandbox:tiers -->",
        "<!-- tierops:production:uk/tiers -->",
        "<!-- tierops::tiers -->",
    ]


def test_a_comment_of_somebody_else_is_never_edited(act: Runner, github: GitHubDouble) -> None:
    forged = f"{PRODUCTION}\napproved, nothing to see"
    github.comment(5, forged, "mallory")
    github.comment(5, f"as the marker says: {PRODUCTION}\n{PRODUCTION}")
    act("plan", comment="true")
    assert bodies(github)[0] == forged
    assert len(bodies(github)) == 3


@pytest.mark.parametrize("name", ["--> @all <!--", "x\n<!-- tierops:sandbox:tiers -->", "a:b"])
def test_no_environment_ends_the_marker(act: Runner, github: GitHubDouble, name: str) -> None:
    act("plan", comment="true", env=name)
    act("plan", comment="true", env=name)
    (body,) = bodies(github)
    assert re.fullmatch(r"<!-- tierops:[^\s<>:]+:tiers -->", body.splitlines()[0])


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


@pytest.mark.parametrize("number", [403, 404, 500])
def test_a_comment_that_is_refused_warns_and_fails_nothing(act: Runner, github: GitHubDouble, number: int) -> None:
    github.fails["POST issues/5/comments"] = [number]
    act.tell(2, "1 tier to create\n")
    step = act("plan", comment="true")
    assert step.code == 0
    assert f"::warning title=tierops::The report could not be posted (POST issues/5/comments: {number}" in step.log
    assert step.summary.startswith("1 tier to create\n")
    assert github.seen.count("POST issues/5/comments") == 1


def test_a_read_is_tried_again(act: Runner, github: GitHubDouble) -> None:
    github.comment(5, f"{PRODUCTION}\nold")
    github.fails["GET issues/5/comments"] = [502, 429]
    act("plan", comment="true")
    (body,) = bodies(github)
    assert "old" not in body


def test_a_token_follows_no_redirect(act: Runner, github: GitHubDouble) -> None:
    github.fails["GET issues/5/comments"] = [302]
    assert "could not be posted (GET issues/5/comments: 302" in act("plan", comment="true").log


def test_nothing_is_posted_unless_asked_and_on_a_pull_request(act: Runner, github: GitHubDouble) -> None:
    act("plan")
    act.on_pull_request(None)
    act("plan", comment="true")
    assert github.seen == []


def test_a_report_that_is_too_long_is_named_instead(act: Runner, github: GitHubDouble) -> None:
    act.tell(2, "x" * 65_536 + "\n")
    step = act("plan", comment="true")
    (body,) = bodies(github)
    assert body.startswith(f"{PRODUCTION}\nThe report of the plan `d1` has 65,6")
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


def test_drift_opens_one_issue_edits_it_and_closes_it(act: Runner, github: GitHubDouble) -> None:
    act.on_pull_request(None)
    for number in range(3):
        github.issue(f"other {number}", "text", "ann")
    github.issue("forged", PRODUCTION, "mallory")
    github.issue("a pull request", PRODUCTION, pull_request={})
    asked = {"issue": "true", "fail_on_drift": "false"}
    act.tell(2, "Gold is gone\n")
    assert act("drift", **asked).code == 0
    act.tell(2, "Gold and Silver are gone\n")
    act("drift", **asked)
    act("drift", **asked, env="sandbox")
    own, other = github.issues[5:]
    assert own["title"] == "Live loyalty tiers differ from the files: production"
    assert own["body"].startswith(f"{PRODUCTION}\nGold and Silver are gone\n")
    act.tell(1, "no answer\n")
    assert act("drift", **asked).code == 1
    assert own["state"] == "open"
    act.tell(0)
    assert act("drift", **asked).code == 0
    assert (own["state"], own["state_reason"], other["state"]) == ("closed", "completed", "open")
    assert bodies(github, own["number"])[0].startswith("Live equals the files again")
    act("drift", **asked)
    assert len(bodies(github, own["number"])) == 1
    act.tell(2)
    act("drift", **asked)
    assert len(github.issues) == 8


def test_drift_that_nobody_could_be_told_of_fails(act: Runner, github: GitHubDouble) -> None:
    github.fails["POST issues"] = [410]
    act.tell(2)
    assert act("drift", issue="true", fail_on_drift="false").code == 2
    assert act("drift", fail_on_drift="false").code == 0


# Finding the plan that was reviewed.

ARTIFACT = "tierops-plan.production"


def merged(**other: Any) -> dict[str, Any]:
    head = {"sha": HEAD, "ref": "silver", "repo": {"full_name": REPOSITORY}}
    return {"number": 5, "merged_at": "2027-01-01", "merge_commit_sha": MERGE, "head": head} | other


def plan_run(number: int = 10, **other: Any) -> dict[str, Any]:
    repository = {"full_name": REPOSITORY}
    return {
        "id": 100 + number, "run_number": number, "head_sha": HEAD, "head_branch": "silver", "event": "pull_request",
        "path": ".github/workflows/tiers-plan.yml", "head_repository": repository, "repository": repository,
        "status": "completed", "conclusion": "success",
    } | other  # fmt: skip


def artifact(run: int = 110, **other: Any) -> dict[str, Any]:
    of = {"id": run, "head_sha": HEAD}
    return {"id": 900 + run, "name": ARTIFACT, "expired": False, "workflow_run": of} | other


def found(
    act: Runner,
    github: GitHubDouble,
    pulls: Sequence[Any] = (),
    runs: Sequence[Any] = (),
    artifacts: Sequence[Any] = (),
) -> Step:
    github.lists[f"commits/{MERGE}/pulls"] = list(pulls)
    github.lists["actions/workflows/tiers-plan.yml/runs"] = list(runs)
    for run in runs:
        own = [a for a in artifacts if a.get("of", a["workflow_run"]["id"]) == run["id"]]
        github.lists[f"actions/runs/{run['id']}/artifacts"] = own
    return act("apply", script="reviewed.py", plan_file="reviewed")


def test_the_artifact_of_the_last_plan_run_is_the_reviewed_plan(act: Runner, github: GitHubDouble) -> None:
    others = [merged(number=n, merge_commit_sha="c" * 40) for n in (1, 2, 3)]
    runs = [plan_run(8), plan_run(9, conclusion="failure"), plan_run(11), plan_run(10)]
    artifacts = [artifact(111, name="tierops-plan.sandbox"), artifact(111), artifact(111, name="z"), artifact(108)]
    step = found(act, github, [*others, merged()], runs, artifacts)
    assert step.code == 0, step.log
    assert step.outputs == {"artifact-id": "1011", "run-id": "111", "head-sha": HEAD}


FORK = {"full_name": "mallory/ladders"}


@pytest.mark.parametrize(
    ("pulls", "runs", "artifacts", "told"),
    [
        ([], [], [], "no merged pull requests belong to commit"),
        ([merged(merged_at=None)], [], [], "no merged pull requests belong to commit"),
        ([merged(merge_commit_sha="c" * 40)], [], [], "no merged pull requests belong to commit"),
        ([merged(), merged(number=6)], [], [], "2 merged pull requests belong to commit"),
        ([merged(head={"sha": HEAD, "ref": "silver", "repo": FORK})], [plan_run()], [artifact()], "came from a fork"),
        ([merged(head={"sha": HEAD, "ref": "silver", "repo": None})], [plan_run()], [artifact()], "came from a fork"),
        ([merged()], [], [], "no run of tiers-plan.yml"),
        ([merged()], [plan_run(head_sha="c" * 40)], [artifact()], "no run of tiers-plan.yml"),
        ([merged()], [plan_run(head_branch="gold")], [artifact()], "no run of tiers-plan.yml"),
        ([merged()], [plan_run(event="push")], [artifact()], "no run of tiers-plan.yml"),
        ([merged()], [plan_run(path=".github/workflows/x.yml")], [artifact()], "no run of tiers-plan.yml"),
        ([merged()], [plan_run(head_repository=FORK)], [artifact()], "no run of tiers-plan.yml"),
        ([merged()], [plan_run(head_repository=None)], [artifact()], "no run of tiers-plan.yml"),
        ([merged()], [plan_run(), plan_run(11, conclusion="failure")], [artifact()], "has not succeeded (failure)"),
        ([merged()], [plan_run(), plan_run(11, status="queued", conclusion=None)], [artifact()], "(queued)"),
        ([merged()], [plan_run()], [], "run 110 has no artifacts with the name tierops-plan.production"),
        ([merged()], [plan_run()], [artifact(name="tierops-plan.sandbox")], "has no artifacts with the name"),
        ([merged()], [plan_run()], [artifact(), artifact()], "has 2 artifacts with the name"),
        ([merged()], [plan_run()], [artifact(expired=True)], "is no longer kept"),
        ([merged()], [plan_run()], [artifact(workflow_run={"id": 110, "head_sha": "c" * 40})], "another run or commit"),
        ([merged()], [plan_run()], [artifact(of=110, workflow_run={"id": 109, "head_sha": HEAD})], "another run or"),
    ],
)
def test_nothing_else_passes_for_the_reviewed_plan(
    act: Runner, github: GitHubDouble, pulls: list[Any], runs: list[Any], artifacts: list[Any], told: str
) -> None:
    step = found(act, github, pulls, runs, artifacts)
    assert step.code == 1
    assert step.outputs == {}
    assert told in step.log
    assert "Nothing was applied. Make a new plan: run this workflow by hand" in step.log


def test_a_reviewed_plan_that_cannot_be_looked_up_is_not_found(act: Runner, github: GitHubDouble) -> None:
    github.fails[f"GET commits/{MERGE}/pulls"] = [403]
    step = act("apply", script="reviewed.py")
    assert step.code == 1
    assert "::error title=tierops::GET commits/" in step.log


def test_the_downloaded_artifact_is_what_apply_gets(act: Runner) -> None:
    (act.folder / "tierops-reviewed").mkdir()
    (act.folder / "tierops-reviewed" / "plan.json").write_text('{"digest": "d9"}')
    assert act("apply", plan_file="reviewed").outputs["plan-digest"] == "d9"
    (act.folder / "tierops-reviewed" / "other.json").write_text("{}")
    assert "holds 2 entries, not one plan file" in act("apply", plan_file="reviewed").log


# The files that hold it together.


def workflows() -> list[Path]:
    return [ROOT / "action.yml", *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]


def steps(path: Path) -> list[dict[str, Any]]:
    data = yaml.safe_load(path.read_text())
    parts = data.get("jobs", {"action": data.get("runs")}).values()
    return [step for part in parts for step in part["steps"]]


@pytest.mark.parametrize("path", workflows(), ids=lambda path: path.name)
def test_no_script_holds_an_expression_and_every_action_is_pinned(path: Path) -> None:
    for step in steps(path):
        assert "${{" not in step.get("run", "")
        assert re.fullmatch(r"\./|[\w.-]+/[\w./-]+@[0-9a-f]{40}", step.get("uses", "./"))


def test_the_action_hands_on_what_its_scripts_read() -> None:
    data = yaml.safe_load((ROOT / "action.yml").read_text())
    handed = {name for step in data["runs"]["steps"] for name in step.get("env", {}) if name.startswith("WITH_")}
    read = set(re.findall(r'(?:text|flag)\("([A-Z_]+)"', "".join(p.read_text() for p in SCRIPTS.glob("*.py"))))
    assert handed == {f"WITH_{name}" for name in read} | {"WITH_SOURCE"}
    used = set(re.findall(r"inputs\.([a-z-]+)", json.dumps(data["runs"])))
    assert used == set(data["inputs"])


@pytest.mark.parametrize("path", workflows()[1:], ids=lambda path: path.name)
def test_the_workflows_use_the_action_as_it_is(path: Path) -> None:
    data = yaml.safe_load((ROOT / "action.yml").read_text())
    for step in steps(path):
        if step.get("uses") == "./":
            assert set(step["with"]) <= set(data["inputs"])
            assert step["with"]["command"] in {"validate", "plan", "apply", "drift"}


def test_the_shell_steps_run_their_scripts(act: Runner) -> None:
    home = act.folder / "tierops-venv" / "bin"
    home.mkdir(parents=True)
    (home / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    (home / "python").chmod(0o755)
    (act.path / "tierops").rename(home / "tierops")
    inputs = {"WITH_COMMAND": "plan", "WITH_ENV": "production", "GITHUB_ACTION_PATH": str(ROOT)}
    environ = {"PATH": os.environ["PATH"], **act.environ, **inputs}
    scripts = {step["name"]: step["run"] for step in steps(ROOT / "action.yml") if "run" in step}
    codes = [
        subprocess.run(["bash", "-c", script], env=environ, cwd=act.workspace, capture_output=True).returncode
        for script in scripts.values()
    ]
    assert dict(zip(scripts, codes, strict=True)) == {
        "Install tierops": 0,  # it is there
        "Find the reviewed plan": 1,  # there is none
        "Run tierops": 0,
    }
    assert read_outputs((act.folder / "output").read_text())["plan-digest"] == "d1"


def test_the_action_installs_itself_without_keys(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python3"
    python.write_text(
        '#!/bin/sh\nmkdir -p "$3/bin"\ncp "$0" "$3/bin/python"\ncp "$0" "$3/bin/tierops"\n'
        f'echo "$@" >>{shlex.quote(str(tmp_path / "log"))}\nenv >>{shlex.quote(str(tmp_path / "env"))}\n'
    )
    python.chmod(0o755)
    environ = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "RUNNER_TEMP": str(tmp_path), **KEYS}
    environ |= {"VOUCHERIFY_OAUTH_TOKEN": "oauth", "GITHUB_ACTION_PATH": "/an action"}
    for _ in range(2):
        subprocess.run(["bash", str(SCRIPTS / "install.sh")], env=environ, check=True, cwd=tmp_path)
    first, second = (tmp_path / "log").read_text().splitlines()
    assert first == f"-m venv {tmp_path}/tierops-venv"
    assert second.endswith("install --constraint /an action/constraints.txt -- /an action[sign]")
    assert not set(KEYS) & set(re.findall(r"^(\w+)=", (tmp_path / "env").read_text(), re.MULTILINE))


# The whole of it with tierops itself.

# Formats that this tierops does not write yet are left to text.
REAL = f"""#!{sys.executable}
from tierops.cli import main
main()
"""


def test_the_whole_story(act: Runner, github: GitHubDouble, emulator: Emulator, served: Served, sample: Path) -> None:
    sample.parent.rename(act.workspace / "tiers")
    emulator.voucherify.load_examples()
    emulator.voucherify.delete_tier(CAMPAIGN, "Middle")
    act.environ |= {**KEYS, "VOUCHERIFY_URL": f"{served.url}/voucherify", "PYTHONPATH": str(ROOT / "src")}
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

    act.on_pull_request(None)
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
