"""What Open Loyalty's documentation leaves open."""

from __future__ import annotations

from dataclasses import dataclass

from tierops.emulator.spelling import spelling
from tierops.emulator.switches import SwitchSet, choice, number, text


@dataclass(frozen=True)
class Switches(SwitchSet):
    """How the emulated Open Loyalty behaves where its documentation leaves it open; the first choice is the default.

    Raises `ValueError` on a value that is none of the choices.
    """

    only_new: str = choice("keeps", "refused", doc="the default tier, for a list of only new tiers")
    others: str = choice("deleted", "kept", "refused", doc="other tiers of the set, for a list of only new tiers")
    foreign_level: str = choice("400", "404", doc="a `levelId` that is none of the set")
    absent_rewards: str = choice("removed", "kept", doc="the rewards of an existing tier whose entry has none")
    equal_thresholds: str = choice("accepted", "400", doc="two tiers with one value")
    falling_thresholds: str = choice("400", "accepted", doc="a tier with a lower value than the one before it")
    duplicate_name: str = choice("accepted", "400", doc="two tiers of one name")
    too_many: str = choice("400", "accepted", doc="more than 20 tiers")
    total: str = choice("present", "absent", "wrong", doc="`total` of a list; `wrong`: one more")
    set_tiers: str = choice("present", "absent", "default_only", doc="`tiers` in a set's details")
    page_size: str = choice("honoured", "ten", doc="`_itemsOnPage`; `ten`: ten rows whatever is asked")
    order: str = choice("random", "creation", "value", doc="the order of a list that is not sorted")
    order_by: str = choice("honoured", "ignored", "400", doc="`_orderBy[createdAt]`")
    tier_set_form: str = choice("object", "text", doc="`tierSet.tierSetId` of a tier: an object that holds it, or it")
    number_form: str = choice("short", "decimals", doc="the form of a whole `value`: 250, or 250.0")
    unknown_keys: str = choice("400", "dropped", doc="keys of a list that the documentation does not name")
    user_agent: str = choice("required", "unneeded", doc="a request without `User-Agent` (403 is a guess)")
    errors: str = choice("list", "children", doc="the form of a refused list")
    atomicity: str = choice("atomic", "partial", doc="tiers before the first bad one of a list")
    stored_name: str = spelling()
    read_after_write_lag_ms: int = number(0, 0, "milliseconds until a created tier can be read")
    rate_limit: int = number(50, 1, "calls in one window (50 a second on staging are documented as a soft limit)")
    rate_window_s: int = number(1, 1, "seconds in one window")
    accepted_keys: str = text("comma-separated API keys or tokens; empty accepts every non-empty one")
