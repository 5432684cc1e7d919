"""`tierops plan`: what would apply do?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import cast

import click

from tierops import pipeline
from tierops.commands import members as counting
from tierops.commands import options, policies
from tierops.commands.selection import Selection
from tierops.commands.session import Session
from tierops.errors import Exit, UsageError
from tierops.host import disk, extras
from tierops.model import Plan
from tierops.output import Report


@click.command()
@click.option("--out", type=options.FILE, metavar="FILE", help="Save the plan, for `tierops apply FILE`.")
@click.option(
    "--sign", "keyfile", type=options.FILE, metavar="KEYFILE",
    help="Sign the saved plan with this ed25519 private key (PEM).",
)  # fmt: skip
@options.selection
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there are differences.")
@options.ttl
@options.max_wait
@counting.asked()
@options.format_
@options.shared
@click.pass_obj
def plan(
    session: Session, out: Path | None, keyfile: Path | None, programs: tuple[str, ...], addresses: tuple[str, ...],
    detailed_exitcode: bool, ttl: timedelta, max_wait: float, members: counting.Asked | None,
) -> Exit:  # fmt: skip
    """Show what apply would do. Sends GET requests only."""
    chosen = session.chosen
    chosen.keep_apart(out, keyfile)
    sign = _signer(keyfile, out, session.console.note)
    files = pipeline.read_files(chosen.directories, chosen.environment, today=chosen.today, watch=session.watch)
    targets = Selection(programs, addresses).of_files(files)
    names = [target.provider for target in targets]
    with session.connections(names, files.environment.urls, max_wait, is_read_only=True) as accounts:
        read = pipeline.read_live(targets, accounts, session.watch)
        made, unread = pipeline.make_plan(targets, read, files.environment.name, ttl)
        counted = counting.of_plan(members, made)
        made = sign(policies.held(counted.plan, files, unread, counted.guard))
        usage = accounts.usage(made.targets)
    if out is not None and not counted.problems:
        pipeline.save_plan(made, out)
        session.console.progress(f"plan saved to {out}; carry it out with: tierops apply {out}")
    code = (
        Exit.FAILED
        if unread or counted.problems
        else Exit.DIFFERENCES
        if detailed_exitcode and not made.is_empty
        else Exit.DONE
    )
    problems = (*files.problems, *made.policy, *unread, *counted.problems)
    return session.report(Report("plan", code, problems=problems, plan=made, usage=usage))


def _signer(keyfile: Path | None, out: Path | None, warn: Callable[[str], None]) -> Callable[[Plan], Plan]:
    """What signs a plan; without a key, what leaves it as it is. The key is read at once: it may be no good."""
    if keyfile is None:
        return lambda made: made
    if out is None:
        raise UsageError("--sign signs a plan file: say with --out where to save it")
    signing = extras.load("plan_file.signing")
    key = signing.private_key(keyfile)
    if not disk.is_private(keyfile):
        warn(f"warning: other users of this machine can read {keyfile}: chmod 600 {keyfile}")
    return lambda made: cast("Plan", signing.sign(made, key))
