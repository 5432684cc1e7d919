"""Why a document is not what its schema says, in sentences with places. The only importer of jsonschema.

In our schemas every keyword whose failure needs words of its own (`anyOf`, `pattern`, `const` …) stands beside an
`errorMessage`, which editors show too. What is left to word here is the same everywhere: keys and types.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from tierops.config import advice, scalars
from tierops.config.contract import Contract, schema
from tierops.config.marked import Document
from tierops.model import Position, Problem

Path: TypeAlias = tuple[str | int, ...]

_MOST_KEYS = 1001  # unknown ones of one mapping; a file is refused with 1,000 findings
_TYPES = {"object": "a mapping (key: value)", "array": "a list", "string": "text", "number": "a number", "null": "null"}


def problems(document: Document, contract: Contract) -> list[Problem]:
    """Every finding of jsonschema about `document`, in the order of the file."""
    errors = list(validator(contract).iter_errors(document.data))
    # Whatever else is said of a value of the wrong type only repeats that.
    mistyped = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    misspelt = set(_misspelt(errors))
    findings: dict[Problem, None] = {}
    for error in errors:
        if error.validator == "type" or tuple(error.absolute_path) not in mistyped:
            findings.update(dict.fromkeys(_explain(error, document, misspelt)))
    return sorted(findings, key=lambda finding: finding.at)


def _misspelt(errors: Iterable[ValidationError]) -> Iterator[Path]:
    """The keys that are only missing because they are written wrong, as "did you mean" says."""
    for error in errors:
        if error.validator == "additionalProperties":
            contract: Any = error.schema
            instance: Any = error.instance
            missing = contract.get("required", ()) - instance.keys()
            path, known = tuple(error.absolute_path), list(contract["properties"])
            if advice.is_whole_tier(instance, path, known):
                yield from ((*path, key) for key in missing)
            for key in instance.keys() - contract["properties"].keys() if missing else ():
                if advice.is_range(key, path):
                    yield (*path, "from")
                elif (meant := advice.meant(key, instance[key], path, known)) in missing:
                    yield (*path, str(meant))


def _explain(error: ValidationError, document: Document, misspelt: Collection[Path]) -> Iterator[Problem]:
    for message, at in _sentences(error, document, misspelt):
        value = document.filled.get(at)
        if value is None:
            yield Problem("schema", message, at)
        else:  # which is where somebody can mend it
            yield Problem("schema", f"the value `{value.name}`, used at {at}: {message}", value.at)


def _sentences(
    error: ValidationError, document: Document, misspelt: Collection[Path]
) -> Iterator[tuple[str, Position]]:
    path = list(error.absolute_path)
    at = document.locate(path)
    broken: Any = error.schema
    instance: Any = error.instance
    if error.validator == "additionalProperties":
        known = list(broken["properties"])
        is_tier = advice.is_whole_tier(instance, path, known)
        for key in islice((key for key in instance if key not in known), _MOST_KEYS):
            hint = advice.listed(path, key) if is_tier else advice.unknown(key, instance[key], path, known)
            yield f"unknown key {shown(key)}{hint}", document.locate(path, key)
    elif error.validator == "required":
        required: Any = error.validator_value
        for key in required:
            if key not in instance and (*path, key) not in misspelt:
                yield f"`{key}` is missing{_in(path)}", at
    elif "propertyNames" in error.absolute_schema_path:
        yield f"the key {shown(instance)}: {broken['errorMessage']}", document.locate(path, instance)
    else:
        yield _unexpected(error, path, document.written.get(at)), at


def _unexpected(error: ValidationError, path: list[str | int], written: str | None) -> str:
    broken: Any = error.schema
    if error.validator == "minItems":
        return f"{_name(path)} needs at least one entry"
    message = str(broken["errorMessage"] if "errorMessage" in broken else f"expected {_kinds(error.validator_value)}")
    if not message.startswith("expected"):
        return message
    found = short(written) if written else shown(error.instance)
    return f"{_name(path)}: {message}, found {found}{_hint(error, path, message, written)}"


def _hint(error: ValidationError, path: list[str | int], message: str, written: str | None) -> str:
    instance: Any = error.instance
    if message.startswith("expected text") or error.validator_value == "string":
        is_text_without_quotes = not isinstance(instance, dict | list | str) and written != ""
        return "; quote it if it is meant as text" if is_text_without_quotes else ""
    if isinstance(instance, str) and "number" in message:
        if digits := scalars.ungrouped(instance):
            return f"; write {digits}"
        if doubt := scalars.doubt(instance):
            return f"; {doubt}"
    return advice.bound(path, instance) or advice.listed(path, instance)


def _kinds(types: Any) -> str:
    return " or ".join(_TYPES[name] for name in ([types] if isinstance(types, str) else types))


def _name(path: list[str | int]) -> str:
    if not path:
        return "the document"
    *before, last = path
    return f"`{last}`" if isinstance(last, str) else f"entry {last + 1} of {_name(before)}"


def _in(path: list[str | int]) -> str:
    return f" in {_name(path)}" if path else ""


def shown(value: Any) -> str:
    """A value as a sentence shows it: short, on one line, with escapes for what cannot be seen."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    return short(format(value, "f") if isinstance(value, Decimal) else repr(value))


def short(text: str) -> str:
    """The text, or the beginning of a long one."""
    return text if len(text) <= 60 else text[:59] + "…"


@cache
def validator(contract: Contract) -> Validator:
    """jsonschema for our data: exact decimals are numbers, `$` is the very end, a date must be in the calendar."""
    exact: Validator = _Exact(schema(contract), format_checker=_FORMATS)
    return exact


def _is_number(_: object, value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _is_integer(_: object, value: object) -> bool:
    if isinstance(value, Decimal):
        return value == value.to_integral_value()
    return isinstance(value, int) and not isinstance(value, bool)


def _pattern(_: Validator, pattern: str, instance: object, __: object) -> Iterable[ValidationError]:
    # A JSON Schema means the end of the text by `$`; Python's lets a line break follow.
    strict = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern
    if isinstance(instance, str) and not re.search(strict, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Exact: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": _pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many({"number": _is_number, "integer": _is_integer}),
)
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date", raises=ValueError)
def _is_day(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))
