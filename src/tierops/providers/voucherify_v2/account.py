"""The tier structures of one Voucherify project, through Loyalty v2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tierops.errors import NOT_FOUND, IncompleteRead, VendorError
from tierops.model import Identity, Live, LiveTier, Place, Request, Value
from tierops.providers.accounts import segment
from tierops.providers.expect import expect_map, expect_same, expect_text
from tierops.providers.overview import unmistakable
from tierops.providers.voucherify import REGION, account
from tierops.providers.voucherify_v2 import programs, structures, tiers
from tierops.providers.voucherify_v2.lists import FALLING, LISTED, RISING, Reader, Row
from tierops.providers.voucherify_v2.programs import Program
from tierops.providers.voucherify_v2.structures import STRUCTURES
from tierops.text import names

if TYPE_CHECKING:
    from tierops.providers.http import Client

_ID = "lts_"
_STRUCTURE = "tier_structure"
_BY_NAME = "filters[name][conditions][$is]"
_CARDS = "/v2/loyalties/card-definitions"
_CARD_ID, _CARD = "lcdef_", "card_definition"
_NO_STRUCTURE = (
    "Check the name in the dashboard (Loyalty, Tier structures), that the keys belong to its project, and that"
    f" VOUCHERIFY_URL is {REGION}"
)
_TO_MAKE = "To have it made, give the target its `card_definition` and `downgrade`"


class Account:
    """The tier structures of one project. Its keys, errors and limits are those of v1."""

    dialect = account.Account.dialect
    credentials = staticmethod(account.Account.credentials)

    def __init__(self, client: Client, fingerprint: str | None) -> None:
        self._client = client
        self._fingerprint = fingerprint
        self._ids: dict[tuple[str, str], str] = {}  # by list and name
        self._seen: dict[str, Row] = {}

    def survey(self, places: Sequence[Place]) -> None:
        """Find the structures in the list of all of them, a hundred in a request, in place of one by one.

        Nothing says how long the list is, so it is given up where it takes more than a tenth of what it could save.
        """
        wanted = {place.fields["structure"] for place in places}
        listed = Reader(self._client).rows(STRUCTURES, RISING, most_pages=1 + len(wanted) // 10)
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
        before = seen or _found(reader, named, RISING)
        said = structures.asked(place.settings, self._card(reader, place))
        program = self._program(reader, place)
        if before is None:
            return self._absent(reader, place, said, program)
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
            self._identity(id_, name),
            tiers.decode(tuple(lists[0].values()), id_),
            f"the same {len(lists[0])} tiers in both orders, each to the end of its cursor",
            steps=(_to_activate(name, id_, program),),
            facts={**structures.facts(before, said), **programs.facts(program, id_)},
            calls=reader.calls + (seen is not None),
        )

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """Every structure, oldest first; by id where its name is not the only one, or cannot be written or read."""
        rows = _both(Reader(self._client), STRUCTURES, "tier structures")
        titles = [expect_text(row, "name") for row in rows.values()]
        return tuple(
            {"structure": name if _is_plain(name) and titles.count(name) == 1 else id_}
            for id_, name in zip(rows, titles, strict=True)
        )

    def locate(self, named: Mapping[str, str]) -> Mapping[str, str]:
        """The block itself: a structure's id or name says it all."""
        return named

    def read_calls(self, live: Live, more: int) -> int:
        """As many as last time, and in each order those for the pages that so many tiers more take.

        One that is made is read in four more than it takes to see that it is not there, at the most.
        """
        return live.calls + 4 * live.is_new + 2 * (_pages(len(live.tiers) + more) - _pages(len(live.tiers)))

    def send(self, request: Request) -> Sequence[LiveTier]:
        """Create one tier, or the structure."""
        if not request.tiers:
            return self._client.create(request, lambda answer: structures.made(answer, request.body))
        structure_id = tiers.structure_of(request.path)
        return self._client.create(request, lambda answer: tiers.decode([expect_map(answer, "tier")], structure_id))

    def _absent(self, reader: Reader, place: Place, said: Mapping[str, Value], program: Program | None) -> Live:
        """A structure that two lists of all of them do not show, where tierops can make it.

        Raises `VendorError` where it cannot, with what could be meant.
        """
        named = place.fields["structure"]
        if named.startswith(_ID):
            raise VendorError(f"there is no tier structure {named!r}. {_NO_STRUCTURE}", NOT_FOUND)
        live = [expect_text(row, "name") for row in _both(reader, STRUCTURES, "tier structures").values()]
        if named in live:
            raise IncompleteRead(f"structure {named!r} is in one list and not in the other")
        if not structures.can_be_made(place.settings):
            instead = names.suggestion(named, live) or "."
            raise VendorError(f"there is no tier structure {named!r}{instead} {_NO_STRUCTURE}. {_TO_MAKE}", NOT_FOUND)
        return Live(
            self._identity("", named),
            (),
            f"none of this name in the list of all tier structures ({len(live)}), in both orders",
            steps=(_to_activate(named, "", program, structures.described(said)),),
            facts={**structures.facts_of_new(said), **programs.facts(program, "")},
            calls=reader.calls,
            near=names.near(named, live),
        )

    def _card(self, reader: Reader, place: Place) -> str:
        """The id of the point wallet that the block names by id or name; empty where it names none."""
        named = str(place.settings.get(_CARD, ""))
        is_id = not named or named.startswith(_CARD_ID)
        return named if is_id else self._id(reader, named, _CARDS, "point wallet", _CARD)

    def _program(self, reader: Reader, place: Place) -> Program | None:
        """The program that the block names by id or name, if any. Raises `VendorError` where there is none of it."""
        named = str(place.settings.get(programs.KEY, ""))
        if not named:
            return None
        id_ = (
            named
            if named.startswith(programs.ID)
            else self._id(reader, named, programs.PROGRAMS, "program", programs.KEY)
        )
        try:
            held = _both(reader, programs.path(id_), f"structures of program {named!r}", "tier_structure_id")
        except VendorError as error:
            if error.status == NOT_FOUND:
                raise VendorError(f"there is no program {named!r}: {error}", NOT_FOUND) from None
            raise
        return Program(id_, named, tuple(held))

    def _id(self, reader: Reader, named: str, path: str, what: str, key: str) -> str:
        """The id of the one row of this name in a list, which is asked for once; `key` names it in the block."""
        if (path, named) not in self._ids:
            rows = _both(reader, path, f"{what}s").items()
            ids = [id_ for id_, row in rows if row.get("name") == named]
            if len(ids) != 1:
                every = names.suggestion(named, [str(row.get("name")) for _, row in rows]) or "."
                raise VendorError(
                    f"there is no {what} {named!r}{every} Check `{key}` in the file, and the dashboard (Loyalty)"
                    if not ids
                    else f"{len(ids)} {what}s are named {named!r}: name one by its id ({', '.join(ids)})"
                )
            self._ids[path, named] = ids[0]
        return self._ids[path, named]

    def _identity(self, id_: str, name: str) -> Identity:
        return Identity(self._client.base_url, "tier structure", id_, name, self._fingerprint)


def _both(reader: Reader, path: str, what: str, key: str = "id") -> dict[str, Row]:
    """A list to its end, oldest first. Raises `IncompleteRead` where it is another one in the opposite order."""
    rows = reader.rows(path, RISING, key=key)
    if rows != reader.rows(path, FALLING, key=key):
        raise IncompleteRead(f"the {what} differ with the order in which they are listed; run again")
    return rows


def _found(reader: Reader, named: str, order: str) -> Row | None:
    """The structure of this id or name, None where there is none. Raises `VendorError` where two share the name."""
    if named.startswith(_ID):
        try:
            row = reader.get(f"{STRUCTURES}/{segment(named)}")
        except VendorError as error:
            if error.status == NOT_FOUND:
                raise VendorError(f"tier structure {named!r}: {error}. {_NO_STRUCTURE}", NOT_FOUND) from None
            raise
        expect_same(row, "object", _STRUCTURE, f"structure {named!r}")
        expect_same(row, "id", named, f"structure {named!r}")
        return None if row.get("status") == "DELETED" else row
    rows = reader.rows(STRUCTURES, order, {_BY_NAME: named}).values()
    called = [row for row in rows if row.get("name") == named]  # how the filter compares is not documented
    if len(called) > 1:
        ids = ", ".join(expect_text(row, "id") for row in called)
        raise VendorError(f"{len(called)} tier structures are named {named!r}: name one by its id ({ids})")
    for row in called:
        expect_same(row, "object", _STRUCTURE, f"structure {named!r}")
    return called[0] if called else None


def _state(row: Row) -> tuple[Value, ...]:
    return row.get("id"), row.get("status"), row.get("updated_at")


def _to_activate(name: str, id_: str, program: Program | None, rules: str = "") -> str:
    how, assign = f" ({rules})" if rules else "", programs.to_assign(program, id_)
    call = f" or with POST {STRUCTURES}/{id_}/activate" if id_ else ""
    return (
        f"check the ladder of {name!r}{how}, {assign}then activate it in the dashboard"
        f" (Loyalty, Tier structures){call}: from then on members move, and the ladder cannot be changed"
    )


def _pages(number: int) -> int:
    return max(1, -(-number // LISTED))


def _is_plain(name: str) -> bool:
    return names.has_visible(name) and name.isprintable() and not name.startswith(_ID)
