"""The options of the commands, and where the global ones are kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
from click.core import ParameterSource

from tierops.interrupts import Stop

FILE = click.Path(dir_okay=False, path_type=Path)


@dataclass
class Settings:
    """The global options, wherever on the command line they stood, how the report is to be written, and how far it is.

    `is_writing` is True from when a create may have been sent.
    """

    directory: Path = Path("tiers")
    environment: str | None = None
    verbose: int = 0
    quiet: bool = False
    no_color: bool = False
    command: str = ""
    format: str = "text"
    is_writing: bool = False
    stop: Stop = field(default_factory=Stop)

    @property
    def color(self) -> bool | None:
        """As `click.echo` takes it: None leaves it to whether a terminal reads."""
        return False if self.no_color else None


# What one ladder is called at each vendor.
_LADDERS = {"voucherify": "campaign", "fanfare": "group"}


class Import(NamedTuple):
    """What `import` is asked for: the ladder called `place`, to `out` or stdout; all of them where it is None."""

    vendor: str
    place: Mapping[str, str] | None
    key: str | None
    out: Path | None
    is_forced: bool
    max_wait: float

    @classmethod
    def parse(
        cls,
        vendor: str,
        *,
        all_: bool,
        program: str | None,
        out: Path | None,
        force: bool,
        max_wait: float,
        **ladders: str | None,
    ) -> Import:
        """From the command line. Raises `click.UsageError` unless one ladder of this vendor is named, or all are."""
        own = _LADDERS[vendor]
        if wrong := [option for option, name in ladders.items() if name and option != own]:
            raise click.UsageError(f"{vendor} has no --{wrong[0]}: give --{own} or --all")
        name = ladders[own]
        if all_ == bool(name):
            raise click.UsageError(f"give either --{own} or --all")
        if all_ and (program or out):
            raise click.UsageError("--all names keys and files by itself: no --program and no --out with it")
        return cls(vendor, {own: name} if name else None, program, out, force, max_wait)


class _Duration(click.ParamType[timedelta]):
    """`90s`, `30m`, `24h` or `7d`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", str(value))
        if not found:
            self.fail(f"{value!r} is not a time such as 90s, 30m, 24h or 7d", param, ctx)
        return timedelta(seconds=int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]])


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Remember an option; the one nearer to the command's end of the line wins, and a default never does."""
    settings = ctx.ensure_object(Settings)
    if param.name and ctx.get_parameter_source(param.name) is not ParameterSource.DEFAULT:
        setattr(settings, param.name, value)


_Command = TypeVar("_Command", bound=Callable[..., Any])


def _kept(*names: str, **attributes: Any) -> Callable[[_Command], _Command]:
    return click.option(*names, expose_value=False, callback=_keep, **attributes)


def shared(command: _Command) -> _Command:
    """The options that stand before or after the name of a command."""
    path = click.Path(path_type=Path)
    for option in (
        _kept("--no-color", is_flag=True, help="Plain text; NO_COLOR does the same."),
        _kept("--quiet", "-q", is_flag=True, help="No progress on stderr."),
        _kept("--verbose", "-v", count=True, help="Log every request to stderr."),
        _kept("--env", "environment", metavar="NAME", help="Environment to fill values from [TIEROPS_ENV]."),
        _kept("--dir", "directory", metavar="DIR", type=path, help="Folder of the program files [tiers]."),
    ):
        command = option(command)
    return command


format_ = _kept(
    "--format", type=click.Choice(["text", "json", "markdown", "html"]), help="How the report is written [text]."
)
program = click.option("--program", "programs", multiple=True, metavar="KEY", help="Only this program, or a pattern.")
max_wait = click.option(
    "--max-wait", type=click.FloatRange(0), default=120.0, show_default=True, metavar="SECONDS",
    help="Longest wait for a vendor's rate limit.",
)  # fmt: skip
ttl = click.option("--ttl", type=_Duration(), default="24h", show_default=True, help="How long the plan is good for.")
settle = click.option(
    "--settle", type=click.FloatRange(0), default=2.0, show_default=True, metavar="SECONDS",
    help="Quiet period between two equal reads after a lost answer.",
)  # fmt: skip


def _key(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch("[a-z0-9][a-z0-9-]{0,62}", value):
        raise click.BadParameter("1 to 63 lower-case letters, digits and dashes, the first one no dash", ctx, param)
    return value


def import_(command: _Command) -> _Command:
    """What `import` takes; see `Import`."""
    for option in (
        max_wait,
        click.option("--force", is_flag=True, help="Overwrite files."),
        click.option("--out", type=FILE, metavar="FILE", help="Write to this file."),
        click.option("--program", metavar="KEY", callback=_key, help="Key of the program; by default from the name."),
        click.option("--all", "all_", is_flag=True, help="Every ladder, into a file each below --dir."),
        *(
            click.option(f"--{name}", metavar="NAME", help=f"{vendor.title()}: the {name}, by name or id.")
            for vendor, name in reversed(_LADDERS.items())
        ),
        click.argument("vendor", type=click.Choice(list(_LADDERS))),
    ):
        command = option(command)
    return command
