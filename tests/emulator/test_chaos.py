"""Misbehaviour drawn at random."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx

from tierops.emulator import KINDS, Chaos, Emulator, Fault
from tierops.emulator.faults import BENDERS, Due

TIERS = "/v1/loyalties/camp_club/tiers"
FULL = f"/voucherify{TIERS}"


def _fault(due: Due) -> Fault | None:
    return due.answer or next((due._faults[kind] for kind in BENDERS if kind in due._faults), None)


def _drawn(seed: int, requests: int, method: str = "GET", path: str = FULL) -> list[Fault | None]:
    chaos = Chaos(seed)
    return [_fault(chaos.take(method, TIERS, path)) for _ in range(requests)]


def test_same_seed_means_same_faults_and_another_seed_means_others() -> None:
    assert _drawn(1, 200) == _drawn(1, 200)
    assert _drawn(1, 200) != _drawn(2, 200)
    assert _drawn(1, 200) != _drawn(1, 200, path=FULL + "/x")


def test_one_request_in_five_is_hit() -> None:
    hit = sum(fault is not None for fault in _drawn(7, 3000))
    assert 480 < hit < 720


def test_reads_and_writes_meet_what_suits_them() -> None:
    reads, creates, changes = (
        {fault.kind for fault in _drawn(3, 3000, method) if fault} for method in ("GET", "POST", "PUT")
    )
    assert not {kind for kind in reads if kind.endswith("-after")} | reads & {"late", "500-partial"}
    assert creates == changes
    assert not creates & {"lag", "total", "cap", "shift", "insert", "repeat", "cycle"}
    # What a client may give up on is never drawn; all the rest is.
    assert reads | creates == KINDS.keys() - {"401", "403", "429-cycle"}


def test_what_one_path_meets_does_not_depend_on_the_others() -> None:
    paths = [f"/voucherify/v1/loyalties/{number}/tiers" for number in range(8)]
    alone = {path: _drawn(5, 50, "POST", path) for path in paths}
    chaos = Chaos(5)

    def draw(path: str) -> list[Fault | None]:
        return [_fault(chaos.take("POST", path, path)) for _ in range(50)]

    with ThreadPoolExecutor(8) as pool:
        assert dict(zip(paths, pool.map(draw, paths), strict=True)) == alone


def test_any_number_of_paths_takes_bounded_memory() -> None:
    chaos = Chaos(1)
    for number in range(10_000):
        chaos.take("GET", f"/{number}", f"/\udc80{number}")
    assert len(chaos._seen) <= 4096


def test_chaos_decides_where_no_scripted_fault_does(client: httpx.Client, app: Emulator) -> None:
    app.chaos = Chaos(1, rate=1.0)
    app.faults.append(Fault("GET *", "503-before", times=5))
    assert [client.get(TIERS).status_code for _ in range(5)] == [503] * 5
    assert app.chaos._seen == Counter()
    app.chaos = Chaos(1, rate=0.0)
    assert client.get(TIERS).status_code == 200
    assert app.chaos._seen.total() == 1
