"""A text before a parser sees it: what of it no parser may see, and where its lines end."""

from __future__ import annotations

import re

from tierops.model import Position, Problem

# YAML 1.2, production 1 (c-printable). Looked at beforehand, because the two parsers report it differently.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# It may begin any document, not only the first (YAML 1.2, section 5.2), as where files were joined.
_BYTE_ORDER_MARK = "\ufeff"
_MARK_AT_LINE = re.compile(rf"(?:^|(?<=[\r\n])){_BYTE_ORDER_MARK}")
# (`*+` forgets its way: millions of blank lines would fill the memory with it.)
_NOTHING = r"[ \t]*(?:#[^\r\n]*)?"
_MARK_AT_DOCUMENT = re.compile(
    rf"{_MARK_AT_LINE.pattern}(?=(?:{_NOTHING}(?:\r\n|\r|\n))*+(?:---(?:[ \t\r\n]|$)|%|{_NOTHING}$))"
)

JOINED = "a byte order mark stands here: were two files joined? Write `---` on a line of its own instead"


def without_marks(text: str) -> str:
    """The text without the byte order marks that may begin it and each of its documents."""
    text = text.removeprefix(_BYTE_ORDER_MARK)
    return _MARK_AT_DOCUMENT.sub("", text) if _BYTE_ORDER_MARK in text else text


def flaw(text: str, file: str) -> Problem | None:
    """The first character that keeps the whole text from being read. `text` is without marks that may be there."""
    if bad := _UNPRINTABLE.search(text):
        hint = "; is this UTF-16 or a binary file?" if bad[0] == "\0" else '; write it as an escape in "quotes"'
        message = f"the character U+{ord(bad[0]):04X} may not stand in YAML{hint}"
    elif _BYTE_ORDER_MARK in text and (bad := _MARK_AT_LINE.search(text)):
        message = JOINED
    else:
        return None
    return Problem("schema", message, position(text, bad.start(), file))


def position(text: str, index: int, file: str) -> Position:
    """Where the character `index` of `text` stands. Lines end with LF, CR LF or CR, and with nothing else."""
    lines = text.count("\n", 0, index) + text.count("\r", 0, index) - text.count("\r\n", 0, index)
    start = max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1
    return Position(file, lines + 1, index - start + 1)
