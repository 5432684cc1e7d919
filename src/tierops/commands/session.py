"""One run: what its command line chose, where it speaks, and what it holds open."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, date, datetime, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from tierops import output, providers
from tierops.commands import checkout, console, project
from tierops.commands.console import Console
from tierops.errors import BadFile, BadInput, Exit
from tierops.host import disk, logs
from tierops.host.interrupts import Stop
from tierops.host.progress import Watch
from tierops.model import Problem
from tierops.output import Report
from tierops.providers.connections import Connections, connect
from tierops.providers.limits import Waiting
from tierops.text.redaction import Redaction

if TYPE_CHECKING:
    from tierops.config.settings import Settings
    from tierops.journal import Journal

_MOST_SOURCE = 10 * 1024 * 1024  # bytes of a file that findings are shown in

UNDER_WAY = "a create may have been under way: plan again to see"


class ReportFile(NamedTuple):
    """A report that a run writes besides the one on stdout."""

    format: str
    path: Path


class Chosen(NamedTuple):
    """The options that many commands share, wherever on the command line they stood.

    `directories` are those that are one project, `directory` the first of them; `timezone` is where waivers end.
    """

    directory: Path = Path("tiers")
    directories: tuple[Path, ...] = (Path("tiers"),)
    timezone: str = "UTC"
    environment: str | None = None
    verbose: int = 0
    quiet: bool = False
    no_color: bool = False
    format: str = "text"
    reports: tuple[ReportFile, ...] = ()

    @property
    def today(self) -> date:
        """The day that it is where waivers end."""
        zone: tzinfo = UTC
        if self.timezone != "UTC":
            from zoneinfo import ZoneInfo  # few projects name one

            zone = ZoneInfo(self.timezone)
        return datetime.now(zone).date()

    def keep_apart(self, *paths: Path | None) -> None:
        """Raise `click.UsageError` where a report would be written over a file that is something else."""
        for path in paths:
            if path is not None and any(path.resolve() == report.path.resolve() for report in self.reports):
                raise click.UsageError(f"--report would overwrite {path}")


class _Keys(Redaction):
    """Takes the keys out of text: of all vendors that this run has met so far."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__()
        self._environ = environ
        self._vendors = 0

    def whole(self, text: str) -> str:
        self._meet()
        return super().whole(text)

    def every(self, text: str) -> str:
        self._meet()
        return super().every(text)

    def _meet(self) -> None:
        if (met := len(providers.loaded())) != self._vendors:
            self._vendors = met
            self.add(providers.secrets(self._environ))


class Session:
    """What a command gets with `@click.pass_obj`. Nothing else reads the environment of the process.

    `command` is the name of the one that runs, `journal` the one that this run keeps, once it has begun, `ended` its
    exit code, once that was reported. `is_telling` says that stdout has the beginning of a report, `wants_json` that
    the line asks for JSON, although it may be wrong before that option is reached. `line` is what the line says, `said`
    the names in it of what was said so far of options that can be said once.
    """

    def __init__(self) -> None:
        # tierops has no pydantic plugins; looking for some would read the metadata of every installed package.
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
        self.environ: Mapping[str, str] = os.environ
        self.command = ""
        self.wants_json = False
        self.said: set[str] = set()
        self.stop = Stop()
        self.journal: Journal | None = None
        self.is_telling = False
        self.ended: Exit | None = None
        self.console = Console(_Keys(self.environ))
        self.line = Chosen()
        is_plain = bool(self.environ.get("NO_COLOR")) or self.environ.get("TERM") == "dumb"
        self.choose(environment=self.environ.get("TIEROPS_ENV", "").strip() or None, no_color=is_plain)
        self._connections: Connections | None = None

    def choose(self, **options: Any) -> None:
        """Remember options by their names in `Chosen`."""
        self.line = self.line._replace(**options)
        color = False if self.line.no_color else None
        self.console = self.console._replace(is_quiet=self.line.quiet, color=color)

    @cached_property
    def settings(self) -> Settings | None:
        """What the project says, which lies beside the folder of its programs. Raises `BadInput`.

        Not to be asked for before the line has been read.
        """
        return project.read(self.line.directory.parent if "directory" in self.said else Path())

    @property
    def chosen(self) -> Chosen:
        """What the line says, and the project where the line says nothing. Raises `BadInput`."""
        settings, line = self.settings, self.line
        directories = (line.directory,) if "directory" in self.said else settings and settings.directories
        directories = directories or line.directories
        return line._replace(
            directory=directories[0],
            directories=directories,
            environment=line.environment or (settings and settings.env) or None,
            timezone=(settings and settings.timezone) or line.timezone,
        )

    @property
    def environment(self) -> str | None:
        """The environment of this run, for its reports: also where nothing can be read of the project."""
        try:
            return self.chosen.environment
        except BadInput:
            return self.line.environment

    @cached_property
    def watch(self) -> Watch:
        """Shows how far long work is: by a bar on a terminal, by lines in a log, or not at all."""
        if self.line.quiet:
            return Watch()
        if self.environ.get("CI") or self.environ.get("TERM") == "dumb" or not console.is_watched():
            return Watch(console.Lines(self.console.progress))
        bar = console.Bar()
        self.console = self.console._replace(bar=bar)
        return Watch(bar)

    @property
    def writes(self) -> int:
        """How many requests that may write have left so far."""
        return self._connections.writes if self._connections else 0

    def begin_journal(self, path: Path | None, environment: str | None) -> None:
        """Begin the journal of a run for this environment, if there is to be one. Raises `BadFile`."""
        if path is not None:
            from tierops import journal  # few runs keep one

            who = journal.who(self.environ)
            self.journal = journal.begin(path, self.command, environment, who)

    @contextmanager
    def connections(
        self, names: Iterable[str], urls: Mapping[str, str], max_wait: float, *, is_read_only: bool = False
    ) -> Iterator[Connections]:
        """The vendors of these names, connected until the end of the block. Raises as `connect` does."""
        waiting = Waiting(max_wait, self.stop.sleep, tell=self.console.progress, check=self.stop.check)
        witness = self.journal.witness if self.journal else None
        with (
            logs.passed_to(self.console.note) if self.line.verbose else nullcontext(),
            connect(
                names,
                self.environ,
                urls,
                waiting,
                is_read_only=is_read_only,
                witness=witness,
                keep_secret=self.console.redaction.add,
            ) as connected,
        ):
            self._connections = connected
            yield connected

    def report(self, report: Report) -> Exit:
        """Give the report to whoever reads it, in every form that was chosen, and say how the run ends."""
        if self.journal:
            report = _journalled(self.journal, report)
        error = self.console.redaction.every(report.error)
        place = checkout.find(self.environ)
        columns = self.console.columns
        report = report._replace(error=error, environment=self.environment, checkout=place, columns=columns)
        is_saved = [self._save(report, file) for file in self.line.reports]  # first: stdout may take nothing
        format_ = self.line.format
        if format_ == "text" and self.console.is_terminal:
            report = report._replace(sources=_sources(report.problems))
        for block in output.blocks(report, format_):
            self.console.page(block, has_commands=format_ == "github")
            self.is_telling = True
        if report.error and format_ not in {"json", "github"}:  # whose readers get it from stdout
            self.console.error(report.error)
        # What became of the creates matters more than a file.
        self.ended = report.exit_code if all(is_saved) or report.exit_code or self.writes else Exit.FAILED
        return self.ended

    def fail(self, code: Exit, message: str, problems: tuple[Problem, ...] = ()) -> Exit:
        """Report what kept the command from its work; on stderr alone where a report was not written to its end."""
        if self.is_telling and self.ended is None:
            self.console.error(message)
            return code
        if self.wants_json:
            self.choose(format="json")
        return self.report(Report(self.command, code, error=message, problems=problems))

    def leave_others(self, code: int) -> None:
        """End with this code if somebody asked to stop: Python would wait for threads that wait for a vendor."""
        if self.stop.is_asked:
            os._exit(code)

    def leave(self) -> NoReturn:
        """End at once, although the report takes too long to be read or written."""
        self.console.error(f"stopped at once; {UNDER_WAY}")
        os._exit(Exit.INTERRUPTED)

    def _save(self, report: Report, file: ReportFile) -> bool:
        try:
            blocks = map(self.console.redaction.whole, output.as_file(report, file.format))
            disk.save_lines(file.path, blocks, disk.ORDINARY)
        except BadFile as error:
            self.console.error(f"the report is not saved: {error}")
            return False
        return True


def _journalled(journal: Journal, report: Report) -> Report:
    """The report at the end of the journal: no success where that is not whole, unless something may be written."""
    audited = report.plan if report.command == "drift" else None
    failure = journal.end(report.exit_code, report.results or (), audited)
    if not failure:
        return report
    code = report.exit_code if journal.has_intents or report.error else Exit.FAILED
    return report._replace(exit_code=code, error="; ".join(filter(None, (report.error, failure))))


def _sources(problems: Sequence[Problem]) -> dict[str, Sequence[str]]:
    """The lines of the files that the findings name, as far as they can be read."""
    if not problems:
        return {}
    from tierops.output import source  # few runs end with findings

    sources: dict[str, Sequence[str]] = {}
    for file in dict.fromkeys(problem.at.file for problem in problems):
        with suppress(BadFile):
            sources[file] = source.lines(disk.read(Path(file), _MOST_SOURCE))
    return sources
