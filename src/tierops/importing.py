"""A live ladder → the text of a program file, as a person would have written it; a plan of it is empty. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple
from unicodedata import normalize

from tierops import rules
from tierops.config import check, writing, yamltext
from tierops.config.blocks import Blocks, Written, section
from tierops.errors import TieropsError
from tierops.model import Live, LiveTier, Position, Problem, Program, Range, Scale, Severity, Target, Tier
from tierops.providers.vendor import Vendor

_WAIVED_FOR = timedelta(days=90)
_LONGEST_KEY = 63


class Imported(NamedTuple):
    """The text of a program file, and in sentences what its reader should know of it."""

    text: str
    notes: tuple[str, ...]


def program_text(
    vendor: Vendor,
    place: Mapping[str, str],
    live: Live,
    *,
    key: str,
    today: date,
    names: Mapping[str, str] = {},
    schema: str = "",
) -> Imported:
    """The program `key` with the one target `place`, its tiers low to high and a waiver for each rule they break.

    `names` is text → name of the environment's value that stands for it: of a place and of ids, for other text may
    equal a value by chance. `schema` is what a modeline leads editors to; without it there is none.
    Raises `TieropsError` for a ladder that no program file can hold.
    """
    ladder = f"{live.identity.kind} {live.identity.name!r}"
    tiers = _rising(live, ladder)
    until = (today + _WAIVED_FOR).isoformat()
    flaws = _flaws(vendor, place, tiers, today, ladder)
    blocks = Blocks(vendor, place, names)
    try:
        written = [_tier(tiers, index, vendor.scale(place), blocks) for index in range(len(tiers))]
        lines = [
            *([f"# yaml-language-server: $schema={schema}", "#"] if schema else []),
            f"# Imported on {today} from {vendor.title} ({live.identity.base_url}): {_named(live)}.",
            "version: 1",
            f"program: {writing.Yaml().text(key)}",
            "targets:",
            f"  - {vendor.name}: {writing.flow(_place(vendor, place, live, names))}",
            "tiers:",
            *(line for tier in written for line in writing.indented(writing.listed(tier.lines))),
            *section("waivers", _waivers(dict.fromkeys(flaw.rule for flaw in flaws), today, until)),
        ]
    except writing.CannotSay as error:
        raise TieropsError(f"{ladder} cannot be written into a program file: {error}; change it by hand") from None
    text = "\n".join(lines) + "\n"
    _prove(text, ladder)
    notes = [*_named_values(text), *_waived(flaws, until)]
    notes += [
        f"tier {tier.name!r}: {what} is left out, for a program file cannot hold it; the plan will show a difference"
        for tier, block in zip(tiers, written, strict=True)
        for what in block.left_out
    ]
    return Imported(text, tuple(f"{ladder}: {note}" for note in notes))


def _prove(text: str, ladder: str) -> None:
    """Raise `TieropsError` where the text is no program file: a name that nobody sees, a number beyond all bounds."""
    documents, problems = yamltext.parse(text, "")
    for problem in problems or check.Gate().check(documents[0], "program"):
        raise TieropsError(f"{ladder} cannot be written into a program file: {problem.message}; change it by hand")


def key_for(name: str, taken: Collection[str], id_: str = "") -> str:
    """A program key that is not taken: from `name`, or from `id_` where that has neither Latin letters nor digits."""
    slug = _slug(name)
    if not re.search("[a-z]", slug):
        slug = f"program-{slug or _slug(id_.rpartition('_')[2])[:8]}".strip("-")
    key, number = slug[:_LONGEST_KEY].rstrip("-"), 1
    while key in taken:
        number += 1
        key = f"{slug[: _LONGEST_KEY - len(str(number)) - 1].rstrip('-')}-{number}"
    return key


def _slug(name: str) -> str:
    # Decomposed, é is e and an accent, which goes with all else that is not ASCII.
    letters = normalize("NFKD", normalize("NFKD", name).casefold()).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "-", letters).strip("-")


def _rising(live: Live, ladder: str) -> tuple[Tier, ...]:
    """The tiers low to high. The one with an open end is last, for only there can a file leave the end open."""
    if not live.tiers:
        raise TieropsError(f"{ladder} has no tiers; there is nothing to import")
    if without := [tier.name for tier in live.tiers if tier.range.lower is None]:
        raise TieropsError(
            f"{ladder}: {_these(without)} no lower bound, which a program file must state; set it by hand"
        )
    if len(unbounded := [tier.name for tier in live.tiers if tier.range.upper is None]) > 1:
        raise TieropsError(
            f"{ladder}: {_these(unbounded)} no upper end, which only the last tier of a program file can lack;"
            " set the others by hand"
        )
    return tuple(Tier(tier.name, tier.range, tier.fields) for tier in sorted(live.tiers, key=_rank))


def _rank(tier: LiveTier) -> tuple[bool, Decimal, Decimal, str]:
    lower, upper = tier.range.lower or Decimal(0), tier.range.upper
    return upper is None, lower, upper or Decimal(0), tier.name


def _these(names: Sequence[str]) -> str:
    return f"{', '.join(map(repr, names))} {'has' if len(names) == 1 else 'have'}"


def _flaws(
    vendor: Vendor, place: Mapping[str, str], tiers: tuple[Tier, ...], today: date, ladder: str
) -> tuple[Problem, ...]:
    """What breaks a rule that can be waived. Raises `TieropsError` where another one is broken."""
    at = Position("", 1, 1)
    program = Program("", "", (Target("", vendor.name, vendor.place(place), vendor.scale(place), tiers, at),), (), at)
    problems = [problem for problem in rules.check([program], today) if problem.severity is Severity.ERROR]
    if hard := [problem.message for problem in problems if not rules.RULES[problem.rule].is_waivable]:
        raise TieropsError(f"{ladder} cannot be written into a program file: {'; '.join(hard)}; change it by hand")
    return tuple(problems)


def _named_values(text: str) -> Iterator[str]:
    """A sentence that names the environment's values in the text; in all else but comments `${` is `$${`."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    if names := list(dict.fromkeys(re.findall(r"(?<!\$)\$\{\w+\}", lines))):
        yield f"{', '.join(names)} {'stands' if len(names) == 1 else 'stand'} for what is the environment's value"


def _waived(flaws: Sequence[Problem], until: str) -> Iterator[str]:
    """A sentence for each rule that is broken."""
    for rule in dict.fromkeys(flaw.rule for flaw in flaws):
        first, *others = [flaw.told for flaw in flaws if flaw.rule == rule]
        more = f" (and {len(others)} more of {rule})" if others else ""
        yield f"{first}{more}; written with a waiver until {until}"


def _waivers(waived: Iterable[str], today: date, until: str) -> list[str]:
    reason = f"imported as found on {today}"
    return [f"- {writing.flow({'rule': rule, 'reason': reason, 'until': until})}" for rule in waived]


def _named(live: Live) -> str:
    """Kind, name and id on one line, whatever characters are in them."""
    kind, name, id_ = live.identity.kind, live.identity.name, live.identity.id
    return f"{kind} {writing.quoted(name)} ({writing.quoted(id_)[1:-1]})"


def _place(vendor: Vendor, place: Mapping[str, str], live: Live, names: Mapping[str, str]) -> dict[str, str]:
    """The place as given; what names the ladder, by the name of a value that stands for it, if there is one."""
    homes = [part.name for part in vendor.parts if part.is_home]
    # Where one part alone names the ladder, a value may hold its id or its name as well.
    others = [live.identity.id, live.identity.name] if len(homes) == 1 else []
    written = {}
    for part in (part for part in vendor.parts if part.name in place):
        text = place[part.name]
        known = [other for other in (text, *others) if other in names] if part.is_home else []
        yaml = writing.Yaml(names if known else {})
        written[part.name] = yaml.text(known[0] if known else text, in_flow=True)
    return written


def _tier(tiers: Sequence[Tier], index: int, scale: Scale, blocks: Blocks) -> Written:
    tier = tiers[index]
    next_lower = tiers[index + 1].range.lower if index + 1 < len(tiers) else None
    block = blocks.write(tier.fields, index)
    lines = [f"name: {writing.Yaml().text(tier.name)}", *_range(tier.range, next_lower, scale)]
    return Written([*lines, *block.lines], block.left_out)


def _range(range_: Range, next_lower: Decimal | None, scale: Scale) -> list[str]:
    lines = [f"from: {writing.number(range_.lower or Decimal(0))}"]
    if range_.upper is not None and range_.upper != next_lower:
        end = range_.upper
        lines.append(f"to: {writing.number(end - 1)}" if scale.is_whole else f"below: {writing.number(end)}")
    return lines
