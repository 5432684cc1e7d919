"""The vendors of a run: connected once, counted together, closed at the end."""

from __future__ import annotations

import pytest
from harness import KEYS

from tierops import providers
from tierops.emulator import Emulator
from tierops.emulator.server import Served
from tierops.errors import TieropsError
from tierops.model import Place, Request
from tierops.providers.connections import Connections, connect


def place(vendor: str, **fields: str) -> Place:
    return providers.find(vendor).place(fields)


@pytest.fixture
def accounts(served: Served) -> Connections:
    urls = {name: f"{served.url}/{name}" for name in ("voucherify", "fanfare")}
    return connect(["voucherify", "fanfare", "voucherify"], KEYS, urls)


def test_each_vendor_is_connected_once_and_nothing_is_sent(accounts: Connections, emulator: Emulator) -> None:
    assert list(accounts) == ["voucherify", "fanfare"]
    assert [connection.vendor.name for connection in accounts.values()] == ["voucherify", "fanfare"]
    assert emulator.requests == []
    accounts.__exit__()


def test_the_requests_to_all_are_counted(accounts: Connections, emulator: Emulator) -> None:
    emulator.voucherify.add_campaign("Club", id="camp_club")
    with accounts:
        accounts["voucherify"].fetch(place("voucherify", campaign="Club"))
        accounts["fanfare"].fetch(place("fanfare", group="Club", attribute="ltv"))
        assert [(usage.provider, usage.reads, usage.writes) for usage in accounts.usage()] == [
            ("voucherify", 2, 0),
            ("fanfare", 1, 0),
        ]
        assert accounts.writes == 0
        body = [{"name": "Bronze", "points": {"from": 0}}]
        accounts["voucherify"].send(Request("POST", "/v1/loyalties/camp_club/tiers", body, ("Bronze",)))
        assert accounts.writes == 1


def test_nothing_can_be_sent_after_the_end(accounts: Connections, emulator: Emulator) -> None:
    with accounts:
        pass
    for connection in accounts.values():
        with pytest.raises(RuntimeError, match="closed"):
            connection.client.get("/anything")
    assert emulator.requests == []


def test_a_vendor_without_keys_is_named(served: Served) -> None:
    with pytest.raises(TieropsError, match="FANFARE_SECRET_KEY"):
        connect(["voucherify", "fanfare"], {**KEYS, "FANFARE_SECRET_KEY": ""}, {})


def test_all_vendors_without_keys_are_named_at_once() -> None:
    with pytest.raises(TieropsError, match=r"VOUCHERIFY_APP_ID.*FANFARE_SECRET_KEY"):
        connect(["voucherify", "fanfare"], {}, {})
