"""`tierops emulate`: the vendors' APIs on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from tierops.commands import options, serving
from tierops.commands.session import Session
from tierops.errors import Exit


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--data", type=options.FILE, metavar="FILE", help="Keep the data in this SQLite file; else in memory.")
@click.option("--switch", "switches", multiple=True, metavar="VENDOR.NAME=VALUE", help="What the vendor leaves open.")
@click.option("--switches", "is_listing", is_flag=True, help="List the switches and end.")
@click.option("--faults", type=options.FILE, metavar="FILE", help="Misbehave as this YAML or JSON list of faults says.")
@click.option("--fault-kinds", is_flag=True, help="List the kinds of faults and end.")
@click.option("--chaos", type=int, metavar="SEED", help="Misbehave at random, alike for the same seed and requests.")
@click.option("--examples", is_flag=True, help="Add the examples of the vendors' documentation.")
@options.shared
@click.pass_obj
def emulate(
    session: Session, host: str, port: int, data: Path | None, switches: tuple[str, ...], is_listing: bool,
    faults: Path | None, fault_kinds: bool, chaos: int | None, examples: bool,
) -> Exit:  # fmt: skip
    """Serve the vendors' APIs on this machine.

    Built from the vendors' published documentation. Any non-empty keys do.

    A vendor that misbehaves: --faults takes a list such as

    \b
      - {on: "POST */tiers", kind: drop-after}
      - {on: "GET *", kind: lag, value: 2000, times: always, after: 1}

    `times` (1) is how often it happens, or `always`; `after` (0) lets so many requests pass before; what `value`
    means, --fault-kinds says. With --chaos too, it decides on the requests that no fault of the list is for: about
    every fifth one meets a fault that suits its method.
    """
    if is_listing:
        session.console.page(serving.switch_table())
    elif fault_kinds:
        session.console.page(serving.fault_table())
    else:
        serving.run(
            host, port, data, switches, faults=faults, chaos=chaos, has_examples=examples,
            log=session.chosen.verbose > 0, say=session.console.line,
        )  # fmt: skip
    return Exit.DONE
