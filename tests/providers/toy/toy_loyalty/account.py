"""The boxes of one account at Toy, through its API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from toy_loyalty import tiers

from tierops.errors import IncompleteRead, NotSent, TieropsError, VendorError
from tierops.model import Identity, Live, LiveTier, Place, Request, Value
from tierops.providers.accounts import Credentials, Dialect, credential, segment
from tierops.providers.expect import expect_list, expect_map, expect_text
from tierops.text import jsontext

if TYPE_CHECKING:
    from tierops.providers.http import Client


def explain(body: Value) -> str:
    """What Toy says of a refusal."""
    return str(body.get("message")) if isinstance(body, Mapping) else jsontext.dumps(body)[:200]


class Account:
    """The boxes of one account."""

    dialect = Dialect(explain)

    def __init__(self, client: Client, fingerprint: str | None) -> None:
        self._client = client
        self._fingerprint = fingerprint

    @staticmethod
    def credentials(environ: Mapping[str, str]) -> Credentials:
        """The header from `TOY_KEY`, which stands for the account as well."""
        key = credential(environ, "TOY_KEY")
        if not key:
            raise TieropsError("no Toy key: set TOY_KEY (app, Settings)")
        return Credentials({"X-Toy-Key": key}, sha256(b"toy:" + key.encode()).hexdigest()[:16])

    def fetch(self, place: Place) -> Live:
        """Every tier of the box, in one request. `count` proves that the list is whole."""
        box = place.fields["box"]
        try:
            answer = expect_map(self._client.get(f"/boxes/{segment(box)}"), "box")
        except VendorError as error:
            raise VendorError(f"box {box!r}: {error}", error.status) from None
        rows = [expect_map(row, "tier") for row in expect_list(answer.get("tiers"), "tiers")]
        if answer.get("count") != len({expect_text(row, "id") for row in rows}):
            raise IncompleteRead(f"Toy counts {answer.get('count')} tiers in box {box!r}, and shows {len(rows)}")
        identity = Identity(self._client.base_url, "box", expect_text(answer, "id"), box, self._fingerprint)
        return Live(identity, tiers.decode(rows), f"{len(rows)} of {len(rows)} tiers, as `count` says")

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """Every box."""
        boxes = expect_list(self._client.get("/boxes"), "boxes")
        return tuple({"box": expect_text(expect_map(box, "box"), "name")} for box in boxes)

    def locate(self, named: Mapping[str, str]) -> Mapping[str, str]:
        """The name of a box says it all."""
        return named

    def read_calls(self, live: Live, more: int) -> int:
        """A box is one request."""
        return 1

    def send(self, request: Request) -> Sequence[LiveTier]:
        """Nothing can be sent."""
        raise NotSent(f"{request.method} {request.path} was not sent: from Toy tierops only reads")
