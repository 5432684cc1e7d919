"""`tierops suggest`: what could a ladder have that it lacks?"""

from __future__ import annotations

import click

from tierops.commands import boundary_tests, options
from tierops.commands.session import Session
from tierops.errors import Exit, UsageError


@click.command()
@boundary_tests.option
@options.shared
@click.pass_obj
def suggest(session: Session, key: str | None) -> Exit:
    """Write what a ladder lacks: the tests of its boundaries.

    They say who is where now, on both sides of each end of each tier, and go under `tests:` in the program's file.
    """
    if key is None:
        raise UsageError("what is to be suggested? --tests KEY writes the tests of a program's boundaries")
    return boundary_tests.write(session, key)
