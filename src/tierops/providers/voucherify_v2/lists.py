"""Lists of Loyalty v2: read to the end of their cursor. No total tells whether they are whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tierops.errors import IncompleteRead, VendorError
from tierops.model import Value
from tierops.providers.expect import expect_list, expect_map, expect_same, expect_text, short

if TYPE_CHECKING:
    from tierops.providers.http import Client

LISTED = 100  # rows of a page at the most, as documented
RISING, FALLING = "created_at", "-created_at"
_MOST_PAGES = 1000
_MOST_STARTS = 3  # a cursor can have expired before its page is asked for
_BAD_REQUEST = 400

Row = Mapping[str, Value]


class Reader:
    """Reads through one client; `calls` counts them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.calls = 0

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Row:
        """One object."""
        self.calls += 1
        return expect_map(self._client.get(path, params), "answer")

    def rows(
        self,
        path: str,
        order: str,
        filters: Mapping[str, str] | None = None,
        key: str = "id",
        most_pages: int = _MOST_PAGES,
    ) -> dict[str, Row]:
        """All rows of a list by their `key`, in its order; deleted ones are left out.

        A cursor that is no good any more begins the list again. Raises `IncompleteRead` where that does not help, where
        the list does not end (as where cursors lead in a circle), and where a row comes twice.
        """
        for start in range(1, _MOST_STARTS + 1):
            pages: list[str] = []
            try:
                rows = self._pages(path, {"limit": LISTED, "order": order, **(filters or {})}, pages, most_pages)
            except VendorError as error:
                if not pages or error.status != _BAD_REQUEST:
                    raise
                if start == _MOST_STARTS:
                    raise IncompleteRead(
                        f"the list {path} was begun {start} times and never came to its end: {error}"
                    ) from None
                continue
            by_id = {expect_text(row, key): row for row in rows}
            if len(by_id) != len(rows):
                raise IncompleteRead(f"the list {path} shows a row twice: {len(rows)} rows, {len(by_id)} ids")
            return {id_: row for id_, row in by_id.items() if row.get("status") != "DELETED"}
        raise AssertionError("unreachable")  # pragma: no cover

    def _pages(self, path: str, asked: Mapping[str, str | int], cursors: list[str], most_pages: int) -> list[Row]:
        """The rows of all pages; `cursors` gets those that were asked for."""
        rows: list[Row] = []
        while len(cursors) < most_pages:
            page = self.get(path, {**asked, "cursor": cursors[-1]} if cursors else asked)
            expect_same(page, "object", "list", f"the list {path}")
            rows += [expect_map(row, "row") for row in expect_list(page.get("data"), "rows")]
            cursor = _next(page, path)
            if cursor is None:
                return rows
            if cursor in cursors:
                break
            cursors.append(cursor)
        raise IncompleteRead(f"the cursors of the list {path} lead in a circle")


def _next(page: Row, path: str) -> str | None:
    """The cursor of the page behind this one; at the end it is null, or has no `next`."""
    if "cursor" not in page:
        raise VendorError(f"not as documented: the list {path} has no `cursor`, so its end is not known: {short(page)}")
    if page["cursor"] is None:
        return None
    cursor = expect_map(page["cursor"], "cursor").get("next")
    if cursor is not None and not isinstance(cursor, str):
        raise VendorError(f"not as documented: the list {path} has the cursor {short(cursor)}")
    return cursor
