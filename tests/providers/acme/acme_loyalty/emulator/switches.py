"""What ACME's documentation leaves open."""

from __future__ import annotations

from dataclasses import dataclass

from tierops.emulator.switches import SwitchSet, choice, number, text


@dataclass(frozen=True)
class Switches(SwitchSet):
    """How the emulated ACME behaves; the first choice is the default. Raises `ValueError` on any other value."""

    taken_label: str = choice("equal", "folded", doc="labels that are refused as taken: equal ones, or but for case")
    labels: str = choice("kept", "tidied", doc="outer and double blanks of a label")
    same_start: str = choice("422", "accepted", doc="a level that starts where another one does")
    cents: str = choice("number", "text", doc="the form of `from_cents` in answers")
    nothing: str = choice("null", "absent", "empty", doc="a level without perks or color; `empty`: [] and null")
    last_page: str = choice("null", "absent", "cursor", doc="`next` of the last page; `cursor`: an empty page follows")
    created: str = choice("201", "200", doc="the status of a create")
    level_order: str = choice("created", "start", "newest", doc="the order of a club's levels")
    token_form: str = choice("bearer", "Bearer", doc="the `token_type` of a sign-in")
    token_requests: int = number(0, 0, "requests that a token is good for; 0: as many as there are in an hour")
    page_size: int = number(100, 1, "rows of a page at most", 100)
    read_after_write_lag_ms: int = number(0, 0, "milliseconds until a created level can be read")
    rate_limit: int = number(600, 1, "calls in one window")
    rate_window_s: int = number(60, 1, "seconds in one window")
    accepted_keys: str = text("comma-separated `CLIENT_ID:SECRET` pairs; empty accepts any")
