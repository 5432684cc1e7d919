"""SIGINT, SIGTERM and SIGHUP: nothing is sent after them, and the report is still written.

The handlers set flags and take no lock, for a signal may come in the middle of anything that the main thread does.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from tierops.errors import Interrupted

_SLICE = 0.05  # seconds between two looks at the flags
_REPORT = 3.0  # seconds that the report may take once nobody waits any longer
# SIGHUP: the terminal was closed. SIGBREAK: how Windows ends a process in a group. Neither is everywhere.
_NUMBERS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))


class Stop:
    """Whether somebody asked to stop, and whether they asked once more: `is_given_up`, not to wait for answers."""

    def __init__(self) -> None:
        self.is_asked = self.is_given_up = False

    def ask(self) -> None:
        """Let every thread end before its next request or within its pause."""
        self.is_asked = True

    def give_up(self) -> None:
        """Wait for no thread any longer."""
        self.is_asked = self.is_given_up = True

    def check(self) -> None:
        """Raise `Interrupted` if somebody asked."""
        if self.is_asked:
            raise Interrupted

    def sleep(self, seconds: float) -> None:
        """Pause, as `time.sleep` does; raise `Interrupted` as soon as somebody asks to stop."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, _SLICE))
        self.check()


Handler = Callable[[int, FrameType | None], None]


@contextmanager
def at_once(stop: Stop) -> Iterator[None]:
    """Within it a signal ends what the main thread does with `KeyboardInterrupt`, and the others soon after."""

    def received(_number: int, _frame: FrameType | None) -> None:
        stop.ask()
        raise KeyboardInterrupt

    with _handling(received):
        yield


@contextmanager
def orderly(stop: Stop, tell: Callable[[str], None], leave: Callable[[], NoReturn]) -> Iterator[None]:
    """Within it the first signal asks `stop`, and the second has it give up. Neither raises anything.

    One that comes after that calls `leave`, where there was time for the report.
    """
    given_up = 0.0

    def received(number: int, _frame: FrameType | None) -> None:
        nonlocal given_up
        name = signal.Signals(number).name
        if stop.is_given_up:
            if time.monotonic() - given_up > _REPORT:
                leave()
        elif stop.is_asked:
            given_up = time.monotonic()
            stop.give_up()
            tell(f"{name}: not waiting for the request in flight")
        else:
            stop.ask()
            tell(f"{name}: stopping after the request in flight; once more does not wait for it")

    with _handling(received):
        yield


@contextmanager
def _handling(handler: Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # which alone gets signals
        yield
        return
    before = {number: signal.signal(number, handler) for number in _NUMBERS if not _is_ignored(number)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _is_ignored(number: int) -> bool:
    """Whether whoever started this wants a closed terminal to end nothing, as `nohup` does.

    Not asked of SIGINT: a shell ignores it for what runs in its background, and services that cancel send it.
    """
    return number not in (signal.SIGINT, signal.SIGTERM) and signal.getsignal(number) is signal.SIG_IGN
