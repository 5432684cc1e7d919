"""What each kind of line holds, as types: the contract between the run that writes a journal and whoever reads it.

Strict: nothing is converted, no key is passed over. Imported by the reader alone; a run that writes needs no pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, TypeAdapter, ValidationError

from tierops.model import Value

_Text: TypeAlias = InstanceOf[str]  # not `str`: what others wrote may hold half a character, which pydantic refuses
_Hash: TypeAlias = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Count: TypeAlias = Annotated[int, Field(ge=0)]


class _Document(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class _Line(_Document):
    n: _Count
    at: _Text
    previous: _Hash


class RunLine(_Line):
    """A run begins. `who` is a user, or what a CI service says of itself."""

    kind: Literal["run"]
    tool_version: _Text
    command: _Text
    environment: _Text | None
    who: dict[str, _Text | None]


class TornLine(_Document):
    """A line that was cut off while it was written."""

    bytes: _Count
    sha256: _Hash


class RecoveredLine(_Line):
    """The lines before this one were cut off."""

    kind: Literal["recovered"]
    torn: list[TornLine]


class IdentityDocument(_Document):
    """Which ladder of which account it was."""

    base_url: _Text
    kind: _Text
    id: _Text
    name: _Text
    account: _Text | None
    key: _Text | None = None


class TargetDocument(_Document):
    """A target of the plan, and the tiers that the plan creates there."""

    address: _Text
    provider: _Text
    identity: IdentityDocument
    creates: list[_Text]


class PlanLine(_Line):
    """This plan is carried out, or audited, at these of its targets."""

    kind: Literal["plan"]
    plan_digest: _Text
    plan_environment: _Text | None
    targets: list[TargetDocument]


class IntentLine(_Line):
    """A request is about to be sent. `body` is null where it was too long to keep."""

    kind: Literal["intent"]
    provider: _Text
    method: _Text
    path: _Text
    attempt: _Count
    body_sha256: _Hash
    body: Any


class AnswerLine(_Line):
    """What came of the intent in line number `intent`: an answer, or the reason why there is none."""

    kind: Literal["answer"]
    intent: _Count
    result: Literal["received", "lost", "no-connection"]
    status: int | None = None
    request_id: _Text | None = None
    reason: _Text | None = None


class OutcomeLine(_Line):
    """What became of one create: of a tier, or of the place of tiers."""

    kind: Literal["outcome"]
    address: _Text
    tier: _Text | None = None
    place: _Text | None = None
    state: Literal["done", "already", "not-done", "conflict", "unknown"]
    detail: _Text


class DriftLine(_Line):
    """How many differences of each kind an audit found at a target."""

    kind: Literal["drift"]
    address: _Text
    create: _Count
    differs: _Count
    unmanaged: _Count
    blocked: _Count


class EndLine(_Line):
    """The run has ended."""

    kind: Literal["end"]
    exit_code: int


AnyLine: TypeAlias = RunLine | RecoveredLine | PlanLine | IntentLine | AnswerLine | OutcomeLine | DriftLine | EndLine

_LINE: TypeAdapter[AnyLine] = TypeAdapter(Annotated[AnyLine, Field(discriminator="kind")])


def read(fields: Mapping[str, Value]) -> AnyLine:
    """The line that holds these fields. Raises `ValueError` with a sentence for what no run writes."""
    try:
        return _LINE.validate_python(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
