"""`tierops journal`: what can be done with a journal that was kept."""

from __future__ import annotations

from pathlib import Path

import click

from tierops.commands import options
from tierops.commands.session import Session
from tierops.errors import Exit
from tierops.output import Report


@click.group(cls=options.Group)
def journal() -> None:
    """What --journal FILE of apply and drift has kept.

    One JSON object a line. Each holds a digest of itself and the SHA-256 of the line before. What is about to be
    written is on disk before the request leaves, and no line is ever changed.
    """


@journal.command()
@click.argument("file", type=options.FILE)
@options.format_
@options.shared
@click.pass_obj
def verify(session: Session, file: Path) -> Exit:
    """Check a journal, and name the first line that is broken.

    Finds a line that was altered, removed, inserted or moved. Cannot find that the end was cut off, nor that all
    was written anew: to find that, keep the hash of the last line elsewhere.
    """
    from tierops.journal import check  # and with it pydantic

    session.chosen.keep_apart(file)
    verdict = check.verify(file)
    code = Exit.DONE if verdict.is_whole else Exit.FAILED
    return session.report(Report("journal verify", code, problems=verdict.problems, journal=verdict.chain))
