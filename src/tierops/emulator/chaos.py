"""Chaos: misbehaviour drawn at random, the same from the same seed."""

from __future__ import annotations

from collections import Counter
from random import Random
from threading import Lock
from zlib import crc32

from tierops.emulator.faults import Due, Fault

RATE = 0.2
"""The share of requests that a fault hits."""

# Kind → the least and the most that `value` is drawn from. Nothing lasts longer than a patient client waits.
_ANY = {
    "refuse": (100, 1500),
    "drop-before": (0, 0),
    "reset-before": (0, 0),
    "hang-before": (500, 3000),
    "429": (1, 2),
    "429-date": (1, 2),
    "429-epoch": (1, 2),
    "429-bare": (0, 0),
    "500-before": (0, 0),
    "502-before": (0, 0),
    "503-before": (0, 0),
    "html-before": (502, 504),
    "truncated": (0, 0),
    "empty": (0, 0),
    "content-type": (0, 0),
    "delay": (50, 1000),
    "drip": (50, 1000),
}
_READS = _ANY | {
    "lag": (100, 5000),
    "total": (1, 2),
    "cap": (0, 3),
    "shift": (1, 2),
    "insert": (0, 0),
    "repeat": (0, 0),
    "cycle": (0, 0),
}
_WRITES = _ANY | {
    "drop-after": (0, 0),
    "reset-after": (0, 0),
    "hang-after": (500, 3000),
    "late": (100, 5000),
    "500-after": (0, 0),
    "502-after": (0, 0),
    "503-after": (0, 0),
    "500-partial": (0, 2),
    "html-after": (502, 504),
}
_STREAMS = 4096


class Chaos:
    """Draws a fault for every fifth request, on average: for a GET one of those a read can meet, else one of a write's.

    Left out are 401, 403 and the used-up billing cycle, after which a client is right to give up. What the n-th request
    of one method on one path meets depends on nothing but the seed, so clients side by side do not disturb each other.
    """

    def __init__(self, seed: int, rate: float = RATE) -> None:
        self._seed = seed
        self._rate = rate
        self._lock = Lock()
        self._seen: Counter[int] = Counter()

    def take(self, method: str, *paths: str) -> Due:
        """What happens to this request. `paths` are its path without and with the vendor's mount."""
        # Paths share a bounded number of streams: a client could ask for any number of paths.
        stream = crc32(f"{method} {paths[-1]}".encode(errors="replace")) % _STREAMS
        with self._lock:
            self._seen[stream] += 1
            number = self._seen[stream]
        random = Random(f"{self._seed} {stream} {number}")  # noqa: S311 - it is to be foreseeable
        if random.random() >= self._rate:
            return Due.of()
        kinds = _READS if method in ("GET", "HEAD") else _WRITES
        kind = random.choice(tuple(kinds))
        return Due.of(Fault(f"{method} *", kind, value=random.randint(*kinds[kind])))
