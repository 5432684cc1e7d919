"""The proofs over one ladder: each a function from rungs to flaws. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise, zip_longest
from typing import NamedTuple, TypeAlias

from tierops.model import LiveTier, Scale, Severity, Tier, digits, rounded
from tierops.text import names

Rung = Tier | LiveTier
Part: TypeAlias = tuple[Rung, tuple[str, ...]]

# What published ladders write for an end that is open, beside nines and powers of ten: the largest numbers of machines.
_LARGEST = frozenset({2**31 - 1, 2**32 - 1, 2**53 - 1})
_FEWEST_NINES = 5
_FEWEST_NOUGHTS = 6


class Flaw(NamedTuple):
    """A rule that a ladder breaks, the rung that breaks it, and the member whom it would hurt.

    `parts` are those of rungs that it comes of, the likeliest first, each by its path. It is found at the rung, unless
    one of them is what a single target has otherwise; or, with `is_of_value`, at the first part.
    """

    rule: str
    rung: Rung
    message: str
    member: str = ""
    severity: Severity = Severity.ERROR
    parts: tuple[Part, ...] = ()
    is_of_value: bool = False


def overlaps(ladder: Iterable[Rung], scale: Scale) -> Iterator[Flaw]:
    """Two rungs that some balance is in. One flaw for each rung that starts inside a lower one."""
    for below, rung in _neighbours(ladder):
        if below.range.meets(rung.range):
            who = member(rung.range.lower, scale) if rung.range.lower is not None else "every member"
            yield Flaw(
                "ladder-overlap",
                rung,
                f"{rung.name} overlaps {below.name}",
                f"{who} would be in {below.name} and in {rung.name}",
                parts=_parts((rung, "from"), (below, "end")),
            )


def gaps(ladder: Iterable[Rung], scale: Scale) -> Iterator[Flaw]:
    """Balances between two rungs that no rung holds. Below the lowest and above the highest is no gap."""
    for below, rung in _neighbours(ladder):
        start, end = below.range.upper, rung.range.lower
        if start is not None and end is not None and start < end:
            between = f"{scale.number(start)} up to {scale.number(end)}"
            yield Flaw(
                "ladder-gap",
                rung,
                f"nothing between {below.name} and {rung.name}: {between} is in no tier",
                f"{member(start, scale)} would be in no tier",
                parts=_parts((rung, "from"), (below, "end")),
            )


def outsiders(ladder: Iterable[Rung], scale: Scale) -> Iterator[Flaw]:
    """Members below the lowest rung, and those above a highest one whose end was hardly meant for one. Notes."""
    rungs = [rung for rung in ladder if not rung.range.is_empty]
    lowest, highest = min(rungs, key=_lower, default=None), max(rungs, key=_upper, default=None)
    if lowest is not None and (start := lowest.range.lower) is not None and start > 0 and scale.fits(start):
        yield Flaw(
            "ladder-gap",
            lowest,
            f"nothing below {lowest.name}, which starts at {scale.number(start)}: is it to start at 0?",
            f"{member(Decimal(0), scale)} would be in no tier",
            Severity.NOTE,
            _parts((lowest, "from")),
            is_of_value=True,
        )
    if highest is not None and (end := highest.range.upper) is not None and _stands_for_none(end, scale):
        yield Flaw(
            "ladder-gap",
            highest,
            f"{highest.name} ends {_end(end, scale)}; leave its end out if none is meant, for the last tier is open",
            f"{member(end, scale)} would be in no tier",
            Severity.NOTE,
            _parts((highest, "end")),
            is_of_value=True,
        )


def similar_names(ladder: Iterable[Rung]) -> Iterator[Flaw]:
    """Names that people take for another one's: they differ in case, blanks, quotes or in what nobody sees."""
    seen: dict[str, Rung] = {}
    for rung in ladder:
        first = seen.setdefault(names.folded(rung.name), rung)
        if first.name != rung.name:
            how = names.difference(rung.name, first.name)
            message = f"{rung.name!r} reads like {first.name!r}: they differ {how}"
            yield Flaw("similar-name", rung, message, parts=_parts((rung, "name"), (first, "name")))


def unclear_names(ladder: Iterable[Rung]) -> Iterator[Flaw]:
    """Names of which nobody sees a character, and those with blanks that a vendor may take away."""
    for rung in ladder:
        parts = _parts((rung, "name"))
        if not names.has_visible(rung.name):
            yield Flaw("schema", rung, f"the name {rung.name!a} has no visible character", parts=parts)
        elif rung.name != " ".join(rung.name.split()):
            message = f"{rung.name!r} has blanks at an end, or several in a row, which a vendor may take away"
            yield Flaw("similar-name", rung, message, severity=Severity.NOTE, parts=parts)


def duplicate_names(ladder: Iterable[Rung]) -> Iterator[Flaw]:
    """A name that an earlier rung has."""
    seen: dict[str, Rung] = {}
    for rung in ladder:
        first = seen.setdefault(rung.name, rung)
        if first is not rung:
            parts = _parts((rung, "name"), (first, "name"))
            yield Flaw("duplicate-tier", rung, f"a second tier is named {rung.name!r}", parts=parts)


def order(ladder: Sequence[Rung], scale: Scale) -> Iterator[Flaw]:
    """Rungs that do not start above the one before; a ladder that was written from high to low is one flaw."""
    neighbours = list(pairwise(ladder))
    if len(neighbours) > 1 and all(_lower(rung) < _lower(before) for before, rung in neighbours):
        message = f"the tiers are written from high to low; write them from low to high, {ladder[-1].name} first"
        yield Flaw("tier-order", ladder[1], message)
        return
    for before, rung in neighbours:
        start, start_before = _lower(rung), _lower(before)
        if start <= start_before:
            message = f"{rung.name} starts at {scale.number(start)}, not above {before.name}"
            parts = _parts((rung, "from"), (before, "from"))
            yield Flaw("tier-order", rung, f"{message}, which starts at {scale.number(start_before)}", parts=parts)


def empty(ladder: Sequence[Rung], scale: Scale) -> Iterator[Flaw]:
    """Rungs that no balance is in."""
    for rung, above in zip_longest(ladder, ladder[1:]):
        # An upper end derived from a next tier that starts too low is that tier's fault: tier-order says so.
        is_derived = above is not None and rung.range.upper == above.range.lower
        if rung.range.is_empty and not is_derived:
            end = _upper(rung)
            message = f"{rung.name} is empty: it starts at {scale.number(_lower(rung))} and ends {_end(end, scale)}"
            if end <= 1:  # `to: -1` and `to: 0` are how others say that there is no end
                open_ = "the last tier is open" if above is None else f"it then ends where {above.name} starts"
                message += f"; leave the end out if none is meant: {open_}"
            yield Flaw("empty-range", rung, message, parts=_parts((rung, "end")), is_of_value=True)


def unfit(ladder: Iterable[Rung], scale: Scale) -> Iterator[Flaw]:
    """Bounds with more decimals than a balance has. An end that is where another rung starts is a bound of that one."""
    rule = "whole-numbers" if scale.is_whole else "not-representable"
    kind = "whole numbers" if scale.is_whole else f"numbers with {scale.places} decimals at most"
    rungs = tuple(ladder)
    starts = {rung.range.lower for rung in rungs}
    for rung in rungs:
        for bound, name in ((rung.range.lower, "from"), (rung.range.upper, "end")):
            if bound is not None and not scale.fits(bound) and (name == "from" or bound not in starts):
                message = f"{rung.name} has the bound {digits(bound)}, but {scale.unit} are {kind} there"
                yield Flaw(rule, rung, message, parts=_parts((rung, name)), is_of_value=True)
                break


def inexact(ladder: Iterable[Rung]) -> Iterator[Flaw]:
    """Numbers in fields that come back as others from a vendor that keeps them as doubles. Warnings.

    No vendor says that it keeps more; where one does not, the difference stays, for no API can change such a tier.
    """
    for rung in ladder:
        for path, number in rounded(rung.fields):
            message = (
                f"{rung.name} has {'.'.join(path)} {digits(number)}, more digits than a double has: a vendor that reads"
                f" it as one keeps {_as_double(number)}; quote it, or write fewer digits"
            )
            yield Flaw("not-representable", rung, message, "", Severity.WARNING, ((rung, path),), is_of_value=True)


def other_ends(ladder: Iterable[Rung], held: Iterable[Rung], scale: Scale) -> Iterator[Flaw]:
    """Rungs of a ladder that end elsewhere where the vendor holds them; `held` has them in the same order."""
    for rung, kept in zip(ladder, held, strict=True):
        if rung.range != kept.range and not rung.range.is_empty:
            ranges = f"{scale.span(kept.range)} there, not {scale.span(rung.range)}"
            message = f"{rung.name} would be {ranges}: the vendor keeps only where a tier starts"
            yield Flaw("not-representable", rung, message, parts=_parts((rung, "end")), is_of_value=True)


def _neighbours(ladder: Iterable[Rung]) -> Iterator[tuple[Rung, Rung]]:
    """Each rung with the one below it that reaches highest; rungs that hold no balance are left out."""
    below: Rung | None = None
    for rung in sorted((rung for rung in ladder if not rung.range.is_empty), key=_lower):
        if below is not None:
            yield below, rung
        if below is None or _upper(rung) >= _upper(below):
            below = rung


def _upper(rung: Rung) -> Decimal:
    return Decimal("Infinity") if rung.range.upper is None else rung.range.upper


def _lower(rung: Rung) -> Decimal:
    return Decimal("-Infinity") if rung.range.lower is None else rung.range.lower


def _end(end: Decimal, scale: Scale) -> str:
    return f"at {digits(end - 1)}" if scale.is_whole and scale.fits(end) else f"below {scale.number(end)}"


def member(balance: Decimal, scale: Scale) -> str:
    """Somebody with this balance: `a member with 250 points`, `a member with a lifetime spend of 99.50`."""
    return f"a member with {scale.amount(balance)}"


def _parts(*named: tuple[Rung, str]) -> tuple[Part, ...]:
    return tuple((rung, (name,)) for rung, name in named)


def _stands_for_none(end: Decimal, scale: Scale) -> bool:
    """Whether an end (exclusive) is a number that people write because their system knows no open one."""
    for bound in (end, end - 1) if scale.is_whole else (end,):
        text = digits(bound).replace(".", "")
        if bound in _LARGEST or (len(text) >= _FEWEST_NINES and set(text) == {"9"}):
            return True
        if len(text) > _FEWEST_NOUGHTS and text[0] == "1" and set(text[1:]) == {"0"}:
            return True
    return False


def _as_double(number: int | Decimal) -> str:
    try:
        return digits(Decimal(repr(float(number))))
    except OverflowError:
        return "none at all"
