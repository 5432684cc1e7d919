"""Faults: misbehaviour told in advance, for the requests it is meant for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from threading import Lock

from tierops.emulator.web import Answer, Call, Json

STOPPERS = {
    "drop-before": "the connection closes, nothing was executed",
    "401": "the key is not known (any more), nothing was executed",
    "403": "the key may not do this, nothing was executed",
    "429": "rate limit with `Retry-After` and the vendor's own header, `value` seconds from now",
    "429-date": "the same, with `Retry-After` as an HTTP date",
    "429-epoch": "rate limit with the vendor's own header only (`X-Rate-Limit-Retry`, `X-RateLimit-Reset`)",
    "429-bare": "rate limit that does not say when to come back",
    "429-cycle": "the calls of the whole billing cycle are used up (`X-Rate-Limit-Type: api_calls_cycle`);"
    " Fanfare, which documents no such limit, answers as to `429`",
    "500-before": "error 500, nothing was executed",
    "502-before": "error 502, nothing was executed",
    "503-before": "error 503, nothing was executed",
    "html-before": "an HTML error page with status `value` (502 unless given), nothing was executed",
}
SPOILERS = {
    "drop-after": "the connection closes after the commit",
    "500-after": "error 500 after the commit",
    "502-after": "error 502 after the commit",
    "503-after": "error 503 after the commit",
    "500-partial": "error 500 after the first `value` entries of a create were committed",
    "html-after": "an HTML error page with status `value` (502 unless given) after the commit",
    "truncated": "the JSON of the answer breaks off half way",
    "empty": "the answer has its status and no body",
    "content-type": "the answer is right but says it is `text/html`",
}
BENDERS = {
    "delay": "the answer comes `value` milliseconds late",
    "total": "`total` of a list is off by `value`",
    "cap": "a list holds at most `value` entries, whatever its `total` or its cursors say",
    "shift": "a list lacks its first `value` entries, as a page does when the list changed since the page before",
    "repeat": "a list has its last entry twice, with the same id",
    "cycle": "`pageInfo.endCursor` is the cursor that was asked for, so that the page leads to itself",
}
KINDS = STOPPERS | SPOILERS | BENDERS

_HTML = b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>The server had a problem</h1></body></html>"


@dataclass(frozen=True)
class Fault:
    """One scripted misbehaviour.

    `on` is a method and a path pattern, `"POST /v1/loyalties/*/tiers"`; `*` stands for any text, also for any method,
    and the path may be given with or without the vendor's mount. It happens `times` times (`None`: always), after it
    let `after` matching requests pass. Raises `ValueError` on an unknown kind or a malformed `on`.
    """

    on: str
    kind: str
    times: int | None = 1
    after: int = 0
    value: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"fault kind {self.kind!r} is none of {', '.join(KINDS)}")
        if not re.fullmatch(r"\S+ [/*].*", self.on):
            raise ValueError(f"a fault is on METHOD /path, not {self.on!r}")
        if (self.times is not None and self.times < 1) or self.after < 0:
            raise ValueError("a fault happens at least once, after no fewer than 0 requests")

    def fits(self, method: str, *paths: str) -> bool:
        """Does it concern this request?"""
        wanted, pattern = self.on.split(" ", 1)
        return wanted in ("*", method) and any(fnmatchcase(path, pattern) for path in paths)


class Faults:
    """The queue of faults still to come. A used-up fault leaves it, so `len(faults) == 0` tells that all happened."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[Fault] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def append(self, fault: Fault) -> None:
        """Add one at the end of the queue."""
        self.extend((fault,))

    def extend(self, faults: Iterable[Fault]) -> None:
        """Add several at the end of the queue."""
        with self._lock:
            self._waiting.extend(faults)

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            self._waiting.clear()

    def take(self, method: str, *paths: str) -> Due:
        """What happens to this request: the first fault due that decides the answer, and one of each that bends it."""
        due: dict[str, Fault] = {}
        still: list[Fault] = []
        with self._lock:
            for fault in self._waiting:
                slot = fault.kind if fault.kind in BENDERS else "answer"
                if not fault.fits(method, *paths):
                    still.append(fault)
                elif fault.after:
                    still.append(replace(fault, after=fault.after - 1))
                elif slot in due:
                    still.append(fault)
                else:
                    due[slot] = fault
                    if fault.times is None:
                        still.append(fault)
                    elif fault.times > 1:
                        still.append(replace(fault, times=fault.times - 1))
            self._waiting[:] = still
        return Due(due)


class Due:
    """The faults that hit one request."""

    def __init__(self, faults: dict[str, Fault]) -> None:
        self._faults = faults
        self.answer = faults.get("answer")

    @property
    def stops(self) -> Fault | None:
        """The fault that keeps the request from being executed."""
        return self.answer if self.answer and self.answer.kind in STOPPERS else None

    @property
    def spoils(self) -> Fault | None:
        """The fault that changes the answer after execution."""
        return self.answer if self.answer and self.answer.kind in SPOILERS else None

    @property
    def delay(self) -> float:
        """Seconds to wait before the answer."""
        return self._faults["delay"].value / 1000 if "delay" in self._faults else 0.0

    @property
    def kept(self) -> int | None:
        """How many entries of a create are stored where it breaks off part-way."""
        return self.answer.value if self.answer and self.answer.kind == "500-partial" else None

    def bend(self, answer: Answer, call: Call) -> Answer:
        """The answer with a wrong `total`, a wrong cursor, or other entries than it should have."""
        body: Json = answer.body
        if isinstance(body, list) and call.method == "GET":
            return replace(answer, body=self._entries(body))
        if not isinstance(body, dict):
            return answer
        body = dict(body)
        if "total" in self._faults and "total" in body:
            body["total"] += self._faults["total"].value
        if "cycle" in self._faults and "pageInfo" in body and "after" in call.query:
            body["pageInfo"] = {**body["pageInfo"], "endCursor": call.query["after"]}
        entries = body.get("data_ref", "data")
        if isinstance(body.get(entries), list):
            body[entries] = self._entries(body[entries])
        return replace(answer, body=body)

    def _entries(self, entries: list[Json]) -> list[Json]:
        if "shift" in self._faults:
            entries = entries[self._faults["shift"].value :]
        if "cap" in self._faults:
            entries = entries[: self._faults["cap"].value]
        return entries + entries[-1:] if "repeat" in self._faults else entries


def html_page(fault: Fault) -> Answer:
    """The error page of something between client and vendor, such as a gateway."""
    return Answer(fault.value or 502, _HTML, {}, "text/html; charset=utf-8")


def spoil(fault: Fault, answer: Answer) -> Answer:
    """The answer with its bytes spoiled."""
    payload = answer.payload()
    if fault.kind == "truncated":
        return replace(answer, body=payload[: len(payload) // 2])
    if fault.kind == "empty":
        return replace(answer, body=b"")
    return replace(answer, content_type="text/html; charset=utf-8")
