"""Keys taken out of text. A vendor may say a key back, whole, encoded or in parts; nobody else shall read it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from threading import Lock
from typing import NamedTuple, TypeAlias
from urllib.parse import quote, quote_plus

MARK = "[redacted]"
_PIECE = 8  # characters. A shorter value is no key, and a shorter piece of one tells too little
_DEEPEST = 3  # escapes within escapes
_CODES = 0x110000  # there is no character above

# Escapes of URLs, of HTML, and of JSON, YAML and most languages. Base64 is no escape but a form of its own.
_ESCAPE = re.compile(
    r"%[0-9A-Fa-f]{2}|&#[0-9]{1,7};|&#[xX][0-9A-Fa-f]{1,6};|&[A-Za-z]{2,8};"
    r"|\\u[0-9A-Fa-f]{4}|\\u\{[0-9A-Fa-f]{1,6}\}|\\U[0-9A-Fa-f]{8}|\\x[0-9A-Fa-f]{2}|\\[^\w\s]"
)

_Spot: TypeAlias = tuple[int, int]  # its beginning and its end


class Redaction:
    """Takes `secrets` out of text. Those of fewer than 8 characters are no secrets: `any` does for the emulator."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = Lock()
        self._known: set[str] = set()
        self._forms: tuple[str, ...] = ()
        self._pieces: set[str] = set()
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Take these out, too, from now on. For several threads: a token may be renewed by any of them."""
        with self._lock:
            self._known.update(secrets)
            secrets = {reading.text for secret in self._known for reading in _readings(secret)}
            forms = {form for secret in secrets if len(secret) >= _PIECE for form in _forms(secret)}
            self._forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))
            self._pieces = {form[i : i + _PIECE] for form in self._forms for i in range(len(form) - _PIECE + 1)}

    def is_in(self, text: str) -> bool:
        """Whether the text holds a secret, whole, in any form."""
        for _ in range(_DEEPEST + 1):
            if any(form in text for form in self._forms):
                return True
            if not _ESCAPE.search(text):
                break
            text = _ESCAPE.sub(
                _meant_by, text
            )  # without a note of each place, as for a reading, in a tenth of the time
        return False

    def whole(self, text: str) -> str:
        """The text without whole secrets. Fast enough for a long report."""
        if not self.is_in(text):
            return text
        return _without(text, (r.place(spot) for r in _readings(text) for spot in self._whole_in(r.text)))

    def every(self, text: str) -> str:
        """The text without secrets and without 8 or more characters in a row of one. For text of a few thousand."""
        text = self.whole(text)
        return _without(text, (r.place(spot) for r in _readings(text) for spot in self._pieces_in(r.text)))

    def _whole_in(self, text: str) -> Iterator[_Spot]:
        for form in self._forms:
            start = text.find(form)
            while start >= 0:
                yield start, start + len(form)
                start = text.find(form, start + 1)

    def _pieces_in(self, text: str) -> Iterator[_Spot]:
        for start in range(len(text) - _PIECE + 1):
            if text[start : start + _PIECE] in self._pieces:
                yield start, start + _PIECE


class _Reading(NamedTuple):
    """A text as whoever undoes its escapes reads it. `starts` are the places of its characters, and of its end, in the
    text that it was; None where they are the same."""

    text: str
    starts: Sequence[int] | None = None

    def place(self, spot: _Spot) -> _Spot:
        """Where a spot of the reading stands in the text."""
        return spot if self.starts is None else (self.starts[spot[0]], self.starts[spot[1]])


def _readings(text: str) -> Iterator[_Reading]:
    """The text as it is, and with its escapes undone, and with those undone that come to light then."""
    reading = _Reading(text)
    yield reading
    for _ in range(_DEEPEST):
        if not _ESCAPE.search(reading.text):
            return
        reading = _undone(reading)
        yield reading


def _undone(reading: _Reading) -> _Reading:
    parts: list[str] = []
    starts: list[int] = []
    before = reading.starts or range(len(reading.text) + 1)
    end = 0
    for escape in _ESCAPE.finditer(reading.text):
        meant = _meant(escape[0])
        parts += reading.text[end : escape.start()], meant
        starts += before[end : escape.start()]
        starts += [before[escape.start()]] * len(meant)
        end = escape.end()
    parts.append(reading.text[end:])
    starts += before[end:]
    return _Reading("".join(parts), starts)


def _meant_by(escape: re.Match[str]) -> str:
    return _meant(escape[0])


@lru_cache(1024)
def _meant(escape: str) -> str:
    """The character that an escape stands for."""
    if escape[0] == "&":
        from html import unescape  # a long table, for a rare sign

        return unescape(escape)
    if escape[0] == "\\" and escape[1] not in "uUx":
        return escape[1]
    code = int(escape.lstrip("\\%uUx{").rstrip("}"), 16)
    return chr(code) if code < _CODES else ""


def _without(text: str, spots: Iterable[_Spot]) -> str:
    """The text with a mark in the place of each spot; spots that overlap have one."""
    parts, end = [], 0
    for start, stop in sorted(spots):
        if start >= end:
            parts += [text[end:start], MARK]
        end = max(end, stop)
    return "".join([*parts, text[end:]])


def _forms(secret: str) -> Iterator[str]:
    """How a secret may stand in a text, in the usual encodings."""
    yield secret
    yield repr(secret)[1:-1]
    yield secret.replace("\\", "\\\\").replace('"', '\\"')
    yield secret.replace("\\", "\\\\").replace('"', '\\"').replace("/", "\\/")
    yield secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for encoded in (quote(secret), quote(secret, safe=""), quote_plus(secret)):
        yield encoded
        yield quote(encoded, safe="")
        yield "".join(part.lower() if n % 2 else part for n, part in enumerate(_split_escapes(encoded)))
    for before in range(3):  # Base64 of a longer text that holds the secret, as "user:secret" does
        letters = b64encode(b"\0" * before + secret.encode()).decode().rstrip("=")
        inner = letters[-(-8 * before // 6) : -1]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")


def _split_escapes(encoded: str) -> list[str]:
    """Text and `%XX` in turn."""
    return re.split("(%[0-9A-F]{2})", encoded)
