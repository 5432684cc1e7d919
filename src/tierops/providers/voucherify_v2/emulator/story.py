"""What `tierops demo` tells with the emulated Loyalty v2: one ladder at four vendors, and an answer that gets lost."""

from __future__ import annotations

from collections.abc import Sequence

from tierops.emulator.api import Loss
from tierops.emulator.faults import Fault
from tierops.providers.voucherify_v2.emulator.project import Project

_SAMPLE, _STRUCTURE = "one-ladder.yaml", "Travel Club (sandbox)"


def _held(project: Project) -> Sequence[str]:
    return [tier["name"] for tier in project.tiers(_STRUCTURE)]


LOSS = Loss(
    sample=_SAMPLE,
    environment="sandbox",
    scene=f"tiers/{_SAMPLE} is one ladder at four vendors. Voucherify Loyalty v2\n"
    "takes a request for each tier, the others one for all. Silver is the second\n"
    "request to v2: it is carried out, and the connection breaks before the answer\n"
    "comes. tierops cannot know what became of it; sent again, it may be there twice.",
    fault=Fault("POST */tier-structures/*/tiers", "drop-after", after=1),
    held=_held,
)
