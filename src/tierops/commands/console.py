"""The one gate: all that tierops prints leaves through here, without keys and with no power over a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TextIO

import click

from tierops.host.progress import Stage
from tierops.text.redaction import Redaction
from tierops.text.visible import isolated, page, printable

_COLUMNS, _MOST_COLUMNS = 80, 120  # of what no terminal reads; of lines that are still read well
_BAR, _LEAST = 20, 20  # columns of the bar itself, and of a terminal that is wide enough to say anything


class Unheard(Exception):
    """Nothing can be written to stdout: its reader has gone, or where it leads is full. The cause says which."""


class Bar:
    """How far work is, on the last line of a terminal, which is as wide as it is just then.

    It is plain ASCII without colours, and moves the cursor with a carriage return alone.
    """

    first, pause = 1.0, 0.2  # seconds

    def __init__(self) -> None:
        self._taken = 0  # columns

    def show(self, stage: Stage) -> None:
        """Show how far the work is, instead of what was shown last."""
        room = _columns(sys.stderr) - 1  # in the last one, some terminals go on to the next line
        if room < _LEAST:
            return
        done = _BAR * stage.done // max(stage.total, 1)
        text = f"{stage.what} [{'#' * done}{'.' * (_BAR - done)}] {stage.figures}"
        text = text if len(text) <= room else f"{stage.what}: {stage.done:,} of {stage.total:,}"[:room]
        self._write(f"\r{text.ljust(min(self._taken, room))}")
        self._taken = len(text)

    def clear(self) -> None:
        """Leave the line empty for what comes next."""
        if self._taken:
            self._write(f"\r{' ' * min(self._taken, _columns(sys.stderr) - 1)}\r")
            self._taken = 0

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError, RuntimeError):
            click.echo(text, err=True, nl=False)


class Lines:
    """How far work is, a line each time, for a log."""

    first = pause = 10.0  # seconds

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note

    def show(self, stage: Stage) -> None:
        """One line."""
        self._note(f"{stage.what}: {stage.figures}")

    def clear(self) -> None:
        """A log keeps what it has."""


class Console(NamedTuple):
    """Where a run speaks. `is_quiet` keeps progress back; `color` is as click takes it, None leaves it to the terminal.

    `bar` makes room for whatever is said while it is shown.

    What goes to stderr is for people who watch: that it cannot be written ends nothing.
    """

    redaction: Redaction = Redaction(())
    is_quiet: bool = False
    color: bool | None = None
    bar: Bar | None = None

    def page(self, text: str, *, has_commands: bool = False) -> None:
        """Whole lines for stdout; with `has_commands`, some of them are for the CI service. Raises `Unheard`."""
        try:
            self._print(text, has_commands=has_commands)
        except OSError as error:
            raise Unheard from error

    def last_page(self, text: str) -> None:
        """Whole lines for stdout, which is closed then, for who reads it to its end; a terminal is not."""
        self.page(text)
        if sys.stdout is not None and not sys.stdout.isatty():
            abandon(sys.stdout)

    def line(self, text: str) -> None:
        """One line for stdout. Raises `Unheard`."""
        self.page(f"{self._one_line(text)}\n")

    def aside(self, text: str) -> None:
        """Whole lines for stderr."""
        with suppress(OSError, RuntimeError):  # the latter where a signal comes in the middle of another line
            self._print(text, err=True)

    def note(self, text: str) -> None:
        """One line for stderr."""
        self.aside(f"{self._one_line(text)}\n")

    def progress(self, text: str) -> None:
        """One line for stderr, unless the run is to be quiet."""
        if not self.is_quiet:
            self.note(text)

    def error(self, text: str, details: Sequence[str] = ()) -> None:
        """What went wrong, and a line for each of its details, for stderr."""
        lines = "".join(f"\n  {self._one_line(detail)}" for detail in details)
        self.aside(f"{click.style('error: ', fg='red')}{self._one_line(text)}{lines}\n")

    @property
    def columns(self) -> int:
        """How wide stdout is, as far as a terminal reads it."""
        return min(_columns(sys.stdout), _MOST_COLUMNS)

    @property
    def is_terminal(self) -> bool:
        """Whether a terminal shows stdout."""
        return sys.stdout is not None and sys.stdout.isatty()

    @property
    def can_ask(self) -> bool:
        """Whether somebody sits at a terminal who could answer."""
        return sys.stdin is not None and sys.stdin.isatty()

    def ask(
        self,
        question: str,
        default: str,
        *,
        choices: Sequence[str] = (),
        check: Callable[[str], Any] | None = None,
        shows_default: bool = True,
    ) -> Any:
        """What `check` makes of the answer; asked again for none of the `choices`, and where `check` raises.

        `check` raises `click.BadParameter`.
        """
        kind = click.Choice(choices) if choices else None
        return click.prompt(
            question, default=default, show_default=shows_default, type=kind, value_proc=check, err=True
        )

    def _one_line(self, text: str) -> str:
        return isolated(printable(self.redaction.every(text)))

    def _print(self, text: str, *, err: bool = False, has_commands: bool = False) -> None:
        if self.bar is not None:
            self.bar.clear()
        shown = page(self.redaction.whole(text), has_commands=has_commands)
        click.echo(shown, err=err, nl=False, color=self.color)


def is_watched() -> bool:
    """Whether a terminal shows stderr."""
    return sys.stderr is not None and sys.stderr.isatty()


def _columns(stream: TextIO | None) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS if stream else _COLUMNS
    except (OSError, ValueError, AttributeError):  # no terminal, or no file
        return _COLUMNS


def open_streams() -> None:
    """Have stdout and stderr take every character, as UTF-8 whatever the locale says: others parse what comes there."""
    for stream in _streams():
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(encoding="utf-8", errors="backslashreplace")


def close_streams() -> None:
    """Write what is left in their buffers, or give it up: Python would fail on it, with an exit code of its own."""
    for stream in _streams():
        try:
            stream.flush()
        except (OSError, ValueError):
            abandon(stream)


def _streams() -> tuple[TextIO, ...]:
    return tuple(stream for stream in (sys.stdout, sys.stderr) if stream is not None)


def abandon(stream: TextIO) -> None:
    """Let what is left in the buffer go nowhere."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
