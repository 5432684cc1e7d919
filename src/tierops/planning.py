"""A plan and what it takes to carry it out: made from the files, or read from a plan file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from tierops.commands.options import Settings
from tierops.errors import UsageError
from tierops.host import disk, extras

if TYPE_CHECKING:
    from tierops.config import Environment
    from tierops.model import Live, Plan, Problem, TargetPlan
    from tierops.stages import Vendors

Open = Callable[["Environment | None"], "Vendors"]


class Made(NamedTuple):
    """A plan with its targets and the way to their vendors. `lives` is None where live must be read first."""

    plan: Plan
    targets: tuple[TargetPlan, ...]
    vendors: Vendors
    lives: Mapping[str, Live] | None = None
    notes: tuple[Problem, ...] = ()


def make(settings: Settings, patterns: Sequence[str], ttl: timedelta, vendors: Open) -> Made:
    """The plan of the files, or of the programs whose key fits a pattern. Raises `TieropsError`."""
    from tierops import stages

    files = stages.read_files(settings.directory, settings.environment)
    targets = stages.select(files, patterns)
    opened = vendors(files.environment)
    lives = stages.read_live(targets, opened)
    made = stages.make_plan(targets, lives, opened, files.environment.name if files.environment else None, ttl)
    return Made(made, made.targets, opened, lives, files.problems)


def load(settings: Settings, planfile: Path, pubkey: Path | None, patterns: Sequence[str], vendors: Open) -> Made:
    """The plan of a file, signed by the owner of `pubkey` where one is given. Raises `TieropsError`."""
    from tierops import plan_file, stages

    signing = pubkey and extras.load("plan_file.signing")
    key = signing and signing.public_key(pubkey)
    made = read(planfile)
    if signing:
        signing.verify(made, key)
    environment = stages.read_environment(settings.directory, settings.environment)
    plan_file.check(made, datetime.now(UTC), environment.name if environment else None)
    return Made(made, stages.chosen(made.targets, patterns), vendors(environment))


def read(planfile: Path) -> Plan:
    """A plan file. Raises `PlanRefused` for what is none, `UsageError` for what cannot be read."""
    from tierops import plan_file

    return plan_file.loads(disk.read(planfile, plan_file.LARGEST + 1))


def signer(keyfile: Path | None, out: Path | None, warn: Callable[[str], None]) -> Callable[[Plan], Plan]:
    """What signs a plan; without a key, what leaves it as it is. The key is read at once: it may be no good."""
    if keyfile is None:
        return lambda plan: plan
    if out is None:
        raise UsageError("--sign signs a plan file: say with --out where to save it")
    signing = extras.load("plan_file.signing")
    key = signing.private_key(keyfile)
    if not disk.is_private(keyfile):
        warn(f"warning: other users of this machine can read {keyfile}: chmod 600 {keyfile}")
    return lambda plan: cast("Plan", signing.sign(plan, key))
