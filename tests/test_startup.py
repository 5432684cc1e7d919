"""What a command does not need is not imported: each start in CI is a cold one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Set
from pathlib import Path

import pytest
from harness import KEYS

from tierops.emulator import Emulator
from tierops.emulator.server import Served

PROGRAM = """\
version: 1
program: club
targets: [{voucherify: {campaign: Club}}]
tiers:
  - {name: Bronze, from: 0}
  - {name: Silver, from: 250}
"""
# What no plan needs that finds nothing to do and meets no proxy: httpcore and what it brings are for proxies only.
HEAVY = {"pydantic", "jsonschema", "deepdiff", "jinja2", "ruamel", "duckdb", "importlib.metadata", "rich", "asyncio"}
HEAVY |= {"httpcore", "h11", "anyio", "certifi", "dataclasses", "difflib", "zoneinfo", "concurrent.futures"}
# What nobody needs who does not talk to a vendor, and what nobody needs who reads no file.
NETWORK = {"httpx", "http.client", "ssl", "_ssl", "idna", "urllib.request", "tierops.providers.http"}
FILES = {"yaml", "jsonschema_rs", "tierops.config.load", "tierops.pipeline"}
CODE = """
import json, sys
from tierops import cli
code = cli.run(json.loads(sys.argv[1]))
sys.stderr.write("\\n" + json.dumps([int(code), *(name for name in json.loads(sys.argv[2]) if name in sys.modules)]))
"""


def imported(folder: Path, *arguments: str, among: Set[str] = frozenset(HEAVY), **environ: str) -> list[object]:
    """The exit code of a command in a process of its own, and those of the modules that it imported."""
    command = [sys.executable, "-c", CODE, json.dumps(arguments), json.dumps(sorted(among))]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True, check=True
    )
    result: list[object] = json.loads(done.stderr.splitlines()[-1])
    return result


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tiers").mkdir()
    (tmp_path / "tiers" / "club.yaml").write_text(PROGRAM)
    return tmp_path


@pytest.mark.parametrize("line", [("--version",), ("--help",)])
def test_what_reads_no_file_imports_nothing_that_reads_or_sends(line: tuple[str, ...], project: Path) -> None:
    assert imported(project, *line, among=HEAVY | NETWORK | FILES) == [0]


def test_validate_imports_nothing_heavy(project: Path) -> None:
    assert imported(project, "validate") == [0]


def test_plan_imports_nothing_heavy(project: Path, emulator: Emulator, served: Served) -> None:
    emulator.voucherify.add_campaign("Club")
    assert imported(project, "plan", **KEYS, VOUCHERIFY_URL=f"{served.url}/voucherify") == [0]


@pytest.mark.parametrize("command", ["plan", "validate"])
def test_a_file_that_is_wrong_is_explained_by_jsonschema(project: Path, command: str) -> None:
    (project / "tiers" / "club.yaml").write_text(PROGRAM + "extra: 1\n")
    assert "jsonschema" in imported(project, command, **KEYS)


def test_a_plan_without_members_imports_nothing_that_counts_them(
    project: Path, emulator: Emulator, served: Served
) -> None:
    emulator.voucherify.add_campaign("Club")
    code = CODE.replace("json.loads(sys.argv[2])", "sys.modules").replace(
        "if name in sys.modules", "if name.startswith(('tierops.members', 'duckdb', 'narwhals', 'pyspark'))"
    )
    environ = {**os.environ, **KEYS, "VOUCHERIFY_URL": f"{served.url}/voucherify"}
    command = [sys.executable, "-c", code, json.dumps(["plan"])]
    done = subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, check=True)
    assert json.loads(done.stderr.splitlines()[-1]) == [0]


def test_nothing_of_promises_is_imported_where_there_are_none(project: Path) -> None:
    code = "import sys; from tierops.cli import run; run(['validate'])"
    code += "; print([name for name in sys.modules if 'promises.' in name])"
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    (project / "tiers" / "policy.yaml").write_text("version: 1\nrules: {most-tiers: {most: 1}}\n")
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    assert "tierops.promises.demands" in done.stdout.splitlines()[-1]


def test_no_garbage_is_collected_while_it_starts(project: Path) -> None:
    code = "import atexit, gc, sys; from tierops.__main__ import main; sys.argv[1:] = ['validate']; counted = []"
    code += "; atexit.register(lambda: print(len(counted))); gc.callbacks.append(lambda *_: counted.append(1)); main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0"
