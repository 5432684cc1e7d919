"""Every point that Fanfare's documentation leaves open, in each of its settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tierops.emulator import Emulator

CREATE = "/audiences/loyalty-tiers"
Switch = Callable[..., None]


def _tier(name: str, order: int, start: Any, end: Any = None) -> dict[str, Any]:
    return {"name": name, "order": order, "startValue": start, "endValue": end}


LADDER = [_tier("Bronze", 0, 0, 100), _tier("Silver", 1, 100, 500), _tier("Gold", 2, 500)]


def _post(client: httpx.Client, *tiers: dict[str, Any], name: str = "Club") -> httpx.Response:
    return client.post(CREATE, json={"groupName": name, "attribute": "loyaltyBalance", "tiers": list(tiers)})


def _created(client: httpx.Client, *tiers: dict[str, Any]) -> list[dict[str, Any]]:
    response = _post(client, *tiers)
    assert response.status_code == 200, response.text
    audiences: list[dict[str, Any]] = response.json()["audiences"]
    return audiences


def _rules(audience: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    return [(rule["operator"], rule["values"]) for rule in audience["rules"]]


def _names(client: httpx.Client, **query: Any) -> list[str]:
    return [audience["name"] for audience in client.get("/audiences", params=query).json()["data"]]


@pytest.mark.parametrize(
    ("encoding", "bronze", "silver", "gold"),
    [
        (
            "gte_lt",
            [("GREATER_THAN_OR_EQUAL", [0]), ("LESS_THAN", [100])],
            [("GREATER_THAN_OR_EQUAL", [100]), ("LESS_THAN", [500])],
            [("GREATER_THAN_OR_EQUAL", [500])],
        ),
        (
            "gte_lte",
            [("GREATER_THAN_OR_EQUAL", [0]), ("LESS_THAN_OR_EQUAL", [100])],
            [("GREATER_THAN_OR_EQUAL", [100]), ("LESS_THAN_OR_EQUAL", [500])],
            [("GREATER_THAN_OR_EQUAL", [500])],
        ),
        ("between", [("BETWEEN", [0, 100])], [("BETWEEN", [100, 500])], [("GREATER_THAN_OR_EQUAL", [500])]),
        ("concepts", [("LESS_THAN", [100])], [("BETWEEN", [100, 500])], [("GREATER_THAN", [500])]),
    ],
)
def test_rules(fanfare: httpx.Client, switched: Switch, encoding: str, bronze: Any, silver: Any, gold: Any) -> None:
    switched(f"fanfare.rules={encoding}")
    # The lowest tier is the one that starts lowest, wherever it stands in the request.
    top, middle, bottom = _created(fanfare, *reversed(LADDER))
    assert (_rules(bottom), _rules(middle), _rules(top)) == (bronze, silver, gold)


def test_tier_metadata(fanfare: httpx.Client, app: Emulator, switched: Switch) -> None:
    bounds = [audience["metadata"]["tierBoundaries"] for audience in _created(fanfare, *LADDER)]
    assert bounds == [{"min": 0, "max": 100}, {"min": 100, "max": 500}, {"min": 500, "max": None}]
    switched("fanfare.tier_metadata=absent")
    assert [audience["metadata"] for audience in _created(fanfare, *LADDER)] == [None] * 3
    switched("fanfare.tier_metadata=stale")
    stale = _created(fanfare, _tier("Bronze", 0, 0, "99.90"), _tier("Gold", 1, "99.90"))
    assert [audience["metadata"]["tierBoundaries"] for audience in stale] == [
        {"min": 1, "max": "100.90"},
        {"min": "100.90", "max": None},
    ]
    assert _rules(stale[1]) == [("GREATER_THAN_OR_EQUAL", ["99.90"])]
    assert [group["attribute"] for group in app.fanfare.groups()] == ["loyaltyBalance"] * 3


def test_open_end(fanfare: httpx.Client, switched: Switch) -> None:
    switched("fanfare.open_end=absent")
    bounds = [audience["metadata"]["tierBoundaries"] for audience in _created(fanfare, *LADDER)]
    assert bounds == [{"min": 0, "max": 100}, {"min": 100, "max": 500}, {"min": 500}]


@pytest.mark.parametrize(
    ("form", "bounds"),
    [
        ("sent", '{"min":0,"max":"99.90"}{"min":"99.90","max":250.50}{"min":250.50,"max":"1000"}'),
        ("number", '{"min":0,"max":99.90}{"min":99.90,"max":250.50}{"min":250.50,"max":1000}'),
        ("string", '{"min":"0","max":"99.90"}{"min":"99.90","max":"250.50"}{"min":"250.50","max":"1000"}'),
    ],
)
def test_number_form(fanfare: httpx.Client, switched: Switch, form: str, bounds: str) -> None:
    switched(f"fanfare.number_form={form}")
    sent = """{"groupName": "G", "attribute": "ltv", "tiers": [
        {"name": "A", "order": 0, "startValue": 0, "endValue": "99.90"},
        {"name": "B", "order": 1, "startValue": "99.90", "endValue": 250.50},
        {"name": "C", "order": 2, "startValue": 250.50, "endValue": "1000"}]}"""
    created = fanfare.post(CREATE, content=sent, headers={"Content-Type": "application/json"}).text
    assert "".join(part.split("}")[0] + "}" for part in created.split('"tierBoundaries":')[1:]) == bounds
    assert fanfare.get("/audiences", params={"sortDir": "asc"}).text.count('"99.90"') == created.count('"99.90"')


def test_last_page(fanfare: httpx.Client, app: Emulator, switched: Switch) -> None:
    app.fanfare.load_examples()
    assert fanfare.get("/audiences").json()["pageInfo"]["endCursor"] is None
    assert fanfare.get("/audiences", params={"last": 9}).json()["pageInfo"]["startCursor"] is None
    switched("fanfare.last_page=cursor")
    page = fanfare.get("/audiences").json()
    assert len(page["data"]) == 4
    after = fanfare.get("/audiences", params={"after": page["pageInfo"]["endCursor"]}).json()
    assert after == {"data": [], "pageInfo": {"startCursor": None, "endCursor": None}}


def test_page_size(fanfare: httpx.Client, app: Emulator, switched: Switch) -> None:
    for number in range(21):
        app.fanfare.add_audience(str(number))
    assert len(_names(fanfare)) == 20
    switched("fanfare.page_size=3")
    assert len(_names(fanfare)) == 3
    assert len(_names(fanfare, first=100)) == 21


def test_rules_in_list(fanfare: httpx.Client, app: Emulator, switched: Switch) -> None:
    app.fanfare.load_examples()

    def parts(**query: str) -> set[str]:
        audience = fanfare.get("/audiences", params=query).json()["data"][0]
        return {"rules", "imports"} & audience.keys()

    assert parts() == parts(include="rules") == {"rules", "imports"}
    switched("fanfare.rules_in_list=include")
    assert parts() == set()
    assert parts(include="rules") == {"rules"}
    assert parts(include="rules,imports") == {"rules", "imports"}


def test_archived(fanfare: httpx.Client, app: Emulator, switched: Switch) -> None:
    group_id = app.fanfare.load_examples()[0]["groupId"]
    app.fanfare.delete_tier("Spending Tiers", "Gold")
    assert _names(fanfare) == ["Platinum", "Silver", "Bronze"]
    switched("fanfare.archived=shown")
    assert _names(fanfare) == ["Platinum", "Gold", "Silver", "Bronze"]
    shown = fanfare.get(f"/audiences/groups/{group_id}").json()
    assert [audience["archived"] for audience in shown] == [False, False, True, False]


def test_list_order(fanfare: httpx.Client, app: Emulator, switched: Switch) -> None:
    app.fanfare.load_examples()
    assert _names(fanfare) == ["Platinum", "Gold", "Silver", "Bronze"]
    switched("fanfare.list_order=asc")
    assert _names(fanfare) == ["Bronze", "Silver", "Gold", "Platinum"]
    assert _names(fanfare, sortDir="desc") == ["Platinum", "Gold", "Silver", "Bronze"]


def test_unknown_group(fanfare: httpx.Client, switched: Switch) -> None:
    assert fanfare.get("/audiences/groups/nothing").status_code == 404
    switched("fanfare.unknown_group=empty")
    assert fanfare.get("/audiences/groups/nothing").json() == []


def test_duplicate_group(fanfare: httpx.Client, app: Emulator, switched: Switch) -> None:
    first, second = (_post(fanfare, *LADDER).json()["audiences"] for _ in range(2))
    switched("fanfare.duplicate_group=unique")
    refused = _post(fanfare, *LADDER)
    assert refused.status_code == 400
    (issue,) = refused.json()["issues"]
    assert (issue["type"], issue["message"], issue["path"][0]["key"]) == ("unique", "validation.unique", "groupName")
    for audience in (*first, *second):
        app.fanfare.edit_audience(audience["id"], archived=True)
    assert _post(fanfare, *LADDER).status_code == 200


def test_validation_status(fanfare: httpx.Client, switched: Switch) -> None:
    switched("fanfare.validation_status=422", "fanfare.duplicate_group=unique")
    _post(fanfare, *LADDER)
    answers = [fanfare.post(CREATE, json={}), _post(fanfare, *LADDER), fanfare.get("/audiences", params={"first": 0})]
    answers.append(_post(fanfare, LADDER[0], LADDER[0], name="Other"))
    assert [(one.status_code, one.json()["error"]) for one in answers] == [(422, "validation_error")] * 4


OVERLAPS = [
    ([_tier("A", 0, 0, 100), _tier("B", 1, "99.99", 200)], "Tier B overlaps with A"),
    ([_tier("A", 0, 0), _tier("B", 1, 100)], "Tier B overlaps with A"),
    ([_tier("A", 1, 100), _tier("B", 0, 0, "100.01")], "Tier B overlaps with A"),
    ([_tier("A", 0, 0, 10), _tier("B", 1, 20, 20)], "Tier B must start below its end"),
]


@pytest.mark.parametrize(("tiers", "text"), OVERLAPS)
def test_overlap(fanfare: httpx.Client, app: Emulator, switched: Switch, tiers: list[Any], text: str) -> None:
    refused = _post(fanfare, *tiers)
    (issue,) = refused.json()["issues"]
    assert (refused.status_code, issue["message"]) == (400, text)
    assert [item["key"] for item in issue["path"]] == ["tiers", 1, "startValue"]
    switched("fanfare.overlap=plain")
    refused = _post(fanfare, *tiers)
    assert (refused.status_code, refused.json()) == (400, {"error": text})
    assert app.fanfare.audiences() == []
    switched("fanfare.overlap=accepted")
    assert len(_created(fanfare, *tiers)) == 2


def test_touching_ranges_and_gaps_are_no_overlap(fanfare: httpx.Client) -> None:
    assert _post(fanfare, _tier("A", 0, "0.00", "99.90"), _tier("B", 1, "99.9", 200), _tier("C", 2, 300)).is_success


def test_empty_tiers(fanfare: httpx.Client, switched: Switch) -> None:
    assert _created(fanfare) == []
    switched("fanfare.empty_tiers=refused")
    assert [issue["type"] for issue in _post(fanfare).json()["issues"]] == ["min_length"]


def test_batch_failure(fanfare: httpx.Client, app: Emulator, switched: Switch) -> None:
    batch = [*LADDER[:2], _tier("Odd", 2, 400, 600), LADDER[2]]
    assert _post(fanfare, *batch).status_code == 400
    assert app.fanfare.audiences() == []
    switched("fanfare.batch_failure=partial")
    assert _post(fanfare, *batch).status_code == 400
    assert [audience["name"] for audience in app.fanfare.audiences()] == ["Bronze", "Silver"]


def test_read_after_write_lag(fanfare: httpx.Client, app: Emulator, clock: Any, switched: Switch) -> None:
    switched("fanfare.read_after_write_lag_ms=500")
    created = _post(fanfare, *LADDER).json()
    single = created["audiences"][0]
    paths = [f"/audiences/groups/{created['tierGroup']}", f"/audiences/{single['id']}"]
    assert _names(fanfare) == []
    assert [fanfare.get(path).status_code for path in paths] == [404, 404]
    assert len(app.fanfare.audiences()) == 3
    clock.time += 0.5
    assert len(_names(fanfare)) == 3
    assert [fanfare.get(path).json() for path in paths] == [created["audiences"], single]


@pytest.mark.parametrize(("form", "told"), [("seconds", "20"), ("date", "Thu, 01 Jan 2026 00:00:30 GMT")])
def test_rate_limit(fanfare: httpx.Client, clock: Any, switched: Switch, form: str, told: str) -> None:
    switched("fanfare.rate_limit=2", "fanfare.rate_window_s=30", f"fanfare.retry_after={form}")
    ends = str(int(clock.time) + 30)
    first, second = fanfare.get("/audiences"), fanfare.get("/nothing")
    headers = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
    assert [first.headers[name] for name in headers] == ["2", "1", ends]
    assert [second.headers[name] for name in headers] == ["2", "0", ends]
    clock.time += 10
    refused = fanfare.get("/audiences")
    assert (refused.status_code, refused.json()) == (429, {"error": "Rate limit exceeded", "retryAfter": 20})
    assert [refused.headers[name] for name in ("Retry-After", "X-RateLimit-Reset")] == [told, ends]
    clock.time += 20
    assert fanfare.get("/audiences").status_code == 200


def test_vendors_count_their_calls_apart(client: httpx.Client, fanfare: httpx.Client, switched: Switch) -> None:
    switched("fanfare.rate_limit=1")
    assert [fanfare.get("/audiences").status_code for _ in range(2)] == [200, 429]
    assert [client.get("/v1/loyalties").status_code for _ in range(2)] == [200, 200]


def test_accepted_keys(fanfare: httpx.Client, switched: Switch) -> None:
    switched("fanfare.accepted_keys=sk_test_1, sk_test_2")
    assert fanfare.get("/audiences").status_code == 200
    for key, status in {"sk_test_2": 200, "sk_test_3": 401}.items():
        assert fanfare.get("/audiences", headers={"Authorization": f"bearer {key}"}).status_code == status
