"""`tierops journal`: what can be done with a journal that is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tierops.commands import options
from tierops.commands.options import FILE, Settings, shared

if TYPE_CHECKING:
    from tierops.errors import Exit
    from tierops.output import Report


def group(show: Callable[[Settings, Report], Exit]) -> click.Group:
    """The commands; `show` gives a report to the user and says how the run ends."""

    @click.group()
    def journal() -> None:
        """What --journal FILE of apply and drift has kept.

        One JSON object a line. Each holds a digest of itself and the SHA-256 of the line before. What is about to be
        written is on disk before the request leaves, and no line is ever changed.
        """

    @journal.command()
    @click.argument("file", type=FILE)
    @options.format_
    @shared
    @click.pass_obj
    def verify(settings: Settings, file: Path) -> Exit:
        """Check a journal, and name the first line that is broken.

        Finds a line that was altered, removed, inserted or moved. Cannot find that the end was cut off, nor that all
        was written anew: to find that, keep the hash of the last line elsewhere.
        """
        from tierops.errors import Exit
        from tierops.journal import check
        from tierops.output import Report

        settings.keep_apart(file)
        verdict = check.verify(file)
        code = Exit.DONE if verdict.is_whole else Exit.FAILED
        return show(settings, Report("journal verify", code, problems=verdict.problems, journal=verdict.chain))

    return journal
