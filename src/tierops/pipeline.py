"""The whole way on one page: files → ladders → live → plan → results. Prints nothing and reads no environment.

`config` brings YAML along and `plan_file` pydantic: they are imported where they are used, for neither `--help` nor the
completion of a shell has a use for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tierops import __version__, apply, diff, plan, providers, rules
from tierops.errors import NOT_FOUND, BadInput, PlanRefused, VendorError
from tierops.host import disk, extras
from tierops.host.interrupts import Stop
from tierops.host.progress import UNWATCHED, Watch
from tierops.host.threads import side_by_side
from tierops.model import (
    UNREADABLE,
    History,
    Live,
    Plan,
    Policy,
    Problem,
    Program,
    Result,
    Severity,
    Target,
    TargetPlan,
)

if TYPE_CHECKING:
    from tierops.apply import Patience
    from tierops.config import Environment
    from tierops.providers.connections import Connections


class Files(NamedTuple):
    """What the files say: sound programs, every problem, the environment, and which files hold unchecked ladders."""

    programs: tuple[Program, ...]
    problems: tuple[Problem, ...]
    environment: Environment
    unchecked: tuple[str, ...] = ()
    policy: Policy | None = None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop every command."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


def read_files(
    directories: Sequence[Path],
    environment: str | None,
    *,
    today: date,
    paths: Sequence[Path] = (),
    contents: Mapping[Path, bytes] | None = None,
    has_advice: bool = False,
    watch: Watch = UNWATCHED,
) -> Files:
    """Read and check the files of all folders together. Raises `TieropsError` where there is nothing to check.

    `today` decides which waivers still hold. `watch` is told of the files that were read.
    `has_advice` is for whoever asked about the files: what may well be meant is told as well.
    `contents` is what was read from those `paths` that can be read only once; without it, that is done here.
    """
    from tierops import config

    loaded = config.load_all(
        directories, environment=environment, paths=paths, contents=contents, today=today, watch=watch
    )
    programs = sorted((*loaded.programs, *loaded.broken), key=lambda program: program.at)
    broken = rules.check(programs, today)
    if loaded.has_promises:
        from tierops import promises

        broken += promises.check(loaded.programs, loaded.policy, today)
    wanted = broken if has_advice else (problem for problem in broken if not problem.is_advice)
    told = tuple(sorted((*loaded.problems, *wanted), key=lambda problem: problem.at))
    return Files(loaded.programs, told, loaded.environment or config.NO_ENVIRONMENT, loaded.unchecked, loaded.policy)


def read_in_all_environments(directories: Sequence[Path], *, paths: Sequence[Path] = (), **how: Any) -> Files:
    """`read_files` with the values of each environment in turn; once where there are none. `how` is what else it takes.

    The programs are those that are right in all of them, as the first one has them. A problem that is not in all of
    them says where it is.
    """
    from tierops import config
    from tierops.config import files as config_files
    from tierops.config import folders

    contents = config_files.streams(paths)
    names: Sequence[str | None] = folders.names(directories) or (None,)
    reads = [read_files(directories, name, paths=paths, contents=contents, **how) for name in names]
    holders: dict[Problem, list[str | None]] = {}
    for name, files in zip(names, reads, strict=True):
        for problem in dict.fromkeys(files.problems):
            holders.setdefault(problem, []).append(name)
    problems = [one if len(within) == len(reads) else _placed(one, within) for one, within in holders.items()]
    keys = set.intersection(*({program.key for program in files.programs} for files in reads))
    programs = tuple(program for program in reads[0].programs if program.key in keys)
    unchecked = dict.fromkeys(path for files in reads for path in files.unchecked)
    problems.sort(key=lambda problem: problem.at)
    return Files(programs, tuple(problems), config.NO_ENVIRONMENT, tuple(unchecked), reads[0].policy)


def _placed(problem: Problem, names: Sequence[str | None]) -> Problem:
    if problem.rule == "unknown-value":  # says so itself
        return problem
    return problem._replace(message=f"{problem.message} (environment {', '.join(map(str, names))})")


def read_environment(directories: Sequence[Path], name: str | None) -> Environment:
    """The environment alone, where no program is read. Raises as `read_files` does, and `BadInput`."""
    from tierops import config
    from tierops.config import environment as environments
    from tierops.config import folders

    reads = [environments.read(path) for path in folders.choose(directories, name)]
    if problems := [problem for _, findings in reads for problem in findings]:
        raise BadInput(problems)
    return folders.merged([environment for environment, _ in reads if environment]) or config.NO_ENVIRONMENT


class LiveRead(NamedTuple):
    """The live ladders by address, and a problem for each target that could not be read or planned."""

    lives: dict[str, Live]
    problems: tuple[Problem, ...]


def read_live(targets: Sequence[Target], connections: Connections, watch: Watch = UNWATCHED) -> LiveRead:
    """Every target's live ladder, read side by side. One that cannot be read stops no other."""

    def read(target: Target) -> Live | VendorError:
        try:
            return connections[target.provider].fetch(target.place)
        except VendorError as error:
            return error

    connections.survey([target.place for target in targets], side_by_side)
    answers = list(zip(targets, side_by_side(read, targets, watch=watch, what="reading live"), strict=True))
    lives = {target.address: live for target, live in answers if isinstance(live, Live)}
    failures = [(target, error) for target, error in answers if isinstance(error, VendorError)]
    _refuse_one_place_twice([target for target in targets if target.address in lives], lives)
    return LiveRead(lives, tuple(_unreadable(target, error) for target, error in failures))


def _unreadable(target: Target, error: VendorError) -> Problem:
    message = f"{target.address} could not be read: {error}"
    return Problem(UNREADABLE, message, target.at, program=target.program, targets=(target.name,))


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
    targets: Sequence[Target], read: LiveRead, environment: str | None, ttl: timedelta
) -> tuple[Plan, tuple[Problem, ...]]:
    """The plan of all targets that could be read, in file order, and a problem for each other one.

    Raises `BadInput` where there is a target, but none of them could be read.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    planned: list[TargetPlan] = []
    problems = list(read.problems)
    for target in targets:
        if target.address in read.lives:
            try:
                planned.append(plan.build(target, read.lives[target.address], providers.find(target.provider)))
            except VendorError as error:
                problems.append(_unreadable(target, error))
    if problems and not planned:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise BadInput(problems, f"{problems[0].message}{more}")
    unread = tuple(f"{problem.program}/{problem.targets[0]}" for problem in problems)
    times = now.isoformat(), (now + ttl).isoformat()
    made = Plan(__version__, *times, environment or None, tuple(planned), unread=unread)
    return made, tuple(sorted(problems, key=lambda problem: problem.at))


def read_histories(made: Plan, connections: Connections) -> dict[str, History]:
    """Who edited each ladder that is not as the files say, by address, of those whose vendors keep a log."""
    changed = [target for target in made.targets if target.changes]
    read = side_by_side(lambda one: connections[one.target.provider].history(one.live), changed)
    return {one.address: history for one, history in zip(changed, read, strict=True) if history}


def load_plan(path: Path, public_key: Path | None = None) -> Plan:
    """The plan of a file, signed by the owner of the public key where one is given.

    Raises `PlanRefused` for what is no such plan, `BadFile` for a file that cannot be read.
    """
    from tierops import plan_file

    signing = public_key and extras.load("plan_file.signing")
    key = signing and signing.public_key(public_key)
    loaded = plan_file.loads(disk.read(path, plan_file.LARGEST + 1))
    if signing:
        signing.verify(loaded, key)
    return loaded


def check_plan(loaded: Plan, environment: str | None) -> None:
    """Raise `PlanRefused` unless the plan of a file is still good, and for this environment."""
    from tierops import plan_file

    plan_file.check(loaded, datetime.now(UTC), environment)


def check_files(planned: Sequence[TargetPlan], files: Files) -> None:
    """Raise `PlanRefused` unless the files say now what they said when the plan was made."""
    if files.errors:
        first = files.errors[0]
        raise PlanRefused(f"the files have changed since the plan was made: they hold errors, the first at {first}")
    targets = {target.address: target for program in files.programs for target in program.targets}
    for one in planned:
        if reason := _file_change(one.target, targets.get(one.address)):
            raise PlanRefused(f"{one.address}: {reason}; make a new plan")


def _file_change(then: Target, now: Target | None) -> str:
    if now is None:
        return "the files have no such target any more"
    if (then.place, then.scale) != (now.place, now.scale):
        return f"the files name another place now: {now.place.name!r}"
    if (then.waived, then.effective_from) != (now.waived, now.effective_from):
        return "the files waive other rules now, or say another day from which the ladder holds"
    tiers = [[tier._replace(at=None) for tier in target.tiers] for target in (then, now)]
    for before, after in zip_longest(*tiers):
        if before is None or after is None or not diff.same(before, after):
            return f"the files have changed since the plan was made, in tier {(after or before).name!r}"
    return ""


def save_plan(made: Plan, path: Path) -> None:
    """Write a plan file that its owner alone can read. Raises `BadFile`."""
    from tierops import plan_file

    disk.save_lines(path, plan_file.pieces(made), disk.PRIVATE)


def carry_out(
    planned: Sequence[TargetPlan],
    reads: apply.Reads | None,
    connections: Connections,
    patience: Patience,
    stop: Stop,
    watch: Watch = UNWATCHED,
) -> tuple[Result, ...]:
    """Apply plans.

    `reads` is a read so recent that nobody had time to change anything; without it live is read again first. Once
    `stop` is given up, nothing is waited for any longer.
    """
    if reads is None:
        reads = apply.Reads(_read_again(planned, connections, stop, watch), patience.now())
    each = partial(side_by_side, stop=stop, watch=watch, what="applying")
    return apply.run(planned, connections, reads, patience, each)


def _read_again(planned: Sequence[TargetPlan], connections: Connections, stop: Stop, watch: Watch) -> dict[str, Live]:
    """Live now. Raises `PlanRefused` where what a plan was made for has gone, `VendorError` where it cannot be read."""

    def read(one: TargetPlan) -> Live:
        try:
            return connections[one.target.provider].fetch(one.target.place)
        except VendorError as error:
            if error.status == NOT_FOUND:
                raise PlanRefused(f"what the plan was made for has gone: {error}") from None
            raise

    connections.survey([one.target.place for one in planned], partial(side_by_side, stop=stop))
    reads = side_by_side(read, planned, stop, watch, "reading live")
    lives = {one.address: live for one, live in zip(planned, reads, strict=True)}
    _refuse_one_place_twice([one.target for one in planned], lives)
    return lives
