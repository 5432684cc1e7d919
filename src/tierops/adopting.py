"""What is live → the text of the program file that wants just that, with all else in it as it was. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from tierops.config import writing, yamltext
from tierops.config.marked import Map
from tierops.config.roundtrip import Edit, Insert, Put, Remove, edited
from tierops.config.values import holds_placeholder
from tierops.errors import TieropsError
from tierops.model import LiveTier, Program, Range, Target, Value
from tierops.providers.vendor import Vendor
from tierops.text import jsontext

Names = Mapping[str, str]
"""Text → name of the environment's value that stands for it."""


_ENDS = ("to", "below")
_END = ("end",)


class _Wish(NamedTuple):
    """What a target wants of the tier at this place in the file, from 0. `path` leads from the tier to the value.

    `vendor` names the block that holds it, empty for what every vendor has. None takes the key away. What is wanted of
    `_END` is the one key that says where the tier ends, or none.
    """

    place: int
    vendor: str
    path: tuple[str, ...]
    value: Value


class _Rung(NamedTuple):
    """A tier as the file is to have it: its place there, or None where it is not in it yet."""

    place: int | None
    range: Range
    live: LiveTier | None


class _Ladder(NamedTuple):
    """One target, and the tiers of its program as they are written.

    `rungs` is the ladder that is to be, in the file's order.
    """

    target: Target
    vendor: Vendor
    written: Sequence[Map]
    rungs: Sequence[_Rung]

    def overlay(self, place: int) -> Mapping[str, Any]:
        """What the file says of this tier at this target alone."""
        overlays: Mapping[str, Any] = self.written[place].get("targets") or {}
        return overlays.get(self.target.name) or {}


def adopted(
    text: str,
    program: Program,
    lives: Mapping[str, Sequence[LiveTier]],
    find: Callable[[str], Vendor],
    names: Names,
) -> str:
    """The file's text in which these tiers, by name of the target, are as they are live.

    A tier of a file that is not among them keeps what is written of it. Raises `TieropsError` for what a file cannot
    say, or not without changing something else.
    """
    documents, _ = yamltext.parse(text, program.at.file)
    number = [document.data.value_at.get("program") for document in documents].index(program.at)
    written = documents[number].data["tiers"]
    places = {at: index for index, at in enumerate(written.item_at)}
    try:
        ladders = [
            _ladder(target, find(target.provider), written, places, lives[target.name]) for target in program.targets
        ]
        wishes = {ladder.target.name: list(_wishes(ladder)) for ladder in ladders}
        edits: dict[tuple[Any, ...], Edit] = {}
        for ladder in ladders:
            for wish in wishes[ladder.target.name]:
                edits |= {edit.path: edit for edit in _edits(wish, ladder, ladders, wishes, names)}
        return edited(text, number, [*edits.values(), *_insertions(ladders)])
    except writing.CannotSay as error:
        raise TieropsError(f"{program.key}: {error}; change it by hand") from None


def _ladder(
    target: Target, vendor: Vendor, written: Sequence[Map], places: Mapping[Any, int], live: Sequence[LiveTier]
) -> _Ladder:
    named = {tier.name: tier for tier in live}
    rungs = [
        _Rung(places[tier.at], named[tier.name].range if tier.name in named else tier.range, named.get(tier.name))
        for tier in target.tiers
    ]
    known = {tier.name for tier in target.tiers}
    rungs += [_Rung(None, tier.range, tier) for tier in live if tier.name not in known]
    for rung in rungs:
        if rung.range.lower is None:
            raise writing.CannotSay(f"tier {rung.live and rung.live.name!r} has no lower bound at {target.address}")
    return _Ladder(target, vendor, written, _in_place(rungs))


def _in_place(rungs: Sequence[_Rung]) -> list[_Rung]:
    """The tiers in the order of the file; one that is not in it comes before the first that begins higher."""
    ladder = [rung for rung in rungs if rung.place is not None]
    for rung in rungs:
        if rung.place is None:
            higher = (place for place, other in enumerate(ladder) if _start(other) > _start(rung))
            ladder.insert(next(higher, len(ladder)), rung)
    return ladder


def _start(rung: _Rung) -> Decimal:
    return rung.range.lower or Decimal(0)


def _wishes(ladder: _Ladder) -> Iterator[_Wish]:
    """What has to be said otherwise than it is."""
    target = ladder.target
    for index, (rung, next_lower) in enumerate(_with_next(ladder)):
        if rung.place is None or rung.live is None:
            continue
        tier = target.tiers[rung.place]
        if tier.range.lower != rung.range.lower:
            yield _Wish(rung.place, "", ("from",), rung.range.lower)
        yield from _end(ladder, rung.place, rung.range.upper, tier.range.upper, next_lower)
        block, fields, place = ladder.vendor.block, ladder.vendor.fields, target.place.fields
        # What the file says of the tier means something else where the tier moves to another place in the ladder.
        moved = fields(block(tier.fields, place, rung.place), place, index)
        before, after = block(moved, place, index), block(rung.live.fields, place, index)
        for path, value in _differences(before, after):
            yield _Wish(rung.place, ladder.vendor.name, path, value)


def _with_next(ladder: _Ladder) -> Iterator[tuple[_Rung, Decimal | None]]:
    """Each tier with where the next one begins, None for the last."""
    starts = [rung.range.lower for rung in ladder.rungs]
    return zip(ladder.rungs, [*starts[1:], None], strict=True)


def _end(
    ladder: _Ladder, place: int, upper: Decimal | None, own: Decimal | None, next_lower: Decimal | None
) -> Iterator[_Wish]:
    """The upper end: the file's own if it has one, else where the next tier begins. `own` is what it comes to today."""
    ends = [one.get(key) for one in (ladder.overlay(place), ladder.written[place]) for key in _ENDS]
    is_own = any(end is not None for end in ends)
    if ladder.target.scale.has_ends and upper != (own if is_own else next_lower):
        yield _Wish(place, "", _END, _own_end(ladder, upper, next_lower))


def _own_end(ladder: _Ladder, upper: Decimal | None, next_lower: Decimal | None) -> Mapping[str, Value]:
    """The key that says where a tier ends; none where the next one begins there."""
    if upper == next_lower:
        return {}
    if upper is None:
        raise writing.CannotSay(
            f"a tier below another one is open at {ladder.target.address}, which only the last one of a file can be"
        )
    return {"to": upper - 1} if ladder.target.scale.is_whole else {"below": upper}


def _differences(before: Value, after: Value, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Value]]:
    """Path and new value of everything that differs, as deep inside maps as it can be told; None is gone."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _differences(before.get(key), after.get(key), (*path, key))
    elif not jsontext.same(before, after):
        yield path, after


def _edits(
    wish: _Wish, ladder: _Ladder, ladders: Sequence[_Ladder], wishes: Mapping[str, Sequence[_Wish]], names: Names
) -> Iterator[Edit]:
    """How the file says it: of the tier, where all targets that read it there agree, else in the target's overlay."""
    tier, keys = ladder.written[wish.place], _ENDS if wish.path == _END else wish.path[:1]
    readers = [other for other in ladders if wish.vendor in {"", other.vendor.name}]
    is_common = all(
        wish in wishes[other.target.name] and other.overlay(wish.place).keys().isdisjoint(keys) for other in readers
    )
    block = tier.get(wish.vendor, {}) if wish.vendor else tier
    base: tuple[str | int, ...] = ("tiers", wish.place)
    if is_common:
        base, held = (*base, wish.vendor) if wish.vendor else base, block
    else:
        base, held = (*base, "targets", ladder.target.name), ladder.overlay(wish.place)
    values: Mapping[str, Value] = {key: None for key in keys if key in held}
    if isinstance(wish.value, Mapping) and wish.path == _END:
        # An end of either kind in an overlay takes the place of both; nothing but null takes them away.
        hidden = {} if is_common or wish.value else {key: None for key in keys if key in block}
        changes: list[tuple[tuple[str, ...], Value]] = [
            ((key,), value) for key, value in {**values, **hidden, **wish.value}.items()
        ]
    else:
        changes = [(wish.path, wish.value)]
    for path, value in changes:
        steps, old = _as_written(held, path, names)
        if holds_placeholder(old):
            raise writing.CannotSay(
                f"{'.'.join(path)} of tier {tier.get('name')!r} is {old!r} in the file: change that value instead"
            )
        if value is None and (is_common or path[0] not in block):
            yield Remove((*base, *steps))
        else:
            yield Put((*base, *steps), _literal(value))


def _as_written(held: Any, path: Sequence[str], names: Names) -> tuple[tuple[str, ...], Any]:
    """The path with the keys as the file has them, where a value may stand for one, and what is there now."""
    steps = []
    for key in path:
        literal = key.replace("${", "$${")
        value = f"${{{names[key]}}}" if key in names else literal
        step = value if isinstance(held, Mapping) and value in held and literal not in held else literal
        held = held.get(step) if isinstance(held, Mapping) else None
        steps.append(step)
    return tuple(steps), held


def _literal(value: Value) -> Value:
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, Mapping):
        return {key.replace("${", "$${"): _literal(below) for key, below in value.items()}
    return [_literal(item) for item in value] if isinstance(value, list) else value


def _insertions(ladders: Sequence[_Ladder]) -> Iterator[Edit]:
    """The tiers that the file does not have yet, from the highest: so the places of the others stay as they are."""
    for ladder in ladders:
        for index, (rung, next_lower) in reversed(list(enumerate(_with_next(ladder)))):
            if rung.place is not None or rung.live is None:
                continue
            if len(ladders) > 1:
                raise writing.CannotSay(
                    f"tier {rung.live.name!r} is live at {ladder.target.address}, and in the file it would be wanted at"
                    " each of the program's targets"
                )
            item = {
                "name": _literal(rung.live.name),
                "from": rung.range.lower,
                **(_own_end(ladder, rung.range.upper, next_lower) if ladder.target.scale.has_ends else {}),
            }
            if block := ladder.vendor.block(rung.live.fields, ladder.target.place.fields, index):
                item[ladder.vendor.name] = _literal(block)
            above = [other.place for other in ladder.rungs[index:] if other.place is not None]
            yield Insert(("tiers",), min(above, default=len(ladder.written)), item)
