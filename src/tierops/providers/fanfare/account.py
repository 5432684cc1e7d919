"""Fanfare, Admin API: a ladder is a group of audiences, which its API creates whole or not at all.

Source: Fanfare's published OpenAPI file and guides. How the server stores a tier is documented in one older example
only, so a tier is read from its metadata first, from its rules as a fallback and a cross-check, and an audience that
says something else is shown, never guessed. Balances are never negative there: points start at 0 and money has no sign.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from tierops.errors import IncompleteRead, NotSent, TieropsError, VendorError
from tierops.model import Capabilities, Identity, Live, LiveTier, Range, Request, Tier, Value, compact, exact
from tierops.providers.base import credential, segment
from tierops.providers.expect import expect_list, expect_made, expect_map, expect_text
from tierops.text import jsontext

if TYPE_CHECKING:
    from tierops.providers.http import Client

_PAGE = 100
_COUNTS = {"loyaltyBalance", "loyaltyLifetimePoints", "totalOrders"}
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CREATE = "/audiences/loyalty-tiers"
_KEY = ". Check FANFARE_SECRET_KEY (dashboard, Settings), what the key may do, and FANFARE_URL"

Audience = Mapping[str, Value]


class _Bounds(NamedTuple):
    """What one source says of a tier. `is_inclusive` is about the end; None is no end."""

    start: Decimal
    end: Decimal | None
    is_inclusive: bool = False


class Provider:
    """The tier groups of one Fanfare organisation. The list of audiences is read once for all groups of a run."""

    NAME: ClassVar = "fanfare"
    TITLE: ClassVar = "Fanfare"
    DEFAULT_URL: ClassVar = "https://admin.fanfare.io/api"
    URL_VARIABLE: ClassVar = "FANFARE_URL"
    HEADERS: ClassVar[Mapping[str, str]] = {}

    def __init__(self, client: Client, account: str | None) -> None:  # noqa: ARG002 (the list names the organisation)
        self._client = client
        self._lock = Lock()
        self._list: _List | None = None
        self._has_written = False

    @staticmethod
    def capabilities(place: Mapping[str, str]) -> Capabilities:
        """Groups are created whole. Points and counts are integers, money and scores are decimals."""
        return Capabilities(
            whole_numbers=place["attribute"] in _COUNTS,
            by_hand="tierops does not change tiers of Fanfare, whose update deletes what it is not told to keep: edit"
            " the tier in the dashboard (Audiences), or write what is live into the file",
            only_whole="the group exists, and Fanfare's API creates whole groups only; its update deletes tiers that it"
            " is not told to keep, which can open live experiences to everybody. Add the tier to the group in the"
            " dashboard (Audiences)",
        )

    @staticmethod
    def credentials(environ: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
        """The header from `FANFARE_SECRET_KEY`. The key names no account; the organisation is read with the list."""
        key = credential(environ, "FANFARE_SECRET_KEY")
        if not key:
            raise TieropsError("no Fanfare key: set FANFARE_SECRET_KEY (sk_live_… or sk_test_…, dashboard, Settings)")
        if key.startswith("pk_"):
            raise TieropsError(
                "FANFARE_SECRET_KEY holds a publishable key (pk_…); the Admin API takes secret ones (sk_…)"
            )
        return {"Authorization": f"Bearer {key}"}, None

    @staticmethod
    def explain(body: Value) -> str:
        """One sentence from any documented shape: `error` with `issues`, with `details`, with `message`, or alone."""
        if not isinstance(body, Mapping):
            return jsontext.dumps(body)[:200]
        parts = [str(body[key]) for key in ("error", "message") if isinstance(body.get(key), str)]
        for key in ("issues", "details"):
            entries = body.get(key)
            parts += (
                [_issue(entry) for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
            )
        text = ": ".join(dict.fromkeys(parts)) or jsontext.dumps(body)[:200]
        return f"{text} (request {body['requestId']})" if isinstance(body.get("requestId"), str) else text

    def locate(self, place: Mapping[str, str]) -> Mapping[str, str]:
        """The full place of a group that is named or whose id is given. Raises `VendorError` where there is none."""
        bucket = self._audiences(place["group"]).find(place["group"])
        if bucket is None:
            raise VendorError(f"Fanfare has no tier group {place['group']!r}")
        return {"group": place["group"], "attribute": _attribute(bucket)}

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """The place of every tier group of the organisation, by name; by id where a name is not the only one."""
        buckets = self._audiences("").groups()
        names = [expect_text(bucket[0], "groupName") for bucket in buckets.values()]
        return tuple(
            {"group": name if names.count(name) == 1 else id_, "attribute": _attribute(bucket)}
            for (id_, bucket), name in zip(buckets.items(), names, strict=True)
        )

    def fetch(self, place: Mapping[str, str]) -> Live:
        """Every tier of the group: from the list of all audiences, confirmed by the group's own list."""
        name = place["group"]
        listed = self._audiences(name)
        bucket = listed.find(name)
        if bucket is None:
            if _ID.fullmatch(name):
                raise VendorError(f"Fanfare has no tier group with the id {name}", 404)
            proof = f"no such group among {len(listed.audiences)} audiences on {listed.pages} pages, read to the end"
            return Live(self._identity(listed, "", name), (), proof)
        id_ = expect_text(bucket[0], "groupId")
        confirmed = [audience for audience in self._group(id_) if _is_tier(audience)]
        if _essence(bucket) != _essence(confirmed):
            raise IncompleteRead(
                f"Fanfare's list of audiences shows {len(bucket)} tiers of group {name!r}, the group itself"
                f" {len(confirmed)}, or other ones; nothing is planned from reads that disagree"
            )
        proof = f"{len(bucket)} tiers in the list of all audiences and the same {len(confirmed)} in the group"
        shown = name if name != id_ else expect_text(bucket[0], "groupName")
        return Live(self._identity(listed, id_, shown), decode(confirmed, shown), proof)

    def requests(self, identity: Identity, tiers: Sequence[Tier]) -> tuple[Request, ...]:
        """The whole group in one body."""
        if not tiers:
            return ()
        attribute = tiers[0].fields["attribute"]
        body: Value = {"groupName": identity.name, "attribute": attribute, "tiers": encode(tiers)}
        return (Request("POST", _CREATE, body),)

    def afford(self, lives: Sequence[Live]) -> None:
        """For each group the list before its create, the create, and the list and the group to read it back."""
        pages = 1 if self._list is None else self._list.pages
        self._client.limits.check((2 * pages + 2) * len(lives))

    def create(self, identity: Identity, tiers: Sequence[Tier]) -> tuple[LiveTier, ...]:
        """Create the group, if a fresh list in the opposite order does not show it either."""
        made: tuple[LiveTier, ...] = ()
        for request in self.requests(identity, tiers):
            self._has_written = True
            try:
                found = _read_list(self._client, "asc").find(identity.name)
            except VendorError as error:
                raise NotSent(f"not sent, for the list before it failed: {error}") from None
            if found is not None:
                raise VendorError(f"group {identity.name!r} exists by now, and Fanfare creates whole groups only")
            answer = self._client.post(request.path, request.body)
            made += expect_made(tiers, answer, lambda body: decode(_audiences_in(body), identity.name))
        return made

    def _audiences(self, place: str) -> _List:
        """The list of all audiences, shared by all places that are looked at for the first time.

        A second look is a wish to see a place afresh. Once something was written nobody shares a list any more: one
        that another thread read before the write would tell nothing about it.
        """
        if self._has_written:
            return _read_list(self._client, "desc")
        with self._lock:
            if self._list is None or place in self._list.served:
                self._list = _read_list(self._client, "desc")
            self._list.served.add(place)
            return self._list

    def _group(self, id_: str) -> list[Audience]:
        answer = self._client.get(f"/audiences/groups/{segment(id_)}")
        return [expect_map(item, "audience") for item in expect_list(answer, "audiences")]

    def _identity(self, listed: _List, id_: str, name: str) -> Identity:
        organisation = next((str(a["organizationId"]) for a in listed.audiences if a.get("organizationId")), None)
        account = organisation and sha256(b"fanfare:" + organisation.encode()).hexdigest()[:16]
        return Identity(self._client.base_url, "group", id_, name, account)


class _List:
    """All audiences of the organisation, from one pass over the pages."""

    def __init__(self, audiences: Sequence[Audience], pages: int) -> None:
        self.audiences = audiences
        self.pages = pages
        self.served: set[str] = set()

    def groups(self) -> dict[str, list[Audience]]:
        """The live tiers of each group, by group id."""
        found: dict[str, list[Audience]] = {}
        for audience in filter(_is_tier, self.audiences):
            found.setdefault(expect_text(audience, "groupId"), []).append(audience)
        return found

    def find(self, place: str) -> list[Audience] | None:
        """The live tiers of the one group of this name or id. Raises `VendorError` where two groups share a name."""
        groups = self.groups()
        if place in groups:
            return groups[place]
        found = [id_ for id_, bucket in groups.items() if any(a.get("groupName") == place for a in bucket)]
        if len(found) > 1:
            raise VendorError(
                f"{len(found)} live Fanfare groups are named {place!r} ({', '.join(found)}); tierops picks none:"
                " name the group by its id, or remove or rename all but one in the dashboard"
            )
        return groups[found[0]] if found else None


def _read_list(client: Client, direction: str) -> _List:
    """Page through all audiences. The pages do not say which is the last: stop at no cursor or an empty page."""
    found: dict[str, Audience] = {}
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
            if expect_text(row, "id") in found:
                raise IncompleteRead(
                    f"Fanfare's list of audiences shows {row['id']} twice: it changes while it is read"
                )
            found[expect_text(row, "id")] = row
        cursor = expect_map(page.get("pageInfo"), "pageInfo").get("endCursor")
        if not rows or cursor is None:
            return _List(tuple(found.values()), len(cursors) + 1)
        if not isinstance(cursor, str) or cursor in cursors:
            raise IncompleteRead("the cursors of Fanfare's list of audiences lead in a circle")
        cursors.append(cursor)


def _page(client: Client, parameters: Mapping[str, str | int]) -> Value:
    try:
        return client.get("/audiences", parameters)
    except VendorError as error:
        hint = _KEY if error.status in {401, 403} else ""
        raise VendorError(f"{error}{hint}", error.status) from None


def encode(tiers: Sequence[Tier]) -> list[Value]:
    """A ladder as the create takes it. Whole numbers go out as JSON numbers, others as strings."""
    return [
        {
            "name": tier.name,
            "order": tier.fields["order"],
            "startValue": _amount(tier.range.lower),
            **({} if tier.range.upper is None else {"endValue": _amount(tier.range.upper)}),
            **({"iconName": tier.fields["icon"]} if "icon" in tier.fields else {}),
        }
        for tier in tiers
    ]


def decode(audiences: Sequence[Audience], group: str) -> tuple[LiveTier, ...]:
    """The ladder that these audiences are, low to high.

    What an audience says beyond a tier is among its fields, where a plan shows it as a difference: `rules` that mean
    something else than the metadata or nothing that can be read, and a `group_name` other than `group`.
    """
    read = [(audience, _from_metadata(audience), _from_rules(audience)) for audience in audiences]
    starts = {b.start for _, metadata, rules in read for b in (metadata, rules) if b is not None}
    tiers = [_tier(audience, metadata, rules, starts, group) for audience, metadata, rules in read]
    ranked = sorted(tiers, key=lambda t: (t.range.lower is None, t.range.lower or 0, t.id))
    # Where no metadata says the order, the place in the ladder does.
    return tuple(tier._replace(fields={"order": place, **tier.fields}) for place, tier in enumerate(ranked))


def _tier(
    audience: Audience, metadata: _Bounds | None, rules: _Bounds | None, starts: set[Decimal], group: str
) -> LiveTier:
    bounds = metadata or rules
    has_other_rules = metadata is not None and "rules" in audience and (rules is None or rules[:2] != metadata[:2])
    fields: dict[str, Value] = {
        "attribute": _attribute([audience]) or None,
        "order": _map_in(audience, "metadata").get("tierOrder"),
        "icon": audience.get("iconName"),
        "rules": _shown_rules(audience) if has_other_rules or bounds is None else None,
        "group_name": audience.get("groupName") if audience.get("groupName") != group else None,
    }
    updated = audience.get("updatedAt")
    return LiveTier(
        expect_text(audience, "id"),
        expect_text(audience, "name"),
        Range(None, None) if bounds is None else Range(bounds.start, _upper(bounds, starts)),
        compact(fields),
        updated if isinstance(updated, str) else None,
    )


def _upper(bounds: _Bounds, starts: set[Decimal]) -> Decimal | None:
    """The first balance above the tier. Touching tiers share a bound; an inclusive end is one below the next start."""
    if bounds.end is not None and bounds.is_inclusive and bounds.end + 1 in starts and bounds.end not in starts:
        return bounds.end + 1
    return bounds.end


def _from_metadata(audience: Audience) -> _Bounds | None:
    boundaries = _map_in(_map_in(audience, "metadata"), "tierBoundaries")
    start, end = _decimal(boundaries.get("min")), _decimal(boundaries.get("max"))
    if start is None or (end is None and boundaries.get("max") is not None):
        return None
    return _Bounds(start, end)


def _from_rules(audience: Audience) -> _Bounds | None:
    """Start and end that the rules say; None where they are not those of a tier: other operators, several fields."""
    rules = _rules(audience)
    if len({str(rule.get("field")) for rule in rules}) > 1 or len({str(rule.get("groupId")) for rule in rules}) > 1:
        return None
    said = tuple(sorted((str(rule.get("operator")), *_values(rule)) for rule in rules))
    match said:
        case (("GREATER_THAN_OR_EQUAL", Decimal() as start), ("LESS_THAN", Decimal() as end)):
            return _Bounds(start, end)
        case (("GREATER_THAN_OR_EQUAL", Decimal() as start), ("LESS_THAN_OR_EQUAL", Decimal() as end)):
            return _Bounds(start, end, is_inclusive=True)
        case (("BETWEEN", Decimal() as start, Decimal() as end),):
            return _Bounds(start, end, is_inclusive=True)
        case (("GREATER_THAN_OR_EQUAL" | "GREATER_THAN", Decimal() as start),):
            return _Bounds(start, None)
        case (("LESS_THAN", Decimal() as end),):
            return _Bounds(Decimal(0), end)
    return None


def _values(rule: Mapping[str, Value]) -> list[Decimal | None]:
    values = rule.get("values")
    return [_decimal(value) for value in values] if isinstance(values, list) else []


def _rules(audience: Audience) -> list[Mapping[str, Value]]:
    rules = audience.get("rules")
    return [rule for rule in rules if isinstance(rule, Mapping)] if isinstance(rules, list) else []


def _shown_rules(audience: Audience) -> Value:
    rules = _rules(audience)
    return [{key: rule.get(key) for key in ("field", "operator", "values")} for rule in rules] or "none"


def _attribute(bucket: Sequence[Audience]) -> str:
    """What the tiers of a group measure, as metadata or else the rules say; empty where they do not agree."""
    found: set[Value] = set()
    for audience in bucket:
        attribute = _map_in(audience, "metadata").get("tierAttribute")
        found |= {attribute} if isinstance(attribute, str) else {str(rule.get("field")) for rule in _rules(audience)}
    return str(found.pop()) if len(found) == 1 else ""


def _is_tier(audience: Audience) -> bool:
    """Archived audiences are not live, and RFM groups are no ladders."""
    return (
        audience.get("archived") is not True
        and audience.get("groupType") == "SEGMENTED_VALUE"
        and isinstance(audience.get("groupId"), str)
    )


def _essence(bucket: Sequence[Audience]) -> list[str]:
    """What two reads of a group must agree on."""
    keys = ("id", "name", "groupName", "iconName", "metadata")
    return sorted(jsontext.canonical(exact([audience.get(key) for key in keys])) for audience in bucket)


def _audiences_in(answer: Value) -> list[Audience]:
    audiences = expect_list(expect_map(answer, "created group").get("audiences"), "audiences")
    return [expect_map(audience, "audience") for audience in audiences]


_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


def _decimal(value: Value) -> Decimal | None:
    """A number in any of the forms that the API is free to use; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def _amount(value: Decimal | None) -> Value:
    number = exact(value)
    return format(number, "f") if isinstance(number, Decimal) else number


def _map_in(row: Mapping[str, Value], key: str) -> Mapping[str, Value]:
    value = row.get(key)
    return value if isinstance(value, Mapping) else {}


def _issue(entry: Mapping[str, Value]) -> str:
    path = entry.get("path")
    steps = [str(step.get("key")) for step in path if isinstance(step, Mapping)] if isinstance(path, list) else []
    where = ".".join(steps) or entry.get("field")
    return f"{where}: {entry.get('message')}" if where else str(entry.get("message"))
