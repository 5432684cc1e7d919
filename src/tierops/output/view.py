"""A report as small values for the templates: every text is printable and short, none is escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from tierops.model import (
    Change,
    Kind,
    LiveTier,
    Plan,
    Position,
    Problem,
    Report,
    Result,
    TargetPlan,
    Tier,
    Value,
    exact,
)
from tierops.output import ladder
from tierops.output.words import STATES, count, meaning, moment, shortened
from tierops.text import jsontext
from tierops.text.visible import printable

MOST_RUNGS = 60  # of a ladder; longer ones show only what differs
_MOST_NOTE = 600
_MOST_VALUE = 300
_MOST_BODY = 20_000
_LONGEST_PATH = 1_000


class Field(NamedTuple):
    """One vendor field of a tier as JSON, before and after; empty where the tier has no such side."""

    path: str
    before: str
    after: str


class Line(NamedTuple):
    """One change. `before` and `after` are the live and the desired range, empty where there is none."""

    kind: Kind
    meaning: str
    name: str
    before: str
    after: str
    note: str
    at: str
    href: str
    fields: tuple[Field, ...]
    updated: str

    @property
    def range(self) -> str:
        """The range in one cell."""
        if self.before and self.after and self.before != self.after:
            return f"{self.before} → {self.after}"
        return self.after or self.before


class Rung(NamedTuple):
    """Balances that are in the same tiers throughout, low to high; `alike` counts ranges left out in its stead."""

    range: str
    live: str
    desired: str
    alike: int = 0


class Ended(NamedTuple):
    """What became of one create."""

    name: str
    state: str
    word: str
    detail: str


class Target(NamedTuple):
    """One target of a plan, or of what apply did with it."""

    plan: TargetPlan
    address: str
    place: str
    unit: str
    facts: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    requests: tuple[str, ...]
    ended: tuple[Ended, ...] = ()
    trouble: str = ""
    told: str = ""

    @property
    def is_worth_telling(self) -> bool:
        """False where nothing differs and nothing was done."""
        return bool(self.lines or self.ended or self.trouble)

    @property
    def counts(self) -> tuple[tuple[Kind, int], ...]:
        """How many lines there are of each kind that there is."""
        kinds = Counter(line.kind for line in self.lines)
        return tuple((kind, kinds[kind]) for kind in Kind if kinds[kind])


class Finding(NamedTuple):
    """A problem in the files."""

    severity: str
    at: str
    href: str
    rule: str
    message: str


def targets(report: Report) -> tuple[Target, ...]:
    """The targets of the results where there are some, else of the plan."""
    if report.results is not None:
        return tuple(_result(result) for result in report.results)
    planned = report.plan.targets if report.plan else ()
    return tuple(_target(target, target.changes, is_planned=report.command != "drift") for target in planned)


def findings(problems: Sequence[Problem]) -> tuple[Finding, ...]:
    """The problems, each with whom it would hurt."""
    return tuple(
        Finding(
            problem.severity.value,
            shortened(str(problem.at), 300),
            _href(problem.at),
            problem.rule,
            shortened(problem.told, _MOST_NOTE),
        )
        for problem in problems
    )


def rungs(target: TargetPlan) -> tuple[Rung, ...]:
    """The ladder, highest first. Of a long one, ranges that are alike on both sides are only counted."""
    symbols = {change.name: change.kind for change in target.changes}
    seen = {name: kind for name, kind in symbols.items() if kind in {Kind.DIFFERS, Kind.UNMANAGED}}  # on the live side
    found: list[Rung] = []
    alike = 0
    rows = ladder.rows(target.live.tiers, target.target.tiers)
    for row in rows:
        if len(rows) > MOST_RUNGS and not row.is_different(symbols):
            alike += 1
            continue
        if alike:
            found.append(_elided(alike))
            alike = 0
        balance = target.target.scale.span(row.range)
        found.append(Rung(balance, _names(row.live, seen), _names(row.desired, symbols)))
    return (*found, _elided(alike)) if alike else tuple(found)


def facts(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Where the plan is for and when it was made."""
    pairs = (
        ("Environment", shortened(plan.environment or "none")),
        ("Made", moment(plan.created_at)),
        ("Good until", moment(plan.expires_at) if plan.expires_at != plan.created_at else ""),
    )
    return tuple((name, value) for name, value in pairs if value)


def _target(target: TargetPlan, changes: Sequence[Change], *, is_planned: bool) -> Target:
    identity = target.live.identity
    return Target(
        target,
        shortened(target.address, 200),
        shortened(f"{target.target.provider.title()} {identity.kind} {identity.name}", 200),
        shortened(target.target.scale.unit),
        (
            (f"{identity.kind.capitalize()} id", shortened(identity.id, 200)),
            ("Address", shortened(identity.base_url, 200)),
            ("Read", shortened(target.live.proof, 200)),
            ("File", shortened(f"{target.target.at.file}:{target.target.at.line}", 300)),
        ),
        tuple(_lines(changes, target, is_planned=is_planned)),
        tuple(_requests(target)) if is_planned else (),
    )


def _result(result: Result) -> Target:
    ended = tuple(
        Ended(shortened(o.name), o.fate.value, STATES[o.fate], shortened(o.detail, _MOST_NOTE)) for o in result.outcomes
    )
    if result.remaining is None:
        told = f"What is live now {'was not' if result.is_interrupted else 'could not be'} read."
    elif result.remaining:
        told = f"{count(len(result.remaining), 'difference')} {'remains' if len(result.remaining) == 1 else 'remain'}."
    else:
        told = "Live equals the files."
    made = _target(result.target, result.remaining or (), is_planned=False)
    return made._replace(ended=ended, trouble=shortened(result.trouble, _MOST_NOTE), told=told, facts=made.facts[:2])


def _lines(changes: Sequence[Change], target: TargetPlan, *, is_planned: bool) -> Iterator[Line]:
    reasons: dict[str, str] = {}  # why something is blocked → the first tier that is, for that reason
    for change in changes:
        note = _note(change, is_planned=is_planned)
        if change.kind is Kind.BLOCKED and is_planned:
            first = reasons.setdefault(note, change.name)
            note = note if first == change.name else f"blocked for the same reason as {shortened(first)}"
        before, after = (target.target.scale.span(tier.range) if tier else "" for tier in (change.before, change.after))
        at = change.after.at if change.after else None
        yield Line(
            change.kind,
            meaning(change.kind, is_planned=is_planned),
            shortened(change.name),
            before,
            after,
            shortened(note, _MOST_NOTE),
            shortened(f"{at.file}:{at.line}", 300) if at else "",
            _href(at) if at else "",
            tuple(_fields(change)),
            shortened(change.before.updated_at) if change.before and change.before.updated_at else "",
        )


def _note(change: Change, *, is_planned: bool) -> str:
    if change.kind is Kind.DIFFERS:
        return f"differs in {', '.join(dict.fromkeys(field.path[0] for field in change.fields))}: {change.note}"
    is_missing = change.kind in {Kind.CREATE, Kind.BLOCKED}
    return "in the file, but not live" if is_missing and not is_planned else change.note


def _fields(change: Change) -> Iterator[Field]:
    if change.kind is Kind.DIFFERS:
        for field in change.fields:
            if field.path[0] != "range":
                yield Field(shortened(".".join(field.path), 200), _shown(field.before), _shown(field.after))
        return
    tier: Tier | LiveTier | None = change.after or change.before
    for name, value in (tier.fields if tier else {}).items():
        for path, item in _leaves(name, value):
            sides = (_shown(item), "") if change.kind is Kind.UNMANAGED else ("", _shown(item))
            yield Field(shortened(path, 200), *sides)


def _leaves(name: str, value: Value) -> Iterator[tuple[str, Value]]:
    if isinstance(value, Mapping):
        yield from ((f"{name}.{key}", item) for key, item in value.items())
    else:
        yield name, value


def _shown(value: Value) -> str:
    return "absent" if value is None else shortened(jsontext.dumps(exact(value)), _MOST_VALUE)


def _requests(target: TargetPlan) -> Iterator[str]:
    for request in target.requests:
        body = jsontext.dumps(exact(request.body), indent=2)
        if len(body) > _MOST_BODY:
            body = f"(a body of {len(body):,} characters; the plan file holds it)"
        yield f"{request.method} {printable(request.path)}\n{body}"


def _names(names: Sequence[str], symbols: Mapping[str, Kind]) -> str:
    shown = (f"{shortened(name)} {symbols[name].symbol}" if name in symbols else shortened(name) for name in names)
    return " and ".join(shown) or "no tier"


def _elided(alike: int) -> Rung:
    return Rung("⋮", f"{count(alike, 'range')} alike", "", alike)


def _href(at: Position) -> str:
    """Where a file is, seen from a report in the folder that tierops ran in; `#L12` is the line on a code host."""
    # Never `//`, which would be another host.
    root = "/" if at.file.startswith("/") else "./"
    return f"{root}{quote(at.file.lstrip('/')[:_LONGEST_PATH], errors='replace')}#L{at.line}"
