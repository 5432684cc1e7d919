"""How a vendor stores the names that it is given: no documentation says that it keeps them as they are."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any
from unicodedata import normalize

from tierops.emulator.switches import choice

_FORMS: dict[str, Callable[[str], str]] = {
    "sent": str,
    "trimmed": str.strip,
    "collapsed": lambda name: " ".join(name.split()),
    "composed": lambda name: normalize("NFC", name),
    "decomposed": lambda name: normalize("NFD", name),
    "lowered": str.lower,
    "escaped": escape,
}


def spelling() -> Any:
    """The field of a vendor's switches, `stored_name`."""
    return choice(*_FORMS, doc="form in which the names of a create are stored")


def stored(name: str, form: str) -> str:
    """The name as a vendor with this setting stores it."""
    return _FORMS[form](name)
