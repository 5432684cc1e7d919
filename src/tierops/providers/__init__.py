"""The vendors. A provider is found by the name of its module and imported only when a target needs it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tierops.providers.base import Provider


def find(name: str) -> type[Provider]:
    """The provider class of a vendor, `find("voucherify")`."""
    provider: type[Provider] = import_module(f"tierops.providers.{name}.account").Provider
    return provider
