"""Ladders to try a vendor with: drawn from a seed, so that a test that fails fails again."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from random import Random

from tierops.model import Range, Scale, Tier
from tierops.providers.contract.setup import Setup

_MOST = 6  # tiers
_HIGHEST = 10**6
# What a name may hold beside letters: what JSON, URLs, YAML and cursors write in a way of their own.
_ODD = (
    "",
    " ",
    "é",
    "ß",
    "ä",
    "金",
    "🥇",
    '"',
    "'",
    "\\",
    "/",
    "%2F",
    "#",
    "?",
    "&",
    "${",
    "<b>",
    "\t",
    ".",
    "-",
    "\u00ad",
)


def drawn(setup: Setup, seed: int) -> tuple[Tier, ...]:
    """One to six tiers with any names, any bounds and any blocks that the vendor can hold.

    Before them is the tier that the place is born with, where there is one.
    """
    random = Random(seed)
    scale = setup.scale
    starts = sorted({_amount(random, scale) for _ in range(random.randint(1, _MOST))})
    if setup.born and not starts[0]:
        starts = [*starts[1:], starts[-1] + 1]
    last = starts[-1] + _amount(random, scale) + 1 if scale.has_ends and random.random() < 0.5 else None
    names = (f"{random.choice(_ODD)}T{n}{random.choice(_ODD)}.{random.choice(_ODD)}" for n in range(len(starts)))
    return _tiers(setup, [*starts, last], tuple(names), random)


def rising(setup: Setup, number: int = 3) -> tuple[Tier, ...]:
    """Tiers T0, T1 … with decimals where the vendor has some, from 0 up or, where the place is born with one, above it.

    The last is open.
    """
    step = Decimal(100) if setup.scale.is_whole else Decimal("99.95")
    starts: list[Decimal | None] = [step * (n + bool(setup.born)) for n in range(number)]
    return _tiers(setup, [*starts, None], tuple(f"T{n}" for n in range(number)), Random(0))


def made(setup: Setup, tiers: Sequence[Tier]) -> tuple[Tier, ...]:
    """The tiers of a ladder without the one that the place is born with."""
    return tuple(tiers[1:] if setup.born else tiers)


def _tiers(setup: Setup, ends: Sequence[Decimal | None], names: Sequence[str], random: Random) -> tuple[Tier, ...]:
    born = (Tier(setup.born, Range(Decimal(0), ends[0])),) if setup.born else ()
    return born + tuple(
        Tier(name, Range(*bounds), setup.vendor.fields(setup.blocks(random), setup.fields, index))
        for index, (name, bounds) in enumerate(zip(names, pairwise(ends), strict=True), len(born))
    )


def _amount(random: Random, scale: Scale) -> Decimal:
    places = 2 if scale.places is None else scale.places
    units = random.choice([0, random.randint(0, 999), random.randint(0, _HIGHEST * 10**places)])
    return Decimal(units).scaleb(-places)
