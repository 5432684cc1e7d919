"""A saved plan cannot surprise: whatever happened to it or to what it is for, apply writes nothing and says why."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from harness import Run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierops import __version__, plan, plan_file
from tierops.emulator import Emulator
from tierops.emulator.server import serve
from tierops.errors import Exit, PlanRefused
from tierops.model import Plan, TargetPlan
from tierops.providers.voucherify import VENDOR
from tierops.text import jsontext

LADDER = """
version: 1
program: club
targets: [{voucherify: {campaign: Club}}]
tiers:
  - {name: Bronze, from: 0}
  - {name: Silver, from: 250}
  - {name: Gold, from: 500}
"""
BRONZE = {"name": "Bronze", "points": {"from": 0, "to": 249}}
SILVER = {"name": "Silver", "points": {"from": 250, "to": 499}}
GOLD = {"name": "Gold", "points": {"from": 500}}
PLAN = Path("plan.json")


@pytest.fixture
def club(emulator: Emulator, tierops: Run) -> Emulator:
    """A campaign with Bronze, and a saved plan to create Silver and Gold."""
    emulator.voucherify.add_campaign("Club", id="camp_club", tiers=[BRONZE])
    Path("tiers/environments").mkdir(parents=True)
    Path("tiers/club.yaml").write_text(LADDER)
    for name in ("production", "sandbox"):
        Path(f"tiers/environments/{name}.yaml").write_text(f"version: 1\nenvironment: {name}\n")
    assert tierops("plan", "--out", str(PLAN)).code == Exit.DONE
    return emulator


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEROPS_ENV", "production")


# What happened since, at the vendor or around the command.


class Since(NamedTuple):
    happened: str
    do: Callable[[Emulator, pytest.MonkeyPatch], object]
    sentence: str


def edit(**changes: object) -> Callable[[Emulator, pytest.MonkeyPatch], object]:
    return lambda club, _: club.voucherify.edit_tier("Club", "Bronze", **changes)


def add(*tiers: dict) -> Callable[[Emulator, pytest.MonkeyPatch], object]:
    return lambda club, _: club.voucherify.add_tiers("Club", tiers)


def recreate(club: Emulator, _: pytest.MonkeyPatch) -> None:
    club.voucherify.delete_tier("Club", "Bronze")
    club.voucherify.add_tiers("Club", [BRONZE])


def environ(name: str, change: Callable[[str], str]) -> Callable[[Emulator, pytest.MonkeyPatch], object]:
    return lambda _, monkeypatch: monkeypatch.setenv(name, change(os.environ[name]))


CHANGED = r"error: club/voucherify: live tier 'Bronze' \(ltr_\w+\) was changed since the plan was made "
APPEARED = r"live tier 'Gold' \(ltr_\w+\) has appeared, but not as the plan would create it "
EARNING = {"type": "CUSTOM", "points": 1}
SINCE = [
    Since("a range changed", edit(points={"from": 0, "to": 199}), CHANGED + r"\(range: 0–249 → 0–199\); make a new"),
    Since("a field changed", edit(metadata={"perk": "x"}), CHANGED + r'\(metadata: absent → \{"perk":"x"\}\)'),
    Since("a tier was renamed", edit(name="Bronce"), CHANGED + r'\(name: "Bronze" → "Bronce"\)'),
    Since(
        "much changed",
        edit(name="B", points={"from": 9, "to": 10}, metadata={"perk": "x"}, earning_rules={"ern_1": EARNING}),
        CHANGED + r'\(name: "Bronze" → "B"; range: 0–249 → 9–10; earning_rules: .*; and 1 more\)',
    ),
    Since("a long text changed", edit(metadata={"perk": "x" * 9999}), CHANGED + r"\(metadata: .{,90}…\); make a new"),
    Since("escapes came in", edit(metadata={"perk": "\x1b[2J\u202e"}), r'"perk":"\\u001b\[2J\\u202e"'),
    Since("a tier went", lambda club, _: club.voucherify.delete_tier("Club", "Bronze"), "'Bronze' .* has gone since"),
    Since("a tier was made anew", recreate, r"'Bronze' \(ltr_\w+\) has gone since the plan was made"),
    Since("a tier appeared", add({"name": "VIP", "points": {"from": 900}}), r"'VIP' \(ltr_\w+\) has appeared since"),
    Since(
        "a planned tier appeared otherwise",
        add({"name": "Gold", "points": {"from": 501}}),
        APPEARED + r"\(range: 501\+ → 500\+\); make a new plan",
    ),
    Since("a planned tier appeared twice", add(GOLD, GOLD), "live tier 'Gold' exists twice; make a new plan"),
    Since("the account is another", environ("VOUCHERIFY_APP_ID", lambda _: "other"), "the keys of another account"),
    Since(
        "the host is another",
        environ("VOUCHERIFY_URL", lambda url: url.replace("127.0.0.1", "localhost")),
        r"it was made for http://127\.0\.0\.1:\d+/voucherify, not for http://localhost:\d+/voucherify",
    ),
    Since(
        "the environment is another",
        environ("TIEROPS_ENV", lambda _: "sandbox"),
        "the plan was made for production, not for sandbox",
    ),
]


@pytest.mark.parametrize("since", SINCE, ids=lambda since: since.happened)
def test_a_plan_that_no_longer_fits_is_refused_and_says_what_changed(
    since: Since, club: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tierops("show", str(PLAN)).code == Exit.DONE
    since.do(club, monkeypatch)
    ended = tierops("apply", str(PLAN))
    assert (ended.code, ended.out, club.writes) == (Exit.REFUSED, "", 0)
    assert re.search(since.sentence, ended.err)


@pytest.mark.parametrize("other", ["HTTP://{}/", "http://{}/v1", "http://{}/v1/"])
def test_an_address_may_be_written_otherwise(
    other: str, club: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOUCHERIFY_URL", other.format(os.environ["VOUCHERIFY_URL"].removeprefix("http://")))
    ended = tierops("apply", str(PLAN))
    assert (ended.code, club.writes) == (Exit.DONE, 1)


def test_a_plan_for_a_campaign_that_has_gone_is_refused(
    club: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Emulator()) as empty, serve(empty) as server:
        monkeypatch.setenv("VOUCHERIFY_URL", f"{server.url}/voucherify")
        ended = tierops("apply", str(PLAN))
    assert (ended.code, empty.writes) == (Exit.REFUSED, 0)
    assert "what the plan was made for has gone: campaign 'Club'" in ended.err


def test_a_plan_for_a_group_that_has_come_by_other_hands_is_refused(
    emulator: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TIEROPS_ENV")
    Path("tiers").mkdir()
    text = LADDER.replace("{voucherify: {campaign: Club}}", "{fanfare: {group: Club, attribute: ltv}}")
    Path("tiers/club.yaml").write_text(text)
    assert tierops("plan", "--out", str(PLAN)).code == Exit.DONE
    emulator.fanfare.add_group("Club", "ltv", [{"name": "Bronze", "startValue": 0, "endValue": 99, "order": 0}])
    ended = tierops("apply", str(PLAN))
    assert (ended.code, emulator.writes) == (Exit.REFUSED, 0)
    assert re.search(r"live tier 'Bronze' \(\S+\) has appeared, but not .* \(range: 0–<99 → 0–<250\); ", ended.err)


# What happened to the file.


class Bent(NamedTuple):
    how: str
    bend: Callable[[bytes], bytes]
    sentence: str
    shown: bool = False  # by `show`, for the file is whole and only not to be applied here and now


def made(change: Callable[[Plan], Plan]) -> Callable[[bytes], bytes]:
    """The plan as tierops would have written it in another situation."""
    return lambda content: plan_file.dumps(change(plan_file.loads(content))).encode()


def timed(created: timedelta, lifetime: timedelta = timedelta(hours=24)) -> Callable[[bytes], bytes]:
    """The plan as made at another time, counted from now."""
    at = datetime.now(UTC).replace(microsecond=0) + created
    return made(lambda p: p._replace(created_at=at.isoformat(), expires_at=(at + lifetime).isoformat()))


def _at(target: TargetPlan, **identity: str) -> TargetPlan:
    live = target.live._replace(identity=target.live.identity._replace(**identity))
    return plan.build(target.target, live, VENDOR)


def at_target(**identity: str) -> Callable[[bytes], bytes]:
    def change(p: Plan) -> Plan:
        (target,) = p.targets
        return p._replace(targets=(_at(target, **identity),))

    return made(change)


def forged(alter: Callable[[dict], object]) -> Callable[[bytes], bytes]:
    """Altered by somebody who knows how to make the digest fit."""

    def bend(content: bytes) -> bytes:
        data = jsontext.loads(content)
        alter(data)
        data.pop("digest")
        return (jsontext.dumps(data | {"digest": jsontext.digest(data)}, indent=2) + "\n").encode()

    return bend


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def bend(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return bend


def only(content: bytes) -> Callable[[bytes], bytes]:
    return lambda _: content


def deep(levels: int) -> bytes:
    return b'{"format_version": "1", "digest": "", "targets": ' + b"[" * levels + b"]" * levels + b"}"


ERROR = {
    **dict.fromkeys(("rule", "message", "member", "program", "tier", "waiver"), "x"),
    "at": {"file": "a.yaml", "line": 1, "column": 1},
    "severity": "error",
    "targets": [],
}
ALTERED = "the plan was altered after it was made: it is not byte for byte what tierops wrote"
FILES = [
    Bent("empty", only(b""), "not a plan, or cut short: it is not JSON"),
    Bent("text", only(b"Bronze, Silver, Gold\n"), "it is not JSON"),
    Bent("a program", only(LADDER.encode()), "it is not JSON"),
    Bent("binary", only(bytes(range(256))), "it is not JSON"),
    Bent("a list", only(b"[1]"), "not a plan: no format_version; make one with `tierops plan --out FILE`"),
    Bent("a number", only(b"1"), "not a plan: no format_version"),
    Bent("other JSON", only(b'{"version": 1}'), "not a plan: no format_version"),
    Bent("a report", only(b'{"format_version": "1", "plan": {}}'), r"no digest; a report \(--format json\) is none"),
    Bent("half of it", lambda content: content[: len(content) // 2], "cut short: it is not JSON"),
    Bent("two of it", lambda content: content * 2, "it is not JSON"),
    Bent("a key twice", replaced(b'"targets"', b'"targets": [], "targets"'), "key 'targets' appears twice"),
    Bent("NaN", replaced(b'"lower": 0', b'"lower": NaN'), "not JSON: NaN"),
    Bent("Infinity", replaced(b'"lower": 0', b'"lower": -Infinity'), "not JSON: -Infinity"),
    Bent("a million digits", replaced(b'"lower": 0', b'"lower": ' + b"1" * 10**6), "number out of range: 1{60}…"),
    Bent("a large exponent", replaced(b'"lower": 0', b'"lower": 1e999999'), "number out of range: 1e999999"),
    Bent("a lone surrogate", replaced(b"Bronze", b"\xed\xa0\x80"), ALTERED),
    Bent("an escaped surrogate", replaced(b"Bronze", b"\\ud800"), ALTERED),
    Bent("nested too deeply to read", only(deep(100_000)), "nested too deeply"),
    Bent("nested too deeply to check", only(deep(900)), "nested too deeply"),
    Bent("nested", only(deep(100)), ALTERED),
    Bent("enormous", lambda content: content + b" " * (192 * 1024**2), "more than 192 MiB, which no plan has"),
    Bent("of too many values", only(b"[" + b"{}," * 3_000_001 + b"{}]"), "more than 3,000,000 values, which no"),
    Bent("other line ends", lambda content: content.replace(b"\n", b"\r\n"), ALTERED),
    Bent("a byte order mark", lambda content: b"\xef\xbb\xbf" + content, ALTERED),
    Bent("UTF-16", lambda content: content.decode().encode("utf-16"), ALTERED),
    Bent("formatted anew", lambda content: json.dumps(json.loads(content)).encode(), ALTERED),
    Bent("sorted anew", lambda content: json.dumps(json.loads(content), indent=2, sort_keys=True).encode(), ALTERED),
    Bent("a number written otherwise", replaced(b'"lower": 0', b'"lower": 0.0'), ALTERED),
    Bent("another threshold", replaced(b'"lower": 250', b'"lower": 200'), ALTERED),
    Bent("another name", replaced(b'"name": "Silver"', b'"name": "Silber"'), ALTERED),
    Bent("a key less", forged(lambda data: data["targets"][0].pop("live")), "targets.0.live: Field required"),
    Bent("a key more", forged(lambda data: data.update(extra=1)), "extra: Extra inputs are not permitted"),
    Bent("a key of escapes", forged(lambda data: data.update({"\x1b[2J": 1})), r"schema describes it: \\x1b\[2J: "),
    Bent("an unknown kind", forged(lambda data: data["targets"][0]["changes"][0].update(kind="destroy")), "kind: "),
    Bent("another live digest", forged(lambda data: data["targets"][0].update(live_digest="sha256:0")), ALTERED),
    Bent("another address", forged(lambda data: data["targets"][0].update(address="other/voucherify")), ALTERED),
    Bent(
        "no day", forged(lambda data: data["targets"][0].update(effective_from="soon")), "effective_from: Value error"
    ),
    Bent("an empty day", forged(lambda data: data["targets"][0].update(effective_from="")), "effective_from: Value"),
    Bent("an error of the policy", forged(lambda data: data.update(policy=[ERROR])), "policy.0.severity: Input should"),
    Bent("an older format", forged(lambda data: data.update(format_version="0")), 'plan format "0" is not the one'),
    Bent("a newer format", forged(lambda data: data.update(format_version="2")), r'"2" is not the one .* reads \(1\)'),
    Bent("a format of another type", forged(lambda data: data.update(format_version=1)), "plan format 1 is not the"),
    Bent(
        "of a newer tierops",
        made(lambda p: p._replace(tool_version="99.0")),
        f"made by tierops 99.0, and this is {re.escape(__version__)}, .* make a new one",
        shown=True,
    ),
    Bent("of an older tierops", made(lambda p: p._replace(tool_version="0.0.1")), "by tierops 0.0.1, and", shown=True),
    Bent(
        "expired",
        timed(timedelta(hours=-27)),
        r"the plan expired at \S+\+00:00: it was made 27 hours ago, at \S+\+00:00; make a new one",
        shown=True,
    ),
    Bent("from the future", timed(timedelta(days=10)), "but here it is .*: one of the two clocks is", shown=True),
    Bent("of no time", made(lambda p: p._replace(created_at="today")), "created_at is 'today', not a", shown=True),
    Bent("of no zone", made(lambda p: p._replace(expires_at="2037-01-01")), "expires_at is '2037-01-01'", shown=True),
    Bent("of no environment", made(lambda p: p._replace(environment=None)), "made for no environment", shown=True),
    Bent(
        "of an environment named in escapes",
        made(lambda p: p._replace(environment="\x1b[2J\ud800")),
        r"made for \\x1b\[2J\\ud800, not for production",
        shown=True,
    ),
    Bent(
        "of another campaign of this name",
        at_target(id="camp_old"),
        r"it was made for campaign 'Club' \(camp_old\), but that is now camp_club; make a new plan",
        shown=True,
    ),
    Bent("of another host", at_target(base_url="https://api.example"), "made for https://api.example", shown=True),
]


@pytest.mark.parametrize("bent", FILES, ids=lambda bent: bent.how)
def test_a_plan_file_that_is_not_as_written_or_not_for_here_is_refused(
    bent: Bent, club: Emulator, tierops: Run
) -> None:
    PLAN.write_bytes(bent.bend(PLAN.read_bytes()))
    ended = tierops("apply", str(PLAN))
    assert (ended.code, club.writes) == (Exit.REFUSED, 0)
    assert re.search(bent.sentence, ended.err)
    assert ended.err.startswith("error: ")
    assert len(ended.err) < 600
    shown = tierops("show", str(PLAN))
    if bent.shown:
        assert shown.code == Exit.DONE
    else:
        assert (shown.code, shown.err) == (Exit.REFUSED, ended.err)
    assert "\x1b[2J" not in ended.err + shown.out


def test_a_plan_from_a_clock_that_is_a_little_fast_is_taken(club: Emulator, tierops: Run) -> None:
    PLAN.write_bytes(timed(timedelta(minutes=4))(PLAN.read_bytes()))
    assert (tierops("apply", str(PLAN)).code, club.writes) == (Exit.DONE, 1)


def test_a_file_without_end_is_read_no_further_than_a_plan_can_be_long(club: Emulator, tierops: Run) -> None:
    with PLAN.open("ab") as file:
        file.truncate(2**40)  # a hole, not a disk full of zeros
    ended = tierops("apply", str(PLAN))
    assert (ended.code, club.writes) == (Exit.REFUSED, 0)
    assert "more than 192 MiB" in ended.err


def test_a_plan_lives_as_long_as_asked(club: Emulator, tierops: Run) -> None:
    assert tierops("plan", "--out", str(PLAN), "--ttl", "30m").code == Exit.DONE
    saved = plan_file.loads(PLAN.read_bytes())
    lifetime = datetime.fromisoformat(saved.expires_at) - datetime.fromisoformat(saved.created_at)
    assert lifetime == timedelta(minutes=30)


@pytest.mark.parametrize("command", ["apply", "show"])
def test_what_is_no_file_is_refused_and_nothing_is_waited_for(command: str, club: Emulator, tierops: Run) -> None:
    Path("folder").mkdir()
    os.mkfifo("pipe")
    for name, reason in {
        "folder": "cannot read folder: Is a directory",
        "pipe": "cannot read pipe: it is not a regular file",
        "/dev/zero": "cannot read /dev/zero: it is not a regular file",
        "nowhere": "cannot read nowhere: No such file or directory",
        "x" * 300: "File name too long",
        "plan\0json": r"'plan\x00json' cannot be the name of a file",
        "": "'' cannot be the name of a file",
        "-": "'-' is not taken for stdin or stdout",
    }.items():
        ended = tierops(command, name)
        is_name = "name of a file" not in reason and "stdin" not in reason
        assert (ended.code, club.writes) == (Exit.FAILED if is_name else Exit.USAGE, 0)
        assert reason in " ".join(ended.err.split())


# Any one byte.

_anywhere = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@_anywhere
@given(data=st.data())
def test_any_one_byte_changed_removed_or_added_is_refused(data: st.DataObject, club: Emulator, tierops: Run) -> None:
    content = Path("whole.json").read_bytes() if Path("whole.json").exists() else PLAN.read_bytes()
    Path("whole.json").write_bytes(content)
    at = data.draw(st.integers(0, len(content) - 1), "position")
    byte = data.draw(st.binary(min_size=1, max_size=1).filter(lambda b: b != content[at : at + 1]), "byte")
    after = data.draw(st.sampled_from([byte, b"", content[at : at + 1] + byte]), "instead")
    PLAN.write_bytes(content[:at] + after + content[at + 1 :])
    assert (tierops("apply", str(PLAN)).code, club.writes) == (Exit.REFUSED, 0)
    assert tierops("show", str(PLAN)).code == Exit.REFUSED


SMALL = plan_file.dumps(Plan("1", "2027-01-01T00:00:00+00:00", "2027-01-02T00:00:00+00:00", None, ())).encode()


def test_a_small_plan_is_refused_with_any_bit_flipped_and_any_byte_removed_or_doubled() -> None:
    assert plan_file.loads(SMALL)
    for at in range(len(SMALL)):
        head, byte, tail = SMALL[:at], SMALL[at], SMALL[at + 1 :]
        for instead in (b"", bytes([byte, byte]), *(bytes([byte ^ 1 << bit]) for bit in range(8))):
            with pytest.raises(PlanRefused):
                plan_file.loads(head + instead + tail)


def test_a_plan_cut_short_anywhere_is_refused(club: Emulator) -> None:
    content = PLAN.read_bytes()
    for length in range(len(content)):
        with pytest.raises(PlanRefused):
            plan_file.loads(content[:length])


# What is no reason to refuse.


def test_a_plan_that_was_carried_out_in_part_is_resumed_and_then_does_nothing(club: Emulator, tierops: Run) -> None:
    club.voucherify.add_tiers("Club", [GOLD])  # all that an apply did before it was stopped
    ended = tierops("apply", str(PLAN))
    assert (ended.code, club.writes) == (Exit.DONE, 1)
    assert "created: Silver" in ended.out
    assert "was there already: Gold" in ended.out
    ended = tierops("apply", str(PLAN))
    assert (ended.code, club.writes) == (Exit.DONE, 1)
    assert "was there already: Silver" in ended.out
    assert [tier["name"] for tier in club.voucherify.tiers("Club")].count("Silver") == 1


def test_a_vendor_that_only_touches_a_tier_makes_no_plan_stale(club: Emulator, tierops: Run) -> None:
    club.voucherify.edit_tier("Club", "Bronze")
    assert (tierops("apply", str(PLAN)).code, club.writes) == (Exit.DONE, 1)


def test_a_plan_of_an_organisation_that_names_no_account_is_bound_to_its_key(
    emulator: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("tiers").mkdir()
    Path("tiers/club.yaml").write_text(
        "version: 1\nprogram: club\ntargets: [{fanfare: {group: Club, attribute: ltv}}]\ntiers: [{name: A, from: 0}]\n"
    )
    monkeypatch.delenv("TIEROPS_ENV")
    assert tierops("plan", "--out", "plan.json").code == Exit.DONE
    own = os.environ["FANFARE_SECRET_KEY"]
    monkeypatch.setenv("FANFARE_SECRET_KEY", "sk_test_of_somebody_else")
    ended = tierops("apply", "plan.json")
    assert (ended.code, emulator.writes) == (Exit.REFUSED, 0)
    assert "it was made with the keys of another account" in ended.err
    monkeypatch.setenv("FANFARE_SECRET_KEY", own)
    assert tierops("apply", "plan.json").code == Exit.DONE
    assert tierops("apply", "plan.json").code == Exit.DONE
    assert emulator.writes == 1


def test_a_plan_of_another_key_names_the_variable_that_binds_two_keys_of_one_project(
    club: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOUCHERIFY_APP_ID", "another")
    ended = tierops("apply", str(PLAN))
    assert ended.code == Exit.REFUSED
    assert "VOUCHERIFY_PROJECT" in ended.err
