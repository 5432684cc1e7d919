"""The rules of a policy that only a plan can break, for they need what is live or the day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from tierops import providers
from tierops.model import Demand, Kind, Policy, Position, Problem, Program, Range, TargetPlan, Tier
from tierops.promises.demands import numbers, worse
from tierops.promises.words import amount, grouped
from tierops.rules import Flaw, located

# Which of these guards the members of a target trip: a sentence for each.
Guard: TypeAlias = Callable[[TargetPlan, Sequence[str]], Iterable[str]]

_MOVING = frozenset({Kind.CREATE, Kind.BLOCKED, Kind.DIFFERS})


class _Case(NamedTuple):
    """One demand, and the plan of one target that was made on the day `made`."""

    demand: Demand
    program: Program
    planned: TargetPlan
    made: date
    guard: Guard | None

    @property
    def moves(self) -> bool:
        """Whether anything changes for members."""
        return any(change.kind in _MOVING for change in self.planned.changes)

    @property
    def held(self) -> Iterator[tuple[Tier, Any]]:
        """The tiers that are both in the files and live: (desired, live)."""
        live = {tier.name: tier for tier in self.planned.live.tiers}
        return ((tier, live[tier.name]) for tier in self.planned.target.tiers if tier.name in live)

    def at_tier(self, tier: Tier, message: str) -> Problem:
        return located(Flaw(self.demand.rule, tier, message, severity=self.demand.severity), self.program)

    def at(self, at: Position, message: str) -> Problem:
        rule, severity = self.demand.rule, self.demand.severity
        return Problem(rule, message, at, severity=severity, program=self.program.key)


def broken(
    program: Program, planned: TargetPlan, policy: Policy, made: date, guard: Guard | None
) -> Iterator[tuple[str, Problem]]:
    """What the plan of one target breaks, with the severity that the policy gives it. It was made on the day `made`."""
    for demand in policy.demands:
        if find := _FINDERS.get(demand.rule):
            for problem in find(_Case(demand, program, planned, made, guard)):
                yield planned.target.name, problem


def _rises(case: _Case) -> Iterator[Problem]:
    most: Any = case.demand.parameters["percent"]
    scale = case.planned.target.scale
    for tier, live in case.held:
        rise = _rise(live.range, tier.range)
        if rise is not None and tier.range.lower is not None and rise > most:
            start = "no lower end" if live.range.lower is None else grouped(live.range.lower, scale)
            percent = "" if rise.is_infinite() else f" ({rise:.1f} % more)"
            message = f"{tier.name} rises from {start} to {grouped(tier.range.lower, scale)}{percent}"
            yield case.at_tier(tier, f"{message}, and the policy allows {most} %")


def _rise(before: Range, after: Range) -> Decimal | None:
    """By how many percent a tier starts higher; infinite from nothing, None where it does not."""
    if after.lower is None or (before.lower is not None and after.lower <= before.lower):
        return None
    if not before.lower:
        return Decimal("Infinity")
    return (after.lower - before.lower) / abs(before.lower) * 100


def _losses(case: _Case) -> Iterator[Problem]:
    told = providers.find(case.planned.target.provider).benefits
    for tier, live in case.held:
        for less, more in worse(numbers(told(tier.fields)), numbers(told(live.fields))):
            path = ".".join(less.path)
            yield case.at_tier(tier, f"{tier.name} gets worse: {amount(less)} for {path}, and {amount(more)} now")


def _short_notice(case: _Case) -> Iterator[Problem]:
    """Where a ladder that members know changes, and they are told too late."""
    if not case.planned.live.tiers or not case.moves:
        return
    days: Any = case.demand.parameters["days"]
    schedule = case.program.schedule
    if schedule is None or not schedule.effective_from:
        wanted = f"the policy wants {days} days of notice"
        yield case.at(case.program.at, f"the ladder changes, and no `effective_from` says from when; {wanted}")
        return
    start = date.fromisoformat(schedule.effective_from)
    told = date.fromisoformat(schedule.announced) if schedule.announced else case.made
    given = (start - told).days
    if given < days:
        since = "was announced on" if schedule.announced else "has no `announced`; the plan is of"
        message = f"the ladder holds from {start}, and {since} {told}: {max(given, 0)} days of notice, not {days}"
        yield case.at(schedule.at, message)


def _members(case: _Case) -> Iterator[Problem]:
    if case.moves:
        guards: Any = case.demand.parameters["fail_on"]
        unknown = ("the policy guards how many members move: make the plan with `--members FILE`",)
        tripped = unknown if case.guard is None else case.guard(case.planned, guards)
        yield from (case.at(case.planned.target.at, message) for message in tripped)


_FINDERS: Mapping[str, Callable[[_Case], Iterator[Problem]]] = {
    "threshold-rise": _rises,
    "benefits-never-worse": _losses,
    "notice-days": _short_notice,
    "members": _members,
}
