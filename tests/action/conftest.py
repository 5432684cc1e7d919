"""Fixtures: a stand-in for GitHub, and the action's scripts in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import github_double
import pytest
from action_step import Runner
from github_double import GitHubDouble


@pytest.fixture
def github() -> Iterator[GitHubDouble]:
    with github_double.serve() as double:
        yield double


@pytest.fixture
def act(tmp_path: Path, github: GitHubDouble) -> Runner:
    return Runner(tmp_path, github)
