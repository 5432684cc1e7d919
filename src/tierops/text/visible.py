"""Text that others wrote, made safe to show: names, ids, file names, arguments and what vendors say.

`printable` makes one line of one such text, where it is put into a sentence. `page` is the gate through which all goes
that is printed: what passed `printable` passes it unchanged, what was forgotten loses its power there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

# Characters of a text that is shown to a person, and how many of its beginning and end are left of a longer one: some
# fifteen lines of a terminal. The end stays, for that is where two long names differ and where a sentence says why.
_MOST, _HEAD, _TAIL = 1200, 800, 300
# A letter of any script carries fewer marks than this. More of them climb over the lines above and below.
_MOST_MARKS = 5
# Characters of a block of output: enough to make what is done once a block cheap, and few for the memory.
_BLOCK = 1 << 16
# Shown as nothing although they are letters or marks to Unicode; all else that is invisible is not `isprintable`.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0").union(
    map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
_EMOJI_STYLE = "\ufe0f"
_JOINERS = "\u200c\u200d"
# Letters of the scripts in which a joiner, or one that keeps apart, makes another word: Arabic to Mongolian.
_JOINED = (("\u0600", "\u1cff"), ("\ua800", "\uabff"))
_SKINS = frozenset("\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")

# Words that are read from right to left, with what stands between the words of a name: of two names with a comma or a
# range between them, each is one run.
_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff"
_RUN = rf"[{_RIGHT_TO_LEFT}](?:[ '\"\u2019.{_JOINERS}-]?[{_RIGHT_TO_LEFT}])*"
_OPEN, _CLOSE = "\u2068", "\u2069"  # first strong isolate, pop directional isolate

# Line ends, click's colours, `isolated` words. Compiled where it is first needed, for that takes a millisecond.
_LINES = rf"(\n|\x1b\[[0-9;]*m|{_OPEN}{_RUN}{_CLOSE})"
# What the logs of CI services take for a command to them. GitHub's runner and Azure's agent look for the second and
# third anywhere in a line, for the first only at its beginning.
_AT_START = re.compile(r"^((?:[ \t]|\x1b\[[0-9;]*m)*):(?=:)", re.MULTILINE)
_ANYWHERE = re.compile(r"#(?=#\w*\[)")


def printable(text: str) -> str:
    """The text on one line, with escapes for what cannot be seen or does not stay in its place, and not too long."""
    return escaped(short(text))


def page(text: str, *, has_commands: bool = False) -> str:
    """Whole lines of output, in any format, in which nothing moves the cursor or commands a CI service.

    What is escaped is so in a way that JSON and YAML in double quotes read back as it was. With `has_commands` a line
    may begin with `::`.
    """
    if not text.isascii() or not text.replace("\n", "").isprintable():
        text = "".join(map(_own, re.split(_LINES, text)))
    if "##" in text:
        text = _ANYWHERE.sub(r"\\u0023", text)
    return text if has_commands or "::" not in text else _AT_START.sub(r"\1\\u003a", text)


def whole_lines(pieces: Iterable[str], least: int = _BLOCK) -> Iterator[str]:
    """The text of the pieces in blocks of whole lines, of at least so many characters but for the last."""
    kept: list[str] = []
    size = 0
    for piece in pieces:
        kept.append(piece)
        size += len(piece)
        if size >= least and "\n" in piece:
            text = "".join(kept)
            end = text.rindex("\n") + 1
            yield text[:end]
            kept, size = [text[end:]], len(text) - end
    if text := "".join(kept):
        yield text


def short(text: str, most: int = _MOST) -> str:
    """The text, or the beginning and the end of a longer one with how long it is."""
    if len(text) <= most:
        return text
    head, tail = most * _HEAD // _MOST, most * _TAIL // _MOST
    return f"{text[:head]} …[{len(text):,} characters]… {text[-tail:]}"


def escaped(text: str, escape: Callable[[str], str] | None = None, *, is_start: bool = True) -> str:
    """The text with `escape` of each character that could deceive its reader; by default, that is Python's escape.

    A mark at the beginning is one of them unless `is_start` is false, for it would change what is printed before.
    """
    if (text.isascii() and text.isprintable()) or _harmless().fullmatch(text):
        return text
    from unicodedata import category

    escape = escape or _escape
    found: list[str] = []
    marks = _MOST_MARKS if is_start else 0
    before = ""
    for character, after in zip(text, (*text[1:], ""), strict=True):
        is_mark = character > "\u02ff" and category(character)[0] == "M"
        marks = marks + 1 if is_mark else 0
        is_fine = character.isprintable() and marks <= _MOST_MARKS and character not in _INVISIBLE
        is_emoji = character == _EMOJI_STYLE and bool(before) and category(before) == "So"
        is_joined = character in _JOINERS and _joins(before, after)
        found.append(character if is_fine or is_emoji or is_joined else escape(character))
        before = character
    return "".join(found)


@cache
def _harmless() -> re.Pattern[str]:
    """Most texts of reports, told at once: what can be seen, is no mark and stays in its place."""
    return re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u22ff\u2500-\u257f]*")


def isolated(text: str) -> str:
    """Whole lines in which words that are read from right to left turn nothing round that stands beside them.

    Without the marks, the range after such a name would be displayed with its end first.
    """
    if text.isascii():
        return text
    from unicodedata import bidirectional

    def apart(words: re.Match[str]) -> str:
        turns = any(bidirectional(character) in {"R", "AL"} for character in words[0])
        return f"{_OPEN}{words[0]}{_CLOSE}" if turns else words[0]

    return re.sub(_RUN, apart, text)


def _own(part: str) -> str:
    """A part of a page, as `_LINES` splits it."""
    if part.startswith(_OPEN) and re.fullmatch(_LINES, part):
        return f"{_OPEN}{escaped(part[1:-1])}{_CLOSE}"
    return part if re.fullmatch(_LINES, part) else escaped(part, is_start=False)


def _joins(before: str, after: str) -> bool:
    """True where a joiner between the two changes what is seen: within a word of some scripts, or within an emoji."""
    from unicodedata import category

    if not before or not after:
        return False
    if all(any(first <= character <= last for first, last in _JOINED) for character in (before, after)):
        return category(before)[0] in "LM" and category(after)[0] in "LM"
    is_picture = category(before) == "So" or before == _EMOJI_STYLE or before in _SKINS
    return is_picture and category(after) == "So"


def width(text: str) -> int:
    """How many columns of a terminal the text takes: wide characters two, marks none."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(
        0 if category(c)[0] == "M" or category(c) == "Cf" else 2 if east_asian_width(c) in "WF" else 1 for c in text
    )


def fit(text: str, columns: int) -> str:
    """The text, or its beginning and an ellipsis, in so many columns; filled up with blanks."""
    if (taken := width(text)) <= columns:
        return text + " " * (columns - taken)
    if text.isascii():
        return text[: columns - 1] + "…"
    end, taken = 0, 0
    while (taken := taken + width(text[end])) < columns:
        end += 1
    return fit(text[:end] + "…", columns)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()
