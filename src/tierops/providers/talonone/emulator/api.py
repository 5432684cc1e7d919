"""The part of Talon.One's Management API that concerns loyalty tiers, as its OpenAPI specification describes it.

Only answers of 200 are declared there; a comment says where something else is a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from http import HTTPStatus
from typing import Any, ClassVar

from tierops.emulator import api
from tierops.emulator.faults import Fault
from tierops.emulator.routes import Route, Router
from tierops.emulator.store import Record, Store
from tierops.emulator.web import Answer, Call, Json, Page, Refused
from tierops.providers.talonone.emulator.manager import PROGRAM, Manager
from tierops.providers.talonone.emulator.switches import Switches

_ACCOUNT = 7
_EXAMPLES = (
    {"name": "Gold", "minPoints": "500"},
    {"name": "Silver", "minPoints": "250"},
    {"name": "Bronze", "minPoints": "100.5"},
)


class Api(api.Api[Switches]):
    """Answers the requests to one deployment."""

    name = "talonone"
    switch_set = Switches
    exports: ClassVar = {"TALONONE_URL": "{url}", "TALONONE_MANAGEMENT_KEY": "any"}

    dashboard: Manager

    def __init__(self, store: Store, clock: Callable[[], float], switches: Callable[[], Switches]) -> None:
        super().__init__(store, clock, switches)
        self.dashboard = Manager(store, clock)
        routes = (
            Route("/v1/loyalty_programs", {"GET": self._list}),
            Route("/v1/loyalty_programs/{program}", {"GET": self._get}),
            Route("/v1/changes", {"GET": self._changes}),
        )
        self.router = Router(routes)

    def load_examples(self) -> None:
        """A program like that of the documentation, unless there is one already."""
        if not self.dashboard.programs():
            self.dashboard.add_program("coffee_club", _EXAMPLES, title="Coffee Club")

    def seed(self, place: Mapping[str, str]) -> None:
        """The program, without tiers."""
        if self.store.find(PROGRAM, place["program"]) is None:
            self.dashboard.add_program(place["program"])

    def authenticate(self, call: Call) -> None:
        """Raise `Refused` without a Management API key that has not ended and may call this."""
        switches = self.switches()
        key = re.fullmatch(r"ManagementKey-v1 (\S+)", call.headers.get("authorization", ""))
        if not self.accepts(key[1] if key else "") or switches.key_end == "past":
            raise Refused(self.error(401))
        if switches.key_right == "none" or (switches.key_right == "no_log" and call.path == "/v1/changes"):
            raise Refused(self.error(403))

    def error(self, status: int) -> Answer:
        """What may be said on any path. A guess: no error is declared."""
        said = HTTPStatus(status).phrase
        if self.switches().error_body == "errors":
            return Answer(status, {"message": said, "errors": [{"title": f"{said}: see the documentation"}]})
        return Answer(status, {"message": said, "StatusCode": status})

    def wrong_method(self, method: str, allowed: str) -> Answer:  # noqa: ARG002
        """405; a guess."""
        return self.error(405)

    def too_many(self, wait: int | None, *, is_cycle: bool) -> Answer:  # noqa: ARG002
        """429; a guess."""
        return self.error(429)

    def tells_date(self) -> bool:
        """By the switch."""
        return self.switches().retry_after == "date"

    def headers(self, limit: int, left: int, ends: int) -> Mapping[str, str]:  # noqa: ARG002
        """No header is documented."""
        return {}

    def meter(self) -> tuple[Mapping[str, str], Answer | None]:
        """Count a call. A refusal says when to come back only by the switch."""
        headers, refusal = super().meter()
        if refusal is not None and self.switches().retry_after == "absent":
            refusal = replace(refusal, headers={k: v for k, v in refusal.headers.items() if k != "Retry-After"})
        return headers, refusal

    def failure(self, fault: Fault) -> Answer:
        """A scripted error. No limit by the month is documented: such a 429 is one like any other."""
        return super().failure(replace(fault, kind="429") if fault.kind == "429-cycle" else fault)

    def _list(self, _call: Call, _path: Mapping[str, str]) -> Answer:
        rows = [self._program(record) for record in self.dashboard.programs()]
        total = len(rows) + (self.switches().total == "wrong")

        def written(page: Page) -> Json:
            return {"totalResultSize": page.total, "data": list(page.entries)}

        return Answer(200, Page(rows, written, total))

    def _get(self, _call: Call, path: Mapping[str, str]) -> Answer:
        record = self.store.find(PROGRAM, path["program"])
        if record is None or record["id"] != path["program"]:  # by number only
            raise Refused(self.error(404))
        program = self._program(record)

        def written(page: Page) -> Json:
            return program | ({"tiers": list(page.entries)} if "tiers" in program else {})

        return Answer(200, Page(program.get("tiers", []), written))

    def _changes(self, call: Call, _path: Mapping[str, str]) -> Answer:
        asked, form = call.query.get("entityPath", "").lower(), self.switches().log_filter
        rows = [row for record in self.dashboard.log() for row in self._entries(record)]
        if call.query.get("sort") == "-created":
            rows.reverse()
        if form != "ignored" and asked:
            rows = [row for row in rows if _is_chosen(row["entity"], asked, form)]
        size = int(call.query.get("pageSize", "1000"))
        return Answer(200, {"hasMore": len(rows) > size, "data": rows[:size]})

    def _program(self, record: Record) -> dict[str, Any]:
        """As the API shows it. `id` and `accountID` are numbers."""
        switches = self.switches()
        tiers = self._tiers(record["tiers"], record)
        if switches.tier_order != "created":
            tiers.sort(key=lambda tier: tier["minPoints"], reverse=switches.tier_order == "falling")
        program: dict[str, Any] = {
            "id": record["number"],
            "created": record["created_at"],
            "accountID": _ACCOUNT,
            "name": record["name"],
            "title": record["title"],
            "description": "",
            "subscribedApplications": [132],
            "defaultValidity": "unlimited",
            "defaultPending": "immediate",
            "allowSubledger": False,
            "timezone": "Europe/Berlin",
            "cardBased": False,
            "sandbox": record["sandbox"],
            "canUpdateTiers": True,
            "tiersExpirationPolicy": "tier_start_date",
            "tiersDowngradePolicy": "one_down",
        }
        if switches.tiers != "absent":
            program["tiers"] = [] if switches.tiers == "empty" else tiers
        return program

    def _tiers(self, tiers: list[Record], record: Record) -> list[dict[str, Any]]:
        own = {"programID": record["number"], "programName": record["name"], "programTitle": record["title"]}
        return [{**tier, **own, "minPoints": self._points(tier["minPoints"])} for tier in tiers]

    def _points(self, text: str) -> int | Decimal:
        """A number in the form of the switch."""
        points = Decimal(text)
        if points != points.to_integral_value():
            return points
        return points.quantize(Decimal("0.1")) if self.switches().points_form == "decimals" else int(points)

    def _entries(self, entry: Record) -> list[dict[str, Any]]:
        """An entry of the log; of the tiers that it concerns, one each, by the switch. What it shows is a guess."""
        switches = self.switches()
        record = self.dashboard.program(str(entry["program"]))
        old, new = ({tier["id"]: tier for tier in self._tiers(entry[side], record)} for side in ("old", "new"))
        path, base = f"/v1/loyalty_programs/{entry['program']}", {"created": entry["created_at"]}
        base |= {"id": entry["number"], "userId": entry["user"]}
        if switches.log_entity == "program":
            before, after = ({"id": entry["program"], "tiers": [*tiers.values()]} for tiers in (old, new))
            rows: list[tuple[str, Json, Json]] = [(path, before, after)]
        else:
            ids = [id_ for id_ in {**old, **new} if old.get(id_) != new.get(id_)]
            rows = [(f"{path}/tiers/{id_}", old.get(id_), new.get(id_)) for id_ in ids]
        return [
            {**base, "entity": where}
            | ({"old": then} if then is not None and switches.log_old == "present" else {})
            | ({"new": now} if now is not None else {})
            for where, then, now in rows
        ]


def _is_chosen(entity: str, asked: str, form: str) -> bool:
    path = entity.lower().removeprefix("/v1/")
    return path == asked if form == "equal" else path.startswith(asked)
