"""YAML text → documents with positions, built from PyYAML's events.

PyYAML's own constructor reads YAML 1.1 (`no` is false, `1:30` is ninety), goes through float, lets the last of
two equal keys win and expands aliases without bound, so only its parser is used.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, TypeAlias

import yaml

from tierops.config import characters, scalars, standins
from tierops.config.marked import Document, List, Map
from tierops.model import Position, Problem

_MOST_VALUES = 100_000  # in one file, aliases counted as often as they are used
_DEEPEST = 50
_MOST_DOCUMENTS = 1000  # in one file
_MOST_FAULTS = 20  # of syntax, in one file; behind each of them, reading begins anew

_SURROGATE = re.compile("[\ud800-\udfff]")
_DOCUMENT = re.compile(r"(?:^|(?<=[\r\n]))---(?=[ \t\r\n]|$)")
_MERGE = "<<"
# What braces make of `1,000`: a number, and behind each comma a key. Brackets make two numbers of it.
_PARTED = re.compile(r"[-+]?[0-9][0-9.]*(?:,[0-9.]+){1,12}(?=[ \t]*[],}\r\n])")
_THOUSANDS = re.compile(r"0[0-9]{2}")

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
    text = characters.without_marks(text)
    if flaw := characters.flaw(text, file):
        return [], [flaw]
    reader = _Reader(text, file)
    documents = reader.documents()
    if not documents and not reader.problems:
        reader.report(Position(file, 1, 1), f"the file is empty; {begins}")
    return documents, reader.problems


def _loader() -> Any:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Reader:
    """Reads one file. The parser begins at the character `start`, in line `line`: behind the last fault of syntax."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.hidden = standins.hide(text)
        self.problems: list[Problem] = []
        self.values = 0
        self._begin(0)

    def _begin(self, start: int) -> None:
        self.start = start
        self.last = characters.position(self.text, start, self.file)
        self.line = self.last.line
        self.anchors: dict[str, _Anchor] = {}
        self.written: dict[Position, str] = {}
        self.rest = (self.hidden.text if self.hidden else self.text)[start:]
        self.next = _loader()(self.rest).get_event

    def report(self, at: Position, message: str) -> None:
        self.problems.append(Problem("schema", message, at))

    def documents(self) -> list[Document]:
        documents: list[Document] = []
        for _ in range(_MOST_FAULTS):
            try:
                self._read_into(documents)
            except yaml.MarkedYAMLError as error:
                if self._goes_on_after(error):
                    continue
            except (ValueError, OverflowError):
                # The pure parser passes any number of an escape such as "\UFFFFFFFF" on to chr().
                self.report(self.last, "an escape in this text names no Unicode character")
            except _Stop:
                pass
            break
        return [document for document in documents if document.data is not None]

    def _read_into(self, documents: list[Document]) -> None:
        while not isinstance(event := self.next(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors, self.written = {}, {}
                root = self.next()
                at = self._at(root)
                if len(documents) == _MOST_DOCUMENTS:
                    self._stop(at, f"more than {_MOST_DOCUMENTS:,} documents in one file; split it")
                documents.append(Document(self._node(root, at, 0)[0], at, self.written))

    def _goes_on_after(self, error: yaml.MarkedYAMLError) -> bool:
        """Report what is not YAML, and begin anew with the next document, if there is one."""
        from tierops.config import syntax

        fault = syntax.fault(self.text[self.start :], self.rest, error, _loader())
        at = characters.position(self.text, self.start + fault.at, self.file)
        self.report(at, f"not YAML: {fault.message}")
        mark = error.problem_mark or error.context_mark
        document = _DOCUMENT.search(self.text, self.start + max(mark.index if mark else 0, 1))
        if document:
            self._begin(document.start())
        return document is not None

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
        before: _Event = None  # the item before
        while not isinstance(event := self.next(), yaml.SequenceEndEvent):
            item_at = self._at(event)
            item, below = self._node(event, item_at, depth + 1)
            height = max(height, below)
            items.put(item, item_at)
            is_scalar = isinstance(event, yaml.ScalarEvent)
            if not (is_scalar and _THOUSANDS.fullmatch(event.value) and self._is_part_of_number(event, before)):
                before = event
        return items, height + 1

    def _mapping(self, at: Position, depth: int) -> _Node:
        entries, height = Map(at), 0
        merged: list[tuple[Any, Position]] = []
        before: _Event = None  # the value of the entry before
        while not isinstance(event := self.next(), yaml.MappingEndEvent):
            key_at = self._at(event)
            key = self._key(event, key_at, depth + 1, before)
            is_merge = key == _MERGE and _is_plain(event)
            event = self.next()
            # Where a value is left out, the two parsers disagree on its place; its key is what the user sees.
            value_at = key_at if _is_absent(event) else self._at(event)
            value, below = self._node(event, value_at, depth + 1)
            height = max(height, below)
            if key is None:
                continue
            before = event
            if is_merge:
                self.report(key_at, 'merge keys (`<<`) are not part of YAML 1.2; write the keys out, or quote "<<"')
                merged.append((value, key_at))
            elif key in entries:
                self.report(key_at, f"the key {_shown(key)} is here twice, first on line {entries.key_at[key].line}")
            else:
                entries.put(key, value, key_at, value_at)
        for value, key_at in merged:
            _merge(entries, value, key_at)
        return entries, height + 1

    def _key(self, event: _Event, at: Position, depth: int, before: _Event) -> str | None:
        """The key as a string, None where it is none. Keys are not counted as values."""
        known = len(self.problems)
        key = self._node(event, at, depth)[0]
        if isinstance(event, yaml.ScalarEvent):
            self.values -= 1
        if isinstance(key, str):
            return key
        if not isinstance(event, yaml.ScalarEvent):
            self.report(at, "a key must be text, not a list, a mapping or an alias to anything but text")
            return None
        if self._is_part_of_number(event, before):
            return None
        if len(self.problems) == known:
            self.report(at, f"the key {_shown(event.value)} is not text; put it in quotes")
        return str(event.value)

    def _is_part_of_number(self, event: _Event, before: _Event) -> bool:
        """Whether the event is what braces or brackets make of the end of `1,000`; then the comma was reported."""
        if not isinstance(before, yaml.ScalarEvent):
            return False
        number = _PARTED.match(self.text, self._index(before))
        if number is None or number.end() <= self._index(event):
            return False
        start = self._at(before)
        at = start._replace(column=start.column + number[0].index(","))
        if not self.problems or self.problems[-1].at != at:  # the first of several commas
            digits = scalars.ungrouped(number[0]) or "the digits alone"
            self.report(at, f"between brackets a comma parts entries, so {number[0]} is no number; write {digits}")
        return True

    def _scalar(self, event: _Event, at: Position) -> scalars.Scalar:
        text = self.hidden.shown(event.value, event.style) if self.hidden else event.value
        try:
            if _is_plain(event):
                value = scalars.plain(text)
                if value is not text and text != scalars.canonical(value):
                    self.written[at] = text
                return value
            if _SURROGATE.search(text):
                self.report(at, f"this escape is {scalars.HALF}")
                return _SURROGATE.sub("\ufffd", text)
            return text if event.tag is None else scalars.tagged(event.tag, text)
        except ValueError as error:
            self.report(at, str(error))
            return None

    def _alias(self, event: _Event, at: Position, depth: int) -> _Node:
        anchor = self.anchors.get(event.anchor)
        if anchor is None:
            hint = "text that begins with '*' must be in quotes"
            self.report(at, f"there is no anchor `&{event.anchor}` above this alias; {hint}")
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

    def _index(self, event: _Event) -> int:
        return self.start + int(event.start_mark.index)

    def _at(self, event: _Event) -> Position:
        mark = event.start_mark
        self.last = Position(self.file, mark.line + self.line, mark.column + 1)
        return self.last


def _is_plain(event: _Event) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.tag is None and bool(event.implicit[0])


def _is_absent(event: _Event) -> bool:
    has_no_text = bool(event.start_mark.index == event.end_mark.index)
    return has_no_text and isinstance(event, yaml.ScalarEvent)


def _merge(entries: Map, value: Any, at: Position) -> None:
    """Take over what a merge key would have brought, so that nothing is said to be missing; the file is refused."""
    for source in value if isinstance(value, List) else [value]:
        for key in source.keys() - entries.keys() if isinstance(source, Map) else ():
            entries.put(key, source[key], at, at)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")
