"""Switches: where a vendor's documentation is silent, a switch says how the emulator behaves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field, dataclass, field, fields
from typing import Any

from tierops.emulator.store import ORDERS


def _choice(default: str, *others: str, doc: str) -> Any:
    return field(default=default, metadata={"choices": (default, *others), "doc": doc})


def _number(default: int, minimum: int, doc: str, maximum: int | None = None) -> Any:
    return field(default=default, metadata={"minimum": minimum, "maximum": maximum, "doc": doc})


def _text(doc: str) -> Any:
    return field(default="", metadata={"doc": doc})


@dataclass(frozen=True)
class Switch:
    """One line of the help text. `choices` is empty where any whole number or text goes."""

    name: str
    choices: tuple[str, ...]
    default: str
    doc: str


@dataclass(frozen=True)
class _Checked:
    """Switches whose values are checked."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value, known = getattr(self, item.name), item.metadata
            choices, minimum, maximum = known.get("choices"), known.get("minimum"), known.get("maximum")
            if choices and value not in choices:
                raise ValueError(f"{item.name} is one of {', '.join(choices)}, not {value!r}")
            if minimum is not None and (type(value) is not int or value < minimum):
                raise ValueError(f"{item.name} is a whole number, {minimum} or more, not {value!r}")
            if maximum is not None and value > maximum:
                raise ValueError(f"{item.name} is a whole number, {maximum} at most, not {value!r}")


@dataclass(frozen=True)
class VoucherifySwitches(_Checked):
    """How the emulated Voucherify behaves where its documentation leaves it open; the first choice is the default.

    Raises `ValueError` on a value that is none of the choices.
    """

    page: str = _choice("ignored", "400", "honoured", doc="the undocumented `page` of a tier list")
    duplicate_name: str = _choice("accepted", "409", doc="a tier name the campaign or the request has already")
    overlap: str = _choice("accepted", "400", doc="a tier whose points overlap another one's")
    inverted_range: str = _choice("accepted", "400", doc="points.from above points.to")
    empty_array: str = _choice("400", "200", doc="a create of no tiers")
    to_null: str = _choice("400", "absent", doc="null for points.to or points.from")
    unknown_keys: str = _choice("dropped", "400", doc="keys of a tier the documentation does not name")
    unknown_mapping_id: str = _choice(
        "stored", "400", doc="an earning rule or reward the campaign lacks; only where its ids were declared"
    )
    batch_failure: str = _choice("atomic", "partial", doc="tiers before the first bad one of a request")
    create_answer_order: str = _choice(
        "request", "reversed", "shuffled", doc="order of tiers in the answer to a create"
    )
    default_order: str = _choice(
        "-created_at",
        *(order for order in ORDERS if order != "-created_at"),
        doc="order of a list when none is asked for",
    )
    ties: str = _choice(
        "insertion", "follow", doc="equal timestamps of a list: as inserted, or reversed in descending orders"
    )
    foreign_campaign: str = _choice("404", "400", doc="a campaign of another type below /v1/loyalties")
    read_after_write_lag_ms: int = _number(0, 0, "milliseconds until a created tier can be read")
    rate_limit: int = _number(2000, 1, "calls in one window (2000 a minute is the documented Organization plan)")
    rate_window_s: int = _number(60, 1, "seconds in one window")
    accepted_keys: str = _text(
        "comma-separated `APP_ID:APP_TOKEN` pairs or bearer tokens; empty accepts every non-empty key"
    )


@dataclass(frozen=True)
class FanfareSwitches(_Checked):
    """How the emulated Fanfare behaves where its documentation leaves it open; the first choice is the default.

    `rules`, `tier_metadata`, `open_end` and `number_form` decide what is stored, so they concern what is created or
    replaced from then on; the others hold for the next answer. Raises `ValueError` on a value that is none of the
    choices.
    """

    rules: str = _choice(
        "gte_lt",
        "gte_lte",
        "between",
        "concepts",
        doc="how a range becomes rules; `concepts`: LESS_THAN for the lowest tier, BETWEEN, GREATER_THAN for the open"
        " one, as on the old concepts page",
    )
    tier_metadata: str = _choice(
        "present", "absent", "stale", doc="the tier* keys of `metadata`; `stale`: boundaries one higher than the rules"
    )
    open_end: str = _choice("null", "absent", doc="tierBoundaries.max of an open-ended tier")
    number_form: str = _choice(
        "sent", "number", "string", doc="form of start and end values in rules and metadata, whatever was sent"
    )
    last_page: str = _choice(
        "null", "cursor", doc="endCursor of the last page; `cursor`: its last item's, and an empty page follows"
    )
    page_size: int = _number(20, 1, "entries of a page unless asked (20 is documented for consumers)", 100)
    rules_in_list: str = _choice("always", "include", doc="rules and imports of listed audiences; `include`: if asked")
    archived: str = _choice("hidden", "shown", doc="archived audiences in lists")
    list_order: str = _choice("desc", "asc", doc="direction of a list when none is asked for")
    unknown_group: str = _choice("404", "empty", doc="reading or deleting a group that never was")
    duplicate_group: str = _choice("accepted", "unique", doc="a groupName that another group has already")
    overlap: str = _choice(
        "issue", "plain", "accepted", doc="tiers that overlap or end before they start: the form of the refusal"
    )
    validation_status: str = _choice("400", "422", doc="status of a validation error")
    empty_tiers: str = _choice("accepted", "refused", doc="a create or replacement with no tiers")
    put_match: str = _choice("name", "order", doc="how a replacement finds the tiers that are there already")
    batch_failure: str = _choice("atomic", "partial", doc="tiers before the first whose range a create refuses")
    read_after_write_lag_ms: int = _number(0, 0, "milliseconds until a created audience can be read")
    rate_limit: int = _number(1000, 1, "calls in one window (1000 a minute is one of the documented limits)")
    rate_window_s: int = _number(60, 1, "seconds in one window")
    retry_after: str = _choice("seconds", "date", doc="form of Retry-After once the limit is hit")
    accepted_keys: str = _text("comma-separated secret keys; empty accepts every non-empty one")


@dataclass(frozen=True)
class Switches:
    """The switches of all vendors. On the command line, one is `vendor.name=value`."""

    voucherify: VoucherifySwitches = VoucherifySwitches()
    fanfare: FanfareSwitches = FanfareSwitches()

    @classmethod
    def parse(cls, settings: Iterable[str]) -> Switches:
        """From `vendor.name=value` strings; later ones win. Raises `ValueError`."""
        values: dict[str, dict[str, Any]] = {vendor: {} for vendor in _KNOWN}
        for setting in settings:
            full_name, equals, text = setting.partition("=")
            vendor, _, name = full_name.partition(".")
            if not equals or name not in _KNOWN.get(vendor, {}):
                raise ValueError(_unknown(setting, full_name))
            is_number = "minimum" in _KNOWN[vendor][name].metadata
            values[vendor][name] = int(text) if is_number and text.isascii() and text.isdigit() else text
        return cls(VoucherifySwitches(**values["voucherify"]), FanfareSwitches(**values["fanfare"]))

    @classmethod
    def table(cls) -> tuple[Switch, ...]:
        """All switches, for help texts."""
        return tuple(
            Switch(f"{vendor}.{name}", item.metadata.get("choices", ()), str(item.default), item.metadata["doc"])
            for vendor, known in _KNOWN.items()
            for name, item in known.items()
        )


_KNOWN: dict[str, dict[str, Field[Any]]] = {
    "voucherify": {item.name: item for item in fields(VoucherifySwitches)},
    "fanfare": {item.name: item for item in fields(FanfareSwitches)},
}


def _unknown(setting: str, full_name: str) -> str:
    vendor, dot, _ = full_name.partition(".")
    owners = [f"{owner}.{full_name}" for owner, known in _KNOWN.items() if full_name in known]
    if owners:
        return f"{setting!r} names no vendor: say {' or '.join(owners)}"
    if dot and vendor in _KNOWN:
        return f"{setting!r} is not {vendor}.NAME=VALUE with NAME one of {', '.join(_KNOWN[vendor])}"
    return f"{setting!r} is not VENDOR.NAME=VALUE with VENDOR one of {', '.join(_KNOWN)}"
