"""The program that a target names: whether the structure is its own is compared, and left to a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harness import Run

from tierops import apply
from tierops.emulator import Emulator, Fault
from tierops.errors import Exit, IncompleteRead, PlanRefused, VendorError
from tierops.model import Fate, FieldChange, Kind, TargetPlan
from tierops.providers import contract
from tierops.providers.voucherify_v2 import VENDOR

NEW = {"card_definition": "Points", "downgrade": {"type": "MULTI_LEVEL"}}
MISSING = FieldChange(("structure", "program"), None, "Coffee Club")


def of(program: str = "Coffee Club", **block: Any) -> contract.Setup:
    return contract.Setup(VENDOR, {"structure": "Club", "program": program, **block})


def planned_in(world: contract.World) -> TargetPlan:
    return world.plan(contract.rising(world.setup))


def paths(world: contract.World) -> list[str]:
    return [one[1].removeprefix("/voucherify/v2/loyalties") for one in world.emulator.requests]


@pytest.mark.parametrize("at", ["name", "id"])
def test_one_that_is_assigned_is_as_the_file_says_and_no_step_by_hand(at: str) -> None:
    named = "Coffee Club" if at == "name" else "lprg_1"
    with of(named).world() as world:
        world.emulator.voucherify_v2.add_structure("Club")
        world.emulator.voucherify_v2.add_program("Coffee Club", id="lprg_1", structure="Club")
        planned = planned_in(world)
        assert {change.kind for change in planned.changes} == {Kind.CREATE}
        result = world.apply(planned)
        assert (apply.exit_code([result]), result.remaining) == (Exit.DONE, ())
        assert planned_in(world).changes == ()
        assert "assign" not in result.steps[0]
        assert "then activate it" in result.steps[0]


def test_one_that_is_not_is_a_difference_of_each_tier_and_blocks_nothing_in_a_draft() -> None:
    with of().world() as world:
        dashboard = world.emulator.voucherify_v2
        dashboard.add_structure("Club", [{"name": "T0", "min_value": 0, "max_value": 99}])
        program = dashboard.add_program("Coffee Club")
        planned = planned_in(world)
        kinds = [(change.kind, change.name) for change in planned.changes]
        assert kinds == [(Kind.CREATE, "T1"), (Kind.CREATE, "T2"), (Kind.DIFFERS, "T0")]
        assert planned.changes[2].fields == (MISSING,)
        assert f"not assigned to the program 'Coffee Club' ({program['id']})" in planned.changes[2].note
        result = world.apply(planned)
        assert [one.fate for one in result.outcomes] == [Fate.DONE, Fate.DONE]
        assert apply.exit_code([result]) is Exit.REMAINING
        assert [change.fields for change in result.remaining or ()] == [(MISSING,)] * 3
        assert f"assign the structure to the program 'Coffee Club' ({program['id']})" in result.steps[0]
        dashboard.assign("Coffee Club", "Club")
        assert planned_in(world).changes == ()


def test_a_tier_that_differs_itself_tells_both() -> None:
    with of().world() as world:
        world.emulator.voucherify_v2.add_structure("Club", [{"name": "T0", "min_value": 1, "max_value": 99}])
        world.emulator.voucherify_v2.add_program("Coffee Club")
        (told,) = [change for change in planned_in(world).changes if change.name == "T0"]
        assert [field.path for field in told.fields] == [("range", "lower"), ("structure", "program")]


def test_a_new_structure_is_made_and_the_step_by_hand_names_the_program() -> None:
    with of(**NEW).world() as world:
        program = world.emulator.voucherify_v2.add_program("Coffee Club")
        planned = planned_in(world)
        assert {change.kind for change in planned.changes} == {Kind.CREATE}
        assert "program" not in str(planned.requests[0].body)
        step = f"assign the structure to the program 'Coffee Club' ({program['id']}), then activate it"
        assert step in planned.live.steps[0]
        result = world.apply(planned)
        assert (result.place and result.place.fate, {one.fate for one in result.outcomes}) == (Fate.DONE, {Fate.DONE})
        assert apply.exit_code([result]) is Exit.REMAINING
        assert step in result.steps[0]
        assert {one[0] for one in world.emulator.requests if "/programs" in one[1]} == {"GET"}
        again = world.apply(planned)
        assert ([one.fate for one in again.outcomes], world.emulator.writes) == ([Fate.ALREADY] * 3, 4)


def test_a_program_that_has_another_structure_says_which() -> None:
    with of().world() as world:
        dashboard = world.emulator.voucherify_v2
        dashboard.add_structure("Other", id="lts_other")
        dashboard.add_structure("Club", [{"name": "T0", "min_value": 0, "max_value": 99}])
        dashboard.add_program("Coffee Club", structure="Other")
        planned = planned_in(world)
        assert "which takes one and has lts_other" in planned.changes[2].note
        assert "which takes one and has lts_other" in planned.live.steps[0]


def test_outside_a_draft_it_is_told_as_well() -> None:
    with of().world() as world:
        tiers = [{"name": f"T{n}", "min_value": n * 100, "max_value": n * 100 + 99} for n in range(2)]
        world.emulator.voucherify_v2.add_structure("Club", [*tiers, {"name": "T2", "min_value": 200}], status="ACTIVE")
        world.emulator.voucherify_v2.add_program("Coffee Club", status="ACTIVE")
        assert [change.fields for change in planned_in(world).changes] == [(MISSING,)] * 3


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("Cofee Club", r"no program 'Cofee Club'.*'Coffee Club'"),
        ("lprg_none", r"no program 'lprg_none'"),
        ("Tea", r"2 programs are named 'Tea': name one by its id \(lprg_2, lprg_3\)"),
        ("Gone", r"no program 'Gone'"),
        ("lprg_4", r"no program 'lprg_4'"),
    ],
    ids=["name", "id", "two of the name", "deleted", "id of one deleted"],
)
@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("deleted", ["hidden", "shown"])
def test_a_program_that_is_not_there_is_an_error(named: str, said: str, is_there: bool, deleted: str) -> None:
    with of(named, **NEW).world(f"voucherify-v2.deleted={deleted}") as world:
        dashboard = world.emulator.voucherify_v2
        dashboard.add_program("Coffee Club", id="lprg_1")
        for id_ in ("lprg_2", "lprg_3"):
            dashboard.add_program("Tea", id=id_)
        dashboard.add_program("Gone", id="lprg_4", status="DELETED")
        if is_there:
            dashboard.add_structure("Club")
        with pytest.raises(VendorError, match=said):
            planned_in(world)


def test_a_plan_is_refused_once_somebody_took_the_structure_away() -> None:
    with of().world() as world:
        dashboard = world.emulator.voucherify_v2
        dashboard.add_structure("Club")
        dashboard.add_program("Coffee Club", structure="Club")
        planned = planned_in(world)
        dashboard.unassign("Coffee Club", "Club")
        with pytest.raises(PlanRefused, match="now not assigned to the program 'Coffee Club'"):
            world.apply(planned)
        assert world.emulator.writes == 0


@pytest.mark.parametrize("on", ["GET */programs", "GET */programs/*/tier-structures"])
@pytest.mark.parametrize("kind", ["cap", "shift"])
def test_a_list_that_is_cut_once_is_no_proof_that_it_is_not_assigned(on: str, kind: str) -> None:
    with of().world() as world:
        world.emulator.voucherify_v2.add_structure("Club", [{"name": "T0", "min_value": 0, "max_value": 99}])
        world.emulator.voucherify_v2.add_program("Coffee Club", structure="Club")
        world.emulator.faults.append(Fault(on, kind, value=1 if kind == "shift" else 0))
        try:
            assert Kind.DIFFERS not in {change.kind for change in planned_in(world).changes}
        except VendorError as error:
            assert isinstance(error, IncompleteRead)  # noqa: PT017 - both ends are right


def test_without_the_key_no_program_is_asked_for() -> None:
    with contract.Setup(VENDOR, {"structure": "Club"}).world() as world:
        world.emulator.voucherify_v2.add_structure("Club")
        planned = planned_in(world)
        assert not [path for path in paths(world) if path.startswith("/programs")]
        assert "assign the structure to its program" in planned.live.steps[0]


def test_the_list_of_assignments_has_no_ids_as_documented() -> None:
    with of().world() as world:
        structure = world.emulator.voucherify_v2.add_structure("Club")
        world.emulator.voucherify_v2.add_program("Coffee Club", structure="Club")
        seen: list[Any] = []
        world.bends.append(contract.Bend("GET */programs/*/tier-structures", lambda body: seen.append(body) or body))
        planned_in(world)
        assert [row["tier_structure_id"] for row in seen[0]["data"]] == [structure["id"]]
        assert "id" not in seen[0]["data"][0]


FILE = """\
version: 1
program: club
targets:
  - voucherify-v2: {structure: Club, program: Coffee Club}
tiers:
  - {name: Bronze, from: 0}
"""


@pytest.fixture
def club(emulator: Emulator, tierops: Run) -> Run:
    emulator.voucherify_v2.add_structure("Club", [{"name": "Bronze", "min_value": 0}])
    emulator.voucherify_v2.add_program("Coffee Club")
    Path("tiers").mkdir()
    Path("tiers/club.yaml").write_text(FILE)
    return tierops


def test_drift_tells_a_structure_that_is_not_assigned_and_rests_once_it_is(club: Run, emulator: Emulator) -> None:
    ended = club("drift")
    assert ended.code == Exit.DIFFERENCES
    assert "club/voucherify-v2: Bronze: structure.program" in ended.out
    assert {sent[0] for sent in emulator.requests} == {"GET"}
    emulator.voucherify_v2.assign("Coffee Club", "Club")
    assert club("drift").code == Exit.DONE


def test_the_work_by_hand_is_one_step_for_all_tiers(club: Run, emulator: Emulator) -> None:
    emulator.voucherify_v2.add_tiers("Club", [{"name": "Silver", "min_value": 100}])
    Path("tiers/club.yaml").write_text(FILE + "  - {name: Silver, from: 100}\n")
    emulator.voucherify_v2.edit_tier("Club", "Bronze", points={"min_value": 0, "max_value": 99})
    out = " ".join(club("plan").out.split())
    assert out.count("Change tier structure Club in the dashboard") == 1
    assert "hange Bronze" not in out
    assert 'structure.program "Coffee Club"' in out


def test_what_is_imported_names_no_program(club: Run, emulator: Emulator) -> None:
    emulator.voucherify_v2.assign("Coffee Club", "Club")
    Path("tiers/club.yaml").unlink()
    assert club("import", "voucherify-v2", "--at", "structure=Club", "--out", "tiers/club.yaml").code == Exit.DONE
    assert "Coffee" not in Path("tiers/club.yaml").read_text()
    assert club("plan", "--detailed-exitcode").code == Exit.DONE


def test_a_plan_file_that_names_a_program_is_carried_out(club: Run, emulator: Emulator) -> None:
    Path("tiers/club.yaml").write_text(
        FILE.replace("Club,", "Next, card_definition: Points, downgrade: {type: NO_DOWNGRADE},")
    )
    assert club("plan", "--out", "plan.json").code == Exit.DONE
    ended = club("apply", "plan.json")
    assert ended.code == Exit.REMAINING
    assert "assign the structure to the program 'Coffee Club'" in " ".join(ended.out.split())
    assert [tier["name"] for tier in emulator.voucherify_v2.tiers("Next")] == ["Bronze"]
