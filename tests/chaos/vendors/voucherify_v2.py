"""Voucherify's Loyalty v2, as chaos sees it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chaos.words import Look, Shape, Words, answered

from tierops.emulator import Emulator
from tierops.providers import voucherify_v2
from tierops.providers.voucherify_v2.emulator import Api

if TYPE_CHECKING:
    from chaos.world import Asked

_STRUCTURES = "/voucherify/v2/loyalties/tier-structures"


class VoucherifyV2(Words):
    """One request for each tier; nothing but an overlap keeps a tier from being there twice, if anything does."""

    vendor = voucherify_v2.VENDOR
    api = Api
    lists = "GET /v2/loyalties/tier-structures/*/tiers"
    switches = (
        "voucherify-v2.overlap=accepted",
        "voucherify-v2.overlap=400",
        "voucherify-v2.duplicate_tier=409",
        "voucherify-v2.last_page=cursor",
        "voucherify-v2.structure_updated_at=set",
    )

    def block(self, ladder: str) -> Mapping[str, str]:
        return {"structure": ladder}

    def prepare(self, emulator: Emulator, ladder: str, held: Sequence[Shape]) -> None:
        emulator.voucherify_v2.add_structure(ladder, map(_raw, held))

    def stored(self, emulator: Emulator, ladder: str) -> Iterable[Shape]:
        return map(_shape, emulator.voucherify_v2.tiers(ladder))

    def add(self, emulator: Emulator, ladder: str, shapes: Sequence[Shape]) -> None:
        emulator.voucherify_v2.add_tiers(ladder, map(_raw, shapes))

    def change(self, emulator: Emulator, ladder: str, tier: str) -> None:
        emulator.voucherify_v2.edit_tier(ladder, tier, metadata={"edited": "yes"})

    def delete(self, emulator: Emulator, ladder: str, tier: str) -> None:
        emulator.voucherify_v2.delete_tier(ladder, tier)

    def home(self, emulator: Emulator, ladder: str) -> str:
        id_: str = emulator.voucherify_v2.structure(ladder)["id"]
        return id_

    def sent(self, one: Asked, home: str) -> frozenset[str]:
        is_create = one.method == "POST" and one.path == f"{_STRUCTURES}/{home}/tiers"
        return frozenset({one.sent["name"]}) if is_create else frozenset()

    def shown(self, answer: Any) -> frozenset[str]:
        return frozenset({answer["name"]}) if isinstance(answer, Mapping) and "name" in answer else frozenset()

    def looks(self, asked: Iterable[Asked], ladder: str, home: str) -> Iterator[Look]:
        """A look begins with the oldest structures first, and ends with the newest first."""
        for part in _parts(asked):
            lists = [one for one in part if one.path == f"{_STRUCTURES}/{home}/tiers" and one.method == "GET"]
            if lists:
                good = answered(lists)
                rows = frozenset((row["id"], row["name"]) for page in good for row in page["data"])
                orders = [
                    [row["id"] for one in answered_in(lists, order) for row in one["data"]]
                    for order in ("created_at", "-created_at")
                ]
                is_same = all(len(ids) == len(set(ids)) == len(rows) for ids in orders)
                is_closed = bool(answered(one for one in part if _is_start(one, "-created_at")))
                yield Look(tuple(lists), rows, bool(good) and is_same and is_closed)


def answered_in(asked: Iterable[Asked], order: str) -> list[Any]:
    """The pages of the list in this order."""
    return answered(one for one in asked if one.query.get("order") == order)


def _parts(asked: Iterable[Asked]) -> Iterator[list[Asked]]:
    part: list[Asked] = []
    for one in asked:
        if part and _is_start(one, "created_at"):
            yield part
            part = []
        part.append(one)
    if part:
        yield part


def _is_start(one: Asked, order: str) -> bool:
    return one.path == _STRUCTURES and one.query.get("order") == order and "cursor" not in one.query


def _raw(shape: Shape) -> Mapping[str, Any]:
    name, lower, upper, _ = shape
    return {"name": name, "min_value": lower} | ({} if upper is None else {"max_value": upper - 1})


def _shape(row: Mapping[str, Any]) -> Shape:
    points = row["qualification_rules"]["points"]
    last = points.get("max_value")
    rest = json.dumps(row["metadata"]) if row["metadata"] else ""
    return row["name"], points["min_value"], None if last is None else last + 1, rest
