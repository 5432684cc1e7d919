"""A vendor unlike the others, given from outside: tokens for forms, a request for each tier, lists that are no JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx
import pytest
from harness import InProcess

from tierops.emulator import Api, Chaos, Emulator, Fault, Switches
from tierops.emulator.routes import Route, Router
from tierops.emulator.store import Store
from tierops.emulator.switches import SwitchSet, choice, number, text
from tierops.emulator.vendors import own
from tierops.emulator.web import Answer, Call, Page, Refused

TIERS = "/clubs/a/tiers"


@dataclass(frozen=True)
class ShopSwitches(SwitchSet):
    twice: str = choice("refused", "accepted", doc="a tier of a name that is there")
    rate_limit: int = number(1000, 1, "calls in one window")
    rate_window_s: int = number(60, 1, "seconds in one window")
    accepted_keys: str = text("comma-separated client secrets")


class Shop(Api[ShopSwitches]):
    """Tiers are lines of text: `number;name;start`."""

    name = "corner-shop"
    switch_set = ShopSwitches
    exports: ClassVar = {"SHOP_URL": "{url}/v3", "SHOP_SECRET": "any"}
    bases = ("/v3",)

    def __init__(self, store: Store, clock: Callable[[], float], switches: Callable[[], ShopSwitches]) -> None:
        super().__init__(store, clock, switches)
        self.dashboard = self
        self.token = ("", 0.0)
        routes = (
            Route("/token", {"POST": self._give_token}, is_write=False),
            Route("/clubs/{club}/tiers", {"GET": self._list, "POST": self._create}),
        )
        self.router = Router(routes)

    def authenticate(self, call: Call) -> None:
        is_good = call.bearer == self.token[0] and self.clock() < self.token[1]
        if not (self.accepts(call.form().get("secret", "")) if call.path == "/token" else is_good):
            raise Refused(self.error(401))

    def error(self, status: int) -> Answer:
        return Answer(status, f"error {status}".encode(), content_type="text/plain")

    def wrong_method(self, method: str, allowed: str) -> Answer:
        return Answer(405, f"{method} for {allowed}".encode())

    def too_many(self, wait: int | None, *, is_cycle: bool) -> Answer:
        return self.error(429)

    def headers(self, limit: int, left: int, ends: int) -> Mapping[str, str]:
        return {"X-Left": str(left)}

    def names(self) -> list[str]:
        return [record["name"] for record in self.store.stored("tier", "a")]

    def _give_token(self, _call: Call, _path: Mapping[str, str]) -> Answer:
        self.token = (f"t{self.clock()}", self.clock() + 60)
        return Answer(200, self.token[0].encode())

    def _list(self, call: Call, path: Mapping[str, str]) -> Answer:
        page = int(call.query.get("page", "1"))
        held = self.store.select("tier", place=path["club"], now=self.clock() - call.lag, limit=2, offset=2 * page - 2)
        lines = [{"number": record["number"], "title": record["name"]} for record in held]
        total = self.store.count("tier", place=path["club"])
        return Answer(
            200,
            Page(lines, _written, total, str(page + 1), str(page), id_key="number", name_key="title"),
            content_type="text/plain",
        )

    def _create(self, call: Call, path: Mapping[str, str]) -> Answer:
        name = call.body.decode()
        if self.switches().twice == "refused" and name in self.names():
            raise Refused(self.error(409))
        if call.kept != 0:
            id_ = self.store.next_id("")
            tier = {"id": id_, "name": name, "number": len(self.names()), "created_at": "", "updated_at": None}
            self.store.insert("tier", path["club"], tier, visible_at=self.clock())
        return Answer(201, name.encode())


def _written(page: Page) -> bytes:
    lines = [f"{line['number']};{line['title']}" for line in page.entries]
    return "\n".join([f"{page.total} in all, next {page.next}", *lines]).encode()


@pytest.fixture
def shop(clock: Any) -> Iterator[Emulator]:
    emulator = Emulator(vendors=(*own(), Shop), clock=clock)
    yield emulator
    emulator.close()


@pytest.fixture
def signed_in(shop: Emulator) -> Iterator[httpx.Client]:
    with httpx.Client(transport=InProcess(shop), base_url="http://emulator/corner-shop/v3") as client:
        client.headers["Authorization"] = f"Bearer {client.post('/token', data={'secret': 'any'}).text}"
        yield client


def _codes(client: httpx.Client, *names: str) -> list[int]:
    return [client.post(TIERS, content=name).status_code for name in names]


def test_it_is_mounted_beside_the_others(shop: Emulator, signed_in: httpx.Client) -> None:
    assert list(shop.vendors) == [*(kind.name for kind in own()), "corner-shop"]
    assert shop.vendors["corner-shop"].environ("http://x:1") == {
        "SHOP_URL": "http://x:1/corner-shop/v3",
        "SHOP_SECRET": "any",
    }
    assert _codes(signed_in, "Bronze", "Silver", "Bronze") == [201, 201, 409]
    assert shop.corner_shop.names() == ["Bronze", "Silver"]
    assert signed_in.get(TIERS).text == "2 in all, next 2\n0;Bronze\n1;Silver"
    assert [path for _, path, _ in shop.requests][:2] == ["/corner-shop/v3/token", "/corner-shop/v3/clubs/a/tiers"]
    assert (signed_in.get("/nothing").text, signed_in.put(TIERS).text) == ("error 404", "PUT for GET or POST")
    with pytest.raises(AttributeError, match="no vendor and no attribute 'nowhere'"):
        _ = shop.nowhere


def test_switches_and_keys_are_its_own(shop: Emulator, signed_in: httpx.Client) -> None:
    vendors = (*own(), Shop)
    settings = ["corner-shop.twice=accepted", "corner-shop.accepted_keys=secret"]
    shop.switches = Switches.parse(settings, vendors)
    assert _codes(signed_in, "Bronze", "Bronze") == [201, 201]
    assert [signed_in.post("/token", data={"secret": one}).status_code for one in ("secret", "other", "")] == [
        200,
        401,
        401,
    ]
    shop.switches = Switches()
    assert _codes(signed_in, "Bronze") == [409]
    assert Switches.table(vendors)[-4].name == "corner-shop.twice"
    with pytest.raises(ValueError, match=r"VENDOR one of fanfare, .*, corner-shop$"):
        Switches.parse(["other.twice=refused"], vendors)


def test_a_token_is_no_write_and_ends(shop: Emulator, signed_in: httpx.Client, clock: Any) -> None:
    assert (shop.writes, _codes(signed_in, "Bronze"), shop.writes) == (0, [201], 1)
    clock.time += 60
    assert _codes(signed_in, "Silver") == [401]
    shop.faults.append(Fault("POST /token", "503-before"))
    answers = [signed_in.post("/token", data={"secret": "any"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [503, 200]
    signed_in.headers["Authorization"] = f"Bearer {answers[1].text}"
    assert _codes(signed_in, "Silver") == [201]


@pytest.mark.parametrize(
    ("kind", "value", "names"),
    [
        ("drop-before", 0, ["Bronze", "Gold"]),
        ("drop-after", 0, ["Bronze", "Silver", "Gold"]),
        ("late", 1000, ["Bronze", "Gold", "Silver"]),
        ("500-partial", 0, ["Bronze", "Gold"]),
        ("500-partial", 1, ["Bronze", "Silver", "Gold"]),
        ("429", 1, ["Bronze", "Gold"]),
    ],
)
def test_a_fault_can_hit_the_second_create_alone(
    shop: Emulator, signed_in: httpx.Client, kind: str, value: int, names: list[str]
) -> None:
    shop.faults.append(Fault("POST */tiers", kind, after=1, value=value))
    assert _codes(signed_in, "Bronze") == [201]
    try:
        assert _codes(signed_in, "Silver") == [int(kind[:3])]
    except httpx.ReadError:
        assert kind in ("drop-before", "drop-after", "late")
    assert _codes(signed_in, "Gold") == [201]
    shop.land(everything=True)
    assert shop.corner_shop.names() == names


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        (Fault("GET *", "cap", value=1), "3 in all, next 2\n0;A"),
        (Fault("GET *", "total", value=-2), "1 in all, next 2\n0;A\n1;B"),
        (Fault("GET *", "insert"), "4 in all, next 2\n1000000;A (new)\n0;A\n1;B"),
        (Fault("GET *", "repeat"), "3 in all, next 2\n0;A\n1;B\n1;B"),
        (Fault("GET *", "shift", value=1), "3 in all, next 2\n1;B"),
        (Fault("GET *", "cycle"), "3 in all, next 1\n0;A\n1;B"),
        (Fault("GET *", "lag", value=1000), "3 in all, next 2"),
        (Fault("GET *", "truncated"), "3 in all, ne"),
    ],
    ids=lambda case: getattr(case, "kind", None),
)
def test_lists_lie_in_the_vendors_own_form(shop: Emulator, signed_in: httpx.Client, fault: Fault, body: str) -> None:
    assert _codes(signed_in, *"ABC") == [201, 201, 201]
    shop.faults.append(fault)
    assert signed_in.get(TIERS).text == body
    assert signed_in.get(TIERS, params={"page": 2}).text == "3 in all, next 3\n2;C"


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("429", {"retry-after": "7", "x-left": "0"}),
        ("429-date", {"retry-after": "Thu, 01 Jan 2026 00:00:07 GMT", "x-left": "0"}),
        ("429-epoch", {"x-left": "0"}),
        ("429-bare", {}),
        ("429-cycle", {"retry-after": "7", "x-left": "0"}),
    ],
)
def test_each_refusal_tells_what_it_should(
    shop: Emulator, signed_in: httpx.Client, kind: str, headers: dict[str, str]
) -> None:
    shop.faults.append(Fault("GET *", kind, value=7))
    refused = signed_in.get(TIERS)
    assert (refused.status_code, refused.text) == (429, "error 429")
    assert {name: value for name, value in refused.headers.items() if name in ("retry-after", "x-left")} == headers


def test_chaos_draws_for_each_request_of_a_ladder_alike_for_the_same_seed(clock: Any) -> None:
    def ends(seed: int) -> list[str]:
        emulator = Emulator(vendors=[Shop], clock=clock)
        emulator.vendors["corner-shop"].token = ("t", clock() + 60)
        emulator.chaos = Chaos(seed, rate=0.5)
        met = []
        with httpx.Client(transport=InProcess(emulator), base_url="http://emulator/corner-shop/v3") as client:
            client.headers["Authorization"] = "Bearer t"
            for tier in range(60):
                try:
                    met.append(str(client.post(TIERS, content=f"{tier}").status_code))
                except httpx.TransportError as error:
                    met.append(type(error).__name__)
        emulator.close()
        return met

    assert ends(1) == ends(1) != ends(2)
    assert ends(1).count("201") > 20
    assert {"429", "500", "ReadError"} <= set(ends(1))
