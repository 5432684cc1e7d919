"""`tierops show`: what does a saved plan say?"""

from __future__ import annotations

from pathlib import Path

import click

from tierops import pipeline
from tierops.commands import options
from tierops.commands.session import Session
from tierops.errors import BadFile, Exit, UsageError
from tierops.host import disk
from tierops.output import Report
from tierops.output.report import Template

_LARGEST = 1024 * 1024  # bytes of a template


@click.command()
@click.argument("planfile", type=options.FILE)
@click.option(
    "--template", type=options.FILE, metavar="FILE", help="A Jinja2 template for --format notice, in place of ours."
)
@options.plan_format
@options.shared
@click.pass_obj
def show(session: Session, planfile: Path, template: Path | None) -> Exit:
    """Show a saved plan.

    The format `notice` tells members, in plain words, which thresholds and benefits change.
    """
    chosen = session.chosen
    chosen.keep_apart(planfile, template)
    is_notice = "notice" in (chosen.format, *(report.format for report in chosen.reports))
    if template is not None and not is_notice:
        raise UsageError("--template is for `--format notice`")
    own = None if template is None else Template(str(template), _text(template))
    plan = pipeline.load_plan(planfile)
    if is_notice:
        from tierops.output import notice  # and with it Jinja2

        for left in notice.left_to_do(plan):
            session.console.note(f"warning: {left}")
    return session.report(Report("show", Exit.DONE, plan=plan, problems=plan.policy, template=own))


def _text(path: Path) -> str:
    content = disk.read(path, _LARGEST + 1)
    if len(content) > _LARGEST:
        raise BadFile(f"{path} is larger than {_LARGEST // 1024**2} MiB, which no template is")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadFile(f"{path} is not UTF-8 (byte 0x{content[error.start]:02x})") from None
