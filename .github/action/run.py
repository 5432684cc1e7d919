"""Runs one tierops command for a workflow and says what came of it where people look.

That is the log, the summary of the step, the comment on the pull request or the issue about drift, and the step's
outputs. Knows nothing of tierops but its command line and its exit codes.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

import inputs
import posting
from github import LONGEST_SUMMARY, GitHub, NoAnswer, annotate, event, output, run_url, summarise

_COMMANDS = ("validate", "plan", "apply", "drift")
_USAGE = 64
_DIFFERENCES = 2
_REFUSED = 4
_HAS_CHANGES = {0: "false", _DIFFERENCES: "true", 3: "true"}  # by exit code; nobody knows after any other


class Ended(NamedTuple):
    """How tierops ended: its exit code, the Markdown report (empty if there is none), the end of what it told."""

    code: int
    report: str
    told: str


def main() -> int:
    """Run the command; returns the exit code of the step."""
    try:
        command = inputs.text("COMMAND")
        if command not in _COMMANDS:
            raise inputs.BadInput(f"command is {command!r}: one of {', '.join(_COMMANDS)}")
        is_commenting, has_issue = inputs.flag("COMMENT"), inputs.flag("ISSUE") and command == "drift"
        can_differ = command == "plan" or (command == "drift" and not inputs.flag("FAIL_ON_DRIFT"))
        ended = _run(command)
    except (inputs.BadInput, OSError, ValueError) as error:
        annotate("error", str(error))
        return _USAGE
    is_planned = command == "plan" and ended.code in (0, _DIFFERENCES)
    digest = _digest() if is_planned or command == "apply" else ""
    output(
        exit_code=str(ended.code),
        has_changes=_HAS_CHANGES.get(ended.code, ""),
        plan_digest=digest,
        plan_file=str(inputs.plan_file()) if is_planned else "",
        artifact_name=inputs.artifact_name() if is_planned else "",
    )
    report = ended.report or _without_report(command, ended)
    _summarise(report)
    is_told = _tell(ended.code, report, digest, is_commenting=is_commenting, has_issue=has_issue)
    if command == "apply" and ended.code == _REFUSED:
        annotate("error", "The plan was refused, and nothing was written. Make a new plan, review it, and apply that.")
    if ended.code == 0 or (ended.code == _DIFFERENCES and can_differ and (is_told or not has_issue)):
        return 0
    return ended.code


def _run(command: str) -> Ended:
    """tierops, with its progress and a text report in the log. Commands to the runner in any name there are dead."""
    with tempfile.TemporaryDirectory() as folder:
        text, notes = Path(folder, "report.txt"), Path(folder, "annotations.txt")
        arguments = [command, *_arguments(command), "--report", f"text={text}"]
        if command == "validate":
            arguments += ["--report", f"github={notes}"]
        with _no_commands():
            ended = _call([*arguments, *shlex.split(inputs.text("ARGS"))])
            print(text.read_text(encoding="utf-8", errors="replace") if text.exists() else ended.report, flush=True)
        if notes.exists():
            print(notes.read_text(encoding="utf-8", errors="replace"), flush=True)
    return ended


def _arguments(command: str) -> Iterator[str]:
    yield from ("--dir", inputs.text("DIR", "tiers"), "--no-color", "--format", "markdown")
    if environment := inputs.environment():
        yield from ("--env", environment)
    if command == "plan":
        inputs.plan_file().parent.mkdir(parents=True, exist_ok=True)
        yield from ("--detailed-exitcode", "--out", str(inputs.plan_file()))
    if command == "apply":
        if not inputs.text("PLAN_FILE"):
            raise inputs.BadInput("apply needs a plan-file: it carries out a plan that somebody has read")
        yield str(inputs.plan_file())
    for line in inputs.text("REPORTS").splitlines():
        if line.strip():
            yield from ("--report", line.strip())


def _call(arguments: list[str]) -> Ended:
    """tierops in a session of its own, so that each signal reaches it once: the second one would end it at once."""
    kept = {name: value for name, value in os.environ.items() if name != "GITHUB_TOKEN"}
    told: deque[str] = deque(maxlen=50)
    started: list[subprocess.Popen[str]] = []

    def hand_on(number: int, _: object) -> None:
        for process in started:
            process.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, hand_on)
    with (
        tempfile.TemporaryFile() as report,
        subprocess.Popen(
            ["tierops", *arguments], cwd=inputs.text("WORKING_DIRECTORY", "."), env=kept, stdout=report,
            stderr=subprocess.PIPE, start_new_session=True, encoding="utf-8", errors="replace",
        ) as process,
    ):  # fmt: skip
        started.append(process)
        assert process.stderr
        for line in process.stderr:
            print(line, end="", flush=True)
            told.append(line)
        code = process.wait()
        report.seek(0)
        return Ended(code if code >= 0 else 128 - code, report.read().decode(errors="replace"), "".join(told))


@contextmanager
def _no_commands() -> Iterator[None]:
    """The runner takes no line as a command within it."""
    word = token_hex(16)
    print(f"::stop-commands::{word}", flush=True)
    try:
        yield
    finally:
        print(f"::{word}::", flush=True)


def _digest() -> str:
    """What the plan file says of itself; tierops alone can say whether it is so."""
    try:
        digest = json.loads(inputs.plan_file().read_bytes())["digest"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return digest if isinstance(digest, str) else ""


def _without_report(command: str, ended: Ended) -> str:
    """What to say where tierops wrote no report, such as after a wrong option. Nothing ends an indented block."""
    lines = "".join(f"    {line}\n" for line in ended.told[-4000:].splitlines())
    return f"**tierops {command} ended with exit code {ended.code}**\n\n{lines}"


def _summarise(report: str) -> None:
    if len(report.encode()) + 2 > LONGEST_SUMMARY:
        report = f"The report has {len(report):,} characters, too many for here: it is in the log.\n"
    summarise(f"{report}\n\n")


def _tell(code: int, report: str, digest: str, *, is_commenting: bool, has_issue: bool) -> bool:
    """Comment on the pull request, and open or close the issue. Returns False after a warning that this failed."""
    environment = inputs.environment()
    first = posting.marker(environment, inputs.directory())
    pull = event().get("pull_request") or {}
    body = posting.fitted(first, f"{report.rstrip()}\n\n{_source(pull)}\n", digest)
    try:
        if is_commenting and pull:
            posting.comment(GitHub(), pull["number"], first, body)
        if has_issue and code == _DIFFERENCES:
            title = f"Live loyalty tiers differ from the files: {environment or inputs.directory()}"
            posting.open_issue(GitHub(), title, first, body)
        if has_issue and code == 0:
            posting.close_issue(GitHub(), first)
    except NoAnswer as error:
        annotate("warning", f"The report could not be posted ({error}). It is in the summary of this run: {run_url()}")
        return False
    return True


def _source(pull: dict[str, dict[str, str]]) -> str:
    sha = pull["head"]["sha"] if pull else os.environ.get("GITHUB_SHA", "")
    return f"<sub>{sha[:10]} · [run]({run_url()})</sub>"


if __name__ == "__main__":
    sys.exit(main())
