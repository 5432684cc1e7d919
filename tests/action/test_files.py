"""The files that hold it together: action.yml, the workflows, the installation."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml
from action_step import ROOT, SCRIPTS, Runner, read_outputs
from harness import KEYS


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
        '#!/bin/sh\nmkdir -p "$4/bin"\ncp "$0" "$4/bin/python"\ncp "$0" "$4/bin/tierops"\n'
        f'echo "$@" >>{shlex.quote(str(tmp_path / "log"))}\nenv >>{shlex.quote(str(tmp_path / "env"))}\n'
    )
    python.chmod(0o755)
    environ = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "RUNNER_TEMP": str(tmp_path), **KEYS}
    environ |= {"VOUCHERIFY_OAUTH_TOKEN": "oauth", "GITHUB_ACTION_PATH": "/an action"}
    for _ in range(2):
        subprocess.run(["bash", str(SCRIPTS / "install.sh")], env=environ, check=True, cwd=tmp_path)
    first, second = (tmp_path / "log").read_text().splitlines()
    assert first == f"-I -m venv {tmp_path}/tierops-venv"
    assert second.endswith("install --no-user --constraint /an action/constraints.txt -- /an action[sign]")
    assert not set(KEYS) & set(re.findall(r"^(\w+)=", (tmp_path / "env").read_text(), re.MULTILINE))


def poison(folder: Path, *names: str) -> Path:
    """A checkout whose modules have the names of Python's own; returns the file that is there once one is run."""
    owned = folder / "owned"
    for name in names:
        (folder / f"{name}.py").write_text(f"open({str(owned)!r}, 'w')\n")
    return owned


def wheel(folder: Path) -> Path:
    """A tierops that says only that it is there, and is installed without any index."""
    path = folder / "tierops-0-py3-none-any.whl"
    about = "tierops-0.dist-info"
    with ZipFile(path, "w") as file:
        file.writestr("stub.py", "def main():\n    print('here')\n")
        file.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tierops\nVersion: 0\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/entry_points.txt", "[console_scripts]\ntierops = stub:main\n")
        file.writestr(f"{about}/RECORD", "")
    return path


def test_no_module_of_the_checkout_and_no_setting_of_the_user_has_a_say_in_the_installation(tmp_path: Path) -> None:
    checkout, temp = tmp_path / "checkout", tmp_path / "temp"
    checkout.mkdir()
    temp.mkdir()
    owned = poison(checkout, "pip", "venv", "ensurepip", "logging", "subprocess", "sitecustomize", "json")
    wheel(checkout)
    (tmp_path / ".config" / "pip").mkdir(parents=True)
    (tmp_path / ".config" / "pip" / "pip.conf").write_text("[install]\nuser = true\n")
    environ = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "RUNNER_TEMP": str(temp), "GITHUB_ACTION_PATH": str(ROOT),
        "PIP_USER": "1", "PYTHONPATH": str(checkout), "WITH_SOURCE": "./tierops-0-py3-none-any.whl",
    }  # fmt: skip
    install = subprocess.run(
        ["bash", str(SCRIPTS / "install.sh")], env=environ, cwd=checkout, capture_output=True, text=True
    )
    assert install.returncode == 0, install.stderr
    assert not owned.exists()
    assert subprocess.check_output([temp / "tierops-venv" / "bin" / "tierops"], text=True) == "here\n"


def test_no_module_of_the_checkout_runs_with_the_token_and_the_keys(act: Runner) -> None:
    owned = poison(act.workspace, "json", "shlex", "signal", "tempfile", "urllib", "click", "inputs", "github")
    home = act.folder / "tierops-venv" / "bin"
    home.mkdir(parents=True)
    (home / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    (home / "python").chmod(0o755)
    (act.path / "tierops").rename(home / "tierops")
    given = {"WITH_COMMAND": "plan", "GITHUB_ACTION_PATH": str(ROOT), "PYTHONPATH": ".", "PYTHONIOENCODING": "latin-1"}
    for step in steps(ROOT / "action.yml"):
        if step.get("name") in {"Find the reviewed plan", "Run tierops"}:
            environ = {"PATH": os.environ["PATH"], **act.environ, **given}
            subprocess.run(["bash", "-c", step["run"]], env=environ, cwd=act.workspace, capture_output=True)
    assert read_outputs((act.folder / "output").read_text())["exit-code"] == "0"
    assert not owned.exists()
