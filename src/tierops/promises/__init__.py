"""What a ladder promises its members, and what a team demands of its ladders. Pure; imported where there is either."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

from tierops.model import Policy, Problem, Program, TargetPlan, Verdict
from tierops.promises import demands, live_demands, member_tests
from tierops.promises.live_demands import Guard
from tierops.rules import settled


def check(programs: Sequence[Program], policy: Policy | None, today: date) -> tuple[Problem, ...]:
    """The tests that fail, and the demands of the policy that the files alone break."""
    verdicts = [one for program in programs for target in program.targets for one in member_tests.verdicts(target)]
    problems = list(failures(programs, verdicts, today))
    if policy is not None:
        for program in programs:
            problems += settled(program, demands.broken(program, policy), today)
    return tuple(problems)


def failures(programs: Sequence[Program], verdicts: Iterable[Verdict], today: date) -> tuple[Problem, ...]:
    """The tests that fail, as problems. Verdicts of one program come one after the other."""
    by_key = {program.key: program for program in programs}
    failed = [verdict for verdict in verdicts if verdict.failure]
    return tuple(
        problem
        for key, own in groupby(failed, key=lambda verdict: verdict.program)
        for problem in settled(by_key[key], ((one.target, member_tests.problem(one)) for one in own), today)
    )


def check_plan(
    planned: Sequence[TargetPlan],
    programs: Sequence[Program],
    policy: Policy,
    today: date,
    made: date,
    guard: Guard | None = None,
) -> tuple[Problem, ...]:
    """The demands of the policy that a plan breaks, which was made on the day `made`.

    `programs` are those of the plan's targets, and others. `guard` tells which of some guards a target's members trip,
    a sentence for each; it is None where nothing is known of members.
    """
    problems: list[Problem] = []
    for program in programs:
        own = (target for target in planned if target.program == program.key)
        found = (one for target in own for one in live_demands.broken(program, target, policy, made, guard))
        problems += settled(program, found, today)
    return tuple(sorted(problems, key=lambda problem: problem.at))
