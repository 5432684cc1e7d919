"""Fanfare's Admin API for loyalty tiers and the audiences that they are: routes, checks, answers.

Built from the published documentation: the OpenAPI file, where it speaks, before the narrative pages. Where all of it
is silent, `Switches` decide, and a comment says "a guess".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar

from tierops.emulator import api
from tierops.emulator.routes import Route, Router
from tierops.emulator.spelling import stored
from tierops.emulator.store import Store
from tierops.emulator.web import Answer, Call, Json, Page, Refused
from tierops.providers.fanfare.emulator import errors, pages, payload
from tierops.providers.fanfare.emulator import tiers as fanfare_tiers
from tierops.providers.fanfare.emulator.organization import AUDIENCE, BY_API, WHOLE, Organization, audience_of, view
from tierops.providers.fanfare.emulator.switches import Switches


class Api(api.Api[Switches]):
    """Answers the requests to one Fanfare organisation."""

    name = "fanfare"
    switch_set = Switches
    exports: ClassVar = {"FANFARE_URL": "{url}", "FANFARE_SECRET_KEY": "any"}
    # Today's base ends in /api, an older one in /api/v1, and the specification's local server has neither.
    bases = ("", "/api", "/api/v1")

    dashboard: Organization
    error = staticmethod(errors.general)
    wrong_method = staticmethod(errors.wrong_method)

    def __init__(self, store: Store, clock: Callable[[], float], switches: Callable[[], Switches]) -> None:
        super().__init__(store, clock, switches)
        self.dashboard = Organization(store, clock, switches)
        routes = (
            Route("/audiences", {"GET": self._list_audiences}),
            # Other methods on it are refused with 405; that they do not mean an audience of this name is a guess.
            Route("/audiences/loyalty-tiers", {"POST": self._create_group}),
            Route("/audiences/groups/{group}", {"GET": self._get_group}),
            Route("/audiences/{audience}", {"GET": self._get_audience}),
        )
        self.router = Router(routes)

    def load_examples(self) -> None:
        """The documented group, unless there is an audience already."""
        if not self.dashboard.audiences():
            self.dashboard.load_examples()

    def authenticate(self, call: Call) -> None:
        """Raise `Refused` on a missing or wrong key, and on one that is not secret."""
        if call.bearer.startswith("pk_"):
            raise Refused(errors.plain("Secret key required", 401))
        if not self.accepts(call.bearer):
            raise Refused(errors.general(401))

    def too_many(self, wait: int | None, *, is_cycle: bool) -> Answer:  # noqa: ARG002 - no cycle is documented
        """429."""
        return errors.too_many(wait)

    def headers(self, limit: int, left: int, ends: int) -> Mapping[str, str]:
        """The limit, in Fanfare's own headers, and an id for the request."""
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(ends),
            "X-Request-Id": errors.request_id(),
        }

    def tells_date(self) -> bool:
        """As the switch says."""
        return self.switches().retry_after == "date"

    # Audiences.

    def _list_audiences(self, call: Call, _path: Mapping[str, str]) -> Answer:
        switches, now = self.switches(), self.clock()
        paging = pages.asked(call.query, switches, now)
        shown = pages.included(call.query, (), switches)
        if switches.rules_in_list == "always":
            shown |= set(WHOLE)
        records, start, end = paging.page(self.dashboard.readable(lag=call.lag), now, switches.last_page)
        audiences = [view(audience_of(record), shown) for record in records]
        return Answer(200, Page(audiences, partial(_listed, start), next=end, asked=call.query.get("after")))

    def _get_audience(self, call: Call, path: Mapping[str, str]) -> Answer:
        record = self.store.find(AUDIENCE, path["audience"], now=self.clock())
        if record is None or record["id"] != path["audience"]:
            raise Refused(errors.not_found("Audience"))
        return Answer(200, view(audience_of(record), pages.included(call.query, WHOLE, self.switches())))

    # Groups of tiers: audiences that are created and read as one.

    def _get_group(self, call: Call, path: Mapping[str, str]) -> Answer:
        every = self.dashboard.readable(with_archived=True, lag=call.lag)
        if self.switches().unknown_group == "404" and all(one["group_id"] != path["group"] for one in every):
            raise Refused(errors.not_found("Audience group"))
        readable = self.dashboard.readable(lag=call.lag)
        audiences = [view(audience_of(one), WHOLE) for one in readable if one["group_id"] == path["group"]]
        return Answer(200, Page(audiences, lambda page: list(page.entries)))  # a bare array

    def _create_group(self, call: Call, _path: Mapping[str, str]) -> Answer:
        body = payload.Inspection(self.switches()).tier_group(payload.read(call))
        self._refuse_taken_name(body)
        tiers = body["tiers"]
        refusal: Answer | None = None
        conflict = None if self.switches().overlap == "accepted" else fanfare_tiers.conflict(tiers)
        if conflict:
            refusal = self._overlap(body, conflict)
            if self.switches().batch_failure == "atomic":
                raise Refused(refusal)
            tiers = tiers[: conflict.index]
        group_id, form = self.dashboard.new_id("b"), self.switches().stored_name
        created = self.dashboard.add_group(
            stored(body["groupName"], form),
            body["attribute"],
            [tier | {"name": stored(tier["name"], form)} for tier in tiers[: call.kept]],
            id=group_id,
            by=BY_API,
            visible_at=self.dashboard.visible_at(),
        )
        return refusal or Answer(200, {"tierGroup": group_id, "audiences": [view(one, WHOLE) for one in created]})

    def _refuse_taken_name(self, body: Json) -> None:
        if self.switches().duplicate_group == "accepted":
            return
        name = body["groupName"]
        if any(group["groupName"] == name for group in self.dashboard.groups()):
            # The issue that the errors page has for duplicate values of other resources.
            issue = errors.invalid(((body, "groupName"),), "unique", "unique", name, "validation.unique")
            raise Refused(errors.validation([issue], self.switches().validation_status))

    def _overlap(self, body: Json, conflict: fanfare_tiers.Conflict) -> Answer:
        if self.switches().overlap == "plain":
            return errors.plain(conflict.text)
        tier = body["tiers"][conflict.index]
        path: errors.Path = ((body, "tiers"), (body["tiers"], conflict.index), (tier, "startValue"))
        issue = errors.invalid(path, "overlap", "non-overlapping ranges", tier["startValue"], conflict.text)
        return errors.validation([issue], self.switches().validation_status)


def _listed(start: str | None, page: Page) -> Json:
    return {"data": page.entries, "pageInfo": {"startCursor": start, "endCursor": page.next}}
