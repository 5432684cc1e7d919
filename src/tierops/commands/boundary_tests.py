"""Tests of the boundaries of a ladder, for who has none yet."""

from __future__ import annotations

import click

from tierops import pipeline
from tierops.commands.session import Session
from tierops.errors import BadInput, Exit, UsageError

option = click.option("--tests", "key", metavar="KEY", help="Tests of each boundary of this program's ladder.")


def write(session: Session, key: str) -> Exit:
    """Print the tests that a program lacks, as YAML. Raises `UsageError` where there is no such program."""
    from tierops.config import suggesting
    from tierops.promises import boundaries

    chosen = session.chosen
    files = pipeline.read_files(chosen.directories, chosen.environment, today=chosen.today)
    program = next((program for program in files.programs if program.key == key), None)
    if program is None:
        if files.errors:  # in the file of this program, it may be
            raise BadInput(files.problems)
        known = ", ".join(program.key for program in files.programs)
        raise UsageError(f"--tests {key}: no such program; there are: {known}")
    if suggestions := boundaries.suggest(program):
        session.console.page(suggesting.tests(suggestions))
    else:
        session.console.progress(f"every boundary of {key} is tested already")
    return Exit.DONE
