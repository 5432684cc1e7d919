"""Who moves, for the page."""

from __future__ import annotations

from typing import NamedTuple

from tierops.model import Impact
from tierops.output import flow, words
from tierops.output import impact as told
from tierops.output.flow import Flow
from tierops.output.impact import Matrix


class Members(NamedTuple):
    """What the page says of the members of a target: for each outlook a picture, the matrix, the moves one by one."""

    source: str
    members: str
    sentences: tuple[str, ...]
    tables: tuple[tuple[Flow | None, Matrix | None, tuple[str, ...]], ...]
    notes: tuple[str, ...]


class Section(NamedTuple):
    """A comparison without a plan, with its heading."""

    heading: str
    members: Members


def members(impact: Impact, label: str = "after apply") -> Members:
    """One impact; `label` is what the ladder after is called."""
    labels = (label, "as the files want it")
    tables = tuple(
        (
            flow.draw(impact, outlook, (impact.against, labels[number])),
            told.matrix(impact, outlook, title),
            tuple(told.moves(impact, outlook)),
        )
        for number, (title, outlook) in enumerate(told.named_outlooks(impact))
        if outlook.moves
    )
    return Members(
        words.shortened(impact.source, 200),
        words.count(impact.members, "member"),
        told.sentences(impact),
        tables,
        tuple(told.notes(impact)),
    )
