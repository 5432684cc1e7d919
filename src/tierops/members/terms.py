"""What an engine is asked, and what it answers, as types: nothing is guessed, nobody is lost on the way."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

MOST_PLACES = 10
"""Decimals of a balance where nobody says how many it has; one with more is no balance that anybody wrote."""
MOST_WHOLE = 27
"""Digits before the point; both together are what a decimal of 38 digits holds."""
_TYPE = re.compile(r"decimal\(([0-9]{1,2}),([0-9]{1,2})\)")


def _decimal(text: str) -> str:
    digits = _TYPE.fullmatch(text.replace(" ", "").lower())
    if digits is None:
        raise ValueError("a type is decimal(DIGITS,DECIMALS), as in decimal(18,2)")
    precision, places = int(digits[1]), int(digits[2])
    if not (1 <= precision <= 38 and places <= min(precision, MOST_PLACES) and precision - places <= MOST_WHOLE):
        raise ValueError(f"{text} has more than {MOST_PLACES} decimals, or more than {MOST_WHOLE} digits before them")
    return f"decimal({precision},{places})"


class _Terms(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Question(_Terms):
    """What is to be read. `file` is a path, a pattern or a folder; with Spark also an address or the name of a table.

    `value_type` says how many digits a balance has; without it that is what the source says.
    """

    file: Annotated[str, Field(min_length=1)]
    engine: Literal["duckdb", "spark"] = "duckdb"
    value_column: str = "value"
    value_type: Annotated[str, AfterValidator(_decimal)] | None = None
    skips_bad: bool = False

    @property
    def digits(self) -> tuple[int, int] | None:
        """How many digits a balance has before and after the point, where that was said."""
        if self.value_type is None:
            return None
        precision, places = map(int, re.findall("[0-9]+", self.value_type))
        return precision - places, places

    @property
    def most(self) -> Decimal:
        """What every balance is below."""
        return Decimal(10) ** (self.digits[0] if self.digits else MOST_WHOLE)


class Cell(_Terms):
    """Rows between two cuts whose members the vendor holds in one tier; `members` is more where a row counts many."""

    bucket: Annotated[int, Field(ge=0)]
    tier: str | None
    rows: Annotated[int, Field(ge=0)]
    members: Annotated[int, Field(ge=0)]


class Answer(_Terms):
    """All rows of a source: those of members in `cells`, the others in `skipped` by reason."""

    rows: int
    cells: list[Cell]
    skipped: dict[str, int]
    has_tiers: bool

    @model_validator(mode="after")
    def accounts_for_every_row(self) -> Answer:
        """Rows in are rows accounted for."""
        accounted = sum(cell.rows for cell in self.cells) + sum(self.skipped.values())
        if accounted != self.rows:
            raise ValueError(f"{self.rows} rows were read, but {accounted} are accounted for")
        return self
