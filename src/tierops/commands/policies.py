"""What a team's policy, and the day from which a ladder holds, mean for plans and for carrying them out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from tierops import plan as planning
from tierops.errors import BadInput, PlanRefused, TieropsError
from tierops.model import Plan, Problem, TargetPlan
from tierops.pipeline import Files

if TYPE_CHECKING:
    from tierops.promises.live_demands import Guard


def held(made: Plan, files: Files, unread: tuple[Problem, ...] = (), guard: Guard | None = None) -> Plan:
    """The plan with what the policy says of it. Raises `BadInput` where the policy forbids it, with all problems.

    `unread` are those of targets that could not be read. `guard` answers for members, where they were counted.
    """
    findings = _findings(made.targets, files, _today(), guard)
    errors = [problem for problem in findings if problem.is_error]
    if errors:
        raise BadInput((*files.problems, *findings, *unread), f"no plan is made: the policy forbids {_counted(errors)}")
    return made._replace(policy=findings)


def refuse_what_it_forbids(made: Plan, planned: Sequence[TargetPlan], files: Files) -> None:
    """Raise `PlanRefused` where the policy of the files forbids now what it allowed when the plan was made."""
    findings = _findings(planned, files, datetime.fromisoformat(made.created_at).date())
    if error := next((problem for problem in findings if problem.is_error), None):
        raise PlanRefused(f"the policy forbids this plan now: {error}")


def refuse_before_its_day(planned: Sequence[TargetPlan], refusal: type[TieropsError]) -> None:
    """Raise `refusal` where a ladder is to hold from a later day than today."""
    if why := planning.why_too_early(planned, _today().isoformat()):
        raise refusal(f"nothing was written: {why}")


def _findings(
    planned: Sequence[TargetPlan], files: Files, made: date, guard: Guard | None = None
) -> tuple[Problem, ...]:
    if files.policy is None:
        return ()
    from tierops import promises  # few projects have a policy

    counted = guard or (_as_planned if any(one.impact for one in planned) else None)
    return promises.check_plan(planned, files.programs, files.policy, _today(), made, counted)


def _as_planned(planned: TargetPlan, claims: Sequence[str]) -> Iterable[str]:
    """What a policy's guards say to the members that were counted when the plan was made."""
    from tierops.members import guards

    if planned.impact is None:
        return ("the policy guards how many members move, and none were counted here",)
    return guards.tripped(planned.impact, claims)


def _counted(errors: Sequence[Problem]) -> str:
    rules = ", ".join(dict.fromkeys(problem.rule for problem in errors))
    return f"it ({rules})" if len(errors) == 1 else f"it {len(errors)} times ({rules})"


def _today() -> date:
    return datetime.now(UTC).date()
