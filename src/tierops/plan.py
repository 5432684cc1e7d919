"""What apply would do: changes, guarded by the proofs of `rules`, and checked again before a write. Pure.

A target's plan is a function of the target, of what is live there, and of the vendor's declaration. So a plan that was
saved can be made again from what it says, and one that says otherwise was not made by tierops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol
from urllib.parse import quote

from tierops import diff, rules
from tierops.errors import PlanRefused, VendorError
from tierops.model import (
    ID,
    Abilities,
    Change,
    Identity,
    Kind,
    Live,
    LiveTier,
    Place,
    Request,
    Scale,
    Target,
    TargetPlan,
    Tier,
)
from tierops.rules import SIMILAR_PLACE
from tierops.text.names import difference, reads_like
from tierops.text.visible import printable
from tierops.text.wording import differences

_MOST_FLAWS = 3  # told at each blocked create
_MOST_DIFFERENCES = 3  # told of a live tier that changed, each in at most
_LONGEST = 100  # characters


class Declaration(Protocol):
    """What a plan needs to know of a vendor; see `providers.vendor.Vendor`."""

    @property
    def read_only(self) -> str:
        """Why nothing can be created at all; empty where something can."""
        ...

    @property
    def same_account(self) -> str:
        """How two keys are shown to be of one account; empty where nothing shows it."""
        ...

    @property
    def abilities(self) -> Callable[[Place, Live], Abilities]:
        """What creates mean at a place."""
        ...

    @property
    def unfit(self) -> Callable[[Live, Sequence[Tier]], str]:
        """Why just these tiers cannot be created there; empty where they can."""
        ...

    @property
    def requests(self) -> Callable[[Live, Sequence[Tier]], tuple[Request, ...]]:
        """The requests that create tiers, in order."""
        ...


def build(target: Target, live: Live, vendor: Declaration) -> TargetPlan:
    """The plan of one target. Its creates are blocked where the ladder after apply would break a rule.

    Raises `VendorError` where two live tiers share a name, for then nobody can say which one a file means.
    """
    if twice := diff.duplicates(live.tiers):
        name, tiers = next(iter(twice.items()))
        raise VendorError(
            f"{len(tiers)} live tiers of {live.identity.name!r} are named {name!r} ({', '.join(t.id for t in tiers)});"
            " tierops tells tiers apart by name: remove or rename all but one by hand"
        )
    abilities = vendor.abilities(target.place, live)
    changes = diff.changes(live.tiers, target.tiers, target.scale, abilities.amiss)
    missing_tiers = [change.after for change in changes if change.kind is Kind.CREATE and change.after is not None]
    flaws = flaws_after(target, live.tiers, missing_tiers)
    why_blocked = (
        vendor.read_only
        or abilities.blocked
        or _why_taken(target, live)
        or (flaws and _why_blocked(flaws))
        or (missing_tiers and vendor.unfit(live, missing_tiers))
        or ""
    )
    noted = tuple(_noted(change, why_blocked, target.scale, abilities) for change in changes)
    creates = tuple(c.after for c in noted if c.kind is Kind.CREATE and c.after is not None)
    return TargetPlan(target, live, noted, vendor.requests(live, creates) if creates else ())


def flaws_after(target: Target, live: Sequence[LiveTier], creates: Sequence[Tier]) -> tuple[rules.Flaw, ...]:
    """What would be wrong with the ladder that the vendor holds with these tiers live and these created."""
    if not creates:
        return ()
    scale = target.scale
    together: tuple[rules.Rung, ...] = (*live, *creates)
    after = scale.held(together)
    proofs = (
        rules.overlaps(after, scale),
        rules.gaps(after, scale),
        rules.similar_names(after),
        rules.unfit(creates, scale),
        rules.other_ends(creates, after[len(live) :], scale),
    )
    return tuple(flaw for proof in proofs for flaw in proof if flaw.rule not in target.waived)


def missing(planned: TargetPlan, live: Live, hint: str = "") -> tuple[Tier, ...]:
    """The planned creates that are not live yet. `hint` says how two keys are shown to be of one account.

    Raises `PlanRefused` unless live now equals live then plus any part of what the plan itself creates.
    """
    reason = _other_place(planned.live.identity, live.identity, hint) or _foreign_change(planned, live)
    if name := renamed(planned, live):
        reason = f"it was made, but is stored as {name}: name it so in the file"
    if reason:
        raise PlanRefused(f"{planned.address}: {reason}; make a new plan")
    live_names = {tier.name for tier in live.tiers}
    return tuple(tier for tier in planned.creates if tier.name not in live_names)


def why_too_early(planned: Sequence[TargetPlan], today: str) -> str:
    """Why nothing may be created on this day (ISO date), empty where it may: a ladder is to hold from a later one."""
    for one in planned:
        if one.creates and one.target.effective_from > today:
            day = one.target.effective_from
            return f"{one.address} holds from {day}, as its program says: apply it on that day or later"
    return ""


def renamed(planned: TargetPlan, live: Live) -> str:
    """What the ladder that the plan makes is called instead, as `group 'Club' (id)`; empty where it has its name."""
    then, now = planned.live.identity, live.identity
    return f"{now.kind} {now.name!r} ({now.id})" if not then.id and now.id and now.name != then.name else ""


def expected(planned: TargetPlan, live: Live) -> dict[str, rules.Rung]:
    """Each live tier, by id, as the plan would have it among all that are live: as it was then, or is to be created."""
    then = {tier.id: tier for tier in planned.live.tiers}
    own = {tier.name: tier for tier in planned.creates}
    scale = planned.target.scale
    together: list[rules.Rung] = [
        then.get(tier.id) or (scale.filled(own[tier.name], tier) if tier.name in own else tier) for tier in live.tiers
    ]
    return dict(zip((tier.id for tier in live.tiers), scale.held(together), strict=True))


def remaining_requests(
    planned: TargetPlan, absent: Sequence[Tier], live: Live, vendor: Declaration
) -> tuple[Request, ...]:
    """The plan's requests that still have something to create, as they stand in the plan.

    Where the plan makes the place itself, and it is there by now, its id is filled in. Only where a part of one request
    is live already, the rest of the ladder is rendered anew. Raises `PlanRefused`
    where nothing can be created beside what is live now, as where the vendor creates whole ladders only.
    """
    sent = {name for request in planned.requests for name in request.tiers}
    missing_tiers = [tier for tier in absent if tier.name in sent]
    names = {tier.name for tier in missing_tiers}
    left = tuple(
        _filled(request, live)
        for request in planned.requests
        if names & set(request.tiers) or (names and live.is_new and not request.tiers)
    )
    if left and (why := vendor.abilities(planned.target.place, live).blocked or vendor.unfit(live, missing_tiers)):
        raise PlanRefused(f"{planned.address}: {why}")
    if all(names >= set(request.tiers) for request in left):
        return left
    return vendor.requests(live, missing_tiers)


def _filled(request: Request, live: Live) -> Request:
    return request if live.is_new else request._replace(path=request.path.replace(ID, quote(live.identity.id, safe="")))


def _why_taken(target: Target, live: Live) -> str:
    """Why a ladder that is not there yet must not be made: a live one reads like it."""
    name = live.identity.name
    alike = [other for other in live.near if reads_like(other, name)]
    if not live.is_new or not alike or SIMILAR_PLACE in target.waived:
        return ""
    noun, other = target.place.noun, alike[0]
    return (
        f"there is no {noun} {name!r}, and it reads like the live {noun} {other!r} ({difference(name, other)}): name"
        f" that one in the file, or waive {SIMILAR_PLACE} for a second one"
    )


def _noted(change: Change, why_blocked: str, scale: Scale, abilities: Abilities) -> Change:
    if change.kind is Kind.DIFFERS:
        return change._replace(note=abilities.by_hand)
    if change.kind is Kind.UNMANAGED:
        return change._replace(note="live, but in no file; tierops never touches it")
    if why_blocked:
        return change._replace(kind=Kind.BLOCKED, note=why_blocked)
    assert change.after is not None  # noqa: S101 (a create has the tier that it creates)
    return change._replace(
        note=f"Members with {scale.amounts(change.after.range)} {abilities.members}. {abilities.undo}"
    )


def _why_blocked(flaws: Sequence[rules.Flaw]) -> str:
    shown = [f"{flaw.message} ({flaw.member})" if flaw.member else flaw.message for flaw in flaws[:_MOST_FLAWS]]
    if len(flaws) > _MOST_FLAWS:
        shown.append(f"and {len(flaws) - _MOST_FLAWS} more")
    return f"{'; '.join(shown)}: the ladder would be broken. Change the file, or the live tiers by hand"


def _other_place(then: Identity, now: Identity, hint: str) -> str:
    if then.base_url != now.base_url:
        return f"it was made for {then.base_url}, not for {now.base_url}"
    if _is_other_account(then, now):
        return f"it was made with the keys of another account{hint and f'; {hint}'}"
    if then.id and then.id != now.id:  # a ladder that is to be created as a whole has no id yet
        return f"it was made for {then.kind} {then.name!r} ({then.id}), but that is now {now.id}"
    return ""


def _is_other_account(then: Identity, now: Identity) -> bool:
    """True unless both are known to be the same account; where one is not known, it must be the same key."""
    if then.account and now.account:
        return then.account != now.account
    return then.key != now.key


def _foreign_change(planned: TargetPlan, live: Live) -> str:
    then = {tier.id: tier for tier in planned.live.tiers}
    now = {tier.id: tier for tier in live.tiers}
    own = {tier.name for tier in planned.creates}
    if twice := diff.duplicates(live.tiers):
        return f"live tier {next(iter(twice))!r} exists twice"
    if reason := _appeared(planned, live):
        return reason
    if planned.live.facts != live.facts:
        return f"what it rests on has changed since the plan was made ({_facts(planned.live)}, now {_facts(live)})"
    for id_, tier in then.items():
        if id_ not in now:
            return f"live tier {tier.name!r} ({id_}) has gone since the plan was made"
    for id_, tier in now.items():
        if id_ not in then and tier.name not in own:
            return f"live tier {tier.name!r} ({id_}) has appeared since the plan was made"
    for id_, before in sorted(expected(planned, live).items(), key=lambda one: one[0] in then):
        tier = now[id_]  # what is new comes first, for it may have moved the ends of others
        if id_ in then and not diff.same(before, tier):
            changed = _differences(before, tier, planned.target.scale)
            return f"live tier {before.name!r} ({id_}) was changed since the plan was made ({changed})"
        if not diff.same(tier, before):
            changed = _differences(tier, before, planned.target.scale)
            return f"live tier {tier.name!r} ({id_}) has appeared, but not as the plan would create it ({changed})"
    return ""


def _appeared(planned: TargetPlan, live: Live) -> str:
    """Why a ladder is not made any more: one that reads like it is there now, perhaps as the vendor names it."""
    name = live.identity.name
    others = [other for other in live.near if other not in planned.live.near and reads_like(other, name)]
    if not live.is_new or not others:
        return ""
    how = difference(name, others[0])
    return f"{live.identity.kind} {others[0]!r} has appeared since the plan was made; it reads like {name!r} ({how})"


def _facts(live: Live) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(live.facts.items())) or "nothing"


def _differences(before: LiveTier | Tier, after: LiveTier | Tier, scale: Scale) -> str:
    every = [*differences(before, after, diff.fields(before, after), scale)]
    shown = [printable(one if len(one) <= _LONGEST else f"{one[:_LONGEST]}…") for one in every[:_MOST_DIFFERENCES]]
    if len(every) > _MOST_DIFFERENCES:
        shown.append(f"and {len(every) - _MOST_DIFFERENCES} more")
    return "; ".join(shown)
