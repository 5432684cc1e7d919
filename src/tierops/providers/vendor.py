"""What a vendor is: a declaration, which every part of tierops reads, and an account, which talks to the vendor's API.

A vendor is a package, here or in a distribution of its own with an entry point in the group `tierops.providers`. Its
`__init__` holds `VENDOR`, the declaration, and imports nothing heavy. Beside it lie

- `schema.json`, the vendor's part of the program file's JSON Schema: the blocks of a target and of a tier, an overlay;
- `account.py` with the class `Account`, imported when a command connects;
- `tiers.py` with `encode` and `decode`, pure functions that are each other's inverse on whole ladders;
- `emulator/` with the class `Api`, which shares no code with the two before;
- `guide.md`, what a person must know of the vendor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol
from urllib.parse import quote

from tierops.errors import TieropsError, VendorError

if TYPE_CHECKING:
    from tierops.model import Abilities, Benefit, Live, LiveTier, Place, Request, Scale, Tier, Value
    from tierops.providers.http import Client


# As GitHub, GitLab and shells, and Azure write it. Where there is no such variable, some of them leave it as it is.
_PLACEHOLDER = re.compile(r"\$\{\{.*\}\}|\$\{\w+\}|\$[A-Z][A-Z0-9_]+|\$\(\w+\)")


class Part(NamedTuple):
    """One key of a place, as it stands in a target's block.

    `is_home` says that it takes part in telling one ladder from another. `default` is what `init` proposes; empty, it
    proposes the name that the other places have. `choices` are all values that there are, where there are few.
    """

    name: str
    help: str
    is_home: bool = True
    default: str = ""
    choices: tuple[str, ...] = ()


class Variable(NamedTuple):
    """A variable of the environment that holds a key, or says whose it is. `help` tells where a person finds it.

    What is secret is taken out of everything that leaves tierops. `is_alternative` says that it takes the place of
    those before it.
    """

    name: str
    help: str
    is_secret: bool = True
    is_alternative: bool = False


class Allowance(NamedTuple):
    """What an answer says of the calls that are left. None is unsaid.

    `left` of `size` calls until `ends`, in Unix seconds. `is_spent` says that waiting does not help.
    """

    left: int | None = None
    size: int | None = None
    ends: float | None = None
    is_spent: bool = False


def whole(text: str | None) -> int | None:
    """The count in a header, None where it holds anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None


def counted(left: str, size: str = "", ends: str = "") -> Callable[[Mapping[str, str]], Allowance]:
    """The allowance of a vendor that counts in headers of these names; `ends` holds Unix seconds."""

    def read(headers: Mapping[str, str]) -> Allowance:
        end = whole(headers.get(ends))
        return Allowance(whole(headers.get(left)), whole(headers.get(size)), None if end is None else float(end))

    return read


def untold(_headers: Mapping[str, str]) -> Allowance:
    """The allowance of a vendor that says nothing of its limits."""
    return Allowance()


class Term(NamedTuple):
    """An entry of a tier's fields in words: `what` it is, as `earning rule ern_1`, and what it `does` in the tier."""

    what: str
    does: str


class Vendor(NamedTuple):
    """The declaration. All that it holds is known without keys, and its functions are pure.

    `noun` is what the vendor calls a ladder. `default_url` is empty where each customer has an address of its own;
    `hosts` are the vendor's own, which a file may name (`*.` stands for any name before them).

    - `scale(place)`: what a balance counts there, and with how many decimals.
    - `abilities(place, live)`: what creates mean there, and whether they may run.
    - `requests(live, tiers)`: the fewest requests that create these tiers, in the order in which they are sent.
    - `fields(block, place, index)`: what a tier holds, from its block with the overlay laid over it; `index` is its
      place in the ladder, from 0. `block(fields, place, index)` is the inverse, for import.
    - `allowance(headers)`: what an answer says of the calls that are left.
    - `describe(field, key, value)`: an entry of a field that is a map, in words; None where it is told as it stands.
    - `benefits(fields)`: what of a tier's fields its members get. None unless the vendor says what is one.

    `prefixes` begin paths of its requests, and are taken off an address that was copied with one. `read_only` says why
    nothing can be created at all, and is empty where something can. `same_account` says how a person shows that two
    keys are of one account. `url_help` tells which address is the right one, where there are several. `metadata` names
    the field that holds keys of a team's own, and is empty where the vendor keeps none. `rank` is its place in lists of
    vendors: the lowest comes first. `settings` are the keys of a target's block that only a place to be made needs.
    """

    name: str
    title: str
    noun: str
    parts: tuple[Part, ...]
    url_variable: str
    variables: tuple[Variable, ...]
    scale: Callable[[Mapping[str, str]], Scale]
    abilities: Callable[[Place, Live], Abilities]
    requests: Callable[[Live, Sequence[Tier]], tuple[Request, ...]]
    fields: Callable[[Mapping[str, Value], Mapping[str, str], int], Mapping[str, Value]]
    block: Callable[[Mapping[str, Value], Mapping[str, str], int], Mapping[str, Value]]
    package: str
    default_url: str = ""
    prefixes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    allowance: Callable[[Mapping[str, str]], Allowance] = untold
    describe: Callable[[str, str, Value], Term | None] = lambda _field, _key, _value: None
    read_only: str = ""
    same_account: str = ""
    benefits: Callable[[Mapping[str, Value]], Sequence[Benefit]] = lambda _: ()
    metadata: str = ""
    url_help: str = ""
    rank: int = 100
    settings: tuple[str, ...] = ()

    def place(self, block: Mapping[str, Any]) -> Place:
        """The place that a target's block names."""
        from tierops.model import Place

        fields = {part.name: block[part.name] for part in self.parts}
        home = tuple(fields[part.name] for part in self.parts if part.is_home)
        return Place(self.name, self.noun, home, fields, {key: block[key] for key in self.settings if key in block})

    def used(self, environ: Mapping[str, str]) -> tuple[str, ...]:
        """The names of the variables whose keys are sent: an alternative takes the place of those before it."""
        names: list[str] = []
        for variable in self.variables:
            if variable.is_secret and environ.get(variable.name, "").strip():
                names = [] if variable.is_alternative else names
                names.append(variable.name)
        return tuple(names)

    def check(self, environ: Mapping[str, str]) -> str:
        """What to look at where the vendor does not accept these keys: `Check X and Y, what the key may do, and …`."""
        keys = " and ".join(self.used(environ)) or "the keys"
        url = f"that {self.url_variable} is {self.url_help}" if self.url_help else self.url_variable
        return f"Check {keys}, what the key may do, and {url}"

    @property
    def address(self) -> tuple[Variable, ...]:
        """The variable of the address, where each customer has one of its own."""
        if self.default_url:
            return ()
        return (Variable(self.url_variable, f"the address of your {self.title}", is_secret=False),)


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
    return [
        value.partition(" ")[2] or value if name.lower() == "authorization" else value
        for name, value in headers.items()
    ]


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
