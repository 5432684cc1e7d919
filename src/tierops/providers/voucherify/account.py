"""The loyalty campaigns of one Voucherify project, through its API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from tierops.errors import IncompleteRead, TieropsError, VendorError
from tierops.model import Identity, Live, LiveTier, Place, Request, Value
from tierops.providers.expect import expect_list, expect_map, expect_text, short
from tierops.providers.vendor import Credentials, Dialect, credential, segment
from tierops.providers.voucherify import tiers
from tierops.text import jsontext

if TYPE_CHECKING:
    from tierops.providers.http import Client

# The list gives 10 tiers unless asked for more, 100 at most, and has no pages: `total` alone tells what is missing.
_LIMIT = 100
_MOST_PAGES = 100  # as documented for the list of campaigns
_ORDERS = ("created_at", "-created_at", "updated_at", "-updated_at")
_TITLE = "Voucherify"
_OPEN_HEADERS = {"X-Voucherify-API-Version": "v2018-08-01", "X-Voucherify-Channel": "tierops"}

_REGION = "that VOUCHERIFY_URL is the host of the project's region (https://us1.api.voucherify.io, for one)"
_KEYS = f"VOUCHERIFY_APP_ID and VOUCHERIFY_APP_TOKEN, what the key may do, and {_REGION}"
_NO_CAMPAIGN = f"the name in the dashboard (Campaigns), that the keys belong to its project, and {_REGION}"
_HINTS: dict[int | None, str] = {401: f". Check {_KEYS}", 403: f". Check {_KEYS}", 404: f". Check {_NO_CAMPAIGN}"}


def explain(body: Value) -> str:
    """One sentence from either documented error shape: `{code, key, message, details, …}` or the framework's."""
    if not isinstance(body, Mapping):
        return jsontext.dumps(body)[:200]
    parts = [str(body[key]) for key in ("key", "error") if isinstance(body.get(key), str)]
    parts += [str(body[key]) for key in ("message", "details") if isinstance(body.get(key), str)]
    text = ": ".join(dict.fromkeys(parts)) or jsontext.dumps(body)[:200]
    return f"{text} (request {body['request_id']})" if isinstance(body.get("request_id"), str) else text


def is_error(body: Value) -> bool:
    """Whether this is the error shape: `code`, `key` and `message`, and no list."""
    return isinstance(body, Mapping) and {"code", "key", "message"} <= body.keys()


def request_id(_headers: Mapping[str, str], body: Value) -> Value:
    """From the body of an error; no header is documented."""
    return body.get("request_id") if isinstance(body, Mapping) else None


class Account:
    """The loyalty campaigns of one project."""

    dialect = Dialect(explain, is_error, request_id=request_id)

    def __init__(self, client: Client, fingerprint: str | None) -> None:
        self._client = client
        self._fingerprint = fingerprint

    @staticmethod
    def credentials(environ: Mapping[str, str]) -> Credentials:
        """Headers from `VOUCHERIFY_OAUTH_TOKEN`, or else `VOUCHERIFY_APP_ID` and `VOUCHERIFY_APP_TOKEN`.

        A project can have several keys and its API never says its id. So the app id stands for the account, unless
        `VOUCHERIFY_PROJECT` names the project: then one key can plan and another one of the same project apply.
        """
        names = ("VOUCHERIFY_OAUTH_TOKEN", "VOUCHERIFY_APP_ID", "VOUCHERIFY_APP_TOKEN")
        token, app_id, app_token = (credential(environ, name) for name in names)
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

    def fetch(self, place: Place) -> Live:
        """Every tier of the campaign: one request to resolve it, one to list (up to four where over 100 tiers)."""
        identity = self._resolve(place.fields["campaign"])
        rows_by_id: dict[str, Mapping[str, Value]] = {}
        totals: set[int] = set()
        for reads, order in enumerate(_ORDERS, start=1):
            rows, total = _rows(
                self._client.get(tiers.path(identity.id), {"limit": _LIMIT, "order": order}), "data", "tier"
            )
            rows_by_id |= {expect_text(row, "id"): row for row in rows}
            totals.add(total)
            if len(rows) > total or len(totals) > 1:
                break
            if len(rows_by_id) == total:
                tiers_ = "tier" if total == 1 else "tiers"
                proof = f"{total} of {total} {tiers_}, as `total` says" + ("" if reads == 1 else f", in {reads} orders")
                return Live(identity, tiers.decode(tuple(rows_by_id.values())), proof, calls=1 + reads)
        said = " and then ".join(map(str, sorted(totals)))
        raise IncompleteRead(
            f"{_TITLE} says that campaign {identity.name!r} has {said} tiers, but its lists show"
            f" {len(rows_by_id)} different ones; nothing is planned from a list that may be incomplete"
        )

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """Every loyalty campaign of the project, oldest first; by id where its name cannot be written or read."""
        names: dict[str, str] = {}
        totals: set[int] = set()
        for page in range(1, _MOST_PAGES + 1):
            answer = self._client.get("/v1/loyalties", {"limit": _LIMIT, "order": "created_at", "page": page})
            rows, total = _rows(answer, "campaigns", "campaign")
            names |= {expect_text(row, "id"): expect_text(row, "name") for row in rows}
            totals.add(total)
            if not rows or len(names) >= total:
                break
        # Where the total changes between two pages, a campaign may have moved from one to the other unseen.
        if totals != {len(names)}:
            said = " and then ".join(map(str, sorted(totals)))
            raise IncompleteRead(
                f"{_TITLE} says that there are {said} loyalty campaigns, but its lists show {len(names)} different"
                " ones; run again"
            )
        return tuple({"campaign": name if name.strip() and name.isprintable() else id_} for id_, name in names.items())

    def locate(self, named: Mapping[str, str]) -> Mapping[str, str]:
        """The block itself: a campaign's id or name says it all."""
        return named

    def send(self, request: Request) -> Sequence[LiveTier]:
        """Send one array; the order of the answer is not promised."""
        return self._client.create(request, lambda answer: tiers.decode(_maps(answer)))

    def _resolve(self, campaign: str) -> Identity:
        try:
            answer = self._client.get(f"/v1/loyalties/{segment(campaign)}")
        except VendorError as error:
            raise VendorError(f"campaign {campaign!r}: {error}{_HINTS.get(error.status, '')}", error.status) from None
        row = expect_map(answer, "campaign")
        id_, name = expect_text(row, "id"), expect_text(row, "name")
        if campaign not in (id_, name):
            raise VendorError(f"asked for campaign {campaign!r}, {_TITLE} answered with {name!r} ({id_})")
        if row.get("campaign_type") != "LOYALTY_PROGRAM":
            raise VendorError(f"campaign {campaign!r} is a {row.get('campaign_type')}, not a LOYALTY_PROGRAM")
        return Identity(self._client.base_url, "campaign", id_, name, self._fingerprint)


def _rows(answer: Value, key: str, what: str) -> tuple[list[Mapping[str, Value]], int]:
    listed = expect_map(answer, f"list of {what}s")
    total = listed.get("total")
    if not isinstance(total, int) or isinstance(total, bool):
        raise VendorError(f"not as documented: the list of {what}s has no `total`, but {short(answer)}")
    return _maps(listed.get(key), what), total


def _maps(value: Value, what: str = "tier") -> list[Mapping[str, Value]]:
    return [expect_map(item, what) for item in expect_list(value, f"{what}s")]
