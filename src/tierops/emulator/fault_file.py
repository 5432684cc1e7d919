"""A file of faults for the emulator → `Fault` values: a YAML (or JSON) list, each entry with `on` and `kind`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tierops.config import files
from tierops.config.marked import List, Map, nearest
from tierops.emulator import KINDS, Fault, flaws
from tierops.errors import BadInput
from tierops.model import Position, Problem

_BEGINS = 'a list of faults begins with `- {on: "GET */tiers", kind: 503-before}`'
_ALWAYS = "always"


class _Field(NamedTuple):
    """What one key of a fault may hold. `default` is None where it has to be given."""

    default: str | int | None
    is_number: bool
    wanted: str


_FIELDS = {
    "on": _Field(None, False, "a method and a path in quotes"),
    "kind": _Field(None, False, "the name of a fault"),
    "times": _Field(1, True, f"a whole number, or `{_ALWAYS}`"),
    "after": _Field(0, True, "a whole number"),
    "value": _Field(0, True, "a whole number"),
}


def read(path: Path) -> tuple[Fault, ...]:
    """The faults in the file. Raises `BadInput` with every problem in it."""
    documents, problems = files.read(path, _BEGINS)
    faults = []
    problems += [_problem("a file of faults holds one list only", document.at) for document in documents[1:]]
    for document in documents[:1]:
        if not isinstance(document.data, List):
            problems.append(_problem(f"this is no list; {_BEGINS}", document.at))
            continue
        for entry, at in zip(document.data, document.data.item_at, strict=True):
            values = _values(entry)
            found = list(_problems(entry, values, at))
            problems += found
            if not found:
                faults.append(Fault(**values))
    if problems:
        raise BadInput(sorted(problems, key=lambda problem: problem.at))
    return tuple(faults)


def _values(entry: Any) -> dict[str, Any]:
    """The fields as a `Fault` takes them; one of a wrong type is left out."""
    values: dict[str, Any] = {name: field.default for name, field in _FIELDS.items() if field.default is not None}
    for name in _FIELDS.keys() & entry.keys() if isinstance(entry, Map) else ():
        value = entry[name]
        if name == "times" and value == _ALWAYS:
            values[name] = None
        elif name == "kind" and type(value) is int:
            values[name] = str(value)  # 429 needs no quotes
        elif type(value) is (int if _FIELDS[name].is_number else str):
            values[name] = value
        else:
            values.pop(name, None)
    return values


def _problems(entry: Any, values: dict[str, Any], at: Position) -> Iterator[Problem]:
    if not isinstance(entry, Map):
        yield _problem(f"a fault is a mapping with `on` and `kind`, not {_shown(entry)}", at)
        return
    for key in [key for key in entry if key not in _FIELDS]:
        hint = nearest(key, _FIELDS) or f"; there are: {', '.join(_FIELDS)}"
        yield _problem(f"a fault has no `{key}`{hint}", entry.key_at[key])
    for name in [name for name in _FIELDS if name not in values]:
        if name in entry:
            yield _problem(f"`{name}` is {_FIELDS[name].wanted}, not {_shown(entry[name])}", entry.value_at[name])
        else:
            yield _problem(f"a fault needs `{name}`: {_FIELDS[name].wanted}", at)
    # What is missing or of a wrong type was reported: something harmless stands in for it.
    whole: dict[str, Any] = {"on": "* *", "kind": "empty", "times": 1, "after": 0, "value": 0} | values
    for name, flaw in flaws(**whole):
        if name == "kind":
            known = "list them with `tierops emulate --fault-kinds`"
            flaw = f"there is no fault {_shown(values[name])}{nearest(str(values[name]), KINDS) or f'; {known}'}"
        yield _problem(flaw, entry.value_at[name])


def _problem(message: str, at: Position) -> Problem:
    return Problem("schema", message, at)


def _shown(value: Any) -> str:
    if isinstance(value, Map | List):
        return "a mapping" if isinstance(value, Map) else "a list"
    if value is None:
        return "nothing"
    text = str(value)
    return repr(text if len(text) <= 60 else f"{text[:60]}…")
