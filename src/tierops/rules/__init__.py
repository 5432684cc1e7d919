"""What must hold for a ladder, each rule with an id. Pure: the same proofs run on files and, at plan time, on the
ladder that the vendor will hold after apply.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from tierops.model import Origin, Position, Problem, Program, Severity, Target, Tier, Waiver
from tierops.rules import ladder
from tierops.rules.ladder import Flaw, Rung, gaps, member, other_ends, overlaps, similar_names, unfit

__all__ = [
    "RULES",
    "SIMILAR_PLACE",
    "Flaw",
    "Rule",
    "Rung",
    "check",
    "gaps",
    "located",
    "member",
    "other_ends",
    "overlaps",
    "settled",
    "similar_names",
    "unfit",
]

SIMILAR_PLACE = "similar-place"
"""The rule that plans hold: whether a place is there is known at plan time only."""

_MOST_YEARS = 100  # that a waiver may last before somebody is asked whether it is meant to end at all


class Rule(NamedTuple):
    """A rule's id, why it exists in one line, and whether a program may waive it for a while.

    A rule of `is_policy` is off until a team turns it on, with a severity of its choice.
    """

    id: str
    reason: str
    is_waivable: bool = False
    severity: Severity = Severity.ERROR
    is_policy: bool = False


RULES = {
    rule.id: rule
    for rule in (
        Rule("schema", "the file must be YAML as the JSON Schema describes it"),
        Rule("unknown-value", "a ${name} without a value would be sent to the vendor as it stands"),
        Rule("duplicate-program", "plans and reports name a program by its key, so no two can share one"),
        Rule("duplicate-target", "two targets at one place would each want another ladder there"),
        Rule("duplicate-tier", "a name stands for one tier of a ladder"),
        Rule("similar-name", "names that look the same mean one tier, created twice by mistake", is_waivable=True),
        Rule(
            SIMILAR_PLACE, "a name that reads like a live one would make a second ladder by mistake", is_waivable=True
        ),
        Rule(
            "tier-order",
            "tiers are written low to high: one without an end of its own ends where the next one starts",
            is_waivable=True,
        ),
        Rule("empty-range", "no balance lies in the tier, so it can have no members", is_waivable=True),
        Rule("ladder-overlap", "a member must not be in two tiers at once", is_waivable=True),
        Rule("ladder-gap", "a member must not fall out of the program between two tiers", is_waivable=True),
        Rule("whole-numbers", "the vendor takes whole numbers only"),
        Rule("not-representable", "the vendor cannot hold what the file says"),
        Rule("expired-waiver", "a waiver is for a time: agree on it again, or mend what it was for"),
        Rule("failing-test", "the program says who is in which tier, and its ladder says otherwise"),
        *(
            Rule(id_, reason, is_waivable=True, is_policy=True)
            for id_, reason in (
                ("benefits-never-worse", "who climbs, or stays, must not get less than before"),
                ("threshold-rise", "a threshold that rises far takes a tier from members who had it in reach"),
                ("notice-days", "members are told before their tiers change"),
                ("name-pattern", "members know the tiers by names of one form"),
                ("most-tiers", "a ladder with many tiers is explained to nobody"),
                ("required-metadata", "other systems rely on what is kept with each tier"),
                ("members", "a change moves no more members than was agreed"),
            )
        ),
    )
}


def check(programs: Sequence[Program], today: date) -> tuple[Problem, ...]:
    """Every rule over every program.

    Waived findings come back with severity `note`. In the order of the programs, then by line.
    """
    problems = [*_duplicate_programs(programs), *_duplicate_targets(programs)]
    for program in programs:
        problems += _expired(program, today)
        problems += _ladders(program, today)
    return tuple(sorted(problems, key=lambda problem: problem.at))


def _ladders(program: Program, today: date) -> Iterator[Problem]:
    """The flaws of every target's ladder; one that several targets have is one problem. Then waivers without any."""
    found: list[tuple[str, Problem]] = []
    for target in program.targets:
        indexes = {id(tier): index for index, tier in enumerate(target.tiers)}
        for flaw in _flaws(target):
            origins = (program.origins.get((target.name, indexes[id(rung)]), {}).get(path) for rung, path in flaw.parts)
            at = _place(flaw, [origin for origin in origins if origin]) or program.at
            found.append((target.name, _problem(flaw, program, at)))
    yield from settled(program, found, today)
    broken = {problem.rule for _, problem in found}
    yield from _needless((waiver for waiver in _waivers(program, today).values() if waiver.rule not in broken), program)


def located(flaw: Flaw, program: Program) -> Problem:
    """The flaw as a problem: at its tier, or where the program is for one that is in no file."""
    return _problem(flaw, program, (flaw.rung.at if isinstance(flaw.rung, Tier) else None) or program.at)


def _problem(flaw: Flaw, program: Program, at: Position) -> Problem:
    return Problem(flaw.rule, flaw.message, at, flaw.member, flaw.severity, program=program.key, tier=flaw.rung.name)


def _waivers(program: Program, today: date) -> dict[str, Waiver]:
    """Those that still hold, by rule."""
    return {waiver.rule: waiver for waiver in program.waivers if waiver.until >= today.isoformat()}


def settled(program: Program, found: Iterable[tuple[str, Problem]], today: date) -> Iterator[Problem]:
    """What was found at targets, by name: what several of them have is one problem, and what is waived is a note."""
    holders: dict[Problem, list[str]] = {}
    for target, problem in found:
        holders.setdefault(problem, []).append(target)
    waivers = _waivers(program, today)
    for problem, owners in holders.items():
        finding = problem
        if len(owners) < len(program.targets):
            message = f"{problem.message} (target {', '.join(owners)})"
            finding = problem._replace(message=message, targets=tuple(owners))
        if waiver := waivers.get(problem.rule):
            if problem.severity is Severity.NOTE:
                continue
            waived = f"waived until {waiver.until}: {waiver.reason}"
            message = f"{finding.message} ({waived})"
            finding = finding._replace(message=message, severity=Severity.NOTE, waiver=waived)
        yield finding


def _place(flaw: Flaw, origins: Sequence[Origin]) -> Position | None:
    """What one target has otherwise is to blame, and not the ladder that all have."""
    overlaid = [origin for origin in origins if origin.is_overlaid]
    if overlaid or (flaw.is_of_value and origins):
        return (overlaid or origins)[0].at
    return flaw.rung.at if isinstance(flaw.rung, Tier) else None


def _flaws(target: Target) -> Iterator[Flaw]:
    tiers, scale = target.tiers, target.scale
    yield from ladder.duplicate_names(tiers)
    yield from similar_names(tiers)
    yield from ladder.unclear_names(tiers)
    misordered = tuple(ladder.order(tiers, scale))
    yield from misordered
    yield from ladder.empty(tiers, scale)
    yield from overlaps(tiers, scale)
    yield from gaps(tiers, scale)
    if not misordered:  # then the ends are not those that are meant
        yield from ladder.outsiders(tiers, scale)
    yield from unfit(tiers, scale)
    yield from ladder.inexact(tiers)
    yield from other_ends(tiers, scale.held(tiers), scale)


def _needless(waivers: Iterable[Waiver], program: Program) -> Iterator[Problem]:
    """A note for each waiver that covers nothing: it would cover the next finding, of which nobody has thought yet."""
    for waiver in waivers:
        if waiver.rule != SIMILAR_PLACE and not RULES[waiver.rule].is_policy:
            message = (
                f"the waiver of {waiver.rule} covers nothing in the files; remove it unless it is for live tiers, or it"
                " hides what comes next"
            )
            yield Problem("expired-waiver", message, waiver.at, severity=Severity.NOTE, program=program.key)


def _expired(program: Program, today: date) -> Iterator[Problem]:
    for waiver in program.waivers:
        if waiver.until < today.isoformat():
            message = f"the waiver of {waiver.rule} ended on {waiver.until}: {waiver.reason}"
            yield Problem("expired-waiver", message, waiver.at, program=program.key)
        elif int(waiver.until[:4]) > today.year + _MOST_YEARS:
            message = (
                f"the waiver of {waiver.rule} lasts until {waiver.until}; name a day on which to agree on it again"
            )
            yield Problem("expired-waiver", message, waiver.at, severity=Severity.NOTE, program=program.key)


def _duplicate_programs(programs: Sequence[Program]) -> Iterator[Problem]:
    seen: dict[str, Program] = {}
    for program in programs:
        first = seen.setdefault(program.key, program)
        if first is not program:
            message = f"program {program.key} is already at {first.at}"
            yield Problem("duplicate-program", message, program.at, program=program.key)


def _duplicate_targets(programs: Sequence[Program]) -> Iterator[Problem]:
    homes: dict[tuple[str, tuple[str, ...]], Target] = {}
    for program in programs:
        for target in program.targets:
            first = homes.setdefault((target.provider, target.place.home), target)
            if first is not target:
                message = f"{target.provider} {target.place.name!r} is already a target at {first.at}"
                own = (target.name,)
                yield Problem("duplicate-target", message, target.at, program=target.program, targets=own)
