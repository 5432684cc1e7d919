"""Why a text is not YAML: where the mistake was made, which is seldom where a parser stumbles, and what to do about it.

Asked once a parser has given up; what it says is kept where nothing better is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple

import yaml

from tierops.config.characters import JOINED
from tierops.config.scalars import HALF

_MOST_TOKENS = 200_000  # of one document, looked at for a bracket or a quote without its other half
_DEEPEST = 60  # brackets; a file has 50 levels at most
_CLOSES = {"]": "[", "}": "{"}

_OPEN = yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken
_CLOSE = yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken
_ENDS = yaml.DocumentStartToken | yaml.DocumentEndToken | yaml.StreamEndToken

_BREAK = re.compile(r"\r\n|\r|\n")
_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7})(?: |$)")
_NO_BLANK = re.compile(r"\s*(?:- +)*([\w-]+):[^\s/:]")
# A key, its `: `, and the text that begins behind.
_ENTRY = re.compile(r"\s*(?:- +)*(?:[^\s:]|:\S)[^:]*: +(?=\S)")


class Fault(NamedTuple):
    """What is wrong, and at which character of the text."""

    at: int
    message: str


class _Scene(NamedTuple):
    """Where the parser was. `at` is the character that it stumbled over, `begun` where what it was reading began."""

    text: str
    at: int
    begun: int
    problem: str
    context: str
    tokens: tuple[Any, ...]

    def line(self, index: int) -> str:
        """The line with the character `index`, without its end."""
        start = max(self.text.rfind("\n", 0, index), self.text.rfind("\r", 0, index)) + 1
        return _BREAK.split(self.text[start : start + 2000], maxsplit=1)[0]

    def column(self, index: int) -> int:
        return index - max(self.text.rfind("\n", 0, index), self.text.rfind("\r", 0, index)) - 1

    def parts(self, start: int, end: int) -> bool:
        """True where a line ends between the two."""
        return bool(_BREAK.search(self.text, start, end))


def fault(text: str, read: str, error: yaml.MarkedYAMLError, loader: Any) -> Fault:
    """What to say of the first mistake in `text`.

    `error` is what a parser of the class `loader` said of `read`: that is the text, or the text with stand-ins.
    """
    mark, begun = error.problem_mark or error.context_mark, error.context_mark or error.problem_mark
    if mark is None or begun is None:  # pragma: no cover - both parsers have always said where
        return Fault(0, str(error.problem))
    # Nothing is shown of what is not there: the end of the text is where its last character is.
    last = max(len(text.rstrip()) - 1, 0)
    at, start = min(mark.index, last), min(begun.index, last)
    scene = _Scene(text, at, start, str(error.problem), error.context or "", _tokens(read, at, loader))
    for look in (_joined, _tab, _quote, _bracket, _colon, _start, _escape, _place):
        if seen := look(scene):
            return seen
    return Fault(at, " ".join(filter(None, (scene.problem, scene.context))))


def _tokens(read: str, at: int, loader: Any) -> tuple[Any, ...]:
    """The tokens of the document, as far as they can be told apart, and the one behind it.

    It ends earlier where brackets are nested too deeply: the time that the scanner needs grows with their square.
    """
    tokens: list[Any] = []
    depth = 0
    with suppress(yaml.YAMLError, ValueError, OverflowError):
        for token in islice(yaml.scan(read, Loader=loader), _MOST_TOKENS):
            tokens.append(token)
            depth += isinstance(token, _OPEN) - isinstance(token, _CLOSE)
            if depth > _DEEPEST or (isinstance(token, _ENDS) and token.start_mark.index > at):
                break
    return tuple(tokens)


def _joined(scene: _Scene) -> Fault | None:
    """Traces of two files that were made one."""
    for index in (scene.begun, scene.at):
        line, start = scene.line(index), index - scene.column(index)
        if _CONFLICT.match(line):
            return Fault(start, "a merge conflict was left here; keep one side of it")
        if "\ufeff" in line:
            return Fault(start + line.index("\ufeff"), JOINED)
    return None


def _tab(scene: _Scene) -> Fault | None:
    if scene.text[scene.at : scene.at + 1] != "\t":
        return None
    before = scene.line(scene.at)[: scene.column(scene.at)]
    does = "indent" if not before.strip(" \t-?:") else "stand here"
    return Fault(scene.at, f"a tab may not {does}; use blanks")


def _quote(scene: _Scene) -> Fault | None:
    """A quote that is never closed, or closed by the one that should have opened the next text."""
    for token, after in _quoted(scene.tokens):
        start, end = token.start_mark.index, token.end_mark.index
        if end > scene.at:
            break
        goes_on = after is not None and after.start_mark.line == token.end_mark.line and _is_scalar(after)
        if goes_on or scene.text[end : end + 1] not in " \t\r\n,]}:":
            if scene.parts(start, end):
                line = len(_BREAK.findall(scene.text, start, end))
                return Fault(start, f"this quote closes only {_lines(line)} further down; close it where its text ends")
            return Fault(end, _within(scene.text[start]))
    if "quoted scalar" in scene.context and scene.problem.startswith("found unexpected"):
        return Fault(scene.begun, "this quote is never closed")
    return None


def _lines(number: int) -> str:
    return "one line" if number == 1 else f"{number} lines"


def _within(quote: str) -> str:
    inner = "''" if quote == "'" else '\\"'
    return f"the text goes on behind its closing quote; a quote within a quoted text is written {inner}"


def _quoted(tokens: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    for token, after in zip(tokens, (*tokens[1:], None), strict=True):
        if _is_scalar(token) and token.style in ("'", '"'):
            yield token, after


def _is_scalar(token: Any) -> bool:
    return isinstance(token, yaml.ScalarToken)


def _bracket(scene: _Scene) -> Fault | None:
    """A bracket or brace without its other half."""
    if "flow" not in scene.context and scene.text[scene.at : scene.at + 1] not in _CLOSES:
        return None
    unclosed = _unclosed(scene)
    if isinstance(unclosed, Fault):
        return unclosed
    if unclosed:
        index = scene.begun if scene.begun in unclosed else unclosed[-1]
        return Fault(index, f"this `{scene.text[index]}` is never closed")
    if "flow" in scene.context and scene.text[scene.at : scene.at + 1] == ":":
        return Fault(scene.at, "quote text that holds `: `")
    if "flow" in scene.context:
        hint = (
            "quotes around text with ${…} in it" if "${" in scene.line(scene.at) else "a comma, or quotes around text"
        )
        return Fault(scene.at, f"between brackets something is missing here: {hint}")
    return None


def _unclosed(scene: _Scene) -> Fault | list[int]:
    """Where brackets open that do not close, or the one that closes what was not open."""
    stack: list[int] = []
    for token in scene.tokens:
        index = token.start_mark.index
        if isinstance(token, _OPEN):
            stack.append(index)
        elif isinstance(token, _CLOSE):
            bracket = scene.text[index]
            if not stack:
                return Fault(index, f"this `{bracket}` closes nothing; quote text that holds it")
            if scene.text[stack[-1]] != _CLOSES[bracket]:
                return stack
            stack.pop()
        elif isinstance(token, _ENDS) and stack:
            return stack
    # All are closed, or the tokens end before it is known, unless so many are open that they cannot all be meant.
    return stack if len(stack) > _DEEPEST else []


def _colon(scene: _Scene) -> Fault | None:
    """`VIP: Gold` without quotes; a key without a blank behind its colon; a key that is indented too deeply."""
    if "mapping values are not allowed" not in scene.problem and "could not find expected ':'" not in scene.problem:
        return None
    line, column = scene.line(scene.at), scene.column(scene.at)
    entry = _ENTRY.match(line)
    if entry and entry.end() <= column and "mapping values" in scene.problem:
        return Fault(scene.at, f"quote text that holds `: `, as in {_suggested(line, entry.end())}")
    for index in (scene.begun, scene.at, scene.at - column - 2):
        if index >= 0 and (joined := _NO_BLANK.match(scene.line(index))):
            colon = index - scene.column(index) + joined.end(1)
            return Fault(colon, f"a blank is missing behind `{joined[1]}:`")
    if "mapping values" in scene.problem:
        start = scene.at - column + len(line) - len(line.lstrip())
        return Fault(start, "this line is indented as if it went on with the text above; give it the indent of its key")
    return Fault(scene.begun, "this line is neither `key: value` nor an entry of a list")


def _suggested(line: str, start: int) -> str:
    text = re.split(r"\s#", line[start:])[0].rstrip()
    text = text if len(text) <= 60 else f"{text[:59]}…"
    key = line[:start].strip(" -\t")
    return key + ' "' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _start(scene: _Scene) -> Fault | None:
    """Text that begins with a character that means something to YAML."""
    character = scene.text[scene.at : scene.at + 1]
    words = ("cannot start any token", "entries are not allowed", "keys are not allowed", "expected node content",
             "expected the node content")  # fmt: skip
    if any(part in scene.problem for part in words):
        return Fault(scene.at, f"text that begins with {character!r} must be in quotes")
    if "block scalar" in scene.context:
        return Fault(scene.begun, f"text that begins with {scene.text[scene.begun]!r} must be in quotes")
    return None


def _escape(scene: _Scene) -> Fault | None:
    if "unknown escape character" in scene.problem:
        index = scene.text.rfind("\\", 0, scene.at + 1)
        shown = scene.text[index : index + 2]
        return Fault(index, f"`{shown}` is no escape; write `\\\\` for a backslash, or take 'single quotes'")
    if "Unicode character escape" in scene.problem:
        index = scene.text.rfind("\\", 0, scene.at + 1)
        is_half = re.match(r"\\u[dD][89a-fA-F]", scene.text[index : index + 4])
        return Fault(index, f"this escape {'is ' + HALF if is_half else 'names no character'}")
    return None


def _place(scene: _Scene) -> Fault | None:
    """What does not belong where it stands: too far left or right, or behind a value that was complete."""
    words = ("expected key", "expected <block end>", "expected '-' indicator", "<document start>")
    if not any(part in scene.problem for part in words):
        return None
    line, column = scene.line(scene.at), scene.column(scene.at)
    if not line[:column].strip():
        return Fault(scene.at, "the indent of this line fits nothing above; line it up with what it belongs to")
    return Fault(scene.at, "this does not belong behind what stands before it; put the whole text in quotes")
