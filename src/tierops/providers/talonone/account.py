"""The loyalty programs of one Talon.One deployment, through its Management API."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from tierops.errors import NOT_FOUND, IncompleteRead, NotSent, TieropsError, VendorError
from tierops.model import Edit, Identity, Live, LiveTier, Place, Request, Value
from tierops.providers.accounts import Credentials, Dialect, credential
from tierops.providers.expect import expect_list, expect_map, expect_same, expect_text, short
from tierops.providers.overview import unmistakable
from tierops.providers.talonone import READ_ONLY, tiers
from tierops.text import jsontext, names
from tierops.text.wording import counted

if TYPE_CHECKING:
    from tierops.providers.http import Client

_PROGRAMS = "/v1/loyalty_programs"
_SCHEME = "ManagementKey-v1"
_LISTED = 1000  # entries of the log at the most
_TOLD = 20  # edits of tiers, the latest first


def explain(body: Value) -> str:
    """One sentence from an error. Its form is documented nowhere for these paths, so any text in it will do."""
    if not isinstance(body, Mapping):
        return jsontext.dumps(body)[:200]
    errors = body.get("errors")
    parts = [body, *(errors if isinstance(errors, list) else [])]
    said = [str(part[key]) for part in parts if isinstance(part, Mapping) for key in ("message", "title", "details")
            if isinstance(part.get(key), str) and part[key]]  # fmt: skip
    return ": ".join(dict.fromkeys(said)) or jsontext.dumps(body)[:200]


class Account:
    """The loyalty programs that a key may see."""

    dialect = Dialect(explain)

    def __init__(self, client: Client, fingerprint: str | None) -> None:
        self._client = client
        self._fingerprint = fingerprint
        self._seen: dict[str, Mapping[str, Value]] = {}

    @staticmethod
    def credentials(environ: Mapping[str, str]) -> Credentials:
        """The header from `TALONONE_MANAGEMENT_KEY`. The account is read from the programs."""
        key = credential(environ, "TALONONE_MANAGEMENT_KEY")
        key = re.sub(rf"^{_SCHEME}\s+", "", key, flags=re.IGNORECASE)
        if not key:
            raise TieropsError(
                "no Talon.One key: set TALONONE_MANAGEMENT_KEY (Campaign Manager, Account, Management API keys)"
            )
        return Credentials({"Authorization": f"{_SCHEME} {key}"})

    def survey(self, places: Sequence[Place]) -> None:
        """Read the list of all programs once for all places."""
        known = unmistakable(self._programs(), "id", "name")
        self._seen = {named: known[named] for named in (place.fields["program"] for place in places) if named in known}

    def fetch(self, place: Place) -> Live:
        """Every tier of the program: the list of all programs, and the program by itself, must show the same ones."""
        named = place.fields["program"]
        # What a survey saw is good for one fetch: whoever fetches again wants to see the program afresh.
        listed = self._seen.pop(named, None) or self._one(named)
        id_, name = tiers.number(listed), expect_text(listed, "name")
        program = expect_map(self._client.get(f"{_PROGRAMS}/{id_}"), "loyalty program")
        if tiers.number(program) != id_:
            raise VendorError(f"not as documented: asked for loyalty program {id_}, received {short(program)}")
        expect_same(program, "name", name, f"loyalty program {id_}")
        ladder = tiers.decode(program)
        if tiers.decode(listed) != ladder:
            raise IncompleteRead(
                f"the list of loyalty programs shows other tiers of {name!r} than the program itself; run again"
            )
        kind = "a sandbox" if program.get("sandbox") is True else "live" if program.get("sandbox") is False else ""
        count = f"{counted(len(ladder), 'tier')},"
        return Live(
            Identity(self._client.base_url, "loyalty program", str(id_), name, self._account(program)),
            ladder,
            f"{count} alike in the list and in the program{kind and f', which is {kind}'}",
            facts={"sandbox": str(program.get("sandbox")).lower()} if kind else {},
            calls=2,
        )

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """Every loyalty program; by its number where its name is not the only one, or cannot be written or read."""
        programs = self._programs()
        known = [expect_text(program, "name") for program in programs]
        return tuple(
            {"program": name if known.count(name) == 1 and _is_plain(name) else str(tiers.number(program))}
            for program, name in zip(programs, known, strict=True)
        )

    def locate(self, named: Mapping[str, str]) -> Mapping[str, str]:
        """The block itself: a program's name or id says it all."""
        return named

    def read_calls(self, live: Live, more: int) -> int:  # noqa: ARG002
        """The list of programs, and the program."""
        return 2

    def send(self, request: Request) -> Sequence[LiveTier]:
        """Nothing can be sent."""
        raise NotSent(f"{request.method} {request.path} was not sent: {READ_ONLY}")

    def edits(self, live: Live) -> Sequence[Edit]:
        """Who changed which tier of the ladder, the latest first, as far as the newest entries of the log tell.

        Raises `VendorError`, as for a key that may not read the log.
        """
        path = f"loyalty_programs/{live.identity.id}"
        asked: dict[str, str | int] = {"entityPath": path, "sort": "-created", "pageSize": _LISTED}
        answer = expect_map(self._client.get("/v1/changes", asked), "log of changes")
        rows = [expect_map(row, "entry of the log") for row in expect_list(answer.get("data"), "entries of the log")]
        # Whether the path has to be equal is documented nowhere: `loyalty_programs/13` begins others as well.
        is_here = re.compile(rf"(?:^|/){path}(?![0-9])", re.IGNORECASE)
        own = [row for row in rows if is_here.search(str(row.get("entity") or ""))]
        newest = sorted(own, key=lambda row: str(row.get("created") or ""), reverse=True)
        return tuple(edit for row in newest for edit in tiers.edits(row))[:_TOLD]

    def _account(self, program: Mapping[str, Value]) -> str | None:
        """What stands for the account of the deployment. Its number alone may be that of another deployment."""
        number = program.get("accountID")
        if not isinstance(number, int) or isinstance(number, bool):
            return self._fingerprint
        return sha256(f"talonone:{self._client.base_url}:{number}".encode()).hexdigest()[:16]

    def _programs(self) -> list[Mapping[str, Value]]:
        """Every program. The list has no pages; `totalResultSize` says how long it is."""
        answer = expect_map(self._client.get(_PROGRAMS), "list of loyalty programs")
        rows = [expect_map(row, "loyalty program") for row in expect_list(answer.get("data"), "loyalty programs")]
        total = answer.get("totalResultSize")
        if total != len(rows) or len({tiers.number(row) for row in rows}) != len(rows):
            raise IncompleteRead(
                f"Talon.One says that there are {short(total)} loyalty programs, but its list shows {len(rows)};"
                " nothing is planned from a list that may be incomplete"
            )
        return rows

    def _one(self, named: str) -> Mapping[str, Value]:
        """The program of this number, or the only one of this name."""
        programs = self._programs()
        found = [one for one in programs if str(tiers.number(one)) == named]
        found = found or [one for one in programs if one.get("name") == named]
        if not found:
            hint = names.suggestion(named, tuple(str(one.get("name")) for one in programs))
            raise VendorError(
                f"Talon.One has no loyalty program {named!r}{hint or '.'} Check its internal name in the Campaign"
                " Manager, and that TALONONE_URL is the address of that deployment",
                NOT_FOUND,
            )
        if len(found) > 1:
            numbers = ", ".join(str(tiers.number(one)) for one in found)
            raise VendorError(f"{len(found)} loyalty programs are named {named!r}: name one by its number ({numbers})")
        return found[0]


def _is_plain(name: str) -> bool:
    return names.has_visible(name) and name.isprintable()
