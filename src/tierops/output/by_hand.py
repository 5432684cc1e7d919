"""What a person has to do, in the order in which to do it; tierops changes no live tier.

First what differs is made as the files want it: tiers that shrink before those that grow, so that nobody is in two of
them. Then what is in the way is decided on. Then a new plan creates what was blocked until then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from tierops import plan as planning
from tierops import providers
from tierops.model import Abilities, Change, FieldChange, Kind, LiveTier, Range, Scale, TargetPlan
from tierops.output import entries, ladder
from tierops.output.words import listed, shortened
from tierops.text.wording import shown

_MOST = 600  # characters of a step
_MOST_NAMES = 5


class Work(NamedTuple):
    """What is to be done at one target.

    `then` are the tiers that a new plan will create once it is done. `meanwhile` says in a sentence whom that leaves
    without a tier for a while; it is empty where it leaves nobody.
    """

    steps: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    meanwhile: str = ""


def work(target: TargetPlan, changes: Sequence[Change]) -> Work:
    """The work at a target, as far as these changes of its plan take some."""
    vendor = providers.find(target.target.provider)
    abilities = vendor.abilities(target.target.place, target.live)
    where = abilities.where or f"at {vendor.title}"
    differing = [_own(change, abilities) for change in changes if change.kind is Kind.DIFFERS]
    edits = sorted((change for change in differing if change.fields), key=_turn)
    blocked = [change for change in changes if change.kind is Kind.BLOCKED]
    steps = [_mend(field, target, where) for field in abilities.amiss if differing]
    steps += [edit for change in edits for edit in _edits(change, target, where)]
    if not blocked:
        return Work(_shortened(steps), (), _meanwhile(target, edits, is_last=True))
    if vendor.read_only or (abilities.blocked and target.live.tiers):
        steps += [f"add {_named(change, target.target.scale)} {where}" for change in blocked]
        return Work(_shortened(steps), (), _meanwhile(target, edits, is_last=True))
    obstacle = list(_obstacles(target, edits, blocked, abilities))
    steps += obstacle
    then = () if obstacle else tuple(shortened(change.name) for change in blocked)
    if obstacle:
        steps.append(f"plan again: {_tiers(blocked)} may be created then")
    return Work(_shortened(steps), then, _meanwhile(target, edits, is_last=False))


def _own(change: Change, abilities: Abilities) -> Change:
    """What differs in the tier itself, and not in its place."""
    return change._replace(fields=tuple(field for field in change.fields if field not in abilities.amiss))


def _mend(field: FieldChange, target: TargetPlan, where: str) -> str:
    """What is to be done about something that is amiss with the place."""
    wanted = shown(field.after)
    instead = "" if field.before is None else f" instead of {shown(field.before)}"
    place = target.target.place
    return f"change {place.noun} {shortened(place.name)} {where}: {'.'.join(field.path)} {wanted}{instead}"


def _turn(change: Change) -> tuple[int, Decimal]:
    """When a tier's turn is: tiers that shrink, those that move, those that grow, those whose range stays."""
    if not change.before or not change.after or change.before.range == change.after.range:
        return (3, Decimal(0))
    shared = entries.meeting(change.before, change.after)
    lower, now = change.after.range.lower or Decimal(0), change.before.range.lower or Decimal(0)
    if shared == change.after.range:
        return (0, lower)
    if shared == change.before.range:
        return (2, lower)
    return (1, -lower if lower > now else lower)  # upwards the highest first, downwards the lowest


def _edits(change: Change, target: TargetPlan, where: str) -> Iterator[str]:
    bounds = list(_bounds(change, target.target.scale))
    others = []
    for entry in entries.held(change, target):
        instead = f" instead of {entry.live}" if entry.live else ""
        others.append(f"{entry.name}: {entry.file}{instead}" if entry.file else f"no {entry.name}")
    if len(bounds) == 1 and not others:
        yield f"{bounds[0]} {where}"
    elif bounds or others:
        yield f"change {shortened(change.name)} {where}: {'; '.join((*bounds, *others))}"


def _bounds(change: Change, scale: Scale) -> Iterator[str]:
    paths = {field.path for field in change.fields}
    if change.after is None:
        return
    name, (lower, upper) = shortened(change.name), change.after.range
    if ("range", "lower") in paths and lower is not None:
        yield f"set the start of {name} to {scale.number(lower)}"
    if ("range", "upper") in paths and scale.has_ends:
        if upper is None:
            yield f"leave the end of {name} open"
        elif scale.is_whole:
            yield f"set the end of {name} to {scale.number(upper - 1)}"
        else:
            yield f"let {name} end below {scale.number(upper)}"


def _obstacles(
    target: TargetPlan, edits: Sequence[Change], blocked: Sequence[Change], abilities: Abilities
) -> Iterator[str]:
    """What keeps the blocked creates from running even when what differs is as the files want it."""
    creates = [change.after for change in blocked if change.after]
    live = _edited(target, edits)
    flaws = planning.flaws_after(target.target, live, creates)
    if abilities.blocked or not (flaws or planning.flaws_after(target.target, target.live.tiers, creates)):
        yield from dict.fromkeys(change.note for change in blocked)
        return
    desired = {tier.name for tier in target.target.tiers}
    strangers = [tier for tier in live if tier.name not in desired]
    in_the_way = [tier for tier in strangers if any(tier.range.meets(create.range) for create in creates)]
    for tier in in_the_way[:_MOST_NAMES]:
        others = [create.name for create in creates if tier.range.meets(create.range)]
        yield (
            f"decide on {shortened(tier.name)}, which is live but in no file, and in the way of {_list(others)}:"
            f" change or remove it {abilities.where or 'by hand'}, or write it into the file"
        )
    if flaws and not in_the_way:
        yield f"change the file, or the live tiers: {'; '.join(flaw.message for flaw in flaws[:3])}"


def _edited(target: TargetPlan, edits: Sequence[Change]) -> tuple[LiveTier, ...]:
    ranges = {change.name: change.after.range for change in edits if change.after}
    return tuple(tier._replace(range=ranges.get(tier.name, tier.range)) for tier in target.live.tiers)


def _meanwhile(target: TargetPlan, edits: Sequence[Change], *, is_last: bool) -> str:
    """Whom the work leaves without a tier for a while, or for good where nothing creates one for them."""
    shared = {c.name: entries.meeting(c.before, c.after) for c in edits if c.before and c.after and _moves(c)}
    if not shared:
        return ""
    scale, tiers = target.target.scale, target.live.tiers
    between = scale.held([tier._replace(range=shared.get(tier.name, tier.range)) for tier in tiers])
    ranges = ladder.lost(tiers, between, target.target.tiers)
    if not ranges:
        return ""
    end = "until all of these are done" if is_last else "until the new plan is applied"
    return f"Members with {_amounts(ranges, scale)} are in no tier {end}: do it in one go"


def _moves(change: Change) -> bool:
    return any(field.path[0] == "range" for field in change.fields)


def _amounts(ranges: Sequence[Range], scale: Scale) -> str:
    return listed([shortened(scale.amounts(range_)) for range_ in ranges], _MOST_NAMES)


def _named(change: Change, scale: Scale) -> str:
    range_ = f" ({shortened(scale.amounts(change.after.range))})" if change.after else ""
    return f"{shortened(change.name)}{range_}"


def _tiers(changes: Sequence[Change]) -> str:
    return _list([change.name for change in changes])


def _list(names: Sequence[str]) -> str:
    return listed([shortened(name) for name in names], _MOST_NAMES)


def _shortened(steps: Sequence[str]) -> tuple[str, ...]:
    return tuple(shortened(step, _MOST) for step in steps)
