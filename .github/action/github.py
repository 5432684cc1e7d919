"""GitHub's REST API, as far as the action needs it.

An answer that is cut short, is no HTTP or no JSON, or is of another shape than documented, counts as none.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from email.message import Message
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

_PAGE, _PAGES = 100, 100
_TRIES, _PAUSE = 3, 1.0  # seconds
_SILENCE, _LONGEST_ANSWER, _LARGEST_ANSWER = 30.0, 60.0, 32 * 1024 * 1024  # seconds, seconds, bytes
_LONGEST_PAUSE = 120.0  # seconds that a rate limit may ask for
_NO_ANSWER = (OSError, ValueError, RecursionError, http.client.HTTPException)  # what an answer that is none raises

_Kind = TypeVar("_Kind")


class NoAnswer(Exception):
    """GitHub refused a request, or did not answer it."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The API is where it says it is: a token follows no redirect to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


def field(answer: Any, *path: str) -> Any:
    """What an answer holds at a path; None where it holds nothing there."""
    for name in path:
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer


def parts(answer: Any, name: str) -> list[Any]:
    """The list that an answer holds under a name; empty where it holds none."""
    value = field(answer, name)
    return value if isinstance(value, list) else []


def number(answer: Any, name: str) -> int:
    """A number or an id in an answer. Raises `NoAnswer` where there is none."""
    value = field(answer, name)
    if not isinstance(value, int):
        raise NoAnswer(f"an answer has no {name}")
    return value


class GitHub:
    """The API of one repository, with the token of the job in `GITHUB_TOKEN`."""

    def __init__(self) -> None:
        self.repository = os.environ.get("GITHUB_REPOSITORY", "")
        self._base = f"{os.environ.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{self.repository}"
        self._open = urllib.request.build_opener(_NoRedirects).open
        self._headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "tierops-action",
            "Authorization": f"Bearer {os.environ.get('GITHUB_TOKEN', '')}",
        }

    def all(self, path: str, key: str = "", **query: str) -> Iterator[dict[str, Any]]:
        """All items of a list, page by page; `key` is where in the answer they are. Raises `NoAnswer`."""
        for page in range(1, _PAGES + 1):
            asked = urlencode({**query, "per_page": str(_PAGE), "page": str(page)}, errors="replace")
            url = f"{self._base}/{quote(path)}?{asked}"
            items, links = self._send("GET", path, url, lambda answer: _items(answer, key))
            yield from items
            if 'rel="next"' not in links:
                return
        raise NoAnswer(f"GET {path}: more than {_PAGES} pages")

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create something; sent again only after an answer that refused it for now. Raises `NoAnswer`."""
        return self._send("POST", path, f"{self._base}/{quote(path)}", _object, body)[0]

    def patch(self, path: str, body: dict[str, Any]) -> None:
        """Change something. Raises `NoAnswer`."""
        self._send("PATCH", path, f"{self._base}/{quote(path)}", _object, body)

    def viewer(self) -> str:
        """Whom the token writes as; empty where GitHub does not say. REST tells it of a person's token only."""
        url = os.environ.get("GITHUB_GRAPHQL_URL")
        try:
            answer = self._send("POST", "graphql", url, _object, {"query": "{viewer{login}}"})[0] if url else {}
        except NoAnswer:
            return ""
        login = field(answer, "data", "viewer", "login")
        return login if isinstance(login, str) else ""

    def _send(
        self, method: str, name: str, url: str, read: Callable[[Any], _Kind], body: dict[str, Any] | None = None
    ) -> tuple[_Kind, str]:
        """What `read` makes of the answer, and its Link header. `read` raises ValueError for what it cannot use."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, self._headers, method=method)
        for left in reversed(range(_TRIES)):
            pause = None if method == "POST" else _PAUSE
            try:
                with self._open(request, timeout=_SILENCE) as answer:
                    return read(json.loads(_body(answer))), answer.headers.get("Link", "")
            except urllib.error.HTTPError as error:
                reason = f"{error.code} {error.reason}"
                if error.code < 500:  # refused, so it may be sent again even if it creates something
                    pause = _until_allowed(error.code, error.headers)
                error.close()
            except _NO_ANSWER as error:
                reason = str(error) or type(error).__name__
            if pause is None or not left:
                break
            if pause > _LONGEST_PAUSE:
                reason += f", and asks to wait {pause:.0f} seconds"
                break
            time.sleep(pause)
        raise NoAnswer(f"{method} {name}: {reason}")


def _until_allowed(code: int, headers: Message) -> float | None:
    """How many seconds a rate limit asks to wait; None where a request was refused for another reason.

    See: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    after, reset = headers.get("Retry-After", ""), headers.get("X-RateLimit-Reset", "")
    if code not in {403, 429}:
        return None
    if re.fullmatch("[0-9]{1,9}", after):
        return float(after)
    if headers.get("X-RateLimit-Remaining") == "0" and re.fullmatch("[0-9]{1,12}", reset):
        return max(float(reset) - time.time(), 0) + 1  # clocks differ
    return _PAUSE if code == 429 or after else None


def _body(answer: http.client.HTTPResponse) -> bytes:
    """The whole body. Raises ValueError for one that does not end in time, or is larger than any list."""
    parts: list[bytes] = []
    size, end = 0, time.monotonic() + _LONGEST_ANSWER
    while part := answer.read1(65_536):
        parts.append(part)
        size += len(part)
        if size > _LARGEST_ANSWER or time.monotonic() > end:
            raise ValueError("an answer without an end")
    return b"".join(parts)


def _items(answer: Any, key: str) -> list[dict[str, Any]]:
    items = field(answer, key) if key else answer
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError("an answer that is no list")
    return items


def _object(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise ValueError("an answer that is no object")
    return answer
