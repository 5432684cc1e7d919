"""YAML text → documents with positions, built from PyYAML's events.

PyYAML's own constructor reads YAML 1.1 (`no` is false, `1:30` is ninety), goes through float, lets the last of
two equal keys win and expands aliases without bound, so only its parser is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import yaml

from tierops.config import scalars
from tierops.config.marked import Document, List, Map
from tierops.model import Position, Problem

_MOST_VALUES = 100_000  # in one file, aliases counted as often as they are used
_DEEPEST = 50
_MOST_DOCUMENTS = 1000  # in one file

# YAML 1.2, production 1 (c-printable). Looked at beforehand, because the two parsers report it differently.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")

_Event: TypeAlias = Any  # an event of either parser; they share no class that the stubs know
_Node: TypeAlias = tuple[Any, int]  # a value, and how many levels of containers it is high


class _Anchor(NamedTuple):
    """What an alias brings with it. `size` counts values; it is 0 while the anchored container is still open."""

    value: Any
    height: int
    size: int
    line: int


class _Stop(Exception):
    """No error: reading ends here, the finding is already noted, what was read is kept."""


def parse(
    text: str, file: str, begins: str = "a program begins with `version: 1`"
) -> tuple[list[Document], list[Problem]]:
    """Every document of `text` that could be read, empty ones left out, and every finding (rule `schema`).

    `file` is for the positions. A file without any document is a finding, which says how such a file `begins`.
    """
    reader = _Reader(text.removeprefix("\ufeff"), file)
    documents = reader.documents()
    if not documents and not reader.problems:
        reader.report(Position(file, 1, 1), f"the file is empty; {begins}")
    return documents, reader.problems


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.problems: list[Problem] = []
        self.anchors: dict[str, _Anchor] = {}
        self.values = 0
        self.last = Position(file, 1, 1)
        self.events: Iterator[_Event] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))

    def report(self, at: Position, message: str) -> None:
        self.problems.append(Problem("schema", message, at))

    def documents(self) -> list[Document]:
        documents: list[Document] = []
        if bad := _UNPRINTABLE.search(self.text):
            self._report_unprintable(bad.start())
            return documents
        try:
            self._read_into(documents)
        except yaml.MarkedYAMLError as error:
            self._report_syntax(error)
        except (ValueError, OverflowError):
            # The pure parser passes any number of an escape such as "\UFFFFFFFF" on to chr().
            self.report(self.last, "an escape in this text names no Unicode character")
        except _Stop:
            pass
        return [document for document in documents if document.data is not None]

    def _read_into(self, documents: list[Document]) -> None:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors = {}
                root = next(self.events)
                at = self._at(root)
                if len(documents) == _MOST_DOCUMENTS:
                    self._stop(at, f"more than {_MOST_DOCUMENTS:,} documents in one file; split it")
                documents.append(Document(self._node(root, at, 0)[0], at))

    def _node(self, event: _Event, at: Position, depth: int) -> _Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, at, depth)
        before = self.values
        self._count(1, at)
        if isinstance(event, yaml.ScalarEvent):
            node: _Node = self._scalar(event, at), 0
        else:
            node = self._container(event, at, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchor(*node, self.values - before, at.line)
        return node

    def _container(self, event: _Event, at: Position, depth: int) -> _Node:
        if depth >= _DEEPEST:
            self._stop(at, f"nested more than {_DEEPEST} levels deep")
        is_map = isinstance(event, yaml.MappingStartEvent)
        own_tag = "tag:yaml.org,2002:map" if is_map else "tag:yaml.org,2002:seq"
        if event.tag not in (None, "!", own_tag):
            self.report(at, f"the tag {event.tag!r} is not supported on {'a mapping' if is_map else 'a list'}")
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchor(None, 0, 0, at.line)
        return self._mapping(at, depth) if is_map else self._sequence(at, depth)

    def _sequence(self, at: Position, depth: int) -> _Node:
        items, height = List(at), 0
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            item_at = self._at(event)
            value, below = self._node(event, item_at, depth + 1)
            items.put(value, item_at)
            height = max(height, below)
        return items, height + 1

    def _mapping(self, at: Position, depth: int) -> _Node:
        entries, height = Map(at), 0
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key_at = self._at(event)
            key = self._key(event, key_at, depth + 1)
            event = next(self.events)
            # Where a value is left out, the two parsers disagree on its place; its key is what the user sees.
            value_at = key_at if _is_absent(event) else self._at(event)
            value, below = self._node(event, value_at, depth + 1)
            height = max(height, below)
            if key is None:
                continue
            if key in entries:
                self.report(key_at, f"the key {_shown(key)} is here twice, first on line {entries.key_at[key].line}")
            else:
                entries.put(key, value, key_at, value_at)
        return entries, height + 1

    def _key(self, event: _Event, at: Position, depth: int) -> str | None:
        """The key as a string, None where it is none. Keys are not counted as values."""
        known = len(self.problems)
        key = self._node(event, at, depth)[0]
        if isinstance(event, yaml.ScalarEvent):
            self.values -= 1
        if isinstance(key, str):
            return key
        if isinstance(event, yaml.ScalarEvent):
            if len(self.problems) == known:
                self.report(at, f"the key {_shown(event.value)} is not text; put it in quotes")
            return str(event.value)
        self.report(at, "a key must be text, not a list, a mapping or an alias to anything but text")
        return None

    def _scalar(self, event: _Event, at: Position) -> scalars.Scalar:
        text = event.value
        try:
            if event.tag is None and event.implicit[0]:
                return scalars.plain(text)
            if _SURROGATE.search(text):
                self.report(
                    at, 'half of a surrogate pair is no character; write the character itself, or "\\U0001F600"'
                )
                return _SURROGATE.sub("\ufffd", text)
            return text if event.tag is None else scalars.tagged(event.tag, text)
        except ValueError as error:
            self.report(at, str(error))
            return None

    def _alias(self, event: _Event, at: Position, depth: int) -> _Node:
        anchor = self.anchors.get(event.anchor)
        if anchor is None:
            self.report(at, f"there is no anchor `&{event.anchor}` above this alias")
            return None, 0
        if not anchor.size:
            self.report(at, f"the alias `*{event.anchor}` stands inside its own anchor (line {anchor.line})")
            return None, 0
        self._count(anchor.size, at)
        if depth + anchor.height > _DEEPEST:
            self._stop(at, f"nested more than {_DEEPEST} levels deep, counting what the alias stands for")
        return anchor.value, anchor.height

    def _count(self, values: int, at: Position) -> None:
        self.values += values
        if self.values > _MOST_VALUES:
            self._stop(at, f"more than {_MOST_VALUES:,} values in one file, counting what aliases stand for; split it")

    def _stop(self, at: Position, message: str) -> None:
        self.report(at, message)
        raise _Stop

    def _at(self, event: _Event) -> Position:
        mark = event.start_mark
        self.last = Position(self.file, mark.line + 1, mark.column + 1)
        return self.last

    def _report_syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        at = Position(self.file, mark.line + 1, mark.column + 1) if mark else self.last
        where = f" {error.context}" if error.context else ""
        line = self.text.splitlines()[at.line - 1 : at.line]
        hint = "; text with ${…} in it needs quotes between brackets" if line and "${" in line[0] else ""
        self.report(at, f"not YAML: {error.problem}{where}{hint}")

    def _report_unprintable(self, index: int) -> None:
        before = self.text[:index]
        at = Position(self.file, before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)
        character = self.text[index]
        hint = "; is this UTF-16 or a binary file?" if character == "\0" else '; write it as an escape in "quotes"'
        self.report(at, f"the character U+{ord(character):04X} may not stand in YAML{hint}")


def _is_absent(event: _Event) -> bool:
    has_no_text = bool(event.start_mark.index == event.end_mark.index)
    return has_no_text and isinstance(event, yaml.ScalarEvent)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")
