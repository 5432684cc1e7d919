"""`tierops suggest`: what could a ladder have that it lacks?"""

from __future__ import annotations

import click

from tierops import pipeline
from tierops.commands import options
from tierops.commands.session import Session
from tierops.errors import BadInput, Exit, UsageError


@click.command()
@click.option("--tests", "key", metavar="KEY", required=True, help="Tests of each boundary of this program's ladder.")
@options.shared
@click.pass_obj
def suggest(session: Session, key: str) -> Exit:
    """Write what a ladder lacks: the tests of its boundaries.

    They say who is where now, on both sides of each end of each tier, and go under `tests:` in the program's file.
    """
    from tierops.config import suggesting
    from tierops.promises import boundaries

    chosen = session.chosen
    files = pipeline.read_files(chosen.directory, chosen.environment)
    program = next((program for program in files.programs if program.key == key), None)
    if program is None:
        if files.errors:  # in the file of this program, it may be
            raise BadInput(files.problems)
        known = ", ".join(program.key for program in files.programs)
        raise UsageError(f"--tests {key}: no such program; there are: {known}")
    suggestions = boundaries.suggest(program)
    if suggestions:
        session.console.page(suggesting.tests(suggestions))
    else:
        session.console.progress(f"every boundary of {key} is tested already")
    return Exit.DONE
