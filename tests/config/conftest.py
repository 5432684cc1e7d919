"""Files on disk for the tests of the configuration."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config import corner
from tierops import providers

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


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Installs the vendor `corner`, with the schema that is given or its own, until the test has ended."""

    def install(*schema: object) -> None:
        corner.install(tmp_path / "site", *schema)
        monkeypatch.syspath_prepend(tmp_path / "site")
        monkeypatch.setattr(providers, "_loaded", {})

    yield install
    sys.modules.pop("corner_shop", None)
