"""The emulator as one WSGI application: mounts, request log, faults, dispatch."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from tierops.emulator.api import Api
from tierops.emulator.chaos import Chaos
from tierops.emulator.faults import Due, Fault, Faults, html_page, spoil
from tierops.emulator.store import Store
from tierops.emulator.switches import Switches, SwitchSet
from tierops.emulator.vendors import own
from tierops.emulator.web import Answer, Call, ConnectionDropped, Json, Refused, read_body, requested_paths

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_CHUNK = 64 * 1024


class Sent(tuple[str, str, Json]):
    """One logged request: `(method, path, body)`, and its query and headers (lower-case names) as attributes.

    The path has its mount and is decoded; the body is parsed JSON, text where it is not JSON, `None` where there is
    none, its fractions as float: this is for reading, the vendors parse what was sent themselves.
    """

    query: Mapping[str, str]
    headers: Mapping[str, str]

    @classmethod
    def of(cls, call: Call, prefix: str) -> Sent:
        """The log entry of a call."""
        sent = cls((call.method, prefix + call.path, _logged(call.body)))
        sent.query, sent.headers = call.query, call.headers
        return sent


class Body(list[bytes]):
    """The body of an answer, and over how many `seconds` a server is to send it."""

    def __init__(self, chunks: Iterable[bytes], seconds: float) -> None:
        super().__init__(chunks)
        self.seconds = seconds


class _Late(NamedTuple):
    """A request that is still to be executed."""

    due: float
    vendor: Api[Any]
    call: Call


class Emulator:
    """Vendors' APIs on this machine, each below its own path.

    `data` is the SQLite file to keep everything in; without it, data lives in memory. `vendors` are tierops' own unless
    given; `clock` tells the time in seconds since the epoch. Raises `OSError` if `data` cannot be used.

    `switches` may be replaced and `faults` filled at any time, and where `chaos` is set it decides on the requests that
    no fault is for; `requests` logs the last requests and `writes` counts those that reached a writing route. The
    attribute `vendors` has each `Api` by its name, and `emulator.NAME` is the dashboard of one, `_` for `-` in it.
    """

    def __init__(
        self,
        data: Path | None = None,
        switches: Switches = Switches(),  # noqa: B008 - frozen
        *,
        vendors: Iterable[type[Api[Any]]] | None = None,
        clock: Callable[[], float] = time.time,
        log_size: int = 10_000,
    ) -> None:
        self.switches = switches
        self.faults = Faults()
        self.chaos: Chaos | None = None
        self.requests: list[Sent] = []
        self.writes = 0
        self._log_size = log_size
        self._clock = clock
        self._late: list[_Late] = []
        self._lock = Lock()
        self._store = Store(data)
        kinds = own() if vendors is None else vendors
        self.vendors: dict[str, Api[Any]] = {
            kind.name: kind(self._store, clock, self._switches_of(kind)) for kind in kinds
        }
        self._mounts: dict[str, list[Api[Any]]] = {}
        for api in self.vendors.values():
            for base in api.bases:
                self._mounts.setdefault(f"/{api.place()}{base}", []).append(api)

    def __getattr__(self, name: str) -> Any:
        """The dashboard of the vendor with this name."""
        vendor = self.__dict__.get("vendors", {}).get(name.replace("_", "-"))
        if vendor is None:
            raise AttributeError(f"no vendor and no attribute {name!r}")
        return vendor.dashboard

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path, raw_path = requested_paths(environ)
        # Read first and to its end, whatever the answer: the next request of a kept connection starts behind it.
        body, length = read_body(_chunks(environ))
        fitting = [prefix for prefix in self._mounts if path == prefix or path.startswith(f"{prefix}/")]
        if not fitting:
            answer = Answer(404, {"message": "Not an emulated API", "mounts": list(self._mounts)})
        else:
            prefix = max(fitting, key=len)
            call = Call(
                method=environ["REQUEST_METHOD"],
                path=path.removeprefix(prefix),
                raw_path=None if raw_path is None else raw_path.removeprefix(prefix),
                query=dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
                headers=_headers(environ),
                body=body,
                body_length=length,
            )
            answer = self._respond(prefix, call)
        payload = answer.payload()
        headers = {"Content-Type": answer.content_type, "Content-Length": str(len(payload)), **answer.headers}
        start_response(answer.status_line(), list(headers.items()))
        return Body([b"" if environ["REQUEST_METHOD"] == "HEAD" else payload], answer.seconds)

    def land(self, *, everything: bool = False) -> int:
        """Carry out the late writes that are due, or `everything` at once, and say how many that were.

        Every request does so before it is looked at; who looks at the data between requests calls it.
        """
        now = self._clock()
        with self._lock:
            due = [late for late in self._late if everything or late.due <= now]
            self._late = [late for late in self._late if not everything and late.due > now]
        for late in sorted(due, key=lambda late: late.due):
            self._execute(late.vendor, late.call)
        return len(due)

    def close(self) -> None:
        """Close the data file. What has not landed yet never will."""
        self._store.close()

    def _switches_of(self, vendor: type[Api[Any]]) -> Callable[[], SwitchSet]:
        defaults = vendor.switch_set()
        return lambda: self.switches.get(vendor.name, defaults)

    def _respond(self, prefix: str, call: Call) -> Answer:
        mounted = self._mounts[prefix]  # of several that share an address, the one that knows the path
        vendor = next((one for one in mounted if one.router.find(call)), mounted[0])
        self.land()
        with self._lock:
            self.requests.append(Sent.of(call, prefix))
            del self.requests[: -self._log_size]
        paths = call.path, prefix + call.path
        due = self.faults.take(call.method, *paths)
        if self.chaos and not due:
            due = self.chaos.take(call.method, *paths)
        headers, refusal = vendor.meter()
        if not due:
            answer = refusal or self._execute(vendor, call)
            return replace(answer, headers={**headers, **answer.headers})
        if due.stops:
            if due.stops.kind == "late" and refusal is None:
                with self._lock:
                    self._late.append(_Late(self._clock() + due.stops.seconds, vendor, call))
            time.sleep(due.delay)
            return replace(_failure(vendor, due.stops, headers), seconds=due.drip)
        answer = due.bend(refusal or self._execute(vendor, replace(call, kept=due.kept, lag=due.lag)))
        time.sleep(due.delay)
        answer = _spoiled(vendor, due, replace(answer, headers={**headers, **answer.headers}))
        return replace(answer, seconds=due.drip)

    def _execute(self, vendor: Api[Any], call: Call) -> Answer:
        match = vendor.router.find(call)
        if match is None:
            return vendor.error(404)
        route, parameters = match
        handler = route.handlers.get(call.method)
        if handler is None:
            return vendor.no_method(call.method, tuple(route.handlers))
        try:
            vendor.admit(call)
            if call.method != "GET" and route.is_write:
                with self._lock:
                    self.writes += 1
            with self._store.transaction():
                return handler(call, parameters)
        except Refused as refused:
            return refused.answer


def _failure(vendor: Api[Any], fault: Fault, headers: Mapping[str, str]) -> Answer:
    if silence := fault.silence:
        raise silence
    form = fault.kind.split("-")[0]
    if form == "html":
        return html_page(fault)
    answer = vendor.failure(fault)
    # A scripted 429 says itself what its headers tell.
    return answer if form == "429" else replace(answer, headers={**headers, **answer.headers})


def _spoiled(vendor: Api[Any], due: Due, answer: Answer) -> Answer:
    if due.spoils is None:
        return answer
    if due.spoils.kind.endswith(("-after", "-partial")):
        return _failure(vendor, due.spoils, answer.headers)
    return spoil(due.spoils, answer)


def _chunks(environ: WSGIEnvironment) -> Iterator[bytes]:
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH", "")
    is_chunked = environ.get("wsgi.input_terminated", False)
    left = int(length) if length.isascii() and length.isdigit() else 0
    while chunk := stream.read(_CHUNK if is_chunked else min(_CHUNK, left)):
        left -= len(chunk)
        yield chunk
    if left > 0:
        raise ConnectionDropped(f"the body breaks off, {left} bytes before its end")


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    headers = {
        key.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    return headers | {name: str(environ[key]) for name, key in (("content-type", "CONTENT_TYPE"),) if key in environ}


def _logged(body: bytes) -> Json:
    if not body:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")
