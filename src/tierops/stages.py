"""The stages joined: files → programs → live ladders → plan → results. Prints nothing and reads no environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tierops import __version__, config, providers, rules
from tierops.config import environment as environments
from tierops.errors import BadInput, PlanRefused, UsageError, VendorError
from tierops.model import Live, Plan, Problem, Program, Result, Severity, Target, TargetPlan
from tierops.output.report import Usage

if TYPE_CHECKING:
    from tierops.apply import Patience
    from tierops.providers.connection import Connection
    from tierops.providers.http import Client, Witness
    from tierops.providers.limits import Waiting

_THREADS = 16  # sync httpx with one client is no faster with more


class Files(NamedTuple):
    """What the files say: programs without an error, every problem, and the environment they were filled from."""

    programs: tuple[Program, ...]
    problems: tuple[Problem, ...]
    environment: config.Environment | None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop every command."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


def read_files(
    directory: Path, environment: str | None, *, paths: Sequence[Path] = (), full_check: bool = False
) -> Files:
    """Read and check the files. Raises `TieropsError` where there is nothing to check."""
    today = datetime.now(UTC).date()
    loaded = config.load(directory, environment=environment, paths=paths, full_check=full_check, today=today)
    found = rules.check(loaded.programs, today)
    return Files(loaded.programs, tuple(sorted((*loaded.problems, *found), key=lambda p: p.at)), loaded.environment)


def read_in_all_environments(
    directory: Path, _environment: str | None, *, paths: Sequence[Path] = (), full_check: bool = False
) -> Files:
    """`read_files`, whichever environment is named, with the values of each environment; once where there are none.

    The programs are those that are right in all of them, as the first one has them. A problem that is not in all of
    them says where it is.
    """
    names: Sequence[str | None] = tuple(environments.names(directory)) or (None,)
    read = [read_files(directory, name, paths=paths, full_check=full_check) for name in names]
    holders: dict[Problem, list[str | None]] = {}
    for name, files in zip(names, read, strict=True):
        for problem in dict.fromkeys(files.problems):
            holders.setdefault(problem, []).append(name)
    problems = tuple(
        problem if len(within) == len(read) else _placed(problem, within) for problem, within in holders.items()
    )
    keys = set.intersection(*({program.key for program in files.programs} for files in read))
    programs = tuple(program for program in read[0].programs if program.key in keys)
    return Files(programs, tuple(sorted(problems, key=lambda problem: problem.at)), None)


def _placed(problem: Problem, names: Sequence[str | None]) -> Problem:
    if problem.rule == "unknown-value":  # says so itself
        return problem
    return problem._replace(message=f"{problem.message} (environment {', '.join(map(str, names))})")


def read_environment(directory: Path, name: str | None) -> config.Environment | None:
    """The environment alone, for a plan that was made before. Raises as `read_files` and `select` do."""
    path = environments.choose(directory, name)
    environment, problems = (None, []) if path is None else environments.read(path)
    if problems:
        raise BadInput(problems)
    return environment


def select(files: Files, patterns: Sequence[str]) -> tuple[Target, ...]:
    """The targets of the programs whose key matches a shell pattern; of all where there is none.

    Raises `BadInput` where any file has an error, `UsageError` where a pattern matches nothing.
    """
    if files.errors:
        raise BadInput(files.problems)
    targets = tuple(target for program in files.programs for target in program.targets)
    return chosen(targets, patterns)


_Named = TypeVar("_Named", Target, TargetPlan)


def chosen(targets: Sequence[_Named], patterns: Sequence[str]) -> tuple[_Named, ...]:
    """The targets whose program matches one of the patterns."""
    keys = dict.fromkeys(target.address.partition("/")[0] for target in targets)
    for pattern in patterns:
        if not any(fnmatchcase(key, pattern) for key in keys):
            raise UsageError(f"--program {pattern}: no such program; there are: {', '.join(keys)}")
    return tuple(
        target
        for target in targets
        if not patterns or any(fnmatchcase(target.address.partition("/")[0], pattern) for pattern in patterns)
    )


@dataclass(frozen=True, slots=True)
class Vendors:
    """The way to each vendor that a run needs; use it as a context manager.

    `witness` makes who is told of the writes to the vendor of a name.
    """

    environ: Mapping[str, str]
    urls: Mapping[str, str]
    waiting: Waiting | None = None
    is_read_only: bool = False
    witness: Callable[[str], Witness] | None = None
    connected: dict[str, Connection] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Vendors:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def connect(self, names: Sequence[str]) -> dict[str, Connection]:
        """A provider for each name. Raises `TieropsError` for missing credentials or an address that is no good."""
        for name in dict.fromkeys(names):
            if name not in self.connected:
                self.connected[name] = self._provider(name)
        return self.connected

    def usage(self, targets: Sequence[TargetPlan] = ()) -> tuple[Usage, ...]:
        """The requests so far, and those that the plans still want to send."""
        return tuple(
            Usage(
                name,
                client.reads,
                client.writes,
                sum(len(target.requests) for target in targets if target.target.provider == name),
                client.limits.left,
            )
            for name, client in self.clients.items()
        )

    def _provider(self, name: str) -> Connection:
        from tierops.providers.connection import open_connection

        connection = open_connection(
            providers.find(name),
            self.environ,
            self.urls.get(name, ""),
            waiting=self.waiting,
            is_read_only=self.is_read_only,
            witness=self.witness and self.witness(name),
        )
        self._open.callback(connection.client.close)
        self.clients[name] = connection.client
        return connection


def read_live(targets: Sequence[Target], vendors: Vendors) -> dict[str, Live]:
    """Every target's live ladder by address, read side by side. Raises the first failure, in file order."""
    connected = vendors.connect([target.provider for target in targets])
    reads = _side_by_side(lambda target: connected[target.provider].fetch(target.place), targets)
    lives = {target.address: live for target, live in zip(targets, reads, strict=True)}
    _refuse_one_place_twice(targets, lives)
    return lives


def _refuse_one_place_twice(targets: Sequence[Target], lives: Mapping[str, Live]) -> None:
    """Raise `BadInput` where two targets turned out to be one place, as when one goes by name and one by id."""
    seen: dict[tuple[str, str], Target] = {}
    problems = []
    for target in targets:
        identity = lives[target.address].identity
        first = seen.setdefault((target.provider, identity.id or identity.name), target)
        if first is not target:
            message = f"{target.provider} {identity.name!r} ({identity.id}) is already a target at {first.at}"
            own = (target.name,)
            problems.append(Problem("duplicate-target", message, target.at, program=target.program, targets=own))
    if problems:
        raise BadInput(problems)


def make_plan(
    targets: Sequence[Target], lives: Mapping[str, Live], vendors: Vendors, environment: str | None, ttl: timedelta
) -> Plan:
    """The plan of all targets, in file order."""
    from tierops import plan

    now = datetime.now(UTC).replace(microsecond=0)
    connected = vendors.connect([target.provider for target in targets])
    planned = tuple(plan.build(target, lives[target.address], connected[target.provider].vendor) for target in targets)
    return Plan(__version__, now.isoformat(), (now + ttl).isoformat(), environment, planned)


def carry_out(
    planned: Sequence[TargetPlan],
    lives: Mapping[str, Live] | None,
    vendors: Vendors,
    patience: Patience,
) -> tuple[Result, ...]:
    """Apply plans. `lives` is a read that nothing can have come after; without it live is read again first."""
    from tierops import apply

    now = patience.now()
    if lives is None:
        lives = read_again(planned, vendors)
        now = patience.now()
    connected = vendors.connect([target.target.provider for target in planned])
    return apply.run(planned, connected, apply.Reads(lives, now), patience, _side_by_side)


def read_again(planned: Sequence[TargetPlan], vendors: Vendors) -> dict[str, Live]:
    """Live now. Raises `PlanRefused` where what a plan was made for has gone."""
    try:
        return read_live([one.target for one in planned], vendors)
    except VendorError as error:
        if error.status == 404:
            raise PlanRefused(f"what the plan was made for has gone: {error}") from None
        raise


_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


def _side_by_side(work: Callable[[_Item], _Answer], items: Sequence[_Item]) -> list[_Answer]:
    """The answers in the order of the items; threads only where there is more than one."""
    if len(items) < 2:
        return [work(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, items))
