"""`tierops emulate` and `tierops demo`: the vendors' APIs on this machine, and the whole story on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from tierops.commands.options import FILE, Settings, shared
from tierops.errors import Exit

Show = Callable[[Settings, str], None]


def commands(show: Show, tell: Show) -> tuple[click.Command, ...]:
    """The commands; `show` prints text as it is, `tell` prints one line of it."""

    @click.command()
    @click.option("--host", default="127.0.0.1", show_default=True)
    @click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
    @click.option("--data", type=FILE, metavar="FILE", help="Keep the data in this SQLite file; else in memory.")
    @click.option(
        "--switch", "switches", multiple=True, metavar="VENDOR.NAME=VALUE", help="What the vendor leaves open."
    )
    @click.option("--switches", "is_listing", is_flag=True, help="List the switches and end.")
    @click.option("--faults", type=FILE, metavar="FILE", help="Misbehave as this YAML or JSON list of faults says.")
    @click.option("--fault-kinds", is_flag=True, help="List the kinds of faults and end.")
    @click.option(
        "--chaos", type=int, metavar="SEED", help="Misbehave at random, alike for the same seed and requests."
    )
    @click.option("--examples", is_flag=True, help="Add the examples of the vendors' documentation.")
    @shared
    @click.pass_obj
    def emulate(
        settings: Settings, host: str, port: int, data: Path | None, switches: tuple[str, ...], is_listing: bool,
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
        from tierops.commands import serving

        if is_listing:
            show(settings, serving.switch_table())
        elif fault_kinds:
            show(settings, serving.fault_table())
        else:
            serving.run(
                host, port, data, switches, faults=faults, chaos=chaos, has_examples=examples, log=settings.verbose > 0,
                say=partial(tell, settings),
            )  # fmt: skip
        return Exit.DONE

    @click.command()
    @shared
    @click.pass_obj
    def demo(settings: Settings) -> Exit:
        """The whole story on the emulator, in half a minute."""
        from tierops.commands import demo as story

        return story.tell(lambda text: show(settings, f"{text}\n"))

    return emulate, demo
