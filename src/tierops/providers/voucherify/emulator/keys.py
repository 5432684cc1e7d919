"""Voucherify's authentication. Sources: the authentication guide and the OAuth reference."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from tierops.emulator.switches import VoucherifySwitches
from tierops.emulator.web import Answer, Call, Refused
from tierops.providers.voucherify.emulator import errors

_TOKEN_PATH = "/v1/oauth/token"  # noqa: S105 - a path
_TOKEN_SECONDS = 900
_SCOPES = frozenset(
    (  # noqa: SIM905 - a line for each would be a page
        "api assets async-actions campaigns categories client_api client_consents client_customers client_events"
        " client_promotions client_publish client_qualifications client_redeem client_redemptions client_validate"
        " client_validations client_vouchers consents customers events exports locations loyalties metadata-schemas"
        " orders product-collections products promotions publications qualifications redemptions referrals rewards"
        " segments skus task-results templates trash-bin validation-rules-assignments validation-rules validations"
        " vouchers"
    ).split()
)


class Keys:
    """Who may call: application keys, or bearer tokens.

    Scopes are checked when a token is issued. What a request outside its token's scope gets is documented nowhere, so
    it is let through.
    """

    def __init__(self, clock: Callable[[], float], switches: Callable[[], VoucherifySwitches]) -> None:
        self._clock = clock
        self._switches = switches
        self._expires: dict[str, float] = {}

    def fit(self, call: Call) -> bool:
        """Does the request carry keys that are accepted? A token is issued for application keys only."""
        accepted = [key.strip() for key in self._switches().accepted_keys.split(",") if key.strip()]
        app_id, app_token = call.headers.get("x-app-id", ""), call.headers.get("x-app-token", "")
        if app_id and app_token:
            return not accepted or f"{app_id}:{app_token}" in accepted
        bearer = re.fullmatch(r"(?i:bearer) +(\S+)", call.headers.get("authorization", "").strip())
        if bearer is None or call.path == _TOKEN_PATH:
            return False
        token = bearer[1]
        if token in self._expires:
            return self._clock() < self._expires[token]
        return not accepted or token in accepted

    def issue_token(self, call: Call, _path: Mapping[str, str]) -> Answer:
        """`POST /v1/oauth/token`: a bearer token for 15 minutes."""
        if call.media_type != "application/x-www-form-urlencoded":
            raise Refused(errors.unsupported_media_type())
        form = dict(parse_qsl(call.body.decode(errors="replace")))
        if form.get("grant_type") != "client_credentials":
            raise Refused(errors.oauth_refusal("invalid_grant_type", "Invalid grant_type"))
        scope = form.get("scope", "")
        wrong = [name for name in scope.split() if name not in _SCOPES]
        if wrong or not scope:
            raise Refused(errors.oauth_refusal("invalid_scope", f"Invalid scope: {' '.join(wrong)}"))
        token, expires = os.urandom(25).hex(), self._clock() + _TOKEN_SECONDS
        self._expires[token] = expires
        body = {
            "access_token": token,
            "client_id": call.headers["x-app-id"],  # a guess
            "expires_at": int(expires),
            "expires_in": _TOKEN_SECONDS,
            "scope": scope,
            "token_type": "Bearer",
        }
        return Answer(200, body)
