"""Files that a command line names: read whole, written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tierops.errors import BadFile

PRIVATE = 0o600
ORDINARY = 0o666  # less what the umask takes

# Which of the two there is depends on the system: one would wait for a pipe, the other would change line ends.
_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read(path: Path, most: int) -> bytes:
    """The content, cut off after `most` bytes. Raises as `reading` does."""
    with reading(path) as file:
        return file.read(most)


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """The file, open to be read. Raises `BadFile`, also within the block, and also for what is no regular file.

    A pipe or a device could keep tierops waiting, or never end.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | _FLAGS), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BadFile(f"cannot read {path}: it is not a regular file")
            yield file
    except OSError as error:
        raise BadFile(f"cannot read {path}: {error.strerror}") from None


def is_private(path: Path) -> bool:
    """True where no other user of this machine may read the file. Raises `BadFile`."""
    try:
        return not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    except OSError as error:
        raise BadFile(f"cannot read {path}: {error.strerror}") from None


def make_folder(path: Path) -> None:
    """The folder with all above it, if it is not there. Raises `BadFile`."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadFile(f"cannot make the folder {path}: {error.strerror}") from None


def probe(path: Path) -> None:
    """Raise `BadFile` where `save` could not write the file, by making one beside it that goes at once."""
    beside = _name_beside(path)
    try:
        _refuse_what_is_no_file(path)
        beside.touch(PRIVATE, exist_ok=False)
        beside.unlink()
    except OSError as error:
        raise BadFile(f"cannot write {path}: {error.strerror}") from None


def save(path: Path, content: str, mode: int) -> None:
    """Write the file in one step, over one that is there, with the permissions `mode`. Raises `BadFile`.

    Only a regular file is written over. A link is not followed, for somebody else may have put it there, and not
    replaced either, for it may be `/dev/stdout`.
    """
    save_lines(path, (content,), mode)


def save_lines(path: Path, lines: Iterable[str], mode: int) -> None:
    """`save`, of content that comes bit by bit: there may be more of it than memory holds."""
    with _told(path):
        _refuse_what_is_no_file(path)
        with _beside(path, lines, mode) as beside:
            beside.replace(path)


def create(path: Path, content: str, mode: int) -> bool:
    """Write a file that is not there, in one step. False, with nothing written, where anything is, even a dead link.

    Raises `BadFile`.
    """
    if os.path.lexists(path):
        return False
    with _told(path), _beside(path, (content,), mode) as beside:
        try:
            os.link(beside, path)  # unlike a rename, it replaces nothing that somebody else has put there by now
        except FileExistsError:
            return False
    return True


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BadFile(f"cannot write {path}: {error.strerror}") from None


def _name_beside(path: Path) -> Path:
    return path.with_name(f".tierops-{os.urandom(8).hex()}")


@contextmanager
def _beside(path: Path, lines: Iterable[str], mode: int) -> Iterator[Path]:
    """A whole file that is to get the name `path`; gone again at the end, unless it was renamed."""
    beside = _name_beside(path)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(line.encode() for line in lines)
            file.flush()
            os.fsync(file.fileno())  # before the name: else a crash could leave an empty file under it
        yield beside
    finally:  # after an interrupt too
        with suppress(FileNotFoundError):
            beside.unlink()


def _refuse_what_is_no_file(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise BadFile(f"cannot write {path}: it is a symbolic link, which tierops does not follow; name the file")
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise BadFile(f"cannot write {path}: it is not a regular file")
