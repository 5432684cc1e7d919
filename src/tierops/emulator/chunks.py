"""Bodies of requests that come in chunks, as HTTP/1.1 has them."""

from __future__ import annotations

import re
from io import BufferedIOBase

_LONGEST_LINE = 1024


class Chunks:
    """The body of a request that comes in chunks. Raises `ConnectionError` where they are malformed or break off."""

    def __init__(self, file: BufferedIOBase) -> None:
        self._file = file
        self._left = 0
        self._is_over = False

    def read(self, size: int) -> bytes:
        """The next bytes, fewer than `size` at the end of a chunk; none at the end of the body."""
        if not self._left and not self._is_over:
            self._left = int(self._line(r"([0-9a-fA-F]{1,16})\s*(?:;.*)?"), 16)
            self._is_over = not self._left
            while self._is_over and self._line("(.*)"):
                pass  # trailers, up to an empty line
        data = self._file.read(min(size, self._left))
        if self._left and not data:
            raise ConnectionError("the body breaks off")
        self._left -= len(data)
        if data and not self._left:
            self._line("()")
        return data

    def _line(self, pattern: str) -> str:
        line = self._file.readline(_LONGEST_LINE)
        match = re.fullmatch(pattern, line.decode("latin-1").rstrip("\r\n")) if line.endswith(b"\n") else None
        if match is None:
            raise ConnectionError("the body is no sequence of chunks")
        return match[1]
