"""What only tierops is asked: reading ten thousand files, and the memory of a plan in each format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.content import Shape
from benchmarks.measure import measured
from benchmarks.rounds import Row
from benchmarks.tools import CREATE, PLAN, VALIDATE, Tierops

ALONE = "tierops"
"""The name of the tool in these rows."""
LOAD = "load for plan"
FORMATS = {
    "text": (), "json": ("--format=json",), "markdown": ("--format=markdown",), "html": ("--format=html",),
    "--out": ("--out=plan.json",),
}  # fmt: skip
_LOADING = "from datetime import date; from pathlib import Path; from tierops import pipeline;"
_LOADING += "files = pipeline.read_files([Path('tiers')], None, today=date.today()); assert not files.problems"


def loading(programs: Path, work: Path, sizes: tuple[int, ...], rounds: int) -> Iterator[Row]:
    """`validate` of so many programs, and reading them as `plan` does, before it asks any vendor."""
    for size in sizes:
        shape = Shape(size)
        tool = Tierops(programs / "tierops", work / f"load-{size}", shape, "voucherify", 0)
        for name, words in ((VALIDATE, ["tierops", "validate"]), (LOAD, ["python", "-c", _LOADING])):
            command: list[str | Path] = [programs / words[0], *words[1:]]
            runs = [measured(command, tool.folder, tool.environ) for _ in range(rounds)]
            yield Row(ALONE, name, *shape, 0, runs)


def formats(programs: Path, work: Path, size: int, rounds: int) -> Iterator[Row]:
    """A plan of so many programs that creates everything, in each format, and then one without a change."""
    shape = Shape(size)
    tool = Tierops(programs / "tierops", work / f"formats-{size}", shape, "voucherify", 0)
    tool.empty()
    try:
        for name, words in FORMATS.items():
            command: list[str | Path] = [programs / "tierops", "plan", *words]
            runs = [measured(command, tool.folder, tool.environ) for _ in range(rounds)]
            yield Row(ALONE, f"{CREATE}, {name}", *shape, 0, runs)
        tool.fill()
        runs = [measured([programs / "tierops", "plan"], tool.folder, tool.environ) for _ in range(rounds)]
        yield Row(ALONE, f"{PLAN}, text", *shape, 0, runs)
    finally:
        tool.close()
