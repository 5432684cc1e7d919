"""`tierops adopt`: what the dashboard says becomes what the file says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from difflib import unified_diff
from pathlib import Path

import click

from tierops import adopting, diff, pipeline, providers
from tierops.commands import options
from tierops.commands.session import Session
from tierops.config import files as config_files
from tierops.config.marked import nearest
from tierops.errors import BadInput, Exit, TieropsError, UsageError
from tierops.host import disk
from tierops.model import Kind, LiveTier, Program

_TAKEN = {Kind.DIFFERS, Kind.UNMANAGED}


@click.command()
@click.argument("program", metavar="PROGRAM")
@click.option("--tier", "tiers", multiple=True, metavar="NAME", help="Only this tier; repeatable.")
@options.max_wait
@options.shared
@click.pass_obj
def adopt(session: Session, program: str, tiers: tuple[str, ...], max_wait: float) -> Exit:
    """Write what is live into a program file.

    Every tier that differs, or is live but in no file, is written into the file of PROGRAM as the vendor holds it. What
    is only in the file stays, as do comments and order. Prints what has changed in the file. Sends GET requests only.
    """
    chosen, console = session.chosen, session.console
    files = pipeline.read_files(chosen.directories, chosen.environment, today=chosen.today)
    wanted = _program(files, program)
    names = [target.provider for target in wanted.targets]
    with session.connections(names, files.environment.urls, max_wait, is_read_only=True) as accounts:
        read = pipeline.read_live(wanted.targets, accounts)
    plan, unread = pipeline.make_plan(wanted.targets, read, files.environment.name, timedelta(0))
    if unread:
        raise BadInput(unread)
    found = {one.target.name: [c.name for c in one.changes if c.kind in _TAKEN] for one in plan.targets}
    taken = _only(found, tiers)
    if not any(taken.values()):
        console.note("nothing to write: the file says already what is live")
        return Exit.DONE
    path = Path(wanted.at.file)
    old = disk.read(path, config_files.LARGEST + 1).decode()
    lives = {
        one.target.name: [
            tier
            for tier in one.live.tiers
            if tier.name in taken[one.target.name] or tier.name not in found[one.target.name]
        ]
        for one in plan.targets
    }
    new = adopting.adopted(old, wanted, lives, providers.find, _names(files))
    _prove(session, wanted, path, new, lives)
    disk.save(path, new, path.stat().st_mode & 0o777)
    console.page("".join(unified_diff(old.splitlines(True), new.splitlines(True), str(path), str(path))))
    console.progress(f"wrote {path}")
    return Exit.DONE


def _program(files: pipeline.Files, key: str) -> Program:
    if files.errors:
        raise BadInput(files.problems)
    keys = {program.key: program for program in files.programs}
    if key not in keys:
        raise UsageError(f"there is no program {key!r}{nearest(key, keys)}; there are: {', '.join(keys)}")
    return keys[key]


def _only(found: Mapping[str, Sequence[str]], tiers: Sequence[str]) -> dict[str, list[str]]:
    """These tiers, all where none is named, by target. Raises `UsageError` for one that has nothing to adopt."""
    names = {name for here in found.values() for name in here}
    for tier in tiers:
        if tier not in names:
            there = f"; others do: {', '.join(sorted(names))}" if names else ""
            raise UsageError(f"no live tier {tier!r} differs from the file, or is missing there{there}")
    return {target: [name for name in here if not tiers or name in tiers] for target, here in found.items()}


def _names(files: pipeline.Files) -> dict[str, str]:
    return {str(value): name for name, value in files.environment.values.items()}


def _prove(session: Session, program: Program, path: Path, text: str, lives: Mapping[str, Sequence[LiveTier]]) -> None:
    """Raise `TieropsError` unless the new text is right, and wants these tiers as they are live."""
    chosen = session.chosen
    again = pipeline.read_files(
        chosen.directories, chosen.environment, today=chosen.today, contents={path: text.encode()}
    )
    if errors := again.errors:
        told = "; ".join(f"{problem.rule}: {problem.told}" for problem in errors[:3])
        raise TieropsError(
            f"{path} would break a rule, so nothing was written: {told}. Adopt the tiers beside it too, waive the rule,"
            " or edit the file by hand"
        )
    targets = {target.name: target for one in again.programs if one.key == program.key for target in one.targets}
    for name, live in lives.items():
        target = targets[name]
        changes = diff.changes(live, target.tiers, target.scale)
        if missed := [change.name for change in changes if change.kind in _TAKEN]:
            raise TieropsError(f"{target.address}: the file cannot say what is live of {', '.join(missed)}")
