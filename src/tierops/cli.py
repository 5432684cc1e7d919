"""The group, a lazy table of its commands, and how every run ends: in an exit code and, with it, a sentence."""

from __future__ import annotations

import errno
import gc
import sys
import traceback
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple, NoReturn

import click

from tierops import __version__
from tierops.commands import console, options
from tierops.commands.console import Unheard
from tierops.commands.session import UNDER_WAY, Session
from tierops.errors import BadInput, Exit, TieropsError
from tierops.host import extras, interrupts


class _Entry(NamedTuple):
    """Where a command is, as `module:attribute` below `tierops.commands`, and what `--help` says of it."""

    place: str
    help: str


# Nothing of a command is imported before it runs. A test holds that each help is that of the command itself.
COMMANDS = {
    "validate": _Entry("validate:validate", "Check the files; no network."),
    "test": _Entry("test:test", "Run the member tests: is who the files name in the tier that they name?"),
    "plan": _Entry("plan:plan", "Show what apply would do."),
    "apply": _Entry("apply:apply", "Create what is missing."),
    "drift": _Entry("drift:drift", "Audit: does live equal the files?"),
    "impact": _Entry("impact:impact", "Who moves: members before and after, tier by tier."),
    "suggest": _Entry("suggest:suggest", "Design a ladder: thresholds that give each tier its share of the members."),
    "import": _Entry("import_:import_", "Write program files from what is live; a plan of them is empty."),
    "adopt": _Entry("adopt:adopt", "Write what is live into a program file."),
    "list": _Entry("list_:list_", "List the ladders of an account, and which file targets each."),
    "compare": _Entry("compare:compare", "Show what differs between environments, side by side; no network."),
    "doctor": _Entry("doctor:doctor", "Check keys, addresses and what they may read."),
    "show": _Entry("show:show", "Show a saved plan."),
    "explain": _Entry("explain:explain", "Why a rule exists, what breaks it, and how to mend or waive it."),
    "schema": _Entry("schema:schema", "Print a JSON Schema: of program, environment, policy, project or plan files."),
    "journal": _Entry("journal:journal", "What --journal FILE of apply and drift has kept."),
    "init": _Entry("init:init", "Write the first files of a repository: a ladder, environments, CI workflows."),
    "emulate": _Entry("emulate:emulate", "Serve the vendors' APIs on this machine."),
    "demo": _Entry("demo:demo", "The whole story on the emulator, in half a minute."),
}


def load(name: str) -> click.Command:
    """Import the command of this name. Raises `TieropsError` where a library that it needs is not installed."""
    module, _, attribute = COMMANDS[name].place.partition(":")
    command: click.Command = getattr(extras.load(f"commands.{module}"), attribute)
    return command


class _Program(options.Group):
    """A group whose commands are names with a help each until one of them is to run."""

    def __init__(self, **attributes: Any) -> None:
        commands = {name: click.Command(name, short_help=entry.help) for name, entry in COMMANDS.items()}
        super().__init__(commands=commands, **attributes)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        return name, load(name) if name else None, rest

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        wants_json = "--format=json" in args or ("--format", "json") in pairwise(args)
        ctx.ensure_object(Session).wants_json = wants_json
        return super().parse_args(ctx, args)


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="tierops", message="%(prog)s %(version)s")
@options.shared
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Loyalty tiers as code.

    Ladders are YAML files in git. tierops validates them, reads the live tiers from the vendors, shows the difference
    as a plan of creates, and applies it without ever creating a tier twice.
    """
    ctx.ensure_object(Session).command = ctx.invoked_subcommand or ""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run tierops and exit with one of `errors.Exit`."""
    console.open_streams()
    session = Session()
    try:
        code = run(sys.argv[1:] if argv is None else argv, session)
    finally:
        console.close_streams()
        gc.freeze()  # else Python would look through all of it once more before it ends
    session.leave_others(code)
    sys.exit(code)


def run(argv: Sequence[str], session: Session | None = None) -> int:
    """Run one command line; every way in which it can end becomes an exit code and, with it, a sentence."""
    session = session or Session()
    try:
        if sys.stdout is None:
            raise Unheard from OSError(errno.EBADF, "it is closed")
        return _run(session, argv)
    except Unheard as error:
        return _unheard(session, error)


def _run(session: Session, argv: Sequence[str]) -> int:
    try:
        with interrupts.at_once(session.stop):
            return int(cli.main(list(argv), prog_name="tierops", obj=session, standalone_mode=False) or Exit.DONE)
    except click.ClickException as error:
        return _misused(session, error)
    except click.Abort:
        if session.ended is not None:
            return session.ended
        return session.fail(Exit.INTERRUPTED, f"interrupted; {UNDER_WAY if session.writes else 'nothing was written'}")
    except BadInput as error:
        return session.fail(error.exit_code, str(error), error.problems)
    except TieropsError as error:
        return session.fail(error.exit_code, str(error))
    except Unheard:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None:  # click prints its help past the console
            raise Unheard from error
        return _crashed(session, error)


def _misused(session: Session, error: click.ClickException) -> Exit:
    """A wrong command line: how the command is used, and what was wrong, on one line."""
    session.choose(reports=())  # one may be over a file that is something else
    context = getattr(error, "ctx", None)
    if context and not session.wants_json:
        session.console.aside(f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n\n")
    return session.fail(Exit.USAGE, " ".join(error.format_message().split()))


def _crashed(session: Session, error: Exception) -> Exit:
    is_verbose = session.line.verbose > 0
    if is_verbose:
        session.console.aside("".join(traceback.format_exception(error)))
    what = f"a mistake in tierops, please report it: {type(error).__name__}: {error}"
    hint = "" if is_verbose else "; -v shows where"
    return session.fail(*_after_writes(session, f"{what}{hint}"))


def _unheard(session: Session, error: Unheard) -> Exit:
    """stdout is closed, or where it leads is full: it takes no report."""
    cause = error.__cause__
    if sys.stdout is not None:
        console.abandon(sys.stdout)
    code, message = _after_writes(session, f"nothing can be written to stdout: {type(cause).__name__}: {cause}")
    if session.writes or not isinstance(cause, BrokenPipeError):  # `tierops plan | head` is no error to tell of
        session.console.error(message)
    return code


def _after_writes(session: Session, message: str) -> tuple[Exit, str]:
    """How a run ends that broke off: what left in its requests may be done."""
    if session.writes:
        return Exit.UNKNOWN, f"{message}; creates may have been carried out: plan again to see"
    return Exit.FAILED, message
