"""Reading from and writing to Loyalty v2, as its documentation describes it and beyond."""

from __future__ import annotations

from typing import Any

import pytest
from harness import Slept, connect
from vendors import Canned

from tierops import apply, plan
from tierops.emulator import Emulator, Fault, Switches
from tierops.emulator.faults import KINDS
from tierops.errors import Exit, IncompleteRead, PlanRefused, VendorError
from tierops.model import Fate, Kind
from tierops.providers import contract
from tierops.providers.connection import Connection
from tierops.providers.voucherify_v2 import VENDOR

STRUCTURES = "/voucherify/v2/loyalties/tier-structures"
TIERS = "GET */tiers"
PLACE = VENDOR.place({"structure": "Club"})
SETUP = contract.Setup(
    VENDOR, {"structure": "Club"}, lambda emulator: emulator.voucherify_v2.add_structure("Club", id="lts_club")
)

_A_CYCLE = 31 * 24 * 3600  # seconds, after which calls of a billing cycle are there again


@pytest.fixture
def club(emulator: Emulator) -> Emulator:
    emulator.voucherify_v2.add_structure("Club", id="lts_club")
    return emulator


@pytest.fixture
def v2(emulator: Emulator, slept: Slept) -> Connection:
    return connect(emulator, slept, vendor="voucherify-v2")


def fill(emulator: Emulator, number: int) -> None:
    tiers = [{"name": f"T{n:03}", "min_value": n, "max_value": n} for n in range(number)]
    emulator.voucherify_v2.add_tiers("Club", tiers)


def set_switches(emulator: Emulator, *settings: str) -> None:
    emulator.switches = Switches.parse([f"voucherify-v2.{one}" for one in settings])


# Reading.


def test_a_structure_is_found_by_name_and_read_in_four_requests(club: Emulator, v2: Connection) -> None:
    fill(club, 11)
    live = v2.fetch(PLACE)
    assert (live.identity.id, live.identity.name, live.identity.kind) == ("lts_club", "Club", "tier structure")
    assert [tier.name for tier in live.tiers] == [f"T{n:03}" for n in range(11)]
    assert live.proof == "the same 11 tiers in both orders, each to the end of its cursor"
    assert live.facts["status"] == "DRAFT"
    named = {"limit": "100", "filters[name][conditions][$is]": "Club"}
    assert [(sent[0], sent[1], dict(sent.query)) for sent in club.requests] == [
        ("GET", STRUCTURES, {**named, "order": "created_at"}),
        ("GET", f"{STRUCTURES}/lts_club/tiers", {"limit": "100", "order": "created_at"}),
        ("GET", f"{STRUCTURES}/lts_club/tiers", {"limit": "100", "order": "-created_at"}),
        ("GET", STRUCTURES, {**named, "order": "-created_at"}),
    ]
    assert club.requests[0].headers["x-voucherify-api-version"] == "v2018-08-01"
    assert live.calls == 4


def test_a_structure_is_found_by_its_id_in_four_requests(club: Emulator, v2: Connection) -> None:
    live = v2.fetch(VENDOR.place({"structure": "lts_club"}))
    assert (live.identity.name, live.calls) == ("Club", 4)
    assert [sent[1] for sent in club.requests][::3] == [f"{STRUCTURES}/lts_club"] * 2


@pytest.mark.parametrize("form", ["exact", "folded", "ignored"])
def test_names_are_compared_again_whatever_the_filter_does(form: str, club: Emulator, v2: Connection) -> None:
    set_switches(club, f"name_filter={form}")
    club.voucherify_v2.add_structure("CLUB", id="lts_other")
    assert v2.fetch(PLACE).identity.id == "lts_club"


def test_two_structures_of_one_name_are_told_with_their_ids(club: Emulator, v2: Connection) -> None:
    club.voucherify_v2.add_structure("Club", id="lts_second")
    with pytest.raises(VendorError, match=r"2 tier structures are named 'Club': .*\(lts_club, lts_second\)"):
        v2.fetch(PLACE)
    assert v2.account.discover() == ({"structure": "lts_club"}, {"structure": "lts_second"})


def test_one_that_is_not_there_is_told_with_what_could_be_meant(club: Emulator, v2: Connection) -> None:
    with pytest.raises(VendorError, match=r"no tier structure 'club'; did you mean 'Club' \(they differ only in case"):
        v2.fetch(VENDOR.place({"structure": "club"}))
    with pytest.raises(VendorError, match=r"'lts_none': .*404.* Check the name"):
        v2.fetch(VENDOR.place({"structure": "lts_none"}))


@pytest.mark.parametrize("form", ["hidden", "shown"])
def test_a_deleted_structure_is_not_there(form: str, club: Emulator, v2: Connection) -> None:
    set_switches(club, f"deleted={form}")
    club.voucherify_v2.edit_structure("lts_club", status="DELETED")
    assert v2.account.discover() == ()
    for named in ("Club", "lts_club"):
        with pytest.raises(VendorError, match="structure") as caught:
            v2.fetch(VENDOR.place({"structure": named}))
        assert caught.value.status == 404


@pytest.mark.parametrize("size", ["10", "50"])
def test_pages_that_are_smaller_than_asked_for_are_followed_to_the_end(
    size: str, club: Emulator, v2: Connection
) -> None:
    set_switches(club, f"page_size={size}")
    fill(club, 70)
    live = v2.fetch(PLACE)
    assert len(live.tiers) == 70
    assert live.calls == 2 + 2 * -(-70 // int(size))


@pytest.mark.parametrize("number", [1, 9])
def test_a_list_that_is_cut_as_if_there_were_no_more_is_noticed(number: int, club: Emulator, v2: Connection) -> None:
    set_switches(club, f"listed={number}")
    fill(club, 10)
    with pytest.raises(
        IncompleteRead, match=f"differ with the order in which they are listed \\({number} and {number}"
    ):
        v2.fetch(PLACE)


def test_cursors_that_are_never_good_end_as_an_incomplete_read(club: Emulator, v2: Connection) -> None:
    set_switches(club, "cursor_life=0", "page_size=10")
    fill(club, 11)
    with pytest.raises(IncompleteRead, match="begun 3 times and never came to its end"):
        v2.account.fetch(PLACE)


def test_a_cursor_that_has_expired_once_begins_the_list_again(club: Emulator, v2: Connection) -> None:
    set_switches(club, "page_size=10")
    fill(club, 11)

    class Expired(contract.InProcess):
        """Forgets the cursors once."""

        is_over = False

        def handle_request(self, request: Any) -> Any:
            if "cursor=" in str(request.url) and not self.is_over:
                self.is_over = True
                set_switches(club, "page_size=10", "cursor_life=0")
                club.vendors["voucherify-v2"]._lists._given.clear()  # type: ignore[attr-defined]
            answer = super().handle_request(request)
            set_switches(club, "page_size=10")
            return answer

    with_expiry = connect(club, Slept(), Expired(club), vendor="voucherify-v2")
    live = with_expiry.fetch(PLACE)
    assert (len(live.tiers), live.calls) == (11, 4 + 2 + 2)


def test_cursors_in_a_circle_are_noticed(club: Emulator, v2: Connection) -> None:
    set_switches(club, "page_size=10")
    fill(club, 30)
    club.faults.append(Fault(TIERS, "cycle", times=None))
    with pytest.raises(IncompleteRead, match="lead in a circle"):
        v2.fetch(PLACE)


@pytest.mark.parametrize("change", [{"status": "ACTIVE"}, {"metadata": {"a": 1}}])
def test_a_structure_that_changes_while_it_is_read_is_read_again(
    change: dict[str, Any], club: Emulator, slept: Slept
) -> None:
    changes = [change]

    def change_once(body: Any) -> object:
        if changes:
            club.voucherify_v2.edit_structure("lts_club", **changes.pop())
        return body

    changing = connect(club, slept, Canned(club, "/tiers", change_once), vendor="voucherify-v2")
    with pytest.raises(IncompleteRead, match="changed while it was read"):
        changing.account.fetch(PLACE)
    assert changing.fetch(PLACE).facts["status"] == change.get("status", "DRAFT")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"min_value": 9.5}, "`min_value` 9.5, between two points"),
        ({"min_value": 0, "max_value": 9.5}, "`max_value` 9.5, between two points"),
        ({"max_value": 9}, "no `min_value`"),
        ({"min_value": "0"}, "`min_value` of tier 'T' is \"0\", not a number"),
    ],
)
def test_bounds_that_are_no_whole_points_are_told_and_never_rounded(
    row: dict[str, Any], said: str, club: Emulator, v2: Connection
) -> None:
    club.voucherify_v2.add_tiers("Club", [{"name": "T", **row}])
    with pytest.raises(VendorError, match=said):
        v2.fetch(PLACE)


def test_a_tier_for_a_segment_is_live_with_its_segment(club: Emulator, v2: Connection) -> None:
    rules = {"type": "POINTS_AND_SEGMENT", "points": {"min_value": 500}, "segment": {"id": "seg_1"}}
    club.voucherify_v2.add_tiers("Club", [{"name": "Staff", "qualification_rules": rules}])
    (tier,) = v2.fetch(PLACE).tiers
    assert tier.fields == {"segment": {"id": "seg_1"}}


# Writing.


def test_each_tier_is_created_by_its_own_request_low_to_high_as_documented() -> None:
    tiers = contract.rising(SETUP)
    tiers = (tiers[2]._replace(fields={"downgrade": {"type": "NO_DOWNGRADE"}}), tiers[0], tiers[1])
    with SETUP.world() as world:
        assert apply.exit_code([world.apply(world.plan(tiers))]) is Exit.DONE
        sent = [one for one in world.emulator.requests if one[0] != "GET"]
    points = [{"min_value": 0, "max_value": 99}, {"min_value": 100, "max_value": 199}, {"min_value": 200}]
    bodies = [
        {"name": f"T{n}", "qualification_rules": {"type": "POINTS", "points": one}} for n, one in enumerate(points)
    ]
    bodies[2]["downgrade"] = {"type": "NO_DOWNGRADE"}
    assert [tuple(one) for one in sent] == [("POST", f"{STRUCTURES}/lts_club/tiers", body) for body in bodies]


@pytest.mark.parametrize("status", ["ACTIVE", "INACTIVE"])
def test_outside_a_draft_a_missing_tier_is_blocked_with_what_to_do(status: str) -> None:
    with SETUP.world() as world:
        world.emulator.voucherify_v2.edit_structure("Club", status=status)
        planned = world.plan(contract.rising(SETUP))
        assert {change.kind for change in planned.changes} == {Kind.BLOCKED}
        assert planned.requests == ()
        note = planned.changes[0].note
        assert f"the structure is {status}, and outside a draft its ladder is frozen" in note
        assert "make a new structure" in note
        assert apply.exit_code([world.apply(planned)]) is Exit.REMAINING
        assert world.emulator.writes == 0


def test_a_plan_made_in_draft_is_refused_once_somebody_activates() -> None:
    with SETUP.world() as world:
        planned = world.plan(contract.rising(SETUP))
        world.emulator.voucherify_v2.activate("Club")
        with pytest.raises(PlanRefused, match=r"status DRAFT, now .*status ACTIVE"):
            world.apply(planned)
        assert world.emulator.writes == 0


def test_an_activation_between_two_creates_stops_the_second() -> None:
    with SETUP.world() as world:
        planned = world.plan(contract.rising(SETUP))
        world.bends.append(contract.Bend("POST */tiers", _activating(world)))
        result = world.apply(planned)
        assert [outcome.fate for outcome in result.outcomes] == [Fate.DONE, Fate.NOT_DONE, Fate.NOT_DONE]
        assert apply.exit_code([result]) is Exit.PARTIAL


def _activating(world: contract.World) -> Any:
    def activate(body: Any) -> object:
        world.bends.clear()
        world.emulator.voucherify_v2.activate("Club")
        return body

    return activate


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("on", ["POST */tiers", "GET */tiers", "GET */tier-structures"])
@pytest.mark.parametrize("after", [0, 1, 3])
def test_no_fault_by_itself_leads_to_a_duplicate_or_a_false_success(on: str, kind: str, after: int) -> None:
    tiers = contract.rising(SETUP)
    with SETUP.world("voucherify-v2.overlap=accepted") as world:
        planned = world.plan(tiers)
        value = 1 if kind in ("cap", "shift", "500-partial", "total") else 0
        world.emulator.faults.append(Fault(on, kind, 1, after, value))
        try:
            result = world.apply(planned)
        except (VendorError, PlanRefused):
            assert world.emulator.writes == 0
            return
        code = apply.exit_code([result])
        world.emulator.faults.clear()
        world.clock.sleep(_A_CYCLE)
        world.emulator.land(everything=True)
        held = [tier["name"] for tier in world.emulator.voucherify_v2.tiers("Club")]
        assert len(held) == len(set(held))
        assert (code is not Exit.DONE) or held == ["T0", "T1", "T2"]
        assert code is not Exit.FAILED or held == []
        assert plan.build(planned.target, world.connection.fetch(world.place), VENDOR).requests == tuple(
            request for request in planned.requests if request.tiers[0] not in held
        )
