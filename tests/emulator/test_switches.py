"""Every undocumented point, in each of its settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tierops.emulator import Emulator, Switches
from tierops.emulator.vendors import own
from tierops.providers.fanfare.emulator.switches import Switches as FanfareSwitches
from tierops.providers.voucherify.emulator.switches import Switches as VoucherifySwitches

TIERS = "/v1/loyalties/camp_club/tiers"
Switch = Callable[..., None]


def _post(client: httpx.Client, *tiers: Any) -> httpx.Response:
    return client.post(TIERS, json=list(tiers))


def _tier(name: str, lower: int | None = None, upper: int | None = None) -> dict[str, Any]:
    points = {"from": lower, "to": upper}
    return {"name": name, "points": {key: value for key, value in points.items() if value is not None}}


def test_page_of_a_tier_list(client: httpx.Client, app: Emulator, switched: Switch) -> None:
    app.voucherify.add_tiers("Club", [{"name": name} for name in "ABC"])

    def second_page() -> httpx.Response:
        return client.get(TIERS, params={"limit": 2, "page": 2})

    assert [tier["name"] for tier in second_page().json()["data"]] == ["A", "B"]
    switched("voucherify.page=400")
    assert second_page().status_code == 400
    assert client.get(TIERS).status_code == 200
    switched("voucherify.page=honoured")
    assert [tier["name"] for tier in second_page().json()["data"]] == ["C"]


def test_duplicate_name(client: httpx.Client, app: Emulator, switched: Switch) -> None:
    assert _post(client, _tier("A"), _tier("A")).status_code == 200
    switched("voucherify.duplicate_name=409")
    response = _post(client, _tier("A"))
    assert response.status_code == 409
    assert response.json()["details"] == "Duplicated loyalty_tier exists with name A"
    assert _post(client, _tier("B"), _tier("B")).status_code == 409
    assert len(app.voucherify.tiers("Club")) == 2


def test_overlap(client: httpx.Client, switched: Switch) -> None:
    assert _post(client, _tier("A", 0, 10), _tier("B")).status_code == 200
    switched("voucherify.overlap=400")
    refused = _post(client, _tier("C", 5))
    assert (refused.status_code, refused.json()["details"]) == (400, "Points of C overlap with A")


@pytest.mark.parametrize(("lower", "status"), [(10, 400), (11, 200)])
def test_overlap_counts_both_ends_as_inside(client: httpx.Client, switched: Switch, lower: int, status: int) -> None:
    switched("voucherify.overlap=400")
    assert _post(client, _tier("A", 0, 10), _tier("B", lower)).status_code == status


def test_inverted_range(client: httpx.Client, switched: Switch) -> None:
    assert _post(client, _tier("A", 10, 5)).status_code == 200
    switched("voucherify.inverted_range=400")
    assert _post(client, _tier("B", 10, 5)).status_code == 400
    assert _post(client, _tier("B", 10, 10)).status_code == 200
    assert _post(client, _tier("C", 10)).status_code == 200


def test_empty_array(client: httpx.Client, switched: Switch) -> None:
    assert _post(client).status_code == 400
    switched("voucherify.empty_array=200")
    assert _post(client).json() == []


def test_to_null(client: httpx.Client, switched: Switch) -> None:
    tier = {"name": "A", "points": {"from": 0, "to": None}}
    assert _post(client, tier).json()["details"] == "Property [0].points.to must be integer"
    switched("voucherify.to_null=absent")
    assert _post(client, tier).json()[0]["points"] == {"from": 0}


@pytest.mark.parametrize(
    ("extra", "place"),
    [
        ({"id": "ltr_mine"}, "[0].id"),
        ({"points": {"from": 0, "unit": "x"}}, "[0].points.unit"),
        ({"rewards": {"rewa_1": {"kind": "x"}}}, "[0].rewards.rewa_1.kind"),
    ],
)
def test_unknown_keys(client: httpx.Client, switched: Switch, extra: dict[str, Any], place: str) -> None:
    created = _post(client, _tier("A") | extra)
    assert created.status_code == 200
    assert "unit" not in created.text
    assert "kind" not in created.text
    assert created.json()[0]["id"] != "ltr_mine"
    switched("voucherify.unknown_keys=400")
    assert _post(client, _tier("A") | extra).json()["details"] == f"Property {place} is not allowed"


def test_unknown_mapping_id(client: httpx.Client, app: Emulator, switched: Switch) -> None:
    app.voucherify.add_campaign("Full", id="camp_full", earning_rules=["ern_1"], rewards=["rewa_1"])
    known = _tier("A") | {"earning_rules": {"ern_1": {}}, "rewards": {"rewa_1": {}}}
    unknown = [_tier("A") | {"earning_rules": {"ern_2": {}}}, _tier("A") | {"rewards": {"rewa_2": {}}}]
    full = "/v1/loyalties/Full/tiers"
    assert client.post(full, json=unknown).status_code == 200
    switched("voucherify.unknown_mapping_id=400")
    assert client.post(full, json=[known]).status_code == 200
    for tier in unknown:
        assert client.post(full, json=[tier]).status_code == 400
        assert client.post(TIERS, json=[tier]).status_code == 200


def test_batch_failure(client: httpx.Client, app: Emulator, switched: Switch) -> None:
    batch = [_tier("A"), _tier("B"), {"name": "C"}, _tier("D")]
    assert _post(client, *batch).status_code == 400
    assert app.voucherify.tiers("Club") == []
    switched("voucherify.batch_failure=partial")
    assert _post(client, *batch).status_code == 400
    assert [tier["name"] for tier in app.voucherify.tiers("Club")] == ["A", "B"]


def test_create_answer_order(client: httpx.Client, switched: Switch) -> None:
    names = list("ABCDEFGH")
    seen = {}
    for order in ("request", "reversed", "shuffled"):
        switched(f"voucherify.create_answer_order={order}")
        seen[order] = [tier["name"] for tier in _post(client, *map(_tier, names)).json()]
    assert seen["request"] == names
    assert seen["reversed"] == names[::-1]
    assert sorted(seen["shuffled"]) == names
    assert seen["shuffled"] not in (names, names[::-1])


def test_default_order(client: httpx.Client, app: Emulator, switched: Switch) -> None:
    raw = [
        {"name": "A", "created_at": "2024-01-01", "updated_at": "2024-01-09"},
        {"name": "B", "created_at": "2024-01-02", "updated_at": "2024-01-05"},
    ]
    app.voucherify.add_tiers("Club", raw)
    for order, names in {"-created_at": "BA", "created_at": "AB", "updated_at": "BA", "-updated_at": "AB"}.items():
        switched(f"voucherify.default_order={order}")
        assert "".join(tier["name"] for tier in client.get(TIERS).json()["data"]) == names


def test_ties(client: httpx.Client, switched: Switch) -> None:
    _post(client, *map(_tier, "ABC"))

    def names(order: str) -> str:
        return "".join(tier["name"] for tier in client.get(TIERS, params={"order": order}).json()["data"])

    assert (names("created_at"), names("-created_at")) == ("ABC", "ABC")
    switched("voucherify.ties=follow")
    assert (names("created_at"), names("-created_at")) == ("ABC", "CBA")


def test_read_after_write_lag(client: httpx.Client, app: Emulator, clock: Any, switched: Switch) -> None:
    switched("voucherify.read_after_write_lag_ms=500")
    created = _post(client, _tier("A")).json()[0]
    assert client.get(TIERS).json() == {"object": "list", "data_ref": "data", "data": [], "total": 0}
    assert client.get(f"{TIERS}/{created['id']}").status_code == 404
    assert app.voucherify.tiers("Club") == [created]
    clock.time += 0.5
    assert client.get(TIERS).json()["data"] == [created]
    assert client.get(f"{TIERS}/{created['id']}").json() == created


def test_rate_limit_is_told_by_headers_and_refused_when_exceeded(
    client: httpx.Client, clock: Any, switched: Switch
) -> None:
    switched("voucherify.rate_limit=2", "voucherify.rate_window_s=30")
    ends = str(int(clock.time) + 30)
    first, second = client.get(TIERS), client.get("/v1/nothing")
    headers = ("X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Retry")
    assert [first.headers[name] for name in headers] == ["2", "1", ends]
    assert [second.headers[name] for name in headers] == ["2", "0", ends]
    clock.time += 10
    refused = client.get(TIERS)
    assert refused.status_code == 429
    assert refused.json() == {"code": 429, "message": "Too many requests hit the API too quickly."}
    assert refused.headers["Retry-After"] == "20"
    assert refused.headers["X-Rate-Limit-Type"] == "api_calls"
    assert refused.headers["X-Rate-Limit-Retry"] == ends
    clock.time += 20
    assert client.get(TIERS).status_code == 200


def test_table_names_every_switch_with_its_bold_default() -> None:
    table = {switch.name: switch for switch in Switches.table()}
    assert table["voucherify.duplicate_name"].choices == ("accepted", "409")
    assert table["voucherify.default_order"].choices[0] == "-created_at"
    assert table["voucherify.rate_limit"].default == "2000"
    assert all(switch.doc and (not switch.choices or switch.default == switch.choices[0]) for switch in table.values())


def test_every_vendor_has_its_own_switches() -> None:
    vendors = {switch.name.split(".")[0] for switch in Switches.table()}
    assert vendors == {kind.name for kind in own()}


def test_switches_are_parsed_from_settings_and_the_last_one_wins() -> None:
    parsed = Switches.parse(
        [
            "voucherify.page=400",
            "voucherify.page=honoured",
            "voucherify.rate_limit=5",
            "fanfare.rules=between",
            "voucherify.accepted_keys=a:b=c",
        ]
    )
    others = {kind.name: kind.switch_set() for kind in own()}
    assert parsed == others | {
        "voucherify": VoucherifySwitches(page="honoured", rate_limit=5, accepted_keys="a:b=c"),
        "fanfare": FanfareSwitches(rules="between"),
    }


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("voucherify.page", "'voucherify.page' is not voucherify.NAME=VALUE with NAME one of page, "),
        ("fanfare.colour=red", "'fanfare.colour=red' is not fanfare.NAME=VALUE with NAME one of rules, "),
        ("acme.page=400", "'acme.page=400' is not VENDOR.NAME=VALUE with VENDOR one of fanfare, "),
        ("colour=red", "'colour=red' is not VENDOR.NAME=VALUE with VENDOR one of fanfare, "),
        ("page=400", "'page=400' names no vendor: say voucherify.page"),
        ("overlap=400", "'overlap=400' names no vendor: say fanfare.overlap or "),
        ("voucherify.page=maybe", "page is one of ignored, 400, honoured, not 'maybe'"),
        ("voucherify.rate_limit=0", "rate_limit is a whole number, 1 or more, not 0"),
        ("voucherify.rate_limit=many", "rate_limit is a whole number, 1 or more, not 'many'"),
        ("fanfare.page_size=101", "page_size is a whole number, 100 at most, not 101"),
    ],
)
def test_bad_setting_is_refused(setting: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Switches.parse([setting])
