"""Places in files, and what is found there."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Position(NamedTuple):
    """A place in a file: path as the user would type it, line and column counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


UNREADABLE = "unreadable-target"
"""The rule of a problem that is none of the files: a target that could not be read."""


MEMBERS = "members"
"""The rule of a problem with members: a row that is none, or more of them who move than somebody set as a bound."""


class Severity(StrEnum):
    """How much a finding weighs: an `error` stops every command, the others stop none.

    A `warning` is of what is hardly meant so and will be regretted, a `note` of what may well be meant, or is waived.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Problem(NamedTuple):
    """One finding in the files. `member` names somebody whom it would hurt, or is empty.

    `program`, `targets` (names) and `tier` say what it is about, as far as that is known: no targets are all of the
    program. `waiver` is the reason and the end of the waiver that makes it a note.
    """

    rule: str
    message: str
    at: Position
    member: str = ""
    severity: Severity = Severity.ERROR
    program: str = ""
    targets: tuple[str, ...] = ()
    tier: str = ""
    waiver: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it stops every command."""
        return self.severity is Severity.ERROR

    @property
    def is_advice(self) -> bool:
        """True for a note on what may well be meant, which need not be told with each plan."""
        return self.severity is Severity.NOTE and not self.waiver

    @property
    def told(self) -> str:
        """The message with whom it would hurt."""
        return f"{self.message} ({self.member})" if self.member else self.message

    def __str__(self) -> str:
        return f"{self.at}: {self.rule}: {self.told}"
