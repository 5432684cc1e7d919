"""How far long work is, told now and then by whichever thread is at it: counts, rate and time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from threading import Lock
from time import monotonic
from typing import NamedTuple, Protocol, TypeVar

_Item = TypeVar("_Item")
_SLOW = 1.0  # a second; what is slower is told by the minute


class Stage(NamedTuple):
    """How far some work is. `seconds` is how long it has taken so far, more than 0; `done` is at least 1."""

    what: str
    done: int
    total: int
    seconds: float

    @property
    def figures(self) -> str:
        """`1,234 of 10,000, 617 a second, 14 s left`."""
        rate = self.done / self.seconds
        pace = f"{rate:,.0f} a second" if rate >= _SLOW else f"{rate * 60:,.0f} a minute"
        return f"{self.done:,} of {self.total:,}, {pace}, {_duration((self.total - self.done) / rate)} left"


class Display(Protocol):
    """Where it is shown: first after `first` seconds, for what is over by then needs none, then after every `pause`."""

    first: float
    pause: float

    def show(self, stage: Stage) -> None:
        """Show how far the work is, instead of what was shown last."""

    def clear(self) -> None:
        """The work is over, or something else is to be written."""


class Watch:
    """Shows how far work is; without a display, it shows nothing."""

    def __init__(self, display: Display | None = None, clock: Callable[[], float] = monotonic) -> None:
        self._display = display
        self._clock = clock

    @contextmanager
    def over(self, what: str, total: int) -> Iterator[Callable[[], None]]:
        """Within it, what it gives is to be called after each of the `total` parts of the work, by any thread.

        A call looks at the clock and, where it is not yet time, does nothing else: hundreds of thousands go unnoticed.
        """
        display, clock = self._display, self._clock
        if display is None:
            yield _nothing
            return
        began = clock()
        due, numbers, showing = began + display.first, count(1), Lock()

        def done() -> None:
            nonlocal due
            number = next(numbers)
            if clock() < due or not showing.acquire(blocking=False):
                return
            try:
                if (now := clock()) >= due:
                    display.show(Stage(what, number, total, now - began))
                    due = clock() + display.pause  # after it, for a terminal may be slow
            finally:
                showing.release()

        try:
            yield done
        finally:
            due = float("inf")  # a thread that nobody waited for has nothing to say any longer
            display.clear()

    def through(self, what: str, items: Sequence[_Item]) -> Iterator[_Item]:
        """The items, each of which is done when the next one is asked for."""
        with self.over(what, len(items)) as done:
            for item in items:
                yield item
                done()


UNWATCHED = Watch()


def _nothing() -> None:
    """Nobody watches."""


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
