"""What there is to query: the objects of an org, each with the columns that the user of the keys may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from tierops.emulator.store import Record, Store
from tierops.emulator.web import Json, Refused
from tierops.providers.salesforce.emulator import errors, records
from tierops.providers.salesforce.emulator.org import GROUP, KEY, ORG_ID, PROGRAM, TIER
from tierops.providers.salesforce.emulator.query import Query
from tierops.providers.salesforce.emulator.switches import Switches

_CURRENCY = "TierAssessmentCurrency.Name"


class Table(NamedTuple):
    """Rows by column."""

    columns: tuple[str, ...]
    rows: list[Mapping[str, Json]]


def found(wanted: Query, store: Store, now: float, switches: Switches) -> list[Mapping[str, Json]]:
    """The rows that a query finds, in its order, then by id. Raises `Refused` for what is not there."""
    table = _table(wanted.kind, store, now, switches)
    for column in (*wanted.columns, *wanted.where, *(column for column, _ in wanted.order)):
        if column not in table.columns:
            message = f"No such column '{column}' on entity '{wanted.kind}'."
            raise Refused(errors.top(400, "INVALID_FIELD", message))
    fitting = [
        row for row in table.rows if all(_is_equal(name, row[name], text) for name, text in wanted.where.items())
    ]
    fitting.sort(key=lambda row: str(row["Id"]))
    for column, is_falling in reversed(wanted.order):
        fitting.sort(key=lambda row: _rank(row[column]), reverse=is_falling)
    return fitting


def columns(kind: str, store: Store, switches: Switches) -> tuple[str, ...]:
    """The columns of an object that the user of the keys may see."""
    return _table(kind, store, 0, switches).columns


def _table(kind: str, store: Store, now: float, switches: Switches) -> Table:
    make = _TABLES.get(kind)
    if make is None:
        raise Refused(errors.top(400, "INVALID_TYPE", f"sObject type '{kind}' is not supported."))
    return make(store, now, switches)


def _organizations(_store: Store, _now: float, switches: Switches) -> Table:
    rows = [{"Id": ORG_ID, "Name": "Org", "IsSandbox": True}] if switches.organization == "shown" else []
    return Table(("Id", "Name", "IsSandbox"), [*rows])


def _programs(store: Store, now: float, switches: Switches) -> Table:
    rows = _visible(PROGRAM, store, now, switches)
    return Table(("Id", "Name", "Status"), [{**row, "Id": row["id"]} for row in rows])


def _groups(store: Store, now: float, switches: Switches) -> Table:
    rows = _visible(GROUP, store, now, switches)
    columns = ("Id", "Name", "LoyaltyProgramId", "Category", _CURRENCY)
    return Table(columns, [{**row, "Id": row["id"], _CURRENCY: row["currency"]} for row in rows])


def _tiers(store: Store, now: float, switches: Switches) -> Table:
    hidden = {switches.hidden_field, KEY if switches.key_field == "absent" else ""}
    live = _visible(TIER, store, now, switches)
    live = live[::2] if switches.visibility == "some-tiers" else live
    groups: dict[str, list[Record]] = {}
    for row in live:
        groups.setdefault(row["LoyaltyTierGroupId"], []).append(row)
    columns = tuple(name for name in records.TIER_COLUMNS if name not in hidden)
    return Table(columns, [records.shown(row, groups[row["LoyaltyTierGroupId"]], switches) for row in live])


def _visible(kind: str, store: Store, now: float, switches: Switches) -> list[Record]:
    """Tiers and groups are seen by those who see their programme."""
    return [] if switches.visibility == "no-program" else store.select(kind, now=now)


def _rank(value: Json) -> tuple[bool, Decimal, str]:
    """What is null comes first, numbers go by their value, texts without case."""
    is_number = isinstance(value, int | float | Decimal)
    return value is not None, Decimal(str(value)) if is_number else Decimal(0), str(value).casefold()


def _is_equal(column: str, value: Json, text: str) -> bool:
    """Texts are equal without case; an id is so in its long form and in its short one."""
    if not isinstance(value, str):
        return False
    return text in (value, value[:15]) if column.endswith("Id") else value.casefold() == text.casefold()


_TABLES: Mapping[str, Callable[[Store, float, Switches], Table]] = {
    "Organization": _organizations,
    "LoyaltyProgram": _programs,
    "LoyaltyTierGroup": _groups,
    "LoyaltyTier": _tiers,
}
