"""DuckDB, which runs in this process: the engine where nobody names another."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw

from tierops.errors import TieropsError
from tierops.members import source
from tierops.members.engine import BrokenRow, Part, alike, csv_groups, named
from tierops.members.expression import ROW
from tierops.members.source import Header

_MEMORY = "640MiB"  # for its data; what does not fit goes to a folder that is gone afterwards
_THREADS = 8
_UNEVEN = ("TOO MANY COLUMNS", "MISSING COLUMNS", "TOO FEW COLUMNS")
_BATCH = 10_000  # rows


class Embedded:
    """A database in memory that holds nothing: it reads the files in place."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="tierops-members-")
        self._database = duckdb.connect(
            config={
                "memory_limit": _MEMORY,
                "threads": str(min(_THREADS, os.cpu_count() or 1)),  # each takes memory of its own
                "temp_directory": self._folder,
                "autoinstall_known_extensions": "false",  # nothing is fetched
                "autoload_known_extensions": "false",
                "python_enable_replacements": "false",
            }
        )
        self._last_scan = -1

    def parts(self, file: str) -> list[Part]:
        """The CSV and Parquet files of a path, a pattern or a folder."""
        paths = source.files(file)
        kinds = {path: source.kind(path) for path in paths}
        if strange := [path for path, kind in kinds.items() if not kind]:
            raise TieropsError(f"cannot read the members in {strange[0]}: neither .csv nor .csv.gz nor .parquet")
        parts = [
            self._part(files, self._csv(files, header), header)
            for header, files in csv_groups([path for path, kind in kinds.items() if kind == "csv"])
        ]
        tables = [path for path, kind in kinds.items() if kind == "parquet"]
        with _told(file):
            schemas = [tuple(self._parquet([path]).description) for path in tables]
        return parts + [self._part(files, self._parquet(files), None) for files in alike(tables, schemas)]

    def rows(self, frame: Any) -> list[tuple[Any, ...]]:
        """Run it."""
        return list(self.stream(frame))

    def stream(self, frame: Any) -> Iterator[tuple[Any, ...]]:
        """Run it, a batch at a time."""
        with _told():
            self._last_scan = self._scan()
            result = self._database.execute(frame.to_native().sql_query())
            while batch := result.fetchmany(_BATCH):
                yield from batch

    def broken(self) -> list[BrokenRow]:
        """What DuckDB rejected; a quote without an end is an error, for it takes all that follows with it."""
        if not self._has_rejects():
            return []
        found = self._database.execute(
            "SELECT DISTINCT s.file_path, e.line, e.error_type FROM reject_errors e"
            " JOIN reject_scans s USING (scan_id, file_id) WHERE e.scan_id > ? ORDER BY 1, 2",
            [self._last_scan],
        ).fetchall()
        for file, line, kind in found:
            if kind not in _UNEVEN:
                what = {"UNQUOTED VALUE": "a quote has no end", "INVALID ENCODING": "it is not UTF-8"}.get(kind, kind)
                raise TieropsError(f"{file} cannot be read, row {line}: {what.lower() if what.isupper() else what}")
        return [BrokenRow(file, line) for file, line in dict.fromkeys((file, line) for file, line, _ in found)]

    def numbered(self, part: Part) -> Iterator[tuple[Path, Any]]:
        """Each file with the numbers of its rows; the header of a CSV file is row 1."""
        first = 2 if part.header else 1
        for file in part.files:
            read = self._csv([file], part.header) if part.header else self._parquet([file])
            yield file, nw.from_native(read.project(f"*, row_number() OVER () + {first - 1} AS {ROW}"))

    def close(self) -> None:
        """Close the database and remove what it put aside."""
        self._database.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _part(self, files: Sequence[Path], relation: Any, header: Header | None) -> Part:
        frame = nw.from_native(relation)
        return Part(named(files), tuple(files), header, frame, dict(frame.collect_schema()))

    def _parquet(self, files: Sequence[Path]) -> Any:
        with _told(str(files[0])):
            return self._database.sql(f"SELECT * FROM read_parquet({_names(files)}, hive_partitioning = false)")  # noqa: S608

    def _csv(self, files: Sequence[Path], header: Header) -> Any:
        columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in header.columns)
        return self._database.sql(
            f"SELECT * FROM read_csv({_names(files)}, columns = {{{columns}}}, delim = {_text(header.delimiter)},"  # noqa: S608
            " auto_detect = false, header = true, quote = '\"', escape = '\"', strict_mode = true,"
            " store_rejects = true, rejects_limit = 0, hive_partitioning = false)"
        )

    def _has_rejects(self) -> bool:
        query = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_scans'"
        (amount,) = self._database.execute(query).fetchone() or (0,)
        return bool(amount)

    def _scan(self) -> int:
        if not self._has_rejects():
            return -1
        (scan,) = self._database.execute("SELECT coalesce(max(scan_id), -1) FROM reject_scans").fetchone() or (-1,)
        return int(scan)


def _names(files: Sequence[Path]) -> str:
    """A list in SQL. DuckDB would take brackets in a name for a pattern."""
    return f"[{', '.join(_text(escape(str(file))) for file in files)}]"


def _text(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def _told(where: str = "") -> Iterator[None]:
    """What DuckDB says in one sentence, without the rows that it quotes: they hold who the members are."""
    try:
        yield
    except duckdb.Error as error:
        first = str(error).split("\n", 1)[0]
        raise TieropsError(f"cannot read the members{where and f' in {where}'}: {first}") from None
