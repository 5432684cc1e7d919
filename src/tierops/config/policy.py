"""The policy file: the rules that a team turns on for all its ladders."""

from __future__ import annotations

import re
from pathlib import Path

from tierops.config import files
from tierops.config.check import Gate
from tierops.config.marked import Document, Map
from tierops.model import Demand, Policy, Problem, Severity

_BEGINS = "a policy begins with `version: 1` and `rules:`"


def read(path: Path, gate: Gate, content: bytes | None = None) -> tuple[Policy | None, list[Problem]]:
    """The policy in the file `path`, and every finding about it; None where there are findings.

    `content` is what a stream held.
    """
    documents, problems = files.read(path, _BEGINS, content=content)
    for document in documents[1:]:
        problems.append(Problem("schema", "a policy file holds one document only", document.at))
    unreadable = {problem.at for problem in problems}
    for document in documents[:1]:
        findings = _program(document) or gate.check(document, "policy") or _unusable(document)
        problems += [finding for finding in findings if finding.at not in unreadable]
    return (None if problems else _build(documents[0])), sorted(problems, key=lambda problem: problem.at)


def _program(document: Document) -> list[Problem]:
    if not isinstance(document.data, Map) or "program" not in document.data:
        return []
    message = "by its name this file is the team's policy; a program needs another name"
    return [Problem("schema", message, document.data.key_at["program"])]


def _unusable(document: Document) -> list[Problem]:
    """A pattern that is no regular expression, which no schema can tell."""
    naming = document.data["rules"].get("name-pattern")
    try:
        re.compile(naming["pattern"] if naming else "")
    except (re.error, OverflowError, RecursionError) as error:
        message = f"`pattern` is no regular expression: {error}"
        return [Problem("schema", message, naming.value_at["pattern"])]
    return []


def _build(document: Document) -> Policy:
    rules = document.data["rules"]
    demands = []
    for id_, said in rules.items():
        parameters = dict(said or {})
        severity = Severity(parameters.pop("severity", Severity.ERROR))
        demands.append(Demand(id_, severity, parameters, rules.key_at[id_]))
    return Policy(tuple(demands))
