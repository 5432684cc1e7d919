"""Voucherify, as chaos sees it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chaos.words import Look, Shape, Words, answered, parts

from tierops.emulator import Emulator
from tierops.providers import voucherify
from tierops.providers.voucherify.emulator import Api

if TYPE_CHECKING:
    from chaos.world import Asked

_LOYALTIES = "/voucherify/v1/loyalties"


class Voucherify(Words):
    """All missing tiers go out in one request; nothing keeps a name from being there twice."""

    vendor = voucherify.VENDOR
    api = Api
    lists = "GET /v1/loyalties/*/tiers"
    switches = (
        "voucherify.duplicate_name=409",
        "voucherify.batch_failure=partial",
        "voucherify.create_answer_order=shuffled",
        "voucherify.default_order=updated_at",
    )

    def block(self, ladder: str) -> Mapping[str, str]:
        return {"campaign": ladder}

    def prepare(self, emulator: Emulator, ladder: str, held: Sequence[Shape]) -> None:
        emulator.voucherify.add_campaign(ladder, tiers=map(_raw, held))

    def stored(self, emulator: Emulator, ladder: str) -> Iterable[Shape]:
        return map(_shape, emulator.voucherify.tiers(ladder))

    def add(self, emulator: Emulator, ladder: str, shapes: Sequence[Shape]) -> None:
        emulator.voucherify.add_tiers(ladder, map(_raw, shapes))

    def change(self, emulator: Emulator, ladder: str, tier: str) -> None:
        emulator.voucherify.edit_tier(ladder, tier, metadata={"edited": "yes"})

    def delete(self, emulator: Emulator, ladder: str, tier: str) -> None:
        emulator.voucherify.delete_tier(ladder, tier)

    def home(self, emulator: Emulator, ladder: str) -> str:
        id_: str = emulator.voucherify.campaign(ladder)["id"]
        return id_

    def sent(self, one: Asked, home: str) -> frozenset[str]:
        is_create = one.method == "POST" and one.path == f"{_LOYALTIES}/{home}/tiers"
        return frozenset(row["name"] for row in one.sent) if is_create else frozenset()

    def shown(self, answer: Any) -> frozenset[str]:
        return frozenset(row["name"] for row in answer) if isinstance(answer, list) else frozenset()

    def looks(self, asked: Iterable[Asked], ladder: str, home: str) -> Iterator[Look]:
        """A look begins by asking for the campaign, and may take lists in several orders."""
        for part in parts(asked, f"{_LOYALTIES}/{ladder}"):
            lists = [one for one in part if one.path == f"{_LOYALTIES}/{home}/tiers"]
            if lists:
                good = answered(lists)
                rows = frozenset((row["id"], row["name"]) for page in good for row in page["data"])
                yield Look(tuple(lists), rows, bool(good) and {page["total"] for page in good} == {len(rows)})


def _raw(shape: Shape) -> Mapping[str, Any]:
    name, lower, upper, _ = shape
    return {"name": name, "points": {"from": lower} if upper is None else {"from": lower, "to": upper - 1}}


def _shape(row: Mapping[str, Any]) -> Shape:
    last = row["points"].get("to")
    rest = json.dumps(row["metadata"]) if row["metadata"] else ""
    return row["name"], row["points"]["from"], None if last is None else last + 1, rest
