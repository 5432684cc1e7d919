"""What an org is asked for: queries whose every record is there, the fields of a tier, the org itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from tierops.errors import NOT_FOUND, IncompleteRead, VendorError
from tierops.model import Value
from tierops.providers.expect import expect_list, expect_map, expect_same, expect_text, short
from tierops.providers.salesforce import soql, tiers
from tierops.text import names

if TYPE_CHECKING:
    from tierops.providers.http import Client

PROGRAM, GROUP, _ORG = "LoyaltyProgram", "LoyaltyTierGroup", "Organization"
SPENT = "REQUEST_LIMIT_EXCEEDED"

_MORE = re.compile(r"/services/data/v[0-9.]+/query/[A-Za-z0-9-]+")
_MOST_BATCHES = 5_000
_KEY_FIELD = "Tierops_Key__c"

Row: TypeAlias = Mapping[str, Value]


class Org:
    """The records of one org, as the user of the keys sees them. For several threads."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = Lock()
        self._id: tuple[str | None] | None = None
        self._key_field: tuple[str | None] | None = None

    def _get(self, path: str, params: Mapping[str, str | int] | None = None) -> Value:
        try:
            return self._client.get(path, params)
        except VendorError as error:
            if SPENT in str(error) and error.status == 403:
                raise VendorError(told(error)) from None
            if "INVALID_FIELD" in str(error):
                raise VendorError(f"{error}. The user of these keys must be allowed to see the field", 400) from None
            raise

    def rows(
        self, kind: str, columns: Sequence[str], where: Mapping[str, str] = {}, most: int | None = None
    ) -> tuple[list[Row], int]:
        """All rows of a query, each once, and in how many batches they came.

        Raises `IncompleteRead` where they do not come, or are more than `most` rows.
        """
        rows: dict[str, Row] = {}
        shown, batches = 0, 0
        path, params = f"{tiers.DATA}/query", {"q": soql.select(columns, kind, where)}
        total: Value = None
        while True:
            answer = expect_map(self._get(path, params or None), "answer to a query")
            batch = [expect_map(row, "record") for row in expect_list(answer.get("records"), "records")]
            for row in batch:
                expect_same(expect_map(row.get("attributes", {}), "attributes"), "type", kind, "a record")
                rows[expect_text(row, "Id")] = row
            total, shown, batches = answer.get("totalSize") if total is None else total, shown + len(batch), batches + 1
            if answer.get("done") is not False or (most is not None and isinstance(total, int) and total > most):
                break
            more = answer.get("nextRecordsUrl")
            if not isinstance(more, str) or not _MORE.fullmatch(more):
                raise VendorError(f"not as documented: `nextRecordsUrl` is {short(more)} where `done` is false")
            if more == path or batches >= _MOST_BATCHES:
                raise IncompleteRead(f"the batches of Salesforce's {kind} records lead in a circle")
            path, params = more, {}
        if not isinstance(total, int) or total != len(rows) or shown != len(rows):
            raise IncompleteRead(
                f"Salesforce says that there are {short(total)} {kind} records, and shows {len(rows)} different ones in"
                f" {shown}"
            )
        return list(rows.values()), batches

    def count(self, kind: str, where: Mapping[str, str] = {}) -> int:
        answer = expect_map(self._get(f"{tiers.DATA}/query", {"q": soql.count(kind, where)}), "count")
        total = answer.get("totalSize")
        if not isinstance(total, int) or isinstance(total, bool):
            raise VendorError(f"not as documented: no `totalSize` in {short(answer)}")
        return total

    def one(self, kind: str, columns: Sequence[str], named: str, where: Mapping[str, str]) -> Row:
        """The one record of this name, or else of this id. Queries compare names without case; tierops does not."""
        what = "loyalty programme" if kind == PROGRAM else "tier group"
        alike, _ = self.rows(kind, columns, {**where, "Name": named})
        found = [row for row in alike if row.get("Name") == named]
        if not found and soql.is_id(named):
            by_id, _ = self.rows(kind, columns, {**where, "Id": named})
            found = [row for row in by_id if expect_text(row, "Id")[:15] == named[:15]]
        for row in found:
            for column, value in where.items():
                expect_same(row, column, value, f"{what} {named!r}")
        if not found:
            hint = names.suggestion(named, [str(row.get("Name")) for row in alike])
            raise VendorError(
                f"Salesforce has no {what} {named!r}, or the user of these keys may not see it{hint or '.'} It is made"
                " by hand, with its periods and its currency",
                NOT_FOUND,
            )
        if len(found) > 1:
            ids = ", ".join(str(row.get("Id")) for row in found)
            raise VendorError(
                f"{len(found)} records of Salesforce are the {what} {named!r}: name one by its id ({ids})"
            )
        return found[0]

    def fingerprint(self) -> str | None:
        """The fingerprint of the org, asked for once; None where this user may not read it."""
        with self._lock:
            if self._id is None:
                self._id = (self._read_id(),)
            return self._id[0]

    def _read_id(self) -> str | None:
        try:
            rows, _ = self.rows(_ORG, ("Id",))
        except VendorError as error:
            if error.status not in {400, NOT_FOUND}:
                raise
            return None
        ids = [expect_text(row, "Id") for row in rows]
        return sha256(f"salesforce:{ids[0][:15]}".encode()).hexdigest()[:16] if len(ids) == 1 else None

    def key_field(self) -> str | None:
        """The name of the field for keys where a second record with one is refused; asked for once."""
        with self._lock:
            if self._key_field is None:
                self._key_field = (self._read_key_field(),)
            return self._key_field[0]

    def _read_key_field(self) -> str | None:
        answer = expect_map(self._get(f"{tiers.DATA}/sobjects/{tiers.OBJECT}/describe"), "description of tiers")
        described = [expect_map(field, "field") for field in expect_list(answer.get("fields"), "fields")]
        own = [field for field in described if field.get("name") == _KEY_FIELD]
        is_guard = all(field.get(name) is True for field in own for name in ("externalId", "unique", "createable"))
        return _KEY_FIELD if own and is_guard else None


def told(error: VendorError) -> str:
    return f"{error}. The org's calls of the last 24 hours are used up; tierops does not wait for that: run again later"
