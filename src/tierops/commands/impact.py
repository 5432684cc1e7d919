"""`tierops impact`: who moves?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tierops import pipeline
from tierops.commands import members as counting
from tierops.commands import options
from tierops.commands.selection import Selection
from tierops.commands.session import Session
from tierops.errors import Exit
from tierops.host import revision as revisions
from tierops.model import Position, Problem, Target
from tierops.output import Moved, Report

if TYPE_CHECKING:
    from tierops.members.axis import Comparison

_FILES, _APPLIED = "the files", "after apply"


@click.command()
@counting.asked(is_required=True)
@click.option("--live", is_flag=True, help="Against what is live now.")
@click.option(
    "--against", type=click.Path(exists=True, path_type=Path), metavar="FILE",
    help="Against the ladders of this program file or folder.",
)  # fmt: skip
@click.option("--against-rev", "revision", metavar="REV", help="Against the files as git has them in this revision.")
@click.option("--compare", is_flag=True, help="Against the first of the FILEs: each further one beside it.")
@click.argument("candidates", nargs=-1, metavar="[FILE]...", type=click.Path(exists=True, path_type=Path))
@options.selection
@options.max_wait
@options.format_
@options.shared
@click.pass_obj
def impact(
    session: Session, members: counting.Asked, live: bool, against: Path | None, revision: str | None, compare: bool,
    candidates: tuple[Path, ...], programs: tuple[str, ...], addresses: tuple[str, ...], max_wait: float,
) -> Exit:  # fmt: skip
    """Who moves: members before and after, tier by tier.

    Against live, a file or a revision; without any, how many members each tier of the files has. `--compare A.yaml
    B.yaml C.yaml` puts candidates side by side. Sends GET requests only.
    """
    ways = sum(map(bool, (live, against, revision, compare)))
    if ways > 1:
        raise click.UsageError("one of --live, --against, --against-rev and --compare, not several")
    if compare != (len(candidates) > 1) or (candidates and not compare):
        raise click.UsageError("candidates are compared with --compare A.yaml B.yaml …, two or more of them")
    session.chosen.keep_apart(Path(members.file), members.list, against, *candidates)
    selection = Selection(programs, addresses)
    if live:
        return _live(session, members, selection, max_wait)
    if compare:
        return _compare(session, members, candidates, selection)
    files = _read(session)
    targets = selection.of_files(files)
    with _before(session, against, revision, targets) as (before, label):
        from tierops.members import questions

        asked = questions.of_files(before, targets, label)
    places = {target.address: target for target in targets}
    if missing := [address for address in places if address not in {one.address for one in asked}]:
        session.console.note(f"note: not compared, for {label} has no such target: {', '.join(missing)}")
    asked = [one._replace(acts=counting.acts(places[one.address])) for one in asked]
    return _report(session, members, [(one, _FILES, places[one.address].at) for one in asked], files.problems)


@contextmanager
def _before(
    session: Session, against: Path | None, revision: str | None, targets: Sequence[Target]
) -> Iterator[tuple[Sequence[Target], str]]:
    """The ladders before, and what they are called; nothing is compared where neither is given."""
    if against is not None:
        yield _targets(session, against), str(against)
    elif revision is not None:
        with revisions.checked_out(session.chosen.directory, revision) as folder:
            yield Selection().of_files(_read(session, folder)), f"revision {revision}"
    else:
        yield targets, ""


def _targets(session: Session, path: Path) -> tuple[Target, ...]:
    """The targets of a program file or of a folder with some; raises `BadInput` where one is wrong."""
    if path.is_dir():
        return Selection().of_files(_read(session, path))
    return Selection().of_files(_read(session, paths=(path,)))


def _read(session: Session, folder: Path | None = None, *, paths: Sequence[Path] = ()) -> pipeline.Files:
    """The program files of the project, or of another folder."""
    chosen = session.chosen
    directories = (folder,) if folder else chosen.directories
    return pipeline.read_files(directories, chosen.environment, today=chosen.today, paths=paths)


def _live(session: Session, members: counting.Asked, selection: Selection, max_wait: float) -> Exit:
    files = _read(session)
    targets = selection.of_files(files)
    names = [target.provider for target in targets]
    with session.connections(names, files.environment.urls, max_wait, is_read_only=True) as accounts:
        read = pipeline.read_live(targets, accounts)
        plan, unread = pipeline.make_plan(targets, read, files.environment.name, timedelta(0))
        usage = accounts.usage()
    from tierops.members import questions

    asked = [
        (questions.of_plan(one, counting.acts(one.target, one.live)), _APPLIED, one.target.at) for one in plan.targets
    ]
    report = _reported(members, asked, (*files.problems, *unread))
    code = Exit.FAILED if unread else report.exit_code
    return session.report(report._replace(exit_code=code, usage=usage))


def _compare(session: Session, members: counting.Asked, candidates: Sequence[Path], selection: Selection) -> Exit:
    from tierops.members import questions

    first, *others = candidates
    before = selection.of(_targets(session, first))
    asked: list[tuple[Comparison, str, Position]] = []
    for other in others:
        after = selection.of(_targets(session, other))
        places = {target.address: target for target in after}
        for one in questions.of_files(before, after, str(first)):
            target = places[one.address]
            asked.append((one._replace(acts=counting.acts(target)), str(other), target.at))
    return _report(session, members, asked, ())


def _report(
    session: Session,
    members: counting.Asked,
    asked: Sequence[tuple[Comparison, str, Position]],
    problems: Sequence[Problem],
) -> Exit:
    return session.report(_reported(members, asked, problems))


def _reported(
    members: counting.Asked, asked: Sequence[tuple[Comparison, str, Position]], problems: Sequence[Problem]
) -> Report:
    answered = counting.answer(members, [(comparison, at) for comparison, _, at in asked])
    moved = tuple(
        Moved(comparison.address, label, impact)
        for (comparison, label, _), impact in zip(asked, answered.impacts, strict=True)
    )
    code = Exit.FAILED if answered.problems else Exit.DONE
    return Report("impact", code, problems=(*problems, *answered.problems), impacts=moved)
