"""Salesforce, as chaos sees it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chaos.words import Look, Shape, Words, answered

from tierops.emulator import Emulator
from tierops.providers import salesforce
from tierops.providers.salesforce.emulator import Api

if TYPE_CHECKING:
    from chaos.world import Asked

_DATA = "/salesforce/services/data/v64.0"
_PROGRAM = "Coffee Club"


class Salesforce(Words):
    """All missing tiers go out in one request, all or none, with keys that may be there once."""

    vendor = salesforce.VENDOR
    api = Api
    lists = "GET /services/data/*/query"
    switches = (
        "salesforce.key_field=absent",
        "salesforce.key_field=external",
        "salesforce.token_requests=9",
        "salesforce.batch_size=1",
        "salesforce.batch_size=2",
        "salesforce.duplicate_name=refused",
        "salesforce.duplicate_sequence=refused",
        "salesforce.deleted_key=taken",
        "salesforce.organization=hidden",
    )
    calm = (*Words.calm, "token_requests=0")
    is_guarded = True

    def block(self, ladder: str) -> Mapping[str, str]:
        return {"program": _PROGRAM, "tier_group": ladder}

    def prepare(self, emulator: Emulator, ladder: str, held: Sequence[Shape]) -> None:
        emulator.salesforce.add_group(_PROGRAM, ladder, map(_raw, held))

    def stored(self, emulator: Emulator, ladder: str) -> Iterable[Shape]:
        """Each tier ends where the next one starts."""
        rows = emulator.salesforce.tiers(ladder)
        starts = sorted({int(row["MinimumEligibleBalance"]) for row in rows})
        ends = dict(pairwise([*starts, None]))
        for row in rows:
            start = int(row["MinimumEligibleBalance"])
            yield row["Name"], start, ends[start], row.get("Color") or ""

    def add(self, emulator: Emulator, ladder: str, shapes: Sequence[Shape]) -> None:
        emulator.salesforce.add_tiers(ladder, map(_raw, shapes))

    def change(self, emulator: Emulator, ladder: str, tier: str) -> None:
        emulator.salesforce.edit_tier(ladder, tier, Color="#000000")

    def delete(self, emulator: Emulator, ladder: str, tier: str) -> None:
        emulator.salesforce.delete_tier(ladder, tier)

    def home(self, emulator: Emulator, ladder: str) -> str:
        id_: str = emulator.salesforce.group(ladder)["id"]
        return id_

    def sent(self, one: Asked, home: str) -> frozenset[str]:
        is_create = one.method == "POST" and one.path == f"{_DATA}/composite/sobjects"
        rows = one.sent["records"] if is_create else []
        return frozenset(row["Name"] for row in rows if row["LoyaltyTierGroupId"] == home)

    def shown(self, answer: Any) -> frozenset[str]:
        """An answer holds ids alone."""
        return frozenset()

    def confirmed(self, one: Asked) -> frozenset[str]:
        results = one.answer if isinstance(one.answer, list) else []
        is_whole = len(results) == len(one.sent["records"]) and all(row.get("success") is True for row in results)
        return frozenset(row["Name"] for row in one.sent["records"]) if is_whole else frozenset()

    def looks(self, asked: Iterable[Asked], ladder: str, home: str) -> Iterator[Look]:
        """A look is a query of the group's tiers, with all its batches, and the count after it."""
        part: list[Asked] = []
        for one in asked:
            text = one.query.get("q", "")
            is_mine = f"FROM LoyaltyTier WHERE LoyaltyTierGroupId = '{home}'" in text
            if is_mine and "COUNT()" not in text:
                if part:
                    yield _look(part)
                part = [one]
            elif part and (is_mine or one.path.startswith(f"{_DATA}/query/")):
                part.append(one)
        if part:
            yield _look(part)


def _look(part: Sequence[Asked]) -> Look:
    good = answered(part)
    listed = [row for answer in good for row in answer["records"]]
    rows = frozenset((row["Id"], row["Name"]) for row in listed)
    is_counted = bool(good) and "COUNT()" in part[-1].query.get("q", "") and part[-1].status == 200
    is_whole = {answer["totalSize"] for answer in good} == {len(rows)} and len(listed) == len(rows)
    return Look(tuple(part), rows, is_counted and is_whole)


def _raw(shape: Shape) -> Mapping[str, Any]:
    name, lower, _, _ = shape
    return {"Name": name, "MinimumEligibleBalance": lower, "SequenceNumber": min(lower // 10 + 10, 9999)}
