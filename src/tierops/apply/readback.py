"""Reads that can be believed: until a list has settled, or shows what the vendor confirmed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from tierops import diff
from tierops.errors import IncompleteRead
from tierops.model import Live, LiveTier, Place, Request
from tierops.plan import Declaration

_MOST_READS = 7  # of a list that does not settle, or does not show what the vendor confirmed


class Connection(Protocol):
    """What apply needs of a vendor's account."""

    @property
    def vendor(self) -> Declaration:
        """The vendor's declaration."""
        ...

    def fetch(self, place: Place) -> Live:
        """Every live tier of the place, proved complete."""
        ...

    def send(self, request: Request) -> Sequence[LiveTier]:
        """Send one request and give the tiers that its answer shows; see `providers.vendor.Account.send`."""
        ...

    def afford(self, calls: int) -> None:
        """Raise `VendorError` if the vendor's limits do not allow so many calls."""
        ...


class Patience(NamedTuple):
    """How a list is waited for: `settle` is the quiet period in seconds between two reads that must be equal.

    `now` is a clock in seconds; `sleep` and `check` raise `Interrupted` once somebody asked to stop.
    """

    settle: float
    sleep: Callable[[float], None]
    now: Callable[[], float]
    tell: Callable[[str], None] = lambda _: None
    check: Callable[[], None] = lambda: None


class Reads(NamedTuple):
    """A read of every target, by address, and when the last of them ended, as `Patience.now` has it."""

    lives: Mapping[str, Live]
    ended: float


def settled(connection: Connection, place: Place, patience: Patience, before: Live | None = None) -> Live:
    """A read that equals the one before it, a quiet period earlier. `before` is such an earlier read.

    Raises `IncompleteRead` for a list that keeps changing.
    """
    for read in range(1, _MOST_READS + 1):
        if read > 1:
            patience.sleep(patience.settle)
        try:
            after = connection.fetch(place)
        except IncompleteRead:
            if read == _MOST_READS:
                raise
            before = None  # two lists that disagree may still catch up with the write
            continue
        if before is not None and is_same_ladder(before, after):
            return after
        before = after
    raise IncompleteRead(f"the list of {place.name!r} changed with every one of {_MOST_READS} reads")


def showing(connection: Connection, place: Place, patience: Patience, ids: frozenset[str]) -> Live:
    """The first read that shows what answers named, by id; the last one where none does.

    By id, because a list that lags may show a tier of the same name that another run created before.
    """
    for read in range(1, _MOST_READS + 1):
        if read > 1:
            patience.sleep(patience.settle)
        try:
            live = connection.fetch(place)
        except IncompleteRead:
            if read == _MOST_READS:
                raise
            continue
        if ids <= {tier.id for tier in live.tiers}:
            break
    return live


def is_same_ladder(before: Live, after: Live) -> bool:
    """True where two reads show the same tiers under the same ids, at a place that has not changed otherwise."""
    then, now = ({tier.id: tier for tier in live.tiers} for live in (before, after))
    is_alike = then.keys() == now.keys() and before.facts == after.facts
    return is_alike and all(diff.same(tier, now[id_]) for id_, tier in then.items())
