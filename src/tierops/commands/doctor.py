"""`tierops doctor`: are the keys there and right, and does the vendor answer?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from tierops import pipeline, providers
from tierops.commands import ladders, options, places
from tierops.commands.session import Session
from tierops.config import files as config_files
from tierops.errors import Exit, TieropsError, VendorError
from tierops.model import Value
from tierops.text import jsontext
from tierops.text.wording import counted

if TYPE_CHECKING:
    from tierops.config import Environment
    from tierops.providers.connection import Connection
    from tierops.providers.vendor import Vendor

_REFUSED = {401, 403}
_SKEW = 60.0  # seconds between two clocks that nobody need look after


class Check(NamedTuple):
    """One thing that was looked at at one vendor. `hint` is what to do where it is not right."""

    vendor: Vendor
    what: str
    is_right: bool
    seen: str
    hint: str = ""


@click.command()
@click.argument("vendors", nargs=-1, metavar="[VENDOR]...", type=places.VENDOR)
@options.max_wait
@options.data_format
@options.shared
@click.pass_obj
def doctor(session: Session, vendors: tuple[Vendor, ...], max_wait: float) -> Exit:
    """Check keys, addresses and what they may read.

    Of the vendors named; else of those that the program files target, or whose variables are set. Sends GET requests
    only, and ends with 1 where anything is not right.
    """
    chosen = session.chosen
    environment = pipeline.read_environment(chosen.directories, chosen.environment)
    checks = [
        check
        for vendor in dict.fromkeys(vendors or _used(session))
        for check in _checks(session, vendor, environment, max_wait)
    ]
    code = Exit.DONE if all(check.is_right for check in checks) else Exit.FAILED
    if chosen.format == "json":
        session.console.page(jsontext.dumps(_data(checks, code), indent=2) + "\n")
        return code
    for check in checks:
        hint = f" → {check.hint}" if check.hint else ""
        session.console.line(
            f"{'ok' if check.is_right else 'NO':3} {check.vendor.title}: {check.what}: {check.seen}{hint}"
        )
    return code


def _used(session: Session) -> tuple[Vendor, ...]:
    paths: list[Path] = []
    for directory in session.chosen.directories:
        with suppress(TieropsError):  # there are none yet
            paths += config_files.programs(directory)
    targeted = tuple(dict.fromkeys(name for path in paths for name in ladders.targeted(path)))
    if known := tuple(vendor for name in targeted if (vendor := providers.known(name))):
        return known
    own = providers.own()
    is_set = {v.name for v in own if any(session.environ.get(one.name) for one in v.variables)}
    return tuple(vendor for vendor in own if vendor.name in is_set) or own


def _checks(session: Session, vendor: Vendor, environment: Environment, max_wait: float) -> Iterator[Check]:
    names = [one.name for one in vendor.variables if session.environ.get(one.name)]
    try:
        with session.connections([vendor.name], environment.urls, max_wait, is_read_only=True) as connections:
            yield Check(vendor, "keys", True, f"{', '.join(names)} set")
            connection = connections[vendor.name]
            yield Check(
                vendor, "address", True, f"{connection.client.base_url}, from {_origin(session, vendor, environment)}"
            )
            yield from _read(vendor, connection)
    except TieropsError as error:
        yield Check(vendor, "keys", False, str(error))


def _origin(session: Session, vendor: Vendor, environment: Environment) -> str:
    if session.environ.get(vendor.url_variable, "").strip():
        return vendor.url_variable
    return f"the environment {environment.name}" if vendor.name in environment.urls else "the vendor's own"


def _read(vendor: Vendor, connection: Connection) -> Iterator[Check]:
    try:
        number = len(connection.discover())
    except VendorError as error:
        hosts = (
            f", and that the host is that of the account's region: {', '.join(vendor.hosts)}" if vendor.hosts else ""
        )
        keys = " and ".join(one.name for one in vendor.variables if one.is_secret and not one.is_alternative)
        hint = f"check {keys}, what the key may do{hosts}" if error.status in _REFUSED else ""
        yield Check(vendor, "reading", False, str(error), hint)
    else:
        yield Check(vendor, "reading", True, counted(number, vendor.noun))
    limits = connection.client.limits
    if limits.left is not None:
        yield Check(
            vendor, "calls left", limits.left > 0, f"{limits.left:,}", "" if limits.left else "wait for the next window"
        )
    if limits.date:
        yield from clock(vendor, *limits.date)


def clock(vendor: Vendor, said: str, now: float) -> Iterator[Check]:
    """How far this machine's clock is from the vendor's, by a header `Date` that came at `now`, in Unix seconds."""
    try:
        skew = parsedate_to_datetime(said).timestamp() - now
    except (ValueError, OverflowError):
        return
    hint = "" if abs(skew) <= _SKEW else "set the clock of this machine: tokens and plans end by it"
    way = "behind" if skew > 0 else "ahead of"
    yield Check(vendor, "clock", not hint, f"{abs(skew):.0f} s {way} the vendor's", hint)


def _data(checks: list[Check], code: Exit) -> dict[str, Value]:
    listed: list[Value] = [
        {"provider": one.vendor.name, "check": one.what, "ok": one.is_right, "seen": one.seen, "hint": one.hint or None}
        for one in checks
    ]
    return {"command": "doctor", "exit_code": int(code), "checks": listed}
