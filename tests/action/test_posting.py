"""The one comment on a pull request and the one issue about drift."""

from __future__ import annotations

import os
import re

import pytest
from action_step import PRODUCTION, Runner, bodies, warnings
from github_double import BOT, CUT, Answer, GitHubDouble


def test_the_next_push_edits_the_comment(act: Runner, github: GitHubDouble) -> None:
    for number in range(5):
        github.comment(5, f"chatter {number}", "ann")
    act("plan", comment="true")
    act.tell(2, "changed\n")
    act("plan", comment="true")
    assert len(bodies(github)) == 6
    assert bodies(github)[-1].startswith(f"{PRODUCTION}\nchanged\n")


def test_every_environment_and_folder_has_its_own_comment(act: Runner, github: GitHubDouble) -> None:
    for _ in range(2):
        act("plan", comment="true")
        act("plan", comment="true", env="sandbox")
        act("plan", comment="true", dir="./uk/tiers/")
        act("plan", comment="true", env="")
    assert [body.splitlines()[0] for body in bodies(github)] == [
        PRODUCTION,
        "<!-- tierops:sandbox:tiers -->",
        "<!-- tierops:production:uk/tiers -->",
        "<!-- tierops::tiers -->",
    ]


def test_a_comment_of_somebody_else_is_never_edited(act: Runner, github: GitHubDouble) -> None:
    forged = f"{PRODUCTION}\napproved, nothing to see"
    github.comment(5, forged, "mallory")
    github.comment(5, f"as the marker says: {PRODUCTION}\n{PRODUCTION}")
    act("plan", comment="true")
    assert bodies(github)[0] == forged
    assert len(bodies(github)) == 3


@pytest.mark.parametrize("name", ["--> @all <!--", "x\n<!-- tierops:sandbox:tiers -->", "a:b"])
def test_no_environment_ends_the_marker(act: Runner, github: GitHubDouble, name: str) -> None:
    act("plan", comment="true", env=name)
    act("plan", comment="true", env=name)
    (body,) = bodies(github)
    assert re.fullmatch(r"<!-- tierops:[^\s<>:]+:tiers -->", body.splitlines()[0])


def test_nothing_is_posted_unless_asked_and_on_a_pull_request(act: Runner, github: GitHubDouble) -> None:
    act("plan")
    act.on({})
    act("plan", comment="true")
    assert github.seen == []


def test_drift_opens_one_issue_edits_it_and_closes_it(act: Runner, github: GitHubDouble) -> None:
    act.on({})
    for number in range(3):
        github.issue(f"other {number}", "text", "ann")
    github.issue("forged", PRODUCTION, "mallory")
    github.issue("a pull request", PRODUCTION, pull_request={})
    asked = {"issue": "true", "fail_on_drift": "false"}
    act.tell(2, "Gold is gone\n")
    assert act("drift", **asked).code == 0
    act.tell(2, "Gold and Silver are gone\n")
    act("drift", **asked)
    act("drift", **asked, env="sandbox")
    own, other = github.issues[5:]
    assert own["title"] == "Live loyalty tiers differ from the files: production"
    assert own["body"].startswith(f"{PRODUCTION}\nGold and Silver are gone\n")
    act.tell(1, "no answer\n")
    assert act("drift", **asked).code == 1
    assert own["state"] == "open"
    act.tell(0)
    assert act("drift", **asked).code == 0
    assert (own["state"], own["state_reason"], other["state"]) == ("closed", "completed", "open")
    assert bodies(github, own["number"])[0].startswith("Live equals the files again")
    act("drift", **asked)
    assert len(bodies(github, own["number"])) == 1
    act.tell(2)
    act("drift", **asked)
    assert len(github.issues) == 8


def test_drift_that_nobody_could_be_told_of_fails(act: Runner, github: GitHubDouble) -> None:
    github.next["POST issues"] = [410]
    act.tell(2)
    assert act("drift", issue="true", fail_on_drift="false").code == 2
    assert act("drift", fail_on_drift="false").code == 0


def test_a_token_of_another_author_finds_its_comment_and_its_issue_again(act: Runner, github: GitHubDouble) -> None:
    github.login = "release-bot"
    github.comment(5, f"{PRODUCTION}\nforged", BOT)
    github.issue("forged", PRODUCTION, BOT)
    for _ in range(3):
        assert warnings(act("plan", comment="true")) == []
        act.tell(2)
        assert warnings(act("drift", issue="true", fail_on_drift="false")) == []
    assert [comment["user"]["login"] for comment in github.comments[5]] == [BOT, "release-bot"]
    assert [issue["user"]["login"] for issue in github.issues] == [BOT, "release-bot"]
    assert bodies(github)[0].endswith("forged")
    act.tell(0)
    act("drift", issue="true")
    assert [issue["state"] for issue in github.issues] == ["open", "closed"]


@pytest.mark.parametrize("asked", [{"command": "plan", "comment": "true"}, {"command": "drift", "issue": "true"}])
@pytest.mark.parametrize("answer", [404, Answer(data={"errors": [{"message": "no"}]}), Answer(data=[]), CUT, None])
def test_where_nobody_tells_the_author_the_first_post_warns_and_names_it(
    act: Runner, github: GitHubDouble, answer: Answer | int | None, asked: dict[str, str]
) -> None:
    github.login = "release-bot"
    act.tell(2)
    if answer is None:
        del act.environ["GITHUB_GRAPHQL_URL"]
    else:
        github.always("POST /graphql", answer)
    (warning,) = warnings(act(**asked))
    assert "The token writes as release-bot, not as github-actions[bot]" in warning
    assert "`author: release-bot`" in warning
    assert warnings(act(**asked, author="release-bot")) == []
    assert len(github.comments.get(5, []) + github.issues) == 1


def test_the_author_that_was_named_is_not_asked_for(act: Runner, github: GitHubDouble) -> None:
    github.login = "release-bot"
    for _ in range(2):
        assert warnings(act("plan", comment="true", author="release-bot")) == []
    assert len(bodies(github)) == 1
    assert "POST /graphql" not in github.seen


def test_a_closed_issue_is_told_of_once_even_if_a_request_fails(act: Runner, github: GitHubDouble) -> None:
    own = github.issue("drift", PRODUCTION)
    closing = f"PATCH issues/{own['number']}"
    github.always(closing, 500)
    for _ in range(3):
        assert act("drift", issue="true").code == 0
    assert (own["state"], bodies(github, own["number"])) == ("open", [])
    del github.next[closing]
    github.next[f"POST issues/{own['number']}/comments"] = [500]
    assert len(warnings(act("drift", issue="true"))) == 1
    assert warnings(act("drift", issue="true")) == []
    assert (own["state"], bodies(github, own["number"])) == ("closed", [])


def test_one_folder_has_one_comment_however_it_is_named(act: Runner, github: GitHubDouble) -> None:
    (act.workspace / "uk").mkdir()
    act("plan", comment="true", dir="uk/tiers")
    act("plan", comment="true", dir="tiers", working_directory="uk")
    act("plan", comment="true", dir="../uk/tiers", working_directory="uk")
    act("plan", comment="true", dir=str(act.workspace / "uk" / "tiers"))
    (body,) = bodies(github)
    assert body.startswith("<!-- tierops:production:uk/tiers -->\n")


def test_a_name_that_is_no_utf8_is_marked_as_its_bytes(act: Runner, github: GitHubDouble) -> None:
    for _ in range(2):
        assert act("plan", comment="true", env=os.fsdecode(b"caf\xe9")).code == 0
    (body,) = bodies(github)
    assert body.startswith("<!-- tierops:caf%E9:tiers -->\n")
