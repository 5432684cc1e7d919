"""An answer, asked for, and told in a sentence, whatever it holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

import httpx

from tierops.model import Value
from tierops.text import jsontext

_MOST_ENTRIES = (
    1_000_000  # an empty object takes 64 bytes of memory, and two in an answer; 5,000 tiers have some 150,000
)
_BETWEEN = "no answer of the API; a proxy, a firewall or a content network in between may have sent it"


class Times(NamedTuple):
    """Seconds: until there is a connection, until the next byte, and for all of an exchange."""

    connect: float
    step: float
    whole: float

    def extensions(self) -> dict[str, object]:
        """As a request carries them."""
        return {"timeout": httpx.Timeout(self.step, connect=self.connect).as_dict(), "whole": self.whole}


class Answer(NamedTuple):
    """A status, and what came with it. `flaw` says why its body cannot be had, which is empty then."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    flaw: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the request was carried out, or taken."""
        return 200 <= self.status < 300


def receive(transport: httpx.BaseTransport, request: httpx.Request) -> Answer:
    """Send a request and read the whole answer. Raises `httpx.RequestError` where there is none."""
    response = transport.handle_request(request)
    try:
        content = response.read()
    finally:
        response.close()
    return Answer(response.status_code, response.headers, content, str(response.extensions.get("flaw", "")))


def loads(answer: Answer) -> Value:
    """The body as JSON. Raises `ValueError`, which says why it is none."""
    if answer.flaw:
        raise ValueError(f"the answer {answer.flaw}")
    return jsontext.loads(answer.content, most=_MOST_ENTRIES)


def parsed(answer: Answer) -> Value:
    """The body as JSON, None where it is none."""
    try:
        return loads(answer)
    except ValueError:
        return None


def is_page(answer: Answer) -> bool:
    """Whether a refusal is a page for people: no API gives one, but what stands before it may."""
    if not 400 <= answer.status < 500 or parsed(answer) is not None:
        return False
    start = answer.content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "html" in answer.headers.get("Content-Type", "").lower() or start.startswith((b"<!doctype html", b"<html"))


def described(answer: Answer, explain: Callable[[Value], str]) -> str:
    """The status, with what `explain` makes of a refusal's JSON, or the beginning of what is no answer."""
    location = answer.headers.get("Location")
    if location is not None and 300 <= answer.status < 400:
        return f"{answer.status}, a redirect to {location!r}: not followed"
    if answer.flaw:
        return f"{answer.status}, but the answer {answer.flaw}"
    if is_page(answer):
        return f"{answer.status} and the page {_heading(answer)!r}: {_BETWEEN}"
    body = None if answer.is_success else parsed(answer)
    said = _beginning(answer) if body is None else explain(body)
    return f"{answer.status}: {said}" if said else str(answer.status)


def reason(error: httpx.RequestError) -> str:
    """Why there is no answer, without a full stop."""
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    said = str(error).rstrip(". ") or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return f"{said}. A certificate authority of your own is trusted with SSL_CERT_FILE=its.pem"
    return said


def _text(content: bytes) -> str:
    """What a person could read, in one line. Not by the charset that an answer names: `hex` is one for Python."""
    is_wide = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    text = content.decode("utf-16" if is_wide else "utf-8-sig", errors="replace")
    return " ".join(text.replace("\0", "").split())


def _heading(answer: Answer) -> str:
    """The title of a page, or else how its text begins."""
    from html import unescape  # a long table, for pages that no API gives

    text = _text(answer.content[:20_000])
    title = re.search(r"<title[^>]*>([^<]+)", text, re.IGNORECASE)
    return " ".join(unescape(title[1] if title else re.sub("<[^>]*>", " ", text)).split())[:80]


def _beginning(answer: Answer) -> str:
    text = _text(answer.content[:20_000])
    kind = answer.headers.get("Content-Type", "no content type")
    return f"{kind}, {text[:80]!r}" if text else "an empty body"
