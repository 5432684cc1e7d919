"""The tier groups of one Fanfare organisation, through its Admin API."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING

from tierops.errors import NOT_FOUND, IncompleteRead, TieropsError, VendorError
from tierops.model import Identity, Live, LiveTier, Place, Request, Value, exact
from tierops.providers.accounts import Credentials, Dialect, credential, segment
from tierops.providers.expect import expect_list, expect_map, expect_same, expect_text
from tierops.providers.fanfare import audiences
from tierops.providers.fanfare.passes import DIRECTIONS, Passes
from tierops.providers.fanfare.tiers import Audience, attribute_of, decode, is_tier
from tierops.text import jsontext, names
from tierops.text.wording import counted

if TYPE_CHECKING:
    from tierops.providers.http import Client

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Documented texts of errors that say that nothing was done; any other one may be that of a server that failed.
_REFUSALS = {
    400: ("validation_error", "Validation failed", "bad_request"),
    401: ("unauthorized", "Authentication required", "Secret key required", "Unauthorized - Authentication required"),
    403: ("forbidden", "Forbidden - User must be authenticated"),
    404: ("not_found", "Audience not found"),
    429: ("rate_limited", "Rate limit exceeded"),
}
_STATUSES = {text: status for status, texts in _REFUSALS.items() for text in texts}


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


def refusal(body: Value) -> int | None:
    """The status that goes with the `error` of a body, None where it has none."""
    error = body.get("error") if isinstance(body, Mapping) else None
    return _STATUSES.get(error, 500) if isinstance(error, str) else None


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

    dialect = Dialect(explain, refusal, pause=retry_after, request_id=request_id)

    def __init__(self, client: Client, fingerprint: str | None) -> None:  # noqa: ARG002 (the list names the organisation)
        self._client = client
        self._lock = Lock()
        self._passes = Passes(client)
        self._last: audiences.Listing | None = None
        self._made: dict[str, str] = {}
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
        group = named["group"]
        listed = self._audiences(group)
        bucket = listed.find(group)
        if bucket is None:
            raise VendorError(f"Fanfare has no tier group {group!r}{listed.instead(group)}")
        return {"group": group, "attribute": attribute_of(bucket)}

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """The place of every tier group of the organisation, by name.

        By id where a name is not the only one, or cannot be written or read.
        """
        buckets = self._audiences("").groups
        group_names = [str(bucket[0].get("groupName") or "") for bucket in buckets.values()]
        counts = Counter(group_names)
        is_clear = {name: counts[name] == 1 and names.has_visible(name) and name.isprintable() for name in counts}
        return tuple(
            {"group": name if is_clear[name] else id_, "attribute": attribute_of(bucket)}
            for (id_, bucket), name in zip(buckets.items(), group_names, strict=True)
        )

    def fetch(self, place: Place) -> Live:
        """Every tier of the group: from the list of all audiences, confirmed by the group's own list."""
        name = place.fields["group"]
        listed = self._audiences(name)
        # A group that was made here is found by its id, too, for the vendor may have stored another name.
        bucket = listed.find(name) or listed.groups.get(self._made.get(name, ""))
        if bucket is None:
            if _ID.fullmatch(name):
                raise VendorError(f"Fanfare has no tier group with the id {name}{listed.instead(name)}", NOT_FOUND)
            proof = (
                f"no such group among {counted(len(listed.audiences), 'audience')} on {counted(listed.pages, 'page')},"
                " read to the end"
            )
            identity, near = self._identity(listed, "", name), names.near(name, listed.names)
            return Live(identity, (), proof, facts=listed.others(name), calls=listed.pages, near=near)
        id_ = expect_text(bucket[0], "groupId")
        confirmed = [audience for audience in self._group(id_) if is_tier(audience)]
        if _essence(bucket) != _essence(confirmed):
            raise IncompleteRead(
                f"Fanfare's list of audiences shows {len(bucket)} tiers of group {name!r}, the group itself"
                f" {len(confirmed)}, or other ones; nothing is planned from reads that disagree"
            )
        proof = (
            f"{counted(len(bucket), 'tier')} in the list of all audiences and the same {len(confirmed)} in the group"
        )
        is_own_name = any(audience.get("groupName") == name for audience in bucket)
        shown = name if is_own_name else expect_text(bucket[0], "groupName")
        return Live(self._identity(listed, id_, shown), decode(confirmed, shown), proof, calls=listed.pages + 1)

    def read_calls(self, live: Live, more: int) -> int:
        """A page for each hundred audiences, as in the last list, and the group by itself."""
        listed = self._last
        if listed is None:
            return live.calls + audiences.full_pages(more) + 1
        size = len(listed.audiences)
        return listed.pages - audiences.full_pages(size) + audiences.full_pages(size + more) + 1

    def send(self, request: Request) -> Sequence[LiveTier]:
        """Create the group, whole. Its id is remembered with the name that it was to have."""
        self._has_written = True
        name = str(expect_map(request.body, "body")["groupName"])

        def read(answer: Value) -> Sequence[LiveTier]:
            created = _audiences_in(answer)
            self._made[name] = expect_text(created[0], "groupId") if created else ""
            return decode(created, name)

        return self._client.create(request, read)

    def _audiences(self, place: str) -> audiences.Listing:
        """The list of all audiences, shared by all places that are looked at for the same time.

        A second look is a wish to see a place afresh, and it is from the other end: what a page hides from one side
        shows from the other. Once something was written, a list has to begin after it was asked for: one that another
        thread began before the write would tell nothing about it.
        """
        with self._lock:
            direction = DIRECTIONS[self._looks[place] % 2]
            self._looks[place] += 1
        is_fresh = self._has_written
        listed = self._passes.listing(direction, place, is_fresh=is_fresh)
        if not is_fresh:
            self._last = listed
        return listed

    def _group(self, id_: str) -> list[Audience]:
        answer = self._client.get(f"/audiences/groups/{segment(id_)}")
        listed = [expect_map(item, "audience") for item in expect_list(answer, "audiences")]
        for audience in listed:
            expect_same(audience, "groupId", id_, f"an audience of group {id_}")
        return listed

    def _identity(self, listed: audiences.Listing, id_: str, name: str) -> Identity:
        if len(listed.organisations) > 1:
            raise VendorError(
                f"not as documented: one list holds audiences of {len(listed.organisations)} organisations"
            )
        organisation = next(iter(listed.organisations), None)
        account = organisation and sha256(b"fanfare:" + organisation.encode()).hexdigest()[:16]
        return Identity(self._client.base_url, "group", id_, name, account)


def _essence(bucket: Sequence[Audience]) -> list[str]:
    """What two reads of a group must agree on."""
    keys = ("id", "name", "groupName", "iconName", "metadata")
    return sorted(jsontext.canonical(exact([audience.get(key) for key in keys])) for audience in bucket)


def _audiences_in(answer: Value) -> list[Audience]:
    group = expect_map(answer, "created group")
    created = [expect_map(one, "audience") for one in expect_list(group.get("audiences"), "audiences")]
    for audience in created:
        expect_same(group, "tierGroup", audience.get("groupId"), "the created group")
    return created


def _issue(entry: Mapping[str, Value]) -> str:
    path = entry.get("path")
    steps = [str(step.get("key")) for step in path if isinstance(step, Mapping)] if isinstance(path, list) else []
    where = ".".join(steps) or entry.get("field")
    return f"{where}: {entry.get('message')}" if where else str(entry.get("message"))
