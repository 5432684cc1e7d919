"""What the action was asked for: action.yml hands its inputs on in variables WITH_…"""

from __future__ import annotations

import os
import re
from pathlib import Path

REVIEWED = "reviewed"  # as plan-file of apply: the plan of the merged pull request


class BadInput(Exception):
    """An input of the action is wrong."""


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
    return text("ENV") or os.environ.get("TIEROPS_ENV", "")


def directory() -> str:
    """The folder of the program files, with the folder that the command runs in."""
    return os.path.normpath(Path(text("WORKING_DIRECTORY", "."), text("DIR", "tiers")))


def artifact_name() -> str:
    """What the plan of this environment and folder is called as an artifact."""
    parts = ["tierops-plan", environment()] + ([directory()] if directory() != "tiers" else [])
    return text("ARTIFACT_NAME") or ".".join(re.sub(r"[^A-Za-z0-9_-]+", "-", part) for part in parts if part)


def plan_file() -> Path:
    """Where `plan` writes, and what `apply` reads. Raises `BadInput` unless a downloaded artifact holds one file."""
    scratch = Path(os.environ.get("RUNNER_TEMP", "."))
    if text("PLAN_FILE") == REVIEWED:
        found = list((scratch / "tierops-reviewed").glob("*"))
        if len(found) != 1 or not found[0].is_file():
            raise BadInput(f"the reviewed artifact holds {len(found)} entries, not one plan file")
        return found[0].absolute()
    default = scratch / artifact_name() / "plan.json"
    return Path(text("WORKING_DIRECTORY", "."), text("PLAN_FILE", str(default))).absolute()
