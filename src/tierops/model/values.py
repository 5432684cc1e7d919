"""What YAML and JSON can hold, with exact numbers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

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
