"""What one deployment of Talon.One holds: loyalty programs, and the log of their changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tierops.emulator.store import Record, Store
from tierops.emulator.web import timestamp

PROGRAM, CHANGE = "talonone.program", "talonone.change"
_USER = 5


class Manager:
    """The Campaign Manager. It checks nothing and takes effect at once. Programs and tiers go by number or name.

    A tier has `name` and `minPoints`, a number or its text. An unknown program or tier raises `LookupError`. What is
    done stands in the log, by the `user` of that number.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self.store = store
        self.clock = clock

    def add_program(self, name: str, tiers: Iterable[Mapping[str, Any]] = (), **fields: Any) -> Record:
        """A new loyalty program. `fields` are what its row says otherwise."""
        with self.store.transaction():
            number, now = self._number(), self._now()
            program = {
                "id": str(number),
                "created_at": now,
                "updated_at": None,
                "number": number,
                "name": name,
                "title": name,
                "sandbox": True,
                "tiers": [],
            } | fields
            self.store.insert(PROGRAM, "", program)
            self.add_tiers(name, tiers, user=_USER)
        return self.program(name)

    def add_tiers(self, program: str, tiers: Iterable[Mapping[str, Any]], *, user: int = _USER) -> None:
        """Add tiers to a program, one after the other."""
        for tier in tiers:
            held = self.program(program)
            row = {"created": self._now(), "id": len(self.log()) + 1, "name": tier["name"]}
            row["minPoints"] = str(tier["minPoints"])
            self._replace(held, [*held["tiers"], row], user)

    def edit_tier(self, program: str, tier: str, *, user: int = _USER, **changes: Any) -> None:
        """Change what a tier says."""
        held = self.program(program)
        changes = {key: str(value) if key == "minPoints" else value for key, value in changes.items()}
        row = _tier(held, tier)
        self._replace(held, [one | changes if one is row else one for one in held["tiers"]], user)

    def delete_tier(self, program: str, tier: str, *, user: int = _USER) -> None:
        """Take a tier away."""
        held = self.program(program)
        row = _tier(held, tier)
        self._replace(held, [one for one in held["tiers"] if one is not row], user)

    def tiers(self, program: str) -> list[Record]:
        """The tiers of a program, the oldest first."""
        tiers: list[Record] = self.program(program)["tiers"]
        return tiers

    def programs(self) -> list[Record]:
        """All programs, the oldest first."""
        return self.store.select(PROGRAM)

    def log(self) -> list[Record]:
        """Every change to a program's tiers, the oldest first."""
        return self.store.stored(CHANGE, "")

    def program(self, program: str) -> Record:
        """The program of this number or name."""
        record = self.store.find(PROGRAM, program)
        if record is None:
            raise LookupError(f"no loyalty program {program!r}")
        return record

    def _replace(self, program: Record, tiers: list[Record], user: int) -> None:
        with self.store.transaction():
            now, number = self._now(), len(self.log()) + 1
            entry = {
                "id": f"change-{number}",
                "name": program["name"],
                "created_at": now,
                "updated_at": None,
                "number": number,
                "program": program["number"],
                "user": user,
                "old": program["tiers"],
                "new": tiers,
            }
            self.store.insert(CHANGE, "", entry)
            self.store.replace(PROGRAM, {**program, "tiers": tiers, "updated_at": now})

    def _number(self) -> int:
        return 139 + len(self.store.select(PROGRAM)) * 1251  # 139, 1390: one number begins the other

    def _now(self) -> str:
        return timestamp(self.clock())


def _tier(program: Record, tier: str) -> Record:
    found = [one for one in program["tiers"] if tier in (one["name"], str(one["id"]))]
    if not found:
        raise LookupError(f"no tier {tier!r} in loyalty program {program['name']!r}")
    row: Record = found[0]
    return row
