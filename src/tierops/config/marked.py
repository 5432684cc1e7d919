"""JSON-like data that remembers where in a file each of its parts stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tierops.model import Position

_MOST_COMPARISONS = 2000
_MOST_LISTED = 12

# One step from a container to a part of it: a key or an index.
Step = str | int


class Map(dict[str, Any]):
    """A mapping. `at` is where it begins; `key_at` and `value_at` hold a position for each key."""

    __slots__ = ("at", "key_at", "value_at")

    def __init__(self, at: Position) -> None:
        super().__init__()
        self.at = at
        self.key_at: dict[str, Position] = {}
        self.value_at: dict[str, Position] = {}

    def put(self, key: str, value: Any, key_at: Position, value_at: Position) -> None:
        """Set `key` to `value`, with the places of both."""
        self[key] = value
        self.key_at[key] = key_at
        self.value_at[key] = value_at


class List(list[Any]):
    """A list. `at` is where it begins; `item_at` holds a position for each item."""

    __slots__ = ("at", "item_at")

    def __init__(self, at: Position) -> None:
        super().__init__()
        self.at = at
        self.item_at: list[Position] = []

    def put(self, value: Any, at: Position) -> None:
        """Append `value`, which stands at `at`."""
        self.append(value)
        self.item_at.append(at)


class Filled(NamedTuple):
    """Which value fills a place, and where in its file it stands."""

    name: str
    at: Position


class Document(NamedTuple):
    """One YAML document: bool, int, Decimal, str, None, `Map` or `List`, and where its content begins.

    By their place, `written` holds the scalars without quotes that are no text and not written as usual: `007`, `~`;
    and `filled` where a value of an environment stands as a whole.
    """

    data: Any
    at: Position
    written: Mapping[Position, str] = {}
    filled: Mapping[Position, Filled] = {}

    def locate(self, path: Sequence[Step], key: str | None = None) -> Position:
        """Where the part at `path` stands, or its key `key`; as far as the path leads, where it leads nowhere."""
        data, at = self.data, self.at
        for step in path:
            if isinstance(data, Map) and step in data:
                data, at = data[str(step)], data.value_at[str(step)]
            elif isinstance(data, List) and isinstance(step, int) and step < len(data):
                data, at = data[step], data.item_at[step]
            else:
                return at
        if key is not None and isinstance(data, Map):
            return data.key_at.get(key, at)
        return at


class Hints:
    """Which of the `known` names those of one document were perhaps meant to be, as far as so many comparisons reach.

    Comparing each with each takes time that grows with the square, and who has many has a reason that shows in a few.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = tuple(known)
        self._left = _MOST_COMPARISONS

    def nearest(self, name: str) -> str:
        """As the function of this name; nothing once enough was said."""
        if self._left <= 0:
            return ""
        self._left -= len(self._known) or 1
        return nearest(name, self._known)

    def listed(self) -> str:
        """The known names, or the first ones."""
        more = len(self._known) - _MOST_LISTED
        return ", ".join(self._known[:_MOST_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def nearest(name: str, known: Iterable[str]) -> str:
    """A closing question that names what `name` was perhaps meant to be, or nothing."""
    match = closest(name, known)
    return f"; did you mean `{match}`?" if match else ""


def closest(name: str, known: Iterable[str]) -> str | None:
    """What `name` was perhaps meant to be."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, list(known), n=1)), None)
