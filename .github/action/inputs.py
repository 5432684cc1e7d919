"""What the action was asked for: action.yml hands its inputs on in variables WITH_…"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

REVIEWED = "reviewed"  # as plan-file of apply: the plan of the merged pull request
_COMMANDS = ("validate", "plan", "apply", "drift")


class BadInput(Exception):
    """An input of the action is wrong."""


class Asked(NamedTuple):
    """A command of tierops with its arguments, and what else is to be done about what it says.

    `plan_file` is what it writes or carries out. `can_differ` says that differences are no failure.
    """

    command: str
    arguments: tuple[str, ...]
    plan_file: Path
    is_commenting: bool
    has_issue: bool
    can_differ: bool


def read() -> Asked:
    """All inputs of a run. Raises `BadInput`: nothing has run by then, and nothing later can be wrong with them."""
    command = text("COMMAND")
    if command not in _COMMANDS:
        raise BadInput(f"command is {command!r}: one of {', '.join(_COMMANDS)}")
    if command == "apply" and not text("PLAN_FILE"):
        raise BadInput("apply needs a plan-file: it carries out a plan that somebody has read")
    plan = _plan_file()
    return Asked(
        command,
        tuple(_arguments(command, plan)),
        plan,
        flag("COMMENT"),
        flag("ISSUE") and command == "drift",
        command == "plan" or (command == "drift" and not flag("FAIL_ON_DRIFT")),
    )


def text(name: str, default: str = "") -> str:
    """An input as it was given."""
    return os.environ.get(f"WITH_{name}", "").strip() or default


def flag(name: str) -> bool:
    """`true` or `false`. Raises `BadInput` for anything else, because a misspelt `false` must not mean `true`."""
    value = text(name, "false")
    if value not in {"true", "false"}:
        raise BadInput(f"{name.lower().replace('_', '-')} is {value!r}: true or false")
    return value == "true"


def environment() -> str:
    """The environment of the ladders; empty where a repository has none."""
    return text("ENV") or os.environ.get("TIEROPS_ENV", "").strip()


def directory() -> str:
    """The folder of the program files as seen from the folder of the step, the root of the repository."""
    return os.path.relpath(Path(text("WORKING_DIRECTORY", "."), text("DIR", "tiers")))


def artifact_name() -> str:
    """What the plan of this environment and folder is called as an artifact."""
    parts = ["tierops-plan", environment()] + ([directory()] if directory() != "tiers" else [])
    return text("ARTIFACT_NAME") or ".".join(re.sub(r"[^A-Za-z0-9_-]+", "-", part) for part in parts if part)


def _plan_file() -> Path:
    """Where `plan` writes, and what `apply` reads. Raises `BadInput` unless a downloaded artifact holds one file."""
    scratch = Path(os.environ.get("RUNNER_TEMP", "."))
    if text("PLAN_FILE") == REVIEWED:
        entries = list((scratch / "tierops-reviewed").glob("*"))
        if len(entries) != 1 or not entries[0].is_file():
            raise BadInput(f"the reviewed artifact holds {len(entries)} entries, not one plan file")
        return entries[0].absolute()
    default = scratch / artifact_name() / "plan.json"
    return Path(text("WORKING_DIRECTORY", "."), text("PLAN_FILE", str(default))).absolute()


def _arguments(command: str, plan: Path) -> Iterator[str]:
    """What the command line holds; the caller's own arguments come last."""
    yield from ("--dir", text("DIR", "tiers"), "--no-color", "--format", "markdown")
    if name := environment():
        yield from ("--env", name)
    if command == "plan":
        yield from ("--detailed-exitcode", "--out", str(plan))
    if command == "apply":
        yield str(plan)
    for line in text("REPORTS").splitlines():
        if line.strip():
            yield from ("--report", line.strip())
    try:
        yield from shlex.split(text("ARGS"))
    except ValueError as error:
        raise BadInput(f"{error} in args") from None
