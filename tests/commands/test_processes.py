"""Real processes against the served emulator: killed at any request, and two at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from harness import KEYS, running

from tierops import cli
from tierops.emulator import ConnectionDropped, Emulator, Switches
from tierops.emulator.server import serve
from tierops.errors import Exit

_PROGRAM = """
version: 1
program: club
targets: [{%s}]
tiers: [{name: Bronze, from: 0}, {name: Silver, from: 100}, {name: Gold, from: 500}]
"""
_TARGETS = {
    "voucherify": "voucherify: {campaign: Club}",
    "fanfare": "fanfare: {group: Club, attribute: loyaltyBalance}",
}
_REQUESTS = 5
"""What an apply takes at either vendor: two to read, the create, two to read back."""
_CREATE = 3
_LONGEST = 20  # seconds that anything may take here


class Watched:
    """The emulator, with something done around each request: `around(who, number, answer)` gives its answer."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.numbers = {"a": 0, "b": 0}
        self.around: Callable[[str, int, Callable[[], Iterable[bytes]]], Iterable[bytes]] = lambda *a: a[2]()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        key = environ.get("HTTP_X_APP_TOKEN") or environ.get("HTTP_AUTHORIZATION", "")
        who = key[-1:]
        if who in self.numbers:
            self.numbers[who] += 1
            return self.around(who, self.numbers[who], lambda: self.emulator(environ, start_response))
        return self.emulator(environ, start_response)


@pytest.fixture(params=_TARGETS)
def vendor(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def watched(emulator: Emulator, tmp_path: Path, vendor: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """A program with one target that holds nothing yet, and the environment to reach it."""
    emulator.voucherify.add_campaign("Club")
    (tmp_path / "tiers").mkdir()
    (tmp_path / "tiers" / "club.yaml").write_text(_PROGRAM % _TARGETS[vendor])
    monkeypatch.chdir(tmp_path)
    app = Watched(emulator)
    with serve(app) as server:
        for name, value in KEYS.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("VOUCHERIFY_URL", f"{server.url}/voucherify")
        monkeypatch.setenv("FANFARE_URL", f"{server.url}/fanfare")
        yield app


def start(who: str, *arguments: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """A tierops of its own, whose requests can be told from another one's by its keys."""
    keys = {"VOUCHERIFY_APP_TOKEN": f"token-{who}", "FANFARE_SECRET_KEY": f"sk_test_{who}"}
    command = [sys.executable, "-m", "tierops", "apply", *(arguments or ["--auto-approve"]), "--settle", "0.1"]
    pipe = subprocess.PIPE
    return running(command, env={**os.environ, **keys}, stdout=pipe, stderr=pipe, text=True)


def names(emulator: Emulator, vendor: str) -> list[str]:
    held = emulator.voucherify.tiers("Club") if vendor == "voucherify" else emulator.fanfare.audiences()
    return sorted(tier["name"] for tier in held)


ONE_SET = ["Bronze", "Gold", "Silver"]
_MOMENTS = [*((number, "before") for number in range(1, _REQUESTS + 1)), (_CREATE, "after")]


@pytest.mark.parametrize(("number", "moment"), _MOMENTS)
def test_a_killed_apply_is_finished_by_the_next_one(number: int, moment: str, watched: Watched, vendor: str) -> None:
    assert cli.run(["plan", "--out", "plan.json"]) == Exit.DONE
    processes: list[subprocess.Popen[str]] = []
    is_started = threading.Event()

    def kill(_who: str, at: int, answer: Callable[[], Iterable[bytes]]) -> Iterable[bytes]:
        assert is_started.wait(_LONGEST)
        if at != number:
            return answer()
        if moment == "after":
            answer()
        processes[0].send_signal(signal.SIGKILL)
        raise ConnectionDropped("nobody is there any more")

    watched.around = kill
    with start("a", "plan.json") as process:
        processes.append(process)
        is_started.set()
        process.communicate(timeout=_LONGEST)
    assert process.returncode == -signal.SIGKILL
    has_written = number > _CREATE or moment == "after"
    assert names(watched.emulator, vendor) == (ONE_SET if has_written else [])
    assert cli.run(["apply", "plan.json"]) == Exit.DONE
    assert names(watched.emulator, vendor) == ONE_SET
    assert watched.emulator.writes == 1


def together(watched: Watched) -> Callable[[], None]:
    """Neither writes before both have read, and neither reads back before both have written."""
    both_read, both_wrote = threading.Barrier(2, timeout=_LONGEST), threading.Barrier(2, timeout=_LONGEST)

    def around(_who: str, number: int, answer: Callable[[], Iterable[bytes]]) -> Iterable[bytes]:
        if number != _CREATE:
            return answer()
        both_read.wait()
        body = answer()
        both_wrote.wait()
        return body

    watched.around = around
    return lambda: None


def one_after_the_other(watched: Watched) -> Callable[[], None]:
    """Both have read; then `a` goes to its end, and only then `b` writes."""
    b_has_read, a_has_ended = threading.Event(), threading.Event()

    def around(who: str, number: int, answer: Callable[[], Iterable[bytes]]) -> Iterable[bytes]:
        if number == _CREATE:
            if who == "b":
                b_has_read.set()
            assert (a_has_ended if who == "b" else b_has_read).wait(_LONGEST)
        return answer()

    watched.around = around
    return a_has_ended.set


def apply_twice(watched: Watched, schedule: Callable[[Watched], Callable[[], None]]) -> list[tuple[int, str]]:
    a_has_ended = schedule(watched)
    with start("a") as a, start("b") as b:
        shown = [a.communicate(timeout=_LONGEST)[0]]
        a_has_ended()
        shown.append(b.communicate(timeout=_LONGEST)[0])
    return [(a.returncode, shown[0]), (b.returncode, shown[1])]


def test_two_that_wrote_before_either_read_back_both_report_the_duplicate(watched: Watched, vendor: str) -> None:
    ended = apply_twice(watched, together)
    assert [code for code, _ in ended] == [Exit.UNKNOWN, Exit.UNKNOWN]
    assert names(watched.emulator, vendor) == sorted(ONE_SET * 2)
    assert all("unknown: Silver" in out for _, out in ended)
    assert cli.run(["apply", "--auto-approve"]) == Exit.FAILED
    assert watched.emulator.writes == 2


def test_of_two_the_one_that_wrote_last_reports_the_duplicate(watched: Watched, vendor: str) -> None:
    (first, _), (second, out) = apply_twice(watched, one_after_the_other)
    assert (first, second) == (Exit.DONE, Exit.UNKNOWN)
    assert "unknown: Silver" in out
    assert names(watched.emulator, vendor) == sorted(ONE_SET * 2)


def test_two_end_with_one_set_where_the_vendor_refuses_a_name_that_is_taken(watched: Watched, vendor: str) -> None:
    watched.emulator.switches = Switches.parse(["voucherify.duplicate_name=409", "fanfare.duplicate_group=unique"])
    assert [code for code, _ in apply_twice(watched, together)] == [Exit.DONE, Exit.DONE]
    assert names(watched.emulator, vendor) == ONE_SET


def test_of_two_the_one_that_reads_after_the_other_wrote_has_nothing_to_do(watched: Watched, vendor: str) -> None:
    wrote = threading.Event()

    def around(who: str, number: int, answer: Callable[[], Iterable[bytes]]) -> Iterable[bytes]:
        if (who, number) == ("b", 1):
            assert wrote.wait(_LONGEST)
        body = answer()
        if (who, number) == ("a", _CREATE):
            wrote.set()
        return body

    watched.around = around
    with start("a") as a, start("b") as b:
        for process in (a, b):
            process.communicate(timeout=_LONGEST)
    assert (a.returncode, b.returncode) == (Exit.DONE, Exit.DONE)
    assert names(watched.emulator, vendor) == ONE_SET
    assert watched.emulator.writes == 1
