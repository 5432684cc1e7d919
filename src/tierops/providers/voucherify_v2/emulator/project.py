"""What one project holds of Loyalty v2. Its methods are the emulator's dashboard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tierops.emulator.store import Record, Store
from tierops.emulator.web import timestamp

STRUCTURE, TIER, PROGRAM = "voucherify-v2.structure", "voucherify-v2.tier", "voucherify-v2.program"
ASSIGNMENT, ACTIVITY = "voucherify-v2.assignment", "voucherify-v2.activity"
CARD = "voucherify-v2.card_definition"
DELETED = "DELETED"

_WALLET = "lcdef_12f0a1a0110c5d6df0"


class Project:
    """Tier structures with their tiers, and programs. Somebody in the dashboard is played with these methods.

    They check nothing that the dashboard might let through and take effect at once. Structures, tiers and programs are
    named by id or name; an unknown one raises `LookupError`.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self.store = store
        self.clock = clock

    def add_structure(
        self,
        name: str,
        tiers: Iterable[Mapping[str, Any]] = (),
        *,
        id: str | None = None,  # noqa: A002 - the vendor's own word
        visible_at: float = 0,
        **fields: Any,
    ) -> Record:
        """A new structure, a draft that counts the balance of a wallet unless `fields` say otherwise."""
        measure = (
            {} if "type" in fields else {"type": "POINT_BALANCE", "point_balance": {"card_definition_id": _WALLET}}
        )
        with self.store.transaction():
            structure: Record = {
                "id": id or self.store.next_id("lts_"),
                "name": name,
                **measure,
                "expiration": {"type": "NO_RETENTION"},
                "downgrade": {"type": "NO_DOWNGRADE"},
                "metadata": {},
                "status": "DRAFT",
                "created_at": self.now(),
                "updated_at": None,
                "object": "tier_structure",
            } | fields
            self.store.insert(STRUCTURE, "", structure, visible_at=visible_at)
            self.note(structure, "created")
            self.add_tiers(structure["id"], tiers)
        return structure

    def add_card(self, name: str, *, id: str | None = None) -> Record:  # noqa: A002 - the vendor's own word
        """A new point wallet. Of its form, only the name and the id are known."""
        card: Record = {
            "id": id or self.store.next_id("lcdef_"),
            "name": name,
            "status": "ACTIVE",
            "created_at": self.now(),
            "updated_at": None,
            "object": "card_definition",
        }
        self.store.insert(CARD, "", card)
        return card

    def cards(self) -> list[Record]:
        """All point wallets, and the one that there is anyway."""
        usual = {"id": _WALLET, "name": "Points", "status": "ACTIVE", "created_at": "", "object": "card_definition"}
        return [usual, *self.store.select(CARD)]

    def add_tiers(self, structure: str, tiers: Iterable[Mapping[str, Any]], *, visible_at: float = 0) -> list[Record]:
        """Append tiers; `min_value`, `max_value` stand for the rules, and what a raw tier brings itself is kept."""
        with self.store.transaction():
            owner = self.structure(structure)
            return [self._add_tier(owner, dict(raw), visible_at) for raw in tiers]

    def edit_tier(self, structure: str, tier: str, **changes: Any) -> Record:
        """Change a tier, and set `updated_at`; `points` are those of its rules."""
        with self.store.transaction():
            owner = self.structure(structure)
            edited = self._tier(owner["id"], tier) | {"updated_at": self.now()}
            if "points" in changes:
                edited["qualification_rules"] = edited["qualification_rules"] | {"points": changes.pop("points")}
            edited |= changes
            self.store.replace(TIER, edited)
            self.note(owner, "tier.updated", edited)
        return edited

    def delete_tier(self, structure: str, tier: str) -> Record:
        """Remove a tier."""
        with self.store.transaction():
            owner = self.structure(structure)
            gone = self._tier(owner["id"], tier)
            self.store.delete(TIER, gone["id"])
            self.note(owner, "tier.deleted", gone)
        return gone

    def edit_structure(self, structure: str, **changes: Any) -> Record:
        """Change a structure, such as its `status`."""
        with self.store.transaction():
            edited = self.structure(structure) | {"updated_at": self.now()} | changes
            self.store.replace(STRUCTURE, edited)
            kinds = {"ACTIVE": "activated", "INACTIVE": "deactivated", "DRAFT": "drafted", DELETED: "deleted"}
            self.note(edited, kinds.get(changes.get("status", ""), "updated"))
        return edited

    def activate(self, structure: str) -> Record:
        """From now on members move, and the ladder is frozen."""
        return self.edit_structure(structure, status="ACTIVE")

    def add_program(
        self,
        name: str,
        *,
        id: str | None = None,  # noqa: A002 - the vendor's own word
        status: str = "DRAFT",
        structure: str | None = None,
    ) -> Record:
        """A new program, with the structure that decides its tiers."""
        with self.store.transaction():
            program: Record = {
                "id": id or self.store.next_id("lprg_"),
                "name": name,
                "status": status,
                "start_date": None,
                "end_date": None,
                "validity_hours": {"type": "ANY_TIME"},
                "metadata": {},
                "created_at": self.now(),
                "updated_at": None,
                "object": "program",
            }
            self.store.insert(PROGRAM, "", program)
            if structure is not None:
                self.assign(program["id"], structure)
        return program

    def assign(self, program: str, structure: str) -> Record:
        """Let the structure decide about the tiers of the program."""
        owner, wanted = self.program(program), self.structure(structure)
        assignment = {
            "id": f"{owner['id']}/{wanted['id']}",
            "name": wanted["id"],
            "tier_structure_id": wanted["id"],
            "created_at": self.now(),
            "updated_at": None,
        }
        self.store.insert(ASSIGNMENT, owner["id"], assignment)
        self.note(wanted, "assigned")
        return assignment

    def unassign(self, program: str, structure: str) -> None:
        """Take the structure away from the program."""
        owner, gone = self.program(program), self.structure(structure)
        self.store.delete(ASSIGNMENT, f"{owner['id']}/{gone['id']}")
        self.note(gone, "unassigned")

    def note(self, structure: Record, what: str, tier: Record | None = None) -> None:
        """An activity, as the log of the structure has it."""
        data = {"tier_structure": structure} | ({} if tier is None else {"tier": tier})
        activity = {
            "id": self.store.next_id("lats_"),
            "name": "",
            "type": f"vl.tier_structure.{what}",
            "data": data,
            "created_at": self.now(),
            "updated_at": None,
            "source": {"channel": "API"},
            "tier_structure_id": structure["id"],
        }
        self.store.insert(ACTIVITY, structure["id"], activity, visible_at=self.clock())

    def structures(self) -> list[Record]:
        """All structures, deleted ones too, oldest first."""
        return self.store.select(STRUCTURE)

    def structure(self, structure: str) -> Record:
        """The structure with this id or name."""
        return self._record(STRUCTURE, structure)

    def program(self, program: str) -> Record:
        """The program with this id or name."""
        return self._record(PROGRAM, program)

    def tiers(self, structure: str) -> list[Record]:
        """All tiers of a structure in the order in which they were added, visible to readers or not."""
        return self.store.stored(TIER, self.structure(structure)["id"])

    def users(self, structure_id: str) -> list[Record]:
        """The programs that use a structure."""
        assigned = [one for one in self.store.select(ASSIGNMENT) if one["tier_structure_id"] == structure_id]
        return [self.program(one["id"].partition("/")[0]) for one in assigned]

    def load_examples(self) -> Record:
        """The structure with three tiers of the documentation's form. Loading it again changes nothing."""
        example = json.loads(Path(__file__).with_name("examples.json").read_text(encoding="utf-8"))
        with self.store.transaction():
            loaded = self.store.find(STRUCTURE, example["structure"]["id"])
            return loaded or self.add_structure(**example["structure"], tiers=example["tiers"])

    def now(self) -> str:
        """The time as the vendor writes it."""
        return timestamp(self.clock())

    def _add_tier(self, owner: Record, raw: dict[str, Any], visible_at: float) -> Record:
        points = {key: raw.pop(key) for key in ("min_value", "max_value") if key in raw}
        tier: Record = {
            "id": self.store.next_id("lt_"),
            "tier_structure_id": owner["id"],
            "name": raw["name"],
            "qualification_rules": {"type": "POINTS", "points": points},
            "downgrade": {"type": "INHERIT"},
            "metadata": {},
            "created_at": self.now(),
            "updated_at": None,
            "object": "tier",
            "points_expiration": {"type": "INHERIT"},
        } | raw
        self.store.insert(TIER, owner["id"], tier, visible_at=visible_at)
        self.note(owner, "tier.created", tier)
        return tier

    def _tier(self, structure_id: str, tier: str) -> Record:
        record = self.store.find(TIER, tier, place=structure_id)
        if record is None:
            raise LookupError(f"no tier {tier!r} in structure {structure_id!r}")
        return record

    def _record(self, kind: str, key: str) -> Record:
        record = self.store.find(kind, key)
        if record is None:
            raise LookupError(f"no {kind} {key!r}")
        return record
