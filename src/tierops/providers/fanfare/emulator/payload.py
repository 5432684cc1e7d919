"""What Fanfare's create of a group of tiers accepts. Source: the request schema of its OpenAPI file.

All that is wrong with a body is told at once. Keys that the schemas do not name are dropped, which is a guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tierops.emulator import exact
from tierops.emulator.web import Call, Json, MalformedJson, Refused
from tierops.providers.fanfare.emulator import errors
from tierops.providers.fanfare.emulator.switches import Switches

ATTRIBUTES = (
    "loyaltyBalance",
    "loyaltyLifetimePoints",
    "ltv",
    "totalOrders",
    "aov",
    "activityScore",
    "purchaseFrequencyScore",
    "monetaryScore",
)

_DEEPEST = 100  # lists and objects inside each other; a guess
_MOST_ISSUES = 20  # a guess: each issue echoes what was sent, so that answers would grow without end
_QUANTITY = "(number | string)"
_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


@dataclass(frozen=True)
class _Key:
    name: str
    kind: str | tuple[str, ...]
    is_required: bool = False
    is_nullable: bool = False


_TIER = (
    _Key("name", "string", is_required=True),
    _Key("order", "number", is_required=True),
    _Key("startValue", _QUANTITY, is_required=True),
    _Key("endValue", _QUANTITY, is_nullable=True),
    _Key("iconName", "string", is_nullable=True),
)
_TIER_GROUP = (
    _Key("groupName", "string", is_required=True),
    _Key("attribute", ATTRIBUTES, is_required=True),
    _Key("tiers", "array", is_required=True),
)


def read(call: Call) -> Json:
    """The body, with exact numbers. Raises `Refused` on what is no JSON."""
    # That other content types are refused in the same way is a guess.
    if call.media_type != "application/json":
        raise Refused(errors.malformed_json())
    try:
        body = call.json(exact.fraction)
    except MalformedJson:
        raise Refused(errors.malformed_json()) from None
    if exact.is_deeper(body, _DEEPEST):
        raise Refused(errors.malformed_json())
    return body


class Inspection:
    """One body, checked against the schema."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._issues: list[Json] = []

    def tier_group(self, body: Json) -> dict[str, Any]:
        """The body of a loyalty-tiers create. Raises `Refused` with all issues."""
        group = self._object(body, _TIER_GROUP)
        if group.get("tiers") == [] and self._switches.empty_tiers == "refused":
            self._add(errors.invalid(((body, "tiers"),), "min_length", ">=1", 0, "Expected at least one tier"))
        group["tiers"] = self._tiers(body, group)
        if self._issues:
            raise Refused(errors.validation(self._issues, self._switches.validation_status))
        return group

    def _add(self, issue: Json) -> None:
        if len(self._issues) < _MOST_ISSUES:
            self._issues.append(issue)

    def _tiers(self, body: Json, group: dict[str, Any]) -> list[dict[str, Any]]:
        items = group.get("tiers")
        if not isinstance(items, list):
            return []
        return [self._object(item, _TIER, ((body, "tiers"), (items, index))) for index, item in enumerate(items)]

    def _object(self, value: Json, keys: Sequence[_Key], path: errors.Path = ()) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._add(errors.mistyped(path, "object", value))
            return {}
        for key in keys:
            here = (*path, (value, key.name))
            if key.name not in value:
                if key.is_required:
                    self._add(errors.missing(here, _expected(key)))
            elif not (value[key.name] is None and key.is_nullable):
                self._value(value[key.name], key, here)
        return {key.name: value[key.name] for key in keys if key.name in value}

    def _value(self, value: Json, key: _Key, path: errors.Path) -> None:
        if not _fits(value, key.kind):
            self._add(errors.mistyped(path, _expected(key), value))
        elif key.name == "name" and value == "":
            # At least one character: documented for the answer.
            self._add(errors.invalid(path, "min_length", ">=1", value, "Expected at least one character"))
        elif key.kind == _QUANTITY and isinstance(value, str) and not _DECIMAL.fullmatch(value):
            # Text that is no number: a guess, on the strict side.
            self._add(errors.invalid(path, "decimal", "number", value, "Expected a decimal number"))


def _fits(value: Json, kind: str | tuple[str, ...]) -> bool:
    if isinstance(kind, tuple):
        return isinstance(value, str) and value in kind
    # JSON's true is no number.
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return {
        "string": isinstance(value, str),
        "number": is_number,
        _QUANTITY: is_number or isinstance(value, str),
        "array": isinstance(value, list),
    }[kind]


def _expected(key: _Key) -> str:
    return key.kind if isinstance(key.kind, str) else " | ".join(key.kind)
