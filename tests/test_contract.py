"""Each vendor of tierops does what every vendor must do, whatever its documentation leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from tierops import apply, providers
from tierops.emulator import Emulator, Fault
from tierops.errors import Exit, NotSent
from tierops.model import Kind, Request, Tier, Value
from tierops.providers import contract, fanfare, openloyalty, salesforce, talonone, voucherify, voucherify_v2


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


def structure_of_a_program(emulator: Emulator) -> None:
    emulator.voucherify_v2.add_structure("Club")
    emulator.voucherify_v2.add_program("Coffee", structure="Club")


def voucherify_v2_block(random: Random) -> dict[str, Value]:
    downgrade: dict[str, Value] = random.choice([{}, {"downgrade": {"type": "NO_DOWNGRADE"}}])
    metadata: dict[str, Value] = random.choice([{}, {"perk": "free `refill`", "since": 2024, "on": True, "of": [None]}])
    return downgrade | {"metadata": metadata}


def salesforce_block(random: Random) -> dict[str, Value]:
    """No `sequence`: ladders are drawn without a word of the places of their tiers."""
    blocks: list[dict[str, Value]] = [
        {},
        {"color": "#C0C0C0", "enrollment": "TierBased"},
        {"description": random.choice(["Free `refill`", "金 'x'\\"]), "color": "#c0c0c0FF"},
    ]
    return random.choice(blocks)


def _records(row: dict[str, Any]) -> contract.Bend:
    return contract.Bend("GET */query", lambda body: {**body, "records": [one | row for one in body["records"]]})


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


def hold_at_talonone(emulator: Emulator, tiers: Sequence[Tier]) -> None:
    emulator.talonone.add_tiers("Club", [{"name": tier.name, "minPoints": tier.range.lower} for tier in tiers])


def _of_each_tier(body: Any, row: dict[str, Any]) -> object:
    return {**body, "tiers": [one | row for one in body["tiers"]]}


class TestTalonOne(contract.Reading):
    setup = contract.Setup(
        talonone.VENDOR,
        place={"program": "Club"},
        prepare=lambda emulator: emulator.talonone.add_program("Club"),
        hold=hold_at_talonone,
        lies=(
            Fault("GET /v1/loyalty_programs", "cap", value=0, times=None),
            Fault("GET /v1/loyalty_programs", "total", value=1, times=None),
            Fault("GET /v1/loyalty_programs", "repeat", times=None),
            Fault("GET /v1/loyalty_programs/*", "cap", value=1, times=None),
            Fault("GET /v1/loyalty_programs/*", "shift", value=1, times=None),
            Fault("GET /v1/loyalty_programs/*", "insert", times=None),
            Fault("GET /v1/loyalty_programs/*", "repeat", times=None),
        ),
        contradictions=(
            contract.Bend("GET */loyalty_programs/*", lambda body: {**body, "id": 1}),
            contract.Bend("GET */loyalty_programs/*", lambda body: {**body, "name": "other"}),
            *(
                contract.Bend("GET */loyalty_programs/*", lambda body, row=row: _of_each_tier(body, row))
                for row in ({"programID": 1}, {"programName": "other"}, {"minPoints": "300"}, {"minPoints": -1})
            ),
        ),
        # There the list lacks what it should have, or the key may not read it, which tests of their own must show.
        exempt=frozenset(
            f"talonone.{setting}"
            for setting in ("tiers=absent", "tiers=empty", "total=wrong", "key_right=none", "key_end=past")
        ),
    )

    def test_every_create_is_blocked_and_nothing_is_ever_sent(self) -> None:
        with self.setup.world() as world:
            planned = world.plan(contract.rising(self.setup))
            assert {(change.kind, change.note) for change in planned.changes} == {(Kind.BLOCKED, talonone.READ_ONLY)}
            assert planned.requests == ()
            assert apply.exit_code([world.apply(planned)]) is Exit.REMAINING
            with pytest.raises(NotSent):
                world.connection.send(Request("POST", "/v1/loyalty_programs", {}, ("T0",)))
            assert {sent[0] for sent in world.emulator.requests} == {"GET"}


def openloyalty_block(random: Random) -> dict[str, Value]:
    benefit: dict[str, Value] = {"code": "refill", "name": "Free refill", "value": random.randint(0, 9)}
    more: dict[str, Value] = {"active": False, "start_at": "2027-01-01T00:00:00+00:00", "labels": {"place": "bar"}}
    blocks: list[dict[str, Value]] = [
        {},
        {"description": "Free `refill`", "translations": {"pl": {"name": "Srebrny", "description": "Kawa"}}},
        {"active": False, "benefits": [benefit, {**benefit, **more}]},
    ]
    return random.choice(blocks)


def _of_each_row(body: Any, row: dict[str, Any]) -> object:
    return {**body, "items": [one | row for one in body["items"]]}


class TestOpenLoyalty(contract.Writing):
    setup = contract.Setup(
        openloyalty.VENDOR,
        place={"store": "default", "tier_set": "Club", "attribute": "totalEarnedUnits", "wallet": "default"},
        prepare=lambda emulator: emulator.openloyalty.add_set("Club", default={"name": "Base"}),
        blocks=openloyalty_block,
        born="Base",
        lies=(
            *(Fault("GET /api/*/tierSet/*/tiers", kind, value=1, times=None) for kind in ("cap", "total", "shift")),
            *(Fault("GET /api/*/tierSet/*/tiers", kind, times=None) for kind in ("repeat", "insert")),
            Fault("GET /api/*/tierSet", "total", value=1, times=None),
            Fault("GET /api/*/tierSet", "repeat", times=None),
        ),
        contradictions=(
            contract.Bend("GET */tierSet/*[0-9a-f]", lambda body: {**body, "tierSetId": "other"}),
            *(
                contract.Bend("GET */tiers", lambda body, row=row: _of_each_row(body, row))
                for row in (
                    {"tierSet": {"tierSetId": "other"}},
                    {"isDefault": True},
                    {"isDefault": False},
                    {"name": "other"},
                    {"conditions": []},
                    {"conditions": [{"conditionId": "other", "value": 1}]},
                )
            ),
        ),
        # There the vendor refuses what is the only way to write, or says two things: tests of their own show it.
        exempt=frozenset(
            {f"openloyalty.{one}" for one in ("only_new=refused", "total=wrong", "set_tiers=default_only")}
        ),
    )


class TestSalesforce(contract.Writing):
    setup = contract.Setup(
        salesforce.VENDOR,
        place={"program": "Coffee Club", "tier_group": "Club"},
        prepare=lambda emulator: emulator.salesforce.add_group("Coffee Club", "Club"),
        blocks=salesforce_block,
        lies=tuple(Fault("GET */query", kind, value=1, times=None) for kind in ("cap", "shift", "total", "repeat")),
        contradictions=(
            _records({"LoyaltyTierGroupId": "0ltXX0000000009AAA"}),
            _records({"LoyaltyProgramId": "0lpXX0000000009AAA"}),
            _records({"attributes": {"type": "Account"}}),
            _records({"MinimumEligibleBalance": "250"}),
            _records({"SequenceNumber": "10"}),
            _records({"Color": 7}),
        ),
        # There the org contradicts itself, or hides something: tests/providers/salesforce shows each of them.
        exempt=frozenset(
            {
                "salesforce.live_minimum=null",
                "salesforce.sequence_direction=falling",
                "salesforce.visibility=some-tiers",
                "salesforce.visibility=no-program",
                "salesforce.hidden_field=Color",
                "salesforce.hidden_field=MinimumEligibleBalance",
            }
        ),
    )


class TestVoucherifyV2(contract.Writing):
    setup = contract.Setup(
        voucherify_v2.VENDOR,
        place={"structure": "Club", "program": "Coffee"},
        prepare=structure_of_a_program,
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
    classes = (TestVoucherify, TestVoucherifyV2, TestFanfare, TestSalesforce, TestOpenLoyalty, TestTalonOne)
    setups = (one.setup for one in classes)
    assert {setup.vendor for setup in setups} == set(providers.own())
