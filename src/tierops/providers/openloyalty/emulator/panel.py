"""What one tenant of Open Loyalty holds: stores, tier sets and their tiers. Its methods are the admin panel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tierops.emulator import exact
from tierops.emulator.store import Record, Store
from tierops.emulator.web import timestamp

SET, TIER = "openloyalty.set", "openloyalty.tier"
_STORES = ("default", "uk")


class Panel:
    """The admin panel. It checks nothing and takes effect at once. Sets and tiers go by id or name.

    A tier has `name` and `value` (a number, or its text), perhaps `description`, `translations`, `active`, `rewards`.
    An unknown set or tier raises `LookupError`.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self.store = store
        self.clock = clock

    def add_set(
        self,
        name: str,
        tiers: Iterable[Mapping[str, Any]] = (),
        *,
        default: Mapping[str, Any] | None = None,
        attribute: str = "totalEarnedUnits",
        wallet: str = "default",
        store: str = "default",
        **fields: Any,
    ) -> Record:
        """A new tier set with its default tier, Bronze from 0 unless `default` says otherwise, and other tiers.

        `fields` are what its row says otherwise.
        """
        with self.store.transaction():
            condition = {"id": self._id(), "attribute": attribute}
            row = {
                "id": self._id(),
                "name": name,
                "created_at": self._now(),
                "updated_at": None,
                "conditions": [condition | ({"walletType": wallet} if wallet != "none" else {})],
                "active": True,
                "isMigrated": False,
                "isDefault": not self.store.select(SET),
            } | fields
            self.store.insert(SET, store, row)
            self.add_tiers(row["id"], [{"name": "Bronze", "value": 0, **(default or {})}], is_default=True)
            self.add_tiers(row["id"], tiers)
        return row

    def stores(self) -> list[str]:
        """The codes of all stores: two that are always there, and those of the sets."""
        return list(dict.fromkeys((*_STORES, *self.store.places(SET))))

    def add_tiers(
        self, tier_set: str, tiers: Iterable[Mapping[str, Any]], *, is_default: bool = False, visible_at: float = 0
    ) -> list[Record]:
        """Add tiers to a set."""
        place, now = self.tier_set(tier_set)["id"], self._now()
        added = []
        with self.store.transaction():
            for tier in tiers:
                row = {
                    "id": self._id(),
                    "name": tier["name"],
                    "created_at": now,
                    "updated_at": now,
                    "is_default": is_default,
                    "guards": [],
                    **_kept(tier),
                }
                self.store.insert(TIER, place, row, visible_at=visible_at)
                added.append(row)
        return added

    def edit_tier(self, tier_set: str, tier: str, **changes: Any) -> None:
        """Change what a tier says."""
        with self.store.transaction():
            row = self.tier(tier_set, tier)
            self.store.replace(TIER, {**row, **_kept({**_shown(row), **changes}), "updated_at": self._now()})

    def guard_tier(self, tier_set: str, tier: str, guard: str) -> None:
        """Have the API refuse that the tier is deleted: `delete_tier_has_members`, for one."""
        row = self.tier(tier_set, tier)
        self.store.replace(TIER, {**row, "guards": [*row["guards"], guard]})

    def delete_tier(self, tier_set: str, tier: str) -> None:
        """Remove a tier, also the default one: who plays the panel must not."""
        self.store.delete(TIER, self.tier(tier_set, tier)["id"])

    def tiers(self, tier_set: str) -> list[Record]:
        """All tiers of a set, the oldest first, visible to readers or not; with `value` as a number."""
        return [{**row, **_shown(row)} for row in self.store.stored(TIER, self.tier_set(tier_set)["id"])]

    def tier_set(self, tier_set: str) -> Record:
        """The set of this id or name."""
        record = self.store.find(SET, tier_set)
        if record is None:
            raise LookupError(f"no tier set {tier_set!r}")
        return record

    def tier(self, tier_set: str, tier: str) -> Record:
        """The tier of this id or name."""
        record = self.store.find(TIER, tier, place=self.tier_set(tier_set)["id"])
        if record is None:
            raise LookupError(f"no tier {tier!r} in tier set {tier_set!r}")
        return record

    def _id(self) -> str:
        """Looks like a UUID, never given twice."""
        digits = self.store.next_id("")[-12:]
        self._given = getattr(self, "_given", 0) + 1
        return f"00000000-0000-4000-8{self._given % 0x1000:03x}-{digits}"

    def _now(self) -> str:
        return timestamp(self.clock())


def _kept(tier: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored of a tier; what may hold fractions, as JSON text, digit for digit."""
    return {
        "name": tier["name"],
        "value": str(tier["value"]),
        "description": tier.get("description", ""),
        "translations": tier.get("translations", {}),
        "active": tier.get("active", True),
        "rewards": exact.dumps(list(tier.get("rewards", ()))),
    }


def _shown(row: Record) -> dict[str, Any]:
    """The inverse of it."""
    named = {key: row[key] for key in ("name", "description", "translations", "active")}
    return {**named, "value": exact.loads(row["value"]), "rewards": exact.loads(row["rewards"])}
