"""Records as answers show them, and those that a body describes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from tierops.emulator.spelling import stored
from tierops.emulator.store import Record
from tierops.emulator.web import Json
from tierops.providers.salesforce.emulator import errors
from tierops.providers.salesforce.emulator.org import KEY, MAXIMUM, MINIMUM
from tierops.providers.salesforce.emulator.switches import Switches

_TEXTS = {
    "Name": 255,
    "Description": 1000,
    "Color": 9,
    "EligibleEnrollmentType": 40,
    "LoyaltyTierGroupId": 18,
    KEY: 255,
}
_BALANCES = (MINIMUM, MAXIMUM)
_DOWN = {"next": Decimal(0), "cent": Decimal("0.01"), "unit": Decimal(1)}
_MIRROR = 10_000
_MOST = Decimal(10) ** 16

WRITABLE = (*_TEXTS, *_BALANCES, "SequenceNumber")
TIER_COLUMNS = ("Id", *WRITABLE, "CreatedDate", "LastModifiedDate")


def shown(record: Record, beside: Sequence[Record], switches: Switches) -> dict[str, Json]:
    """A tier as a query shows it; `beside` are the tiers of its group."""
    starts = sorted(Decimal(other[MINIMUM]) for other in beside if other.get(MINIMUM) is not None)
    minimum, maximum, sequence = record.get(MINIMUM), record.get(MAXIMUM), record.get("SequenceNumber")
    above = [start for start in starts if minimum is not None and start > Decimal(minimum)]
    if maximum is None and above and switches.live_maximum != "null":
        maximum = above[0] - _DOWN[switches.live_maximum]
    if switches.sequence_direction == "falling" and sequence is not None:
        sequence = _MIRROR - sequence
    return {
        **{name: record.get(name) for name in _TEXTS},
        "Id": record["id"],
        MINIMUM: None if switches.live_minimum == "null" else _balance(minimum, switches.number_form),
        MAXIMUM: _balance(maximum, switches.number_form),
        "SequenceNumber": sequence,
        "CreatedDate": _date(record["created_at"]),
        "LastModifiedDate": _date(record["updated_at"] or record["created_at"]),
    }


def refusal(sent: Json, held: Sequence[Record], groups: Iterable[str], switches: Switches) -> dict[str, Json] | None:
    """The result of a record that is not created; None where it is. `held` are the tiers of its group."""
    if not isinstance(sent, Mapping) or sent.get("attributes", {}).get("type") != "LoyaltyTier":
        return errors.result("INVALID_TYPE", "sObject type is not supported")
    columns = WRITABLE if switches.key_field != "absent" else tuple(name for name in WRITABLE if name != KEY)
    if unknown := [name for name in sent if name not in ("attributes", *columns)]:
        return errors.result("INVALID_FIELD", f"No such column '{unknown[0]}' on sobject of type LoyaltyTier")
    if missing := [name for name in ("Name", "LoyaltyTierGroupId") if not sent.get(name)]:
        return errors.result("REQUIRED_FIELD_MISSING", f"Required fields are missing: {missing}", *missing)
    return _typed(sent) or _conflict(sent, held, groups, switches)


def _typed(sent: Mapping[str, Json]) -> dict[str, Json] | None:
    for name, longest in _TEXTS.items():
        value = sent.get(name)
        if not isinstance(value, str | None):
            return errors.result("JSON_PARSER_ERROR", f"{name} is no text", name)
        if value is not None and len(value) > longest:
            return errors.result("STRING_TOO_LONG", f"{name}: data value too large (max length={longest})", name)
    for name in (*_BALANCES, "SequenceNumber"):
        value = sent.get(name)
        is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        if value is not None and (not is_number or abs(value) >= _MOST):
            return errors.result("NUMBER_OUTSIDE_VALID_RANGE", f"{name}: value outside of valid range", name)
    return None


def _conflict(
    sent: Mapping[str, Json], held: Sequence[Record], groups: Iterable[str], switches: Switches
) -> dict[str, Json] | None:
    if sent["LoyaltyTierGroupId"] not in groups:
        return errors.result("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", "LoyaltyTierGroupId")
    if switches.duplicate_name == "refused" and sent["Name"] in {tier["Name"] for tier in held}:
        return errors.result("DUPLICATE_VALUE", "duplicate value found: Name", "Name")
    numbers = {tier.get("SequenceNumber") for tier in held} - {None}
    if switches.duplicate_sequence == "refused" and sent.get("SequenceNumber") in numbers:
        return errors.result("DUPLICATE_VALUE", "duplicate value found: SequenceNumber", "SequenceNumber")
    if switches.crossing_balances == "refused" and _overlaps(sent, held):
        return errors.result("FIELD_CUSTOM_VALIDATION_EXCEPTION", "The balances overlap those of another tier", MINIMUM)
    return None


def _overlaps(sent: Mapping[str, Json], held: Sequence[Record]) -> bool:
    """Balances are inclusive; those of a tier without a minimum overlap nothing."""
    start, end = _span(sent)
    if start is None or end < start:
        return start is not None
    spans = [_span(tier) for tier in held]
    is_same = start in [low for low, _ in spans]
    return is_same or any(
        low is not None and (low < start <= high < Decimal("Infinity") or (start < low <= end < Decimal("Infinity")))
        for low, high in spans
    )


def _span(record: Mapping[str, Json]) -> tuple[Decimal | None, Decimal]:
    minimum, maximum = record.get(MINIMUM), record.get(MAXIMUM)
    return None if minimum is None else Decimal(minimum), Decimal("Infinity") if maximum is None else Decimal(maximum)


def kept(sent: Mapping[str, Any], switches: Switches) -> dict[str, Any]:
    """What is stored of a record."""
    record = {name: sent[name] for name in WRITABLE if sent.get(name) is not None}
    return record | {"Name": stored(record["Name"], switches.stored_name)}


def described(switches: Switches) -> list[Json]:
    """The fields of a tier, as `describe` tells them."""
    kinds = dict.fromkeys(TIER_COLUMNS, "string") | dict.fromkeys(_BALANCES, "double") | {"SequenceNumber": "int"}
    names = [
        name for name in kinds if name != switches.hidden_field and (name != KEY or switches.key_field != "absent")
    ]
    return [
        {
            "name": name,
            "type": kinds[name],
            "createable": name in WRITABLE,
            "nillable": name not in ("Id", "Name", "LoyaltyTierGroupId"),
            "externalId": name == KEY,
            "unique": name == KEY and switches.key_field == "unique",
            "idLookup": name in ("Id", "Name", "SequenceNumber", KEY),
            "custom": name == KEY,
        }
        for name in names
    ]


def _balance(value: str | Decimal | None, form: str) -> Decimal | None:
    if value is None:
        return None
    number = Decimal(value)
    if form == "250":
        return Decimal(re.sub(r"\.0*$", "", format(number, "f")))
    return Decimal(f"{number:.2E}") if form == "2.5E2" and Decimal(f"{number:.2E}") == number else _fractioned(number)


def _fractioned(number: Decimal) -> Decimal:
    return number if number != number.to_integral_value() else number.quantize(Decimal("0.0"))


def _date(text: str) -> str:
    return text.replace("Z", "+0000")
