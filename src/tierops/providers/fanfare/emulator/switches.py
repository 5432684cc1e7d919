"""What Fanfare's documentation leaves open."""

from __future__ import annotations

from dataclasses import dataclass

from tierops.emulator.spelling import spelling
from tierops.emulator.switches import SwitchSet, choice, number, text


@dataclass(frozen=True)
class Switches(SwitchSet):
    """How the emulated Fanfare behaves where its documentation leaves it open; the first choice is the default.

    `rules`, `tier_metadata`, `open_end` and `number_form` decide what is stored, so they concern what is created from
    then on; the others hold for the next answer. Raises `ValueError` on a value that is none of the choices.
    """

    rules: str = choice(
        "gte_lt",
        "gte_lte",
        "between",
        "concepts",
        doc="how a range becomes rules; `concepts`: LESS_THAN for the lowest tier, BETWEEN, GREATER_THAN for the open"
        " one, as on the old concepts page",
    )
    tier_metadata: str = choice(
        "present", "absent", "stale", doc="the tier* keys of `metadata`; `stale`: boundaries one higher than the rules"
    )
    open_end: str = choice("null", "absent", doc="tierBoundaries.max of an open-ended tier")
    number_form: str = choice(
        "sent", "number", "string", doc="form of start and end values in rules and metadata, whatever was sent"
    )
    last_page: str = choice(
        "null", "cursor", doc="endCursor of the last page; `cursor`: its last item's, and an empty page follows"
    )
    page_size: int = number(20, 1, "entries of a page unless asked (20 is documented for consumers)", 100)
    rules_in_list: str = choice("always", "include", doc="rules and imports of listed audiences; `include`: if asked")
    archived: str = choice("hidden", "shown", doc="archived audiences in lists")
    list_order: str = choice("desc", "asc", doc="direction of a list when none is asked for")
    unknown_group: str = choice("404", "empty", doc="reading a group that never was")
    duplicate_group: str = choice("accepted", "unique", doc="a groupName that another group has already")
    overlap: str = choice(
        "issue", "plain", "accepted", doc="tiers that overlap or end before they start: the form of the refusal"
    )
    validation_status: str = choice("400", "422", doc="status of a validation error")
    empty_tiers: str = choice("accepted", "refused", doc="a create of no tiers")
    batch_failure: str = choice("atomic", "partial", doc="tiers before the first whose range a create refuses")
    stored_name: str = spelling()
    read_after_write_lag_ms: int = number(0, 0, "milliseconds until a created audience can be read")
    rate_limit: int = number(1000, 1, "calls in one window (1000 a minute is one of the documented limits)")
    rate_window_s: int = number(60, 1, "seconds in one window")
    retry_after: str = choice("seconds", "date", doc="form of Retry-After once the limit is hit")
    accepted_keys: str = text("comma-separated secret keys; empty accepts every non-empty one")
