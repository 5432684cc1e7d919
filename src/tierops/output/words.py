"""The words of all reports, for people who run no commands. Pure text; the formats escape it and lay it out.

What a create means for members, how a tier is changed and whether a create can be undone are the vendor's sentences,
which a plan carries with it. Nothing here says them of all vendors.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tierops import providers
from tierops.model import Change, Fate, Kind, Result, Target, TargetPlan
from tierops.text.visible import printable

if TYPE_CHECKING:
    from tierops.providers.connections import Usage

FATES = {
    Fate.DONE: "created",
    Fate.ALREADY: "was there already",
    Fate.NOT_DONE: "not created",
    Fate.CONFLICT: "in conflict",
    Fate.UNKNOWN: "unknown",
}
_AMOUNTS = {
    Kind.CREATE: "to create",
    Kind.DIFFERS: "differing",
    Kind.UNMANAGED: "in no file",
    Kind.BLOCKED: "blocked",
}
_MEANINGS = _AMOUNTS | {Kind.CREATE: "will be created", Kind.DIFFERS: "differs"}
_MISSING = {Kind.CREATE: "missing", Kind.BLOCKED: "missing"}
_NOT_LIVE = "in the file, but not live"
_SAME = {Kind.BLOCKED: "blocked for the same reason as", Kind.DIFFERS: "what to do is the same as for"}


def count(amount: int, noun: str) -> str:
    """`1 tier`, `5,000 tiers`."""
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


def shortened(text: str, most: int = 80) -> str:
    """The text with what is invisible escaped, in at most so many characters; an ellipsis shows that it was cut."""
    text = printable(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def plain(text: str) -> str:
    """An error as lines without anything invisible: its own line breaks stay."""
    return "\n".join(printable(line) for line in text.split("\n"))


def error(text: str, most: int) -> str:
    """A message of several lines in at most so many characters."""
    lines = plain(text)
    return lines if len(lines) <= most else lines[: most - 1] + "…"


def moment(text: str) -> str:
    """A time of a plan as a person reads it; any other text as it is."""
    parts = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d\+00:00", text)
    return f"{parts[1]} {parts[2]} UTC" if parts else shortened(text)


def vendor(provider: str) -> str:
    """What the vendor of a provider calls itself."""
    return shortened(providers.find(provider).title)


def newness(target: TargetPlan) -> str:
    """What is said of a ladder that is not there yet: `new; the nearest live group is 'Coffee Club'`."""
    noun, near = target.target.place.noun, target.live.near
    return f"new; the nearest live {noun} is {near[0]!r}" if near else f"new; no live {noun} has a name like it"


def place(target: TargetPlan) -> str:
    """The place in a sentence: `Coffee Club (Voucherify)`, `the new group Club (Fanfare)`."""
    name, title = shortened(target.live.identity.name), vendor(target.target.provider)
    if not target.live.is_new:
        return f"{name} ({title})"
    noun, near = shortened(target.target.place.noun), target.live.near
    return f"the new {noun} {name} ({title}{f'; the nearest live {noun} is {shortened(near[0])}' if near else ''})"


def listed(names: Sequence[str], most: int = 10) -> str:
    """`a, b and c`; of more than `most`, the rest is counted."""
    if len(names) > most:
        names = (*names[:most], f"{len(names) - most:,} more")
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def begins(target: Target) -> str:
    """From which day a ladder holds, and what that means for apply."""
    return f"holds from {printable(target.effective_from)}: before that day, apply creates nothing"


def usage(used: Usage) -> str:
    """The requests of a run to one vendor."""
    writes = f", {count(used.writes, 'write')}" if used.writes else ""
    to_come = f", {count(used.writes_to_come, 'write')} to come" if used.writes_to_come else ""
    left = "" if used.left is None else f"; {used.left:,} calls left before its limit"
    return f"Requests to {vendor(used.provider)}: {count(used.reads, 'read')}{writes}{to_come}{left}."


def meaning(kind: Kind, *, is_planned: bool) -> str:
    """What a sign means, in a word or two; only a plan is about to create what is missing."""
    return _MEANINGS[kind] if is_planned else _MISSING.get(kind, _MEANINGS[kind])


def amounts(kinds: Iterable[Kind]) -> dict[Kind, int]:
    """How often each kind occurs, in the order of the kinds; without those that do not."""
    counted = Counter(kinds)
    return {kind: counted[kind] for kind in Kind if counted[kind]}


def tally(kinds: Iterable[Kind], *, is_planned: bool) -> str:
    """`2 to create, 1 blocked`."""
    counted = amounts(kinds).items()
    return ", ".join(f"{amount:,} {amount_word(kind, is_planned=is_planned)}" for kind, amount in counted)


def amount_word(kind: Kind, *, is_planned: bool) -> str:
    """What follows the number of changes of a kind."""
    return _AMOUNTS[kind] if is_planned else _MISSING.get(kind, _AMOUNTS[kind])


def notes(changes: Sequence[Change], *, is_planned: bool) -> Iterator[str]:
    """What each change means and what to do, said in full once."""
    firsts: dict[tuple[Kind, str], str] = {}
    for change in changes:
        if change.kind in {Kind.CREATE, Kind.BLOCKED} and not is_planned:
            yield _NOT_LIVE
            continue
        first = firsts.setdefault((change.kind, change.note), change.name)
        is_said = first != change.name and change.kind in _SAME
        yield f"{_SAME[change.kind]} {shortened(first)}" if is_said else change.note


def later_steps(target: TargetPlan) -> tuple[str, ...]:
    """What remains to be done by hand once the plan's creates are done; nothing where it has none."""
    return target.live.steps if target.creates else ()


def remaining_steps(result: Result) -> tuple[str, ...]:
    """What remains to be done by hand after apply; nothing where there was nothing to create.

    Nor where a tier is not there: publishing would make an incomplete ladder effective, and the next apply comes first.
    """
    is_whole = all(outcome.fate in {Fate.DONE, Fate.ALREADY} for outcome in result.outcomes)
    return result.steps if result.outcomes and is_whole else ()


def unread(result: Result) -> str:
    """How a target ended whose ladder was not read after the last write."""
    return f"what is live now {'was not' if result.is_interrupted else 'could not be'} read"


def state_of_live(result: Result) -> str:
    """How live relates to the files after apply."""
    if result.remaining is None:
        return f"{unread(result).capitalize()}."
    if result.remaining:
        return f"{count(len(result.remaining), 'difference')} {'remains' if len(result.remaining) == 1 else 'remain'}."
    return f"Live equals {shortened(result.source)}."
