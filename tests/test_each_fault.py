"""Each fault by itself, as a user meets it: `tierops apply` of three tiers to an empty place.

each_fault.txt is the table of what must come of it: exit code, tiers live afterwards, creates sent. `create` is a fault
of the request that creates (`=` a status, where it may be any), `reads` one of every list that is read, `after` one of
the first list after the create.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import Run

from tierops.emulator import Emulator, Fault
from tierops.emulator.faults import BENDERS, KINDS

_LADDER = "tiers: [{name: Bronze, from: 0}, {name: Silver, from: 250}, {name: Gold, from: 500}]\n"
_TARGETS = {
    "voucherify": "{campaign: Club}",
    "fanfare": "{group: Club, attribute: loyaltyBalance}",
    "openloyalty": "{store: default, tier_set: Club, attribute: totalEarnedUnits, wallet: default}",
}
_CREATES = {
    "voucherify": "POST /v1/loyalties/*/tiers",
    "fanfare": "POST /audiences/loyalty-tiers",
    "openloyalty": "PUT /api/*/tierSet/*/tiers",
}
_LISTS = {
    "voucherify": "GET /v1/loyalties/*/tiers",
    "fanfare": "GET /audiences",
    "openloyalty": "GET /api/*/tierSet/*/tiers",
}
_READS_BEFORE = 2  # the plan's and the one right before the create
_MILLISECONDS = {"refuse": 1, "hang-before": 20, "hang-after": 20, "late": 1, "delay": 10, "drip": 10, "lag": 10_000}
_VALUES = _MILLISECONDS | dict.fromkeys(("total", "cap", "shift", "500-partial"), 1)
_LINES = (Path(__file__).parent / "each_fault.txt").read_text().splitlines()
_TABLE = [line.split() for line in _LINES if not line.startswith("#")]

# What the report says, whatever the vendor: never a success where live is not as the files want it.
_TOLD = {
    0: "Live equals the files, read back after the last write.",
    1: "error:",
    3: "differences remain:",
    5: "differences remain:",
    6: "unknown: Gold",
}


def test_every_fault_is_in_the_table() -> None:
    listed = {(where, kind) for where, kind, *_ in _TABLE}
    lists_only = BENDERS.keys() - {"delay", "drip"}
    assert listed >= {("create", kind) for kind in KINDS if kind not in lists_only}
    assert listed >= {(where, kind) for where in ("reads", "after") for kind in KINDS if kind != "500-partial"}
    assert len(_TABLE) == len(listed)


@pytest.mark.parametrize("vendor", _TARGETS)
@pytest.mark.parametrize("row", _TABLE, ids=lambda row: "-".join(row[:2]))
def test_apply_ends_as_the_table_says(
    row: list[str], vendor: str, emulator: Emulator, tierops: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, kind, *ends = row
    code, live, sent = map(int, ends[list(_TARGETS).index(vendor)].split("/"))
    monkeypatch.setattr("tierops.host.interrupts.Stop.sleep", lambda *_: None)
    (tmp_path / "tiers").mkdir()
    target = f"targets: [{{{vendor}: {_TARGETS[vendor]}}}]\n"
    (tmp_path / "tiers" / "club.yaml").write_text(f"version: 1\nprogram: club\n{target}{_LADDER}")
    emulator.voucherify.add_campaign("Club")
    emulator.openloyalty.add_set("Club")  # with Bronze, from 0
    kind, _, status = kind.partition("=")
    value = int(status) if status else _VALUES.get(kind, 0)
    emulator.faults.append(
        {
            "create": Fault(_CREATES[vendor], kind, value=value),
            "reads": Fault(_LISTS[vendor], kind, times=None, value=value),
            "after": Fault(_LISTS[vendor], kind, after=_READS_BEFORE, value=value),
        }[where]
    )

    ended = tierops("apply", "--auto-approve")

    emulator.land(everything=True)
    groups = [audience["groupName"] for audience in emulator.fanfare.audiences()]
    sets = emulator.openloyalty.tiers("Club") if vendor == "openloyalty" else []
    assert ended.code == code
    assert len(emulator.voucherify.tiers("Club")) + groups.count("Club") + len(sets) == live
    assert sum(request[0] != "GET" for request in emulator.requests) == sent
    assert ("not created: Gold" if code == 1 and sent else _TOLD[code]) in ended.out + ended.err
    assert where == "reads" or len(emulator.faults) == 0
