"""What a vendor allows, counted in one place for all threads of a run.

Vendors say with each answer how many calls are left and when there will be more; a vendor's declaration reads it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from threading import Condition
from typing import TYPE_CHECKING, NamedTuple

from tierops.errors import NotSent
from tierops.providers.vendor import Allowance, whole

if TYPE_CHECKING:
    from tierops.providers.answer import Answer

_LONGEST_WINDOW = 3600.0  # seconds: no vendor is known to count by more than the hour, but for those by the day
_UNTOLD = 10.0  # seconds to wait after a refusal that does not say how long
_LONGEST_PAUSE = 31 * 86400.0  # seconds; more was meant in another unit, or not at all
_LONGEST_DATE = 64  # characters
_FORBIDDEN = 403  # with Retry-After, it is a limit to how fast one may ask
_MOST_UNTOLD = 16  # calls at once to a vendor that does not say how many are left
_TRIES = 4
_LOOK = 0.1  # seconds between two looks whether anything may leave at all
_FIRST_PAUSE = 0.5  # seconds, and twice as long after each further try


class Waiting(NamedTuple):
    """How long to wait for a vendor's limits, and how: replaced in tests. Times in seconds.

    `check` is called before each request leaves, and raises where none may any more.
    """

    max_wait: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    tell: Callable[[str], None] = lambda _: None
    check: Callable[[], None] = lambda: None


def tries(waiting: Waiting) -> Iterator[bool]:
    """One item for each time that something may be tried, True for the last, with growing pauses between them."""
    for attempt in range(1, _TRIES):
        yield False
        waiting.sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
    yield True


def is_passing(status: int) -> bool:
    """Whether a status says that the vendor cannot answer now, and may answer the same request later."""
    return status in {408, 425, 429} or status >= 500


class Limits:
    """The calls that one account may make. `left` is how many the vendor said are left, None where it did not.

    `date` is what it last said of the time, with that of this machine in Unix seconds. `pace` are the seconds between
    two requests at the least.
    """

    def __init__(
        self, title: str, allowance: Callable[[Mapping[str, str]], Allowance], waiting: Waiting, pace: float = 0.0
    ) -> None:
        self.left: int | None = None
        self.date: tuple[str, float] | None = None
        self._title = title
        self._allowance = allowance
        self._waiting = waiting
        self._pace = pace
        self._next = 0.0
        self._room = Condition()
        self._in_flight = 0
        self._size: int | None = None
        self._ends: float | None = None  # by the vendor's clock
        self._heard = ("", 0.0)
        self._not_before = 0.0
        self._why = f"{title} limits its calls"
        self._announced = 0.0

    def turn(self) -> Turn:
        """What one request takes each time it leaves: `with turn: send()`."""
        return Turn(self)

    def learn(self, headers: Mapping[str, str]) -> None:
        """What an answer says of the calls that are left."""
        if date := headers.get("Date"):
            self.date = date, self._waiting.now()
        left, size, ends, _ = self._allowance(headers)
        with self._room:
            if left is None:
                self.left = None if self.left is None else max(0, self.left - 1)
                return
            is_same_window = self.left is not None and ends == self._ends
            # Answers arrive in another order than they were counted in: the lowest of a window is the latest.
            self.left = min(left, self.left) if self.left is not None and is_same_window else left
            self._size, self._ends = size, ends
            self._heard = (headers.get("Date", ""), self._waiting.now())

    def refused(self, headers: Mapping[str, str], named: float | None) -> None:
        """A 429: nobody sends before the time it names. `named` is what its body says, in seconds.

        Raises `NotSent` where waiting does not help.
        """
        allowance = self._allowance(headers)
        if allowance.is_spent:
            raise NotSent(f"{self._title}: the calls that this account may make are spent; waiting does not help")
        pause = _pause(headers, allowance.ends, named, self._waiting.now())
        self._hold(_UNTOLD if pause is None else pause + 1, f"{self._title} limits its calls")

    def is_closed(self, answer: Answer, say: Callable[[], str]) -> bool:
        """Whether an answer says when to come back: nobody sends before. `say` tells the answer in a sentence."""
        if not is_passing(answer.status) and answer.status != _FORBIDDEN:
            return False
        pause = _pause(answer.headers, None, None, self._waiting.now())
        if pause is not None:
            self._hold(pause + 1, say())
        return pause is not None

    def _hold(self, seconds: float, why: str) -> None:
        until = self._waiting.now() + seconds
        with self._room:
            if until > self._not_before:
                self._not_before, self._why = until, why

    def afford(self, calls: int) -> None:
        """Raise `NotSent` if so many calls cannot be made without a wait that is longer than allowed."""
        if self.left is None or calls <= self.left:
            return
        now = self._waiting.now()
        ends = self._ends_here()
        is_told = ends is not None and now < ends < now + _LONGEST_PAUSE
        wait = ends - now + 1 if ends is not None and is_told else _LONGEST_WINDOW
        if self._size is not None and calls - self.left > self._size:
            wait = _LONGEST_WINDOW
        if wait > self._waiting.max_wait:
            more = f"more in {wait:.0f} s" if is_told else "and does not say when there are more"
            raise NotSent(
                f"{self._title} allows {self.left} call{'' if self.left == 1 else 's'} now ({more}), and this takes"
                f" {calls} at the least: nothing was started. Run again later, or allow the wait with"
                f" --max-wait {wait:.0f} (now {self._waiting.max_wait:.0f})"
            )

    def enter(self, waited: float) -> float:
        """Wait until one more call may leave; `waited` seconds were waited for this request before.

        Returns what it has waited in all. Raises `NotSent` where that would be too long.
        """
        passed = 0.0
        while True:
            self._waiting.check()
            with self._room:
                while self._is_full():
                    self._room.wait(_LOOK)
                    self._waiting.check()
                now = self._waiting.now()
                if self.left == 0 and (ends := self._ends_here()) is not None:
                    self.left = None
                    if self._not_before < ends < now + _LONGEST_PAUSE:
                        self._not_before, self._why = ends, f"{self._title} limits its calls"
                until, why = self._not_before, self._why
                if until <= max(now, passed):
                    self._in_flight += 1
                    start = max(now, self._next)
                    self._next = start + self._pace
                    break
                is_news = self._announced < until
                self._announced = until
            pause = until - now
            if waited + pause > self._waiting.max_wait:
                raise NotSent(
                    f"{why}: wait {pause:.0f} s and run again, or allow it with --max-wait"
                    f" (now {self._waiting.max_wait:.0f} s)"
                )
            if is_news:
                self._waiting.tell(f"{why}: waiting {pause:.0f} s")
            self._waiting.sleep(pause)
            waited, passed = waited + pause, until
        if start > now:
            try:
                self._waiting.sleep(start - now)
            except BaseException:  # somebody asked to stop: it will not leave
                self.leave()
                raise
        return waited

    def _is_full(self) -> bool:
        """Whether a call has to wait for one that is under way, which may have taken the last one that is left.

        Where nothing is told of what is left, the first refusal would meet all that are under way, so they are fewer.
        """
        most = _MOST_UNTOLD if self.left is None else max(1, self.left)
        return self._in_flight >= most

    def _ends_here(self) -> float | None:
        """When there are more calls, by the clock of this machine: an answer says what time it was for the vendor."""
        date, heard = self._heard
        return None if self._ends is None else self._ends - _clock(date, heard) + heard

    def leave(self) -> None:
        """The call is over."""
        with self._room:
            self._in_flight -= 1
            self._room.notify_all()


class Turn:
    """One request's way out, as often as it is sent."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waited = 0.0

    def __enter__(self) -> None:
        self._waited = self._limits.enter(self._waited)

    def __exit__(self, *_: object) -> None:
        self._limits.leave()


def _pause(headers: Mapping[str, str], ends: float | None, named: float | None, now: float) -> float | None:
    """Seconds to wait, from whichever form the vendor chose; None where it chose none that can be read."""
    after = headers.get("Retry-After", "").strip()
    seconds, date = whole(after), None if after.isdigit() else _date(after)
    there = now if ends is None and date is None else _clock(headers.get("Date", ""), now)
    pauses = (seconds, None if ends is None else ends - there, None if date is None else date - there, named)
    return next((max(0.0, pause) for pause in pauses if pause is not None and _is_plausible(pause)), None)


def _is_plausible(pause: float) -> bool:
    return isfinite(pause) and pause <= _LONGEST_PAUSE


def _clock(date: str, now: float) -> float:
    """What time it is for a vendor that dated its answer so; `now` where it did not. Unix seconds."""
    there = _date(date) if date else None
    return now if there is None else there


def _date(text: str) -> float | None:
    """An HTTP date in Unix seconds; UTC where it names no zone. None for what no calendar has."""
    if not 0 < len(text) <= _LONGEST_DATE:
        return None
    from datetime import UTC
    from email.utils import parsedate_to_datetime  # a rare form, and slow to import

    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
