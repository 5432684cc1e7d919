"""What the world needs to know of a vendor: how its ladders are really stored, edited, created and looked at.

Nothing here goes through the vendor's account, so that a wrong idea in it is not taken for the truth.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from tierops.emulator import Api, Emulator
from tierops.model import Value
from tierops.providers.vendor import Vendor

if TYPE_CHECKING:
    from chaos.world import Asked

Shape = tuple[str, int, int | None, str]
"""A tier as both sides of a comparison: name, lowest balance, first balance above or None, what else there is."""


ITSELF: Shape = ("(itself)", 0, None, "")
"""A ladder that is made by a request of its own, told as one more of its tiers: what holds for these holds for it."""


class Look(NamedTuple):
    """One read of a whole ladder, over as many requests as it took. `rows` is its tiers as id and name."""

    asked: tuple[Asked, ...]
    rows: frozenset[tuple[str, str]]
    is_complete: bool

    @property
    def names(self) -> list[str]:
        """The names that it showed, once for each id."""
        return sorted(name for _, name in self.rows)


class Words(ABC):
    """One vendor. A ladder goes by its name; `home` is what the paths of its requests have in its place.

    `method` is that of creates, `lists` is where a fault that hides entries must be noticed, `switches` are settings
    worth a try, `calm` those of a vendor that behaves. `is_whole`: a ladder is created whole or not at all.
    `is_guarded`: a second tier of a name is refused. `is_shared`: one list tells of all ladders, and a run may use it
    for several. `is_replacing`: a create that lands late takes away what is there, and makes others of its names.
    `is_blind`: where a list has no total, one that hides all that there is, in every order, is one of an empty ladder.
    `settings` is what a block says besides of a ladder that is made by a request of its own; such a vendor's ladders
    have `ITSELF` beside their tiers.
    """

    vendor: ClassVar[Vendor]
    api: ClassVar[type[Api[Any]]]
    lists: ClassVar[str]
    method: ClassVar[str] = "POST"
    switches: ClassVar[tuple[str, ...]] = ()
    calm: ClassVar[tuple[str, ...]] = ("read_after_write_lag_ms=0", "rate_limit=1000")
    is_whole: ClassVar[bool] = False
    is_guarded: ClassVar[bool] = False
    is_shared: ClassVar[bool] = False
    is_replacing: ClassVar[bool] = False
    is_blind: ClassVar[bool] = False
    settings: ClassVar[Mapping[str, Value]] = {}

    @abstractmethod
    def block(self, ladder: str) -> Mapping[str, str]:
        """The block of a target."""

    def fields(self, _order: int) -> Mapping[str, Value]:
        """What a tier holds beside its range, given its place in the ladder."""
        return {}

    def is_stuck(self, held: Sequence[Shape]) -> bool:
        """A part of what is created whole or not at all, which nothing can complete."""
        return self.is_whole and bool(held)

    # What is there, and what people do to it.

    @abstractmethod
    def prepare(self, emulator: Emulator, ladder: str, held: Sequence[Shape]) -> None:
        """Make the ladder."""

    @abstractmethod
    def stored(self, emulator: Emulator, ladder: str) -> Iterable[Shape]:
        """What the vendor holds, visible to readers or not."""

    @abstractmethod
    def add(self, emulator: Emulator, ladder: str, shapes: Sequence[Shape]) -> None:
        """Add tiers by hand."""

    @abstractmethod
    def change(self, emulator: Emulator, ladder: str, tier: str) -> None:
        """Change something of a tier by hand, but neither its name nor its range."""

    @abstractmethod
    def delete(self, emulator: Emulator, ladder: str, tier: str) -> None:
        """Delete a tier by hand."""

    def is_split(self, _emulator: Emulator, _ladder: str) -> bool:
        """Do two ladders share the name?"""
        return False

    # What leaves a run.

    def home(self, _emulator: Emulator, ladder: str) -> str:
        """What stands for the ladder in paths and bodies, as things are now."""
        return ladder

    @abstractmethod
    def sent(self, one: Asked, home: str) -> frozenset[str]:
        """The names of the tiers that this request creates in the ladder; none for any other request."""

    @abstractmethod
    def shown(self, answer: Any) -> frozenset[str]:
        """The names of the tiers that the answer to a create shows."""

    def confirmed(self, one: Asked) -> frozenset[str]:
        """The names of the tiers that the answer to this create says are there."""
        return self.shown(one.answer)

    @abstractmethod
    def looks(self, asked: Iterable[Asked], ladder: str, home: str) -> Iterator[Look]:
        """The looks at the ladder among these requests, in their order."""


def parts(asked: Iterable[Asked], path: str, *, is_first: str = "") -> Iterator[list[Asked]]:
    """Requests cut where one asks for this path and has no such key in its query: there a look begins."""
    part: list[Asked] = []
    for one in asked:
        if one.path == path and is_first not in one.query and part:
            yield part
            part = []
        part.append(one)
    if part:
        yield part


def answered(asked: Iterable[Asked]) -> list[Any]:
    """The objects among the answers of requests that were carried out."""
    return [one.answer for one in asked if one.status == 200 and isinstance(one.answer, Mapping)]
