"""The settings of a project: `tierops.yaml` beside the folder of the programs, or a table of `pyproject.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from tierops.config import files
from tierops.config.marked import Document, List, Map
from tierops.errors import BadInput
from tierops.model import Position, Problem

NAME = "tierops.yaml"
_PYPROJECT = "pyproject.toml"


class Settings(NamedTuple):
    """What a project says; None where it says nothing. Paths are from the folder of the file.

    `settle` and `max_wait` are seconds, `ttl` is a time such as `7d`, `timezone` the name of one.
    """

    directories: tuple[Path, ...] | None = None
    env: str | None = None
    ttl: str | None = None
    settle: float | None = None
    max_wait: float | None = None
    require_signature: Path | None = None
    timezone: str | None = None


def read(folder: Path) -> Settings:
    """The settings of the project in this folder; none where it has no file of them. Raises `BadInput`."""
    document = _yaml(folder / NAME) or _toml(folder / _PYPROJECT)
    if document is None:
        return Settings()
    from tierops.config.check import Gate

    if problems := Gate().check(document, "project") or _no_timezone(document):
        raise BadInput(problems)
    return _settings(document.data, folder)


def _settings(data: Mapping[str, Any], folder: Path) -> Settings:
    named, key = data.get("dir"), data.get("require_signature")
    settle, max_wait = (None if data.get(name) is None else float(data[name]) for name in ("settle", "max_wait"))
    folders = [named] if isinstance(named, str) else named or ()
    return Settings(
        directories=tuple(folder / one for one in folders) or None,
        env=data.get("env"),
        ttl=data.get("ttl"),
        settle=settle,
        max_wait=max_wait,
        require_signature=None if key is None else folder / key,
        timezone=data.get("timezone"),
    )


def _yaml(path: Path) -> Document | None:
    if not path.exists():
        return None
    documents, problems = files.read(path, "settings are keys such as `dir: tiers`")
    problems += [Problem("schema", "settings are one document only", other.at) for other in documents[1:]]
    if problems:
        raise BadInput(problems)
    return documents[0]


def _toml(path: Path) -> Document | None:
    """The table of tierops, each part of it at the place of the table: TOML is read without places."""
    if not path.exists():
        return None
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text, parse_float=Decimal)
    except (OSError, ValueError) as error:
        line = re.search(r"line (\d+), column (\d+)", str(error))
        at = Position(str(path), *map(int, line.groups())) if line else Position(str(path), 1, 1)
        raise BadInput([Problem("schema", f"cannot be read: {error}", at)]) from None
    table = tables.get("tool", {}).get("tierops") if isinstance(tables.get("tool", {}), Mapping) else None
    if table is None:
        return None
    header = re.search(r"^[ \t]*\[tool\.tierops\]", text, re.MULTILINE)
    at = Position(str(path), text.count("\n", 0, header.start()) + 1 if header else 1, 1)
    return Document(_placed(table, at), at)


def _placed(value: Any, at: Position) -> Any:
    if isinstance(value, Mapping):
        placed = Map(at)
        for key, below in value.items():
            placed.put(key, _placed(below, at), at, at)
        return placed
    if isinstance(value, list):
        items = List(at)
        for item in value:
            items.put(_placed(item, at), at)
        return items
    return value if isinstance(value, bool | int | Decimal | str) else str(value)


def _no_timezone(document: Document) -> list[Problem]:
    from zoneinfo import ZoneInfo

    name = document.data.get("timezone")
    try:
        ZoneInfo(name or "UTC")
    except (OSError, ValueError, LookupError):
        return [Problem("schema", f"there is no time zone {name!r}", document.locate(["timezone"]))]
    return []
