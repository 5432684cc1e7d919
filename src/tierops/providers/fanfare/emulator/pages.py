"""Fanfare's cursor pages. Source: its pagination page; how it refuses a wrong query is a guess throughout.

A cursor is base64 of JSON, as documented, and says which entry it stands for, so that a page goes on behind that entry
whatever was added or archived meanwhile. A cursor belongs to one sorting and expires a day after it was given.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tierops.emulator.store import Record
from tierops.emulator.web import Refused
from tierops.providers.fanfare.emulator import errors
from tierops.providers.fanfare.emulator.organization import PARTS
from tierops.providers.fanfare.emulator.switches import Switches

_SORTED_BY = {"createdAt": "created_at", "name": "name", "lastRefreshedAt": "refreshed_at"}
_CURSOR_SECONDS = 24 * 3600
_LARGEST_PAGE = 100

_Key: TypeAlias = tuple[str, str]
"""What entries are sorted by; the id breaks ties, in the direction of the list."""


@dataclass(frozen=True)
class Paging:
    """What a list was asked for."""

    size: int
    sort_by: str
    is_descending: bool
    is_backward: bool
    cursor: _Key | None

    def page(
        self, records: Iterable[Record], now: float, last_page: str
    ) -> tuple[list[Record], str | None, str | None]:
        """The page of these records, and the cursors of its start and of its end."""
        ordered = sorted(records, key=self._key, reverse=self.is_descending)
        rest = [record for record in ordered if self._is_asked(record)]
        page = rest[-self.size :] if self.is_backward else rest[: self.size]
        ends: list[str | None] = [self._cursor(record, now) for record in (page[0], page[-1])] if page else [None, None]
        if len(rest) <= self.size and last_page == "null":
            ends[0 if self.is_backward else 1] = None
        return page, ends[0], ends[1]

    def _key(self, record: Record) -> _Key:
        return record[_SORTED_BY[self.sort_by]] or "", record["id"]

    def _is_asked(self, record: Record) -> bool:
        if self.cursor is None:
            return True
        # Behind the cursor, in the direction of the list and of the paging.
        key = self._key(record)
        return key != self.cursor and (key > self.cursor) != (self.is_descending != self.is_backward)

    def _cursor(self, record: Record, now: float) -> str:
        given = [self.sort_by, self.is_descending, *self._key(record), now]
        return b64encode(json.dumps(given).encode()).decode()


def asked(query: Mapping[str, str], switches: Switches, now: float) -> Paging:
    """The paging that a query asks for. Raises `Refused`."""
    is_backward = "last" in query or "before" in query
    if is_backward and ("first" in query or "after" in query):
        raise _refused(query, "last" if "last" in query else "before", "one direction", switches)
    size_key, cursor_key = ("last", "before") if is_backward else ("first", "after")
    sort_by = query.get("sortBy", "createdAt")
    if sort_by not in _SORTED_BY:
        raise _refused(query, "sortBy", " | ".join(_SORTED_BY), switches)
    direction = query.get("sortDir", switches.list_order)
    if direction not in ("asc", "desc"):
        raise _refused(query, "sortDir", "asc | desc", switches)
    size = query.get(size_key, str(switches.page_size))
    if not re.fullmatch(r"[0-9]{1,9}", size) or not 1 <= int(size) <= _LARGEST_PAGE:
        raise _refused(query, size_key, f"1 to {_LARGEST_PAGE}", switches)
    is_descending = direction == "desc"
    cursor = _read(query[cursor_key], sort_by, is_descending, now) if cursor_key in query else None
    if cursor is None and cursor_key in query:
        raise _refused(query, cursor_key, "cursor", switches)
    return Paging(int(size), sort_by, is_descending, is_backward, cursor)


def included(query: Mapping[str, str], default: Sequence[str], switches: Switches) -> frozenset[str]:
    """The parts of an audience that `include` names. Raises `Refused`."""
    if "include" not in query:
        return frozenset(default)
    names = [name.strip() for name in query["include"].split(",") if name.strip()]
    if not set(names) <= set(PARTS):
        raise _refused(query, "include", " | ".join(PARTS), switches)
    return frozenset(names)


def _read(cursor: str, sort_by: str, is_descending: bool, now: float) -> _Key | None:
    try:
        given = json.loads(b64decode(cursor, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
    match given:
        case [by, descending, str(value), str(audience_id), int() | float() as since] if (
            by == sort_by and descending is is_descending and now - since <= _CURSOR_SECONDS
        ):
            return value, audience_id
    return None


def _refused(query: Mapping[str, str], key: str, expected: str, switches: Switches) -> Refused:
    issue = errors.invalid(((dict(query), key),), "query", expected, query[key], f"Invalid {key}")
    return Refused(errors.validation([issue], switches.validation_status))
