"""The one comment on a pull request, and the one issue about drift, that each environment has.

Both begin with a marker that no reader sees. What somebody else wrote is never taken for them, whatever it says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import inputs
from github import LONGEST_COMMENT, GitHub, run_url


def marker(environment: str, directory: str) -> str:
    """The first line. Nothing in a name can end the comment that it is in."""
    return f"<!-- tierops:{quote(environment)}:{quote(directory)} -->"


def fitted(first: str, report: str, digest: str) -> str:
    """The marker and the report; where both are too long together, where to read it instead."""
    whole = f"{first}\n{report}"
    if len(whole) <= LONGEST_COMMENT:
        return whole
    named = f" of the plan `{digest}`" if digest else ""
    return f"{first}\nThe report{named} has {len(report):,} characters, too many for here. [Read it]({run_url()})\n"


def comment(api: GitHub, number: int, first: str, body: str) -> None:
    """Write the comment on a pull request, or edit the one that is there. Raises `NoAnswer`."""
    path = f"issues/{number}/comments"
    if own := _own(api.all(path), first):
        api.patch(f"issues/comments/{own['id']}", {"body": body})
    else:
        api.post(path, {"body": body})


def open_issue(api: GitHub, title: str, first: str, body: str) -> None:
    """Open the issue, or edit the open one. Raises `NoAnswer`."""
    if own := _own_issue(api, first):
        api.patch(f"issues/{own['number']}", {"title": title, "body": body})
    else:
        api.post("issues", {"title": title, "body": body})


def close_issue(api: GitHub, first: str) -> None:
    """Close the issue if one is open. Raises `NoAnswer`."""
    if own := _own_issue(api, first):
        api.post(f"issues/{own['number']}/comments", {"body": f"Live equals the files again: {run_url()}"})
        api.patch(f"issues/{own['number']}", {"state": "closed", "state_reason": "completed"})


def _own_issue(api: GitHub, first: str) -> dict[str, Any] | None:
    issues = api.all("issues", state="open", sort="created", direction="asc")
    return _own((issue for issue in issues if "pull_request" not in issue), first)


def _own(posts: Iterable[dict[str, Any]], first: str) -> dict[str, Any] | None:
    author = inputs.text("AUTHOR", "github-actions[bot]")
    for post in posts:
        lines = (post.get("body") or "").splitlines()
        if lines and lines[0] == first and (post.get("user") or {}).get("login") == author:
            return post
    return None
