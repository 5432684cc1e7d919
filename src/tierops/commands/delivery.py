"""How the files of `tierops init` get where they belong, without harm to what is there."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from tierops.commands.scaffold import UNKNOWN, UNKNOWN_TASK, Source
from tierops.errors import BadFile
from tierops.host import disk


def repository(folder: Path) -> Path:
    """The root of the git repository that a folder lies in; itself, where it lies in none.

    One that is somebody's whole home does not count: a new folder below it is to be a repository of its own.
    """
    whole = folder.resolve()
    for parent in (whole, *whole.parents):
        if parent != whole and parent == Path.home():
            break
        if (parent / ".git").exists():
            return parent
    return whole


def write(root: Path, files: Mapping[str, str], source: Source, say: Callable[[str, str], object]) -> None:
    """Write below `root` what is not there yet, as .yaml or .yml; `say` hears what became of each path.

    That is `created`, `kept`, or `mended` where a file held the place of a source that is known by now. Raises
    `BadFile`, with nothing written, where a folder below `root` is a link or no folder. `root` may be a link:
    whoever runs this has named it.
    """
    _refuse_no_folder(root)
    for above in dict.fromkeys(parent for path in files for parent in reversed(PurePosixPath(path).parents[:-1])):
        _refuse_no_folder(root / above)
        _refuse_link(root / above)
    for path, text in files.items():
        present = there(root, path)
        if present is None:
            disk.make_folder((root / path).parent)
            say("created" if disk.create(root / path, text, disk.ORDINARY) else "kept", path)
        else:
            say("mended" if _mend(present, source) else "kept", present.relative_to(root).as_posix())


def there(root: Path, path: str) -> Path | None:
    """What lies where a file is to go, with this ending or the other one; None where nothing does."""
    whole = root / path
    other = whole.with_suffix({".yaml": ".yml", ".yml": ".yaml"}.get(whole.suffix, whole.suffix))
    return next((one for one in (whole, other) if os.path.lexists(one)), None)


def content(path: Path | None) -> str:
    """The text of an ordinary file; empty where there is none that can be read."""
    if path is not None and path.is_file() and not path.is_symlink():
        with suppress(OSError, ValueError):
            return path.read_text(encoding="utf-8")
    return ""


def is_open(text: str) -> bool:
    """Whether the text still holds the place for a source."""
    return UNKNOWN.commit in text or UNKNOWN.repository in text


def _mend(path: Path, source: Source) -> bool:
    text = content(path)
    if source == UNKNOWN or not is_open(text):
        return False
    text = text.replace(f"# - {UNKNOWN_TASK};\n", "")
    text = text.replace(UNKNOWN.repository, source.repository).replace(UNKNOWN.commit, source.commit)
    disk.save(path, text, disk.ORDINARY)
    return True


def _refuse_no_folder(path: Path) -> None:
    if os.path.lexists(path) and not path.is_dir():
        raise BadFile(f"{path} is no folder; nothing was written")


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise BadFile(f"{path} is a symbolic link, through which init writes nothing; nothing was written")
