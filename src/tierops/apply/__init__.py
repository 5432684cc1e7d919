"""Carries a plan out: send, read back, prove.

A create may be impossible to take back, and hardly any vendor has an idempotency key. So nothing is sent that two
equal, complete reads with a quiet period between them do not show to be absent, neither for the first time nor again;
and what a lost answer did is told by reading back alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from tierops import plan
from tierops.apply.readback import Connection, Patience, Reads
from tierops.apply.walk import Walk
from tierops.errors import Exit, Interrupted, PlanRefused
from tierops.model import Fate, Result, TargetPlan, Tier

__all__ = ["Connection", "Patience", "Reads", "exit_code", "run"]


def run(
    targets: Sequence[TargetPlan],
    connections: Mapping[str, Connection],
    reads: Reads,
    patience: Patience,
    spread: Callable[[Callable[[TargetPlan], Result], Sequence[TargetPlan]], Iterable[Result]] = map,
) -> tuple[Result, ...]:
    """Carry out the plans of all targets, `spread` as the caller likes. `connections` goes by provider name.

    Each read is checked against its plan before the first write to any: raises `PlanRefused` where one does not fit,
    `VendorError` where a vendor's limits do not allow all of it, and then nothing was written. Where `spread` raises
    `Interrupted`, nobody waits for what is under way, and the results say what is known by then.
    """
    absent = {target.address: _absent(target, connections, reads) for target in targets}
    _afford(targets, connections, reads, absent)

    walks = {
        target.address: Walk(target, connections[target.target.provider], patience, reads.lives[target.address])
        for target in targets
    }
    ended: dict[str, Result] = {}

    def carry_out(target: TargetPlan) -> Result:
        walk, address = walks[target.address], target.address
        ended[address] = walk.carry_out(reads.ended) if absent[address] else walk.result()
        return ended[address]

    try:
        results = tuple(spread(carry_out, targets))
    except Interrupted:
        results = tuple(ended.get(address) or walk.given_up() for address, walk in walks.items())
    is_untouched = not any(result.sends or result.is_interrupted for result in results)
    if is_untouched and any(result.is_refused for result in results):
        raise PlanRefused("; ".join(map(_told, filter(_has_trouble, results))))
    return results


def exit_code(results: Sequence[Result]) -> Exit:
    """The one code for all targets; the worst news wins."""
    if any(result.is_interrupted for result in results):
        return Exit.INTERRUPTED
    outcomes = [outcome for result in results for outcome in (*result.outcomes, *filter(None, (result.place,)))]
    fates = {outcome.fate for outcome in outcomes}
    if Fate.UNKNOWN in fates:
        return Exit.UNKNOWN
    if fates & {Fate.NOT_DONE, Fate.CONFLICT}:
        return Exit.PARTIAL if fates & {Fate.DONE, Fate.CONFLICT} else Exit.FAILED
    # What is seen beside the creates, such as somebody else's tier that exists twice, is in no list of differences.
    return Exit.REMAINING if any(result.remaining or result.trouble for result in results) else Exit.DONE


def _has_trouble(result: Result) -> bool:
    return bool(result.trouble)


def _told(result: Result) -> str:
    """What stopped a target, with its address: why a plan is refused says so itself."""
    return result.trouble if result.is_refused else f"{result.target.address}: {result.trouble}"


def _absent(target: TargetPlan, connections: Mapping[str, Connection], reads: Reads) -> tuple[Tier, ...]:
    hint = connections[target.target.provider].vendor.same_account
    return plan.missing(target, reads.lives[target.address], hint)


def _afford(
    targets: Sequence[TargetPlan],
    connections: Mapping[str, Connection],
    reads: Reads,
    absent: Mapping[str, Sequence[Tier]],
) -> None:
    """Raise `VendorError` where a vendor does not allow what creates take, with a read before and one after."""
    for name, connection in connections.items():
        calls = 0
        for target in targets:
            if target.target.provider == name and (missing := absent[target.address]):
                live = reads.lives[target.address]
                requests = plan.remaining_requests(target, missing, live, connection.vendor)
                more = sum(len(request.tiers) for request in requests)
                reads_after = 1 + sum(not request.tiers for request in requests)  # a place that is made is read, too
                calls += live.calls + len(requests) + reads_after * connection.read_calls(live, more)
        if calls:
            connection.afford(calls)
