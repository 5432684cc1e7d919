"""Error bodies that v2 has beside those of v1. Most statuses and keys are documented; all texts are guesses."""

from __future__ import annotations

from collections.abc import Sequence

from tierops.emulator.web import Answer, Refused
from tierops.providers.voucherify.emulator import errors

_TITLES = {
    "tiers_per_tier_structure_limit_exceeded": "Tiers per tier structure limit exceeded",
    "tier_structure_assignments_limit_exceeded": "Tier structure assignments limit exceeded",
    "tier_overlap": "Tier overlaps with another tier",  # this key is a guess, too
    "connected_non_draft_program": "Connected program is not a draft",
    "invalid_state_transition": "Invalid state transition",
    "invalid_or_expired_cursor": "Invalid or expired cursor",
    "cursor_and_query_mismatch": "Cursor and query mismatch",
    "missing_required_feature": "Missing required feature",
    "non_draft_program": "Invalid program status",
    "non_active_tier_structure": "Invalid tier structure status",
    "duplicate_found": "Duplicated resource found",
    "resource_in_use": "Resource in use",
}


def refused(status: str | int, key: str, details: str = "", **more: object) -> Refused:
    """A refusal with this status and key."""
    body = _body(errors.invalid_payload(details))
    told = {"code": int(status), "key": key, "message": _TITLES.get(key, "Invalid payload")}
    if not details:
        del body["details"]
    return Refused(Answer(int(status), {**body, **told, **more}))


def invalid(details: str) -> Refused:
    """400: the body parses, but is not what the endpoint takes."""
    return Refused(errors.invalid_payload(details))


def not_found(kind: str, sent: str, form: str) -> Refused:
    """404; how it calls the kind of what is not there is open."""
    answer = errors.not_found(kind, sent)
    body = _body(answer)
    if form == "plural":
        body["resource_type"] = f"{kind}s"
    elif form == "absent":
        del body["resource_type"]
    return Refused(Answer(404, body))


def in_use(programs: Sequence[str]) -> Refused:
    """400 for deleting what a program uses."""
    return refused(400, "resource_in_use", related_object_ids=list(programs), related_object_type="program")


def _body(answer: Answer) -> dict[str, object]:
    return dict(answer.body) if isinstance(answer.body, dict) else {}
