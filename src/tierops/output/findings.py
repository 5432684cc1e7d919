"""A report as findings at lines of files, which is what CI systems show beside a change. Pure; the formats write it.

What `validate` found is a finding, and so is every change that `drift` found: at the tier or the target in the files
that live departs from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from tierops.model import Change, History, Kind, Position, Problem, TargetPlan
from tierops.output.entries import departure, edited
from tierops.output.report import Report
from tierops.output.words import shortened
from tierops.rules import RULES
from tierops.text import jsontext

_FOLDER = re.compile(r"\bat .*/(?=[^/]+:[0-9]+:[0-9]+)")
_LONGEST = 1000  # characters of a message; the text and JSON reports hold all of it


class Level(StrEnum):
    """How much a finding weighs, heaviest first: what must be mended, what a person should look at, and the rest."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Check(NamedTuple):
    """A rule as a CI system lists it: id, why it exists, what to do, and how much a finding weighs unless waived.

    One of `is_policy` is on only where a team turned it on.
    """

    id: str
    reason: str
    cure: str
    level: Level = Level.ERROR
    is_policy: bool = False


_WAIVED = "Mend the file, or waive the rule for a while: waivers: [{{rule: {}, reason: …, until: …}}]"
CHECKS = tuple(
    Check(
        rule.id,
        rule.reason,
        _WAIVED.format(rule.id) if rule.is_waivable else "Mend the file; it cannot be waived.",
        is_policy=rule.is_policy,
    )
    for rule in RULES.values()
)
DRIFT = (
    Check("drift-missing", "a tier of the files is not live", "`tierops apply` creates it.", Level.WARNING),
    Check(
        "drift-differs",
        "a live tier is not as in the files",
        "Change the file, or the tier at the vendor; tierops never changes a live tier.",
        Level.WARNING,
    ),
    Check("drift-unmanaged", "a live tier is in no file", "Add it to a file; tierops never removes it.", Level.WARNING),
    Check("unreadable-target", "a target that cannot be read cannot be audited", "Mend what the message says."),
    Check("drift-blocked", "a tier is not live and must not be created", "Do what the message says."),
)
_UNREADABLE = DRIFT[3]
_OF_KIND = dict(zip((Kind.CREATE, Kind.DIFFERS, Kind.UNMANAGED, Kind.BLOCKED), (*DRIFT[:3], DRIFT[4]), strict=True))


class Finding(NamedTuple):
    """One finding. `message` is one printable line of at most 1,000 characters.

    `fingerprint` stays the same when lines move and numbers change. `targets` are names; none are all of the program.
    """

    rule: str
    level: Level
    message: str
    at: Position
    fingerprint: str
    program: str = ""
    targets: tuple[str, ...] = ()
    tier: str = ""
    waiver: str = ""

    @property
    def subject(self) -> str:
        """What it is about, as far as that is known: `program/target`, several with commas, or the program."""
        return ", ".join(f"{self.program}/{target}" for target in self.targets) or self.program


def checks(command: str) -> tuple[Check, ...]:
    """The rules that a command can report: `drift` refuses files that break one of `validate`'s."""
    return {"drift": (*CHECKS, *DRIFT), "test": (*CHECKS, _UNREADABLE)}.get(command, CHECKS)


def findings(report: Report) -> tuple[Finding, ...]:
    """The problems in the files, then, for `drift`, the changes of each target. In the order of the report."""
    listed = [_problem(problem._replace(at=report.place(problem.at))) for problem in report.problems]
    if report.command == "drift" and report.plan is not None:
        logs = report.histories
        changes = [
            _change(change, target, logs.get(target.address))
            for target in report.plan.targets
            for change in target.changes
        ]
        listed += [change._replace(at=report.place(change.at)) for change in changes]
    return tuple(_numbered(listed))


def by_weight(listed: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The heaviest first, otherwise in the order given."""
    levels = list(Level)
    return tuple(sorted(listed, key=lambda finding: levels.index(finding.level)))


def _problem(problem: Problem) -> Finding:
    # A tier has each rule once. Other findings are told apart by their words, but not by the numbers in these, nor by
    # the folder of a file, which is another one where the command runs elsewhere.
    words = "" if problem.tier else re.sub(r"[0-9]+", "0", _FOLDER.sub("at ", problem.message))
    where = "" if problem.program else problem.at.file
    return Finding(
        problem.rule,
        Level(problem.severity.value),
        shortened(problem.told, _LONGEST),
        problem.at,
        _digest(problem.rule, where, problem.program, *problem.targets, problem.tier, words),
        problem.program,
        problem.targets,
        problem.tier,
        shortened(problem.waiver, _LONGEST),
    )


def _change(change: Change, target: TargetPlan, history: History | None) -> Finding:
    check = _OF_KIND[change.kind]
    message = f"{target.address}: {departure(change, target)}"
    if latest := next((edit for edit in history.edits if edit.tier == change.name) if history else iter(()), None):
        message += f" ({edited(latest)})"
    if change.note and change.kind in {Kind.DIFFERS, Kind.BLOCKED}:
        message += f"; {change.note}"
    return Finding(
        check.id,
        check.level,
        shortened(message, _LONGEST),
        change.after.at if change.after and change.after.at else target.target.at,
        _digest(check.id, target.target.program, target.target.name, change.name),
        target.target.program,
        (target.target.name,),
        change.name,
    )


def _digest(*parts: str) -> str:
    return jsontext.digest(list(parts)).removeprefix("sha256:")[:16]


def _numbered(listed: list[Finding]) -> Iterator[Finding]:
    seen: Counter[str] = Counter()
    for finding in listed:
        seen[finding.fingerprint] += 1
        yield finding._replace(fingerprint=f"{finding.fingerprint}:{seen[finding.fingerprint]}")
