"""JSON with exact numbers: decimals go in and come out digit for digit, which the standard encoder cannot do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from hashlib import sha256
from json.encoder import encode_basestring_ascii as quote
from typing import Any, NamedTuple, TypeAlias

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


class Items(NamedTuple):
    """An array whose items are made while it is written, one at a time."""

    each: Iterable[Written]


class Entries(NamedTuple):
    """An object whose entries are made while it is written, one at a time."""

    each: Iterable[tuple[str, Written]]


Written: TypeAlias = Value | Items | Entries


def dumps(value: Value, *, indent: int | None = None) -> str:
    """JSON text in ASCII with keys in the order given: one line, or indented as `json.dumps` would."""
    return _text(value, " " * (indent or 0), "\n" if indent else "", is_sorted=False)


def pieces(value: Written, *, indent: int) -> Iterator[str]:
    """What `dumps` would say, bit by bit: no more than one value within `Items` and `Entries` is there at a time."""
    return _pieces(value, " " * indent, "\n")


def canonical(value: Value) -> str:
    """The one text of a value: sorted keys, no blanks. Equal texts mean equal values, and `true` is not `1`."""
    try:
        return _IN_C.encode(value)  # takes a third of the time, but can write no fraction digit for digit
    except _NotInC:
        return _text(value, "", "", is_sorted=True)


def same(one: Value, other: Value) -> bool:
    """Whether the canonical texts of the two are the same, without making them."""
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Mapping | list) or isinstance(other, Mapping | list):
        return False
    return _scalar(one) == _scalar(other)


def digest(value: Value) -> str:
    """`sha256:` and the hex digest of the canonical text."""
    return "sha256:" + sha256(canonical(value).encode()).hexdigest()


def _pieces(value: Written, indent: str, newline: str) -> Iterator[str]:
    if not isinstance(value, Items | Entries):
        yield _text(value, indent, newline, is_sorted=False)
        return
    inner = newline + indent
    opening, closing = "[]" if isinstance(value, Items) else "{}"
    before = opening + inner
    named = value.each if isinstance(value, Entries) else (("", item) for item in value.each)
    for key, one in named:
        yield f"{before}{quote(key)}: " if isinstance(value, Entries) else before
        yield from _pieces(one, indent, inner)
        before = "," + inner
    yield newline + closing if before[0] == "," else opening + closing


def _text(value: Value, indent: str, newline: str, *, is_sorted: bool) -> str:
    """The text of a value; `newline` starts a line at its own depth, and is empty where all is one line.

    What most values are is asked for first, and by type, for all that a report says goes through here.
    """
    if type(value) is str:
        return quote(value)
    if type(value) is list or type(value) is dict:
        if not value:
            return "[]" if type(value) is list else "{}"
        inner = newline and newline + indent
        if type(value) is list:
            items = [_text(item, indent, inner, is_sorted=is_sorted) for item in value]
            return f"[{inner}{f',{inner}'.join(items)}{newline}]"
        colon = ": " if newline else ":"
        keys = sorted(value) if is_sorted else value
        entries = [f"{quote(key)}{colon}{_text(value[key], indent, inner, is_sorted=is_sorted)}" for key in keys]
        return f"{{{inner}{f',{inner}'.join(entries)}{newline}}}"
    if type(value) is int:
        return str(value)
    if isinstance(value, Mapping):
        return _text(dict(value), indent, newline, is_sorted=is_sorted)
    if isinstance(value, list):
        return _text(list(value), indent, newline, is_sorted=is_sorted)
    return quote(value) if isinstance(value, str) else _scalar(value)


class _NotInC(Exception):
    """The encoder of the standard library met what it cannot write as it is."""


def _plain(value: object) -> dict[str, Value]:
    """A mapping as the standard encoder takes it."""
    if isinstance(value, Mapping):
        return dict(value)
    raise _NotInC


_IN_C = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False, allow_nan=False, default=_plain)


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
