"""The report as one JSON document, version 1. Keys are added, never renamed or removed, within a version."""

from __future__ import annotations

from collections.abc import Iterator

from tierops import __version__, plan_file
from tierops.model import Edit, History, Kind, Outcome, Plan, Problem, Result, Value, Verdict, exact
from tierops.output import view
from tierops.output.checklist import checklist
from tierops.output.report import Report
from tierops.text import jsontext
from tierops.text.jsontext import Entries, Written


def render(report: Report) -> Iterator[str]:
    """One JSON object; `plan` is exactly what a plan file holds."""
    data: dict[str, Written] = {
        "format_version": "1",
        "tool_version": __version__,
        "command": report.command,
        "exit_code": int(report.exit_code),
        "error": report.error or None,
        "problems": [_problem(problem) for problem in report.problems],
        "checked": report.checked and dict(zip(("programs", "targets", "tiers"), report.checked, strict=True)),
        "unchecked": list(report.unchecked),
        "summary": None if report.plan is None else _summary(report.plan),
        "plan": None if report.plan is None else plan_file.entries(report.plan),
        "requests": [usage._asdict() for usage in report.usage],
        "by_hand": _by_hand(report),
        "results": None if report.results is None else [_result(result) for result in report.results],
    }
    if report.impacts is not None:
        data["impacts"] = [
            {"address": one.address, "label": one.label, "impact": plan_file.impact_data(one.impact)}
            for one in report.impacts
        ]
    if report.verdicts is not None:
        data["tests"] = [_verdict(verdict) for verdict in report.verdicts]
    if report.histories:
        data["histories"] = {address: _history(told) for address, told in report.histories.items()}
    if report.journal is not None:
        data["journal"] = report.journal._asdict()
    yield from jsontext.pieces(Entries(data.items()), indent=2)
    yield "\n"


def _problem(problem: Problem) -> Value:
    return {
        "rule": problem.rule,
        "severity": problem.severity.value,
        "file": problem.at.file,
        "line": problem.at.line,
        "column": problem.at.column,
        "message": problem.message,
        "member": problem.member or None,
    }


def _by_hand(report: Report) -> Value:
    """The steps that a person has to take, in order, and what to know of them."""
    told = checklist(report, view.cards(report))
    return {"steps": list(told.steps), "notes": list(told.notes)}


def _verdict(verdict: Verdict) -> Value:
    test = verdict.test
    return {
        "program": verdict.program,
        "target": verdict.target,
        "member": {"value": exact(test.value)},
        "tier": test.tier,
        "note": test.note or None,
        "passed": not verdict.failure,
        "message": verdict.failure or verdict.promise,
        "file": test.at.file,
        "line": test.at.line,
        "column": test.at.column,
    }


def _history(told: History) -> Value:
    return {"edits": [_edit(edit) for edit in told.edits], "trouble": told.trouble or None}


def _edit(edit: Edit) -> Value:
    return {"at": edit.at, "by": edit.by, "tier": edit.tier, "before": edit.before, "after": edit.after}


def _summary(plan: Plan) -> dict[str, Value]:
    kinds = [change.kind for target in plan.targets for change in target.changes]
    return {kind.value: kinds.count(kind) for kind in Kind}


def _result(result: Result) -> Value:
    place = {} if result.place is None else {"place": _outcome(result.place)}
    return {
        "address": result.target.address,
        "trouble": result.trouble or None,
        **place,
        "outcomes": [_outcome(outcome) for outcome in result.outcomes],
        "steps": list(result.steps),
        "remaining": None if result.remaining is None else [plan_file.change_data(c) for c in result.remaining],
    }


def _outcome(outcome: Outcome) -> dict[str, Value]:
    return {"name": outcome.name, "state": outcome.fate.value, "detail": outcome.detail}
