"""What a list of many ladders says of those that somebody named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tierops.model import Value

Row = Mapping[str, Value]


def unmistakable(rows: Iterable[Row], *fields: str) -> dict[str, Row]:
    """The rows by what these fields of theirs hold, such as the id and the name, wherever that leads to one row alone.

    What leads to none, or to several, is left to whoever can ask the vendor, and can tell a person.
    """
    found: dict[str, Row | None] = {}
    for row in rows:
        for key in {str(row.get(field)) for field in fields}:
            found[key] = None if key in found else row
    return {key: row for key, row in found.items() if row is not None}
