"""What a report says first: a title, and what happened or will happen in a few sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tierops import providers
from tierops.model import (
    MEMBERS,
    UNREADABLE,
    Abilities,
    Fate,
    Impact,
    Kind,
    Plan,
    Problem,
    Result,
    Severity,
    TargetPlan,
    Verdict,
)
from tierops.output import impact
from tierops.output.report import Report
from tierops.output.words import amounts, count, later_steps, listed, place, remaining_steps, shortened, vendor

_TITLES = {
    "plan": ("Plan", "for"),
    "show": ("Plan", "for"),
    "drift": ("Drift", "at"),
    "apply": ("Apply", "to"),
    "validate": ("Validation", "for"),
    "impact": ("Who moves", "for"),
    "test": ("Tests", "for"),
}
_NOT_OF_FILES = frozenset({UNREADABLE, MEMBERS})
_MOST_IMPACTS = 5  # targets whose members are told of at once
_MOST_NAMED = 2  # creates that are named one by one
_MOST_PLACES = 6  # that a question names
_MOST_PATHS = 5


def title(report: Report) -> str:
    """`Plan for production`."""
    name, preposition = _TITLES.get(report.command, (report.command.capitalize() or "tierops", "for"))
    environment = report.plan.environment if report.plan else None
    return f"{name} {preposition} {shortened(environment)}" if environment else name


def summary(report: Report) -> tuple[str, ...]:
    """What happened or will happen, in a few sentences."""
    if report.error:
        return (f"{title(report)} failed.", *_problems(report.problems))
    if report.results is not None:
        return results(report.results)
    if report.plan is not None:
        return (*(_drift if report.command == "drift" else _plan)(report.plan), *_problems(report.problems))
    if report.impacts is not None:
        return (*_moves([(one.label, one.impact) for one in report.impacts]), *_problems(report.problems))
    if report.verdicts is not None:
        return (*tested(report.verdicts), *_problems(report.problems))
    if report.checked is not None:
        return checked(report.checked, report.problems, report.unchecked)
    return tuple(_problems(report.problems))


def checked(sizes: tuple[int, int, int], problems: Sequence[Problem], unchecked: Sequence[str]) -> tuple[str, ...]:
    """What was read from the files, whether it is as it must be, and what could not be looked at."""
    nouns = ("program", "target", "tier")
    read = ", ".join(count(amount, noun) for amount, noun in zip(sizes, nouns, strict=True))
    errors = _errors(problems)
    verdict = f"{count(errors, 'problem')} to solve" if errors else "valid"
    return (f"{read}: {verdict}.{_unchecked(unchecked)}", *_lighter(problems))


def _unchecked(paths: Sequence[str]) -> str:
    if not paths:
        return ""
    more = f" and {len(paths) - _MOST_PATHS:,} more" if len(paths) > _MOST_PATHS else ""
    listed = ", ".join(map(shortened, paths[:_MOST_PATHS]))
    files = count(len(paths), "file")
    return f" Because of these, ladders of {files} were not checked for order, gaps and overlaps: {listed}{more}."


def tested(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """How many tests there are, and how many of them fail."""
    if not verdicts:
        return ("No tests: `tierops suggest --tests KEY` writes some for a program.",)
    failed = sum(bool(verdict.failure) for verdict in verdicts)
    where = count(len({verdict.address for verdict in verdicts}), "target")
    outcome = f"{failed:,} {'fails' if failed == 1 else 'fail'}" if failed else "all hold"
    return (f"{count(len(verdicts), 'test')} at {where}: {outcome}.",)


def nothing_to_do(plan: Plan) -> str:
    """What a plan without a change says."""
    if plan.unread:
        return f"Nothing to do at {count(len(plan.targets), 'target')}; {unread(plan)}."
    tiers = sum(len(target.target.tiers) for target in plan.targets)
    return f"Nothing to do: live equals the files ({count(tiers, 'tier')} at {count(len(plan.targets), 'target')})."


def no_drift(plan: Plan) -> str:
    """What an audit says that found nothing."""
    if plan.unread:
        return f"No drift at {count(len(plan.targets), 'target')}; {unread(plan)}."
    return f"No drift: live equals the files at {count(len(plan.targets), 'target')}."


def unread(plan: Plan) -> str:
    """Which targets are not in a plan, for they could not be read."""
    return f"{count(len(plan.unread), 'target')} could not be read: {', '.join(map(shortened, plan.unread))}"


def results(targets: Sequence[Result]) -> tuple[str, ...]:
    """What apply did."""
    return tuple(_results(targets))


def told(plan: Plan) -> tuple[str, ...]:
    """What an apply of the plan would do, and what it would not."""
    return tuple(_plan(plan))


def question(plan: Plan) -> str:
    """What apply asks before it creates: what, in which environment, in which places, and whether it can be undone."""
    creating = [target for target in plan.targets if target.creates]
    environment = f" in {shortened(plan.environment.upper())}" if plan.environment else ""
    amount = count(sum(len(target.creates) for target in creating), "tier")
    places = [f"{len(target.creates):,} in {place(target)}" for target in creating]
    undo = "; ".join(dict.fromkeys(_abilities(target).undo for target in creating))
    return f"Create {amount}{environment}: {listed(places, _MOST_PLACES)}? {shortened(undo, 300)}."


def _errors(problems: Sequence[Problem]) -> int:
    return sum(problem.severity is Severity.ERROR and problem.rule not in _NOT_OF_FILES for problem in problems)


def _problems(problems: Sequence[Problem]) -> Iterator[str]:
    if errors := _errors(problems):
        yield f"{count(errors, 'problem')} to solve in the files."
    yield from _lighter(problems)


def _lighter(problems: Sequence[Problem]) -> Iterator[str]:
    if waived := sum(bool(problem.waiver) for problem in problems):
        yield f"{count(waived, 'problem')} waived."
    weights = [problem.severity for problem in problems if not problem.waiver]
    others = [(severity, weights.count(severity)) for severity in (Severity.WARNING, Severity.NOTE)]
    if told := [count(number, severity.value) for severity, number in others if number]:
        yield f"{' and '.join(told)}."


def _plan(plan: Plan) -> Iterator[str]:
    yield from _moves([(target.address, target.impact) for target in plan.targets if target.impact])
    kinds = _kinds(plan)
    if not kinds:
        yield nothing_to_do(plan)
        return
    if plan.unread:
        yield f"{unread(plan)}."
    if creating := [target for target in plan.targets if target.creates]:
        yield _creates(creating)
        yield from _effects(creating)
    if blocked := kinds.get(Kind.BLOCKED):
        yield f"{_are(blocked, 'tier')} blocked and will not be created: see what to do by hand."
    yield from _untouched(kinds)
    if any(later_steps(target) for target in creating):
        yield "After apply something remains to be done by hand: see the list."


def _moves(impacts: Sequence[tuple[str, Impact]]) -> Iterator[str]:
    for address, moved in impacts[:_MOST_IMPACTS]:
        yield impact.headline(moved, address, is_alone=len(impacts) == 1)
    if len(impacts) > _MOST_IMPACTS:
        yield f"{count(len(impacts) - _MOST_IMPACTS, 'target')} more: see each of them."


def _drift(plan: Plan) -> Iterator[str]:
    kinds = _kinds(plan)
    if not kinds:
        yield no_drift(plan)
        return
    if plan.unread:
        yield f"{unread(plan)}."
    differing = sum(bool(target.changes) for target in plan.targets)
    part = f" at {differing:,} of {count(len(plan.targets), 'target')}" if len(plan.targets) > 1 else ""
    yield f"Live differs from the files{part}."
    if missing := kinds.get(Kind.CREATE, 0) + kinds.get(Kind.BLOCKED, 0):
        yield f"{_are(missing, 'tier')} missing."
    yield from _untouched(kinds)


def _untouched(kinds: dict[Kind, int]) -> Iterator[str]:
    if differing := kinds.get(Kind.DIFFERS):
        verb = "differs" if differing == 1 else "differ"
        yield f"{count(differing, 'live tier')} {verb} from the files; tierops never changes one."
    if unmanaged := kinds.get(Kind.UNMANAGED):
        yield f"{_are(unmanaged, 'live tier')} in no file: reported, never touched."


def _creates(targets: Sequence[TargetPlan]) -> str:
    amount = sum(len(target.creates) for target in targets)
    named = {_named(target) for target in targets}
    tiers = named.pop() if len(named) == 1 and len(targets[0].creates) <= _MOST_NAMED else ""
    if len(targets) == 1:
        created = f"{count(amount, 'tier')} will be created in {place(targets[0])}"
        return f"{created}: {tiers}." if tiers else f"{created}."
    new = sum(target.live.is_new for target in targets)
    where = f"at {count(len(targets), 'target')}" + (f", {new:,} of them new" if new else "")
    return f"{tiers or count(amount, 'tier')} will be created {where}."


def _named(target: TargetPlan) -> str:
    balances = target.target.scale.amounts
    return listed([f"{shortened(tier.name)} ({shortened(balances(tier.range))})" for tier in target.creates[:3]])


def _effects(targets: Sequence[TargetPlan]) -> Iterator[str]:
    """What creates mean for members and how they are undone, as the vendors say it; the vendor is named where many."""
    members: dict[str, str] = {}  # what happens to members → the vendor that says so first
    undo: list[str] = []
    for target in targets:
        abilities = _abilities(target)
        members.setdefault(abilities.members, vendor(target.target.provider))
        undo.append(abilities.undo)
    for happens, who in members.items():
        start = "Members" if len(members) == 1 else f"At {who}, members"
        yield f"{start} whose balance is in the range of a new tier {shortened(happens, 300)}."
    yield from (f"{shortened(sentence, 300)}." for sentence in dict.fromkeys(undo))


def _places(targets: Sequence[Result]) -> Iterator[str]:
    for made in filter(None, (result.place for result in targets)):
        name = shortened(made.name, 200)
        if made.fate is Fate.DONE:
            yield f"The {name} is new."
        elif made.fate is Fate.UNKNOWN:
            yield f"The {name} may or may not have been made: plan again to see."


def _results(targets: Sequence[Result]) -> Iterator[str]:
    yield from _places(targets)
    fates = Counter(outcome.fate for result in targets for outcome in result.outcomes)
    if not fates:
        yield "Nothing had to be created."
    if created := fates[Fate.DONE]:
        yield f"{count(created, 'tier')} created."
    if earlier := fates[Fate.ALREADY]:
        yield f"{count(earlier, 'tier')} {'was' if earlier == 1 else 'were'} there already."
    if missing := fates[Fate.NOT_DONE]:
        yield f"{count(missing, 'tier')} not created."
    if conflicts := fates[Fate.CONFLICT]:
        yield f"{count(conflicts, 'tier')} {'exists' if conflicts == 1 else 'exist'}, but not as wanted."
    if unknown := fates[Fate.UNKNOWN]:
        yield f"{count(unknown, 'tier')} may or may not have been created: plan again to see."
    if stopped := sum(bool(result.trouble) for result in targets):
        yield f"Stopped before the end at {count(stopped, 'target')}."
    if all(result.remaining == () for result in targets):
        was_written = any(result.sends for result in targets)
        source = targets[0].source if targets else "the files"
        yield f"Live equals {shortened(source)}{', read back after the last write' if was_written else ''}."
    elif remaining := sum(len(result.remaining or ()) for result in targets):
        yield f"{count(remaining, 'difference')} {'remains' if remaining == 1 else 'remain'}."
    if any(remaining_steps(result) for result in targets):
        yield "Something remains to be done by hand: see the list."


def _abilities(target: TargetPlan) -> Abilities:
    return providers.find(target.target.provider).abilities(target.target.place, target.live)


def _kinds(plan: Plan) -> dict[Kind, int]:
    return amounts(change.kind for target in plan.targets for change in target.changes)


def _are(amount: int, noun: str) -> str:
    return f"{count(amount, noun)} {'is' if amount == 1 else 'are'}"
