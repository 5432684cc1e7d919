"""Faults: misbehaviour told in advance, for the requests it is meant for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from http import HTTPStatus
from threading import Lock

from tierops.emulator.web import Answer, ConnectionDropped, ConnectionReset, Json, NoAnswer, Page, PortClosed

STOPPERS = {
    "refuse": "no connection: nothing was executed, this one is reset, and for `value` milliseconds"
    " (1000 unless given) none is accepted",
    "drop-before": "the connection closes, nothing was executed",
    "reset-before": "the connection is reset, nothing was executed",
    "hang-before": "no answer: the connection closes after `value` milliseconds (1000 unless given), nothing was"
    " executed",
    "late": "the connection closes at once, and `value` milliseconds later (1000 unless given) the request is executed"
    " all the same",
    "401": "the key is not known (any more), nothing was executed",
    "403": "the key may not do this, nothing was executed",
    "429": "rate limit with `Retry-After` and the vendor's own header, `value` seconds from now",
    "429-date": "the same, with `Retry-After` as an HTTP date",
    "429-epoch": "rate limit with the vendor's own headers only, which may say when it ends",
    "429-bare": "rate limit that does not say when to come back",
    "429-cycle": "the calls of the whole billing cycle are used up; a vendor that documents no such limit answers as to"
    " `429`",
    "500-before": "error 500, nothing was executed",
    "502-before": "error 502, nothing was executed",
    "503-before": "error 503, nothing was executed",
    "html-before": "an HTML error page with status `value` (502 unless given), nothing was executed",
}
SPOILERS = {
    "drop-after": "the connection closes after the commit",
    "reset-after": "the connection is reset after the commit",
    "hang-after": "no answer after the commit: the connection closes after `value` milliseconds (1000 unless given)",
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
    "delay": "the answer comes `value` milliseconds late (1000 unless given)",
    "drip": "the body of the answer comes in small pieces, over `value` milliseconds (1000 unless given)",
    "lag": "a list does not show what was created in the last `value` milliseconds (1000 unless given),"
    " nor does its total count it",
    "total": "the total of a list is off by `value`, where the vendor tells one",
    "cap": "a list holds at most `value` entries, whatever its total or its cursors say",
    "shift": "a list lacks its first `value` entries, as a page does when the list changed since the page before",
    "insert": "a list has an entry more in front, a copy of its first with an id and a name of its own, as a page may"
    " have when the list changed since the page before; its total counts it",
    "repeat": "a list has its last entry twice, with the same id",
    "cycle": "the cursor of the next page is the one that was asked for, so that the page leads to itself",
}
KINDS = STOPPERS | SPOILERS | BENDERS

_SILENCES: dict[str, type[ConnectionDropped]] = {
    "drop": ConnectionDropped,
    "late": ConnectionDropped,
    "reset": ConnectionReset,
    "refuse": PortClosed,
    "hang": NoAnswer,
}
_TIMED = frozenset({"refuse", "hang-before", "hang-after", "late", "delay", "drip", "lag"})
"""Kinds that last 1000 milliseconds unless `value` says otherwise."""

_MOST = 24 * 3600 * 1000
"""The largest `value`: a day, where it is milliseconds."""
_PAGES = frozenset(status for status in HTTPStatus if status >= 200 and status not in (204, 205, 304))
"""Statuses of answers that have a body."""
_HTML = b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>The server had a problem</h1></body></html>"


@dataclass(frozen=True)
class Fault:
    """One scripted misbehaviour.

    `on` is a method and a path pattern, `"POST */tiers"`; `*` stands for any text, also for any method,
    and the path may be given with or without the vendor's mount. It happens `times` times (`None`: always), after it
    let `after` matching requests pass. What lasts some time lasts a second unless `value` is given. Raises `ValueError`
    with what `flaws` says of it.
    """

    on: str
    kind: str
    times: int | None = 1
    after: int = 0
    value: int = 0

    def __post_init__(self) -> None:
        for _, flaw in flaws(self.on, self.kind, self.times, self.after, self.value):
            raise ValueError(flaw)

    @property
    def seconds(self) -> float:
        """How long it lasts, where it lasts."""
        return (self.value or (1000 if self.kind in _TIMED else 0)) / 1000

    @property
    def silence(self) -> ConnectionDropped | None:
        """What is raised where there is no answer at all."""
        silence = _SILENCES.get(self.kind.partition("-")[0])
        return None if silence is None else silence(f"{self.kind}: scripted for {self.on}", self.seconds)

    def fits(self, method: str, *paths: str) -> bool:
        """Does it concern this request?"""
        named, pattern = self.on.split(" ", 1)
        return named in ("*", method) and any(fnmatchcase(path, pattern) for path in paths)


def flaws(on: str, kind: str, times: int | None, after: int, value: int) -> Iterator[tuple[str, str]]:
    """What is wrong with a fault: the field, and a sentence."""
    if not re.fullmatch(r"(?:[A-Z]+|\*) [/*].*", on, re.DOTALL):
        yield "on", f"a fault is on METHOD /path, such as `GET */tiers`, not {on!r}"
    if kind not in KINDS:
        yield "kind", f"fault kind {kind!r} is none of {', '.join(KINDS)}"
    if times is not None and times < 1:
        yield "times", f"a fault happens at least once, not {times} times"
    if after < 0:
        yield "after", f"a fault comes after no fewer than 0 requests, not {after}"
    if kind.startswith("html-"):
        if value and value not in _PAGES:
            yield "value", f"{value} is no HTTP status of a page"
    elif not (-_MOST if kind == "total" else 0) <= value <= _MOST:
        yield "value", f"{value} is no value for a fault: {-_MOST if kind == 'total' else 0} to {_MOST}"


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
                slot = _slot(fault)
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

    @classmethod
    def of(cls, *faults: Fault) -> Due:
        """These faults, of which no two may decide the answer."""
        return cls({_slot(fault): fault for fault in faults})

    def __bool__(self) -> bool:
        return bool(self._faults)

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
        return self._seconds("delay")

    @property
    def drip(self) -> float:
        """Seconds over which the answer is sent."""
        return self._seconds("drip")

    @property
    def lag(self) -> float:
        """Seconds that a list is behind."""
        return self._seconds("lag")

    @property
    def kept(self) -> int | None:
        """How many entries of a create are stored where it breaks off part-way."""
        return self.answer.value if self.answer and self.answer.kind == "500-partial" else None

    def bend(self, answer: Answer) -> Answer:
        """The answer, if it is a list, with a wrong total, a wrong cursor, or other entries than it should have."""
        page = answer.body
        if not isinstance(page, Page):
            return answer
        inserted = self._inserted(page)
        if page.total is not None:
            off = self._faults["total"].value if "total" in self._faults else 0
            page = replace(page, total=page.total + off + len(inserted))
        if "cycle" in self._faults and page.asked is not None:
            page = replace(page, next=page.asked)
        return replace(answer, body=replace(page, entries=self._entries([*inserted, *page.entries])))

    def _seconds(self, kind: str) -> float:
        return self._faults[kind].seconds if kind in self._faults else 0.0

    def _inserted(self, page: Page) -> list[Json]:
        if "insert" not in self._faults or not page.entries:
            return []
        first = page.entries[0]
        old = first[page.id_key]
        new = old + 1_000_000 if isinstance(old, int) else f"{old[:-4]}ffff"
        return [{**first, page.id_key: new, page.name_key: f"{first[page.name_key]} (new)"}]

    def _entries(self, entries: list[Json]) -> list[Json]:
        if "shift" in self._faults:
            entries = entries[self._faults["shift"].value :]
        if "cap" in self._faults:
            entries = entries[: self._faults["cap"].value]
        return entries + entries[-1:] if "repeat" in self._faults else entries


def _slot(fault: Fault) -> str:
    return fault.kind if fault.kind in BENDERS else "answer"


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
