"""What becomes of the records of a create, each with a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tierops.emulator.store import Record
from tierops.emulator.web import Json
from tierops.providers.salesforce.emulator import errors, records
from tierops.providers.salesforce.emulator.org import GROUP, KEY, TIER, Org
from tierops.providers.salesforce.emulator.switches import Switches

_ROLLED_BACK = "ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back because not all records were valid"


def results(rows: Sequence[Json], kept: int | None, org: Org, switches: Switches, *, is_atomic: bool) -> list[Json]:
    """One for each row, in their order; with `is_atomic`, a row that is refused takes all others with it.

    `kept` is how many are stored where a fault has the create break off.
    """
    taken = org.keys(of_deleted=switches.deleted_key == "taken")
    told: list[dict[str, Json] | None] = []
    accepted: dict[int, dict[str, Any]] = {}
    for number, row in enumerate(rows):
        told.append(_refusal(row, [*accepted.values()], taken, org, switches))
        if told[-1] is None:
            accepted[number] = records.kept(row, switches)
            if row.get(KEY):
                taken[row[KEY].casefold()] = "of this request"
    if is_atomic and any(told):
        first = next(number for number, refused in enumerate(told) if refused)
        accepted = {} if switches.all_or_none == "kept" else {n: one for n, one in accepted.items() if n < first}
    answer: list[Json] = [refused or errors.result(*_ROLLED_BACK) for refused in told]
    visible_at = org.clock() + switches.read_after_write_lag_ms / 1000
    for number, record in [*accepted.items()][:kept]:
        (added,) = org.add_tiers(record["LoyaltyTierGroupId"], [record], visible_at=visible_at)
        answer[number] = {"id": added["id"], "success": True, "errors": []}
    return answer


def _refusal(
    row: Json, accepted: Sequence[Record], taken: Mapping[str, str], org: Org, switches: Switches
) -> dict[str, Json] | None:
    """Why a row is not created beside what there is and what the request creates before it."""
    groups = {group["id"] for group in org.store.select(GROUP)}
    group = row.get("LoyaltyTierGroupId") if isinstance(row, Mapping) else None
    held = org.store.stored(TIER, group) if isinstance(group, str) else []
    beside = [*held, *(one for one in accepted if one["LoyaltyTierGroupId"] == group)]
    if refused := records.refusal(row, beside, groups, switches):
        return refused
    if switches.key_field == "unique" and (other := taken.get(str(row.get(KEY, "")).casefold())):
        message = f"duplicate value found: {KEY} duplicates value on record with id: {other[:15]}"
        return errors.result("DUPLICATE_VALUE", message)
    return None
