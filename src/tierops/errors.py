"""The exception tree. Each error carries its exit code, so that exit codes live in one place."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tierops.model import Problem


_REFUSED = (
    "plan file refused: stale, expired, other environment or account, altered, not what tierops itself would plan,"
    " unknown format"
)


class Exit(IntEnum):
    """Every way in which tierops ends. The README's table is made from this."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Exit:
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    DONE = 0, "done; nothing left to do (`plan` without `--detailed-exitcode` also exits 0 with changes)"
    FAILED = (
        1,
        "failed: bad input, refused by the vendor, network, a target that cannot be read; nothing was written",
    )
    DIFFERENCES = 2, "differences found (`plan --detailed-exitcode`, `drift`)"
    REMAINING = 3, "apply did all that creates can do, differences remain"
    REFUSED = 4, _REFUSED
    PARTIAL = 5, "apply stopped part-way; the report lists done, not done"
    UNKNOWN = 6, "outcome unknown: a create may or may not have landed; the report lists which"
    USAGE = 64, "usage error"
    INTERRUPTED = 130, "interrupted; the report of an apply lists done, unknown, not done"


class TieropsError(Exception):
    """Anything that ends a command with a sentence for its user."""

    exit_code = Exit.FAILED


class UsageError(TieropsError):
    """The command line, or a variable that belongs to it, makes no sense."""

    exit_code = Exit.USAGE


class BadFile(TieropsError):
    """A file that the command line names cannot be read or written, or is not what it must be."""


class BadInput(TieropsError):
    """The files hold problems, or lead to some; every one of them is in `problems`."""

    def __init__(self, problems: Sequence[Problem], message: str = "") -> None:
        self.problems = tuple(problems)
        number = sum(problem.severity == "error" for problem in self.problems)
        super().__init__(message or f"{number} problem{'s' if number != 1 else ''} in the files")


class PlanRefused(TieropsError):
    """A plan file must not be carried out, for the reason given."""

    exit_code = Exit.REFUSED


class Interrupted(TieropsError):
    """Somebody asked to stop; nothing was sent after that."""

    exit_code = Exit.INTERRUPTED

    def __init__(self, message: str = "interrupted; nothing was written") -> None:
        super().__init__(message)


UNAUTHORIZED = 401  # the HTTP status for a key that is wrong or has expired
NOT_FOUND = 404


class VendorError(TieropsError):
    """A vendor refused, could not be reached, or answered otherwise than documented.

    `status` is the HTTP status of a refusal, None where there was no such answer.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class NotSent(VendorError):
    """The request was not sent, or the vendor rejected it before processing it (429). Nothing changed."""


class IncompleteRead(VendorError):
    """A list of live tiers could not be shown to be complete, so nothing may be planned from it."""


class AnswerLost(VendorError):
    """A create was sent and its answer does not say what happened; only reading back tells.

    What a list does not show may still appear: the vendor may be at work on it, or its lists may lag. `is_taken` says
    that the vendor accepted the request, or said that it is at work on it: then it is never sent again.
    """

    def __init__(self, message: str, *, is_taken: bool = False) -> None:
        super().__init__(message)
        self.is_taken = is_taken
