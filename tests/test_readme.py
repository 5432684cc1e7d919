"""The README says what the code says. `pytest --bless tests/test_readme.py` rewrites what comes from the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from harness import Run

from tierops.cli import cli
from tierops.errors import Exit

README = Path(__file__).parents[1] / "README.md"


def help_texts(run: Run) -> str:
    parts = [f"```\n$ tierops --help\n{run('--help').out}```\n"]
    names = [
        words
        for name, command in cli.commands.items()
        for words in (name, *(f"{name} {inner}" for inner in getattr(command, "commands", ())))
    ]
    for name in names:
        text = run(*name.split(), "--help").out
        parts.append(f"<details><summary>tierops {name}</summary>\n\n```\n{text}```\n</details>\n")
    return "\n" + "\n".join(parts) + "\n"


def exit_codes(_: Run) -> str:
    rows = "".join(f"| {int(code)} | {code.meaning} |\n" for code in Exit)
    return f"\n| exit code | meaning |\n| --- | --- |\n{rows}\n"


@pytest.mark.parametrize(("section", "make"), [("help", help_texts), ("exit-codes", exit_codes)])
def test_the_readme_is_current(
    section: str, make, request: pytest.FixtureRequest, offline: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    pattern = re.compile(rf"(?<=<!-- {section} -->\n).*?(?=<!-- /{section} -->)", re.DOTALL)
    text = README.read_text()
    if request.config.getoption("--bless"):
        text = pattern.sub(lambda _: make(offline), text)
        README.write_text(text)
    found = pattern.search(text)
    assert found
    assert found[0] == make(offline)


def test_the_ladder_of_the_readme_is_valid(offline) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)
    Path("tiers").mkdir()
    Path("tiers/coffee-club.yaml").write_text(example)
    assert offline("validate") == (0, "1 program, 2 targets, 6 tiers: valid\n", "")
