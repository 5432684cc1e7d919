"""What one customer of ACME holds: clubs and their levels. Its methods are the emulator's dashboard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tierops.emulator.store import Record, Store
from tierops.emulator.web import timestamp

CLUB, LEVEL = "acme.club", "acme.level"


class Console:
    """ACME's console. It checks nothing and takes effect at once. Clubs and levels go by number or name.

    An unknown one raises `LookupError`.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self.store = store
        self.clock = clock

    def add_club(
        self, title: str, levels: Iterable[Mapping[str, Any]] = (), *, currency: str = "EUR", status: str = "open"
    ) -> Record:
        """A new club with levels."""
        with self.store.transaction():
            club = self._insert(CLUB, "", title, {"currency": currency, "status": status})
            self.add_levels(club["id"], levels)
        return club

    def add_levels(self, club: str, levels: Iterable[Mapping[str, Any]], *, visible_at: float = 0) -> list[Record]:
        """Levels with `label` and `from_cents`, perhaps `color` and `perks`."""
        place = self.club(club)["id"]
        with self.store.transaction():
            return [self._insert(LEVEL, place, raw["label"], dict(raw), visible_at) for raw in levels]

    def edit_level(self, club: str, level: str, **changes: Any) -> Record:
        """Change what a level says."""
        with self.store.transaction():
            edited = {**self._level(club, level), "updated_at": timestamp(self.clock()), **changes}
            edited["name"] = edited["label"]
            self.store.replace(LEVEL, edited)
        return edited

    def close_club(self, club: str) -> None:
        """Let nobody create levels in it any more."""
        self.store.replace(CLUB, {**self.club(club), "status": "closed"})

    def delete_level(self, club: str, level: str) -> None:
        """Remove a level."""
        self.store.delete(LEVEL, self._level(club, level)["id"])

    def levels(self, club: str) -> list[Record]:
        """All levels of a club in the order in which they were added, visible to readers or not."""
        return self.store.stored(LEVEL, self.club(club)["id"])

    def club(self, club: str) -> Record:
        """The club of this number or title."""
        record = self.store.find(CLUB, club)
        if record is None:
            raise LookupError(f"no club {club!r}")
        return record

    def _level(self, club: str, level: str) -> Record:
        record = self.store.find(LEVEL, level, place=self.club(club)["id"])
        if record is None:
            raise LookupError(f"no level {level!r} in club {club!r}")
        return record

    def _insert(self, kind: str, place: str, name: str, fields: Mapping[str, Any], visible_at: float = 0) -> Record:
        number = int(self.store.next_id(""), 16) % 0x10000  # its ids are consecutive; small numbers read better
        record: Record = {
            "id": str(number),
            "name": name,
            "created_at": timestamp(self.clock()),
            "updated_at": None,
            "number": number,
            **fields,
        }
        self.store.insert(kind, place, record, visible_at=visible_at)
        return record
