"""What Voucherify's create endpoints accept. Sources: its OpenAPI schemas; switches where these leave it open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tierops.emulator.web import Json, Refused
from tierops.providers.voucherify.emulator import errors
from tierops.providers.voucherify.emulator.switches import Switches

LOYALTY = "LOYALTY_PROGRAM"

_TIER_KEYS = ("name", "points", "earning_rules", "rewards", "metadata")
_MAPPING_TYPES = ("MULTIPLY", "CUSTOM")
# The create schema, and loyalty_tiers_expiration: absent from it, yet sent and echoed by the official example.
_CAMPAIGN_KEYS = frozenset(
    (  # noqa: SIM905 - a line for each would be a page
        "name description type auto_join use_voucher_metadata_schema vouchers_count start_date expiration_date"
        " validity_timeframe validity_day_of_week validity_hours activity_duration_after_publishing category_id"
        " category metadata voucher loyalty_tiers_expiration"
    ).split()
)
_TYPE_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}


def tier_items(body: Json, switches: Switches) -> list[Json]:
    """The items of a create. Raises `Refused` unless the body is an array; an empty one by the switch."""
    if not isinstance(body, list):
        raise Refused(errors.invalid_payload("Payload must be array"))
    if not body and switches.empty_array == "400":
        raise Refused(errors.invalid_payload("Payload must NOT have fewer than 1 items"))
    return body


def tier_item(item: Json, index: int, switches: Switches) -> dict[str, Any]:
    """One item as it will be stored: checked, without unknown keys. Raises `Refused`."""
    where = f"[{index}]"
    _typed(item, dict, where)
    for name in ("name", "points"):
        if name not in item:
            raise Refused(errors.missing(name))
    _typed(item["name"], str, f"{where}.name")
    _typed(item.get("metadata", {}), dict, f"{where}.metadata")
    checked = _known(item, _TIER_KEYS, where, switches)
    checked["points"] = _points(item["points"], f"{where}.points", switches)
    for name in ("earning_rules", "rewards"):
        mappings = _typed(item.get(name, {}), dict, f"{where}.{name}")
        checked[name] = {key: _mapping(value, f"{where}.{name}.{key}", switches) for key, value in mappings.items()}
    return checked


def refuse_conflicts(item: Mapping[str, Any], held: Iterable[Mapping[str, Any]], switches: Switches) -> None:
    """Refuse a tier that the others in the campaign rule out, as the switches say. Nothing of it is documented."""
    for other in held:
        if switches.duplicate_name == "409" and other["name"] == item["name"]:
            raise Refused(errors.duplicate("loyalty_tier", item["name"]))
        if switches.overlap == "400" and _overlap(item["points"], other["points"]):
            raise Refused(errors.invalid_payload(f"Points of {item['name']} overlap with {other['name']}"))


def campaign_fields(body: Json) -> dict[str, Any]:
    """The fields of a new loyalty campaign, unknown ones dropped. Only the name is checked. Raises `Refused`."""
    if not isinstance(body, dict):
        raise Refused(errors.invalid_payload("Payload must be object"))
    if "name" not in body:
        raise Refused(errors.missing("name"))
    _typed(body["name"], str, ".name")
    if body.get("campaign_type", LOYALTY) != LOYALTY:
        raise Refused(errors.invalid_payload("Property .campaign_type must be equal to one of the allowed values"))
    # Voucherify's own Python client sends null for what was not given; that it counts as absent is a guess.
    return {name: value for name, value in body.items() if name in _CAMPAIGN_KEYS and value is not None}


def _points(points: Json, where: str, switches: Switches) -> dict[str, int]:
    checked = _known(_typed(points, dict, where), ("from", "to"), where, switches)
    if switches.to_null == "absent":
        checked = {name: value for name, value in checked.items() if value is not None}
    for name, value in checked.items():
        _typed(value, int, f"{where}.{name}")
    if switches.inverted_range == "400" and "from" in checked and "to" in checked and checked["from"] > checked["to"]:
        raise Refused(errors.invalid_payload(f"Property {where}.to must be >= {checked['from']}"))
    return checked


def _mapping(mapping: Json, where: str, switches: Switches) -> dict[str, Any]:
    # The schema requires none of the three keys.
    checked = _known(_typed(mapping, dict, where), ("type", "multiplier", "points"), where, switches)
    if "type" in checked and checked["type"] not in _MAPPING_TYPES:
        raise Refused(errors.invalid_payload(f"Property {where}.type must be equal to one of the allowed values"))
    if "multiplier" in checked:
        _typed(checked["multiplier"], float, f"{where}.multiplier")
    if "points" in checked:
        _typed(checked["points"], int, f"{where}.points")
    return checked


def _known(item: Mapping[str, Any], names: Iterable[str], where: str, switches: Switches) -> dict[str, Any]:
    unknown = sorted(set(item) - set(names))
    if unknown and switches.unknown_keys == "400":
        raise Refused(errors.invalid_payload(f"Property {where}.{unknown[0]} is not allowed"))
    return {name: item[name] for name in names if name in item}


def _typed(value: Json, kind: type, where: str) -> Any:
    # JSON's true is no integer, 1 is a number, and 1.0 is no integer: the last one is a guess, on the strict side.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = is_number if kind is float else isinstance(value, kind) and (kind is not int or is_number)
    if not fits:
        raise Refused(errors.invalid_payload(f"Property {where} must be {_TYPE_NAMES[kind]}"))
    return value


def _overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    # Both ends are inclusive; an absent one is unbounded.
    infinite = float("inf")
    lower = max(one.get("from", -infinite), other.get("from", -infinite))
    return lower <= min(one.get("to", infinite), other.get("to", infinite))
