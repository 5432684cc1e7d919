"""`tierops emulate`: the vendors' APIs on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from tierops import pipeline
from tierops.commands import options, serving
from tierops.commands.session import Chosen, Session
from tierops.config import environment as environments
from tierops.errors import Exit, TieropsError
from tierops.model import Place


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--data", type=options.FILE, metavar="FILE", help="Keep the data in this SQLite file; else in memory.")
@click.option("--switch", "switches", multiple=True, metavar="VENDOR.NAME=VALUE", help="What the vendor leaves open.")
@click.option("--switches", "is_listing", is_flag=True, help="List the switches and end.")
@click.option("--faults", type=options.FILE, metavar="FILE", help="Misbehave as this YAML or JSON list of faults says.")
@click.option("--fault-kinds", is_flag=True, help="List the kinds of faults and end.")
@click.option("--chaos", type=int, metavar="SEED", help="Misbehave at random, alike for the same seed and requests.")
@click.option(
    "--seed", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="Add the places that the program files in this folder name.",
)  # fmt: skip
@click.option("--examples", is_flag=True, help="Add the examples of the vendors' documentation.")
@options.shared
@click.pass_obj
def emulate(
    session: Session, host: str, port: int, data: Path | None, switches: tuple[str, ...], is_listing: bool,
    faults: Path | None, fault_kinds: bool, chaos: int | None, seed: Path | None, examples: bool,
) -> Exit:  # fmt: skip
    """Serve the vendors' APIs on this machine.

    Built from the vendors' published documentation. Any non-empty keys do. The exports alone go to stdout, which is
    closed after them unless it is a terminal:

    \b
      eval "$(tierops emulate --seed tiers &)"

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
            places=_places(seed, session.chosen) if seed else (), log=session.chosen.verbose > 0,
            say=session.console.last_page, tell=session.console.progress,
        )  # fmt: skip
    return Exit.DONE


def _places(directory: Path, line: Chosen) -> tuple[Place, ...]:
    """The places that the programs name in an environment; in every one, where none is chosen.

    Raises `TieropsError` where any file has an error; what it is must not get into a shell that evaluates stdout.
    """
    names = (line.environment,) if line.environment else environments.names(directory) or (None,)
    reads = [pipeline.read_files([directory], name, today=line.today) for name in names]
    if errors := [error for files in reads for error in files.errors]:
        raise TieropsError(f"the program files have errors, such as {errors[0].at}: see tierops validate")
    return tuple(target.place for files in reads for program in files.programs for target in program.targets)
