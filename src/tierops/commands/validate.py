"""`tierops validate`: are the files right?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tierops import pipeline
from tierops.commands import options
from tierops.commands.session import Session
from tierops.errors import Exit
from tierops.output import Report


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option(
    "--all-environments", is_flag=True, help="Check with the values of every environment; --env is not needed."
)
@options.findings_format
@options.shared
@click.pass_obj
def validate(session: Session, paths: tuple[Path, ...], all_environments: bool) -> Exit:
    """Check the files; no network.

    Every document is held against the JSON Schema and every ladder against the rules. All findings are shown. PATH
    names files and folders, `-` is stdin.
    """
    chosen = session.chosen
    chosen.keep_apart(*paths)
    how: dict[str, Any] = {"today": chosen.today, "paths": paths, "has_advice": True, "watch": session.watch}
    if all_environments:
        files = pipeline.read_in_all_environments(chosen.directories, **how)
    else:
        files = pipeline.read_files(chosen.directories, chosen.environment, **how)
    targets = tuple(target for program in files.programs for target in program.targets)
    counts = (len(files.programs), len(targets), sum(len(target.tiers) for target in targets))
    rules = files.policy.rules if files.policy else ()
    code = Exit.FAILED if files.errors else Exit.DONE
    return session.report(
        Report(
            "validate",
            code,
            problems=files.problems,
            checked=counts,
            targets=targets,
            unchecked=files.unchecked,
            policy=rules,
        )
    )
