"""Signals: what is in flight is awaited, nothing is sent after it, and the report says what is known."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
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
    served: Served,
    folder: Path,
    is_time: Callable[[], bool],
    *signals: int,
    command: tuple[str, ...] = ("apply", "--auto-approve"),
    arguments: tuple[str, ...] = (),
    before: Sequence[str] = (),
) -> tuple[int, str, str]:
    """Runs a command, such as apply, as a process, and sends it signals once it is time."""
    environ = os.environ | KEYS | {"VOUCHERIFY_URL": f"{served.url}/voucherify", "PYTHONUNBUFFERED": "1"}
    line = [*before, sys.executable, "-m", "tierops", *command, *arguments]
    pipe = subprocess.PIPE
    with running(line, cwd=folder, env=environ, stdout=pipe, stderr=pipe, text=True) as process:
        wait_for(is_time)
        for number in signals:
            process.send_signal(number)
            time.sleep(0.1)
        out, err = process.communicate(timeout=20)
        return process.returncode, out, err


def wait_for(is_time: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_time():
        assert time.monotonic() < deadline
        time.sleep(0.01)


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


TWICE = [
    (signal.SIGINT, signal.SIGTERM),
    (signal.SIGINT, signal.SIGINT),
    (signal.SIGTERM, signal.SIGINT),
    (signal.SIGHUP, signal.SIGHUP),
]


@pytest.mark.parametrize("signals", TWICE, ids=lambda pair: "-".join(signal.Signals(one).name for one in pair))
def test_a_second_signal_does_not_wait_for_the_answer_and_everything_is_reported(
    signals: tuple[int, int], clubs: Emulator, served: Served, tmp_path: Path
) -> None:
    """As GitHub cancels a job. One ladder is done, one in flight, one waits for a limit."""
    third = (tmp_path / "tiers" / "two.yaml").read_text().replace("two", "three")
    (tmp_path / "tiers" / "three.yaml").write_text(third)
    clubs.voucherify.add_campaign("three")
    clubs.faults.append(Fault(on="POST /v1/loyalties/*/tiers", kind="hang-after", value=30_000, after=1))
    clubs.faults.append(Fault(on="POST /v1/loyalties/*/tiers", kind="429", value=60, after=2, times=9))
    reports = [part for kind in ("text", "json", "markdown", "html") for part in ("--report", f"{kind}=r.{kind}")]
    start, journal = time.monotonic(), tmp_path / "j.jsonl"

    def is_in_flight() -> bool:
        return posts(clubs) == 3 and journal.read_text().count('"received"') == 2

    code, out, err = interrupted(served, tmp_path, is_in_flight, *signals, arguments=("--journal", "j.jsonl", *reports))
    assert time.monotonic() - start < 15
    assert code == Exit.INTERRUPTED
    assert f"{signal.Signals(signals[1]).name}: not waiting for the request in flight" in err
    assert "Traceback" not in err
    text, markdown, html = ((tmp_path / f"r.{kind}").read_text() for kind in ("text", "markdown", "html"))
    assert out.strip() == text.strip()
    for state in ("created", "unknown", "not created"):
        assert out.count(f"  {state}: Bronze") == 1
        assert state in markdown
        assert state in html
    report = json.loads((tmp_path / "r.json").read_text())
    states = dict.fromkeys(("done", "unknown", "not-done"), 2)
    assert report["exit_code"] == Exit.INTERRUPTED
    assert Counter(one["state"] for result in report["results"] for one in result["outcomes"]) == states
    kept = [json.loads(line) for line in journal.read_text().splitlines()]
    assert Counter(line["state"] for line in kept if line["kind"] == "outcome") == states
    assert (kept[-1]["kind"], kept[-1]["exit_code"]) == ("end", Exit.INTERRUPTED)


def test_a_report_that_nobody_reads_is_left_by_a_later_signal(clubs: Emulator, served: Served, tmp_path: Path) -> None:
    """stdout is a pipe that is full: the report cannot be written."""
    (tmp_path / "tiers" / "two.yaml").unlink()
    clubs.faults.append(Fault(on=POST, kind="hang-after", value=30_000))
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 65_536)
    os.set_blocking(writer, True)
    environ = os.environ | KEYS | {"VOUCHERIFY_URL": f"{served.url}/voucherify"}
    command = [sys.executable, "-m", "tierops", "apply", "--auto-approve", "--report", "text=r.txt"]
    pipe = subprocess.PIPE
    with running(command, cwd=tmp_path, env=environ, stdout=writer, stderr=pipe, text=True) as process:
        wait_for(lambda: posts(clubs) == 1)
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
        wait_for((tmp_path / "r.txt").exists)
        process.send_signal(signal.SIGTERM)  # not yet: the report is given its time
        time.sleep(0.3)
        assert process.poll() is None
        time.sleep(3)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    os.close(reader)
    os.close(writer)
    assert process.returncode == Exit.INTERRUPTED
    assert "stopped at once" in err
    assert "unknown: Bronze" in (tmp_path / "r.txt").read_text()


def test_a_closed_terminal_ends_nothing_under_nohup(clubs: Emulator, served: Served, tmp_path: Path) -> None:
    clubs.faults.append(Fault(on=POST, kind="delay", value=600))
    nohup = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"]
    code, out, _ = interrupted(served, tmp_path, lambda: posts(clubs) >= 1, signal.SIGHUP, before=nohup)
    assert code == Exit.DONE
    assert out.count("created: Bronze") == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["plan", "drift"])
@pytest.mark.parametrize(("hanging", "requests"), [("GET *", 1), ("GET */tiers", 3)])  # the list of campaigns, or both
def test_a_signal_ends_what_only_reads_without_waiting_for_the_vendor(
    command: str, number: int, hanging: str, requests: int, clubs: Emulator, served: Served, tmp_path: Path
) -> None:
    clubs.faults.append(Fault(on=hanging, kind="hang-after", value=25_000, times=9))
    start = time.monotonic()
    arguments = ("--format", "json")
    is_time = lambda: len(clubs.requests) >= requests  # noqa: E731
    code, out, _ = interrupted(served, tmp_path, is_time, number, command=(command,), arguments=arguments)
    assert code == json.loads(out)["exit_code"] == Exit.INTERRUPTED
    assert json.loads(out)["error"] == "interrupted; nothing was written"
    assert time.monotonic() - start < 15


@pytest.mark.parametrize(("programs", "hanging", "requests"), [(1, "GET *", 1), (2, "GET *", 1), (2, "GET */tiers", 3)])
def test_two_signals_end_an_apply_that_still_reads(
    programs: int, hanging: str, requests: int, clubs: Emulator, served: Served, tmp_path: Path
) -> None:
    """A plan file is carried out: live is read again first, and the vendor hangs."""
    if programs == 1:
        (tmp_path / "tiers" / "two.yaml").unlink()
    environ = os.environ | KEYS | {"VOUCHERIFY_URL": f"{served.url}/voucherify"}
    plan = [sys.executable, "-m", "tierops", "plan", "--out", "plan.json"]
    subprocess.run(plan, cwd=tmp_path, env=environ, check=True, capture_output=True)
    clubs.requests.clear()
    clubs.faults.append(Fault(on=hanging, kind="hang-after", value=25_000, times=9))
    start = time.monotonic()
    two = (signal.SIGINT, signal.SIGTERM)
    command = ("apply", "plan.json")
    code, out, err = interrupted(served, tmp_path, lambda: len(clubs.requests) >= requests, *two, command=command)
    assert (code, out) == (Exit.INTERRUPTED, "")
    assert "error: interrupted; nothing was written" in err
    assert time.monotonic() - start < 15
    assert posts(clubs) == 0


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
