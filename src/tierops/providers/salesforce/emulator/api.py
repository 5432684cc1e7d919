"""Salesforce's REST API as far as loyalty tiers need it; a comment says where something is a guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import ClassVar

from tierops.emulator import api, exact
from tierops.emulator.faults import Fault
from tierops.emulator.routes import Route, Router
from tierops.emulator.store import Record, Store
from tierops.emulator.web import Answer, Call, Json, MalformedJson, Page, Refused
from tierops.providers.salesforce.emulator import creates, errors, query, records, tables
from tierops.providers.salesforce.emulator.org import GROUP, ORG_ID, PROGRAM, TIER, Org
from tierops.providers.salesforce.emulator.query import Query
from tierops.providers.salesforce.emulator.switches import Switches

_SIGN_IN = "/services/oauth2/token"
_DATA = "/services/data/v{version}"
_TIER = "LoyaltyTier"
_MOST_RECORDS = 200
_LIMIT = "Sforce-Limit-Info"
_EXAMPLE = (("Bronze", 0, 10, None), ("Silver", 250, 20, "#C0C0C0"))


class Api(api.Api[Switches]):
    """Answers the requests to one org."""

    name = "salesforce"
    switch_set = Switches
    exports: ClassVar = {
        "SALESFORCE_URL": "{url}",
        "SALESFORCE_CLIENT_ID": "any",
        "SALESFORCE_CLIENT_SECRET": "any-secret",
    }

    dashboard: Org

    def __init__(self, store: Store, clock: Callable[[], float], switches: Callable[[], Switches]) -> None:
        super().__init__(store, clock, switches)
        self.dashboard = Org(store, clock)
        self._tokens: dict[str, int] = {}
        tier = f"{_DATA}/sobjects/LoyaltyTier"
        routes = (
            Route(_SIGN_IN, {"POST": self._sign_in}, is_write=False),
            Route("/services/data/", {"GET": self._versions}),
            Route(f"{_DATA}/query", {"GET": self._query}),
            Route(f"{_DATA}/query/", {"GET": self._query}),
            Route(f"{_DATA}/query/{{locator}}", {"GET": self._more}),
            Route(f"{_DATA}/composite/sobjects", {"POST": self._create_all}),
            Route(f"{tier}/describe", {"GET": self._describe}),
            Route(tier, {"POST": self._create_one}),
            Route(f"{tier}/", {"POST": self._create_one}),
            Route(f"{tier}/{{id}}", {"GET": self._get, "PATCH": self._update, "DELETE": self._delete}),
        )
        self.router = Router(routes)
        self._queries: dict[str, str] = {}

    def load_examples(self) -> None:
        """A programme with one tier group, unless there is a programme already. The data are made up."""
        if not self.store.count(PROGRAM):
            columns = ("Name", "MinimumEligibleBalance", "SequenceNumber", "Color")
            tiers = [dict(zip(columns, tier, strict=True)) for tier in _EXAMPLE]
            self.dashboard.add_group("Coffee Club", "Status", tiers)

    def seed(self, place: Mapping[str, str]) -> None:
        """The programme and its tier group, which no create of tiers makes."""
        program = self.store.find(PROGRAM, place["program"])
        if program is None or self.store.find(GROUP, place["tier_group"], place=program["id"]) is None:
            self.dashboard.add_group(place["program"], place["tier_group"])

    def authenticate(self, call: Call) -> None:
        """Raise `Refused` without a token that is still good; the sign-in looks at its keys itself."""
        if call.path in (_SIGN_IN, "/services/data/"):
            return
        token, most = call.bearer, self.switches().token_requests
        used = self._tokens.get(token)
        if (used is None and not self.accepts(token)) or (used is not None and most and used >= most):
            raise Refused(errors.general(401))
        if used is not None:
            self._tokens[token] = used + 1

    def error(self, status: int) -> Answer:
        """What may be said on any path."""
        return errors.general(status)

    def wrong_method(self, method: str, allowed: str) -> Answer:
        """405."""
        return errors.top(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are {allowed}")

    def meter(self) -> tuple[Mapping[str, str], Answer | None]:
        """The limit of a day: 403, and no word of when there is more."""
        headers, refused = super().meter()
        return headers, refused and errors.general(403)

    def failure(self, fault: Fault) -> Answer:
        """A scripted failure. A 429 is of something in between, which knows nothing of the org's limit."""
        answer = super().failure(fault)
        kept = {name: value for name, value in answer.headers.items() if name != _LIMIT}
        return replace(answer, headers=kept) if answer.status == 429 else answer

    def too_many(self, _wait: int | None, *, is_cycle: bool) -> Answer:  # noqa: ARG002
        """429, which is not documented; the end of a day's calls is `meter`'s."""
        return errors.general(429)

    def headers(self, limit: int, left: int, _ends: int) -> Mapping[str, str]:
        """The limit, in the one header."""
        return {_LIMIT: f"api-usage={limit - left}/{limit}"}

    def new_token(self) -> str:
        """One that was not given before, and that has nothing in common with the ids of records."""
        return f"{ORG_ID[:15]}!AQ.{sha256(self.store.next_id(f'{len(self._tokens)}.').encode()).hexdigest()}"

    def _sign_in(self, call: Call, _path: Mapping[str, str]) -> Answer:
        form = call.form()
        if form.get("grant_type") != "client_credentials":
            return errors.sign_in("unsupported_grant_type", "grant type not supported")
        if not self.accepts(f"{form.get('client_id', '')}:{form.get('client_secret', '')}"):
            return errors.sign_in("invalid_client", "invalid client credentials")
        token = self.new_token()
        self._tokens[token] = 0
        answer = {
            "access_token": token,
            "signature": "c2lnbmF0dXJl",
            "token_format": "opaque",
            "instance_url": f"http://{call.headers.get('host', 'example.my.salesforce.com')}/{self.name}",
            "id": f"https://login.salesforce.com/id/{ORG_ID}/005XX0000000001AAA",
            "token_type": "Bearer",
            "issued_at": str(int(self.clock() * 1000)),
        }
        return Answer(200, answer)

    def _versions(self, _call: Call, _path: Mapping[str, str]) -> Answer:
        shown = [{"version": f"{n}.0", "url": f"/services/data/v{n}.0", "label": f"API {n}"} for n in range(58, 68)]
        return Answer(200, shown)

    # Queries.

    def _query(self, call: Call, path: Mapping[str, str]) -> Answer:
        return self._answered(call, path["version"], call.query.get("q", ""), 0, None)

    def _more(self, call: Call, path: Mapping[str, str]) -> Answer:
        asked, _, start = path["locator"].rpartition("-")
        if asked not in self._queries or not re.fullmatch("[0-9]{1,9}", start):
            raise Refused(errors.top(400, "INVALID_QUERY_LOCATOR", "invalid query locator"))
        return self._answered(call, path["version"], self._queries[asked], int(start), call.path)

    def _answered(self, call: Call, version: str, text: str, start: int, asked: str | None) -> Answer:
        wanted = query.parsed(text)
        found = tables.found(wanted, self.store, self.clock() - call.lag, self.switches())[: wanted.limit]
        if not wanted.columns:
            return Answer(200, {"totalSize": len(found), "done": True, "records": []})
        end = start + int(self.switches().batch_size)
        rows = [_row(row, wanted, version) for row in found[start:end]]
        more = None
        if end < len(found):
            locator = f"01gXX{len(self._queries):010d}"
            self._queries[locator] = text
            more = f"/services/data/v{version}/query/{locator}-{end}"
        page = Page(rows, partial(_written), len(found), more, asked, id_key="Id", name_key="Name")
        return Answer(200, page)

    def _describe(self, _call: Call, _path: Mapping[str, str]) -> Answer:
        return Answer(200, {"name": "LoyaltyTier", "fields": records.described(self.switches())})

    # Creates, and what people do by hand.

    def _create_all(self, call: Call, _path: Mapping[str, str]) -> Answer:
        sent = _json(call)
        rows = sent.get("records") if isinstance(sent, Mapping) else None
        if not isinstance(rows, list) or not 0 < len(rows) <= _MOST_RECORDS:
            raise Refused(errors.top(400, "INVALID_INPUT", f"records is a list of 1 to {_MOST_RECORDS}"))
        return Answer(200, self._created(rows, call.kept, is_atomic=sent.get("allOrNone") is True))

    def _created(self, rows: list[Json], kept: int | None, *, is_atomic: bool) -> list[Json]:
        return creates.results(rows, kept, self.dashboard, self.switches(), is_atomic=is_atomic)

    def _create_one(self, call: Call, _path: Mapping[str, str]) -> Answer:
        sent = _json(call)
        row = {"attributes": {"type": "LoyaltyTier"}, **sent} if isinstance(sent, Mapping) else sent
        (result,) = self._created([row], None, is_atomic=True)
        if not result["success"]:
            first = result["errors"][0]
            error = {name: value for name, value in first.items() if name != "statusCode"}
            return Answer(400, [{"errorCode": first["statusCode"], **error}])
        return Answer(201, result)

    def _get(self, _call: Call, path: Mapping[str, str]) -> Answer:
        record = self._tier(path["id"])
        wanted = Query(_TIER, tables.columns(_TIER, self.store, self.switches()), {"Id": record["id"]})
        (row,) = tables.found(wanted, self.store, self.clock(), self.switches())
        return Answer(200, _row(row, wanted, path["version"]))

    def _update(self, call: Call, path: Mapping[str, str]) -> Answer:
        record, sent = self._tier(path["id"]), _json(call)
        self.dashboard.edit_tier(record["LoyaltyTierGroupId"], record["id"], **sent)
        return Answer(204, b"")

    def _delete(self, _call: Call, path: Mapping[str, str]) -> Answer:
        record = self._tier(path["id"])
        self.dashboard.delete_tier(record["LoyaltyTierGroupId"], record["id"])
        return Answer(204, b"")

    def _tier(self, id_: str) -> Record:
        record = self.store.find(TIER, id_)
        if record is None or record["id"][:15] != id_[:15]:
            raise Refused(errors.general(404))
        return record


def _row(found: Mapping[str, Json], wanted: Query, version: str) -> dict[str, Json]:
    """A record with the columns that were asked for; one of another object is an object of its own."""
    url = f"/services/data/v{version}/sobjects/{wanted.kind}/{found['Id']}"
    row: dict[str, Json] = {"attributes": {"type": wanted.kind, "url": url}}
    for column in wanted.columns:
        other, dot, name = column.partition(".")
        value = found[column]
        row[other] = ({"attributes": {"type": other}, name: value} if value is not None else None) if dot else value
    return row


def _written(page: Page) -> Json:
    more = {} if page.next is None else {"nextRecordsUrl": page.next}
    return {"totalSize": page.total, "done": page.next is None, **more, "records": list(page.entries)}


def _json(call: Call) -> Json:
    try:
        return call.json(exact.fraction)
    except MalformedJson:
        raise Refused(errors.top(400, "JSON_PARSER_ERROR", "The body is not JSON")) from None
