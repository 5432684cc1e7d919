"""Fanfare, as chaos sees it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chaos.words import Look, Shape, Words, answered, parts

from tierops.emulator import Emulator
from tierops.model import Value
from tierops.providers import fanfare
from tierops.providers.fanfare.emulator import Api

if TYPE_CHECKING:
    from chaos.world import Asked

_AUDIENCES = "/fanfare/audiences"


class Fanfare(Words):
    """A ladder is a group of audiences, made by the one request that creates all of them."""

    vendor = fanfare.VENDOR
    api = Api
    # The list of audiences has no total: one that hides a whole group, each time that it is read, is one of an
    # organisation without it. The group's own list can be told to be wrong.
    lists = "GET /audiences/groups/*"
    switches = (
        "fanfare.duplicate_group=unique",
        "fanfare.last_page=cursor",
        "fanfare.batch_failure=partial",
        "fanfare.list_order=asc",
    )
    is_whole = True
    is_shared = True

    def block(self, ladder: str) -> Mapping[str, str]:
        return {"group": ladder, "attribute": "loyaltyBalance"}

    def fields(self, order: int) -> Mapping[str, Value]:
        return {"attribute": "loyaltyBalance", "order": order}

    def prepare(self, emulator: Emulator, ladder: str, held: Sequence[Shape]) -> None:
        """Nothing where there are no tiers."""
        if held:
            emulator.fanfare.add_group(ladder, "loyaltyBalance", _raw(held))

    def stored(self, emulator: Emulator, ladder: str) -> Iterable[Shape]:
        groups = [group for group in emulator.fanfare.groups() if group["groupName"] == ladder]
        return [_shape(audience) for group in groups for audience in group["audiences"]]

    def add(self, emulator: Emulator, ladder: str, shapes: Sequence[Shape]) -> None:
        held = tuple(self.stored(emulator, ladder))
        names = [name for name, *_ in held]
        if not held:
            emulator.fanfare.add_group(ladder, "loyaltyBalance", _raw(shapes))
        elif shapes and len(names) == len(set(names)):
            emulator.fanfare.replace_group(ladder, ladder, "loyaltyBalance", _raw((*held, *shapes)))

    def change(self, emulator: Emulator, ladder: str, tier: str) -> None:
        emulator.fanfare.edit_audience(tier, group=ladder, iconName="edited")

    def delete(self, emulator: Emulator, ladder: str, tier: str) -> None:
        emulator.fanfare.delete_tier(ladder, tier)

    def is_split(self, emulator: Emulator, ladder: str) -> bool:
        return sum(group["groupName"] == ladder for group in emulator.fanfare.groups()) > 1

    def sent(self, one: Asked, home: str) -> frozenset[str]:
        is_create = one.method == "POST" and one.path == f"{_AUDIENCES}/loyalty-tiers"
        is_here = is_create and one.sent["groupName"] == home
        return frozenset(row["name"] for row in one.sent["tiers"]) if is_here else frozenset()

    def shown(self, answer: Any) -> frozenset[str]:
        rows = answer.get("audiences") if isinstance(answer, Mapping) else None
        return frozenset(row["name"] for row in rows or ())

    def looks(self, asked: Iterable[Asked], ladder: str, home: str) -> Iterator[Look]:
        """A look begins with the first page."""
        pages = [one for one in asked if one.path == _AUDIENCES and one.method == "GET"]
        for part in parts(pages, _AUDIENCES, is_first="after"):
            good = answered(part)
            listed = [row for page in good for row in page["data"]]
            rows = frozenset((row["id"], row["name"]) for row in listed if row.get("groupName") == ladder)
            is_ended = bool(good) and (good[-1]["pageInfo"]["endCursor"] is None or not good[-1]["data"])
            yield Look(tuple(part), rows, is_ended and len({row["id"] for row in listed}) == len(listed))


def _raw(shapes: Sequence[Shape]) -> list[dict[str, Any]]:
    return [
        {"name": name, "startValue": lower, "order": order}
        | ({} if upper is None else {"endValue": upper})
        | ({"iconName": rest} if rest else {})
        for order, (name, lower, upper, rest) in enumerate(sorted(shapes, key=lambda shape: shape[1]))
    ]


def _shape(audience: Mapping[str, Any]) -> Shape:
    bounds = audience["metadata"]["tierBoundaries"]
    upper = bounds.get("max")
    return audience["name"], int(bounds["min"]), None if upper is None else int(upper), audience["iconName"] or ""
