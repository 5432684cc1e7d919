"""The tier groups of one Fanfare organisation, through its Admin API."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING

from tierops.errors import IncompleteRead, TieropsError, VendorError
from tierops.model import Identity, Live, LiveTier, Place, Request, Value, exact
from tierops.providers.expect import expect_list, expect_map, expect_text
from tierops.providers.fanfare.tiers import Audience, attribute_of, decode, is_tier
from tierops.providers.vendor import Credentials, Dialect, credential, segment
from tierops.text import jsontext, names

if TYPE_CHECKING:
    from tierops.providers.http import Client

_PAGE = 100
_DIRECTIONS = ("desc", "asc")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_KEY = ". Check FANFARE_SECRET_KEY (dashboard, Settings), what the key may do, and FANFARE_URL"


def explain(body: Value) -> str:
    """One sentence from any documented shape: `error` with `issues`, with `details`, with `message`, or alone."""
    if not isinstance(body, Mapping):
        return jsontext.dumps(body)[:200]
    parts = [str(body[key]) for key in ("error", "message") if isinstance(body.get(key), str)]
    for key in ("issues", "details"):
        entries = body.get(key)
        parts += [_issue(entry) for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    text = ": ".join(dict.fromkeys(parts)) or jsontext.dumps(body)[:200]
    return f"{text} (request {body['requestId']})" if isinstance(body.get("requestId"), str) else text


def retry_after(body: Value) -> float | None:
    """Seconds to wait; one of the documented forms has them in the body alone."""
    seconds = body.get("retryAfter") if isinstance(body, Mapping) else None
    return (
        float(seconds) if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 <= seconds < 10**9 else None
    )


def request_id(headers: Mapping[str, str], body: Value) -> Value:
    """From the header, or the body of an error: the examples show either."""
    return headers.get("X-Request-Id") or (body.get("requestId") if isinstance(body, Mapping) else None)


class Account:
    """The tier groups of one organisation. The list of audiences is read once for all groups of a run."""

    dialect = Dialect(explain, pause=retry_after, request_id=request_id)

    def __init__(self, client: Client, fingerprint: str | None) -> None:  # noqa: ARG002 (the list names the organisation)
        self._client = client
        self._lock = Lock()
        self._list: _List | None = None
        self._looks: Counter[str] = Counter()
        self._has_written = False

    @staticmethod
    def credentials(environ: Mapping[str, str]) -> Credentials:
        """The header from `FANFARE_SECRET_KEY`. The key names no account; the organisation is read with the list."""
        key = credential(environ, "FANFARE_SECRET_KEY")
        if not key:
            raise TieropsError("no Fanfare key: set FANFARE_SECRET_KEY (sk_live_… or sk_test_…, dashboard, Settings)")
        if key.startswith("pk_"):
            raise TieropsError(
                "FANFARE_SECRET_KEY holds a publishable key (pk_…); the Admin API takes secret ones (sk_…)"
            )
        return Credentials({"Authorization": f"Bearer {key}"})

    def locate(self, named: Mapping[str, str]) -> Mapping[str, str]:
        """The full place of a group that is named or whose id is given. Raises `VendorError` where there is none."""
        bucket = self._audiences(named["group"]).find(named["group"])
        if bucket is None:
            near = names.near(named["group"], self._audiences(named["group"]).names())
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise VendorError(f"Fanfare has no tier group {named['group']!r}{hint}")
        return {"group": named["group"], "attribute": attribute_of(bucket)}

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """The place of every tier group of the organisation, by name; by id where a name is not the only one."""
        buckets = self._audiences("").groups()
        group_names = [expect_text(bucket[0], "groupName") for bucket in buckets.values()]
        return tuple(
            {"group": name if group_names.count(name) == 1 else id_, "attribute": attribute_of(bucket)}
            for (id_, bucket), name in zip(buckets.items(), group_names, strict=True)
        )

    def fetch(self, place: Place) -> Live:
        """Every tier of the group: from the list of all audiences, confirmed by the group's own list."""
        name = place.fields["group"]
        listed = self._audiences(name)
        bucket = listed.find(name)
        if bucket is None:
            if _ID.fullmatch(name):
                raise VendorError(f"Fanfare has no tier group with the id {name}", 404)
            proof = (
                f"no such group among {_count(len(listed.audiences), 'audience')} on {_count(listed.pages, 'page')},"
                " read to the end"
            )
            identity, near = self._identity(listed, "", name), names.near(name, listed.names())
            return Live(identity, (), proof, facts=listed.others(name), calls=listed.pages + 1, near=near)
        id_ = expect_text(bucket[0], "groupId")
        confirmed = [audience for audience in self._group(id_) if is_tier(audience)]
        if _essence(bucket) != _essence(confirmed):
            raise IncompleteRead(
                f"Fanfare's list of audiences shows {len(bucket)} tiers of group {name!r}, the group itself"
                f" {len(confirmed)}, or other ones; nothing is planned from reads that disagree"
            )
        proof = f"{_count(len(bucket), 'tier')} in the list of all audiences and the same {len(confirmed)} in the group"
        shown = name if name != id_ else expect_text(bucket[0], "groupName")
        return Live(self._identity(listed, id_, shown), decode(confirmed, shown), proof, calls=listed.pages + 1)

    def send(self, request: Request) -> Sequence[LiveTier]:
        """Create the group, whole."""
        self._has_written = True
        name = str(expect_map(request.body, "body")["groupName"])
        return self._client.create(request, lambda answer: decode(_audiences_in(answer), name))

    def _audiences(self, place: str) -> _List:
        """The list of all audiences, shared by all places that are looked at for the same time.

        A second look is a wish to see a place afresh, and it is from the other end: what a page hides from one side
        shows from the other. Once something was written nobody shares a list any more: one that another thread read
        before the write would tell nothing about it.
        """
        with self._lock:
            direction = _DIRECTIONS[self._looks[place] % 2]
            self._looks[place] += 1
            if not self._has_written:
                listed = self._list
                if listed is None or listed.direction != direction or place in listed.served:
                    listed = self._list = _read_list(self._client, direction)
                listed.served.add(place)
                return listed
        return _read_list(self._client, direction)

    def _group(self, id_: str) -> list[Audience]:
        answer = self._client.get(f"/audiences/groups/{segment(id_)}")
        return [expect_map(item, "audience") for item in expect_list(answer, "audiences")]

    def _identity(self, listed: _List, id_: str, name: str) -> Identity:
        organisation = next((str(a["organizationId"]) for a in listed.audiences if a.get("organizationId")), None)
        account = organisation and sha256(b"fanfare:" + organisation.encode()).hexdigest()[:16]
        return Identity(self._client.base_url, "group", id_, name, account)


class _List:
    """All audiences of the organisation, from one pass over the pages. `served` are the places that looked at it."""

    def __init__(self, audiences: Sequence[Audience], pages: int, direction: str) -> None:
        self.audiences = audiences
        self.pages = pages
        self.direction = direction
        self.served: set[str] = set()

    def groups(self) -> dict[str, list[Audience]]:
        """The live tiers of each group, by group id."""
        groups: dict[str, list[Audience]] = {}
        for audience in filter(is_tier, self.audiences):
            groups.setdefault(expect_text(audience, "groupId"), []).append(audience)
        return groups

    def names(self) -> list[str]:
        """The names of all groups of live tiers."""
        return list(dict.fromkeys(str(a["groupName"]) for a in self.audiences if is_tier(a) and a.get("groupName")))

    def others(self, name: str) -> dict[str, str]:
        """What else has the name of a group: nobody may make a second one beside it."""
        kinds = [
            "archived" if audience.get("archived") is True else f"of the type {audience.get('groupType')}"
            for audience in self.audiences
            if audience.get("groupName") == name and not is_tier(audience)
        ]
        return {"a group of this name": kinds[0]} if kinds else {}

    def find(self, place: str) -> list[Audience] | None:
        """The live tiers of the one group of this name or id. Raises `VendorError` where two groups share a name."""
        groups = self.groups()
        if place in groups:
            return groups[place]
        ids = [id_ for id_, bucket in groups.items() if any(a.get("groupName") == place for a in bucket)]
        if len(ids) > 1:
            raise VendorError(
                f"{len(ids)} live Fanfare groups are named {place!r} ({', '.join(ids)}); tierops picks none:"
                " name the group by its id, or remove or rename all but one in the dashboard"
            )
        return groups[ids[0]] if ids else None


def _read_list(client: Client, direction: str) -> _List:
    """Page through all audiences. The pages do not say which is the last: stop at no cursor or an empty page."""
    audiences: dict[str, Audience] = {}
    cursors: list[str] = []
    while True:
        parameters: dict[str, str | int] = {
            "first": _PAGE,
            "include": "rules",
            "sortBy": "createdAt",
            "sortDir": direction,
        }
        page = expect_map(_page(client, parameters | ({"after": cursors[-1]} if cursors else {})), "page")
        rows = [expect_map(row, "audience") for row in expect_list(page.get("data"), "audiences")]
        for row in rows:
            if expect_text(row, "id") in audiences:
                raise IncompleteRead(
                    f"Fanfare's list of audiences shows {row['id']} twice: it changes while it is read"
                )
            audiences[expect_text(row, "id")] = row
        cursor = expect_map(page.get("pageInfo"), "pageInfo").get("endCursor")
        if not rows or cursor is None:
            return _List(tuple(audiences.values()), len(cursors) + 1, direction)
        if not isinstance(cursor, str) or cursor in cursors:
            raise IncompleteRead("the cursors of Fanfare's list of audiences lead in a circle")
        cursors.append(cursor)


def _page(client: Client, parameters: Mapping[str, str | int]) -> Value:
    try:
        return client.get("/audiences", parameters)
    except VendorError as error:
        hint = _KEY if error.status in {401, 403} else ""
        raise VendorError(f"{error}{hint}", error.status) from None


def _essence(bucket: Sequence[Audience]) -> list[str]:
    """What two reads of a group must agree on."""
    keys = ("id", "name", "groupName", "iconName", "metadata")
    return sorted(jsontext.canonical(exact([audience.get(key) for key in keys])) for audience in bucket)


def _count(amount: int, noun: str) -> str:
    return f"{amount} {noun}{'' if amount == 1 else 's'}"


def _audiences_in(answer: Value) -> list[Audience]:
    audiences = expect_list(expect_map(answer, "created group").get("audiences"), "audiences")
    return [expect_map(audience, "audience") for audience in audiences]


def _issue(entry: Mapping[str, Value]) -> str:
    path = entry.get("path")
    steps = [str(step.get("key")) for step in path if isinstance(step, Mapping)] if isinstance(path, list) else []
    where = ".".join(steps) or entry.get("field")
    return f"{where}: {entry.get('message')}" if where else str(entry.get("message"))
