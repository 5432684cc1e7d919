"""Ladders and balances for tests of who moves, and the answer in plain Python that engines are held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from tierops.members import run
from tierops.members.axis import Comparison, Margin
from tierops.model import Impact, Range, Scale, Tier

NAMES = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth")
MONEY, POINTS = Scale("ltv", None), Scale("points", 0)


def ladder(*starts: str, names: Sequence[str] = NAMES) -> tuple[Tier, ...]:
    """Tiers that begin at these balances, each up to the next."""
    ends = [*starts[1:], None]
    return tuple(tier(name, *ends) for name, *ends in zip(names, starts, ends, strict=False))


def tier(name: str, lower: str | None, upper: str | None) -> Tier:
    return Tier(name, Range(*(None if end is None else Decimal(end) for end in (lower, upper))))


def asked(
    before: Sequence[Tier], after: Sequence[Tier], desired: Sequence[Tier] | None = None, scale: Scale = MONEY
) -> Comparison:
    return Comparison("club/shop", "live", before, after, after if desired is None else desired, scale)


def take(file: Path | str, *comparisons: Comparison, margin: str = "5%", **options: object) -> tuple[Impact, ...]:
    """Count a file, as a command does."""
    near = Margin(Decimal(margin.rstrip("%")), margin.endswith("%"))
    with run.opened(str(file), **options) as census:  # type: ignore[arg-type]
        return run.take(census, comparisons, near).impacts


def write(path: Path, balances: Mapping[str, Decimal]) -> Path:
    rows = "".join(f"{member},{balance:f}\n" for member, balance in balances.items())
    path.write_text(f"member_id,value\n{rows}")
    return path


def tiers_of(balance: Decimal, tiers: Iterable[Tier]) -> list[str]:
    """The tiers of a member, by nothing but comparison."""
    return [
        one.name
        for one in tiers
        if (one.range.lower is None or balance >= one.range.lower)
        and (one.range.upper is None or balance < one.range.upper)
    ]
