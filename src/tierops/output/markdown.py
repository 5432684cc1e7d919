"""The report as Markdown for a comment on GitHub or GitLab: whole sections, as many as there is room for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Any, NamedTuple, TypeVar

from tierops import plan_file
from tierops.output import impact as words_of_moves
from tierops.output import impact_markdown, jinja, view, words
from tierops.output.escaping import fenced, inline
from tierops.output.report import Report
from tierops.output.summary import summary, title

COMMENT = 65_000  # bytes; GitHub takes 65,536 characters, and whoever posts the comment may mark it
STEP_SUMMARY = 1_000_000  # bytes; GitHub takes 1 MiB
_MOST_LINES = 50  # of one table; what is longer goes on in another
_MOST_ERROR = 2_000
_CONTINUED, _REMAINS = " (continued)", ": what remains"
_NOTE = 700  # bytes that the sentence about what was left out may take

_Item = TypeVar("_Item")


class Rank(IntEnum):
    """What is left out last comes first."""

    ALWAYS = 0
    TABLE = 1
    LADDER = 2
    FACTS = 3
    UNCHANGED = 4
    FIELDS = 5
    REQUESTS = 6


_PARTS = {  # in the words of a count: "2 tables"
    Rank.TABLE: "table",
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
    digest = jinja.verbatim(str(plan_file.to_data(report.plan)["digest"])) if report.plan else ""
    sections = tuple(_sections(page, report, digest))
    if _size(sections) <= limit:
        return _joined(sections)
    kept = _fitting(sections, limit - _NOTE)
    return _joined([*kept, _left_out(page, sections, kept, digest)])


def _sections(page: Any, report: Report, digest: str) -> Iterator[Section]:
    yield Section(Rank.ALWAYS, page.head(title(report), " ".join(summary(report))))
    if report.error:
        yield Section(Rank.ALWAYS, f"{fenced(words.error(report.error, _MOST_ERROR), 'text')}\n")
    for problems in _batches(view.problems(report.problems)):
        yield Section(Rank.TABLE, page.problems(problems), lines=len(problems))
    for moved in report.impacts or ():
        heading = f"### {inline(words_of_moves.heading(moved))}\n\n"
        yield Section(Rank.TABLE, heading + impact_markdown.section(moved.impact))
    if report.impacts and (matrix := words_of_moves.side_by_side(report.impacts)):
        yield Section(Rank.TABLE, impact_markdown.beside(matrix))
    targets = view.targets(report)
    for target in targets:
        if target.is_worth_telling:
            yield from _target(page, target, is_result=report.results is not None)
    if unchanged := [target.address for target in targets if not target.is_worth_telling]:
        yield Section(Rank.UNCHANGED, page.unchanged(unchanged))
    kinds = (change.kind for target in targets for change in target.changes)
    legend = words.legend(kinds, is_planned=report.command in {"plan", "show"})
    pairs = view.facts(report.plan) if report.plan else ()
    usage = " ".join(words.usage(usage) for usage in report.usage)
    yield Section(Rank.ALWAYS, page.foot(legend, pairs, digest, usage))


def _target(page: Any, target: view.Target, *, is_result: bool) -> Iterator[Section]:
    # Each table has a heading, for the one before it may be left out.
    if not target.outcomes and not target.changes:
        yield Section(Rank.TABLE, page.target(target, ""))
    for number, outcomes in enumerate(_batches(target.outcomes)):
        heading = page.target(target, _CONTINUED if number else "")
        yield Section(Rank.TABLE, heading + page.outcomes(outcomes), len(outcomes))
    for number, changes in enumerate(_batches(target.changes)):
        heading = page.target(target, _CONTINUED if number else _REMAINS if target.outcomes else "")
        yield Section(Rank.TABLE, heading + page.changes(changes, target.unit), len(changes))
    if target.steps:
        yield Section(Rank.TABLE, page.steps(target.steps, is_result))
    if target.impact:
        yield Section(Rank.TABLE, impact_markdown.section(target.impact))
    if target.changes and not is_result:
        yield Section(Rank.LADDER, page.ladder(view.rungs(target.plan), target.unit))
    if any(change.fields for change in target.changes):
        yield Section(Rank.FIELDS, page.fields(target.changes))
    yield Section(Rank.FACTS, page.facts(target.facts))
    if target.requests:
        fences = [jinja.verbatim(fenced(request, "http")) for request in target.requests]
        yield Section(Rank.REQUESTS, page.requests(fences))


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
