"""Lists of Open Loyalty, page by page, to their end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tierops.errors import IncompleteRead, VendorError
from tierops.model import Value
from tierops.providers.expect import expect_list, expect_map, expect_text, short

if TYPE_CHECKING:
    from tierops.providers.http import Client

SHORTEST_PAGE = 10  # rows that a page has at the least, unless it is the last
_PAGE = 50  # rows, the most that may be asked for
_MOST_PAGES = 10  # of the tiers of a set, of which there are 20 at the most
_BAD_REQUEST = 400


class Listed(NamedTuple):
    """The rows of a list. `is_counted` says that the vendor told how many there are, and that it is so many."""

    rows: list[Mapping[str, Value]]
    is_counted: bool
    pages: int


def read(client: Client, path: str, key: str, size: int | None = None, most_pages: int = _MOST_PAGES) -> Listed:
    """All rows of a list, told apart by `key`. `size` is how many there should be, where something tells.

    Raises `IncompleteRead` for a list that repeats a row, as pages do whose number is passed over, or whose `total` is
    another one, or that has not ended after so many pages.
    """
    rows: list[Mapping[str, Value]] = []
    for page in range(1, most_pages + 1):
        answer = _page(client, path, page)
        found = [expect_map(row, "row") for row in expect_list(answer.get("items"), "items")]
        rows += found
        if len({expect_text(row, key) for row in rows}) < len(rows):
            raise IncompleteRead(f"Open Loyalty's list {path} shows a row twice; nothing is planned from such a list")
        total = _total(answer)
        known = total if size is None else size
        if not found or (known is not None and len(rows) >= known) or len(found) < SHORTEST_PAGE:
            break
    else:
        raise IncompleteRead(f"Open Loyalty's list {path} does not end: {len(rows)} rows on {page} pages")
    if total is not None and total != len(rows):
        raise IncompleteRead(
            f"Open Loyalty says that its list {path} holds {total} rows, but its pages show {len(rows)}; nothing is"
            " planned from a list that may be incomplete"
        )
    return Listed(rows, total is not None, page)


def _page(client: Client, path: str, page: int) -> Mapping[str, Value]:
    """One page, in the order of creation where the list sorts by it: which fields it takes is not documented."""
    asked: dict[str, str | int] = {"_itemsOnPage": _PAGE, "_page": page}
    try:
        answer = client.get(path, {**asked, "_orderBy[createdAt]": "asc"})
    except VendorError as error:
        if error.status != _BAD_REQUEST:
            raise
        answer = client.get(path, asked)
    return expect_map(answer, "list")


def _total(answer: Mapping[str, Value]) -> int | None:
    """How many rows the list has, None where it is not said. It is deprecated, and an estimate proves nothing."""
    total = answer.get("total")
    if total is None:
        return None
    said = expect_map(total, "total")
    count = said.get("filtered")
    if said.get("estimated") is True or isinstance(count, bool) or not isinstance(count, int):
        raise IncompleteRead(f"Open Loyalty does not count the rows of a list, but says {short(total)}")
    return count
