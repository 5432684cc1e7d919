"""Who moves, for a comment on GitHub or GitLab."""

from __future__ import annotations

from tierops.model import Impact, Outlook
from tierops.output import impact as words
from tierops.output import jinja
from tierops.output.escaping import inline
from tierops.output.impact import Matrix


def section(impact: Impact) -> str:
    """What a reviewer reads of one target."""
    page = jinja.macros("impact.md", inline)
    text: str = page.section(
        impact.source,
        f"{impact.members:,}",
        words.sentences(impact),
        [(found, list(words.moves(impact, outlook))) for found, outlook in tables(impact)],
        list(words.notes(impact)),
    )
    return text


def beside(matrix: Matrix) -> str:
    """Candidates side by side."""
    text: str = jinja.macros("impact.md", inline).matrix(matrix)
    return text


def tables(impact: Impact) -> list[tuple[Matrix | None, Outlook]]:
    """The matrix of each outlook in which somebody moves; None for one too large to be read."""
    return [
        (words.matrix(impact, outlook, title), outlook)
        for title, outlook in words.named_outlooks(impact)
        if outlook.moves
    ]
