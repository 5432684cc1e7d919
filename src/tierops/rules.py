"""What must hold for a ladder, each rule with an id. Pure: the same proofs run on files and, at plan time, on the
ladder that the vendor will hold after apply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise, zip_longest
from typing import NamedTuple
from unicodedata import normalize

from tierops.model import LiveTier, Problem, Program, Severity, Target, Tier


class Rule(NamedTuple):
    """A rule's id, why it exists in one line, and whether a program may waive it for a while."""

    id: str
    reason: str
    is_waivable: bool = False
    severity: Severity = Severity.ERROR


RULES = {
    rule.id: rule
    for rule in (
        Rule("schema", "the file must be YAML as the JSON Schema describes it"),
        Rule("unknown-value", "a ${name} without a value would be sent to the vendor as it stands"),
        Rule("duplicate-program", "plans and reports name a program by its key"),
        Rule("duplicate-target", "two programs on one campaign or group would fight over its members"),
        Rule("duplicate-tier", "a tier is told apart by its name"),
        Rule("similar-name", "names that people read as one are created twice by mistake", is_waivable=True),
        Rule("tier-order", "tiers are written low to high, which is what derived upper ends rest on", is_waivable=True),
        Rule("empty-range", "a tier that no balance can reach has no members", is_waivable=True),
        Rule("ladder-overlap", "a member must not be in two tiers at once", is_waivable=True),
        Rule("ladder-gap", "a member must not fall out of the programme between two tiers", is_waivable=True),
        Rule("whole-numbers", "the vendor takes whole numbers only"),
        Rule("expired-waiver", "what was agreed for a time must be agreed again or ended"),
    )
}

Rung = Tier | LiveTier


class Flaw(NamedTuple):
    """A rule that a ladder breaks, the rung that breaks it, and the member whom it would hurt."""

    rule: str
    rung: Rung
    message: str
    member: str = ""


def check(programs: Sequence[Program], whole_numbers: Callable[[Target], bool], today: date) -> tuple[Problem, ...]:
    """Every rule over every program. `whole_numbers` says whether a target's vendor takes integers only.

    Waived findings come back with severity `note`. In the order of the programs, then by line.
    """
    problems = [*_duplicate_programs(programs), *_duplicate_targets(programs)]
    for program in programs:
        problems += _expired(program, today)
        problems += _ladders(program, whole_numbers, today)
    return tuple(sorted(problems, key=lambda problem: problem.at))


def overlaps(ladder: Iterable[Rung], unit: str = "points") -> Iterator[Flaw]:
    """Two rungs that some balance is in. One flaw for each rung that starts inside a lower one."""
    for below, rung in _neighbours(ladder):
        if below.range.meets(rung.range):
            member = _member(_number(rung.range.lower), unit) if rung.range.lower is not None else "every member"
            yield Flaw(
                "ladder-overlap",
                rung,
                f"{rung.name} overlaps {below.name}",
                f"{member} would be in {below.name} and in {rung.name}",
            )


def gaps(ladder: Iterable[Rung], unit: str = "points") -> Iterator[Flaw]:
    """Balances between two rungs that no rung holds. Below the lowest and above the highest is no gap."""
    for below, rung in _neighbours(ladder):
        start, end = below.range.upper, rung.range.lower
        if start is not None and end is not None and start < end:
            yield Flaw(
                "ladder-gap",
                rung,
                f"nothing between {below.name} and {rung.name}: {_number(start)} up to {_number(end)} is in no tier",
                f"{_member(_number(start), unit)} would be in no tier",
            )


def similar_names(ladder: Iterable[Rung]) -> Iterator[Flaw]:
    """Names that differ only in case, surrounding blanks or Unicode form."""
    seen: dict[str, Rung] = {}
    for rung in ladder:
        first = seen.setdefault(normalize("NFKC", normalize("NFKC", rung.name).casefold()).strip(), rung)
        if first.name != rung.name:
            yield Flaw("similar-name", rung, f"{rung.name!r} reads like {first.name!r}")


def duplicate_names(ladder: Iterable[Rung]) -> Iterator[Flaw]:
    """A name that an earlier rung has."""
    seen: set[str] = set()
    for rung in ladder:
        if rung.name in seen:
            yield Flaw("duplicate-tier", rung, f"a second tier is named {rung.name!r}")
        seen.add(rung.name)


def _order(ladder: Sequence[Rung]) -> Iterator[Flaw]:
    for below, rung in pairwise(ladder):
        low, lower = _lower(rung), _lower(below)
        if low <= lower:
            yield Flaw(
                "tier-order",
                rung,
                f"{rung.name} starts at {_number(low)}, not above {below.name}, which starts at {_number(lower)}",
            )


def _empty(ladder: Sequence[Rung]) -> Iterator[Flaw]:
    for rung, above in zip_longest(ladder, ladder[1:]):
        # An upper end derived from a next tier that starts too low is that tier's fault: tier-order says so.
        is_derived = above is not None and rung.range.upper == above.range.lower
        if rung.range.is_empty and not is_derived:
            start, end = _number(_lower(rung)), _number(_upper(rung))
            yield Flaw("empty-range", rung, f"{rung.name} holds nobody: from {start} up to, not including, {end}")


def _fractions(ladder: Iterable[Rung]) -> Iterator[Flaw]:
    for rung in ladder:
        for end in (rung.range.lower, rung.range.upper):
            if end is not None and end != end.to_integral_value():
                yield Flaw("whole-numbers", rung, f"{rung.name} has a bound of {_number(end)}, a fraction")
                break


def _neighbours(ladder: Iterable[Rung]) -> Iterator[tuple[Rung, Rung]]:
    """Each rung with the one below it that reaches highest; rungs that hold no balance are left out."""
    below: Rung | None = None
    for rung in sorted((rung for rung in ladder if not rung.range.is_empty), key=_lower):
        if below is not None:
            yield below, rung
        if below is None or _upper(rung) >= _upper(below):
            below = rung


def _upper(rung: Rung) -> Decimal:
    return Decimal("Infinity") if rung.range.upper is None else rung.range.upper


def _lower(rung: Rung) -> Decimal:
    return Decimal("-Infinity") if rung.range.lower is None else rung.range.lower


def _number(value: Decimal) -> str:
    return format(value, "f")


def _member(balance: str, unit: str) -> str:
    return f"a member with {balance} {unit}" if unit == "points" else f"a member with {unit} {balance}"


def _ladders(program: Program, whole_numbers: Callable[[Target], bool], today: date) -> Iterator[Problem]:
    found: dict[Problem, list[str]] = {}
    for target in program.targets:
        for flaw in _flaws(target, whole_numbers(target)):
            at = flaw.rung.at if isinstance(flaw.rung, Tier) and flaw.rung.at else program.at
            found.setdefault(Problem(flaw.rule, flaw.message, at, flaw.member), []).append(target.name)
    waivers = {waiver.rule: waiver for waiver in program.waivers if waiver.until >= today.isoformat()}
    for problem, targets in found.items():
        told = problem
        if len(targets) < len(program.targets):
            told = told._replace(message=f"{told.message} (target {', '.join(targets)})")
        if waiver := waivers.get(problem.rule):
            message = f"{told.message} (waived until {waiver.until}: {waiver.reason})"
            told = told._replace(message=message, severity=Severity.NOTE)
        yield told


def _flaws(target: Target, is_whole: bool) -> Iterator[Flaw]:
    yield from duplicate_names(target.tiers)
    yield from similar_names(target.tiers)
    yield from _order(target.tiers)
    yield from _empty(target.tiers)
    yield from overlaps(target.tiers, target.unit)
    yield from gaps(target.tiers, target.unit)
    if is_whole:
        yield from _fractions(target.tiers)


def _expired(program: Program, today: date) -> Iterator[Problem]:
    for waiver in program.waivers:
        if waiver.until < today.isoformat():
            yield Problem(
                "expired-waiver", f"the waiver of {waiver.rule} ended on {waiver.until}: {waiver.reason}", waiver.at
            )


def _duplicate_programs(programs: Sequence[Program]) -> Iterator[Problem]:
    seen: dict[str, Program] = {}
    for program in programs:
        first = seen.setdefault(program.key, program)
        if first is not program:
            yield Problem("duplicate-program", f"program {program.key} is already at {first.at}", program.at)


def _duplicate_targets(programs: Sequence[Program]) -> Iterator[Problem]:
    homes: dict[tuple[str, str], Target] = {}
    for program in programs:
        for target in program.targets:
            first = homes.setdefault(target.home, target)
            if first is not target:
                provider, place = target.home
                yield Problem("duplicate-target", f"{provider} {place!r} is already a target at {first.at}", target.at)
