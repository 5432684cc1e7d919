"""GitHub's API as it answers on bad days: a good plan never goes red by it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from action_step import PRODUCTION, Runner, bodies, warnings
from github_double import BOT, BROKEN, Answer, GitHubDouble


@pytest.mark.parametrize("number", [403, 404, 500])
def test_a_comment_that_is_refused_warns_and_fails_nothing(act: Runner, github: GitHubDouble, number: int) -> None:
    github.next["POST issues/5/comments"] = [number]
    act.tell(2, "1 tier to create\n")
    step = act("plan", comment="true")
    assert step.code == 0
    assert f"::warning title=tierops::The report could not be posted (POST issues/5/comments: {number}" in step.log
    assert step.summary.startswith("1 tier to create\n")
    assert github.seen.count("POST issues/5/comments") == 1


def test_a_read_is_tried_again(act: Runner, github: GitHubDouble) -> None:
    github.comment(5, f"{PRODUCTION}\nold")
    github.next["GET issues/5/comments"] = [502, 429]
    act("plan", comment="true")
    (body,) = bodies(github)
    assert "old" not in body


def test_a_token_follows_no_redirect(act: Runner, github: GitHubDouble) -> None:
    github.next["GET issues/5/comments"] = [302]
    assert "could not be posted (GET issues/5/comments: 302" in act("plan", comment="true").log


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize(
    ("request_", "tries", "asked"),
    [
        ("GET issues/5/comments", 3, {"command": "plan", "comment": "true"}),
        ("POST issues/5/comments", 1, {"command": "plan", "comment": "true"}),
        ("GET issues", 3, {"command": "drift", "issue": "true"}),
    ],
)
def test_an_answer_that_is_none_is_asked_for_again_and_then_a_warning(
    act: Runner, github: GitHubDouble, name: str, request_: str, tries: int, asked: dict[str, str]
) -> None:
    github.always(request_, BROKEN[name])
    act.tell(0)
    step = act(**asked)
    assert step.code == 0
    assert "Traceback" not in step.log
    (warning,) = warnings(step)
    assert warning.startswith(f"The report could not be posted ({request_}: ")
    assert github.seen.count(request_) == tries
    assert step.summary == "all fine\n\n\n"


@pytest.mark.parametrize("name", BROKEN)
def test_what_comes_right_at_the_second_try_is_no_trouble(act: Runner, github: GitHubDouble, name: str) -> None:
    github.comment(5, f"{PRODUCTION}\nold")
    github.next["GET issues/5/comments"] = [BROKEN[name]]
    (own,) = github.comments[5]
    github.next[f"PATCH issues/comments/{own['id']}"] = [BROKEN[name]]
    step = act("plan", comment="true")
    assert warnings(step) == []
    (body,) = bodies(github)
    assert "old" not in body


@pytest.mark.parametrize(
    "post", [{}, {"id": None}, {"id": "7"}, {"body": 7}, {"body": None}, {"user": None}, {"user": "x"}, {"body": ""}]
)
def test_no_shape_of_a_comment_fails_the_step(act: Runner, github: GitHubDouble, post: dict[str, Any]) -> None:
    own = {"id": 1, "body": PRODUCTION, "user": {"login": BOT}} | post
    github.always("GET issues/5/comments", Answer(data=[own if post else {}]))
    step = act("plan", comment="true")
    assert step.code == 0
    assert "Traceback" not in step.log


LIMITED = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 50)}


@pytest.mark.parametrize("code", [403, 429])
@pytest.mark.parametrize("request_", ["GET issues/5/comments", "POST issues/5/comments"])
@pytest.mark.parametrize(("headers", "least", "most"), [({"Retry-After": "7"}, 7, 7), (LIMITED, 1, 52)])
def test_a_rate_limit_is_waited_for_as_told(
    act: Runner, github: GitHubDouble, code: int, request_: str, headers: dict[str, str], least: int, most: int
) -> None:
    github.next[request_] = [Answer(code, {"message": "secondary rate limit"}, headers)]
    step = act("plan", comment="true")
    assert warnings(step) == []
    assert len(bodies(github)) == 1
    (pause,) = step.slept
    assert least <= pause <= most


@pytest.mark.parametrize("request_", ["GET issues/5/comments", "POST issues/5/comments"])
def test_a_rate_limit_that_lasts_too_long_is_a_warning(act: Runner, github: GitHubDouble, request_: str) -> None:
    github.next[request_] = [Answer(403, {}, {"Retry-After": "3600"})]
    step = act("plan", comment="true")
    assert (step.code, step.slept) == (0, [])
    (warning,) = warnings(step)
    assert f"{request_}: 403 Forbidden, and asks to wait 3600 seconds" in warning


@pytest.mark.parametrize("after", ["soon", "-1", "1e9", "Fri, 31 Dec 9999 23:59:59 GMT", "٣", "9" * 400])
def test_a_wait_that_cannot_be_read_is_a_short_one(act: Runner, github: GitHubDouble, after: str) -> None:
    headers = {"Retry-After": after if after.isascii() else after.encode().decode("latin-1")}
    github.next["GET issues/5/comments"] = [Answer(429, {}, headers), Answer(403, {}, headers)]
    step = act("plan", comment="true")
    assert (warnings(step), step.slept) == ([], [1.0, 1.0])


def test_a_refusal_for_another_reason_is_not_tried_again(act: Runner, github: GitHubDouble) -> None:
    left = {"X-RateLimit-Remaining": "4999", "X-RateLimit-Reset": "1"}
    github.next["GET issues/5/comments"] = [Answer(403, {}, left)]
    step = act("plan", comment="true")
    assert step.slept == []
    assert len(warnings(step)) == 1
