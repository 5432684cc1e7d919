"""Plain scalars after the YAML 1.2 core schema: `no` is a string, `010` is ten, decimals stay exact."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from tierops.model import exact

Scalar = bool | int | Decimal | str | None

_LONGEST_NUMBER = 40
_LARGEST_EXPONENT = 40

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE]([-+]?[0-9]+))?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_STARTS = frozenset("+-.0123456789")


def plain(text: str) -> Scalar:
    """What an unquoted scalar means. Raises `ValueError` with a sentence for a number that tierops cannot take."""
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if text[0] in _NUMBER_STARTS:
        number = _number(text)
        return text if number is None else number
    return text


def tagged(tag: str, text: str) -> Scalar:
    """What a scalar with an explicit tag means; `!` alone means a string. Raises `ValueError` where it cannot be."""
    if tag in ("!", "tag:yaml.org,2002:str"):
        return text
    if tag not in _TAGS:
        raise ValueError(f"the tag {_short(tag)} is not supported")
    name, fits = _TAGS[tag]
    value = plain(text)
    if not fits(value):
        raise ValueError(f"{name} says what {_short(text)} is not")
    return value


_TAGS: dict[str, tuple[str, Callable[[Scalar], bool]]] = {
    "tag:yaml.org,2002:null": ("!!null", lambda value: value is None),
    "tag:yaml.org,2002:bool": ("!!bool", lambda value: isinstance(value, bool)),
    "tag:yaml.org,2002:int": ("!!int", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "tag:yaml.org,2002:float": (
        "!!float",
        lambda value: isinstance(value, int | Decimal) and not isinstance(value, bool),
    ),
}


def _number(text: str) -> int | Decimal | None:
    if _INTEGER.fullmatch(text):
        return int(_bounded(text))
    if match := _DECIMAL.fullmatch(text):
        if abs(int(_bounded(match[1] or "0"))) > _LARGEST_EXPONENT:
            raise ValueError(f"the number {_short(text)} is out of range; quote it if it is meant as text")
        number = exact(Decimal(_bounded(text)))
        assert isinstance(number, int | Decimal)  # noqa: S101 -- for the type checker: exact keeps a number a number
        return number
    if _OCTAL.fullmatch(text):
        return int(_bounded(text), 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(_bounded(text), 16)
    if _NO_NUMBER.fullmatch(text):
        raise ValueError(f"{text} is no number that tierops can take; quote it if it is meant as text")
    return None


def _bounded(text: str) -> str:
    # Converting the digits takes time that grows with their square, so the length is looked at first.
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"the number {_short(text)} has more than {_LONGEST_NUMBER} characters")
    return text


def _short(text: str) -> str:
    return repr(text if len(text) <= 30 else text[:29] + "…")
