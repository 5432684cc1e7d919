"""Mutation testing goes on where files move: what it names is there, and no vendor or part of apply is left out."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tierops import providers

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]


def test_all_that_is_named_is_there() -> None:
    for name in ("only_mutate", "pytest_add_cli_args_test_selection", "also_copy"):
        assert [path for path in SETTINGS[name] if not (ROOT / path).exists()] == []


def test_the_core_and_every_vendor_are_mutated() -> None:
    mutated = set(SETTINGS["only_mutate"])
    files = [ROOT / "src/tierops" / name for name in ("diff.py", "plan.py", "providers/expect.py")]
    folders = [ROOT / "src" / vendor.package.replace(".", "/") for vendor in providers.own()]
    for folder in (ROOT / "src/tierops/rules", ROOT / "src/tierops/apply", *folders):
        files += folder.glob("*.py")
    assert mutated == {path.relative_to(ROOT).as_posix() for path in files}
    assert {f"tests/providers/{folder.name}" for folder in folders} <= {*SETTINGS["pytest_add_cli_args_test_selection"]}
