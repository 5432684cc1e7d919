"""`tierops drift`: has anybody changed live by hand?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from tierops import pipeline
from tierops.commands import options
from tierops.commands.selection import Selection
from tierops.commands.session import Session
from tierops.errors import Exit
from tierops.output import Report


@click.command()
@options.selection
@options.max_wait
@options.journal
@options.findings_format
@options.shared
@click.pass_obj
def drift(
    session: Session, programs: tuple[str, ...], addresses: tuple[str, ...], max_wait: float, journal_file: Path | None
) -> Exit:
    """Audit: does live equal the files?

    Sends GET requests only, and a read-only key is enough. Exits with 2 where live differs in anything.
    """
    chosen = session.chosen
    chosen.keep_apart(journal_file)
    session.begin_journal(journal_file, chosen.environment)
    files = pipeline.read_files(chosen.directories, chosen.environment, today=chosen.today, watch=session.watch)
    targets = Selection(programs, addresses).of_files(files)
    names = [target.provider for target in targets]
    with session.connections(names, files.environment.urls, max_wait, is_read_only=True) as accounts:
        read = pipeline.read_live(targets, accounts, session.watch)
        plan, unread = pipeline.make_plan(targets, read, files.environment.name, timedelta(0))
        histories = pipeline.read_histories(plan, accounts)
        usage = accounts.usage()
    code = Exit.FAILED if unread else Exit.DONE if plan.is_empty else Exit.DIFFERENCES
    problems = (*files.problems, *unread)
    return session.report(Report("drift", code, problems=problems, plan=plan, usage=usage, histories=histories))
