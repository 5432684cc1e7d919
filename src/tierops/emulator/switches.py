"""Switches: where a vendor's documentation is silent, a switch says how the emulator behaves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from tierops.emulator.store import ORDERS


def _choice(default: str, *others: str, doc: str) -> Any:
    return field(default=default, metadata={"choices": (default, *others), "doc": doc})


def _number(default: int, minimum: int, doc: str) -> Any:
    return field(default=default, metadata={"minimum": minimum, "doc": doc})


@dataclass(frozen=True)
class Switch:
    """One line of the help text. `choices` is empty where any whole number or text goes."""

    name: str
    choices: tuple[str, ...]
    default: str
    doc: str


@dataclass(frozen=True)
class Switches:
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
    accepted_keys: str = field(
        default="",
        metadata={
            "doc": "comma-separated `APP_ID:APP_TOKEN` pairs or bearer tokens; empty accepts every non-empty key"
        },
    )

    def __post_init__(self) -> None:
        for item in fields(self):
            value, choices, minimum = (
                getattr(self, item.name),
                item.metadata.get("choices"),
                item.metadata.get("minimum"),
            )
            if choices and value not in choices:
                raise ValueError(f"{item.name} is one of {', '.join(choices)}, not {value!r}")
            if minimum is not None and (type(value) is not int or value < minimum):
                raise ValueError(f"{item.name} is a whole number, {minimum} or more, not {value!r}")

    @classmethod
    def parse(cls, settings: Iterable[str]) -> Switches:
        """From `name=value` strings, as the command line has them; later ones win. Raises `ValueError`."""
        known = {item.name: item for item in fields(cls)}
        values: dict[str, Any] = {}
        for setting in settings:
            name, equals, text = setting.partition("=")
            if not equals or name not in known:
                raise ValueError(f"{setting!r} is not NAME=VALUE with NAME one of {', '.join(known)}")
            is_number = "minimum" in known[name].metadata
            values[name] = int(text) if is_number and text.isascii() and text.isdigit() else text
        return cls(**values)

    @classmethod
    def table(cls) -> tuple[Switch, ...]:
        """All switches, for help texts."""
        return tuple(
            Switch(item.name, item.metadata.get("choices", ()), str(item.default), item.metadata["doc"])
            for item in fields(cls)
        )
