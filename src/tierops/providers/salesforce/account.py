"""The tier groups of one Salesforce org, through its REST API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tierops.errors import NOT_FOUND, UNAUTHORIZED, IncompleteRead, NotSent, TieropsError, VendorError
from tierops.model import Identity, Live, LiveTier, Place, Request, Value
from tierops.providers.accounts import Credentials, Dialect, SignIn, credential
from tierops.providers.expect import expect_list, expect_map, expect_same, expect_text, short
from tierops.providers.overview import unmistakable
from tierops.providers.salesforce import soql, tiers
from tierops.providers.salesforce.org import GROUP, PROGRAM, SPENT, Org, Row, told
from tierops.text import jsontext, names

if TYPE_CHECKING:
    from tierops.providers.http import Client

_SIGN_IN = "/services/oauth2/token"
_TAKEN = 409  # as other vendors say it
_SMALLEST_BATCH = 200  # rows of a batch, at the least, as documented
_OF_ALL = " of all tier groups together"
_STEP = (
    "generate the rules of the programme {!r} in Salesforce (Manage Tier Eligibility, Generate Rules): until then no"
    " member moves"
)
_STATUSES = {"INVALID_SESSION_ID": UNAUTHORIZED, SPENT: 403, "NOT_FOUND": NOT_FOUND}
_GROUP_COLUMNS = ("Id", "Name", "LoyaltyProgramId", "Category", "TierAssessmentCurrency.Name")


def explain(body: Value) -> str:
    """One sentence from the errors of an answer, those of its records, or that of a sign-in."""
    if isinstance(body, Mapping) and isinstance(body.get("error"), str):
        return ": ".join(str(body[key]) for key in ("error", "error_description") if isinstance(body.get(key), str))
    said = [_sentence(error) for error in body if isinstance(error, Mapping)] if isinstance(body, list) else []
    return "; ".join(dict.fromkeys(filter(None, said))) or jsontext.dumps(body)[:200]


def _sentence(error: Row) -> str:
    parts = [error.get("errorCode") or error.get("statusCode"), error.get("message")]
    listed = error.get("fields")
    about = f" ({', '.join(map(str, listed))})" if isinstance(listed, list) and listed else ""
    return ": ".join(str(part) for part in parts if isinstance(part, str) and part) + about


def refusal(body: Value) -> int | None:
    """The status of a list of errors, None for anything else; what became of single records is told elsewhere."""
    if not isinstance(body, list) or not body or not isinstance(body[0], Mapping):
        return None
    code = body[0].get("errorCode")
    if not isinstance(code, str):
        return None
    return 500 if code in {"UNKNOWN_EXCEPTION", "SERVER_UNAVAILABLE"} else _STATUSES.get(code, 400)


def token(body: Value) -> Mapping[str, str]:
    """The header that the answer to a sign-in gives."""
    return {"Authorization": f"Bearer {expect_text(expect_map(body, 'token'), 'access_token')}"}


class _Found(NamedTuple):
    """A tier group of a programme, and the records of all its tiers, which come in so many batches by themselves.

    `of` says of what they were counted, where that is more than this group.
    """

    program: Row
    group: Row
    rows: Sequence[Row]
    batches: int
    of: str = ""

    @property
    def name(self) -> str:
        """The two names."""
        return f"{expect_text(self.program, 'Name')} / {expect_text(self.group, 'Name')}"


class Account:
    """The tier groups of one org, as far as the user of the keys sees them."""

    dialect = Dialect(explain, refusal)

    def __init__(self, client: Client, _fingerprint: str | None) -> None:
        self._client = client
        self._org = Org(client)
        self._seen: dict[tuple[str, ...], _Found] = {}

    @staticmethod
    def credentials(environ: Mapping[str, str]) -> Credentials:
        """A token that is ready, or else a client that signs in. Which org it is, only an answer says."""
        ready = credential(environ, "SALESFORCE_ACCESS_TOKEN")
        client, secret = (credential(environ, name) for name in ("SALESFORCE_CLIENT_ID", "SALESFORCE_CLIENT_SECRET"))
        if ready:
            return Credentials({"Authorization": f"Bearer {ready}"})
        if not client or not secret:
            raise TieropsError(
                "no Salesforce keys: set SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET (Setup, External Client"
                " Apps), or SALESFORCE_ACCESS_TOKEN"
            )
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        return Credentials({}, None, SignIn(_SIGN_IN, form, token, explain, (secret,)))

    def fetch(self, place: Place) -> Live:
        """Every tier of the group: one request for its programme, one for it, one for each batch, and a count."""
        account, key_field = self._org.fingerprint(), self._org.key_field()
        # What a survey saw is good for one fetch: whoever fetches again wants to see the group afresh.
        found = self._seen.pop(place.home, None) or self._find(place)
        group, count = found.group, len(found.rows)
        program_name = expect_text(found.program, "Name")
        facts = {tiers.KEY_FIELD: key_field, "category": group.get("Category"), "currency": _currency(group)}
        return Live(
            Identity(self._client.base_url, "tier group", expect_text(group, "Id"), found.name, account),
            tiers.decode(found.rows),
            f"{count} of {count} tiers that the user of the keys may see, as `totalSize` and COUNT() say{found.of}",
            steps=(_STEP.format(program_name),),
            facts={what: fact for what, fact in facts.items() if isinstance(fact, str) and fact},
            calls=7 + found.batches,  # the org, the fields, twice a name or an id, and the count
        )

    def _find(self, place: Place) -> _Found:
        """The group, and every record of it: as many as are counted after they were read."""
        program = self._org.one(PROGRAM, ("Id", "Name"), place.fields["program"], {})
        program_id = soql.checked_id(expect_text(program, "Id"))
        group = self._org.one(GROUP, _GROUP_COLUMNS, place.fields["tier_group"], {"LoyaltyProgramId": program_id})
        where = {"LoyaltyTierGroupId": soql.checked_id(expect_text(group, "Id"))}
        rows, batches = self._org.rows(tiers.OBJECT, tiers.COLUMNS, where)
        found = _Found(program, group, rows, batches)
        for row in rows:
            what = f"tier {short(row.get('Name'))} of tier group {found.name!r}"
            expect_same(row, "LoyaltyTierGroupId", group["Id"], what)
        counted = self._org.count(tiers.OBJECT, where)
        if counted != len(rows):
            raise IncompleteRead(
                f"Salesforce counts {counted} tiers in tier group {found.name!r}, and shows {len(rows)}"
            )
        return found

    def survey(self, places: Sequence[Place]) -> None:
        """Read all programmes, all tier groups and all tiers of the org, in place of those of one group after another.

        Given up where there are so many that this takes as many requests.
        """
        few, many = len(places) * _SMALLEST_BATCH // 2, len(places) * _SMALLEST_BATCH * 2
        programs, _ = self._org.rows(PROGRAM, ("Id", "Name"), most=few)
        groups, _ = self._org.rows(GROUP, _GROUP_COLUMNS, most=few)
        rows = self._all_rows(groups, many)
        known = unmistakable(programs, "Id", "Name")
        own: dict[Value, list[Row]] = {}
        for group in groups:
            own.setdefault(group.get("LoyaltyProgramId"), []).append(group)
        known_groups = {id_: unmistakable(ones, "Id", "Name") for id_, ones in own.items()}
        self._seen = {}
        for place in places:
            program = known.get(place.fields["program"], {})
            found = known_groups.get(program.get("Id"), {}).get(place.fields["tier_group"])
            if program and found is not None:
                batches = max(1, -(-len(rows[found["Id"]]) // _SMALLEST_BATCH))
                self._seen[place.home] = _Found(program, found, rows[found["Id"]], batches, _OF_ALL)

    def _all_rows(self, groups: Sequence[Row], most: int) -> dict[Value, list[Row]]:
        """The records of all tiers by the id of their group, proved to be there as those of one group are.

        They are as many as are counted after they were read, and each is in a group that is listed.
        """
        by_group: dict[Value, list[Row]] = {soql.checked_id(expect_text(group, "Id")): [] for group in groups}
        rows, _ = self._org.rows(tiers.OBJECT, tiers.COLUMNS, most=most)
        for row in rows:
            if (id_ := row.get("LoyaltyTierGroupId")) not in by_group:
                raise IncompleteRead(f"Salesforce shows a tier of group {short(id_)}, and no such group")
            by_group[id_].append(row)
        if (counted := self._org.count(tiers.OBJECT)) != len(rows):
            raise IncompleteRead(f"Salesforce counts {counted} tiers in all tier groups, and shows {len(rows)}")
        return by_group

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """Every tier group, in two requests; by its id, or its programme's, where a name is not the only one."""
        programs, _ = self._org.rows(PROGRAM, ("Id", "Name"))
        groups, _ = self._org.rows(GROUP, _GROUP_COLUMNS)
        titles = [row.get("Name") for row in programs]
        named = {row["Id"]: _written(row, titles) for row in programs}
        found = []
        for group in groups:
            beside = [row.get("Name") for row in groups if row.get("LoyaltyProgramId") == group.get("LoyaltyProgramId")]
            program = expect_text(group, "LoyaltyProgramId")
            found.append({"program": named.get(program, program), "tier_group": _written(group, beside)})
        return tuple(found)

    def locate(self, named: Mapping[str, str]) -> Mapping[str, str]:
        """The block itself: the programme and its group say it all."""
        return named

    def read_calls(self, live: Live, more: int) -> int:
        """As many as before, and one for each batch that is added."""
        return live.calls + -(-more // _SMALLEST_BATCH)

    def send(self, request: Request) -> Sequence[LiveTier]:
        """Send the records, all or none. The answer names their ids and nothing else."""
        try:
            return self._client.create(request, lambda answer: _created(request.body, answer))
        except VendorError as error:
            raise (NotSent(told(error)) if SPENT in str(error) and error.status == 403 else error) from None


def _currency(group: Row) -> Value:
    currency = group.get("TierAssessmentCurrency")
    return currency.get("Name") if isinstance(currency, Mapping) else None


def _written(row: Row, beside: Sequence[Value]) -> str:
    """The name of a record, or its id where the name is not the only one or cannot be written."""
    name = expect_text(row, "Name")
    is_good = names.has_visible(name) and name.isprintable() and beside.count(name) == 1
    return name if is_good else expect_text(row, "Id")


def _created(body: Value, answer: Value) -> tuple[LiveTier, ...]:
    """The tiers that were sent, under the ids that an answer names. Raises `VendorError` where it says anything else.

    A refusal of one record is that of all. Where all are refused as taken, an earlier request may have created them,
    and a list that lags shows them later. Where some are said to be created all the same, nothing is sure.
    """
    records = expect_list(expect_map(body, "body").get("records"), "records")
    results = [expect_map(result, "result") for result in expect_list(answer, "results")]
    is_success = [result.get("success") is True for result in results]
    errors = [error for result in results for error in expect_list(result.get("errors"), "errors")]
    own = [error for error in errors if isinstance(error, Mapping) and not _is_anothers(error)]
    said = explain(own or errors)
    if results and not any(is_success):
        codes = [error.get("statusCode") for error in own]
        is_there = len(own) == len(records) and set(codes) == {"DUPLICATE_VALUE"}
        raise VendorError(f"Salesforce created none of the records: {said}", _TAKEN if is_there else 400)
    if len(results) != len(records) or not all(is_success):
        raise VendorError(
            f"not as documented: of {len(records)} records, all or none, Salesforce says that it created"
            f" {is_success.count(True)}: {said}"
        )
    ids = [expect_text(result, "id") for result in results]
    return tiers.decode([tiers.created(record, id_) for record, id_ in zip(records, ids, strict=True)])


def _is_anothers(error: Row) -> bool:
    return error.get("statusCode") == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
