"""The report as Markdown for a comment on GitHub or GitLab: whole sections, as many as there is room for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Any, NamedTuple, TypeVar

from tierops import plan_file
from tierops.output import impact as words_of_moves
from tierops.output import impact_markdown, jinja, view, words
from tierops.output.cards import Card
from tierops.output.checklist import Checklist, checklist
from tierops.output.escaping import fenced, inline
from tierops.output.report import Report
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
    """A part of the page that stands or falls as a whole; `lines` of changes, outcomes or problems go with it."""

    rank: Rank
    text: str
    lines: int = 0


def render(report: Report, limit: int = COMMENT) -> str:
    """Markdown of at most `limit` bytes of UTF-8, which are never fewer than characters however a host counts them.

    `limit` is 24,000 or more. What does not fit is left out by whole sections, details first, and counted.
    """
    page = jinja.macros("markdown.md", inline)
    has_digest = report.plan is not None and report.command != "drift"  # what drift saw is no plan of anything
    digest = jinja.verbatim(str(plan_file.to_data(report.plan)["digest"])) if report.plan and has_digest else ""
    sections = tuple(_sections(page, report, digest))
    if _size(sections) <= limit:
        return _joined(sections)
    kept = _fitting(sections, limit - _NOTE)
    return _joined([*kept, _left_out(page, sections, kept, digest)])


def _sections(page: Any, report: Report, digest: str) -> Iterator[Section]:
    yield Section(Rank.ALWAYS, page.head(title(report), " ".join(summary(report))))
    if report.error:
        yield Section(Rank.ALWAYS, f"{fenced(words.error(report.error, _MOST_ERROR), 'text')}\n")
    for problems in _batches(view.problems(report)):
        yield Section(Rank.TABLE, page.problems(problems), lines=len(problems))
    cards = view.cards(report)
    for card in cards:
        yield from _card(page, card, report)
    yield from _moves(report)
    yield from _by_hand(page, checklist(report, cards))
    if unchanged := view.unchanged(report):
        yield Section(Rank.UNCHANGED, page.unchanged(unchanged))
    pairs = view.facts(report.plan) if report.plan and report.is_planned else ()
    usage = " ".join(words.usage(usage) for usage in report.usage)
    yield Section(Rank.ALWAYS, page.foot(pairs, digest, usage))


def _moves(report: Report) -> Iterator[Section]:
    for moved in words_of_moves.every(report):
        heading = f"### {inline(words_of_moves.heading(moved))}\n\n"
        yield Section(Rank.TABLE, heading + impact_markdown.section(moved.impact))
    if matrix := words_of_moves.side_by_side(report.impacts or ()):
        yield Section(Rank.TABLE, impact_markdown.beside(matrix))


def _card(page: Any, card: Card, report: Report) -> Iterator[Section]:
    # Each table has a heading, for the one before it may be left out.
    if not card.outcomes and not card.changes:
        yield Section(Rank.TABLE, page.target(card, ""))
    for number, outcomes in enumerate(_batches(card.outcomes)):
        heading = page.target(card, _CONTINUED if number else "")
        yield Section(Rank.TABLE, heading + page.outcomes(outcomes), len(outcomes))
    for number, changes in enumerate(_batches(card.changes)):
        heading = page.target(card, _CONTINUED if number else _REMAINS if card.outcomes else "")
        yield Section(Rank.TABLE, heading + page.changes(changes, card.unit, _MOST_TOLD), len(changes))
    if card.rungs:
        yield Section(Rank.LADDER, page.ladder(card.rungs, card.unit, report.is_planned))
    if any(len(change.entries) > _MOST_TOLD for change in card.changes):
        yield Section(Rank.FIELDS, page.fields(card.changes))
    yield Section(Rank.FACTS, page.facts(card.spots))
    if requests := view.requests(card):
        fences = [jinja.verbatim(fenced(request, "http")) for request in requests]
        yield Section(Rank.REQUESTS, page.requests(fences))


def _by_hand(page: Any, told: Checklist) -> Iterator[Section]:
    batches = list(_batches(tuple(enumerate(told.steps, 1))))
    for number, steps in enumerate(batches, 1):
        heading = told.heading + (_CONTINUED if number > 1 else "")
        yield Section(Rank.STEPS, page.steps(heading, steps, told.notes if number == len(batches) else ()))


def _fitting(sections: Sequence[Section], limit: int) -> list[Section]:
    """The sections that fit, in their order. Where one of a rank does not, none of a lower rank is kept either."""
    left = limit
    kept: set[int] = set()
    last = max(Rank)
    for place, section in sorted(enumerate(sections), key=lambda entry: entry[1].rank):
        if section.rank > last:
            break
        size = _size([section])
        if size > left:
            last = section.rank
            continue
        left -= size
        kept.add(place)
    return [section for place, section in enumerate(sections) if place in kept]


def _left_out(page: Any, sections: Sequence[Section], kept: Sequence[Section], digest: str) -> Section:
    missing = Counter(section.rank for section in sections)
    missing.subtract(section.rank for section in kept)
    lines = sum(section.lines for section in sections) - sum(section.lines for section in kept)
    parts = [_counted(missing[rank], part) for rank, part in _PARTS.items() if missing[rank]]
    return Section(Rank.ALWAYS, page.left_out(parts, words.count(lines, "line") if lines else "", digest))


def _counted(amount: int, part: str) -> str:
    noun, _, rest = part.partition(" of ")
    return words.count(amount, noun) + (f" of {rest}" if rest else "")


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[at : at + _MOST_LINES] for at in range(0, len(items), _MOST_LINES))


def _joined(sections: Sequence[Section]) -> str:
    return "\n".join(section.text for section in sections)


def _size(sections: Sequence[Section]) -> int:
    return sum(len(section.text.encode()) + 1 for section in sections)
