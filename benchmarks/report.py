"""What was measured, as docs/performance.md has it: `python -m benchmarks.report build/benchmark.json`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

from benchmarks import aims, chart, scale
from benchmarks.large import ALONE
from benchmarks.measure import Run, medians
from benchmarks.rounds import Row
from benchmarks.tools import KINDS

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
PICTURE = PAGE.parent / "images" / "performance.svg"
OURS, FANFARE, TERRAFORM, OCTODNS = "tierops, voucherify", "tierops, fanfare", "terraform", "octoDNS"
THREADS = 16
"""So many requests at a time: what the time of slow answers is held against, however many tierops has under way."""


def load(text: str) -> tuple[Mapping[str, str], list[Row]]:
    """What `python -m benchmarks --out` wrote: about the run, and its rows."""
    data: Any = json.loads(text)
    rows = [Row(*row) for row in data["rows"]]
    return data["about"], [row._replace(runs=tuple(Run(*run) for run in row.runs)) for row in rows]


def sections(about: Mapping[str, str], rows: Sequence[Row]) -> Mapping[str, str]:
    """The Markdown between each pair of markers of the page, by their name."""
    return {
        "about": _about(about, rows),
        "aims": _table(("what is aimed at", "measured", ""), aims.lines(rows)),
        "side-by-side": _table(
            ("programs", "command", "tierops", "terraform", "octoDNS", "terraform takes", "octoDNS takes"),
            _side_by_side(rows),
        ),
        "latency": _table(
            ("programs", "command", "vendor", "time", "requests", "sixteen at a time", "of that"), _latency(rows)
        ),
        "vendors": _table(("programs", "command", "Voucherify", "Fanfare"), _vendors(rows)),
        "large": _table(
            ("programs", "command", "time", "processor", "peak memory", "processor per program"), _large(rows)
        ),
    }


def picture(rows: Iterable[Row]) -> str:
    """The chart: one panel for each command."""
    lines: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in rows:
        if row.runs and not row.latency and row.tiers == 10:
            lines.setdefault((row.command, row.tool), []).append((row.programs, medians(row.runs).wall))
    shown = {OURS: "tierops", TERRAFORM: TERRAFORM, OCTODNS: OCTODNS}
    panels = {
        kind: {name: sorted(lines[kind, tool]) for tool, name in shown.items() if (kind, tool) in lines}
        for kind in KINDS
    }
    return chart.svg("Seconds of each command against the number of programs, for each tool", panels)


def written(page: str, parts: Mapping[str, str]) -> str:
    """The page with new parts between their markers. Raises `ValueError` where one has no marker."""
    for name, text in parts.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not pattern.search(page):
            raise ValueError(f"no <!-- {name} --> in the page")
        page = pattern.sub(lambda found, text=text: f"{found[1]}\n{text}\n\n{found[2]}", page)  # type: ignore[misc]
    return page


def _about(about: Mapping[str, str], rows: Iterable[Row]) -> str:
    counts: dict[int, int] = {}
    for row in rows:
        if row.tiers == 10 and not row.latency and row.command == KINDS[-1]:
            counts[row.programs] = len(row.runs)
    rounds = ", ".join(f"{counts[size]} of {size:,}" for size in sorted(counts))
    told = "\n".join(f"- {name}: {value}" for name, value in about.items())
    return f"{told}\n- rounds, of so many programs: {rounds}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _by_place(rows: Iterable[Row], latency: int) -> dict[tuple[int, int, str], dict[str, Row]]:
    """The rows of the rounds by programs, tiers and command, and then by tool, in the order of the page."""
    found: dict[tuple[int, int, str], dict[str, Row]] = {}
    for row in rows:
        if row.command in KINDS and row.latency == latency:
            found.setdefault((row.programs, row.tiers, row.command), {})[row.tool] = row
    return dict(sorted(found.items(), key=lambda item: (*item[0][:2], KINDS.index(item[0][2]))))


def _side_by_side(rows: Iterable[Row]) -> Iterator[Sequence[str]]:
    for (programs, tiers, kind), tools in _by_place(rows, 0).items():
        if len(tools.keys() & {OURS, TERRAFORM, OCTODNS}) > 1:
            cells = [_figures(tools.get(tool)) for tool in (OURS, TERRAFORM, OCTODNS)]
            yield _size(programs, tiers), kind, *cells, *(_times(tools, tool) for tool in (TERRAFORM, OCTODNS))


def _vendors(rows: Iterable[Row]) -> Iterator[Sequence[str]]:
    for (programs, tiers, kind), tools in _by_place(rows, 0).items():
        if {OURS, FANFARE} <= tools.keys():
            yield _size(programs, tiers), kind, *(_with_requests(tools[tool]) for tool in (OURS, FANFARE))


def _latency(rows: Sequence[Row]) -> Iterator[Sequence[str]]:
    for latency in sorted({row.latency for row in rows if row.latency}):
        for (programs, tiers, kind), tools in _by_place(rows, latency).items():
            for tool, row in tools.items():
                if row.runs and row.requests:
                    wall = medians(row.runs).wall
                    least = ceil(row.requests / THREADS) * latency / 1000
                    vendor = tool.partition(", ")[2].title()
                    yield (
                        _size(programs, tiers), kind, vendor, seconds(wall), f"{row.requests:,}", seconds(least),
                        f"{wall / least:.2f} ×",
                    )  # fmt: skip


def _large(rows: Iterable[Row]) -> Iterator[Sequence[str]]:
    for row in rows:
        if row.runs and row.tool == ALONE:
            wall, cpu, peak = medians(row.runs)
            each = f"{cpu / row.programs * 1000:.2f} ms"
            yield f"{row.programs:,}", row.command, seconds(wall), seconds(cpu), f"{peak:.0f} MiB", each


def _size(programs: int, tiers: int) -> str:
    return f"{programs:,}" if tiers == 10 else f"{programs} of {tiers} tiers"


def _figures(row: Row | None) -> str:
    if row is None:
        return ""
    if not row.runs:
        return f"over {row.over:.0f} s"
    wall, cpu, peak = medians(row.runs)
    return f"{seconds(wall)} ({seconds(cpu)}), {peak:.0f} MiB"


def _with_requests(row: Row) -> str:
    told = _figures(row)
    return f"{told}, {row.requests:,} request{'' if row.requests == 1 else 's'}" if row.requests and row.runs else told


def _times(tools: Mapping[str, Row], other: str) -> str:
    """How many times as long the other one takes."""
    ours, theirs = tools.get(OURS), tools.get(other)
    if ours is None or theirs is None or not ours.runs or not theirs.runs:
        return ""
    our, their = medians(ours.runs), medians(theirs.runs)
    return f"{their.wall / our.wall:.2f} × ({their.cpu / our.cpu:.2f} ×)"


def seconds(value: float) -> str:
    """Three digits that say something: `0.172 s`, `3.21 s`, `88 s`."""
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f} s"


def main() -> None:
    """Write the page and the picture from the file that is named."""
    about, rows = load(Path(sys.argv[1]).read_text())
    PAGE.write_text(written(PAGE.read_text(), {**sections(about, rows), **scale.sections()}))
    PICTURE.write_text(picture(rows))


if __name__ == "__main__":
    main()
