"""Each vendor of tierops does what every vendor must do, whatever its documentation leaves open."""

from __future__ import annotations

from random import Random
from typing import Any

from tierops import apply, providers
from tierops.emulator import Fault
from tierops.errors import Exit
from tierops.model import Kind, Value
from tierops.providers import contract, fanfare, voucherify, voucherify_v2


def mappings(random: Random) -> dict[str, Value]:
    kinds: list[Value] = [
        {"type": "MULTIPLY", "multiplier": random.randint(0, 9)},
        {"type": "CUSTOM", "points": random.randint(0, 99)},
    ]
    return {f"ern_{random.randint(0, 10**6)}": random.choice(kinds) for _ in range(random.randint(0, 2))}


def voucherify_block(random: Random) -> dict[str, Value]:
    metadata: dict[str, Value] = random.choice([{}, {"perk": "free `refill`", "since": 2024, "on": True, "of": [None]}])
    return {"earning_rules": mappings(random), "rewards": mappings(random), "metadata": metadata}


def fanfare_block(random: Random) -> dict[str, Value]:
    """No `order`: where the vendor stores no metadata, nothing tells of it."""
    return random.choice([{}, {"icon": "medal"}, {"icon": "crown"}])


def voucherify_v2_block(random: Random) -> dict[str, Value]:
    downgrade: dict[str, Value] = random.choice([{}, {"downgrade": {"type": "NO_DOWNGRADE"}}])
    metadata: dict[str, Value] = random.choice([{}, {"perk": "free `refill`", "since": 2024, "on": True, "of": [None]}])
    return downgrade | {"metadata": metadata}


def _with(body: Any, row: dict[str, Any]) -> object:
    """A list, each of whose rows says this."""
    rows = [one | row for one in (body if isinstance(body, list) else body["data"])]
    return rows if isinstance(body, list) else {**body, "data": rows}


def _of_two_organisations(body: Any) -> object:
    rows = [row | {"organizationId": str(number)} for number, row in enumerate(body["data"])]
    return {**body, "data": rows}


class TestVoucherify(contract.Writing):
    setup = contract.Setup(
        voucherify.VENDOR,
        place={"campaign": "Club"},
        prepare=lambda emulator: emulator.voucherify.add_campaign("Club"),
        blocks=voucherify_block,
        lies=(Fault("GET /v1/loyalties/*/tiers", "cap", value=1, times=None),),
        contradictions=(
            contract.Bend("GET *", lambda body: {**body, "object": "voucher"}),
            contract.Bend("GET */tiers", lambda body: {**body, "data_ref": "tiers"}),
            *(
                contract.Bend(
                    "GET */tiers", lambda body, row=row: {**body, "data": [one | row for one in body["data"]]}
                )
                for row in ({"object": "voucher"}, {"campaign_id": "camp_x"}, {"config": {"points": {"from": 7}}})
            ),
        ),
    )


class TestFanfare(contract.Writing):
    setup = contract.Setup(
        fanfare.VENDOR,
        place={"group": "Club", "attribute": "ltv"},
        blocks=fanfare_block,
        lies=(
            Fault("GET /audiences/groups/*", "cap", value=1, times=None),
            Fault("GET /audiences", "repeat", value=1, times=None),
        ),
        contradictions=(
            contract.Bend("GET */groups/*", lambda body: [one | {"groupId": "other"} for one in body]),
            contract.Bend("GET */audiences*", lambda body: _with(body, {"metadata": {"tierGroup": "other"}})),
            contract.Bend("GET */audiences", _of_two_organisations),
        ),
        # There the vendor says two things, which must be shown.
        exempt=frozenset({"fanfare.tier_metadata=stale"}),
    )

    def test_metadata_that_disagrees_with_the_rules_is_a_difference_and_never_created_again(self) -> None:
        tiers = contract.rising(self.setup, 2)
        with self.setup.world("fanfare.tier_metadata=stale") as world:
            assert apply.exit_code([world.apply(world.plan(tiers))]) is Exit.PARTIAL
            again = world.plan(tiers)
            assert {change.kind for change in again.changes} == {Kind.DIFFERS}
            assert all(any(field.path == ("rules",) for field in change.fields) for change in again.changes)
            assert world.emulator.writes == 1


class TestVoucherifyV2(contract.Writing):
    setup = contract.Setup(
        voucherify_v2.VENDOR,
        place={"structure": "Club"},
        prepare=lambda emulator: emulator.voucherify_v2.add_structure("Club"),
        blocks=voucherify_v2_block,
        lies=(
            Fault("GET */tiers", "cap", value=1, times=None),
            Fault("GET */tiers", "shift", value=1, times=None),
            Fault("GET */tiers", "repeat", times=None),
        ),
        contradictions=(
            contract.Bend("GET */tiers", lambda body: {**body, "object": "tier"}),
            contract.Bend("GET */tiers", lambda body: {"data": body["data"], "object": "list"}),
            *(
                contract.Bend("GET */tiers", lambda body, row=row: _with(body, row))
                for row in (
                    {"object": "voucher"},
                    {"tier_structure_id": "lts_x"},
                    {"tier_structure_id": None},
                    {"qualification_rules": None},
                    {"qualification_rules": {"type": "SEGMENT", "min_value": 0}},
                )
            ),
        ),
        # A project without v2.
        exempt=frozenset(f"voucherify-v2.feature={status}" for status in (402, 403, 404)),
    )


class TestVoucherifyV2OfANewStructure(contract.Writing):
    """The structure is made before its tiers, by a request of its own."""

    setup = TestVoucherifyV2.setup._replace(
        place={"structure": "club", "card_definition": "Points", "downgrade": {"type": "MULTI_LEVEL"}},
        prepare=lambda _: None,
    )


def test_every_vendor_of_tierops_has_a_setup_here() -> None:
    setups = (TestVoucherify.setup, TestFanfare.setup, TestVoucherifyV2.setup)
    assert {setup.vendor for setup in setups} == set(providers.own())
