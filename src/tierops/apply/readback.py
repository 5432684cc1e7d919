"""Reads that can be believed: until a list has settled, or shows what the vendor confirmed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
        """Send one request and give the tiers that its answer shows; see `providers.accounts.Account.send`."""
        ...

    def read_calls(self, live: Live, more: int) -> int:
        """How many requests a complete read takes once so many tiers more are live."""
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


def settled(
    connection: Connection,
    place: Place,
    patience: Patience,
    before: Live | None = None,
    ids: frozenset[str] = frozenset(),
    names: frozenset[str] = frozenset(),
    *,
    is_made: bool = False,
) -> Live:
    """A read that equals the one before it, a quiet period earlier. `before` is such an earlier read.

    It is waited for until the list shows `ids` and a tier of each of the `names`, too, and with `is_made` the place
    itself; after too many reads the last one has to do. Raises `IncompleteRead` for a list that keeps changing.
    """
    is_settled = False
    for after in _reads(connection, place, patience):
        is_settled = before is not None and after is not None and is_same_ladder(before, after)
        if after is not None and is_settled and _shows(after, ids, names, is_made=is_made):
            return after
        before = after  # two lists that disagree may still catch up with the write
    if before is None or not is_settled:
        raise IncompleteRead(f"the list of {place.name!r} changed with every one of {_MOST_READS} reads")
    return before


def showing(
    connection: Connection,
    place: Place,
    patience: Patience,
    ids: frozenset[str],
    made: str = "",
    *,
    is_made: bool = False,
) -> Live:
    """The first read that shows what answers named, by id; the last one where none does.

    With `is_made` the place has to be there, by the id `made` if that is known.

    By id, because a list that lags may show a tier of the same name that another run created before.
    """
    live: Live | None = None
    for read in _reads(connection, place, patience):
        live = read or live
        is_it = read is not None and made in ("", read.identity.id)
        if read is not None and is_it and _shows(read, ids, is_made=is_made):
            return read
    assert live is not None  # noqa: S101 (the last read raises where it is not complete)
    return live


def _reads(connection: Connection, place: Place, patience: Patience) -> Iterator[Live | None]:
    """Reads with quiet periods between them, None for one that is not complete. The last one raises in its place."""
    for read in range(1, _MOST_READS + 1):
        if read > 1:
            patience.sleep(patience.settle)
        try:
            yield connection.fetch(place)
        except IncompleteRead:
            if read == _MOST_READS:
                raise
            yield None


def _shows(live: Live, ids: frozenset[str], names: frozenset[str] = frozenset(), *, is_made: bool) -> bool:
    is_there = not (is_made and live.is_new)
    return is_there and ids <= {tier.id for tier in live.tiers} and names <= {tier.name for tier in live.tiers}


def is_same_ladder(before: Live, after: Live) -> bool:
    """True where two reads show the same tiers under the same ids, at a place that has not changed otherwise."""
    then, now = ({tier.id: tier for tier in live.tiers} for live in (before, after))
    is_alike = then.keys() == now.keys() and (before.identity.id, before.facts) == (after.identity.id, after.facts)
    return is_alike and all(diff.same(tier, now[id_]) for id_, tier in then.items())
