"""Which vendors tierops itself can emulate."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tierops.emulator.api import Api

_PACKAGES = Path(__file__).parents[1] / "providers"


@cache
def own() -> tuple[type[Api[Any]], ...]:
    """The `Api` of each vendor's package that has an emulator, in the order of their names."""
    names = sorted(path.parents[1].name for path in _PACKAGES.glob("*/emulator/__init__.py"))
    return tuple(import_module(f"tierops.providers.{name}.emulator").Api for name in names)
