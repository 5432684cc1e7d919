"""Voucherify's v1 loyalty API as its reference documents it: routes, checks, answers.

Built from the published documentation; where that is silent, `VoucherifySwitches` decide, and a comment says "a guess".
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tierops.emulator.faults import Fault
from tierops.emulator.store import ORDERS, Record
from tierops.emulator.switches import VoucherifySwitches
from tierops.emulator.web import (
    BODY_LIMIT,
    Answer,
    Call,
    Json,
    MalformedJson,
    Refused,
    Route,
    Router,
    Window,
    http_date,
)
from tierops.providers.voucherify.emulator import errors, payload
from tierops.providers.voucherify.emulator.keys import Keys
from tierops.providers.voucherify.emulator.project import CAMPAIGN, EARNING_RULE, MEMBER, REWARD, TIER, Project

_CYCLE_SECONDS = 30 * 24 * 3600


class VoucherifyApi:
    """Answers the requests to one Voucherify project."""

    prefixes: tuple[str, ...] = ("/voucherify",)

    def __init__(self, project: Project, switches: Callable[[], VoucherifySwitches]) -> None:
        self._project = project
        self._store = project.store
        self._switches = switches
        self._window = Window(project.clock)
        self._keys = Keys(project.clock, switches)
        tier = "/v1/loyalties/{campaign}/tiers/{tier}"
        self.router = Router(
            (
                Route("/v1/oauth/token", {"POST": self._keys.issue_token}, is_write=False),
                Route("/v1/loyalties/members/{member}/tiers", {"GET": self._list_member_tiers}),
                Route("/v1/loyalties/{campaign}/tiers", {"GET": self._list_tiers, "POST": self._create_tiers}),
                Route(f"{tier}/earning-rules", {"GET": self._list_earning_rules}),
                Route(f"{tier}/rewards", {"GET": self._list_rewards}),
                Route(tier, {"GET": self._get_tier}),
                Route("/v1/loyalties", {"GET": self._list_loyalties, "POST": self._create_loyalty}),
                Route("/v1/loyalties/{campaign}", {"GET": self._get_loyalty}),
                Route("/v1/campaigns", {"GET": self._list_campaigns, "POST": self._create_campaign}),
                Route("/v1/campaigns/{campaign}", {"GET": self._get_campaign}),
            ),
            may_hold_slashes="campaign",
        )

    # What the mount table asks of a vendor.

    def meter(self) -> tuple[Mapping[str, str], Answer | None]:
        """Count a call: the headers that every answer carries, and the refusal once the limit is hit."""
        switches = self._switches()
        is_allowed, left, ends = self._window.take(switches.rate_limit, switches.rate_window_s)
        headers = {
            "X-Rate-Limit-Limit": str(switches.rate_limit),
            "X-Rate-Limit-Remaining": str(left),
            "X-Rate-Limit-Retry": str(ends),
        }
        if is_allowed:
            return headers, None
        wait = max(math.ceil(ends - self._project.clock()), 0)
        return headers, errors.too_many({"Retry-After": str(wait), "X-Rate-Limit-Type": "api_calls"})

    def admit(self, call: Call) -> None:
        """Raise `Refused` on missing or wrong keys, and on a body too large."""
        if not self._keys.fit(call):
            raise Refused(errors.unauthorized())
        if call.body_length > BODY_LIMIT:
            raise Refused(errors.too_large())

    def no_route(self) -> Answer:
        """A path that is none of the API's."""
        return errors.no_route()

    def no_method(self, method: str, allowed: Iterable[str]) -> Answer:
        """A method that the path does not take."""
        return errors.method_not_allowed(method, allowed)

    def failure(self, fault: Fault) -> Answer:
        """The answer of a scripted 401, 403, 429 or 5xx."""
        status, _, form = fault.kind.partition("-")
        if status == "401":
            return errors.unauthorized()
        if status == "403":
            return errors.forbidden()
        if status != "429":
            return errors.server_error(int(status))
        wait = fault.value or (_CYCLE_SECONDS if form == "cycle" else 1)
        headers = {
            "X-Rate-Limit-Limit": str(self._switches().rate_limit),
            "X-Rate-Limit-Remaining": "0",
            "X-Rate-Limit-Retry": str(math.ceil(self._project.clock() + wait)),
        }
        if form == "bare":
            return errors.too_many({})
        if form != "epoch":
            kind = "api_calls_cycle" if form == "cycle" else "api_calls"
            after = http_date(self._project.clock() + wait) if form == "date" else str(wait)
            headers |= {"Retry-After": after, "X-Rate-Limit-Type": kind}
        return errors.too_many(headers)

    # Tiers.

    def _list_tiers(self, call: Call, path: Mapping[str, str]) -> Answer:
        switches = self._switches()
        limit = _whole(call, "limit", 10)
        if switches.page == "400" and "page" in call.query:
            raise Refused(errors.invalid_query("Property .page is not allowed"))
        page = _whole(call, "page", 1) if switches.page == "honoured" else 1
        order = _order(call) or switches.default_order
        campaign = self._loyalty(path["campaign"])
        return self._listed(TIER, campaign["id"], order, limit, page, "data", call.lag)

    def _create_tiers(self, call: Call, path: Mapping[str, str]) -> Answer:
        switches = self._switches()
        body = _json(call)
        campaign = self._loyalty(path["campaign"])
        items = payload.tier_items(body, switches)
        is_strict = switches.duplicate_name == "409" or switches.overlap == "400"
        held: list[Mapping[str, Any]] = [*self._project.tiers(campaign["id"])] if is_strict else []
        accepted: list[Mapping[str, Any]] = []
        refusal: Answer | None = None
        try:
            for index, raw in enumerate(items):
                item = payload.tier_item(raw, index, switches)
                if is_strict:
                    payload.refuse_conflicts(item, [*held, *accepted], switches)
                self._refuse_unknown_mappings(campaign["id"], item)
                accepted.append(item)
        except Refused as refused:
            if switches.batch_failure == "atomic":
                raise
            refusal = refused.answer
        visible_at = self._project.clock() + switches.read_after_write_lag_ms / 1000
        created = self._project.add_tiers(campaign["id"], accepted[: call.kept], visible_at=visible_at)
        return refusal or Answer(200, _arranged(created, switches.create_answer_order))

    def _get_tier(self, _call: Call, path: Mapping[str, str]) -> Answer:
        _, tier = self._tier(path)
        return Answer(200, tier)

    def _list_earning_rules(self, call: Call, path: Mapping[str, str]) -> Answer:
        limit, page = _whole(call, "limit", 10), _whole(call, "page", 1)
        campaign, tier = self._tier(path)
        rules = self._declared(EARNING_RULE, campaign) or [
            self._project.earning_rule(rule, campaign) for rule in tier["earning_rules"]
        ]
        mapped = [_mapped(rule, "loyalty", tier["earning_rules"].get(rule["id"], {})) for rule in rules]
        return _list(mapped[(page - 1) * limit : page * limit], len(mapped))

    def _list_rewards(self, _call: Call, path: Mapping[str, str]) -> Answer:
        campaign, tier = self._tier(path)
        rewards = self._declared(REWARD, campaign) or [
            self._project.reward(reward, campaign) for reward in tier["rewards"]
        ]
        mapped = [
            reward
            | {
                "assignment": _mapped(
                    reward["assignment"], "parameters", tier["rewards"].get(reward["assignment"]["id"], {})
                )
            }
            for reward in rewards
        ]
        return _list(mapped, len(mapped))

    def _list_member_tiers(self, _call: Call, path: Mapping[str, str]) -> Answer:
        member = self._store.find(MEMBER, path["member"])
        if member is None:
            # The member id is a card code; "voucher" as the resource type is a guess.
            raise Refused(errors.not_found("voucher", path["member"]))
        held = [(self._store.find(TIER, item["tier_id"]), item) for item in member["memberships"]]
        tiers = [tier | {"expiration": item} for tier, item in held if tier is not None]
        return _list(tiers, len(tiers))

    # Campaigns.

    def _list_loyalties(self, call: Call, _path: Mapping[str, str]) -> Answer:
        return self._campaigns(call, payload.LOYALTY)

    def _list_campaigns(self, call: Call, _path: Mapping[str, str]) -> Answer:
        kind = call.query.get("campaign_type")
        if kind is not None and kind not in payload.CAMPAIGN_TYPES:
            raise Refused(errors.invalid_query("Property .campaign_type must be equal to one of the allowed values"))
        return self._campaigns(call, kind)

    def _campaigns(self, call: Call, kind: str | None) -> Answer:
        limit, page = _whole(call, "limit", 10), _whole(call, "page", 1)
        # Newest first is documented for campaigns.
        return self._listed(CAMPAIGN, kind, _order(call) or "-created_at", limit, page, "campaigns", call.lag)

    def _get_loyalty(self, _call: Call, path: Mapping[str, str]) -> Answer:
        return Answer(200, self._loyalty(path["campaign"]))

    def _get_campaign(self, _call: Call, path: Mapping[str, str]) -> Answer:
        campaign = self._store.find(CAMPAIGN, path["campaign"])
        if campaign is None:
            raise Refused(errors.not_found("campaign", path["campaign"]))
        return Answer(200, campaign)

    def _create_loyalty(self, call: Call, _path: Mapping[str, str]) -> Answer:
        return self._add_campaign(payload.campaign_fields(_json(call), payload.LOYALTY))

    def _create_campaign(self, call: Call, _path: Mapping[str, str]) -> Answer:
        return self._add_campaign(payload.campaign_fields(_json(call), None))

    def _add_campaign(self, fields: dict[str, Any]) -> Answer:
        if fields["campaign_type"] == payload.LOYALTY:
            fields["join_once"] = True  # forced for loyalty campaigns, as documented
        try:
            return Answer(200, self._project.add_campaign(**fields, visible_at=self._project.clock()))
        except ValueError:
            raise Refused(errors.duplicate("campaign", fields["name"])) from None

    # Lookups.

    def _loyalty(self, sent: str) -> Record:
        campaign = self._store.find(CAMPAIGN, sent)
        if campaign is not None and campaign["campaign_type"] == payload.LOYALTY:
            return campaign
        if campaign is not None and self._switches().foreign_campaign == "400":
            raise Refused(errors.not_loyalty(sent))
        raise Refused(errors.not_found("campaign", sent))

    def _tier(self, path: Mapping[str, str]) -> tuple[str, Record]:
        campaign_id = self._loyalty(path["campaign"])["id"]
        tier = self._store.find(TIER, path["tier"], place=campaign_id, now=self._project.clock())
        if tier is None or tier["id"] != path["tier"]:  # by id only, as documented
            raise Refused(errors.not_found("loyalty_tier", path["tier"]))
        return campaign_id, tier

    def _declared(self, kind: str, campaign_id: str) -> list[Json]:
        return [record["entry"] for record in self._store.stored(kind, campaign_id)]

    def _refuse_unknown_mappings(self, campaign_id: str, item: Mapping[str, Any]) -> None:
        if self._switches().unknown_mapping_id == "stored":
            return
        for kind, key, word in (
            (EARNING_RULE, "earning_rules", "earning_rule"),
            (REWARD, "rewards", "reward_assignment"),
        ):
            declared = {record["name"] for record in self._store.stored(kind, campaign_id)}
            unknown = [sent for sent in item[key] if declared and sent not in declared]
            if unknown:
                raise Refused(errors.invalid_payload(f"Cannot find {word} with id {unknown[0]}"))

    def _listed(
        self, kind: str, place: str | None, order: str, limit: int, page: int, data_ref: str, lag: float
    ) -> Answer:
        now = self._project.clock() - lag
        found = self._store.select(
            kind,
            place=place,
            now=now,
            order=order,
            ties_follow=self._switches().ties == "follow",
            limit=limit,
            offset=(page - 1) * limit,
        )
        return _list(found, self._store.count(kind, place=place, now=now), data_ref)


def _list(entries: list[Record], total: int, data_ref: str = "data") -> Answer:
    return Answer(200, {"object": "list", "data_ref": data_ref, data_ref: entries, "total": total})


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


def _mapped(entry: Record, key: str, mapping: Mapping[str, Any]) -> Record:
    """The entry with a tier's mapping applied to its points, wherever they stand below `key`."""

    def apply(value: Json) -> Json:
        if isinstance(value, dict):
            return {name: points(item) if name == "points" else apply(item) for name, item in value.items()}
        return value

    def points(value: Json) -> Json:
        if mapping.get("type") == "CUSTOM":
            return mapping.get("points", value)
        return round(value * mapping.get("multiplier", 1))

    return entry | {key: apply(entry[key])} if key in entry else entry
