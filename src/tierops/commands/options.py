"""The options that commands share, and the types of what they take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import combinations
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from tierops import providers
from tierops.commands.session import ReportFile, Session
from tierops.host import disk
from tierops.providers.vendor import Part, Vendor


class _File(click.Path):
    """A path that can only name a file, as a `Path`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        text = str(value)
        if not text or "\0" in text:
            self.fail(f"{text!r} cannot be the name of a file", param, ctx)
        if text == "-":
            self.fail("'-' is not taken for stdin or stdout; for a file of that name, write ./-", param, ctx)
        if text.endswith("/"):
            self.fail(f"{text!r} is a folder, not a file", param, ctx)
        return super().convert(value, param, ctx)


FILE = _File(dir_okay=False, path_type=Path)


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


class _Pair(click.ParamType[tuple[str, str]]):
    """`KEY=VALUE`."""

    name = "pair"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        key, is_pair, text = str(value).partition("=")
        if not is_pair or not key:
            self.fail(f"{value!r} is not KEY=VALUE", param, ctx)
        return key, checked_name(text)


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


def _kept(*names: str, **attributes: Any) -> Callable[[_Command], _Command]:
    return click.option(*names, expose_value=False, callback=_keep, **attributes)


def _environments(ctx: click.Context, _param: click.Parameter, begun: str) -> list[str]:
    """The names that a shell can complete. It looks for files only, for it runs at every press of the key."""
    folder = ctx.ensure_object(Session).chosen.directory / "environments"
    paths = folder.glob("*.y*ml") if folder.is_dir() else ()
    return sorted({path.stem for path in paths if path.stem.startswith(begun)})


def shared(command: _Command) -> _Command:
    """The options that stand before or after the name of a command."""
    path = click.Path(path_type=Path)
    for option in (
        _kept("--no-color", is_flag=True, help="Plain text, as with NO_COLOR or TERM=dumb."),
        _kept("--quiet", "-q", is_flag=True, help="No progress on stderr."),
        _kept("--verbose", "-v", count=True, help="Log every request to stderr."),
        _kept(
            "--env",
            "environment",
            metavar="NAME",
            shell_complete=_environments,
            help="Environment to fill values from [TIEROPS_ENV].",
        ),
        _kept("--dir", "directory", metavar="DIR", type=path, help="Folder of the program files [tiers]."),
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
findings_format = _formats("text", "json", "markdown", "html", "sarif", "junit", "github")
program = click.option("--program", "programs", multiple=True, metavar="KEY", help="Only this program, or a pattern.")
max_wait = click.option(
    "--max-wait", type=Seconds(0), default=120.0, show_default=True, metavar="SECONDS",
    help="Longest wait for a vendor's rate limit.",
)  # fmt: skip
journal = click.option(
    "--journal", "journal_file", type=FILE, metavar="FILE",
    help="Append to FILE what is about to be written and what came of it; see `tierops journal`.",
)  # fmt: skip
ttl = click.option("--ttl", type=_Duration(), default="24h", show_default=True, help="How long the plan is good for.")


class _Vendor(click.ParamType[Vendor]):
    """The name of a vendor: one of tierops' own, or of another distribution that is installed."""

    name = "vendor"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Vendor:
        vendor = value if isinstance(value, Vendor) else providers.known(str(value))
        if vendor is None:
            self.fail(f"{value!r} is no vendor; there are: {', '.join(providers.names())}", param, ctx)
        return vendor

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(vendor.name) for vendor in providers.own() if vendor.name.startswith(incomplete)]


VENDOR = _Vendor()


class Group(click.Group):
    """Commands below a name; the name alone shows its help."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args or ["--help"])


# Options of the commands that take places, too: a part of a place that is called so has no option of its own.
_TAKEN = frozenset({"all", "at", "ci", "environment", "force", "out", "program", "source", "vendor", "yes"})


def place(*, has_homes_only: bool = False, hidden: bool = False) -> Callable[[_Command], _Command]:
    """`--at`, and for each part of a vendor's place an option that means the same; see `named`."""
    parts: dict[str, list[tuple[Vendor, Part]]] = {}
    for vendor in providers.own():
        for part in vendor.parts:
            if part.name not in _TAKEN and (part.is_home or not has_homes_only):
                parts.setdefault(part.name, []).append((vendor, part))

    def decorate(command: _Command) -> _Command:
        for name, owners in reversed(parts.items()):
            choices = owners[0][1].choices
            command = click.option(
                f"--{name.replace('_', '-')}", name, metavar="VALUE" if choices else "NAME", hidden=hidden,
                type=click.Choice(choices) if choices else None, callback=_name,
                help="; ".join(f"{vendor.title}: {_with_default(part)}" for vendor, part in owners) + ".",
            )(command)  # fmt: skip
        return click.option(
            "--at", multiple=True, metavar="KEY=VALUE", type=_Pair(),
            help="Where the ladder is, as a target's block in a program file has it; repeatable.",
        )(command)  # fmt: skip

    return decorate


def _with_default(part: Part) -> str:
    return f"{part.help} [{part.default}]" if part.default else part.help


def named(at: Sequence[tuple[str, str]], parts: Mapping[str, str | None]) -> dict[str, str]:
    """The place that `--at` and the options of its parts name. Raises `click.UsageError` for a part named twice."""
    block: dict[str, str] = {}
    for name, value in (*at, *parts.items()):
        if value is not None:
            if name in block:
                raise click.UsageError(f"{name} is given twice")
            block[name] = value
    return block


def checked_name(text: str) -> str:
    """The text, if it can be a name. Raises `click.BadParameter`."""
    if not text.strip():
        raise click.BadParameter("a name has at least one visible character")
    return text


def _name(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    return value if value is None else checked_name(value)


def checked_key(text: str) -> str:
    """The text, if it can be the key of a program or the name of an environment. Raises `click.BadParameter`."""
    if not re.fullmatch("[a-z0-9][a-z0-9-]{0,62}", text):
        raise click.BadParameter("1 to 63 lower-case letters, digits and dashes, the first one no dash")
    return text


def key(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """`checked_key`, as the callback of an option."""
    return value if value is None else checked_key(value)
