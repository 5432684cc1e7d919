"""Signing in: a token for keys, through a client of its own that can send nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

import httpx

from tierops.errors import NotSent, TieropsError
from tierops.providers.vendor import SignIn
from tierops.text import jsontext

_TIMEOUT = httpx.Timeout(30, connect=10)
_LARGEST = 1024 * 1024  # bytes of an answer


class Token:
    """The headers that a sign-in brought, asked for once, and again once they have expired. For several threads.

    `http` is closed with it. The request for a token changes nothing at the vendor, so it is no write: a command that
    only reads may send it, to this one address.
    """

    def __init__(self, title: str, base_url: str, sign_in: SignIn, http: httpx.Client) -> None:
        self._title = title
        self._url = base_url + sign_in.path
        self._sign_in = sign_in
        self._http = http
        self._lock = Lock()
        self._headers: Mapping[str, str] | None = None

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def headers(self) -> Mapping[str, str]:
        """Those of a token that is not known to have expired. Raises `NotSent` where none is to be had."""
        with self._lock:
            if self._headers is None:
                self._headers = self._ask()
            return self._headers

    def expire(self, headers: Mapping[str, str]) -> None:
        """The vendor did not accept these headers."""
        with self._lock:
            if self._headers is headers:
                self._headers = None

    def _ask(self) -> Mapping[str, str]:
        asked = f"signing in to {self._title} (POST {self._sign_in.path})"
        try:
            answer = self._http.post(self._url, data=dict(self._sign_in.form), timeout=_TIMEOUT)
            body = jsontext.loads(answer.content[:_LARGEST])
        except httpx.RequestError as error:
            raise NotSent(f"{asked} failed: {str(error) or type(error).__name__}") from None
        except ValueError:
            raise NotSent(f"{asked} was answered with {answer.status_code} and no JSON") from None
        if not answer.is_success:
            raise NotSent(f"{asked} was refused with {answer.status_code}: {self._sign_in.refusal(body)}")
        try:
            return self._sign_in.headers(body)
        except TieropsError as error:
            raise NotSent(f"{asked}: {error}") from None
