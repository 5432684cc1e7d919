"""What a plan changes, told to members: a template says it in its own words and language, from values without words.

The template of a team runs in a sandbox: it reads no file, imports nothing and changes nothing. docs/notice.md lists
the values.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from jinja2 import StrictUndefined, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tierops import model, providers
from tierops.errors import TieropsError
from tierops.model import Kind, LiveTier, Range, Scale, TargetPlan, digits
from tierops.output import jinja
from tierops.output.report import Report, Template
from tierops.text.visible import printable

_HTML = (".html", ".htm", ".html.j2", ".html.jinja")
_LEFT = {
    Kind.DIFFERS: "differs from live",
    Kind.UNMANAGED: "is live, but in no file",
    Kind.BLOCKED: "is blocked",
}


class Benefit(NamedTuple):
    """What a tier gives. `measure` is `times` or `points`, empty for text; `path` is where a tier's fields have it."""

    name: str
    path: str
    amount: Decimal | str
    measure: str
    is_price: bool


class Tier(NamedTuple):
    """A tier. `first` is its lowest balance, `below` the first one out of it, None where there is no such end.

    `last` is the highest balance in it, where balances are whole numbers.
    """

    name: str
    first: Decimal | None
    last: Decimal | None
    below: Decimal | None
    benefits: tuple[Benefit, ...]


class Difference(NamedTuple):
    """A benefit that differs; one side may be None."""

    name: str
    before: Benefit | None
    after: Benefit | None


class Change(NamedTuple):
    """A tier before and after, of which one may be None. `is_moved` says that its range differs."""

    name: str
    before: Tier | None
    after: Tier | None
    is_moved: bool
    benefits: tuple[Difference, ...]


class Target(NamedTuple):
    """One ladder: as it is live, and as the files want it. `changes` are the tiers that differ, low to high."""

    program: str
    target: str
    title: str
    vendor: str
    unit: str
    effective_from: date | None
    before: tuple[Tier, ...]
    after: tuple[Tier, ...]
    changes: tuple[Change, ...]


def render(report: Report) -> str:
    """The text of the notice; nothing where there is no plan. Raises `TieropsError` that names the template's line."""
    if report.plan is None:
        return ""
    template = report.template or Template("the notice", jinja.source("notice.md"))
    environment = ImmutableSandboxedEnvironment(
        autoescape=template.name.lower().endswith(_HTML),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    values = {
        "made": datetime.fromisoformat(report.plan.created_at).date(),
        "environment": report.plan.environment,
        "targets": [_target(one) for one in report.plan.targets],
    }
    try:
        text = environment.from_string(template.text).render(values)
    except TemplateSyntaxError as error:
        raise _wrong(template, error.lineno, error) from None
    except Exception as error:  # noqa: BLE001 (the template is somebody's program)
        raise _wrong(template, _line(error), error) from None
    return text.strip("\n") + "\n"


def left_to_do(plan: model.Plan) -> Iterator[str]:
    """What a notice tells that applying the plan does not bring about: a sentence for each target."""
    for target in plan.targets:
        left = [change for change in target.changes if change.kind in _LEFT]
        if left:
            what = ", ".join(f"{change.name} {_LEFT[change.kind]}" for change in left)
            yield f"{target.address}: apply does not bring about all that the notice tells: {what}"


def _wrong(template: Template, line: int, error: Exception) -> TieropsError:
    return TieropsError(f"{template.name}:{line}: {printable(str(error) or type(error).__name__)}")


def _line(error: Exception) -> int:
    """The line of the template that was running, the innermost."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return next((line for line in reversed(lines) if line), 1)


def _target(planned: TargetPlan) -> Target:
    target, live = planned.target, planned.live
    before, after = (tuple(_tier(tier, planned) for tier in ladder) for ladder in (live.tiers, target.tiers))
    return Target(
        target.program,
        target.name,
        live.identity.name,
        providers.find(target.provider).title,
        target.scale.unit,
        date.fromisoformat(target.effective_from) if target.effective_from else None,
        before,
        after,
        tuple(_changes(before, after)),
    )


def _tier(tier: model.Tier | LiveTier, planned: TargetPlan) -> Tier:
    told = providers.find(planned.target.provider).benefits(tier.fields)
    return Tier(tier.name, *_ends(tier.range, planned.target.scale), tuple(map(_benefit, told)))


def _ends(range_: Range, scale: Scale) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    first, below = (None if end is None else Decimal(scale.number(end)) for end in range_)
    return first, (below - 1 if scale.is_whole and below is not None else None), below


def _benefit(benefit: model.Benefit) -> Benefit:
    amount = benefit.amount if isinstance(benefit.amount, str) else Decimal(digits(benefit.amount))
    measure = benefit.measure.name if benefit.measure else ""
    return Benefit(benefit.path[-1], ".".join(benefit.path), amount, measure, benefit.is_price)


def _changes(before: Sequence[Tier], after: Sequence[Tier]) -> Iterator[Change]:
    old, new = ({tier.name: tier for tier in ladder} for ladder in (before, after))
    for name in sorted({**old, **new}, key=lambda name: _start(new.get(name) or old[name])):
        pair = old.get(name), new.get(name)
        if pair[0] != pair[1]:
            is_moved = _range(pair[0]) != _range(pair[1])
            yield Change(name, *pair, is_moved, tuple(_differences(*map(_by_path, pair))))


def _differences(before: Mapping[str, Benefit], after: Mapping[str, Benefit]) -> Iterator[Difference]:
    for path in {**before, **after}:
        old, new = before.get(path), after.get(path)
        if old != new and (named := new or old):
            yield Difference(named.name, old, new)


def _by_path(tier: Tier | None) -> Mapping[str, Benefit]:
    return {benefit.path: benefit for benefit in tier.benefits} if tier else {}


def _range(tier: Tier | None) -> tuple[Decimal | None, ...]:
    return (tier.first, tier.below) if tier else ()


def _start(tier: Tier) -> Decimal:
    return Decimal("-Infinity") if tier.first is None else tier.first


def _number(value: Decimal | int | str, group: str = ",", point: str = ".") -> str:
    """`1,999`, `99.50`; with other marks, as in `1.999` and `99,50`."""
    if isinstance(value, str):
        return value
    whole, mark, decimals = format(Decimal(value), ",f").partition(".")
    return whole.replace(",", group) + (point if mark else "") + decimals
