"""Fixtures: the emulator, a provider in front of it, and tierops as a user runs it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import KEYS, Ended, Run, Slept, connect

from tierops import cli
from tierops.emulator import Emulator
from tierops.emulator.server import Served, serve
from tierops.providers.connection import Connection


def pytest_configure() -> None:
    """Where SIGINT is ignored from the start, as in the background job of a shell, a child would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite the golden files with what comes out now")


@pytest.fixture(autouse=True)
def _no_inherited_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "TIEROPS_ENV",
        "NO_COLOR",
        "VOUCHERIFY_URL",
        "FANFARE_URL",
        "TALONONE_URL",
        "OPENLOYALTY_URL",
        "SALESFORCE_URL",
        "SALESFORCE_ACCESS_TOKEN",
        "VOUCHERIFY_OAUTH_TOKEN",
        "VOUCHERIFY_PROJECT",
        *KEYS,
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _no_pauses(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process nobody waits; whoever asked to stop is heard all the same."""
    if "real_pauses" not in request.keywords:
        monkeypatch.setattr("tierops.host.interrupts.Stop.sleep", lambda self, _: self.check())


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    app = Emulator()
    yield app
    app.close()


@pytest.fixture
def slept() -> Slept:
    return Slept()


@pytest.fixture
def provider(emulator: Emulator, slept: Slept) -> Connection:
    return connect(emulator, slept)


@pytest.fixture
def served(emulator: Emulator) -> Iterator[Served]:
    with serve(emulator) as server:
        yield server


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Ended:
        code = cli.run(arguments)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run


@pytest.fixture
def tierops(offline: Run, served: Served, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line in an empty folder, with keys for the served emulator."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("VOUCHERIFY_URL", f"{served.url}/voucherify")
    monkeypatch.setenv("FANFARE_URL", f"{served.url}/fanfare")
    monkeypatch.setenv("TALONONE_URL", f"{served.url}/talonone")
    monkeypatch.setenv("OPENLOYALTY_URL", f"{served.url}/openloyalty")
    monkeypatch.setenv("SALESFORCE_URL", f"{served.url}/salesforce")
    return offline


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A folder `tiers` with the documented three tiers as a program file."""
    (tmp_path / "tiers").mkdir()
    text = (Path(__file__).parents[1] / "tiers" / "loyalty-campaign.yaml").read_text()
    path = tmp_path / "tiers" / "loyalty-campaign.yaml"
    path.write_text(text)
    return path
