"""Fanfare's Admin API for audiences and loyalty tiers: routes, checks, answers.

Built from the published documentation: the OpenAPI file, where it speaks, before the narrative pages. Where all of it
is silent, `FanfareSwitches` decide, and a comment says "a guess".
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tierops.emulator import exact, fanfare_pages, fanfare_tiers
from tierops.emulator import fanfare_errors as errors
from tierops.emulator.fanfare_organization import AUDIENCE, Organization, audience_of
from tierops.emulator.fanfare_payload import Inspection
from tierops.emulator.faults import Fault
from tierops.emulator.store import Record
from tierops.emulator.switches import FanfareSwitches
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

_BY_API = "secret-key"  # who created or changed it; the text is a guess
_WHOLE = ("rules", "imports")
_DEEPEST = 100  # lists and objects inside each other in a body; a guess


class FanfareApi:
    """Answers the requests to one Fanfare organisation."""

    # Today's base ends in /api, an older one in /api/v1, and the specification's local server has neither.
    prefixes: tuple[str, ...] = ("/fanfare", "/fanfare/api", "/fanfare/api/v1")

    def __init__(self, organization: Organization, switches: Callable[[], FanfareSwitches]) -> None:
        self._organization = organization
        self._store = organization.store
        self._clock = organization.clock
        self._switches = switches
        self._window = Window(organization.clock)
        audience = "/audiences/{audience}"
        rules = {"GET": self._list_rules, "POST": self._add_rule, "PUT": self._replace_rules}
        one = {"GET": self._get_audience, "PUT": self._update_audience, "DELETE": self._archive_audience}
        self.router = Router(
            (
                Route("/audiences", {"GET": self._list_audiences, "POST": self._create_audience}),
                Route("/audiences/loyalty-tiers", {"POST": self._create_tiers}),
                Route("/audiences/loyalty-tiers/{group}", {"PUT": self._replace_tiers}),
                Route("/audiences/groups/{group}", {"GET": self._get_group, "DELETE": self._archive_group}),
                Route(f"{audience}/rules", rules),
                Route(f"{audience}/status", {"GET": self._get_status}),
                Route(f"{audience}/count", {"GET": self._get_count}),
                Route(audience, one),
            ),
            may_hold_slashes="",
        )

    # What the mount table asks of a vendor.

    def meter(self) -> tuple[Mapping[str, str], Answer | None]:
        """Count a call: the headers that every answer carries, and the refusal once the limit is hit."""
        switches = self._switches()
        is_allowed, left, ends = self._window.take(switches.rate_limit, switches.rate_window_s)
        headers = _limit_headers(switches.rate_limit, left, ends) | {"X-Request-Id": errors.request_id()}
        if is_allowed:
            return headers, None
        wait = max(math.ceil(ends - self._clock()), 0)
        after = http_date(ends) if switches.retry_after == "date" else str(wait)
        return headers, errors.too_many({"Retry-After": after}, wait)

    def admit(self, call: Call) -> None:
        """Raise `Refused` on a missing or wrong key, and on a body too large."""
        bearer = re.fullmatch(r"(?i:bearer) +(\S+)", call.headers.get("authorization", "").strip())
        if bearer is None:
            raise Refused(errors.unauthorized())
        if bearer[1].startswith("pk_"):
            raise Refused(errors.unauthorized("Secret key required"))
        accepted = [key.strip() for key in self._switches().accepted_keys.split(",") if key.strip()]
        if accepted and bearer[1] not in accepted:
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
        wait = fault.value or 1
        ends = math.ceil(self._clock() + wait)
        if form == "bare":
            return errors.too_many({}, None)
        headers = _limit_headers(self._switches().rate_limit, 0, ends)
        if form == "epoch":
            return errors.too_many(headers, None)
        return errors.too_many({**headers, "Retry-After": http_date(ends) if form == "date" else str(wait)}, wait)

    # Audiences.

    def _list_audiences(self, call: Call, _path: Mapping[str, str]) -> Answer:
        switches, now = self._switches(), self._clock()
        paging = fanfare_pages.asked(call.query, switches, now)
        shown = fanfare_pages.included(call.query, (), switches)
        if switches.rules_in_list == "always":
            shown |= set(_WHOLE)
        page, info = paging.page(self._visible(), now, switches.last_page)
        return Answer(200, {"data": [_view(audience_of(record), shown) for record in page], "pageInfo": info})

    def _create_audience(self, call: Call, _path: Mapping[str, str]) -> Answer:
        fields = self._inspection().audience(_json(call))
        visible_at = self._visible_at()
        return _answer(self._organization.add_audience(**fields, createdBy=_BY_API, visible_at=visible_at), _WHOLE)

    def _get_audience(self, call: Call, path: Mapping[str, str]) -> Answer:
        return _answer(self._audience(path), fanfare_pages.included(call.query, _WHOLE, self._switches()))

    def _update_audience(self, call: Call, path: Mapping[str, str]) -> Answer:
        audience = self._audience(path)
        # That `metadata` is replaced, not merged, is a guess.
        changes = self._inspection().changes(_json(call))
        return _answer(self._organization.change(audience, _BY_API, **changes))

    def _archive_audience(self, _call: Call, path: Mapping[str, str]) -> Answer:
        # The specification says "delete", the old audiences page "archive". It can still be read by id: a guess.
        return _answer(self._organization.change(self._audience(path), _BY_API, archived=True))

    def _get_status(self, _call: Call, path: Mapping[str, str]) -> Answer:
        audience = self._audience(path)
        # Membership is always computed already, in a first version: a guess.
        status = {
            "audienceId": audience["id"],
            "version": 1,
            "stale": False,
            "inProgress": False,
            "syncStatus": None,
            "lastSyncedAt": None,
            "lastRefreshedAt": audience["lastRefreshedAt"],
            "refreshIntervalSeconds": audience["refreshIntervalSeconds"],
            "pendingShards": None,
        }
        return Answer(200, status)

    def _get_count(self, _call: Call, path: Mapping[str, str]) -> Answer:
        # The emulator has no consumers.
        return Answer(200, {"audienceId": self._audience(path)["id"], "count": 0})

    # Rules.

    def _list_rules(self, _call: Call, path: Mapping[str, str]) -> Answer:
        return Answer(200, self._audience(path)["rules"])

    def _add_rule(self, call: Call, path: Mapping[str, str]) -> Answer:
        # One rule, as the specification has it; the old audiences page sends an array.
        audience = self._audience(path)
        rule = self._inspection().rule(_json(call))
        changed = self._organization.change(audience, _BY_API, rules=[*audience["rules"], rule])
        return Answer(200, changed["rules"][-1])

    def _replace_rules(self, call: Call, path: Mapping[str, str]) -> Answer:
        audience = self._audience(path)
        rules = self._inspection().rules(_json(call))
        return Answer(200, self._organization.change(audience, _BY_API, rules=rules)["rules"])

    # Groups and tiers.

    def _get_group(self, _call: Call, path: Mapping[str, str]) -> Answer:
        members = self._members(path)
        return Answer(200, [_view(audience, _WHOLE) for audience in members])

    def _archive_group(self, _call: Call, path: Mapping[str, str]) -> Answer:
        members = self._members(path)
        return Answer(200, [_view(self._organization.change(one, _BY_API, archived=True)) for one in members])

    def _create_tiers(self, call: Call, _path: Mapping[str, str]) -> Answer:
        body = self._inspection().tier_group(_json(call))
        self._refuse_taken_name(body)
        tiers = body["tiers"]
        refusal: Answer | None = None
        conflict = self._conflict(tiers)
        if conflict:
            refusal = self._overlap(body, conflict)
            if self._switches().batch_failure == "atomic":
                raise Refused(refusal)
            tiers = tiers[: conflict.index]
        group_id = self._organization.new_id("b")
        created = self._organization.add_group(
            body["groupName"],
            body["attribute"],
            tiers[: call.kept],
            id=group_id,
            by=_BY_API,
            visible_at=self._visible_at(),
        )
        return refusal or _tier_group(group_id, created)

    def _replace_tiers(self, call: Call, path: Mapping[str, str]) -> Answer:
        group_id = path["group"]
        if all(group["groupId"] != group_id for group in self._organization.groups()):
            raise Refused(errors.group_not_found())
        body = self._inspection().tier_group(_json(call))
        self._refuse_taken_name(body, group_id)
        conflict = self._conflict(body["tiers"])
        if conflict:
            raise Refused(self._overlap(body, conflict))
        replaced = self._organization.replace_group(
            group_id, body["groupName"], body["attribute"], body["tiers"], _BY_API
        )
        return _tier_group(group_id, replaced)

    def _refuse_taken_name(self, body: Json, group_id: str | None = None) -> None:
        if self._switches().duplicate_group == "accepted":
            return
        name = body["groupName"]
        others = (group for group in self._organization.groups() if group["groupId"] != group_id)
        if any(group["groupName"] == name for group in others):
            # The issue that the errors page has for duplicate values of other resources.
            issue = errors.invalid(((body, "groupName"),), "unique", "unique", name, "validation.unique")
            raise Refused(errors.validation([issue], self._switches().validation_status))

    def _conflict(self, tiers: list[Json]) -> fanfare_tiers.Conflict | None:
        return None if self._switches().overlap == "accepted" else fanfare_tiers.conflict(tiers)

    def _overlap(self, body: Json, conflict: fanfare_tiers.Conflict) -> Answer:
        if self._switches().overlap == "plain":
            return errors.plain(conflict.text)
        tier = body["tiers"][conflict.index]
        path: errors.Path = ((body, "tiers"), (body["tiers"], conflict.index), (tier, "startValue"))
        issue = errors.invalid(path, "overlap", "non-overlapping ranges", tier["startValue"], conflict.text)
        return errors.validation([issue], self._switches().validation_status)

    # Lookups.

    def _inspection(self) -> Inspection:
        return Inspection(self._switches())

    def _visible_at(self) -> float:
        return self._clock() + self._switches().read_after_write_lag_ms / 1000

    def _visible(self) -> list[Record]:
        records = self._store.select(AUDIENCE, now=self._clock())
        return [record for record in records if not record["archived"] or self._switches().archived == "shown"]

    def _audience(self, path: Mapping[str, str]) -> Json:
        record = self._store.find(AUDIENCE, path["audience"], now=self._clock())
        if record is None or record["id"] != path["audience"]:
            raise Refused(errors.audience_not_found())
        return audience_of(record)

    def _members(self, path: Mapping[str, str]) -> list[Json]:
        every = self._store.select(AUDIENCE, now=self._clock())
        if self._switches().unknown_group == "404" and all(one["group_id"] != path["group"] for one in every):
            raise Refused(errors.group_not_found())
        return [audience_of(record) for record in self._visible() if record["group_id"] == path["group"]]


def _view(audience: Json, parts: Iterable[str] = ()) -> Json:
    """An audience as answers have it: the specification's Audience, and those parts of Audience+ that are asked for."""
    hidden = set(fanfare_pages.INCLUDES) - set(parts)
    return {key: value for key, value in audience.items() if key not in hidden}


def _answer(audience: Json, parts: Iterable[str] = ()) -> Answer:
    return Answer(200, _view(audience, parts))


def _tier_group(group_id: str, audiences: list[Json]) -> Answer:
    return Answer(200, {"tierGroup": group_id, "audiences": [_view(audience, _WHOLE) for audience in audiences]})


def _json(call: Call) -> Json:
    # That other content types are refused in the same way is a guess.
    if call.media_type != "application/json":
        raise Refused(errors.malformed_json())
    try:
        body = call.json(exact.fraction)
    except MalformedJson:
        raise Refused(errors.malformed_json()) from None
    if exact.is_deeper(body, _DEEPEST):
        raise Refused(errors.malformed_json())
    return body


def _limit_headers(limit: int, left: int, ends: int) -> dict[str, Any]:
    return {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": str(ends)}
