"""How the contract is tried on ACME. Importable where ACME is installed, see `outside`."""

from __future__ import annotations

from random import Random

from acme_loyalty import VENDOR

from tierops.emulator import Fault
from tierops.model import Value
from tierops.providers import contract

_LEVELS = "GET /v1/clubs/*/levels"


def _blocks(random: Random) -> dict[str, Value]:
    block: dict[str, Value] = {"color": random.choice(["", "red", "günmetal"])}
    return block | {"perks": random.sample(["free refill", "lounge", "🎁"], random.randint(0, 3))}


SETUP = contract.Setup(
    VENDOR,
    place={"club": "Club", "currency": "EUR"},
    prepare=lambda emulator: emulator.acme.add_club("Club"),
    blocks=_blocks,
    lies=(
        Fault(_LEVELS, "cap", value=1, times=None),
        Fault(_LEVELS, "shift", value=1, times=None),
        Fault(_LEVELS, "total", value=1, times=None),
        Fault("GET /v1/clubs", "cap", value=0, times=None),
        Fault("GET /v1/clubs", "total", value=1, times=None),
    ),
)
