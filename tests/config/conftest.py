"""Files on disk for the tests of the configuration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[[str, str], Path]


@pytest.fixture
def tiers(tmp_path: Path) -> Path:
    folder = tmp_path / "tiers"
    folder.mkdir()
    return folder


@pytest.fixture
def write(tiers: Path) -> Write:
    """Writes a text below the folder `tiers`."""

    def to(name: str, text: str) -> Path:
        path = tiers / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return to
