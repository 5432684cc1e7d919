"""A stand-in for the parts of GitHub's API that the action uses, on loopback. It keeps what it is sent."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

REPOSITORY = "crm/ladders"
BOT = "github-actions[bot]"
_BASE = f"/repos/{REPOSITORY}/"


class GitHubDouble:
    """Comments by issue, issues, and other lists by their path. `fails` says which requests get which codes."""

    def __init__(self) -> None:
        self.url = ""
        self.page = 2  # items a page, so that everything has pages
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.issues: list[dict[str, Any]] = []
        self.lists: dict[str, list[dict[str, Any]]] = {}
        self.fails: dict[str, list[int]] = {}
        self.seen: list[str] = []
        self.tokens: set[str | None] = set()
        self._ids = iter(range(1000, 10_000))

    def comment(self, number: int, body: str, login: str = BOT) -> dict[str, Any]:
        made = {"id": next(self._ids), "body": body, "user": {"login": login}}
        self.comments.setdefault(number, []).append(made)
        return made

    def issue(self, title: str, body: str, login: str = BOT, **more: Any) -> dict[str, Any]:
        made = {"number": next(self._ids), "title": title, "body": body, "state": "open", "user": {"login": login}}
        self.issues.append(made | more)
        return self.issues[-1]

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, Any]:
        if codes := self.fails.get(f"{method} {path}"):
            return codes.pop(0), {"message": "no"}
        if found := re.fullmatch(r"issues/(\d+)/comments", path):
            number = int(found[1])
            if method == "POST":
                return 201, self.comment(number, body["body"])
            return 200, self.comments.get(number, [])
        if found := re.fullmatch(r"issues/comments/(\d+)", path):
            own = [c for kept in self.comments.values() for c in kept if c["id"] == int(found[1])]
            own[0].update(body)
            return 200, own[0]
        if path == "issues":
            if method == "POST":
                return 201, self.issue(**body)
            return 200, [issue for issue in self.issues if issue["state"] == query["state"][0]]
        if found := re.fullmatch(r"issues/(\d+)", path):
            (issue,) = [issue for issue in self.issues if issue["number"] == int(found[1])]
            issue.update(body)
            return 200, issue
        return (200, self.lists[path]) if path in self.lists else (404, {"message": "Not Found"})


class _Handler(BaseHTTPRequestHandler):
    double: GitHubDouble

    def do_GET(self) -> None:
        double, url = self.double, urlsplit(self.path)
        path, query = unquote(url.path).removeprefix(_BASE), parse_qs(url.query)
        double.seen.append(f"{self.command} {path}")
        double.tokens.add(self.headers["Authorization"])
        length = int(self.headers.get("Content-Length") or 0)
        code, answer = double.answer(self.command, path, query, json.loads(self.rfile.read(length) or b"{}"))
        self.send_response(code)
        if isinstance(answer, list):
            number = int(query.get("page", ["1"])[0])
            start = (number - 1) * double.page
            if len(answer) > start + double.page:
                self.send_header("Link", f'<{double.url}{self.path}&page={number + 1}>; rel="next"')
            answer = answer[start : start + double.page]
            key = path.rpartition("/")[2]
            if key in {"runs", "artifacts"}:
                answer = {"workflow_runs" if key == "runs" else key: answer}
        content = json.dumps(answer).encode()
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815
    do_PATCH = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serve() -> Iterator[GitHubDouble]:
    """The stand-in, until the block ends."""
    double = GitHubDouble()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"double": double}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    double.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield double
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
