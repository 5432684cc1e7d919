"""How a step speaks to its runner: commands in the log, the files of outputs and of the summary, and the event.

Nothing here fails: what tierops did counts, not whether a line of the log could be written. All is UTF-8, as the runner
reads it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any


def use_utf8() -> None:
    """Have the log take every character, whatever the locale of the runner says."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(encoding="utf-8", errors="backslashreplace")


def log(text: str) -> None:
    """Write to the log, at once."""
    try:
        print(text, end="", flush=True)
    except OSError:  # nobody reads it any more; without this Python would end with a code of its own
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115


@contextmanager
def no_commands() -> Iterator[None]:
    """The runner takes no line of the log as a command within it."""
    word = token_hex(16)
    log(f"::stop-commands::{word}\n")
    try:
        yield
    finally:
        log(f"::{word}::\n")


def annotate(level: str, message: str) -> None:
    """An `error`, a `warning` or a `notice` on the page of the run."""
    data = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    log(f"::{level} title=tierops::{data}\n")


def output(**values: str) -> None:
    """Set outputs of this step. No value can end its own block, because nobody can guess what ends it."""
    end = token_hex(16)
    lines = [f"{name.replace('_', '-')}<<{end}\n{value}\n{end}\n" for name, value in values.items()]
    _append("GITHUB_OUTPUT", "".join(lines))


def summarise(text: str) -> None:
    """Add to the summary of this step."""
    _append("GITHUB_STEP_SUMMARY", text)


def event() -> dict[str, Any]:
    """What started the workflow; empty where that cannot be read."""
    with suppress(OSError, ValueError):
        data = json.loads(Path(os.environ.get("GITHUB_EVENT_PATH", "")).read_bytes())
        return data if isinstance(data, dict) else {}
    return {}


def url() -> str:
    """The page of this run of the workflow."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (os.environ.get(name, "") for name in names)
    return f"{server}/{repository}/actions/runs/{run}"


def _append(name: str, text: str) -> None:
    if path := os.environ.get(name):
        try:
            with Path(path).open("a", encoding="utf-8", errors="backslashreplace", newline="") as file:
                file.write(text)
        except OSError as error:
            annotate("warning", f"{name} could not be written: {error}")
