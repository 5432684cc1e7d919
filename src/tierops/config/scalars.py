"""Plain scalars after the YAML 1.2 core schema: `no` is a string, `010` is ten, decimals stay exact."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from tierops.model import digits, exact

Scalar = bool | int | Decimal | str | None

HALF = 'half of a surrogate pair and so no character; write the character itself, or "\\U0001F600"'

_LONGEST_NUMBER = 40
_LARGEST_EXPONENT = 40

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE]([-+]?[0-9]+))?")
_ENDLESS = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
_NAN = frozenset({".nan", ".NaN", ".NAN"})
_NUMBER_STARTS = frozenset("+-.0123456789")

# In half of the world a point before three digits parts the thousands. Where the last of them is a zero, the number
# can be written so that nobody misunderstands it; where it is none, all three may be needed.
_DOUBTFUL = re.compile(r"([-+]?[1-9][0-9]{0,2})\.([0-9]{2}0)")
_GROUPED = re.compile(
    r"(?P<whole>[-+]?[1-9][0-9]{0,2}(?P<mark>[,.' \xa0\u2009\u2019\u202f])[0-9]{3}(?:(?P=mark)[0-9]{3})*)"
    r"(?:(?!(?P=mark))[.,](?P<decimals>[0-9]+))?"
)
_WITH_COMMA = re.compile(r"([-+]?[0-9]+),([0-9]+)")


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
        hint = "; text that begins with '!' must be in quotes" if tag.startswith("!") else ""
        raise ValueError(f"the tag {_short(tag)} is not supported{hint}")
    name, fits = _TAGS[tag]
    value = plain(text)
    if not fits(value):
        raise ValueError(f"{name} says what {_short(text)} is not")
    return value


def doubt(text: str) -> str:
    """What to say of a number that half of its readers would take for a thousand times as much, or nothing."""
    if not (match := _DOUBTFUL.fullmatch(text)):
        return ""
    value = digits(Decimal(text))
    return f"{text} is {value}, for a point begins decimals; write {match[1]}{match[2]}, or {value} if that is meant"


def canonical(value: Scalar) -> str:
    """How a value is usually written."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def ungrouped(text: str) -> str | None:
    """The digits that YAML needs for a number as people write it: 1000 for `1,000`, 1000.5 for `1.000,5`.

    None for any other text, also for a number that YAML knows.
    """
    if _DECIMAL.fullmatch(text):
        return None
    if "_" in text and _DECIMAL.fullmatch(text.replace("_", "")):
        return text.replace("_", "")
    if match := _GROUPED.fullmatch(text):
        whole, decimals = match["whole"].replace(match["mark"], ""), match["decimals"]
        return f"{whole}.{decimals}" if decimals else whole
    return f"{match[1]}.{match[2]}" if (match := _WITH_COMMA.fullmatch(text)) else None


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
        return _decimal(text, match[1] or "0")
    if _OCTAL.fullmatch(text):
        return int(_bounded(text), 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(_bounded(text), 16)
    if _ENDLESS.fullmatch(text):
        raise ValueError(
            f"{text} is no number that tierops can take; leave an end that is open out, or quote {text} as text"
        )
    if text in _NAN:
        raise ValueError(f"{text} is no number that tierops can take; quote it if it is meant as text")
    return None


def _decimal(text: str, exponent: str) -> int | Decimal:
    if abs(int(_bounded(exponent))) > _LARGEST_EXPONENT:
        raise ValueError(
            f"the number {_short(text)} is out of range; leave an end that is open out, or quote it as text"
        )
    number = exact(Decimal(_bounded(text)))
    assert isinstance(number, int | Decimal)  # noqa: S101 -- for the type checker: exact keeps a number a number
    if doubtful := doubt(text):
        raise ValueError(doubtful)
    return number


def _bounded(text: str) -> str:
    # Converting the digits takes time that grows with their square, so the length is looked at first.
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"the number {_short(text)} has more than {_LONGEST_NUMBER} characters")
    return text


def _short(text: str) -> str:
    return repr(text if len(text) <= 30 else text[:29] + "…")
