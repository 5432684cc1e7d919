"""The tools take turns: each round goes from nothing applied to everything, command by command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from benchmarks.content import Shape
from benchmarks.measure import Run, TooLong, measured
from benchmarks.tools import APPLY, DRIFT, PLAN, Tool

_WARM = 5
"""From so many rounds on there is one more before them that is not counted: it fills the disk's cache."""


class Row(NamedTuple):
    """What came of a command of a tool: `requests` of one run, and after how many seconds it was given up (`over`)."""

    tool: str
    command: str
    programs: int
    tiers: int
    latency: int
    runs: Sequence[Run]
    requests: int | None = None
    over: float | None = None


class _Record:
    """The runs of each tool and command so far, and those that took too long, which are not tried again."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.runs: dict[tuple[str, str], list[Run]] = {}
        self.requests: dict[tuple[str, str], int | None] = {}
        self.over: set[tuple[str, str]] = set()

    def run(self, tool: Tool, kind: str, *, is_counted: bool) -> bool:
        """Measure one run, and say whether it was made to its end."""
        command = tool.command(kind)
        if command is None or (tool.name, kind) in self.over:
            return False
        before = tool.requests()
        try:
            run = measured(command.words, tool.folder, tool.environ, command.codes, self.patience)
        except TooLong as error:
            print(error, file=sys.stderr)
            self.over.add((tool.name, kind))
            return False
        after = tool.requests()
        self.requests[tool.name, kind] = None if before is None or after is None else after - before
        if is_counted:
            self.runs.setdefault((tool.name, kind), []).append(run)
        return True


def side_by_side(
    tools: Sequence[Tool], shape: Shape, latency: int, kinds: Sequence[str], rounds: int, patience: float
) -> list[Row]:
    """Measure the `kinds` of command, so many rounds; one that takes longer than `patience` seconds is given up."""
    record = _Record(patience)
    warming = 1 if rounds >= _WARM else 0
    for number in range(rounds + warming):
        first = number % len(tools)  # so that none of them always follows the same one
        _round([*tools[first:], *tools[:first]], kinds, record, is_counted=number >= warming)
    told = dict.fromkeys([*record.runs, *record.over])
    return [
        Row(tool, kind, *shape, latency, record.runs.get((tool, kind), ()), record.requests.get((tool, kind)),
            patience if (tool, kind) in record.over else None)
        for tool, kind in told
    ]  # fmt: skip


def _round(tools: Sequence[Tool], kinds: Sequence[str], record: _Record, *, is_counted: bool) -> None:
    full: set[str] = set()
    for tool in tools:
        tool.empty()
    for kind in kinds:
        for tool in tools:
            if kind in (PLAN, DRIFT) and tool.name not in full:
                tool.empty()
                tool.fill()
                full.add(tool.name)
            if record.run(tool, kind, is_counted=is_counted) and kind == APPLY:
                full.add(tool.name)
    for tool in tools:
        with suppress(OSError):
            tool.close()
