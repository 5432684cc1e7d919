"""SARIF 2.1.0 (OASIS), for code scanning.

Fields and limits as GitHub documents them:
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePath
from urllib.parse import quote

from tierops import __version__
from tierops.model import Position, Value
from tierops.output.findings import Check, Finding, Level, by_weight, checks, findings
from tierops.output.report import Report
from tierops.output.words import plain
from tierops.text import jsontext
from tierops.text.jsontext import Entries, Items, Written
from tierops.text.visible import printable

MOST = 25_000  # results of a run; GitHub refuses a file with more
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "the root of the repository"
_SEVERITIES = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "recommendation"}


def render(report: Report, most: int = MOST) -> Iterator[str]:
    """One SARIF log with one run, as ASCII. Findings beyond `most`, the lightest, are counted in a notification."""
    every = findings(report)
    kept = every if len(every) <= most else by_weight(every)[:most]
    listed = checks(report.command)
    numbers = {check.id: number for number, check in enumerate(listed)}
    run: dict[str, Written] = {
        "tool": {"driver": {"name": "tierops", "version": __version__, "rules": [_rule(check) for check in listed]}},
        "automationDetails": {"id": "/".join(["tierops", report.command, *_environment(report), ""])},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": _message(_ROOT)}},
        "invocations": [_invocation(report, len(every) - len(kept), most)],
        "results": Items(_result(finding, numbers[finding.rule]) for finding in kept),
    }
    log: dict[str, Written] = {"$schema": _SCHEMA, "version": "2.1.0", "runs": Items([Entries(run.items())])}
    yield from jsontext.pieces(Entries(log.items()), indent=2)
    yield "\n"


def _environment(report: Report) -> list[str]:
    """A part of the category that GitHub keeps alerts in: what one environment has, another may lack."""
    return [quote(printable(report.environment), safe="")] if report.environment else []


def _rule(check: Check) -> dict[str, Value]:
    return {
        "id": check.id,
        "shortDescription": _message(check.id.replace("-", " ").capitalize()),
        "fullDescription": _message(f"{check.reason[0].upper()}{check.reason[1:]}."),
        "help": _message(check.cure),
        "defaultConfiguration": {"level": check.level.value},
        "properties": {
            "tags": ["loyalty-tiers"],
            "precision": "very-high",
            "problem.severity": _SEVERITIES[check.level],
        },
    }


def _invocation(report: Report, left_out: int, most: int) -> dict[str, Value]:
    """GitHub refuses the upload of a run that did not succeed, and so does not take its alerts for fixed."""
    notifications: list[Value] = []
    if report.error:
        notifications.append({"level": "error", "message": _message(plain(report.error))})
    if left_out:
        message = f"{left_out} of the lighter findings are left out: GitHub takes {most} of a run"
        notifications.append({"level": "warning", "message": _message(message)})
    invocation: dict[str, Value] = {
        "executionSuccessful": not report.error,
        "exitCode": int(report.exit_code),
        "exitCodeDescription": report.exit_code.meaning,
    }
    return {**invocation, "toolExecutionNotifications": notifications} if notifications else invocation


def _result(finding: Finding, number: int) -> dict[str, Value]:
    about: dict[str, Value] = {
        "program": printable(finding.program),
        "targets": [printable(target) for target in finding.targets],
        "tier": printable(finding.tier),
    }
    result: dict[str, Value] = {
        "ruleId": finding.rule,
        "ruleIndex": number,
        "level": finding.level.value,
        "message": _message(finding.message),
        "locations": [{"physicalLocation": _place(finding.at)}],
        # GitHub looks at the second one only. What it makes by itself, a hash of the line, is the same for two live
        # tiers that no file has: both are reported at their target.
        "partialFingerprints": {"tierops/v1": finding.fingerprint, "primaryLocationLineHash": finding.fingerprint},
        "properties": {name: value for name, value in about.items() if value},
    }
    if finding.waiver:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.waiver}]
    return result


def _place(at: Position) -> dict[str, Value]:
    path = PurePath(at.file)
    uri = quote(_bytes(path.as_posix()), safe="/")
    if path.is_absolute():
        location: dict[str, Value] = {"uri": path.as_uri() if path.drive else f"file://{uri}"}
    else:
        location = {"uri": uri, "uriBaseId": "%SRCROOT%"}
    return {"artifactLocation": location, "region": {"startLine": at.line, "startColumn": at.column}}


def _bytes(path: str) -> bytes:
    """The name as the system keeps it, which need not be UTF-8."""
    try:
        return os.fsencode(path)
    except UnicodeEncodeError:  # no name that a file of this system can have
        return path.encode(errors="surrogatepass")


def _message(text: str) -> dict[str, Value]:
    """`[…](…)` in a message is a link; no name becomes one."""
    return {"text": text.replace("](", "] (")}
