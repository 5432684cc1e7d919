"""The models that decide, some 80 times faster than jsonschema, whether a document is what the schemas say.

They accept exactly the documents that `schemas/*.schema.json` accepts; a property test holds the two together.
They only judge: what is made of a document comes from its data, which knows its places in the file.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator

# The value of a key that is not there. Null is a value, so None cannot say it; a model does not check its defaults.
_ABSENT: Any = None
_LIMIT = 10**15
_PLACEHOLDER = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")

# The context in which a document is checked whose placeholders are filled: what looks like one is then plain text.
FILLED = "filled"


def _is_placeholder(text: str, info: ValidationInfo) -> str:
    if info.context == FILLED or not _PLACEHOLDER.search(text):
        raise ValueError("expected a placeholder")
    return text


def _is_day(text: str) -> str:
    date.fromisoformat(text)
    return text


def _matching(pattern: str) -> Any:
    return Field(pattern=pattern + r"\Z")


_Placeholder: TypeAlias = Annotated[str, AfterValidator(_is_placeholder)]
# Not Literal[1], which takes `true` for 1.
_One: TypeAlias = Annotated[int, Field(ge=1, le=1)]
_Key: TypeAlias = Annotated[str, _matching(r"^[a-z0-9][a-z0-9-]{0,62}")]
_Text: TypeAlias = Annotated[str, Field(pattern=r"\S")]
_Int: TypeAlias = Annotated[int, Field(ge=-_LIMIT, le=_LIMIT)]
_Number: TypeAlias = (
    _Int
    | Annotated[Decimal, Field(ge=-_LIMIT, le=_LIMIT)]
    | Annotated[str, _matching(r"^-?[0-9]{1,15}(\.[0-9]{1,10})?")]
    | _Placeholder
)
_Integer: TypeAlias = _Int | Annotated[str, _matching(r"^-?[0-9]{1,15}")] | _Placeholder
_Order: TypeAlias = Annotated[int, Field(ge=0, le=_LIMIT)] | Annotated[str, _matching(r"^[0-9]{1,15}")] | _Placeholder
_Attribute: TypeAlias = (
    Literal[
        "loyaltyBalance",
        "loyaltyLifetimePoints",
        "ltv",
        "totalOrders",
        "aov",
        "activityScore",
        "purchaseFrequencyScore",
        "monetaryScore",
    ]
    | _Placeholder
)
_Rule: TypeAlias = Literal["similar-name", "tier-order", "empty-range", "ladder-overlap", "ladder-gap"] | _Placeholder
_Day: TypeAlias = Annotated[str, _matching(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"), AfterValidator(_is_day)] | _Placeholder


class _Strict(BaseModel):
    # Python's `re` on both sides of the gate: Rust's has another idea of `\s`.
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True, regex_engine="python-re")


class _Mapping(_Strict):
    type: Literal["MULTIPLY", "CUSTOM"] | _Placeholder
    multiplier: _Number = _ABSENT
    points: _Integer = _ABSENT

    @model_validator(mode="after")
    def _fits_its_type(self) -> _Mapping:
        given = self.model_fields_set - {"type"}
        fitting = {"MULTIPLY": {"multiplier"}, "CUSTOM": {"points"}}.get(self.type, given)
        if len(given) != 1 or given != fitting:
            raise ValueError("MULTIPLY takes `multiplier`, CUSTOM takes `points`")
        return self


_Mappings: TypeAlias = dict[_Text, _Mapping]
_MappingChanges: TypeAlias = dict[_Text, _Mapping | None] | None
_Metadata: TypeAlias = dict[str, Any]


class _VoucherifyPlace(_Strict):
    campaign: _Text


class _FanfarePlace(_Strict):
    group: _Text
    attribute: _Attribute


class _Target(_Strict):
    name: _Key = _ABSENT
    voucherify: _VoucherifyPlace = _ABSENT
    fanfare: _FanfarePlace = _ABSENT

    @model_validator(mode="after")
    def _has_one_vendor(self) -> _Target:
        if len(self.model_fields_set - {"name"}) != 1:
            raise ValueError("a target needs exactly one of `voucherify` and `fanfare`")
        return self


class _VoucherifyFields(_Strict):
    earning_rules: _Mappings = _ABSENT
    rewards: _Mappings = _ABSENT
    metadata: _Metadata = _ABSENT


class _FanfareFields(_Strict):
    order: _Order = _ABSENT
    icon: _Text = _ABSENT


class _Overlay(_Strict):
    name: _Text = _ABSENT
    from_: _Number = Field(default=_ABSENT, alias="from")
    to: _Integer | None = _ABSENT
    below: _Number | None = _ABSENT
    earning_rules: _MappingChanges = _ABSENT
    rewards: _MappingChanges = _ABSENT
    metadata: _Metadata | None = _ABSENT
    order: _Order | None = _ABSENT
    icon: _Text | None = _ABSENT


class _Tier(_Strict):
    name: _Text
    from_: _Number = Field(alias="from")
    to: _Integer = _ABSENT
    below: _Number = _ABSENT
    voucherify: _VoucherifyFields = _ABSENT
    fanfare: _FanfareFields = _ABSENT
    targets: dict[str, _Overlay] = _ABSENT

    @model_validator(mode="after")
    def _has_one_end(self) -> _Tier:
        if {"to", "below"} <= self.model_fields_set:
            raise ValueError("a tier takes `to` or `below`, not both")
        return self


class _Waiver(_Strict):
    rule: _Rule
    reason: _Text
    until: _Day


class ProgramFile(_Strict):
    """What `schemas/program.schema.json` accepts."""

    version: _One
    program: _Key
    description: str = _ABSENT
    targets: Annotated[list[_Target], Field(min_length=1)]
    tiers: Annotated[list[_Tier], Field(min_length=1)]
    waivers: list[_Waiver] = _ABSENT


class _Provider(_Strict):
    url: Annotated[str, _matching(r"^https?://[^\s@?#]+")]


class _Providers(_Strict):
    voucherify: _Provider = _ABSENT
    fanfare: _Provider = _ABSENT


_ValueName: TypeAlias = Annotated[str, _matching("^[A-Za-z_][A-Za-z0-9_]*")]
_ValueText: TypeAlias = Annotated[str, Field(min_length=1, pattern=r"\A(?!(?s:.*)\$\{)")]


class EnvironmentFile(_Strict):
    """What `schemas/environment.schema.json` accepts."""

    version: _One
    environment: _Key
    providers: _Providers = _ABSENT
    values: dict[_ValueName, int | Decimal | _ValueText] = _ABSENT
