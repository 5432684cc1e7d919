"""ACME does what every vendor must do."""

from __future__ import annotations

from random import Random

import outside

from tierops.emulator import Fault
from tierops.model import Value
from tierops.providers import contract

with outside.installed("acme"):
    from acme_loyalty import VENDOR

_LEVELS = "GET /v1/clubs/*/levels"


def blocks(random: Random) -> dict[str, Value]:
    block: dict[str, Value] = {"color": random.choice(["", "red", "günmetal"])}
    return block | {"perks": random.sample(["free refill", "lounge", "🎁"], random.randint(0, 3))}


class TestAcme(contract.Writing):
    setup = contract.Setup(
        VENDOR,
        place={"club": "Club", "currency": "EUR"},
        prepare=lambda emulator: emulator.acme.add_club("Club"),
        blocks=blocks,
        lies=(
            Fault(_LEVELS, "cap", value=1, times=None),
            Fault(_LEVELS, "shift", value=1, times=None),
            Fault(_LEVELS, "total", value=1, times=None),
            Fault("GET /v1/clubs", "cap", value=0, times=None),
            Fault("GET /v1/clubs", "total", value=1, times=None),
        ),
    )
