"""Which files there are, and their text."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Literal

from tierops.config import characters, yamltext
from tierops.config.marked import Document
from tierops.errors import TieropsError
from tierops.model import Position, Problem

ENVIRONMENTS = "environments"
POLICY = "policy"  # the name of its file, without the ending
STDIN = Path("-")

_SUFFIXES = frozenset({".yaml", ".yml"})  # in any case
LARGEST = 10 * 1024 * 1024

Kind = Literal["program", "environment", "policy", "misplaced"]


def programs(directory: Path) -> list[Path]:
    """The program files below `directory`, sorted.

    What begins with a dot is passed over: editors, systems and tools leave it there. Raises `TieropsError` where there
    are none, for a folder that cannot be read, and for a link that leads to a folder or out of `directory`.
    """
    paths = [path for path in _below(directory, directory) if kind(path, directory) == "program"]
    if not paths:
        raise TieropsError(
            f"no program files (*.yaml) in {directory}; `tierops init` writes a first one into tiers, "
            "`--dir` names another folder"
        )
    return paths


def named(paths: Sequence[Path], directory: Path, streams: Collection[Path] = ()) -> list[Path]:
    """The files that `paths` name, each once, folders by what is below them. Raises `TieropsError`.

    `streams` are those among them that are read already.
    """
    files: dict[Path, None] = {}
    for path in paths:
        if not _is_folder(path):
            if path not in streams:
                _must_exist(path)
            files[path] = None
            continue
        inside = list(_below(path, path if _within(path, directory) is None else directory))
        if not inside:
            raise TieropsError(f"no YAML files in {path}")
        files.update(dict.fromkeys(inside))
    return list(files)


def kind(path: Path, directory: Path) -> Kind:
    """What a file is, by its place: below `directory` or not, it is the same for each command.

    `misplaced` is what lies in a folder among the environments, where no command would look for it.
    """
    within = _within(path, directory)
    if within is None:
        within = path.absolute().parts[-2:]
        if within[0] != ENVIRONMENTS:
            within = within[-1:]
    if len(within) == 1 and path.stem == POLICY and path.suffix.lower() in _SUFFIXES:
        return "policy"
    if len(within) == 1 or within[0] != ENVIRONMENTS:
        return "program"
    return "environment" if len(within) == 2 else "misplaced"


def environments(directory: Path) -> dict[str, list[Path]]:
    """Name of each environment → its files (one; more than one is for the caller to refuse)."""
    files: dict[str, list[Path]] = {}
    for path in _in_environments(directory):
        if kind(path, directory) == "environment":
            files.setdefault(path.stem, []).append(path)
    return files


def name_for(key: str) -> str:
    """What the file of a program is called, by its key: not as the policy."""
    return f"{key}-program.yaml" if key == POLICY else f"{key}.yaml"


def policies(directory: Path) -> list[Path]:
    """The policy files of the folder (one; a second is for the caller to refuse); none where there is no folder."""
    entries = _listing(directory) if _is_folder(directory) else ()
    paths = (directory / entry.name for entry in entries if entry.name.startswith(POLICY))
    return [path for path in paths if kind(path, directory) == "policy"]


def misplaced(directory: Path) -> list[Path]:
    """The YAML files in folders among the environments, sorted."""
    return [path for path in _in_environments(directory) if kind(path, directory) == "misplaced"]


def _in_environments(directory: Path) -> Iterator[Path]:
    folder = directory / ENVIRONMENTS
    return _below(folder, directory) if _is_folder(folder) else iter(())


def streams(paths: Sequence[Path]) -> dict[Path, bytes]:
    """The content of those among `paths` that can be read only once: `-` for stdin, pipes and devices.

    Waits for their end, or for more than a file may hold. What has a name as program files have is none: it would be
    found in a folder as well, where nobody has said that it is worth waiting for. Raises `TieropsError`.
    """
    return {path: _stream(path) for path in dict.fromkeys(paths) if path == STDIN or _is_stream(path)}


def read(path: Path, *begins: str, content: bytes | None = None) -> tuple[list[Document], list[Problem]]:
    """The documents of one file, and every finding that kept it, or a part of it, from being read.

    `begins` may say how a file of this sort begins, if it is no program. `content` is what is in it, if that was read.
    """
    if content is None:
        try:
            with open(path, "rb", opener=_open) as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    return _refused(path, "not an ordinary file, but a pipe or a device")
                content = stream.read(LARGEST + 1)
        except OSError as error:
            return _refused(path, f"cannot read this file: {error.strerror}")
    if len(content) > LARGEST:
        return _refused(path, "larger than 10 MiB; is this the right file? Split it if it is")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        at = characters.position(before, len(before), str(path))
        return [], [Problem("schema", f"not UTF-8 (byte 0x{content[error.start]:02x}); save the file as UTF-8", at)]
    return yamltext.parse(text, str(path), *begins)


def _open(path: str, flags: int) -> int:
    # Opened as usual, a pipe that nobody writes to would be waited for.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _refused(path: Path, message: str) -> tuple[list[Document], list[Problem]]:
    return [], [Problem("schema", message, Position(str(path), 1, 1))]


def _is_stream(path: Path) -> bool:
    if path.suffix.lower() in _SUFFIXES:
        return False
    try:
        mode = path.stat().st_mode
    except OSError:  # which whoever reads the path says
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _stream(path: Path) -> bytes:
    try:
        if path == STDIN:
            if sys.stdin is None:
                raise TieropsError("cannot read -: there is no stdin")
            return sys.stdin.buffer.read(LARGEST + 1)
        with path.open("rb") as stream:
            return stream.read(LARGEST + 1)
    except OSError as error:
        raise TieropsError(f"cannot read {path}: {error.strerror}") from None


def _below(folder: Path, root: Path) -> Iterator[Path]:
    """The YAML files below a folder, sorted.

    Raises `TieropsError` for a link to a folder: it could lead upwards, and passed over, programs would be forgotten;
    and for one out of `root`, for findings quote what they are about, whatever file that is.
    """
    for entry in _listing(folder):
        if entry.name.startswith("."):
            continue
        path = folder / entry.name
        if path.suffix.lower() in _SUFFIXES:
            if entry.is_symlink() and Path(os.path.realpath(root)) not in Path(os.path.realpath(path)).parents:
                raise TieropsError(f"{path} is a link that leads out of {root}; put the file itself there")
            yield path
        elif entry.is_dir():
            if entry.is_symlink():
                raise TieropsError(f"{path} is a link to a folder, which is not followed; put the folder itself there")
            yield from _below(path, root)


def _listing(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder, sorted. One that cannot be read stops the command: programs in it would be forgotten."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        raise TieropsError(
            f"there is no folder {folder}; `tierops init` makes a folder tiers, `--dir` names another"
        ) from None
    except OSError as error:
        raise TieropsError(f"cannot read the folder {folder}: {error.strerror}") from None


def lies_in(path: Path, directory: Path) -> bool:
    """Whether the path is in the folder, by its name alone."""
    return _within(path, directory) is not None


def _within(path: Path, directory: Path) -> tuple[str, ...] | None:
    """The steps that lead from the folder to the path, None where it does not lie there. Links are not looked at."""
    place, home = (os.path.normpath(one.absolute()) for one in (path, directory))
    start = home if home.endswith(os.sep) else home + os.sep
    return Path(place.removeprefix(start)).parts if place.startswith(start) else None


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
