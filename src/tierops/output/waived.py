"""What a waiver covers is told once: an imported ladder may have a gap between any two of its tiers."""

from __future__ import annotations

from collections.abc import Sequence

from tierops.model import Problem


def folded(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The problems, those of a program that one waiver covers as the first of them, with how many more there are."""
    groups: dict[tuple[str, ...], list[Problem]] = {}
    for number, problem in enumerate(problems):
        own = (problem.at.file, problem.program, problem.rule, problem.waiver) if problem.waiver else (str(number),)
        groups.setdefault(own, []).append(problem)
    return tuple(_first(group) for group in groups.values())


def _first(group: Sequence[Problem]) -> Problem:
    first = group[0]
    if len(group) == 1:
        return first
    return first._replace(message=f"{first.told}, and {len(group) - 1} more", member="")
