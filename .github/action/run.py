"""Runs one tierops command for a workflow and says what came of it where people look.

That is the log, the summary of the step, the comment on the pull request or the issue about drift, and the step's
outputs. Once tierops has run, its exit code is the step's, whatever becomes of these.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import child
import inputs
import posting
import runner
from github import GitHub, NoAnswer, field, number

from tierops.errors import Exit
from tierops.output import markdown

# By exit code; after any other nobody knows.
_HAS_CHANGES: dict[int, str] = {Exit.DONE: "false", Exit.DIFFERENCES: "true", Exit.REMAINING: "true"}


def main() -> int:
    """Run the command; returns the exit code of the step."""
    runner.use_utf8()
    try:
        asked = inputs.read()
    except inputs.BadInput as error:
        runner.annotate("error", str(error))
        return Exit.USAGE
    try:
        ended = child.run(asked)
    except OSError as error:
        runner.annotate("error", f"tierops could not be started: {error}")
        return Exit.FAILED
    return _tell(asked, ended)


def _tell(asked: inputs.Asked, ended: child.Ended) -> int:
    is_planned = asked.command == "plan" and ended.code in (Exit.DONE, Exit.DIFFERENCES)
    digest = _digest(asked) if is_planned or asked.command == "apply" else ""
    runner.output(
        exit_code=str(ended.code),
        has_changes=_HAS_CHANGES.get(ended.code, ""),
        plan_digest=digest,
        plan_file=str(asked.plan_file) if is_planned else "",
        artifact_name=inputs.artifact_name() if is_planned else "",
    )
    report = ended.report or _without_report(asked.command, ended)
    _summarise(report)
    is_posted = _post(asked, ended.code, report, digest)
    if asked.command == "apply" and ended.code == Exit.REFUSED:
        refused = "The plan was refused, and nothing was written. Make a new plan, review it, and apply that."
        runner.annotate("error", refused)
    if ended.code == Exit.DIFFERENCES and asked.can_differ and (is_posted or not asked.has_issue):
        return Exit.DONE
    return ended.code


def _digest(asked: inputs.Asked) -> str:
    """What the plan file says of itself; tierops alone can say whether it is so."""
    try:
        digest = json.loads(asked.plan_file.read_bytes())["digest"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return digest if isinstance(digest, str) else ""


def _without_report(command: str, ended: child.Ended) -> str:
    """What to say where tierops wrote no report, such as after a wrong option. Nothing ends an indented block."""
    lines = "".join(f"    {line}\n" for line in ended.last_lines[-4000:].splitlines())
    return f"**tierops {command} ended with exit code {ended.code}**\n\n{lines}"


def _summarise(report: str) -> None:
    if len(report.encode()) > markdown.STEP_SUMMARY:
        report = f"The report has {len(report):,} characters, too many for here: it is in the log.\n"
    runner.summarise(f"{report}\n\n")


def _post(asked: inputs.Asked, code: int, report: str, digest: str) -> bool:
    """Comment on the pull request, and open or close the issue. Returns False after a warning that this failed."""
    environment, directory = inputs.environment(), inputs.directory()
    first = posting.marker(environment, directory)
    pull = field(runner.event(), "pull_request")
    body = f"{first}\n{posting.fitted(report.rstrip(), digest)}\n\n{_source(pull)}\n"
    try:
        if asked.is_commenting and pull:
            posting.comment(GitHub(), number(pull, "number"), first, body)
        if asked.has_issue and code == Exit.DIFFERENCES:
            title = f"Live loyalty tiers differ from the files: {environment or directory}"
            posting.open_issue(GitHub(), title, first, body)
        if asked.has_issue and code == Exit.DONE:
            posting.close_issue(GitHub(), first)
    except NoAnswer as error:
        where = f"It is in the summary of this run: {runner.url()}"
        runner.annotate("warning", f"The report could not be posted ({error}). {where}")
        return False
    return True


def _source(pull: Any) -> str:
    sha = field(pull, "head", "sha") or os.environ.get("GITHUB_SHA", "")
    return f"<sub>{str(sha)[:10]} · [run]({runner.url()})</sub>"


if __name__ == "__main__":
    sys.exit(main())
