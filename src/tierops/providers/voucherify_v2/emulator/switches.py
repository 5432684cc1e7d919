"""What the documentation of Loyalty v2 leaves open."""

from __future__ import annotations

from dataclasses import dataclass

from tierops.emulator.spelling import spelling
from tierops.emulator.switches import SwitchSet, choice, number, text


@dataclass(frozen=True)
class Switches(SwitchSet):
    """How the emulated Loyalty v2 behaves where its documentation leaves it open; the first choice is the default.

    Raises `ValueError` on a value that is none of the choices.
    """

    duplicate_tier: str = choice("accepted", "409", "400", doc="a tier name that the structure has already")
    duplicate_structure: str = choice("accepted", "409", "400", doc="a structure name that the project has already")
    unknown_card: str = choice("404", "400", "accepted", doc="a structure for a point wallet that is not there")
    overlap: str = choice("403", "400", "accepted", doc="a tier whose points overlap another one's")
    path_overlap: str = choice("accepted", "refused", doc="a tier for points that overlaps one for a segment")
    inner_open: str = choice("refused", "accepted", doc="a tier without an end below another one")
    inverted_range: str = choice("400", "accepted", doc="max_value below min_value")
    equal_bounds: str = choice("accepted", "400", doc="max_value equal to min_value")
    decimals: str = choice("accepted", "400", "rounded", doc="bounds between two points")
    tier_cap: str = choice("100", "10", doc="tiers of a structure at most")
    cap_status: str = choice("403", "409", "400", doc="a tier more than that")
    frozen_create: str = choice("400", "423", "accepted", doc="a new tier outside a draft")
    frozen_delete: str = choice("400", "423", "accepted", doc="deleting a tier outside a draft")
    frozen_put: str = choice("400", "423", "ignored", doc="changing what is frozen outside a draft")
    frozen_same: str = choice("400", "accepted", doc="sending what is frozen, with the value that it has")
    put_metadata: str = choice("replaces", "merges", doc="metadata of a change")
    deactivate: str = choice("accepted", "423", "423-assigned", doc="taking an active structure out of use")
    draft_assigned: str = choice(
        "423", "409", "400", "accepted", doc="back to draft, for a structure of a live program"
    )
    activate_empty: str = choice("accepted", "400", "423", doc="activating a structure without tiers")
    wrong_transition: str = choice("400", "409", "423", doc="a status that cannot follow the one it has")
    points_expiration: str = choice("shown", "refused", doc="the field `points_expiration`, which one edition lacks")
    default_downgrade: str = choice("INHERIT", "empty", doc="`downgrade` of a tier that was made without it")
    null_field: str = choice("default", "400", doc="null for `downgrade` or `metadata`")
    foreign_cursor: str = choice("400", "first-query", "defaults", doc="a cursor without the query that it is of")
    cursor_life: str = choice("15-minutes", "endless", "0", doc="how long a cursor is good for")
    last_page: str = choice(
        "null", "empty-object", "cursor", doc="`cursor` of the last page; `cursor`: one more follows"
    )
    page_size: str = choice("asked", "10", "50", doc="rows of a page at most, whatever was asked for")
    listed: int = number(0, 0, "rows that a list shows in all, as if there were no more; 0: every one")
    deleted: str = choice("hidden", "shown", doc="deleted structures and programs in lists")
    name_filter: str = choice("exact", "folded", "ignored", doc="how the filter for names compares")
    structure_updated_at: str = choice("kept", "set", doc="`updated_at` of a structure whose tiers change")
    assign_active: str = choice("active-only", "423", doc="a structure for a program that is ACTIVE")
    second_structure: str = choice("403", "409", "400", doc="a second structure for a program")
    resource_type: str = choice("singular", "plural", "absent", doc="`resource_type` of a 404")
    feature: str = choice("on", "402", "403", "404", doc="a project without the feature LOYALTY_V2")
    stored_name: str = spelling()
    read_after_write_lag_ms: int = number(0, 0, "milliseconds until a created tier can be read")
    activity_lag_ms: int = number(0, 0, "milliseconds until an activity can be read")
    rate_limit: int = number(2000, 1, "calls in one window (2000 a minute is the documented Organization plan)")
    rate_window_s: int = number(60, 1, "seconds in one window")
    accepted_keys: str = text(
        "comma-separated `APP_ID:APP_TOKEN` pairs or bearer tokens; empty accepts every non-empty key"
    )
