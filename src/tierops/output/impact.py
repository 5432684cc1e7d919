"""Who moves, in words: the sentence for a manager, the rows of the matrix, and what else a reviewer must know. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tierops.model import Impact, Move, Outlook
from tierops.model.impact import Amount, total
from tierops.output.report import Moved, Report
from tierops.output.words import count, shortened

NO_TIER = "no tier"
_MOST_MOVES = 12  # told one by one
_MOST_VENDOR = 5
_MOST_TIERS = 30  # of a matrix


class Matrix(NamedTuple):
    """From which tier (a row) to which (a column): how many members. The last row and column are the sums.

    `cells` are texts, `·` is nobody.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def sentences(impact: Impact) -> tuple[str, ...]:
    """What a manager reads first: `4,191 of 23,570 members (17.8 %) drop one tier; nobody rises.`"""
    if not impact.against:
        return (_shares(impact),)
    if impact.desired is None:
        return (_sentence(impact, impact.after),)
    return (
        f"After apply: {_sentence(impact, impact.after)}",
        f"Once live is as the files want it: {_sentence(impact, impact.desired)}",
    )


def every(report: Report) -> tuple[Moved, ...]:
    """Who moves, of all that a report is about: what was compared, or each target of a plan with members."""
    if report.impacts is not None or report.plan is None or not report.is_planned:
        return report.impacts or ()
    planned = report.plan.targets
    return tuple(Moved(target.address, "after apply", target.impact) for target in planned if target.impact)


def headline(impact: Impact, address: str, *, is_alone: bool) -> str:
    """The sentences of one target in a summary."""
    text = " ".join(sentences(impact))
    return text if is_alone else f"{shortened(address, 200)}: {text}"


def notes(impact: Impact) -> Iterator[str]:
    """What else there is to know, a sentence each."""
    places = (" after apply", " as the files want it") if impact.desired else ("",)
    for where, outlook in zip(places, impact.outlooks, strict=True):
        standing = outlook.standing
        if standing.in_no_tier != 0:
            yield f"{_members(impact, standing.in_no_tier)} in no tier{where}."
        if standing.in_two_tiers != 0:
            yield f"{_members(impact, standing.in_two_tiers)} in two tiers at once{where}, counted in the higher one."
    if impact.near != 0:
        yield f"{_members(impact, impact.near)} within {_margin(impact.margin)} of a bound."
    if impact.between != 0:
        yield (
            f"{_members(impact, impact.between)} between the last whole number of a tier and the next tier; balances"
            " are whole numbers there, and what becomes of a fraction is the vendor's affair."
        )
    yield from _vendor(impact)
    if impact.skipped:
        reasons = ", ".join(f"{rows:,} {shortened(reason, 200)}" for reason, rows in impact.skipped)
        amount = sum(rows for _, rows in impact.skipped)
        yield f"{count(amount, 'row')} left out of the count ({reasons})."
    if impact.acts:
        yield shortened(impact.acts, 600)
    if impact.min_count > 1:
        least = f"{impact.min_count:,}"
        yield f"Numbers below {least} are kept back, and others that would give them away: {_hidden(impact)}."


def named_outlooks(impact: Impact) -> tuple[tuple[str, Outlook], ...]:
    """Each outlook with the title of its matrix: from the tiers before, down, to those after, across."""
    if impact.desired is None:
        return (("from ↓ to →", impact.after),)
    return (("live ↓ after apply →", impact.after), ("live ↓ files →", impact.desired))


def matrix(impact: Impact, outlook: Outlook, title: str) -> Matrix | None:
    """Who moves from where to where, with those who stay and the sums; None where that is too large to be read."""
    if max(len(impact.before.tiers), len(outlook.standing.tiers)) > _MOST_TIERS:
        return None
    starts: list[str | None] = [name for name, _ in impact.before.tiers]
    ends: list[str | None] = [name for name, _ in outlook.standing.tiers]
    if impact.before.in_no_tier != 0 or any(move.before is None for move in outlook.moves):
        starts.append(None)
    if outlook.standing.in_no_tier != 0 or any(move.after is None for move in outlook.moves):
        ends.append(None)
    sums = dict(impact.before.tiers) | {None: impact.before.in_no_tier}
    reached = dict(outlook.standing.tiers) | {None: outlook.standing.in_no_tier}
    moved = {(move.before, move.after): move.members for move in outlook.moves}

    def cell(start: str | None, end: str | None) -> str:
        if start == end:
            return amount(impact, _stay(sums[start], start, outlook.moves))
        return amount(impact, moved.get((start, end), 0))

    rows = [(tier_name(start), (*(cell(start, end) for end in ends), amount(impact, sums[start]))) for start in starts]
    rows.append(("together", (*(amount(impact, reached[end]) for end in ends), f"{impact.members:,}")))
    return Matrix(title, (*map(tier_name, ends), "together"), tuple(rows))


def moves(impact: Impact, outlook: Outlook) -> Iterator[str]:
    """The moves one by one, the largest first: `2,806 Second → First`."""
    for move in outlook.moves[:_MOST_MOVES]:
        yield f"{amount(impact, move.members)} {tier_name(move.before)} → {tier_name(move.after)} ({way(move)})"
    if len(outlook.moves) > _MOST_MOVES:
        rest = total(move.members for move in outlook.moves[_MOST_MOVES:])
        yield f"{amount(impact, rest)} in {count(len(outlook.moves) - _MOST_MOVES, 'further move')}"


def way(move: Move) -> str:
    """In a word, what a move is for those who make it."""
    if move.steps is None:
        return "join" if move.before is None else "leave"
    return "rise" if move.steps > 0 else "drop" if move.steps < 0 else "another name"


def amount(impact: Impact, members: Amount) -> str:
    """A number in a table."""
    return _hidden(impact) if members is None else f"{members:,}" if members else "·"


def heading(moved: Moved) -> str:
    """What was compared: `coffee-club/main: live → after apply`."""
    against = moved.impact.against
    return shortened(
        f"{moved.address}: {against} → {moved.label}" if against else f"{moved.address}: {moved.label}", 200
    )


def side_by_side(moved: Sequence[Moved]) -> Matrix | None:
    """Several ladders beside the one that all of them are compared with: members by tier, then how many move."""
    if len(moved) < 2 or len({(one.impact.against, one.impact.before) for one in moved}) > 1:
        return None
    first = moved[0].impact
    standings = [first.before, *(one.impact.after.standing for one in moved)]
    names = dict.fromkeys(name for standing in standings for name, _ in standing.tiers)
    rows = [
        (tier_name(name), tuple(amount(first, dict(standing.tiers).get(name, 0)) for standing in standings))
        for name in names
    ]
    rows.append((NO_TIER, tuple(amount(first, standing.in_no_tier) for standing in standings)))
    rows += [
        (word, ("", *(amount(first, getattr(one.impact.after, word)) for one in moved)))
        for word in ("upgrades", "downgrades", "joiners", "leavers")
    ]
    columns = (shortened(first.against), *(shortened(one.label) for one in moved))
    return Matrix("members", columns, tuple(rows))


def _sentence(impact: Impact, outlook: Outlook) -> str:
    moving = total(move.members for move in outlook.moves)
    if moving == 0:
        return f"Nobody moves: all {count(impact.members, 'member')} stay where they are."
    parts = [
        _part(impact, outlook.downgrades, _by(outlook, -1)),
        _part(impact, outlook.upgrades, _by(outlook, 1)),
        _part(impact, outlook.joiners, ("joins the ladder", "join the ladder")),
        _part(impact, outlook.leavers, ("falls out of every tier", "fall out of every tier")),
        _part(impact, _renamed(outlook), ("gets a tier of another name", "get a tier of another name")),
    ]
    told = [part for part in parts if part]
    first, *rest = told
    if outlook.upgrades == 0 and outlook.downgrades != 0:
        rest.append("nobody rises")
    if outlook.downgrades == 0 and outlook.leavers == 0:
        rest.append("nobody drops")
    return "; ".join([first.replace(" ", f" of {count(impact.members, 'member')} ", 1), *rest]) + "."


def _part(impact: Impact, members: Amount, verbs: tuple[str, str]) -> str:
    if members == 0:
        return ""
    if members is None:
        return f"{_hidden(impact)} {verbs[1]}"
    share = 100 * members / impact.members
    percent = f"{share:.1f}" if share >= 0.05 else "less than 0.1"
    return f"{members:,} ({percent} %) {verbs[members != 1]}"


def _by(outlook: Outlook, sign: int) -> tuple[str, str]:
    steps = {abs(move.steps) for move in outlook.moves if move.steps and move.steps * sign > 0}
    verbs = ("rises", "rise") if sign > 0 else ("drops", "drop")
    height = f"{_spelt(*steps)}" if len(steps) == 1 else "one tier or more"
    return f"{verbs[0]} {height}", f"{verbs[1]} {height}"


def _spelt(steps: int) -> str:
    return "one tier" if steps == 1 else f"{steps} tiers"


def _renamed(outlook: Outlook) -> Amount:
    return total(move.members for move in outlook.moves if move.steps == 0)


def _shares(impact: Impact) -> str:
    tiers = ", ".join(f"{amount(impact, members)} {tier_name(name)}" for name, members in impact.after.standing.tiers)
    return f"{count(impact.members, 'member')}: {tiers}."


def _vendor(impact: Impact) -> Iterator[str]:
    if impact.vendor:
        pairs = [
            f"{amount(impact, move.members)} in {tier_name(move.after)} where the rule says {tier_name(move.before)}"
            for move in impact.vendor[:_MOST_VENDOR]
        ]
        if len(impact.vendor) > _MOST_VENDOR:
            pairs.append("and others")
        who = _members(impact, impact.vendor_differs, verb=False)
        yield (
            f"The vendor holds {who} in another tier than the rule does,"
            f" as after a manual assignment or within a grace period: {'; '.join(pairs)}."
        )
    elif impact.vendor is not None:
        yield "The vendor holds every member in the tier that the rule says."


def _members(impact: Impact, members: Amount, *, verb: bool = True) -> str:
    if members is None:
        return f"{_hidden(impact).capitalize()} members{' are' if verb else ''}"
    return count(members, "member") + ((" is" if members == 1 else " are") if verb else "")


def _hidden(impact: Impact) -> str:
    return f"<{impact.min_count:,}" if impact.min_count > 1 else "?"


def _margin(margin: str) -> str:
    return margin.replace("%", " %")


def _stay(before: Amount, name: str | None, made: Sequence[Move]) -> Amount:
    left = total(move.members for move in made if move.before == name)
    return None if before is None or left is None else before - left


def tier_name(tier: str | None) -> str:
    return NO_TIER if tier is None else shortened(tier)
