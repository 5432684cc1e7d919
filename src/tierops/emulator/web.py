"""What every emulated vendor needs of HTTP: requests, answers, lists, rate windows."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from http import HTTPStatus
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

from tierops.emulator import exact
from tierops.emulator.exact import Json as Json  # the word for what every body holds

BODY_LIMIT = 10 * 1024 * 1024
_ENDLESS = 10 * BODY_LIMIT


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"number too large: {text}")
    return number


class ConnectionDropped(ConnectionError):
    """The emulator closed the connection without an answer.

    In process it reaches the caller of the WSGI application (an httpx transport may turn it into `httpx.ReadError`);
    the loopback server closes the socket. `seconds` is for a server: how long it is to keep up what the subclass names.
    """

    def __init__(self, message: str, seconds: float = 0.0) -> None:
        super().__init__(message)
        self.seconds = seconds


class ConnectionReset(ConnectionDropped):
    """The connection was reset, not closed."""


class PortClosed(ConnectionDropped):
    """No connection came about. A server notices it too late, resets this one and takes no other for `seconds`.

    A transport in process may turn it into `httpx.ConnectError`.
    """


class NoAnswer(ConnectionDropped):
    """The connection stays open and silent, over a server for `seconds`.

    A transport in process may turn it into `httpx.ReadTimeout`, without any waiting.
    """


class MalformedJson(ValueError):
    """A body that is not JSON as the standard has it."""


@dataclass(frozen=True)
class Call:
    """One request as a vendor sees it: the path below its mount, headers with lower-case names, the whole body.

    `kept` says how many entries of a create are to be stored where a fault has it break off; `None` means all. `lag` is
    how many seconds a list is to be behind what was created.
    """

    method: str
    path: str
    raw_path: str | None
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    body_length: int
    kept: int | None = None
    lag: float = 0.0

    @property
    def media_type(self) -> str:
        """The `Content-Type` without its parameters, in lower case; empty where there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def bearer(self) -> str:
        """The token of `Authorization: Bearer …`; empty where there is none."""
        token = re.fullmatch(r"(?i:bearer) +(\S+)", self.headers.get("authorization", "").strip())
        return token[1] if token else ""

    def form(self) -> dict[str, str]:
        """The fields of a body that is a form; of a repeated one the last."""
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))

    def json(self, fraction: Callable[[str], Any] = _finite) -> Json:
        """The body as JSON; `fraction` reads numbers that are not whole.

        Raises `MalformedJson`, also for `NaN`, numbers too large to hold and half surrogates.
        """
        try:
            value = json.loads(self.body, parse_constant=_refuse_constant, parse_float=fraction)
            exact.dumps(value, ensure_ascii=False).encode()
            return value
        except (ValueError, RecursionError) as error:
            raise MalformedJson(str(error)) from None


@dataclass(frozen=True)
class Page:
    """A list, or a page of it, before `write` puts it into the vendor's form: so a fault can bend any vendor's lists.

    `total` is how many entries the vendor says there are, `next` the cursor of the page behind this one; None where it
    tells none. `asked` is the cursor that this page was asked for with. `id_key` and `name_key` are keys of an entry.
    """

    entries: Sequence[Json]
    write: Callable[[Page], Json | bytes]
    total: int | None = None
    next: str | None = None
    asked: str | None = None
    id_key: str = "id"
    name_key: str = "name"


@dataclass(frozen=True)
class Answer:
    """One response: a JSON value, a list, or bytes sent as they are. A server sends its body over so many `seconds`."""

    status: int
    body: Json | Page | bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"
    seconds: float = 0.0

    def payload(self) -> bytes:
        """The body as it goes over the wire; ASCII JSON without NaN."""
        body = self.body.write(self.body) if isinstance(self.body, Page) else self.body
        return body if isinstance(body, bytes) else exact.dumps(body).encode()

    def status_line(self) -> str:
        """`404 Not Found`, as WSGI wants it."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"


class Refused(Exception):
    """A request that is answered with an error; what it had written is rolled back."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Window:
    """A rate limit of so many calls in each window of time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._ends = 0.0
        self._used = 0

    def take(self, limit: int, seconds: int) -> tuple[bool, int, int]:
        """Count one call: was it allowed, how many are left, and the epoch second at which the window ends."""
        with self._lock:
            now = self._clock()
            if now >= self._ends:
                self._ends, self._used = now + seconds, 0
            is_allowed = self._used < limit
            self._used += is_allowed
            return is_allowed, max(limit - self._used, 0), math.ceil(self._ends)


def http_date(moment: float) -> str:
    """Seconds since the epoch as HTTP headers have them: `Thu, 01 Jan 2026 00:00:00 GMT`; never too early."""
    return formatdate(math.ceil(moment), usegmt=True)


def timestamp(moment: float) -> str:
    """Seconds since the epoch as ISO 8601 with milliseconds, in UTC: `2026-01-01T00:00:00.000Z`."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def requested_paths(environ: Mapping[str, Any]) -> tuple[str, str | None]:
    """The path decoded, and as it was sent where the server tells (`RAW_URI`, `REQUEST_URI`).

    PEP 3333 has the decoded path as Latin-1 text of its UTF-8 bytes; `httpx.WSGITransport` passes plain text instead.
    """
    path = str(environ.get("PATH_INFO", ""))
    with suppress(UnicodeError):  # it is plain text already
        path = path.encode("latin-1").decode()
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if raw is None:
        return path, None
    target = re.sub(r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*", "", str(raw))
    script = str(environ.get("SCRIPT_NAME", ""))
    return path, re.split(r"[?#]", target, maxsplit=1)[0].removeprefix(script)


def read_body(chunks: Iterator[bytes]) -> tuple[bytes, int]:
    """The first bytes of a body (one more than the limit at most) and its length.

    It is read to its end either way: the connection stays usable, and a client that sends too much gets its 413. One
    that goes on without end does not: raises `ConnectionDropped`.
    """
    kept = bytearray()
    length = 0
    for chunk in chunks:
        length += len(chunk)
        if length > _ENDLESS:
            raise ConnectionDropped(f"more than {_ENDLESS} bytes of body")
        if len(kept) <= BODY_LIMIT:
            kept += chunk
    return bytes(kept), length


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
