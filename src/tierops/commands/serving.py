"""`tierops emulate`: the emulator as a command."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tierops import providers
from tierops.emulator import KINDS, RATE, Chaos, Emulator, Switches, fault_file
from tierops.emulator.server import run_forever
from tierops.errors import TieropsError, UsageError
from tierops.model import Place


def run(
    host: str,
    port: int,
    data: Path | None,
    switches: Sequence[str],
    *,
    faults: Path | None = None,
    chaos: int | None = None,
    has_examples: bool,
    places: Iterable[Place] = (),
    log: bool,
    say: Callable[[str], None],
    tell: Callable[[str], None],
) -> None:
    """Serve until interrupted, misbehaving as the file `faults` says and else at random from the seed `chaos`.

    All installed vendors are served, and the ladders at `places` are there from the start. `say` gets the exports,
    which a shell can evaluate, `tell` all else. Raises `UsageError` for a wrong switch, `BadInput` for a wrong file,
    `TieropsError` where it cannot listen.
    """
    script = fault_file.read(faults) if faults else ()
    vendors = providers.emulators(tell)
    try:
        emulator = Emulator(data, Switches.parse(switches, vendors), vendors=vendors)
    except ValueError as error:
        raise UsageError(f"--switch: {error}; see --switches") from None
    except OSError as error:
        raise TieropsError(f"cannot use {data}: {error}") from None
    if has_examples:
        for vendor in emulator.vendors.values():
            vendor.load_examples()
    for place in places:
        if place.provider in emulator.vendors:
            emulator.vendors[place.provider].seed(place.block)
        else:
            tell(f"{place.noun} {place.name!r} is not there: {place.provider} is not emulated")
    emulator.faults.extend(script)
    emulator.chaos = None if chaos is None else Chaos(chaos)

    def ready(url: str) -> None:
        tell(f"Serving at {url} as process {os.getpid()}, until it is ended with Ctrl-C or kill.")
        tell("It does what the vendors' published documentation describes; never tried against their live services.")
        exports = [
            " ".join(f"{name}={value}" for name, value in v.environ(url).items()) for v in emulator.vendors.values()
        ]
        say("".join(f"export {one}\n" for one in dict.fromkeys(exports)))  # two may share an address
        if script:
            tell(f"Misbehaving as {faults} says: {len(script)} fault{'' if len(script) == 1 else 's'}.")
        if chaos is not None:
            tell(f"Misbehaving at random, seed {chaos}: about one request in {round(1 / RATE)}.")

    try:
        run_forever(emulator, host, port, log=log, ready=ready)
    except OSError as error:
        raise TieropsError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    finally:
        emulator.close()


def switch_table() -> str:
    """Every switch with its values, the default first."""
    lines = []
    for switch in Switches.table(providers.emulators()):
        others = [choice for choice in switch.choices if choice != switch.default]
        lines.append(f"{switch.name}={switch.default}{''.join(f' | {choice}' for choice in others)}")
        lines.append(f"    {switch.doc}")
    return "\n".join([*lines, ""])


def fault_table() -> str:
    """Every kind of fault and what it does."""
    return "".join(f"{kind}\n    {doc}\n" for kind, doc in KINDS.items())
