"""`tierops list`: which ladders an account has, and which file targets each of them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from tierops import pipeline
from tierops.commands import ladders, options, places
from tierops.commands.ladders import Filed, Ladder
from tierops.commands.session import Session
from tierops.errors import Exit, TieropsError
from tierops.model import Live, Value
from tierops.text import jsontext
from tierops.text.wording import counted

if TYPE_CHECKING:
    from tierops.providers.vendor import Vendor


class Listed(NamedTuple):
    """A ladder with what is live there, or why that cannot be read, and the programs that target it."""

    ladder: Ladder
    live: Live | None
    owners: tuple[Filed, ...] = ()
    error: str = ""


@click.command("list")
@click.argument("vendor", type=places.VENDOR)
@options.max_wait
@options.data_format
@options.shared
@click.pass_obj
def list_(session: Session, vendor: Vendor, max_wait: float) -> Exit:
    """List the ladders of an account, and which file targets each.

    The account is that of the keys in the environment. Sends GET requests only.
    """
    chosen, console = session.chosen, session.console
    environment = pipeline.read_environment(chosen.directories, chosen.environment)
    programs = ladders.filed(chosen.directories, vendor, environment)
    with session.connections([vendor.name], environment.urls, max_wait, is_read_only=True) as connections:
        every = ladders.every(connections[vendor.name], console.progress)
        listed = [_listed(ladder, programs) for ladder in every]
    failures = [f"{one.ladder.name!r}: {one.error}" for one in listed if one.error]
    code = Exit.FAILED if failures else Exit.DONE
    if chosen.format == "json":
        console.page(jsontext.dumps(_data(vendor, listed, code), indent=2) + "\n")
    else:
        for line in _lines(vendor, listed):
            console.line(line)
    if failures:
        console.error("not read:", failures)
    return code


def _listed(ladder: Ladder, programs: Sequence[Filed]) -> Listed:
    try:
        live = ladder.read()
    except TieropsError as error:
        return Listed(ladder, None, ladders.targeting(programs, {ladder.home}), str(error))
    return Listed(ladder, live, ladders.owners(programs, ladder.home, live))


def _lines(vendor: Vendor, listed: Sequence[Listed]) -> Iterator[str]:
    width = max((len(one.ladder.name) for one in listed), default=0)
    for one in listed:
        number = "?" if one.live is None else str(len(one.live.tiers))
        where = ", ".join(f"{program.path} ({program.key})" for program in one.owners)
        yield f"{one.ladder.name:{width}}  {number:>3} {'tier ' if number == '1' else 'tiers'}  {where or 'in no file'}"
    unfiled = [one for one in listed if not one.owners]
    number = f"{counted(len(listed), vendor.noun)} at {vendor.title}"
    yield f"{number}, {len(unfiled)} in no file" if unfiled else number
    if importable := [one for one in unfiled if one.live and one.live.tiers]:
        homes = [part.name for part in vendor.parts if part.is_home]
        place = importable[0].ladder.place
        at = " ".join(f"--at {shlex.quote(f'{name}={place[name]}')}" for name in homes)
        command = f"tierops import {vendor.name}"
        yield f"To write one into a file: {command} {at}; all of them: {command} --all"


def _data(vendor: Vendor, listed: Sequence[Listed], code: Exit) -> dict[str, Value]:
    entries: list[Value] = [
        {
            "place": dict(one.ladder.place),
            "name": one.live.identity.name if one.live else None,
            "id": one.live.identity.id if one.live else None,
            "tiers": len(one.live.tiers) if one.live else None,
            "programs": [{"program": program.key, "file": str(program.path)} for program in one.owners],
            "error": one.error or None,
        }
        for one in listed
    ]
    return {"command": "list", "exit_code": int(code), "provider": vendor.name, "ladders": entries}
