"""What a vendor is: a declaration, which every part of tierops reads.

What talks to the vendor's API is an account; see `accounts`.

A vendor is a package, here or in a distribution of its own with an entry point in the group `tierops.providers`. Its
`__init__` holds `VENDOR`, the declaration, and imports nothing heavy. Beside it lie

- `schema.json`, the vendor's part of the program file's JSON Schema: the blocks of a target and of a tier, an overlay;
- `account.py` with the class `Account`, imported when a command connects;
- `tiers.py` with `encode` and `decode`, pure functions that are each other's inverse on whole ladders;
- `emulator/` with the class `Api`, which shares no code with the two before;
- `guide.md`, what a person must know of the vendor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tierops.model import Abilities, Benefit, Live, Place, Request, Scale, Tier, Value


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


def unsaid(_field: str, _key: str, _value: Value) -> Term | None:
    """The words of a vendor whose fields are told as they stand."""
    return None


class Vendor(NamedTuple):
    """The declaration. All that it holds is known without keys, and its functions are pure.

    `noun` is what the vendor calls a ladder. `default_url` is empty where each customer has an address of its own;
    `hosts` are the vendor's own, which a file may name (`*.` stands for any name before them).

    - `scale(place)`: what a balance counts there, and with how many decimals.
    - `abilities(place, live)`: what creates mean there, and whether they may run.
    - `requests(live, tiers)`: the fewest requests that create these tiers, in the order in which they are sent.
    - `unfit(live, tiers)`: why just these tiers cannot be created beside what is live; empty where they can.
    - `fields(block, place, index)`: what a tier holds, from its block with the overlay laid over it; `index` is its
      place in the ladder, from 0. `block(fields, place, index)` is the inverse, for import.
    - `allowance(headers)`: what an answer says of the calls that are left.
    - `describe(field, key, value)`: an entry of a field that is a map, in words; None where it is told as it stands.
    - `benefits(fields)`: what of a tier's fields its members get. None unless the vendor says what is one.

    `prefixes` begin paths of its requests, and are taken off an address that was copied with one. `read_only` says why
    nothing can be created at all, and is empty where something can. `same_account` says how a person shows that two
    keys are of one account. `url_help` tells which address is the right one, where there are several. `metadata` names
    the field that holds keys of a team's own, and is empty where the vendor keeps none. `rank` is its place in lists of
    vendors, `pace` how many seconds its requests are apart where no answer says what is left.
    `settings` are the keys of a target's block that it may leave out: how a place is to be, and to be made.
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
    unfit: Callable[[Live, Sequence[Tier]], str] = lambda _live, _tiers: ""
    describe: Callable[[str, str, Value], Term | None] = unsaid
    read_only: str = ""
    same_account: str = ""
    benefits: Callable[[Mapping[str, Value]], Sequence[Benefit]] = lambda _: ()
    metadata: str = ""
    url_help: str = ""
    rank: int = 100
    pace: float = 0.0
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
