"""What an engine does: give the rows of a source as frames of Narwhals, and run what is asked of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tierops.members import source
from tierops.members.source import Header

BROKEN = "row has more or fewer columns than the header"
"""The flaw of a row of a CSV file that has no place for its cells."""


class Part(NamedTuple):
    """Files that are alike, and their rows; `where` names them.

    There are no files where an engine has the rows from a lake. `header` is None for what is no CSV file.
    """

    where: str
    files: tuple[Path, ...]
    header: Header | None
    frame: Any
    schema: Mapping[str, Any]


class BrokenRow(NamedTuple):
    """A row that no engine could take apart."""

    file: str
    row: int


class Engine(Protocol):
    """Opened for one run; `close` ends it."""

    def parts(self, file: str) -> list[Part]:
        """The rows of what somebody named. Raises `TieropsError`."""
        ...

    def rows(self, frame: Any) -> list[tuple[Any, ...]]:
        """Run it. Raises `TieropsError` for what cannot be read."""
        ...

    def stream(self, frame: Any) -> Iterator[tuple[Any, ...]]:
        """Run it, row by row: there may be more than memory holds. Raises as `rows` does."""
        ...

    def broken(self) -> list[BrokenRow]:
        """The rows that the last run could not take apart, where they are not among the flawed ones."""
        ...

    def numbered(self, part: Part, /) -> Iterator[tuple[Path, Any]]:
        """The rows of each file with `row`, its number; nothing where the engine does not know."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


def alike(files: Sequence[Path], schemas: Sequence[tuple[Any, ...]]) -> list[tuple[Path, ...]]:
    """The files in groups of one schema, in their order; read together, one would be taken for what another is."""
    groups: dict[tuple[Any, ...], list[Path]] = {}
    for file, schema in zip(files, schemas, strict=True):
        groups.setdefault(schema, []).append(file)
    return [tuple(group) for group in groups.values()]


def named(files: Sequence[Path]) -> str:
    """How a message names some files."""
    return str(files[0]) if len(files) == 1 else f"{files[0]} and {len(files) - 1} more like it"


def csv_groups(files: Sequence[Path]) -> list[tuple[Header, tuple[Path, ...]]]:
    """The CSV files by header. Raises `TieropsError` for one that is none."""
    headers = {file: source.header(file) for file in files}
    return [(headers[group[0]], group) for group in alike(files, [tuple(headers[file]) for file in files])]
