"""Whether a journal holds together: its chain followed from the first line to the last, in bounded memory.

A hash chain cannot show that the end was cut off, nor that somebody wrote the whole file anew; `Chain.head` can, for
those who keep it elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tierops import __version__
from tierops.host import disk
from tierops.journal import document
from tierops.journal.line import BEGINNING, LONGEST, MOST_TORN, NOTHING, Line, hash_of, is_torn, parse
from tierops.model import Position, Problem, Severity
from tierops.text.visible import printable

_MOST_NOTES = 100
_MOST_INTENTS = 10_000
_LONGEST_REQUEST = 200  # characters of a method and a path


class Chain(NamedTuple):
    """How far a journal holds together. Times are ISO 8601 in UTC, None where there is no line.

    `torn` counts the lines that were cut off while they were written and recovered afterwards. `head` is the SHA-256
    of the last line that holds: who keeps it elsewhere can tell later that the end was cut off.
    """

    lines: int
    runs: int
    first: str | None
    last: str | None
    torn: int
    head: str


class Verdict(NamedTuple):
    """The chain of a journal, the first line that is broken as a problem, and what a crash left behind as notes."""

    chain: Chain
    problems: tuple[Problem, ...]

    @property
    def is_whole(self) -> bool:
        """True where no line is broken."""
        return all(problem.severity is Severity.NOTE for problem in self.problems)


def verify(path: Path) -> Verdict:
    """Follow the chain from the first line to the last, line by line. Raises `BadFile` for an unreadable file."""
    check = _Check(str(path))
    try:
        with disk.reading(path) as file:
            while raw := file.readline(LONGEST + 1):
                check.take(raw)
            check.finish()
    except _Broken as broken:
        problem = Problem("broken-journal", broken.reason, Position(str(path), broken.line, 1))
        return Verdict(check.chain, (*check.notes(), problem))
    return Verdict(check.chain, check.notes())


class _Broken(Exception):
    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(reason)


class _Torn(NamedTuple):
    """Bytes that are no whole line. `is_possible` says that a crash can have cut them off."""

    line: int
    length: int
    hash: str
    is_possible: bool


class _Check:
    """The walk along the chain. What it keeps is bounded, however long the file."""

    def __init__(self, name: str) -> None:
        self.chain = Chain(0, 0, None, None, 0, NOTHING)
        self._name = name
        self._read = 0
        self._is_begun = False  # as a journal
        self._torn: list[_Torn] = []
        self._unanswered: dict[int, tuple[int, str]] = {}  # number of an intent → its line in the file, its request
        self._run = 0  # the line where the run began that has not ended
        self._notes: list[Problem] = []
        self._more_notes = 0

    def take(self, raw: bytes) -> None:
        """One line, with the newline if it has one. Raises `_Broken`."""
        self._read += 1
        text = raw.removesuffix(b"\n")
        if self._read == 1:
            self._is_begun = text.startswith(BEGINNING)
        if len(text) > LONGEST:
            raise _Broken(self._read, f"longer than {LONGEST:,} bytes, as no line is")
        line = parse(text)
        if line is None:
            self._torn.append(_Torn(self._read, len(text), hash_of(text), is_torn(text, has_newline=text != raw)))
            if len(self._torn) > MOST_TORN:
                raise self._altered()
            return
        if self._torn and not self._is_recovery(line):
            raise self._altered()
        self._link(line)
        self._follow(self._typed(line))

    def finish(self) -> None:
        """The file has ended. Raises `_Broken`."""
        if not all(torn.is_possible for torn in self._torn):
            raise self._altered()
        for torn in self._torn:
            self._note(torn.line, f"cut off after {torn.length} bytes while it was written; the next run recovers it")
        self._run_ended()

    def notes(self) -> tuple[Problem, ...]:
        """The notes, as many as anybody reads."""
        if not self._more_notes:
            return tuple(self._notes)
        at = Position(self._name, self._read, 1)
        return (*self._notes, Problem("journal", f"{self._more_notes} more notes", at, severity=Severity.NOTE))

    def _altered(self) -> _Broken:
        if not self.chain.lines and not self._is_begun:
            return _Broken(self._torn[0].line, "the file is no journal, or its beginning was altered")
        return _Broken(self._torn[0].line, "altered: the line is not what its own digest says")

    def _is_recovery(self, line: Line) -> bool:
        torn = [{"bytes": torn.length, "sha256": torn.hash} for torn in self._torn]
        return line.kind == "recovered" and line.fields.get("torn") == torn

    def _link(self, line: Line) -> None:
        if line.n != self.chain.lines + 1:
            due = self.chain.lines + 1
            raise _Broken(self._read, f"is number {line.n} where {due} is due: lines were removed, inserted or moved")
        if line.previous != self.chain.head:
            raise _Broken(self._read, "does not follow the line before, which was altered or replaced")
        for torn in self._torn:
            recovered = f"recovered in line {self._read}"
            self._note(torn.line, f"cut off after {torn.length} bytes while it was written; {recovered}")
        self.chain = Chain(
            lines=line.n,
            runs=self.chain.runs + (line.kind == "run"),
            first=self.chain.first or line.at,
            last=line.at,
            torn=self.chain.torn + len(self._torn),
            head=line.hash,
        )
        self._torn.clear()

    def _typed(self, line: Line) -> document.AnyLine:
        try:
            return document.read(line.fields)
        except ValueError as error:
            reason = f"is no line that tierops {__version__} writes ({printable(str(error))})"
            raise _Broken(self._read, reason) from None

    def _follow(self, line: document.AnyLine) -> None:
        match line:
            case document.RunLine():
                self._run_ended()
                self._run = self._read
            case document.EndLine():
                self._run = 0
                self._run_ended()
            case document.IntentLine():
                if len(self._unanswered) == _MOST_INTENTS:  # no run has as many under way; bounded all the same
                    self._note_unanswered(next(iter(self._unanswered)))
                self._unanswered[line.n] = self._read, f"{line.method} {line.path}"[:_LONGEST_REQUEST]
            case document.AnswerLine():
                self._unanswered.pop(line.intent, None)
            case _:
                pass

    def _run_ended(self) -> None:
        for intent in list(self._unanswered):
            self._note_unanswered(intent)
        if self._run:
            self._note(self._run, "the run that begins here has no end: it was killed, or is still under way")
        self._run = 0

    def _note_unanswered(self, intent: int) -> None:
        at, request = self._unanswered.pop(intent)
        self._note(at, f"{request} has no answer: a create may or may not have landed")

    def _note(self, line: int, message: str) -> None:
        if len(self._notes) < _MOST_NOTES:
            at = Position(self._name, line, 1)
            self._notes.append(Problem("journal", message, at, severity=Severity.NOTE))
        else:
            self._more_notes += 1
