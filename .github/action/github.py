"""What the action needs of GitHub: its REST API, and the files and commands by which a step speaks to its runner."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import quote, urlencode

LONGEST_COMMENT = 65_536  # characters
LONGEST_SUMMARY = 1024 * 1024  # bytes a step
_PAGE, _PAGES = 100, 100
_TRIES, _TIMEOUT = 3, 30.0  # seconds


class NoAnswer(Exception):
    """GitHub refused a request, or did not answer it."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The API is where it says it is: a token follows no redirect to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


class GitHub:
    """The API of one repository, with the token of the job in `GITHUB_TOKEN`."""

    def __init__(self, pause: float = 1.0) -> None:
        self.repository = os.environ["GITHUB_REPOSITORY"]
        self._base = f"{os.environ.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{self.repository}"
        self._open = urllib.request.build_opener(_NoRedirects).open
        self._pause = pause
        self._headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "tierops-action",
            "Authorization": f"Bearer {os.environ.get('GITHUB_TOKEN', '')}",
        }

    def get(self, path: str, **query: str) -> Any:
        """One resource. Raises `NoAnswer`."""
        return self._send("GET", path, query)[0]

    def all(self, path: str, key: str = "", **query: str) -> Iterator[dict[str, Any]]:
        """All items of a list, page by page; `key` is where in the answer they are. Raises `NoAnswer`."""
        for page in range(1, _PAGES + 1):
            answer, links = self._send("GET", path, {**query, "per_page": str(_PAGE), "page": str(page)})
            yield from answer[key] if key else answer
            if 'rel="next"' not in links:
                return
        raise NoAnswer(f"GET {path}: more than {_PAGES} pages")

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Create something; never sent twice. Raises `NoAnswer`."""
        return self._send("POST", path, {}, body)[0]

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """Change something. Raises `NoAnswer`."""
        return self._send("PATCH", path, {}, body)[0]

    def _send(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any] | None = None
    ) -> tuple[Any, str]:
        url = f"{self._base}/{quote(path)}" + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, self._headers, method=method)
        for left in reversed(range(1 if method == "POST" else _TRIES)):
            try:
                with self._open(request, timeout=_TIMEOUT) as answer:
                    return json.load(answer), answer.headers.get("Link", "")
            except urllib.error.HTTPError as error:
                told = f"{method} {path}: {error.code} {error.reason}"
                error.close()
                if error.code < 500 and error.code != 429:
                    raise NoAnswer(told) from None
            except (OSError, ValueError) as error:
                told = f"{method} {path}: {error}"
            if left:
                time.sleep(self._pause)
        raise NoAnswer(told)


def event() -> dict[str, Any]:
    """What started the workflow."""
    path = os.environ.get("GITHUB_EVENT_PATH")
    found = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    return found if isinstance(found, dict) else {}


def run_url() -> str:
    """The page of this run of the workflow."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (os.environ.get(name, "") for name in names)
    return f"{server}/{repository}/actions/runs/{run}"


def output(**values: str) -> None:
    """Set outputs of this step. No value can end its own block, because nobody can guess what ends it."""
    end = token_hex(16)
    lines = [f"{name.replace('_', '-')}<<{end}\n{value}\n{end}\n" for name, value in values.items()]
    _append("GITHUB_OUTPUT", "".join(lines))


def summarise(text: str) -> None:
    """Add to the summary of this step."""
    _append("GITHUB_STEP_SUMMARY", text)


def annotate(level: str, message: str) -> None:
    """An `error`, a `warning` or a `notice` on the page of the run."""
    data = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{level} title=tierops::{data}", flush=True)


def _append(name: str, text: str) -> None:
    if path := os.environ.get(name):
        with Path(path).open("a", encoding="utf-8", newline="") as file:
            file.write(text)
