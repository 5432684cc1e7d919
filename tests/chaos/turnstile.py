"""Threads that go one at a time, in an order that a seed decides: what two runs do at once can be played again."""

from __future__ import annotations

import concurrent.futures
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

_DEADLOCK = 10  # seconds of real time; far more than any turn takes


class Task:
    """One thread of the turnstile. Ready unless it is done or waits for another task."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.work = work
        self.turn = threading.Semaphore(0)
        self.awaited: Task | None = None
        self.is_done = False
        self.answer: Any = None
        self.error: BaseException | None = None
        self.about: Any = None

    @property
    def is_ready(self) -> bool:
        return not self.is_done and (self.awaited is None or self.awaited.is_done)


class Turnstile:
    """Lets exactly one of its threads run until that one pauses, waits or ends."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._tasks: list[Task] = []
        self._own = threading.local()

    def pause(self) -> None:
        """Let somebody else go on, or go on at once."""
        self._give_way(self._own.task)

    def about(self) -> Any:
        """What the pool's thread that runs was given to work on; None where it is no pool's."""
        return self._own.task.about

    def spawn(self, work: Callable[[], object]) -> Task:
        """A thread that gets its first turn later."""
        task = Task(work)
        self._tasks.append(task)
        threading.Thread(target=self._live, args=(task,), daemon=True).start()
        return task

    def wait(self, task: Task) -> None:
        """Go on when the other is done."""
        if not task.is_done:
            own = self._own.task
            own.awaited = task
            self._give_way(own)
            own.awaited = None

    def run(self, *works: Callable[[], object]) -> list[Any]:
        """Do all of these at once and wait; the answers in order. Raises the first error. Not called by a task."""
        main = Task(lambda: None)
        self._own.task = main
        self._tasks = [main]
        tasks = [self.spawn(work) for work in works]
        for task in tasks:
            self.wait(task)
        for task in tasks:
            if task.error is not None:
                raise task.error
        return [task.answer for task in tasks]

    def _live(self, task: Task) -> None:
        self._own.task = task
        self._take(task)
        try:
            task.answer = task.work()
        except BaseException as error:  # noqa: BLE001 - raised again where somebody waits for it
            task.error = error
        task.is_done = True
        self._next().turn.release()

    def _give_way(self, own: Task) -> None:
        other = self._next()
        if other is not own:
            other.turn.release()
            self._take(own)

    def _next(self) -> Task:
        ready = [task for task in self._tasks if task.is_ready]
        assert ready, "every thread waits for another"
        return ready[0] if len(ready) == 1 else self._random.choice(ready)

    def _take(self, task: Task) -> None:
        assert task.turn.acquire(timeout=_DEADLOCK), "the turn never came: a lock is held by a thread that waits"


_active: Turnstile | None = None


def about() -> Any:
    """What this thread of a pool was given to work on; None where it is no pool's."""
    return None if _active is None else _active.about()


def pause() -> None:
    """Let another thread of the turnstile in charge go on, if there is one."""
    if _active is not None:
        _active.pause()


class _Future(concurrent.futures.Future[Any]):
    task: Task

    def result(self, timeout: float | None = None) -> Any:
        assert _active is not None
        _active.wait(self.task)
        return super().result(timeout)


class _Pool(concurrent.futures.Executor):
    """A thread pool whose threads go through the turnstile in charge."""

    def __init__(self, *_: object, **__: object) -> None:
        self._tasks: list[Task] = []

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> _Future:
        assert _active is not None
        future = _Future()

        def fill() -> None:
            try:
                future.set_result(work(*arguments, **named))
            except BaseException as error:  # noqa: BLE001 - this is what a pool does
                future.set_exception(error)

        future.task = _active.spawn(fill)
        future.task.about = arguments[0] if arguments else None
        self._tasks.append(future.task)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        assert _active is not None
        for task in self._tasks:
            _active.wait(task)


class _Lock:
    """A lock whose holder may pause: whoever wants it lets others go on until it is free."""

    def __init__(self) -> None:
        self._is_held = False

    def __enter__(self) -> bool:
        while self._is_held:
            pause()
        self._is_held = True
        return True

    def __exit__(self, *_: object) -> None:
        self._is_held = False


class _Condition(_Lock):
    """One that is woken for no reason, again and again: who waits on it looks each time whether it may go on."""

    def wait(self, _seconds: float | None = None) -> None:
        self._is_held = False
        pause()
        self.__enter__()

    def notify_all(self) -> None:
        pass


_OWN: dict[str, tuple[Any, Any]] = {"Lock": (threading.Lock, _Lock), "Condition": (threading.Condition, _Condition)}


@contextmanager
def in_charge(random: Random) -> Iterator[Turnstile]:
    """Inside, thread pools and the locks of tierops go through one turnstile. For one thread of a process at a time."""
    global _active
    pool = concurrent.futures.ThreadPoolExecutor
    found = [
        (module, name, theirs, ours)
        for path, module in tuple(sys.modules.items())
        for name, (theirs, ours) in _OWN.items()
        if path.startswith("tierops.") and ".emulator" not in path and getattr(module, name, None) is theirs
    ]
    _active = Turnstile(random)
    try:
        concurrent.futures.ThreadPoolExecutor = _Pool  # type: ignore[misc, assignment]
        for module, name, _, ours in found:
            setattr(module, name, ours)
        yield _active
    finally:
        _active = None
        concurrent.futures.ThreadPoolExecutor = pool  # type: ignore[misc]
        for module, name, theirs, _ in found:
            setattr(module, name, theirs)
