"""Passes over the list of all audiences, which the groups of a run share."""

from __future__ import annotations

from copy import copy
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from tierops.errors import VendorError
from tierops.providers.fanfare import audiences
from tierops.providers.fanfare.audiences import Listing

if TYPE_CHECKING:
    from tierops.providers.http import Client

DIRECTIONS = ("desc", "asc")


class _Pass(NamedTuple):
    """One pass, with its place among all that were begun."""

    number: int
    outcome: Listing | VendorError


class Passes:
    """Passes over the list, in each direction one at a time. For several threads.

    A pass is shared by all who asked for one before it began: it shows each of them what was there when they asked. So
    is its failure, for a vendor that is away need not be waited for once for each group.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._counting = Lock()
        self._begun = 0
        self._reading = {direction: Lock() for direction in DIRECTIONS}
        self._latest: dict[str, _Pass] = {}

    def listing(self, direction: str, place: str, *, is_fresh: bool) -> Listing:
        """The list from this end, for a look at a place. Raises `VendorError`.

        Unless it `is_fresh`, the last pass of all will do, even one that began before, for a place that it has not
        served yet.
        """
        asked = self._begun
        with self._reading[direction]:
            latest = self._latest.get(direction)
            if latest is None or not (latest.number > asked or (not is_fresh and self._is_new_to(latest, place))):
                latest = self._pass(direction)
            if isinstance(latest.outcome, VendorError):
                raise copy(latest.outcome)  # whoever tells it adds to it
            latest.outcome.served.add(place)
            return latest.outcome

    def _is_new_to(self, latest: _Pass, place: str) -> bool:
        is_last = latest.number == self._begun
        return is_last and isinstance(latest.outcome, Listing) and place not in latest.outcome.served

    def _pass(self, direction: str) -> _Pass:
        self._latest.pop(direction, None)  # this one may be broken off
        with self._counting:
            self._begun += 1
            number = self._begun
        try:
            ended = _Pass(number, audiences.read(self._client, direction))
        except VendorError as error:
            ended = _Pass(number, error)
        self._latest[direction] = ended
        return ended
