"""A stand-in for the parts of GitHub's API that the action uses, on loopback. It keeps what it is sent."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

REPOSITORY = "crm/ladders"
BOT = "github-actions[bot]"
_BASE = f"/repos/{REPOSITORY}/"


class Answer(NamedTuple):
    """What a request gets. Bytes are sent as they are, without anything of HTTP, and the connection is closed."""

    code: int = 200
    data: Any = None
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed
    raw: bytes | None = None


CUT = Answer(raw=b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n[{"id": 1')
BROKEN = {
    "cut short": CUT,
    "no HTTP": Answer(raw=b"SSH-2.0-OpenSSH_9.9\r\n"),
    "nothing": Answer(raw=b""),
    "a page": Answer(raw=b"HTTP/1.1 200 OK\r\n\r\n<html>sign in</html>"),
    "headers cut short": Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Le"),
    "too deep": Answer(raw=b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000),
    "too large": Answer(raw=b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (33 * 1024 * 1024)),
    "chunked and cut": Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n[{"),
    "a word": Answer(data="fine"),
    "null": Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull"),
}


class GitHubDouble:
    """Comments by issue, issues, and other lists by their path.

    `next` holds what the next requests get instead, by method and path; a number stands for that code. `login` is whom
    the token writes as, and `is_asked` whether GitHub says so.
    """

    def __init__(self) -> None:
        self.url = ""
        self.page = 2  # items a page, so that everything has pages
        self.login, self.is_asked = BOT, True
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.issues: list[dict[str, Any]] = []
        self.lists: dict[str, list[Any]] = {}
        self.next: dict[str, list[Answer | int]] = {}
        self.seen: list[str] = []
        self.queries: list[dict[str, list[str]]] = []
        self.tokens: set[str | None] = set()
        self._ids = iter(range(1000, 10_000))

    def comment(self, number: int, body: str, login: str = "") -> dict[str, Any]:
        made = {"id": next(self._ids), "body": body, "user": {"login": login or self.login}}
        self.comments.setdefault(number, []).append(made)
        return made

    def issue(self, title: str, body: str, login: str = "", **more: Any) -> dict[str, Any]:
        user = {"login": login or self.login}
        made = {"number": next(self._ids), "title": title, "body": body, "state": "open", "user": user}
        self.issues.append(made | more)
        return self.issues[-1]

    def always(self, request: str, answer: Answer | int) -> None:
        """This request gets that answer however often it comes."""
        self.next[request] = [answer] * 100

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> Answer:
        if planned := self.next.get(f"{method} {path}"):
            answer = planned.pop(0)
            return Answer(answer, {"message": "no"}) if isinstance(answer, int) else answer
        return self._answer(method, path, query, body)

    def _answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> Answer:
        if path == "/graphql" and self.is_asked:
            return Answer(data={"data": {"viewer": {"login": self.login}}})
        if match := re.fullmatch(r"issues/(\d+)/comments", path):
            number = int(match[1])
            if method == "POST":
                return Answer(201, self.comment(number, body["body"]))
            return Answer(data=self.comments.get(number, []))
        if match := re.fullmatch(r"issues/comments/(\d+)", path):
            (own,) = [c for kept in self.comments.values() for c in kept if c["id"] == int(match[1])]
            own.update(body)
            return Answer(data=own)
        if path == "issues":
            if method == "POST":
                return Answer(201, self.issue(**body))
            return Answer(data=[issue for issue in self.issues if issue["state"] == query["state"][0]])
        if match := re.fullmatch(r"issues/(\d+)", path):
            (issue,) = [issue for issue in self.issues if issue["number"] == int(match[1])]
            issue.update(body)
            return Answer(data=issue)
        return Answer(data=self.lists[path]) if path in self.lists else Answer(404, {"message": "Not Found"})


class _Handler(BaseHTTPRequestHandler):
    double: GitHubDouble

    def do_GET(self) -> None:
        double, url = self.double, urlsplit(self.path)
        path, query = unquote(url.path).removeprefix(_BASE), parse_qs(url.query)
        double.seen.append(f"{self.command} {path}")
        double.queries.append(query)
        double.tokens.add(self.headers["Authorization"])
        length = int(self.headers.get("Content-Length") or 0)
        answer = double.answer(self.command, path, query, json.loads(self.rfile.read(length) or b"{}"))
        if answer.raw is not None:
            self.wfile.write(answer.raw)
            return
        data, headers = answer.data, dict(answer.headers)
        if isinstance(data, list):
            number = int(query.get("page", ["1"])[0])
            start = (number - 1) * double.page
            if len(data) > start + double.page:
                headers["Link"] = f'<{double.url}{self.path}&page={number + 1}>; rel="next"'
            data = data[start : start + double.page]
            key = path.rpartition("/")[2]
            if key in {"runs", "artifacts"}:
                data = {"workflow_runs" if key == "runs" else key: data}
        content = json.dumps(data).encode()
        self.send_response(answer.code)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
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
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"double": double}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    double.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield double
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not want the rest of an answer is no fault of the stand-in."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)
