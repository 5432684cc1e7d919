"""Values → YAML lines that `yamltext` and `values` read back as the same values; the way a person would write them.

Blocks are lists of lines without indentation, so that each level only has to move those below it to the right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple, TypeGuard

from tierops.config import scalars
from tierops.model import Value
from tierops.text import visible

# `yamltext` takes 50 levels in a file; the program around a value has some of them.
_DEEPEST = 40
# YAML wants the `:` of a key on its line within 1024 characters; a longer key is written with `?`.
_LONGEST_KEY = 1000

# What one reader of YAML or another takes for something else than text, above all those of YAML 1.1.
_NO_TEXT = re.compile(
    r"=|<<|~|null|true|false|yes|no|on|off|y|n|[-+]?\.(?:inf|nan)"
    r"|[-+.]?[0-9][-+0-9_.,:]*(?:e[-+]?[0-9]+)?|[-+]?0[xob][0-9a-f_]*"  # 1_000 1,000 1:30 1e3 0x1F
    # A date is the second of these; this is one with a time.
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:t|[ \t]+)[0-9].*",
    re.IGNORECASE,
)

_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`")
_FLOW_INDICATORS = frozenset(",[]{}:?")
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


class CannotSay(ValueError):
    """A value that a program file has no way to hold."""


class Yaml(NamedTuple):
    """Writes YAML. `names`: text → name of the value that stands for it; `text` writes such a text as `${name}`.

    What lies below a key is written as it is: there a text that equals a value may do so by chance.
    """

    names: Mapping[str, str] = {}

    def text(self, value: str, *, in_flow: bool = False) -> str:
        """A string, plain where it can be, else in double quotes. `in_flow` says that it stands between brackets.

        Raises `CannotSay` for half a surrogate pair, which is no character.
        """
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise CannotSay(f"{value!r} holds half of a surrogate pair, which is no character")
        escaped = f"${{{self.names[value]}}}" if value in self.names else value.replace("${", "$${")
        return escaped if _is_plain(escaped, in_flow) else quoted(escaped)

    def scalar(self, value: Value, *, in_flow: bool = False) -> str:
        """A value without lines of its own; an empty container is one. Raises `CannotSay`."""
        if isinstance(value, str):
            return self.text(value, in_flow=in_flow)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | Decimal):
            return number(value)
        return "null" if value is None else "{}" if isinstance(value, Mapping) else "[]"

    def inline(self, value: Value) -> str:
        """Any value on one line, to stand between brackets. Raises `CannotSay`."""
        if isinstance(value, Mapping) and value:
            return flow({self.text(key, in_flow=True): self.inline(item) for key, item in value.items()})
        if isinstance(value, list) and value:
            return f"[{', '.join(map(self.inline, value))}]"
        return self.scalar(value, in_flow=True)

    def entry(self, key: str, value: Value) -> list[str]:
        """One key of a block mapping with its value, whatever that is. Raises `CannotSay`."""
        return self._entry(key, value, 0)

    def keyed(self, key: str, written: str) -> list[str]:
        """One key of a block mapping, with a value that is YAML already, or that follows in the next lines."""
        name = self.text(key)
        end = f": {written}" if written else ":"
        return [name + end] if len(name) <= _LONGEST_KEY else [f"? {name}", end]

    def _entry(self, key: str, value: Value, depth: int) -> list[str]:
        plain = Yaml()
        if is_container(value):
            return [*self.keyed(key, ""), *indented(plain._block(value, depth + 1))]
        return self.keyed(key, plain.scalar(value))

    def _block(self, value: Mapping[str, Value] | list[Value], depth: int) -> list[str]:
        if depth > _DEEPEST:
            raise CannotSay("nested too deeply")
        lines: list[str] = []
        if isinstance(value, Mapping):
            for key in sorted(value):
                lines += self._entry(key, value[key], depth)
        else:
            for item in value:
                lines += listed(self._block(item, depth + 1) if is_container(item) else [self.scalar(item)])
        return lines


def flow(fields: Mapping[str, str]) -> str:
    """One line in braces. Keys and values are YAML already."""
    return "{" + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "}"


def number(value: int | Decimal) -> str:
    """Exact digits; with an exponent only where there are too many of them. Raises `CannotSay`."""
    digits = format(Decimal(value), "f")
    shortest = digits.rstrip("0").rstrip(".") if "." in digits else digits
    for text in (shortest, format(Decimal(shortest), "e")):
        try:
            scalars.plain(text)
        except ValueError:
            continue
        return text
    raise CannotSay("a number out of range")


def quoted(text: str) -> str:
    """The text in double quotes, with escapes for what cannot be seen."""
    return '"' + visible.escaped(text.replace("\\", "\\\\").replace('"', '\\"'), _escaped) + '"'


def indented(lines: Iterable[str]) -> list[str]:
    """The lines one level further in."""
    return [f"  {line}" for line in lines]


def listed(lines: list[str]) -> list[str]:
    """The lines as one item of a list."""
    return [f"- {lines[0]}", *indented(lines[1:])]


def is_container(value: Value) -> TypeGuard[Mapping[str, Value] | list[Value]]:
    """True where the value needs lines of its own."""
    return isinstance(value, Mapping | list) and bool(value)


def _is_plain(text: str, in_flow: bool) -> bool:
    """Whether the text can stand without quotes; on the safe side where YAML parsers differ."""
    if visible.escaped(text) != text or text != text.strip() or not text or text[0] in _INDICATORS:
        return False
    if "##" in text:  # between quotes it can be escaped where a CI service would take it for a command
        return False
    if ": " in text or text.endswith(":") or " #" in text or (in_flow and not _FLOW_INDICATORS.isdisjoint(text)):
        return False
    if _NO_TEXT.fullmatch(text):
        return False
    try:
        return scalars.plain(text) == text
    except ValueError:  # pragma: no cover - a number beyond all bounds, which `_NO_TEXT` has, too
        return False


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    code = ord(character)
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
