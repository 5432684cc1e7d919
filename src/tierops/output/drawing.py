"""Where the parts of a drawn ladder go: live above desired on one scale, in bands that fit a page. Pure geometry.

Ladders are wildly uneven (0, 10, 1,000,000), so the scale is not linear: every range between two bounds is as wide as
any other, and the bounds are written below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple
from unicodedata import east_asian_width

from tierops.model import Kind, LiveTier, Range, Scale, TargetPlan, Tier, digits
from tierops.output import ladder, view
from tierops.output.ladder import Row
from tierops.output.words import count, meaning, shortened

WIDTH = 960  # of a band, in the drawing's own units
_LEFT = 72  # for the names of the lanes
_RIGHT = 24
_PER_BAND = 8  # ranges side by side; narrower ones would hold no name
_BAR, _GAP = 42, 6
_STRIP = 18  # below a lane, for its overlaps
_MOST_ROWS = 4  # of bars that overlap one another
_ARROW = 12
_PAD = 10
_SHARE, _BOLD = 0.62, 0.69  # of the font size, the width of an ordinary character


class Bar(NamedTuple):
    """A tier, or a piece of it where a band ends. `outline` is an SVG path; `kind` is empty where nothing changes."""

    x: float
    y: float
    width: float
    outline: str
    kind: str
    name: str
    range: str
    title: str


class Mark(NamedTuple):
    """A place that needs a look: `gap`, `none` (beyond the ladder), `overlap` or `alike`, with its label."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    label: str


class Tick(NamedTuple):
    """A bound on the scale."""

    x: float
    label: str


class Lane(NamedTuple):
    """The tiers of one side."""

    name: str
    y: float
    height: float


class Band(NamedTuple):
    """A stretch of the scale with both lanes."""

    height: float
    lanes: tuple[Lane, ...]
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]


class Drawing(NamedTuple):
    """All bands, low to high. `text` says the same in words, `note` what a reader must know of the scale."""

    bands: tuple[Band, ...]
    text: str
    note: str


class _Run(NamedTuple):
    """Neighbouring steps of a band that are in one tier; `last` is included."""

    name: str
    first: int
    last: int


def draw(target: TargetPlan) -> Drawing:
    """The ladders of a target. Of a long one, only what differs, and no more than `view.MOST_RUNGS` ranges of that."""
    steps = ladder.shortened(target, view.MOST_RUNGS)[::-1]
    drawn = steps[: view.MOST_RUNGS]
    kinds = {change.name: change.kind for change in target.changes}
    bands = [drawn[at : at + _PER_BAND] for at in range(0, len(drawn), _PER_BAND)]
    width = (WIDTH - _LEFT - _RIGHT) / max(1, min(len(drawn), _PER_BAND))
    note = f"{shortened(target.target.scale.unit)}; every range is drawn equally wide, whatever it spans"
    if len(steps) > len(drawn):
        note += f"; {count(len(steps) - len(drawn), 'range')} more in the table only"
    return Drawing(tuple(_band(band, target, kinds, width) for band in bands), _text(target), note)


def _band(steps: Sequence[Row], target: TargetPlan, kinds: Mapping[str, Kind], width: float) -> Band:
    bars: list[Bar] = []
    marks: list[Mark] = []
    lanes: list[Lane] = []
    y = float(_PAD)
    sides: tuple[tuple[str, Sequence[Tier | LiveTier]], ...] = (
        ("live", target.live.tiers),
        ("desired", target.target.tiers),
    )
    for side, (name, tiers) in enumerate(sides):
        ranges = {tier.name: tier.range for tier in tiers if not tier.range.is_empty}
        shown = {n: k for n, k in kinds.items() if side or k in {Kind.DIFFERS, Kind.UNMANAGED}}
        rows = _stacked(_runs([step.names[side] for step in steps]))
        for depth, row in enumerate(rows[:_MOST_ROWS]):
            for run in row:
                top = y + depth * (_BAR + _GAP)
                bars.append(_bar(run, steps, ranges, shown, top, width, scale=target.target.scale))
        height = max(1, min(len(rows), _MOST_ROWS)) * (_BAR + _GAP) - _GAP
        lanes.append(Lane(name, y, height))
        marks += _marks(steps, side, y, height, width, tuple(ranges.values()))
        y += height + (_STRIP if any(len(step.names[side]) > 1 for step in steps) else 0) + _PAD * (2 - side)
    edges = [Tick(_LEFT + at * width, _bound(step.range.lower)) for at, step in enumerate(steps)]
    edges.append(Tick(_LEFT + len(steps) * width, _bound(steps[-1].range.upper)))
    return Band(y + 26, tuple(lanes), tuple(bars), tuple(marks), tuple(edges))


def _runs(names: Sequence[tuple[str, ...]]) -> list[_Run]:
    runs: list[_Run] = []
    open_: dict[str, int] = {}
    for at, present in enumerate((*names, ())):
        runs += [_Run(name, open_.pop(name), at - 1) for name in tuple(open_) if name not in present]
        for name in present:
            open_.setdefault(name, at)
    return sorted(runs, key=lambda run: run.first)


def _stacked(runs: Sequence[_Run]) -> list[list[_Run]]:
    """The runs in as few rows as it takes that none covers another."""
    rows: list[list[_Run]] = []
    for run in runs:
        free = next((row for row in rows if row[-1].last < run.first), None)
        if free is None:
            rows.append([run])
        else:
            free.append(run)
    return rows


def _bar(
    run: _Run,
    steps: Sequence[Row],
    ranges: Mapping[str, Range],
    kinds: Mapping[str, Kind],
    y: float,
    step: float,
    *,
    scale: Scale,
) -> Bar:
    x, width = _LEFT + run.first * step + 2, (run.last - run.first + 1) * step - 4
    range_ = ranges[run.name]
    opens_low = range_.lower is None and steps[run.first].range.lower is None
    opens_high = range_.upper is None and steps[run.last].range.upper is None
    kind = kinds.get(run.name)
    name = f"{kind.symbol} {shortened(run.name)}" if kind else shortened(run.name)
    span = scale.span(range_)
    change = f" ({meaning(kind, is_planned=True)})" if kind else ""
    room = width - 2 * _PAD - _ARROW * (opens_low + opens_high)
    return Bar(
        x + (_ARROW if opens_low else 0),
        y,
        width,
        _outline(x, y, width, opens_low=opens_low, opens_high=opens_high),
        kind.value if kind else "",
        _fitted(name, room / (14 * (_BOLD if kind else _SHARE))),
        _fitted(span, room / (12 * _SHARE)),
        f"{shortened(run.name, 200)}: {span}{change}",
    )


def _outline(x: float, y: float, width: float, *, opens_low: bool, opens_high: bool) -> str:
    """A box, with a point on each side on which the range has no end."""
    middle, bottom, right = y + _BAR / 2, y + _BAR, x + width
    left = f"L{x + _ARROW:g},{bottom:g}L{x:g},{middle:g}L{x + _ARROW:g},{y:g}" if opens_low else f"L{x:g},{bottom:g}"
    end = f"L{right - _ARROW:g},{y:g}L{right:g},{middle:g}L{right - _ARROW:g},{bottom:g}"
    top = end if opens_high else f"L{right:g},{y:g}L{right:g},{bottom:g}"
    return f"M{x + (_ARROW if opens_low else 0):g},{y:g}{top}{left}Z"


def _marks(
    steps: Sequence[Row], side: int, y: float, height: float, width: float, ranges: Sequence[Range]
) -> Iterator[Mark]:
    for at, step in enumerate(steps):
        x = _LEFT + at * width + 2
        is_new = at == 0 or bool(steps[at - 1].names[side]) or steps[at - 1].alike > 0
        if step.alike:
            yield Mark(x, y, width - 4, _BAR, "alike", f"⋮ {step.alike:,} alike")
        elif not step.names[side]:
            if not is_new:  # one hole, however many ranges of the other side it spans
                continue
            kind, label = ("gap", "gap") if _is_between(step.range, ranges) else ("none", "no tier")
            length = next(
                (n for n, later in enumerate(steps[at:]) if later.names[side] or later.alike), len(steps) - at
            )
            yield Mark(x, y, length * width - 4, _BAR, kind, label)
        elif (tiers := len(step.names[side])) > 1:
            label = "overlap" if tiers == 2 else f"overlap of {tiers:,}"
            yield Mark(x, y + height + 2, width - 4, _STRIP - 3, "overlap", label)


def _is_between(hole: Range, ranges: Sequence[Range]) -> bool:
    """True where there is a range below the hole and one above it."""
    if hole.lower is None or hole.upper is None:
        return False
    is_above_one = any(range_.upper is not None and range_.upper <= hole.lower for range_ in ranges)
    return is_above_one and any(range_.lower is not None and range_.lower >= hole.upper for range_ in ranges)


def _bound(value: Decimal | None) -> str:
    return "" if value is None else shortened(digits(value), 16)


def _fitted(text: str, room: float) -> str:
    """The text in so many characters of ordinary width; the drawing clips what still is too long."""
    used = 0.0
    for at, character in enumerate(text):
        is_wide = character in "MWmw@%" or east_asian_width(character) in "WF"
        used += 1.9 if is_wide else 1.2 if character.isupper() else 1
        if used > room:
            return text[: max(0, at - 1)] + "…"
    return text


def _text(target: TargetPlan) -> str:
    sides: tuple[tuple[str, Sequence[Tier | LiveTier]], ...] = (
        ("live", target.live.tiers),
        ("desired", target.target.tiers),
    )
    lanes = []
    for name, tiers in sides:
        ranges = (f"{tier.name} {target.target.scale.span(tier.range)}" for tier in tiers[:100])
        lanes.append(f"{name}: {', '.join(ranges) or 'no tiers'}")
    return shortened(f"Ladders in {target.target.scale.unit}; {'; '.join(lanes)}", 1500)
