"""The same programs in several environments, side by side: what differs between sandbox and production. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tierops.model import Target, Tier, Value
from tierops.text.wording import shown


class Row(NamedTuple):
    """One thing of a target (`program/target`) that is not the same everywhere.

    `values` has one for each environment, None where there is none. `tier` is empty for what is said of the target.
    """

    address: str
    tier: str
    what: str
    values: tuple[str | None, ...]


def rows(environments: Sequence[Sequence[Target]]) -> tuple[Row, ...]:
    """What differs between these, each with the targets that its values give, in the order of the files."""
    by_address = [{target.address: target for target in targets} for targets in environments]
    addresses = dict.fromkeys(address for targets in by_address for address in targets)
    return tuple(
        row for address in addresses for row in _target(address, [targets.get(address) for targets in by_address])
    )


def _target(address: str, targets: Sequence[Target | None]) -> Iterator[Row]:
    blocks = [dict(_flat(target.place.block)) if target else {} for target in targets]
    for path in dict.fromkeys(path for block in blocks for path in block):
        yield from _row(address, "", ".".join(path), [block.get(path) for block in blocks])
    ladders = [{tier.name: tier for tier in target.tiers} if target else {} for target in targets]
    for name in dict.fromkeys(name for ladder in ladders for name in ladder):
        yield from _tier(address, name, targets, [ladder.get(name) for ladder in ladders])


def _tier(address: str, name: str, targets: Sequence[Target | None], tiers: Sequence[Tier | None]) -> Iterator[Row]:
    spans = [
        f"{target.scale.span(tier.range)} {target.scale.unit}" if target and tier else None
        for target, tier in zip(targets, tiers, strict=True)
    ]
    yield from _row(address, name, "range", spans)
    fields = [dict(_flat(tier.fields)) if tier else {} for tier in tiers]
    for path in dict.fromkeys(path for one in fields for path in one):
        yield from _row(address, name, ".".join(path), [one.get(path) for one in fields])


def _flat(fields: Mapping[str, Value], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, value in fields.items():
        if isinstance(value, Mapping):
            yield from _flat(value, (*path, key))
        else:
            yield (*path, key), value if isinstance(value, str) else shown(value)


def _row(address: str, tier: str, what: str, values: Sequence[str | None]) -> Iterator[Row]:
    if len(set(values)) > 1:
        yield Row(address, tier, what, tuple(values))
