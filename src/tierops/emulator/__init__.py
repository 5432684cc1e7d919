"""The vendors' documented APIs on this machine: for tests, for demonstrations, for trying tierops without an account.

Built from the vendors' published documentation, never tried against their live services. It shares no mapping code with
`tierops.providers`, so that a wrong idea in one is not confirmed by the other.
"""

from __future__ import annotations

from tierops.emulator.app import Emulator, Sent
from tierops.emulator.chaos import RATE, Chaos
from tierops.emulator.faults import KINDS, Fault, flaws
from tierops.emulator.switches import FanfareSwitches, Switch, Switches, VoucherifySwitches
from tierops.emulator.web import ConnectionDropped, ConnectionReset, NoAnswer, PortClosed

__all__ = [
    "KINDS",
    "RATE",
    "Chaos",
    "ConnectionDropped",
    "ConnectionReset",
    "Emulator",
    "FanfareSwitches",
    "Fault",
    "NoAnswer",
    "PortClosed",
    "Sent",
    "Switch",
    "Switches",
    "VoucherifySwitches",
    "flaws",
]
