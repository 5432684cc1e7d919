"""What PyYAML reads otherwise than YAML 1.2 does is hidden from it, and put back into what it has read.

- U+0085, U+2028 and U+2029 broke lines in YAML 1.1. Since 1.2 (section 5.4) they are characters like any other. And a
  byte order mark within a text takes a column, though not to each of PyYAML's parsers.
- A character beyond U+FFFF may be two escapes in JSON, as in "\\ud83d\\ude00" (RFC 8259, section 7), and JSON is YAML.

A stand-in is as long as what it stands for, so every place in the text stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

_ORDINARY = "\x85\u2028\u2029\ufeff"
# Two escapes that are one character, unless it is the backslash that is escaped: then the text only looks so.
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})")
_LONG_ESCAPE = re.compile(r"\\U([0-9a-fA-F]{8})")
_PRIVATE = 0xE000  # the first of 6,400 characters that nobody but those who agree on it gives a meaning
_DIGITS = 4096


class Hidden(NamedTuple):
    """A text for PyYAML. `ordinary` maps stand-ins to what they stand for.

    `pairs` are the pairs of escapes; each is hidden as an escape of the character `lead` and two private characters
    that hold its number.
    """

    text: str
    ordinary: Mapping[int, str]
    lead: str
    pairs: tuple[str, ...]

    def shown(self, value: str, style: str | None) -> str:
        """What PyYAML read in a scalar of this style, as it would be without stand-ins."""
        value = value.translate(self.ordinary)
        if not self.pairs:
            return value
        if style == '"':
            return re.sub(f"{self.lead}(.)(.)", lambda match: _character(self._pair(match)), value)
        return re.sub(f"{re.escape(_escape(self.lead))}(.)(.)", self._pair, value)

    def _pair(self, match: re.Match[str]) -> str:
        high, low = (ord(digit) - _PRIVATE for digit in match.groups())
        return self.pairs[high * _DIGITS + low]


def hide(text: str) -> Hidden | None:
    """The text with its stand-ins; None where it needs none, as nearly every text."""
    has_ordinary = not text.isascii() and any(character in text for character in _ORDINARY)
    if not has_ordinary and not ("\\u" in text and _PAIR.search(text)):
        return None
    unused = list(islice(_unused(text), len(_ORDINARY) + 1))
    if len(unused) <= len(_ORDINARY):
        return None  # somebody has used every private character that there is
    lead, *stand_ins = unused
    ordinary = dict(zip(map(ord, stand_ins), _ORDINARY, strict=True))
    numbers: dict[str, int] = {}

    def replaced(match: re.Match[str]) -> str:
        high, low = divmod(numbers.setdefault(match[2], len(numbers)), _DIGITS)
        return f"{match[1]}{_escape(lead)}{chr(_PRIVATE + high)}{chr(_PRIVATE + low)}"

    hidden = _PAIR.sub(replaced, text.translate({ord(character): code for code, character in ordinary.items()}))
    return Hidden(hidden, ordinary, lead, tuple(numbers))


def _unused(text: str) -> Iterator[str]:
    """Private characters that stand nowhere in the text, neither as they are nor as an escape."""
    used = set(text) | {chr(code) for digits in _LONG_ESCAPE.findall(text) if (code := int(digits, 16)) <= 0x10FFFF}
    return (chr(code) for code in range(0x10FFFD, 0xEFFFF, -1) if chr(code) not in used)


def _escape(character: str) -> str:
    return f"\\U{ord(character):08X}"


def _character(pair: str) -> str:
    high, low = int(pair[2:6], 16), int(pair[8:12], 16)
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
