"""A vendor that stores the name of a group otherwise than it was sent: one group, found, told, never made again."""

from __future__ import annotations

import pytest

from tierops import apply
from tierops.emulator import Emulator, Fault, Switches
from tierops.errors import Exit, PlanRefused, VendorError
from tierops.model import Fate, Kind, Live, TargetPlan
from tierops.providers import contract
from tierops.providers.connection import Connection, open_connection
from tierops.providers.fanfare import VENDOR
from tierops.providers.limits import Waiting

NAMES = {
    "trimmed": ("Tea Club ", "Tea Club"),
    "collapsed": ("Tea  Club", "Tea Club"),
    "composed": ("Cafe\u0301", "Caf\u00e9"),
    "decomposed": ("Caf\u00e9", "Cafe\u0301"),
    "lowered": ("Tea Club", "tea club"),
    "escaped": ("Tea & Joe's", "Tea &amp; Joe&#x27;s"),
}
POST = "POST /audiences/loyalty-tiers"


def setup(group: str) -> contract.Setup:
    return contract.Setup(VENDOR, place={"group": group, "attribute": "ltv"})


def groups(emulator: Emulator) -> list[str]:
    return [group["groupName"] for group in emulator.fanfare.groups()]


def anew(world: contract.World) -> contract.World:
    """The next run: another process, which remembers nothing."""
    world.connection.client.close()
    api = world.emulator.vendors["fanfare"]
    waiting = Waiting(sleep=world.clock.sleep, now=world.clock)
    world.connection = open_connection(
        VENDOR, api.environ("http://127.0.0.1"), waiting=waiting, transport=contract.InProcess(world.emulator)
    )
    return world


@pytest.mark.parametrize("form", NAMES)
def test_a_group_that_is_stored_under_another_name_is_found_by_its_id_and_told_and_never_made_again(form: str) -> None:
    wanted, stored = NAMES[form]
    place = setup(wanted)
    tiers = contract.rising(place)
    with place.world(f"fanfare.stored_name={form}") as world:
        planned = world.plan(tiers)
        result = world.apply(planned)
        assert groups(world.emulator) == [stored]
        (id_,) = {group["groupId"] for group in world.emulator.fanfare.groups()}
        assert [(one.name, one.fate) for one in result.outcomes] == [(tier.name, Fate.CONFLICT) for tier in tiers]
        if form != "lowered":  # which gives the tiers other names, too
            assert {one.detail for one in result.outcomes} == {f"created, but stored as group {stored!r} ({id_})"}
        assert f"stored as group {stored!r} ({id_}): name it so in the file" in result.trouble
        assert apply.exit_code([result]) is Exit.PARTIAL
        assert world.emulator.writes == 1
        with pytest.raises(PlanRefused):
            world.apply(planned)
        again = anew(world).plan(tiers)
        assert again.requests == ()
        assert {change.kind for change in again.changes} == {Kind.BLOCKED}
        assert f"reads like the live group {stored!r}" in again.changes[0].note
        with pytest.raises(PlanRefused, match="has appeared since the plan was made; it reads like"):
            world.apply(planned)
        assert world.emulator.writes == 1


@pytest.mark.parametrize("form", NAMES)
@pytest.mark.parametrize("kind", ["drop-after", "500-after", "truncated"])
def test_a_lost_answer_to_such_a_create_is_unknown_and_not_sent_again(kind: str, form: str) -> None:
    wanted, stored = NAMES[form]
    place = setup(wanted)
    with place.world(f"fanfare.stored_name={form}") as world:
        planned = world.plan(contract.rising(place))
        world.emulator.faults.append(Fault(POST, kind))
        result = world.apply(planned)
        assert groups(world.emulator) == [stored]
        assert {outcome.fate for outcome in result.outcomes} == {Fate.UNKNOWN}
        assert f"group {stored!r} has appeared" in result.trouble


def test_even_where_the_rule_is_waived_a_group_that_appears_meanwhile_stops_the_second_send() -> None:
    place = setup("Tea Club ")
    with place.world("fanfare.stored_name=trimmed") as world:
        target = place.target(contract.rising(place))._replace(waived=frozenset({"similar-place"}))
        planned = world.plan(target.tiers)._replace(target=target)
        world.emulator.faults.append(Fault(POST, "drop-after"))
        world.apply(planned)
        assert groups(world.emulator) == ["Tea Club"]


# What has the name, and is no group of live tiers.


def plan_beside(emulator_setup: dict[str, object], *switches: str) -> tuple[TargetPlan, Live, VendorError]:
    """The plan of a group `Club` beside an audience as given; what is live; and why the group cannot be located."""
    place = setup("Club")
    with place.world(*switches) as world:
        world.emulator.fanfare.add_audience("x", **{"groupId": "g", "groupName": "Club", **emulator_setup})
        with pytest.raises(VendorError) as caught:
            world.connection.locate({"group": "Club"})
        planned = world.plan(contract.rising(place))
        return planned, planned.live, caught.value


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"groupType": "SEGMENTED_VALUE", "archived": True}, "archived"),
        ({"groupType": "RFM"}, "of the type RFM"),
        ({"groupType": None}, "of no type"),
        ({"groupType": "SEGMENTED_VALUE", "groupId": None}, "without an id"),
    ],
)
def test_what_has_the_name_of_a_group_but_is_none_is_told_and_nothing_is_made_beside_it(
    fields: dict[str, object], kind: str
) -> None:
    planned, live, error = plan_beside(fields, "fanfare.archived=shown")
    assert live.tiers == ()
    assert planned.requests == ()
    assert {change.kind for change in planned.changes} == {Kind.BLOCKED}
    assert f"a group of this name is there, but {kind}" in planned.changes[0].note
    assert str(error) == f"Fanfare has no tier group 'Club'; there is one, but {kind}"


def test_an_id_of_an_archived_group_says_so() -> None:
    id_ = "019a0000-0000-7000-8000-0000000000bb"
    with setup(id_).world("fanfare.archived=shown") as world:
        world.emulator.fanfare.add_audience("x", groupId=id_, groupType="SEGMENTED_VALUE", archived=True)
        with pytest.raises(VendorError, match=f"no tier group with the id {id_}; there is one, but archived") as caught:
            world.connection.fetch(world.place)
        assert caught.value.status == 404


def test_an_id_in_other_letters_is_answered_with_the_one_that_is_meant() -> None:
    id_ = "019a0000-0000-7000-8000-0000000000bb"
    with setup(id_.upper()).world() as world:
        world.emulator.fanfare.add_group("Club", "ltv", [{"name": "x", "order": 0, "startValue": 0}], id=id_)
        with pytest.raises(VendorError, match=f"did you mean '{id_}' \\(they differ only in case"):
            world.connection.fetch(world.place)


def test_a_group_whose_name_cannot_be_read_is_discovered_by_its_id(emulator: Emulator) -> None:
    for name, id_ in (("\u200b", "g1"), ("a\u200bb", "g2"), ("Ü & co", "g3"), (None, "g4")):
        emulator.fanfare.add_group(name, "ltv", [{"name": "x", "order": 0, "startValue": 0}], id=id_)
    connection: Connection = open_connection(
        VENDOR, emulator.vendors["fanfare"].environ("http://127.0.0.1"), transport=contract.InProcess(emulator)
    )
    assert sorted(block["group"] for block in connection.discover()) == ["g1", "g2", "g4", "Ü & co"]
    connection.client.close()


# Refusals with the status of a success.


@pytest.mark.parametrize(
    ("body", "fate"),
    [
        ({"error": "validation_error", "issues": [{"message": "validation.unique"}]}, Fate.NOT_DONE),
        ({"error": "Validation failed", "details": []}, Fate.NOT_DONE),
        ({"error": "internal_error", "message": "An unexpected error occurred"}, Fate.UNKNOWN),
        ({"error": "Sync already in progress"}, Fate.UNKNOWN),
    ],
)
def test_an_error_with_status_200_is_told_whole_and_never_sent_again(body: dict[str, object], fate: Fate) -> None:
    place = setup("Club")
    with place.world() as world:
        planned = world.plan(contract.rising(place))
        world.emulator.faults.append(Fault(POST, "403", times=None))
        world.bends.append(contract.Bend("POST *", lambda _: body))
        result = world.apply(planned)
        assert {outcome.fate for outcome in result.outcomes} == {fate}
        assert str(body["error"]) in result.trouble
        assert sum(sent[0] == "POST" for sent in world.emulator.requests) == 1


def test_switches_tell_how_names_can_be_stored() -> None:
    (switch,) = [one for one in Switches.table((setup("Club").api,)) if one.name == "fanfare.stored_name"]
    assert set(switch.choices) == {"sent", *NAMES}
