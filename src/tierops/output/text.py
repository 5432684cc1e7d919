"""The report for a terminal: 80 columns, readable without colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from click import style

from tierops.errors import Exit
from tierops.model import (
    Chain,
    Change,
    Fate,
    Kind,
    Plan,
    Problem,
    Report,
    Result,
    Scale,
    Severity,
    TargetPlan,
    Tier,
    Usage,
    Value,
)
from tierops.output import ladder
from tierops.text.visible import fit, printable, width
from tierops.text.wording import differences, shown

_WIDTH = 80
_MOST_ROWS = 24  # of a ladder; longer ones leave out what is alike on both sides
_LEGEND = "+ create   ~ differs (change it by hand)   ? unmanaged   ! blocked"
_COLOURS = {Kind.CREATE: "green", Kind.DIFFERS: "yellow", Kind.UNMANAGED: "cyan", Kind.BLOCKED: "red"}
_STATES = {
    Fate.DONE: ("created", "green"),
    Fate.ALREADY: ("was there already", "cyan"),
    Fate.NOT_DONE: ("not created", "red"),
    Fate.CONFLICT: ("in conflict", "red"),
    Fate.UNKNOWN: ("unknown", "red"),
}


def render(report: Report) -> str:
    """Lines for a person, coloured with ANSI codes that `click.echo` strips where no terminal reads them.

    `report.error` is not among them: it belongs on stderr.
    """
    lines = [_problem(problem) for problem in report.problems]
    if report.results is not None:
        lines += _results(report.results)
    elif report.plan is not None:
        lines += _drift(report.plan) if report.command == "drift" else _plan(report.plan)
    elif report.checked is not None:
        lines += _checked(report.checked, report.problems)
    elif report.journal is not None:
        lines += _journal(report.journal, report.exit_code)
    lines += [_usage(usage) for usage in report.usage]
    return "\n".join([*lines, ""])


def _problem(problem: Problem) -> str:
    severity = "" if problem.severity is Severity.ERROR else f"{problem.severity.value}: "
    return printable(f"{severity}{problem}")


def _checked(checked: tuple[int, int, int], problems: Sequence[Problem]) -> list[str]:
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    things = ", ".join(
        _count(number, noun) for number, noun in zip(checked, ("program", "target", "tier"), strict=True)
    )
    return [f"{things}: " + (style(_count(errors, "problem"), fg="red") if errors else style("valid", fg="green"))]


def _journal(chain: Chain, code: Exit) -> Iterator[str]:
    when = printable(f", from {chain.first} to {chain.last}") if chain.lines else ""
    torn = f", {_count(chain.torn, 'torn line')} recovered" if chain.torn else ""
    held = style("whole", fg="green") if code is Exit.DONE else style("broken after them", fg="red")
    yield f"{_count(chain.lines, 'line')}, {_count(chain.runs, 'run')}{when}{torn}: {held}"
    yield printable(f"last whole line: sha256 {chain.head}")


def _plan(plan: Plan) -> Iterator[str]:
    if plan.environment:
        yield printable(f"environment {plan.environment}")
    if plan.signature:
        yield printable(f"signed ({plan.signature.algorithm}; not checked here) by")
        yield printable(f"  key {plan.signature.key}")
    if not plan.is_empty:
        yield from (_LEGEND, "")
    for target in plan.targets:
        yield from _target(target)
    yield _summary(plan)


def _target(target: TargetPlan) -> Iterator[str]:
    identity = target.live.identity
    yield style(printable(target.address), bold=True)
    yield printable(f"  {target.target.provider} {identity.kind} {identity.name!r} ({identity.id})")
    yield printable(f"  {identity.base_url}, read: {target.live.proof}")
    for change in target.changes:
        yield ""
        yield from _change(change, target)
    if target.changes:
        yield ""
        yield from _ladder(target)
    yield ""


def _change(change: Change, target: TargetPlan) -> Iterator[str]:
    tier, scale = change.after or change.before, target.target.scale
    where = f"  {scale.span(tier.range)} {printable(scale.unit)}" if tier else ""
    yield "  " + style(f"{change.kind.symbol} {printable(change.name)}", fg=_COLOURS[change.kind]) + where
    if isinstance(tier, Tier) and change.kind is not Kind.DIFFERS:
        yield from (f"      {printable(line)}" for line in _leaves(tier.fields))
    yield from (f"      {printable(line)}" for line in _fields(change, target.target.scale))
    yield from _wrapped(change.note)
    if change.kind is Kind.DIFFERS and change.before and change.before.updated_at:
        yield f"      (the vendor last changed it at {printable(change.before.updated_at)})"


def _fields(change: Change, scale: Scale) -> Iterator[str]:
    if change.before and change.after:
        yield from differences(change.before, change.after, change.fields, scale)


def _leaves(fields: Mapping[str, Value]) -> Iterator[str]:
    for name, field in fields.items():
        if isinstance(field, Mapping):
            yield from (f"{name}.{key}: {shown(item)}" for key, item in field.items())
        else:
            yield f"{name}: {shown(field)}"


def _wrapped(note: str) -> Iterator[str]:
    from textwrap import wrap

    yield from wrap(printable(note), _WIDTH, initial_indent="      → ", subsequent_indent="        ")


def _ladder(target: TargetPlan) -> Iterator[str]:
    rows = ladder.rows(target.live.tiers, target.target.tiers)
    symbols = {change.name: f" {change.kind.symbol}" for change in target.changes}
    seen = {name: symbol for name, symbol in symbols.items() if symbol in {" ~", " ?"}}  # on the live side
    cells = [
        (
            target.target.scale.span(row.range),
            _names(row.live, seen),
            _names(row.desired, symbols),
            row.is_different(symbols),
        )
        for row in rows
    ]
    unit = fit(printable(target.target.scale.unit), _WIDTH // 4).rstrip()
    left = max([width(unit), *(len(cell[0]) for cell in cells)])
    side = (_WIDTH - left - 6) // 2
    yield f"  {fit(unit, left)}  {'live':<{side}}  desired"
    alike = 0
    for range_, live, desired, is_different in cells:
        if len(cells) > _MOST_ROWS and not is_different:
            alike += 1
            continue
        if alike:
            yield f"  {'⋮':<{left}}  {_count(alike, 'range')} alike on both sides"
            alike = 0
        yield f"  {range_:<{left}}  {fit(live, side)}  {fit(desired, side)}".rstrip()
    if alike:
        yield f"  {'⋮':<{left}}  {_count(alike, 'range')} alike on both sides"


def _names(names: Sequence[str], symbols: Mapping[str, str]) -> str:
    if not names:
        return "·  (no tier)"
    return "┃ " + " ┃ ".join(printable(name) + symbols.get(name, "") for name in names)


_MISSING = {Kind.CREATE: "is missing", Kind.BLOCKED: "is missing", Kind.UNMANAGED: "is in no file"}


def departure(change: Change, target: TargetPlan) -> str:
    """How live departs from the files in one tier, in one line. Nothing in it is escaped."""
    told = "; ".join(_fields(change, target.target.scale)) or _MISSING.get(change.kind, "")
    when = change.before.updated_at if change.before else None
    return f"{change.name}: {told}" + (f" (last changed {when})" if when else "")


def _drift(plan: Plan) -> Iterator[str]:
    """One finding a line, at the place in the files that it departs from."""
    for target in plan.targets:
        for change in target.changes:
            at = change.after.at if change.after and change.after.at else target.target.at
            symbol = style(change.kind.symbol, fg=_COLOURS[change.kind])
            yield printable(f"{at}: ") + symbol + printable(f" {target.address}: {departure(change, target)}")
    kinds = Counter(change.kind for target in plan.targets for change in target.changes)
    missing = kinds[Kind.CREATE] + kinds[Kind.BLOCKED]
    yield (
        f"Drift: {missing} missing, {kinds[Kind.DIFFERS]} differing, {kinds[Kind.UNMANAGED]} unmanaged"
        f" at {_count(len(plan.targets), 'target')}."
        if kinds
        else f"No drift: live equals the files at {_count(len(plan.targets), 'target')}."
    )


def _usage(usage: Usage) -> str:
    writes = f", {_count(usage.writes, 'write')}" if usage.writes else ""
    to_come = f", {_count(usage.writes_to_come, 'write')} to come" if usage.writes_to_come else ""
    left = "" if usage.left is None else f"; {usage.left} calls left before its limit"
    return f"Requests to {usage.provider}: {_count(usage.reads, 'read')}{writes}{to_come}{left}."


def _summary(plan: Plan) -> str:
    if plan.is_empty:
        tiers = sum(len(target.target.tiers) for target in plan.targets)
        return (
            f"Nothing to do: live equals the files ({_count(tiers, 'tier')} at {_count(len(plan.targets), 'target')})."
        )
    kinds = Counter(change.kind for target in plan.targets for change in target.changes)
    parts = [
        f"{kinds[Kind.CREATE]} to create",
        f"{kinds[Kind.DIFFERS]} differing",
        f"{kinds[Kind.UNMANAGED]} unmanaged",
        f"{kinds[Kind.BLOCKED]} blocked",
    ]
    return "Plan: " + ", ".join(parts) + "."


def _results(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        yield style(printable(result.target.address), bold=True)
        for outcome in result.outcomes:
            word, colour = _STATES[outcome.fate]
            detail = f" ({printable(outcome.detail)})" if outcome.detail else ""
            yield f"  {style(word, fg=colour)}: {printable(outcome.name)}{detail}"
        if result.trouble:
            yield from _wrapped(f"stopped: {result.trouble}")
        yield from _remaining(result)
        yield ""
    counts = Counter(outcome.fate for result in results for outcome in result.outcomes)
    yield "Apply: " + ", ".join(f"{counts[state]} {word}" for state, (word, _) in _STATES.items()) + "."
    if all(result.remaining == () for result in results):
        yield "Live equals the files, read back after the last write."


def _remaining(result: Result) -> Iterator[str]:
    if result.remaining is None:
        yield f"  what is live now {'was not' if result.is_interrupted else 'could not be'} read"
    elif not result.remaining and not result.outcomes:
        yield "  nothing to do"
    elif result.remaining:
        yield "  differences remain:"
        for change in result.remaining:
            yield ""
            yield from _change(change, result.target)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
