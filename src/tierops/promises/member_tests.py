"""Who is where, as a program's tests say it, held against a ladder: that of the files, or the live one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from tierops.model import LiveTier, MemberTest, Problem, Range, Scale, Target, Tier, Verdict
from tierops.promises.words import span
from tierops.rules import member

RULE = "failing-test"


def verdicts(target: Target, live: Sequence[LiveTier] | None = None) -> Iterator[Verdict]:
    """What becomes of each test of the target, on its own ladder or on the live one."""
    for test in target.tests:
        promise = f"{member(test.value, target.scale)} is in {test.tier or 'no tier'}"
        ladder, verb = (target.tiers, "would be") if live is None else (live, "is")
        yield Verdict(target.program, target.name, test, promise, _failure(test, ladder, target.scale, verb))


def problem(verdict: Verdict) -> Problem:
    """What a verdict with a failure is."""
    return Problem(RULE, verdict.told, verdict.test.at, program=verdict.program)


def _failure(test: MemberTest, ladder: Sequence[Tier | LiveTier], scale: Scale, verb: str) -> str:
    who = member(test.value, scale)
    if not scale.fits(test.value):
        kind = "whole numbers" if scale.is_whole else f"numbers with {scale.places} decimals at most"
        return f"nobody can be {who}: {scale.unit} are {kind} there"
    homes = [tier for tier in ladder if holds(tier.range, test.value)]
    if [tier.name for tier in homes] == ([] if test.tier is None else [test.tier]):
        return ""
    where = " and in ".join(f"{tier.name} ({span(tier.range, scale)})" for tier in homes) or "no tier"
    if test.tier is None:
        return f"{who} {verb} in {where}, and is to be in no tier"
    alone = " alone" if any(tier.name == test.tier for tier in homes) else ""
    return f"{who} {verb} in {where}, not in {test.tier}{alone}"


def holds(range_: Range, value: Decimal) -> bool:
    """True where the balance lies in the range."""
    is_above = range_.lower is None or range_.lower <= value
    return is_above and (range_.upper is None or value < range_.upper)
