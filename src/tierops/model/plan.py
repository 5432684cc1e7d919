"""What is to be done, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from tierops.model.files import Problem
from tierops.model.impact import Impact
from tierops.model.ladder import LiveTier, Tier
from tierops.model.program import FieldChange, Live, Target
from tierops.model.values import Value


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


ID = "{id}"
"""In the path of a request: the id of a place that is yet to be made."""


class Request(NamedTuple):
    """A request that apply will send: method, path below the base URL, JSON body, and the tiers that it creates.

    One without tiers makes the place of those behind it, whose paths have `ID` where its id belongs.
    """

    method: str
    path: str
    body: Value
    tiers: tuple[str, ...]


class TargetPlan(NamedTuple):
    """What apply would do at one target, and all that it must find unchanged to do it.

    `changes` and `requests` are a pure function of `target` and `live`.
    `impact` says who moves, where members were given.
    """

    target: Target
    live: Live
    changes: tuple[Change, ...]
    requests: tuple[Request, ...]
    impact: Impact | None = None

    @property
    def address(self) -> str:
        """How plans and reports name the target: `program/target`."""
        return self.target.address

    @property
    def program(self) -> str:
        """The key of its program."""
        return self.target.program

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
    """What apply would do, as data. Times are ISO 8601 in UTC; `environment` is None where there is none.

    `unread` are the addresses of targets that are not in it, for they could not be read. `policy` is what the team's
    policy said of it when it was made, none of it an error.
    """

    tool_version: str
    created_at: str
    expires_at: str
    environment: str | None
    targets: tuple[TargetPlan, ...]
    signature: Signature | None = None
    unread: tuple[str, ...] = ()
    policy: tuple[Problem, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True where live equals desired everywhere."""
        return not self.unread and not any(target.changes for target in self.targets)


class Edit(NamedTuple):
    """What the vendor's own log says of a tier: when, by whom, and what of it was and is otherwise.

    `at` is ISO 8601, as received. A side is empty where there was no such tier, and None where the log does not say.
    """

    at: str
    by: str
    tier: str
    before: Mapping[str, Value] | None
    after: Mapping[str, Value] | None


class History(NamedTuple):
    """The latest edits at one target, the newest first. `trouble` says why the log could not be read."""

    edits: tuple[Edit, ...] = ()
    trouble: str = ""


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
    carried out, `steps` is what remains to be done by hand. `place` is what became of a place that the plan makes.
    `source` says what live was compared with: the files, or the plan alone where nobody read any.
    """

    target: TargetPlan
    outcomes: tuple[Outcome, ...]
    remaining: tuple[Change, ...] | None
    trouble: str = ""
    is_interrupted: bool = False
    is_refused: bool = False
    sends: int = 0
    steps: tuple[str, ...] = ()
    source: str = "the files"
    place: Outcome | None = None
