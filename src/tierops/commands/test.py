"""`tierops test`: is every member where the files promise?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from tierops import pipeline
from tierops.commands import options
from tierops.commands.selection import Selection
from tierops.commands.session import Session
from tierops.errors import Exit
from tierops.model import LiveTier, Problem, Target
from tierops.output import Report


@click.command()
@click.option("--live", "is_live", is_flag=True, help="Hold them against the live ladders; sends GET requests only.")
@options.selection
@options.max_wait
@options.findings_format
@options.shared
@click.pass_obj
def test(
    session: Session, is_live: bool, programs: tuple[str, ...], addresses: tuple[str, ...], max_wait: float
) -> Exit:
    """Run the member tests: is who the files name in the tier that they name?

    The tests are those under `tests:` in the programs. Without --live they are held against the ladders of the files.
    """
    from tierops import promises
    from tierops.promises import member_tests

    chosen = session.chosen
    files = pipeline.read_files(chosen.directories, chosen.environment, today=chosen.today, watch=session.watch)
    others = tuple(problem for problem in files.problems if problem.rule != member_tests.RULE)
    files = files._replace(problems=others)
    targets = [target for target in Selection(programs, addresses).of_files(files) if target.tests]
    lives: Mapping[str, Sequence[LiveTier]] | None = None
    unread: tuple[Problem, ...] = ()
    if is_live:
        lives, unread = _read(session, targets, files, max_wait)
        targets = [target for target in targets if target.address in lives]
    verdicts = [
        verdict
        for target in targets
        for verdict in member_tests.verdicts(target, None if lives is None else lives[target.address])
    ]
    failed = promises.failures(files.programs, verdicts, chosen.today)
    code = Exit.FAILED if failed or unread else Exit.DONE
    problems = (*others, *failed, *unread)
    return session.report(Report("test", code, problems=problems, verdicts=tuple(verdicts), targets=tuple(targets)))


def _read(
    session: Session, targets: Sequence[Target], files: pipeline.Files, max_wait: float
) -> tuple[Mapping[str, Sequence[LiveTier]], tuple[Problem, ...]]:
    """The live ladders by address, and a problem for each that cannot be read."""
    names = [target.provider for target in targets]
    with session.connections(names, files.environment.urls, max_wait, is_read_only=True) as accounts:
        read = pipeline.read_live(targets, accounts, session.watch)
    return {address: live.tiers for address, live in read.lives.items()}, read.problems
