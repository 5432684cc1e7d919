"""Open Loyalty's API for tier sets as its OpenAPI document describes it: routes, pages, the list of a set's tiers.

Where the document is silent, `Switches` decide, and a comment says "a guess".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random
from typing import Any, ClassVar

from tierops.emulator import api, exact
from tierops.emulator.routes import Route, Router
from tierops.emulator.store import Record, Store
from tierops.emulator.web import Answer, Call, Json, MalformedJson, Page, Refused
from tierops.providers.openloyalty.emulator import errors, payload
from tierops.providers.openloyalty.emulator.panel import SET, TIER, Panel
from tierops.providers.openloyalty.emulator.switches import Switches

_EXAMPLES = (
    {"name": "Silver", "value": 250, "description": "Free refill", "translations": {"pl": {"name": "Srebrny"}}},
    {"name": "Gold", "value": "500.5", "rewards": [{"code": "lounge", "name": "Lounge", "value": 1, "active": True}]},
)


class Api(api.Api[Switches]):
    """Answers the requests to one tenant."""

    name = "openloyalty"
    switch_set = Switches
    exports: ClassVar = {"OPENLOYALTY_URL": "{url}", "OPENLOYALTY_TOKEN": "any"}

    dashboard: Panel
    error = staticmethod(errors.general)

    def __init__(self, store: Store, clock: Callable[[], float], switches: Callable[[], Switches]) -> None:
        super().__init__(store, clock, switches)
        self.dashboard = Panel(store, clock)
        self._random = Random(5)  # noqa: S311 (no secret)
        self.router = Router(
            (
                Route("/api/store", {"GET": self._stores}),
                Route("/api/{store}/tierSet", {"GET": self._sets}),
                Route("/api/{store}/tierSet/{set}", {"GET": self._set}),
                Route("/api/{store}/tierSet/{set}/tiers", {"GET": self._tiers, "PUT": self._put_tiers}),
            )
        )

    def load_examples(self) -> None:
        """A set like that of the documentation, unless there is one already."""
        if not self.store.select(SET):
            self.dashboard.add_set("Club", _EXAMPLES)

    def seed(self, place: Mapping[str, str]) -> None:
        """The set, with its default tier alone, in its store, which is made where there is none."""
        attribute, wallet, store = (place[key] for key in ("attribute", "wallet", "store"))
        if self.store.find(SET, place["tier_set"], place=store) is None:
            self.dashboard.add_set(place["tier_set"], attribute=attribute, wallet=wallet, store=store)

    def authenticate(self, call: Call) -> None:
        """Raise `Refused` without a key or a token, or without a `User-Agent` by the switch."""
        if not call.headers.get("user-agent") and self.switches().user_agent == "required":
            raise Refused(errors.general(403))
        if not self.accepts(call.headers.get("x-auth-token", "") or call.bearer):
            raise Refused(errors.general(401))

    def wrong_method(self, method: str, allowed: str) -> Answer:
        """405; a guess."""
        return Answer(405, {"code": 405, "message": f"Method {method} not allowed: {allowed}"})

    def too_many(self, wait: int | None, *, is_cycle: bool) -> Answer:  # noqa: ARG002 - no cycle is documented
        """429, which is declared on no call of tiers: a guess."""
        return errors.general(429)

    def headers(self, limit: int, left: int, ends: int) -> Mapping[str, str]:  # noqa: ARG002 - none is documented
        """None."""
        return {}

    # Lists.

    def _stores(self, call: Call, _path: Mapping[str, str]) -> Answer:
        rows = [
            {"storeId": code, "code": code, "name": code, "active": True, "currency": "eur"}
            for code in self.dashboard.stores()
        ]
        return self._listed(call, rows, "storeId")

    def _sets(self, call: Call, path: Mapping[str, str]) -> Answer:
        store = self._store(path)
        return self._listed(call, [self._view(row) for row in self.store.stored(SET, store)], "tierSetId")

    def _set(self, call: Call, path: Mapping[str, str]) -> Answer:
        return Answer(200, self._view(self._found(path), call.lag))

    def _tiers(self, call: Call, path: Mapping[str, str]) -> Answer:
        found = self._found(path)
        rows = self.store.select(TIER, place=found["id"], now=self.clock() - call.lag)
        by, order = call.query.get("_orderBy[createdAt]"), self.switches().order_by
        if by is not None and order == "400":
            raise Refused(errors.invalid("The field is not one to sort by.", "list"))
        if by is None or order == "ignored":
            match self.switches().order:
                case "random":
                    rows = self._random.sample(rows, len(rows))
                case "value":
                    rows.sort(key=lambda row: Decimal(row["value"]))
        return self._listed(call, [self._tier(row, found) for row in rows], "levelId")

    def _listed(self, call: Call, rows: list[Json], key: str) -> Answer:
        """A page. Parameters without an underscore are passed over."""
        asked, page = int(call.query.get("_itemsOnPage", "10")), int(call.query.get("_page", "1"))
        if not 1 <= asked <= 50 or page < 1:
            raise Refused(errors.invalid("_itemsOnPage is 1 to 50.", "list"))
        size = 10 if self.switches().page_size == "ten" else asked
        form = self.switches().total
        count = len(rows) + (form == "wrong")

        def written(page: Page) -> Json:
            total = {} if page.total is None else {"all": page.total, "filtered": page.total, "estimated": False}
            return {"items": list(page.entries)} | ({"total": total} if total else {})

        shown = rows[(page - 1) * size : page * size]
        return Answer(200, Page(shown, written, None if form == "absent" else count, id_key=key))

    # The list of a set's tiers, whole.

    def _put_tiers(self, call: Call, path: Mapping[str, str]) -> Answer:
        switches, found = self.switches(), self._found(path)
        held = self.dashboard.tiers(found["id"])
        try:
            listed = payload.entries(call.json(exact.fraction), switches)
        except MalformedJson:
            raise Refused(errors.invalid("The body is no JSON.", "list")) from None
        wanted, refusal = [], None
        try:
            for entry in listed:  # one by one, for those before the first bad one may count
                wanted.append(payload.tier(entry, found["conditions"][0]["id"], held, switches))  # noqa: PERF401
            gone = self._left_out(wanted, held)
            kept = [row for row in held if row["id"] not in {*gone, *(one["id"] for one in wanted)}]
            low = [row for row in kept if row["is_default"]]
            payload.check_ladder([*low, *wanted], switches)
        except Refused as refused:
            if switches.atomicity == "atomic":
                raise
            refusal, gone = refused.answer, []
        for id_ in gone:
            self.store.delete(TIER, id_)
        visible_at = self.clock() + switches.read_after_write_lag_ms / 1000
        for one in wanted[: call.kept]:
            self._put(found["id"], one, visible_at)
        return refusal or Answer(204, b"")

    def _left_out(self, wanted: list[dict[str, Any]], held: list[Record]) -> list[str]:
        """The ids of the tiers that a list deletes. Raises `Refused` where one must not be."""
        switches, named = self.switches(), {one["id"] for one in wanted}
        is_new = named <= {None}
        gone = [row for row in held if row["id"] not in named]
        if is_new and switches.only_new == "keeps":
            gone = [row for row in gone if not row["is_default"]]
            if gone and switches.others == "refused":
                raise Refused(errors.guard("delete_default_tier", gone[0]["id"]))
            if switches.others == "kept":
                return []
        for row in gone:
            if row["is_default"]:
                raise Refused(errors.guard("delete_default_tier", row["id"]))
            if row["guards"]:
                raise Refused(errors.guard(row["guards"][0], row["id"]))
        return [row["id"] for row in gone]

    def _put(self, place: str, one: dict[str, Any], visible_at: float) -> None:
        if one["id"] is None:
            self.dashboard.add_tiers(place, [one], visible_at=visible_at)
            return
        is_kept = not one["has_rewards"] and self.switches().absent_rewards == "kept"
        changes = {key: value for key, value in one.items() if key not in {"id", "has_rewards"}}
        if is_kept:
            del changes["rewards"]
        self.dashboard.edit_tier(place, one["id"], **changes)

    # What is shown.

    def _store(self, path: Mapping[str, str]) -> str:
        if path["store"] not in self.dashboard.stores():
            raise Refused(errors.general(404))
        return path["store"]

    def _found(self, path: Mapping[str, str]) -> Record:
        for row in self.store.stored(SET, self._store(path)):
            if row["id"] == path["set"]:  # by id only
                return row
        raise Refused(errors.general(404))

    def _view(self, row: Record, lag: float = 0) -> Json:
        switches = self.switches()
        held = self.store.select(TIER, place=row["id"], now=self.clock() - lag)
        shown: dict[str, Any] = {
            "tierSetId": row["id"],
            "name": row["name"],
            "description": "",
            "active": row["active"],
            "createdAt": row["created_at"],
            "updatedAt": row["created_at"],
            "conditions": row["conditions"],
            "isMigrated": row["isMigrated"],
            "isDefault": row["isDefault"],
            "translations": {"en": {"name": row["name"]}},
            "downgrade": {"mode": "none"},
        }
        if switches.set_tiers != "absent":
            named = [one for one in held if one["is_default"] or switches.set_tiers == "present"]
            shown["tiers"] = [
                {"levelId": one["id"], "name": one["name"], "description": "", "active": one["active"]} for one in named
            ]
        return shown

    def _tier(self, row: Record, found: Record) -> Json:
        switches = self.switches()
        value = exact.loads(row["value"])
        if switches.number_form == "decimals" and isinstance(value, int):
            value = Decimal(value).quantize(Decimal("0.1"))
        condition = found["conditions"][0]
        id_: Json = found["id"] if switches.tier_set_form == "text" else {"tierSetId": found["id"]}
        described = {"description": row["description"]} if row["description"] else {}
        rewards = [
            {"rewardId": row["id"], "createdAt": row["created_at"], "updatedAt": row["created_at"], **reward}
            for reward in exact.loads(row["rewards"])
        ]
        return {
            "levelId": row["id"],
            "tierSet": {"tierSetId": id_, "name": found["name"]},
            "name": row["name"],
            "storeCode": "default",
            "active": row["active"],
            "rewards": rewards,
            "hasPhoto": False,
            "isDefault": row["is_default"],
            "conditions": [
                {"conditionId": condition["id"], "attribute": condition["attribute"], "value": value},
            ],
            "translations": {"en": {"name": row["name"], **described}, **row["translations"]},
            "createdAt": row["created_at"],
            "updatedAt": row["updated_at"],
        }
