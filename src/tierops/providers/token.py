"""Signing in: a token for keys, through a client of its own that can send nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Lock

import httpx

from tierops.errors import UNAUTHORIZED, NotSent, TieropsError
from tierops.model import Value
from tierops.providers.answer import MEBIBYTE, described, parsed, reason, receive
from tierops.providers.limits import Waiting, tries
from tierops.providers.vendor import SignIn, secrets_of
from tierops.text import jsontext
from tierops.text.redaction import Redaction

_TIMEOUT = httpx.Timeout(30, connect=10)  # seconds

_log = logging.getLogger(__name__)


class Token:
    """The headers that a sign-in brought, asked for once, and again once they have expired. For several threads.

    `http` is closed with it. The request for a token changes nothing at the vendor, so it is no write: a command that
    only reads may send it, to this one address. `keep_secret` is told of every token.
    """

    def __init__(
        self,
        title: str,
        base_url: str,
        sign_in: SignIn,
        http: httpx.Client,
        waiting: Waiting,
        keep_secret: Callable[[Iterable[str]], object],
    ) -> None:
        self._url = base_url + sign_in.path
        self._asked = f"signing in to {title} (POST {sign_in.path})"
        self._sign_in = sign_in
        self._http = http
        self._waiting = waiting
        self._keep_secret = keep_secret
        self._lock = Lock()
        self._headers: Mapping[str, str] | None = None

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def headers(self) -> Mapping[str, str]:
        """Those of a token that is not known to have expired. Raises `NotSent` where none is to be had."""
        with self._lock:
            if self._headers is None:
                self._headers = self._read(self._ask())
                self._keep_secret(secrets_of(self._headers))
            return self._headers

    def expire(self, headers: Mapping[str, str]) -> None:
        """The vendor did not accept these headers."""
        with self._lock:
            if self._headers is headers:
                self._headers = None

    def _ask(self) -> Value:
        """The JSON of an answer. Like a read, it is asked for again where nothing useful came. Raises `NotSent`."""
        for is_last in tries(self._waiting):
            self._waiting.check()
            is_refused = False
            request = self._http.build_request("POST", self._url, data=dict(self._sign_in.form), timeout=_TIMEOUT)
            try:
                answer = receive(self._http, request, MEBIBYTE)
            except httpx.RequestError as error:
                failure = f"failed: {reason(error)}"
            else:
                _log.info("%s: %s", self._asked, answer.status_code)
                if not answer.is_success:
                    failure = f"was refused with {described(answer, self._sign_in.refusal)}"
                    is_refused = answer.status_code < 500
                elif (body := parsed(answer)) is not None:
                    return body
                else:  # its text is not shown, for it may hold a token
                    failure = f"was answered with {answer.status_code}, but without the JSON that is documented"
            if is_last or is_refused:
                raise NotSent(f"{self._asked} {failure}", UNAUTHORIZED if is_refused else None)
        raise AssertionError("unreachable")  # pragma: no cover

    def _read(self, body: Value) -> Mapping[str, str]:
        """The headers that an answer gives. What a sentence shows of any other answer holds none of its texts."""
        try:
            headers = dict(self._sign_in.headers(body))
        except TieropsError as error:
            message = Redaction(_texts(body)).every(str(error))
            raise NotSent(f"{self._asked} brought no token: {message}") from None
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise NotSent(f"{self._asked} brought a token that no header can hold")
        return headers


def _texts(value: Value) -> Iterator[str]:
    """Every text and number in an answer: each may be the token."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    else:
        yield jsontext.dumps(value) if not isinstance(value, str) else value
