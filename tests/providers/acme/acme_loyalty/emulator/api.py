"""ACME's API as its reference documents it; a comment says where something is a guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, ClassVar

from acme_loyalty.emulator.console import CLUB, LEVEL, Console
from acme_loyalty.emulator.switches import Switches

from tierops.emulator import api
from tierops.emulator.routes import Route, Router
from tierops.emulator.store import Record, Store
from tierops.emulator.web import Answer, Call, Json, MalformedJson, Page, Refused

_TOKEN_SECONDS = 3600
_TITLES = {401: "Not signed in", 403: "Not allowed", 404: "Not found", 413: "Too large", 429: "Too many calls"}


def problem(status: int, detail: str = "") -> Answer:
    """An error as RFC 9457 has it."""
    title = _TITLES.get(status, "Error")
    return Answer(status, {"title": title, "status": status, "detail": detail or title})


class Api(api.Api[Switches]):
    """Answers the requests of one customer."""

    name = "acme"
    switch_set = Switches
    exports: ClassVar = {"ACME_URL": "{url}", "ACME_CLIENT_ID": "any", "ACME_CLIENT_SECRET": "any-secret"}

    dashboard: Console

    def __init__(self, store: Store, clock: Callable[[], float], switches: Callable[[], Switches]) -> None:
        super().__init__(store, clock, switches)
        self.dashboard = Console(store, clock)
        self._tokens: dict[str, tuple[float, int]] = {}
        levels = {"GET": self._list_levels, "POST": self._create_level}
        routes = (
            Route("/oauth/token", {"POST": self._sign_in}, is_write=False),
            Route("/v1/clubs", {"GET": self._list_clubs}),
            Route("/v1/clubs/{club}/levels", levels),
        )
        self.router = Router(routes)

    def authenticate(self, call: Call) -> None:
        """Raise `Refused` without a token that is still good; the sign-in looks at its keys itself."""
        if call.path == "/oauth/token":
            return
        ends, used = self._tokens.get(call.bearer, (0.0, 0))
        most = self.switches().token_requests
        if self.clock() >= ends or (most and used >= most):
            raise Refused(problem(401, "The token is not known, or has ended"))
        self._tokens[call.bearer] = (ends, used + 1)

    def error(self, status: int) -> Answer:
        """What may be said on any path."""
        return problem(status)

    def wrong_method(self, method: str, allowed: str) -> Answer:
        """405."""
        return problem(405, f"{method} is not {allowed}")

    def too_many(self, wait: int | None, *, is_cycle: bool) -> Answer:
        """429."""
        return problem(429, "" if wait is None else f"Come back in {wait} s")

    def headers(self, limit: int, left: int, ends: int) -> Mapping[str, str]:
        """The limit, in ACME's one header."""
        return {"Acme-Quota": f"{left} of {limit}; until={ends}"}

    def new_token(self) -> str:
        """One that was not given before, and that has nothing in common with the ids of records."""
        return sha256(self.store.next_id(f"{len(self._tokens)}-").encode()).hexdigest()

    def _sign_in(self, call: Call, _path: Mapping[str, str]) -> Answer:
        form = call.form()
        if form.get("grant_type") != "client_credentials":
            return problem(400, "grant_type must be client_credentials")
        if not self.accepts(f"{form.get('client_id', '')}:{form.get('client_secret', '')}"):
            return problem(401, "The client is not known")
        token = self.new_token()
        self._tokens[token] = (self.clock() + _TOKEN_SECONDS, 0)
        return Answer(
            200, {"access_token": token, "token_type": self.switches().token_form, "expires_in": _TOKEN_SECONDS}
        )

    def _list_clubs(self, call: Call, _path: Mapping[str, str]) -> Answer:
        rows = self.store.select(CLUB, now=self.clock() - call.lag)
        return self._listed(call, [_club(row) for row in rows])

    def _list_levels(self, call: Call, path: Mapping[str, str]) -> Answer:
        club = self._club(path["club"])
        rows = self.store.select(LEVEL, place=club["id"], now=self.clock() - call.lag)
        order = self.switches().level_order
        if order != "created":
            rows.sort(key=lambda row: row["from_cents"] if order == "start" else -row["number"])
        return self._listed(call, [self._level(row) for row in rows])

    def _create_level(self, call: Call, path: Mapping[str, str]) -> Answer:
        club, switches = self._club(path["club"]), self.switches()
        sent = _level_in(call)
        label = " ".join(sent["label"].split()) if switches.labels == "tidied" else sent["label"]
        held = self.dashboard.levels(club["id"])
        if club["status"] != "open":
            raise Refused(problem(422, "The club is closed"))
        if _fold(label, switches) in {_fold(level["label"], switches) for level in held}:
            raise Refused(problem(409, f"The label {label!r} is taken"))
        if switches.same_start == "422" and sent["from_cents"] in {level["from_cents"] for level in held}:
            raise Refused(problem(422, "A level starts there already"))
        visible_at = self.clock() + switches.read_after_write_lag_ms / 1000
        kept = [{**sent, "label": label}][: call.kept]
        created = self.dashboard.add_levels(club["id"], kept, visible_at=visible_at)
        return Answer(int(switches.created), self._level(created[0]) if created else None)

    def _club(self, sent: str) -> Record:
        club = self.store.find(CLUB, sent)
        if club is None or club["id"] != sent:  # by number only
            raise Refused(problem(404, f"No club {sent}"))
        return club

    def _level(self, row: Record) -> Json:
        switches = self.switches()
        cents = row["from_cents"]
        level: dict[str, Any] = {
            "number": row["number"],
            "label": row["label"],
            "from_cents": str(cents) if switches.cents == "text" else cents,
            "color": row.get("color"),
            "perks": row.get("perks") or ([] if switches.nothing == "empty" else None),
            "modified": row["updated_at"],
        }
        if switches.nothing == "absent":
            return {name: value for name, value in level.items() if value is not None}
        return level

    def _listed(self, call: Call, rows: list[Json]) -> Answer:
        size, start = call.query.get("limit", str(self.switches().page_size)), call.query.get("cursor", "0")
        if not re.fullmatch("[0-9]{1,3}", size) or not 1 <= int(size) <= 100 or not re.fullmatch("[0-9]{1,9}", start):
            raise Refused(problem(400, "limit is 1 to 100, cursor one that a page gave"))
        end = int(start) + min(int(size), self.switches().page_size)
        has_more = end < len(rows) or (self.switches().last_page == "cursor" and int(start) < len(rows))
        page = Page(
            rows[int(start) : end],
            self._written,
            len(rows),
            str(end) if has_more else None,
            call.query.get("cursor"),
            id_key="number",
            name_key="title" if rows and "title" in rows[0] else "label",
        )
        return Answer(200, page)

    def _written(self, page: Page) -> Json:
        written = {"items": list(page.entries), "total": page.total, "next": page.next}
        if page.next is None and self.switches().last_page == "absent":
            del written["next"]
        return written


def _club(row: Record) -> Json:
    return {"number": row["number"], "title": row["name"], "currency": row["currency"], "status": row["status"]}


def _level_in(call: Call) -> dict[str, Any]:
    """The level that a body describes. Raises `Refused` on anything else."""
    try:
        sent = call.json()
    except MalformedJson:
        raise Refused(problem(400, "No JSON")) from None
    match sent:
        case {"label": str(label), "from_cents": int(cents), **more} if (
            label.strip() and not isinstance(cents, bool) and cents >= 0 and more.keys() <= {"color", "perks"}
        ):
            return sent
    raise Refused(problem(400, "A level has a label, from_cents, color and perks"))


def _fold(label: str, switches: Switches) -> str:
    return label.casefold() if switches.taken_label == "folded" else label
