"""Tests that hold each end of each tier where it is, for a ladder that has none yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from tierops.model import Program, Scale, Suggestion, Target, digits
from tierops.promises.member_tests import holds

_FEWEST_PLACES = 2  # of a balance that may have any number of decimals


def suggest(program: Program) -> tuple[Suggestion, ...]:
    """For each end of each tier, the balances on both sides of it, low to high; without those that are tested already.

    A balance that is in two tiers at once, which no test can want, is left out.
    """
    homes: dict[Decimal, dict[str, str | None]] = {}  # by balance and target
    for target in program.targets:
        for value, tier in _at_ends(target):
            homes.setdefault(value, {})[target.name] = tier
    return tuple(one for value in sorted(homes) for one in _one_or_each(value, homes[value], program.targets))


def _one_or_each(value: Decimal, homes: dict[str, str | None], targets: Sequence[Target]) -> Iterator[Suggestion]:
    tested = {target.name for target in targets if any(test.value == value for test in target.tests)}
    if len(homes) == len(targets) and len(set(homes.values())) == 1 and not tested:
        yield Suggestion(value, next(iter(homes.values())))
        return
    for target, tier in homes.items():
        if target not in tested:
            yield Suggestion(value, tier, target if len(targets) > 1 else "")


def _at_ends(target: Target) -> Iterator[tuple[Decimal, str | None]]:
    ends = [end for tier in target.tiers for end in tier.range if end is not None]
    step = _step(target.scale, ends)
    for value in sorted({value for end in ends for value in ((end - step, end) if end else (end,))}):
        names = [tier.name for tier in target.tiers if holds(tier.range, value)]
        if len(names) < 2 and target.scale.fits(value):
            yield value, names[0] if names else None


def _step(scale: Scale, ends: Sequence[Decimal]) -> Decimal:
    """The smallest difference between two balances."""
    if scale.places is not None:
        return Decimal(1).scaleb(-scale.places)
    places = [len(digits(end).partition(".")[2]) for end in ends]
    return Decimal(1).scaleb(-max([_FEWEST_PLACES, *places]))
