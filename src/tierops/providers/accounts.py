"""What talks to a vendor's API: an account, with somebody's keys, and how the vendor words its answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol
from urllib.parse import quote

from tierops.errors import TieropsError, VendorError

if TYPE_CHECKING:
    from tierops.model import Live, LiveTier, Place, Request, Value
    from tierops.providers.http import Client


# As GitHub, GitLab and shells, and Azure write it. Where there is no such variable, some of them leave it as it is.
_PLACEHOLDER = re.compile(r"\$\{\{.*\}\}|\$\{\w+\}|\$[A-Z][A-Z0-9_]+|\$\(\w+\)")


class SignIn(NamedTuple):
    """A request for a token: `form` goes to `path` below the base URL; `headers` reads those that its answer gives.

    `headers` raises `VendorError` for an answer that is not as documented. `refusal` makes a sentence of the JSON of a
    refusal. `secrets` are the values of the form that nobody else may see.
    """

    path: str
    form: Mapping[str, str]
    headers: Callable[[Value], Mapping[str, str]]
    refusal: Callable[[Value], str]
    secrets: tuple[str, ...]


class Credentials(NamedTuple):
    """With what requests are sent: `headers`, and those that `sign_in` brings.

    `open_headers` names those that are no secret, `id_headers` those that hold the id of a key and not the key: an
    answer may hold it. `fingerprint` stands for the account and tells nothing of it; None where the keys name none.
    """

    headers: Mapping[str, str]
    fingerprint: str | None = None
    sign_in: SignIn | None = None
    open_headers: frozenset[str] = frozenset()
    id_headers: frozenset[str] = frozenset()


def secrets_of(headers: Mapping[str, str]) -> list[str]:
    """The keys in these headers: their values, in `Authorization` without the scheme before it (`Bearer …`)."""
    pairs = headers.items()
    return [text.partition(" ")[2] or text if name.lower() == "authorization" else text for name, text in pairs]


class Dialect(NamedTuple):
    """How a vendor says what is not in the answer's place.

    - `explain(body)`: one sentence from the JSON of an error, in any shape that the vendor documents.
    - `refusal(body)`: the status that the JSON of a success says where it is a documented error all the same, None
      where it is none. 500 stands for one that does not say whether anything came of the request.
    - `pause(body)`: the seconds to wait that a refusal for too many calls names, None where it names none.
    - `request_id(headers, body)`: the vendor's name for a request, which its support asks for; `body` is the JSON of a
      refusal, None for any other answer.
    """

    explain: Callable[[Value], str]
    refusal: Callable[[Value], int | None] = lambda _: None
    pause: Callable[[Value], float | None] = lambda _: None
    request_id: Callable[[Mapping[str, str], Value], Value] = lambda _headers, _body: None


class Account(Protocol):
    """A vendor's API, with somebody's keys. Safe to use from several threads."""

    dialect: ClassVar[Dialect]

    def __init__(self, client: Client, fingerprint: str | None) -> None:
        """`fingerprint` is that of the credentials."""
        ...

    @staticmethod
    def credentials(environ: Mapping[str, str]) -> Credentials:
        """What the variables hold. Raises `TieropsError` that names those to set."""
        ...

    def fetch(self, place: Place) -> Live:
        """Every live tier of the place.

        Raises `IncompleteRead` where nothing proves that the list is whole, and `VendorError` for any other failure.
        """
        ...

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """The block of every ladder of the account, as a target has it. Raises as `fetch` does."""
        ...

    def locate(self, named: Mapping[str, str]) -> Mapping[str, str]:
        """The whole block of a ladder of which a person named the home. Raises `VendorError` where there is none."""
        ...

    def read_calls(self, live: Live, more: int) -> int:
        """How many requests a read like that of `live` takes, at the most, once so many tiers more are live."""
        ...

    def send(self, request: Request) -> Sequence[LiveTier]:
        """Send one request of a plan as it stands there, and give the tiers that its answer shows.

        Of a request that makes the place, it is the place: its id and name, in the form of a tier without bounds.
        Raises `NotSent` where nothing left, `AnswerLost` where the answer does not say what happened, `VendorError`
        where the vendor refused.
        """
        ...


def bare(value: str) -> str:
    """A key without what gets copied with it: blanks and quotes around it, and `Bearer` before it."""
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'`":
        value = value[1:-1].strip()
    return value[7:].strip() if value[:7].lower() == "bearer " else value


def credential(environ: Mapping[str, str], name: str) -> str:
    """The key that a variable holds, empty where it is not set.

    Raises `TieropsError`, without the value in it, where no header could hold it or it only stands for a key.
    """
    value = bare(environ.get(name, ""))
    if not value.isascii() or not value.isprintable():
        raise TieropsError(f"{name} holds characters that no key has; copy it again")
    if _PLACEHOLDER.fullmatch(value):
        raise TieropsError(
            f"{name} holds no key but a placeholder, as ${{{{ secrets.{name} }}}} is one, which nothing filled in"
        )
    return value


def segment(text: str) -> str:
    """An id or a name as one part of a URL's path. Raises `VendorError` for what would lead elsewhere or nowhere."""
    if text in {"", ".", ".."} or any("\ud800" <= character <= "\udfff" for character in text):
        raise VendorError(f"{text!r} cannot be the name or id of anything that a URL leads to")
    return quote(text, safe="")
