"""Open Loyalty's error bodies. The codes of guards and the shapes are documented, the words are ours."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from tierops.emulator.web import Answer

GUARDS = {
    "delete_default_tier": "The default tier cannot be deleted.",
    "delete_tier_has_members": "Tier has members.",
    "delete_tier_used_in_campaign_visibility": "Tier is used in a campaign.",
    "delete_tier_used_in_campaign_effect": "Tier is used in a campaign.",
}


def general(status: int) -> Answer:
    """What may be said on any path."""
    said = {401: "Authentication Required", 403: "Forbidden.", 404: "Not Found"}
    return Answer(status, {"code": status, "message": said.get(status, HTTPStatus(status).phrase)})


def invalid(message: str, form: str, code: str = "", path: str = "", **more: Any) -> Answer:
    """400 for a list, in either form that is known."""
    if form == "children":
        errors: Any = {"children": {"tiers": {"errors": [message]}}}
    else:
        entry: dict[str, Any] = {
            "message": message,
            "parameters": [],
            "plural": None,
            "code": code or None,
            "path": path or "tiers",
        }
        errors = [entry | more]
    return Answer(400, {"code": 400, "message": "Validation failed", "errors": errors})


def guard(code: str, tier_id: str) -> Answer:
    """400 for a list that leaves out what must not be deleted."""
    more = {"campaigns": [{"campaignId": tier_id, "name": "Spring"}]} if "campaign" in code else {}
    return invalid(GUARDS[code], "list", code, tier_id, **more)
