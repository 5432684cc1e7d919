"""What ladders elsewhere look like, and what a program file says instead: hints for findings of the schema."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from tierops.config import scalars
from tierops.config.marked import closest

Path: TypeAlias = Sequence[str | int]

_OPEN = "the tier ends where the next one starts, and the last one is open"
_NUMBER = r"[-+]?[0-9][0-9.,_' ]*"
_BETWEEN = re.compile(rf"({_NUMBER}?)\s*(?:-|–|—|\.{{2,3}}|\bto\b|\bbis\b)\s*({_NUMBER}|\+|∞|inf)")
_UPWARDS = re.compile(rf"(?:>=?|≥|from|over|above)\s*({_NUMBER})|({_NUMBER}?)\s*(?:\+|and (?:up|more|above)|or more)")
_WITH_UNIT = re.compile(rf"[^\d\s.+-]{{0,4}}\s*({_NUMBER}?)\s*([^\W\d]{{0,12}})[^\w\s.]?")

_ORDERS = {"k", "m", "mio", "tsd"}
_LONGEST = 60  # characters of a text that is looked into

# What a key is called elsewhere, without signs between its words and without what it counts → the key here.
_WORDS = re.compile("points?|balance|value|score|spend|amount|credits?|threshold|required|bound|[^a-z]")
_KEYS = {
    "tier": {
        "from": {"min", "minimum", "lower", "start", "starts", "floor", "low", "begin", "at", ""},
        "to": {"max", "maximum", "upper", "end", "ends", "ceiling", "high", "until", "till", "limit", "upto"},
        "name": {"title", "label", "displayname", "tier", "level", "rank"},
    },
    "program": {"tiers": {"levels", "ladder", "steps", "ranks", "tierlist"}, "program": {"key", "id", "name", "slug"}},
}
_RANGES = {"range", "between", "interval", "span"}


def meant(key: str, value: Any, path: Path, known: Sequence[str]) -> str | None:
    """The key of `known` that stands here for what an unknown key says, None where that cannot be told."""
    if near := closest(key, known):
        return near
    kind = _kind(path)
    words = _WORDS.sub("", key.lower())
    for own, others in _KEYS.get(kind, {}).items():
        if words in others and own in known and not (kind == "tier" and isinstance(value, dict | list)):
            return own
    return None


def unknown(key: str, value: Any, path: Path, known: Sequence[str]) -> str:
    """What to write instead of an unknown key, or which keys are known; begins with a semicolon."""
    if near := closest(key, known):
        return f"; did you mean `{near}`?"
    own = meant(key, value, path, known)
    if own == "to":
        return f"; write `to`, or leave it out: {_OPEN}"
    if own:
        return f"; write `{own}`"
    if is_range(key, path):
        return ranged(value) or "; write `from`, and `to` only where the next tier does not start right behind it"
    return "; known here: " + ", ".join(known)


def is_range(key: str, path: Path) -> bool:
    """Whether a key of a tier says where it starts and ends."""
    return _kind(path) == "tier" and _WORDS.sub("", key.lower()) in _RANGES


def is_whole_tier(instance: Any, path: Path, known: Sequence[str]) -> bool:
    """Whether an entry of the list of tiers is `Bronze: {from: 0}` or `Bronze: 0`: its only key is a name."""
    if _kind(path) != "tier" or not isinstance(instance, Mapping) or len(instance) != 1:
        return False
    ((key, value),) = instance.items()
    return meant(key, value, path, known) is None


def listed(path: Path, instance: Any) -> str:
    """How the entries of a list begin, where there is none, or where one is text alone."""
    if path and path[-1] in {"tiers", "targets", "waivers"} and isinstance(instance, Mapping):
        if path[-1] != "tiers":
            return f"; begin it with a dash: `- {next(iter(instance), '…')}: …`"
        first = next(iter(instance), "Bronze")
        name = "…" if first == "name" else first
        return f"; write each tier as an entry that begins with a dash: `- name: {name}`, and `from` below it"
    if _kind(path) == "tier" and isinstance(instance, str):
        return f"; write `- name: {instance[:40]}`, and `from` below it"
    return ""


def bound(path: Path, instance: Any) -> str:
    """What to write instead of a value that is no bound of a tier; empty where that is not known."""
    key = path[-1] if path else ""
    if key not in {"from", "to", "below"} or "tiers" not in path[:1]:
        return ""
    if isinstance(instance, str) and (hint := ranged(instance)):
        return hint
    if key == "from":
        return _alone(instance)
    number = _number(instance)
    if number is not None and number != number.to_integral_value() and abs(number) < 10**15:
        return f"; an end with decimals is written `below`, the first number that is out of the tier{_next(number)}"
    if isinstance(instance, dict | list):
        return ""
    if number is None and (hint := _alone(instance)):
        return hint
    if "targets" in path:
        return f"; write `{key}: null` where this target has no such end: {_OPEN}"
    return f"; leave `{key}` out: {_OPEN}"


def ranged(value: Any) -> str:
    """How a range in one text, such as `0-99` or `500+`, is written here; empty for any other value."""
    text = value.strip() if isinstance(value, str) and len(value) <= _LONGEST else ""
    if match := _BETWEEN.fullmatch(text):
        start, end = match.groups()
        return f"; write `from: {_digits(start)}`" + (f" and `to: {_digits(end)}`" if end[-1].isdigit() else "")
    if match := _UPWARDS.fullmatch(text):
        return f"; write `from: {_digits(match[1] or match[2])}` and no end: the last tier is open"
    return ""


def _kind(path: Path) -> str:
    if not path:
        return "program"
    return "tier" if len(path) == 2 and path[0] == "tiers" else ""


def _alone(instance: Any) -> str:
    """The number in a text that holds a unit beside it."""
    if not isinstance(instance, str) or len(instance) > _LONGEST or scalars.ungrouped(instance):
        return ""
    match = _WITH_UNIT.fullmatch(instance.strip())
    if not match or _number(instance) is not None:
        return ""
    return "; write all its digits" if match[2].lower() in _ORDERS else f"; write the number alone: {_digits(match[1])}"


def _next(number: Decimal) -> str:
    """The next higher number with as many decimals, where that is a whole one: 100 for 99.99."""
    _, _, exponent = number.as_tuple()
    above = number + Decimal(1).scaleb(int(exponent))
    return f", such as `below: {int(above)}`" if above == above.to_integral_value() else ""


def _number(instance: Any) -> Decimal | None:
    if isinstance(instance, bool):
        return None
    if isinstance(instance, int | Decimal):
        return Decimal(instance)
    is_number = isinstance(instance, str) and re.fullmatch(r"[-+]?[0-9]{1,40}(\.[0-9]{1,40})?", instance)
    return Decimal(instance) if is_number else None


def _digits(text: str) -> str:
    text = text.strip()
    return scalars.ungrouped(text) or text
