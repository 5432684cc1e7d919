"""What the bodies of v2 may hold. Source: its OpenAPI file, whose requests allow no other keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tierops.emulator.web import Call, Json, MalformedJson, Refused
from tierops.providers.voucherify.emulator import errors as v1
from tierops.providers.voucherify_v2.emulator import errors
from tierops.providers.voucherify_v2.emulator.switches import Switches

_MOST_POINTS = 1_000_000_000
_LONGEST_NAME = 200
_PERIODS = {"DAY": 90, "WEEK": 52, "MONTH": 12, "YEAR": 5}
_STRUCTURE_KEYS = ("name", "type", "point_balance", "point_earned", "expiration", "downgrade", "metadata")
_TIER_KEYS = ("name", "qualification_rules", "downgrade", "metadata", "points_expiration")
_EXPIRATIONS = ("INHERIT", "NO_EXPIRATION", "ROLLING_EXPIRATION", "CALENDAR_EXPIRATION", "SLIDING_EXPIRATION")
_KEPT = ("NO_RETENTION", "FIXED_DURATION", "CALENDAR_EXPIRATION", "SLIDING_EXPIRATION")


def body(call: Call) -> dict[str, Any]:
    """The object of a request. Raises `Refused`."""
    if call.media_type != "application/json":
        raise Refused(v1.unsupported_media_type())
    try:
        sent = call.json()
    except MalformedJson:
        raise Refused(v1.malformed_json()) from None
    if not isinstance(sent, dict):
        raise errors.invalid("Payload must be object")
    return sent


def tier(sent: Mapping[str, Any], switches: Switches, *, is_new: bool = True) -> dict[str, Any]:
    """The fields of a tier that a body gives, as they will be stored; a new one gets its defaults. Raises `Refused`."""
    keys = _TIER_KEYS if switches.points_expiration == "shown" else _TIER_KEYS[:-1]
    _known(sent, keys, "")
    given = _without_nulls(sent, ("downgrade", "metadata", "points_expiration"), switches)
    fields: dict[str, Any] = {}
    if is_new or "name" in given:
        fields["name"] = _name(given)
    if is_new or "qualification_rules" in given:
        fields["qualification_rules"] = _rules(_object(given, "qualification_rules"), switches)
    if "downgrade" in given:
        fields["downgrade"] = _typed(
            _object(given, "downgrade"), ("INHERIT", "NO_DOWNGRADE"), ".downgrade", only=("type",)
        )
    if "points_expiration" in given:
        fields["points_expiration"] = _typed(_object(given, "points_expiration"), _EXPIRATIONS, ".points_expiration")
    if "metadata" in given:
        fields["metadata"] = _object(given, "metadata")
    return fields


def structure(sent: Mapping[str, Any], switches: Switches, *, is_new: bool = True) -> dict[str, Any]:
    """The fields of a structure that a body gives. Raises `Refused`."""
    _known(sent, (*_STRUCTURE_KEYS, *(("status",) if is_new else ())), "")
    given = _without_nulls(sent, ("point_balance", "point_earned", "expiration", "downgrade", "metadata"), switches)
    fields: dict[str, Any] = {}
    if is_new or "name" in given:
        fields["name"] = _name(given)
    if is_new or "type" in given:
        fields |= _measure(given)
    if "expiration" in given:
        fields["expiration"] = _typed(_object(given, "expiration"), _KEPT, ".expiration")
    if "downgrade" in given:
        kinds = ("MULTI_LEVEL", "SINGLE_LEVEL", "NO_DOWNGRADE")
        fields["downgrade"] = _typed(_object(given, "downgrade"), kinds, ".downgrade", only=("type", "grace_period"))
    if "metadata" in given:
        fields["metadata"] = _object(given, "metadata")
    if "status" in given:
        fields["status"] = _one_of(given["status"], ("DRAFT", "ACTIVE"), ".status")
    return fields


def _measure(given: Mapping[str, Any]) -> dict[str, Any]:
    kind = _one_of(_required(given, "type"), ("POINT_BALANCE", "POINT_EARNED"), ".type")
    own, other = ("point_balance", "point_earned") if kind == "POINT_BALANCE" else ("point_earned", "point_balance")
    if other in given:
        raise errors.invalid(f"Property .{other} is not allowed with type {kind}")
    measure = _object(given, own)
    _known(measure, ("card_definition_id", *(("period", "type") if kind == "POINT_EARNED" else ())), f".{own}")
    _text(_required(measure, "card_definition_id"), f".{own}.card_definition_id", 1, _LONGEST_NAME)
    if kind == "POINT_EARNED":
        _one_of(_required(measure, "type"), ("IMMEDIATELY", "NEXT_TRACKING_PERIOD"), f".{own}.type")
        period = _object(measure, "period")
        unit = _one_of(_required(period, "unit"), tuple(_PERIODS), f".{own}.period.unit")
        _number(_required(period, "value"), f".{own}.period.value", 1, _PERIODS[unit])
    return {"type": kind, own: measure}


def _rules(rules: Mapping[str, Any], switches: Switches) -> dict[str, Any]:
    where = ".qualification_rules"
    _known(rules, ("type", "points", "segment"), where)
    kind = _one_of(_required(rules, "type"), ("POINTS", "POINTS_AND_SEGMENT"), f"{where}.type")
    points = dict(_object(rules, "points"))
    _known(points, ("min_value", "max_value"), f"{where}.points")
    _required(points, "min_value")
    for name, value in points.items():
        points[name] = _points(value, f"{where}.points.{name}", switches)
    last = points.get("max_value")
    if last is not None and last < points["min_value"] and switches.inverted_range == "400":
        raise errors.invalid(f"Property {where}.points.max_value must be >= {points['min_value']}")
    if last is not None and last == points["min_value"] and switches.equal_bounds == "400":
        raise errors.invalid(f"Property {where}.points.max_value must be > {points['min_value']}")
    segment = rules.get("segment")
    if (segment is not None) != (kind == "POINTS_AND_SEGMENT"):
        raise errors.invalid(f"Property {where}.segment goes with type POINTS_AND_SEGMENT")
    checked = {"type": kind, "points": points}
    if segment is not None:
        _text(_required(_object(rules, "segment"), "id"), f"{where}.segment.id", 1, _LONGEST_NAME)
        checked["segment"] = {"id": segment["id"]}
    return checked


def _points(value: Json, where: str, switches: Switches) -> Json:
    _number(value, where, 0, _MOST_POINTS)
    if isinstance(value, int) or value == int(value):
        return int(value)
    if switches.decimals == "400":
        raise errors.invalid(f"Property {where} must be integer")
    return int(value) if switches.decimals == "rounded" else value


def _without_nulls(sent: Mapping[str, Any], names: Iterable[str], switches: Switches) -> dict[str, Any]:
    """What is null counts as not given where it may be."""
    nulls = [name for name in names if name in sent and sent[name] is None]
    if switches.null_field == "400" and {*nulls} & {"downgrade", "metadata"}:
        raise errors.invalid(f"Property .{nulls[0]} must be object")
    return {name: value for name, value in sent.items() if name not in nulls}


def _typed(value: dict[str, Any], kinds: tuple[str, ...], where: str, *, only: tuple[str, ...] = ()) -> dict[str, Any]:
    if only:
        _known(value, only, where)
    _one_of(_required(value, "type"), kinds, f"{where}.type")
    return value


def _known(sent: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    for name in sent:
        if name not in names:
            raise errors.invalid(f"Property {where}.{name} is not allowed")


def _required(sent: Mapping[str, Any], name: str) -> Any:
    if name not in sent:
        raise errors.invalid(f"Payload must have required property '{name}'")
    return sent[name]


def _object(sent: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = _required(sent, name)
    if not isinstance(value, dict):
        raise errors.invalid(f"Property .{name} must be object")
    return value


def _name(sent: Mapping[str, Any]) -> str:
    return _text(_required(sent, "name"), ".name", 1, _LONGEST_NAME)


def _text(value: Json, where: str, least: int, most: int) -> str:
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise errors.invalid(f"Property {where} must be string of {least} to {most} characters")
    return value


def _number(value: Json, where: str, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise errors.invalid(f"Property {where} must be number, {least} to {most}")


def _one_of(value: Json, names: tuple[str, ...], where: str) -> str:
    if value not in names:
        raise errors.invalid(f"Property {where} must be equal to one of the allowed values [ {', '.join(names)} ]")
    return str(value)
