"""Runs tierops, with its progress and its report for people in the log."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections import deque
from pathlib import Path
from typing import IO, NamedTuple

import inputs
from runner import log, no_commands

_LAST_LINES = 50


class Ended(NamedTuple):
    """How tierops ended: its exit code, the Markdown report (empty if there is none), the last lines of its stderr."""

    code: int
    report: str
    last_lines: str


def run(asked: inputs.Asked) -> Ended:
    """tierops from its start to its end. Raises OSError where it could not be started; nothing fails after that.

    Whatever a name in a report holds, the runner takes none of it for a command.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        text, notes = Path(folder, "report.txt"), Path(folder, "annotations.txt")
        reports = ["--report", f"text={text}"]
        if asked.command == "validate":
            reports += ["--report", f"github={notes}"]
        if asked.command == "plan":
            asked.plan_file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile() as stdout, no_commands():
            ended = _call(["tierops", asked.command, *reports, *asked.arguments], stdout)
            log(_content(text) or ended.report)
        log(_content(notes))  # these are commands, and tierops lets no name add another one
    return ended


def _call(arguments: list[str], stdout: IO[bytes]) -> Ended:
    """One process in a session of its own, so that each signal reaches it once: the second one would end it at once."""
    last_lines: deque[str] = deque(maxlen=_LAST_LINES)
    started: list[subprocess.Popen[str]] = []

    def hand_on(number: int, _: object) -> None:
        for process in started:
            process.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, hand_on)
    with subprocess.Popen(
        arguments, cwd=inputs.text("WORKING_DIRECTORY", "."), env=_environ(), stdout=stdout,
        stderr=subprocess.PIPE, start_new_session=True, encoding="utf-8", errors="replace",
    ) as process:  # fmt: skip
        started.append(process)
        for line in process.stderr or ():
            log(line)
            last_lines.append(line)
        code = process.wait()
    stdout.seek(0)
    return Ended(code if code >= 0 else 128 - code, stdout.read().decode(errors="replace"), "".join(last_lines))


def _environ() -> dict[str, str]:
    """Without the token, which tierops does not need, and without what would have Python import from the checkout."""
    kept = {name: value for name, value in os.environ.items() if name != "GITHUB_TOKEN" and name[:6] != "PYTHON"}
    return kept | {"PYTHONUTF8": "1"}


def _content(report: Path) -> str:
    """A report that tierops wrote with a line end more, or nothing where it wrote none."""
    return f"{report.read_text(encoding='utf-8', errors='replace')}\n" if report.exists() else ""
