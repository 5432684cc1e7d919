"""What is compared with what: a plan with what is live, a ladder with another one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tierops.errors import UsageError
from tierops.members.axis import Comparison, Rung
from tierops.model import Target, TargetPlan
from tierops.model.impact import LIVE


def of_plan(planned: TargetPlan, acts: str) -> Comparison:
    """Live before, and after apply: what differs or is blocked stays as it is live. Beside it what the files want."""
    target, live = planned.target, planned.live
    together: tuple[Rung, ...] = (*live.tiers, *planned.creates)
    after = target.scale.held(together)
    return Comparison(target.address, LIVE, live.tiers, after, target.tiers, target.scale, acts)


def of_ladders(before: Target, after: Target, against: str, acts: str = "") -> Comparison:
    """One ladder of the files with another one."""
    return Comparison(after.address, against, before.tiers, after.tiers, after.tiers, after.scale, acts)


def of_files(before: Sequence[Target], after: Sequence[Target], against: str) -> list[Comparison]:
    """Each target with the one of its address; where there is one on either side, that one with the other.

    Raises `UsageError` where nothing can be compared.
    """
    earlier = {target.address: target for target in before}
    pairs = [(earlier[target.address], target) for target in after if target.address in earlier]
    if not pairs and len(before) == len(after) == 1:
        pairs = [(before[0], after[0])]
    if not pairs:
        there, here = (_listed(targets) for targets in (before, after))
        raise UsageError(f"nothing to compare: {against} has {there}, and here is {here}")
    return [of_ladders(first, second, against) for first, second in pairs]


def _listed(targets: Iterable[Target]) -> str:
    return ", ".join(target.address for target in targets) or "no target"
