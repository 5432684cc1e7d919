"""The options with which members are counted, and the count: shared by every command that asks who moves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from tierops import providers
from tierops.commands import options
from tierops.errors import TieropsError, UsageError
from tierops.host import disk
from tierops.model import MEMBERS, Identity, Impact, Live, Plan, Position, Problem, Target, TargetPlan

if TYPE_CHECKING:
    from tierops.members.axis import Comparison

_GUARDS = "downgrades, upgrades, leavers, joiners, moved_pct"
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Asked(NamedTuple):
    """What a command line says of members."""

    file: str
    engine: str
    value_column: str
    value_type: str | None
    skip_bad: bool
    margin: str
    min_count: int
    guards: tuple[str, ...]
    list: Path | None


class _Margin(click.ParamType[str]):
    """`10`, `2.50` or `5%`."""

    name = "margin"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,10})?%?", str(value)):
            self.fail(f"{value!r} is no margin such as 10, 2.50 or 5%", param, ctx)
        return str(value)


class _Guard(click.ParamType[str]):
    """`downgrades>0`."""

    name = "guard"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from tierops.members import guards

        try:
            guards.parse(str(value))
        except UsageError as error:
            self.fail(str(error), param, ctx)
        return str(value)


def source(command: _Command, *, is_required: bool = False) -> _Command:
    """From where members are read."""
    for option in (
        click.option("--skip-bad", is_flag=True, help="Leave out rows that are no members, and say how many."),
        click.option("--value-type", metavar="TYPE", help="How many digits a balance has, as in decimal(18,2)."),
        click.option("--value-column", default="value", show_default=True, metavar="NAME", help="Its balances."),
        click.option(
            "--engine", type=click.Choice(("duckdb", "spark")), default="duckdb", show_default=True,
            help="What counts the members.",
        ),
        click.option(
            "--members", "members_file", metavar="FILE", required=is_required,
            help="Members to count: CSV or Parquet, a path, a pattern or a folder; with Spark also a table.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def asked(*, is_required: bool = False) -> Callable[[_Command], _Command]:
    """All options of a count; the command gets them in one `Asked`, as `members`, None where no file is named."""

    def decorate(command: _Command) -> _Command:
        @wraps(command)  # with the options that it has already
        def gathered(*arguments: Any, **named: Any) -> Any:
            file = named.pop("members_file")
            taken = {name: named.pop(name) for name in Asked._fields[1:] if name not in {"guards", "list"}}
            made = Asked(file, **taken, guards=named.pop("fail_on"), list=named.pop("list_file"))
            if file is None and (made.guards or made.list or made.skip_bad or made.value_type):
                raise click.UsageError(
                    "--fail-on, --list, --skip-bad and --value-type are about members: --members FILE"
                )
            return command(*arguments, members=None if file is None else made, **named)

        decorated: Any = gathered
        for option in (
            click.option(
                "--list", "list_file", type=options.FILE, metavar="FILE",
                help="Write who moves to this file; else no member is named anywhere.",
            ),
            click.option(
                "--fail-on", type=_Guard(), multiple=True, metavar="GUARD",
                help=f"Exit with 1 where this is so: {_GUARDS}, as in 'downgrades>0'; repeatable.",
            ),
            click.option(
                "--min-count", type=click.IntRange(0), default=0, metavar="NUMBER",
                help="Keep back numbers of members below this.",
            ),
            click.option(
                "--margin", type=_Margin(), default="5%", show_default=True, metavar="AMOUNT",
                help="How near a bound a member is near it: an amount, or a share of the bound.",
            ),
        ):  # fmt: skip
            decorated = option(decorated)
        result: _Command = source(decorated, is_required=is_required)
        return result

    return decorate


class Answered(NamedTuple):
    """Who moves, in the order of the questions, with small numbers kept back, and what `--fail-on` says to it.

    `exact` has every number: for guards, never for a report.
    """

    impacts: tuple[Impact, ...]
    problems: tuple[Problem, ...]
    exact: tuple[Impact, ...]


def answer(members: Asked, comparisons: Sequence[tuple[Comparison, Position]]) -> Answered:
    """Count the members and answer. Raises `TieropsError` for what cannot be read, `UsageError` for wrong options."""
    from tierops.members import guards, hiding, run
    from tierops.members.axis import Margin

    margin = Margin(Decimal(members.margin.rstrip("%")), members.margin.endswith("%"))
    claims = [guards.parse(guard) for guard in members.guards]
    asked_ = [comparison for comparison, _ in comparisons]
    said = {"engine": members.engine, "value_column": members.value_column, "value_type": members.value_type}
    with run.opened(members.file, skips_bad=members.skip_bad, **said) as census:  # type: ignore[arg-type]
        if members.list and not census.has_ids:
            raise TieropsError(f"--list: {members.file} has no column member_id, so nobody can be listed")
        taken = run.take(census, asked_, margin)
        problems = tuple(
            Problem(MEMBERS, f"{asked.address}: {why}", at)
            for (asked, at), impact in zip(comparisons, taken.impacts, strict=True)
            for guard in claims
            if (why := guards.broken(guard, impact._replace(min_count=members.min_count)))
        )
        if members.list:
            disk.save_lines(members.list, run.movers(census, asked_, taken.counted), disk.PRIVATE)
    if taken.impacts and taken.impacts[0].members < members.min_count:
        raise TieropsError(
            f"{members.file} has fewer members than --min-count {members.min_count}: none can be told of"
        )
    hidden = tuple(hiding.hide(impact, members.min_count) for impact in taken.impacts)
    return Answered(hidden, problems, tuple(one._replace(min_count=members.min_count) for one in taken.impacts))


class Held(NamedTuple):
    """A plan with who moves at each of its targets, what `--fail-on` says to it, and what answers a policy's guards.

    `guard` is None where no members were counted.
    """

    plan: Plan
    problems: tuple[Problem, ...] = ()
    guard: Callable[[TargetPlan, Sequence[str]], Iterable[str]] | None = None


def of_plan(members: Asked | None, plan: Plan) -> Held:
    """The plan with who moves. Raises as `answer` does."""
    if members is None or not plan.targets:
        return Held(plan)
    from tierops.members import guards, questions

    asked_ = [(questions.of_plan(one, acts(one.target, one.live)), one.target.at) for one in plan.targets]
    answered = answer(members, asked_)
    pairs = zip(plan.targets, answered.impacts, strict=True)
    targets: tuple[TargetPlan, ...] = tuple(planned._replace(impact=impact) for planned, impact in pairs)
    exact = {planned.address: impact for planned, impact in zip(plan.targets, answered.exact, strict=True)}

    def guard(planned: TargetPlan, claims: Sequence[str]) -> Iterable[str]:
        return guards.tripped(exact[planned.address], claims)

    return Held(plan._replace(targets=targets), answered.problems, guard)


def acts(target: Target, live: Live | None = None) -> str:
    """When the vendor of a target moves members, in its own sentence."""
    vendor = providers.find(target.provider)
    if live is None:
        live = Live(Identity(vendor.default_url, vendor.noun, "", target.place.name, None), (), "")
    happens = vendor.abilities(target.place, live).members
    if not happens:
        return f"When {vendor.title} moves members is not known."
    return (
        f"{vendor.title}: members in the range of a new tier {happens}; what a change by hand does is not known here."
    )
