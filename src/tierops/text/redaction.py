"""Keys taken out of text. A vendor may say a key back, whole, encoded or in parts; nobody else shall read it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from threading import Lock
from urllib.parse import quote, quote_plus

MARK = "[redacted]"
_PIECE = 8  # characters. A shorter value is no key, and a shorter piece of one tells too little


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
            forms = {form for secret in self._known if len(secret) >= _PIECE for form in _forms(secret)}
            self._forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))
            self._pieces = {form[i : i + _PIECE] for form in self._forms for i in range(len(form) - _PIECE + 1)}

    def is_in(self, text: str) -> bool:
        """Whether the text holds a secret, whole, in any form."""
        return any(form in text for form in self._forms)

    def whole(self, text: str) -> str:
        """The text without whole secrets. Fast enough for a long report."""
        for form in self._forms:
            text = text.replace(form, MARK)
        return text

    def every(self, text: str) -> str:
        """The text without secrets and without 8 or more characters in a row of one. For text of a few thousand."""
        text = self.whole(text)
        spots = [i for i in range(len(text) - _PIECE + 1) if text[i : i + _PIECE] in self._pieces]
        parts, end = [], 0
        for start in spots:
            if start >= end:
                parts += [text[end:start], MARK]
            end = start + _PIECE
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
    import re

    return re.split("(%[0-9A-F]{2})", encoded)
