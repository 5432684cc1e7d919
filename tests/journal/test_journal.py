"""The journal: nothing leaves before its intent is on disk, and nothing in it can be changed unseen."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from click import unstyle
from harness import CAMPAIGN, KEYS, InProcess, Run, Slept, running
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierops import __version__, providers
from tierops.emulator import Emulator, Fault
from tierops.errors import AnswerLost, BadFile, Exit, NotSent, VendorError
from tierops.journal import Journal, begin, who
from tierops.journal.check import Verdict, verify
from tierops.journal.line import LONGEST, NOTHING, compose
from tierops.model import Request, Severity, Value
from tierops.providers.accounts import Credentials, Dialect
from tierops.providers.http import Client
from tierops.providers.limits import Waiting
from tierops.text import jsontext

POST = "POST /v1/loyalties/*/tiers"
BY = {"ci": None, "user": "ann"}
CI = ("GITHUB_ACTOR", "GITHUB_SHA", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_REPOSITORY")
GITLAB = ("GITLAB_CI", "GITLAB_USER_LOGIN", "CI_COMMIT_SHA", "CI_PIPELINE_ID", "CI_PROJECT_PATH")


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*CI, *GITLAB):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture
def missing(emulator: Emulator, sample: Path) -> Emulator:
    """The documented list, live without its middle tier and as a file."""
    emulator.voucherify.load_examples()
    emulator.voucherify.delete_tier(CAMPAIGN, "Middle")
    return emulator


@pytest.fixture
def both(emulator: Emulator, tmp_path: Path) -> Emulator:
    """One ladder for both vendors, live at none."""
    emulator.voucherify.add_campaign("Club", id="camp_club")
    (tmp_path / "tiers").mkdir()
    (tmp_path / "tiers/club.yaml").write_text(
        "version: 1\nprogram: club\ntargets:\n  - voucherify: {campaign: Club}\n"
        "  - fanfare: {group: Club, attribute: loyaltyBalance}\n"
        "tiers: [{name: Bronze, from: 0}, {name: Silver, from: 250}]\n"
    )
    return emulator


def apply(run: Run, *more: str) -> Any:
    return run("apply", "--auto-approve", "--settle", "0", "--journal", "journal.jsonl", *more)


def lines(path: Path, *kinds: str) -> list[dict[str, Any]]:
    written = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in written if not kinds or line["kind"] in kinds]


def kinds(path: Path) -> list[str]:
    return [line["kind"] for line in lines(path)]


def posts(emulator: Emulator) -> int:
    return sum(sent[0] == "POST" for sent in emulator.requests)


def notes(verdict: Verdict) -> list[str]:
    assert verdict.is_whole, verdict.problems
    return [problem.message for problem in verdict.problems]


def broken_line(verdict: Verdict) -> int:
    assert not verdict.is_whole
    (line,) = [problem.at.line for problem in verdict.problems if problem.severity is Severity.ERROR]
    return line


def request_id(headers: Mapping[str, str], body: Value) -> Value:
    """As some vendor may name a request: in a header, or in the body of an error."""
    named = body if isinstance(body, Mapping) else {}
    return headers.get("X-Request-Id") or named.get("request_id") or named.get("requestId")


def client(answer: Callable[[httpx.Request], httpx.Response], journal: Journal) -> Client:
    return Client(
        providers.find("voucherify"),
        "http://127.0.0.1/api",
        Credentials({"X-Key": "s3cret"}),
        Dialect(str, request_id=request_id),
        waiting=Waiting(sleep=Slept()),
        transport=httpx.MockTransport(answer),
        witness=journal.witness("vendor"),
    )


def post(vendor: Client, path: str, body: Value) -> None:
    vendor.create(Request("POST", path, body, ()), lambda _: ())


def run(path: Path, command: str, code: Exit = Exit.DONE) -> None:
    """A run that does nothing."""
    assert begin(path, command, None, BY).end(code) == ""


def complete(path: Path) -> Path:
    """A journal of two runs: one that sent two requests, and an audit."""
    path.unlink(missing_ok=True)
    journal = begin(path, "apply", "production", BY)
    vendor = client(lambda _: httpx.Response(200, json=[], headers={"X-Request-Id": "req_1"}), journal)
    post(vendor, "/tiers", [{"name": "Bronze"}])
    post(vendor, "/tiers", [{"name": "Silver"}])
    journal.end(Exit.DONE)
    run(path, "drift", Exit.DIFFERENCES)
    return path


# What it says


def test_a_run_its_plan_each_write_each_outcome_and_the_end_are_told(
    missing: Emulator, tierops: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTOR", "ann")
    monkeypatch.setenv("GITHUB_SHA", "abc123")
    tierops("plan", "--out", "plan.json")
    ended = tierops("apply", "plan.json", "--journal", str(path))
    assert ended.code == Exit.DONE
    run, plan, intent, answer, outcome, end = lines(path)
    assert (run["kind"], run["tool_version"], run["command"], run["environment"]) == ("run", __version__, "apply", None)
    assert (run["who"]["ci"], run["who"]["actor"], run["who"]["commit"]) == ("github", "ann", "abc123")
    assert plan["plan_digest"] == json.loads(Path("plan.json").read_text())["digest"]
    (target,) = plan["targets"]
    assert (target["address"], target["identity"]["name"]) == ("loyalty-campaign/voucherify", CAMPAIGN)
    assert target["creates"] == ["Middle"]
    assert (intent["provider"], intent["method"], intent["attempt"]) == ("voucherify", "POST", 1)
    assert intent["path"] == f"/v1/loyalties/{target['identity']['id']}/tiers"
    assert intent["body"][0]["name"] == "Middle"
    assert intent["body_sha256"] == sha256(jsontext.dumps(intent["body"]).encode()).hexdigest()
    assert (answer["intent"], answer["result"], answer["status"]) == (intent["n"], "received", 200)
    assert (outcome["address"], outcome["tier"], outcome["state"]) == (target["address"], "Middle", "done")
    assert (end["kind"], end["exit_code"]) == ("end", 0)
    assert [line["n"] for line in lines(path)] == [1, 2, 3, 4, 5, 6]
    assert run["at"].endswith("Z")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_each_line_holds_the_hash_of_the_bytes_before_it(path: Path) -> None:
    written = complete(path).read_bytes().splitlines()
    hashes = [NOTHING, *(sha256(line).hexdigest() for line in written)]
    assert [line["previous"] for line in lines(path)] == hashes[:-1]
    assert verify(path).chain.head == hashes[-1]


def test_an_audit_tells_the_counts_of_each_target(missing: Emulator, tierops: Run, path: Path) -> None:
    assert tierops("drift", "--journal", str(path)).code == Exit.DIFFERENCES
    assert kinds(path) == ["run", "plan", "drift", "end"]
    counts = lines(path, "drift")[0]
    assert counts["address"] == "loyalty-campaign/voucherify"
    assert [counts[kind] for kind in ("create", "differs", "unmanaged", "blocked")] == [1, 0, 0, 0]
    assert lines(path)[-1]["exit_code"] == Exit.DIFFERENCES
    assert notes(verify(path)) == []


def test_runs_follow_each_other_in_one_file(missing: Emulator, tierops: Run, path: Path) -> None:
    for _ in range(3):
        assert apply(tierops).code == Exit.DONE
    verdict = verify(path)
    assert (verdict.is_whole, verdict.chain.runs, verdict.chain.lines) == (True, 3, len(lines(path)))
    assert len(lines(path, "intent")) == 1


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            {"GITHUB_ACTOR": "ann", "GITHUB_SHA": "c", "GITHUB_RUN_ID": "7", "USER": "runner"},
            {"ci": "github", "actor": "ann", "commit": "c", "run": "7", "attempt": None, "repository": None},
        ),
        (
            {"GITLAB_USER_LOGIN": "ann", "CI_COMMIT_SHA": "c", "CI_PIPELINE_ID": "7", "USER": "root"},
            {"ci": "gitlab", "actor": "ann", "commit": "c", "run": "7", "repository": None},
        ),
        ({"USER": "ann"}, {"ci": None, "user": "ann"}),
        ({"LOGNAME": "", "USER": "ann"}, {"ci": None, "user": "ann"}),
        ({}, {"ci": None, "user": f"uid {os.getuid()}"}),
    ],
)
def test_who_ran_it_comes_from_the_ci_or_is_the_user(environ: dict, expected: dict) -> None:
    assert who(environ) == expected


def test_no_key_is_ever_in_it(both: Emulator, tierops: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.setenv(name, f"{'sk_live_' if 'SECRET' in name else ''}canary-{name.lower()}")
    both.faults.append(Fault(on=POST, kind="drop-after"))
    both.faults.append(Fault(on="POST /audiences/loyalty-tiers", kind="429"))
    assert apply(tierops, "-vv").code == Exit.DONE
    tierops("drift", "--journal", str(path))
    assert len(lines(path, "intent")) == 3
    assert b"canary" not in path.read_bytes()


def test_a_vendors_request_id_is_kept_from_a_header_or_an_error(path: Path) -> None:
    journal = begin(path, "apply", None, BY)
    answers = [
        httpx.Response(200, json=[], headers={"X-Request-Id": "req_header"}),
        httpx.Response(400, json={"request_id": "v-body"}),
        httpx.Response(400, json={"requestId": "f-body"}),
        httpx.Response(400, json=["no map"]),
        httpx.Response(400, text="<html>"),
        httpx.Response(200, json={"request_id": "of the data"}),
    ]
    for answer in answers:
        with suppress(VendorError):
            post(client(lambda _, answer=answer: answer, journal), "/x", [])
    ids = [line["request_id"] for line in lines(path, "answer")]
    assert ids == ["req_header", "v-body", "f-body", None, None, None]


# Order: on disk, then sent


def test_an_intent_is_synced_to_disk_before_its_request_leaves(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []
    journal = begin(path, "apply", None, BY)
    sync = os.fsync
    monkeypatch.setattr("os.fsync", lambda file: (sync(file), happened.append("synced"))[0])

    def answer(request: httpx.Request) -> httpx.Response:
        happened.append(f"sent after {kinds(path)[-1]}")
        return httpx.Response(200, json=[])

    vendor = client(answer, journal)
    vendor.get("/x")
    post(vendor, "/x", [])
    assert happened == ["sent after run", "synced", "sent after intent", "synced"]
    assert kinds(path) == ["run", "intent", "answer"]


def test_a_request_repeated_after_429_or_without_a_connection_is_told_each_time(path: Path) -> None:
    answers = [httpx.ConnectError("refused"), httpx.Response(429, headers={"Retry-After": "0"}), None]
    journal = begin(path, "apply", None, BY)

    def answer(request: httpx.Request) -> httpx.Response:
        given = answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return given or httpx.Response(200, json=[])

    post(client(answer, journal), "/x", [{"name": "Bronze"}])
    assert kinds(path)[1:] == ["intent", "answer"] * 3
    assert [line["attempt"] for line in lines(path, "intent")] == [1, 2, 3]
    answers = [(line["result"], line.get("status"), line.get("reason")) for line in lines(path, "answer")]
    assert answers == [("no-connection", None, "refused"), ("received", 429, None), ("received", 200, None)]


def test_a_lost_answer_is_told_with_its_reason_and_what_was_sent_again(
    missing: Emulator, tierops: Run, path: Path
) -> None:
    missing.faults.append(Fault(on=POST, kind="drop-before"))
    assert apply(tierops).code == Exit.DONE
    lost, received = lines(path, "answer")
    assert lost["result"] == "lost"
    assert lost["reason"]
    assert received["status"] == 200
    assert [line["attempt"] for line in lines(path, "intent")] == [1, 2]
    assert notes(verify(path)) == []


def test_a_crash_between_request_and_answer_leaves_a_create_that_may_have_landed(path: Path) -> None:
    def crash(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        post(client(crash, begin(path, "apply", None, BY)), "/v1/tiers", [])
    assert kinds(path) == ["run", "intent"]
    assert notes(verify(path)) == [
        "POST /v1/tiers has no answer: a create may or may not have landed",
        "the run that begins here has no end: it was killed, or is still under way",
    ]


@contextmanager
def started(emulator: Emulator) -> Iterator[subprocess.Popen[bytes]]:
    """An apply of its own, once the vendor has its create and before it answers. It does not outlive the block."""
    emulator.faults.append(Fault(on=POST, kind="delay", value=1500))
    arguments = ["apply", "--auto-approve", "--settle", "0", "--journal", "journal.jsonl"]
    command = [sys.executable, "-m", "tierops", *arguments]
    with running(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        end = time.monotonic() + 20
        while not posts(emulator) and time.monotonic() < end:
            time.sleep(0.02)
        assert posts(emulator)
        yield process


def test_a_killed_run_is_seen_and_the_next_one_goes_on(missing: Emulator, tierops: Run, path: Path) -> None:
    with started(missing) as process:
        process.kill()
        process.wait(20)
    assert kinds(path) == ["run", "plan", "intent"]
    assert [note.partition(":")[0] for note in notes(verify(path))] == [
        f"{lines(path)[2]['method']} {lines(path)[2]['path']} has no answer",
        "the run that begins here has no end",
    ]
    assert apply(tierops).code == Exit.DONE
    assert verify(path).chain.runs == 2
    assert len(notes(verify(path))) == 2


def test_an_interrupted_run_has_an_end(missing: Emulator, tierops: Run, path: Path) -> None:
    with started(missing) as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == Exit.INTERRUPTED
    assert lines(path)[-1]["exit_code"] == Exit.INTERRUPTED
    assert "has no end" not in str(notes(verify(path)))


@pytest.mark.parametrize(
    ("arguments", "code"), [(("--program", "nope"), Exit.USAGE), (("--env", "x"), Exit.USAGE), ((), Exit.FAILED)]
)
def test_a_run_that_fails_before_it_has_a_plan_has_an_end_too(
    arguments: tuple[str, ...], code: int, missing: Emulator, tierops: Run, path: Path
) -> None:
    if not arguments:
        missing.faults.append(Fault(on="GET /v1/loyalties/*", kind="401", times=None))
    assert apply(tierops, *arguments).code == code
    assert [(line["kind"], line.get("exit_code")) for line in lines(path)] == [("run", None), ("end", code)]


def test_two_targets_side_by_side_write_one_chain(both: Emulator, tierops: Run, path: Path) -> None:
    assert apply(tierops).code == Exit.DONE
    assert notes(verify(path)) == []
    intents, answers = lines(path, "intent"), lines(path, "answer")
    assert {line["provider"] for line in intents} == {"voucherify", "fanfare"}
    assert sorted(line["intent"] for line in answers) == sorted(line["n"] for line in intents)
    assert any(line["request_id"] for line in answers)
    outcomes = [(line["address"], line["tier"], line["state"]) for line in lines(path, "outcome")]
    assert outcomes == [
        (f"club/{vendor}", tier, "done") for vendor in ("voucherify", "fanfare") for tier in ("Bronze", "Silver")
    ]


def test_many_threads_write_one_chain(path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    journal = begin(path, "apply", None, BY)
    vendor = client(lambda _: httpx.Response(200, json=[]), journal)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: post(vendor, f"/{n}", []), range(64)))
    journal.end(Exit.DONE)
    assert notes(verify(path)) == []
    assert verify(path).chain.lines == 1 + 2 * 64 + 1


# When it cannot be written


@pytest.mark.parametrize("command", [("apply", "--auto-approve"), ("drift",)])
@pytest.mark.parametrize(
    ("where", "reason"),
    [("nowhere/j", "No such file"), ("tiers", "Is a directory"), ("/dev/null", "not a regular file")],
)
def test_a_journal_that_cannot_be_opened_ends_the_run_before_any_request(
    where: str, reason: str, command: tuple[str, ...], missing: Emulator, tierops: Run
) -> None:
    ended = tierops(*command, "--journal", where)
    assert ended.code == Exit.FAILED
    assert reason in ended.err
    assert missing.requests == []


def test_a_file_that_is_no_journal_is_left_alone(missing: Emulator, tierops: Run) -> None:
    tierops("plan", "--out", "plan.json")
    missing.requests.clear()
    for name in ("plan.json", "tiers/loyalty-campaign.yaml"):
        before = Path(name).read_bytes()
        ended = apply(tierops, "--journal", name)
        assert ended.code == Exit.FAILED
        assert "is no journal" in ended.err
        assert Path(name).read_bytes() == before
    assert missing.requests == []


def test_two_runs_do_not_write_to_one_journal_at_once(missing: Emulator, tierops: Run, path: Path) -> None:
    first = begin(path, "apply", None, BY)
    ended = apply(tierops)
    assert ended.code == Exit.FAILED
    assert "another run is writing the journal" in ended.err
    assert missing.requests == []
    first.end(Exit.DONE)
    assert apply(tierops).code == Exit.DONE
    assert notes(verify(path)) == []


def fail_at(kind: str, monkeypatch: pytest.MonkeyPatch, *, after: int = 0, kept: int = 0) -> None:
    """The disk is full from the line of this kind on, `after` such lines; `kept` bytes of it find room."""
    write, left = os.write, [after]

    def full(file: int, data: bytes) -> int:
        if f'"kind":"{kind}"'.encode() not in data:
            return write(file, data)
        left[0] -= 1
        if left[0] >= 0:
            return write(file, data)
        if kept:
            return write(file, data[:kept])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.write", full)


@pytest.mark.parametrize("kind", ["plan", "intent"])
@pytest.mark.parametrize("kept", [0, 100])
def test_without_room_for_the_intent_nothing_is_sent(
    kind: str, kept: int, missing: Emulator, tierops: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fail_at(kind, patch, kept=kept)
        ended = apply(tierops)
    assert ended.code == Exit.FAILED
    assert "not created: Middle" in ended.out
    assert "was not sent: cannot write the journal" in " ".join(ended.out.split())
    assert "write" not in ended.out.rpartition("Requests to Voucherify")[2]
    assert "error: cannot write the journal journal.jsonl: " in ended.err
    assert posts(missing) == 0
    assert verify(path).is_whole


def test_an_intent_that_cannot_be_synced_is_not_sent(
    missing: Emulator, tierops: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def failing(file: int) -> None:
        if path.exists() and kinds(path)[-1:] == ["intent"]:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(file)

    monkeypatch.setattr("os.fsync", failing)
    assert apply(tierops).code == Exit.FAILED
    assert posts(missing) == 0


def test_where_one_target_was_written_before_the_disk_was_full_the_run_stopped_part_way(
    both: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at("intent", monkeypatch, after=1)
    ended = apply(tierops)
    assert ended.code == Exit.PARTIAL
    assert posts(both) == 1


@pytest.mark.parametrize("kind", ["answer", "outcome", "end"])
def test_a_journal_that_fails_after_the_create_is_reported_and_takes_nothing_back(
    kind: str, missing: Emulator, tierops: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fail_at(kind, patch, kept=30)
        ended = apply(tierops)
    assert ended.code == Exit.DONE
    assert "created: Middle" in ended.out
    assert "error: cannot write the journal journal.jsonl: 30 of " in ended.err
    assert "cut off after 30 bytes while it was written; the next run recovers it" in notes(verify(path))
    assert apply(tierops).code == Exit.DONE
    assert verify(path).chain.torn == 1


@pytest.mark.parametrize("kind", ["plan", "drift", "end"])
def test_an_audit_whose_journal_is_not_whole_fails(
    kind: str, missing: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(kind, monkeypatch)
    ended = tierops("drift", "--journal", "journal.jsonl")
    assert ended.code == Exit.FAILED
    assert "No space left" in ended.err


def test_a_run_that_finds_its_journal_written_by_something_else_sends_nothing_more(path: Path) -> None:
    journal = begin(path, "apply", None, BY)
    with path.open("ab") as file:
        file.write(b"echo was here\n")
    with pytest.raises(NotSent, match="something else wrote to it"):
        post(client(lambda _: httpx.Response(200, json=[]), journal), "/x", [])
    assert path.read_bytes().endswith(b"echo was here\n")


def test_nothing_is_sent_once_the_journal_has_ended(path: Path) -> None:
    journal = begin(path, "apply", None, BY)
    assert journal.end(Exit.INTERRUPTED) == ""
    assert journal.end(Exit.INTERRUPTED) == ""
    with pytest.raises(NotSent, match="was not sent: the journal has ended"):
        post(client(lambda _: httpx.Response(200, json=[]), journal), "/x", [])
    assert kinds(path) == ["run", "end"]


# Torn lines


def test_a_last_line_cut_off_anywhere_is_recovered_and_nothing_is_lost(path: Path) -> None:
    whole = complete(path).read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    before = len(whole.splitlines())
    for cut in range(1, len(last)):
        path.write_bytes(whole[:-cut])
        is_whole = cut == 1  # only its newline is missing
        expected = f"cut off after {len(last) - cut} bytes while it was written"
        expected_notes = [f"{expected}; the next run recovers it"]
        verdict = verify(path)
        assert is_whole or notes(verdict)[: len(expected_notes)] == expected_notes
        run(path, "apply")
        assert path.read_bytes().startswith(whole[:-cut])
        verdict = verify(path)
        assert verdict.chain.torn == (not is_whole)
        assert is_whole or f"{expected}; recovered in line {before + 1}" in notes(verdict)
        assert broken_line(verify(_altered(path, len(whole) - cut - 1))) == before


def _altered(path: Path, at: int) -> Path:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    return path


def test_a_first_line_cut_off_is_recovered(path: Path) -> None:
    run(path, "apply")
    first = path.read_bytes().splitlines()[0]
    for length in (1, 5, 40, len(first) - 1):
        path.write_bytes(first[:length])
        run(path, "apply")
        assert (verify(path).is_whole, verify(path).chain.torn) == (True, 1)
        assert lines_of(path)[1]["n"] == 1


def lines_of(path: Path) -> list[dict[str, Any]]:
    """As `lines`, with `{}` for what is torn."""
    return [json.loads(line) if line.endswith("}") else {} for line in path.read_text().splitlines()]


@pytest.mark.parametrize("rest", [b'{"n":10,"at"\n', b'{"n":10,"at":"2026', b"\n", b'{"n":10,"a\0\0\0\0', b"\0\0\0\0"])
def test_what_a_crash_can_leave_at_the_end_is_recovered(rest: bytes, path: Path) -> None:
    whole = complete(path).read_bytes()
    path.write_bytes(whole + rest)
    assert "the next run recovers it" in notes(verify(path))[0]
    run(path, "apply")
    assert verify(path).chain.torn == 1
    assert path.read_bytes().startswith(whole + rest)


def test_a_recovery_cut_off_itself_is_recovered(path: Path) -> None:
    whole = complete(path).read_bytes()
    path.write_bytes(whole + b'{"n":10,"at":"2026\n{"n":10,"at":"20')
    run(path, "apply")
    assert verify(path).chain.torn == 2
    assert [torn["bytes"] for torn in lines_of(path)[-3]["torn"]] == [18, 16]


# What was tampered with


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_altered_byte_is_found_in_its_line(data: st.DataObject, path: Path) -> None:
    whole = path.read_bytes() if path.exists() and path.stat().st_size else complete(path).read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    value = data.draw(st.sampled_from(sorted({*range(256)} - {whole[at]})))
    altered = path.with_name("altered.jsonl")
    altered.write_bytes(whole[:at] + bytes([value]) + whole[at + 1 :])
    assert broken_line(verify(altered)) == whole[:at].count(b"\n") + 1


def test_every_altered_byte_of_the_last_line_is_found_and_not_taken_for_a_tear(path: Path) -> None:
    whole = complete(path).read_bytes()
    count = whole.count(b"\n")
    for at in range(whole[:-1].rfind(b"\n") + 1, len(whole)):
        for value in {0, ord("\n"), ord("}"), ord("x"), whole[at] ^ 1} - {whole[at]}:
            path.write_bytes(whole[:at] + bytes([value]) + whole[at + 1 :])
            assert broken_line(verify(path)) == count
        with pytest.raises(BadFile, match="was altered at its end"):
            begin(path, "apply", None, BY)


def test_lines_removed_repeated_or_exchanged_are_found_where_it_happened(path: Path) -> None:
    whole = complete(path).read_bytes().splitlines(keepends=True)
    for at in range(len(whole)):
        path.write_bytes(b"".join([*whole[:at], whole[at], *whole[at:]]))
        assert broken_line(verify(path)) == at + 2
        if at + 1 < len(whole):
            path.write_bytes(b"".join([*whole[:at], *whole[at + 1 :]]))
            assert broken_line(verify(path)) == at + 1
            path.write_bytes(b"".join([*whole[:at], whole[at + 1], whole[at], *whole[at + 2 :]]))
            assert broken_line(verify(path)) == at + 1


def test_a_line_written_anew_with_its_digest_is_found_in_the_next(path: Path) -> None:
    whole = complete(path).read_bytes().splitlines(keepends=True)
    first = json.loads(whole[0])
    fields = {key: first[key] for key in ("tool_version", "command", "environment")}
    forged = compose(1, first["at"], "run", {**fields, "who": {"user": "mallory"}}, first["previous"])
    path.write_bytes(b"".join([forged + b"\n", *whole[1:]]))
    assert broken_line(verify(path)) == 2


@pytest.mark.parametrize(
    "body", [b"{nonsense}", b'{"n":1}', b'{"n":"1","at":"","kind":"run","previous":""}', b'"text"}', b'{"n":1,"n":1}']
)
def test_a_line_with_a_digest_that_fits_but_without_what_a_line_has_is_broken(body: bytes, path: Path) -> None:
    path.write_bytes(body[:-1] + f',"digest":"{sha256(body).hexdigest()}"}}\n'.encode())
    assert broken_line(verify(path)) == 1


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        ("end", {}, "end.exit_code: Field required"),
        ("end", {"exit_code": "0"}, "end.exit_code: Input should be a valid integer"),
        ("end", {"exit_code": 0, "by": "mallory"}, "end.by: Extra inputs are not permitted"),
        ("nonsense", {}, ": Input tag 'nonsense' found using 'kind' does not match any of the expected tags"),
        (
            "outcome",
            {"address": "a/b", "tier": "T", "state": "fine", "detail": ""},
            "outcome.state: Input should be 'd",
        ),
    ],
)
def test_a_line_that_no_run_writes_is_broken_although_its_digest_fits(
    kind: str, fields: dict[str, Value], reason: str, path: Path
) -> None:
    run(path, "apply")
    before = verify(path).chain
    forged = compose(before.lines + 1, str(before.last), kind, fields, before.head)
    path.write_bytes(path.read_bytes() + forged + b"\n")
    assert broken_line(verify(path)) == 3
    assert f"is no line that tierops {__version__} writes ({reason}" in verify(path).problems[-1].message


def test_only_who_reads_a_journal_imports_pydantic(missing: Emulator, tierops: Run) -> None:
    program = (
        "import sys\nfrom tierops.journal import begin\nfrom tierops.errors import Exit\nfrom pathlib import Path\n"
        "journal = begin(Path('journal.jsonl'), 'apply', None, {'ci': None, 'user': 'ann'})\n"
        "journal.intend('v', 'POST', '/x', b'[]')\njournal.end(Exit.DONE)\n"
        "assert 'pydantic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert notes(verify(Path("journal.jsonl"))) == ["POST /x has no answer: a create may or may not have landed"]


def test_an_end_cut_off_is_not_found_but_the_hash_of_the_last_line_tells(path: Path) -> None:
    whole = complete(path).read_bytes().splitlines(keepends=True)
    before = verify(path).chain.head
    path.write_bytes(b"".join(whole[:-2]))
    assert verify(path).is_whole
    assert verify(path).chain.head != before


def test_a_torn_line_counts_only_with_the_recovery_that_tells_of_it(path: Path) -> None:
    whole = complete(path).read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*whole[:3], b'{"n":4,"at"\n', *whole[3:]]))
    assert broken_line(verify(path)) == 4


# How verify tells it


def test_verify_sums_up_and_names_the_first_broken_line(path: Path, offline: Run) -> None:
    complete(path)
    ended = offline("journal", "verify", "journal.jsonl")
    first, last = (lines(path)[at]["at"] for at in (0, -1))
    assert ended.code == Exit.DONE
    head = sha256(path.read_bytes().splitlines()[-1]).hexdigest()
    assert unstyle(ended.out).splitlines() == [
        f"8 lines, 2 runs, from {first} to {last}: whole",
        f"last whole line: sha256 {head}",
    ]
    path.write_bytes(path.read_bytes().replace(b'"Silver"', b'"Golden"'))
    ended = offline("journal", "verify", "journal.jsonl")
    assert ended.code == Exit.FAILED
    assert unstyle(ended.out).startswith("journal.jsonl:4:1: broken-journal: altered: the line is not what its own")
    assert "\n3 lines, 1 run, " in unstyle(ended.out)
    assert "whole; what follows is not" in ended.out


def test_verify_as_json(path: Path, offline: Run) -> None:
    whole = complete(path).read_bytes()
    path.write_bytes(whole + b'{"n":9')
    document = json.loads(offline("journal", "verify", "journal.jsonl", "--format", "json").out)
    assert (document["command"], document["exit_code"]) == ("journal verify", 0)
    assert document["journal"] | {"first": "", "last": "", "head": ""} == {
        "lines": 8, "runs": 2, "first": "", "last": "", "torn": 0, "head": "",
    }  # fmt: skip
    (note,) = document["problems"]
    assert (note["severity"], note["file"], note["line"]) == ("note", "journal.jsonl", 9)


def test_verify_of_nothing_and_of_something_else(path: Path, offline: Run) -> None:
    assert offline("journal", "verify", "journal.jsonl").code == Exit.FAILED
    assert offline("journal", "verify", ".").code == Exit.FAILED
    path.write_bytes(b"")
    assert "0 lines, 0 runs: whole" in unstyle(offline("journal", "verify", "journal.jsonl").out)
    path.write_text("hello\n")
    assert broken_line(verify(path)) == 1


@pytest.mark.parametrize("content", [b'{\n  "format_version": "4",\n  "n": 1\n}\n', b"\x89PNG\r\n\x1a\n", b"hello"])
def test_what_never_was_a_journal_is_not_called_altered(content: bytes, path: Path, offline: Run) -> None:
    path.write_bytes(content)
    ended = offline("journal", "verify", "journal.jsonl", "--format", "json")
    assert ended.code == Exit.FAILED
    (problem,) = json.loads(ended.out)["problems"]
    assert problem["message"] == "the file is no journal, or its beginning was altered"


@pytest.mark.parametrize("line", ["journal verify {}", "apply --auto-approve --journal {}", "drift --journal {}"])
def test_a_journal_that_is_no_file_is_refused_and_not_waited_for(line: str, offline: Run) -> None:
    os.mkfifo("pipe")
    for name in ("pipe", "/dev/zero"):
        ended = offline(*line.format(name).split())
        assert ended.code == Exit.FAILED
        assert "not a regular file" in ended.err


def test_verify_shows_foreign_text_safely(path: Path, offline: Run) -> None:
    journal = begin(path, "apply", "\x1b[31m", {"ci": None, "user": "\u202eann\n::error::x"})
    journal.intend("v", "POST", "/x\x1b]0;owned\x07\u202e\n::set-output name=a::b\ud800", b"[]")
    journal.end(Exit.DONE)
    shown = offline("journal", "verify", "journal.jsonl", "--no-color").out
    assert "has no answer" in shown
    assert all(line.isprintable() for line in shown.splitlines())
    assert not any(line.startswith("::") for line in shown.splitlines())


def chain(file_: Path, count: int, kind: str, **fields: Any) -> None:
    """A long journal, quickly."""
    previous = NOTHING
    with file_.open("wb") as file:
        for n in range(1, count + 1):
            line = compose(n, "2027-01-01T00:00:00.000Z", kind, fields, previous)
            file.write(line + b"\n")
            previous = sha256(line).hexdigest()


def test_a_journal_of_any_length_takes_little_memory(path: Path) -> None:
    request = {"method": "POST", "path": "/" + "x" * 1000, "body": None, "body_sha256": NOTHING}
    chain(path, 12_000, "intent", provider="v", attempt=1, **request)
    size = path.stat().st_size
    tracemalloc.start()
    verdict = verify(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (verdict.chain.lines, verdict.is_whole) == (12_000, True)
    assert verdict.problems[-1].message == "11900 more notes"
    assert peak < size / 2


def test_a_line_longer_than_any_is_refused_without_reading_it(path: Path) -> None:
    path.write_bytes(b'{"n":1,"at":"' + b"x" * (LONGEST + 10))
    assert broken_line(verify(path)) == 1
    path.write_bytes(b'{"n":\n' * 200)
    assert broken_line(verify(path)) == 1


def test_a_body_too_long_to_keep_is_kept_as_its_digest(path: Path) -> None:
    journal = begin(path, "apply", None, BY)
    journal.intend("v", "POST", "/x", b'["' + b"x" * 2_000_000 + b'"]')
    journal.intend("v", "POST", "/x", b"not JSON")
    journal.append("plan", text="x" * (LONGEST + 1))
    assert "is too long" in journal.failure
    assert [(line["body"], len(line["body_sha256"])) for line in lines(path, "intent")] == [(None, 64)] * 2
    assert verify(path).is_whole


def test_the_emulator_sees_no_create_whose_intent_is_not_on_disk(emulator: Emulator, path: Path) -> None:
    journal = begin(path, "apply", None, BY)
    seen: list[tuple[int, list[str]]] = []

    class Watched(InProcess):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            seen.append((emulator.writes, kinds(path)))
            return super().handle_request(request)

    emulator.voucherify.add_campaign("Club", id="camp_club")
    emulator.faults.append(Fault(on=POST, kind="drop-after"))
    vendor = Client(
        providers.find("voucherify"), "http://127.0.0.1/voucherify",
        Credentials({"X-App-Id": "a", "X-App-Token": "t"}), Dialect(str),
        transport=Watched(emulator), witness=journal.witness("voucherify"),
    )  # fmt: skip
    with pytest.raises(AnswerLost):
        post(vendor, "/v1/loyalties/camp_club/tiers", [{"name": "Bronze", "points": {"from": 0}}])
    assert seen == [(0, ["run", "intent"])]
    assert emulator.writes == 1
    assert lines(path)[-1]["result"] == "lost"
