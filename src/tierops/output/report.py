"""What a command has to say: the one thing that every format renders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os.path import normpath
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from tierops.errors import Exit
    from tierops.journal.check import Chain
    from tierops.model import History, Impact, Plan, Position, Problem, Result, Target, Verdict
    from tierops.providers.connections import Usage


_LONGEST_PATH = 1_000


class Checkout(NamedTuple):
    """Where a run is in its repository: the root, and the folder that it runs in. Both absolute, without links.

    `page` is where a code host shows the files of the commit, up to the slash before a path; empty where none is known.
    """

    root: PurePath
    folder: PurePath
    page: str = ""

    def place(self, at: Position) -> Position:
        """The same place with the file as the repository names it; one outside of it has its whole path."""
        file = PurePath(normpath(self.folder / at.file))
        return at._replace(file=(file.relative_to(self.root) if file.is_relative_to(self.root) else file).as_posix())


class Moved(NamedTuple):
    """Who moves at one target, or with one candidate. `label` is what the ladder before is compared with."""

    address: str
    label: str
    impact: Impact


class Template(NamedTuple):
    """The template of a notice: what errors call it, and its text."""

    name: str
    text: str


class Report(NamedTuple):
    """What a command has to say. All but the first two are given by their names.

    `error` is the sentence that ended the command, empty where it ran through. `checked` counts programs, targets
    and tiers that were read from files, `targets` are those targets. `unchecked` are files with problems that kept the
    rules of ladders from being asked. `environment` is the one asked for. `journal` is what `journal verify` saw.
    `checkout` is where the files are, if a service may look them up there. `columns` is how wide a line of text may be.
    `sources` are the lines of the files that `problems` name, by file; empty where no terminal shows them.
    `verdicts` are those of `test`, `policy` names the rules of it that are on, `template` is that of a notice.
    `histories` tells, by the addresses of targets, who edited what is live. `impacts` is who moves, where no plan was
    asked for.
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
    checkout: Checkout | None = None
    impacts: tuple[Moved, ...] | None = None
    verdicts: tuple[Verdict, ...] | None = None
    policy: tuple[str, ...] = ()
    template: Template | None = None
    unchecked: tuple[str, ...] = ()
    columns: int = 80
    sources: Mapping[str, Sequence[str]] = {}
    histories: Mapping[str, History] = {}

    @property
    def is_planned(self) -> bool:
        """True where it tells what an apply would do; False where it tells what is, or what was done."""
        return self.results is None and self.command != "drift"

    def place(self, at: Position) -> Position:
        """The same place as others see it, who have the repository and not the folder that the command ran in."""
        return self.checkout.place(at) if self.checkout else at

    def link(self, at: Position) -> str:
        """Where a code host shows the place; empty where that is not known, or the file is outside the repository."""
        file = self.place(at).file
        if not self.checkout or not self.checkout.page or file.startswith("/"):
            return ""
        return f"{self.checkout.page}{quote(file[:_LONGEST_PATH], errors='replace')}#L{at.line}"
