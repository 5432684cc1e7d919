"""`tierops show`: what does a saved plan say?"""

from __future__ import annotations

from pathlib import Path

import click

from tierops import pipeline
from tierops.commands import options
from tierops.commands.session import Session
from tierops.errors import Exit
from tierops.output import Report


@click.command()
@click.argument("planfile", type=options.FILE)
@options.format_
@options.shared
@click.pass_obj
def show(session: Session, planfile: Path) -> Exit:
    """Show a saved plan."""
    session.chosen.keep_apart(planfile)
    return session.report(Report("show", Exit.DONE, plan=pipeline.load_plan(planfile)))
