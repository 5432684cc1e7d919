"""`tierops doctor` as a user runs it, against the served emulator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import Run

from tierops import providers
from tierops.commands import doctor
from tierops.emulator import Emulator, Switches
from tierops.errors import Exit


def test_all_is_well(tierops: Run, emulator: Emulator) -> None:
    emulator.voucherify.add_campaign("Club")
    ended = tierops("doctor")
    assert (ended.code, ended.err) == (Exit.DONE, "")
    assert "ok  Voucherify: keys: VOUCHERIFY_APP_ID, VOUCHERIFY_APP_TOKEN set\n" in ended.out
    assert "/voucherify, from VOUCHERIFY_URL\n" in ended.out
    assert "ok  Voucherify: reading: 1 campaign\n" in ended.out
    assert "ok  Voucherify: calls left: 1,999\n" in ended.out
    assert "ok  Fanfare: reading: 0 groups\n" in ended.out
    assert {path.rpartition("/")[2] for method, path, _ in emulator.requests if method != "GET"} <= {"token"}
    assert emulator.writes == 0
    assert " s ahead of the vendor's\n" in ended.out or " s behind the vendor's\n" in ended.out
    assert "sk_test_key" not in ended.out


def test_the_missing_keys_of_every_vendor_are_told_in_one_run(offline: Run) -> None:
    ended = offline("doctor")
    assert ended.code == Exit.FAILED
    assert "NO  Voucherify: keys: no Voucherify keys: set VOUCHERIFY_APP_ID" in ended.out
    assert "NO  Fanfare: keys: no Fanfare key: set FANFARE_SECRET_KEY" in ended.out


def test_a_key_of_another_region_is_named_as_such(tierops: Run, emulator: Emulator) -> None:
    emulator.switches = Switches.parse(["voucherify.accepted_keys=a:b"])
    ended = tierops("doctor", "voucherify")
    assert ended.code == Exit.FAILED
    (line,) = [line for line in ended.out.splitlines() if line.startswith("NO")]
    assert "401" in line
    assert "check VOUCHERIFY_APP_ID and VOUCHERIFY_APP_TOKEN, what the key may do" in line
    assert "the host is that of the account's region: api.voucherify.io" in line


def test_the_vendors_of_the_files_are_asked_unless_one_is_named(tierops: Run, emulator: Emulator) -> None:
    Path("tiers").mkdir()
    Path("tiers/a.yaml").write_text("program: a\ntargets: [{fanfare: {group: G}}]\n")
    assert "Voucherify" not in tierops("doctor").out
    assert "Fanfare" not in tierops("doctor", "voucherify").out
    data = json.loads(tierops("doctor", "--format", "json").out)
    assert (data["command"], data["exit_code"]) == ("doctor", 0)
    assert {"provider": "fanfare", "check": "reading", "ok": True, "seen": "0 groups", "hint": None} in data["checks"]


@pytest.mark.parametrize(
    ("now", "is_right", "seen"),
    [
        (70, True, "30 s behind the vendor's"),
        (130, True, "30 s ahead of the vendor's"),
        (-500, False, "600 s behind the vendor's"),
        (700, False, "600 s ahead of the vendor's"),
    ],
)
def test_a_clock_that_is_wrong_is_told(now: float, is_right: bool, seen: str) -> None:
    (check,) = doctor.clock(providers.own()[0], "Thu, 01 Jan 1970 00:01:40 GMT", now)
    assert (check.is_right, check.seen) == (is_right, seen)
    assert ("set the clock" in check.hint) == (not is_right)


def test_what_is_no_time_says_nothing_of_the_clock() -> None:
    assert list(doctor.clock(providers.own()[0], "soon", 0)) == []
