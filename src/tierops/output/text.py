"""The report for a terminal: as wide as that is, readable without colour.

What goes on in a further line is indented by six, so that no name begins a line of the report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from click import style

from tierops.errors import Exit
from tierops.model import Fate, Kind, Plan, Problem, Result, Severity, Signature, TargetPlan
from tierops.output import entries, impact_text, source, summary, view, words
from tierops.output import impact as told_of
from tierops.output.cards import Card, Held
from tierops.output.checklist import checklist
from tierops.output.report import Report
from tierops.output.waived import folded
from tierops.output.words import count
from tierops.text.visible import escaped, fit, printable, width

if TYPE_CHECKING:
    from tierops.journal.check import Chain

_MOST_RUNGS = 24  # of a ladder; longer ones leave out what is alike on all sides
_MOST_PLACES = 3  # that have a line each
_COLOURS = {Kind.CREATE: "green", Kind.DIFFERS: "yellow", Kind.UNMANAGED: "cyan", Kind.BLOCKED: "red"}
_FATE_COLOURS = {Fate.DONE: "green", Fate.ALREADY: "cyan"}
_INDENT = 6


def render(report: Report) -> Iterator[str]:
    """Lines for a person, coloured with ANSI codes that `click.echo` strips where no terminal reads them.

    `report.error` is not among them: it belongs on stderr.
    """
    return (f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    for problem in folded(report.problems):
        yield from _problem(problem, report.sources)
    if report.results is not None:
        yield from _results(report, report.results)
    elif report.plan is not None:
        yield from _drift(report, report.plan) if report.command == "drift" else _plan(report, report.plan)
    elif report.impacts is not None:
        yield from impact_text.report(report.impacts)
    elif report.verdicts is not None:
        yield from summary.tested(report.verdicts)
    elif report.checked is not None:
        yield from summary.checked(report.checked, report.problems, report.unchecked)
    elif report.journal is not None:
        yield from _journal(report.journal, report.exit_code)
    for used in report.usage:
        yield from _wrapped(words.usage(used), "", report.columns)


def _problem(problem: Problem, sources: source.Sources) -> Iterator[str]:
    severity = "" if problem.severity is Severity.ERROR else f"{problem.severity.value}: "
    yield printable(f"{severity}{problem}")
    yield from source.quoted(problem, sources)


def _journal(chain: Chain, code: Exit) -> Iterator[str]:
    when = printable(f", from {chain.first} to {chain.last}") if chain.lines else ""
    torn = f", {count(chain.torn, 'torn line')} recovered" if chain.torn else ""
    verdict = style("whole", fg="green") if code is Exit.DONE else style("whole; what follows is not", fg="red")
    yield f"{count(chain.lines, 'line')}, {count(chain.runs, 'run')}{when}{torn}: {verdict}"
    yield printable(f"last whole line: sha256 {chain.head}")


def _plan(report: Report, plan: Plan) -> Iterator[str]:
    kinds = [change.kind for target in plan.targets for change in target.changes]
    yield style(printable(summary.title(report)), bold=True)
    if plan.signature:
        yield from _signature(plan.signature)
    if kinds:
        for sentence in summary.told(plan):
            yield from _wrapped(sentence, "", report.columns)
    yield ""
    cards = view.cards(report)
    for card in cards:
        yield from _card(card, report.columns)
    if unchanged := view.unchanged(report):
        told = f"{count(len(unchanged), 'target')} without a difference: {', '.join(unchanged)}"
        yield from (*_wrapped(told, "", report.columns), "")
    yield from impact_text.report(told_of.every(report))
    yield from _by_hand(report, cards)
    yield f"Plan: {words.tally(kinds, is_planned=True)}." if kinds else summary.nothing_to_do(plan)
    if kinds and plan.unread:
        yield f"{summary.unread(plan)}."


def _signature(signature: Signature) -> Iterator[str]:
    yield printable(f"signed ({signature.algorithm}; not checked here) by")
    yield printable(f"  key {signature.key}")


def _card(card: Card, columns: int) -> Iterator[str]:
    yield from _heading(card, columns)
    yield from _changes(card, columns)
    if card.rungs:
        yield ""
        yield from _ladder(card, columns)
    yield ""


def _heading(card: Card, columns: int) -> Iterator[str]:
    yield style(card.title, bold=True)
    if len(card.spots) > _MOST_PLACES:
        yield from _wrapped(", ".join(card.addresses), "  ", columns)
        return
    for spot in card.spots:
        facts = dict(spot.facts)
        id_ = spot.plan.live.identity.id
        start = f"{spot.address}: " if len(card.spots) > 1 else ""
        yield from _wrapped(f"{start}{spot.place}{f' ({printable(id_)})' if id_ else ''}", "  ", columns)
        if "Read" in facts:
            yield from _wrapped(f"{facts['Address']}, read: {facts['Read']}", "  ", columns)
        if "Day" in facts and spot.plan.creates:
            yield from _wrapped(facts["Day"], "  ", columns)


def _changes(card: Card, columns: int) -> Iterator[str]:
    for change in card.changes:
        yield ""
        name = style(f"{change.kind.symbol} {change.name}", fg=_COLOURS[change.kind])
        yield f"  {name}{f'  {change.range} {card.unit}' if change.range else ''}: {change.meaning}"
        for entry in change.told:
            yield from _wrapped(entry, " " * _INDENT, columns)
        yield from _wrapped(change.note, "      → ", columns)
        if change.kind is Kind.DIFFERS and change.updated:
            yield f"      (the vendor last changed it at {change.updated})"


def _wrapped(text: str, start: str, columns: int) -> Iterator[str]:
    from textwrap import wrap

    further = " " * max(_INDENT, len(start))
    # Addresses, paths and names have hyphens, and are copied.
    yield from wrap(
        escaped(text), max(columns, 40), initial_indent=start, subsequent_indent=further, break_on_hyphens=False
    )


def _by_hand(report: Report, cards: Sequence[Card]) -> Iterator[str]:
    told = checklist(report, cards)
    if not told.steps:
        return
    yield f"{told.heading}:"
    for number, step in enumerate(told.steps, 1):
        yield from _wrapped(step, f"  {number}. ", report.columns)
    for note in told.notes:
        yield from _wrapped(note, "  ", report.columns)
    yield ""


def _ladder(card: Card, columns: int) -> Iterator[str]:
    rungs = view.rungs(card.spots[0].plan, _MOST_RUNGS)
    unit = fit(card.unit, columns // 4).rstrip()
    left = max([width(unit), *(len(rung.range) for rung in rungs)])
    side = max(8, (columns - left - 8) // 3)
    yield f"  {fit(unit, left)}  {'live now':<{side}}  {fit('after this apply', side)}  the files want".rstrip()
    for rung in rungs:
        if rung.alike:
            yield f"  {rung.range:<{left}}  {count(rung.alike, 'range')} {rung.word}"
        else:
            sides = "  ".join(fit(_names(names), side) for names in (rung.live, rung.after, rung.desired))
            yield f"  {rung.range:<{left}}  {sides}".rstrip()


def _names(names: Sequence[Held]) -> str:
    return "┃ " + " ┃ ".join(map(str, names)) if names else "·  (no tier)"


def _drift(report: Report, plan: Plan) -> Iterator[str]:
    """One finding a line, at the place in the files that it departs from; one that many targets have is told once."""
    alike: dict[tuple[str, Kind, str], list[tuple[TargetPlan, str]]] = {}
    for target in plan.targets:
        for change in target.changes:
            at = change.after.at if change.after and change.after.at else target.target.at
            same = entries.departure(change, target, has_time=False)
            alike.setdefault((str(at), change.kind, same), []).append((target, entries.departure(change, target)))
    for (place, kind, same), found in alike.items():
        symbol = style(kind.symbol, fg=_COLOURS[kind])
        told = f"{found[0][0].address}: {found[0][1]}"
        if len(found) > 1:
            told = f"{same}, at {count(len(found), 'target')}: {', '.join(target.address for target, _ in found)}"
        yield printable(f"{place}: ") + symbol + printable(f" {told}")
    for address, log in report.histories.items():
        yield from (printable(f"  log of {address}: {line}") for line in entries.history(log))
    # What is blocked is missing all the same.
    kinds = [Kind.CREATE if c.kind is Kind.BLOCKED else c.kind for target in plan.targets for c in target.changes]
    if not kinds:
        yield summary.no_drift(plan)
        return
    if plan.unread:
        yield f"{summary.unread(plan)}."
    yield f"Drift: {words.tally(kinds, is_planned=False)} at {count(len(plan.targets), 'target')}."


def _results(report: Report, results: Sequence[Result]) -> Iterator[str]:
    cards = view.cards(report)
    for card in cards:
        yield from _heading(card, report.columns)
        for outcome in card.outcomes:
            word = style(outcome.word, fg=_FATE_COLOURS.get(Fate(outcome.state), "red"))
            detail = f" ({outcome.detail})" if outcome.detail else ""
            yield f"  {word}: {outcome.name}{detail}"
        if card.trouble:
            yield from _wrapped(f"stopped: {card.trouble}", "      → ", report.columns)
        if card.changes:
            yield "  differences remain:"
            yield from _changes(card, report.columns)
        elif not card.is_read:
            yield f"  {card.state[0].lower()}{card.state[1:].rstrip('.')}"
        yield ""
    if unchanged := view.unchanged(report):
        told = f"{count(len(unchanged), 'target')} with nothing to do: {', '.join(unchanged)}"
        yield from (*_wrapped(told, "", report.columns), "")
    yield from _by_hand(report, cards)
    yield from summary.results(results)
