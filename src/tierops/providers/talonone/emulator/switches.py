"""What Talon.One's documentation leaves open."""

from __future__ import annotations

from dataclasses import dataclass

from tierops.emulator.switches import SwitchSet, choice, number, text


@dataclass(frozen=True)
class Switches(SwitchSet):
    """How the emulated Talon.One behaves where its documentation leaves it open; the first choice is the default.

    Raises `ValueError` on a value that is none of the choices.
    """

    tiers: str = choice("present", "absent", "empty", doc="`tiers` of a program that has some")
    tier_order: str = choice("falling", "rising", "created", doc="the order of a program's tiers")
    total: str = choice("right", "wrong", doc="`totalResultSize` of the list of programs; `wrong`: one more")
    points_form: str = choice("short", "decimals", doc="the form of `minPoints`: 300, or 300.0")
    retry_after: str = choice("absent", "seconds", "date", doc="`Retry-After` of a 429")
    key_right: str = choice(
        "all", "no_log", "none", doc="what the key may call: all, all but the log of changes (403), nothing (403)"
    )
    key_end: str = choice("future", "past", doc="the day on which the key ends; after it 401")
    log_entity: str = choice("program", "tier", doc="what an entry of the log shows: the whole program, or the tier")
    log_old: str = choice("present", "absent", doc="`old` in an entry of the log")
    log_filter: str = choice("begins", "equal", "ignored", doc="how `entityPath` chooses entries of the log")
    error_body: str = choice("message", "errors", doc="the form of an error")
    rate_limit: int = number(180, 1, "calls in one window (3 a second for each endpoint are documented)")
    rate_window_s: int = number(60, 1, "seconds in one window")
    accepted_keys: str = text("comma-separated Management API keys; empty accepts every non-empty key")
