"""Names that people read as one: how they are compared, and how they differ."""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import category, name, normalize

# Unicode's Default_Ignorable_Code_Point beside the format characters (category Cf): shown as nothing.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
_QUOTES = re.compile(
    "[\"'`\u00ab\u00b4\u00bb\u02b9-\u02bc\u2018-\u201f\u2032-\u2036\u2039\u203a\u300c-\u300f\uff02\uff07]"
)
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_MOST_NEAR = 3
_LONG_WORD = 5  # letters; shorter words, such as the codes of countries, differ in one letter on purpose


def folded(text: str) -> str:
    """The name as people read it.

    Without what is invisible, without quotation marks, in one case and one Unicode form, with single blanks, and with
    `&` for `&amp;`, which some systems write for it.
    """
    return _without_blanks(_without_quotes(_without_case(_without_ignorable(_without_escapes(text))))).strip()


def has_visible(text: str) -> bool:
    """True where at least one character of the name can be seen."""
    return bool(_without_blanks(_without_ignorable(text)).strip())


def reads_like(one: str, other: str) -> bool:
    """True where people take one name for the other: they fold to the same, or a word of one is misspelt."""
    first, second = folded(one), folded(other)
    return first == second or _is_misspelt(first, second)


def difference(one: str, other: str) -> str:
    """How two names differ that read alike: `only in case`, `only in an invisible character (U+200B …)`."""
    for is_equal, description in (
        (_composed, "only in their Unicode form"),
        (_without_ignorable, "only in an invisible character"),
        (_without_blanks, "only in white space"),
        (_without_case, "only in case or width"),
        (_without_quotes, "only in quotation marks or dashes"),
        (_without_escapes, "only in characters that are written as in HTML"),
    ):
        if is_equal(one) == is_equal(other):
            return f"{description}{_points(one, other)}"
    if folded(one) == folded(other):
        return "in characters that look alike"
    return "in one letter"


def near(wanted: str, names: Iterable[str]) -> tuple[str, ...]:
    """Up to three names that read like the one wanted; else the one that comes nearest to it, if any does."""
    from difflib import get_close_matches

    known = list(dict.fromkeys(names))
    alike = [one for one in known if reads_like(one, wanted)][:_MOST_NEAR]
    return tuple(alike or get_close_matches(wanted, known, n=1))


def suggestion(wanted: str, names: Iterable[str]) -> str:
    """The end of a sentence that says that there is no such name: `; did you mean 'Gold' (they differ only in case)?`.

    Empty where no name comes near.
    """
    nearest = near(wanted, names)
    if not nearest:
        return ""
    how = f" (they differ {difference(wanted, nearest[0])})" if reads_like(wanted, nearest[0]) else ""
    return f"; did you mean {nearest[0]!r}{how}?"


def _composed(text: str) -> str:
    return normalize("NFC", text)


def _without_ignorable(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c for c in normalize("NFC", text) if category(c) != "Cf" and not _IGNORABLE.match(c))


def _without_blanks(text: str) -> str:
    return " ".join(text.split())


def _without_case(text: str) -> str:
    return normalize("NFKC", normalize("NFKC", text).casefold())


def _without_quotes(text: str) -> str:
    return _DASHES.sub("-", _QUOTES.sub("", text))


def _without_escapes(text: str) -> str:
    if "&" not in text:
        return text
    from html import unescape  # a long table, for a rare sign

    return unescape(text)


def _points(one: str, other: str) -> str:
    """The characters that are in one of the two only, where they cannot be told apart by looking: ` (U+200B …)`."""
    apart = sorted(set(one) ^ set(other))
    shown = [f"U+{ord(c):04X} {name(c, 'without a name')}" for c in apart if not c.isascii() or c in "\t\n\r"]
    return f" ({', '.join(shown[:3])})" if shown else ""


def _is_misspelt(one: str, other: str) -> bool:
    """True where the two differ in one word, a long one without digits, by one letter or two that changed places."""
    first, second = one.split(" "), other.split(" ")
    if len(first) != len(second):
        return False
    apart = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    if len(apart) != 1:
        return False
    a, b = apart[0]
    return min(len(a), len(b)) >= _LONG_WORD and (a + b).isalpha() and _is_one_edit(a, b)


def _is_one_edit(one: str, other: str) -> bool:
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    is_swapped = len(a) == len(b) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:]
    return is_swapped or a[1:] == b[1:] or a[1:] == b or a == b[1:]
