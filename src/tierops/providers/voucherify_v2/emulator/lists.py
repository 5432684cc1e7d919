"""Pages with a cursor. Source: the reference on listing; what a wrong cursor gets is as an unpublished edition says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tierops.emulator.store import Record
from tierops.emulator.web import Answer, Call, Json, Page, Refused, timestamp
from tierops.providers.voucherify.emulator import errors as v1
from tierops.providers.voucherify_v2.emulator import errors
from tierops.providers.voucherify_v2.emulator.switches import Switches

_LARGEST, _USUAL = 100, 10
_LIFE_SECONDS = {"15-minutes": 15 * 60, "0": 0, "endless": 10**9}

_Query = tuple[int, str, tuple[tuple[str, str], ...]]
"""Rows of a page, order, filters."""


class Listing(NamedTuple):
    """A list: the prefix of its cursors, its orders, whether it can be filtered by name, and whether rows have ids."""

    prefix: str
    orders: Sequence[str]
    has_names: bool = False
    has_ids: bool = True


class Lists:
    """The cursors that were given, each good for one query."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._given: dict[str, tuple[_Query, str, float]] = {}

    def page(self, call: Call, listing: Listing, records: Iterable[Record], switches: Switches) -> Answer:
        """The page that is asked for. Raises `Refused` for a query that makes no sense, and for a wrong cursor."""
        query, behind = self._asked(call, listing, switches)
        size, order, filters = query
        name = order.removeprefix("-")
        rows = sorted(
            (row for row in records if _fits(row, filters, switches)),
            key=lambda row: (row[name], row["id"]),
            reverse=order.startswith("-"),
        )
        rows = rows[: switches.listed or None]
        ids = [row["id"] for row in rows]
        start = ids.index(behind) + 1 if behind in ids else 0
        size = size if switches.page_size == "asked" else min(size, int(switches.page_size))
        entries = rows[start : start + size]
        has_more = start + size < len(rows) or (switches.last_page == "cursor" and bool(entries))
        cursor = self._give(listing.prefix, query, entries[-1]["id"], switches) if has_more else None
        asked = call.query.get("cursor")
        return Answer(200, Page(entries, lambda page: self._written(page, listing, switches), None, cursor, asked))

    def _asked(self, call: Call, listing: Listing, switches: Switches) -> tuple[_Query, str]:
        """The query, and the id of the row behind which it goes on; empty at the start."""
        own = _query(call, listing)
        cursor = call.query.get("cursor")
        if cursor is None:
            return own, ""
        query, behind, ends = self._given.get(cursor, (own, "", -1.0))
        if not cursor.startswith(listing.prefix) or self._clock() >= ends:
            raise errors.refused(400, "invalid_or_expired_cursor", "The provided cursor is invalid or has expired")
        if query == own or switches.foreign_cursor == "defaults":
            return own, behind
        if switches.foreign_cursor == "first-query" and not call.query.keys() - {"cursor"}:
            return query, behind
        raise errors.refused(400, "cursor_and_query_mismatch")

    def _give(self, prefix: str, query: _Query, behind: str, switches: Switches) -> str:
        cursor = f"{prefix}{0x12F0A2000A0C000000 + len(self._given):018x}"
        self._given[cursor] = (query, behind, self._clock() + _LIFE_SECONDS[switches.cursor_life])
        return cursor

    def _written(self, page: Page, listing: Listing, switches: Switches) -> Json:
        cursor: Any = {} if switches.last_page == "empty-object" else None
        if page.next is not None:
            ends = self._given.get(page.next, (None, "", self._clock()))[2]
            cursor = {"next": page.next, "expires_at": timestamp(ends)}
        entries = page.entries if listing.has_ids else map(_without_id, page.entries)
        return {"data": list(entries), "cursor": cursor, "object": "list"}


def _without_id(entry: Any) -> Any:
    return {key: value for key, value in entry.items() if key != "id"}


def _query(call: Call, listing: Listing) -> _Query:
    text = call.query.get("limit", str(_USUAL))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= _LARGEST:
        raise Refused(v1.invalid_query(f"Property .limit must be integer, 1 to {_LARGEST}"))
    order = call.query.get("order", "-created_at")
    if order.removeprefix("-") not in listing.orders:
        raise Refused(v1.invalid_query("Property .order must be equal to one of the allowed values"))
    filters = tuple(sorted((key, value) for key, value in call.query.items() if key.startswith("filters[")))
    if filters and not listing.has_names:
        raise Refused(v1.invalid_query("Property .filters is not allowed"))
    return int(text), order, filters


def _fits(row: Mapping[str, Any], filters: Iterable[tuple[str, str]], switches: Switches) -> bool:
    """Only `$is` is known here; the rest of the filters is for other clients than tierops."""
    for key, wanted in filters:
        name = key.removeprefix("filters[").partition("]")[0]
        if not key.endswith("[conditions][$is]") or name not in ("id", "name", "status", "type"):
            raise Refused(v1.invalid_query(f"Property .{key} is not emulated"))
        if name == "name" and switches.name_filter == "ignored":
            continue
        value = str(row[name])
        if name == "name" and switches.name_filter == "folded":
            value, wanted = value.casefold(), wanted.casefold()
        if value != wanted:
            return False
    return True
