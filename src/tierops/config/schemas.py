"""The published JSON Schemas, as text."""

from __future__ import annotations

from tierops.errors import UsageError
from tierops.host.resources import folder

NAMES = ("program", "environment", "plan")


def schema(name: str) -> str:
    """The text of `<name>.schema.json`; `name` is one of `NAMES`. Raises `UsageError` for any other name."""
    if name not in NAMES:
        raise UsageError(f"there is no schema {name!r}; there are: {', '.join(NAMES)}")
    return (folder("schemas") / f"{name}.schema.json").read_text(encoding="utf-8")
