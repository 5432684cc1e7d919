"""Workflow commands that GitHub shows as annotations: one line a finding, the heaviest first.

GitHub shows ten errors, ten warnings and ten notices of a step beside the files; all are in its log.
See: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tierops.output.findings import Finding, Level, by_weight, findings
from tierops.output.report import Report
from tierops.output.words import plain
from tierops.text.visible import printable

SHOWN = 10  # of a kind, by GitHub
_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def render(report: Report) -> Iterator[str]:
    """One command a line; nothing at all where nothing was found. What ended the command comes first.

    Where GitHub would not show all of them, one more says how many are in the log only.
    """
    listed = by_weight(findings(report))
    lines = [f"::error title=tierops::{_data(plain(report.error))}"] if report.error else []
    lines += [_annotation(finding) for finding in listed]
    numbers = Counter(finding.level for finding in listed) + Counter({Level.ERROR: len(lines) - len(listed)})
    if max(numbers.values(), default=0) > SHOWN:
        # Before the other notices, to be one of those that are shown.
        place = len(lines) - numbers[Level.NOTE]
        numbers[Level.NOTE] += 1
        hidden = ", ".join(_counted(numbers[level] - SHOWN, level) for level in Level if numbers[level] > SHOWN)
        text = f"GitHub shows {SHOWN} of a kind beside the files; in the log of this step are {hidden} more"
        lines.insert(place, f"::notice title=tierops::{_data(text)}")
    return (f"{line}\n" for line in lines)


def _counted(number: int, level: Level) -> str:
    return f"{number} {_COMMANDS[level]}{'' if number == 1 else 's'}"


def _annotation(finding: Finding) -> str:
    at = finding.at
    title = f"{finding.rule} ({finding.subject})" if finding.subject else finding.rule
    properties = {"file": at.file, "line": str(at.line), "col": str(at.column), "title": title}
    pairs = ",".join(f"{name}={_property(printable(value))}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.level]} {pairs}::{_data(finding.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
