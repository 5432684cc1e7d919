"""Refusals: a list of errors at the top level, an object where a sign-in is refused, a result where a record is."""

from __future__ import annotations

from tierops.emulator.web import Answer, Json

_GENERAL = {
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    404: ("NOT_FOUND", "The requested resource does not exist"),
    413: ("REQUEST_TOO_LARGE", "The request is too large"),  # a guess
    429: ("REQUEST_LIMIT_EXCEEDED", "Too many requests"),  # none is documented; something in between may say so
    500: ("UNKNOWN_EXCEPTION", "An unexpected error occurred"),
    502: ("SERVER_UNAVAILABLE", "Bad gateway"),
    503: ("SERVER_UNAVAILABLE", "The server is unavailable"),
}


def general(status: int) -> Answer:
    """What may be said on any path."""
    code, message = _GENERAL.get(status, ("UNKNOWN_EXCEPTION", "An unexpected error occurred"))
    return top(status, code, message)


def top(status: int, code: str, message: str) -> Answer:
    """An error that is not about one record."""
    return Answer(status, [{"message": message, "errorCode": code}])


def sign_in(error: str, description: str) -> Answer:
    """A sign-in that is refused, as OAuth has it."""
    return Answer(400, {"error": error, "error_description": description})


def result(code: str, message: str, *fields: str) -> dict[str, Json]:
    """What became of a record that is not created."""
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": list(fields)}]}
