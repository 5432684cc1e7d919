"""ACME is installed while its tests run, and only then."""

from __future__ import annotations

from collections.abc import Iterator

import outside
import pytest


@pytest.fixture(autouse=True)
def _installed() -> Iterator[None]:
    with outside.installed("acme"):
        yield
