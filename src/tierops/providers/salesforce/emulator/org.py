"""What one org holds: loyalty programmes, tier groups and tiers. Its methods are the emulator's dashboard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tierops.emulator.store import Record, Store
from tierops.emulator.web import timestamp

PROGRAM, GROUP, TIER, BIN = (f"salesforce.{kind}" for kind in ("program", "group", "tier", "bin"))
ORG_ID = "00D7k4Wq2mZt9LcEAU"
KEY, MINIMUM, MAXIMUM = "Tierops_Key__c", "MinimumEligibleBalance", "MaximumEligibleBalance"
_PREFIXES = {PROGRAM: "0lp", GROUP: "0lt", TIER: "0lg"}


class Org:
    """Somebody who works in the org. It checks nothing and takes effect at once. Records go by id or name.

    An unknown one raises `LookupError`.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self.store = store
        self.clock = clock

    def add_program(self, name: str, *, id: str | None = None, status: str = "Active") -> Record:  # noqa: A002
        """A new loyalty programme."""
        return self._insert(PROGRAM, "", {"Name": name, "Status": status}, id)

    def add_group(
        self,
        program: str,
        name: str,
        tiers: Iterable[Mapping[str, Any]] = (),
        *,
        id: str | None = None,  # noqa: A002
        category: str | None = "Tier_Group",
        currency: str | None = "Status points",
    ) -> Record:
        """A new tier group of a programme, which is made where there is none, with tiers."""
        with self.store.transaction():
            parent = self.store.find(PROGRAM, program) or self.add_program(program)
            fields = {"Name": name, "LoyaltyProgramId": parent["id"], "Category": category, "currency": currency}
            group = self._insert(GROUP, parent["id"], fields, id)
            self.add_tiers(group["id"], tiers)
        return group

    def add_tiers(self, group: str, tiers: Iterable[Mapping[str, Any]], *, visible_at: float = 0) -> list[Record]:
        """Tiers with `Name`, perhaps `MinimumEligibleBalance`, `SequenceNumber` and whatever else a record has."""
        place = self.group(group)["id"]
        with self.store.transaction():
            return [
                self._insert(TIER, place, {"LoyaltyTierGroupId": place, **raw}, raw.get("Id"), visible_at)
                for raw in tiers
            ]

    def edit_tier(self, group: str, tier: str, **changes: Any) -> Record:
        """Change what a tier says."""
        with self.store.transaction():
            edited = {**self._tier(group, tier), "updated_at": timestamp(self.clock()), **changes}
            edited["name"] = edited["Name"]
            self.store.replace(TIER, _storable(edited))
        return edited

    def delete_tier(self, group: str, tier: str) -> None:
        """Put a tier into the recycle bin."""
        with self.store.transaction():
            record = self._tier(group, tier)
            self.store.delete(TIER, record["id"])
            self.store.insert(BIN, record["LoyaltyTierGroupId"], record)

    def tiers(self, group: str) -> list[Record]:
        """All tiers of a group in the order in which they were added, visible to readers or not."""
        return self.store.stored(TIER, self.group(group)["id"])

    def group(self, group: str) -> Record:
        """The tier group of this id or name."""
        record = self.store.find(GROUP, group)
        if record is None:
            raise LookupError(f"no tier group {group!r}")
        return record

    def program(self, program: str) -> Record:
        """The loyalty programme of this id or name."""
        record = self.store.find(PROGRAM, program)
        if record is None:
            raise LookupError(f"no loyalty programme {program!r}")
        return record

    def keys(self, *, of_deleted: bool) -> dict[str, str]:
        """The ids of the tiers with a key, by the key without case; those of the recycle bin, too, if asked for."""
        records = [*self.store.select(TIER), *(self.store.select(BIN) if of_deleted else ())]
        return {record[KEY].casefold(): record["id"] for record in records if record.get(KEY)}

    def _tier(self, group: str, tier: str) -> Record:
        record = self.store.find(TIER, tier, place=self.group(group)["id"])
        if record is None:
            raise LookupError(f"no tier {tier!r} in tier group {group!r}")
        return record

    def _insert(
        self,
        kind: str,
        place: str,
        fields: Mapping[str, Any],
        id_: str | None = None,
        visible_at: float = 0,
    ) -> Record:
        number = int(self.store.next_id(""), 16) % 0x10000  # its ids are consecutive; small numbers read better
        record: Record = {
            "id": id_ or f"{_PREFIXES[kind]}XX{number:010d}AAA",
            "name": fields["Name"],
            "created_at": timestamp(self.clock()),
            "updated_at": None,
            **{name: value for name, value in _storable(fields).items() if name != "Id"},
        }
        self.store.insert(kind, place, record, visible_at=visible_at)
        return record


def _storable(fields: Mapping[str, Any]) -> Record:
    """With balances as text, digit for digit."""
    balances = {name: str(fields[name]) for name in (MINIMUM, MAXIMUM) if fields.get(name) is not None}
    return {**fields, **balances}
