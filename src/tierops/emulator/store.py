"""The emulator's memory: JSON records in one SQLite file, or in memory with the same code."""

from __future__ import annotations

import errno
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]

# Ids are consecutive hexadecimal numbers; a fixed start keeps runs alike.
_FIRST_NUMBER = 0x10445F698E4ABC0000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    place TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    visible_at REAL NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, id)
);
CREATE INDEX IF NOT EXISTS record_place ON record (kind, place, created_at);
CREATE INDEX IF NOT EXISTS record_name ON record (kind, name);
"""

_ORDERS = {
    f"{sign}{column}": f"{column} {'DESC' if sign else 'ASC'}"
    for column in ("created_at", "updated_at")
    for sign in ("", "-")
}
ORDERS = tuple(_ORDERS)


class Store:
    """Records of several kinds, each with an id, a name and a place it is listed under.

    Every method is safe from several threads. `transaction` makes several calls one commit; a single call outside is a
    commit of its own. Raises `OSError` on a file that cannot be opened or is something else.
    """

    def __init__(self, data: Path | None = None) -> None:
        self._lock = RLock()
        self._depth = 0
        try:
            self._connection = _open(":memory:" if data is None else data)
        except sqlite3.Error as error:
            raise OSError(errno.EIO, f"no usable data file: {error}", str(data)) from None

    def close(self) -> None:
        """Close the file. The data stays, unless it was in memory."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One commit for all inside; an exception rolls all of it back. Nested ones belong to the outermost."""
        with self._lock:
            is_outermost = self._depth == 0
            if is_outermost:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                if is_outermost:
                    self._connection.execute("COMMIT")
            except BaseException:
                if is_outermost and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def next_id(self, prefix: str) -> str:
        """The id the next record would get: prefix and 18 hexadecimal digits, never given twice."""
        with self._lock:
            row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'record'").fetchone()
        return f"{prefix}{_FIRST_NUMBER + (row[0] if row else 0) + 1:018x}"

    def insert(self, kind: str, place: str, body: Record, *, visible_at: float = 0) -> None:
        """Add a record, `body`, with `id`, `name`, `created_at`, `updated_at`. Raises `ValueError` on a taken id."""
        created = body["created_at"]
        row = (
            kind,
            body["id"],
            place,
            body["name"],
            created,
            body["updated_at"] or created,
            visible_at,
            json.dumps(body),
        )
        with self.transaction():
            try:
                self._connection.execute(
                    "INSERT INTO record (kind, id, place, name, created_at, updated_at, visible_at, body)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
            except sqlite3.IntegrityError:
                raise ValueError(f"{kind} {body['id']} is there already") from None

    def replace(self, kind: str, body: Record) -> None:
        """Overwrite the record that has this id."""
        changed = (body["name"], body["updated_at"] or body["created_at"], json.dumps(body), kind, body["id"])
        with self.transaction():
            self._connection.execute(
                "UPDATE record SET name = ?, updated_at = ?, body = ? WHERE kind = ? AND id = ?", changed
            )

    def delete(self, kind: str, record_id: str) -> None:
        """Forget a record; its id is not given again."""
        with self.transaction():
            self._connection.execute("DELETE FROM record WHERE kind = ? AND id = ?", (kind, record_id))

    def find(self, kind: str, key: str, *, place: str | None = None, now: float | None = None) -> Record | None:
        """The record with this id, else the first with this name; only what is visible at `now` when given."""
        where, values = _where(kind, place, now)
        with self._lock:
            row = self._connection.execute(
                f"SELECT body FROM record WHERE {where} AND (id = ? OR name = ?) ORDER BY id = ? DESC, number LIMIT 1",  # noqa: S608
                (*values, key, key, key),
            ).fetchone()
        return None if row is None else json.loads(row[0])

    def count(self, kind: str, *, place: str | None = None, now: float | None = None) -> int:
        """How many records there are."""
        where, values = _where(kind, place, now)
        with self._lock:
            count: int = self._connection.execute(f"SELECT count(*) FROM record WHERE {where}", values).fetchone()[0]  # noqa: S608
        return count

    def select(
        self,
        kind: str,
        *,
        place: str | None = None,
        now: float | None = None,
        order: str = "created_at",
        ties_follow: bool = False,
        limit: int = -1,
        offset: int = 0,
    ) -> list[Record]:
        """Records in one of `ORDERS`; equal timestamps as inserted, or in the list's direction with `ties_follow`."""
        where, values = _where(kind, place, now)
        ties = "number DESC" if ties_follow and order.startswith("-") else "number"
        with self._lock:
            rows = self._connection.execute(
                f"SELECT body FROM record WHERE {where} ORDER BY {_ORDERS[order]}, {ties} LIMIT ? OFFSET ?",  # noqa: S608
                (*values, limit, offset),
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def places(self, kind: str) -> list[str]:
        """The places that have records of a kind, in the order of their first ones."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT place FROM record WHERE kind = ? GROUP BY place ORDER BY min(number)", (kind,)
            ).fetchall()
        return [row[0] for row in rows]

    def stored(self, kind: str, place: str) -> list[Record]:
        """All records of one place in the order of insertion, visible or not."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT body FROM record WHERE kind = ? AND place = ? ORDER BY number", (kind, place)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]


def _open(data: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(data, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        # A rollback journal, not WAL: between writes the data is this one file. NORMAL outlives a killed process.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _where(kind: str, place: str | None, now: float | None) -> tuple[str, tuple[Any, ...]]:
    parts: list[tuple[str, Any]] = [("kind = ?", kind)]
    if place is not None:
        parts.append(("place = ?", place))
    if now is not None:
        parts.append(("visible_at <= ?", now))
    return " AND ".join(text for text, _ in parts), tuple(value for _, value in parts)
