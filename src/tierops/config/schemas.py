"""The published JSON Schemas, as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tierops import providers
from tierops.config import contract
from tierops.config.contract import Contract
from tierops.errors import UsageError
from tierops.host.resources import folder
from tierops.providers.vendor import Vendor

_KINDS: tuple[contract.Kind, ...] = ("program", "environment", "policy", "project")
NAMES = (*_KINDS, "plan")

_WIDTH = 100


def schema(name: str) -> str:
    """The text of `<name>.schema.json`, with every vendor that is installed; `name` is one of `NAMES`.

    Raises `UsageError` for any other name.
    """
    if name not in NAMES:
        raise UsageError(f"there is no schema {name!r}; there are: {', '.join(NAMES)}")
    if name == "plan":
        return (folder("schemas") / "plan.schema.json").read_text(encoding="utf-8")
    kind = next(kind for kind in _KINDS if kind == name)
    return text(kind, tuple(map(providers.find, sorted(providers.names()))))


def text(kind: contract.Kind, vendors: tuple[Vendor, ...]) -> str:
    """The schema of a file with these vendors, as `make schemas` writes it for tierops' own."""
    return _laid_out(contract.schema(Contract(kind, vendors)), "", _WIDTH) + "\n"


def _laid_out(value: Any, indent: str, room: int) -> str:
    """JSON as a person would set it: on one line where that has room."""
    on_one_line = _on_one_line(value)
    if len(on_one_line) <= room or not isinstance(value, Mapping | list):
        return on_one_line
    inner = f"{indent}  "
    entries = [(f"{json.dumps(key)}: ", item) for key, item in value.items()] if isinstance(value, Mapping) else []
    entries = entries or [("", item) for item in value]
    lines = []
    for number, (head, item) in enumerate(entries, 1):
        comma = "," if number < len(entries) else ""
        room = _WIDTH - len(inner + head + comma)
        lines.append(inner + head + _laid_out(item, inner, room) + comma)
    opening, closing = "{}" if isinstance(value, Mapping) else "[]"
    return "\n".join([opening, *lines, indent + closing])


def _on_one_line(value: Any) -> str:
    if isinstance(value, Mapping) and value:
        return "{ " + ", ".join(f"{json.dumps(key)}: {_on_one_line(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_on_one_line, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
