"""Whether a journal holds together: its chain followed from the first line to the last, in bounded memory.

A hash chain cannot show that the end was cut off, nor that somebody wrote the whole file anew; `Chain.head` can, for
those who keep it elsewhere.
"""

from __future__ import annotations

from pathlib import Path

from tierops.errors import Exit, UsageError
from tierops.journal.line import LONGEST, MOST_TORN, NOTHING, Line, hash_of, is_torn, parse
from tierops.model import Chain, Position, Problem, Report, Severity, Value

_MOST_NOTES = 100
_MOST_INTENTS = 10_000


def verify(path: Path) -> Report:
    """Follow the chain from the first line to the last, line by line. Raises `UsageError` for an unreadable file.

    The first line that is broken is a problem; what a crash left behind is a note.
    """
    check = _Check(str(path))
    try:
        with path.open("rb") as file:
            while raw := file.readline(LONGEST + 1):
                check.take(raw)
            check.finish()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except _Broken as broken:
        problem = Problem("broken-journal", broken.reason, Position(str(path), broken.line, 1))
        return Report("journal verify", Exit.FAILED, problems=(*check.shown(), problem), journal=check.chain)
    return Report("journal verify", Exit.DONE, problems=check.shown(), journal=check.chain)


class _Broken(Exception):
    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(reason)


class _Check:
    """The walk along the chain. What it keeps is bounded, however long the file."""

    def __init__(self, name: str) -> None:
        self.chain = Chain(0, 0, None, None, 0, NOTHING)
        self._name = name
        self._read = 0
        self._torn: list[tuple[int, int, str, bool]] = []  # line, bytes, hash, whether it may be torn
        self._intents: dict[Value, tuple[int, str]] = {}
        self._run = 0  # the line where the run began that has not ended
        self._notes: list[Problem] = []
        self._more = 0

    def take(self, raw: bytes) -> None:
        """One line, with the newline if it has one. Raises `_Broken`."""
        self._read += 1
        text = raw.removesuffix(b"\n")
        if len(text) > LONGEST:
            raise _Broken(self._read, f"longer than {LONGEST:,} bytes, as no line is")
        line = parse(text)
        if line is None:
            self._torn.append((self._read, len(text), hash_of(text), is_torn(text, has_newline=text != raw)))
            if len(self._torn) > MOST_TORN:
                raise self._altered()
            return
        if self._torn and not self._is_recovery(line):
            raise self._altered()
        self._link(line)
        self._follow(line)

    def finish(self) -> None:
        """The file has ended. Raises `_Broken`."""
        if not all(may_be_torn for *_, may_be_torn in self._torn):
            raise self._altered()
        for at, length, *_ in self._torn:
            self._note(at, f"cut off after {length} bytes while it was written; the next run recovers it")
        self._run_ended()

    def shown(self) -> tuple[Problem, ...]:
        """The notes, as many as anybody reads."""
        if not self._more:
            return tuple(self._notes)
        last = Problem("journal", f"{self._more} more notes", Position(self._name, self._read, 1), "", Severity.NOTE)
        return (*self._notes, last)

    def _altered(self) -> _Broken:
        return _Broken(self._torn[0][0], "altered: the line is not what its own digest says")

    def _is_recovery(self, line: Line) -> bool:
        told = [{"bytes": length, "sha256": hash_} for _, length, hash_, _ in self._torn]
        return line.kind == "recovered" and line.fields.get("torn") == told

    def _link(self, line: Line) -> None:
        if line.n != self.chain.lines + 1:
            due = self.chain.lines + 1
            raise _Broken(self._read, f"is number {line.n} where {due} is due: lines were removed, inserted or moved")
        if line.previous != self.chain.head:
            raise _Broken(self._read, "does not follow the line before, which was altered or replaced")
        for at, length, *_ in self._torn:
            self._note(at, f"cut off after {length} bytes while it was written; recovered in line {self._read}")
        first = self.chain.first or line.at
        torn = self.chain.torn + len(self._torn)
        self.chain = Chain(line.n, self.chain.runs + (line.kind == "run"), first, line.at, torn, line.hash)
        self._torn.clear()

    def _follow(self, line: Line) -> None:
        match line.kind:
            case "run":
                self._run_ended()
                self._run = self._read
            case "end":
                self._run = 0
                self._run_ended()
            case "intent":
                if len(self._intents) == _MOST_INTENTS:  # no run has as many under way; bounded all the same
                    self._unanswered(next(iter(self._intents)))
                shown = f"{line.fields.get('method')} {line.fields.get('path')}"
                self._intents[line.n] = self._read, shown[:200]
            case "answer":
                answered = line.fields.get("intent")
                if isinstance(answered, int):
                    self._intents.pop(answered, None)
            case _:
                pass

    def _run_ended(self) -> None:
        for intent in list(self._intents):
            self._unanswered(intent)
        if self._run:
            self._note(self._run, "the run that begins here has no end: it was killed, or is still under way")
        self._run = 0

    def _unanswered(self, intent: Value) -> None:
        at, request = self._intents.pop(intent)
        self._note(at, f"{request} has no answer: a create may or may not have landed")

    def _note(self, line: int, message: str) -> None:
        if len(self._notes) < _MOST_NOTES:
            self._notes.append(Problem("journal", message, Position(self._name, line, 1), "", Severity.NOTE))
        else:
            self._more += 1
