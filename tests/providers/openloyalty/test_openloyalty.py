"""What is Open Loyalty's own: a list that would delete what it leaves out, and so goes to a fresh set only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from harness import InProcess, Run, Slept, connect

from tierops import apply, plan
from tierops.emulator import Emulator, Fault, Switches
from tierops.errors import Exit, IncompleteRead, PlanRefused, VendorError
from tierops.model import Kind, Live, Position, Range, Target, TargetPlan, Tier
from tierops.providers.connection import Connection
from tierops.providers.openloyalty import VENDOR, tiers
from tierops.providers.openloyalty.account import Account, explain

BLOCK = {"store": "default", "tier_set": "Club", "attribute": "totalEarnedUnits", "wallet": "default"}
PLACE = VENDOR.place(BLOCK)
PROGRAM = """\
version: 1
program: club
targets:
  - openloyalty: {store: default, tier_set: Club, attribute: totalEarnedUnits, wallet: default}
tiers:
  - {name: Bronze, from: 0}
  - name: Silver
    from: 250
    openloyalty:
      description: Free refill
      translations: {pl: {name: Srebrny}}
      benefits: [{code: refill, name: Free refill, value: 1}]
  - {name: Gold, from: 500.5}
"""
SET = "/openloyalty/api/default/tierSet"


@pytest.fixture
def club(emulator: Emulator) -> Emulator:
    emulator.openloyalty.add_set("Club")
    return emulator


@pytest.fixture
def connection(club: Emulator, slept: Slept) -> Connection:
    return connect(club, slept, vendor="openloyalty")


@pytest.fixture
def openloyalty(tierops: Run, club: Emulator) -> Run:
    Path("tiers").mkdir()
    Path("tiers/club.yaml").write_text(PROGRAM)
    return tierops


def wanted(connection: Connection, *starts: tuple[str, str]) -> TargetPlan:
    """The plan of a ladder of these names and starts."""
    bounds = [Decimal(start) for _, start in starts]
    ladder = [
        Tier(name, Range(low, high)) for (name, _), low, high in zip(starts, bounds, [*bounds[1:], None], strict=True)
    ]
    target = Target("club", "openloyalty", PLACE, VENDOR.scale(BLOCK), tuple(ladder), Position("club.yaml", 1, 1))
    return plan.build(target, connection.fetch(PLACE), VENDOR)


LADDER = (("Bronze", "0"), ("Silver", "250"), ("Gold", "500.5"))


def carried_out(connection: Connection, planned: TargetPlan) -> Any:
    reads = apply.Reads({planned.address: connection.fetch(PLACE)}, 0.0)
    patience = apply.Patience(0, lambda _: None, lambda: 0.0)
    (result,) = apply.run([planned], {"openloyalty": connection}, reads, patience)
    return result


# Writing.


def test_missing_tiers_go_out_as_the_documented_list_and_a_second_apply_writes_nothing(
    openloyalty: Run, club: Emulator
) -> None:
    assert openloyalty("validate").code == Exit.DONE
    assert openloyalty("apply", "--auto-approve").code == Exit.DONE
    (put,) = [sent for sent in club.requests if sent[0] != "GET"]
    set_id = club.openloyalty.tier_set("Club")["id"]
    condition = club.openloyalty.tier_set("Club")["conditions"][0]["id"]
    assert put[:2] == ("PUT", f"{SET}/{set_id}/tiers")
    assert put[2] == {
        "tiers": [
            {
                "translations": {"en": {"name": "Silver", "description": "Free refill"}, "pl": {"name": "Srebrny"}},
                "active": True,
                "conditions": [{"conditionId": condition, "value": 250}],
                "rewards": [{"name": "Free refill", "code": "refill", "value": 1, "active": True}],
            },
            {
                "translations": {"en": {"name": "Gold"}},
                "active": True,
                "conditions": [{"conditionId": condition, "value": 500.5}],
            },
        ]
    }
    assert put.headers["user-agent"].startswith("tierops/")
    assert put.headers["x-auth-token"] == "ol-4711-key"
    assert openloyalty("apply", "--auto-approve").code == Exit.DONE
    assert openloyalty("plan", "--detailed-exitcode").code == Exit.DONE
    assert openloyalty("drift").code == Exit.DONE
    assert (club.writes, len(club.openloyalty.tiers("Club"))) == (1, 3)


def test_drift_only_reads(openloyalty: Run, club: Emulator) -> None:
    club.openloyalty.add_tiers("Club", [{"name": "Silver", "value": 240}])
    assert openloyalty("drift").code == Exit.DIFFERENCES
    assert {method for method, _, _ in club.requests} == {"GET"}


def test_a_set_that_holds_more_than_its_default_tier_is_never_sent_a_list(openloyalty: Run, club: Emulator) -> None:
    club.openloyalty.add_tiers("Club", [{"name": "Silver", "value": 250}])
    ended = openloyalty("plan", "--detailed-exitcode")
    assert ended.code == Exit.DIFFERENCES
    assert "takes whole lists only: what a list leaves out is deleted" in " ".join(ended.out.split())
    assert openloyalty("apply", "--auto-approve").code == Exit.REMAINING
    assert club.writes == 0


def test_a_tier_that_appears_after_the_plan_refuses_it(club: Emulator, connection: Connection) -> None:
    planned = wanted(connection, *LADDER)
    club.openloyalty.add_tiers("Club", [{"name": "Guest", "value": 7}])
    with pytest.raises(PlanRefused, match=r"'Guest' .* has appeared since the plan was made"):
        carried_out(connection, planned)
    assert club.writes == 0


def test_a_part_of_the_list_that_appears_after_the_plan_refuses_it(club: Emulator, connection: Connection) -> None:
    """What is left of the list would delete the part."""
    planned = wanted(connection, *LADDER)
    club.openloyalty.add_tiers("Club", [{"name": "Silver", "value": 250}])
    with pytest.raises(PlanRefused, match="takes whole lists only"):
        carried_out(connection, planned)
    assert club.writes == 0


@pytest.mark.parametrize("fields", [{"active": False}, {"isMigrated": True}])
def test_a_set_that_is_closed_is_looked_at_only(fields: Mapping[str, Any], emulator: Emulator, slept: Slept) -> None:
    emulator.openloyalty.add_set("Club", **fields)
    planned = wanted(connect(emulator, slept, vendor="openloyalty"), *LADDER)
    assert {change.kind for change in planned.changes} == {Kind.BLOCKED}


def test_a_set_that_is_closed_after_the_plan_refuses_it(club: Emulator, connection: Connection) -> None:
    planned = wanted(connection, *LADDER)
    row = club.openloyalty.tier_set("Club")
    club.openloyalty.store.replace("openloyalty.set", {**row, "active": False})
    with pytest.raises(PlanRefused, match="active yes"):
        carried_out(connection, planned)


def test_a_default_tier_of_another_name_is_in_the_way_of_the_first_one(connection: Connection) -> None:
    planned = wanted(connection, ("Member", "0"), ("Silver", "250"))
    assert {change.name: change.kind for change in planned.changes} == {
        "Member": Kind.BLOCKED,
        "Silver": Kind.BLOCKED,
        "Bronze": Kind.UNMANAGED,
    }


def test_a_default_tier_that_differs_is_told_and_the_others_are_created(club: Emulator, connection: Connection) -> None:
    club.openloyalty.edit_tier("Club", "Bronze", description="Hello")
    planned = wanted(connection, *LADDER)
    assert {change.name: change.kind for change in planned.changes} == {
        "Bronze": Kind.DIFFERS,
        "Silver": Kind.CREATE,
        "Gold": Kind.CREATE,
    }


def test_a_list_that_the_default_tier_refuses_is_not_sent_again(club: Emulator, connection: Connection) -> None:
    planned = wanted(connection, *LADDER)
    club.switches = Switches.parse(["openloyalty.only_new=refused"])
    result = carried_out(connection, planned)
    assert "delete_default_tier" in result.trouble
    assert "the set holds tiers that were not there when it was read" in result.trouble
    assert (apply.exit_code([result]), club.writes) == (Exit.FAILED, 1)


@pytest.mark.parametrize("switch", ["equal_thresholds=400", "duplicate_name=400", "absent_rewards=kept"])
def test_what_the_vendor_may_refuse_is_never_sent(switch: str, club: Emulator, connection: Connection) -> None:
    club.switches = Switches.parse([f"openloyalty.{switch}"])
    assert apply.exit_code([carried_out(connection, wanted(connection, *LADDER))]) is Exit.DONE


def test_an_answer_that_is_not_the_documented_one_is_read_back(club: Emulator, slept: Slept) -> None:
    """200 with a body, where 204 without one is documented."""

    class Talking(httpx.BaseTransport):
        def __init__(self) -> None:
            self.inner = InProcess(club)

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = self.inner.handle_request(request)
            return httpx.Response(200, json={"ok": True}) if request.method == "PUT" else answer

    connection = connect(club, slept, Talking(), vendor="openloyalty")
    assert apply.exit_code([carried_out(connection, wanted(connection, *LADDER))]) is Exit.DONE
    assert club.writes == 1


def test_a_list_that_was_taken_and_cannot_be_read_back_is_unknown(club: Emulator, connection: Connection) -> None:
    planned = wanted(connection, *LADDER)
    set_id = club.openloyalty.tier_set("Club")["id"]
    club.faults.append(Fault(f"GET /api/default/tierSet/{set_id}", "403", times=None, after=2))
    result = carried_out(connection, planned)
    assert (apply.exit_code([result]), club.writes) == (Exit.UNKNOWN, 1)


def test_a_list_breaks_off_half_way(club: Emulator, connection: Connection) -> None:
    """Whether it can is documented nowhere; then nothing more is sent, for it would delete the half."""
    planned = wanted(connection, *LADDER)
    club.faults.append(Fault("PUT *", "500-partial", value=1))
    result = carried_out(connection, planned)
    assert (apply.exit_code([result]), club.writes) == (Exit.UNKNOWN, 1)
    assert [row["name"] for row in club.openloyalty.tiers("Club")] == ["Bronze", "Silver"]


# Bounds.


def test_a_set_holds_twenty_tiers(connection: Connection) -> None:
    ladder = [("Bronze", "0"), *((f"T{number}", str(number)) for number in range(1, 20))]
    assert len(wanted(connection, *ladder).requests) == 1
    with pytest.raises(VendorError, match="20 tiers in a set at the most"):
        wanted(connection, *ladder, ("T20", "20"))


def test_the_largest_value_and_six_decimals_are_sent_digit_for_digit(club: Emulator, connection: Connection) -> None:
    planned = wanted(connection, ("Bronze", "0"), ("A", "0.000001"), ("B", "2147483647"))
    assert apply.exit_code([carried_out(connection, planned)]) is Exit.DONE
    assert [str(row["value"]) for row in club.openloyalty.tiers("Club")] == ["0", "0.000001", "2147483647"]
    with pytest.raises(VendorError, match="starts above 2,147,483,647"):
        tiers.encode([Tier("A", Range(Decimal(2147483648), None))], "c")
    with pytest.raises(VendorError, match="more than 255 characters"):
        tiers.encode([Tier("A" * 256, Range(Decimal(1), None))], "c")


@pytest.mark.parametrize(
    ("edit", "finding"),
    [
        ("from: 500.5}", "from: 500.1234567}"),
        ("from: 500.5}", "from: 500, to: 900}"),
        ("from: 500.5}", "from: 500, openloyalty: {translations: {en: {name: Gold}}}}"),
        ("from: 500.5}", "from: 500, openloyalty: {benefits: [{name: no code}]}}"),
        ("totalEarnedUnits", "points"),
        (", wallet: default", ""),
    ],
)
def test_what_open_loyalty_cannot_hold_is_found_in_the_files(edit: str, finding: str, openloyalty: Run) -> None:
    Path("tiers/club.yaml").write_text(PROGRAM.replace(edit, finding))
    assert openloyalty("validate").code == Exit.FAILED


def test_months_are_whole() -> None:
    scale = VENDOR.scale({**BLOCK, "attribute": "monthsSinceJoiningProgram"})
    assert (scale.is_whole, scale.has_ends) == (True, False)
    assert VENDOR.scale(BLOCK).fits(Decimal("0.000001"))
    assert not VENDOR.scale(BLOCK).fits(Decimal("0.0000001"))


# Reading.


def fetched(emulator: Emulator, slept: Slept, *settings: str, **block: str) -> Live:
    emulator.switches = Switches.parse([f"openloyalty.{one}" for one in settings])
    return connect(emulator, slept, vendor="openloyalty").fetch(VENDOR.place(BLOCK | block))


def test_the_set_goes_by_its_id_too(club: Emulator, slept: Slept) -> None:
    live = fetched(club, slept, tier_set=club.openloyalty.tier_set("Club")["id"])
    assert (live.identity.name, live.calls, len(live.tiers)) == ("Club", 3, 1)


def test_a_set_that_counts_something_else_is_not_read(club: Emulator, slept: Slept) -> None:
    with pytest.raises(VendorError, match=r"counts totalEarnedUnits .*, not activeUnits"):
        fetched(club, slept, attribute="activeUnits")
    with pytest.raises(VendorError, match=r"not totalEarnedUnits \(wallet gift\)"):
        fetched(club, slept, wallet="gift")


def test_a_set_with_several_conditions_is_not_read_and_not_discovered(emulator: Emulator, slept: Slept) -> None:
    emulator.openloyalty.add_set("Club", conditions=[{"id": "a", "attribute": "totalSpending"}] * 2)
    with pytest.raises(VendorError, match="has 2 conditions"):
        fetched(emulator, slept)
    assert connect(emulator, slept, vendor="openloyalty").discover() == ()


def test_spending_has_no_wallet(emulator: Emulator, slept: Slept) -> None:
    emulator.openloyalty.add_set("Club", attribute="totalSpending", wallet="none")
    assert fetched(emulator, slept, attribute="totalSpending", wallet="none").tiers[0].name == "Bronze"


def test_a_store_or_set_that_is_not_there_is_told(club: Emulator, slept: Slept) -> None:
    with pytest.raises(VendorError, match="is 'xx' the code of a store") as caught:
        fetched(club, slept, store="xx")
    assert caught.value.status == 404
    with pytest.raises(VendorError, match="no tier set 'club'; did you mean 'Club'"):
        fetched(club, slept, tier_set="club")
    club.openloyalty.add_set("Club")
    with pytest.raises(VendorError, match="2 tier sets are named 'Club': name one by its id"):
        fetched(club, slept)


def test_a_refusal_that_is_a_sentence_is_followed_by_another_one(club: Emulator, slept: Slept) -> None:
    club.faults.append(Fault("GET *", "403"))
    with pytest.raises(VendorError, match=r"403: Forbidden\. Check OPENLOYALTY_TOKEN, what the key may do"):
        fetched(club, slept)


def test_every_page_is_read_however_short(club: Emulator, slept: Slept) -> None:
    club.openloyalty.add_tiers("Club", [{"name": f"T{n}", "value": n} for n in range(1, 20)])
    assert fetched(club, slept, "page_size=ten").calls == 4
    assert fetched(club, slept, "page_size=ten", "total=absent", "order=value").calls == 4
    assert fetched(club, slept, "page_size=ten", "set_tiers=absent", "order_by=400", "order=creation").calls == 4


@pytest.mark.parametrize(
    "settings",
    [["total=wrong"], ["set_tiers=default_only"], ["set_tiers=absent", "total=absent"]],
)
def test_what_proves_nothing_is_an_incomplete_read(settings: list[str], club: Emulator, slept: Slept) -> None:
    club.openloyalty.add_tiers("Club", [{"name": "Silver", "value": 250}])
    with pytest.raises(IncompleteRead):
        fetched(club, slept, *settings)


def test_pages_that_repeat_themselves_are_noticed(club: Emulator, slept: Slept) -> None:
    """As where the parameters have other names than the vendor knows."""
    club.openloyalty.add_tiers("Club", [{"name": f"T{n}", "value": n} for n in range(1, 20)])

    class FirstPage(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            url = request.url.copy_remove_param("_page").copy_remove_param("_itemsOnPage")
            return InProcess(club).handle_request(httpx.Request(request.method, url, headers=request.headers))

    with pytest.raises(IncompleteRead, match="shows a row twice"):
        connect(club, slept, FirstPage(), vendor="openloyalty").fetch(PLACE)


# Keys and errors.


def test_a_token_of_a_sign_in_is_a_bearer_and_a_key_has_a_header_of_its_own() -> None:
    jwt = "eyJhbGciOiJ9.eyJzdWIiOiJ9.c2lnbmF0dXJl"
    assert Account.credentials({"OPENLOYALTY_TOKEN": jwt}).headers == {"Authorization": f"Bearer {jwt}"}
    assert Account.credentials({"OPENLOYALTY_TOKEN": "abc"}).headers == {"X-AUTH-TOKEN": "abc"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"code": "401", "message": "Expired JWT Token."}, "Expired JWT Token."),
        (
            {"message": "Validation failed", "errors": {"children": {"tiers": {"errors": ["No extra fields."]}}}},
            "Validation failed; No extra fields.",
        ),
        ({"message": "V", "errors": [{"message": "Name", "code": None, "path": "tiers"}]}, "V; Name: tiers"),
        ([1], "[1]"),
    ],
)
def test_an_error_is_one_sentence(body: Any, said: str) -> None:
    assert explain(body) == said


def test_import_and_plan_are_inverse(openloyalty: Run) -> None:
    openloyalty("apply", "--auto-approve")
    at = ("--at", "store=default", "--at", "tier_set=Club", "--program", "club", "--out", "tiers/club.yaml", "--force")
    ended = openloyalty("import", "openloyalty", *at)
    assert ended.code == Exit.DONE, ended
    assert "Srebrny" in Path("tiers/club.yaml").read_text()
    assert openloyalty("plan", "--detailed-exitcode").code == Exit.DONE
    assert json.loads(openloyalty("list", "openloyalty", "--format", "json").out)["exit_code"] == 0
