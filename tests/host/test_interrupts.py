"""SIGINT and SIGTERM: what is in flight is awaited, nothing is sent after it, and the report says what is known."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import KEYS, running

from tierops.emulator import Emulator, Fault
from tierops.emulator.server import Served
from tierops.errors import Exit, Interrupted
from tierops.host.interrupts import Stop

POST = "POST /v1/loyalties/*/tiers"
LADDER = "tiers: [{name: Bronze, from: 0}, {name: Gold, from: 100}]\n"


@pytest.mark.real_pauses
def test_a_pause_ends_as_soon_as_somebody_asks() -> None:
    stop = Stop()
    stop.sleep(0)
    stop.check()
    start = time.monotonic()
    threading.Timer(0.02, stop.ask).start()
    with pytest.raises(Interrupted):
        stop.sleep(60)
    assert time.monotonic() - start < 5
    with pytest.raises(Interrupted):
        stop.check()


@pytest.fixture
def clubs(emulator: Emulator, tmp_path: Path) -> Emulator:
    """Two empty campaigns and the programs for them."""
    (tmp_path / "tiers").mkdir()
    for key in ("one", "two"):
        emulator.voucherify.add_campaign(key)
        program = f"version: 1\nprogram: {key}\ntargets: [{{voucherify: {{campaign: {key}}}}}]\n{LADDER}"
        (tmp_path / "tiers" / f"{key}.yaml").write_text(program)
    return emulator


def interrupted(
    served: Served, folder: Path, is_time: Callable[[], bool], *signals: int, arguments: tuple[str, ...] = ()
) -> tuple[int, str, str]:
    """Runs apply as a process, and sends it signals once it is time."""
    environ = os.environ | KEYS | {"VOUCHERIFY_URL": f"{served.url}/voucherify", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "tierops", "apply", "--auto-approve", *arguments]
    pipe = subprocess.PIPE
    with running(command, cwd=folder, env=environ, stdout=pipe, stderr=pipe, text=True) as process:
        deadline = time.monotonic() + 20
        while not is_time():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for number in signals:
            process.send_signal(number)
            time.sleep(0.1)
        out, err = process.communicate(timeout=20)
        return process.returncode, out, err


def posts(emulator: Emulator) -> int:
    return sum(sent[0] == "POST" for sent in emulator.requests)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_after_the_request_in_flight(
    number: int, clubs: Emulator, served: Served, tmp_path: Path
) -> None:
    """One create is confirmed slowly, the other one waits for a limit: done, and not done."""
    clubs.faults.append(Fault(on=POST, kind="delay", value=600))
    clubs.faults.append(Fault(on=POST, kind="429", value=30, after=1))
    code, out, err = interrupted(served, tmp_path, lambda: posts(clubs) == 2, number)
    assert code == Exit.INTERRUPTED
    assert f"{signal.Signals(number).name}: stopping after the request in flight" in err
    assert out.count("created: Bronze (the vendor confirmed it; it was not read back)") == 1
    assert out.count("not created: Bronze") == 1
    assert "what is live now was not read" in out
    assert clubs.writes == 1
    assert posts(clubs) == 2


def test_a_signal_after_a_lost_answer_leaves_the_outcome_unknown(
    clubs: Emulator, served: Served, tmp_path: Path
) -> None:
    (tmp_path / "tiers" / "two.yaml").unlink()
    clubs.faults.append(Fault(on=POST, kind="drop-after"))
    settled = ("--settle", "1", "--format", "json")
    code, out, _ = interrupted(served, tmp_path, lambda: posts(clubs) == 1, signal.SIGINT, arguments=settled)
    report = json.loads(out)
    assert code == report["exit_code"] == Exit.INTERRUPTED
    assert [outcome["state"] for outcome in report["results"][0]["outcomes"]] == ["unknown", "unknown"]
    assert report["results"][0]["trouble"].endswith("; interrupted")
    assert report["results"][0]["remaining"] is None


def test_a_second_signal_stops_at_once(clubs: Emulator, served: Served, tmp_path: Path) -> None:
    clubs.faults.append(Fault(on=POST, kind="delay", value=5000, times=2))
    start = time.monotonic()
    two = (signal.SIGINT, signal.SIGTERM)
    code, _, err = interrupted(served, tmp_path, lambda: posts(clubs) == 2, *two)
    assert code == Exit.INTERRUPTED
    assert "error: stopped at once; a create may have been under way: plan again to see" in err
    assert time.monotonic() - start < 5


def test_a_signal_before_the_first_write_writes_nothing(clubs: Emulator, served: Served, tmp_path: Path) -> None:
    clubs.faults.append(Fault(on="GET *", kind="429", value=30))
    code, out, err = interrupted(served, tmp_path, lambda: bool(clubs.requests), signal.SIGTERM)
    assert (code, out.strip()) == (Exit.INTERRUPTED, "")
    assert "interrupted; nothing was written" in err
    assert clubs.writes == 0


def test_the_signals_of_these_tests_arrive_where_sigint_is_ignored_from_the_start() -> None:
    """As in the background job of a shell, whose children inherit that."""
    tests = ("-m", "pytest", "-p", "no:cacheprovider", Path(__file__).parent / "test_disk.py", "-k", "INT-")
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, *tests]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
