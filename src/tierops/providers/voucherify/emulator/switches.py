"""What Voucherify's documentation leaves open."""

from __future__ import annotations

from dataclasses import dataclass

from tierops.emulator.spelling import spelling
from tierops.emulator.store import ORDERS
from tierops.emulator.switches import SwitchSet, choice, number, text


@dataclass(frozen=True)
class Switches(SwitchSet):
    """How the emulated Voucherify behaves where its documentation leaves it open; the first choice is the default.

    Raises `ValueError` on a value that is none of the choices.
    """

    page: str = choice("ignored", "400", "honoured", doc="the undocumented `page` of a tier list")
    duplicate_name: str = choice("accepted", "409", doc="a tier name the campaign or the request has already")
    overlap: str = choice("accepted", "400", doc="a tier whose points overlap another one's")
    inverted_range: str = choice("accepted", "400", doc="points.from above points.to")
    empty_array: str = choice("400", "200", doc="a create of no tiers")
    to_null: str = choice("400", "absent", doc="null for points.to or points.from")
    unknown_keys: str = choice("dropped", "400", doc="keys of a tier the documentation does not name")
    unknown_mapping_id: str = choice(
        "stored", "400", doc="an earning rule or reward the campaign lacks; only where its ids were declared"
    )
    batch_failure: str = choice("atomic", "partial", doc="tiers before the first bad one of a request")
    create_answer_order: str = choice("request", "reversed", "shuffled", doc="order of tiers in the answer to a create")
    default_order: str = choice(
        "-created_at",
        *(order for order in ORDERS if order != "-created_at"),
        doc="order of a list when none is asked for",
    )
    ties: str = choice(
        "insertion", "follow", doc="equal timestamps of a list: as inserted, or reversed in descending orders"
    )
    foreign_campaign: str = choice("404", "400", doc="a campaign of another type below /v1/loyalties")
    stored_name: str = spelling()
    read_after_write_lag_ms: int = number(0, 0, "milliseconds until a created tier can be read")
    rate_limit: int = number(2000, 1, "calls in one window (2000 a minute is the documented Organization plan)")
    rate_window_s: int = number(60, 1, "seconds in one window")
    accepted_keys: str = text(
        "comma-separated `APP_ID:APP_TOKEN` pairs or bearer tokens; empty accepts every non-empty key"
    )
