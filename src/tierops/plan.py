"""What apply would do: changes, guarded by the proofs of `rules`, and checked again before a write. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tierops import diff, rules
from tierops.errors import PlanRefused, VendorError
from tierops.model import Capabilities, Change, Identity, Kind, Live, LiveTier, Request, Target, TargetPlan, Tier
from tierops.text.visible import printable
from tierops.text.wording import differences, span

_MOST_FLAWS = 3  # told at each blocked create
_MOST_DIFFERENCES = 3  # told of a live tier that changed, each in at most
_LONGEST = 100  # characters

Requests = Callable[[Identity, Sequence[Tier]], tuple[Request, ...]]


def build(target: Target, live: Live, capabilities: Capabilities, requests: Requests) -> TargetPlan:
    """The plan of one target. Its creates are blocked where the ladder after apply would break a rule.

    `requests` is the provider's pure rendering of creates. Raises `VendorError` where two live tiers share a name,
    for then nobody can say which one a file means.
    """
    if found := diff.duplicates(live.tiers):
        name, tiers = next(iter(found.items()))
        raise VendorError(
            f"{len(tiers)} live tiers of {live.identity.name!r} are named {name!r} ({', '.join(t.id for t in tiers)});"
            " tierops tells tiers apart by name: remove or rename all but one by hand"
        )
    changes = diff.changes(live.tiers, target.tiers)
    flaws = tuple(_flaws_after(target, live, changes))
    why_blocked = (live.tiers and capabilities.only_whole) or (flaws and _why_blocked(flaws)) or ""
    noted = tuple(_noted(change, why_blocked, target, capabilities) for change in changes)
    creates = tuple(c.after for c in noted if c.kind is Kind.CREATE and c.after is not None)
    return TargetPlan(
        target.program,
        target.name,
        target.provider,
        target.at,
        target.place,
        live.identity,
        target.unit,
        capabilities.whole_numbers,
        live.proof,
        live.tiers,
        target.tiers,
        noted,
        requests(live.identity, creates),
    )


def missing(planned: TargetPlan, live: Live) -> tuple[Tier, ...]:
    """The planned creates that are not live yet.

    Raises `PlanRefused` unless live now equals live then plus any part of what the plan itself creates.
    """
    if (reason := _other_place(planned.identity, live.identity)) or (reason := _foreign_change(planned, live)):
        raise PlanRefused(f"{planned.address}: {reason}; make a new plan")
    there = {tier.name for tier in live.tiers}
    return tuple(tier for tier in planned.creates if tier.name not in there)


def _flaws_after(target: Target, live: Live, changes: Sequence[Change]) -> Iterator[rules.Flaw]:
    """What would be wrong with the ladder that the vendor holds after apply."""
    creates = [change.after for change in changes if change.kind is Kind.CREATE and change.after is not None]
    if not creates:
        return
    after: tuple[rules.Rung, ...] = (*live.tiers, *creates)
    proofs = (rules.overlaps(after, target.unit), rules.gaps(after, target.unit), rules.similar_names(after))
    for proof in proofs:
        yield from (flaw for flaw in proof if flaw.rule not in target.waived)


def _noted(change: Change, why_blocked: str, target: Target, capabilities: Capabilities) -> Change:
    if change.kind is Kind.DIFFERS:
        return change._replace(note=capabilities.by_hand)
    if change.kind is Kind.UNMANAGED:
        return change._replace(note="live, but in no file; tierops never touches it")
    if why_blocked:
        return change._replace(kind=Kind.BLOCKED, note=why_blocked)
    assert change.after is not None  # noqa: S101 (a create has the tier that it creates)
    balance = span(change.after.range, whole=capabilities.whole_numbers)
    return change._replace(note=f"members with {balance} {target.unit} move into it at once; no API can undo that")


def _why_blocked(flaws: Sequence[rules.Flaw]) -> str:
    shown = [f"{flaw.message} ({flaw.member})" if flaw.member else flaw.message for flaw in flaws[:_MOST_FLAWS]]
    if len(flaws) > _MOST_FLAWS:
        shown.append(f"and {len(flaws) - _MOST_FLAWS} more")
    return f"after apply the ladder would be broken: {'; '.join(shown)}. Change the file, or the live tiers by hand"


def _other_place(then: Identity, now: Identity) -> str:
    if then.base_url != now.base_url:
        return f"it was made for {then.base_url}, not for {now.base_url}"
    if then.account and now.account and then.account != now.account:
        return "it was made with the keys of another account"
    if then.id and then.id != now.id:  # a group that is to be created has no id yet
        return f"it was made for {then.kind} {then.name!r} ({then.id}), but that is now {now.id}"
    return ""


def _foreign_change(planned: TargetPlan, live: Live) -> str:
    then = {tier.id: tier for tier in planned.live}
    now = {tier.id: tier for tier in live.tiers}
    own = {tier.name: tier for tier in planned.creates}
    if twice := diff.duplicates(live.tiers):
        return f"live tier {next(iter(twice))!r} exists twice"
    for id_, tier in then.items():
        if id_ not in now:
            return f"live tier {tier.name!r} ({id_}) has gone since the plan was made"
        if not diff.same(tier, now[id_]):
            told = _differences(tier, now[id_], planned)
            return f"live tier {tier.name!r} ({id_}) was changed since the plan was made ({told})"
    for id_, tier in now.items():
        if id_ not in then and tier.name not in own:
            return f"live tier {tier.name!r} ({id_}) has appeared since the plan was made"
        if id_ not in then and not diff.same(tier, own[tier.name]):
            told = _differences(tier, own[tier.name], planned)
            return f"live tier {tier.name!r} ({id_}) has appeared, but not as the plan would create it ({told})"
    return ""


def _differences(before: LiveTier, after: LiveTier | Tier, planned: TargetPlan) -> str:
    found = [*differences(before, after, diff.fields(before, after), whole=planned.whole_numbers)]
    told = [printable(one if len(one) <= _LONGEST else f"{one[:_LONGEST]}…") for one in found[:_MOST_DIFFERENCES]]
    if len(found) > _MOST_DIFFERENCES:
        told.append(f"and {len(found) - _MOST_DIFFERENCES} more")
    return "; ".join(told)
