"""Who moves: how many members a ladder has in each tier, and how many change theirs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

Amount: TypeAlias = int | None
"""How many members; None is a small number that is not told."""


LIVE = "live"
"""What an impact is against where it is against what the vendor holds."""


class Move(NamedTuple):
    """Members who are in one tier before and in another one after; None is no tier.

    `steps` is by how many tiers they rise; below 0 they drop, 0 is another name at the same height. It is None for who
    joins or leaves the ladder.
    """

    before: str | None
    after: str | None
    members: Amount
    steps: int | None


class Standing(NamedTuple):
    """The members of a ladder: `tiers` from low to high, each with how many are in it.

    Who is in two tiers at once is counted in the higher one, so that tiers and `in_no_tier` are all members together.
    """

    tiers: tuple[tuple[str, Amount], ...]
    in_no_tier: Amount
    in_two_tiers: Amount


class Outlook(NamedTuple):
    """The members of a ladder that is to come, and the moves that lead there, the largest first."""

    standing: Standing
    moves: tuple[Move, ...]
    upgrades: Amount
    downgrades: Amount
    joiners: Amount
    leavers: Amount


class Impact(NamedTuple):
    """What becomes of the members of one target.

    - `source` is what was read; `members` are those in it that are counted, `skipped` counts the others by reason.
    - `against` says what `before` is: `live`, a file, a revision; empty where nothing is compared.
    - `after` is the ladder once apply is done, `desired` as the files want it; None where that is the same.
    - `margin` is how near a bound is near (`5%`, `10`), `near` how many members are, of the desired ladder.
    - `vendor`: whom the vendor holds in another tier than the ladder before says, as moves from the rule's tier to the
      vendor's; None where the source does not tell.
    - `between` counts who is above the last whole number of a tier and below the first of the next, where balances are
      whole numbers.
    - `acts` is the vendor's sentence on when members move.
    - `min_count`: smaller numbers than this are not told.
    """

    source: str
    against: str
    members: int
    skipped: tuple[tuple[str, int], ...]
    before: Standing
    after: Outlook
    desired: Outlook | None
    margin: str
    near: Amount
    vendor: tuple[Move, ...] | None
    between: Amount
    acts: str
    min_count: int = 0

    @property
    def outlooks(self) -> tuple[Outlook, ...]:
        """The ladder after apply and, where it is another one, that of the files."""
        return (self.after,) if self.desired is None else (self.after, self.desired)

    @property
    def vendor_differs(self) -> Amount:
        """How many the vendor holds in another tier than the rule; None where that is not known, or not told."""
        return None if self.vendor is None else total(move.members for move in self.vendor)


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum; None where a part of it is not told."""
    together = 0
    for amount in amounts:
        if amount is None:
            return None
        together += amount
    return together
