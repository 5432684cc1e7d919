"""Shell completion: what the shells get, and that the key can be pressed without waiting."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("tiers", "other"):
        Path(folder, "environments").mkdir(parents=True)
    for path in (
        "tiers/environments/production.yaml",
        "tiers/environments/sandbox.yml",
        "other/environments/test.yaml",
    ):
        Path(path).touch()
    Path("tiers/environments/notes.txt").touch()
    Path("tiers/eu").mkdir()
    Path("tiers/eu/club.YML").write_text(
        "version: 1\nprogram: 'club-eu' # ours\n---\nprogram: tea\nx: {program: none}\n"
    )
    Path("tiers/bad.yaml").write_bytes(b"program: gold\n\xff: [\nprogram: \n")


def tierops(**variables: str) -> str:
    environ = os.environ | variables
    command = [sys.executable, "-m", "tierops"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False).stdout


def completed(*words: str) -> list[str]:
    """What the last, unfinished word may become."""
    line = " ".join(["tierops", *words])
    out = tierops(_TIEROPS_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words)))
    return [line.removeprefix("plain,") for line in out.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["val"], ["validate"]),
        (["im"], ["impact", "import"]),
        (["journal", ""], ["verify"]),
        (["schema", ""], ["program", "environment", "policy", "project", "plan"]),
        (["init", "--ci", ""], ["github", "gitlab", "none"]),
        (["plan", "--env", ""], ["production", "sandbox"]),
        (["plan", "--env", "s"], ["sandbox"]),
        (["--env", "p"], ["production"]),
        (["plan", "--dir", "other", "--env", ""], ["test"]),
        (["--dir", "other", "plan", "--env", ""], ["test"]),
        (["--dir", "nowhere", "plan", "--env", ""], []),
        (["plan", "--detailed"], ["--detailed-exitcode"]),
        (["explain", "ladder"], ["ladder-overlap", "ladder-gap"]),
        (["plan", "--program", ""], ["club-eu", "gold", "tea"]),
        (["drift", "--program", "cl"], ["club-eu"]),
        (["--dir", "tiers/eu", "apply", "--program", ""], ["club-eu", "tea"]),
        (["plan", "--target", "club"], ["club-eu/*"]),
        (["plan", "--dir", "[x", "--program", ""], []),
        (["plan", "--report", "m"], ["markdown="]),
        (["validate", "--report", ""], ["text=", "json=", "markdown=", "html=", "sarif=", "junit=", "github="]),
    ],
)
def test_words_are_completed(words: list[str], expected: list[str]) -> None:
    assert completed(*words) == expected


@pytest.mark.parametrize("command", ["validate", "plan", "apply", "drift", "show"])
def test_the_formats_are_completed(command: str) -> None:
    assert {"text", "json"} <= set(completed(command, "--format", ""))
    assert completed(command, "--format", "js") == ["json"]


def test_completing_loads_nothing_that_takes_time() -> None:
    script = """
import atexit, sys
from tierops.cli import main
slow = {"httpx", "pydantic", "yaml", "jsonschema", "deepdiff", "tierops.config", "tierops.plan_file"}
atexit.register(lambda: print("loaded:", *sorted(slow & sys.modules.keys())))
main([])
"""
    environ = os.environ | {
        "_TIEROPS_COMPLETE": "bash_complete",
        "COMP_WORDS": "tierops plan --env ",
        "COMP_CWORD": "3",
    }
    ended = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == ["plain,production", "plain,sandbox", "loaded:"]


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_a_script_that_it_can_read(shell: str) -> None:
    script = tierops(_TIEROPS_COMPLETE=f"{shell}_source")
    assert f"_TIEROPS_COMPLETE={shell}_complete" in script
    if interpreter := shutil.which(shell):
        subprocess.run([interpreter, "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_page_names_the_line_for_each_shell(shell: str) -> None:
    page = (Path(__file__).parents[2] / "docs/completion.md").read_text()
    assert f"_TIEROPS_COMPLETE={shell}_source tierops" in page


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not here")
def test_bash_completes_with_the_script(tmp_path: Path) -> None:
    program = tmp_path / "tierops"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tierops "$@"\n')
    program.chmod(0o755)
    typed = """
eval "$(_TIEROPS_COMPLETE=bash_source tierops)"
COMP_WORDS=(tierops plan --env "")
COMP_CWORD=3
_tierops_completion tierops
echo "${COMPREPLY[@]}"
"""
    environ = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    ended = subprocess.run(["bash", "-c", typed], env=environ, capture_output=True, text=True, check=True)
    assert ended.stdout == "production sandbox\n"
