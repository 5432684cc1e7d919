"""The report for a terminal: 80 columns, readable without colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from click import style

from tierops.errors import Exit
from tierops.model import Change, Fate, Kind, Plan, Problem, Result, Scale, Severity, TargetPlan, Tier
from tierops.output import summary, view, words
from tierops.output.report import Report
from tierops.output.waived import folded
from tierops.output.words import count
from tierops.text.visible import fit, printable, width
from tierops.text.wording import shown

if TYPE_CHECKING:
    from tierops.journal.check import Chain

_WIDTH = 80
_MOST_RUNGS = 24  # of a ladder; longer ones leave out what is alike on both sides
_COLOURS = {Kind.CREATE: "green", Kind.DIFFERS: "yellow", Kind.UNMANAGED: "cyan", Kind.BLOCKED: "red"}
_FATE_COLOURS = {Fate.DONE: "green", Fate.ALREADY: "cyan"}


def render(report: Report) -> str:
    """Lines for a person, coloured with ANSI codes that `click.echo` strips where no terminal reads them.

    `report.error` is not among them: it belongs on stderr.
    """
    lines = [_problem(problem) for problem in folded(report.problems)]
    if report.results is not None:
        lines += _results(report.results)
    elif report.plan is not None:
        lines += _drift(report) if report.command == "drift" else _plan(report.plan)
    elif report.checked is not None:
        lines += summary.checked(report.checked, report.problems, report.unchecked)
    elif report.journal is not None:
        lines += _journal(report.journal, report.exit_code)
    lines += [words.usage(usage) for usage in report.usage]
    return "\n".join([*lines, ""])


def _problem(problem: Problem) -> str:
    severity = "" if problem.severity is Severity.ERROR else f"{problem.severity.value}: "
    return printable(f"{severity}{problem}")


def _journal(chain: Chain, code: Exit) -> Iterator[str]:
    when = printable(f", from {chain.first} to {chain.last}") if chain.lines else ""
    torn = f", {count(chain.torn, 'torn line')} recovered" if chain.torn else ""
    verdict = style("whole", fg="green") if code is Exit.DONE else style("whole; what follows is not", fg="red")
    yield f"{count(chain.lines, 'line')}, {count(chain.runs, 'run')}{when}{torn}: {verdict}"
    yield printable(f"last whole line: sha256 {chain.head}")


def _plan(plan: Plan) -> Iterator[str]:
    kinds = [change.kind for target in plan.targets for change in target.changes]
    if plan.environment:
        yield printable(f"environment {plan.environment}")
    if plan.signature:
        yield printable(f"signed ({plan.signature.algorithm}; not checked here) by")
        yield printable(f"  key {plan.signature.key}")
    if kinds:
        yield "   ".join(f"{symbol} {meaning}" for symbol, meaning in words.legend(kinds, is_planned=True))
        yield ""
    for target in plan.targets:
        yield from _target(target)
    yield f"Plan: {words.tally(kinds, is_planned=True)}." if kinds else summary.nothing_to_do(plan)
    if kinds and plan.unread:
        yield f"{summary.unread(plan)}."


def _target(target: TargetPlan) -> Iterator[str]:
    identity = target.live.identity
    id_ = f"({identity.id})" if identity.id else f"({words.newness(target)})"
    yield style(printable(target.address), bold=True)
    yield printable(f"  {words.vendor(target.target.provider)} {identity.kind} {identity.name!r} {id_}")
    yield printable(f"  {identity.base_url}, read: {target.live.proof}")
    yield from _changes(target.changes, target, is_planned=True)
    if target.changes:
        yield ""
        yield from _ladder(target)
    if steps := words.later_steps(target):
        yield from ("", "  After apply, to be done by hand:", *_list(steps))
    yield ""


def _changes(changes: Sequence[Change], target: TargetPlan, *, is_planned: bool) -> Iterator[str]:
    scale = target.target.scale
    for change, note in zip(changes, words.notes(changes, is_planned=is_planned), strict=True):
        yield ""
        yield from _change(change, scale)
        yield from _wrapped(note, "      → ")
        if change.kind is Kind.DIFFERS and change.before and change.before.updated_at:
            yield f"      (the vendor last changed it at {printable(change.before.updated_at)})"


def _change(change: Change, scale: Scale) -> Iterator[str]:
    tier = change.after or change.before
    span = f"  {scale.span(tier.range)} {printable(scale.unit)}" if tier else ""
    yield "  " + style(f"{change.kind.symbol} {printable(change.name)}", fg=_COLOURS[change.kind]) + span
    if isinstance(tier, Tier) and change.kind is not Kind.DIFFERS:
        yield from (f"      {printable(f'{path}: {shown(value)}')}" for path, value in words.leaves(tier.fields))
    yield from (f"      {printable(difference)}" for difference in words.changed(change, scale))


def _wrapped(text: str, start: str) -> Iterator[str]:
    from textwrap import wrap

    yield from wrap(printable(text), _WIDTH, initial_indent=start, subsequent_indent=" " * len(start))


def _list(steps: Sequence[str]) -> Iterator[str]:
    for step in steps:
        yield from _wrapped(step, "    - ")


def _ladder(target: TargetPlan) -> Iterator[str]:
    rungs = view.rungs(target, _MOST_RUNGS)
    unit = fit(printable(target.target.scale.unit), _WIDTH // 4).rstrip()
    left = max([width(unit), *(len(rung.range) for rung in rungs)])
    side = (_WIDTH - left - 6) // 2
    yield f"  {fit(unit, left)}  {'live':<{side}}  desired"
    for rung in rungs:
        if rung.alike:
            yield f"  {rung.range:<{left}}  {count(rung.alike, 'range')} alike on both sides"
        else:
            live, desired = fit(_names(rung.live), side), fit(_names(rung.desired), side)
            yield f"  {rung.range:<{left}}  {live}  {desired}".rstrip()


def _names(names: Sequence[str]) -> str:
    return "┃ " + " ┃ ".join(names) if names else "·  (no tier)"


def _drift(report: Report) -> Iterator[str]:
    """One finding a line, at the place in the files that it departs from; and who it was, where the vendor tells."""
    plan = report.plan
    assert plan is not None  # noqa: S101 (drift always has one)
    for target in plan.targets:
        for change in target.changes:
            at = change.after.at if change.after and change.after.at else target.target.at
            symbol = style(change.kind.symbol, fg=_COLOURS[change.kind])
            departure = words.departure(change, target.target.scale)
            yield printable(f"{at}: ") + symbol + printable(f" {target.address}: {departure}")
        for line in words.history(report.histories.get(target.address)):
            yield printable(f"  log of {words.vendor(target.target.provider)}: {line}")
    # What is blocked is missing all the same.
    kinds = [Kind.CREATE if c.kind is Kind.BLOCKED else c.kind for target in plan.targets for c in target.changes]
    if not kinds:
        yield summary.no_drift(plan)
        return
    if plan.unread:
        yield f"{summary.unread(plan)}."
    yield f"Drift: {words.tally(kinds, is_planned=False)} at {count(len(plan.targets), 'target')}."


def _results(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        yield style(printable(result.target.address), bold=True)
        for outcome in result.outcomes:
            word = style(words.FATES[outcome.fate], fg=_FATE_COLOURS.get(outcome.fate, "red"))
            detail = f" ({printable(outcome.detail)})" if outcome.detail else ""
            yield f"  {word}: {printable(outcome.name)}{detail}"
        if result.trouble:
            yield from _wrapped(f"stopped: {result.trouble}", "      → ")
        yield from _remaining(result)
        if steps := words.remaining_steps(result):
            yield from ("  still to be done by hand:", *_list(steps))
        yield ""
    yield from summary.results(results)


def _remaining(result: Result) -> Iterator[str]:
    if result.remaining is None:
        yield f"  {words.unread(result)}"
    elif result.remaining:
        yield "  differences remain:"
        yield from _changes(result.remaining, result.target, is_planned=False)
    elif not result.outcomes:
        yield "  nothing to do"
