"""Voucherify's error bodies. Source: the errors reference and the error examples of its OpenAPI files.

Two shapes exist: the API's own (`code`, `key`, `message`, `details`, `request_id`) and the framework's (`statusCode`,
`error`, `message`). None of the examples is published for a tier path; they are carried over from sibling endpoints.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from http import HTTPStatus

from tierops.emulator.web import BODY_LIMIT, Answer


def invalid_payload(details: str) -> Answer:
    """400: the body parses, but is not what the endpoint takes."""
    return _error(400, "invalid_payload", "Invalid payload", details)


def missing(name: str) -> Answer:
    """400 for an absent key. The documented wording names no item of an array."""
    return invalid_payload(f"Payload should have required property '{name}'")


def invalid_query(details: str) -> Answer:
    """400 for a query parameter."""
    return _error(400, "invalid_query_params", "Invalid query params", details)


def not_found(kind: str, sent: str) -> Answer:
    """404; a campaign name is echoed in the place of the id."""
    details = f"Cannot find {kind} with id {sent}"
    return _error(404, "not_found", "Resource not found", details, resource_id=sent, resource_type=kind)


def duplicate(kind: str, name: str) -> Answer:
    """409, documented for campaigns."""
    details = f"Duplicated {kind} exists with name {name}"
    return _error(409, "duplicate_found", "Duplicated resource found", details, resource_id=name, resource_type=kind)


def not_loyalty(sent: str) -> Answer:
    """400 for a campaign of another type. A guess: nothing is documented."""
    details = f"Campaign {sent} is not a loyalty campaign"
    return _error(400, "invalid_campaign_params", "Invalid campaign params", details)


def general(status: int) -> Answer:
    """What may be said on any path: 401, 403, 404 for a path that is no endpoint, 413, 5xx."""
    match status:
        case 401:  # with no request id in the documented example
            return Answer(401, {"code": 401, "message": "Unauthorized", "key": "unauthorized"})
        case 403:  # documented for the Areas and Stores restriction; what it says here is a guess
            return _error(403, "forbidden", "Forbidden", "Resource is not accessible in given context")
        case 404:  # a guess
            return _framework(404, HTTPStatus.NOT_FOUND.phrase)
        case 413:
            message = f"Payload content length greater than maximum allowed: {BODY_LIMIT}"
            return Answer(413, {"statusCode": 413, "error": "Request Entity Too Large", "message": message})
    # 5xx: the status is documented; the body is a guess.
    return Answer(status, {"code": status, "message": HTTPStatus(status).phrase, "request_id": _request_id()})


def wrong_method(method: str, allowed: str) -> Answer:
    """405; the details name what is allowed."""
    details = f"{method} is not supported by this endpoint. Did you mean {allowed}?"
    body = {"code": 405, "message": "HTTP Method Not Allowed", "details": details, "request_id": _request_id()}
    return Answer(405, body)


def too_many(headers: Mapping[str, str]) -> Answer:
    """429. The body is the one documented for the client-side API."""
    return Answer(429, {"code": 429, "message": "Too many requests hit the API too quickly."}, headers)


def malformed_json() -> Answer:
    """400 in the framework's shape."""
    return _framework(400, "Invalid request payload JSON format")


def unsupported_media_type() -> Answer:
    """415. The status is documented; the body is a guess."""
    return _framework(415, "Unsupported Media Type")


def _error(code: int, key: str, message: str, details: str, **more: str) -> Answer:
    body = {"code": code, "key": key, "message": message, "details": details, "request_id": _request_id(), **more}
    return Answer(code, body)


def _framework(status: int, message: str) -> Answer:
    return Answer(status, {"statusCode": status, "error": HTTPStatus(status).phrase, "message": message})


def _request_id() -> str:
    return f"v-{os.urandom(9).hex()}"
