"""What is aimed at, and what was measured of it. Ratios are those of medians within one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.large import ALONE, FORMATS, LOAD
from benchmarks.measure import Run, medians
from benchmarks.rounds import Row
from benchmarks.tools import APPLY, CREATE, PLAN, VALIDATE

_OURS, _TERRAFORM, _OCTODNS = "tierops, voucherify", "terraform", "octoDNS"
_SIZES = (1, 10, 100, 1000)


def lines(rows: Sequence[Row]) -> Iterator[tuple[str, str, str]]:
    """Each aim with what was measured, and whether it is met. What was not measured is left out."""
    found = _Found(rows)
    for aim, value, unit, bound, is_least in _aims(found):
        if value is not None:
            is_met = value >= bound if is_least else value <= bound
            yield (
                aim,
                f"{value:.2f} {unit}" if unit == "×" else f"{value:,.0f} {unit}",
                "met" if is_met else "**missed**",
            )


_Aim = tuple[str, float | None, str, float, bool]
"""The sentence, what was measured, its unit, the bound, and whether the bound is the least or the most."""


class _Found:
    """The medians by tool, command, size and latency."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = {(row.tool, row.command, row.programs, row.tiers, row.latency): row for row in rows if row.runs}

    def row(self, tool: str, kind: str, programs: int, tiers: int = 10, latency: int = 0) -> Row | None:
        """The row, if there is one with runs."""
        return self._rows.get((tool, kind, programs, tiers, latency))

    def alone(self, kind: str, programs: int) -> Run | None:
        """What was measured of tierops outside the rounds."""
        row = self.row(ALONE, kind, programs)
        return medians(row.runs) if row else None

    def ratio(self, above: str, below: str, kind: str, programs: int, tiers: int = 10) -> float | None:
        """How many times as long as `below` the tool `above` takes."""
        over, under = (self.row(tool, kind, programs, tiers) for tool in (above, below))
        return medians(over.runs).wall / medians(under.runs).wall if over and under else None


def _aims(found: _Found) -> Iterator[_Aim]:
    start = "`plan` of one program of three tiers: at most {} × of {}"
    one, three = start.format(1, "octoDNS' one zone"), start.format(2.5, "terraform's three resources")
    yield one, found.ratio(_OURS, _OCTODNS, PLAN, 1, 3), "×", 1, False
    yield three, found.ratio(_OURS, _TERRAFORM, PLAN, 1, 3), "×", 2.5, False
    hundred = "`plan` of 100 programs without a change: {} takes at least {} × as long"
    yield hundred.format("terraform", 6), found.ratio(_TERRAFORM, _OURS, PLAN, 100), "×", 6, True
    yield hundred.format("octoDNS", 3), found.ratio(_OCTODNS, _OURS, PLAN, 100), "×", 3, True
    for kind in (VALIDATE, CREATE, APPLY):
        for size in _SIZES:
            aim = f"{kind}, {size:,} program{'' if size == 1 else 's'}: at most 1 × of octoDNS"
            yield aim, found.ratio(_OURS, _OCTODNS, kind, size), "×", 1, False
    creates = "`apply` of 1,000 creates: terraform takes at least 40 × as long"
    yield creates, found.ratio(_TERRAFORM, _OURS, APPLY, 100), "×", 40, True
    slow = found.row(_OURS, PLAN, 1000, latency=50)
    least = slow.requests * 0.05 / 16 if slow and slow.requests else None
    of_least = medians(slow.runs).wall / least if slow and least else None
    yield "`plan` of 1,000 programs at 50 ms: at most 1.3 × of requests × 50 ms / 16", of_least, "×", 1.3, False
    yield from _large(found)


def _large(found: _Found) -> Iterator[_Aim]:
    checked, loaded = found.alone(VALIDATE, 10_000), found.alone(LOAD, 10_000)
    yield "`validate` of 10,000 programs: at most 60 s", checked and checked.wall, "s", 60, False
    yield "… in less than 1,024 MiB", checked and checked.peak, "MiB", 1024, False
    yield "loading the same for `plan`: at most 12 s", loaded and loaded.wall, "s", 12, False
    for kind in (VALIDATE, LOAD):
        few, many, most = (found.alone(kind, size) for size in (100, 1000, 10_000))
        growth = ((most.cpu - many.cpu) / 9000) / ((many.cpu - few.cpu) / 900) if few and many and most else None
        yield f"{kind}: a program of 10,000 takes at most 1.1 × of one of 1,000 (processor)", growth, "×", 1.1, False
    for name in FORMATS:
        run = found.alone(f"{CREATE}, {name}", 1000)
        yield f"memory of `plan` on 1,000 programs, {name}: under 200 MiB", run and run.peak, "MiB", 200, False
    theirs, ours = found.row(_TERRAFORM, PLAN, 1000), found.row(_OURS, PLAN, 1000)
    part = medians(theirs.runs).peak / medians(ours.runs).peak if theirs and ours else None
    yield "memory of `plan` at 10,000 tiers: terraform takes at least 20 × as much", part, "×", 20, True
