"""The line of a file in which a finding stands, with a caret under it, as compilers show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from click import style

from tierops.model import Problem, Severity
from tierops.text.visible import printable, width

Sources = Mapping[str, Sequence[str]]
"""The lines of each file, by its name in findings."""

_LINE_END = re.compile(r"\r\n|\n|\r")  # as YAML 1.2 has them
_BEFORE, _AFTER = 60, 80  # characters of a long line that are shown on either side
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def lines(content: bytes) -> Sequence[str]:
    """The lines of a file; what is no UTF-8 in it is shown as such."""
    return _LINE_END.split(content.decode("utf-8", "replace").removeprefix("\ufeff"))


def quoted(problem: Problem, sources: Sources) -> Iterator[str]:
    """Two lines, or none where the file is not at hand or has no such line."""
    at = problem.at
    held = sources.get(at.file, ())
    if not 1 <= at.line <= len(held) or not (line := held[at.line - 1]).strip():
        return
    start = max(0, at.column - 1 - _BEFORE)
    before = ("…" if start else "") + printable(line[start : at.column - 1])
    end = at.column - 1 + _AFTER
    after = printable(line[at.column - 1 : end]) + ("…" if end < len(line) else "")
    gutter = f"{at.line:>6} | "
    yield style(gutter, dim=True) + before + after
    yield style(f"{'':>6} | ", dim=True) + " " * width(before) + style("^", fg=_COLOURS[problem.severity], bold=True)
