"""(live, desired) → changes. The only importer of deepdiff, and only for the tiers that are not equal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tierops.model import Change, FieldChange, Kind, LiveTier, Range, Scale, Tier, Value
from tierops.text import jsontext


def changes(
    live: Sequence[LiveTier],
    desired: Sequence[Tier],
    scale: Scale = Scale(),  # noqa: B008 - frozen
    amiss: tuple[FieldChange, ...] = (),
) -> tuple[Change, ...]:
    """What differs between a live ladder and the desired one: creates, then differences, then unmanaged tiers.

    Tiers are told apart by name; each ladder must hold a name at most once. No change, no `Change`. What a create does
    to the range of a live tier, where the vendor keeps starts only, is no difference. What is `amiss` with the place is
    one of each tier there.
    """
    live_tiers = {tier.name: tier for tier in live}
    desired_names = {tier.name for tier in desired}
    missing_tiers = [tier for tier in desired if tier.name not in live_tiers]
    together: tuple[LiveTier | Tier, ...] = (*live, *missing_tiers)
    after = {tier.name: tier for tier in scale.held(together)}
    creates = [Change(Kind.CREATE, tier.name, after=tier) for tier in missing_tiers]
    kept = [scale.filled(tier, live_tiers[tier.name]) for tier in desired if tier.name in live_tiers]
    differs = [
        Change(Kind.DIFFERS, tier.name, live_tiers[tier.name], tier, (*fields(after[tier.name], tier), *amiss))
        for tier in kept
        if amiss or not same(after[tier.name], tier)
    ]
    unmanaged = [Change(Kind.UNMANAGED, tier.name, before=tier) for tier in live if tier.name not in desired_names]
    return (*creates, *differs, *unmanaged)


def same(before: LiveTier | Tier, after: LiveTier | Tier) -> bool:
    """True where the two promise the same to members: name, range and vendor fields, compared by type and value."""
    if (before.name, before.range) != (after.name, after.range):
        return False
    # Not `==`, to which `true` is `1`; and no canonical texts, which cost far more than all else of a comparison.
    return jsontext.same(before.fields, after.fields)


def fields(before: LiveTier | Tier, after: LiveTier | Tier) -> tuple[FieldChange, ...]:
    """The bounds and vendor fields in which the two differ, bounds first."""
    return (*_range(before.range, after.range), *sorted(_maps(before.fields, after.fields), key=lambda f: f.path))


def duplicates(live: Iterable[LiveTier]) -> dict[str, tuple[LiveTier, ...]]:
    """The live tiers that share their name with another, by name."""
    found: dict[str, tuple[LiveTier, ...]] = {}
    for tier in live:
        found[tier.name] = (*found.get(tier.name, ()), tier)
    return {name: tiers for name, tiers in found.items() if len(tiers) > 1}


def _range(before: Range, after: Range) -> Iterator[FieldChange]:
    if before.lower != after.lower:
        yield FieldChange(("range", "lower"), before.lower, after.lower)
    if before.upper != after.upper:
        yield FieldChange(("range", "upper"), before.upper, after.upper)


def _maps(before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterator[FieldChange]:
    from deepdiff import DeepDiff
    from deepdiff.helper import notpresent

    found = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0)
    told = set()
    paths = set()
    for levels in found.values():
        for level in levels:
            # Null is a value in a list only. It would read as "absent" there, so the list is told whole.
            while None in (level.t1, level.t2) and level.up.up is not None:
                level = level.up
            path = tuple(str(key) for key in level.path(output_format="list"))
            told.add(path[0])
            if path not in paths:
                paths.add(path)
                yield FieldChange(path, *(None if side is notpresent else side for side in (level.t1, level.t2)))
    # Within a list, deepdiff takes 0 for false and 1 for true. What it passes over is told whole.
    for name in before.keys() | after.keys():
        sides = before.get(name), after.get(name)
        if name not in told and not jsontext.same(*sides):
            yield FieldChange((name,), *sides)
