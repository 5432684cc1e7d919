"""The loyalty campaigns of one Voucherify project, through its API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING

from tierops.errors import NOT_FOUND, IncompleteRead, TieropsError, VendorError
from tierops.model import Identity, Live, LiveTier, Place, Request, Value
from tierops.providers.accounts import Credentials, Dialect, credential, segment
from tierops.providers.expect import expect_list, expect_map, expect_same, expect_text, short
from tierops.providers.overview import unmistakable
from tierops.providers.voucherify import REGION, tiers
from tierops.text import jsontext, names

if TYPE_CHECKING:
    from tierops.providers.http import Client

# The list gives 10 tiers unless asked for more, `LISTED` at most, and has no pages: `total` tells what is missing.
_MOST_PAGES = 100  # as documented for the list of campaigns
_ORDERS = ("created_at", "-created_at", "updated_at", "-updated_at")
_TITLE = "Voucherify"
_OPEN_HEADERS = {"X-Voucherify-API-Version": "v2018-08-01", "X-Voucherify-Channel": "tierops"}

_NO_CAMPAIGN = (
    "Check the name in the dashboard (Campaigns), that the keys belong to its project, and that VOUCHERIFY_URL is"
    f" {REGION}"
)


def explain(body: Value) -> str:
    """One sentence from either documented error shape: `{code, key, message, details, …}` or the framework's."""
    if not isinstance(body, Mapping):
        return jsontext.dumps(body)[:200]
    parts = [str(body[key]) for key in ("key", "error") if isinstance(body.get(key), str)]
    parts += [str(body[key]) for key in ("message", "details") if isinstance(body.get(key), str)]
    text = ": ".join(dict.fromkeys(parts)) or jsontext.dumps(body)[:200]
    return f"{text} (request {body['request_id']})" if isinstance(body.get("request_id"), str) else text


def refusal(body: Value) -> int | None:
    """The status in either documented error shape, None for anything else."""
    if not isinstance(body, Mapping) or not isinstance(body.get("message"), str):
        return None
    status = body.get("code", body.get("statusCode"))
    return status if isinstance(status, int) and 400 <= status < 600 else None


def request_id(_headers: Mapping[str, str], body: Value) -> Value:
    """From the body of an error; no header is documented."""
    return body.get("request_id") if isinstance(body, Mapping) else None


class Account:
    """The loyalty campaigns of one project."""

    dialect = Dialect(explain, refusal, request_id=request_id)

    def __init__(self, client: Client, fingerprint: str | None) -> None:
        self._client = client
        self._fingerprint = fingerprint
        self._lock = Lock()
        self._known: tuple[str, ...] | None = None
        self._seen: dict[str, Mapping[str, Value]] = {}

    @staticmethod
    def credentials(environ: Mapping[str, str]) -> Credentials:
        """Headers from `VOUCHERIFY_OAUTH_TOKEN`, or else `VOUCHERIFY_APP_ID` and `VOUCHERIFY_APP_TOKEN`.

        A project can have several keys and its API never says its id. So the app id stands for the account, unless
        `VOUCHERIFY_PROJECT` names the project: then one key can plan and another one of the same project apply.
        """
        variables = ("VOUCHERIFY_OAUTH_TOKEN", "VOUCHERIFY_APP_ID", "VOUCHERIFY_APP_TOKEN")
        token, app_id, app_token = (credential(environ, name) for name in variables)
        project = environ.get("VOUCHERIFY_PROJECT", "").strip() or (app_id if not token else "")
        fingerprint = sha256(b"voucherify:" + project.encode()).hexdigest()[:16] if project else None
        if token:
            secret = {"Authorization": f"Bearer {token}"}
        elif app_id and app_token:
            secret = {"X-App-Id": app_id, "X-App-Token": app_token}
        else:
            raise TieropsError(
                "no Voucherify keys: set VOUCHERIFY_APP_ID and VOUCHERIFY_APP_TOKEN (dashboard, Project settings),"
                " or VOUCHERIFY_OAUTH_TOKEN"
            )
        return Credentials(
            _OPEN_HEADERS | secret,
            fingerprint,
            open_headers=frozenset(_OPEN_HEADERS),
            id_headers=frozenset({"X-App-Id"}),
        )

    def survey(self, places: Sequence[Place]) -> None:
        """Find the campaigns in the list of all of them, a hundred in a request, in place of one by one.

        It is read where it has no more pages than there are places, and whole: a row is taken for the campaign that
        somebody named only where no other one has the name or the id.
        """
        known = unmistakable(self._campaigns(min(len(places), _MOST_PAGES)).values(), "id", "name")
        seen = {named: known[named] for named in (place.fields["campaign"] for place in places) if named in known}
        self._seen = {named: row for named, row in seen.items() if row.get("object") == "campaign" and _is_ladder(row)}

    def fetch(self, place: Place) -> Live:
        """Every tier of the campaign: one request to resolve it, one to list (up to four where over 100 tiers)."""
        identity = self._resolve(place.fields["campaign"])
        rows_by_id: dict[str, Mapping[str, Value]] = {}
        totals: set[int] = set()
        for reads, order in enumerate(_ORDERS, start=1):
            rows, total = _rows(
                self._client.get(tiers.path(identity.id), {"limit": tiers.LISTED, "order": order}), "data", "tier"
            )
            rows_by_id |= {expect_text(row, "id"): row for row in rows}
            totals.add(total)
            if len(rows) > total or len(totals) > 1:
                break
            if len(rows_by_id) == total:
                noun = "tier" if total == 1 else "tiers"
                proof = f"{total} of {total} {noun}, as `total` says" + ("" if reads == 1 else f", in {reads} orders")
                live = tiers.decode(tuple(rows_by_id.values()), identity.id)
                return Live(identity, live, proof, calls=1 + reads)
        said = " and then ".join(map(str, sorted(totals)))
        raise IncompleteRead(
            f"{_TITLE} says that campaign {identity.name!r} has {said} tiers, but its lists show"
            f" {len(rows_by_id)} different ones; nothing is planned from a list that may be incomplete"
        )

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """Every loyalty campaign of the project, oldest first; by id where its name cannot be written or read."""
        return tuple(
            {"campaign": name if names.has_visible(name) and name.isprintable() else id_}
            for id_, row in self._campaigns().items()
            for name in [expect_text(row, "name")]
        )

    def _campaigns(self, most_pages: int = _MOST_PAGES) -> dict[str, Mapping[str, Value]]:
        """All loyalty campaigns by id, oldest first. Raises `IncompleteRead`, as for a list of more pages."""
        by_id: dict[str, Mapping[str, Value]] = {}
        totals: set[int] = set()
        for page in range(1, _MOST_PAGES + 1):
            answer = self._client.get("/v1/loyalties", {"limit": tiers.LISTED, "order": "created_at", "page": page})
            rows, total = _rows(answer, "campaigns", "campaign")
            by_id |= {expect_text(row, "id"): row for row in rows}
            totals.add(total)
            if not rows or len(by_id) >= total or total > most_pages * tiers.LISTED:
                break
        # Where the total changes between two pages, a campaign may have moved from one to the other unseen.
        if totals != {len(by_id)}:
            said = " and then ".join(map(str, sorted(totals)))
            raise IncompleteRead(
                f"{_TITLE} says that there are {said} loyalty campaigns, but its lists show {len(by_id)} different"
                " ones; run again"
            )
        return by_id

    def locate(self, named: Mapping[str, str]) -> Mapping[str, str]:
        """The block itself: a campaign's id or name says it all."""
        return named

    def read_calls(self, live: Live, more: int) -> int:
        """One to resolve the campaign, one to list, and one for each further order where one list cannot show all."""
        return 2 if len(live.tiers) + more <= tiers.LISTED else 1 + len(_ORDERS)

    def send(self, request: Request) -> Sequence[LiveTier]:
        """Send one array; the order of the answer is not promised."""
        return self._client.create(request, lambda answer: tiers.decode(_maps(answer), tiers.campaign_of(request.path)))

    def _resolve(self, campaign: str) -> Identity:
        try:
            # What a survey saw is good for one fetch: whoever fetches again wants to see the campaign afresh.
            answer = self._seen.pop(campaign, None) or self._client.get(f"/v1/loyalties/{segment(campaign)}")
        except VendorError as error:
            hint = f"{self._suggestion(campaign) or '.'} {_NO_CAMPAIGN}" if error.status == NOT_FOUND else ""
            raise VendorError(f"campaign {campaign!r}: {error}{hint}", error.status) from None
        row = expect_map(answer, "campaign")
        id_, name = expect_text(row, "id"), expect_text(row, "name")
        expect_same(row, "object", "campaign", f"campaign {name!r}")
        if campaign not in (id_, name):
            how = names.difference(campaign, name) if names.reads_like(campaign, name) else ""
            raise VendorError(
                f"asked for campaign {campaign!r}, {_TITLE} answered with {name!r} ({id_})"
                f"{how and f': they differ {how}; name it so in the file'}"
            )
        if not _is_ladder(row):
            raise VendorError(f"campaign {campaign!r} is a {row.get('campaign_type')}, not a LOYALTY_PROGRAM")
        return Identity(self._client.base_url, "campaign", id_, name, self._fingerprint)

    def _suggestion(self, campaign: str) -> str:
        """The campaign that is meant, as far as the list of campaigns tells; it is read once, and is not needed."""
        with self._lock:
            if self._known is None:
                try:
                    self._known = tuple(expect_text(row, "name") for row in self._campaigns().values())
                except VendorError:
                    self._known = ()
        return names.suggestion(campaign, self._known)


def _is_ladder(row: Mapping[str, Value]) -> bool:
    return row.get("campaign_type") == "LOYALTY_PROGRAM"


def _rows(answer: Value, key: str, what: str) -> tuple[list[Mapping[str, Value]], int]:
    listed = expect_map(answer, f"list of {what}s")
    expect_same(listed, "object", "list", f"the list of {what}s")
    expect_same(listed, "data_ref", key, f"the list of {what}s")
    total = listed.get("total")
    if not isinstance(total, int) or isinstance(total, bool):
        raise VendorError(f"not as documented: the list of {what}s has no `total`, but {short(answer)}")
    return _maps(listed.get(key), what), total


def _maps(value: Value, what: str = "tier") -> list[Mapping[str, Value]]:
    return [expect_map(item, what) for item in expect_list(value, f"{what}s")]
