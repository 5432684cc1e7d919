"""What a project says of itself: `tierops.yaml`, or a table of `pyproject.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tierops.config.settings import Settings

_TABLE = b"tool.tierops"


def read(folder: Path) -> Settings | None:
    """The settings of the project in this folder, None where it has none. Raises `BadInput`."""
    if not (folder / "tierops.yaml").exists() and not _has_table(folder / "pyproject.toml"):
        return None
    from tierops.config import settings  # and with it YAML

    return settings.read(folder)


def _has_table(path: Path) -> bool:
    try:
        return _TABLE in path.read_bytes()
    except OSError:
        return False
