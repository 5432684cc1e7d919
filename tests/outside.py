"""Vendors outside of tierops: a distribution in a folder of its own each, found by its entry point alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tierops import providers

FOLDERS = {name: Path(__file__).parent / "providers" / name for name in ("acme", "toy")}


@contextmanager
def installed(*names: str) -> Iterator[None]:
    """Inside, these vendors are as good as installed. What was imported of them works afterwards, too."""
    path, loaded = sys.path[:], dict(providers._loaded)
    sys.path[:0] = [str(FOLDERS[name]) for name in names]
    try:
        yield
    finally:
        sys.path[:] = path
        providers._loaded.clear()
        providers._loaded.update(loaded)
