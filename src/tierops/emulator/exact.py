"""JSON with exact numbers: a fraction is a `Decimal`, read and written digit for digit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A parsed JSON value. Bodies come from strangers, so every use checks what it got."""

# What a double holds, and so what a vendor's own server could have meant.
_LARGEST_EXPONENT = 308


def dumps(value: Json, *, ensure_ascii: bool = True) -> str:
    """Compact JSON text. Raises `ValueError` on NaN and infinity, `TypeError` on what JSON does not have."""
    try:
        return json.dumps(value, ensure_ascii=ensure_ascii, separators=(",", ":"), allow_nan=False)
    except TypeError:  # the fast way knows no Decimal
        return _text(value, ensure_ascii)


def loads(text: str) -> Json:
    """The value that `dumps` wrote."""
    return json.loads(text, parse_float=Decimal)


def fraction(text: str) -> Decimal:
    """A number that is not whole, exactly. Raises `ValueError` where no double is as large or as small."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"number out of range: {text}") from None
    if abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(f"number out of range: {text}")
    return number


def is_deeper(value: Json, levels: int) -> bool:
    """Are there more lists and objects inside each other than this?"""
    inside = [value]
    for _ in range(levels + 1):
        inside = [item for one in inside for item in _items(one)]
    return bool(inside)


def _items(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _text(value: Json, ensure_ascii: bool) -> str:
    if isinstance(value, dict):
        items = (
            f"{json.dumps(key, ensure_ascii=ensure_ascii)}:{_text(item, ensure_ascii)}" for key, item in value.items()
        )
        return f"{{{','.join(items)}}}"
    if isinstance(value, list):
        return f"[{','.join([_text(item, ensure_ascii) for item in value])}]"
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    return json.dumps(value, ensure_ascii=ensure_ascii, allow_nan=False)
