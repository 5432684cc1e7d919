"""Making a structure of Loyalty v2: once, as a draft, and nothing into one that is not the one that was planned."""

from __future__ import annotations

from typing import Any

import pytest

from tierops import apply
from tierops.emulator import Fault
from tierops.emulator.faults import KINDS
from tierops.errors import Exit, PlanRefused, VendorError
from tierops.model import Fate, FieldChange, Kind, Result, TargetPlan
from tierops.providers import contract
from tierops.providers.voucherify_v2 import VENDOR

STRUCTURES = "/voucherify/v2/loyalties/tier-structures"
POST = "POST */tier-structures"
BLOCK = {"structure": "Club", "card_definition": "lcdef_12f0a1a0110c5d6df0", "downgrade": {"type": "MULTI_LEVEL"}}
SETUP = contract.Setup(VENDOR, BLOCK)
EARNED = {"period": {"value": 1, "unit": "YEAR"}, "type": "IMMEDIATELY"}

_A_CYCLE = 31 * 24 * 3600  # seconds, after which calls of a billing cycle are there again


def of(**block: Any) -> contract.Setup:
    """A target with this block."""
    return contract.Setup(VENDOR, {"structure": "Club", **block})


def planned_in(world: contract.World) -> TargetPlan:
    return world.plan(contract.rising(world.setup))


def held(world: contract.World) -> list[list[str]]:
    """The names of the tiers of each structure that is called so."""
    dashboard = world.emulator.voucherify_v2
    ids = [row["id"] for row in dashboard.structures() if row["name"] == "Club"]
    return [[tier["name"] for tier in dashboard.tiers(id_)] for id_ in ids]


def sent(world: contract.World) -> list[tuple[str, str, Any]]:
    return [(one[0], one[1], one[2]) for one in world.emulator.requests if one[0] != "GET"]


def made(result: Result) -> Fate | None:
    return result.place.fate if result.place else None


# What is sent.


def test_the_structure_is_made_as_a_draft_and_then_its_tiers_low_to_high() -> None:
    with SETUP.world() as world:
        planned = planned_in(world)
        assert [request.tiers for request in planned.requests] == [(), ("T0",), ("T1",), ("T2",)]
        assert {request.path for request in planned.requests[1:]} == {"/v2/loyalties/tier-structures/{id}/tiers"}
        result = world.apply(planned)
        (structure,) = world.emulator.voucherify_v2.structures()
        assert (made(result), result.place and result.place.detail) == (Fate.DONE, structure["id"])
        assert apply.exit_code([result]) is Exit.DONE
        first, *others = sent(world)
        assert first == (
            "POST",
            STRUCTURES,
            {
                "name": "Club",
                "type": "POINT_BALANCE",
                "point_balance": {"card_definition_id": "lcdef_12f0a1a0110c5d6df0"},
                "expiration": {"type": "NO_RETENTION"},
                "downgrade": {"type": "MULTI_LEVEL"},
                "status": "DRAFT",
            },
        )
        assert [path for _, path, _ in others] == [f"{STRUCTURES}/{structure['id']}/tiers"] * 3
        assert [body["name"] for _, _, body in others] == ["T0", "T1", "T2"]
        assert structure["status"] == "DRAFT"
        assert "activate" in result.steps[0]
        assert structure["id"] in result.steps[0]


def test_all_that_the_block_says_is_sent() -> None:
    kept = {"type": "FIXED_DURATION", "fixed_duration": {"period": {"value": 12, "unit": "MONTH"}}}
    downgrade = {"type": "SINGLE_LEVEL", "grace_period": {"value": 1, "unit": "MONTH", "round_up": True}}
    block = {"type": "POINT_EARNED", "point_earned": EARNED, "expiration": kept, "metadata": {"owner": "us"}}
    with of(card_definition="Points", downgrade=downgrade, **block).world() as world:
        planned = planned_in(world)
        assert apply.exit_code([world.apply(planned)]) is Exit.DONE
        (body, *_) = [body for _, _, body in sent(world)]
        assert body == {
            "name": "Club",
            "type": "POINT_EARNED",
            "point_earned": {"card_definition_id": "lcdef_12f0a1a0110c5d6df0", **EARNED},
            "expiration": kept,
            "downgrade": downgrade,
            "metadata": {"owner": "us"},
            "status": "DRAFT",
        }
        assert planned_in(world).changes == ()
        assert [one.fate for one in world.apply(planned).outcomes] == [Fate.ALREADY] * 3
        assert world.emulator.writes == 4


def test_a_wallet_is_found_by_its_name_and_a_name_that_two_have_is_told() -> None:
    with of(card_definition="Coffee points", downgrade={"type": "MULTI_LEVEL"}).world() as world:
        with pytest.raises(VendorError, match=r"no point wallet 'Coffee points'\. Check `card_definition`"):
            planned_in(world)
        world.emulator.voucherify_v2.add_card("Coffee points", id="lcdef_1")
        body: Any = planned_in(world).requests[0].body
        assert body["point_balance"] == {"card_definition_id": "lcdef_1"}
    with of(card_definition="Coffee points", downgrade={"type": "MULTI_LEVEL"}).world() as world:
        for id_ in ("lcdef_1", "lcdef_2"):
            world.emulator.voucherify_v2.add_card("Coffee points", id=id_)
        with pytest.raises(VendorError, match=r"2 point wallets are named .*lcdef_1, lcdef_2"):
            planned_in(world)


@pytest.mark.parametrize("block", [{}, {"downgrade": {"type": "MULTI_LEVEL"}}])
def test_without_wallet_and_downgrade_nothing_is_made(block: dict[str, Any]) -> None:
    with of(**block).world() as world, pytest.raises(VendorError, match="To have it made, give the target its"):
        planned_in(world)


def test_what_is_named_by_its_id_is_not_made() -> None:
    setup = contract.Setup(VENDOR, {**BLOCK, "structure": "lts_none"})
    with setup.world() as world, pytest.raises(VendorError, match="'lts_none'"):
        planned_in(world)


def test_a_structure_that_reads_like_a_live_one_is_not_made() -> None:
    with SETUP.world() as world:
        world.emulator.voucherify_v2.add_structure("club")
        planned = planned_in(world)
        assert {change.kind for change in planned.changes} == {Kind.BLOCKED}
        assert planned.requests == ()
        assert "it reads like the live tier structure 'club'" in planned.changes[0].note


@pytest.mark.parametrize("switch", ["listed=2", "listed=1"])
def test_lists_that_are_cut_prove_no_absence(switch: str) -> None:
    """Where the filter for names is not looked at, and a list shows its beginning only, as if that were all."""
    with SETUP.world(f"voucherify-v2.{switch}", "voucherify-v2.name_filter=ignored") as world:
        for name in ("A", "B", "Club", "D", "E"):
            world.emulator.voucherify_v2.add_structure(name)
        with pytest.raises(VendorError, match="differ with the order in which they are listed"):
            planned_in(world)


# Each fault by itself.


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("on", [POST, "POST */tiers", "GET */tier-structures", "GET */tiers"])
def test_no_fault_by_itself_leads_to_a_second_structure_or_a_false_success(on: str, after: int, kind: str) -> None:
    with SETUP.world("voucherify-v2.overlap=accepted") as world:
        planned = planned_in(world)
        value = 1 if kind in ("cap", "shift", "500-partial", "total") else 0
        world.emulator.faults.append(Fault(on, kind, 1, after, value))
        try:
            code = apply.exit_code([world.apply(planned)])
        except (VendorError, PlanRefused):
            assert world.emulator.writes == 0
            return
        _behaves_again(world)
        assert len(held(world)) <= 1
        assert code is not Exit.DONE or held(world) == [["T0", "T1", "T2"]]
        assert code is not Exit.FAILED or world.emulator.writes == 0
        assert apply.exit_code([world.apply(planned)]) is Exit.DONE
        assert held(world) == [["T0", "T1", "T2"]]
        assert planned_in(world).changes == ()


def _behaves_again(world: contract.World) -> None:
    world.emulator.faults.clear()
    world.clock.sleep(_A_CYCLE)
    world.emulator.land(everything=True)


@pytest.mark.parametrize("kind", ["drop-after", "500-after", "truncated", "html-after"])
def test_a_structure_whose_answer_is_lost_is_read_back_and_not_made_again(kind: str) -> None:
    with SETUP.world() as world:
        world.emulator.faults.append(Fault(POST, kind))
        result = world.apply(planned_in(world))
        assert (made(result), apply.exit_code([result])) == (Fate.DONE, Exit.DONE)
        assert [path for _, path, _ in sent(world)].count(STRUCTURES) == 1


def test_one_that_did_not_land_is_sent_again_after_two_equal_reads() -> None:
    with SETUP.world() as world:
        planned = planned_in(world)
        world.emulator.faults.append(Fault(POST, "drop-before"))
        world.emulator.requests.clear()
        result = world.apply(planned)
        assert (made(result), apply.exit_code([result])) == (Fate.DONE, Exit.DONE)
        creates = [number for number, one in enumerate(world.emulator.requests) if one[:2] == ("POST", STRUCTURES)]
        between = world.emulator.requests[creates[0] + 1 : creates[1]]
        filtered = [one for one in between if one.query.get("filters[name][conditions][$is]") == "Club"]
        assert (len(creates), len(filtered)) == (2, 2)
        assert held(world) == [["T0", "T1", "T2"]]


def test_one_that_is_never_answered_is_unknown_and_nothing_is_sent_into_it() -> None:
    with SETUP.world() as world:
        planned = planned_in(world)
        world.emulator.faults.append(Fault(POST, "500-before", times=9))
        result = world.apply(planned)
        assert (made(result), {one.fate for one in result.outcomes}) == (Fate.UNKNOWN, {Fate.NOT_DONE})
        assert apply.exit_code([result]) is Exit.UNKNOWN
        assert [path for _, path, _ in sent(world)] == [STRUCTURES] * 3
        _behaves_again(world)
        assert apply.exit_code([world.apply(planned)]) is Exit.DONE


def test_one_that_lands_late_is_seen_by_the_second_read_and_not_sent_again() -> None:
    with SETUP.world() as world:
        world.emulator.faults.append(Fault(POST, "late", value=1500))
        result = world.apply(planned_in(world))
        assert (made(result), apply.exit_code([result])) == (Fate.DONE, Exit.DONE)
        assert [path for _, path, _ in sent(world)].count(STRUCTURES) == 1
        assert held(world) == [["T0", "T1", "T2"]]


@pytest.mark.parametrize(("how", "fate", "code"), [("400", Fate.DONE, Exit.DONE), ("409", Fate.UNKNOWN, Exit.UNKNOWN)])
def test_a_second_one_that_is_refused_because_the_first_one_landed_after_all_is_no_failure(
    how: str, fate: Fate, code: Exit
) -> None:
    """409 does not say by itself that nothing came of a request."""
    with SETUP.world(f"voucherify-v2.duplicate_structure={how}") as world:
        planned = planned_in(world)
        world.emulator.faults.append(Fault(POST, "drop-before"))

        def land_after_the_reads(body: Any) -> object:
            is_sent_again = len(sent(world)) == 1 and sum(pause == 2.0 for pause in world.clock.pauses) == 2
            if is_sent_again and not held(world) and world.emulator.requests[-1].query["order"] == "-created_at":
                world.emulator.voucherify_v2.add_structure("Club", downgrade={"type": "MULTI_LEVEL"})
            return body

        world.bends.append(contract.Bend("GET */tier-structures", land_after_the_reads))
        result = world.apply(planned)
        assert [path for _, path, _ in sent(world)].count(STRUCTURES) == 2
        assert (made(result), apply.exit_code([result])) == (fate, code)
        assert held(world) == [["T0", "T1", "T2"]]


@pytest.mark.parametrize("switch", ["unknown_card=404", "unknown_card=400"])
def test_a_refusal_is_told_and_nothing_was_written(switch: str) -> None:
    with of(card_definition="lcdef_none", downgrade={"type": "MULTI_LEVEL"}).world(f"voucherify-v2.{switch}") as world:
        result = world.apply(planned_in(world))
        assert (made(result), apply.exit_code([result])) == (Fate.NOT_DONE, Exit.FAILED)
        assert "lcdef_none" in result.trouble
        assert (len(sent(world)), held(world)) == (1, [])


def test_a_tier_that_is_refused_leaves_a_structure_that_was_made_and_no_exit_1() -> None:
    with SETUP.world() as world:
        planned = planned_in(world)
        world.emulator.faults.append(Fault("POST */tiers", "403", times=9))
        result = world.apply(planned)
        assert (made(result), apply.exit_code([result])) == (Fate.DONE, Exit.PARTIAL)


@pytest.mark.parametrize(("hidden", "sends", "code"), [(4, 2, Exit.DONE), (10**6, 1, Exit.UNKNOWN)])
def test_nothing_is_sent_again_on_a_list_that_lacks_what_was_confirmed_before(
    hidden: int, sends: int, code: Exit
) -> None:
    """Empty in both orders, and twice: it is no proof, for it is older than the first tier."""
    with SETUP.world() as world:
        planned = planned_in(world)
        world.emulator.faults.append(Fault("POST */tiers", "500-before", after=1))
        lists: list[tuple[int, list[str]]] = []  # how many tiers were sent before, and which are shown

        def hides(body: Any) -> object:
            posts = [one for one in sent(world) if one[1].endswith("/tiers")]
            if len(posts) < 2:
                return body
            rows = [] if len(lists) < hidden else body["data"]
            lists.append((len(posts), [row["name"] for row in rows]))
            return {**body, "data": rows}

        world.bends.append(contract.Bend("GET */tiers", hides))
        result = world.apply(planned)
        assert [body["name"] for _, path, body in sent(world) if path.endswith("/tiers")].count("T1") == sends
        assert apply.exit_code([result]) is code
        assert ((2, ["T0"]) in lists) is (code is Exit.DONE)


# Others, and runs that were killed.


@pytest.mark.parametrize("has_landed", [True, False])
def test_a_run_that_was_killed_at_the_structure_is_completed_by_a_second_one(has_landed: bool) -> None:
    with SETUP.world() as world:
        planned = planned_in(world)

        def killed(_body: Any) -> object:
            world.bends.clear()
            raise SystemExit

        if not has_landed:
            world.emulator.faults.append(Fault(POST, "500-before"))
        world.bends.append(contract.Bend(POST, killed))
        with pytest.raises(SystemExit):
            world.apply(planned)
        assert held(world) == ([[]] if has_landed else [])
        result = world.apply(planned)
        assert (made(result), apply.exit_code([result])) == (Fate.ALREADY if has_landed else Fate.DONE, Exit.DONE)
        assert held(world) == [["T0", "T1", "T2"]]
        assert planned_in(world).changes == ()


def test_two_of_one_name_are_told_and_nothing_is_sent() -> None:
    with SETUP.world() as world:
        planned = planned_in(world)
        for id_ in ("lts_1", "lts_2"):
            world.emulator.voucherify_v2.add_structure("Club", id=id_, downgrade={"type": "MULTI_LEVEL"})
        for run in (lambda: planned_in(world), lambda: world.apply(planned)):
            with pytest.raises(VendorError, match=r"2 tier structures are named 'Club': .*\(lts_1, lts_2\)"):
                run()
        assert world.emulator.writes == 0


def test_a_second_one_of_the_name_that_appears_with_ours_ends_as_unknown() -> None:
    with SETUP.world() as world:
        planned = planned_in(world)

        def another(body: Any) -> object:
            world.bends.clear()
            world.emulator.voucherify_v2.add_structure("Club", downgrade={"type": "MULTI_LEVEL"})
            return body

        world.bends.append(contract.Bend(POST, another))
        result = world.apply(planned)
        assert apply.exit_code([result]) in (Exit.UNKNOWN, Exit.PARTIAL)
        assert "2 tier structures are named" in result.trouble
        assert held(world) == [[], []]


def test_another_ones_structure_that_a_list_shows_while_ours_is_still_hidden_is_not_taken_for_ours() -> None:
    """Two runs, and a list that lags: ours was confirmed by an id, which the list has to show."""
    with SETUP.world("voucherify-v2.read_after_write_lag_ms=60000") as world:
        planned = planned_in(world)

        def another(body: Any) -> object:
            world.bends.clear()
            world.emulator.voucherify_v2.add_structure("Club", id="lts_other", downgrade={"type": "MULTI_LEVEL"})
            return body

        world.bends.append(contract.Bend(POST, another))
        result = world.apply(planned)
        assert (made(result), apply.exit_code([result])) == (Fate.UNKNOWN, Exit.UNKNOWN)
        assert {one.fate for one in result.outcomes} == {Fate.NOT_DONE}
        assert "lts_other is live, and lts_" in str(result.place)
        assert "nothing is sent into that one" in result.trouble
        assert held(world) == [[], []]


@pytest.mark.parametrize(
    "other",
    [
        {"downgrade": {"type": "NO_DOWNGRADE"}},
        {"status": "ACTIVE"},
        {"expiration": {"type": "CALENDAR_EXPIRATION"}},
        {"point_balance": {"card_definition_id": "lcdef_other"}, "type": "POINT_BALANCE"},
        {"tiers": [{"name": "Other", "min_value": 0}]},
    ],
    ids=["downgrade", "status", "expiration", "wallet", "tiers"],
)
def test_a_plan_is_refused_where_somebody_made_another_one_of_the_name(other: dict[str, Any]) -> None:
    with SETUP.world() as world:
        planned = planned_in(world)
        world.emulator.voucherify_v2.add_structure("Club", **{"downgrade": {"type": "MULTI_LEVEL"}, **other})
        with pytest.raises(PlanRefused):
            world.apply(planned)
        assert world.emulator.writes == 0


def test_one_that_somebody_made_as_it_was_planned_is_filled() -> None:
    with SETUP.world() as world:
        planned = planned_in(world)
        world.emulator.voucherify_v2.add_structure(
            "Club", downgrade={"type": "MULTI_LEVEL", "grace_period": None}, point_earned=None
        )
        result = world.apply(planned)
        assert (made(result), apply.exit_code([result])) == (Fate.ALREADY, Exit.DONE)
        assert held(world) == [["T0", "T1", "T2"]]


def test_an_activation_right_after_the_structure_was_made_stops_the_tiers() -> None:
    with SETUP.world() as world:
        planned = planned_in(world)

        def activate(body: Any) -> object:
            world.bends.clear()
            world.emulator.voucherify_v2.activate("Club")
            return body

        world.bends.append(contract.Bend(POST, activate))
        result = world.apply(planned)
        assert apply.exit_code([result]) is Exit.PARTIAL
        assert "status DRAFT, now" in result.trouble
        assert held(world) == [[]]


@pytest.mark.parametrize(
    "change",
    [{"name": "CLUB"}, {"status": "ACTIVE"}, {"downgrade": {"type": "NO_DOWNGRADE"}}, {"object": "tier"}, {"id": None}],
    ids=lambda change: next(iter(change)),
)
def test_an_answer_that_does_not_show_what_was_sent_is_no_success_by_itself(change: dict[str, Any]) -> None:
    with SETUP.world() as world:
        planned = planned_in(world)
        world.bends.append(contract.Bend(POST, lambda body: {**body, **change}))
        result = world.apply(planned)
        # It is read back, and there it is as it was planned: only the answer was wrong.
        assert (made(result), apply.exit_code([result])) == (Fate.DONE, Exit.DONE)
        assert [path for _, path, _ in sent(world)].count(STRUCTURES) == 1


@pytest.mark.parametrize("form", ["trimmed", "collapsed", "composed", "lowered", "escaped"])
def test_a_name_that_is_stored_otherwise_is_told_and_never_made_again(form: str) -> None:
    name = " Cafe\u0301  & Club "
    setup = contract.Setup(VENDOR, {**BLOCK, "structure": name})
    with setup.world(f"voucherify-v2.stored_name={form}") as world:
        planned = planned_in(world)
        result = world.apply(planned)
        assert apply.exit_code([result]) is Exit.UNKNOWN
        assert "is stored as" in result.trouble or "reads like" in result.trouble
        assert planned_in(world).requests == ()  # it reads like the one that is there
        with pytest.raises(PlanRefused, match="reads like"):
            world.apply(planned)
        assert world.emulator.writes == 1


# What the block says of a structure that is there.


def test_settings_that_are_not_as_the_file_says_are_a_difference_and_block_what_is_missing() -> None:
    with of(downgrade={"type": "MULTI_LEVEL"}).world() as world:
        dashboard = world.emulator.voucherify_v2
        dashboard.add_structure("Club", [{"name": "T0", "min_value": 0, "max_value": 99}])
        planned = planned_in(world)
        assert [(change.kind, change.name) for change in planned.changes] == [
            (Kind.BLOCKED, "T1"),
            (Kind.BLOCKED, "T2"),
            (Kind.DIFFERS, "T0"),
        ]
        live, said = {"type": "NO_DOWNGRADE"}, {"type": "MULTI_LEVEL"}
        assert planned.changes[2].fields == (FieldChange(("structure", "downgrade"), live, said),)
        said_so = 'downgrade is {"type":"NO_DOWNGRADE"} and not {"type":"MULTI_LEVEL"}'
        assert f"the structure is there, but its {said_so}" in planned.changes[0].note
        dashboard.edit_structure("Club", downgrade={"type": "MULTI_LEVEL"})
        assert {change.kind for change in planned_in(world).changes} == {Kind.CREATE}


def test_settings_that_the_file_does_not_say_are_left_to_whoever_made_it() -> None:
    with of(card_definition="Points", downgrade={"type": "MULTI_LEVEL"}).world() as world:
        kept = {"type": "FIXED_DURATION", "fixed_duration": {"period": {"value": 1, "unit": "YEAR"}}}
        downgrade = {"type": "MULTI_LEVEL", "grace_period": {"value": 1, "unit": "MONTH"}}
        world.emulator.voucherify_v2.add_structure("Club", downgrade=downgrade, expiration=kept, metadata={"a": 1})
        planned = planned_in(world)
        assert {change.kind for change in planned.changes} == {Kind.CREATE}
        assert apply.exit_code([world.apply(planned)]) is Exit.DONE
        assert planned_in(world).changes == ()


@pytest.mark.parametrize(
    ("kind", "fate", "code"), [("403", Fate.DONE, Exit.PARTIAL), ("drop-before", Fate.DONE, Exit.PARTIAL)]
)
def test_one_that_was_confirmed_and_could_not_be_read_is_told_as_made(kind: str, fate: Fate, code: Exit) -> None:
    with SETUP.world() as world:
        planned = planned_in(world)
        world.bends.append(contract.Bend(POST, lambda body: _no_reads(world, kind) or body))
        result = world.apply(planned)
        assert (made(result), apply.exit_code([result])) == (fate, code)
        assert {one.fate for one in result.outcomes} == {Fate.NOT_DONE}
        _behaves_again(world)
        assert apply.exit_code([world.apply(planned)]) is Exit.DONE


def test_one_whose_answer_is_lost_and_that_cannot_be_read_is_unknown() -> None:
    with SETUP.world() as world:
        planned = planned_in(world)
        world.bends.append(contract.Bend(POST, lambda _: _no_reads(world, "403") or []))
        result = world.apply(planned)
        assert (made(result), apply.exit_code([result])) == (Fate.UNKNOWN, Exit.UNKNOWN)


def _no_reads(world: contract.World, kind: str) -> None:
    world.emulator.faults.append(Fault("GET *", kind, times=None))
