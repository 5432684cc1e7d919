"""Finds the plan that was reviewed: the one that the last plan run of the merged pull request uploaded.

The pushed commit leads to its pull request, that to its head, that to the newest run of the plan workflow there, that
to its artifact. Each step must have one answer that fits the one before, or nothing is applied.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import inputs
from github import GitHub, NoAnswer, annotate, output

_ADVICE = (
    "Nothing was applied. Make a new plan: run this workflow by hand on the default branch with `replan`,"
    " review the plan in its summary, then approve."
)


class NotFound(Exception):
    """There is no plan that was reviewed for certain."""


def main() -> int:
    """Set the outputs `artifact-id`, `run-id` and `head-sha`, or fail with what is missing."""
    sha, workflow = os.environ["GITHUB_SHA"], inputs.text("PLAN_WORKFLOW", "tiers-plan.yml")
    try:
        api = GitHub()
        pull = _pull_request(api, sha)
        run = _plan_run(api, pull, workflow)
        artifact = _artifact(api, run, inputs.artifact_name())
    except (NoAnswer, NotFound) as error:
        annotate("error", f"{error}. {_ADVICE}")
        return 1
    output(artifact_id=str(artifact["id"]), run_id=str(run["id"]), head_sha=run["head_sha"])
    print(f"plan of pull request #{pull['number']} at {run['head_sha']}, run {run['id']}")
    return 0


def _pull_request(api: GitHub, sha: str) -> dict[str, Any]:
    """The pull request whose merge made this commit."""
    pulls = api.all(f"commits/{sha}/pulls")
    merged = [pull for pull in pulls if pull.get("merged_at") and pull.get("merge_commit_sha") == sha]
    if len(merged) != 1:
        raise NotFound(f"{len(merged) or 'no'} merged pull requests belong to commit {sha}")
    (pull,) = merged
    if _name(pull["head"].get("repo")) != api.repository:
        raise NotFound(f"pull request #{pull['number']} came from a fork: plans of forks are not trusted")
    return pull


def _plan_run(api: GitHub, pull: dict[str, Any], workflow: str) -> dict[str, Any]:
    """The newest plan run for the head of a pull request, which must have succeeded."""
    head, branch = pull["head"]["sha"], pull["head"]["ref"]
    found = api.all(
        f"actions/workflows/{workflow}/runs", "workflow_runs", head_sha=head, event="pull_request", branch=branch
    )
    runs = [
        run
        for run in found
        if run["head_sha"] == head
        and run["head_branch"] == branch
        and run["event"] == "pull_request"
        and run["path"].partition("@")[0] == f".github/workflows/{workflow}"
        and _name(run.get("head_repository")) == _name(run.get("repository")) == api.repository
    ]
    if not runs:
        raise NotFound(f"no run of {workflow} for {head}, the head of pull request #{pull['number']}")
    last = max(runs, key=lambda run: (run["run_number"], run["id"]))
    if last["status"] != "completed" or last["conclusion"] != "success":
        how = last["conclusion"] or last["status"]
        raise NotFound(
            f"the last plan run of pull request #{pull['number']} has not succeeded ({how}): run {last['id']}"
        )
    return last


def _artifact(api: GitHub, run: dict[str, Any], name: str) -> dict[str, Any]:
    """The one artifact of this name that a run uploaded."""
    artifacts = [item for item in api.all(f"actions/runs/{run['id']}/artifacts", "artifacts") if item["name"] == name]
    if len(artifacts) != 1:
        raise NotFound(f"run {run['id']} has {len(artifacts) or 'no'} artifacts with the name {name}")
    (artifact,) = artifacts
    of = artifact.get("workflow_run") or {}
    if (of.get("id"), of.get("head_sha")) != (run["id"], run["head_sha"]):
        raise NotFound(f"artifact {name} belongs to another run or commit than run {run['id']}")
    if artifact["expired"]:
        raise NotFound(f"artifact {name} of run {run['id']} is no longer kept")
    return artifact


def _name(repository: dict[str, Any] | None) -> str | None:
    return (repository or {}).get("full_name")


if __name__ == "__main__":
    sys.exit(main())
