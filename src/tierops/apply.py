"""Carries a plan out: send, read back, prove.

A create cannot be taken back and no vendor has an idempotency key. So what a lost answer did is told by reading back
alone, and nothing is sent again that a settled, complete read does not show to be absent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from tierops import diff, plan
from tierops.errors import AnswerLost, Exit, IncompleteRead, Interrupted, NotSent, PlanRefused, VendorError
from tierops.model import Change, Identity, Kind, Live, LiveTier, Outcome, Result, State, TargetPlan, Tier

_MOST_SENDS = 3
_INTERRUPTED = "interrupted"
_MOST_READS = 7  # of a list that does not settle, or does not show what the vendor confirmed


class Vendor(Protocol):
    """What apply needs of a provider."""

    def fetch(self, place: Mapping[str, str]) -> Live:
        """Every live tier of the place, proved complete."""
        ...

    def afford(self, lives: Sequence[Live]) -> None:
        """Raise `VendorError` if its limits do not allow a create at each place; see `providers.base.Provider`."""
        ...

    def create(self, identity: Identity, tiers: Sequence[Tier]) -> Sequence[LiveTier]:
        """Send the creates and give what they made, or say why not; see `providers.base.Provider.create`."""
        ...


class Patience(NamedTuple):
    """How a list is waited for: `settle` is the quiet period in seconds between two reads that must be equal.

    `sleep` and `check` raise `Interrupted` once somebody asked to stop.
    """

    settle: float
    sleep: Callable[[float], None]
    tell: Callable[[str], None] = lambda _: None
    check: Callable[[], None] = lambda: None


def run(
    targets: Sequence[TargetPlan],
    vendors: Mapping[str, Vendor],
    lives: Mapping[str, Live],
    patience: Patience,
    spread: Callable[[Callable[[TargetPlan], Result], Sequence[TargetPlan]], Iterable[Result]] = map,
) -> tuple[Result, ...]:
    """Carry out the plans of all targets, `spread` as the caller likes. `vendors` goes by provider name.

    `lives` is a fresh read of every target, by address. Each is checked against its plan before the first write to
    any: raises `PlanRefused` where one does not fit, `VendorError` where the vendor's limits do not allow all of it,
    and then nothing was written.
    """
    absent = {target.address: plan.missing(target, lives[target.address]) for target in targets}
    for name, vendor in vendors.items():
        vendor.afford([lives[t.address] for t in targets if t.provider == name and absent[t.address]])

    def carry_out(target: TargetPlan) -> Result:
        return _carry_out(target, vendors[target.provider], lives[target.address], absent[target.address], patience)

    return tuple(spread(carry_out, targets))


def exit_code(results: Sequence[Result]) -> Exit:
    """The one code for all targets; the worst news wins."""
    if any(result.is_interrupted for result in results):
        return Exit.INTERRUPTED
    states = {outcome.state for result in results for outcome in result.outcomes}
    if State.UNKNOWN in states:
        return Exit.UNKNOWN
    if states & {State.NOT_DONE, State.CONFLICT}:
        return Exit.PARTIAL if states & {State.DONE, State.CONFLICT} else Exit.FAILED
    # What was found beside the creates, such as somebody else's tier that is there twice, is in no list of differences.
    return Exit.REMAINING if any(result.remaining or result.trouble for result in results) else Exit.DONE


def _carry_out(target: TargetPlan, vendor: Vendor, live: Live, absent: Sequence[Tier], patience: Patience) -> Result:
    first, trouble = absent, ""
    made: Sequence[LiveTier] = ()
    lost: Counter[str] = Counter()  # how often each tier was sent without an answer that tells
    sends = 0
    while absent and not trouble and not made:
        sends += 1
        try:
            patience.check()
            patience.tell(f"{target.address}: creating {', '.join(tier.name for tier in absent)}")
            made = vendor.create(target.identity, absent)
        except Interrupted:  # before this create was sent
            return _result(target, live, first, made, lost, _INTERRUPTED)._replace(is_interrupted=True)
        except NotSent as error:
            return _result(target, live, first, made, lost, str(error))
        except AnswerLost as error:
            patience.tell(f"{target.address}: {error}; reading back")
            lost.update(tier.name for tier in absent)
            if sends == _MOST_SENDS:
                trouble = f"{error}; sent {sends} times"
        except VendorError as error:
            trouble = str(error)
        try:
            live = _read_back(target, vendor, made, patience, is_settled_needed=bool(lost) or not made)
        except Interrupted:
            told = f"{trouble}; {_INTERRUPTED}" if trouble else _INTERRUPTED
            return _unread(target, first, told, is_confirmed=bool(made))._replace(is_interrupted=True)
        except VendorError as error:
            return _unread(target, first, f"{trouble or 'sent'}; reading back failed: {error}")
        try:
            absent = plan.missing(target, live)
        except PlanRefused as error:
            trouble = str(error)
            break
        trouble = trouble if absent else ""
    return _result(target, live, first, made, lost, trouble)


def _read_back(
    target: TargetPlan, vendor: Vendor, made: Sequence[LiveTier], patience: Patience, *, is_settled_needed: bool
) -> Live:
    """A read that can be believed.

    After a confirmed create: as soon as the list shows what the answer named, by id; a list that lags may show the
    same tier of another run before. After a lost answer: two equal reads with a quiet period between them, for the
    write may still be on its way. Raises `IncompleteRead` for a list that keeps changing.
    """
    named = {tier.id for tier in made}
    before: Live | None = None
    is_settled = False
    for read in range(1, _MOST_READS + 1):
        if read > 1:
            patience.sleep(patience.settle)
        try:
            after = vendor.fetch(target.place)
        except IncompleteRead:
            if read == _MOST_READS:
                raise
            before = None  # two lists that disagree may still catch up with the write
            continue
        is_settled = not is_settled_needed or (before is not None and _is_same_ladder(before, after))
        if is_settled and named <= {tier.id for tier in after.tiers}:
            return after
        before = after
    if not is_settled or before is None:
        raise IncompleteRead(f"the list of {target.identity.name!r} changed with every one of {_MOST_READS} reads")
    return before


def _is_same_ladder(before: Live, after: Live) -> bool:
    then, now = ({tier.id: tier for tier in live.tiers} for live in (before, after))
    return then.keys() == now.keys() and all(diff.same(tier, now[id_]) for id_, tier in then.items())


def _result(
    target: TargetPlan,
    live: Live,
    sent: Sequence[Tier],
    made: Sequence[LiveTier],
    lost: Mapping[str, int],
    trouble: str,
) -> Result:
    """What the last read shows of each create."""
    twice = diff.duplicates(live.tiers)
    there = {tier.name: tier for tier in live.tiers}
    was_sent = {tier.name for tier in sent}
    shown = {tier.id for tier in live.tiers}
    unseen = {tier.name: tier.id for tier in made if tier.id not in shown}

    def outcome(tier: Tier) -> Outcome:
        if tier.name in twice:
            ids = ", ".join(copy.id for copy in twice[tier.name])
            return Outcome(tier.name, State.UNKNOWN, f"exists {len(twice[tier.name])} times ({ids}): keep one by hand")
        if tier.name not in there:
            if made or lost:
                return Outcome(tier.name, State.UNKNOWN, "not in the list, but it may still appear: plan again later")
            return Outcome(tier.name, State.NOT_DONE, "not created")
        if not diff.same(there[tier.name], tier):
            return Outcome(tier.name, State.CONFLICT, f"{there[tier.name].id} has its name, but is not as wanted")
        if tier.name in unseen:
            doubt = f"{there[tier.name].id} is there, and {unseen[tier.name]} may still appear: plan again later"
            return Outcome(tier.name, State.UNKNOWN, doubt)
        # With one answer lost, one tier is what can have come of it. With two, and a list that lags, there may be two.
        if not made and lost.get(tier.name, 0) > 1:
            doubt = f"sent {lost[tier.name]} times without an answer and seen once: plan again later"
            return Outcome(tier.name, State.UNKNOWN, doubt)
        return Outcome(tier.name, State.DONE if tier.name in was_sent else State.ALREADY, there[tier.name].id)

    return Result(target, tuple(map(outcome, target.creates)), _remaining(target, live), trouble)


def _unread(target: TargetPlan, sent: Sequence[Tier], trouble: str, *, is_confirmed: bool = False) -> Result:
    """What is known of each create where nothing could be read after it was sent."""
    was_sent = {tier.name for tier in sent}

    def outcome(tier: Tier) -> Outcome:
        if tier.name not in was_sent:
            return Outcome(tier.name, State.ALREADY)
        if is_confirmed:
            return Outcome(tier.name, State.DONE, "the vendor confirmed it; it was not read back")
        return Outcome(tier.name, State.UNKNOWN, "it may or may not have landed: plan again to see")

    return Result(target, tuple(map(outcome, target.creates)), None, trouble)


def _remaining(target: TargetPlan, live: Live) -> tuple[Change, ...]:
    """The differences left, with the notes of the plan where the line is still the same."""
    planned = {change.name: change for change in target.changes}

    def noted(change: Change) -> Change:
        known = planned.get(change.name, change)
        return known if known.kind in (change.kind, Kind.BLOCKED) else change

    return tuple(map(noted, diff.changes(live.tiers, target.desired)))
