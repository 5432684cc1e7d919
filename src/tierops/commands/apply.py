"""`tierops apply`: create what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import click

from tierops import apply as applying
from tierops import output, pipeline
from tierops.commands import options, policies
from tierops.commands.selection import Selection
from tierops.commands.session import Session
from tierops.errors import BadInput, Exit, PlanRefused, TieropsError, UsageError
from tierops.host import interrupts
from tierops.model import Plan, Problem, TargetPlan
from tierops.output import Report
from tierops.output.summary import question
from tierops.providers.connections import Connections


class Prepared(NamedTuple):
    """A plan, and those of its targets that are to be carried out; `notes` are problems that stop nothing.

    `reads` is None where live must be read again.
    """

    plan: Plan
    targets: tuple[TargetPlan, ...]
    reads: applying.Reads | None = None
    notes: tuple[Problem, ...] = ()
    source: str = "the files"


@click.command()
@click.argument("planfile", required=False, type=options.FILE)
@click.option("--auto-approve", is_flag=True, help="Do not ask before creating.")
@options.public_key
@click.option(
    "--without-files", is_flag=True,
    help="Carry out PLANFILE where the program files are not; they are not compared with it.",
)  # fmt: skip
@options.selection
@options.settle
@options.ttl
@options.max_wait
@options.journal
@options.format_
@options.shared
@click.pass_obj
def apply(
    session: Session, planfile: Path | None, auto_approve: bool, pubkey: Path | None, without_files: bool,
    programs: tuple[str, ...], addresses: tuple[str, ...], settle: float, ttl: timedelta, max_wait: float,
    journal_file: Path | None,
) -> Exit:  # fmt: skip
    """Create what is missing.

    With PLANFILE: carries out that plan, if live is still as it was then. Without: makes a plan, asks, carries it out.
    """
    chosen, console = session.chosen, session.console
    chosen.keep_apart(planfile, pubkey, journal_file)
    if pubkey is not None and planfile is None:
        raise UsageError("--require-signature is for a plan file: name one, as in `tierops apply plan.json`")
    if without_files and planfile is None:
        raise UsageError("--without-files is for a plan file: name one, as in `tierops apply plan.json`")
    is_asking = planfile is None and not auto_approve
    if is_asking and not console.can_ask:
        raise UsageError("apply asks before it creates, but no terminal is here: give a plan file or --auto-approve")
    # A plan brings its environment along; that of the project is not asked for.
    session.begin_journal(journal_file, chosen.environment if planfile is None else session.line.environment)
    if planfile is not None:
        plan = pipeline.load_plan(planfile, pubkey)
        name = session.line.environment or plan.environment
        pipeline.check_plan(plan, name)
        planned = Selection(programs, addresses).of(plan.targets)
        policies.refuse_before_its_day(planned, PlanRefused)
        urls: Mapping[str, str] = {}
        if not without_files:
            files = pipeline.read_files(chosen.directories, name, today=chosen.today, watch=session.watch)
            pipeline.check_files(planned, files)
            policies.refuse_what_it_forbids(plan, planned, files)
            urls = files.environment.urls
        prepared = Prepared(plan, planned, notes=plan.policy, source="the plan" if without_files else "the files")
        with session.connections([t.target.provider for t in planned], urls, max_wait) as connections:
            return _carry_out(session, prepared, connections, settle)
    files = pipeline.read_files(chosen.directories, chosen.environment, today=chosen.today, watch=session.watch)
    targets = Selection(programs, addresses).of_files(files)
    with session.connections([t.provider for t in targets], files.environment.urls, max_wait) as connections:
        read = pipeline.read_live(targets, connections, session.watch)
        reads = applying.Reads(read.lives, monotonic())
        plan, unread = pipeline.make_plan(targets, read, files.environment.name, ttl)
        if unread:
            raise BadInput(unread, "nothing was written, for not every target could be read")
        plan = policies.held(plan, files)
        policies.refuse_before_its_day(plan.targets, TieropsError)
        prepared = Prepared(plan, plan.targets, reads, (*files.problems, *plan.policy))
        if is_asking and any(target.creates for target in plan.targets):
            _ask(session, plan)
            prepared = prepared._replace(reads=None)  # time has passed: look again
        return _carry_out(session, prepared, connections, settle)


def _ask(session: Session, plan: Plan) -> None:
    """Show the plan and go on only if the answer is `yes`; asked again for anything that is neither yes nor no."""
    console = session.console
    show = console.page if session.chosen.format == "text" else console.aside
    show(f"{output.render(Report('plan', Exit.DONE, plan=plan, columns=console.columns), 'text')}\n")
    if not console.ask(f"{question(plan)} Type `yes` to go on", "no", check=_is_yes, shows_default=False):
        raise TieropsError(
            "not approved; nothing was written. To keep a plan and carry it out later: tierops plan --out plan.json"
        )


def _is_yes(answer: str) -> bool:
    """What was answered. Raises `click.BadParameter` where it is neither: what cannot be undone takes a whole word."""
    if answer.strip() == "yes":
        return True
    if answer.strip().lower() in {"no", "n", ""}:
        return False
    raise click.BadParameter("type `yes` in full to create, or `no` to stop")


def _carry_out(session: Session, prepared: Prepared, accounts: Connections, settle: float) -> Exit:
    stop, progress = session.stop, session.console.progress
    if session.journal:
        session.journal.plan(prepared.plan, prepared.targets)
    with interrupts.orderly(stop, progress, session.leave):
        patience = applying.Patience(settle, stop.sleep, monotonic, progress, stop.check)
        results = pipeline.carry_out(prepared.targets, prepared.reads, accounts, patience, stop, session.watch)
        results = tuple(result._replace(source=prepared.source) for result in results)
        return session.report(
            Report(
                "apply",
                applying.exit_code(results),
                problems=prepared.notes,
                plan=prepared.plan,
                results=results,
                usage=accounts.usage(),
            )
        )
