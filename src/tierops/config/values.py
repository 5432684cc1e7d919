"""`${name}` → the environment's value, in any string value or mapping key; `$${` is a literal `${`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tierops.config.marked import Document, Filled, Hints, List, Map
from tierops.model import Position, Problem

Filling = str | int | Decimal

_PLACEHOLDER = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_MOST_FINDINGS = 1000  # the file is refused anyway
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def holds_placeholder(data: Any) -> bool:
    """True where some string or key holds `${`, be it a placeholder or a literal one."""
    if isinstance(data, str):
        return "${" in data
    if isinstance(data, dict):
        return any("${" in key or holds_placeholder(value) for key, value in data.items())
    return isinstance(data, list) and any(map(holds_placeholder, data))


def fill(document: Document, values: Mapping[str, Filling], environment: str | None) -> tuple[Document, list[Problem]]:
    """The document with every placeholder filled and every place kept, and a finding for each that cannot be.

    A placeholder that is the whole string takes the type of its value; anywhere else it becomes text.
    """
    filling = _Filling(values, environment)
    data = filling.data(document.data, document.at)
    return document._replace(data=data, filled=filling.filled), filling.problems


class _Filling:
    def __init__(self, values: Mapping[str, Filling], environment: str | None) -> None:
        self.values = values
        self.environment = environment
        self.hints = Hints(values)
        self.problems: list[Problem] = []
        self.filled: dict[Position, Filled] = {}

    def data(self, data: Any, at: Position) -> Any:
        if isinstance(data, str):
            return self._text(data, at)
        if isinstance(data, Map):
            return self._map(data)
        if isinstance(data, List):
            items = List(data.at)
            for item, item_at in zip(data, data.item_at, strict=True):
                items.put(self.data(item, item_at), item_at)
            return items
        return data

    def _map(self, data: Map) -> Map:
        filled = Map(data.at)
        for key, value in data.items():
            key_at, value_at = data.key_at[key], data.value_at[key]
            name = _written(self._text(key, key_at))
            if name in filled:
                first = filled.key_at[name].line
                message = f"with its values filled in, this key is {name!r}, as is the one on line {first}"
                self.problems.append(Problem("schema", message, key_at))
            else:
                filled.put(name, self.data(value, value_at), key_at, value_at)
        return filled

    def _text(self, text: str, at: Position) -> Filling:
        if "${" not in text:
            return text
        whole = _PLACEHOLDER.fullmatch(text)
        if whole and whole[1] in self.values:
            if isinstance(self.values, Map):
                self.filled[at] = Filled(whole[1], self.values.value_at[whole[1]])
            return self.values[whole[1]]
        return _PLACEHOLDER.sub(lambda match: self._part(match, at), text)

    def _part(self, match: re.Match[str], at: Position) -> str:
        if match[0] == "$${":
            return "${"
        name = match[1]
        if name in self.values:
            return _written(self.values[name])
        if len(self.problems) <= _MOST_FINDINGS:
            self.problems.append(Problem("unknown-value", self._unknown(name), at))
        return match[0]

    def _unknown(self, name: str | None) -> str:
        if name is None or not _NAME.fullmatch(name):
            return "`${` begins a placeholder such as ${name}; write `$${` for the characters themselves"
        if self.environment is None:
            return (
                f"${{{name}}} has no value: there is no environment (`--env NAME`) that could give it one; a file"
                " environments/production.yaml would, with `version: 1`, `environment: production` and"
                f" `values: {{{name}: …}}`"
            )
        return f"${{{name}}} has no value in the environment {self.environment!r}{self.hints.nearest(name)}"


def _written(value: Filling) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)
