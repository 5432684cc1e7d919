"""The Salesforce account: how it signs in, what proves a group complete, what a create comes to."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tierops import apply, plan
from tierops.emulator import Fault, Switches
from tierops.errors import Exit, IncompleteRead, NotSent, PlanRefused, TieropsError, VendorError
from tierops.model import Fate, Kind, Range, Tier
from tierops.providers import contract
from tierops.providers.connection import open_connection
from tierops.providers.limits import Waiting
from tierops.providers.salesforce import VENDOR
from tierops.providers.salesforce.account import Account, explain, refusal

SETUP = contract.Setup(
    VENDOR,
    place={"program": "Coffee Club", "tier_group": "Status"},
    prepare=lambda emulator: emulator.salesforce.add_group("Coffee Club", "Status", id="0ltXX0000000001AAA"),
)
DATA = "/services/data/v64.0"
QUERY, CREATE = f"GET {DATA}/query", f"POST {DATA}/composite/sobjects"
UNGUARDED = ["salesforce.key_field=absent", "salesforce.key_field=external"]


def ladder(*starts: str, **fields: Any) -> tuple[Tier, ...]:
    """Tiers T0, T1 … from these starts up."""
    ends = [Decimal(start) for start in starts]
    spans = zip(ends, [*ends[1:], None], strict=True)
    return tuple(Tier(f"T{n}", Range(start, end), fields) for n, (start, end) in enumerate(spans))


def hold(world: contract.World, *tiers: tuple[str, float | None, int | None], **more: Any) -> None:
    rows = [
        {"Name": name, "MinimumEligibleBalance": minimum, "SequenceNumber": number, **more}
        for name, minimum, number in tiers
    ]
    world.emulator.salesforce.add_tiers("Status", rows)


def posts(world: contract.World) -> list[str]:
    return [path.removeprefix("/salesforce") for method, path, _ in world.emulator.requests if method == "POST"]


def looks_between(world: contract.World) -> list[int]:
    """How many times the whole group was read between each create and the one before it."""
    looks: list[int] = []
    for sent in world.emulator.requests:
        if sent[1].endswith("/composite/sobjects"):
            looks.append(0)
        elif looks and sent.query.get("q", "").startswith("SELECT COUNT()"):
            looks[-1] += 1
    return looks[:-1]


def fates(result: Any) -> list[Fate]:
    return [outcome.fate for outcome in result.outcomes]


# Signing in.


def test_one_token_serves_a_whole_run_and_is_asked_for_as_documented() -> None:
    with SETUP.world() as world:
        world.apply(world.plan(ladder("0", "250")))
        assert posts(world) == ["/services/oauth2/token", f"{DATA}/composite/sobjects"]
        (form,) = [body for _, path, body in world.emulator.requests if path.endswith("/token")]
    assert form == "grant_type=client_credentials&client_id=any&client_secret=any-secret"


def test_a_token_that_ends_is_renewed_once_for_a_read() -> None:
    with SETUP.world("salesforce.token_requests=2") as world:
        assert world.connection.fetch(world.place).tiers == ()
        assert posts(world).count("/services/oauth2/token") == 3


def test_a_read_that_a_new_token_does_not_help_is_an_error() -> None:
    with SETUP.world() as world:
        world.emulator.faults.append(Fault(QUERY, "401", times=2))
        with pytest.raises(VendorError, match=r"INVALID_SESSION_ID.*Check SALESFORCE_CLIENT_ID"):
            world.connection.fetch(world.place)
        assert posts(world).count("/services/oauth2/token") == 2


def test_a_create_that_is_refused_with_an_ended_token_is_not_sent_again() -> None:
    with SETUP.world() as world:
        planned = world.plan(ladder("0"))
        world.emulator.faults.append(Fault(CREATE, "401"))
        result = world.apply(planned)
        assert (fates(result), apply.exit_code([result])) == ([Fate.NOT_DONE], Exit.FAILED)
        assert posts(world).count(f"{DATA}/composite/sobjects") == 1
        assert world.emulator.salesforce.tiers("Status") == []
        assert fates(world.apply(planned)) == [Fate.DONE]


def test_a_token_that_is_ready_takes_the_place_of_a_sign_in() -> None:
    environ = {"SALESFORCE_ACCESS_TOKEN": "Bearer 00DXX!ready", "SALESFORCE_CLIENT_ID": "unused"}
    assert Account.credentials(environ) == (
        {"Authorization": "Bearer 00DXX!ready"},
        None,
        None,
        frozenset(),
        frozenset(),
    )
    assert VENDOR.used(environ) == ("SALESFORCE_ACCESS_TOKEN",)
    with SETUP.world() as world:
        connection = open_connection(
            VENDOR,
            environ,
            "http://127.0.0.1/salesforce",
            waiting=Waiting(sleep=world.clock.sleep, now=world.clock),
            transport=contract.InProcess(world.emulator),
            is_read_only=True,
        )
        assert connection.fetch(world.place).tiers == ()
        assert {method for method, *_ in world.emulator.requests} == {"GET"}


def test_what_refuses_a_sign_in_is_told_without_the_secret() -> None:
    with SETUP.world("salesforce.accepted_keys=other:one") as world, pytest.raises(VendorError) as caught:
        world.connection.fetch(world.place)
    assert "invalid_client: invalid client credentials" in str(caught.value)
    assert "any-secret" not in str(caught.value)


# Which org, programme and group.


def test_the_org_is_the_account_whatever_the_keys() -> None:
    with SETUP.world() as world:
        assert (world.connection.fetch(world.place).identity.account or "").isalnum()
    with SETUP.world("salesforce.organization=hidden") as world:
        identity = world.connection.fetch(world.place).identity
    assert (identity.account, bool(identity.key)) == (None, True)


def test_a_name_is_quoted_and_found_exactly() -> None:
    name = "O'Hara \\ \"x\"\n' OR Name = 'Coffee Club"
    with SETUP.world() as world:
        world.emulator.salesforce.add_group(name, "It's", [{"Name": "T0", "MinimumEligibleBalance": 0}])
        live = world.connection.fetch(VENDOR.place({"program": name, "tier_group": "It's"}))
        assert [tier.name for tier in live.tiers] == ["T0"]
        assert {
            "program": name,
            "tier_group": "It's",
        } not in world.connection.discover()  # a line break in it: by its id


@pytest.mark.parametrize(
    ("program", "group", "said"),
    [
        ("coffee club", "Status", "no loyalty programme 'coffee club'.*Coffee Club"),
        ("Coffee Club", "status", "no tier group 'status'.*Status"),
        ("Tea", "Status", "no loyalty programme 'Tea', or the user of these keys may not see it"),
    ],
)
def test_a_name_is_not_another_one(program: str, group: str, said: str) -> None:
    with SETUP.world() as world, pytest.raises(VendorError, match=said) as caught:
        world.connection.fetch(VENDOR.place({"program": program, "tier_group": group}))
    assert caught.value.status == 404


def test_two_of_one_name_are_told_apart_by_their_ids() -> None:
    with SETUP.world() as world:
        other = world.emulator.salesforce.add_program("Coffee Club")
        with pytest.raises(VendorError, match=f"2 records .* name one by its id .*{other['id']}"):
            world.connection.fetch(world.place)
        world.emulator.salesforce.add_group(other["id"], "Gold", id="0ltXX0000000007AAA")
        for id_ in (other["id"], other["id"][:15]):
            live = world.connection.fetch(VENDOR.place({"program": id_, "tier_group": "0ltXX0000000007AAA"}))
            assert (live.identity.id, live.identity.name) == ("0ltXX0000000007AAA", "Coffee Club / Gold")
        assert {"program": other["id"], "tier_group": "Gold"} in world.connection.discover()


def test_a_name_that_looks_like_an_id_is_a_name_first() -> None:
    with SETUP.world() as world:
        world.emulator.salesforce.add_group("0123456789abcde", "Status 2")
        live = world.connection.fetch(VENDOR.place({"program": "0123456789abcde", "tier_group": "Status 2"}))
        assert live.identity.name == "0123456789abcde / Status 2"


# What proves a read.


@pytest.mark.parametrize("size", [1, 2, 2000])
def test_batches_are_followed_to_their_end(size: int) -> None:
    with SETUP.world(f"salesforce.batch_size={size}") as world:
        hold(world, *((f"T{n}", n, n) for n in range(5)))
        assert [tier.name for tier in world.connection.fetch(world.place).tiers] == [f"T{n}" for n in range(5)]


@pytest.mark.parametrize(
    "more", [None, "https://elsewhere.example/services/data/v64.0/query/01g-2", "/services/apexrest"]
)
def test_a_batch_that_lies_elsewhere_is_not_asked_for(more: str | None) -> None:
    with SETUP.world() as world:
        world.bends.append(contract.Bend("GET */query", lambda body: {**body, "done": False, "nextRecordsUrl": more}))
        with pytest.raises(VendorError, match="not as documented: `nextRecordsUrl`"):
            world.connection.fetch(world.place)


def test_batches_in_a_circle_are_no_list() -> None:
    with SETUP.world("salesforce.batch_size=1") as world:
        hold(world, ("T0", 0, 1), ("T1", 10, 2), ("T2", 20, 3))
        world.emulator.faults.append(Fault("GET */query/*", "cycle", times=None))
        with pytest.raises(IncompleteRead, match="circle"):
            world.connection.fetch(world.place)


def test_a_count_that_says_otherwise_is_no_proof() -> None:
    with SETUP.world() as world:
        hold(world, ("T0", 0, 1), ("T1", 10, 2))
        short = contract.Bend(
            "GET */query", lambda body: body if body["records"] else {**body, "totalSize": body["totalSize"] + 1}
        )
        world.bends.append(short)
        with pytest.raises(IncompleteRead, match="counts 3 tiers in tier group 'Coffee Club / Status', and shows 2"):
            world.connection.fetch(world.place)


@pytest.mark.parametrize("field", ["Color", "MinimumEligibleBalance"])
def test_a_field_that_the_user_may_not_see_is_an_error_and_no_null(field: str) -> None:
    with SETUP.world(f"salesforce.hidden_field={field}") as world:
        hold(world, ("T0", 0, 10))
        with pytest.raises(VendorError, match=f"INVALID_FIELD.*'{field}'.*must be allowed to see the field"):
            world.connection.fetch(world.place)


def test_a_programme_that_the_user_may_not_see_is_an_error_and_no_empty_ladder() -> None:
    with SETUP.world("salesforce.visibility=no-program") as world, pytest.raises(VendorError, match="may not see it"):
        world.connection.fetch(world.place)


def test_a_tier_that_the_user_may_not_see_is_not_created_twice_where_keys_guard_it() -> None:
    with SETUP.world() as world:
        world.apply(world.plan(ladder("0", "250", "500")))
        world.emulator.switches = Switches.parse(["salesforce.visibility=some-tiers"], (SETUP.api,))
        result = world.apply(world.plan(ladder("0", "250", "500")))
        assert apply.exit_code([result]) is Exit.UNKNOWN
        assert "DUPLICATE_VALUE" in result.trouble
        assert len(world.emulator.salesforce.tiers("Status")) == 3


# Creates.


def test_the_documented_body_goes_out_once_and_what_it_made_is_read_back() -> None:
    with SETUP.world() as world:
        hold(world, ("T0", 0, 10), ("T1", 250, 20))
        gold = ladder("0", "250", "499.95", color="#C0C0C0", enrollment="TierBased", description="Free")[2]
        planned = world.plan((*ladder("0", "250", "499.95")[:2], gold))
        assert [change.kind for change in planned.changes] == [Kind.CREATE]
        assert planned.requests[0].body == {
            "allOrNone": True,
            "records": [
                {
                    "attributes": {"type": "LoyaltyTier"},
                    "LoyaltyTierGroupId": "0ltXX0000000001AAA",
                    "Name": "T2",
                    "MinimumEligibleBalance": Decimal("499.95"),
                    "Color": "#C0C0C0",
                    "Description": "Free",
                    "EligibleEnrollmentType": "TierBased",
                    "SequenceNumber": 30,
                    "Tierops_Key__c": "0ltXX0000000001AAA:t2",
                }
            ],
        }
        result = world.apply(planned)
        assert (fates(result), world.emulator.writes) == ([Fate.DONE], 1)
        (step,) = result.steps
        assert "the programme 'Coffee Club' in Salesforce (Manage Tier Eligibility, Generate Rules)" in step
        assert step.endswith("until then no member moves")
        assert world.plan(planned.target.tiers).changes == ()
        world.apply(planned)
        assert world.emulator.writes == 1


def test_a_plan_says_that_no_member_moves_yet() -> None:
    with SETUP.world() as world:
        (change,) = world.plan(ladder("0")).changes
    assert "join this tier once somebody generates the rules again, and not before" in change.note
    assert "immediately" not in change.note


@pytest.mark.parametrize("setting", UNGUARDED)
@pytest.mark.parametrize("kind", ["drop-before", "drop-after", "503-before", "500-after", "html-after", "500-partial"])
def test_without_a_key_a_lost_answer_waits_for_two_equal_reads(setting: str, kind: str) -> None:
    with SETUP.world(setting) as world:
        planned = world.plan(ladder("0", "250", "500"))
        assert "Tierops_Key__c" not in json.dumps(planned.requests[0].body, default=str)
        world.emulator.faults.append(Fault(CREATE, kind, value=kind == "500-partial"))
        result = world.apply(planned)
        assert (fates(result), apply.exit_code([result])) == ([Fate.DONE] * 3, Exit.DONE)
        assert looks_between(world) == ([] if kind.endswith("-after") else [2])
        assert [row["SequenceNumber"] for row in world.emulator.salesforce.tiers("Status")] == [10, 20, 30]
        assert world.plan(planned.target.tiers).changes == ()


def test_with_a_key_one_whole_read_is_enough() -> None:
    with SETUP.world() as world:
        planned = world.plan(ladder("0", "250"))
        world.emulator.faults.append(Fault(CREATE, "drop-before"))
        assert fates(world.apply(planned)) == [Fate.DONE] * 2
        assert looks_between(world) == [1]


def test_somebody_else_s_tier_of_the_same_key_is_taken_for_ours_only_if_equal() -> None:
    for minimum, fate in ((250, Fate.DONE), (300, Fate.CONFLICT)):
        with SETUP.world() as world:
            hold(world, ("T0", 0, 10))
            planned = world.plan(ladder("0", "250"))

            def create_it(world: contract.World = world, minimum: int = minimum) -> None:
                if not any(row["Name"] == "T1" for row in world.emulator.salesforce.tiers("Status")):
                    hold(world, ("T1", minimum, 20), Tierops_Key__c="0ltXX0000000001AAA:T1")

            send = world.connection.account.send

            def late(request: Any, send: Any = send, create_it: Any = create_it) -> Any:
                create_it()
                return send(request)

            world.connection.account.send = late  # type: ignore[method-assign]
            result = world.apply(planned)
            assert fates(result) == [fate]
            assert len(world.emulator.salesforce.tiers("Status")) == 2
            assert apply.exit_code([result]) is not Exit.FAILED


def test_one_record_that_is_refused_takes_all_with_it_and_is_named() -> None:
    with SETUP.world("salesforce.crossing_balances=refused") as world:
        world.emulator.salesforce.add_tiers(
            "Status", [{"Name": "Hidden", "MinimumEligibleBalance": 250}], visible_at=9e9
        )
        result = world.apply(world.plan(ladder("0", "250", "500")))
        assert (fates(result), apply.exit_code([result])) == ([Fate.NOT_DONE] * 3, Exit.FAILED)
        assert "created none of the records: FIELD_CUSTOM_VALIDATION_EXCEPTION" in result.trouble
        assert "ROLLED_BACK" not in result.trouble
        assert [row["Name"] for row in world.emulator.salesforce.tiers("Status")] == ["Hidden"]


def test_a_part_that_was_created_all_the_same_is_no_success_and_no_failure() -> None:
    with SETUP.world("salesforce.crossing_balances=refused", "salesforce.all_or_none=broken") as world:
        world.emulator.salesforce.add_tiers(
            "Status", [{"Name": "Hidden", "MinimumEligibleBalance": 250}], visible_at=9e9
        )
        planned = world.plan(ladder("0", "250", "500"))
        result = world.apply(planned)
        assert fates(result) == [Fate.DONE, Fate.UNKNOWN, Fate.UNKNOWN]
        assert apply.exit_code([result]) is Exit.UNKNOWN
        assert world.emulator.writes == 1


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [{"id": "0lgXX0000000009AAA", "success": True, "errors": []}],
        [{"success": True, "errors": []}] * 2,
        [{"id": "0lgXX0000000009AAA", "errors": []}] * 2,
        {"id": "0lgXX0000000009AAA", "success": True},
        None,
    ],
)
def test_an_answer_that_does_not_name_every_record_is_read_back(answer: object) -> None:
    with SETUP.world() as world:
        world.bends.append(contract.Bend("POST */composite/sobjects", lambda _: answer))
        result = world.apply(world.plan(ladder("0", "250")))
        assert fates(result) == [Fate.DONE] * 2
        assert world.emulator.writes == 1


def test_a_plan_rests_on_the_field_for_keys() -> None:
    with SETUP.world() as world:
        planned = world.plan(ladder("0"))
        assert planned.live.facts["key field"] == "Tierops_Key__c"
        world.emulator.switches = Switches.parse(["salesforce.key_field=external"], (SETUP.api,))
        again = contract.World(SETUP, ["salesforce.key_field=external"])
        with again, pytest.raises(PlanRefused, match="what it rests on has changed"):
            plan.missing(planned, again.connection.fetch(again.place)._replace(identity=planned.live.identity))


def test_above_two_hundred_tiers_there_are_several_requests_low_to_high() -> None:
    with SETUP.world() as world:
        planned = world.plan(ladder(*map(str, range(401))))
        assert [len(request.tiers) for request in planned.requests] == [200, 200, 1]
        assert set(fates(world.apply(planned))) == {Fate.DONE}
        assert world.plan(planned.target.tiers).changes == ()


# The limit of a day.


def test_the_calls_that_are_left_are_told_by_each_answer() -> None:
    def left(header: str) -> tuple[int | None, int | None]:
        return VENDOR.allowance({"Sforce-Limit-Info": header})[:2]

    assert left("api-usage=10018/100000") == (89982, 100000)
    assert left("api-usage=18/5000; per-app-api-usage=17/250(appName=tiers)") == (233, 250)
    assert left("api-usage=5001/5000; api-bursts=1/750") == (0, 5000)
    assert left("api-usage=many") == left("") == (None, None)


def test_an_apply_that_does_not_fit_into_the_day_does_not_start() -> None:
    with SETUP.world("salesforce.rate_limit=12") as world:
        planned = world.plan(ladder("0"))
        with pytest.raises(NotSent, match=r"Salesforce allows \d+ calls? now.*nothing was started"):
            world.apply(planned)
        assert (world.emulator.writes, world.clock.pauses) == (0, [])


def test_calls_that_are_used_up_are_not_waited_for() -> None:
    with SETUP.world("salesforce.rate_limit=3") as world:
        with pytest.raises(TieropsError, match=r"REQUEST_LIMIT_EXCEEDED.*used up; tierops does not wait") as caught:
            world.connection.fetch(world.place)
        assert "Check SALESFORCE" not in str(caught.value)
        assert world.clock.pauses == []


def test_a_create_that_the_limit_refuses_is_not_created() -> None:
    with SETUP.world() as world:
        planned = world.plan(ladder("0"))
        world.emulator.faults.append(Fault(CREATE, "403"))
        pauses = len(world.clock.pauses)
        result = world.apply(planned)
        assert (fates(result), apply.exit_code([result])) == ([Fate.NOT_DONE], Exit.FAILED)
        assert "used up" in result.trouble
        assert world.clock.pauses[pauses:] == [contract.setup.SETTLE]


# What answers say.


@pytest.mark.parametrize(
    ("body", "said", "status"),
    [
        (
            [{"message": "Session expired", "errorCode": "INVALID_SESSION_ID"}],
            "INVALID_SESSION_ID: Session expired",
            401,
        ),
        ([{"message": "No", "errorCode": "NOT_FOUND"}], "NOT_FOUND: No", 404),
        ([{"message": "Oh", "errorCode": "UNKNOWN_EXCEPTION"}], "UNKNOWN_EXCEPTION: Oh", 500),
        ([{"message": "x", "errorCode": "MALFORMED_QUERY"}], "MALFORMED_QUERY: x", 400),
        (
            [{"statusCode": "STRING_TOO_LONG", "message": "long", "fields": ["Name"]}],
            "STRING_TOO_LONG: long (Name)",
            None,
        ),
        ({"error": "invalid_grant", "error_description": "no"}, "invalid_grant: no", None),
        ([{"id": "0lg", "success": True, "errors": []}], '[{"id":"0lg"', None),
        ([], "[]", None),
        ("x", '"x"', None),
    ],
)
def test_what_is_an_error_is_told_in_a_sentence(body: Any, said: str, status: int | None) -> None:
    assert explain(body).startswith(said)
    assert refusal(body) == status
