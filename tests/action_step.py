"""A step of a workflow: the action's scripts as a runner starts them, with a stand-in for tierops."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

from github_double import REPOSITORY, GitHubDouble
from harness import running

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / ".github" / "action"
CLOCK = Path(__file__).with_name("action_clock.py")
HEAD, MERGE = "a" * 40, "b" * 40
PRODUCTION = "<!-- tierops:production:tiers -->"

ARTIFACT = "tierops-plan.production"

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
    """How a step ended: its exit code, its log, its outputs, its summary, and how long it would have slept."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str
    slept: list[float]


def read_outputs(text: str) -> dict[str, str]:
    """As the runner reads them."""
    outputs, lines = {}, iter(text.split("\n"))
    for line in lines:
        if line:
            name, end = line.split("<<", 1)
            outputs[name] = "\n".join(iter(lines.__next__, end))
    return outputs


class Runner:
    """Runs the scripts as a runner does, in the folder `at`."""

    def __init__(self, at: Path, github: GitHubDouble) -> None:
        self.at = at
        self.folder = at / "runner"
        self.workspace = at / "workspace"
        self.workspace.mkdir()
        (self.folder / "bin").mkdir(parents=True)
        self.path = self.folder / "bin"
        self.environ = {
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT / "src"),
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_API_URL": github.url,
            "GITHUB_GRAPHQL_URL": f"{github.url}/graphql",
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

    def on_pull_request(self, number: int = 5) -> None:
        self.on({"pull_request": {"number": number, "head": {"sha": HEAD}}})

    def on(self, event: Any) -> None:
        """What started the workflow."""
        (self.folder / "event.json").write_text(json.dumps(event))

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

    def start(self, script: str, inputs: dict[str, str], **settings: Any) -> AbstractContextManager[Any]:
        for name in ("output", "summary", "slept"):
            (self.folder / name).write_text("")
        given = {f"WITH_{name.upper()}": value for name, value in inputs.items()}
        return running(
            [sys.executable, str(CLOCK), str(self.folder / "slept"), str(SCRIPTS / script)],
            cwd=self.workspace,
            env={"PATH": f"{self.path}:{os.environ['PATH']}", **self.environ, **given},
            **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8", **settings},
        )

    def end(self, process: subprocess.Popen[str]) -> Step:
        log, _ = process.communicate(timeout=60)
        output, summary, slept = ((self.folder / name).read_text() for name in ("output", "summary", "slept"))
        return Step(process.returncode, log, read_outputs(output), summary, list(map(float, slept.split())))

    def __call__(self, command: str, *, script: str = "run.py", **inputs: str) -> Step:
        given = {"command": command, "env": "production", "dir": "tiers", "fail_on_drift": "true"} | inputs
        with self.start(script, given) as process:
            return self.end(process)


def bodies(github: GitHubDouble, number: int = 5) -> list[str]:
    return [comment["body"] for comment in github.comments.get(number, [])]


def warnings(step: Step) -> list[str]:
    """What the page of the run shows as warnings."""
    return [line.partition("::warning title=tierops::")[2] for line in step.log.splitlines() if "::warning " in line]


# What GitHub says of a pull request, of the run that planned it, and of the artifact with the plan.


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
