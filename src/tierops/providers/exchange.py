"""How long one exchange may take, for all of its steps together, and what the ways over the network give of it.

A read that hangs is given up, but a vendor may as well send a byte now and then, answers that are none (1xx) without
end, or blocks that unpack to nothing. So no step of an exchange waits for longer than the whole of it has left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, Protocol

import httpx

PIECE = 16 * 1024  # bytes: what is sent, read or unpacked before the clock and the bound are looked at again
_NEVER = float("inf")


class _Limits(NamedTuple):
    """When an exchange ends, by the monotonic clock, and how many seconds a step of it may take."""

    ends: float = _NEVER
    step: float | None = None


_UNBOUND = _Limits()
_limits: ContextVar[_Limits] = ContextVar("_limits", default=_UNBOUND)  # of the exchange that this thread is in


class Reply(NamedTuple):
    """An answer whose body is still on its way, as `pieces`, which raise `httpx.RequestError` where it breaks off.

    `end` is called once the rest is of no use to anybody, in any case.
    """

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    pieces: Iterator[bytes]
    end: Callable[[], object]


class Way(Protocol):
    """A way to one address, of several connections. For several threads."""

    def ask(self, request: httpx.Request) -> Reply:
        """Send a request, once. Raises `httpx.ConnectError` where nothing of it was sent, else `httpx.RequestError`."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


@contextmanager
def within(request: httpx.Request) -> Iterator[None]:
    """Within it everything ends after as many seconds as the request says."""
    ends = time.monotonic() + request.extensions.get("whole", _NEVER)
    before = _limits.set(_Limits(ends, request.extensions.get("timeout", {}).get("read")))
    try:
        yield
    finally:
        _limits.reset(before)


def left(timeout: float | None = None) -> float | None:
    """The time that a step has, in seconds. Raises `TimeoutError` where it has none."""
    ends, step = _limits.get()
    timeout = step if timeout is None else timeout
    if ends == _NEVER:
        return timeout
    if (seconds := ends - time.monotonic()) <= 0:
        raise TimeoutError("it comes too slowly")
    return seconds if timeout is None else min(seconds, timeout)
