"""Writing a journal: each line on disk before what it announces may happen."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from tierops import __version__, plan_file
from tierops.errors import BadFile, Exit, NotSent
from tierops.journal.line import BEGINNING, LONGEST, MOST_TORN, NOTHING, compose, hash_of, is_torn, parse
from tierops.model import Kind, Plan, Result, TargetPlan, Value
from tierops.text import jsontext

try:
    import fcntl
except ImportError:  # pragma: no cover
    fcntl = None  # type: ignore[assignment]

_LONGEST_BODY = 1024 * 1024  # of a request; a longer one is kept as its digest only

_CI = {
    "github": {
        "actor": "GITHUB_ACTOR",
        "commit": "GITHUB_SHA",
        "run": "GITHUB_RUN_ID",
        "attempt": "GITHUB_RUN_ATTEMPT",
        "repository": "GITHUB_REPOSITORY",
    },
    "gitlab": {
        "actor": "GITLAB_USER_LOGIN",
        "commit": "CI_COMMIT_SHA",
        "run": "CI_PIPELINE_ID",
        "repository": "CI_PROJECT_PATH",
    },
}
_CI_MARKS = {"github": ("GITHUB_ACTOR", "GITHUB_SHA", "GITHUB_RUN_ID"), "gitlab": ("GITLAB_USER_LOGIN", "GITLAB_CI")}


def who(environ: Mapping[str, str]) -> dict[str, Value]:
    """Who runs this: the actor, commit and run that GitHub Actions or GitLab CI name, else the name of the user."""
    for name, marks in _CI_MARKS.items():
        if any(environ.get(mark) for mark in marks):
            return {"ci": name, **{key: environ.get(variable) or None for key, variable in _CI[name].items()}}
    names = (environ.get(variable) for variable in ("LOGNAME", "USER", "USERNAME"))
    user = next(filter(None, names), None) or (f"uid {os.getuid()}" if hasattr(os, "getuid") else None)
    return {"ci": None, "user": user}


def begin(
    path: Path,
    command: str,
    environment: str | None,
    by: Mapping[str, Value],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Journal:
    """Open the journal, or make one with mode 0600, and write that a run begins.

    Raises `BadFile` where that cannot be done, where another run is writing to it, and where the file is no journal
    or one that was altered at its end.
    """
    file = _open(path)
    try:
        journal = Journal(path, file, _tail(path, file), now)
        journal.append("run", tool_version=__version__, command=command, environment=environment, who=by)
        if journal.failure:
            raise BadFile(journal.failure)
    except BaseException:
        os.close(file)
        raise
    return journal


class Journal:
    """A journal that a run is writing; see `begin`. Safe to use from several threads.

    If the journal cannot be written, `failure` says why; nothing is appended after that, and every later write request
    is refused. `has_intents` says that a request may have been sent.
    """

    def __init__(self, path: Path, file: int, tail: _Tail, now: Callable[[], datetime]) -> None:
        self.failure = ""
        self._path = path
        self._file = file
        self._now = now
        self._lock = Lock()
        self._n, self._previous, self._size, torn, self._gap = tail
        self._attempts: dict[tuple[str, ...], int] = {}
        self.has_intents = False
        self._has_ended = False
        if torn:
            self.append("recovered", torn=[{"bytes": len(line), "sha256": hash_of(line)} for line in torn])

    def append(self, kind: str, *, is_synced: bool = True, **fields: Value) -> int:
        """Write a line, and wait until the disk has it. Its number; 0 where it could not be written."""
        with self._lock:
            if self.failure:
                return 0
            at = self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
            line = compose(self._n + 1, at, kind, fields, self._previous)
            try:
                self._write(line)
                if is_synced:
                    os.fsync(self._file)
            except OSError as error:
                self.failure = f"cannot write the journal {self._path}: {error.strerror}"
                return 0
            return self._n

    def _write(self, line: bytes) -> None:
        if len(line) > LONGEST:
            raise OSError(errno.EFBIG, f"a line of {len(line):,} bytes is too long")
        if os.fstat(self._file).st_size != self._size:
            raise OSError(errno.EBUSY, "something else wrote to it")
        data = self._gap + line + b"\n"
        end = self._size + len(data)
        try:
            written = os.write(self._file, data)
        finally:  # an interrupt may come between the write and what is known of it
            if os.fstat(self._file).st_size == end:
                self._n, self._previous, self._size, self._gap = self._n + 1, hash_of(line), end, b""
        if written != len(data):
            raise OSError(errno.ENOSPC, f"{written} of {len(data)} bytes were written")

    def witness(self, provider: str) -> _Witness:
        """Who writes down the requests to a vendor."""
        return _Witness(self, provider)

    def intend(self, provider: str, method: str, path: str, body: bytes) -> int:
        """Write that a request is about to leave. Raises `NotSent` where that could not be written."""
        request = provider, method, path, hash_of(body)
        with self._lock:
            attempt = self._attempts[request] = self._attempts.get(request, 0) + 1
        n = self.append(
            "intent",
            provider=provider,
            method=method,
            path=path,
            attempt=attempt,
            body_sha256=request[-1],
            body=_kept(body),
        )
        if not n:
            raise NotSent(f"{method} {path} was not sent: {self.failure}")
        self.has_intents = True
        return n

    def plan(self, plan: Plan, targets: Sequence[TargetPlan]) -> None:
        """Write which plan is carried out, and at which of its targets."""
        digest = plan_file.digest(plan)
        described: list[Value] = [
            {
                "address": target.address,
                "provider": target.target.provider,
                "identity": plan_file.identity_data(target.live.identity),
                "creates": [tier.name for tier in target.creates],
            }
            for target in targets
        ]
        self.append("plan", plan_digest=digest, plan_environment=plan.environment, targets=described)

    def end(self, code: Exit, results: Sequence[Result] = (), audited: Plan | None = None) -> str:
        """Write what came of it all, and close. A second end changes nothing.

        `audited` is the plan whose differences an audit found. Returns why the journal is not whole, empty where it is.
        """
        if self._has_ended:
            return ""
        self._has_ended = True
        for result in results:
            address, place = result.target.address, result.place
            if place is not None:
                told = {"place": place.name, "state": place.fate.value, "detail": place.detail}
                self.append("outcome", is_synced=False, address=address, **told)
            for name, fate, detail in result.outcomes:
                self.append("outcome", is_synced=False, address=address, tier=name, state=fate.value, detail=detail)
        if audited is not None:
            self.plan(audited, audited.targets)
            for target in audited.targets:
                kinds = [change.kind for change in target.changes]
                counts = {kind.value: kinds.count(kind) for kind in Kind}
                self.append("drift", is_synced=False, address=target.address, **counts)
        self.append("end", exit_code=int(code))
        with self._lock:
            failure, self.failure = self.failure, "the journal has ended"
            os.close(self._file)  # and with it the lock
        return failure


class _Witness(NamedTuple):
    """What `providers.http.Witness` asks for."""

    journal: Journal
    provider: str

    def sending(self, method: str, path: str, body: bytes) -> int:
        return self.journal.intend(self.provider, method, path, body)

    def answered(self, intent: int, status: int, request_id: str | None) -> None:
        self.journal.append("answer", intent=intent, result="received", status=status, request_id=request_id)

    def lost(self, intent: int, reason: str, *, was_sent: bool) -> None:
        self.journal.append("answer", intent=intent, result="lost" if was_sent else "no-connection", reason=reason)


class _Tail(NamedTuple):
    """Where a journal goes on: after which line, at which size, past what torn lines, and after which newline."""

    n: int
    previous: str
    size: int
    torn: tuple[bytes, ...]
    gap: bytes


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    try:
        is_new = not path.exists()
        file = os.open(path, flags, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise OSError(errno.EINVAL, "not a regular file")
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_new:
                _keep_name(path)
        except OSError:
            os.close(file)
            raise
    except BlockingIOError:
        raise BadFile(f"another run is writing the journal {path}: wait for its end, or name another file") from None
    except OSError as error:
        raise BadFile(f"cannot write the journal {path}: {error.strerror}") from None
    return file


def _keep_name(path: Path) -> None:
    """Have the folder itself written to disk, where a system can, so that a crash leaves the new file its name."""
    with suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _tail(path: Path, file: int) -> _Tail:
    """How the file ends. Raises `BadFile` for one that is no journal, or that was altered at its end."""
    with os.fdopen(os.dup(file), "rb") as reader:
        size = reader.seek(0, os.SEEK_END)
        if not size:
            return _Tail(0, NOTHING, 0, (), b"")
        reader.seek(0)
        head = reader.read(len(BEGINNING)).split(b"\n")[0]
        reader.seek(max(0, size - 2 * LONGEST))
        lines = reader.read(2 * LONGEST).split(b"\n")
    if not head or not BEGINNING.startswith(head):
        raise _foreign(path)
    unfinished = lines.pop()
    if unfinished:
        lines.append(unfinished)
    torn: list[bytes] = []
    while lines and len(torn) < MOST_TORN:
        line = parse(lines[-1])
        if line is not None:
            return _Tail(line.n, line.hash, size, tuple(torn), b"\n" if unfinished else b"")
        if not is_torn(lines[-1], has_newline=bool(torn) or not unfinished):
            break
        torn.insert(0, lines.pop())
    if not lines and size <= 2 * LONGEST:
        return _Tail(0, NOTHING, size, tuple(torn), b"\n" if unfinished else b"")
    if head != BEGINNING:
        raise _foreign(path)
    raise BadFile(f"{path} was altered at its end (see: tierops journal verify {path}); name another file")


def _foreign(path: Path) -> BadFile:
    return BadFile(f"{path} is no journal, and tierops will not write into it")


def _kept(body: bytes) -> Value:
    """A request's body as JSON; None where it is too long to be kept, and for what is not JSON."""
    try:
        return jsontext.loads(body) if len(body) <= _LONGEST_BODY else None
    except ValueError:
        return None
