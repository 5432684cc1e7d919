"""The options that commands share, and the types of what they take."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from itertools import combinations
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from tierops.commands import completion
from tierops.commands.session import ReportFile, Session
from tierops.host import disk


class _File(click.Path):
    """A path that can name a file, as a `Path`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        text = str(value)
        if not text or "\0" in text:
            self.fail(f"{text!r} cannot be the name of a file", param, ctx)
        if text == "-":
            self.fail("'-' is not taken for stdin or stdout; for a file of that name, write ./-", param, ctx)
        if text.endswith("/"):
            self.fail(f"{text!r} is a folder, not a file", param, ctx)
        return super().convert(value, param, ctx)


FILE = _File(path_type=Path)


class _Duration(click.ParamType[timedelta]):
    """`90s`, `30m`, `24h` or `7d`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        duration = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", str(value))
        if not duration:
            self.fail(f"{value!r} is not a time such as 90s, 30m, 24h or 7d", param, ctx)
        return timedelta(seconds=int(duration[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[duration[2]])


class Seconds(click.FloatRange):
    """A time in seconds that ends: no infinity, and not `nan`, which is in every range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        if not isfinite(seconds):
            self.fail(f"{value!r} is no number of seconds", param, ctx)
        return seconds


class _Report(click.ParamType[ReportFile]):
    """`FORMAT=FILE`; the file must be one that can be written."""

    name = "report"

    def __init__(self, formats: Sequence[str]) -> None:
        self._formats = formats

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ReportFile:
        format_, is_pair, file = str(value).partition("=")
        if format_ not in self._formats or not is_pair:
            self.fail(f"{value!r} is not FORMAT=FILE with one of: {', '.join(self._formats)}", param, ctx)
        path: Path = FILE.convert(file, param, ctx)
        disk.probe(path)
        return ReportFile(format_, path)

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(f"{name}=") for name in self._formats if f"{name}=".startswith(incomplete)]


def _keep_reports(ctx: click.Context, param: click.Parameter, value: tuple[ReportFile, ...]) -> None:
    for one, other in combinations(value, 2):
        if one.path.resolve() == other.path.resolve():
            raise click.BadParameter(f"two reports would go to {other.path}", ctx, param)
    _keep(ctx, param, value)


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Remember an option; the one nearer to the command's end of the line wins, and a default never does."""
    session = ctx.ensure_object(Session)
    if param.name and ctx.get_parameter_source(param.name) is not ParameterSource.DEFAULT:
        session.choose(**{param.name: value})


_Command = TypeVar("_Command", bound=Callable[..., Any])


def _keep_one(ctx: click.Context, param: click.Parameter, value: tuple[Any, ...]) -> None:
    """Remember an option that may be named once only, on either side of the command."""
    session = ctx.ensure_object(Session)
    name = param.name or ""
    said = {*value, *({getattr(session.line, name)} if name in session.said else ())}
    if len(said) > 1 and not ctx.resilient_parsing:
        shown = " and ".join(sorted(map(str, said)))
        raise click.BadParameter(f"one at a time, not {shown}", ctx, param)
    if value:
        session.said.add(name)
        session.choose(**{name: value[0]})


def _kept(*names: str, **attributes: Any) -> Callable[[_Command], _Command]:
    return click.option(*names, expose_value=False, callback=_keep, **attributes)


def shared(command: _Command) -> _Command:
    """The options that stand before or after the name of a command."""
    path = click.Path(path_type=Path)
    for option in (
        _kept("--no-color", is_flag=True, help="Plain text, as with NO_COLOR or TERM=dumb."),
        _kept("--quiet", "-q", is_flag=True, help="No progress on stderr."),
        _kept("--verbose", "-v", count=True, help="Log every request to stderr."),
        click.option(
            "--env",
            "environment",
            metavar="NAME",
            multiple=True,
            expose_value=False,
            callback=_keep_one,
            shell_complete=completion.environments,
            help="Environment to fill values from [TIEROPS_ENV].",
        ),
        click.option(
            "--dir",
            "directory",
            metavar="DIR",
            multiple=True,
            expose_value=False,
            callback=_keep_one,
            type=path,
            help="Folder of the program files [tiers].",
        ),
    ):
        command = option(command)
    return command


def _formats(*names: str) -> Callable[[_Command], _Command]:
    """How the report is written: to stdout, and to files from the same run."""

    def decorate(command: _Command) -> _Command:
        command = click.option(
            "--report", "reports", multiple=True, metavar="FORMAT=FILE", type=_Report(names),
            expose_value=False, callback=_keep_reports, help="Write the report to this file, too; repeatable.",
        )(command)  # fmt: skip
        return _kept("--format", type=click.Choice(names), help="How the report is written [text].")(command)

    return decorate


format_ = _formats("text", "json", "markdown", "html")
plan_format = _formats("text", "json", "markdown", "html", "notice")
data_format = _kept("--format", type=click.Choice(("text", "json")), help="How the answer is written [text].")
findings_format = _formats("text", "json", "markdown", "html", "sarif", "junit", "github")


program = click.option(
    "--program", "programs", multiple=True, metavar="KEY", shell_complete=completion.programs,
    help="Only this program, or a pattern.",
)  # fmt: skip


def selection(command: _Command) -> _Command:
    """Which targets it is for, as `programs` and `addresses`."""
    command = click.option(
        "--target", "addresses", multiple=True, metavar="ADDRESS", shell_complete=completion.addresses,
        help="Only this target, as PROGRAM/TARGET, or a pattern.",
    )(command)  # fmt: skip
    return program(command)


def _of_project(name: str, otherwise: Any = None) -> Callable[[], Any]:
    """What the project says, as the default of an option; `otherwise` where it says nothing.

    click asks for defaults after all that the line gives, so it is known by then where the project is.
    """

    def value() -> Any:
        said = getattr(click.get_current_context().ensure_object(Session).settings, name, None)
        return otherwise if said is None else said

    return value


max_wait = click.option(
    "--max-wait", type=Seconds(0), default=_of_project("max_wait", 120.0), metavar="SECONDS",
    help="Longest wait for a vendor's rate limit [120].",
)  # fmt: skip
settle = click.option(
    "--settle", type=Seconds(0), default=_of_project("settle", 2.0), metavar="SECONDS",
    help="Quiet period between the two equal reads before a create, and after a lost answer [2].",
)  # fmt: skip
public_key = click.option(
    "--require-signature", "pubkey", type=FILE, default=_of_project("require_signature"), metavar="PUBKEY",
    help="Refuse a plan file that the owner of this ed25519 public key (PEM) did not sign.",
)  # fmt: skip
journal = click.option(
    "--journal", "journal_file", type=FILE, metavar="FILE",
    help="Append to FILE what is about to be written and what came of it; see `tierops journal`.",
)  # fmt: skip
ttl = click.option(
    "--ttl", type=_Duration(), default=_of_project("ttl", "24h"), help="How long the plan is good for [24h]."
)


class Group(click.Group):
    """Commands below a name; the name alone shows its help."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args or ["--help"])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; what is no command says what could have been meant."""
        name = args[0]
        if name in self.commands or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        raise click.UsageError(f"No such command {name!r}{_instead(name, self.commands, ctx.command_path)}.", ctx)


def _instead(name: str, commands: Iterable[str], path: str) -> str:
    if name == "help":
        return f"; for help: {path} --help, or {path} COMMAND --help"
    if name == "version":
        return "; for the version: tierops --version"
    from difflib import get_close_matches  # which no run needs that goes well

    near = get_close_matches(name, commands, 1)
    return f"; did you mean {near[0]!r}" if near else f"; there are: {', '.join(commands)}"


def checked_key(text: str) -> str:
    """The text, if it can be the key of a program or the name of an environment. Raises `click.BadParameter`."""
    if not re.fullmatch("[a-z0-9][a-z0-9-]{0,62}", text):
        raise click.BadParameter("1 to 63 lower-case letters, digits and dashes, the first one no dash")
    return text


def key(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """`checked_key`, as the callback of an option."""
    return value if value is None else checked_key(value)
