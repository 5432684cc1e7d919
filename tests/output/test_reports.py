"""`--report FORMAT=FILE` and the formats of CI systems, as a pipeline runs them."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from harness import CAMPAIGN, Run

from tierops.emulator import Emulator, Fault
from tierops.emulator.server import serve
from tierops.errors import Exit

BAD = "version: 1\nprogram: b\nextra: 1\n"


@pytest.fixture
def drifted(emulator: Emulator, sample: Path) -> Emulator:
    """The documented list with one tier missing and one that nobody wrote down."""
    emulator.voucherify.load_examples()
    emulator.voucherify.delete_tier(CAMPAIGN, "Middle")
    return emulator


@pytest.fixture
def folder(sample: Path) -> Path:
    return sample.parent.parent


def invocation(path: str) -> dict:
    return json.loads(Path(path).read_text())["runs"][0]["invocations"][0]


def test_one_run_of_drift_gives_text_to_the_log_and_the_other_formats_to_files(
    drifted: Emulator, tierops: Run, folder: Path
) -> None:
    names = {"sarif": "d.sarif", "junit": "d.xml", "github": "d.log", "json": "d.json", "text": "d.txt"}
    ended = tierops("drift", *(part for name, file in names.items() for part in ("--report", f"{name}={file}")))
    reads = len(drifted.requests)
    assert (ended.code, ended.err) == (Exit.DIFFERENCES, "")
    assert ended.out == Path("d.txt").read_text()
    assert "Drift: 1 missing" in ended.out
    assert [r["ruleId"] for r in json.loads(Path("d.sarif").read_text())["runs"][0]["results"]] == ["drift-missing"]
    assert ET.parse("d.xml").getroot().get("failures") == "1"
    assert Path("d.log").read_text().startswith("::warning file=tiers/loyalty-campaign.yaml,line=")
    assert json.loads(Path("d.json").read_text())["summary"]["create"] == 1
    assert {path.name for path in folder.iterdir()} == {*names.values(), "tiers"}
    for name in ("sarif", "junit", "github"):
        assert tierops("drift", "--format", name).out == Path(names[name]).read_text()
    assert reads == 2


def test_a_report_has_the_permissions_of_an_ordinary_file(tierops: Run, sample: Path) -> None:
    before = os.umask(0o027)
    try:
        assert tierops("validate", "--report", "sarif=out.sarif").code == Exit.DONE
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path("out.sarif").stat().st_mode) == 0o640


def test_validate_exits_with_1_and_writes_every_finding(tierops: Run, sample: Path) -> None:
    Path("tiers/bad.yaml").write_text(BAD)
    ended = tierops("validate", "--format", "github", "--report", "sarif=v.sarif", "--report", "junit=v.xml")
    assert (ended.code, ended.err) == (Exit.FAILED, "")
    assert [line.split(" ")[0] for line in ended.out.splitlines()] == ["::error"] * 3 + ["::notice"]
    assert "::error file=tiers/bad.yaml,line=3,col=1,title=schema::unknown key 'extra'" in ended.out
    invoked = invocation("v.sarif")
    assert (invoked["exitCode"], invoked["executionSuccessful"]) == (1, True)
    suites = {suite.get("name"): suite.get("failures") for suite in ET.parse("v.xml").getroot()}
    assert suites == {"loyalty-campaign": "0", "tiers/bad.yaml": "1"}


def test_each_rule_names_what_it_is_about(offline: Run) -> None:
    Path("tiers").mkdir()
    head = "version: 1\nprogram: {}\n"
    head += "targets: [{{voucherify: {{campaign: A}}}}, {{name: uk, voucherify: {{campaign: {}}}}}]\n"
    tiers = "tiers: [{name: X, from: 0, to: 9}, {name: Y, from: 11, targets: {uk: {from: 10}}}]\n"
    waiver = "waivers: [{rule: tier-order, reason: x, until: 2020-01-01}]\n"
    Path("tiers/a.yaml").write_text(head.format("a", "B") + tiers + waiver)
    Path("tiers/b.yaml").write_text(head.format("b", "C") + tiers.replace("11", "10"))
    offline("validate", "--report", "sarif=v.sarif")
    results = json.loads(Path("v.sarif").read_text())["runs"][0]["results"]
    assert [(result["ruleId"], result["properties"]) for result in results] == [
        ("ladder-gap", {"program": "a", "targets": ["voucherify"], "tier": "Y"}),
        ("expired-waiver", {"program": "a"}),
        ("duplicate-target", {"program": "b", "targets": ["voucherify"]}),
    ]


def test_what_keeps_drift_from_its_end_is_in_each_format(
    drifted: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOUCHERIFY_APP_TOKEN", "")
    files = ("--report", "sarif=d.sarif", "--report", "junit=d.xml", "--report", "text=d.txt")
    ended = tierops("drift", "--format", "github", *files)
    assert (ended.code, ended.err) == (Exit.FAILED, "")
    assert ended.out.startswith("::error title=tierops::no Voucherify keys: set VOUCHERIFY_APP_ID and")
    invoked = invocation("d.sarif")
    assert (invoked["executionSuccessful"], invoked["exitCode"]) == (False, 1)
    assert "set VOUCHERIFY_APP_ID" in invoked["toolExecutionNotifications"][0]["message"]["text"]
    assert [case.get("name") for case in ET.parse("d.xml").iter("testcase")] == ["tierops drift"]
    assert Path("d.txt").read_text().startswith("error: ")
    for name in ("sarif", "junit"):
        assert "set VOUCHERIFY_APP_ID" in tierops("drift", "--format", name).err


def test_drift_over_bad_files_reports_the_files(tierops: Run, sample: Path) -> None:
    Path("tiers/bad.yaml").write_text(BAD)
    ended = tierops("drift", "--report", "github=d.log", "--report", "sarif=d.sarif")
    assert ended.code == Exit.FAILED
    lines = Path("d.log").read_text().splitlines()
    assert lines[0] == "::error title=tierops::3 problems in the files"
    assert len(lines) == 4
    assert not invocation("d.sarif")["executionSuccessful"]


def test_apply_that_stops_part_way_still_reports(drifted: Emulator, tierops: Run) -> None:
    drifted.faults.append(Fault(on="POST /v1/loyalties/*/tiers", kind="500-before", times=None))
    ended = tierops("apply", "--auto-approve", "--settle", "0", "--report", "json=a.json")
    assert ended.code == Exit.UNKNOWN
    (result,) = json.loads(Path("a.json").read_text())["results"]
    assert [outcome["state"] for outcome in result["outcomes"]] == ["unknown"]


@pytest.mark.parametrize("command", ["plan", "apply", "show"])
@pytest.mark.parametrize("name", ["sarif", "junit", "github"])
def test_formats_for_findings_belong_to_validate_and_drift(command: str, name: str, offline: Run) -> None:
    ended = offline(command, "--format", name)
    assert ended.code == Exit.USAGE
    assert f"'{name}' is not one of 'text', 'json'" in ended.err
    ended = offline(command, "--report", f"{name}=x")
    assert ended.code == Exit.USAGE
    assert "with one of: text, json" in ended.err


@pytest.mark.parametrize(
    ("reports", "code", "message"),
    [
        (["json"], Exit.USAGE, "'json' is not FORMAT=FILE"),
        (["json="], Exit.USAGE, "'' cannot be the name of a file"),
        (["json=-"], Exit.USAGE, "'-' is not taken for stdin or stdout"),
        (["=x"], Exit.USAGE, "'=x' is not FORMAT=FILE"),
        (["json=nowhere/x"], Exit.FAILED, "cannot write nowhere/x: No such file or directory"),
        (["json=tiers"], Exit.FAILED, "cannot write tiers: Is a directory"),
        (["json=link"], Exit.FAILED, "cannot write link: it is a symbolic link"),
        (["json=/dev/null"], Exit.FAILED, "cannot write /dev/null: it is not a regular file"),
        (["json=x", "text=tiers/../x"], Exit.USAGE, "two reports would go to tiers/../x"),
    ],
)
def test_a_report_that_cannot_be_written_is_an_error_before_anything_is_sent(
    reports: list[str], code: Exit, message: str, drifted: Emulator, tierops: Run, folder: Path
) -> None:
    (folder / "link").symlink_to("tiers/loyalty-campaign.yaml")
    ended = tierops("apply", "--auto-approve", *(part for report in reports for part in ("--report", report)))
    assert ended.code == code
    assert message in ended.err
    assert drifted.requests == []
    assert {path.name for path in folder.iterdir()} == {"link", "tiers"}


@pytest.mark.parametrize("form", [(), ("--format", "json")])
def test_a_report_never_overwrites_the_plan(
    form: tuple[str, ...], drifted: Emulator, tierops: Run, folder: Path
) -> None:
    ended = tierops("plan", "--out", "plan.json", "--report", "json=./plan.json", *form)
    assert ended.code == Exit.USAGE
    assert "--report would overwrite plan.json" in ended.out + ended.err
    assert not Path("plan.json").exists()
    tierops("plan", "--out", "plan.json")
    before = Path("plan.json").read_bytes()
    for command in ("apply", "show"):
        assert tierops(command, "plan.json", "--report", f"json={folder}/plan.json", *form).code == Exit.USAGE
        assert tierops(command, "plan.json", "--report", "json=plan.json", "--nonsense", *form).code == Exit.USAGE
    assert Path("plan.json").read_bytes() == before
    assert drifted.writes == 0


def test_a_report_never_overwrites_a_file_that_is_validated(tierops: Run, sample: Path) -> None:
    before = sample.read_text()
    ended = tierops("validate", "tiers", str(sample), "--report", "text=tiers/loyalty-campaign.yaml")
    assert (ended.code, sample.read_text()) == (Exit.USAGE, before)


def test_a_report_never_overwrites_the_journal(drifted: Emulator, tierops: Run) -> None:
    assert tierops("drift", "--journal", "j.log").code == Exit.DIFFERENCES
    before = Path("j.log").read_bytes()
    for command in (("apply", "--auto-approve", "--journal"), ("drift", "--journal"), ("journal", "verify")):
        ended = tierops(*command, "j.log", "--report", "json=j.log")
        assert (ended.code, Path("j.log").read_bytes()) == (Exit.USAGE, before)
    assert drifted.writes == 0


class Gone:
    """Takes a folder away while tierops talks to the vendor, as another process might."""

    def __init__(self, path: Path, emulator: Emulator) -> None:
        self._path, self._emulator = path, emulator

    def __call__(self, *arguments: object) -> object:
        if self._path.exists():
            self._path.rmdir()
        return self._emulator(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("command", "code"),
    [(("apply", "--auto-approve"), Exit.DONE), (("drift",), Exit.DIFFERENCES), (("plan",), Exit.FAILED)],
)
def test_a_report_that_can_no_longer_be_written_is_told_and_hides_no_outcome(
    command: tuple[str, ...], code: Exit, drifted: Emulator, tierops: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "out").mkdir()
    with serve(Gone(folder / "out", drifted)) as server:
        monkeypatch.setenv("VOUCHERIFY_URL", f"{server.url}/voucherify")
        ended = tierops(*command, "--report", "json=out/x.json", "--report", "text=x.txt")
    assert ended.code == code
    assert "error: the report is not saved: cannot write out/x.json: No such file or directory" in ended.err
    assert Path("x.txt").read_text() == ended.out
    assert drifted.writes == (command[0] == "apply")
