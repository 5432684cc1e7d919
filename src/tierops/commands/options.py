"""The options of the commands, and where the global ones are kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
from click.core import ParameterSource

from tierops.host import disk
from tierops.host.interrupts import Stop

if TYPE_CHECKING:
    from tierops.journal import Journal
    from tierops.providers.http import Witness


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


class ReportFile(NamedTuple):
    """A report that a run writes besides the one on stdout."""

    format: str
    path: Path


@dataclass
class Settings:
    """The global options, wherever on the command line they stood, how the report is to be written, and how far it is.

    `is_writing` is True from when a create may have been sent. `journal` is the one that this run keeps, once it has
    begun. `redact` takes whole keys out of a text, `redact_all` also parts of them out of a short one. `writes` tells
    how many requests that write have left so far.
    """

    directory: Path = Path("tiers")
    environment: str | None = None
    verbose: int = 0
    quiet: bool = False
    no_color: bool = False
    command: str = ""
    format: str = "text"
    reports: tuple[ReportFile, ...] = ()
    is_writing: bool = False
    stop: Stop = field(default_factory=Stop)
    journal: Journal | None = None
    redact: Callable[[str], str] = str
    redact_all: Callable[[str], str] = str
    writes: Callable[[], int] = int

    @property
    def color(self) -> bool | None:
        """As `click.echo` takes it: None leaves it to whether a terminal reads."""
        return False if self.no_color else None

    def keep_apart(self, *paths: Path | None) -> None:
        """Raise `click.UsageError` where a report would be written over a file that is something else."""
        for path in paths:
            if path is not None and any(_same(path, report.path) for report in self.reports):
                raise click.UsageError(f"--report would overwrite {path}")

    @property
    def witness(self) -> Callable[[str], Witness] | None:
        """Who is told of the writes to a vendor; see `stages.Vendors`."""
        return self.journal.witness if self.journal else None

    def begin_journal(self, path: Path | None, environ: Mapping[str, str]) -> None:
        """Begin the journal, if there is to be one. Raises `UsageError` where it cannot be written."""
        if path is not None:
            from tierops import journal

            self.journal = journal.begin(path, self.command, self.environment, journal.who(environ))


# How the names of those variables of a vendor end whose values may be shown.
_NO_SECRET = ("_URL", "_PROJECT")
# What one ladder is called at each vendor.
_LADDERS = {"voucherify": "campaign", "fanfare": "group"}


def settings(environ: Mapping[str, str]) -> Settings:
    """The options as they are unless told, and what keeps the vendors' keys secret: the values of their variables."""
    vendors = tuple(f"{vendor.upper()}_" for vendor in _LADDERS)
    keys = [
        value.strip() for name, value in environ.items() if name.startswith(vendors) and not name.endswith(_NO_SECRET)
    ]
    if not keys:
        return Settings()
    from tierops.text.redaction import Redaction

    redaction = Redaction(keys)
    return Settings(redact=redaction.whole, redact_all=redaction.every)


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


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _keep_reports(ctx: click.Context, param: click.Parameter, value: tuple[ReportFile, ...]) -> None:
    for one, other in combinations(value, 2):
        if _same(one.path, other.path):
            raise click.BadParameter(f"two reports would go to {other.path}", ctx, param)
    _keep(ctx, param, value)


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Remember an option; the one nearer to the command's end of the line wins, and a default never does."""
    settings = ctx.ensure_object(Settings)
    if param.name and ctx.get_parameter_source(param.name) is not ParameterSource.DEFAULT:
        setattr(settings, param.name, value)


_Command = TypeVar("_Command", bound=Callable[..., Any])


def _kept(*names: str, **attributes: Any) -> Callable[[_Command], _Command]:
    return click.option(*names, expose_value=False, callback=_keep, **attributes)


def _environments(ctx: click.Context, _param: click.Parameter, begun: str) -> list[str]:
    """The names that a shell can complete. It looks for files only, for it runs at every press of the key."""
    folder = ctx.ensure_object(Settings).directory / "environments"
    found = folder.glob("*.y*ml") if folder.is_dir() else ()
    return sorted({path.stem for path in found if path.stem.startswith(begun)})


def shared(command: _Command) -> _Command:
    """The options that stand before or after the name of a command."""
    path = click.Path(path_type=Path)
    for option in (
        _kept("--no-color", is_flag=True, help="Plain text; NO_COLOR does the same."),
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
findings_format = _formats("text", "json", "markdown", "html", "sarif", "junit", "github")
program = click.option("--program", "programs", multiple=True, metavar="KEY", help="Only this program, or a pattern.")
all_environments = click.option(
    "--all-environments", is_flag=True, help="Check with the values of every environment; --env is not needed."
)
max_wait = click.option(
    "--max-wait", type=click.FloatRange(0), default=120.0, show_default=True, metavar="SECONDS",
    help="Longest wait for a vendor's rate limit.",
)  # fmt: skip
journal = click.option(
    "--journal", "journal_file", type=FILE, metavar="FILE",
    help="Append to FILE what is about to be written and what came of it; see `tierops journal`.",
)  # fmt: skip
ttl = click.option("--ttl", type=_Duration(), default="24h", show_default=True, help="How long the plan is good for.")
sign = click.option(
    "--sign", "keyfile", type=FILE, metavar="KEYFILE", help="Sign the saved plan with this ed25519 private key (PEM)."
)
require_signature = click.option(
    "--require-signature", "pubkey", type=FILE, metavar="PUBKEY",
    help="Refuse a plan file that the owner of this ed25519 public key (PEM) did not sign.",
)  # fmt: skip
settle = click.option(
    "--settle", type=click.FloatRange(0), default=2.0, show_default=True, metavar="SECONDS",
    help="Quiet period between two equal reads after a lost answer.",
)  # fmt: skip


def checked_key(text: str) -> str:
    """The text, if it can be the key of a program or the name of an environment. Raises `click.BadParameter`."""
    if not re.fullmatch("[a-z0-9][a-z0-9-]{0,62}", text):
        raise click.BadParameter("1 to 63 lower-case letters, digits and dashes, the first one no dash")
    return text


def key(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """`checked_key`, as the callback of an option."""
    return value if value is None else checked_key(value)


def import_(command: _Command) -> _Command:
    """What `import` takes; see `Import`."""
    for option in (
        max_wait,
        click.option("--force", is_flag=True, help="Overwrite files."),
        click.option("--out", type=FILE, metavar="FILE", help="Write to this file."),
        click.option("--program", metavar="KEY", callback=key, help="Key of the program; by default from the name."),
        click.option("--all", "all_", is_flag=True, help="Every ladder, into a file each below --dir."),
        *(
            click.option(f"--{name}", metavar="NAME", help=f"{vendor.title()}: the {name}, by name or id.")
            for vendor, name in reversed(_LADDERS.items())
        ),
        click.argument("vendor", type=click.Choice(list(_LADDERS))),
    ):
        command = option(command)
    return command
