"""The members of a source, opened for a run: who moves, and on demand who they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from tierops.errors import TieropsError, UsageError
from tierops.host import extras
from tierops.members import count
from tierops.members.axis import Comparison, Margin
from tierops.model import Impact

if TYPE_CHECKING:
    from tierops.members.census import Census
    from tierops.members.count import Counted
    from tierops.members.engine import Engine

_ENGINES = {"duckdb": ("members.embedded", "Embedded"), "spark": ("members.spark", "Spark")}


class Taken(NamedTuple):
    """The answers to the comparisons, in their order, and the count that they rest on."""

    impacts: tuple[Impact, ...]
    counted: Counted


@contextmanager
def opened(
    file: str,
    *,
    engine: str = "duckdb",
    value_column: str = "value",
    value_type: str | None = None,
    skips_bad: bool = False,
) -> Iterator[Census]:
    """The members of a file, until the end of the block.

    Raises `TieropsError` for what cannot be read, and where the engine is not installed; `UsageError` for a type that
    is none.
    """
    module, name = _ENGINES[engine]
    made = extras.load(module)
    census = extras.load("members.census")
    question = _question(
        file=file, engine=engine, value_column=value_column, value_type=value_type, skips_bad=skips_bad
    )
    running: Engine = getattr(made, name)()
    try:
        yield census.Census(running, question)
    finally:
        running.close()


def take(census: Census, comparisons: Sequence[Comparison], margin: Margin) -> Taken:
    """Count once, and answer every comparison from that. Raises as `Census.count` does."""
    counted = census.count(comparisons, margin)
    return Taken(tuple(count.impact(asked, counted) for asked in comparisons), counted)


def movers(census: Census, comparisons: Sequence[Comparison], counted: Counted) -> Iterator[str]:
    """The lines of a CSV file: each member who moves, once for each comparison, with the tiers before and after.

    Raises `TieropsError` where the source does not say who its members are.
    """
    if not census.has_ids:
        raise TieropsError(f"{counted.source} has no column member_id, so nobody can be listed")
    yield _line(("target", "against", "member_id", "before", "after", "desired"))
    ladders = [
        [counted.axis.tiers(ladder) for ladder in (asked.before, asked.after, asked.desired)] for asked in comparisons
    ]
    for member, bucket in census.placed(counted.axis):
        for asked, sides in zip(comparisons, ladders, strict=True):
            before, after, desired = (names[bucket][-1] if names[bucket] else "" for names in sides)
            if not before == after == desired:
                yield _line((asked.address, asked.against, member, before, after, desired))


def _line(cells: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _question(**said: Any) -> Any:
    from pydantic import ValidationError

    from tierops.members.terms import Question

    try:
        return Question(**said)
    except ValidationError as error:
        first = error.errors()[0]
        option = f"--{str(first['loc'][0]).replace('_', '-')}"
        raise UsageError(f"{option}: {first['msg'].removeprefix('Value error, ')}") from None
