"""Every engine gives the answer of plain comparison, on any ladders and members, edges first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from balances import NAMES, asked, take, tiers_of, write
from hypothesis import given, settings
from hypothesis import strategies as st

from tierops.model import Impact, Range, Tier

BOUNDS = [Decimal(text) for text in ("0", "0.01", "1", "49", "50", "99.50", "99.505", "250", "500.0000000001", "1e15")]
STEPS = [
    Decimal(text) for text in ("0", "0.01", "-0.01", "0.001", "-0.001", "0.0000000001", "-0.0000000001", "1", "-1")
]
EDGES = sorted({bound + step for bound in BOUNDS for step in STEPS if bound + step >= 0})


@st.composite
def ladders(draw: st.DrawFn) -> tuple[Tier, ...]:
    """Tiers with rising starts, each up to the next or to wherever: with gaps, overlaps and open ends."""
    starts = sorted(draw(st.sets(st.sampled_from(BOUNDS), min_size=1, max_size=len(NAMES))))
    nexts = [*starts[1:], None]
    tiers = []
    for name, start, following in zip(NAMES, starts, nexts, strict=False):
        others = [bound for bound in BOUNDS if bound > start]
        end = draw(st.one_of(st.just(following), st.sampled_from([None, *others])))
        tiers.append(Tier(name, Range(None if draw(st.integers(0, 9)) == 0 and start == starts[0] else start, end)))
    return tuple(tiers)


BALANCES = st.lists(
    st.one_of(
        st.sampled_from(EDGES),
        st.decimals(0, 1000, places=2, allow_nan=False),
        st.decimals(0, Decimal(10) ** 16, places=4, allow_nan=False),
    ),
    min_size=1,
    max_size=40,
)


def expected(balances: Sequence[Decimal], before: Sequence[Tier], after: Sequence[Tier]) -> dict[str, object]:
    """The answer, one member after the other. In two tiers, a member is counted in the higher one."""
    moves: Counter[tuple[str | None, str | None]] = Counter()
    counts: Counter[str | None] = Counter()
    doubled = 0
    for balance in balances:
        names = tiers_of(balance, before), tiers_of(balance, after)
        start, end = (inside[-1] if inside else None for inside in names)
        counts[end] += 1
        doubled += len(names[1]) > 1
        if start != end:
            moves[start, end] += 1
    return {
        "members": len(balances),
        "after": {one.name: counts[one.name] for one in after},
        "in_no_tier": counts[None],
        "in_two_tiers": doubled,
        "moves": dict(moves),
    }


def answered(impact: Impact) -> dict[str, object]:
    return {
        "members": impact.members,
        "after": dict(impact.after.standing.tiers),
        "in_no_tier": impact.after.standing.in_no_tier,
        "in_two_tiers": impact.after.standing.in_two_tiers,
        "moves": {(move.before, move.after): move.members for move in impact.after.moves},
    }


def check(engine: str, balances: list[Decimal], pairs: list[tuple[tuple[Tier, ...], tuple[Tier, ...]]]) -> None:
    """One count answers for all pairs of ladders."""
    with TemporaryDirectory() as folder:
        file = write(Path(folder, "members.csv"), {f"m{n}": balance for n, balance in enumerate(balances)})
        impacts = take(file, *(asked(*pair) for pair in pairs), margin="1", engine=engine)
    for impact, (before, after) in zip(impacts, pairs, strict=True):
        assert answered(impact) == expected(balances, before, after)
        bounds = {end for one in after for end in one.range if end is not None and end > 0}
        assert impact.near == sum(any(bound - 1 <= balance < bound + 1 for bound in bounds) for balance in balances)


PAIRS = st.tuples(ladders(), ladders())


@given(BALANCES, st.lists(PAIRS, min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_duckdb_compares_as_python_does(
    balances: list[Decimal], pairs: list[tuple[tuple[Tier, ...], tuple[Tier, ...]]]
) -> None:
    check("duckdb", balances, pairs)


@pytest.mark.usefixtures("spark")
@given(BALANCES, st.lists(PAIRS, min_size=8, max_size=8))
@settings(max_examples=3, deadline=None)
def test_spark_compares_as_python_does(
    balances: list[Decimal], pairs: list[tuple[tuple[Tier, ...], tuple[Tier, ...]]]
) -> None:
    check("spark", balances, pairs)


def test_every_edge_of_every_bound(engine: str) -> None:
    """All edges at once, in every ladder that two bounds make."""
    pairs = [(low, high) for low in BOUNDS for high in [*BOUNDS, None] if high is None or high > low]
    comparisons = [((Tier("A", Range(Decimal(0), low)), Tier("B", Range(low, high))),) for low, high in pairs]
    with TemporaryDirectory() as folder:
        file = write(Path(folder, "members.csv"), {f"m{n}": balance for n, balance in enumerate(EDGES)})
        impacts = take(file, *(asked(ladder, ladder) for (ladder,) in comparisons), engine=engine)
    for impact, (ladder,) in zip(impacts, comparisons, strict=True):
        assert answered(impact) == expected(EDGES, ladder, ladder)
