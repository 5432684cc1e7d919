"""The report as Markdown for a comment on GitHub or GitLab: whole sections, as many as there is room for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from functools import partial
from typing import Any, NamedTuple, TypeVar

from tierops import plan_file
from tierops.output import impact as words_of_moves
from tierops.output import impact_markdown, jinja, view, words
from tierops.output.cards import Card, Change, Outcome
from tierops.output.checklist import Checklist, checklist
from tierops.output.escaping import fenced, inline
from tierops.output.report import Moved, Report
from tierops.output.summary import summary, title

COMMENT = 65_000  # bytes; GitHub takes 65,536 characters, and whoever posts the comment may mark it
STEP_SUMMARY = 1_000_000  # bytes; GitHub takes 1 MiB
_MOST_LINES = 50  # of one table; what is longer goes on in another
_MOST_ERROR = 2_000
_MOST_TOLD = 3  # entries of a tier that are told in the table of changes
_CONTINUED, _REMAINS = " (continued)", ": what remains"
_NOTE = 700  # bytes that the sentence about what was left out may take

_Item = TypeVar("_Item")


class Rank(IntEnum):
    """What is left out last comes first."""

    ALWAYS = 0
    TABLE = 1
    STEPS = 2
    LADDER = 3
    FACTS = 4
    UNCHANGED = 5
    FIELDS = 6
    REQUESTS = 7


_PARTS = {  # in the words of a count: "2 tables"
    Rank.TABLE: "table",
    Rank.STEPS: "list of steps by hand",
    Rank.LADDER: "ladder",
    Rank.FACTS: "list of technical details",
    Rank.FIELDS: "table of fields",
    Rank.REQUESTS: "list of requests",
    Rank.UNCHANGED: "list of unchanged targets",
}


class Section(NamedTuple):
    """A part of the page that stands or falls as a whole; `lines` of changes, outcomes or problems go with it.

    `make` makes its text, which is left to those that there is room for. It has `least` bytes at least.
    """

    rank: Rank
    make: Callable[[], str]
    lines: int = 0
    least: int = 0


def render(report: Report, limit: int = COMMENT) -> str:
    """Markdown of at most `limit` bytes of UTF-8, which are never fewer than characters however a host counts them.

    `limit` is 24,000 or more. What does not fit is left out by whole sections, details first, and counted.
    """
    page = jinja.macros("markdown.md", inline)
    has_digest = report.plan is not None and report.command != "drift"  # what drift saw is no plan of anything
    digest = jinja.verbatim(plan_file.digest(report.plan)) if report.plan and has_digest else ""
    sections = tuple(_sections(page, report, digest))
    if whole := _whole(sections, limit):
        return whole
    kept = _fitting(sections, limit - _NOTE)
    missing = [section for place, section in enumerate(sections) if place not in kept]
    return "\n".join([*(text for _, text in sorted(kept.items())), _left_out(page, missing, digest)])


def _sections(page: Any, report: Report, digest: str) -> Iterator[Section]:
    yield Section(Rank.ALWAYS, partial(page.head, title(report), " ".join(summary(report))))
    if report.error:
        yield Section(Rank.ALWAYS, lambda: f"{fenced(words.error(report.error, _MOST_ERROR), 'text')}\n")
    for problems in _batches(view.problems(report)):
        yield Section(Rank.TABLE, partial(page.problems, problems), len(problems), _least(p.message for p in problems))
    cards = view.cards(report)
    for card in cards:
        yield from _card(page, card, report)
    yield from _moves(report)
    yield from _by_hand(page, checklist(report, cards))
    if unchanged := view.unchanged(report):
        yield Section(Rank.UNCHANGED, partial(page.unchanged, unchanged), least=_least(unchanged))
    pairs = view.facts(report.plan) if report.plan and report.is_planned else ()
    usage = " ".join(words.usage(usage) for usage in report.usage)
    yield Section(Rank.ALWAYS, partial(page.foot, pairs, digest, usage))


def _moves(report: Report) -> Iterator[Section]:
    for moved in words_of_moves.every(report):
        yield Section(Rank.TABLE, partial(_moved, moved))
    if matrix := words_of_moves.side_by_side(report.impacts or ()):
        yield Section(Rank.TABLE, partial(impact_markdown.beside, matrix))


def _moved(moved: Moved) -> str:
    return f"### {inline(words_of_moves.heading(moved))}\n\n{impact_markdown.section(moved.impact)}"


def _card(page: Any, card: Card, report: Report) -> Iterator[Section]:
    # Each table has a heading, for the one before it may be left out.
    if not card.outcomes and not card.changes:
        yield Section(Rank.TABLE, partial(page.target, card, ""))
    for number, outcomes in enumerate(_batches(card.outcomes)):
        yield _table(
            partial(page.target, card, _CONTINUED if number else ""), partial(page.outcomes, outcomes), outcomes
        )
    for number, changes in enumerate(_batches(card.changes)):
        heading = partial(page.target, card, _CONTINUED if number else _REMAINS if card.outcomes else "")
        yield _table(heading, partial(page.changes, changes, card.unit, _MOST_TOLD), changes)
    if card.rungs:
        yield Section(Rank.LADDER, partial(page.ladder, card.rungs, card.unit, report.is_planned))
    if any(len(change.entries) > _MOST_TOLD for change in card.changes):
        yield Section(Rank.FIELDS, partial(page.fields, card.changes))
    yield Section(Rank.FACTS, partial(page.facts, card.spots))
    if report.is_planned and any(spot.plan.requests for spot in card.spots):
        yield Section(Rank.REQUESTS, partial(_requests, page, card))


def _table(heading: Callable[[], str], table: Callable[[], str], rows: Sequence[Outcome | Change]) -> Section:
    cells = (cell for row in rows for cell in (row.name, row.detail if isinstance(row, Outcome) else row.note))
    return Section(Rank.TABLE, lambda: heading() + table(), len(rows), _least(cells))


def _least(texts: Iterable[str]) -> int:
    """How many bytes a section that shows these takes at least: escaping makes none of them shorter."""
    return sum(map(len, texts))


def _requests(page: Any, card: Card) -> str:
    text: str = page.requests([jinja.verbatim(fenced(request, "http")) for request in view.requests(card)])
    return text


def _by_hand(page: Any, told: Checklist) -> Iterator[Section]:
    batches = list(_batches(tuple(enumerate(told.steps, 1))))
    for number, steps in enumerate(batches, 1):
        heading = told.heading + (_CONTINUED if number > 1 else "")
        notes = told.notes if number == len(batches) else ()
        least = _least(step for _, step in steps)
        yield Section(Rank.STEPS, partial(page.steps, heading, steps, notes), least=least)


def _whole(sections: Sequence[Section], limit: int) -> str:
    """The page with all of its sections; empty where that is too long, which is known before all of them are made."""
    texts: list[str] = []
    left = limit
    for section in sections:
        texts.append(section.make())
        left -= _size(texts[-1])
        if left < 0:
            return ""
    return "\n".join(texts)


def _fitting(sections: Sequence[Section], limit: int) -> dict[int, str]:
    """The text of each section that fits, by its place.

    Where one of a rank does not, none of a lower rank is kept either.
    """
    left = limit
    kept: dict[int, str] = {}
    last = max(Rank)
    for place, section in sorted(enumerate(sections), key=lambda entry: entry[1].rank):
        if section.rank > last:
            break
        text = section.make() if section.least <= left else ""
        if not text or _size(text) > left:
            last = section.rank
            continue
        left -= _size(text)
        kept[place] = text
    return kept


def _left_out(page: Any, sections: Sequence[Section], digest: str) -> str:
    missing = Counter(section.rank for section in sections)
    lines = sum(section.lines for section in sections)
    parts = [_counted(missing[rank], part) for rank, part in _PARTS.items() if missing[rank]]
    text: str = page.left_out(parts, words.count(lines, "line") if lines else "", digest)
    return text


def _counted(amount: int, part: str) -> str:
    noun, _, rest = part.partition(" of ")
    return words.count(amount, noun) + (f" of {rest}" if rest else "")


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[at : at + _MOST_LINES] for at in range(0, len(items), _MOST_LINES))


def _size(text: str) -> int:
    return len(text.encode()) + 1
