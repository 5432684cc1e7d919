"""`tierops list` as a user runs it, against the served emulator."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from harness import Run

from tierops.emulator import Emulator, Fault
from tierops.errors import Exit

TIERS = [{"name": "Bronze", "points": {"from": 0, "to": 99}}, {"name": "Silver", "points": {"from": 100}}]
BOTH = """
version: 1
program: clubs
targets:
  - {name: a, voucherify: {campaign: camp_1}}
  - {name: b, fanfare: {group: Club, attribute: ltv}}
tiers:
  - {name: Bronze, from: 0}
"""


@pytest.fixture
def accounts(emulator: Emulator) -> Emulator:
    emulator.voucherify.add_campaign("Club", tiers=TIERS, id="camp_1")
    emulator.voucherify.add_campaign("Tea 'n' Club", tiers=TIERS)
    emulator.voucherify.add_campaign("Empty")
    emulator.fanfare.add_group("Club", "ltv", [{"name": "Bronze", "startValue": 0, "order": 0}])
    Path("tiers").mkdir()
    Path("tiers/clubs.yaml").write_text(BOTH)
    return emulator


def test_each_ladder_is_listed_with_the_file_that_targets_it(tierops: Run, accounts: Emulator) -> None:
    ended = tierops("-q", "list", "voucherify")
    assert (ended.code, ended.err) == (Exit.DONE, "")
    assert ended.out.splitlines()[:4] == [
        "Club            2 tiers  tiers/clubs.yaml (clubs)",
        "Tea 'n' Club    2 tiers  in no file",
        "Empty           0 tiers  in no file",
        "3 campaigns at Voucherify, 2 in no file",
    ]
    hint = ended.out.splitlines()[4].partition(": tierops ")[2].partition("; all of them")[0]
    assert tierops(*shlex.split(hint), "--out", "tiers/tea.yaml").code == Exit.DONE
    assert "Tea 'n' Club    2 tiers  tiers/tea.yaml (tea-n-club)\n" in tierops("-q", "list", "voucherify").out
    assert tierops("-q", "list", "fanfare").out == ("Club    1 tier   tiers/clubs.yaml (clubs)\n1 group at Fanfare\n")
    assert {sent[0] for sent in accounts.requests} == {"GET"}


def test_json_says_the_same(tierops: Run, accounts: Emulator) -> None:
    data = json.loads(tierops("list", "voucherify", "--format", "json").out)
    assert (data["command"], data["exit_code"], data["provider"]) == ("list", 0, "voucherify")
    assert data["ladders"][0] == {
        "place": {"campaign": "Club"}, "name": "Club", "id": "camp_1", "tiers": 2, "error": None,
        "programs": [{"program": "clubs", "file": "tiers/clubs.yaml"}],
    }  # fmt: skip
    assert [one["programs"] for one in data["ladders"][1:]] == [[], []]


def test_one_that_cannot_be_read_stops_no_other(tierops: Run, accounts: Emulator) -> None:
    accounts.faults.append(Fault(on="GET /v1/loyalties/camp_1/tiers", kind="403", times=None))
    ended = tierops("-q", "list", "voucherify")
    assert ended.code == Exit.FAILED
    assert "Club            ? tiers" in ended.out
    assert "Tea 'n' Club    2 tiers" in ended.out
    assert "error: not read:\n  'Club': " in ended.err
    data = json.loads(tierops("list", "voucherify", "--format", "json").out)
    assert (data["exit_code"], data["ladders"][0]["tiers"]) == (1, None)
    assert "403" in data["ladders"][0]["error"]


def test_without_files_and_without_ladders(tierops: Run, emulator: Emulator) -> None:
    assert tierops("-q", "list", "voucherify") == (Exit.DONE, "0 campaigns at Voucherify\n", "")
