"""The clubs of one customer of ACME, through its API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from acme_loyalty import tiers

from tierops.errors import IncompleteRead, TieropsError, VendorError
from tierops.model import Identity, Live, LiveTier, Place, Request, Value
from tierops.providers.accounts import Credentials, Dialect, SignIn, credential
from tierops.providers.expect import expect_list, expect_map, expect_text, short
from tierops.text import jsontext

if TYPE_CHECKING:
    from tierops.providers.http import Client

_PAGE = 100


def explain(body: Value) -> str:
    """The `detail` of a problem, as RFC 9457 has it, or its title."""
    problem = body if isinstance(body, Mapping) else {}
    return str(problem.get("detail") or problem.get("title") or jsontext.dumps(body)[:200])


def token(body: Value) -> Mapping[str, str]:
    """The header that the answer to a sign-in gives."""
    return {"Authorization": f"Bearer {expect_text(expect_map(body, 'token'), 'access_token')}"}


class Account:
    """The clubs of one customer."""

    dialect = Dialect(explain)

    def __init__(self, client: Client, fingerprint: str | None) -> None:
        self._client = client
        self._fingerprint = fingerprint

    @staticmethod
    def credentials(environ: Mapping[str, str]) -> Credentials:
        """A client that signs in. Its id stands for the account."""
        client, secret = (credential(environ, name) for name in ("ACME_CLIENT_ID", "ACME_CLIENT_SECRET"))
        if not client or not secret:
            raise TieropsError("no ACME keys: set ACME_CLIENT_ID and ACME_CLIENT_SECRET (console, Integrations)")
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        sign_in = SignIn("/oauth/token", form, token, explain, (secret,))
        return Credentials({}, sha256(b"acme:" + client.encode()).hexdigest()[:16], sign_in)

    def fetch(self, place: Place) -> Live:
        """Every level of the club: a request for each hundred clubs to find it, one for each hundred levels."""
        clubs, looked = self._list("/v1/clubs")
        club = _one(clubs, place.fields["club"])
        currency, status = expect_text(club, "currency"), expect_text(club, "status")
        title, number = expect_text(club, "title"), str(tiers.number(club))
        if currency != place.fields["currency"]:
            raise VendorError(f"club {title!r} counts in {currency}, not in {place.fields['currency']}")
        rows, listed = self._list(tiers.path(number))
        return Live(
            Identity(self._client.base_url, "club", number, title, self._fingerprint),
            tiers.decode(rows),
            f"{len(rows)} of {len(rows)} levels, as `total` says, on {listed} page{'' if listed == 1 else 's'}",
            steps=(f"publish the club {title!r} in ACME's console: until then its members stay where they are",),
            facts={"currency": currency, "status": status},
            calls=looked + listed,
        )

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """Every club; by its number where its title is not the only one."""
        clubs, _ = self._list("/v1/clubs")
        titles = [expect_text(club, "title") for club in clubs]
        return tuple(
            {
                "club": title if titles.count(title) == 1 else str(tiers.number(club)),
                "currency": expect_text(club, "currency"),
            }
            for club, title in zip(clubs, titles, strict=True)
        )

    def locate(self, named: Mapping[str, str]) -> Mapping[str, str]:
        """The club with the currency that it has."""
        club = _one(self._list("/v1/clubs")[0], named["club"])
        return {"club": named["club"], "currency": expect_text(club, "currency")}

    def read_calls(self, live: Live, more: int) -> int:
        """The clubs, and a request for each hundred levels."""
        levels = len(live.tiers)
        return live.calls - max(1, -(-levels // _PAGE)) + max(1, -(-(levels + more) // _PAGE))

    def send(self, request: Request) -> Sequence[LiveTier]:
        """Create one level."""
        return self._client.create(request, lambda answer: tiers.decode([expect_map(answer, "level")]))

    def _list(self, path: str) -> tuple[list[Mapping[str, Value]], int]:
        """All rows of a list, and how many pages they took. Each page says how many rows there are in all."""
        rows: dict[int, Mapping[str, Value]] = {}
        totals: set[str] = set()
        cursors: list[str] = []
        while True:
            asked: dict[str, str | int] = {"limit": _PAGE} | ({"cursor": cursors[-1]} if cursors else {})
            page = expect_map(self._client.get(path, asked), "page")
            found = [expect_map(row, "row") for row in expect_list(page.get("items"), "rows")]
            rows |= {tiers.number(row): row for row in found}
            totals.add(short(page.get("total")))
            cursor = page.get("next")
            if cursor is None or not found:
                break
            if not isinstance(cursor, str) or cursor in cursors:
                raise IncompleteRead(f"the cursors of ACME's list {path} lead in a circle")
            cursors.append(cursor)
        if totals != {str(len(rows))}:
            said = " and then ".join(sorted(totals))
            raise IncompleteRead(f"ACME says that {path} holds {said} rows, but its pages show {len(rows)} of them")
        return list(rows.values()), len(cursors) + 1


def _one(clubs: Sequence[Mapping[str, Value]], named: str) -> Mapping[str, Value]:
    """The club of this number, or the only one of this title."""
    by_number = [club for club in clubs if str(tiers.number(club)) == named]
    called = by_number or [club for club in clubs if club.get("title") == named]
    if not called:
        raise VendorError(f"ACME has no club {named!r}: is ACME_URL the right address?", 404)
    if len(called) > 1:
        numbers = ", ".join(str(tiers.number(club)) for club in called)
        raise VendorError(f"{len(called)} clubs of ACME are titled {named!r}: name one by its number ({numbers})")
    return called[0]
