"""What a plan file holds, as types: the contract between the machine that plans and the one that applies.

Strict: nothing is converted, no key is passed over. It says what `schemas/plan.schema.json` says.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict

from tierops.model import LiveTier, Position, Problem, Range, Severity, Tier
from tierops.plan_file.impact_document import ImpactDocument

_Amount: TypeAlias = int | Decimal | None
_Map: TypeAlias = dict[str, Any]


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


class _Document(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class PositionDocument(_Document):
    """A place in a file."""

    file: str
    line: int
    column: int

    def value(self) -> Position:
        """As the model has it."""
        return Position(self.file, self.line, self.column)


class RangeDocument(_Document):
    """A half-open range; null is no bound."""

    lower: _Amount
    upper: _Amount

    def value(self) -> Range:
        """As the model has it."""
        lower, upper = (None if end is None else Decimal(end) for end in (self.lower, self.upper))
        return Range(lower, upper)


class TierDocument(_Document):
    """A tier of the files."""

    name: str
    range: RangeDocument
    fields: _Map
    at: PositionDocument | None

    def value(self) -> Tier:
        """As the model has it."""
        return Tier(self.name, self.range.value(), self.fields, None if self.at is None else self.at.value())


class LiveTierDocument(_Document):
    """A tier as the vendor held it."""

    id: str
    name: str
    range: RangeDocument
    fields: _Map
    updated_at: str | None

    def value(self) -> LiveTier:
        """As the model has it."""
        return LiveTier(self.id, self.name, self.range.value(), self.fields, self.updated_at)


class FieldDocument(_Document):
    """A field that differs."""

    path: list[str]
    before: Any
    after: Any


class ChangeDocument(_Document):
    """A line of the plan."""

    kind: Literal["create", "differs", "unmanaged", "blocked"]
    name: str
    before: LiveTierDocument | None
    after: TierDocument | None
    fields: list[FieldDocument]
    note: str


class RequestDocument(_Document):
    """A request that apply sends, with the tiers that it creates; with none, it makes the place of those behind it."""

    method: Literal["POST", "PUT"]
    path: str
    body: Any
    tiers: list[str]


class IdentityDocument(_Document):
    """Which ladder of which account it is."""

    base_url: str
    kind: str
    id: str
    name: str
    account: str | None
    key: str | None


class TargetDocument(_Document):
    """What apply would do at one target."""

    address: str
    program: str
    target: str
    provider: str
    at: PositionDocument
    place: dict[str, Any]
    identity: IdentityDocument
    unit: str
    whole_numbers: bool
    proof: str
    steps: list[str]
    facts: dict[str, str]
    calls: int
    near: list[str]
    waived: list[str]
    live_digest: str
    live: list[LiveTierDocument]
    desired: list[TierDocument]
    changes: list[ChangeDocument]
    requests: list[RequestDocument]
    effective_from: Annotated[str, AfterValidator(_day)] = ""
    impact: ImpactDocument | None = None


class ProblemDocument(_Document):
    """What the team's policy said of the plan."""

    rule: str
    message: str
    at: PositionDocument
    member: str
    severity: Literal["warning", "note"]
    program: str
    targets: list[str]
    tier: str
    waiver: str

    def value(self) -> Problem:
        """As the model has it."""
        said = self.model_dump(exclude={"at", "severity", "targets"})
        return Problem(at=self.at.value(), severity=Severity(self.severity), targets=tuple(self.targets), **said)


class SignatureDocument(_Document):
    """Who vouches for the plan."""

    algorithm: str
    key: str
    value: str


class PlanDocument(_Document):
    """A whole plan file."""

    format_version: str
    tool_version: str
    created_at: str
    expires_at: str
    environment: str | None
    targets: list[TargetDocument]
    unread: list[str]
    policy: list[ProblemDocument] = []
    signature: SignatureDocument | None = None
    digest: str
