"""The one comment on a pull request, and the one issue about drift, that each environment has.

Both begin with a marker that no reader sees. What somebody else wrote is never taken for them, whatever it says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import inputs
import runner
from github import GitHub, field, number

from tierops.output import markdown

_BOT = "github-actions[bot]"  # whom the token that every job has writes as


def marker(environment: str, directory: str) -> str:
    """The first line. Nothing in a name can end the comment that it is in."""
    named = ":".join(quote(part, errors="surrogateescape") for part in (environment, directory))
    return f"<!-- tierops:{named} -->"


def fitted(report: str, digest: str) -> str:
    """The report; where it is longer than tierops makes its own, where to read it instead."""
    if len(report.encode()) <= markdown.COMMENT:
        return report
    named = f" of the plan `{digest}`" if digest else ""
    return f"The report{named} has {len(report):,} characters, too many for here. [Read it]({runner.url()})"


def comment(api: GitHub, pull: int, first: str, body: str) -> None:
    """Write the comment on a pull request, or edit the one that is there. Raises `NoAnswer`."""
    author, path = _author(api), f"issues/{pull}/comments"
    if own := _own(api.all(path), first, author):
        api.patch(f"issues/comments/{number(own, 'id')}", {"body": body})
    else:
        _check_author(api.post(path, {"body": body}), author)


def open_issue(api: GitHub, title: str, first: str, body: str) -> None:
    """Open the issue, or edit the open one. Raises `NoAnswer`."""
    author = _author(api)
    if own := _own(_issues(api), first, author):
        api.patch(f"issues/{number(own, 'number')}", {"title": title, "body": body})
    else:
        _check_author(api.post("issues", {"title": title, "body": body}), author)


def close_issue(api: GitHub, first: str) -> None:
    """Close the issue if one is open. Raises `NoAnswer`."""
    if own := _own(_issues(api), first, _author(api)):
        path = f"issues/{number(own, 'number')}"
        api.patch(path, {"state": "closed", "state_reason": "completed"})
        api.post(f"{path}/comments", {"body": f"Live equals the files again: {runner.url()}"})


def _issues(api: GitHub) -> Iterable[dict[str, Any]]:
    issues = api.all("issues", state="open", sort="created", direction="asc")
    return (issue for issue in issues if "pull_request" not in issue)


def _author(api: GitHub) -> str:
    """Whom the token writes as."""
    return inputs.text("AUTHOR") or api.viewer() or _BOT


def _own(posts: Iterable[dict[str, Any]], first: str, author: str) -> dict[str, Any] | None:
    for post in posts:
        body = field(post, "body")
        lines = body.splitlines() if isinstance(body, str) else []
        if lines and lines[0] == first and field(post, "user", "login") == author:
            return post
    return None


def _check_author(post: dict[str, Any], author: str) -> None:
    """Warn where the next run would not find again what this one has written."""
    login = field(post, "user", "login")
    if isinstance(login, str) and login != author:
        runner.annotate(
            "warning",
            f"The token writes as {login}, not as {author}, and edits only what its author wrote: each run will add one"
            f" more, unless the input says `author: {login}`.",
        )
