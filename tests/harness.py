"""What tests share: the emulator behind httpx's transport seam, and how a command ended."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tierops import providers
from tierops.emulator import Emulator
from tierops.providers.connection import Connection, open_connection
from tierops.providers.contract import InProcess as InProcess
from tierops.providers.limits import Waiting

CAMPAIGN = "Loyalty Campaign - Tiers"
KEYS = {
    "VOUCHERIFY_APP_ID": "app",
    "VOUCHERIFY_APP_TOKEN": "token",
    "FANFARE_SECRET_KEY": "sk_test_key",
    "TALONONE_MANAGEMENT_KEY": "t1-4711-key",
    "OPENLOYALTY_TOKEN": "ol-4711-key",
    "SALESFORCE_CLIENT_ID": "client",
    "SALESFORCE_CLIENT_SECRET": "client-secret",
}


class Slept(list[float]):
    """The pauses that were asked for, in seconds; none of them was taken."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def connect(
    emulator: Emulator,
    slept: Callable[[float], None],
    transport: httpx.BaseTransport | None = None,
    vendor: str = "voucherify",
    **waiting: Any,
) -> Connection:
    """A vendor's account in front of the emulator, without a socket. `waiting` is what else `Waiting` takes."""
    return open_connection(
        providers.find(vendor),
        KEYS,
        f"http://127.0.0.1/{emulator.vendors[vendor].place()}",
        waiting=Waiting(sleep=slept, **waiting),
        transport=transport or InProcess(emulator),
    )


@contextmanager
def running(command: Sequence[str | Path], **settings: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process that does not outlive the block, whatever happens in it."""
    with subprocess.Popen(command, **settings) as process:
        try:
            yield process
        finally:
            process.kill()


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ended]
