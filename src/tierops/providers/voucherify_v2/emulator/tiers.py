"""What v2 holds against a new or changed tier: other tiers, the cap, and the status of its structure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tierops.emulator.store import Record
from tierops.providers.voucherify_v2.emulator import errors
from tierops.providers.voucherify_v2.emulator.switches import Switches

FREE = ("name", "metadata")
"""What can be changed in every status."""


def refuse_conflicts(tier: Mapping[str, Any], others: Iterable[Record], switches: Switches) -> None:
    """Raise `Refused` for a tier that the others of its structure rule out."""
    for other in others:
        if other["name"] == tier["name"] and switches.duplicate_tier != "accepted":
            raise errors.refused(switches.duplicate_tier, "duplicate_found", f"Duplicated tier {tier['name']}")
        if _overlap(_points(tier), _points(other)) and not _is_allowed(tier, other, switches):
            status = "403" if switches.overlap == "accepted" else switches.overlap
            raise errors.refused(status, "tier_overlap", f"{tier['name']} overlaps with {other['name']}")


def refuse_too_many(held: int, switches: Switches) -> None:
    """Raise `Refused` where a structure is full."""
    if held >= int(switches.tier_cap):
        raise errors.refused(switches.cap_status, "tiers_per_tier_structure_limit_exceeded")


def refuse_frozen(structure: Record, how: str) -> None:
    """Raise `Refused` outside a draft, as the switch `how` says."""
    if structure["status"] != "DRAFT" and how != "accepted":
        raise errors.refused(how, "invalid_payload", "Only name and metadata can be updated")


def changed(record: Record, given: Mapping[str, Any], status: str, switches: Switches) -> dict[str, Any]:
    """What a PUT changes: outside a draft names and metadata. Raises `Refused`."""
    frozen = {key: value for key, value in given.items() if key not in FREE}
    if status != "DRAFT" and frozen:
        is_same = all(record.get(key) == value for key, value in frozen.items())
        if not (is_same and switches.frozen_same == "accepted") and switches.frozen_put != "ignored":
            raise errors.refused(switches.frozen_put, "invalid_payload", "Only name and metadata can be updated")
        given = {key: value for key, value in given.items() if key in FREE}
    if "metadata" in given and switches.put_metadata == "merges":
        given = {**given, "metadata": {**record["metadata"], **given["metadata"]}}
    return dict(given)


def _is_allowed(tier: Mapping[str, Any], other: Mapping[str, Any], switches: Switches) -> bool:
    kinds = {one["qualification_rules"]["type"] for one in (tier, other)}
    if len(kinds) > 1:
        return switches.path_overlap == "accepted"
    lower, upper = sorted((_points(tier), _points(other)), key=lambda points: points["min_value"])
    if "max_value" not in lower and lower["min_value"] < upper["min_value"] and switches.inner_open == "accepted":
        return True
    return switches.overlap == "accepted"


def _points(tier: Mapping[str, Any]) -> Mapping[str, Any]:
    points: Mapping[str, Any] = tier["qualification_rules"]["points"]
    return points


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    # Both ends are inclusive; an absent one is unbounded.
    infinite = float("inf")
    lower = max(one["min_value"], other["min_value"])
    return bool(lower <= min(one.get("max_value", infinite), other.get("max_value", infinite)))
