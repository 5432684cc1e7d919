"""Small numbers kept back, and with each so many others that nobody finds it by subtraction. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from tierops.model import Impact, Move, Outlook, Standing
from tierops.model.impact import Amount

_Cell: TypeAlias = tuple[str, str | None, str | None]
_UP, _DOWN, _JOIN, _LEAVE = "up", "down", "join", "leave"


def hide(impact: Impact, least: int) -> Impact:
    """The impact without numbers from 1 up to, not including, `least`.

    In a table, a number that is kept back can be found from its row or column. So of each line that adds up and has
    one of them, the next smallest is kept back, too, until every line has none or two.
    """
    if least <= 1:
        return impact
    tables = [_table(impact, outlook) for outlook in impact.outlooks]
    cells = {cell: number for table, _ in tables for cell, number in table.items()}
    hidden = _closed(cells, [line for _, lines in tables for line in lines], least)

    def kept(cell: _Cell, number: Amount) -> Amount:
        return None if cell in hidden else number

    def outlook(number: int, one: Outlook) -> Outlook:
        return Outlook(
            standing(f"after{number}", one.standing),
            tuple(m._replace(members=kept((f"move{number}", m.before, m.after), m.members)) for m in one.moves),
            *(
                kept((f"{way}{number}", None, None), amount)
                for way, amount in zip((_UP, _DOWN, _JOIN, _LEAVE), one[2:], strict=True)
            ),
        )

    def standing(side: str, one: Standing) -> Standing:
        return Standing(
            tuple((name, kept((side, name, None), members)) for name, members in one.tiers),
            kept((side, None, None), one.in_no_tier),
            _small(one.in_two_tiers, least),
        )

    after, *rest = (outlook(number, one) for number, one in enumerate(impact.outlooks))
    return impact._replace(
        before=standing("before", impact.before),
        after=after,
        desired=rest[0] if rest else None,
        near=_small(impact.near, least),
        between=_small(impact.between, least),
        vendor=impact.vendor and tuple(move._replace(members=_small(move.members, least)) for move in impact.vendor),
        min_count=least,
    )


def _small(amount: Amount, least: int) -> Amount:
    return None if amount and amount < least else amount


def _closed(cells: Mapping[_Cell, int], lines: Iterable[Sequence[_Cell]], least: int) -> set[_Cell]:
    """The cells to keep back: the small ones, and those that would give one of them away."""
    hidden = {cell for cell, number in cells.items() if 0 < number < least}
    checked = [[cell for cell in line if cells.get(cell)] for line in lines]
    is_open = bool(hidden)
    while is_open:
        is_open = False
        for line in checked:
            told = [cell for cell in line if cell not in hidden]
            if len(line) - len(told) == 1 and told:
                hidden.add(min(told, key=lambda cell: (cells[cell], str(cell))))
                is_open = True
    return hidden


def _table(impact: Impact, outlook: Outlook) -> tuple[dict[_Cell, int], list[list[_Cell]]]:
    """The matrix of an outlook with its sums, and the lines in which they add up."""
    number = impact.outlooks.index(outlook)
    move, after = f"move{number}", f"after{number}"
    before = {name: members or 0 for name, members in _whole(impact.before)}
    ends = {name: members or 0 for name, members in _whole(outlook.standing)}
    moves = {(one.before, one.after): one.members or 0 for one in outlook.moves}
    stays = {(name, name): before[name] - _leaving(outlook.moves, name) for name in before if name in ends}
    matrix = moves | stays
    cells: dict[_Cell, int] = {(move, *pair): members for pair, members in matrix.items()}
    cells |= {("before", name, None): members for name, members in before.items()}
    cells |= {(after, name, None): members for name, members in ends.items()}
    ways: dict[str, list[_Cell]] = {_UP: [], _DOWN: [], _JOIN: [], _LEAVE: []}
    for one in outlook.moves:
        way = _JOIN if one.before is None else _LEAVE if one.after is None else _UP if (one.steps or 0) > 0 else _DOWN
        if one.steps != 0:
            ways[way].append((move, one.before, one.after))
    for way, amount in zip((_UP, _DOWN, _JOIN, _LEAVE), outlook[2:], strict=True):
        cells[f"{way}{number}", None, None] = amount or 0
    lines: list[list[_Cell]] = [[("before", name, None) for name in before], [(after, name, None) for name in ends]]
    lines += [[("before", name, None), *((move, *pair) for pair in matrix if pair[0] == name)] for name in before]
    lines += [[(after, name, None), *((move, *pair) for pair in matrix if pair[1] == name)] for name in ends]
    lines += [[(f"{way}{number}", None, None), *members] for way, members in ways.items()]
    return cells, lines


def _whole(standing: Standing) -> Iterable[tuple[str | None, Amount]]:
    return (*standing.tiers, (None, standing.in_no_tier))


def _leaving(moves: Iterable[Move], name: str | None) -> int:
    return sum(move.members or 0 for move in moves if move.before == name)
