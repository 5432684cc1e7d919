"""Where the parts of the picture of who moves go: tiers before on the left, after on the right, and people between.

Pure geometry. What it shows is told apart by words and outline, not by colour: each ribbon that moves has its label.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from tierops.model import Impact, Move, Outlook, Standing
from tierops.output import impact as words
from tierops.output.words import shortened

WIDTH = 960
_LEFT, _RIGHT, _BAR = 210, 732, 18  # where the bars begin, and how wide they are
_HEIGHT = 300  # for all members together
_LEAST = 18  # of a bar, so that its label has a line of its own
_GAP = 12
_TOP = 34
_LABEL = 13  # height from which a ribbon has room for its label
_MOST = 12  # tiers on a side
_Size: TypeAlias = tuple[str | None, int]


class Bar(NamedTuple):
    """A tier on one side, or those in none; `x` of the label is where the text begins or ends."""

    x: float
    y: float
    height: float
    label_x: float
    label: str
    kind: str


class Ribbon(NamedTuple):
    """People who go from one bar to another. `outline` is an SVG path; the label is empty where it has no room."""

    outline: str
    kind: str
    title: str
    label: str
    label_y: float


class Flow(NamedTuple):
    """A picture, and the same in words."""

    height: float
    before: str
    after: str
    left: tuple[Bar, ...]
    right: tuple[Bar, ...]
    ribbons: tuple[Ribbon, ...]
    text: str


def draw(impact: Impact, outlook: Outlook, titles: tuple[str, str]) -> Flow | None:
    """The picture; None where nobody moves, where a number is kept back, and for ladders too long to be looked at."""
    sizes = [_sizes(impact.before), _sizes(outlook.standing)]
    if not outlook.moves or not all(sizes) or any(len(size) > _MOST for size in sizes):
        return None
    pairs = _pairs(dict(sizes[0]), outlook.moves)
    if pairs is None:
        return None
    left, right = (_stack(size, x, impact) for size, x in zip(sizes, (_LEFT, _RIGHT), strict=True))
    height = max(bar.y + bar.height for bar in (*left.values(), *right.values())) + 16
    return Flow(
        height,
        shortened(titles[0], 40),
        shortened(titles[1], 40),
        tuple(left.values()),
        tuple(right.values()),
        tuple(_ribbons(pairs, left, right, dict(sizes[0]), dict(sizes[1]), impact)),
        "; ".join(words.moves(impact, outlook)),
    )


def _sizes(standing: Standing) -> list[_Size]:
    """The tiers from the highest down, then those who are in none; nothing where one is not told."""
    tiers = [*reversed(standing.tiers), *([(None, standing.in_no_tier)] if standing.in_no_tier != 0 else [])]
    return (
        [(name, members) for name, members in tiers if members is not None]
        if all(members is not None for _, members in tiers)
        else []
    )


def _pairs(before: dict[str | None, int], moves: Sequence[Move]) -> list[Move] | None:
    """The moves with those who stay, from the highest tier down on both sides."""
    if any(move.members is None for move in moves):
        return None
    left = {name: n - sum(m.members or 0 for m in moves if m.before == name) for name, n in before.items()}
    return [*(Move(name, name, n, 0) for name, n in left.items() if n), *moves]


def _stack(sizes: Sequence[_Size], x: float, impact: Impact) -> dict[str | None, Bar]:
    bars: dict[str | None, Bar] = {}
    y = float(_TOP)
    is_left = x == _LEFT
    for name, members in sizes:
        height = max(_LEAST, _HEIGHT * members / max(1, impact.members))
        label = f"{shortened(name, 22) if name else words.NO_TIER}  {members:,}"
        label_x = x - 8 if is_left else x + _BAR + 8
        bars[name] = Bar(x, y, height, label_x, label, "" if name else "none")
        y += height + _GAP
    return bars


def _ribbons(
    pairs: Sequence[Move],
    left: dict[str | None, Bar],
    right: dict[str | None, Bar],
    before: dict[str | None, int],
    after: dict[str | None, int],
    impact: Impact,
) -> list[Ribbon]:
    order = {name: n for n, name in enumerate(right)}
    start = {name: bar.y for name, bar in left.items()}
    end = {name: bar.y for name, bar in right.items()}
    heights: dict[tuple[str | None, str | None], tuple[float, float, float, float]] = {}
    # Seen from the right, people come from above first: so no two ribbons into one bar cross.
    for move in sorted(pairs, key=lambda one: (list(left).index(one.before), order[one.after])):
        members = move.members or 0
        leaving = left[move.before].height * members / before[move.before]
        coming = right[move.after].height * members / after[move.after]
        heights[move.before, move.after] = (start[move.before], leaving, end[move.after], coming)
        start[move.before] += leaving
        end[move.after] += coming
    return [_ribbon(move, heights[move.before, move.after], impact) for move in pairs]


def _ribbon(move: Move, place: tuple[float, float, float, float], impact: Impact) -> Ribbon:
    y, leaving, target, coming = place
    x, far, middle = _LEFT + _BAR, _RIGHT, (_LEFT + _BAR + _RIGHT) / 2
    outline = (
        f"M{x:g},{y:.1f}C{middle:g},{y:.1f},{middle:g},{target:.1f},{far:g},{target:.1f}"
        f"V{target + coming:.1f}C{middle:g},{target + coming:.1f},{middle:g},{y + leaving:.1f},{x:g},{y + leaving:.1f}Z"
    )
    if move.before == move.after:
        title = f"{words.amount(impact, move.members)} stay in {words.tier_name(move.before)}"
        return Ribbon(outline, "stay", title, "", 0)
    kind = words.way(move)
    amount, end = words.amount(impact, move.members), words.tier_name(move.after)
    title = f"{amount} {words.tier_name(move.before)} → {end} ({kind})"
    what = {"join": f"join {end}", "leave": "leave"}.get(kind, f"{kind} to {end}")
    label = f"{amount} {what}" if leaving >= _LABEL else ""
    return Ribbon(outline, kind.partition(" ")[0], title, label, y + leaving / 2 + 4)
