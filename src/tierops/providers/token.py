"""Signing in: a token for keys, through a client of its own that can send nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from threading import Lock

import httpx

from tierops.errors import UNAUTHORIZED, NotSent, TieropsError
from tierops.model import Value
from tierops.providers.accounts import SignIn, secrets_of
from tierops.providers.answer import Answer, Times, described, parsed, reason, receive
from tierops.providers.limits import Limits, Waiting, is_passing, tries
from tierops.providers.vendor import untold
from tierops.text import jsontext
from tierops.text.redaction import Redaction

_TIMES = Times(connect=10, step=30, whole=60)

_log = logging.getLogger(__name__)


class Token:
    """The headers that a sign-in brought, asked for once, and again once they have expired. For several threads.

    `transport` is closed with it. The request for a token changes nothing at the vendor, so it is no write: a command
    that only reads may send it, to this one address. `keep_secret` is told of every token.
    """

    def __init__(
        self,
        title: str,
        base_url: str,
        sign_in: SignIn,
        headers: Mapping[str, str],
        transport: httpx.BaseTransport,
        waiting: Waiting,
        keep_secret: Callable[[Iterable[str]], object],
    ) -> None:
        self._url = base_url + sign_in.path
        self._asked = f"signing in to {title} (POST {sign_in.path})"
        self._sign_in = sign_in
        self._own_headers = headers
        self._transport = transport
        self._waiting = waiting
        self._limits = Limits(title, untold, waiting)
        self._keep_secret = keep_secret
        self._lock = Lock()
        self._headers: Mapping[str, str] | None = None

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

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
            is_refused = False
            try:
                answer = self._send()
            except httpx.RequestError as error:
                failure = f"{self._asked} failed: {reason(error)}"
            else:
                if not answer.is_success:
                    failure = self._refusal(answer)
                    is_refused = not is_passing(answer.status)
                elif (body := parsed(answer)) is not None:
                    return body
                else:  # its text is not shown, for it may hold a token
                    failure = (
                        f"{self._asked} was answered with {answer.status}, but without the JSON that is documented"
                    )
            if is_last or is_refused:
                raise NotSent(failure, UNAUTHORIZED if is_refused else None)
        raise AssertionError("unreachable")  # pragma: no cover

    def _send(self) -> Answer:
        """One request; sent again as often as an answer says when to come back."""
        turn = self._limits.turn()
        while True:
            form = dict(self._sign_in.form)
            request = httpx.Request(
                "POST", self._url, data=form, headers=self._own_headers, extensions=_TIMES.extensions()
            )
            with turn:
                answer = receive(self._transport, request)
            _log.info("%s: %s", self._asked, answer.status)
            if answer.status == 429:
                self._limits.refused(answer.headers, None)
            elif not self._limits.is_closed(answer, partial(self._refusal, answer)):
                return answer

    def _refusal(self, answer: Answer) -> str:
        return f"{self._asked} was refused with {described(answer, self._sign_in.refusal)}"

    def _read(self, body: Value) -> Mapping[str, str]:
        """The headers that an answer gives. What a sentence shows of any other answer holds none of its texts."""
        try:
            headers = dict(self._sign_in.headers(body))
        except TieropsError as error:
            message = Redaction(jsontext.texts(body, has_keys=False)).every(str(error))
            raise NotSent(f"{self._asked} brought no token: {message}") from None
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise NotSent(f"{self._asked} brought a token that no header can hold")
        return headers
