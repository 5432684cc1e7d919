"""The report as one HTML file that loads nothing: for a browser of any width, light or dark, and for paper."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256

from tierops import __version__, plan_file
from tierops.output import impact as told
from tierops.output import impact_html, jinja, view, words
from tierops.output.cards import Card
from tierops.output.checklist import checklist
from tierops.output.report import Report
from tierops.output.summary import summary, title

_MANY = 10  # changes from which a reader may want to filter
_MOST_OPEN = 12  # cards that are not folded


def render(report: Report) -> Iterator[str]:
    """A page with inline style and script; its policy forbids it to load anything."""
    cards = view.cards(report)
    kinds = words.amounts(change.kind for card in cards for change in card.changes for _ in card.spots)
    moves = told.every(report)
    script = jinja.source("report.js")
    is_plan = report.plan is not None and report.command != "drift"
    return jinja.pieces(
        "report.html",
        title=title(report),
        sentences=summary(report),
        error=words.error(report.error, 20_000),
        problems=view.problems(report),
        cards=cards,
        requests_of=view.requests if report.is_planned else _no_requests,
        targets=sum(len(card.spots) for card in cards),
        unchanged=view.unchanged(report),
        by_hand=checklist(report, cards),
        kinds=[(kind, n, words.amount_word(kind, is_planned=report.is_planned)) for kind, n in kinds.items()],
        has_filters=(sum(kinds.values()) > _MANY and len(kinds) > 1) or len(cards) > _MOST_OPEN,
        has_after=report.is_planned,
        is_result=report.results is not None,
        most_open=_MOST_OPEN,
        facts=view.facts(report.plan) if report.plan and is_plan else (),
        digest=plan_file.digest(report.plan) if report.plan and is_plan else "",
        moved=[impact_html.Section(told.heading(one), impact_html.members(one.impact, one.label)) for one in moves],
        beside=told.side_by_side(report.impacts or ()),
        usage=[words.usage(usage) for usage in report.usage],
        version=__version__,
        style=jinja.verbatim(jinja.source("report.css") + jinja.source("impact.css")),
        script=jinja.verbatim(script),
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
    )


def _no_requests(_card: Card) -> tuple[str, ...]:
    """What is sent for a card of what is, or of what was done."""
    return ()
