"""`tierops emulate`: what it says, and the data it starts with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import Run

from tierops.commands import serving
from tierops.emulator import Emulator, Switches
from tierops.errors import Exit, UsageError


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Switches, int]]:
    """What would have been served: its switches, and how many audiences it holds."""
    seen: list[tuple[Switches, int]] = []

    def serve(app: Emulator, host: str, port: int, *, log: bool, ready: Callable[[str], object]) -> None:
        seen.append((app.switches, len(app.fanfare.audiences())))
        ready(f"http://{host}:{port}")

    monkeypatch.setattr(serving, "run_forever", serve)
    return seen


def _run(switches: list[str], data: Path | None = None, **more: Any) -> list[str]:
    said: list[str] = []
    serving.run("127.0.0.1", 8080, data, switches, has_examples=True, log=False, say=said.append)
    return said


def test_it_says_how_to_reach_both_vendors(started: list[tuple[Switches, int]]) -> None:
    _, fanfare, voucherify = _run(["fanfare.rules=between"])
    assert voucherify.startswith("export VOUCHERIFY_URL=http://127.0.0.1:8080/voucherify ")
    assert fanfare == "export FANFARE_URL=http://127.0.0.1:8080/fanfare FANFARE_SECRET_KEY=any"
    assert started[0][0] == Switches.parse(["fanfare.rules=between"])


def test_examples_are_loaded_where_there_is_nothing_yet(started: list[tuple[Switches, int]], tmp_path: Path) -> None:
    _run([], tmp_path / "data.sqlite")
    _run([], tmp_path / "data.sqlite")
    assert [audiences for _, audiences in started] == [4, 4]


def test_switch_without_its_vendor_is_a_usage_error(started: list[tuple[Switches, int]]) -> None:
    with pytest.raises(UsageError, match=r"say fanfare\.overlap or voucherify\.overlap"):
        _run(["overlap=400"])
    assert started == []


def test_table_lists_the_switches_of_every_vendor() -> None:
    lines = serving.switch_table().splitlines()
    assert "voucherify.page=ignored | 400 | honoured" in lines
    assert "fanfare.overlap=issue | plain | accepted" in lines


def test_demo_tells_its_story_with_no_setting_of_a_real_account(
    offline: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = ("TIEROPS_ENV", "VOUCHERIFY_URL", "VOUCHERIFY_OAUTH_TOKEN", "VOUCHERIFY_PROJECT", "FANFARE_SECRET_KEY")
    for name in settings:
        monkeypatch.setenv(name, "real")
    ended = offline("demo")
    assert ended.code == Exit.DONE
    assert "(requests that write, so far: 1; by this last apply: 0)" in ended.out
    assert "5. Somebody edits Middle in the dashboard: 600 points instead of 499." in ended.out
    assert list(tmp_path.iterdir()) == []
