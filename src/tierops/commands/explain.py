"""`tierops explain`: why is there such a rule?"""

from __future__ import annotations

import click

from tierops.commands import options
from tierops.commands.session import Session
from tierops.errors import Exit, UsageError


def _rules(_ctx: click.Context, _param: click.Parameter, begun: str) -> list[str]:
    from tierops.output import rules

    return [rule for rule in rules.texts() if rule.startswith(begun)]


@click.command()
@click.argument("rule", required=False, metavar="[RULE]", shell_complete=_rules)
@options.shared
@click.pass_obj
def explain(session: Session, rule: str | None) -> Exit:
    """Why a rule exists, what breaks it, and how to mend or waive it.

    RULE is the id that a finding shows. Without it, all rules are listed.
    """
    from tierops.output import rules

    if rule is None:
        session.console.page(rules.listed())
    elif (page := rules.explained(rule)) is not None:
        session.console.page(page)
    else:
        raise UsageError(f"there is no rule {rule!r}{rules.nearest(rule)}; `tierops explain` lists them")
    return Exit.DONE
