"""Which files there are, and their text."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from tierops.config import yamltext
from tierops.config.marked import Document
from tierops.errors import TieropsError
from tierops.model import Position, Problem

ENVIRONMENTS = "environments"

_SUFFIXES = frozenset({".yaml", ".yml"})
_LARGEST = 10 * 1024 * 1024


def programs(directory: Path) -> list[Path]:
    """The program files below `directory`, sorted. Raises `TieropsError` where there are none."""
    environment_files = directory / ENVIRONMENTS
    paths = [path for path in _below(directory) if environment_files not in path.parents]
    for path in paths:
        _refuse_way_out(path, directory)
    if not paths:
        raise TieropsError(
            f"no program files (*.yaml) in {directory}; `tierops init` writes a first one into tiers, "
            "`--dir` names another folder"
        )
    return paths


def named(paths: Sequence[Path]) -> list[Path]:
    """The files that `paths` name, each once, folders by what is below them. Raises `TieropsError`."""
    files: dict[Path, None] = {}
    for path in paths:
        if not _is_folder(path):
            _must_exist(path)
            files[path] = None
        elif below := _below(path):
            files.update(dict.fromkeys(below))
        else:
            raise TieropsError(f"no YAML files in {path}")
    return list(files)


def is_environment(path: Path) -> bool:
    """True for a file that lies in a folder `environments`."""
    return path.absolute().parent.name == ENVIRONMENTS


def environments(directory: Path) -> dict[str, list[Path]]:
    """Name of each environment → its files (one; more than one is for the caller to refuse)."""
    folder = directory / ENVIRONMENTS
    files: dict[str, list[Path]] = {}
    for path in _listing(folder) if _is_folder(folder) else []:
        if path.suffix in _SUFFIXES:
            _refuse_way_out(path, directory)
            files.setdefault(path.stem, []).append(path)
    return files


def read(path: Path, *begins: str) -> tuple[list[Document], list[Problem]]:
    """The documents of one file, and every finding that kept it, or a part of it, from being read.

    `begins` may say how a file of this sort begins, if it is no program.
    """
    try:
        with open(path, "rb", opener=_open) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return _refused(path, "not an ordinary file, but a pipe or a device")
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        return _refused(path, f"cannot read this file: {error.strerror}")
    if len(content) > _LARGEST:
        return _refused(path, "larger than 10 MiB; is this the right file? Split it if it is")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _refused(path, f"not UTF-8 (byte 0x{content[error.start]:02x}); save the file as UTF-8", line)
    return yamltext.parse(text, str(path), *begins)


def _open(path: str, flags: int) -> int:
    # Opened as usual, a pipe that nobody writes to would be waited for.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _refused(path: Path, message: str, line: int = 1) -> tuple[list[Document], list[Problem]]:
    return [], [Problem("schema", message, Position(str(path), line, 1))]


def _below(folder: Path) -> list[Path]:
    """The YAML files below a folder, sorted.

    Raises `TieropsError` for a link to a folder: it could lead upwards, and passed over, programs would be forgotten.
    """
    files: list[Path] = []
    for path in _listing(folder):
        if path.suffix in _SUFFIXES:
            files.append(path)
        elif path.is_dir():
            if path.is_symlink():
                raise TieropsError(f"{path} is a link to a folder, which is not followed; put the folder itself there")
            files += _below(path)
    return files


def _listing(folder: Path) -> Iterable[Path]:
    """What lies in a folder, sorted. One that cannot be read stops the command: programs in it would be forgotten."""
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        raise TieropsError(
            f"there is no folder {folder}; `tierops init` makes a folder tiers, `--dir` names another"
        ) from None
    except OSError as error:
        raise TieropsError(f"cannot read the folder {folder}: {error.strerror}") from None


def _refuse_way_out(path: Path, directory: Path) -> None:
    """Raise `TieropsError` for a link out of the folder: findings quote what they are about, whatever file that is."""
    if path.is_symlink() and Path(os.path.realpath(directory)) not in Path(os.path.realpath(path)).parents:
        raise TieropsError(f"{path} is a link that leads out of {directory}; put the file itself there")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, which whoever reads the path says
        return False


def _must_exist(path: Path) -> None:
    try:
        os.close(_open(str(path), os.O_RDONLY))
    except OSError as error:
        raise TieropsError(f"cannot read {path}: {error.strerror}") from None
