"""The tier sets of one tenant of Open Loyalty, through its API."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from tierops.errors import NOT_FOUND, AnswerLost, IncompleteRead, TieropsError, VendorError
from tierops.model import Identity, Live, LiveTier, Place, Request, Value
from tierops.providers.accounts import Credentials, Dialect, credential, segment
from tierops.providers.expect import expect_list, expect_map, expect_text, short
from tierops.providers.openloyalty import lists, tiers
from tierops.providers.openloyalty.tiers import Condition
from tierops.providers.overview import unmistakable
from tierops.text import jsontext, names
from tierops.text.wording import counted

if TYPE_CHECKING:
    from tierops.providers.http import Client

_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
_MOST_PAGES = 1000  # of the list of sets: a bound against a list without an end
_GUARD = re.compile(r"(?:delete|deactivate)_(?:default_tier|tier_\w+)")


def explain(body: Value) -> str:
    """One sentence from a refusal: its message, and what is wrong with which part, in either form that is known."""
    if not isinstance(body, Mapping):
        return jsontext.dumps(body)[:200]
    parts = [str(body["message"])] if isinstance(body.get("message"), str) else []
    codes: list[str] = []
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, Mapping):
            codes.append(str(error.get("code") or ""))
            parts.append(": ".join(str(error[key]) for key in ("message", "code", "path") if error.get(key)))
    if isinstance(errors, Mapping):
        parts += [text for text in jsontext.texts(errors.get("children"), has_keys=False) if text]
    if any(map(_GUARD.fullmatch, codes)):
        parts.append("the set holds tiers that were not there when it was read, and nothing was changed")
    return "; ".join(dict.fromkeys(parts)) or jsontext.dumps(body)[:200]


def refusal(body: Value) -> int | None:
    """The status in a body of errors: a number, or its text."""
    if not isinstance(body, Mapping) or not isinstance(body.get("message"), str):
        return None
    code = str(body.get("code"))
    return int(code) if re.fullmatch("[45][0-9]{2}", code) else None


class _Found(NamedTuple):
    """A set as the list of sets shows it, and how many requests that list takes."""

    tier_set: Mapping[str, Value]
    calls: int


class _Read(NamedTuple):
    """A set and its tiers, proved to be whole, over so many requests."""

    tier_set: Mapping[str, Value]
    condition: Condition
    tiers: tuple[LiveTier, ...]
    default: str
    proof: str
    calls: int


class Account:
    """The tier sets of one tenant."""

    dialect = Dialect(explain, refusal)

    def __init__(self, client: Client, fingerprint: str | None) -> None:  # noqa: ARG002 (no key names an account)
        self._client = client
        self._seen: dict[tuple[str, ...], _Found] = {}

    @staticmethod
    def credentials(environ: Mapping[str, str]) -> Credentials:
        """The header from `OPENLOYALTY_TOKEN`: an API key, or a JWT of an admin. Neither names the tenant."""
        token = credential(environ, "OPENLOYALTY_TOKEN")
        if not token:
            raise TieropsError("no Open Loyalty key: set OPENLOYALTY_TOKEN (admin panel, Settings, Admins: an API key)")
        return Credentials({"Authorization": f"Bearer {token}"} if _JWT.fullmatch(token) else {"X-AUTH-TOKEN": token})

    def survey(self, places: Sequence[Place]) -> None:
        """Read the list of a store's sets once for all places there."""
        self._seen = {}
        for store in dict.fromkeys(place.fields["store"] for place in places):
            sets = self._sets(store)
            known = unmistakable(sets.rows, "tierSetId", "name")
            here = (place for place in places if place.fields["store"] == store and place.fields["tier_set"] in known)
            self._seen |= {place.home: _Found(known[place.fields["tier_set"]], sets.pages) for place in here}

    def fetch(self, place: Place) -> Live:
        """Every tier of the set: the list of sets, the list of its tiers, and the set itself after that."""
        store = place.fields["store"]
        # What a survey saw is good for one fetch: whoever fetches again wants to see the set afresh.
        seen = self._seen.pop(place.home, None)
        found, looked = seen or self._one(store, place.fields["tier_set"])
        read = self._read(store, found)
        name, condition = expect_text(read.tier_set, "name"), read.condition
        wanted = (place.fields["attribute"], place.fields["wallet"])
        if (condition.attribute, condition.wallet) != wanted:
            raise VendorError(
                f"tier set {name!r} counts {condition.attribute} (wallet {condition.wallet}), not {wanted[0]} (wallet"
                f" {wanted[1]}): its numbers would mean something else"
            )
        base_url = self._client.base_url
        account = sha256(f"openloyalty:{base_url}:{store}".encode()).hexdigest()[:16]
        return Live(
            Identity(base_url, "tier set", expect_text(read.tier_set, "tierSetId"), name, account),
            read.tiers,
            read.proof,
            facts={
                "store": store,
                "condition": condition.id,
                "default tier": read.default,
                "active": "no" if read.tier_set.get("active") is False else "yes",
                "migrated": "yes" if read.tier_set.get("isMigrated") is True else "no",
            },
            calls=looked + read.calls,
        )

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """Every tier set with one condition of every store; by its id where its name is not the only one."""
        stores = expect_map(self._client.get("/api/store"), "list of stores").get("items")
        codes = [expect_text(expect_map(store, "store"), "code") for store in expect_list(stores, "stores")]
        return tuple(block for store in codes for block in self._blocks(store))

    def _blocks(self, store: str) -> list[Mapping[str, str]]:
        sets = self._sets(store).rows
        known = [expect_text(row, "name") for row in sets]
        blocks = []
        for row, name in zip(sets, known, strict=True):
            if len(expect_list(row.get("conditions"), "conditions")) == 1:
                is_clear = known.count(name) == 1 and names.has_visible(name) and name.isprintable()
                blocks.append(_block(store, name if is_clear else expect_text(row, "tierSetId"), row))
        return blocks

    def locate(self, named: Mapping[str, str]) -> Mapping[str, str]:
        """The set, with what it counts."""
        row, _ = self._one(named["store"], named["tier_set"])
        return _block(named["store"], named["tier_set"], row)

    def read_calls(self, live: Live, more: int) -> int:
        """As many as the last read took, and what further pages take, however short they are."""
        return live.calls + -(-more // lists.SHORTEST_PAGE)

    def send(self, request: Request) -> Sequence[LiveTier]:
        """Send a list of new tiers. The answer (204) shows nothing, so what it made is read: all but the default."""
        self._client.create(request, _nothing)
        store, _, set_id = map(unquote, request.path.split("/")[2:5])
        try:
            read = self._read(store, {"tierSetId": set_id})
        except VendorError as error:
            raise AnswerLost(f"the list was taken, but could not be read back: {error}", is_taken=True) from None
        return tuple(tier for tier in read.tiers if tier.id != read.default)

    def _sets(self, store: str) -> lists.Listed:
        """All sets of a store."""
        return lists.read(self._client, f"/api/{segment(store)}/tierSet", "tierSetId", most_pages=_MOST_PAGES)

    def _one(self, store: str, named: str) -> _Found:
        """The set of this id, or the only one of this name."""
        try:
            sets = self._sets(store)
        except VendorError as error:
            if error.status != NOT_FOUND:
                raise
            raise VendorError(f"{error} (is {store!r} the code of a store?)", NOT_FOUND) from None
        found = [one for one in sets.rows if one.get("tierSetId") == named] or [
            one for one in sets.rows if one.get("name") == named
        ]
        if not found:
            hint = names.suggestion(named, tuple(str(one.get("name")) for one in sets.rows))
            raise VendorError(
                f"store {store!r} has no tier set {named!r}{hint or '.'} Make it in the admin panel", NOT_FOUND
            )
        if len(found) > 1:
            ids = ", ".join(expect_text(one, "tierSetId") for one in found)
            raise VendorError(f"{len(found)} tier sets are named {named!r}: name one by its id ({ids})")
        return _Found(found[0], sets.pages)

    def _read(self, store: str, found: Mapping[str, Value]) -> _Read:
        """The tiers of a set, which its own list of ids, read after them, must show as well."""
        set_id = expect_text(found, "tierSetId")
        path = tiers.set_path(store, set_id)
        named = _ids(found)
        rows, is_counted, pages = lists.read(
            self._client, f"{path}/tiers", "levelId", None if named is None else len(named)
        )
        tier_set = expect_map(self._client.get(path), "tier set")
        if tier_set.get("tierSetId") != set_id:
            raise VendorError(f"not as documented: asked for tier set {set_id}, received {short(tier_set)}")
        ids, shown = _ids(tier_set), {expect_text(row, "levelId") for row in rows}
        if ids is not None and ids != shown:
            raise IncompleteRead(
                f"tier set {short(tier_set.get('name'))} names {len(ids)} tiers, and their list shows {len(shown)}, or"
                " other ones; nothing is planned from a list that may be incomplete"
            )
        if ids is None and not is_counted:
            raise IncompleteRead("nothing says how many tiers the set has: neither it nor their list counts them")
        condition = tiers.condition_of(tier_set)
        ladder = tiers.decode(rows, set_id, condition)
        default = next(expect_text(row, "levelId") for row in rows if row.get("isDefault") is True)
        count = counted(len(ladder), "tier")
        proof = (
            f"{count}, the same in their list and in the set" if ids is not None else f"{count}, as `total` alone says"
        )
        return _Read(tier_set, condition, ladder, default, proof, pages + 1)


def _ids(tier_set: Mapping[str, Value]) -> set[str] | None:
    """The ids of the tiers that a set names, None where it names none: that field may be left out."""
    listed = tier_set.get("tiers")
    if listed is None:
        return None
    return {expect_text(expect_map(one, "tier"), "levelId") for one in expect_list(listed, "tiers")}


def _block(store: str, named: str, tier_set: Mapping[str, Value]) -> Mapping[str, str]:
    condition = tiers.condition_of(tier_set)
    return {"store": store, "tier_set": named, "attribute": condition.attribute, "wallet": condition.wallet}


def _nothing(answer: Value) -> Sequence[LiveTier]:
    """What the answer to a list shows. Raises `VendorError` for one with a body: none is documented."""
    if answer is not None:
        raise VendorError(f"not as documented: {short(answer)}")
    return ()
