"""SOQL, as far as tierops and its likes use it: columns of one object, `AND` of `=`, `ORDER BY`, `LIMIT`, `COUNT()`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from tierops.emulator.web import Refused
from tierops.providers.salesforce.emulator import errors

_ORDERED = r"[\w.]+(?:\s+(?:ASC|DESC))?"
_QUERY = re.compile(
    r"\s*SELECT\s+(?P<columns>COUNT\(\)|[\w.]+(?:\s*,\s*[\w.]+)*)\s+FROM\s+(?P<kind>\w+)"
    r"(?:\s+WHERE\s+(?P<where>.+?))?"
    rf"(?:\s+ORDER\s+BY\s+(?P<order>{_ORDERED}(?:\s*,\s*{_ORDERED})*))?(?:\s+LIMIT\s+(?P<limit>[0-9]{{1,9}}))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_TERM = re.compile(r"\s*([\w.]+)\s*=\s*'((?:[^'\\]|\\.)*)'\s*(?:AND\b|$)", re.IGNORECASE | re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "\\": "\\", "'": "'", '"': '"'}


class Query(NamedTuple):
    """What a query asks for. Without columns it asks how many there are; texts are compared without case.

    `order` are columns with whether the greatest value comes first.
    """

    kind: str
    columns: tuple[str, ...]
    where: Mapping[str, str]
    order: tuple[tuple[str, bool], ...] = ()
    limit: int | None = None


def parsed(text: str) -> Query:
    """The query of a text. Raises `Refused` for any other shape than those above."""
    match = _QUERY.fullmatch(text)
    if match is None:
        raise Refused(errors.top(400, "MALFORMED_QUERY", f"unexpected token in: {text[:80]}"))
    columns = match["columns"]
    is_count = columns.upper() == "COUNT()"
    return Query(
        match["kind"],
        () if is_count else tuple(column.strip() for column in columns.split(",")),
        _where(match["where"] or ""),
        _order(match["order"] or ""),
        None if match["limit"] is None else int(match["limit"]),
    )


def _where(text: str) -> dict[str, str]:
    terms: dict[str, str] = {}
    end = 0
    while end < len(text):
        term = _TERM.match(text, end)
        if term is None:
            raise Refused(errors.top(400, "MALFORMED_QUERY", f"unexpected token: {text[end : end + 40]}"))
        terms[term[1]] = re.sub(r"\\(.)", lambda one: _ESCAPES.get(one[1], one[1]), term[2])
        end = term.end()
    return terms


def _order(text: str) -> tuple[tuple[str, bool], ...]:
    terms = (term.split() for term in text.split(",") if term.strip())
    return tuple((column, [word.upper() for word in way] == ["DESC"]) for column, *way in terms)
