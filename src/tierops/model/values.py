"""What YAML and JSON can hold, with exact numbers."""

from __future__ import annotations

import decimal
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

# Python rounds what it adds to 28 digits, unless told otherwise: here for this thread and for all that start later.
# Numbers of files, plans and answers are within 60 digits on either side of the point.
decimal.DefaultContext.prec = 130
decimal.setcontext(decimal.Context())

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

    At every depth, entries of a map that are null or empty maps are left out, and so is a map that they were all of.
    The items of a list keep their places, whatever they are. Numbers are `exact`.
    """
    kept = ((name, _compact(value)) for name, value in fields.items())
    return {name: value for name, value in kept if value is not None and value != {}}


def _compact(value: Value) -> Value:
    if isinstance(value, str):  # most are, and to tell that something is no Mapping takes Python far longer
        return value
    if isinstance(value, Mapping):
        return compact(value)
    return [_compact(item) for item in value] if isinstance(value, list) else exact(value)


def rounded(value: Value, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int | Decimal]]:
    """The numbers in `value` that a reader with doubles takes for others, such as whole ones beyond 2^53; with paths.

    JavaScript is such a reader, and many a vendor's server: what comes back from there is another number, for ever.
    """
    if isinstance(value, str):
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from rounded(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from rounded(item, (*path, str(index)))
    elif isinstance(value, int | Decimal) and not isinstance(value, bool) and not _is_double(value):
        yield path, value


def _is_double(number: int | Decimal) -> bool:
    try:
        return Decimal(repr(float(number))) == number
    except OverflowError:
        return False
