"""JUnit XML, for GitLab's and Jenkins' test reports: a suite for each program, a case for each rule and target.

A case fails with all findings of its rule at its target. What is waived is skipped; what else stops no command passes,
with its sentence in the output. Findings in a file that no program came of are cases of that file. GitLab tells cases
apart by name, so each name says where. For `test` there is a case for each member test at each target instead.
See: https://docs.gitlab.com/ci/testing/unit_test_reports/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple
from xml.etree import ElementTree as ET

from tierops import __version__
from tierops.model import Position
from tierops.output.findings import CHECKS, DRIFT, Finding, Level, findings
from tierops.output.report import Report
from tierops.output.words import plain
from tierops.text.visible import printable

_DRIFT = frozenset(check.id for check in DRIFT)


class _Case(NamedTuple):
    """One test case. It passed where there is neither an `error` nor a finding nor a `failure`, which is a sentence."""

    name: str
    suite: str
    at: Position | None = None
    findings: tuple[Finding, ...] = ()
    error: str = ""
    failure: str = ""

    @property
    def outcome(self) -> str:
        """The element that says how it ended, empty where it passed."""
        if self.error:
            return "error"
        if self.failure or any(map(_fails, self.findings)):
            return "failure"
        return "skipped" if any(finding.waiver for finding in self.findings) else ""


def render(report: Report) -> str:
    """One document in ASCII. `time` is 0 throughout: nothing was timed case by case."""
    cases = list(_cases(report))
    root = ET.Element("testsuites", {"name": _title(report), **_counts(cases)})
    for name, group in groupby(cases, key=lambda case: case.suite):
        own = list(group)
        suite = ET.SubElement(root, "testsuite", {"name": name, **_counts(own)})
        properties = ET.SubElement(suite, "properties")
        for key, value in _properties(report).items():
            ET.SubElement(properties, "property", name=key, value=value)
        for case in own:
            _write(suite, case)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=True)
    return document.decode() + "\n"


def _title(report: Report) -> str:
    return f"tierops {printable(report.command)}".rstrip()


def _cases(report: Report) -> Iterator[_Case]:
    if report.error:
        yield _Case(_title(report), "tierops", error=plain(report.error))
    for verdict in report.verdicts or ():
        yield _Case(
            printable(f"{verdict.promise} at {verdict.address}"),
            printable(verdict.program),
            report.place(verdict.test.at),
            failure=printable(verdict.told),
        )
    places = _places(report)
    elsewhere: dict[str, dict[str, list[Finding]]] = {}
    at_targets: dict[str, dict[str, list[Finding]]] = {}  # by address, then by rule
    for finding in findings(report):
        if report.verdicts is not None and finding.rule == "failing-test":  # which has a case of its own
            continue
        targets = finding.targets or tuple(places.get(finding.program, ()))
        known = [target for target in targets if target in places.get(finding.program, ())]
        for target in known:
            own = at_targets.setdefault(f"{finding.program}/{target}", {})
            own.setdefault(finding.rule, []).append(finding)
        if not known:
            elsewhere.setdefault(finding.at.file, {}).setdefault(finding.rule, []).append(finding)
    listed = DRIFT if report.command == "drift" else CHECKS if report.verdicts is None else ()
    rules = [check.id for check in listed if not check.is_policy or check.id in report.policy]
    for program, targets_at in places.items():
        for target, at in targets_at.items():
            address = f"{program}/{target}"
            # `drift` may have seen waived findings of the other rules, too.
            own = at_targets.get(address, {})
            for rule in dict.fromkeys([*rules, *own]):
                yield _case(f"{rule} at {address}", program, at, own.get(rule, ()))
    for file, by_rule in elsewhere.items():
        for rule, in_file in by_rule.items():
            yield _case(f"{rule} in {file}", file, in_file[0].at, in_file)


def _case(name: str, suite: str, at: Position, own: Sequence[Finding]) -> _Case:
    return _Case(printable(name), printable(suite), own[0].at if own else at, tuple(own))


def _places(report: Report) -> Mapping[str, Mapping[str, Position]]:
    """Where each target of each program is in the files."""
    places: dict[str, dict[str, Position]] = {}
    for target in report.targets:
        places.setdefault(target.program, {}).setdefault(target.name, report.place(target.at))
    for planned in report.plan.targets if report.plan else ():
        places.setdefault(planned.target.program, {}).setdefault(planned.target.name, report.place(planned.target.at))
    return places


def _properties(report: Report) -> dict[str, str]:
    properties = {
        "version": __version__,
        "command": report.command,
        "environment": report.environment or "",
        "exit-code": str(int(report.exit_code)),
    }
    return {name: printable(value) for name, value in properties.items() if value}


def _counts(cases: Sequence[_Case]) -> dict[str, str]:
    outcomes = [case.outcome for case in cases]
    numbers = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    counted = {name: str(outcomes.count(outcome)) for name, outcome in numbers.items()}
    return {"tests": str(len(cases)), **counted, "time": "0"}


def _write(suite: ET.Element, case: _Case) -> None:
    attributes = {"name": case.name, "classname": case.suite, "time": "0"}
    if case.at is not None:
        attributes |= {"file": printable(case.at.file), "line": str(case.at.line)}
    element = ET.SubElement(suite, "testcase", attributes)
    if case.outcome == "error":
        ET.SubElement(element, "error", message=case.error.replace("\n", " "), type="tierops").text = case.error
    elif case.failure:
        ET.SubElement(element, "failure", message=case.failure, type="failing-test").text = case.failure
    elif case.outcome == "failure":
        heavy = [finding for finding in case.findings if _fails(finding)]
        more = f" (and {len(heavy) - 1} more)" if len(heavy) > 1 else ""
        failure = ET.SubElement(element, "failure", message=heavy[0].message + more, type=heavy[0].rule)
        failure.text = _lines(heavy)
    elif case.outcome == "skipped":
        waiver = next(finding.waiver for finding in case.findings if finding.waiver)
        ET.SubElement(element, "skipped", message=waiver).text = _lines(case.findings)
    elif case.findings:
        ET.SubElement(element, "system-out").text = _lines(case.findings)


def _fails(finding: Finding) -> bool:
    """An error does, and so does what drift found; a warning about the files stops no command."""
    return finding.level is Level.ERROR or finding.rule in _DRIFT


def _lines(listed: Sequence[Finding]) -> str:
    return "\n".join(f"{printable(str(finding.at))}: {finding.message}" for finding in listed)
