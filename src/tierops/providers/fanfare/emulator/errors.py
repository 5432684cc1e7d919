"""Fanfare's error bodies. Sources: its OpenAPI file, its errors page, its troubleshooting page on API errors.

The pages disagree: the specification has `validation_error` with `issues`, and `{"error": "<text>"}` for the rest; the
narrative pages add `message`. Where several texts are published for one status, one of them was chosen.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeAlias

from tierops.emulator import exact
from tierops.emulator.web import Answer, Json

Path: TypeAlias = tuple[tuple[Json, str | int], ...]
"""Where an issue is: the containers from the outermost on, each with the key or index that leads on."""


def issue(path: Path, kind: str, type: str, expected: str, received: str, message: str) -> Json:  # noqa: A002
    """One issue. The keys are the specification's; that `input` echoes the container is a guess."""
    items = [
        {
            "type": "array" if isinstance(container, list) else "object",
            "origin": "value",
            "input": container,
            "key": key,
        }
        for container, key in path
    ]
    texts = {"kind": kind, "type": type, "expected": expected, "received": received, "message": message}
    return {**texts, "path": items}


def missing(path: Path, expected: str) -> Json:
    """The issue that the errors page shows for an absent key."""
    return issue(path, "validation", "required", expected, "undefined", "Required field")


def mistyped(path: Path, expected: str, value: Json) -> Json:
    """A value of the wrong type. The texts are a guess."""
    received = _received(value)
    return issue(path, "schema", expected, expected, received, f"Expected {expected} but received {received}")


def invalid(path: Path, type: str, expected: str, value: Json, message: str) -> Json:  # noqa: A002
    """A value that breaks a rule."""
    return issue(path, "validation", type, expected, _received(value), message)


def validation(issues: Sequence[Json], status: str) -> Answer:
    """400 says the specification, 422 the errors page."""
    return Answer(int(status), {"error": "validation_error", "issues": list(issues)})


def plain(text: str, status: int = 400) -> Answer:
    """The specification's `{"error": "<text>"}`."""
    return Answer(status, {"error": text})


def malformed_json() -> Answer:
    """400 as on the errors page."""
    return _told(400, "bad_request", "Invalid JSON in request body")


def unauthorized(text: str = "Authentication required") -> Answer:
    """401; the other documented text is `Secret key required`."""
    return plain(text, 401)


def forbidden() -> Answer:
    """403. The text is the specification's description of the status."""
    return plain("Forbidden - User must be authenticated", 403)


def audience_not_found() -> Answer:
    """404 as on the old audiences page; the specification declares none."""
    return plain("Audience not found", 404)


def group_not_found() -> Answer:
    """404. A guess: nothing is documented."""
    return plain("Audience group not found", 404)


def no_route() -> Answer:
    """404 for a path that is no endpoint. A guess, in the errors page's general shape."""
    return _told(404, "not_found", "Not found")


def method_not_allowed(method: str, allowed: Iterable[str]) -> Answer:
    """405. A guess."""
    answer = _told(405, "method_not_allowed", f"{method} is not allowed")
    return Answer(answer.status, answer.body, {"Allow": ", ".join(allowed)})


def too_large() -> Answer:
    """413. The status is documented; the body is a guess."""
    return _told(413, "payload_too_large", "Payload too large")


def too_many(headers: Mapping[str, str], wait: int | None) -> Answer:
    """429: the body with `retryAfter` or, where there is nothing to tell, the other documented one."""
    if wait is None:
        return Answer(429, {"error": "rate_limited", "message": "Too many requests"}, headers)
    return Answer(429, {"error": "Rate limit exceeded", "retryAfter": wait}, headers)


def server_error(status: int) -> Answer:
    """500 and 503 as on the errors page; the body of 502 is a guess."""
    if status != 500:
        return _told(status, "service_unavailable" if status == 503 else "bad_gateway", HTTPStatus(status).phrase)
    return _told(500, "internal_error", "An unexpected error occurred", requestId=request_id())


def request_id() -> str:
    """An id as the errors page shows it."""
    return f"req_{os.urandom(6).hex()}"


def _told(status: int, error: str, message: str, **more: Any) -> Answer:
    return Answer(status, {"error": error, "message": message, **more})


def _received(value: Json) -> str:
    if isinstance(value, dict | list):
        return "Object" if isinstance(value, dict) else "Array"
    return exact.dumps(value, ensure_ascii=False)
