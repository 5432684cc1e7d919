"""Names, ids, file names, arguments and vendors' words are not ours: whatever is in them, no output is moved by it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from unicodedata import bidirectional, category

import pytest
import yaml
from click import unstyle
from harness import Ended, Run
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tierops import cli, output
from tierops.commands.session import Session
from tierops.config import writing
from tierops.emulator import Emulator
from tierops.emulator.server import serve
from tierops.errors import Exit
from tierops.journal.check import Chain
from tierops.model import (
    Change,
    Fate,
    FieldChange,
    Identity,
    Kind,
    Live,
    LiveTier,
    Outcome,
    Place,
    Plan,
    Position,
    Problem,
    Range,
    Request,
    Result,
    Scale,
    Severity,
    Signature,
    Target,
    TargetPlan,
    Tier,
)
from tierops.output import Report
from tierops.providers.connections import Usage
from tierops.text import names, visible

NASTY = [
    "::error::owned", "  ::set-output name=x::y", "::add-mask::a", "##[error]owned", "##[set-output name=x]y",
    "a ##vso[task.setvariable variable=x]y", "##teamcity[buildProblem]", "\n::error::x", "\r\n::error::x",
    "\x85::error::x", "\u2028::error::x", "\u2029::error::x", "\x0b::error::x", "\x0c::error::x", "\x1c::error::x",
    "\x1b[31mred", "\x1b]0;title\x07", "\x1b]8;;http://evil.example\x1b\\", "\x9b31m", "\x9d0;x\x9c", "\x00", "\x7f",
    "\x08\x08\x08", "\u202eevil", "\u2066x\u2069", "\u200fx", "\u061cx", "\u200bx", "\u200dx", "\ufeffx", "\u2060x",
    "\u00adx", "\ud800", "\udce9", "\U000e0041x\U000e007f", "\ue000", "\U0010ffff", "\ufdd0", "\ufffe", "\u3164x",
    "\ufe0fx", "\U000e0101x", "\u034fx", "\u00a0", "\u3000", "Z" + "\u0301" * 200, "\u0301first", "<script>x</script>",
    "[x](javascript:y)", "| a | b |", "```", "<!-- -->", "]]>", "&amp;", "金" * 30, "x" * 2000, "| ┃ ⋮ →", "${x}",
    "%0A::", "\\n", "", " ", "❤\ufe0f", "\\x1b[31m", "כסף", "a כסף\u2069", "\u2068כסף\u061c\u2069",
    "نقره\u200cای", "👨\u200d👩\u200d👧",
    "Go\u200cld", "👩\u200d",
]  # fmt: skip


def short(text: str) -> str:
    """A text as part of a test's name."""
    return ascii(text)[1:30]


letters = st.text(st.characters(), max_size=12)
hostile = st.lists(st.sampled_from(NASTY) | letters, min_size=1, max_size=3).map("".join)
positions = st.builds(Position, hostile, st.integers(1, 9), st.integers(1, 9))
bounds = st.none() | st.integers(0, 30).map(Decimal)
ranges = st.builds(Range, bounds, bounds)
values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | hostile,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(hostile, inner, max_size=2),
    max_leaves=4,
)
fields = st.dictionaries(st.sampled_from(["metadata", "rewards", "icon"]), values, max_size=2)
tiers = st.builds(Tier, hostile, ranges, fields, positions)
lives = st.builds(LiveTier, hostile, hostile, ranges, fields, st.none() | hostile)
changes = st.builds(
    Change,
    st.sampled_from(Kind),
    hostile,
    st.none() | lives,
    st.none() | tiers,
    st.lists(st.builds(FieldChange, st.tuples(st.just("metadata"), hostile), values, values), max_size=2).map(tuple),
    hostile,
)
VENDORS = ("voucherify", "fanfare")
steps = st.lists(hostile, max_size=2).map(tuple)
homes = st.builds(
    Target, hostile, hostile,
    st.builds(
        Place, st.sampled_from(VENDORS), hostile, st.tuples(hostile), st.dictionaries(hostile, hostile),
        st.dictionaries(hostile, values, max_size=2),
    ),
    st.builds(Scale, hostile.map("u{}".format), st.sampled_from([0, 2, None])),
    st.lists(tiers, max_size=3).map(tuple), positions, st.just(frozenset[str]()),
)  # fmt: skip
reads = st.builds(
    Live, st.builds(Identity, hostile, hostile, hostile, hostile, st.none() | hostile),
    st.lists(lives, max_size=3).map(tuple), hostile, steps, st.dictionaries(hostile, hostile, max_size=1),
)  # fmt: skip
targets = st.builds(
    TargetPlan, homes, reads, st.lists(changes, max_size=3).map(tuple),
    st.builds(Request, st.just("POST"), hostile, values, steps).map(lambda request: (request,)),
)  # fmt: skip
plans = st.builds(
    Plan,
    st.just("0"),
    st.just("t"),
    st.just("t"),
    st.none() | hostile,
    st.lists(targets, max_size=2).map(tuple),
    st.none() | st.builds(Signature, hostile, hostile, hostile),
)
problems = st.builds(
    Problem, st.just("schema"), hostile, positions, hostile, st.sampled_from(Severity), hostile,
    st.lists(hostile, max_size=2).map(tuple), hostile, hostile,
)  # fmt: skip
results = st.builds(
    Result,
    targets,
    st.lists(st.builds(Outcome, hostile, st.sampled_from(Fate), hostile), max_size=2).map(tuple),
    st.none() | st.lists(changes, max_size=1).map(tuple),
    hostile,
    st.booleans(),
    st.booleans(),
    st.integers(0, 1),
    steps,
    hostile,
    st.none() | st.builds(Outcome, hostile, st.sampled_from(Fate), hostile),
)
reports = st.builds(
    Report,
    st.sampled_from(["plan", "drift", "apply", "validate", "show"]),
    st.just(Exit.FAILED),
    hostile,
    st.lists(problems, max_size=2).map(tuple),
    st.none() | st.tuples(st.just(1), st.just(2), st.just(3)),
    st.none() | plans,
    st.none() | st.lists(results, max_size=2).map(tuple),
    st.just((Usage("voucherify", 1, 1, 0, None),)),
    st.none() | st.builds(Chain, st.just(1), st.just(1), hostile, hostile, st.just(0), hostile),
    st.lists(homes, max_size=2).map(tuple),
    st.none() | hostile,
)


ISOLATED = re.compile("\u2068([^\u2066-\u2069\n]+)\u2069")
JOINED = re.compile(
    "(?<=[\u0620-\u064a\u0671-\u06d3])\u200c(?=[\u0620-\u064a\u0671-\u06d3])"
    "|(?<=[\U0001f400-\U0001f9ff\u2764\ufe0f])\u200d(?=[\U0001f400-\U0001f9ff\u2764])"
)


def without_our_marks(told: str) -> str:
    """The text without isolates around words from right to left, and without joiners within a word or an emoji."""

    def inner(match: re.Match[str]) -> str:
        return match[1] if any(bidirectional(c) in {"R", "AL", "AN", "NSM"} for c in match[1]) else match[0]

    return JOINED.sub("", ISOLATED.sub(inner, told))


def assert_harmless(told: str, *, has_commands: bool = False) -> None:
    """No character moves or hides anything, and no line is a command to a CI service."""
    told.encode()
    bare = without_our_marks(unstyle(told))
    bad = {hex(ord(c)) for c in bare if c != "\n" and category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}}
    assert bad == set()
    assert not re.search(r"##\w*\[", told)
    assert has_commands or not re.search(r"(?m)^\s*::", bare)


def _is_text(told: str, report: Report) -> None:
    assert_harmless(told)
    for line in told.split("\n"):
        assert not re.search("(\\w[\u0300-\u036f]{6})", line)


def _is_json(told: str, report: Report) -> None:
    assert told.isascii()
    assert_harmless(told)
    data = json.loads(told)
    assert data["error"] == (report.error or None)
    if report.plan and report.results is None:
        assert [t["address"] for t in data["plan"]["targets"]] == [t.address for t in report.plan.targets]


def _is_any(told: str, report: Report) -> None:
    assert_harmless(told)


def _is_github(told: str, report: Report) -> None:
    assert_harmless(told, has_commands=True)
    for line in told.splitlines():
        assert re.match(r"::(error|warning|notice) |(?!\s*::)", line), line


FORMATS: dict[str, Callable[[str, Report], None]] = {"text": _is_text, "json": _is_json, "github": _is_github}


def known_formats() -> list[str]:
    """What `--format` takes, at whichever command; but a notice, which is made of real plans with real days."""
    return sorted({
        choice
        for command in (cli.cli, *map(cli.load, cli.COMMANDS))
        for option in command.params
        if option.name == "format"
        for choice in getattr(option.type, "choices", ())
        if choice != "notice"
    })  # fmt: skip


def shown(report: Report, format_: str, capsys: pytest.CaptureFixture[str]) -> Ended:
    """As the command line prints it."""
    session = Session()
    session.choose(format=format_)
    return Ended(session.report(report), *capsys.readouterr())


def test_all_formats_are_fuzzed() -> None:
    assert {"text", "json"} <= set(known_formats())


@pytest.mark.parametrize("format_", known_formats())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(report=reports)
def test_no_report_carries_what_is_in_a_text(format_: str, report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    ended = shown(report, format_, capsys)
    FORMATS.get(format_, _is_any)(ended.out, report)
    assert_harmless(ended.err)
    assert ended.err.count("\n") == (1 if report.error and format_ not in {"json", "github"} else 0)


def inert(value: object, known: dict[str, list[str]]) -> object:
    """The report with a short word for each text: equal ones for equal texts, like ones for those that read alike.

    What is alike at several targets is told once, so whether two names are one is for the report to know. `known` holds
    the texts so far, by how people read them.
    """
    if isinstance(value, Kind | Fate | Severity):
        return value
    if isinstance(value, str):
        if value in VENDORS or not value:
            return value
        alike = known.setdefault(names.folded(value), [])
        if value not in alike:
            alike.append(value)
        return f"x{list(known).index(names.folded(value))}" + "'" * alike.index(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(inert(part, known) for part in value))
    if isinstance(value, tuple | list):
        return type(value)(inert(part, known) for part in value)
    return value


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(report=reports)
@example(Report("show", Exit.DONE, plan=Plan("", "", "", "a\nb\x1b[2J", ())))
def test_the_number_of_lines_is_not_for_names_to_choose(report: Report) -> None:
    # What is wrapped to the width of the page may take more lines, all of them indented by six; a table of moves, which
    # is as many tables as its columns need, is none of these lines.
    report = _without_moves(report)
    told = unstyle(output.render(report, "text")).split("\n")
    plain = unstyle(output.render(_with_command(report), "text")).split("\n")
    kept, expected = ([line for line in lines if not line.startswith("      ")] for lines in (told, plain))
    assert len(kept) == len(expected)
    bare = [without_our_marks(line) for line in told]
    assert all(category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for line in bare for c in line)


def _without_moves(report: Report) -> Report:
    if not report.plan:
        return report._replace(impacts=None)
    targets = tuple(target._replace(impact=None) for target in report.plan.targets)
    return report._replace(plan=report.plan._replace(targets=targets), impacts=None)


def _with_command(report: Report) -> Report:
    blank = inert(report, {})
    assert isinstance(blank, Report)
    return blank._replace(command=report.command)


# One text at a time.


@given(hostile | letters)
def test_what_passed_one_gate_passes_the_other(text: str) -> None:
    line = visible.printable(text)
    assert "\n" not in line
    page = visible.page(line)
    assert_harmless(page)
    assert visible.page(page) == page


@given(hostile)
def test_lines_and_colours_of_our_own_pass_the_gate(text: str) -> None:
    own = f"\x1b[31m  + {visible.printable(text.replace('#', ''))}\x1b[0m 250–499 → ┃ ⋮ · ≤ …\n\n"
    assert visible.page(own) == own


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Gold", "Gold"),
        ("Gøld 金 ❤\ufe0f é e\u0301 ก็", "Gøld 金 ❤\ufe0f é e\u0301 ก็"),
        ("Gold\ufe0f", "Gold\\ufe0f"),
        ("\u0301x", "\\u0301x"),
        ("\ufe0fx", "\\ufe0fx"),
        ("Go\u3164ld", "Go\\u3164ld"),
        ("a" + "\u0301" * 7, "a" + "\u0301" * 5 + "\\u0301" * 2),
        ("\U000e0041", "\\U000e0041"),
        ("نقره\u200cای", "نقره\u200cای"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩🏽\u200d🚀 👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥", "👩🏽\u200d🚀 👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥"),
        ("Go\u200cld", "Go\\u200cld"),
        ("Gold\u200d", "Gold\\u200d"),
        ("نقره\u200c", "نقره\\u200c"),
        ("👩\u200dx", "👩\\u200dx"),
        ("\u2068כסף\u2069 \u202eכסף", "\\u2068כסף\\u2069 \\u202eכסף"),
    ],
)
def test_what_people_write_stays_and_what_deceives_is_escaped(text: str, safe: str) -> None:
    assert visible.printable(text) == safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("כסף 0–499, VIP", "\u2068כסף\u2069 0–499, VIP"),
        ("כסף, זהב ונחושת", "\u2068כסף\u2069, \u2068זהב ונחושת\u2069"),
        ("┃ כסף  ┃ זהב", "┃ \u2068כסף\u2069  ┃ \u2068זהב\u2069"),
        ("نقره\u200cای 5", "\u2068نقره\u200cای\u2069 5"),
        ("Gold", "Gold"),
    ],
)
def test_words_from_right_to_left_are_kept_apart_and_pass_the_gate(text: str, shown: str) -> None:
    assert visible.isolated(text) == shown
    assert visible.page(visible.isolated(text)) == shown


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("\u2068x\u2069", "\\u2068x\\u2069"),
        ("\u2068כסף", "\\u2068כסף"),
        ("\u2068כסף\n\u2069", "\\u2068כסף\n\\u2069"),
        ("\u2068כס\u061cף\u2069", "\u2068כס\\u061cף\u2069"),
        ("\u2067כסף\u2069", "\\u2067כסף\\u2069"),
    ],
)
def test_marks_of_direction_that_are_not_ours_do_not_pass_the_gate(text: str, safe: str) -> None:
    assert visible.page(text) == safe


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("::error::x", "\\u003a:error::x"),
        ("a\n  ::error::x", "a\n  \\u003a:error::x"),
        ("\x1b[31m::error::x", "\x1b[31m\\u003a:error::x"),
        ("a ::error::x", "a ::error::x"),
        ("a ##[error]", "a \\u0023#[error]"),
        ("###vso[x]", "#\\u0023#vso[x]"),
        ("## heading [x]", "## heading [x]"),
    ],
)
def test_a_command_to_a_ci_service_is_broken(text: str, safe: str) -> None:
    assert visible.page(text) == safe
    assert visible.page(text, has_commands=True) == (safe if "##" in text else text)


def test_a_long_text_is_cut_in_its_middle_and_says_how_long_it_was() -> None:
    told = visible.printable("a" * 500_000 + "b" * 500_000)
    assert told == "a" * 800 + " …[1,000,000 characters]… " + "b" * 300
    assert visible.printable("x" * 1200) == "x" * 1200


@pytest.mark.parametrize(("text", "width"), [("ab", 2), ("金金", 4), ("e\u0301", 1), ("ｗ", 2), ("┃ ·", 3)])
def test_columns_are_counted_as_a_terminal_does(text: str, width: int) -> None:
    assert visible.width(text) == width


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=30), st.integers(2, 30))
def test_a_cell_takes_its_columns_whatever_is_in_it(text: str, columns: int) -> None:
    assert visible.width(visible.fit(text, columns)) == columns


@given(hostile | letters)
def test_a_text_written_as_yaml_is_harmless_on_a_terminal_and_read_back_as_it_was(text: str) -> None:
    try:
        written = writing.Yaml().text(text, in_flow=True)
    except writing.CannotSay:
        return
    line = visible.page(f"name: {{a: {written}}}\n# {writing.quoted(text)}\n")
    assert_harmless(line)
    assert line.count("\n") == 2
    read = yaml.safe_load(visible.page(f"- {writing.quoted(text)}\n"))
    assert read == [text]


# Through the whole of tierops.

PROGRAM = """\
version: 1
program: club
targets: [{voucherify: {campaign: Club}}]
tiers:
  - {name: %s, from: 0, voucherify: {metadata: {%s: %s}}}
"""
STORED = [text for text in NASTY if text.strip() and not re.search("[\ud800-\udfff]", text)]


def program(name: str) -> str:
    quoted = writing.quoted(name.replace("${", "$${"))
    return PROGRAM % (quoted, quoted if len(quoted) < 500 else "long", quoted)


@pytest.fixture
def club(emulator: Emulator, tmp_path: Path) -> Emulator:
    (tmp_path / "tiers").mkdir()
    return emulator


def assert_all_harmless(ended: Ended) -> None:
    assert_harmless(ended.out)
    assert_harmless(ended.err)
    assert "Traceback" not in ended.err
    assert "mistake" not in ended.err


@pytest.mark.parametrize("name", STORED, ids=short)
def test_a_hostile_name_goes_in_and_out_and_is_never_shown_raw(name: str, club: Emulator, tierops: Run) -> None:
    club.voucherify.add_campaign("Club", tiers=[])
    Path("tiers/x.yaml").write_text(program(name), encoding="utf-8")
    for line in (("validate",), ("plan", "--out", "p.json"), ("-v", "apply", "p.json"), ("show", "p.json"), ("drift",)):
        ended = tierops(*line)
        assert_all_harmless(ended)
        assert ended.code == Exit.DONE, ended
    (tier,) = club.voucherify.tiers("Club")
    assert tier["name"] == name
    ended = tierops("import", "voucherify", "--campaign", "Club")
    assert_all_harmless(ended)
    Path("tiers/x.yaml").write_text(ended.out, encoding="utf-8")
    assert tierops("plan", "--detailed-exitcode").code == Exit.DONE


@pytest.mark.parametrize("name", [*STORED, "x" * 1_000_000], ids=short)
def test_a_hostile_live_name_is_safe_wherever_it_is_told(name: str, club: Emulator, tierops: Run) -> None:
    rungs = [{"name": name, "points": {"from": 0, "to": 9}}, {"name": f"{name}2", "points": {"from": 5}}]
    club.voucherify.add_campaign("Club", tiers=rungs)
    club.voucherify.add_campaign(name, tiers=[*rungs, {"name": "free", "points": {"to": 3}}])
    Path("tiers/x.yaml").write_text(program("Gold").replace("from: 0", "from: 50"), encoding="utf-8")
    for line in (("plan",), ("drift",), ("apply", "--auto-approve"), ("import", "voucherify", "--all")):
        ended = tierops(*line)
        assert_all_harmless(ended)
        assert len(ended.out + ended.err) < 60_000
    assert "import" in ended.err or "not imported" in ended.err


class Says:
    """A vendor that answers every request with this."""

    def __init__(self, status: str, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.answer = status, body, [("Content-Type", kind), *headers.items()]

    def __call__(self, environ: dict, start_response: Callable) -> list[bytes]:
        status, body, headers = self.answer
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "500 Oops", "200 OK"])
@pytest.mark.parametrize("text", ["\n::error::owned", "\x1b[2J\u202e##[error]x", "\ud800", "y" * 1_000_000], ids=short)
@pytest.mark.parametrize("shape", ["message", "error", "html", "garbage"])
def test_what_a_vendor_says_is_told_safely(
    status: str, text: str, shape: str, club: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tierops.providers.limits._FIRST_PAUSE", 0)
    body, kind = json.dumps({shape: text, "details": [{"message": text}], "key": text}).encode(), "application/json"
    if shape == "html":
        body, kind = f"<h1>{text}</h1>".encode(errors="replace"), "text/html"
    if shape == "garbage":
        body = text.encode(errors="replace")
    Path("tiers/x.yaml").write_text(program("Gold"))
    with serve(Says(status, body, kind)) as server:
        monkeypatch.setenv("VOUCHERIFY_URL", server.url)
        monkeypatch.setenv("FANFARE_URL", server.url)
        for line in (("-v", "plan"), ("apply", "--auto-approve"), ("import", "fanfare", "--all")):
            ended = tierops(*line)
            assert ended.code == Exit.FAILED
            assert_all_harmless(ended)
            assert len(ended.err) < 5000
            assert ended.err.count("error: ") >= 1
        ended = tierops("plan", "--format", "json")
        assert json.loads(ended.out)["error"]
        assert len(ended.out) < 10_000


@pytest.mark.parametrize(
    "line",
    [
        ("{}",), ("plan", "{}"), ("--{}",), ("plan", "--{}"), ("plan", "--program", "{}"), ("--env", "{}", "plan"),
        ("--dir", "{}", "plan"), ("validate", "{}"), ("show", "{}"), ("apply", "{}"), ("plan", "--ttl", "{}"),
        ("plan", "--format", "{}"), ("schema", "{}"), ("import", "{}"), ("import", "voucherify", "--campaign", "{}"),
        ("import", "fanfare", "--group", "{}"), ("plan", "--max-wait", "{}"), ("emulate", "--switch", "{}"),
    ],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize(
    "text", ["\n::error::x", "::error::x", "##[error]x", "\x1b[31m\u202e", "\udcff", "e" * 9000], ids=short
)
def test_an_argument_is_said_back_safely(line: tuple[str, ...], text: str, sample: Path, tierops: Run) -> None:
    ended = tierops(*(part.format(text) for part in line))
    assert ended.code in {Exit.FAILED, Exit.USAGE}
    assert_all_harmless(ended)
    assert ended.err.count("\n") <= 5
    assert len(ended.err) < 3000


@pytest.mark.parametrize(
    "name", ["::error file=x::", "a\n::error::x", "\x1b[31m", "##[error]", "\udcff", "é" * 100], ids=short
)
def test_a_file_is_named_safely_at_the_start_of_a_line(name: str, offline: Run, tmp_path: Path) -> None:
    (tmp_path / f"{name}.yaml").write_text("a: 1\n")
    ended = offline("validate", "--dir", ".")
    assert ended.code == Exit.FAILED
    assert_all_harmless(ended)
    assert len(ended.out.splitlines()) == 6
    assert (
        json.loads(offline("validate", "--dir", ".", "--format", "json").out)["problems"][0]["file"] == f"{name}.yaml"
    )


def test_wide_names_keep_the_columns(club: Emulator, tierops: Run) -> None:
    rungs = [
        {"name": name, "points": {"from": n * 10, "to": n * 10 + 9}}
        for n, name in enumerate(("金銀", "Gold", "金" * 40))
    ]
    club.voucherify.add_campaign("Club", tiers=rungs)
    Path("tiers/x.yaml").write_text(program("Gold").replace("from: 0", "from: 10, to: 19"), encoding="utf-8")
    lines = tierops("plan").out.splitlines()
    start = next(n for n, line in enumerate(lines) if line.endswith("the files want"))
    rows = [line for line in lines[start + 1 :] if "┃" in line]
    column = visible.width(lines[start][: lines[start].index("the files want")])
    assert len(rows) == 3
    for row in rows:
        right = row.rindex("┃") if "Gold" in row[30:] else row.rindex("·")
        assert visible.width(row[:right]) == column
