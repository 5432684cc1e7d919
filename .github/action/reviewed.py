"""Finds the plan that was reviewed: the one that the last plan run of the merged pull request uploaded.

The pushed commit leads to its pull request, that to its head, that to the newest run of the plan workflow there, that
to its artifact. Each step must have one answer that fits the one before, or nothing is applied.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import inputs
import runner
from github import GitHub, NoAnswer, field, number, parts

_ADVICE = (
    "Nothing was applied. Make a new plan: run this workflow by hand on the default branch with `replan`,"
    " review the plan in its summary, then approve."
)
# Seconds between looks: right after a merge GitHub may not know yet which pull request the commit belongs to.
_PAUSES = (1, 2, 4, 8, 16)
_LATELY = 100  # pull requests that were closed last, of which some may belong to the same push


class NotFound(Exception):
    """There is no plan that was reviewed for certain."""


def main() -> int:
    """Set the outputs `artifact-id`, `run-id` and `head-sha`, or fail with what is missing."""
    runner.use_utf8()
    api = GitHub()
    try:
        pull = _pull_request(api, os.environ.get("GITHUB_SHA", ""))
        run = _plan_run(api, pull, inputs.text("PLAN_WORKFLOW", "tiers-plan.yml"))
        artifact = _artifact(api, run, inputs.artifact_name())
    except (NoAnswer, NotFound) as error:
        runner.annotate("error", f"{error}. {_ADVICE}")
        return 1
    runner.output(artifact_id=str(artifact["id"]), run_id=str(run["id"]), head_sha=run["head_sha"])
    runner.log(f"plan of pull request #{pull['number']} at {run['head_sha']}, run {run['id']}\n")
    _warn_of_others(api, pull)
    return 0


def _pull_request(api: GitHub, sha: str) -> dict[str, Any]:
    """The pull request whose merge made this commit."""
    for pause in (*_PAUSES, None):
        pulls = [pull for pull in api.all(f"commits/{sha}/pulls") if _is_merged_as(pull, {sha})]
        if pulls or pause is None:
            break
        time.sleep(pause)
    if len(pulls) != 1:
        raise NotFound(f"{len(pulls) or 'no'} merged pull requests belong to commit {sha}")
    (pull,) = pulls
    if field(pull, "head", "repo", "full_name") != api.repository:
        raise NotFound(f"pull request #{number(pull, 'number')} came from a fork: plans of forks are not trusted")
    return pull


def _is_merged_as(pull: dict[str, Any], commits: set[str]) -> bool:
    return bool(field(pull, "merged_at")) and str(field(pull, "merge_commit_sha")) in commits


def _plan_run(api: GitHub, pull: dict[str, Any], workflow: str) -> dict[str, Any]:
    """The newest plan run for the head of a pull request, which must have succeeded."""
    head, branch, pull_number = field(pull, "head", "sha"), field(pull, "head", "ref"), number(pull, "number")
    query = {"head_sha": str(head), "event": "pull_request", "branch": str(branch)}
    runs = [
        run
        for run in api.all(f"actions/workflows/{workflow}/runs", "workflow_runs", **query)
        if field(run, "head_sha") == head
        and field(run, "head_branch") == branch
        and field(run, "event") == "pull_request"
        and str(field(run, "path")).partition("@")[0] == f".github/workflows/{workflow}"
        and field(run, "head_repository", "full_name") == field(run, "repository", "full_name") == api.repository
    ]
    if not runs:
        raise NotFound(f"no run of {workflow} for {head}, the head of pull request #{pull_number}")
    last = max(_runs_of(pull_number, runs), key=lambda run: (number(run, "run_number"), number(run, "id")))
    if field(last, "status") != "completed" or field(last, "conclusion") != "success":
        how = field(last, "conclusion") or field(last, "status")
        raise NotFound(f"the last plan run of pull request #{pull_number} has not succeeded ({how}): run {last['id']}")
    return last


def _runs_of(pull_number: int, runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of one pull request: others may have the same head, and another base. Raises `NotFound`.

    Runs of our workflow say in their name which one they are for. Of other runs GitHub tells only which pull requests
    with this head are open now; if there are any besides, nobody knows whose plan it is.
    """
    titles = [(run, re.match(r"tiers-plan #([0-9]+)\b", str(field(run, "display_title")))) for run in runs]
    if any(title for _, title in titles):
        own = [run for run, title in titles if title and int(title[1]) == pull_number]
    else:
        own = [run for run in runs if _open_pulls(run) <= {str(pull_number)}]
    if not own:
        raise NotFound(
            f"no plan run is for certain one of pull request #{pull_number}: another one has the same head, and the"
            " plan workflow does not name its runs as ours does (`run-name`)"
        )
    return own


def _open_pulls(run: dict[str, Any]) -> set[str]:
    return {str(field(pull, "number")) for pull in parts(run, "pull_requests")}


def _artifact(api: GitHub, run: dict[str, Any], name: str) -> dict[str, Any]:
    """The artifact of this name that a run uploaded; the newest, where an attempt to run it again left one more."""
    listed = api.all(f"actions/runs/{run['id']}/artifacts", "artifacts")
    artifacts = [item for item in listed if field(item, "name") == name]
    if not artifacts:
        raise NotFound(f"run {run['id']} has no artifacts with the name {name}")
    artifact = max(artifacts, key=lambda item: (str(field(item, "created_at")), number(item, "id")))
    of = (field(artifact, "workflow_run", "id"), field(artifact, "workflow_run", "head_sha"))
    if of != (run["id"], run["head_sha"]):
        raise NotFound(f"artifact {name} belongs to another run or commit than run {run['id']}")
    if field(artifact, "expired"):
        raise NotFound(f"artifact {name} of run {run['id']} is no longer kept")
    return artifact


def _warn_of_others(api: GitHub, pull: dict[str, Any]) -> None:
    """A push may bring the merges of several pull requests, and only the plan of the last one is looked for."""
    try:
        others = [f"#{other}" for other in _merged_before(api, pull)]
    except NoAnswer as error:
        runner.annotate("warning", f"Whether this push merged other pull requests, too, could not be told ({error}).")
        return
    if others:
        runner.annotate(
            "warning",
            f"This push merged {', '.join(others)}, too: what they change in {inputs.directory()} is not in the plan of"
            f" #{pull['number']}. After this run, run this workflow by hand with `replan`.",
        )


def _merged_before(api: GitHub, pull: dict[str, Any]) -> Iterator[int]:
    """Numbers of the other pull requests that this push merged, if they touch the folder of the ladders."""
    push = runner.event()
    commits = {str(field(commit, "id")) for commit in parts(push, "commits")} - {pull["merge_commit_sha"]}
    base = str(field(push, "ref")).removeprefix("refs/heads/")
    if not commits:
        return
    closed = api.all("pulls", state="closed", base=base, sort="updated", direction="desc")
    for other in islice(closed, _LATELY):
        if _is_merged_as(other, commits) and _touches(api, number(other, "number"), f"{inputs.directory()}/"):
            yield number(other, "number")


def _touches(api: GitHub, pull_number: int, folder: str) -> bool:
    files = api.all(f"pulls/{pull_number}/files")
    names = (str(field(file, name)) for file in files for name in ("filename", "previous_filename"))
    return any(name.startswith(folder) for name in names)


if __name__ == "__main__":
    sys.exit(main())
