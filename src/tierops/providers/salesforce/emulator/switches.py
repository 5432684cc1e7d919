"""What Salesforce's documentation leaves open, or an org's admin decides."""

from __future__ import annotations

from dataclasses import dataclass

from tierops.emulator.spelling import spelling
from tierops.emulator.switches import SwitchSet, choice, number, text


@dataclass(frozen=True)
class Switches(SwitchSet):
    """How the emulated org behaves; the first choice is the default. Raises `ValueError` on any other value."""

    key_field: str = choice(
        "unique", "external", "absent", doc="the field `Tierops_Key__c` of a tier; `external`: not unique"
    )
    deleted_key: str = choice("free", "taken", doc="the unique key of a tier in the recycle bin")
    duplicate_name: str = choice("accepted", "refused", doc="a name that another tier of the group has")
    duplicate_sequence: str = choice("accepted", "refused", doc="a `SequenceNumber` that another tier of the group has")
    crossing_balances: str = choice(
        "accepted", "refused", doc="balances that are reversed, or overlap those of another tier"
    )
    live_maximum: str = choice(
        "null", "next", "cent", "unit", doc="`MaximumEligibleBalance`: none, the next minimum, a cent or a unit below"
    )
    live_minimum: str = choice("set", "null", doc="`MinimumEligibleBalance` of live tiers")
    sequence_direction: str = choice("rising", "falling", doc="`SequenceNumber`: with the balances, or against them")
    batch_size: str = choice("2000", "1", "2", doc="records of one batch of a query")
    visibility: str = choice("all", "some-tiers", "no-program", doc="records that the user of the keys may see")
    hidden_field: str = choice(
        "none", "Color", "MinimumEligibleBalance", doc="a field of tiers that the user may not see (400 INVALID_FIELD)"
    )
    organization: str = choice("shown", "hidden", doc="the record of the org itself")
    number_form: str = choice("250.0", "250", "2.5E2", doc="how balances are written")
    all_or_none: str = choice("kept", "broken", doc="records before a refused one, with `allOrNone`")
    stored_name: str = spelling()
    token_requests: int = number(0, 0, "requests that a token is good for; 0: as many as there are")
    read_after_write_lag_ms: int = number(0, 0, "milliseconds until a created record can be read")
    rate_limit: int = number(100_000, 1, "calls in one window")
    rate_window_s: int = number(86_400, 1, "seconds in one window")
    accepted_keys: str = text("comma-separated `CLIENT_ID:SECRET` pairs or tokens that are ready; empty accepts any")
