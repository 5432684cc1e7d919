"""Modules that need a library which not everybody installs."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from tierops.errors import TieropsError

_WITHOUT = {
    "cryptography": "signatures need cryptography: pip install 'tierops[sign]'",
    "duckdb": "members are counted with DuckDB: pip install 'tierops[members]'",
    "narwhals": "members are counted with Narwhals: pip install 'tierops[members]'",
    "pyspark": "--engine spark needs PySpark: pip install 'tierops[spark]'",
}


def load(name: str) -> ModuleType:
    """The module of tierops. Raises `TieropsError` with what to install where its library is not there."""
    try:
        return import_module(f"tierops.{name}")
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in _WITHOUT:
            raise
        raise TieropsError(_WITHOUT[library]) from None
