"""What became of each create, from the last read and from what answers said. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tierops import diff, plan
from tierops.model import Change, Fate, FieldChange, Kind, Live, LiveTier, Outcome, Result, TargetPlan, Tier

_CONFIRMED = "the vendor confirmed it; it was not read back"
_MAY_HAVE_LANDED = "it may or may not have landed: plan again to see"
_MAY_APPEAR = "not in the list, but it may still appear: plan again later"
_UNSEEN = "{} is live, and {} may still appear: plan again later"
_SEEN_ONCE = "sent {} times without an answer and seen once: plan again later"

PLACE = ""
"""What a request that makes the place is known by, as others are by the names of their tiers."""


class Known:
    """What answers said of the tiers of one target, by the name of the tier that was sent.

    `confirmed` is as an answer showed it, `stored` as it showed it under another name. `lost` counts the sends without
    an answer that tells, `refused` holds those that the vendor refused, `under_way` those of a request that may have
    left and has no answer yet. With `is_guarded` the vendor itself refuses a second tier of a name. `is_made` says that
    an answer shows the place, which the plan makes, and `made` by which id.

    Another thread may look at it at any time: what an answer says is kept before `under_way` forgets the request.
    """

    def __init__(self, *, is_guarded: bool) -> None:
        self.is_guarded = is_guarded
        self.confirmed: dict[str, LiveTier] = {}
        self.stored: dict[str, LiveTier] = {}
        self.lost: Counter[str] = Counter()
        self.refused: set[str] = set()
        self.under_way: frozenset[str] = frozenset()
        self.is_made = False
        self.made = ""
        self._answered = 0

    @property
    def ids(self) -> frozenset[str]:
        """The ids that a list must show in the end."""
        return frozenset(tier.id for tier in self.confirmed.values())

    @property
    def sends(self) -> int:
        """How many requests may have been carried out."""
        return self._answered + bool(self.under_way)

    def begin(self, names: Iterable[str]) -> None:
        """A request that creates these tiers is about to be sent."""
        self.under_way = frozenset(names)

    def withdraw(self) -> None:
        """It never left, or the vendor took no notice of it."""
        self.under_way = frozenset()

    def confirm(self, shown: Iterable[LiveTier]) -> None:
        """An answer shows these tiers, as they were wanted."""
        self.confirmed.update((tier.name, tier) for tier in shown)
        self._end()

    def make(self, shown: Sequence[LiveTier]) -> None:
        """An answer shows the place, as it was wanted: its id and name."""
        self.is_made, self.made = True, next((place.id for place in shown), "")
        self._end()

    def store(self, shown: Sequence[LiveTier], wanted: Sequence[Tier]) -> None:
        """An answer shows something else.

        A tier is the one of its name, else the only one with its range, else the only one that is left.
        """
        by_name = {tier.name: tier for tier in shown}
        self.stored.update((tier.name, by_name[tier.name]) for tier in wanted if tier.name in by_name)
        for is_meant in (_has_its_range, lambda _shown, _tier: True):
            for tier in [tier for tier in wanted if tier.name not in self.stored]:
                taken = {stored.id for stored in self.stored.values()}
                others = [one for one in shown if one.id not in taken and is_meant(one, tier)]
                if len(others) == 1:
                    self.stored[tier.name] = others[0]

    def lose(self, names: Iterable[str]) -> None:
        """A request that creates these tiers was sent, and its answer does not tell what became of it."""
        self.lost.update(names)
        self._end()

    def refuse(self, names: Iterable[str]) -> None:
        """The vendor refused a request that creates these tiers."""
        self.refused.update(names)
        self._end()

    def _end(self) -> None:
        self._answered += 1
        self.under_way = frozenset()

    def is_in_doubt(self, name: str) -> bool:
        """True where this tier may appear although no list shows it yet."""
        return name in self.confirmed or name in self.lost or name in self.under_way

    def was_sent(self, name: str) -> bool:
        """True where a request for this tier left and reached the vendor."""
        return self.is_in_doubt(name) or name in self.refused


def _has_its_range(shown: LiveTier, tier: Tier) -> bool:
    return shown.range == tier.range


def result_of(
    target: TargetPlan, live: Live, known: Known, trouble: str, amiss: tuple[FieldChange, ...] = ()
) -> Result:
    """What the last read shows of each create, and in what its place is `amiss`."""
    by_name = {tier.name: tier for tier in live.tiers}
    expected = plan.expected(target, live)
    view = _View(live, known, diff.duplicates(live.tiers), by_name, expected, plan.renamed(target, live))
    outcomes = tuple(_outcome(tier, view) for tier in target.creates)
    result = Result(target, outcomes, _remaining(target, live, amiss), trouble, sends=known.sends, steps=live.steps)
    return result._replace(place=_place(target, live, known))


def result_unread(target: TargetPlan, live: Live, known: Known, trouble: str, *, is_confirmed: bool) -> Result:
    """What is known where nothing was read after the last request; `live` is the read before it.

    With `is_confirmed`, answers are believed.
    """
    before = {tier.name for tier in live.tiers}

    def outcome(tier: Tier) -> Outcome:
        if is_confirmed and tier.name in known.confirmed:
            return Outcome(tier.name, Fate.DONE, _CONFIRMED)
        if tier.name in before:
            return Outcome(tier.name, Fate.DONE if known.was_sent(tier.name) else Fate.ALREADY)
        if known.was_sent(tier.name):
            return Outcome(tier.name, Fate.UNKNOWN, _MAY_HAVE_LANDED)
        return Outcome(tier.name, Fate.NOT_DONE)

    result = Result(target, tuple(map(outcome, target.creates)), None, trouble, sends=known.sends)
    return result._replace(place=_place_unread(target, live, known, is_confirmed=is_confirmed))


def _place(target: TargetPlan, live: Live, known: Known) -> Outcome | None:
    """What became of the place itself, None where the plan makes none."""
    if not (name := _made_place(target)):
        return None
    if live.is_new:
        is_in_doubt = known.is_made or known.is_in_doubt(PLACE)
        return Outcome(name, Fate.UNKNOWN, _MAY_APPEAR) if is_in_doubt else Outcome(name, Fate.NOT_DONE)
    if known.made not in ("", live.identity.id):
        return Outcome(name, Fate.UNKNOWN, _UNSEEN.format(live.identity.id, known.made))
    if known.lost[PLACE] > 1 and not known.is_made:
        return Outcome(name, Fate.UNKNOWN, _SEEN_ONCE.format(known.lost[PLACE]))
    return Outcome(name, Fate.DONE if known.is_made or known.was_sent(PLACE) else Fate.ALREADY, live.identity.id)


def _place_unread(target: TargetPlan, live: Live, known: Known, *, is_confirmed: bool) -> Outcome | None:
    if not (name := _made_place(target)):
        return None
    if not live.is_new:
        return _place(target, live, known)
    if known.is_made and is_confirmed:
        return Outcome(name, Fate.DONE, _CONFIRMED)
    was_sent = known.is_made or known.was_sent(PLACE)
    return Outcome(name, Fate.UNKNOWN, _MAY_HAVE_LANDED) if was_sent else Outcome(name, Fate.NOT_DONE)


def _made_place(target: TargetPlan) -> str:
    is_made = any(not request.tiers for request in target.requests)
    return f"{target.target.place.noun} {target.live.identity.name!r}" if is_made else ""


class _View(NamedTuple):
    """The last read, in the ways in which a tier is looked up."""

    live: Live
    known: Known
    twice: dict[str, tuple[LiveTier, ...]]
    by_name: dict[str, LiveTier]
    expected: dict[str, LiveTier | Tier]
    renamed: str

    @property
    def by_id(self) -> dict[str, LiveTier]:
        return {tier.id: tier for tier in self.live.tiers}


def _outcome(tier: Tier, view: _View) -> Outcome:
    name, known = tier.name, view.known
    if name in view.twice:
        ids = ", ".join(copy.id for copy in view.twice[name])
        return Outcome(name, Fate.UNKNOWN, f"exists {len(view.twice[name])} times ({ids}): keep one by hand")
    made = known.stored.get(name) or known.confirmed.get(name)
    if made and (stored := view.by_id.get(made.id)) and stored.name != name:  # an answer may show an id and no name
        return Outcome(name, Fate.CONFLICT, f"created, but stored as {stored.name!r} ({stored.id})")
    if view.renamed and name in view.by_name and known.was_sent(name):
        return Outcome(name, Fate.CONFLICT, f"created, but stored as {view.renamed}")
    if name not in view.by_name:
        if known.is_in_doubt(name):
            return Outcome(name, Fate.UNKNOWN, _MAY_APPEAR)
        return Outcome(name, Fate.NOT_DONE)
    live = view.by_name[name]
    if not diff.same(live, view.expected[live.id]):
        return Outcome(name, Fate.CONFLICT, f"{live.id} has its name, but is not as wanted")
    if name in known.confirmed and known.confirmed[name].id not in view.by_id:
        unseen = known.confirmed[name].id
        return Outcome(name, Fate.UNKNOWN, _UNSEEN.format(live.id, unseen))
    # With one answer lost, one tier is what can have come of it. With two, and a list that lags, there may be two.
    if name not in known.confirmed and known.lost[name] > 1 and not known.is_guarded:
        return Outcome(name, Fate.UNKNOWN, _SEEN_ONCE.format(known.lost[name]))
    return Outcome(name, Fate.DONE if known.was_sent(name) else Fate.ALREADY, live.id)


def _remaining(target: TargetPlan, live: Live, amiss: tuple[FieldChange, ...]) -> tuple[Change, ...]:
    """The differences left, with the notes of the plan where the line is still the same."""
    planned = {change.name: change for change in target.changes}

    def noted(change: Change) -> Change:
        known = planned.get(change.name, change)
        return known if known.kind in (change.kind, Kind.BLOCKED) else change

    return tuple(map(noted, diff.changes(live.tiers, target.target.tiers, target.target.scale, amiss)))
