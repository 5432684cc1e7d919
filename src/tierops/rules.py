"""What must hold for a ladder, each rule with an id. Pure: the same proofs run on files and, at plan time, on the
ladder that the vendor will hold after apply.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise, zip_longest
from typing import NamedTuple

from tierops.model import LiveTier, Problem, Program, Scale, Severity, Target, Tier, digits
from tierops.text import names

SIMILAR_PLACE = "similar-place"
"""The rule that plans hold: whether a place is there is known at plan time only."""


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
    )
}

Rung = Tier | LiveTier


class Flaw(NamedTuple):
    """A rule that a ladder breaks, the rung that breaks it, and the member whom it would hurt."""

    rule: str
    rung: Rung
    message: str
    member: str = ""
    severity: Severity = Severity.ERROR


def check(programs: Sequence[Program], today: date) -> tuple[Problem, ...]:
    """Every rule over every program.

    Waived findings come back with severity `note`. In the order of the programs, then by line.
    """
    problems = [*_duplicate_programs(programs), *_duplicate_targets(programs)]
    for program in programs:
        problems += _expired(program, today)
        problems += _ladders(program, today)
    return tuple(sorted(problems, key=lambda problem: problem.at))


def overlaps(ladder: Iterable[Rung], scale: Scale) -> Iterator[Flaw]:
    """Two rungs that some balance is in. One flaw for each rung that starts inside a lower one."""
    for below, rung in _neighbours(ladder):
        if below.range.meets(rung.range):
            member = _member(rung.range.lower, scale) if rung.range.lower is not None else "every member"
            yield Flaw(
                "ladder-overlap",
                rung,
                f"{rung.name} overlaps {below.name}",
                f"{member} would be in {below.name} and in {rung.name}",
            )


def gaps(ladder: Iterable[Rung], scale: Scale) -> Iterator[Flaw]:
    """Balances between two rungs that no rung holds. Below the lowest and above the highest is no gap."""
    for below, rung in _neighbours(ladder):
        start, end = below.range.upper, rung.range.lower
        if start is not None and end is not None and start < end:
            between = f"{scale.number(start)} up to {scale.number(end)}"
            yield Flaw(
                "ladder-gap",
                rung,
                f"nothing between {below.name} and {rung.name}: {between} is in no tier",
                f"{_member(start, scale)} would be in no tier",
            )


def similar_names(ladder: Iterable[Rung]) -> Iterator[Flaw]:
    """Names that people take for another one's: they differ in case, blanks, quotes or in what nobody sees."""
    seen: dict[str, Rung] = {}
    for rung in ladder:
        first = seen.setdefault(names.folded(rung.name), rung)
        if first.name != rung.name:
            how = names.difference(rung.name, first.name)
            yield Flaw("similar-name", rung, f"{rung.name!r} reads like {first.name!r}: they differ {how}")


def unclear_names(ladder: Iterable[Rung]) -> Iterator[Flaw]:
    """Names of which nobody sees a character, and those with blanks that a vendor may take away."""
    for rung in ladder:
        if not names.has_visible(rung.name):
            yield Flaw("schema", rung, f"the name {rung.name!a} has no visible character")
        elif rung.name != " ".join(rung.name.split()):
            message = f"{rung.name!r} has blanks at an end, or several in a row, which a vendor may take away"
            yield Flaw("similar-name", rung, message, severity=Severity.NOTE)


def duplicate_names(ladder: Iterable[Rung]) -> Iterator[Flaw]:
    """A name that an earlier rung has."""
    seen: set[str] = set()
    for rung in ladder:
        if rung.name in seen:
            yield Flaw("duplicate-tier", rung, f"a second tier is named {rung.name!r}")
        seen.add(rung.name)


def _order(ladder: Sequence[Rung], scale: Scale) -> Iterator[Flaw]:
    for below, rung in pairwise(ladder):
        start, start_below = _lower(rung), _lower(below)
        if start <= start_below:
            message = f"{rung.name} starts at {scale.number(start)}, not above {below.name}"
            yield Flaw("tier-order", rung, f"{message}, which starts at {scale.number(start_below)}")


def _empty(ladder: Sequence[Rung], scale: Scale) -> Iterator[Flaw]:
    for rung, above in zip_longest(ladder, ladder[1:]):
        # An upper end derived from a next tier that starts too low is that tier's fault: tier-order says so.
        is_derived = above is not None and rung.range.upper == above.range.lower
        if rung.range.is_empty and not is_derived:
            end = _upper(rung)
            ends = f"at {digits(end - 1)}" if scale.is_whole and scale.fits(end) else f"below {scale.number(end)}"
            message = f"{rung.name} is empty: it starts at {scale.number(_lower(rung))} and ends {ends}"
            yield Flaw("empty-range", rung, message)


def unfit(ladder: Iterable[Rung], scale: Scale) -> Iterator[Flaw]:
    """Bounds with more decimals than a balance has."""
    rule = "whole-numbers" if scale.is_whole else "not-representable"
    kind = "whole numbers" if scale.is_whole else f"numbers with {scale.places} decimals at most"
    for rung in ladder:
        unfit = [end for end in (rung.range.lower, rung.range.upper) if end is not None and not scale.fits(end)]
        if unfit:
            yield Flaw(rule, rung, f"{rung.name} has the bound {digits(unfit[0])}, but {scale.unit} are {kind} there")


def other_ends(ladder: Iterable[Rung], held: Iterable[Rung], scale: Scale) -> Iterator[Flaw]:
    """Rungs of a ladder that end elsewhere where the vendor holds them; `held` has them in the same order."""
    for rung, kept in zip(ladder, held, strict=True):
        if rung.range != kept.range and not rung.range.is_empty:
            ranges = f"{scale.span(kept.range)} there, not {scale.span(rung.range)}"
            message = f"{rung.name} would be {ranges}: the vendor keeps only where a tier starts"
            yield Flaw("not-representable", rung, message)


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


def _member(balance: Decimal, scale: Scale) -> str:
    return f"a member with {scale.amount(balance)}"


def _ladders(program: Program, today: date) -> Iterator[Problem]:
    """The flaws of every target's ladder; one that several targets have is one problem."""
    holders: dict[Problem, list[str]] = {}
    for target in program.targets:
        for flaw in _flaws(target):
            at = flaw.rung.at if isinstance(flaw.rung, Tier) and flaw.rung.at else program.at
            problem = Problem(
                flaw.rule, flaw.message, at, flaw.member, flaw.severity, program=program.key, tier=flaw.rung.name
            )
            holders.setdefault(problem, []).append(target.name)
    waivers = {waiver.rule: waiver for waiver in program.waivers if waiver.until >= today.isoformat()}
    for problem, owners in holders.items():
        finding = problem
        if len(owners) < len(program.targets):
            message = f"{problem.message} (target {', '.join(owners)})"
            finding = problem._replace(message=message, targets=tuple(owners))
        if waiver := waivers.get(problem.rule):
            waived = f"waived until {waiver.until}: {waiver.reason}"
            message = f"{finding.message} ({waived})"
            finding = finding._replace(message=message, severity=Severity.NOTE, waiver=waived)
        yield finding


def _flaws(target: Target) -> Iterator[Flaw]:
    yield from duplicate_names(target.tiers)
    yield from similar_names(target.tiers)
    yield from unclear_names(target.tiers)
    yield from _order(target.tiers, target.scale)
    yield from _empty(target.tiers, target.scale)
    yield from overlaps(target.tiers, target.scale)
    yield from gaps(target.tiers, target.scale)
    yield from unfit(target.tiers, target.scale)
    yield from other_ends(target.tiers, target.scale.held(target.tiers), target.scale)


def _expired(program: Program, today: date) -> Iterator[Problem]:
    for waiver in program.waivers:
        if waiver.until < today.isoformat():
            message = f"the waiver of {waiver.rule} ended on {waiver.until}: {waiver.reason}"
            yield Problem("expired-waiver", message, waiver.at, program=program.key)


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
