"""Each fault by itself: no tier twice, no success that is none, no word of nothing after a write."""

from __future__ import annotations

from collections import Counter

import pytest

from tierops import apply
from tierops.emulator import Fault
from tierops.emulator.faults import BENDERS, KINDS
from tierops.errors import Exit, TieropsError
from tierops.providers import contract
from tierops.providers.salesforce import VENDOR

SETUP = contract.Setup(
    VENDOR,
    place={"program": "Coffee Club", "tier_group": "Status"},
    prepare=lambda emulator: emulator.salesforce.add_group("Coffee Club", "Status"),
)
CREATE, QUERIES, SIGN_IN = "POST */composite/sobjects", "GET */query", "POST */oauth2/token"
LASTING = {"refuse", "hang-before", "hang-after", "late", "delay", "drip"}  # in milliseconds; they are short here


def fault(on: str, kind: str, times: int | None = 1, after: int = 0) -> Fault:
    value = 1 if kind in LASTING or kind in {"total", "cap", "shift", "500-partial"} else 0
    return Fault(on, kind, times, after, value)


def judged(world: contract.World, code: Exit) -> None:
    """Hold how a run ended against what is stored."""
    world.emulator.land(everything=True)
    names = Counter(row["Name"] for row in world.emulator.salesforce.tiers("Status"))
    assert max(names.values(), default=0) <= 1
    assert code in {Exit.DONE, Exit.FAILED, Exit.PARTIAL, Exit.UNKNOWN}
    assert code is not Exit.DONE or set(names) == {"T0", "T1", "T2"}
    assert code is not Exit.FAILED or not names


def applied(world: contract.World, *faults: Fault) -> Exit:
    """Make a plan, and carry it out with these faults."""
    try:
        planned = world.plan(contract.rising(SETUP))
        world.emulator.faults.extend(faults)
        return apply.exit_code([world.apply(planned)])
    except TieropsError as error:
        return error.exit_code


@pytest.mark.parametrize("key_field", ["unique", "absent"])
@pytest.mark.parametrize("kind", sorted(KINDS.keys() - (BENDERS.keys() - {"delay", "drip"})))
def test_a_fault_of_the_create(kind: str, key_field: str) -> None:
    with SETUP.world(f"salesforce.key_field={key_field}") as world:
        code = applied(world, fault(CREATE, kind))
        judged(world, code)
        assert code is (Exit.FAILED if kind in {"401", "403"} else Exit.DONE)
        again = applied(world)
        judged(world, again)
        assert (again, world.plan(contract.rising(SETUP)).changes) == (Exit.DONE, ())


@pytest.mark.parametrize("times", [1, None])
@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"500-partial"}))
@pytest.mark.parametrize("after", [0, 4, 12], ids=["before the create", "at the second read", "after the create"])
def test_a_fault_of_what_is_read(kind: str, times: int | None, after: int) -> None:
    with SETUP.world() as world:
        judged(world, applied(world, fault(QUERIES, kind, times, after)))
        world.emulator.faults.clear()
        world.clock.sleep(3600)
        judged(world, applied(world))
        assert world.plan(contract.rising(SETUP)).changes == ()


@pytest.mark.parametrize("kind", ["drop-after", "401", "429", "503-before", "html-before", "truncated", "empty"])
def test_a_fault_of_signing_in_is_no_write(kind: str) -> None:
    with SETUP.world() as world:
        world.emulator.faults.append(fault(SIGN_IN, kind))
        assert applied(world) in {Exit.DONE, Exit.FAILED}
        assert world.emulator.writes in {0, 1}
