"""What a list of tiers may hold, as the documented schema has it; switches where that is silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tierops.emulator.spelling import stored
from tierops.emulator.store import Record
from tierops.emulator.web import Json, Refused
from tierops.providers.openloyalty.emulator import errors
from tierops.providers.openloyalty.emulator.switches import Switches

MOST = 20
_KEYS = frozenset({"levelId", "translations", "conditions", "active", "rewards"})
_REWARD_KEYS = frozenset({"rewardId", "name", "code", "value", "labels", "active", "startAt", "endAt"})
_PLACES = 6


def entries(body: Json, switches: Switches) -> list[Json]:
    """The entries of a list. Raises `Refused` for anything else."""
    if not isinstance(body, dict) or not isinstance(body.get("tiers"), list):
        _refuse("This value should be a list.", switches)
    _known(body, {"tiers"}, switches)
    listed: list[Json] = body["tiers"]
    if len(listed) > MOST and switches.too_many == "400":
        _refuse(f"There may be {MOST} tiers.", switches)
    return listed


def tier(entry: Json, condition: str, held: Sequence[Record], switches: Switches) -> dict[str, Any]:
    """An entry as a tier of the panel, with `id` where it names one. Raises `Refused`."""
    if not isinstance(entry, dict):
        _refuse("This value should be an object.", switches)
    _known(entry, _KEYS, switches)
    id_ = entry.get("levelId")
    if id_ is not None and id_ not in {row["id"] for row in held}:
        if switches.foreign_level == "404":
            raise Refused(errors.general(404))
        _refuse("This tier is none of the set.", switches)
    match entry.get("translations"):
        case {"en": {"name": str(name), **words}, **others} if name.strip() and len(name) <= 255:
            pass
        case _:
            _refuse("A tier has an English name.", switches)
    match entry.get("conditions"):
        case [{"conditionId": str(one), "value": int() | float() | Decimal() as value}] if (
            one == condition and not isinstance(value, bool) and value >= 0
        ):
            pass
        case _:
            _refuse("A tier has a value for each condition of the set.", switches)
    if len(str(value).partition(".")[2]) > _PLACES:
        _refuse(f"A number has {_PLACES} decimal places at most.", switches)
    rewards = entry.get("rewards", [])
    for reward in rewards:
        _known(reward, _REWARD_KEYS, switches)
        if not reward.get("name") or not reward.get("code"):
            _refuse("A reward has a name and a code.", switches)
    return {
        "id": id_,
        "name": stored(name, switches.stored_name),
        "value": value,
        "description": words.get("description", ""),
        "translations": others,
        "active": entry.get("active", True),
        "rewards": rewards,
        "has_rewards": "rewards" in entry,
    }


def check_ladder(ladder: Sequence[Mapping[str, Any]], switches: Switches) -> None:
    """Raise `Refused` for a ladder that the switches rule out. Nothing of it is documented but the order."""
    values = [Decimal(str(one["value"])) for one in ladder]
    if switches.falling_thresholds == "400" and values != sorted(values):
        _refuse("The value must not be lower than the lower tier's.", switches)
    if switches.equal_thresholds == "400" and len(set(values)) < len(values):
        _refuse("Two tiers have one value.", switches)
    if switches.duplicate_name == "400" and len({one["name"] for one in ladder}) < len(ladder):
        _refuse("Two tiers have one name.", switches)


def _known(entry: Mapping[str, Any], names: set[str] | frozenset[str], switches: Switches) -> None:
    if switches.unknown_keys == "400" and entry.keys() - names:
        _refuse("This form should not contain extra fields.", switches)


def _refuse(message: str, switches: Switches) -> Any:
    raise Refused(errors.invalid(message, switches.errors))
