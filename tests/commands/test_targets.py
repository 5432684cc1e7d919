"""Several targets, vendors and environments in one run, and the audit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from harness import Run
from ladders import DOCUMENTED

from tierops.emulator import Emulator, Fault
from tierops.errors import Exit, VendorError
from tierops.model import Request
from tierops.providers.connections import connect

SAMPLES = Path(__file__).parents[2] / "tiers"
BOTH = """
version: 1
program: coffee-club
targets:
  - voucherify: {campaign: Coffee Club}
  - fanfare: {group: Coffee Club, attribute: loyaltyBalance}
tiers:
  - {name: Bronze, from: 0}
  - {name: Silver, from: 250}
  - {name: Gold, from: 500}
"""


@pytest.fixture
def club(emulator: Emulator, tierops: Run) -> Emulator:
    """One ladder for both vendors; a campaign without tiers, and no group."""
    emulator.voucherify.add_campaign("Coffee Club", id="camp_coffee")
    Path("tiers").mkdir()
    Path("tiers/coffee-club.yaml").write_text(BOTH)
    return emulator


def posts(emulator: Emulator) -> list[str]:
    return [sent[1] for sent in emulator.requests if sent[0] != "GET"]


def test_one_ladder_goes_to_both_vendors_and_then_nothing_is_left(club: Emulator, tierops: Run) -> None:
    ended = tierops("plan", "--detailed-exitcode")
    assert ended.code == Exit.DIFFERENCES
    assert ended.out.index("coffee-club/voucherify") < ended.out.index("coffee-club/fanfare")
    assert "Requests to Voucherify: 2 reads, 1 write to come; 1,998 calls left before its limit." in " ".join(
        ended.out.split()
    )
    assert "Requests to Fanfare: 1 read, 1 write to come; 999 calls left before its limit." in ended.out
    assert tierops("apply", "--auto-approve").code == Exit.DONE
    assert sorted(posts(club)) == ["/fanfare/audiences/loyalty-tiers", "/voucherify/v1/loyalties/camp_coffee/tiers"]
    assert tierops("plan", "--detailed-exitcode").code == Exit.DONE
    assert tierops("apply", "--auto-approve").code == Exit.DONE
    assert len(posts(club)) == 2


def test_a_group_that_lost_a_tier_is_blocked_while_the_other_vendor_is_completed(club: Emulator, tierops: Run) -> None:
    tierops("apply", "--auto-approve")
    club.fanfare.delete_tier("Coffee Club", "Silver")
    club.voucherify.delete_tier("Coffee Club", "Silver")
    planned = tierops("plan")
    assert "! Silver" in planned.out
    assert "creates whole groups only" in " ".join(planned.out.split())
    ended = tierops("apply", "--auto-approve")
    assert ended.code == Exit.REMAINING
    assert "created: Silver" in ended.out
    assert posts(club)[2:] == ["/voucherify/v1/loyalties/camp_coffee/tiers"]


def test_output_is_in_file_order_whatever_the_timing(club: Emulator, tierops: Run) -> None:
    club.faults.append(Fault(on="GET /v1/loyalties/*", kind="delay", value=300))
    document = json.loads(tierops("plan", "--format", "json").out)
    assert [target["address"] for target in document["plan"]["targets"]] == [
        "coffee-club/voucherify",
        "coffee-club/fanfare",
    ]
    assert {usage["provider"]: usage["reads"] for usage in document["requests"]} == {"voucherify": 2, "fanfare": 1}


def test_the_shared_list_is_read_once_however_many_groups(club: Emulator, tierops: Run) -> None:
    for n in range(5):
        program = DOCUMENTED.replace("program: spending", f"program: g{n}").replace("Spending Tiers", f"G{n}")
        Path(f"tiers/g{n}.yaml").write_text(program)
        club.fanfare.add_group(f"G{n}", "ltv", [{"name": "Bronze", "order": 0, "startValue": 0}])
    tierops("plan", "--program", "g*")
    paths = [sent[1] for sent in club.requests]
    assert sum(path == "/fanfare/audiences" for path in paths) == 1
    assert len(paths) == 6


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_one_campaign_by_name_and_by_id_is_refused(command: str, club: Emulator, tierops: Run) -> None:
    other = BOTH.replace("program: coffee-club", "program: other").replace(
        "campaign: Coffee Club", "campaign: camp_coffee"
    )
    Path("tiers/other.yaml").write_text(
        other.replace("  - fanfare: {group: Coffee Club, attribute: loyaltyBalance}\n", "")
    )
    assert tierops("validate").code == Exit.DONE
    ended = tierops(command)
    assert ended.code == Exit.FAILED
    assert (
        "tiers/other.yaml:5:5: duplicate-target: voucherify 'Coffee Club' (camp_coffee) is already a target at "
        "tiers/coffee-club.yaml:5:5"
    ) in ended.out
    assert posts(club) == []


def test_the_documented_fanfare_example_is_one_post_and_then_empty(emulator: Emulator, tierops: Run) -> None:
    Path("tiers").mkdir()
    Path("tiers/spending.yaml").write_text(DOCUMENTED)
    assert tierops("apply", "--auto-approve").code == Exit.DONE
    ((_, path, body),) = [sent for sent in emulator.requests if sent[0] == "POST"]
    assert path == "/fanfare/audiences/loyalty-tiers"
    assert body == {
        "groupName": "Spending Tiers",
        "attribute": "ltv",
        "tiers": [
            {"name": "Bronze", "startValue": 0, "endValue": 100, "order": 0},
            {"name": "Silver", "startValue": 100, "endValue": 500, "order": 1},
            {"name": "Gold", "startValue": 500, "endValue": 1000, "order": 2},
            {"name": "Platinum", "startValue": 1000, "order": 3},
        ],
    }
    assert tierops("plan", "--detailed-exitcode").code == Exit.DONE


def test_a_saved_plan_of_a_new_group_is_applied_resumed_and_applied_twice(club: Emulator, tierops: Run) -> None:
    tierops("plan", "--out", "plan.json")
    club.faults.append(Fault(on="POST /v1/loyalties/*", kind="403"))
    assert tierops("apply", "plan.json", "--settle", "0").code == Exit.PARTIAL
    assert tierops("apply", "plan.json").code == Exit.DONE
    assert tierops("apply", "plan.json").code == Exit.DONE
    assert posts(club).count("/fanfare/audiences/loyalty-tiers") == 1


def test_a_saved_plan_of_a_group_that_is_live_in_part_by_now_is_refused(club: Emulator, tierops: Run) -> None:
    tierops("plan", "--out", "plan.json")
    bronze = {"name": "Bronze", "order": 0, "startValue": 0, "endValue": 250}
    club.fanfare.add_group("Coffee Club", "loyaltyBalance", [bronze])
    ended = tierops("apply", "plan.json")
    assert ended.code == Exit.REFUSED
    assert "coffee-club/fanfare: the group exists, and Fanfare's API creates whole groups only" in ended.err
    assert posts(club) == []


def test_drift_finds_what_was_done_by_hand_at_its_place_and_only_reads(club: Emulator, tierops: Run) -> None:
    tierops("apply", "--auto-approve")
    club.requests.clear()
    ended = tierops("drift")
    assert (ended.code, ended.out.splitlines()[0]) == (Exit.DONE, "No drift: live equals the files at 2 targets.")
    club.voucherify.edit_tier("Coffee Club", "Gold", points={"from": 500, "to": 900})
    club.voucherify.add_tiers("Coffee Club", [{"name": "VIP", "points": {"from": 901}}])
    club.fanfare.delete_tier("Coffee Club", "Bronze")
    club.faults.append(Fault(on="POST *", kind="500-before", times=None))
    ended = tierops("drift")
    assert ended.code == Exit.DIFFERENCES
    lines = ended.out.splitlines()
    assert lines[0].startswith(
        "tiers/coffee-club.yaml:10:5: ~ coffee-club/voucherify: Gold: live 500–900, file 500+ points (last"
    )
    assert lines[1] == "tiers/coffee-club.yaml:5:5: ? coffee-club/voucherify: VIP is in no file"
    assert lines[2] == "tiers/coffee-club.yaml:8:5: ! coffee-club/fanfare: Bronze is missing"
    assert lines[3] == "Drift: 1 missing, 1 differing, 1 in no file at 2 targets."
    assert {sent[0] for sent in club.requests} == {"GET"}
    document = json.loads(tierops("drift", "--format", "json").out)
    assert (document["command"], document["exit_code"]) == ("drift", 2)


def test_drift_that_cannot_read_exits_with_1(club: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tierops.host.interrupts.Stop.sleep", lambda *_: None)
    club.faults.append(Fault(on="GET /v1/loyalties/*/tiers", kind="503-before", times=None))
    assert tierops("drift").code == Exit.FAILED


@pytest.mark.parametrize("vendor", ["voucherify", "fanfare"])
def test_a_client_that_only_reads_lets_nothing_else_out(vendor: str, club: Emulator, served) -> None:
    environ = {"VOUCHERIFY_OAUTH_TOKEN": "t", "FANFARE_SECRET_KEY": "sk"}
    urls = {name: f"{served.url}/{name}" for name in ("voucherify", "fanfare")}
    refused = pytest.raises(VendorError, match=r"POST .* was not sent: this command only reads")
    with connect([vendor], environ, urls, is_read_only=True) as accounts, refused:
        accounts[vendor].send(Request("POST", "/anything", {"groupName": "Club"}, ()))
    assert club.requests == []


@pytest.fixture
def samples(emulator: Emulator, tierops: Run) -> Emulator:
    shutil.copytree(SAMPLES, "tiers")
    emulator.voucherify.load_examples()
    emulator.voucherify.add_campaign("Coffee Club (sandbox)", id="camp_sandbox")
    emulator.voucherify.add_campaign("Coffee Club", id="camp_rRsfatlwN7unSeUIJDCYedal")
    return emulator


@pytest.mark.parametrize(
    ("environment", "campaign", "rule"),
    [
        ("sandbox", "camp_sandbox", "ern_raVUcdXruvXGuzm682ESrAzt"),
        ("production", "camp_rRsfatlwN7unSeUIJDCYedal", "ern_95aq3JaE5A8xzHjoJPYNRqXZ"),
    ],
)
def test_the_samples_go_to_each_environment_with_its_values(
    environment: str, campaign: str, rule: str, samples: Emulator, tierops: Run
) -> None:
    assert tierops("validate", "--env", environment).code == Exit.DONE
    chosen = ("--env", environment, "--program", "coffee-club", "--program", "loyalty-campaign")
    assert tierops("apply", "--auto-approve", *chosen).code == Exit.DONE
    silver = samples.voucherify.tiers(campaign)[1]
    assert silver["earning_rules"] == {rule: {"type": "MULTIPLY", "multiplier": 2}}
    assert tierops("plan", "--detailed-exitcode", *chosen).code == Exit.DONE


def test_an_unresolved_value_fails_before_any_request_with_the_nearest_name(samples: Emulator, tierops: Run) -> None:
    path = Path("tiers/environments/sandbox.yaml")
    path.write_text(path.read_text().replace("double_points", "double_pts"))
    ended = tierops("plan", "--env", "sandbox")
    assert ended.code == Exit.FAILED
    assert "tiers/coffee-club.yaml:19:9: unknown-value:" in ended.out
    assert "did you mean `double_pts`?" in ended.out
    assert samples.requests == []


def test_drift_tells_what_stands_in_the_files_of_findings_it_cannot_place(club: Emulator, tierops: Run) -> None:
    club.fanfare.add_group("Coffee Club", "ltv", [{"name": "Bronze", "order": 0, "startValue": 0, "endValue": "9.90"}])
    ended = tierops("drift", "--program", "coffee-club")
    assert ended.code == Exit.DIFFERENCES
    assert 'attribute: live "ltv", file "loyaltyBalance"' in ended.out


def test_an_environment_file_with_problems_refuses_a_plan_file(club: Emulator, tierops: Run) -> None:
    tierops("plan", "--out", "plan.json")
    Path("tiers/environments").mkdir()
    Path("tiers/environments/x.yaml").write_text("version: 2\n")
    ended = tierops("apply", "plan.json", "--env", "x")
    assert ended.code == Exit.REFUSED
    assert "made for no environment, not for x" in ended.err


# One of them


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--target coffee-club/fanfare", ["fanfare"]),
        ("--target coffee-club/f*", ["fanfare"]),
        ("--target */voucherify", ["voucherify"]),
        ("--target coffee-club/fanfare --target coffee-club/voucherify", ["voucherify", "fanfare"]),
        ("--target coffee-club/*", ["voucherify", "fanfare"]),
        ("--program coffee* --target *fanfare", ["fanfare"]),
    ],
)
def test_targets_are_chosen_by_their_printed_addresses(
    line: str, expected: list[str], club: Emulator, tierops: Run
) -> None:
    chosen = line.split()
    for command in ("plan", "drift"):
        ended = tierops(command, "--format", "json", *chosen)
        assert [target["address"] for target in json.loads(ended.out)["plan"]["targets"]] == [
            f"coffee-club/{name}" for name in expected
        ]
    read = {path.split("/")[1] for method, path, _ in club.requests}
    assert read == set(expected)
    assert tierops("apply", "--auto-approve", *chosen).code == Exit.DONE
    assert {path.split("/")[1] for path in posts(club)} == set(expected)


def test_a_target_of_a_saved_plan_alone_is_carried_out(club: Emulator, tierops: Run) -> None:
    assert tierops("plan", "--out", "plan.json").code == Exit.DONE
    assert tierops("apply", "plan.json", "--target", "coffee-club/voucherify").code == Exit.DONE
    assert posts(club) == ["/voucherify/v1/loyalties/camp_coffee/tiers"]
    assert tierops("plan", "--target", "coffee-club/fanfare", "--out", "rest.json").code == Exit.DONE
    assert tierops("apply", "rest.json").code == Exit.DONE
    assert tierops("plan", "--detailed-exitcode").code == Exit.DONE


@pytest.mark.parametrize("command", [("plan",), ("drift",), ("apply", "--auto-approve"), ("apply", "plan.json")])
def test_a_target_that_is_not_there_is_refused_with_the_nearest(
    command: tuple[str, ...], club: Emulator, tierops: Run
) -> None:
    assert tierops("plan", "--out", "plan.json").code == Exit.DONE
    reads = len(club.requests)
    ended = tierops(*command, "--target", "coffee-club/fanfair")
    assert ended.code == Exit.USAGE
    assert (
        "--target coffee-club/fanfair: no such target; did you mean coffee-club/fanfare;"
        " there are: coffee-club/voucherify, coffee-club/fanfare" in ended.err
    )
    assert len(club.requests) == reads


def test_a_program_and_a_target_that_have_nothing_in_common_are_refused(club: Emulator, tierops: Run) -> None:
    Path("tiers/tea.yaml").write_text(BOTH.replace("coffee-club", "tea").replace("Coffee Club", "Tea Club"))
    ended = tierops("plan", "--program", "tea", "--target", "coffee-club/*")
    assert ended.code == Exit.USAGE
    assert "no target is in one of the programs of --program and fits --target, too" in ended.err
