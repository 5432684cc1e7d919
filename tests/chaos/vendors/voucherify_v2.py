"""Voucherify's Loyalty v2, as chaos sees it. A structure that is there twice counts as a tier that is there twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from chaos.words import ITSELF, Look, Shape, Words, answered

from tierops.emulator import Emulator
from tierops.model import Value
from tierops.providers import voucherify_v2
from tierops.providers.voucherify_v2.emulator import Api

if TYPE_CHECKING:
    from chaos.world import Asked

_STRUCTURES = "/voucherify/v2/loyalties/tier-structures"
_BY_NAME = "filters[name][conditions][$is]"
_DOWNGRADE: Value = {"type": "MULTI_LEVEL"}
_LANES = "|"  # between the name of a structure and the ids of those that have it


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
        "voucherify-v2.duplicate_structure=400",
        "voucherify-v2.duplicate_structure=409",
        "voucherify-v2.name_filter=folded",
        "voucherify-v2.name_filter=ignored",
    )
    is_blind = True
    settings: ClassVar = {"card_definition": "lcdef_12f0a1a0110c5d6df0", "downgrade": _DOWNGRADE}

    def block(self, ladder: str) -> Mapping[str, str]:
        return {"structure": ladder}

    def prepare(self, emulator: Emulator, ladder: str, held: Sequence[Shape]) -> None:
        emulator.voucherify_v2.add_structure(ladder, map(_raw, held))

    def stored(self, emulator: Emulator, ladder: str) -> Iterable[Shape]:
        for id_ in _ids(emulator, ladder):
            yield ITSELF
            yield from map(_shape, emulator.voucherify_v2.tiers(id_))

    def add(self, emulator: Emulator, ladder: str, shapes: Sequence[Shape]) -> None:
        """Into a structure that is made, as it is wanted, where there is none."""
        if not _ids(emulator, ladder):
            emulator.voucherify_v2.add_structure(ladder, downgrade=_DOWNGRADE)
        emulator.voucherify_v2.add_tiers(ladder, map(_raw, shapes))

    def change(self, emulator: Emulator, ladder: str, tier: str) -> None:
        emulator.voucherify_v2.edit_tier(ladder, tier, metadata={"edited": "yes"})

    def delete(self, emulator: Emulator, ladder: str, tier: str) -> None:
        emulator.voucherify_v2.delete_tier(ladder, tier)

    def is_split(self, emulator: Emulator, ladder: str) -> bool:
        return len(_ids(emulator, ladder)) > 1

    def home(self, emulator: Emulator, ladder: str) -> str:
        return _LANES.join((ladder, *_ids(emulator, ladder)))

    def sent(self, one: Asked, home: str) -> frozenset[str]:
        ladder, *ids = home.split(_LANES)
        if one.method == "POST" and one.path == _STRUCTURES and one.sent["name"] == ladder:
            return frozenset({ITSELF[0]})
        is_create = one.method == "POST" and one.path in _tiers_of(ids)
        return frozenset({one.sent["name"]}) if is_create else frozenset()

    def shown(self, answer: Any) -> frozenset[str]:
        if not isinstance(answer, Mapping) or "name" not in answer:
            return frozenset()
        return frozenset({ITSELF[0] if answer.get("object") == "tier_structure" else answer["name"]})

    def looks(self, asked: Iterable[Asked], ladder: str, home: str) -> Iterator[Look]:
        """A look begins with the oldest structures of the name, and ends with the newest first.

        Where there is none, it ends with all structures in both orders.
        """
        ids = home.split(_LANES)[1:]
        for part in _parts(asked):
            reads = [one for one in part if one.method == "GET"]
            named = [row["id"] for row in _rows([one for one in reads if _is_start(one)]) if row["name"] == ladder]
            lists = [one for one in reads if one.path in _tiers_of(ids)]
            every = [one for one in reads if one.path == _STRUCTURES and _BY_NAME not in one.query]
            if lists:
                is_closed = bool(answered(one for one in reads if _is_start(one, "-created_at")))
                rows = frozenset((row["id"], row["name"]) for row in _rows(lists))
                is_whole = is_closed and _is_whole(lists, len(rows))
                yield Look(tuple(lists), rows | {(named[0], ITSELF[0])}, is_whole)
            elif every or len(named) > 1:
                others = {row["id"]: row["name"] for row in _rows(every)}
                is_whole = not named and bool(answered(every)) and _is_whole(every, len(others))
                named += [id_ for id_, name in others.items() if name == ladder]
                yield Look(tuple(every or reads), frozenset((id_, ITSELF[0]) for id_ in named), is_whole)


def _is_whole(lists: Sequence[Asked], size: int) -> bool:
    """Do both orders show so many, and none twice?"""
    orders = [[row["id"] for row in _rows(lists, order)] for order in ("created_at", "-created_at")]
    return all(len(ids) == len(set(ids)) == size for ids in orders)


def _rows(asked: Iterable[Asked], order: str | None = None) -> list[Any]:
    """The rows of all pages, or of those in this order."""
    pages = answered(one for one in asked if order is None or one.query.get("order") == order)
    return [row for page in pages for row in page["data"]]


def _parts(asked: Iterable[Asked]) -> Iterator[list[Asked]]:
    part: list[Asked] = []
    for one in asked:
        if part and _is_start(one):
            yield part
            part = []
        part.append(one)
    if part:
        yield part


def _is_start(one: Asked, order: str = "created_at") -> bool:
    is_first = one.path == _STRUCTURES and "cursor" not in one.query
    return is_first and _BY_NAME in one.query and one.query.get("order") == order


def _ids(emulator: Emulator, ladder: str) -> list[str]:
    return [row["id"] for row in emulator.voucherify_v2.structures() if row["name"] == ladder]


def _tiers_of(ids: Iterable[str]) -> list[str]:
    return [f"{_STRUCTURES}/{id_}/tiers" for id_ in ids]


def _raw(shape: Shape) -> Mapping[str, Any]:
    name, lower, upper, _ = shape
    return {"name": name, "min_value": lower} | ({} if upper is None else {"max_value": upper - 1})


def _shape(row: Mapping[str, Any]) -> Shape:
    points = row["qualification_rules"]["points"]
    last = points.get("max_value")
    rest = json.dumps(row["metadata"]) if row["metadata"] else ""
    return row["name"], points["min_value"], None if last is None else last + 1, rest
