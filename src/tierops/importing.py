"""A live ladder → the text of a program file, as a person would have written it; a plan of it is empty. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from tierops import rules
from tierops.config import writing
from tierops.errors import TieropsError
from tierops.model import Live, LiveTier, Position, Problem, Program, Range, Target, Tier, Value
from tierops.text import jsontext

if TYPE_CHECKING:
    from tierops.providers.vendor import Vendor

_WAIVED_FOR = timedelta(days=90)
_LARGEST = 10**15  # as in the schema
_LONGEST_KEY = 63
_LONGEST_COMMENT = 160

# In the order in which they are written; what is not here is no field that a file knows.
_FIELDS = ("order", "icon", "earning_rules", "rewards", "metadata")
_MAPS = frozenset({"earning_rules", "rewards", "metadata"})
_AMOUNTS = {"MULTIPLY": "multiplier", "CUSTOM": "points"}


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
    schema: str = "program.schema.json",
) -> Imported:
    """The program `key` with the one target `place`, its tiers low to high and a waiver for each rule they break.

    `names` the environment's values, reversed, `schema` what the modeline
    leads editors to. Raises `TieropsError` for a ladder that no program file can hold.
    """
    told = f"{live.identity.kind} {live.identity.name!r}"
    tiers = _rising(live, told)
    until = (today + _WAIVED_FOR).isoformat()
    flaws = _flaws(vendor, place, tiers, today, told)
    whole_numbers = vendor.scale(place).is_whole
    provider = vendor.name
    yaml = writing.Yaml(names)
    try:
        ladder = [_tier(provider, tiers, index, whole_numbers, yaml) for index in range(len(tiers))]
        lines = [
            f"# yaml-language-server: $schema={schema}",
            "#",
            f"# Imported on {today} from {vendor.title} ({live.identity.base_url}): {_named(live)}.",
            "version: 1",
            f"program: {writing.Yaml().text(key)}",
            "targets:",
            f"  - {provider}: {writing.flow(_place(place, live, yaml))}",
            "tiers:",
            *(line for written in ladder for line in writing.indented(writing.listed(written.lines))),
            *_section("waivers", _waivers(dict.fromkeys(flaw.rule for flaw in flaws), today, until)),
        ]
    except writing.CannotSay as error:
        raise TieropsError(f"{told} cannot be written into a program file: {error}; change it by hand") from None
    notes = [f"{_sentence(flaw)}; written with a waiver until {until}" for flaw in flaws]
    notes += [
        f"tier {tier.name!r}: {what} is left out, for a program file cannot hold it; the plan will show a difference"
        for tier, written in zip(tiers, ladder, strict=True)
        for what in written.left_out
    ]
    return Imported("\n".join(lines) + "\n", tuple(f"{told}: {note}" for note in notes))


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


def _rising(live: Live, told: str) -> tuple[Tier, ...]:
    """The tiers low to high. The one with an open end is last, for only there can a file leave the end open."""
    if not live.tiers:
        raise TieropsError(f"{told} has no tiers; there is nothing to import")
    if without := [tier.name for tier in live.tiers if tier.range.lower is None]:
        raise TieropsError(f"{told}: {_these(without)} no lower bound, which a program file must state; set it by hand")
    if len(unbounded := [tier.name for tier in live.tiers if tier.range.upper is None]) > 1:
        raise TieropsError(
            f"{told}: {_these(unbounded)} no upper end, which only the last tier of a program file can lack;"
            " set the others by hand"
        )
    return tuple(Tier(tier.name, tier.range, tier.fields) for tier in sorted(live.tiers, key=_rank))


def _rank(tier: LiveTier) -> tuple[bool, Decimal, Decimal, str]:
    lower, upper = tier.range.lower or Decimal(0), tier.range.upper
    return upper is None, lower, upper or Decimal(0), tier.name


def _these(names: Sequence[str]) -> str:
    return f"{', '.join(map(repr, names))} {'has' if len(names) == 1 else 'have'}"


def _flaws(
    vendor: Vendor, place: Mapping[str, str], tiers: tuple[Tier, ...], today: date, told: str
) -> tuple[Problem, ...]:
    """What breaks a rule that can be waived. Raises `TieropsError` where another one is broken."""
    at = Position("", 1, 1)
    program = Program("", "", (Target("", vendor.name, vendor.place(place), vendor.scale(place), tiers, at),), (), at)
    problems = rules.check([program], today)
    if hard := [problem.message for problem in problems if not rules.RULES[problem.rule].is_waivable]:
        raise TieropsError(f"{told} cannot be written into a program file: {'; '.join(hard)}; change it by hand")
    return problems


def _sentence(flaw: Problem) -> str:
    return f"{flaw.message} ({flaw.member})" if flaw.member else flaw.message


def _waivers(waived: Iterable[str], today: date, until: str) -> list[str]:
    reason = f"imported as found on {today}"
    return [f"- {writing.flow({'rule': rule, 'reason': reason, 'until': until})}" for rule in waived]


def _named(live: Live) -> str:
    """Kind, name and id on one line, whatever characters are in them."""
    kind, name, id_ = live.identity.kind, live.identity.name, live.identity.id
    return f"{kind} {writing.quoted(name)} ({writing.quoted(id_)[1:-1]})"


def _place(place: Mapping[str, str], live: Live, yaml: writing.Yaml) -> dict[str, str]:
    """The place as given, or the name of a value that stands for the campaign or group in any of its names."""
    written = {key: writing.Yaml().text(value, in_flow=True) for key, value in place.items()}
    home = next(iter(place))
    known = [text for text in (place[home], live.identity.id, live.identity.name) if text in yaml.names]
    return written | {home: yaml.text(known[0], in_flow=True)} if known else written


class _Written(NamedTuple):
    """The lines of one tier, with a comment in the place of what cannot be written, and what that is."""

    lines: list[str]
    left_out: list[str]


def _tier(provider: str, tiers: Sequence[Tier], index: int, whole_numbers: bool, yaml: writing.Yaml) -> _Written:
    tier = tiers[index]
    next_lower = tiers[index + 1].range.lower if index + 1 < len(tiers) else None
    fields = _fields(tier, index, yaml)
    lines = [f"name: {yaml.text(_visible(tier.name))}", *_range(tier.range, next_lower, whole_numbers)]
    return _Written([*lines, *_section(provider, fields.lines)], fields.left_out)


def _range(range_: Range, next_lower: Decimal | None, whole_numbers: bool) -> list[str]:
    lines = [f"from: {_amount(range_.lower)}"]
    if range_.upper is not None and range_.upper != next_lower:
        lines.append(f"to: {_amount(range_.upper - 1)}" if whole_numbers else f"below: {_amount(range_.upper)}")
    return lines


def _fields(tier: Tier, index: int, yaml: writing.Yaml) -> _Written:
    found = _Written([], [])
    # What a group measures stands at the target, once for all of its tiers.
    for name in sorted(
        tier.fields.keys() - {"attribute"}, key=lambda field: (_FIELDS.index(field) if field in _FIELDS else 9, field)
    ):
        value = tier.fields[name]
        if name in _MAPS and isinstance(value, Mapping):
            entries: list[str] = []
            for key in sorted(value):
                entries += _tried(found.left_out, f"{name}.{key}", name, {key: value[key]}, yaml)
            found.lines.extend(_section(name, entries))
        elif name != "order" or value != index or isinstance(value, bool):  # unless it is what the file means anyway
            found.lines.extend(_tried(found.left_out, name, "", {name: value}, yaml))
    return found


def _tried(left_out: list[str], what: str, field: str, one: Mapping[str, Value], yaml: writing.Yaml) -> list[str]:
    """One entry, or a comment that shows it."""
    ((key, value),) = one.items()
    try:
        if field == "metadata":
            return yaml.entry(key, value)
        return yaml.keyed(_visible(key), writing.flow(_mapping(value)) if field else _own(key, value, yaml))
    except writing.CannotSay:
        left_out.append(what if what.isprintable() else writing.quoted(what))
        shown = jsontext.dumps(one)
        short = shown if len(shown) <= _LONGEST_COMMENT else f"{shown[:_LONGEST_COMMENT]}…"
        return [f"# left out, a program file cannot hold it: {short}"]


def _mapping(value: Value) -> dict[str, str]:
    """`type` and its amount, as the schema has them."""
    if isinstance(value, Mapping):
        kind = value.get("type")
        amount = _AMOUNTS.get(kind) if isinstance(kind, str) else None
        if amount and value.keys() == {"type", amount} and (amount != "points" or isinstance(value[amount], int)):
            return {"type": str(kind), amount: _amount(value[amount])}
    raise writing.CannotSay("not a mapping that the schema knows")


def _own(key: str, value: Value, yaml: writing.Yaml) -> str:
    """A field that is one scalar."""
    if key == "icon" and isinstance(value, str):
        return yaml.text(_visible(value))
    if key == "order" and isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return _amount(value)
    raise writing.CannotSay("not a field that the schema knows")


def _amount(value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not -_LARGEST <= value <= _LARGEST:
        raise writing.CannotSay(f"{value} is no number from -{_LARGEST} to {_LARGEST}")
    return writing.number(value)


def _visible(text: str) -> str:
    if not re.search(r"\S", text):
        raise writing.CannotSay(f"{text!r} has no visible character")
    return text


def _section(name: str, body: Iterable[str]) -> list[str]:
    """A key with the lines below it. Without the key where they are comments only: it would mean null."""
    lines = list(body)
    return lines if all(line.startswith("#") for line in lines) else [f"{name}:", *writing.indented(lines)]
