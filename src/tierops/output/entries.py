"""What a tier holds, and in what live differs from the files, entry by entry. Nothing in it is escaped.

Where a vendor has words for an entry, it is told in these, with the id behind; any other is told as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tierops import providers
from tierops.model import Change, Edit, History, Kind, LiveTier, Range, Scale, TargetPlan, Tier, Value
from tierops.text.wording import beside, shown

_DEPARTURES = {Kind.CREATE: "is missing", Kind.BLOCKED: "is missing", Kind.UNMANAGED: "is in no file"}


class Entry(NamedTuple):
    """An entry of a tier's fields, live and in the file; empty where that side lacks it.

    `name` is its path (`metadata.perk`), or what the vendor calls it, if `is_said` in the vendor's words.
    """

    name: str
    live: str
    file: str
    is_said: bool = False

    @property
    def sentence(self) -> str:
        """The entry in a line; of one that has both sides, how they differ."""
        if self.live and self.file:
            return f"{self.name}: {beside(self.live, self.file)}"
        value = self.live or self.file
        return f"{value} ({self.name})" if self.is_said else f"{self.name}: {value}"

    @property
    def difference(self) -> str:
        """How the two sides differ."""
        return f"{self.name}: {beside(self.live, self.file)}"


def held(change: Change, target: TargetPlan) -> tuple[Entry, ...]:
    """All entries of a tier that is on one side only; of one that differs, the entries that do."""
    if change.kind is Kind.DIFFERS:
        return tuple(_differing(change, target.target.provider))
    tier = change.after or change.before
    entries = []
    for path, value in _leaves(tier.fields if tier else {}):
        name, words, is_said = _said(target.target.provider, path, value)
        is_live = change.kind is Kind.UNMANAGED
        entries.append(Entry(name, words if is_live else "", "" if is_live else words, is_said))
    return tuple(entries)


def ranges(change: Change, scale: Scale) -> str:
    """How the range of a tier differs that is live and in the file: `live 0–249, file 0–259`; else nothing."""
    before, after = change.before, change.after
    if not before or not after or not any(field.path[0] == "range" for field in change.fields):
        return ""
    return beside(scale.span(before.range), scale.span(after.range))


def departure(change: Change, target: TargetPlan, *, has_time: bool = True) -> str:
    """How live departs from the files in one tier, in one line."""
    if change.kind is Kind.DIFFERS:
        span = ranges(change, target.target.scale)
        told = [f"{span} {target.target.scale.unit}" if span else "", *(e.difference for e in held(change, target))]
        how = f": {'; '.join(filter(None, told))}"
    else:
        how = f" {_DEPARTURES[change.kind]}"
    when = change.before.updated_at if change.before and has_time else None
    return f"{change.name}{how}" + (f" (last changed {when})" if when else "")


def edited(edit: Edit) -> str:
    """One edit by the vendor's log: `2026-03-01T09:00:00Z, user 5: Gold: minPoints 500 → minPoints 450`."""
    sides = []
    for side in (edit.before, edit.after):
        told = ", ".join(f"{name} {shown(value)}" for name, value in (side or {}).items())
        sides.append("not told" if side is None else told or "no such tier")
    return f"{edit.at}, {edit.by}: {edit.tier}: {' → '.join(sides)}"


def history(told: History | None) -> tuple[str, ...]:
    """What the vendor's log says of a target, an edit each; why it says nothing, where it could not be read."""
    if told is None:
        return ()
    return tuple(map(edited, told.edits)) or ((f"could not be read: {told.trouble}",) if told.trouble else ())


def meeting(live: LiveTier, desired: Tier) -> Range:
    """The balances that are in a tier both now and once it is as the file wants it."""
    lowers = [lower for lower in (live.range.lower, desired.range.lower) if lower is not None]
    uppers = [upper for upper in (live.range.upper, desired.range.upper) if upper is not None]
    return Range(max(lowers, default=None), min(uppers, default=None))


def _differing(change: Change, provider: str) -> Iterator[Entry]:
    """One entry for all that differs in what a vendor has words for; else one for each field."""
    sides = [tier.fields if tier else {} for tier in (change.before, change.after)]
    told: set[tuple[str, ...]] = set()
    for field in change.fields:
        if field.path[0] == "range":
            continue
        paths = [field.path[:2]] if len(field.path) > 1 else _keys(field.path[0], *sides)
        for path in paths:
            values = [_at(side, path) for side in sides]
            words = [_said(provider, path, value) for value in values]
            if path in told:
                continue
            is_said = [word.is_said for word in words]
            if any(is_said) and all(said or value is None for said, value in zip(is_said, values, strict=True)):
                told.add(path)
                name = next(word.name for word in words if word.is_said)
                live, file = (word.words if word.is_said else "" for word in words)
                yield Entry(name, live, file, is_said=True)
            elif len(field.path) > 1:
                yield Entry(".".join(field.path), _value(field.before), _value(field.after))
            else:
                yield Entry(".".join(path), _value(values[0]), _value(values[1]))


class _Words(NamedTuple):
    name: str
    words: str
    is_said: bool


def _said(provider: str, path: tuple[str, ...], value: Value) -> _Words:
    term = None
    if len(path) == 2 and (vendor := providers.known(provider)):
        term = vendor.describe(path[0], path[1], value)
    return _Words(term.what, term.does, True) if term else _Words(".".join(path), _value(value), False)


def _leaves(fields: Mapping[str, Value]) -> Iterator[tuple[tuple[str, ...], Value]]:
    """A tier's fields, and the entries of those that are maps: `metadata.perk`."""
    for name, field in fields.items():
        if isinstance(field, Mapping) and field:
            yield from (((name, key), item) for key, item in field.items())
        else:
            yield (name,), field


def _keys(name: str, *sides: Mapping[str, Value]) -> list[tuple[str, ...]]:
    """The entries of a field that is a map wherever it is; else the field alone."""
    maps = [side.get(name) for side in sides]
    if not all(side is None or isinstance(side, Mapping) for side in maps):
        return [(name,)]
    keys = dict.fromkeys(key for side in maps if isinstance(side, Mapping) for key in side)
    return [(name, key) for key in keys] or [(name,)]


def _at(fields: Mapping[str, Value], path: tuple[str, ...]) -> Value:
    value: Value = fields.get(path[0])
    for key in path[1:]:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _value(value: Value) -> str:
    return "" if value is None else shown(value)
