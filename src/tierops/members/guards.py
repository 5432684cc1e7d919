"""Guards: how many members may move before a command fails. Pure, and light: a policy asks them too."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from tierops.errors import UsageError
from tierops.model import Impact, Outlook
from tierops.model.impact import LIVE, Amount

NAMES = ("downgrades", "upgrades", "leavers", "joiners", "moved_pct")
_COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq}
_GUARD = re.compile(rf"\s*({'|'.join(NAMES)})\s*(>=|<=|==|>|<)\s*([0-9]+(?:\.[0-9]+)?)\s*%?\s*")
_WORDS = {"downgrades": "drop", "upgrades": "rise", "leavers": "fall out of every tier", "joiners": "come into a tier"}


_BY_HAND = " once live is as the files want it"


class Guard(NamedTuple):
    """A claim that must not be true: `downgrades>0`."""

    name: str
    operator: str
    limit: Decimal

    def __str__(self) -> str:
        return f"{self.name}{self.operator}{self.limit}"


def parse(text: str) -> Guard:
    """A guard as somebody writes it. Raises `UsageError`."""
    parts = _GUARD.fullmatch(text)
    if parts is None:
        raise UsageError(
            f"{text!r} is no guard: write one of {', '.join(NAMES)}, then > or >= and a number: downgrades>0"
        )
    return Guard(parts[1], parts[2], Decimal(parts[3]))


def broken(guard: Guard, impact: Impact) -> str:
    """Why the guard stops this impact, with the numbers; empty where it does not.

    What apply does counts, and what the files want: the one happens now, the other once somebody changes tiers by hand.
    """
    for outlook in impact.outlooks:
        when = "" if impact.against != LIVE else " after apply" if outlook is impact.after else _BY_HAND
        amount, words = _amount(guard, impact, outlook)
        if _COMPARE[guard.operator](amount, guard.limit):
            return f"{words}{when}; the guard is {guard}"
    return ""


def tripped(impact: Impact, texts: Iterable[str]) -> list[str]:
    """A sentence for each of the guards that stops this impact. Raises `UsageError` for a text that is no guard."""
    return [why for text in texts if (why := broken(parse(text), impact))]


def moved(outlook: Outlook) -> int:
    """How many members change their tier, or get one or lose one."""
    return sum(move.members or 0 for move in outlook.moves)


def _amount(guard: Guard, impact: Impact, outlook: Outlook) -> tuple[Decimal, str]:
    of = f"of {impact.members:,} members"
    if guard.name == "moved_pct":
        amount = moved(outlook)
        percent = Decimal(amount * 100) / Decimal(impact.members) if impact.members else Decimal(0)
        share = "" if 0 < amount < impact.min_count else f" ({percent:.1f} %)"
        return percent, f"{_told(amount, impact.min_count)} {of}{share} move"
    numbers: dict[str, Amount] = {
        "downgrades": outlook.downgrades,
        "upgrades": outlook.upgrades,
        "leavers": outlook.leavers,
        "joiners": outlook.joiners,
    }
    amount = numbers[guard.name] or 0
    return Decimal(amount), f"{_told(amount, impact.min_count)} {of} {_WORDS[guard.name]}"


def _told(amount: int, least: int) -> str:
    return f"fewer than {least:,}" if 0 < amount < least else f"{amount:,}"
