"""Fanfare's error bodies. Sources: its OpenAPI file, its errors page, its troubleshooting page on API errors.

The pages disagree: the specification has `validation_error` with `issues`, and `{"error": "<text>"}` for the rest; the
narrative pages add `message`. Where several texts are published for one status, one of them was chosen.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
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
    return _general(400, "bad_request", "Invalid JSON in request body")


def general(status: int) -> Answer:
    """What may be said on any path: 401, 403, 404 for a path that is no endpoint, 413, 5xx."""
    match status:
        case 401:
            return plain("Authentication required", 401)
        case 403:  # the specification's description of the status
            return plain("Forbidden - User must be authenticated", 403)
        case 404:  # a guess, in the errors page's general shape
            return _general(404, "not_found", "Not found")
        case 413:  # the status is documented; the body is a guess
            return _general(413, "payload_too_large", "Payload too large")
        case 500:
            return _general(500, "internal_error", "An unexpected error occurred", requestId=request_id())
    # 503 as on the errors page; the body of 502 is a guess.
    error = "service_unavailable" if status == 503 else "bad_gateway"
    return _general(status, error, HTTPStatus(status).phrase)


def wrong_method(method: str, allowed: str) -> Answer:  # noqa: ARG001 - other vendors say it
    """405. A guess."""
    return _general(405, "method_not_allowed", f"{method} is not allowed")


def not_found(noun: str) -> Answer:
    """404: of an audience as on the old audiences page, which the specification does not declare; else a guess."""
    return plain(f"{noun} not found", 404)


def too_many(wait: int | None) -> Answer:
    """429: the body with `retryAfter` or, where there is nothing to tell, the other documented one."""
    if wait is None:
        return Answer(429, {"error": "rate_limited", "message": "Too many requests"})
    return Answer(429, {"error": "Rate limit exceeded", "retryAfter": wait})


def request_id() -> str:
    """An id as the errors page shows it."""
    return f"req_{os.urandom(6).hex()}"


def _general(status: int, error: str, message: str, **more: Any) -> Answer:
    return Answer(status, {"error": error, "message": message, **more})


def _received(value: Json) -> str:
    if isinstance(value, dict | list):
        return "Object" if isinstance(value, dict) else "Array"
    return exact.dumps(value, ensure_ascii=False)
