"""Voucherify's v1 loyalty API as its reference documents it: routes, checks, answers.

Built from the published documentation; where that is silent, `Switches` decide, and a comment says "a guess".
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from tierops.emulator import api
from tierops.emulator.routes import Route, Router
from tierops.emulator.spelling import stored
from tierops.emulator.store import ORDERS, Record, Store
from tierops.emulator.web import Answer, Call, Json, MalformedJson, Page, Refused
from tierops.providers.voucherify.emulator import errors, payload
from tierops.providers.voucherify.emulator.project import CAMPAIGN, TIER, Project
from tierops.providers.voucherify.emulator.story import STORY
from tierops.providers.voucherify.emulator.switches import Switches


class Api(api.Api[Switches]):
    """Answers the requests to one Voucherify project."""

    name = "voucherify"
    switch_set = Switches
    exports: ClassVar = {"VOUCHERIFY_URL": "{url}", "VOUCHERIFY_APP_ID": "any", "VOUCHERIFY_APP_TOKEN": "any"}
    cycle_seconds = 30 * 24 * 3600
    story = STORY

    dashboard: Project
    error = staticmethod(errors.general)
    wrong_method = staticmethod(errors.wrong_method)

    def __init__(self, store: Store, clock: Callable[[], float], switches: Callable[[], Switches]) -> None:
        super().__init__(store, clock, switches)
        self.dashboard = Project(store, clock)
        routes = (
            Route("/v1/loyalties/{campaign}/tiers", {"GET": self._list_tiers, "POST": self._create_tiers}),
            Route("/v1/loyalties/{campaign}/tiers/{tier}", {"GET": self._get_tier}),
            Route("/v1/loyalties", {"GET": self._list_loyalties, "POST": self._create_loyalty}),
            Route("/v1/loyalties/{campaign}", {"GET": self._get_loyalty}),
        )
        self.router = Router(routes, may_hold_slashes="campaign")

    def load_examples(self) -> None:
        """The documented campaign, unless there is one already."""
        if not self.dashboard.campaigns():
            self.dashboard.load_examples()

    def seed(self, place: Mapping[str, str]) -> None:
        """The campaign, which no create of tiers makes. What begins as an id does is one."""
        name = place["campaign"]
        if self.store.find(CAMPAIGN, name) is None:
            self.dashboard.add_campaign(name, id=name if name.startswith("camp_") else None)

    def authenticate(self, call: Call) -> None:
        """Raise `Refused` without application keys or a bearer token.

        What a token may do is not looked at: what a request outside its scope gets is documented nowhere.
        """
        app_id, app_token = call.headers.get("x-app-id", ""), call.headers.get("x-app-token", "")
        if not self.accepts(f"{app_id}:{app_token}" if app_id and app_token else call.bearer):
            raise Refused(errors.general(401))

    def too_many(self, wait: int | None, *, is_cycle: bool) -> Answer:
        """429, which says what was used up where it says how long to wait."""
        kind = "api_calls_cycle" if is_cycle else "api_calls"
        return errors.too_many({} if wait is None else {"X-Rate-Limit-Type": kind})

    def headers(self, limit: int, left: int, ends: int) -> Mapping[str, str]:
        """The limit, in Voucherify's own headers."""
        return {
            "X-Rate-Limit-Limit": str(limit),
            "X-Rate-Limit-Remaining": str(left),
            "X-Rate-Limit-Retry": str(ends),
        }

    # Tiers.

    def _list_tiers(self, call: Call, path: Mapping[str, str]) -> Answer:
        switches = self.switches()
        limit = _whole(call, "limit", 10)
        if switches.page == "400" and "page" in call.query:
            raise Refused(errors.invalid_query("Property .page is not allowed"))
        page = _whole(call, "page", 1) if switches.page == "honoured" else 1
        order = _order(call) or switches.default_order
        campaign = self._loyalty(path["campaign"])
        return self._listed(TIER, campaign["id"], order, limit, page, "data", call.lag)

    def _create_tiers(self, call: Call, path: Mapping[str, str]) -> Answer:
        switches = self.switches()
        body = _json(call)
        campaign = self._loyalty(path["campaign"])
        items = payload.tier_items(body, switches)
        is_strict = switches.duplicate_name == "409" or switches.overlap == "400"
        held: list[Mapping[str, Any]] = [*self.dashboard.tiers(campaign["id"])] if is_strict else []
        accepted: list[Mapping[str, Any]] = []
        refusal: Answer | None = None
        try:
            for index, raw in enumerate(items):
                item = payload.tier_item(raw, index, switches)
                if is_strict:
                    payload.refuse_conflicts(item, [*held, *accepted], switches)
                self._refuse_unknown_mappings(campaign["id"], item)
                accepted.append(item | {"name": stored(item["name"], switches.stored_name)})
        except Refused as refused:
            if switches.batch_failure == "atomic":
                raise
            refusal = refused.answer
        visible_at = self.clock() + switches.read_after_write_lag_ms / 1000
        created = self.dashboard.add_tiers(campaign["id"], accepted[: call.kept], visible_at=visible_at)
        return refusal or Answer(200, _arranged(created, switches.create_answer_order))

    def _get_tier(self, _call: Call, path: Mapping[str, str]) -> Answer:
        campaign = self._loyalty(path["campaign"])
        tier = self.store.find(TIER, path["tier"], place=campaign["id"], now=self.clock())
        if tier is None or tier["id"] != path["tier"]:  # by id only, as documented
            raise Refused(errors.not_found("loyalty_tier", path["tier"]))
        return Answer(200, tier)

    # Campaigns.

    def _list_loyalties(self, call: Call, _path: Mapping[str, str]) -> Answer:
        limit, page = _whole(call, "limit", 10), _whole(call, "page", 1)
        # Newest first is documented for campaigns.
        order = _order(call) or "-created_at"
        return self._listed(CAMPAIGN, payload.LOYALTY, order, limit, page, "campaigns", call.lag)

    def _get_loyalty(self, _call: Call, path: Mapping[str, str]) -> Answer:
        return Answer(200, self._loyalty(path["campaign"]))

    def _create_loyalty(self, call: Call, _path: Mapping[str, str]) -> Answer:
        fields = payload.campaign_fields(_json(call))
        try:
            return Answer(200, self.dashboard.add_campaign(**fields, visible_at=self.clock()))
        except ValueError:
            raise Refused(errors.duplicate("campaign", fields["name"])) from None

    def _loyalty(self, sent: str) -> Record:
        campaign = self.store.find(CAMPAIGN, sent)
        if campaign is not None and campaign["campaign_type"] == payload.LOYALTY:
            return campaign
        if campaign is not None and self.switches().foreign_campaign == "400":
            raise Refused(errors.not_loyalty(sent))
        raise Refused(errors.not_found("campaign", sent))

    def _refuse_unknown_mappings(self, campaign_id: str, item: Mapping[str, Any]) -> None:
        if self.switches().unknown_mapping_id == "stored":
            return
        for key, word in (("earning_rules", "earning_rule"), ("rewards", "reward_assignment")):
            declared = self.dashboard.mapped(campaign_id, key)
            unknown = [sent for sent in item[key] if declared and sent not in declared]
            if unknown:
                raise Refused(errors.invalid_payload(f"Cannot find {word} with id {unknown[0]}"))

    def _listed(
        self, kind: str, place: str | None, order: str, limit: int, page: int, data_ref: str, lag: float
    ) -> Answer:
        now = self.clock() - lag
        entries = self.store.select(
            kind,
            place=place,
            now=now,
            order=order,
            ties_follow=self.switches().ties == "follow",
            limit=limit,
            offset=(page - 1) * limit,
        )
        return Answer(200, Page(entries, partial(_list, data_ref), self.store.count(kind, place=place, now=now)))


def _list(data_ref: str, page: Page) -> Json:
    return {"object": "list", "data_ref": data_ref, data_ref: page.entries, "total": page.total}


def _json(call: Call) -> Json:
    if call.media_type != "application/json":
        raise Refused(errors.unsupported_media_type())
    try:
        return call.json()
    except MalformedJson:
        raise Refused(errors.malformed_json()) from None


def _whole(call: Call, name: str, default: int) -> int:
    """`limit` and `page`: 1 to 100, both documented; the wording of the refusal is a guess."""
    text = call.query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise Refused(errors.invalid_query(f"Property .{name} must be integer"))
    if not 1 <= int(text) <= 100:
        bound = ">= 1" if int(text) < 1 else "<= 100"
        raise Refused(errors.invalid_query(f"Property .{name} must be {bound}"))
    return int(text)


def _order(call: Call) -> str | None:
    order = call.query.get("order")
    if order is not None and order not in ORDERS:
        raise Refused(errors.invalid_query("Property .order must be equal to one of the allowed values"))
    return order


def _arranged(tiers: list[Record], order: str) -> list[Record]:
    if order == "reversed":
        return tiers[::-1]
    if order == "shuffled":
        return sorted(tiers, key=lambda tier: zlib.crc32(tier["id"].encode()))
    return tiers
