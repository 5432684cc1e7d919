"""The files that somebody named: which there are, what is in their headers, and whether they stayed as they were."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Sequence
from glob import glob
from pathlib import Path
from typing import NamedTuple

from tierops.errors import TieropsError

_DELIMITERS = ",;\t|"
_LONGEST_HEADER = 1_000_000  # bytes
_KINDS = {".csv": "csv", ".csv.gz": "csv", ".tsv": "csv", ".tsv.gz": "csv", ".parquet": "parquet", ".pq": "parquet"}


class Stamp(NamedTuple):
    """What of a file changes when somebody writes to it."""

    path: Path
    size: int
    changed: int
    inode: int


class Header(NamedTuple):
    """How a CSV file is written: the names of its columns and what stands between them."""

    columns: tuple[str, ...]
    delimiter: str


def files(named: str) -> tuple[Path, ...]:
    """The files of a path, a pattern or a folder, sorted. Raises `TieropsError` where there are none."""
    path = Path(named)
    try:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if kind(one) and one.is_file() and not _is_hidden(one, path))
            if not inside:
                raise TieropsError(f"no members in the folder {named}: it holds no CSV or Parquet files")
            return tuple(inside)
        if path.is_file():
            return (path,)
        if path.exists():
            raise TieropsError(f"cannot read the members in {named}: it is not a regular file")
    except OSError as error:
        raise TieropsError(f"cannot read the members in {named}: {error.strerror}") from None
    matching = tuple(
        sorted(
            Path(one)
            for one in glob(named, recursive=True)  # noqa: PTH207 (a pattern may begin at the root)
            if Path(one).is_file()
        )
    )
    if not matching:
        raise TieropsError(f"no members in {named}: there is no such file")
    return matching


def kind(path: Path) -> str:
    """`csv` or `parquet`, by the ending of the name; empty for any other."""
    name = path.name.lower()
    return next((kind for ending, kind in _KINDS.items() if name.endswith(ending)), "")


def _is_hidden(path: Path, folder: Path) -> bool:
    """True for what lakes keep beside their data: `_delta_log`, `.crc`."""
    return any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)


def stamps(paths: Sequence[Path]) -> tuple[Stamp, ...]:
    """What the files are now. Raises `TieropsError` for one that is gone."""
    try:
        found = [(path, path.stat()) for path in paths]
    except OSError as error:
        raise TieropsError(f"cannot read the members in {error.filename}: {error.strerror}") from None
    return tuple(Stamp(path, stat.st_size, stat.st_mtime_ns, stat.st_ino) for path, stat in found)


def refuse_changed(before: Sequence[Stamp]) -> None:
    """Raise `TieropsError` where a file is not what it was."""
    after = {stamp.path: stamp for stamp in stamps([stamp.path for stamp in before])}
    for stamp in before:
        if after[stamp.path] != stamp:
            raise TieropsError(f"{stamp.path} was changed while it was read: count again once it is whole")


def header(path: Path) -> Header:
    """The first line of a CSV file. Raises `TieropsError` for a file without one, or that is no CSV file."""
    line = _first_line(path)
    if line.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in line:
        raise TieropsError(f"{path} is no CSV file in UTF-8; save it as UTF-8")
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TieropsError(f"{path} is no CSV file in UTF-8 (row 1); save it as UTF-8") from None
    if not text.strip():
        raise TieropsError(f"{path} is empty: it has no header with the names of its columns")
    delimiter = max(_DELIMITERS, key=lambda mark: (text.count(mark), -_DELIMITERS.index(mark)))
    try:
        names = tuple(name.strip() for name in next(csv.reader([text], delimiter=delimiter, strict=True)))
    except csv.Error as error:
        raise TieropsError(f"{path} has no header that can be read (row 1): {error}") from None
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise TieropsError(f"{path} has two columns named {twice!r} (row 1)")
    return Header(names, delimiter)


def _first_line(path: Path) -> bytes:
    is_packed = path.name.lower().endswith(".gz")
    try:
        with gzip.open(path, "rb") if is_packed else path.open("rb") as stream:
            line = stream.readline(_LONGEST_HEADER + 1)
    except (EOFError, zlib.error):
        raise TieropsError(f"{path} is cut short: its gzip stream does not end") from None
    except OSError as error:
        raise TieropsError(f"cannot read {path}: {error.strerror or error}") from None
    if len(line) > _LONGEST_HEADER:
        raise TieropsError(f"{path} has no header: its first line has more than {_LONGEST_HEADER:,} bytes")
    return line


def refuse_cut_short(path: Path) -> None:
    """Raise `TieropsError` for a packed file that has no end, for not every engine says so."""
    if not path.name.lower().endswith(".gz"):
        return
    try:
        with gzip.open(path, "rb") as stream:
            while stream.read(1 << 20):
                pass
    except (EOFError, zlib.error, OSError) as error:
        raise TieropsError(f"{path} is cut short or damaged: {error}") from None
