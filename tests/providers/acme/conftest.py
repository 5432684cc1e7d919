"""ACME is installed while its tests run, and only then; its emulator is served beside those of tierops."""

from __future__ import annotations

from collections.abc import Iterator

import outside
import pytest
from harness import Run

from tierops.emulator import Emulator
from tierops.emulator.server import Served
from tierops.emulator.vendors import own


@pytest.fixture(autouse=True)
def _installed() -> Iterator[None]:
    with outside.installed("acme"):
        yield


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    from acme_loyalty.emulator import Api

    app = Emulator(vendors=(*own(), Api))
    yield app
    app.close()


@pytest.fixture
def acme(tierops: Run, emulator: Emulator, served: Served, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line in an empty folder, with keys for the served ACME."""
    for name, value in emulator.vendors["acme"].environ(served.url).items():
        monkeypatch.setenv(name, value)
    return tierops
