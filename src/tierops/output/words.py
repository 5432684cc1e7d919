"""What a report says in sentences, for people who run no commands. Pure text; the formats escape and lay it out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tierops.model import Fate, Kind, Plan, Report, Result, Severity, TargetPlan, Usage
from tierops.text.visible import printable

STATES = {
    Fate.DONE: "created",
    Fate.ALREADY: "was there already",
    Fate.NOT_DONE: "not created",
    Fate.CONFLICT: "in conflict",
    Fate.UNKNOWN: "unknown: it may or may not have been created",
}
MEANINGS = {
    Kind.CREATE: "to create",
    Kind.DIFFERS: "differs",
    Kind.UNMANAGED: "unmanaged",
    Kind.BLOCKED: "blocked",
}
_TITLES = {
    "plan": ("Plan", "for"),
    "show": ("Plan", "for"),
    "drift": ("Drift", "at"),
    "apply": ("Apply", "to"),
    "validate": ("Validation", "for"),
}
_MOST_TOLD = 2  # creates that the summary names one by one


def count(amount: int, noun: str) -> str:
    """`1 tier`, `5,000 tiers`."""
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


def shortened(text: str, most: int = 80) -> str:
    """The text with what is invisible escaped, in at most so many characters; an ellipsis shows that it was cut."""
    text = printable(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def plain(text: str) -> str:
    """An error as lines without anything invisible: its own line breaks stay."""
    return "\n".join(printable(line) for line in text.split("\n"))


def error(text: str, most: int) -> str:
    """A message of several lines in at most so many characters."""
    told = plain(text)
    return told if len(told) <= most else told[: most - 1] + "…"


def usage(used: Usage) -> str:
    """The requests of a run to one vendor."""
    writes = f", {count(used.writes, 'write')}" if used.writes else ""
    to_come = f", {count(used.writes_to_come, 'write')} to come" if used.writes_to_come else ""
    left = "" if used.left is None else f"; {used.left:,} calls left before its limit"
    return f"Requests to {shortened(used.provider.title())}: {count(used.reads, 'read')}{writes}{to_come}{left}."


def title(report: Report) -> str:
    """`Plan for production`."""
    name, preposition = _TITLES.get(report.command, (report.command.capitalize() or "tierops", "for"))
    environment = report.plan.environment if report.plan else None
    return f"{name} {preposition} {shortened(environment)}" if environment else name


def meaning(kind: Kind, *, is_planned: bool) -> str:
    """A kind of change in a word or two; only a plan is about to create what is missing."""
    return MEANINGS[kind] if is_planned or kind is not Kind.CREATE else "missing"


def moment(text: str) -> str:
    """A time of a plan as a person reads it; any other text as it is."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d\+00:00", text)
    return f"{found[1]} {found[2]} UTC" if found else shortened(text)


def summary(report: Report) -> tuple[str, ...]:
    """What happened or will happen, in a few sentences."""
    if report.error:
        return (f"{title(report)} failed.", *_problems(report))
    if report.results is not None:
        return tuple(_results(report.results))
    if report.plan is not None:
        return (*(_drift if report.command == "drift" else _plan)(report.plan), *_problems(report))
    return tuple(_problems(report))


def place(target: TargetPlan) -> str:
    """`Coffee Club (Voucherify)`."""
    return f"{shortened(target.live.identity.name)} ({shortened(target.target.provider.title())})"


def _problems(report: Report) -> Iterator[str]:
    errors = sum(problem.severity is Severity.ERROR for problem in report.problems)
    waived = len(report.problems) - errors
    if report.checked is not None:
        parts = (
            count(amount, noun) for amount, noun in zip(report.checked, ("program", "target", "tier"), strict=True)
        )
        yield f"{', '.join(parts)}: " + (f"{count(errors, 'problem')} to solve." if errors else "valid.")
    elif errors:
        yield f"{count(errors, 'problem')} to solve in the files."
    if waived:
        yield f"{count(waived, 'problem')} waived."


def _plan(plan: Plan) -> Iterator[str]:
    kinds = _kinds(plan)
    if not kinds:
        yield f"Nothing to do: live equals the files ({_extent(plan)})."
    if creating := [target for target in plan.targets if target.creates]:
        yield _creates(creating)
        yield "This cannot be undone by API."
    if kinds[Kind.BLOCKED]:
        yield f"{_are(kinds[Kind.BLOCKED], 'tier')} missing but blocked: nothing will be created there."
    yield from _by_hand(kinds)


def _drift(plan: Plan) -> Iterator[str]:
    kinds = _kinds(plan)
    if not kinds:
        yield f"No drift: live equals the files ({_extent(plan)})."
        return
    differing = sum(bool(target.changes) for target in plan.targets)
    yield f"Live differs from the files at {differing:,} of {count(len(plan.targets), 'target')}."
    if missing := kinds[Kind.CREATE] + kinds[Kind.BLOCKED]:
        yield f"{_are(missing, 'tier')} missing."
    yield from _by_hand(kinds)


def _by_hand(kinds: Counter[Kind]) -> Iterator[str]:
    if differing := kinds[Kind.DIFFERS]:
        yield f"{count(differing, 'tier')} {'differs' if differing == 1 else 'differ'} and must be changed by hand."
    if kinds[Kind.UNMANAGED]:
        yield f"{_are(kinds[Kind.UNMANAGED], 'live tier')} in no file: reported, never touched."


def _creates(targets: Sequence[TargetPlan]) -> str:
    amount = sum(len(target.creates) for target in targets)
    first = targets[0]
    where = f"in {place(first)}" if len(targets) == 1 else f"at {count(len(targets), 'target')}"
    told = f"{count(amount, 'tier')} will be created {where}; "
    if len(targets) > 1 or amount > _MOST_TOLD:
        return f"{told}members whose balance lies in a new tier's range will move into it at once."
    moves = [
        f"members with {shortened(first.target.scale.amounts(tier.range))} will move into {shortened(tier.name)}"
        for tier in first.creates
    ]
    return f"{told}{' and '.join(moves)} at once."


def _results(results: Sequence[Result]) -> Iterator[str]:
    states = Counter(outcome.fate for result in results for outcome in result.outcomes)
    if not states:
        yield "Nothing had to be created."
    if states[Fate.DONE]:
        yield f"{count(states[Fate.DONE], 'tier')} created."
    if states[Fate.ALREADY]:
        yield f"{count(states[Fate.ALREADY], 'tier')} {_was(states[Fate.ALREADY])} there already."
    if states[Fate.NOT_DONE]:
        yield f"{count(states[Fate.NOT_DONE], 'tier')} not created."
    if states[Fate.CONFLICT]:
        yield f"{_are(states[Fate.CONFLICT], 'tier')} there, but not as wanted."
    if unknown := states[Fate.UNKNOWN]:
        yield f"{count(unknown, 'tier')} may or may not have been created: look before anything else is done."
    if stopped := sum(bool(result.trouble) for result in results):
        yield f"Stopped at {count(stopped, 'target')}."
    if all(result.remaining == () for result in results):
        yield "Live equals the files, read back after the last write."
    elif remaining := sum(len(result.remaining or ()) for result in results):
        yield f"{count(remaining, 'difference')} {'remains' if remaining == 1 else 'remain'}."


def _kinds(plan: Plan) -> Counter[Kind]:
    return Counter(change.kind for target in plan.targets for change in target.changes)


def _extent(plan: Plan) -> str:
    tiers = sum(len(target.target.tiers) for target in plan.targets)
    return f"{count(tiers, 'tier')} at {count(len(plan.targets), 'target')}"


def _are(amount: int, noun: str) -> str:
    return f"{count(amount, noun)} {'is' if amount == 1 else 'are'}"


def _was(amount: int) -> str:
    return "was" if amount == 1 else "were"
