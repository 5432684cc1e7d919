"""Finding the plan that was reviewed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from action_step import HEAD, MERGE, Runner, Step, artifact, merged, plan_run, warnings
from github_double import BROKEN, CUT, Answer, GitHubDouble


def found(
    act: Runner,
    github: GitHubDouble,
    pulls: Sequence[Any] = (),
    runs: Sequence[Any] = (),
    artifacts: Sequence[Any] = (),
) -> Step:
    github.lists[f"commits/{MERGE}/pulls"] = list(pulls)
    github.lists["actions/workflows/tiers-plan.yml/runs"] = list(runs)
    for run in runs:
        own = [a for a in artifacts if a.get("of", a["workflow_run"]["id"]) == run["id"]]
        github.lists[f"actions/runs/{run['id']}/artifacts"] = own
    return act("apply", script="reviewed.py", plan_file="reviewed")


def test_the_artifact_of_the_last_plan_run_is_the_reviewed_plan(act: Runner, github: GitHubDouble) -> None:
    others = [merged(number=n, merge_commit_sha="c" * 40) for n in (1, 2, 3)]
    runs = [plan_run(8), plan_run(9, conclusion="failure"), plan_run(11), plan_run(10)]
    artifacts = [artifact(111, name="tierops-plan.sandbox"), artifact(111), artifact(111, name="z"), artifact(108)]
    step = found(act, github, [*others, merged()], runs, artifacts)
    assert step.code == 0, step.log
    assert step.outputs == {"artifact-id": "1011", "run-id": "111", "head-sha": HEAD}


FORK = {"full_name": "mallory/ladders"}


@pytest.mark.parametrize(
    ("pulls", "runs", "artifacts", "told"),
    [
        ([], [], [], "no merged pull requests belong to commit"),
        ([merged(merged_at=None)], [], [], "no merged pull requests belong to commit"),
        ([merged(merge_commit_sha="c" * 40)], [], [], "no merged pull requests belong to commit"),
        ([merged(), merged(number=6)], [], [], "2 merged pull requests belong to commit"),
        ([merged(head={"sha": HEAD, "ref": "silver", "repo": FORK})], [plan_run()], [artifact()], "came from a fork"),
        ([merged(head={"sha": HEAD, "ref": "silver", "repo": None})], [plan_run()], [artifact()], "came from a fork"),
        ([merged()], [], [], "no run of tiers-plan.yml"),
        ([merged()], [plan_run(head_sha="c" * 40)], [artifact()], "no run of tiers-plan.yml"),
        ([merged()], [plan_run(head_branch="gold")], [artifact()], "no run of tiers-plan.yml"),
        ([merged()], [plan_run(event="push")], [artifact()], "no run of tiers-plan.yml"),
        ([merged()], [plan_run(path=".github/workflows/x.yml")], [artifact()], "no run of tiers-plan.yml"),
        ([merged()], [plan_run(head_repository=FORK)], [artifact()], "no run of tiers-plan.yml"),
        ([merged()], [plan_run(head_repository=None)], [artifact()], "no run of tiers-plan.yml"),
        ([merged()], [plan_run(), plan_run(11, conclusion="failure")], [artifact()], "has not succeeded (failure)"),
        ([merged()], [plan_run(), plan_run(11, status="queued", conclusion=None)], [artifact()], "(queued)"),
        ([merged()], [plan_run()], [], "run 110 has no artifacts with the name tierops-plan.production"),
        ([merged()], [plan_run()], [artifact(name="tierops-plan.sandbox")], "has no artifacts with the name"),
        ([merged()], [plan_run()], [artifact(), artifact(id=9999, expired=True)], "is no longer kept"),
        ([merged()], [plan_run()], [artifact(expired=True)], "is no longer kept"),
        ([merged()], [plan_run()], [artifact(workflow_run={"id": 110, "head_sha": "c" * 40})], "another run or commit"),
        ([merged()], [plan_run()], [artifact(of=110, workflow_run={"id": 109, "head_sha": HEAD})], "another run or"),
    ],
)
def test_nothing_else_passes_for_the_reviewed_plan(
    act: Runner, github: GitHubDouble, pulls: list[Any], runs: list[Any], artifacts: list[Any], told: str
) -> None:
    step = found(act, github, pulls, runs, artifacts)
    assert step.code == 1
    assert step.outputs == {}
    assert told in step.log
    assert "Nothing was applied. Make a new plan: run this workflow by hand" in step.log


def test_a_reviewed_plan_that_cannot_be_looked_up_is_not_found(act: Runner, github: GitHubDouble) -> None:
    github.next[f"GET commits/{MERGE}/pulls"] = [403]
    step = act("apply", script="reviewed.py")
    assert step.code == 1
    assert "::error title=tierops::GET commits/" in step.log


def test_a_commit_whose_pull_request_is_not_known_yet_is_asked_for_again(act: Runner, github: GitHubDouble) -> None:
    early = [Answer(data=[]), Answer(data=[merged(merged_at=None)]), Answer(data=[merged(merge_commit_sha=None)])]
    github.next[f"GET commits/{MERGE}/pulls"] = [*early]
    step = found(act, github, [merged()], [plan_run()], [artifact()])
    assert step.code == 0, step.log
    assert step.slept == [1, 2, 4]


def test_a_commit_without_a_pull_request_is_given_up_after_half_a_minute(act: Runner, github: GitHubDouble) -> None:
    step = found(act, github, [], [plan_run()], [artifact()])
    assert step.code == 1
    assert sum(step.slept) == 31


def test_of_two_artifacts_the_one_of_the_newest_attempt_is_the_plan(act: Runner, github: GitHubDouble) -> None:
    attempts = [
        artifact(id=11, created_at="2027-01-01T10:00:00Z"),
        artifact(id=12, created_at="2027-01-01T12:00:00Z"),
        artifact(id=13, created_at="2027-01-01T11:00:00Z"),
    ]
    assert found(act, github, [merged()], [plan_run()], attempts).outputs["artifact-id"] == "12"
    attempts = [artifact(id=12), artifact(id=11)]
    assert found(act, github, [merged()], [plan_run()], attempts).outputs["artifact-id"] == "12"


def test_a_rate_limit_is_waited_for(act: Runner, github: GitHubDouble) -> None:
    github.next[f"GET commits/{MERGE}/pulls"] = [Answer(403, {}, {"Retry-After": "60"})]
    step = found(act, github, [merged()], [plan_run()], [artifact()])
    assert (step.code, step.slept) == (0, [60])


# Two pull requests with one head and two bases.

OWN = "tiers-plan #5: Raise Silver"
OTHER = "tiers-plan #55: Raise Silver"


@pytest.mark.parametrize(
    "runs",
    [
        [plan_run(display_title=OWN), plan_run(11, display_title=OTHER)],
        [plan_run(display_title=OWN), plan_run(11, display_title="Raise Silver #5")],
        [plan_run(11, display_title=OTHER), plan_run(display_title=OWN, pull_requests=[{"number": 55}])],
        [plan_run(pull_requests=[{"number": 5}]), plan_run(11, pull_requests=[{"number": 55}])],
        [plan_run(pull_requests=[]), plan_run(11, pull_requests=[{"number": 5}, {"number": 55}])],
    ],
)  # fmt: skip
def test_the_plan_of_another_pull_request_is_never_the_reviewed_one(
    act: Runner, github: GitHubDouble, runs: list[Any]
) -> None:
    step = found(act, github, [merged()], runs, [artifact(110), artifact(111)])
    assert step.code == 0, step.log
    assert step.outputs["run-id"] == "110"


@pytest.mark.parametrize(
    "runs",
    [
        [plan_run(display_title=OTHER)],
        [plan_run(display_title=OTHER), plan_run(11, display_title="x")],
        [plan_run(pull_requests=[{"number": 55}])],
        [plan_run(pull_requests=[{"number": 5}, {"number": 55}]), plan_run(11, pull_requests=[{"number": 55}])],
    ],
)
def test_where_nobody_can_tell_whose_plan_it_is_nothing_is_applied(
    act: Runner, github: GitHubDouble, runs: list[Any]
) -> None:
    step = found(act, github, [merged()], runs, [artifact(110), artifact(111)])
    assert (step.code, step.outputs) == (1, {})
    assert "no plan run is for certain one of pull request #5" in step.log
    assert "Nothing was applied. Make a new plan" in step.log


# Several pull requests in one push.


def pushed(act: Runner, *commits: str) -> None:
    act.on({"ref": "refs/heads/main", "after": MERGE, "commits": [{"id": commit} for commit in commits]})


def earlier(number: int, commit: str, **other: Any) -> dict[str, Any]:
    return merged(number=number, merge_commit_sha=commit, **other)


def test_a_push_that_merged_more_than_one_warns(act: Runner, github: GitHubDouble) -> None:
    first, second, third = "1" * 40, "2" * 40, "3" * 40
    pushed(act, first, second, third, MERGE)
    github.lists["pulls"] = [
        merged(), earlier(2, "9" * 40), earlier(4, third, merged_at=None), earlier(3, third), earlier(6, first),
        earlier(7, second),
    ]  # fmt: skip
    github.lists["pulls/3/files"] = [{"filename": "README.md"}, {"filename": "x"}, {"filename": "tiers/club.yaml"}]
    github.lists["pulls/6/files"] = [{"filename": "tiers.md", "previous_filename": "docs/tiers/x.yaml"}]
    github.lists["pulls/7/files"] = [{"filename": "old.yaml", "previous_filename": "tiers/old.yaml"}]
    step = found(act, github, [merged()], [plan_run()], [artifact()])
    assert step.code == 0
    assert step.outputs["run-id"] == "110"
    (warning,) = warnings(step)
    assert warning.startswith("This push merged #3, #7, too: what they change in tiers is not in the plan of #5.")
    assert "`replan`" in warning
    query = next(query for path, query in zip(github.seen, github.queries, strict=True) if path == "GET pulls")
    assert query["base"] == ["main"]


@pytest.mark.parametrize("commits", [(), (MERGE,), ("1" * 40, MERGE)])
def test_a_push_of_one_pull_request_is_no_cause_for_a_warning(
    act: Runner, github: GitHubDouble, commits: tuple[str, ...]
) -> None:
    pushed(act, *commits)
    github.lists["pulls"] = [merged()]
    step = found(act, github, [merged()], [plan_run()], [artifact()])
    assert (step.code, warnings(step)) == (0, [])


def test_others_that_cannot_be_looked_up_stop_nothing(act: Runner, github: GitHubDouble) -> None:
    pushed(act, "1" * 40, MERGE)
    github.lists["pulls"] = [earlier(3, "1" * 40)]
    github.always("GET pulls/3/files", CUT)
    step = found(act, github, [merged()], [plan_run()], [artifact()])
    assert (step.code, step.outputs["run-id"]) == (0, "110")
    (warning,) = warnings(step)
    assert "could not be told (GET pulls/3/files" in warning


# Answers of any other shape.


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize(
    "path", [f"commits/{MERGE}/pulls", "actions/workflows/tiers-plan.yml/runs", "actions/runs/110/artifacts"]
)
def test_an_answer_that_is_none_finds_no_plan(act: Runner, github: GitHubDouble, name: str, path: str) -> None:
    github.always(f"GET {path}", BROKEN[name])
    step = found(act, github, [merged()], [plan_run()], [artifact()])
    assert (step.code, step.outputs) == (1, {})
    assert f"::error title=tierops::GET {path}: " in step.log
    assert "Traceback" not in step.log


@pytest.mark.parametrize("value", [None, 7, [1], {}, "\ud800"])
@pytest.mark.parametrize(
    ("kind", "field"),
    [
        *(("pull", name) for name in ("number", "merged_at", "merge_commit_sha", "head")),
        *(("run", name) for name in plan_run()), ("run", "display_title"), ("run", "pull_requests"),
        *(("artifact", name) for name in ("id", "name", "expired", "workflow_run", "created_at")),
    ],
)  # fmt: skip
def test_no_shape_of_an_answer_is_a_crash(act: Runner, github: GitHubDouble, kind: str, field: str, value: Any) -> None:
    pull, run, own = merged(), plan_run(), artifact()
    {"pull": pull, "run": run, "artifact": own}[kind][field] = value
    github.lists[f"commits/{MERGE}/pulls"] = [pull]
    github.lists["actions/workflows/tiers-plan.yml/runs"] = [run]
    github.lists["actions/runs/110/artifacts"] = [own]
    step = act("apply", script="reviewed.py", plan_file="reviewed")
    assert step.code in {0, 1}
    assert "Traceback" not in step.log
    assert ("run-id" in step.outputs) == (step.code == 0)
