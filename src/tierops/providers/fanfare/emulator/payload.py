"""What Fanfare's audience endpoints accept. Source: the request schemas of its OpenAPI file.

All that is wrong with a body is told at once. Keys that the schemas do not name are dropped, which is a guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tierops.emulator import exact
from tierops.emulator.switches import FanfareSwitches
from tierops.emulator.web import Call, Json, MalformedJson, Refused
from tierops.providers.fanfare.emulator import errors

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
TYPES = ("DYNAMIC", "STATIC_LIST", "SYNCED_LIST")
TIERED = "SEGMENTED_VALUE"
GROUP_TYPES = (TIERED, "RFM")
OPERATORS = (
    "EQUALS",
    "NOT_EQUALS",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUAL",
    "LESS_THAN",
    "LESS_THAN_OR_EQUAL",
    "BETWEEN",
    "CONTAINS",
    "NOT_CONTAINS",
    "IN",
    "NOT_IN",
    "EXISTS",
    "NOT_EXISTS",
)

_DEEPEST = 100  # lists and objects inside each other; a guess
_MOST_ISSUES = 20  # a guess: each issue echoes what was sent, so that answers would grow without end
_QUANTITY = "(number | string)"
_SCALAR = "(string | number | boolean | null)"
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
_RULE = (
    _Key("field", "string", is_required=True),
    _Key("operator", OPERATORS, is_required=True),
    _Key("values", "array", is_required=True),
    _Key("groupId", "string", is_nullable=True),
    _Key("position", "number", is_nullable=True),
)
_RULE_OF_AUDIENCE = (_Key("audienceId", "string", is_required=True), *_RULE)
_OPTIONAL = (
    _Key("description", "string", is_nullable=True),
    _Key("groupId", "string", is_nullable=True),
    _Key("groupName", "string", is_nullable=True),
    _Key("groupType", GROUP_TYPES, is_nullable=True),
    _Key("iconName", "string", is_nullable=True),
    _Key("lastRefreshedAt", "string", is_nullable=True),
    _Key("metadata", "object", is_nullable=True),
    _Key("refreshIntervalSeconds", "number", is_nullable=True),
)
_CREATE = (
    _Key("name", "string", is_required=True),
    _Key("type", TYPES, is_required=True),
    *_OPTIONAL,
    _Key("rules", "array", is_nullable=True),
    _Key("primarySyncSource", "object", is_nullable=True),
)
_UPDATE = (_Key("name", "string"), _Key("type", TYPES), *_OPTIONAL)


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
    """Bodies of one request, checked against the schemas; every method raises `Refused` with all issues."""

    def __init__(self, switches: FanfareSwitches) -> None:
        self._switches = switches
        self._issues: list[Json] = []

    def tier_group(self, body: Json) -> dict[str, Any]:
        """The body of a loyalty-tiers create or replacement."""
        group = self._object(body, _TIER_GROUP)
        if group.get("tiers") == [] and self._switches.empty_tiers == "refused":
            self._add(errors.invalid(((body, "tiers"),), "min_length", ">=1", 0, "Expected at least one tier"))
        group["tiers"] = self._objects(body, group, "tiers", _TIER)
        self._refuse_issues()
        return group

    def audience(self, body: Json) -> dict[str, Any]:
        """The body of a generic create."""
        audience = self._object(body, _CREATE)
        audience["rules"] = self._objects(body, audience, "rules", _RULE)
        self._refuse_issues()
        return audience

    def changes(self, body: Json) -> dict[str, Any]:
        """The body of a partial update."""
        changes = self._object(body, _UPDATE)
        self._refuse_issues()
        return changes

    def rule(self, body: Json) -> dict[str, Any]:
        """The body of a new rule."""
        rule = self._object(body, _RULE_OF_AUDIENCE)
        self._refuse_issues()
        return rule

    def rules(self, body: Json) -> list[dict[str, Any]]:
        """The body that replaces all rules."""
        given = self._object(body, (_Key("rules", "array", is_required=True),))
        rules = self._objects(body, given, "rules", _RULE_OF_AUDIENCE)
        self._refuse_issues()
        return rules

    def _refuse_issues(self) -> None:
        if self._issues:
            raise Refused(errors.validation(self._issues, self._switches.validation_status))

    def _add(self, issue: Json) -> None:
        if len(self._issues) < _MOST_ISSUES:
            self._issues.append(issue)

    def _objects(self, body: Json, given: dict[str, Any], name: str, keys: Sequence[_Key]) -> list[dict[str, Any]]:
        items = given.get(name)
        if not isinstance(items, list):
            return []
        return [self._object(item, keys, ((body, name), (items, index))) for index, item in enumerate(items)]

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
        elif key.name == "values":
            for index, item in enumerate(value):
                if isinstance(item, dict | list):
                    self._add(errors.mistyped((*path, (value, index)), _SCALAR, item))
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
        "object": isinstance(value, dict),
    }[kind]


def _expected(key: _Key) -> str:
    return key.kind if isinstance(key.kind, str) else " | ".join(key.kind)
