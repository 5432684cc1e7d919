"""A quick part of `make chaos`: promises hold in every class of trouble, and a schedule can be played again."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from chaos.__main__ import count, drawn, table
from chaos.schedules import TROUBLES

_EACH = 9


@pytest.mark.parametrize("number", range(len(TROUBLES)), ids=[trouble.name for trouble in TROUBLES])
def test_promises_hold(number: int) -> None:
    keys = [(7, number + n * len(TROUBLES)) for n in range(_EACH)]
    sums, broken = count((key, drawn(key)) for key in keys)
    assert [verdict.broken + verdict.story for _, verdict in broken] == []
    found = sums[TROUBLES[number].name]
    assert (found["schedules"], found["silent"], found["false"]) == (_EACH, 0, 0)
    if TROUBLES[number].is_promised:
        assert found["reported"] == 0


def test_a_schedule_is_the_same_again() -> None:
    number = [trouble.name for trouble in TROUBLES].index("two applies, answers lost")
    assert drawn((3, number)) == drawn((3, number))


def test_the_command_prints_a_table_and_ends_with_0() -> None:
    command = [sys.executable, "-m", "chaos", "--runs", str(len(TROUBLES)), "--seed", "5", "--jobs", "1"]
    ended = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.search(rf"^\| \*\*all\*\* \| \*\*{len(TROUBLES)}\*\* \|", ended.stdout, re.MULTILINE)
    alone = subprocess.run(
        [*command, "--only", "3"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    assert (alone.returncode, "schedule 3 of seed 5" in alone.stdout, "pass" in alone.stdout) == (0, True, True)


def test_the_table_has_a_line_for_each_class() -> None:
    lines = table(count([])[0]).splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:-1]] == [trouble.name for trouble in TROUBLES]
