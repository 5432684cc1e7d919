"""The words of tierops as frozen values; every stage of the flow takes and returns these.

Argument order is always (live, desired), field order (before, after). Points and money are exact
decimals, never floats. Nothing here knows a vendor, a file format or a terminal. All are named tuples,
because a frozen dataclass costs four times as much to define, at each start of the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

# What YAML and JSON can hold. Numbers are as `exact` makes them; maps and lists are never changed once built.
if TYPE_CHECKING:
    Value: TypeAlias = "bool | int | Decimal | str | Sequence[Value] | Mapping[str, Value] | None"
else:
    Value = Any  # for pydantic, which reads plan files into these types


def exact(value: Value) -> Value:
    """The same value with every number in its one form: `int` where whole, else `Decimal` without trailing zeros."""
    if isinstance(value, Decimal):
        # Not normalize(): that rounds to the precision of the decimal context.
        return int(value) if value == value.to_integral_value() else Decimal(format(value, "f").rstrip("0"))
    if isinstance(value, Mapping):
        return {key: exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [exact(item) for item in value]
    return value


def compact(fields: Mapping[str, Value]) -> dict[str, Value]:
    """A tier's vendor fields in their one form: `{}`, null and missing are the same thing to every vendor.

    Empty fields and the null entries of a map are left out, numbers are `exact`.
    """
    found: dict[str, Value] = {}
    for name, value in fields.items():
        kept = {k: v for k, v in value.items() if v is not None} if isinstance(value, Mapping) else value
        if kept is not None and kept != {}:
            found[name] = exact(kept)
    return found


class Position(NamedTuple):
    """A place in a file: path as the user would type it, line and column counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Severity(StrEnum):
    """How much a finding weighs: an `error` stops every command, a `note` (a waived error) stops none."""

    ERROR = "error"
    NOTE = "note"


class Problem(NamedTuple):
    """One finding in the files. `member` names somebody whom it would hurt, or is empty.

    `program`, `targets` (names) and `tier` say what it is about, as far as that is known: no targets are all of the
    program. `waiver` is the reason and the end of the waiver that makes it a note.
    """

    rule: str
    message: str
    at: Position
    member: str = ""
    severity: Severity = Severity.ERROR
    program: str = ""
    targets: tuple[str, ...] = ()
    tier: str = ""
    waiver: str = ""

    @property
    def told(self) -> str:
        """The message with whom it would hurt."""
        return f"{self.message} ({self.member})" if self.member else self.message

    def __str__(self) -> str:
        return f"{self.at}: {self.rule}: {self.told}"


class Range(NamedTuple):
    """Half-open `[lower, upper)` in points or money. None is no bound; only live tiers lack a lower one."""

    lower: Decimal | None
    upper: Decimal | None

    @property
    def is_empty(self) -> bool:
        """True where no balance can lie in the range."""
        return self.lower is not None and self.upper is not None and self.lower >= self.upper

    def meets(self, other: Range) -> bool:
        """True where some balance lies in both ranges."""
        if self.is_empty or other.is_empty:
            return False
        return _below(self.lower, other.upper) and _below(other.lower, self.upper)


def _below(lower: Decimal | None, upper: Decimal | None) -> bool:
    return lower is None or upper is None or lower < upper


class Scale(NamedTuple):
    """What a balance counts at a target, and with how many decimals; None is as many as somebody writes."""

    unit: str = "points"
    places: int | None = 0

    @property
    def is_whole(self) -> bool:
        """True where balances are whole numbers."""
        return self.places == 0

    def fits(self, amount: Decimal) -> bool:
        """True where a balance can be exactly this amount."""
        return self.places is None or len(digits(amount).partition(".")[2]) <= self.places

    def number(self, amount: Decimal) -> str:
        """An amount as a person writes it; money keeps its cents, as in `99.50`."""
        if self.places and amount != amount.to_integral_value() and self.fits(amount):
            return format(amount, f".{self.places}f")
        return digits(amount)

    def amounts(self, range_: Range) -> str:
        """The balances of a range in words: `250 points or more`, `less than 99.50 points`, `250–499 points`."""
        lower, upper = range_
        if upper is None:
            return f"{self.number(lower)} {self.unit} or more" if lower else f"any number of {self.unit}"
        if not lower:
            return f"less than {self.number(upper)} {self.unit}"
        if self.is_whole:
            return f"{self.span(range_)} {self.unit}"
        return f"{self.number(lower)} to less than {self.number(upper)} {self.unit}"

    def span(self, range_: Range) -> str:
        """`250–499` or, where balances have fractions, `250–<500`; `500+` where the end is open."""
        lower, upper = range_
        if upper is None:
            return "any" if lower is None else f"{digits(lower)}+"
        end = digits(upper - 1) if self.is_whole else f"<{digits(upper)}"
        if lower is None:
            return f"≤{end}" if self.is_whole else end
        return digits(lower) if self.is_whole and upper - lower == 1 else f"{digits(lower)}–{end}"


def digits(amount: Decimal | int) -> str:
    """A number as a person writes it: no exponent, no trailing zeros after the point."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class Tier(NamedTuple):
    """A desired tier of one target. `fields` is what only the vendor knows, without its empty values."""

    name: str
    range: Range
    fields: Mapping[str, Value] = {}
    at: Position | None = None


class LiveTier(NamedTuple):
    """A tier as the vendor holds it. `updated_at` (ISO 8601, as received) informs; it is no evidence of drift."""

    id: str
    name: str
    range: Range
    fields: Mapping[str, Value] = {}
    updated_at: str | None = None


class Waiver(NamedTuple):
    """A rule switched off for one program, with a reason and a last day (ISO date, that day included)."""

    rule: str
    reason: str
    until: str
    at: Position


class Place(NamedTuple):
    """A vendor's address of a ladder. `noun` is what the vendor calls one.

    `fields` is the block of a target as it stands in the file, `home` the part of it that tells one ladder from
    another.
    """

    provider: str
    noun: str
    home: tuple[str, ...]
    fields: Mapping[str, str]

    @property
    def name(self) -> str:
        """The ladder, as the file names it."""
        return " / ".join(self.home)


class Target(NamedTuple):
    """Where a program lives: one place, with the ladder as this target wants it."""

    program: str
    name: str
    place: Place
    scale: Scale
    tiers: tuple[Tier, ...]
    at: Position
    waived: frozenset[str] = frozenset()

    @property
    def address(self) -> str:
        """How plans and reports name the target: `program/target`."""
        return f"{self.program}/{self.name}"

    @property
    def provider(self) -> str:
        """The name of its vendor."""
        return self.place.provider


class Program(NamedTuple):
    """A ladder kept in one YAML document."""

    key: str
    description: str
    targets: tuple[Target, ...]
    waivers: tuple[Waiver, ...]
    at: Position


class Abilities(NamedTuple):
    """What creates mean at one place of a vendor, in the vendor's sentences.

    `by_hand` tells a person how to change a tier there, `members` what a create does to the members in its range,
    `undo` whether and how it can be taken back. `blocked` says why nothing can be created there now; it is empty where
    something can. `is_guarded` says that the vendor itself refuses a second tier of a name.
    """

    by_hand: str
    members: str
    undo: str
    blocked: str = ""
    is_guarded: bool = False


class Identity(NamedTuple):
    """Which ladder of which account a target turned out to be. `id` is empty where there is no such ladder yet.

    `account` is a fingerprint of the account id, never the id; None where the credentials name no account.
    """

    base_url: str
    kind: str
    id: str
    name: str
    account: str | None


class Live(NamedTuple):
    """A complete read of one target. `proof` says in words why it is known to be complete.

    `steps` is what remains to be done by hand after a create. `facts` is what else of the place a plan rests on, as the
    vendor says it. `calls` is how many requests such a read takes.
    """

    identity: Identity
    tiers: tuple[LiveTier, ...]
    proof: str
    steps: tuple[str, ...] = ()
    facts: Mapping[str, str] = {}
    calls: int = 1


class Kind(StrEnum):
    """What a plan line can be."""

    CREATE = "create"
    DIFFERS = "differs"
    UNMANAGED = "unmanaged"
    BLOCKED = "blocked"

    @property
    def symbol(self) -> str:
        """The one character that stands for it in every output."""
        return {"create": "+", "differs": "~", "unmanaged": "?", "blocked": "!"}[self.value]


class FieldChange(NamedTuple):
    """One field that differs; None is absent. `path` leads to it: `("earning_rules", "ern_1", "multiplier")`."""

    path: tuple[str, ...]
    before: Value
    after: Value


class Change(NamedTuple):
    """One line of a plan: plain data, complete enough to save, compare and render.

    `note` says what it means for members, what to do by hand, or why it is blocked.
    """

    kind: Kind
    name: str
    before: LiveTier | None = None
    after: Tier | None = None
    fields: tuple[FieldChange, ...] = ()
    note: str = ""


class Request(NamedTuple):
    """A request that apply will send: method, path below the base URL, JSON body, and the tiers that it creates."""

    method: str
    path: str
    body: Value
    tiers: tuple[str, ...]


class TargetPlan(NamedTuple):
    """What apply would do at one target, and all that it must find unchanged to do it.

    `changes` and `requests` are a pure function of `target` and `live`.
    """

    target: Target
    live: Live
    changes: tuple[Change, ...]
    requests: tuple[Request, ...]

    @property
    def address(self) -> str:
        """How plans and reports name the target: `program/target`."""
        return self.target.address

    @property
    def creates(self) -> tuple[Tier, ...]:
        """The tiers that apply will create, low to high."""
        return tuple(c.after for c in self.changes if c.kind is Kind.CREATE and c.after is not None)


class Signature(NamedTuple):
    """Who vouches for a plan: `key` is the fingerprint of the public key, `value` the signature in base64."""

    algorithm: str
    key: str
    value: str


class Plan(NamedTuple):
    """What apply would do, as data. Times are ISO 8601 in UTC; `environment` is None where there is none."""

    tool_version: str
    created_at: str
    expires_at: str
    environment: str | None
    targets: tuple[TargetPlan, ...]
    signature: Signature | None = None

    @property
    def is_empty(self) -> bool:
        """True where live equals desired everywhere."""
        return not any(target.changes for target in self.targets)


class Fate(StrEnum):
    """What became of one create."""

    DONE = "done"  # this run created it and saw it afterwards
    ALREADY = "already"  # it was there when this run began
    NOT_DONE = "not-done"  # it is not there, and nothing is on its way
    CONFLICT = "conflict"  # a tier of its name is there, but not as wanted
    UNKNOWN = "unknown"  # it may or may not have landed


class Outcome(NamedTuple):
    """What became of one create of a plan, and why, in a sentence."""

    name: str
    fate: Fate
    detail: str = ""


class Result(NamedTuple):
    """What apply did at one target.

    `remaining` is the difference that the last read showed, None where nothing was read after the last write.
    `trouble` says what stopped the target, and is empty where nothing did; `is_interrupted` where somebody did,
    `is_refused` where live was no longer what the plan was made for. `sends` counts the requests that may have been
    carried out, `steps` is what remains to be done by hand.
    """

    target: TargetPlan
    outcomes: tuple[Outcome, ...]
    remaining: tuple[Change, ...] | None
    trouble: str = ""
    is_interrupted: bool = False
    is_refused: bool = False
    sends: int = 0
    steps: tuple[str, ...] = ()
