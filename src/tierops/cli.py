"""The commands. The only place that prints, reads the environment and exits."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tierops import __version__, planning
from tierops.commands import checkout, options
from tierops.commands import emulate as emulator_commands
from tierops.commands import init as init_command
from tierops.commands import journal as journal_command
from tierops.commands.options import FILE, Settings, shared
from tierops.errors import BadInput, Exit, TieropsError, UsageError
from tierops.host import disk, interrupts
from tierops.text import visible

if TYPE_CHECKING:
    from tierops.config import Environment
    from tierops.model import Problem, Report
    from tierops.stages import Vendors


_UNDER_WAY = "a create may have been under way: plan again to see"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="tierops", message="%(prog)s %(version)s")
@shared
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Loyalty tiers as code.

    Ladders are YAML files in git. tierops validates them, reads the live tiers from the vendors, shows the difference
    as a plan of creates, and applies it without ever creating a tier twice.
    """
    settings = ctx.ensure_object(Settings)
    settings.command = ctx.invoked_subcommand or ""
    settings.no_color = settings.no_color or bool(os.environ.get("NO_COLOR"))
    settings.environment = settings.environment or os.environ.get("TIEROPS_ENV") or None


@cli.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@options.all_environments
@options.findings_format
@shared
@click.pass_obj
def validate(settings: Settings, paths: tuple[Path, ...], all_environments: bool) -> Exit:
    """Check the files; no network.

    Every document is held against the JSON Schema and every ladder against the rules. All findings are shown.
    """
    from tierops import stages
    from tierops.model import Report

    settings.keep_apart(*paths)
    read = stages.read_in_all_environments if all_environments else stages.read_files
    files = read(settings.directory, settings.environment, paths=paths, full_check=True)
    targets = tuple(target for program in files.programs for target in program.targets)
    counts = (len(files.programs), len(targets), sum(len(target.tiers) for target in targets))
    code = Exit.FAILED if files.errors else Exit.DONE
    return _report(settings, Report("validate", code, problems=files.problems, checked=counts, targets=targets))


@cli.command()
@click.option("--out", type=FILE, metavar="FILE", help="Save the plan, for `tierops apply FILE`.")
@options.sign
@options.program
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there are differences.")
@options.ttl
@options.max_wait
@options.format_
@shared
@click.pass_obj
def plan(
    settings: Settings, out: Path | None, keyfile: Path | None, programs: tuple[str, ...], detailed_exitcode: bool,
    ttl: timedelta, max_wait: float,
) -> Exit:  # fmt: skip
    """Show what apply would do. Sends GET requests only."""
    from tierops.model import Report

    settings.keep_apart(out, keyfile)
    sign = planning.signer(keyfile, out, lambda text: _line(settings, text, err=True))
    made = planning.make(settings, programs, ttl, _vendors(settings, max_wait, is_read_only=True))
    made = made._replace(plan=sign(made.plan))
    if out is not None:
        from tierops import plan_file

        disk.save(out, plan_file.dumps(made.plan), disk.PRIVATE)
        _tell(settings, f"plan saved to {out}; carry it out with: tierops apply {out}")
    code = Exit.DIFFERENCES if detailed_exitcode and not made.plan.is_empty else Exit.DONE
    usage = made.vendors.usage(made.targets)
    return _report(settings, Report("plan", code, problems=made.notes, plan=made.plan, usage=usage))


@cli.command()
@click.argument("planfile", required=False, type=FILE)
@click.option("--auto-approve", is_flag=True, help="Do not ask before creating.")
@options.require_signature
@options.program
@options.settle
@options.ttl
@options.max_wait
@options.journal
@options.format_
@shared
@click.pass_obj
def apply(
    settings: Settings, planfile: Path | None, auto_approve: bool, pubkey: Path | None, programs: tuple[str, ...],
    settle: float, ttl: timedelta, max_wait: float, journal_file: Path | None,
) -> Exit:  # fmt: skip
    """Create what is missing.

    With PLANFILE: carries out that plan, if live is still as it was then. Without: makes a plan, asks, carries it out.
    """
    from tierops import apply as applying
    from tierops import stages
    from tierops.model import Report

    settings.keep_apart(planfile, pubkey, journal_file)
    if pubkey is not None and planfile is None:
        raise UsageError("--require-signature is for a plan file: name one, as in `tierops apply plan.json`")
    is_asking = planfile is None and not auto_approve
    if is_asking and not sys.stdin.isatty():
        raise UsageError("apply asks before it creates, but no terminal is here: give a plan file or --auto-approve")
    settings.begin_journal(journal_file, os.environ)
    vendors = _vendors(settings, max_wait)
    made = (
        planning.make(settings, programs, ttl, vendors)
        if planfile is None
        else planning.load(settings, planfile, pubkey, programs, vendors)
    )
    lives = made.lives
    if is_asking and any(target.creates for target in made.targets):
        _ask(settings, made)
        lives = None  # time has passed: look again
    if settings.journal:
        settings.journal.plan(made.plan, made.targets)
    stop, tell = settings.stop, lambda text: _tell(settings, text)
    with interrupts.orderly(stop, tell, _give_up):
        settings.is_writing = True
        patience = applying.Patience(settle, stop.sleep, time.monotonic, tell, stop.check)
        results = stages.carry_out(made.targets, lives, made.vendors, patience)
    code = applying.exit_code(results)
    usage = made.vendors.usage()
    return _report(settings, Report("apply", code, "", made.notes, None, made.plan, results, usage))


@cli.command()
@options.program
@options.max_wait
@options.journal
@options.findings_format
@shared
@click.pass_obj
def drift(settings: Settings, programs: tuple[str, ...], max_wait: float, journal_file: Path | None) -> Exit:
    """Audit: does live equal the files?

    Sends GET requests only, and a read-only key is enough. Exits with 2 where live differs in anything.
    """
    from tierops.model import Report

    settings.keep_apart(journal_file)
    settings.begin_journal(journal_file, os.environ)
    made = planning.make(settings, programs, timedelta(0), _vendors(settings, max_wait, is_read_only=True))
    code = Exit.DONE if made.plan.is_empty else Exit.DIFFERENCES
    usage = made.vendors.usage()
    return _report(settings, Report("drift", code, problems=made.notes, plan=made.plan, usage=usage))


@cli.command("import")
@options.import_
@shared
@click.pass_obj
def import_(settings: Settings, /, **chosen: Any) -> Exit:
    """Write program files from what is live; a plan of them is empty.

    One ladder goes to stdout or --out, --all of a vendor's go into a file each. Sends GET requests only.
    """
    from tierops import stages
    from tierops.commands import import_ as import_command

    wanted = options.Import.parse(**chosen)
    environment = stages.read_environment(settings.directory, settings.environment)
    provider = _vendors(settings, wanted.max_wait)(environment).connect([wanted.vendor])[wanted.vendor]
    today = datetime.now(UTC).date()
    found = import_command.run(
        wanted, settings.directory, environment, provider, today, lambda text: _tell(settings, text)
    )
    for note in found.notes:
        _line(settings, f"note: {note}", err=True)
    _print(settings, found.text)
    if found.failures:
        failures = "".join(f"\n  {visible.printable(failure)}" for failure in found.failures)
        _error(settings, settings.redact_all(f"not imported:{failures}"))
        return Exit.FAILED
    return Exit.DONE


@cli.command()
@click.argument("planfile", type=FILE)
@options.format_
@shared
@click.pass_obj
def show(settings: Settings, planfile: Path) -> Exit:
    """Show a saved plan."""
    from tierops.model import Report

    settings.keep_apart(planfile)
    return _report(settings, Report("show", Exit.DONE, plan=planning.read(planfile)))


@cli.command()
@click.argument("name", default="program", type=click.Choice(["program", "environment", "plan"]))
@shared
def schema(name: str) -> Exit:
    """Print a JSON Schema: of program, environment or plan files."""
    from tierops import config

    click.echo(config.schema(name), nl=False)
    return Exit.DONE


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run tierops and exit with one of `errors.Exit`."""
    # A short run makes more objects than it drops: collecting garbage in between only costs time at the start.
    gc.set_threshold(100_000)
    # tierops has no pydantic plugins; looking for some would read the metadata of every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")  # a report must not fail on a terminal that cannot show an arrow
    sys.exit(run(sys.argv[1:] if argv is None else argv))


def run(argv: Sequence[str]) -> int:
    """Run one command line; every way in which it can end becomes an exit code and, with it, a sentence."""
    settings = options.settings(os.environ)
    try:
        with interrupts.at_once(settings.stop):
            return int(cli.main(list(argv), prog_name="tierops", obj=settings, standalone_mode=False) or Exit.DONE)
    except click.ClickException as error:
        settings.reports = ()  # one may be over a file that is something else
        return _misused(settings, argv, error)
    except click.Abort:
        told = f"interrupted; {_UNDER_WAY if settings.is_writing else 'nothing was written'}"
        return _fail(settings, argv, Exit.INTERRUPTED, told)
    except BadInput as error:
        return _fail(settings, argv, error.exit_code, str(error), error.problems)
    except TieropsError as error:
        return _fail(settings, argv, error.exit_code, str(error))
    except Exception as error:  # noqa: BLE001 (a mistake in tierops, or an output that nobody reads)
        return _crashed(settings, argv, error)


def _misused(settings: Settings, argv: Sequence[str], error: click.ClickException) -> Exit:
    from tierops.commands import endings

    usage, message = endings.of_misuse(error)
    _print(settings, "" if _is_json(argv) else usage, err=True)
    return _fail(settings, argv, Exit.USAGE, message)


def _crashed(settings: Settings, argv: Sequence[str], error: Exception) -> Exit:
    from tierops.commands import endings

    code, message, where = endings.of_crash(error, settings.writes(), is_verbose=settings.verbose > 0)
    _print(settings, where, err=True)
    if isinstance(error, OSError):  # stdout is closed, or where it leads is full: it takes no report
        endings.abandon(sys.stdout)
        _error(settings, visible.printable(message))
        return code
    return _fail(settings, argv, code, message)


def _fail(
    settings: Settings, argv: Sequence[str], code: Exit, message: str, problems: tuple[Problem, ...] = ()
) -> Exit:
    from tierops.model import Report

    if _is_json(argv):  # the option itself may not have been reached
        settings.format = "json"
    return _report(settings, Report(settings.command, code, message, problems))


def _is_json(argv: Sequence[str]) -> bool:
    """Whether a command line that may be wrong asks for JSON."""
    return "--format=json" in argv or ("--format", "json") in pairwise(argv)


def _report(settings: Settings, report: Report) -> Exit:
    from tierops import output

    if settings.journal:
        report = settings.journal.end(report)
    report = report._replace(error=settings.redact_all(report.error), environment=settings.environment)
    report = report._replace(checkout=checkout.find(os.environ))
    _print(settings, output.render(report, settings.format), has_commands=settings.format == "github")
    if report.error and settings.format not in {"json", "github"}:  # whose readers get it from stdout
        _error(settings, visible.printable(report.error))
    code = report.exit_code
    for format_, path in settings.reports:
        try:
            disk.save(path, settings.redact(output.as_file(report, format_)), disk.ORDINARY)
        except UsageError as error:
            _error(settings, visible.printable(f"the report is not saved: {error}"))
            # What became of the creates matters more than a file.
            code = Exit.USAGE if code is Exit.DONE and not settings.is_writing else code
    return code


def _give_up() -> None:
    """Leave at once, whatever other threads wait for."""
    click.echo(f"error: stopped at once; {_UNDER_WAY}", err=True)
    os._exit(Exit.INTERRUPTED)


def _error(settings: Settings, told: str) -> None:
    _print(settings, f"{click.style('error: ', fg='red')}{told}\n", err=True)


def _tell(settings: Settings, text: str) -> None:
    if not settings.quiet:
        _line(settings, text, err=True)


def _line(settings: Settings, text: str, *, err: bool = False) -> None:
    _print(settings, f"{visible.printable(settings.redact_all(text))}\n", err=err)


def _print(settings: Settings, text: str, *, err: bool = False, has_commands: bool = False) -> None:
    """The one way out: no key leaves, and nothing that others wrote moves a cursor or commands a CI service."""
    shown = visible.page(settings.redact(text), has_commands=has_commands)
    with suppress(OSError) if err else nullcontext():  # that nobody reads of the progress must not end an apply
        click.echo(shown, err=err, nl=False, color=settings.color)


cli.add_command(journal_command.group(_report))
cli.add_command(init_command.command(_line, click.prompt, lambda: sys.stdin.isatty()))
for _command in emulator_commands.commands(_print, _line):
    cli.add_command(_command)


def _vendors(settings: Settings, max_wait: float, *, is_read_only: bool = False) -> planning.Open:
    """Opens the way to the vendors of an environment, until the command ends."""
    from tierops import stages
    from tierops.providers.limits import Waiting

    context = click.get_current_context()
    if settings.verbose:
        from tierops.host import logs

        context.with_resource(logs.to(lambda text: _line(settings, text, err=True)))
    stop = settings.stop
    waiting = Waiting(max_wait, stop.sleep, tell=lambda text: _tell(settings, text), check=stop.check)

    def opened(environment: Environment | None) -> Vendors:
        urls = environment.urls if environment else {}
        vendors = stages.Vendors(os.environ, urls, waiting, is_read_only, settings.witness)
        settings.writes = lambda: sum(client.writes for client in vendors.clients.values())
        return context.with_resource(vendors)

    return opened


def _ask(settings: Settings, made: planning.Made) -> None:
    """Show the plan and go on only if the answer is `yes`."""
    from tierops import output
    from tierops.model import Report

    is_text = settings.format == "text"
    shown = output.render(Report("plan", Exit.DONE, plan=made.plan), "text")
    _print(settings, f"{shown}\n", err=not is_text)
    number = sum(len(target.creates) for target in made.targets)
    question = f"Create {number} tier{'' if number == 1 else 's'}? No API can take that back. Only `yes` goes on"
    if click.prompt(question, default="no", show_default=False, err=True) != "yes":
        raise TieropsError("not approved; nothing was written")
