"""What a vendor sent, held against what it documents. What is not as documented fails, and shows what was received."""

from __future__ import annotations

from collections.abc import Mapping

from tierops.errors import VendorError
from tierops.model import Value
from tierops.text import jsontext


def expect_list(value: Value, what: str) -> list[Value]:
    """The value, if it is a list."""
    if not isinstance(value, list):
        raise VendorError(f"not as documented: expected a list of {what}, received {short(value)}")
    return value


def expect_map(value: Value, what: str) -> Mapping[str, Value]:
    """The value, if it is an object."""
    if not isinstance(value, Mapping):
        raise VendorError(f"not as documented: expected an object as {what}, received {short(value)}")
    return value


def expect_text(row: Mapping[str, Value], key: str) -> str:
    """The text under a key, if there is some."""
    value = row.get(key)
    if not isinstance(value, str) or not value:
        raise VendorError(f"not as documented: no `{key}` in {short(row)}")
    return value


def expect_same(row: Mapping[str, Value], key: str, value: Value, what: str) -> None:
    """A row that says what it is, or whose, says this; one that does not say it is as good."""
    if row.get(key) is not None and row[key] != value:
        raise VendorError(f"not as documented: {what} has the `{key}` {short(row[key])}, not {short(value)}")


def short(value: Value) -> str:
    """A value as JSON, 80 characters at most."""
    text = jsontext.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
