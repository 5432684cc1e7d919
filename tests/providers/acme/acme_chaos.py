"""ACME, as chaos sees it. Importable where ACME is installed, see `outside`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from acme_loyalty import VENDOR
from acme_loyalty.emulator import Api
from chaos.words import Look, Shape, Words, answered, parts

from tierops.emulator import Emulator

if TYPE_CHECKING:
    from chaos.world import Asked

_CLUBS = "/acme/v1/clubs"


class Acme(Words):
    """One request for each tier, and a token that may end between two of them. Shapes are in whole euros."""

    vendor = VENDOR
    api = Api
    lists = "GET /v1/clubs/*"
    switches = (
        "acme.token_requests=4",
        "acme.token_requests=9",
        "acme.page_size=2",
        "acme.last_page=cursor",
        "acme.created=200",
    )
    calm = (*Words.calm, "token_requests=0")
    is_guarded = True

    def block(self, ladder: str) -> Mapping[str, str]:
        return {"club": ladder, "currency": "EUR"}

    def prepare(self, emulator: Emulator, ladder: str, held: Sequence[Shape]) -> None:
        emulator.acme.add_club(ladder, map(_raw, held))

    def stored(self, emulator: Emulator, ladder: str) -> Iterable[Shape]:
        """Each tier ends where the next one starts."""
        levels = emulator.acme.levels(ladder)
        starts = sorted({level["from_cents"] // 100 for level in levels})
        ends = dict(pairwise([*starts, None]))
        for level in levels:
            start = level["from_cents"] // 100
            yield level["label"], start, ends[start], level.get("color") or ""

    def add(self, emulator: Emulator, ladder: str, shapes: Sequence[Shape]) -> None:
        emulator.acme.add_levels(ladder, map(_raw, shapes))

    def change(self, emulator: Emulator, ladder: str, tier: str) -> None:
        emulator.acme.edit_level(ladder, tier, color="edited")

    def delete(self, emulator: Emulator, ladder: str, tier: str) -> None:
        emulator.acme.delete_level(ladder, tier)

    def home(self, emulator: Emulator, ladder: str) -> str:
        number: str = emulator.acme.club(ladder)["id"]
        return number

    def sent(self, one: Asked, home: str) -> frozenset[str]:
        is_create = one.method == "POST" and one.path == f"{_CLUBS}/{home}/levels"
        return frozenset({one.sent["label"]}) if is_create else frozenset()

    def shown(self, answer: Any) -> frozenset[str]:
        return frozenset({answer["label"]}) if isinstance(answer, Mapping) and "label" in answer else frozenset()

    def looks(self, asked: Iterable[Asked], ladder: str, home: str) -> Iterator[Look]:
        """A look begins with the first page of clubs."""
        for part in parts(asked, _CLUBS, is_first="cursor"):
            pages = [one for one in part if one.path == f"{_CLUBS}/{home}/levels" and one.method == "GET"]
            if pages:
                good = answered(pages)
                rows = frozenset((str(row["number"]), row["label"]) for page in good for row in page["items"])
                is_ended = bool(good) and (good[-1].get("next") is None or not good[-1]["items"])
                yield Look(tuple(pages), rows, is_ended and {page["total"] for page in good} == {len(rows)})


def _raw(shape: Shape) -> Mapping[str, Any]:
    name, lower, _, _ = shape
    return {"label": name, "from_cents": lower * 100}
