"""Spark: the engine of teams whose members live in a lake. The session is the user's, with the settings of theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import narwhals as nw
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote

from tierops.errors import TieropsError
from tierops.members import source
from tierops.members.engine import BrokenRow, Part, alike, csv_groups, named
from tierops.members.expression import BROKEN_COLUMN
from tierops.members.source import Header


class Spark:
    """The session that is there, or a new one, which ends with `close`."""

    def __init__(self) -> None:
        try:
            running = SparkSession.getActiveSession()
            builder = SparkSession.builder.appName("tierops")
            if not is_remote():
                builder = builder.config("spark.ui.showConsoleProgress", "false")
            self._session = running or builder.getOrCreate()
        except Exception as error:  # noqa: BLE001 (whatever a JVM, a server or a setting says)
            raise TieropsError(f"Spark does not start: {str(error).splitlines()[0]}") from None
        self._is_own = running is None

    def parts(self, file: str) -> list[Part]:
        """Files of this machine, an address (`s3://…`), or else the name of a table."""
        if "://" in file:
            return [self._part((), self._remote(file), None, file)]
        try:
            paths = source.files(file)
        except TieropsError:
            if Path(file).exists() or "/" in file or any(mark in file for mark in "*?["):
                raise
            with _told(file):
                return [self._part((), self._session.table(file), None, f"the table {file}")]
        for path in paths:
            if not source.kind(path):
                raise TieropsError(f"cannot read the members in {path}: neither .csv nor .csv.gz nor .parquet")
            source.refuse_cut_short(path)
        parts = [
            self._part(files, self._csv(files, header), header, named(files))
            for header, files in csv_groups([path for path in paths if source.kind(path) == "csv"])
        ]
        tables = [path for path in paths if source.kind(path) == "parquet"]
        with _told(file):
            schemas = [(self._parquet([path]).schema.json(),) for path in tables]
            return parts + [
                self._part(files, self._parquet(files), None, named(files)) for files in alike(tables, schemas)
            ]

    def rows(self, frame: Any) -> list[tuple[Any, ...]]:
        """Run it."""
        with _told():
            return [tuple(row) for row in frame.to_native().collect()]

    def stream(self, frame: Any) -> Iterator[tuple[Any, ...]]:
        """Run it, a partition at a time."""
        with _told():
            for row in frame.to_native().toLocalIterator():
                yield tuple(row)

    def broken(self) -> list[BrokenRow]:
        """None: they are among the flawed ones."""
        return []

    def numbered(self, _part: Part) -> Iterator[tuple[Path, Any]]:
        """Nothing: in a lake no row has a number."""
        yield from ()

    def close(self) -> None:
        """End the session, if nobody else has it."""
        if self._is_own:
            self._session.stop()

    def _part(self, files: Sequence[Path], frame: Any, header: Header | None, where: str) -> Part:
        with _told(where):
            native = nw.from_native(frame)
            return Part(where, tuple(files), header, native, dict(native.collect_schema()))

    def _remote(self, address: str) -> Any:
        if source.kind(Path(address)) == "csv":
            with _told(address):
                first = self._session.read.text(address).head(1)
                columns = [name.strip() for name in (first[0][0] if first else "").split(",")]
                return self._read_csv([address], Header(tuple(columns), ","))
        with _told(address):
            return self._session.read.parquet(address)

    def _parquet(self, files: Sequence[Path]) -> Any:
        return self._session.read.parquet(*map(_address, files))

    def _csv(self, files: Sequence[Path], header: Header) -> Any:
        return self._read_csv([*map(_address, files)], header)

    def _read_csv(self, addresses: Sequence[str], header: Header) -> Any:
        fields = ", ".join(f"`{name.replace('`', '``')}` string" for name in (*header.columns, BROKEN_COLUMN))
        return self._session.read.csv(
            list(addresses), schema=fields, header=True, sep=header.delimiter, quote='"', escape='"', mode="PERMISSIVE",
            columnNameOfCorruptRecord=BROKEN_COLUMN, enforceSchema=True,
        )  # fmt: skip


def _address(file: Path) -> str:
    """The file, and no pattern that its name could be."""
    text = str(file.absolute())
    for mark in "\\[]{}*?":
        text = text.replace(mark, f"\\{mark}")
    return f"file:{text}"


@contextmanager
def _told(where: str = "") -> Iterator[None]:
    """What Spark says in one sentence."""
    try:
        yield
    except PySparkException as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TieropsError(f"cannot read the members{where and f' in {where}'}: {first[:300]}") from None
