"""The vendors' documented APIs on this machine: for tests, for demonstrations, for trying tierops without an account.

What all of them share is here; each vendor's own part is in its package, `tierops.providers.NAME.emulator`. Built from
the vendors' published documentation, never tried against their live services. It shares no mapping code with the
accounts in `tierops.providers`, so that a wrong idea in one is not confirmed by the other.
"""

from __future__ import annotations

from tierops.emulator.api import Api
from tierops.emulator.app import Emulator, Sent
from tierops.emulator.chaos import RATE, Chaos
from tierops.emulator.faults import KINDS, Fault, flaws
from tierops.emulator.switches import Switch, Switches
from tierops.emulator.web import ConnectionDropped, ConnectionReset, NoAnswer, PortClosed

__all__ = [
    "KINDS",
    "RATE",
    "Api",
    "Chaos",
    "ConnectionDropped",
    "ConnectionReset",
    "Emulator",
    "Fault",
    "NoAnswer",
    "PortClosed",
    "Sent",
    "Switch",
    "Switches",
    "flaws",
]
