"""Bodies of requests that come in chunks, as HTTP/1.1 has them."""

from __future__ import annotations

import re
from io import BufferedIOBase, RawIOBase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_LONGEST_LINE = 1024


class Chunks(RawIOBase):
    """The body behind the head of a request. Raises `ConnectionError` where chunks are malformed or break off."""

    def __init__(self, connection: BufferedIOBase) -> None:
        self._connection = connection
        self._left = 0
        self._is_over = False

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer from the current chunk; 0 at the end of the body."""
        space = memoryview(buffer)
        if not self._left and not self._is_over:
            self._left = int(self._line(r"([0-9a-fA-F]{1,16})\s*(?:;.*)?"), 16)
            self._is_over = not self._left
            while self._is_over and self._line("(.*)"):
                pass  # trailers, up to an empty line
        data = self._connection.read(min(len(space), self._left))
        if self._left and not data:
            raise ConnectionError("the body breaks off")
        space[: len(data)] = data
        self._left -= len(data)
        if data and not self._left:
            self._line("()")
        return len(data)

    def _line(self, pattern: str) -> str:
        line = self._connection.readline(_LONGEST_LINE)
        match = re.fullmatch(pattern, line.decode("latin-1").rstrip("\r\n")) if line.endswith(b"\n") else None
        if match is None:
            raise ConnectionError("the body is no sequence of chunks")
        return match[1]
