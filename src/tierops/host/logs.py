"""Where tierops' own log lines go. Nobody else's: the libraries below would log headers, and with them keys."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def passed_to(write: Callable[[str], None]) -> Iterator[None]:
    """Pass each log line of tierops to `write`."""
    log, lines = logging.getLogger("tierops"), _Lines(write)
    before = log.level
    log.addHandler(lines)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(lines)
        log.setLevel(before)


class _Lines(logging.Handler):
    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        self._write(record.getMessage())
