"""Who moves, for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from tierops.model import Impact
from tierops.output import impact as words
from tierops.output.impact import Matrix
from tierops.output.report import Moved
from tierops.text.visible import fit, printable, width

_WIDTH = 80
_NARROWEST = 7  # of a column, with the blanks before it


def section(impact: Impact) -> Iterator[str]:
    """The lines of one target within a plan."""
    yield f"  Members ({printable(impact.source)}): {impact.members:,}"
    for sentence in words.sentences(impact):
        yield from _wrapped(sentence, "    ")
    yield from _body(impact)


def report(moved: Sequence[Moved]) -> Iterator[str]:
    """What `tierops impact` says."""
    for one in moved:
        yield printable(words.heading(one))
        yield from section(one.impact)
        yield ""
    if beside := words.side_by_side(moved):
        yield from _matrix(beside)
        yield ""


def _body(impact: Impact) -> Iterator[str]:
    for title, outlook in words.named_outlooks(impact):
        if outlook.moves:
            yield ""
            if table := words.matrix(impact, outlook, title):
                yield from _matrix(table)
            for move in words.moves(impact, outlook):
                yield f"    {printable(move)}"
    for note in words.notes(impact):
        yield from _wrapped(note, "    - ")


def _matrix(matrix: Matrix) -> Iterator[str]:
    """The table, in as many parts as its columns need."""
    left = min(24, max(width(name) for name in (matrix.title, *(name for name, _ in matrix.rows))))
    cells = [[name, *(row[n] for _, row in matrix.rows)] for n, name in enumerate(matrix.columns)]
    widths = [min(16, max(_NARROWEST, 2 + max(map(width, column)))) for column in cells]
    for part in _parts(widths, _WIDTH - 4 - left):
        yield "    " + fit(matrix.title, left) + "".join(_right(matrix.columns[n], widths[n]) for n in part)
        for name, row in matrix.rows:
            yield "    " + fit(name, left) + "".join(_right(row[n], widths[n]) for n in part)


def _parts(widths: Sequence[int], room: int) -> Iterator[list[int]]:
    part: list[int] = []
    for n, wide in enumerate(widths):
        if part and sum(widths[m] for m in part) + wide > room:
            yield part
            part = []
        part.append(n)
    yield part


def _right(text: str, wide: int) -> str:
    cut = fit(text, wide - 2).rstrip()
    return " " * (wide - width(cut)) + cut


def _wrapped(text: str, start: str) -> Iterator[str]:
    yield from wrap(
        printable(text), _WIDTH, initial_indent=start, subsequent_indent=" " * len(start), break_on_hyphens=False
    )
