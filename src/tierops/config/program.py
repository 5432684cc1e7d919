"""A document that passed the gate → the `Program`, with the ladder as each of its targets wants it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from tierops import providers
from tierops.config import check, member_tests
from tierops.config.contract import Contract, common, fragment
from tierops.config.marked import Document, Hints, List, Map
from tierops.model import (
    Origin,
    Position,
    Problem,
    Program,
    Range,
    Schedule,
    Target,
    Tier,
    Value,
    Waiver,
    exact,
    rounded,
)
from tierops.providers.vendor import Vendor

_PARTS = {"name": {"name"}, "from": {"from"}, "end": {"to", "below"}}
_MOST_TIERS = 100_000  # of one program, at all of its targets together


def build(data: Map, today: str) -> tuple[Program, list[Problem]]:
    """The program, and what the schema cannot say of it (rule `schema`); with findings, the program is not to be used.

    `data` passed the gate with its placeholders filled. `today` is an ISO date; waivers hold to their last day.
    """
    waivers = tuple(
        Waiver(waiver["rule"], waiver["reason"], waiver["until"], at)
        for waiver, at in _items(data.get("waivers", List(data.at)))
    )
    waived = frozenset(waiver.rule for waiver in waivers if waiver.until >= today)
    vendors = {_name(target): _vendor(target) for target in data["targets"]}
    problems = [*_same_names(data["targets"]), *_misplaced(data["tiers"], vendors), *_too_many(data)]
    problems += member_tests.misplaced(data, list(vendors))
    program_at = data.value_at["program"]
    if problems:
        return Program(data["program"], "", (), waivers, program_at), problems
    targets: list[Target] = []
    origins: dict[tuple[str, int], Mapping[tuple[str, ...], Origin]] = {}
    for target, at in _items(data["targets"]):
        name, vendor = _name(target), _vendor(target)
        place = vendor.place({key: exact(value) for key, value in target[vendor.name].items()})
        tiers = _ladder(data["tiers"], name, vendor, place.fields)
        tests = member_tests.build(data, name, tiers)
        scale, begins = vendor.scale(place.fields), data.get("effective_from", "")
        targets.append(Target(data["program"], name, place, scale, tiers, at, waived, begins, tests))
        for index, (written, tier) in enumerate(zip(data["tiers"], tiers, strict=True)):
            origins[name, index] = _origins(written, name, vendor, tier.fields)
    key, description, schedule = data["program"], data.get("description", ""), _schedule(data)
    return Program(key, description, tuple(targets), waivers, program_at, origins, schedule), problems


def _schedule(data: Map) -> Schedule | None:
    places = [data.value_at[key] for key in ("effective_from", "announced") if key in data]
    return Schedule(data.get("effective_from", ""), data.get("announced", ""), places[0]) if places else None


def names(targets: Iterable[Map]) -> frozenset[str]:
    """The names of these targets, as far as they have one, in whatever state they are."""
    return frozenset(str(target.get("name") or next(iter(target), "")) for target in targets)


def _items(items: List) -> Iterable[tuple[Map, Position]]:
    return zip(items, items.item_at, strict=True)


def _vendor(target: Map) -> Vendor:
    """Whose block the target holds; the schema lets it hold exactly one, beside its name."""
    (name,) = target.keys() - {"name"}
    return providers.find(name)


def _name(target: Map) -> str:
    return str(target.get("name") or _vendor(target).name)


def _same_names(targets: List) -> list[Problem]:
    """Two targets of one name would share an address, and an overlay could not say which it means."""
    problems: list[Problem] = []
    lines: dict[str, int] = {}
    for target, at in _items(targets):
        name = _name(target)
        if name in lines:
            message = f"a target named `{name}` is on line {lines[name]} already; give this one a `name` of its own"
            problems.append(Problem("schema", message, target.value_at.get("name", at)))
        lines.setdefault(name, at.line)
    return problems


def _too_many(data: Map) -> list[Problem]:
    targets, tiers = len(data["targets"]), len(data["tiers"])
    if targets * tiers <= _MOST_TIERS:
        return []
    message = f"{targets:,} targets with {tiers:,} tiers each are more than {_MOST_TIERS:,} tiers; split the program"
    return [Problem("schema", message, data.key_at["targets"])]


def _misplaced(tiers: List, vendors: Mapping[str, Vendor]) -> Iterator[Problem]:
    """Vendor blocks and overlays that no target of the program takes up. `vendors` is by name of the target."""
    used = {vendor.name for vendor in vendors.values()}
    hints = Hints(vendors)
    for tier in tiers:
        for name in tier.keys() - common() - {"targets"} - used:
            message = f"no target of this program is on {name}; remove the block, or add the target"
            yield Problem("schema", message, tier.key_at[name])
        overlays = tier.get("targets", {})
        for name, overlay in overlays.items():
            if name in vendors:
                yield from _misplaced_in_overlay(Document(overlay, overlays.value_at[name]), name, vendors[name])
            else:
                hint = hints.nearest(name) or f"; there are: {hints.listed()}"
                message = f"there is no target {name!r} in this program{hint}"
                yield Problem("schema", message, overlays.key_at[name])


def _misplaced_in_overlay(overlay: Document, target: str, vendor: Vendor) -> Iterator[Problem]:
    for key in overlay.data.keys() - common() - fragment(vendor).overlay.keys():
        message = f"the target `{target}` is on {vendor.name}, which has no `{key}`"
        yield Problem("schema", message, overlay.data.key_at[key])
    if overlay.data.get("to") is not None and overlay.data.get("below") is not None:
        yield Problem("schema", "a tier takes `to` or `below`, not both", overlay.data.key_at["below"])
    # The schema of the file lets a field be what any vendor has under its name.
    yield from check.problems(overlay, Contract("overlay", (vendor,), is_filled=True))


def _ladder(tiers: List, target: str, vendor: Vendor, place: Mapping[str, str]) -> tuple[Tier, ...]:
    """The tiers of one target, each with its range: its own end, else the next one's beginning, else open."""
    nothing = Map(tiers.at)
    overlays = [tier.get("targets", nothing).get(target, nothing) for tier in tiers]
    laid = [_lay(tier, overlay) for tier, overlay in zip(tiers, overlays, strict=True)]
    starts = [Decimal(_number(tier["from"])) for tier in laid]
    ladder = []
    for index, tier in enumerate(laid):
        own_end = _own_end(tier)
        upper = starts[index + 1] if own_end is None and index + 1 < len(starts) else own_end
        block = tiers[index].get(vendor.name, nothing)
        fields = vendor.fields(_block(block, overlays[index]), place, index)
        ladder.append(Tier(tier["name"], Range(starts[index], upper), fields, tiers.item_at[index]))
    return tuple(ladder)


def _origins(tier: Map, target: str, vendor: Vendor, fields: Mapping[str, Value]) -> Mapping[tuple[str, ...], Origin]:
    """Where the parts of a tier stand: its name, its ends, and those of its fields that a rule objects to."""
    nothing = Map(tier.at)
    block, overlay = tier.get(vendor.name, nothing), tier.get("targets", nothing).get(target, nothing)
    origins: dict[tuple[str, ...], Origin] = {}
    for part, keys in _PARTS.items():
        source = overlay if overlay.keys() & keys else tier
        for key in source.keys() & keys:
            if source[key] is not None:
                origins[part,] = Origin(source.value_at[key], source is overlay)
    for path, _ in rounded(fields):
        for source in (block, overlay):
            if at := _place(source, path):
                origins[path] = Origin(at, source is overlay)
    return origins


def _place(data: Any, path: tuple[str, ...]) -> Position | None:
    """Where the part at `path` stands, in which indexes are text; None where the path leads to nothing."""
    at: Position | None = None
    for step in path:
        if isinstance(data, Map) and step in data:
            data, at = data[step], data.value_at[step]
        elif isinstance(data, List) and step.isdigit() and int(step) < len(data):
            data, at = data[int(step)], data.item_at[int(step)]
        else:
            return None
    return at


def _lay(tier: Map, overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Name and range of a tier with the overlay on top. An end of either kind takes the place of both."""
    laid = {key: tier[key] for key in common() & tier.keys()}
    if overlay.get("to") is not None or overlay.get("below") is not None:
        laid.pop("to", None)
        laid.pop("below", None)
    return laid | {key: overlay[key] for key in common() & overlay.keys()}


def _own_end(tier: Mapping[str, Any]) -> Decimal | None:
    if tier.get("below") is not None:
        return Decimal(_number(tier["below"]))
    return None if tier.get("to") is None else Decimal(_number(tier["to"]) + 1)


def _block(block: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Value]:
    """A tier's block with the overlay laid over it: maps merge by key."""
    laid = dict(block)
    for key in overlay.keys() - common():
        value, below = overlay[key], laid.get(key)
        laid[key] = {**below, **value} if isinstance(value, dict) and isinstance(below, dict) else value
    return laid


def _number(value: int | Decimal | str) -> Any:
    return exact(Decimal(value)) if isinstance(value, str) else value
