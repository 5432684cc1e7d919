"""Voucherify, v1 loyalties: tiers of a loyalty campaign, which its API can create and list, never change.

Source: Voucherify's published OpenAPI files and guides (API version v2018-08-01). What they leave open is not assumed
here: an answer that is not as documented is an error that shows what was received.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar

from tierops.errors import IncompleteRead, TieropsError, VendorError
from tierops.model import (
    Capabilities,
    Identity,
    Live,
    LiveTier,
    Range,
    Request,
    Tier,
    Value,
    compact,
)
from tierops.providers.base import credential, segment
from tierops.providers.expect import expect_list, expect_made, expect_map, expect_text, short
from tierops.text import jsontext

if TYPE_CHECKING:
    from tierops.providers.http import Client

# The list gives 10 tiers unless asked for more, 100 at most, and has no pages: `total` alone tells what is missing.
_LIMIT = 100
_MOST_PAGES = 100  # as documented for the list of campaigns
_ORDERS = ("created_at", "-created_at", "updated_at", "-updated_at")
_FIELDS = ("earning_rules", "rewards", "metadata")

_REGION = "that VOUCHERIFY_URL is the host of the project's region (https://us1.api.voucherify.io, for one)"
_KEYS = f". Check VOUCHERIFY_APP_ID and VOUCHERIFY_APP_TOKEN, what the key may do, and {_REGION}"
_HINTS: dict[int | None, str] = {
    401: _KEYS,
    403: _KEYS,
    404: f". Check the name in the dashboard (Campaigns), that the keys belong to its project, and {_REGION}",
}


class Provider:
    """The loyalty campaigns of one Voucherify project."""

    NAME: ClassVar = "voucherify"
    TITLE: ClassVar = "Voucherify"
    DEFAULT_URL: ClassVar = "https://api.voucherify.io"
    URL_VARIABLE: ClassVar = "VOUCHERIFY_URL"
    HEADERS: ClassVar = {"X-Voucherify-API-Version": "v2018-08-01", "X-Voucherify-Channel": "tierops"}

    def __init__(self, client: Client, account: str | None) -> None:
        self._client = client
        self._account = account

    @staticmethod
    def capabilities(place: Mapping[str, str]) -> Capabilities:  # noqa: ARG004
        """Missing tiers can be added one by one; thresholds are integers."""
        return Capabilities(
            whole_numbers=True,
            by_hand="Voucherify's API cannot change a tier: edit it in the dashboard (the campaign's Tiers), or write"
            " what is live into the file",
        )

    @staticmethod
    def credentials(environ: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
        """Headers from `VOUCHERIFY_OAUTH_TOKEN`, or else `VOUCHERIFY_APP_ID` and `VOUCHERIFY_APP_TOKEN`.

        A project can have several keys and its API never says its id. So the app id stands for the account, unless
        `VOUCHERIFY_PROJECT` names the project: then one key can plan and another one of the same project apply.
        """
        names = ("VOUCHERIFY_OAUTH_TOKEN", "VOUCHERIFY_APP_ID", "VOUCHERIFY_APP_TOKEN")
        token, app_id, app_token = (credential(environ, name) for name in names)
        project = environ.get("VOUCHERIFY_PROJECT", "").strip() or (app_id if not token else "")
        fingerprint = sha256(b"voucherify:" + project.encode()).hexdigest()[:16] if project else None
        if token:
            return Provider.HEADERS | {"Authorization": f"Bearer {token}"}, fingerprint
        if app_id and app_token:
            return Provider.HEADERS | {"X-App-Id": app_id, "X-App-Token": app_token}, fingerprint
        raise TieropsError(
            "no Voucherify keys: set VOUCHERIFY_APP_ID and VOUCHERIFY_APP_TOKEN (dashboard, Project settings),"
            " or VOUCHERIFY_OAUTH_TOKEN"
        )

    @staticmethod
    def explain(body: Value) -> str:
        """One sentence from either documented error shape: `{code, key, message, details, …}` or the framework's."""
        if not isinstance(body, Mapping):
            return jsontext.dumps(body)[:200]
        parts = [str(body[key]) for key in ("key", "error") if isinstance(body.get(key), str)]
        parts += [str(body[key]) for key in ("message", "details") if isinstance(body.get(key), str)]
        text = ": ".join(dict.fromkeys(parts)) or jsontext.dumps(body)[:200]
        return f"{text} (request {body['request_id']})" if isinstance(body.get("request_id"), str) else text

    def fetch(self, place: Mapping[str, str]) -> Live:
        """Every tier of the campaign: one request to resolve it, one to list (up to four where over 100 tiers)."""
        identity = self._resolve(place["campaign"])
        found: dict[str, Mapping[str, Value]] = {}
        totals: set[int] = set()
        for reads, order in enumerate(_ORDERS, start=1):
            rows, total = _rows(
                self._client.get(_tiers_path(identity), {"limit": _LIMIT, "order": order}), "data", "tier"
            )
            found |= {expect_text(row, "id"): row for row in rows}
            totals.add(total)
            if len(rows) > total or len(totals) > 1:
                break
            if len(found) == total:
                proof = f"{total} of {total} tiers, as `total` says" + ("" if reads == 1 else f", in {reads} orders")
                return Live(identity, tuple(sorted(map(decode, found.values()), key=_rank)), proof)
        said = " and then ".join(map(str, sorted(totals)))
        raise IncompleteRead(
            f"{self.TITLE} says that campaign {identity.name!r} has {said} tiers, but its lists show {len(found)}"
            " different ones; nothing is planned from a list that may be incomplete"
        )

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """Every loyalty campaign of the project, oldest first; by id where its name cannot be written or read."""
        found: dict[str, str] = {}
        totals: set[int] = set()
        for page in range(1, _MOST_PAGES + 1):
            answer = self._client.get("/v1/loyalties", {"limit": _LIMIT, "order": "created_at", "page": page})
            rows, total = _rows(answer, "campaigns", "campaign")
            found |= {expect_text(row, "id"): expect_text(row, "name") for row in rows}
            totals.add(total)
            if not rows or len(found) >= total:
                break
        # Where the total changes between two pages, a campaign may have moved from one to the other unseen.
        if totals != {len(found)}:
            said = " and then ".join(map(str, sorted(totals)))
            raise IncompleteRead(
                f"{self.TITLE} says that there are {said} loyalty campaigns, but its lists show {len(found)} different"
                " ones; run again"
            )
        named = {id_: name if name.strip() and name.isprintable() else id_ for id_, name in found.items()}
        return tuple({"campaign": name} for name in named.values())

    def locate(self, place: Mapping[str, str]) -> Mapping[str, str]:
        """The place itself: a campaign's id or name says it all."""
        return place

    def requests(self, identity: Identity, tiers: Sequence[Tier]) -> tuple[Request, ...]:
        """All tiers in one JSON array."""
        if not tiers:
            return ()
        return (Request("POST", _tiers_path(identity), [encode(tier) for tier in tiers]),)

    def afford(self, lives: Sequence[Live]) -> None:
        """At each campaign one create, and two requests to read it back."""
        self._client.limits.check(3 * len(lives))

    def create(self, identity: Identity, tiers: Sequence[Tier]) -> tuple[LiveTier, ...]:
        """Send one array, and match the answer by name: its order is not promised."""
        made: tuple[LiveTier, ...] = ()
        for request in self.requests(identity, tiers):
            answer = self._client.post(request.path, request.body)
            made += expect_made(tiers, answer, lambda rows: map(decode, _maps(rows)))
        return made

    def _resolve(self, campaign: str) -> Identity:
        try:
            answer = self._client.get(f"/v1/loyalties/{segment(campaign)}")
        except VendorError as error:
            raise VendorError(f"campaign {campaign!r}: {error}{_HINTS.get(error.status, '')}", error.status) from None
        found = expect_map(answer, "campaign")
        id_, name = expect_text(found, "id"), expect_text(found, "name")
        if campaign not in (id_, name):
            raise VendorError(f"asked for campaign {campaign!r}, {self.TITLE} answered with {name!r} ({id_})")
        if found.get("campaign_type") != "LOYALTY_PROGRAM":
            raise VendorError(f"campaign {campaign!r} is a {found.get('campaign_type')}, not a LOYALTY_PROGRAM")
        return Identity(self._client.base_url, "campaign", id_, name, self._account)


def decode(row: Mapping[str, Value]) -> LiveTier:
    """A tier as listed. Server-set fields and unknown keys are no evidence of drift and are left out.

    Points are inclusive integers, an absent end is open. Raises `VendorError` for what is not as documented.
    """
    points, config = row.get("points"), row.get("config")
    if points is None and isinstance(config, Mapping):
        points = config.get("points")
    ends = expect_map(points, f"points of tier {expect_text(row, 'name')!r}")
    lower, last = _whole(ends, "from"), _whole(ends, "to")
    fields = {name: expect_map(row[name], name) for name in _FIELDS if row.get(name) is not None}
    updated = row.get("updated_at")
    return LiveTier(
        expect_text(row, "id"),
        expect_text(row, "name"),
        Range(lower, None if last is None else last + 1),
        compact(fields),
        updated if isinstance(updated, str) else None,
    )


def encode(tier: Tier) -> dict[str, Value]:
    """The JSON that creates a tier. An open end has no `to` key; null there is not documented."""
    points = {"from": tier.range.lower, "to": None if tier.range.upper is None else tier.range.upper - 1}
    return {
        "name": tier.name,
        "points": {key: int(value) for key, value in points.items() if value is not None},
        **tier.fields,
    }


def _rank(tier: LiveTier) -> tuple[Decimal, str]:
    return (Decimal("-Infinity") if tier.range.lower is None else tier.range.lower, tier.id)


def _tiers_path(identity: Identity) -> str:
    return f"/v1/loyalties/{segment(identity.id)}/tiers"


def _rows(answer: Value, key: str, what: str) -> tuple[list[Mapping[str, Value]], int]:
    listed = expect_map(answer, f"list of {what}s")
    total = listed.get("total")
    if not isinstance(total, int) or isinstance(total, bool):
        raise VendorError(f"not as documented: the list of {what}s has no `total`, but {short(answer)}")
    return _maps(listed.get(key), what), total


def _maps(value: Value, what: str = "tier") -> list[Mapping[str, Value]]:
    return [expect_map(item, what) for item in expect_list(value, f"{what}s")]


def _whole(ends: Mapping[str, Value], key: str) -> Decimal | None:
    value = ends.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise VendorError(f"not as documented: points hold `{key}`: {short(value)}, not an integer")
    return Decimal(value)
