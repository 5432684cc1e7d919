"""Small charts side by side, as SVG: seconds against programs, both by powers of ten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10

Series = Mapping[str, Sequence[tuple[float, float]]]
"""The points of each line, by its name."""

_WIDE, _HIGH, _LEFT, _TOP, _GAP = 180, 150, 46, 62, 22
_STYLE = """\
text{font:11px system-ui,sans-serif;fill:#1f2933}.h{font-weight:600;font-size:12px}.q{fill:#52606d}
.card{fill:#fff;stroke:#d9e0e6}.grid{stroke:#e4e9ee}.line{fill:none;stroke-width:2}
.s0{stroke:#0b6bcb;fill:#0b6bcb}.s1{stroke:#7b42bc;fill:#7b42bc}.s2{stroke:#b45309;fill:#b45309}
.line.s0,.line.s1,.line.s2{fill:none}
@media (prefers-color-scheme:dark){
text{fill:#e4e9ee}.q{fill:#a3b1bf}.card{fill:#161b22;stroke:#30363d}.grid{stroke:#2a313a}
.s0{stroke:#58a6ff;fill:#58a6ff}.s1{stroke:#c297ff;fill:#c297ff}.s2{stroke:#f0a04b;fill:#f0a04b}}
"""


def svg(title: str, panels: Mapping[str, Series]) -> str:
    """One panel for each entry, with the same axes. Each line has a mark of its own, so that colour is not needed."""
    names = list(dict.fromkeys(name for series in panels.values() for name in series))
    points = [point for series in panels.values() for line in series.values() for point in line]
    across, up = _Axis([x for x, _ in points], _WIDE), _Axis([y for _, y in points], _HIGH)
    wide = _LEFT + len(panels) * (_WIDE + _GAP)
    high = _TOP + _HIGH + 42
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img" aria-label="{escape(title)}">',
        f"<style>{_STYLE}</style>",
        f'<rect class="card" x=".5" y=".5" width="{wide - 1}" height="{high - 1}" rx="8"/>',
        *_legend(names),
    ]
    for number, (heading, series) in enumerate(panels.items()):
        left = _LEFT + number * (_WIDE + _GAP)
        parts += [f'<g transform="translate({left} {_TOP})">', *_grid(heading, across, up, has_scale=number == 0)]
        for name, line in series.items():
            parts += _line(names.index(name), [(across.at(x), _HIGH - up.at(y)) for x, y in line])
        parts.append("</g>")
    parts.append(
        f'<text class="q" x="{wide / 2:.0f}" y="{high - 10}" text-anchor="middle">programs of ten tiers</text>'
    )
    return "\n".join([*parts, "</svg>"]) + "\n"


class _Axis:
    """From the power of ten below all values to the one above them."""

    def __init__(self, values: Sequence[float], length: int) -> None:
        self._low, high = floor(log10(min(values))), ceil(log10(max(values)))
        self._length = length
        self._span = max(high - self._low, 1)

    def at(self, value: float) -> float:
        """Where a value is, from the start."""
        return (log10(value) - self._low) / self._span * self._length

    def ticks(self) -> list[float]:
        """The powers of ten."""
        return [10.0 ** (self._low + n) for n in range(self._span + 1)]


def _legend(names: Sequence[str]) -> list[str]:
    parts = []
    for number, name in enumerate(names):
        x = _LEFT + number * 120
        parts += [_mark(number, x + 6, 20), f'<text x="{x + 18}" y="24">{escape(name)}</text>']
    return parts


def _grid(heading: str, across: _Axis, up: _Axis, *, has_scale: bool) -> list[str]:
    parts = [f'<text class="h" x="0" y="-12">{escape(heading)}</text>']
    for tick in up.ticks():
        y = _HIGH - up.at(tick)
        parts.append(f'<path class="grid" d="M0 {y:.1f}H{_WIDE}"/>')
        if has_scale:
            parts.append(f'<text class="q" x="-6" y="{y + 4:.1f}" text-anchor="end">{tick:g} s</text>')
    for tick in across.ticks():
        x = across.at(tick)
        parts.append(f'<text class="q" x="{x:.1f}" y="{_HIGH + 16}" text-anchor="middle">{tick:g}</text>')
    return parts


def _line(number: int, points: Sequence[tuple[float, float]]) -> list[str]:
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return [f'<path class="line s{number}" d="M{path}"/>', *(_mark(number, x, y) for x, y in points)]


def _mark(number: int, x: float, y: float) -> str:
    """A disc, a square, a diamond."""
    kind = f'class="s{number}"'
    if number == 0:
        return f'<circle {kind} cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'
    turn = f' transform="rotate(45 {x:.1f} {y:.1f})"' if number == 2 else ""
    return f'<rect {kind} x="{x - 3:.1f}" y="{y - 3:.1f}" width="6" height="6"{turn}/>'
