"""Switches: where a vendor's documentation is silent, a switch says how the emulator behaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from tierops.emulator.vendors import own

if TYPE_CHECKING:
    from tierops.emulator.api import Api


def choice(default: str, *others: str, doc: str) -> Any:
    """A field that is one of these texts."""
    return field(default=default, metadata={"choices": (default, *others), "doc": doc})


def number(default: int, minimum: int, doc: str, maximum: int | None = None) -> Any:
    """A field that is a whole number, from `minimum` up."""
    return field(default=default, metadata={"minimum": minimum, "maximum": maximum, "doc": doc})


def text(doc: str) -> Any:
    """A field that is any text, empty by default."""
    return field(default="", metadata={"doc": doc})


class SwitchSet:
    """The switches of one vendor: a frozen dataclass of the fields above. Raises `ValueError` on any other value.

    Each vendor has the three named here: how many calls a window of time allows, its seconds, and which keys are
    accepted, with commas between them; every key that is not empty where there are none.
    """

    rate_limit: int
    rate_window_s: int
    accepted_keys: str

    def __post_init__(self) -> None:
        for item in _fields(type(self)).values():
            value, known = getattr(self, item.name), item.metadata
            choices, minimum, maximum = known.get("choices"), known.get("minimum"), known.get("maximum")
            if choices and value not in choices:
                raise ValueError(f"{item.name} is one of {', '.join(choices)}, not {value!r}")
            if minimum is not None and (type(value) is not int or value < minimum):
                raise ValueError(f"{item.name} is a whole number, {minimum} or more, not {value!r}")
            if maximum is not None and value > maximum:
                raise ValueError(f"{item.name} is a whole number, {maximum} at most, not {value!r}")


@dataclass(frozen=True)
class Switch:
    """One line of the help text. `choices` is empty where any whole number or text goes."""

    name: str
    choices: tuple[str, ...]
    default: str
    doc: str


class Switches(Mapping[str, SwitchSet]):
    """The switches of each vendor by its name; a vendor that is not in it has its defaults.

    On the command line, one is `vendor.name=value`.
    """

    def __init__(self, by_vendor: Mapping[str, SwitchSet] | None = None) -> None:
        self._by_vendor = dict(by_vendor or {})

    @classmethod
    def parse(cls, settings: Iterable[str], vendors: Iterable[type[Api[Any]]] | None = None) -> Switches:
        """From `vendor.name=value` strings; later ones win. Raises `ValueError`."""
        kinds = _kinds(vendors)
        values: dict[str, dict[str, Any]] = {vendor: {} for vendor in kinds}
        for setting in settings:
            full_name, equals, value = setting.partition("=")
            vendor, _, name = full_name.partition(".")
            known = _fields(kinds[vendor]) if vendor in kinds else {}
            if not equals or name not in known:
                raise ValueError(_unknown(setting, full_name, kinds))
            is_number = "minimum" in known[name].metadata
            values[vendor][name] = int(value) if is_number and value.isascii() and value.isdigit() else value
        return cls({vendor: kind(**values[vendor]) for vendor, kind in kinds.items()})

    @classmethod
    def table(cls, vendors: Iterable[type[Api[Any]]] | None = None) -> tuple[Switch, ...]:
        """All switches, for help texts."""
        return tuple(
            Switch(f"{vendor}.{name}", item.metadata.get("choices", ()), str(item.default), item.metadata["doc"])
            for vendor, kind in _kinds(vendors).items()
            for name, item in _fields(kind).items()
        )

    def __getitem__(self, vendor: str) -> SwitchSet:
        return self._by_vendor[vendor]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_vendor)

    def __len__(self) -> int:
        return len(self._by_vendor)


def _kinds(vendors: Iterable[type[Api[Any]]] | None) -> dict[str, type[SwitchSet]]:
    return {api.name: api.switch_set for api in (own() if vendors is None else vendors)}


def _fields(kind: type[Any]) -> dict[str, Field[Any]]:
    return {item.name: item for item in fields(kind)}


def _unknown(setting: str, full_name: str, kinds: Mapping[str, type[SwitchSet]]) -> str:
    vendor, dot, _ = full_name.partition(".")
    owners = [f"{owner}.{full_name}" for owner, kind in kinds.items() if full_name in _fields(kind)]
    if owners:
        return f"{setting!r} names no vendor: say {' or '.join(owners)}"
    if dot and vendor in kinds:
        return f"{setting!r} is not {vendor}.NAME=VALUE with NAME one of {', '.join(_fields(kinds[vendor]))}"
    return f"{setting!r} is not VENDOR.NAME=VALUE with VENDOR one of {', '.join(kinds)}"
