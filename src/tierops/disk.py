"""Files that a command line names: read whole, written whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from tierops.errors import UsageError

PRIVATE = 0o600
ORDINARY = 0o666  # less what the umask takes


def read(path: Path) -> bytes:
    """The content. Raises `UsageError`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None


def make_folder(path: Path) -> None:
    """The folder with all above it, if it is not there. Raises `UsageError`."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {path}: {error.strerror}") from None


def probe(path: Path) -> None:
    """Raise `UsageError` where `save` could not write the file, by making one beside it that goes at once.

    A link or a device is refused: `save` would put a file in its place.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise UsageError(f"cannot write {path}: it is there and no ordinary file")
    beside = _beside(path)
    try:
        beside.touch(PRIVATE, exist_ok=False)
        beside.unlink()
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def save(path: Path, content: str, mode: int) -> None:
    """Write the file in one step, over one that is there, with the permissions `mode`. Raises `UsageError`."""
    beside = _beside(path)
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content.encode())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{token_hex(4)}")
