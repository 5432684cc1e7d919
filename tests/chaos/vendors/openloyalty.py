"""Open Loyalty, as chaos sees it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chaos.words import Look, Shape, Words, answered

from tierops.emulator import Emulator
from tierops.providers import openloyalty
from tierops.providers.openloyalty.emulator import Api

if TYPE_CHECKING:
    from chaos.world import Asked

_SETS = "/openloyalty/api/default/tierSet"
_FIRST = "T0"  # the default tier, which a set is born with, and which nobody can delete


class OpenLoyalty(Words):
    """All missing tiers go out in one list, to a set with its default tier alone. Half of it nobody completes."""

    vendor = openloyalty.VENDOR
    api = Api
    method = "PUT"
    lists = "GET /api/*/tierSet/*/tiers"
    switches = (
        "openloyalty.others=kept",
        "openloyalty.others=refused",
        "openloyalty.set_tiers=absent",
        "openloyalty.duplicate_name=400",
        "openloyalty.atomicity=partial",
    )
    is_whole = True
    is_replacing = True

    def block(self, ladder: str) -> Mapping[str, str]:
        return {"store": "default", "tier_set": ladder, "attribute": "totalEarnedUnits", "wallet": "default"}

    def is_stuck(self, held: Sequence[Shape]) -> bool:
        return [name for name, *_ in held] != [_FIRST]

    def prepare(self, emulator: Emulator, ladder: str, held: Sequence[Shape]) -> None:
        more = [shape for shape in held if shape[0] != _FIRST]
        emulator.openloyalty.add_set(ladder, map(_raw, more), default={"name": _FIRST})

    def stored(self, emulator: Emulator, ladder: str) -> Iterable[Shape]:
        """Each tier ends where the next one starts."""
        rows = emulator.openloyalty.tiers(ladder)
        starts = sorted({int(row["value"]) for row in rows})
        ends = dict(pairwise([*starts, None]))
        for row in rows:
            yield row["name"], int(row["value"]), ends[int(row["value"])], row["description"]

    def add(self, emulator: Emulator, ladder: str, shapes: Sequence[Shape]) -> None:
        emulator.openloyalty.add_tiers(ladder, map(_raw, shapes))

    def change(self, emulator: Emulator, ladder: str, tier: str) -> None:
        emulator.openloyalty.edit_tier(ladder, tier, description="edited")

    def delete(self, emulator: Emulator, ladder: str, tier: str) -> None:
        """Not the default tier, which no panel deletes."""
        if tier != _FIRST:
            emulator.openloyalty.delete_tier(ladder, tier)

    def home(self, emulator: Emulator, ladder: str) -> str:
        id_: str = emulator.openloyalty.tier_set(ladder)["id"]
        return id_

    def sent(self, one: Asked, home: str) -> frozenset[str]:
        is_create = one.method == self.method and one.path == f"{_SETS}/{home}/tiers"
        return frozenset(row["translations"]["en"]["name"] for row in one.sent["tiers"]) if is_create else frozenset()

    def shown(self, answer: Any) -> frozenset[str]:
        return frozenset()

    def looks(self, asked: Iterable[Asked], ladder: str, home: str) -> Iterator[Look]:
        """A look begins with the first page of tiers, and ends with the set, which names them."""
        part: list[Asked] = []
        for one in asked:
            is_page = one.method == "GET" and one.path == f"{_SETS}/{home}/tiers"
            if is_page and one.query.get("_page") == "1" and part:
                yield _look(part)
                part = []
            if is_page or (part and one.path == f"{_SETS}/{home}"):
                part.append(one)
        if part:
            yield _look(part)


def _look(part: Sequence[Asked]) -> Look:
    good = answered(part)
    rows = frozenset((row["levelId"], row["name"]) for page in good for row in page.get("items", ()))
    sets = [answer for answer in good if "tierSetId" in answer]
    totals = {page["total"]["filtered"] for page in good if "total" in page}
    named = {frozenset(one["levelId"] for one in answer["tiers"]) for answer in sets if "tiers" in answer}
    is_named = named <= {frozenset(id_ for id_, _ in rows)}
    return Look(tuple(part), rows, bool(sets) and is_named and totals <= {len(rows)} and bool(named or totals))


def _raw(shape: Shape) -> Mapping[str, Any]:
    name, lower, _, rest = shape
    return {"name": name, "value": lower, "description": rest}
