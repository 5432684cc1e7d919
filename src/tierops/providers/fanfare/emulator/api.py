"""Fanfare's Admin API for audiences and loyalty tiers: routes, checks, answers.

Built from the published documentation: the OpenAPI file, where it speaks, before the narrative pages. Where all of it
is silent, `FanfareSwitches` decide, and a comment says "a guess".
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping

from tierops.emulator.faults import Fault
from tierops.emulator.switches import FanfareSwitches
from tierops.emulator.web import (
    BODY_LIMIT,
    Answer,
    Call,
    Json,
    Refused,
    Route,
    Router,
    Window,
    http_date,
)
from tierops.providers.fanfare.emulator import errors, payload
from tierops.providers.fanfare.emulator import pages as fanfare_pages
from tierops.providers.fanfare.emulator.groups import TierGroups
from tierops.providers.fanfare.emulator.organization import AUDIENCE, BY_API, WHOLE, Organization, audience_of, view


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
        groups = TierGroups(organization, switches)
        audience = "/audiences/{audience}"
        rules = {"GET": self._list_rules, "POST": self._add_rule, "PUT": self._replace_rules}
        one = {"GET": self._get_audience, "PUT": self._update_audience, "DELETE": self._archive_audience}
        self.router = Router(
            (
                Route("/audiences", {"GET": self._list_audiences, "POST": self._create_audience}),
                # Other methods on it are refused with 405; that they do not mean an audience of this name is a guess.
                Route("/audiences/loyalty-tiers", {"POST": groups.create}),
                Route("/audiences/loyalty-tiers/{group}", {"PUT": groups.replace}),
                Route("/audiences/groups/{group}", {"GET": groups.read, "DELETE": groups.archive}),
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
            shown |= set(WHOLE)
        page, info = paging.page(self._organization.readable(lag=call.lag), now, switches.last_page)
        return Answer(200, {"data": [view(audience_of(record), shown) for record in page], "pageInfo": info})

    def _create_audience(self, call: Call, _path: Mapping[str, str]) -> Answer:
        fields = payload.Inspection(self._switches()).audience(payload.read(call))
        visible_at = self._organization.visible_at()
        return _answer(self._organization.add_audience(**fields, createdBy=BY_API, visible_at=visible_at), WHOLE)

    def _get_audience(self, call: Call, path: Mapping[str, str]) -> Answer:
        return _answer(self._audience(path), fanfare_pages.included(call.query, WHOLE, self._switches()))

    def _update_audience(self, call: Call, path: Mapping[str, str]) -> Answer:
        audience = self._audience(path)
        # That `metadata` is replaced, not merged, is a guess.
        changes = payload.Inspection(self._switches()).changes(payload.read(call))
        return _answer(self._organization.change(audience, BY_API, **changes))

    def _archive_audience(self, _call: Call, path: Mapping[str, str]) -> Answer:
        # The specification says "delete", the old audiences page "archive". It can still be read by id: a guess.
        return _answer(self._organization.change(self._audience(path), BY_API, archived=True))

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
        rule = payload.Inspection(self._switches()).rule(payload.read(call))
        changed = self._organization.change(audience, BY_API, rules=[*audience["rules"], rule])
        return Answer(200, changed["rules"][-1])

    def _replace_rules(self, call: Call, path: Mapping[str, str]) -> Answer:
        audience = self._audience(path)
        rules = payload.Inspection(self._switches()).rules(payload.read(call))
        return Answer(200, self._organization.change(audience, BY_API, rules=rules)["rules"])

    def _audience(self, path: Mapping[str, str]) -> Json:
        record = self._store.find(AUDIENCE, path["audience"], now=self._clock())
        if record is None or record["id"] != path["audience"]:
            raise Refused(errors.audience_not_found())
        return audience_of(record)


def _answer(audience: Json, parts: Iterable[str] = ()) -> Answer:
    return Answer(200, view(audience, parts))


def _limit_headers(limit: int, left: int, ends: int) -> dict[str, str]:
    return {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": str(ends)}
