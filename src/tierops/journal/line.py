"""One line of a journal: its bytes, and what bytes are one. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

from tierops.model import Value
from tierops.text import jsontext

LONGEST = 16 * 1024 * 1024  # bytes of a line without its newline; also bounds what reading takes
MOST_TORN = 100  # lines in a row
NOTHING = "0" * 64  # the hash before the first line
BEGINNING = b'{"n":1,"at":"'  # of a journal

_MARK = b'{"n":'
_ENDING = re.compile(rb',"previous":"[0-9a-f]{64}","digest":"[0-9a-f]{64}')


class Line(NamedTuple):
    """A whole line: its place in the chain, all that it holds, and its hash, which the next line has as `previous`."""

    n: int
    at: str
    kind: str
    previous: str
    fields: Mapping[str, Value]
    hash: str


def compose(n: int, at: str, kind: str, fields: Mapping[str, Value], previous: str) -> bytes:
    """The bytes of a line, without the newline."""
    body = jsontext.dumps({"n": n, "at": at, "kind": kind, **fields, "previous": previous}).encode()
    return body[:-1] + _digest_of(body)


def parse(line: bytes) -> Line | None:
    """The line that these bytes (without the newline) are; None where they are not byte for byte what was composed."""
    body, mark, end = line.rpartition(b',"digest":"')
    body += b"}"
    if not mark or mark + end != _digest_of(body):
        return None
    try:
        data = jsontext.loads(body)
    except ValueError:
        return None
    if not isinstance(data, Mapping):
        return None
    match data:
        case {"n": int() as n, "at": str() as at, "kind": str() as kind, "previous": str() as previous}:
            return Line(n, at, kind, previous, data, hash_of(line))
        case _:
            return None


def is_torn(line: bytes, *, has_newline: bool) -> bool:
    """Whether these bytes, which are no whole line, can be one that was cut off; else they were altered.

    Such a line has the beginning of one and not its end. Of a file's last bytes the disk may have kept only zeros.
    """
    if not _MARK.startswith(line.rstrip(b"\0")[: len(_MARK)]):
        return False
    ending = _ENDING.search(line)
    if has_newline:
        return ending is None and not line.endswith(b'"}')
    return ending is None or not line[ending.end() :].startswith(b'"}')


def _digest_of(body: bytes) -> bytes:
    return f',"digest":"{hash_of(body)}"}}'.encode()


def hash_of(content: bytes) -> str:
    """SHA-256 in hex."""
    return sha256(content).hexdigest()
