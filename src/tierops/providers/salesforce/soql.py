"""Queries of Salesforce, as text; pure. Nothing of a file gets into one but quoted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tierops.errors import VendorError

_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")
_ESCAPED = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def select(columns: Iterable[str], kind: str, where: Mapping[str, str] = {}) -> str:
    """Every row of a kind in which these columns are equal to these texts, ordered by id."""
    return f"SELECT {', '.join(columns)} FROM {kind}{_where(where)} ORDER BY Id"  # noqa: S608 (quoted below)


def count(kind: str, where: Mapping[str, str] = {}) -> str:
    """How many rows such a query has."""
    return f"SELECT COUNT() FROM {kind}{_where(where)}"  # noqa: S608 (quoted below)


def is_id(text: str) -> bool:
    """Whether a text may be the id of a record: those of Salesforce's own objects begin with 0."""
    return _ID.fullmatch(text) is not None and text[0] == "0"


def checked_id(text: str) -> str:
    """The id of a record in its long form, which differs from all others in more than case. Raises `VendorError`."""
    if _ID.fullmatch(text) is None or len(text) != 18:
        raise VendorError(f"not as documented: {text!r} is no id of 18 characters")
    return text


def _where(equal: Mapping[str, str]) -> str:
    parts = (
        f"{column} = '{''.join(_ESCAPED.get(letter, letter) for letter in text)}'" for column, text in equal.items()
    )
    return f" WHERE {' AND '.join(parts)}" if equal else ""
