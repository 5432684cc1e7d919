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


# How a company's mirror of the index is reached.
MIRROR = ("PIP_CONFIG_FILE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_CERT", "ALL_PROXY")


def test_the_action_installs_itself_without_keys(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python3"
    python.write_text(
        '#!/bin/sh\nmkdir -p "$4/bin"\ncp "$0" "$4/bin/python"\ncp "$0" "$4/bin/tierops"\n'
        f'echo "$@" >>{shlex.quote(str(tmp_path / "log"))}\nenv >>{shlex.quote(str(tmp_path / "env"))}\n'
    )
    python.chmod(0o755)
    environ = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "RUNNER_TEMP": str(tmp_path), **KEYS}
    environ |= {"VOUCHERIFY_OAUTH_TOKEN": "oauth", "GITHUB_ACTION_PATH": "/an action", "PIP_USER": "1"}
    environ |= dict.fromkeys(MIRROR, "the company's")
    for _ in range(2):
        subprocess.run(["bash", str(SCRIPTS / "install.sh")], env=environ, check=True, cwd=tmp_path)
    first, second = (tmp_path / "log").read_text().splitlines()
    assert first == f"-I -m venv {tmp_path}/tierops-venv"
    assert second.endswith("install --no-user --constraint /an action/constraints.txt -- /an action[sign]")
    handed = set(re.findall(r"^(\w+)=", (tmp_path / "env").read_text(), re.MULTILINE))
    assert not {*KEYS, "VOUCHERIFY_OAUTH_TOKEN", "PIP_USER"} & handed
    assert set(MIRROR) <= handed


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


# The workflows.


def workflow(name: str) -> dict[str, Any]:
    path = ROOT / ".github" / "workflows" / f"{name}.yml"
    data: dict[str, Any] = yaml.load(path.read_text(), yaml.BaseLoader)  # else `on` is true
    return data


def scripts(job: str) -> list[str]:
    return [step["run"] for step in workflow("tiers-plan")["jobs"][job]["steps"] if "run" in step]


def test_the_check_that_is_required_reports_for_every_pull_request() -> None:
    plan = workflow("tiers-plan")
    assert plan["on"] == {"pull_request": "", "merge_group": ""}
    last = plan["jobs"]["tiers-plan"]
    assert "the check `tiers-plan`" in (ROOT / "docs" / "ci.md").read_text()
    assert last.get("name", "tiers-plan") == "tiers-plan"
    assert last["if"] == "always()"
    assert {*last["needs"], "tiers-plan"} == set(plan["jobs"])
    (step,) = last["steps"]
    assert step == {
        "if": "contains(needs.*.result, 'failure') || contains(needs.*.result, 'cancelled')",
        "run": "exit 1",
    }


def test_only_a_pull_request_of_the_repository_itself_is_planned() -> None:
    """A fork has no keys, and a queue of merges has no pull request whose plan could be reviewed."""
    condition = workflow("tiers-plan")["jobs"]["plan"]["if"]
    assert condition.endswith("&& github.event.pull_request.head.repo.full_name == github.repository")


def test_our_workflow_names_its_runs_as_they_are_looked_for() -> None:
    name = workflow("tiers-plan")["run-name"]
    assert "format('tiers-plan #{0}: {1}', github.event.number, github.event.pull_request.title)" in name


@pytest.mark.parametrize("name", ["tiers-plan", "tiers-apply"])
def test_a_plan_lives_as_long_as_it_may_wait_for_people(name: str) -> None:
    plans = [
        step["with"]
        for job in workflow(name)["jobs"].values()
        for step in job["steps"]
        if step.get("with", {}).get("command") == "plan"
    ]
    assert plans
    assert all("--ttl 7d" in plan["args"] for plan in plans)


@pytest.mark.parametrize(
    ("change", "event", "tiers"),
    [
        ("echo x >README.md", "pull_request", "false"),
        ("mkdir docs && git mv tiers2/x docs/x", "pull_request", "false"),
        ("echo y >tiers/a.yaml", "pull_request", "true"),
        ("git rm -q tiers/a.yaml", "pull_request", "true"),
        ("git mv tiers/a.yaml tiers/a.YAML", "pull_request", "true"),
        ("git mv tiers/a.yaml a.yaml", "pull_request", "true"),
        ("echo x >README.md", "merge_group", "true"),
    ],
)
def test_a_pull_request_is_planned_if_it_touches_the_folder(
    tmp_path: Path, change: str, event: str, tiers: str
) -> None:
    (look,) = scripts("changed")
    git = "git -c user.name=a -c user.email=a@example.com -c init.defaultBranch=main"
    story = f"""
        set -e
        {git} init -q origin && cd origin && mkdir tiers tiers2 && echo x | tee tiers/a.yaml tiers/c.yaml >tiers2/x
        git add . && {git} commit -qm base
        git checkout -qb branch && {change} && git add -A . && {git} commit -qm change
        git checkout -q main && echo other >tiers/b.yaml && git add . && {git} commit -qm other
        {git} merge -q --no-edit branch
        cd .. && git clone -q --depth 2 "file://$PWD/origin" checkout
    """
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["bash", "-c", story], env=environ, cwd=tmp_path, check=True)
    environ |= {"GITHUB_EVENT_NAME": event, "GITHUB_OUTPUT": str(tmp_path / "output")}
    subprocess.run(["bash", "-e", "-c", look], env=environ, cwd=tmp_path / "checkout", check=True)
    assert (tmp_path / "output").read_text() == f"tiers={tiers}\n"


def test_where_git_cannot_tell_what_was_touched_everything_is_checked(tmp_path: Path) -> None:
    (look,) = scripts("changed")
    environ = {
        "PATH": os.environ["PATH"],
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
    }
    subprocess.run(["bash", "-e", "-c", look], env=environ, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "output").read_text() == "tiers=true\n"


def test_the_hook_runs_whatever_was_staged() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["always_run"] is True
    assert hook["pass_filenames"] is False
    assert not {"files", "types", "types_or", "exclude"} & set(hook)
