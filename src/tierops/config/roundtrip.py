"""Edits of a YAML text that leave the rest of it as a person wrote it: comments, order, quotes, the form of numbers.

ruamel.yaml writes the new text. That nothing but the edits has changed is not left to it: the text is read again with
our own reader, and held against the old data with the edits carried out on them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from tierops.config import writing, yamltext
from tierops.config.marked import List, Map, Step
from tierops.model import Value
from tierops.text import jsontext

_LIST_BELOW_KEY = re.compile(r"^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*( *)- ", re.MULTILINE)


class Put(NamedTuple):
    """Set what stands at the path, whose last step is a key. Mappings on the way there are made."""

    path: tuple[Step, ...]
    value: Value


class Remove(NamedTuple):
    """Take away the key at the end of the path."""

    path: tuple[Step, ...]


class Insert(NamedTuple):
    """Put an item into the list at the path, before the one at this place."""

    path: tuple[Step, ...]
    place: int
    value: Value


Edit = Put | Remove | Insert


def edited(text: str, number: int, edits: Sequence[Edit]) -> str:
    """The text with the edits carried out in its document `number`, from 0. Paths lead through the old text.

    Raises `CannotSay` where the text would say anything else in another place too, such as at the other end of an
    alias, or cannot be written at all.
    """
    documents, _ = yamltext.parse(text, "")
    wanted = [_plain(document.data) for document in documents]
    # A key beside one that goes takes over the comments of its lines; an item more moves the places of others.
    edits = sorted(edits, key=lambda edit: (Put, Remove, Insert).index(type(edit)))
    _carry_out(wanted[number], edits, _plain, dict)
    written = _written(text, number, edits)
    read, problems = yamltext.parse(written, "")
    if problems or [_canonical(document.data) for document in read] != list(map(_canonical, wanted)):
        raise writing.CannotSay("the file cannot be changed in one place alone")
    return written


def _written(text: str, number: int, edits: Sequence[Edit]) -> str:
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.error import YAMLError

    mark = "\ufeff" if text.startswith("\ufeff") else ""
    line_end = "\r\n" if "\r\n" in text else "\n"
    body = text.removeprefix(mark).replace("\r\n", "\n")
    yaml = _yaml(body)
    try:
        # A document without content, as behind a last `---`, is none for our own reader.
        documents = list(yaml.load_all(body))
        _carry_out([one for one in documents if one is not None][number], edits, _node, CommentedMap)
        out = io.StringIO(newline="")
        yaml.dump_all(documents, out)
    except (YAMLError, ValueError, TypeError) as error:  # pragma: no cover - it takes what our own reader takes
        raise writing.CannotSay(f"the file cannot be written anew: {str(error).splitlines()[0]}") from None
    return mark + out.getvalue().replace("\n", line_end)


def _yaml(text: str) -> Any:
    from ruamel.yaml import YAML

    list_below_key = _LIST_BELOW_KEY.search(text)
    dash = len(list_below_key[2]) - len(list_below_key[1]) if list_below_key else 2
    yaml: Any = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000  # a long line stays one
    yaml.explicit_start = text.startswith("---")
    yaml.indent(mapping=2, sequence=dash + 2, offset=dash)
    for kind in ("int", "float", "bool", "null", "timestamp"):
        tag = f"tag:yaml.org,2002:{kind}"
        yaml.constructor.add_constructor(tag, lambda _, node: _Scalar(node.value, node.tag))
    yaml.representer.add_representer(_Scalar, lambda writer, scalar: writer.represent_scalar(scalar.tag, str(scalar)))
    return yaml


class _Scalar(str):
    """What stands without quotes and is no text, as it was written."""

    tag: Any

    def __new__(cls, text: str, tag: Any) -> _Scalar:
        scalar = super().__new__(cls, text)
        scalar.tag = tag
        return scalar


def _node(value: Value) -> Any:
    """A value as ruamel.yaml writes it; text in quotes wherever some reader of YAML would take it for none."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, Mapping):
        return CommentedMap({_node(key): _node(below) for key, below in value.items()})
    if isinstance(value, list):
        return CommentedSeq(map(_node, value))
    if isinstance(value, str):
        return value if writing.Yaml().text(value) == value else DoubleQuotedScalarString(value)
    text = writing.Yaml().scalar(value)
    kind = "null" if value is None else "bool" if isinstance(value, bool) else "int" if text.isdecimal() else "float"
    if kind == "float" and text.removeprefix("-").isdecimal():
        kind = "int"
    return _Scalar(text, f"tag:yaml.org,2002:{kind}")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(below) for key, below in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _carry_out(data: Any, edits: Iterable[Edit], made: Callable[[Value], Any], new_map: Callable[[], Any]) -> None:
    for edit in edits:
        if isinstance(edit, Insert):
            _led(data, edit.path, new_map).insert(edit.place, made(edit.value))
        elif isinstance(edit, Put):
            _led(data, edit.path[:-1], new_map)[edit.path[-1]] = made(edit.value)
        else:
            _remove(_led(data, edit.path[:-1], new_map), str(edit.path[-1]))


def _remove(data: Any, key: str) -> None:
    """Take away a key. ruamel.yaml keeps the comments of the lines below with it: those go to the key beside it."""
    keys, comments = list(data), getattr(getattr(data, "ca", None), "items", {})
    place = keys.index(key)
    del data[key]
    held = comments.pop(key, None)
    below = held[2].value.partition("\n")[2] if held and held[2] else ""
    if not below.strip():
        return
    if place:
        own = comments.setdefault(keys[place - 1], [None, None, None, None])
        if own[2]:
            own[2].value = own[2].value.rstrip("\n") + "\n" + below
        else:
            held[2].value, own[2] = "\n" + below, held[2]
    elif len(keys) > 1:
        own = comments.setdefault(keys[1], [None, None, None, None])
        held[2].value = below
        own[1] = [held[2], *(own[1] or ())]


def _led(data: Any, path: Sequence[Step], new_map: Callable[[], Any]) -> Any:
    for step in path:
        if isinstance(step, str) and (step not in data or data[step] is None or isinstance(data[step], _Scalar)):
            data[step] = new_map()
        data = data[step]
    return data


def _canonical(data: Map | List | Any) -> str:
    """Everything that a document says, with the order of its keys. Numbers are equal where their values are."""
    return jsontext.dumps(_numbered(data))


def _numbered(data: Any) -> Any:
    if isinstance(data, Mapping):
        return [[key, _numbered(value)] for key, value in data.items()]
    if isinstance(data, list):
        return [_numbered(item) for item in data]
    return Decimal(data).normalize() if isinstance(data, int | Decimal) and not isinstance(data, bool) else data
