"""Work side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from tierops.errors import Interrupted
from tierops.host.interrupts import Stop
from tierops.host.progress import UNWATCHED, Watch

MOST = 64
"""How many ladders are read or written side by side, at the most.

Almost all of that time is spent waiting for answers. How many may ask one vendor at once is for its limits to say.
"""

_SLICE = 0.05  # seconds between two looks at the stop
_LAST = 0.3  # seconds for those that do not wait for an answer to end

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


def side_by_side(
    work: Callable[[_Item], _Answer],
    items: Sequence[_Item],
    stop: Stop | None = None,
    watch: Watch = UNWATCHED,
    what: str = "",
) -> list[_Answer]:
    """The answers in the order of the items; threads only where there is more than one, or a `stop`.

    `watch` is told how far the work is, which `what` names. Raises what the first of them raised, and `Interrupted`
    once `stop` is given up. After that, as after `KeyboardInterrupt`, nobody waits for what is under way.
    """
    if len(items) < 2 and (stop is None or not items):
        return [work(item) for item in items]
    with watch.over(what, len(items)) as done:

        def work_and_tell(item: _Item) -> _Answer:
            answer = work(item)
            done()
            return answer

        return _in_threads(work_and_tell, items, stop)


def _in_threads(work: Callable[[_Item], _Answer], items: Sequence[_Item], stop: Stop | None) -> list[_Answer]:
    from concurrent.futures import ThreadPoolExecutor, wait  # takes as long to import as all of the pipeline

    pool = ThreadPoolExecutor(MOST)
    is_awaited = False
    try:
        futures = [pool.submit(work, item) for item in items]
        while stop is not None and wait(futures, _SLICE).not_done:
            if stop.is_given_up and wait(futures, _LAST).not_done:
                raise Interrupted
        answers = [future.result() for future in futures]
        is_awaited = True
    except Exception as error:
        is_awaited = not isinstance(error, Interrupted)
        raise
    finally:
        pool.shutdown(wait=is_awaited, cancel_futures=True)
    return answers
