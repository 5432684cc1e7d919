"""What a command has to say: the one thing that every format renders."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tierops.errors import Exit
    from tierops.journal.check import Chain
    from tierops.model import Plan, Problem, Result, Target
    from tierops.providers.connections import Usage


class Report(NamedTuple):
    """What a command has to say. All but the first two are given by their names.

    `error` is the sentence that ended the command, empty where it ran through. `checked` counts programs, targets
    and tiers that were read from files, `targets` are those targets. `environment` is the one asked for. `journal` is
    what `journal verify` saw.
    """

    command: str
    exit_code: Exit
    error: str = ""
    problems: tuple[Problem, ...] = ()
    checked: tuple[int, int, int] | None = None
    plan: Plan | None = None
    results: tuple[Result, ...] | None = None
    usage: tuple[Usage, ...] = ()
    journal: Chain | None = None
    targets: tuple[Target, ...] = ()
    environment: str | None = None
