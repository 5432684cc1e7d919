"""Long work tells how far it is: seldom, by a fake clock; and to people only."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from select import select

import pytest

from tierops.commands.console import Bar, Console, Lines
from tierops.commands.session import Session
from tierops.host.progress import Stage, Watch
from tierops.host.threads import side_by_side


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Shown:
    first, pause = 10.0, 10.0

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self.cleared = 0

    def show(self, stage: Stage) -> None:
        self.stages.append(stage)

    def clear(self) -> None:
        self.cleared += 1


def parts(watch: Watch, clock: Clock, total: int, seconds: float) -> None:
    with watch.over("reading", total) as done:
        for _ in range(total):
            clock.now += seconds
            done()


def test_a_line_comes_every_ten_seconds_and_none_before() -> None:
    clock, shown = Clock(), Shown()
    parts(Watch(shown, clock), clock, 9, 1.0)
    assert (shown.stages, shown.cleared) == ([], 1)
    parts(Watch(shown, clock), clock, 45, 1.0)
    assert [stage.done for stage in shown.stages] == [10, 20, 30, 40]
    assert shown.stages[0].figures == "10 of 45, 1 a second, 35 s left"


@pytest.mark.parametrize("total", [100, 100_000])
def test_what_is_shown_depends_on_the_time_and_not_on_the_parts(total: int) -> None:
    clock, shown = Clock(), Shown()
    parts(Watch(shown, clock), clock, total, 100.5 / total)
    assert len(shown.stages) in {9, 10}


@pytest.mark.parametrize(
    ("stage", "figures"),
    [
        (Stage("x", 1234, 10_000, 2.0), "1,234 of 10,000, 617 a second, 14 s left"),
        (Stage("x", 1, 61, 10.0), "1 of 61, 6 a minute, 10 min left"),
        (Stage("x", 1, 1001, 10.0), "1 of 1,001, 6 a minute, 2 h 47 min left"),
        (Stage("x", 5, 5, 1.0), "5 of 5, 5 a second, 0 s left"),
    ],
)
def test_counts_rate_and_time_left_are_in_the_unit_that_fits(stage: Stage, figures: str) -> None:
    assert stage.figures == figures


def test_threads_count_together_and_the_answers_keep_their_order() -> None:
    shown = Shown()
    shown.first = shown.pause = 0.0
    assert side_by_side(str, range(50), watch=Watch(shown), what="reading") == list(map(str, range(50)))
    assert {stage.total for stage in shown.stages} == {50}
    assert max(stage.done for stage in shown.stages) <= 50


def test_a_thread_that_nobody_waits_for_shows_nothing_after_the_end() -> None:
    clock, shown = Clock(), Shown()
    with Watch(shown, clock).over("reading", 2) as done:
        pass
    clock.now = 100.0
    done()
    assert shown.stages == []


@contextmanager
def terminal(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> Iterator[tuple[Callable[[], str], Callable[[int], None]]]:
    """stderr on a terminal: what it got since the last time, and how to make it as wide as that."""
    leader, follower = pty.openpty()

    def resize(width: int) -> None:
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))

    resize(columns)

    def told() -> str:
        text = b""
        while select([leader], [], [], 0.1)[0]:  # the kernel passes it on in parts
            text += os.read(leader, 65_536)
        return text.decode()

    with closing(os.fdopen(follower, "w")) as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        yield told, resize
    os.close(leader)


def test_the_bar_fits_the_terminal_as_it_is_just_then(monkeypatch: pytest.MonkeyPatch) -> None:
    stage, bar = Stage("reading files", 500, 1000, 1.0), Bar()
    with terminal(monkeypatch, 100) as (told, resize):
        bar.show(stage)
        assert told() == "\rreading files [##########..........] 500 of 1,000, 500 a second, 1 s left"
        resize(40)
        bar.show(stage)
        assert told() == "\r" + "reading files: 500 of 1,000".ljust(39)
        resize(25)
        bar.show(stage)
        assert len(told()) <= 25
        bar.clear()
        assert set(told()) == {"\r", " "}
        resize(10)
        bar.show(stage)
        bar.clear()
        assert told() == ""


def test_what_else_is_said_takes_the_place_of_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    bar = Bar()
    with terminal(monkeypatch, 100) as (told, _):
        bar.show(Stage("reading files", 1, 2, 1.0))
        shown = told().removeprefix("\r")
        Console(bar=bar).note("waiting 3 s")
        assert told() == f"\r{' ' * len(shown)}\rwaiting 3 s\r\n"
        bar.show(Stage("reading files", 2, 2, 1.0))
        assert "\x1b" not in told()


def test_a_bar_that_cannot_be_written_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stage, bar = Stage("reading files", 1, 2, 1.0), Bar()
    with terminal(monkeypatch, 100):
        pass  # closed by now
    bar.show(stage)
    monkeypatch.setattr(sys, "stderr", None)
    bar.show(stage)
    bar.clear()


def display(session: Session) -> object:
    return session.watch._display


def test_people_get_a_bar_logs_get_lines_and_who_wants_quiet_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "TERM"):
        monkeypatch.delenv(name, raising=False)
    assert isinstance(display(Session()), Lines)
    quiet = Session()
    quiet.choose(quiet=True)
    assert display(quiet) is None
    with terminal(monkeypatch, 100):
        watched = Session()
        assert isinstance(display(watched), Bar)
        assert watched.console.bar is display(watched)
        quiet = Session()
        quiet.choose(quiet=True)
        assert display(quiet) is None
        for name, value in (("CI", "true"), ("TERM", "dumb")):
            with monkeypatch.context() as within:
                within.setenv(name, value)
                assert isinstance(display(Session()), Lines)
