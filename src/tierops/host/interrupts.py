"""SIGINT and SIGTERM: the request in flight is awaited, nothing is sent after it, and the report is still written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from tierops.errors import Interrupted


class Stop:
    """Whether somebody asked to stop."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def ask(self) -> None:
        """Let every thread end before its next request or within its pause."""
        self._asked.set()

    def check(self) -> None:
        """Raise `Interrupted` if somebody did."""
        if self._asked.is_set():
            raise Interrupted

    def sleep(self, seconds: float) -> None:
        """Pause, as `time.sleep` does; raise `Interrupted` as soon as somebody asks to stop."""
        if self._asked.wait(seconds):
            raise Interrupted


Handler = Callable[[int, FrameType | None], None]


@contextmanager
def at_once(stop: Stop) -> Iterator[None]:
    """Within it either signal ends what the main thread does with `KeyboardInterrupt`, and the others soon after."""

    def received(_number: int, _frame: FrameType | None) -> None:
        stop.ask()
        raise KeyboardInterrupt

    with _handling(received):
        yield


@contextmanager
def orderly(stop: Stop, tell: Callable[[str], None], give_up: Callable[[], None]) -> Iterator[None]:
    """Within it the first signal asks `stop`, and every later one calls `give_up`."""
    is_asked = False

    def received(number: int, _frame: FrameType | None) -> None:
        nonlocal is_asked
        if is_asked:
            give_up()
        is_asked = True
        stop.ask()
        tell(f"{signal.Signals(number).name}: stopping after the request in flight; once more stops at once")

    with _handling(received):
        yield


@contextmanager
def _handling(handler: Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # which alone gets signals
        yield
        return
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
