"""`tierops schema`: what may a file hold?"""

from __future__ import annotations

import click

from tierops.commands import options
from tierops.commands.session import Session
from tierops.errors import Exit


@click.command()
@click.argument("name", default="program", type=click.Choice(["program", "environment", "policy", "project", "plan"]))
@options.shared
@click.pass_obj
def schema(session: Session, name: str) -> Exit:
    """Print a JSON Schema: of program, environment, policy, project or plan files."""
    from tierops.config import schemas  # and with it YAML

    session.console.page(schemas.schema(name))
    return Exit.DONE
