"""The tier structures of one Voucherify project, through Loyalty v2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tierops.errors import NOT_FOUND, IncompleteRead, VendorError
from tierops.model import Identity, Live, LiveTier, Place, Request, Value
from tierops.providers.expect import expect_map, expect_same, expect_text
from tierops.providers.overview import unmistakable
from tierops.providers.vendor import segment
from tierops.providers.voucherify import REGION, account
from tierops.providers.voucherify_v2 import tiers
from tierops.providers.voucherify_v2.lists import FALLING, LISTED, RISING, Reader, Row
from tierops.text import jsontext, names

if TYPE_CHECKING:
    from tierops.providers.http import Client

_ID = "lts_"
_STRUCTURE = "tier_structure"
_BY_NAME = "filters[name][conditions][$is]"
_NO_STRUCTURE = (
    "Check the name in the dashboard (Loyalty, Tier structures), that the keys belong to its project, and that"
    f" VOUCHERIFY_URL is {REGION}"
)


class Account:
    """The tier structures of one project. Its keys, errors and limits are those of v1."""

    dialect = account.Account.dialect
    credentials = staticmethod(account.Account.credentials)

    def __init__(self, client: Client, fingerprint: str | None) -> None:
        self._client = client
        self._fingerprint = fingerprint
        self._seen: dict[str, Row] = {}

    def survey(self, places: Sequence[Place]) -> None:
        """Find the structures in the list of all of them, a hundred in a request, in place of one by one.

        Nothing says how long the list is, so it is given up where it takes more than a tenth of what it could save.
        """
        wanted = {place.fields["structure"] for place in places}
        listed = Reader(self._client).rows(tiers.STRUCTURES, RISING, most_pages=1 + len(wanted) // 10)
        self._seen = {
            name: row
            for name, row in unmistakable(listed.values(), "name").items()
            if name in wanted and not name.startswith(_ID) and row.get("object") == _STRUCTURE
        }

    def fetch(self, place: Place) -> Live:
        """Every tier of the structure: its list in both orders, and the structure before and after.

        There is no total. A list that is cut shows its other end in the opposite order.
        """
        named = place.fields["structure"]
        reader = Reader(self._client)
        # What a survey saw is good for one fetch: whoever fetches again wants to see the structure afresh.
        seen = self._seen.pop(named, None)
        before = seen or _found(reader, named, RISING) or self._absent(reader, named)
        id_, name = expect_text(before, "id"), expect_text(before, "name")
        lists = [reader.rows(tiers.path(id_), order) for order in (RISING, FALLING)]
        after = _found(reader, named, FALLING)
        if lists[0] != lists[1]:
            raise IncompleteRead(
                f"the tiers of structure {name!r} differ with the order in which they are listed"
                f" ({len(lists[0])} and {len(lists[1])}); nothing is planned from a list that may be incomplete"
            )
        if after is None or _state(before) != _state(after):
            raise IncompleteRead(f"structure {name!r} changed while it was read")
        return Live(
            Identity(self._client.base_url, "tier structure", id_, name, self._fingerprint),
            tiers.decode(tuple(lists[0].values()), id_),
            f"the same {len(lists[0])} tiers in both orders, each to the end of its cursor",
            steps=(_to_activate(name, id_),),
            facts=_facts(before),
            calls=reader.calls + (seen is not None),
        )

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """Every structure, oldest first; by id where its name is not the only one, or cannot be written or read."""
        reader = Reader(self._client)
        rows = reader.rows(tiers.STRUCTURES, RISING)
        if rows != reader.rows(tiers.STRUCTURES, FALLING):
            raise IncompleteRead("the tier structures differ with the order in which they are listed; run again")
        titles = [expect_text(row, "name") for row in rows.values()]
        return tuple(
            {"structure": name if _is_plain(name) and titles.count(name) == 1 else id_}
            for id_, name in zip(rows, titles, strict=True)
        )

    def locate(self, named: Mapping[str, str]) -> Mapping[str, str]:
        """The block itself: a structure's id or name says it all."""
        return named

    def read_calls(self, live: Live, more: int) -> int:
        """As many as last time, and in each order those for the pages that so many tiers more take."""
        return live.calls + 2 * (_pages(len(live.tiers) + more) - _pages(len(live.tiers)))

    def send(self, request: Request) -> Sequence[LiveTier]:
        """Create one tier."""
        structure_id = tiers.structure_of(request.path)
        return self._client.create(request, lambda answer: tiers.decode([expect_map(answer, "tier")], structure_id))

    def _absent(self, reader: Reader, named: str) -> Row:
        """Raise, with what could be meant; a structure that this list shows was not shown by the one before."""
        rows = () if named.startswith(_ID) else reader.rows(tiers.STRUCTURES, FALLING).values()
        live = [expect_text(row, "name") for row in rows]
        if named in live:
            raise IncompleteRead(f"structure {named!r} is in one list and not in the other")
        raise VendorError(
            f"there is no tier structure {named!r}{names.suggestion(named, live) or '.'} {_NO_STRUCTURE}", NOT_FOUND
        )


def _found(reader: Reader, named: str, order: str) -> Row | None:
    """The structure of this id or name, None where there is none. Raises `VendorError` where two share the name."""
    if named.startswith(_ID):
        try:
            row = reader.get(f"{tiers.STRUCTURES}/{segment(named)}")
        except VendorError as error:
            if error.status == NOT_FOUND:
                raise VendorError(f"tier structure {named!r}: {error}. {_NO_STRUCTURE}", NOT_FOUND) from None
            raise
        expect_same(row, "object", _STRUCTURE, f"structure {named!r}")
        expect_same(row, "id", named, f"structure {named!r}")
        return None if row.get("status") == "DELETED" else row
    rows = reader.rows(tiers.STRUCTURES, order, {_BY_NAME: named}).values()
    called = [row for row in rows if row.get("name") == named]  # how the filter compares is not documented
    if len(called) > 1:
        ids = ", ".join(expect_text(row, "id") for row in called)
        raise VendorError(f"{len(called)} tier structures are named {named!r}: name one by its id ({ids})")
    for row in called:
        expect_same(row, "object", _STRUCTURE, f"structure {named!r}")
    return called[0] if called else None


def _state(row: Row) -> tuple[Value, ...]:
    return row.get("id"), row.get("status"), row.get("updated_at")


def _to_activate(name: str, id_: str) -> str:
    return (
        f"check the ladder of {name!r}, then activate the structure in the dashboard (Loyalty, Tier structures) or with"
        f" POST {tiers.STRUCTURES}/{id_}/activate: from then on members move, and the ladder cannot be changed"
    )


def _facts(row: Row) -> dict[str, str]:
    """What decides about what a tier means: the status, what is counted, and how a tier is lost."""
    rules: dict[str, Value] = {
        key: row[key]
        for key in ("type", "point_balance", "point_earned", "expiration", "downgrade")
        if row.get(key) is not None
    }
    return {"status": expect_text(row, "status"), "rules": jsontext.dumps(rules)}


def _pages(number: int) -> int:
    return max(1, -(-number // LISTED))


def _is_plain(name: str) -> bool:
    return names.has_visible(name) and name.isprintable() and not name.startswith(_ID)
