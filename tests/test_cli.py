"""tierops as a user and a pipeline run it: what it prints, what it writes, how it exits."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click import unstyle
from harness import CAMPAIGN, Run

from tierops import __version__, cli, config
from tierops.emulator import Emulator, Fault, Switches
from tierops.errors import Exit

POST = "POST /v1/loyalties/*/tiers"
MIDDLE = {
    "name": "Middle",
    "points": {"from": 250, "to": 499},
    "earning_rules": {"ern_95aq3JaE5A8xzHjoJPYNRqXZ": {"type": "MULTIPLY", "multiplier": 2}},
}


@pytest.fixture
def documented(emulator: Emulator, sample: Path) -> Emulator:
    """The documented list, live and as a file."""
    emulator.voucherify.load_examples()
    return emulator


@pytest.fixture
def middle_missing(documented: Emulator) -> Emulator:
    documented.voucherify.delete_tier(CAMPAIGN, "Middle")
    return documented


def test_the_documented_list_has_no_difference(documented: Emulator, tierops: Run) -> None:
    ended = tierops("plan", "--detailed-exitcode")
    assert (ended.code, ended.err) == (Exit.DONE, "")
    assert "Nothing to do: live equals the files (3 tiers at 1 target)." in ended.out
    assert {sent[0] for sent in documented.requests} == {"GET"}
    assert len(documented.requests) == 2


def test_a_missing_tier_is_one_create_sent_once(middle_missing: Emulator, tierops: Run) -> None:
    ended = tierops("plan", "--detailed-exitcode")
    assert ended.code == Exit.DIFFERENCES
    assert "Plan: 1 to create." in ended.out
    assert tierops("plan").code == Exit.DONE
    assert tierops("apply", "--auto-approve").code == Exit.DONE
    assert [(s[1], s[2]) for s in middle_missing.requests if s[0] != "GET"] == [
        ("/voucherify/v1/loyalties/camp_fkZ28pe7DUAEmmabofkxHI8N/tiers", [MIDDLE])
    ]
    ended = tierops("apply", "--auto-approve")
    assert (ended.code, middle_missing.writes) == (Exit.DONE, 1)
    assert "nothing to do" in ended.out


def test_a_saved_plan_is_private_shown_again_applied_and_applied_twice(
    middle_missing: Emulator, tierops: Run, tmp_path: Path
) -> None:
    planned = tierops("plan", "--out", "plan.json")
    assert "plan saved to plan.json" in planned.err
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan.json", "tiers"]
    assert (
        planned.out
        == tierops("show", "plan.json").out
        + "Requests to Voucherify: 2 reads, 1 write to come; "
        + (planned.out.rpartition("; ")[2])
    )
    assert tierops("apply", "plan.json").code == Exit.DONE
    ended = tierops("apply", "plan.json")
    assert (ended.code, middle_missing.writes) == (Exit.DONE, 1)
    assert "was there already: Middle" in ended.out


def test_where_the_project_is_named_one_key_plans_and_another_applies(
    middle_missing: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOUCHERIFY_PROJECT", "Acme, production")
    tierops("plan", "--out", "plan.json")
    monkeypatch.setenv("VOUCHERIFY_APP_ID", "the key that may write")
    monkeypatch.setenv("VOUCHERIFY_PROJECT", "Acme, sandbox")
    assert tierops("apply", "plan.json").code == Exit.REFUSED
    assert middle_missing.writes == 0
    monkeypatch.setenv("VOUCHERIFY_PROJECT", "Acme, production")
    assert tierops("apply", "plan.json").code == Exit.DONE
    assert middle_missing.writes == 1


def test_a_plan_belongs_to_its_environment(middle_missing: Emulator, tierops: Run) -> None:
    folder = Path("tiers/environments")
    folder.mkdir()
    for name in ("sandbox", "production"):
        (folder / f"{name}.yaml").write_text(f"version: 1\nenvironment: {name}\n")
    ended = tierops("plan")
    assert ended.code == Exit.USAGE
    assert "production, sandbox" in ended.err
    assert tierops("plan", "--env", "sandbox", "--out", "plan.json").out.startswith("Plan for sandbox\n")
    ended = tierops("--env", "production", "apply", "plan.json")
    assert ended.code == Exit.REFUSED
    assert "made for sandbox, not for production" in ended.err
    assert tierops("apply", "plan.json", "--env", "sandbox").code == Exit.DONE


def test_the_environment_names_the_host_unless_a_variable_does(
    documented: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("tiers/environments").mkdir()
    url = os.environ["VOUCHERIFY_URL"]
    text = f"version: 1\nenvironment: local\nproviders: {{voucherify: {{url: '{url}'}}}}\n"
    Path("tiers/environments/local.yaml").write_text(text)
    monkeypatch.delenv("VOUCHERIFY_URL")
    monkeypatch.setenv("TIEROPS_ENV", "local")
    assert tierops("plan", "--detailed-exitcode").code == Exit.DONE


def test_differences_that_creates_cannot_settle_exit_with_3(documented: Emulator, tierops: Run) -> None:
    documented.voucherify.edit_tier(CAMPAIGN, "Middle", metadata={"perk": "x"})
    documented.voucherify.delete_tier(CAMPAIGN, "Bottom")
    ended = tierops("apply", "--auto-approve")
    assert ended.code == Exit.REMAINING
    assert "created: Bottom" in ended.out
    assert "differences remain:" in ended.out
    assert 'metadata.perk: live "x", not in the file' in ended.out
    assert "Still to be done by hand:" in ended.out


def test_a_vendor_that_refuses_exits_with_1_and_nothing_written(middle_missing: Emulator, tierops: Run) -> None:
    middle_missing.faults.append(Fault(on=POST, kind="403", times=None))
    ended = tierops("apply", "--auto-approve", "--settle", "0")
    assert ended.code == Exit.FAILED
    assert "not created: Middle" in ended.out
    assert "stopped: Voucherify answered POST" in ended.out


def test_a_create_that_was_lost_and_cannot_be_read_back_exits_with_6(middle_missing: Emulator, tierops: Run) -> None:
    middle_missing.faults.append(Fault(on=POST, kind="drop-after"))
    middle_missing.faults.append(Fault(on="GET /v1/loyalties/*", kind="500-before", times=None, after=4))
    ended = tierops("apply", "--auto-approve", "--settle", "0")
    assert ended.code == Exit.UNKNOWN
    assert "unknown: Middle" in ended.out
    assert "what is live now could not be read" in ended.out
    assert middle_missing.writes == 1


def test_one_target_done_and_one_not_exits_with_5(middle_missing: Emulator, tierops: Run) -> None:
    second = Path("tiers/loyalty-campaign.yaml").read_text()
    second = second.replace("program: loyalty-campaign", "program: other").replace(CAMPAIGN, "Other")
    Path("tiers/other.yaml").write_text(second)
    middle_missing.voucherify.add_campaign("Other", id="camp_other")
    middle_missing.faults.append(Fault(on="POST /v1/loyalties/camp_other/tiers", kind="403", times=None))
    ended = tierops("apply", "--auto-approve", "--settle", "0", "--format", "json")
    assert ended.code == Exit.PARTIAL
    results = json.loads(ended.out)["results"]
    assert [(r["address"], [o["state"] for o in r["outcomes"]]) for r in results] == [
        ("loyalty-campaign/voucherify", ["done"]),
        ("other/voucherify", ["not-done"] * 3),
    ]


def test_programs_are_chosen_by_key_or_pattern(middle_missing: Emulator, tierops: Run) -> None:
    second = Path("tiers/loyalty-campaign.yaml").read_text()
    Path("tiers/other.yaml").write_text(second.replace("program: loyalty", "program: other").replace(CAMPAIGN, "X"))
    assert tierops("plan", "--program", "loyalty-*").code == Exit.DONE
    ended = tierops("plan", "--program", "loyalty-campain")
    assert ended.code == Exit.USAGE
    assert "no such program; did you mean loyalty-campaign; there are: loyalty-campaign, other-campaign" in ended.err


def test_apply_without_a_terminal_neither_asks_nor_reads(middle_missing: Emulator, tierops: Run) -> None:
    ended = tierops("apply")
    assert ended.code == Exit.USAGE
    assert "give a plan file or --auto-approve" in ended.err
    assert middle_missing.requests == []


_ON_A_TERMINAL = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from tierops.cli import main
main(sys.argv[1:])
"""


def typed(answer: str, *arguments: str) -> tuple[int, str]:
    """Runs tierops on a terminal of its own and types an answer once it asks."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", _ON_A_TERMINAL, *arguments]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as process:
        os.close(theirs)
        shown, idle, is_answered, is_answered_again = b"", 0, False, False
        while idle < 5:
            is_idle = not select.select([ours], [], [], 3)[0]
            idle += is_idle
            if not is_idle:
                if not (part := _read(ours)):
                    break
                shown += part
            # Typed a second time after three seconds of silence: a prompt may flush what came before it was ready.
            if b"to go on:" in shown and (is_idle or not is_answered):
                os.write(ours, answer.encode())
                is_answered = True
            elif b"type `yes` in full" in shown and shown.count(b"to go on:") > 1 and not is_answered_again:
                os.write(ours, b"no\n")
                is_answered_again = True
        else:
            process.kill()
    os.close(ours)
    return process.returncode, shown.decode().replace("\r", "")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.parametrize(("answer", "code", "writes"), [("yes\n", 0, 1), ("y\n", 1, 0), ("\n", 1, 0)])
def test_apply_on_a_terminal_shows_the_plan_and_wants_a_yes(
    answer: str, code: int, writes: int, middle_missing: Emulator, tierops: Run
) -> None:
    ended, shown = typed(answer, "apply")
    assert "+ Middle" in unstyle(shown)
    question = "Create 1 tier: 1 in Loyalty Campaign - Tiers (Voucherify)? Voucherify has no API to undo it."
    assert f"{question} Type `yes` to go on:" in unwrapped(shown)
    assert (ended, middle_missing.writes) == (code, writes)
    assert ("not approved; nothing was written. To keep a plan" in unwrapped(shown)) == (code == 1)
    assert ("type `yes` in full to create, or `no` to stop" in unwrapped(shown)) == (answer == "y\n")


def unwrapped(shown: str) -> str:
    """What a terminal shows, without what it breaks lines with."""
    return " ".join(unstyle(shown).split())


def test_an_interrupt_exits_with_130(middle_missing: Emulator, tierops: Run) -> None:
    ended, shown = typed("\x03", "apply")
    assert (ended, middle_missing.writes) == (Exit.INTERRUPTED, 0)
    assert "interrupted; nothing was written" in shown


def test_plain_output_has_no_colour_codes(
    middle_missing: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b" not in tierops("plan").out
    assert "\x1b[32m+ Middle" in typed("", "plan")[1]
    assert "  + Middle" in typed("", "plan", "--no-color")[1]
    monkeypatch.setenv("TERM", "dumb")
    assert "  + Middle" in typed("", "plan")[1]


def test_a_terminal_shows_the_line_of_a_finding_and_a_pipe_does_not(offline: Run) -> None:
    Path("tiers").mkdir()
    Path("tiers/a.yaml").write_text("version: 1\nprogram: Club\n")
    finding = "tiers/a.yaml:2:10: schema: `program`: expected"
    ended, shown = typed("", "validate", "--no-color")
    assert ended == Exit.FAILED
    after = shown.replace("\r", "").partition(finding)[2].splitlines()
    assert after[1:3] == ["     2 | program: Club", "       |          ^"]
    told = offline("validate").out
    assert finding in told
    assert "^" not in told


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("plan",), Exit.FAILED),
        (("plan", "--detailed-exitcode"), Exit.FAILED),
        (("apply", "--auto-approve"), Exit.FAILED),
        (("apply",), Exit.USAGE),
        (("apply", "nothing-here.json"), Exit.FAILED),
        (("plan", "--colour"), Exit.USAGE),
        (("show",), Exit.USAGE),
        (("show", "tiers/bad.yaml"), Exit.REFUSED),
        (("validate",), Exit.FAILED),
        (("validate", "nowhere"), Exit.FAILED),
        (("--dir", "nowhere", "plan"), Exit.FAILED),
        (("plan", "--env", "x"), Exit.USAGE),
    ],
)
def test_json_is_one_document_in_every_failure(arguments: tuple[str, ...], code: int, offline: Run) -> None:
    Path("tiers").mkdir()
    Path("tiers/bad.yaml").write_text("version: 2\n")
    for form in (("--format", "json"), ("--format=json",)):
        ended = offline(*arguments, *form)
        document = json.loads(ended.out)
        assert (ended.code, document["exit_code"]) == (code, code)
        assert document["error"] or document["problems"]


def test_json_of_a_plan_holds_the_plan_file(middle_missing: Emulator, tierops: Run) -> None:
    document = json.loads(tierops("plan", "--format", "json", "--out", "plan.json").out)
    assert document["plan"] == json.loads(Path("plan.json").read_text())
    assert document["summary"] == {"create": 1, "differs": 0, "unmanaged": 0, "blocked": 0}
    assert (document["command"], document["exit_code"], document["error"]) == ("plan", 0, None)


def test_every_finding_of_every_file_is_shown_at_its_place(offline: Run) -> None:
    Path("tiers").mkdir()
    good = "version: 1\nprogram: {0}\ntargets: [{{voucherify: {{campaign: {0}}}}}]\n"
    ladder = "tiers: [{name: X, from: 0, to: 9}, {name: Y, from: 11}]\n"
    Path("tiers/a.yaml").write_text(good.format("a") + ladder + "extra: 1\n")
    Path("tiers/b.yaml").write_text(good.format("b") + ladder)
    ended = offline("validate")
    assert ended.code == Exit.FAILED
    known = "version, program, description, targets, tiers, waivers, tests, effective_from, announced"
    hurt = "a member with 10 points would be in no tier"
    gap = f"ladder-gap: nothing between X and Y: 10 up to 11 is in no tier ({hurt})"
    assert ended.out.splitlines()[:3] == [
        f"tiers/a.yaml:4:36: {gap}",
        f"tiers/a.yaml:5:1: schema: unknown key 'extra'; known here: {known}",
        f"tiers/b.yaml:4:36: {gap}",
    ]
    assert "3 problems" in ended.out.splitlines()[-1]
    ended = offline("plan")
    assert ended.code == Exit.FAILED
    assert "ladder-gap" in ended.out
    assert "error: 3 problems in the files" in ended.err


def test_a_waived_finding_is_shown_and_stops_nothing(documented: Emulator, tierops: Run, sample: Path) -> None:
    text = sample.read_text().replace("from: 250\n", "from: 250\n    to: 400\n")
    sample.write_text(text + "waivers:\n  - {rule: ladder-gap, reason: agreed, until: 2099-01-01}\n")
    ended = tierops("validate")
    assert ended.code == Exit.DONE
    assert ended.out.startswith("note: tiers/loyalty-campaign.yaml:")
    assert tierops("plan").out.startswith("note: ")


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"VOUCHERIFY_APP_ID": ""}, "set VOUCHERIFY_APP_ID and VOUCHERIFY_APP_TOKEN"),
        ({"VOUCHERIFY_URL": "http://api.voucherify.io"}, "plain http"),
        ({"VOUCHERIFY_URL": "http://127.0.0.1:1"}, "cannot be reached at http://127.0.0.1:1"),
    ],
)
def test_what_keeps_tierops_from_the_vendor_is_one_sentence(
    environ: dict, message: str, documented: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tierops.host.interrupts.Stop.sleep", lambda *_: None)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    ended = tierops("plan")
    assert ended.code == Exit.FAILED
    assert ended.err.startswith("error: ")
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert documented.requests == []


def test_an_unknown_campaign_and_a_wrong_key_say_what_to_do(documented: Emulator, tierops: Run, sample: Path) -> None:
    documented.switches = Switches.parse(["voucherify.accepted_keys=a:b"])
    assert "Check VOUCHERIFY_APP_ID" in tierops("plan").err
    documented.switches = Switches()
    sample.write_text(sample.read_text().replace(CAMPAIGN, "Nope"))
    ended = tierops("plan")
    assert ended.code == Exit.FAILED
    assert "campaign 'Nope'" in ended.err
    assert "Check the name in the dashboard" in ended.err


WRONG = (
    "nonsense|-v|journal -q|plan --ttl 0h|plan --ttl soon|apply --settle -1|apply --settle inf|apply --settle nan"
    "|plan --format xml|show|schema x|emulate --switch x=1"
)


@pytest.mark.parametrize("line", WRONG.split("|"))
def test_usage_errors_exit_with_64(line: str, offline: Run) -> None:
    ended = offline(*line.split())
    assert ended.code == Exit.USAGE
    assert ended.err


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("help", "; for help: tierops --help, or tierops COMMAND --help."),
        ("help plan", "; for help: tierops --help, or tierops COMMAND --help."),
        ("version", "; for the version: tierops --version."),
        ("valdate", "; did you mean 'validate'."),
        ("journal help", "; for help: tierops journal --help, or tierops journal COMMAND --help."),
        ("journal xyz", "; there are: verify."),
    ],
)
def test_what_is_no_command_says_what_could_have_been_meant(line: str, hint: str, offline: Run) -> None:
    ended = offline(*line.split())
    assert (ended.code, ended.out) == (Exit.USAGE, "")
    assert ended.err.endswith(f"error: No such command {line.split()[-1 if 'journal' in line else 0]!r}{hint}\n")


@pytest.mark.parametrize(
    "line",
    [
        "plan --dir a --dir b",
        "--dir a plan --dir b",
        "--dir a --dir b plan",
        "plan --env a --env b",
        "--env a plan --env b",
    ],
)
def test_one_folder_and_one_environment_at_a_time(line: str, offline: Run) -> None:
    ended = offline(*line.split())
    assert ended.code == Exit.USAGE
    name = "--env" if "--env" in line else "--dir"
    assert f"Invalid value for '{name}': one at a time, not a and b" in ended.err


def test_the_same_folder_twice_is_one(offline: Run, sample: Path) -> None:
    assert offline("--dir", "tiers", "validate", "--dir", "tiers", "--dir", "tiers").code == Exit.DONE


@pytest.mark.parametrize("name", ["", " ", "\t"])
def test_a_blank_variable_names_no_environment(
    name: str, offline: Run, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEROPS_ENV", name)
    assert offline("validate").code == Exit.DONE


@pytest.mark.parametrize("line", [(), ("journal",)])
def test_a_name_without_a_command_shows_its_help(line: tuple[str, ...], offline: Run) -> None:
    ended = offline(*line)
    assert (ended.code, ended.err) == (Exit.DONE, "")
    assert ended == offline(*line, "--help")
    assert "Commands:" in ended.out


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_table_says_of_a_command_what_the_command_says_of_itself(name: str) -> None:
    assert cli.COMMANDS[name].help == cli.load(name).get_short_help_str(limit=100)


def test_help_imports_no_command(offline: Run) -> None:
    program = (
        "import sys\nfrom tierops.cli import COMMANDS, run\nassert run(['--help']) == 0\n"
        "modules = {f'tierops.commands.{entry.place.partition(chr(58))[0]}' for entry in COMMANDS.values()}\n"
        "assert not modules & set(sys.modules), modules & set(sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("name", ["program", "environment", "plan"])
def test_schemas_are_printed_as_they_are(name: str, offline: Run) -> None:
    out = offline("schema", name).out
    assert out == config.schema(name)
    assert json.loads(out)["$id"] == f"{name}.schema.json"


def test_a_plan_that_cannot_be_written_says_so(documented: Emulator, tierops: Run) -> None:
    ended = tierops("plan", "--out", "nowhere/plan.json")
    assert ended.code == Exit.FAILED
    assert "cannot write nowhere/plan.json: No such file or directory" in ended.err


def test_verbose_logs_requests_to_stderr_without_keys(documented: Emulator, tierops: Run) -> None:
    environ = {**os.environ, "VOUCHERIFY_APP_TOKEN": "canary"}
    command = [sys.executable, "-m", "tierops", "-v", "plan"]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == Exit.DONE
    assert re.search(r"^GET /voucherify/v1/loyalties/\S+/tiers: 200 in \d+ ms$", ended.stderr, re.MULTILINE)
    assert "canary" not in ended.stdout + ended.stderr


def test_the_version_is_a_literal_and_costs_neither_httpx_nor_pydantic() -> None:
    program = (
        "import sys\nfrom tierops.cli import run\nassert run(['--version']) == 0\n"
        "slow = {'httpx', 'pydantic', 'jsonschema', 'deepdiff', 'yaml', 'importlib.metadata', 'tierops.emulator'}\n"
        "assert not slow & set(sys.modules), slow & set(sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr) == (f"tierops {__version__}\n", "")


def test_a_plan_without_changes_imports_nothing_that_it_does_not_need(documented: Emulator, tierops: Run) -> None:
    program = (
        "import sys\nfrom tierops.cli import run\nassert run(['plan']) == 0\n"
        "slow = {'jsonschema', 'deepdiff', 'rich', 'asyncio', 'difflib',"
        " 'concurrent.futures', 'tierops.emulator', 'tierops.journal'}\n"
        "assert not slow & set(sys.modules), slow & set(sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.stderr == ""


@pytest.mark.parametrize("value", ["", " ", "\t"])
def test_a_variable_that_holds_blanks_names_no_environment(
    value: str, tierops: Run, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEROPS_ENV", value)
    assert tierops("validate").code == Exit.DONE
