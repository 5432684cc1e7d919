"""JSON with exact numbers: decimals go in and come out digit for digit, which the standard encoder cannot do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from hashlib import sha256
from json.encoder import encode_basestring_ascii as quote
from typing import Any

from tierops.model import Value


def loads(text: str | bytes, *, most: int | None = None) -> Value:
    """Parse JSON; every number is an `int` or a `Decimal`. Raises `ValueError` on anything that is not JSON.

    A repeated key, `NaN` and `Infinity` are refused too: Python's parser takes them, the standard does not. So is what
    is nested deeper than anything that a vendor or a plan has, and what has more than `most` entries, counted by the
    signs that begin or part them, even in its texts: a few bytes of text can be fifty times as many in memory.
    """
    signs: tuple[Any, ...] = ("{", "[", ",") if isinstance(text, str) else (b"{", b"[", b",")
    if most is not None and sum(map(text.count, signs)) > most:
        raise ValueError(f"more than {most} entries")
    try:
        value: Value = json.loads(
            text, parse_float=_decimal, parse_int=_integer, parse_constant=_constant, object_pairs_hook=_unique
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _bound_depth(value)
    return value


def texts(value: Value, *, has_keys: bool = True) -> Iterator[str]:
    """Every text and number in a value, decoded, with the keys of its objects or without."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if has_keys:
                yield key
            yield from texts(item, has_keys=has_keys)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, has_keys=has_keys)
    else:
        yield value if isinstance(value, str) else _scalar(value)


def dumps(value: Value, *, indent: int | None = None) -> str:
    """JSON text in ASCII with keys in the order given: one line, or indented as `json.dumps` would."""
    parts: list[str] = []
    _write(value, parts, indent or 0, "\n" if indent else "", is_sorted=False)
    return "".join(parts)


def canonical(value: Value) -> str:
    """The one text of a value: sorted keys, no blanks. Equal texts mean equal values, and `true` is not `1`."""
    parts: list[str] = []
    _write(value, parts, 0, "", is_sorted=True)
    return "".join(parts)


def digest(value: Value) -> str:
    """`sha256:` and the hex digest of the canonical text."""
    return "sha256:" + sha256(canonical(value).encode()).hexdigest()


def _write(value: Value, parts: list[str], indent: int, newline: str, *, is_sorted: bool) -> None:
    """Append the text of a value; `newline` starts a line at its own depth, and is empty where all is one line."""
    if isinstance(value, str):
        parts.append(quote(value))
    elif isinstance(value, Mapping):
        inner = newline and newline + " " * indent
        before, colon = "{" + inner, ": " if indent else ":"
        for key in sorted(value) if is_sorted else value:
            parts += before, quote(key), colon
            _write(value[key], parts, indent, inner, is_sorted=is_sorted)
            before = "," + inner
        parts.append(newline + "}" if value else "{}")
    elif isinstance(value, list):
        inner = newline and newline + " " * indent
        before = "[" + inner
        for item in value:
            parts.append(before)
            _write(item, parts, indent, inner, is_sorted=is_sorted)
            before = "," + inner
        parts.append(newline + "]" if value else "[]")
    else:
        parts.append(_scalar(value))


def _scalar(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    raise TypeError(f"not a JSON value: {value!r}")


# A number longer than this is no loyalty threshold; unbounded, `1e999999` would fill the memory when written out.
_LONGEST_NUMBER = 60


_DEEPEST = 100  # levels; what is written out later recurses, and must not fail then


def _bound_depth(value: Value) -> None:
    level: list[Any] = [value]
    for _ in range(_DEEPEST + 1):
        level = [
            part
            for whole in level
            if isinstance(whole, (dict, list))
            for part in (whole.values() if isinstance(whole, dict) else whole)
            if isinstance(part, (dict, list))
        ]
        if not level:
            return
    raise ValueError("nested too deeply")


def _decimal(text: str) -> Decimal:
    number = Decimal(text) if len(text) <= _LONGEST_NUMBER else Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > _LONGEST_NUMBER:
        raise ValueError(f"number out of range: {text[:_LONGEST_NUMBER]}")
    return number


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"number out of range: {text[:_LONGEST_NUMBER]}…")
    return int(text)


def _constant(text: str) -> Value:
    raise ValueError(f"not JSON: {text}")


def _unique(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"key {twice[:_LONGEST_NUMBER]!r} appears twice")
    return found
