"""A report as small values for the formats: every text is printable and short, none is escaped.

The types are the model's as a reader sees them: a `Change` here is a `model.Change` with its range as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from tierops import model
from tierops.model import Kind, Position, TargetPlan
from tierops.output import ladder, words
from tierops.output.report import Report
from tierops.output.waived import folded
from tierops.output.words import moment, shortened
from tierops.text import jsontext
from tierops.text.visible import printable
from tierops.text.wording import shown

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


class Change(NamedTuple):
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
    """Balances that are in the same tiers throughout, with the names of the tiers and what happens to them.

    `alike` counts the ranges that are left out in its stead, which are alike on both sides.
    """

    range: str
    live: tuple[str, ...]
    desired: tuple[str, ...]
    alike: int = 0


class Outcome(NamedTuple):
    """What became of one create."""

    name: str
    state: str
    word: str
    detail: str


class Target(NamedTuple):
    """One target of a plan, or of what apply did with it. `steps` is what a person has to do afterwards."""

    plan: TargetPlan
    address: str
    place: str
    unit: str
    facts: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]
    requests: tuple[str, ...]
    steps: tuple[str, ...]
    outcomes: tuple[Outcome, ...] = ()
    trouble: str = ""
    state: str = ""

    @property
    def is_worth_telling(self) -> bool:
        """False where nothing differs and nothing was done."""
        return bool(self.changes or self.outcomes or self.trouble)

    @property
    def counts(self) -> tuple[tuple[Kind, int], ...]:
        """How many changes there are of each kind that there is."""
        return tuple(words.amounts(change.kind for change in self.changes).items())


class Problem(NamedTuple):
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
    is_planned = report.command != "drift"
    viewed = (_target(target, target.changes, is_planned=is_planned) for target in planned)
    return tuple(
        one._replace(facts=(*one.facts, *_history(report.histories.get(target.address))))
        for one, target in zip(viewed, planned, strict=True)
    )


def _history(told: model.History | None) -> Iterator[tuple[str, str]]:
    for line in words.history(told):
        yield "The vendor's log", shortened(line, _MOST_NOTE)


def problems(listed: Sequence[model.Problem]) -> tuple[Problem, ...]:
    """The problems, each with whom it would hurt."""
    return tuple(
        Problem(
            problem.severity.value,
            shortened(str(problem.at), 300),
            _href(problem.at),
            problem.rule,
            shortened(problem.told, _MOST_NOTE),
        )
        for problem in folded(listed)
    )


def rungs(target: TargetPlan, most: int = MOST_RUNGS) -> tuple[Rung, ...]:
    """The ladder, highest first. Of one with more rungs, ranges that are alike on both sides are only counted."""
    symbols = {change.name: change.kind for change in target.changes}
    on_live_side = {n: kind for n, kind in symbols.items() if kind in {Kind.DIFFERS, Kind.UNMANAGED}}
    span = target.target.scale.span
    return tuple(
        Rung("⋮", (), (), row.alike)
        if row.alike
        else Rung(span(row.range), _names(row.live, on_live_side), _names(row.desired, symbols))
        for row in ladder.shortened(target, most)
    )


def facts(plan: model.Plan) -> tuple[tuple[str, str], ...]:
    """Where the plan is for and when it was made."""
    pairs = (
        ("Environment", shortened(plan.environment or "none")),
        ("Made", moment(plan.created_at)),
        ("Good until", moment(plan.expires_at) if plan.expires_at != plan.created_at else ""),
    )
    return tuple((name, value) for name, value in pairs if value)


def _target(target: TargetPlan, changes: Sequence[model.Change], *, is_planned: bool) -> Target:
    identity = target.live.identity
    return Target(
        plan=target,
        address=shortened(target.address, 200),
        place=shortened(f"{words.vendor(target.target.provider)} {identity.kind} {identity.name}", 200),
        unit=shortened(target.target.scale.unit),
        facts=(
            (f"{identity.kind.capitalize()} id", shortened(identity.id, 200) or shortened(words.newness(target), 200)),
            ("Address", shortened(identity.base_url, 200)),
            ("Read", shortened(target.live.proof, 200)),
            ("File", shortened(f"{target.target.at.file}:{target.target.at.line}", 300)),
        ),
        changes=tuple(_changes(changes, target, is_planned=is_planned)),
        requests=tuple(_requests(target)) if is_planned else (),
        steps=_steps(words.later_steps(target)) if is_planned else (),
    )


def _result(result: model.Result) -> Target:
    outcomes = tuple(
        Outcome(shortened(o.name), o.fate.value, words.FATES[o.fate], shortened(o.detail, _MOST_NOTE))
        for o in result.outcomes
    )
    target = _target(result.target, result.remaining or (), is_planned=False)
    return target._replace(
        outcomes=outcomes,
        trouble=shortened(result.trouble, _MOST_NOTE),
        state=words.state_of_live(result),
        steps=_steps(words.remaining_steps(result)),
        facts=target.facts[:2],
    )


def _steps(steps: Sequence[str]) -> tuple[str, ...]:
    return tuple(shortened(step, _MOST_NOTE) for step in steps)


def _changes(changes: Sequence[model.Change], target: TargetPlan, *, is_planned: bool) -> Iterator[Change]:
    for change, note in zip(changes, words.notes(changes, is_planned=is_planned), strict=True):
        sides = (change.before, change.after)
        before, after = (target.target.scale.span(tier.range) if tier else "" for tier in sides)
        at = change.after.at if change.after else None
        yield Change(
            kind=change.kind,
            meaning=words.meaning(change.kind, is_planned=is_planned),
            name=shortened(change.name),
            before=before,
            after=after,
            note=shortened(f"{_differing(change)}{note}", _MOST_NOTE),
            at=shortened(f"{at.file}:{at.line}", 300) if at else "",
            href=_href(at) if at else "",
            fields=tuple(_fields(change)),
            updated=shortened(change.before.updated_at) if change.before and change.before.updated_at else "",
        )


def _differing(change: model.Change) -> str:
    names = dict.fromkeys(field.path[0] for field in change.fields)
    return f"differs in {', '.join(names)}: " if change.kind is Kind.DIFFERS else ""


def _fields(change: model.Change) -> Iterator[Field]:
    if change.kind is Kind.DIFFERS:
        for field in change.fields:
            if field.path[0] != "range":
                yield Field(shortened(".".join(field.path), 200), _value(field.before), _value(field.after))
        return
    tier = change.after or change.before
    for path, value in words.leaves(tier.fields if tier else {}):
        sides = (_value(value), "") if change.kind is Kind.UNMANAGED else ("", _value(value))
        yield Field(shortened(path, 200), *sides)


def _value(value: model.Value) -> str:
    return shortened(shown(value), _MOST_VALUE)


def _requests(target: TargetPlan) -> Iterator[str]:
    for request in target.requests:
        body = jsontext.dumps(model.exact(request.body), indent=2)
        if len(body) > _MOST_BODY:
            body = f"(a body of {len(body):,} characters; the plan file holds it)"
        yield f"{request.method} {printable(request.path)}\n{body}"


def _names(names: Sequence[str], symbols: Mapping[str, Kind]) -> tuple[str, ...]:
    return tuple(f"{shortened(name)} {symbols[name].symbol}" if name in symbols else shortened(name) for name in names)


def _href(at: Position) -> str:
    """Where a file is, seen from a report in the folder that tierops ran in; `#L12` is the line on a code host."""
    # Never `//`, which would be another host.
    root = "/" if at.file.startswith("/") else "./"
    return f"{root}{quote(at.file.lstrip('/')[:_LONGEST_PATH], errors='replace')}#L{at.line}"
