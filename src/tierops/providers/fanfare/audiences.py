"""The list of all audiences of an organisation: which groups there are, and what else has a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import TYPE_CHECKING

from tierops.errors import IncompleteRead, VendorError
from tierops.providers.expect import expect_list, expect_map, expect_text
from tierops.providers.fanfare.tiers import TAKEN, Audience, is_tier
from tierops.text import names

if TYPE_CHECKING:
    from tierops.providers.http import Client

_PAGE = 100


class Listing:
    """All audiences of the organisation, from one pass over the pages. `served` are the places that looked at it.

    Thousands of places may look at it, so what each asks for is put in order once.
    """

    def __init__(self, audiences: Sequence[Audience], pages: int) -> None:
        self.audiences = audiences
        self.pages = pages
        self.served: set[str] = set()

    @cached_property
    def groups(self) -> Mapping[str, Sequence[Audience]]:
        """The live tiers of each group, by group id."""
        groups: dict[str, list[Audience]] = {}
        for audience in filter(is_tier, self.audiences):
            groups.setdefault(expect_text(audience, "groupId"), []).append(audience)
        return groups

    @cached_property
    def names(self) -> Sequence[str]:
        """The names of all groups of live tiers."""
        return tuple(self._ids)

    @cached_property
    def organisations(self) -> AbstractSet[str]:
        """The organisations of the audiences; there should be one."""
        return {str(one["organizationId"]) for one in self.audiences if one.get("organizationId")}

    @cached_property
    def _ids(self) -> Mapping[str, Sequence[str]]:
        """The ids of the groups of live tiers of each name, of which the tiers of one group may have several."""
        ids: dict[str, dict[str, None]] = {}
        for audience in filter(is_tier, self.audiences):
            if audience.get("groupName"):
                ids.setdefault(str(audience["groupName"]), {})[expect_text(audience, "groupId")] = None
        return {name: tuple(own) for name, own in ids.items()}

    def others(self, place: str) -> dict[str, str]:
        """What else has the name or the id of a group: nobody may make a second one beside it."""
        kinds = [
            _kind(audience)
            for audience in self.audiences
            if place in (audience.get("groupName"), audience.get("groupId")) and not is_tier(audience)
        ]
        return {TAKEN: kinds[0]} if kinds else {}

    def instead(self, place: str) -> str:
        """The end of a sentence that says that there is no such group of live tiers: what there is."""
        if others := self.others(place):
            return f"; there is one, but {others[TAKEN]}"
        return names.suggestion(place, [*self.names, *self.groups])

    def find(self, place: str) -> Sequence[Audience] | None:
        """The live tiers of the one group of this name or id. Raises `VendorError` where two groups share a name."""
        if place in self.groups:
            return self.groups[place]
        ids = self._ids.get(place, ())
        if len(ids) > 1:
            raise VendorError(
                f"{len(ids)} live Fanfare groups are named {place!r} ({', '.join(ids)}); tierops picks none:"
                " name the group by its id, or remove or rename all but one in the dashboard"
            )
        return self.groups[ids[0]] if ids else None


def _kind(audience: Audience) -> str:
    """What keeps an audience of a group from being a tier."""
    if audience.get("archived") is True:
        return "archived"
    if not isinstance(audience.get("groupId"), str):
        return "without an id"
    kind = audience.get("groupType")
    return "of no type" if kind is None else f"of the type {kind}"


def full_pages(audiences: int) -> int:
    """How many pages so many audiences take, where none is cut short."""
    return max(1, -(-audiences // _PAGE))


def read(client: Client, direction: str) -> Listing:
    """Page through all audiences. The pages do not say which is the last: stop at no cursor or an empty page."""
    audiences: dict[str, Audience] = {}
    cursors: list[str] = []
    while True:
        parameters: dict[str, str | int] = {
            "first": _PAGE,
            "include": "rules",
            "sortBy": "createdAt",
            "sortDir": direction,
        }
        page = expect_map(client.get("/audiences", parameters | ({"after": cursors[-1]} if cursors else {})), "page")
        rows = [expect_map(row, "audience") for row in expect_list(page.get("data"), "audiences")]
        for row in rows:
            if expect_text(row, "id") in audiences:
                raise IncompleteRead(
                    f"Fanfare's list of audiences shows {row['id']} twice: it changes while it is read"
                )
            audiences[expect_text(row, "id")] = row
        cursor = expect_map(page.get("pageInfo"), "pageInfo").get("endCursor")
        if not rows or cursor is None:
            return Listing(tuple(audiences.values()), len(cursors) + 1)
        if not isinstance(cursor, str) or cursor in cursors:
            raise IncompleteRead("the cursors of Fanfare's list of audiences lead in a circle")
        cursors.append(cursor)
