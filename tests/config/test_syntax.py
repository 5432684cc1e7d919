"""What is not YAML is said in words for who wrote it, and where the mistake is: a line that the file has."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierops.config import yamltext


@pytest.fixture(params=["c", "pure"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "pure":
        monkeypatch.delattr(yaml, "CSafeLoader")
    return str(request.param)


def findings(text: str) -> list[str]:
    return [str(problem).removeprefix("f.yaml:") for problem in yamltext.parse(text, "f.yaml")[1]]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ('a:\n  - b: "Bronze\n    c: 0\n  - b: Silver\n', "2:8"),
        ("a: 'x", "1:4"),
        ("a: 'x\n\n\n", "1:4"),
        ("a: 'b''\n", "1:4"),
        ("a: {b: 'x}\nc: 1\n", "1:8"),
        ('"a: 1\nb: 2\n', "1:1"),
        ("a: 1\n---\nb: 'x\n---\nc: 1\n", "3:4"),
    ],
)
def test_a_quote_that_is_never_closed_is_found_where_it_opens(text: str, at: str) -> None:
    assert findings(text) == [f"{at}: schema: not YAML: this quote is never closed"]


@pytest.mark.parametrize(
    ("text", "at", "lines"),
    [
        ('a: "x\nb: "y"\nc: 1\n', "1:4", "one line"),
        ('a:\n  - b: "Bronze\n    c: 0\n  - b: "Silver"\n    c: 250\n', "2:8", "2 lines"),
        ('a: "x\nb: " y"\n', "1:4", "one line"),
        ("a: 'x\r\nb: c\r\nd: 'e'\r\n", "1:4", "2 lines"),
    ],
)
def test_a_quote_that_another_text_closes_is_found_where_it_opens(text: str, at: str, lines: str) -> None:
    message = f"this quote closes only {lines} further down; close it where its text ends"
    assert findings(text) == [f"{at}: schema: not YAML: {message}"]


@pytest.mark.parametrize(
    ("text", "at", "bracket"),
    [
        ("a: [1\nb", "1:4", "["),
        ("a: [1, 2\n\n\n", "1:4", "["),
        ("a: {b: 1\nc: 2\n", "1:4", "{"),
        ("t:\n  - {n: B, f: 0\n  - {n: S, f: 2}\n", "2:5", "{"),
        ("t:\n  - {n: B, f: 0}\n  - {n: S, f: 2\n", "3:5", "{"),
        ("a: [{b: {c: d}]\n", "1:5", "{"),
        ("a: {b: [1, 2}\nc: 3\n", "1:8", "["),
        ("a: [1, 2\n---\nb: 1", "1:4", "["),
        ("a: {x: 1, y: {z: 1}\nb: 2", "1:4", "{"),
        ("a: [x: y\n", "1:4", "["),
        ("a: 1\n---\n[", "3:1", "["),
        ("- {a: b\n" * 1000, "1:3", "{"),
    ],
)
def test_a_bracket_that_is_never_closed_is_found_where_it_opens(text: str, at: str, bracket: str) -> None:
    assert findings(text) == [f"{at}: schema: not YAML: this `{bracket}` is never closed"]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("a: {b: 1}}", "1:10: this `}` closes nothing; quote text that holds it"),
        ("a: ]", "1:4: this `]` closes nothing; quote text that holds it"),
        ("a:\n\tb: 1\n", "2:1: a tab may not indent; use blanks"),
        ("\ta: 1\n", "1:1: a tab may not indent; use blanks"),
        ("a: b\n\tc: d\n", "2:1: a tab may not indent; use blanks"),
        ("a:\n  - b\n\t- c\n", "3:1: a tab may not indent; use blanks"),
        ("a:\n-\tb: 1\n  c: 2\n", "2:2: a tab may not indent; use blanks"),
        ("a: |\n  x\n\ty\n", "3:1: a tab may not indent; use blanks"),
        ("name: VIP: Gold", '1:10: quote text that holds `: `, as in name: "VIP: Gold"'),
        ('- name: a: "b" \\ # c', r'1:10: quote text that holds `: `, as in name: "a: \"b\" \\"'),
        ("{name: VIP: Gold}", "1:11: quote text that holds `: `"),
        ("a: b: " + "c" * 99, f'1:5: quote text that holds `: `, as in a: "b: {"c" * 56}…"'),
        (
            "a: x\n  b: 1\n",
            "2:3: this line is indented as if it went on with the text above; give it the indent of its",
        ),
        ("name:Gold\nfrom: 1\n", "1:5: a blank is missing behind `name:`"),
        ("- name: x\n  from:5\n  to: 7\n", "2:7: a blank is missing behind `from:`"),
        ("a: 1\nGold\nb: 2\n", "2:1: this line is neither `key: value` nor an entry of a list"),
        ("a: @x", "1:4: text that begins with '@' must be in quotes"),
        ("a: %x", "1:4: text that begins with '%' must be in quotes"),
        ("a: `x", "1:4: text that begins with '`' must be in quotes"),
        ("a: ,x", "1:4: text that begins with ',' must be in quotes"),
        ("a: - x", "1:4: text that begins with '-' must be in quotes"),
        ("a: ? x", "1:4: text that begins with '?' must be in quotes"),
        ("a: > x", "1:4: text that begins with '>' must be in quotes"),
        ("a: |x", "1:4: text that begins with '|' must be in quotes"),
        ("a: 'It's x'", "1:8: the text goes on behind its closing quote; a quote within a quoted text is written ''"),
        ('a: "B" T', '1:7: the text goes on behind its closing quote; a quote within a quoted text is written \\"'),
        ("a: {b: ${c}}", "1:9: between brackets something is missing here: quotes around text with ${…} in it"),
        ("a: [{b: 1} {c: 2}]", "1:12: between brackets something is missing here: a comma, or quotes around text"),
        ("a: 1\n- b\n", "2:1: the indent of this line fits nothing above; line it up with what it belongs to"),
        ("  a: 1\nb: 2\n", "2:1: the indent of this line fits nothing above"),
        ("a:\n  - b: 1\n    c: 2\n   d: 3\n", "4:4: the indent of this line fits nothing above"),
        ('"a\\q"', "1:3: `\\q` is no escape; write `\\\\` for a backslash, or take 'single quotes'"),
        ("a: x\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n", "2:1: a merge conflict was left here; keep one side"),
        ("a: 1\nb: &x 'y' z\n", "2:10: the text goes on behind its closing quote"),
        ('- a\nb: "x"\n', "2:1: the indent of this line fits nothing above; line it up with what it belongs to"),
        ("%YAML 2.0\n---\na", "1:1: found incompatible YAML document"),
    ],
)
def test_it_is_said_what_to_do(text: str, finding: str) -> None:
    at, _, message = finding.partition(": ")
    (found,) = findings(text)
    assert found.startswith(f"{at}: schema: not YAML: {message}")


@pytest.mark.parametrize(
    ("text", "ends"),
    [("a: *Gold", "text that begins with '*' must be in quotes"), ("a: !Gold", "text that begins with '!' must be in")],
)
def test_what_is_yaml_but_hardly_meant_so_is_said(text: str, ends: str) -> None:
    (found,) = findings(text)
    assert found.startswith("1:4: schema: ")
    assert ends in found


def test_the_documents_behind_a_fault_are_read() -> None:
    text = "a: b: c\n---\nb: 1\n--- # x\nc: [\n---\r\nd: .inf\n---\ne: 1"
    documents, problems = yamltext.parse(text, "f.yaml")
    assert [problem.at[1:] for problem in problems] == [(1, 5), (5, 4), (7, 4)]
    assert [(document.at.line, document.data) for document in documents] == [
        (3, {"b": 1}),
        (7, {"d": None}),
        (9, {"e": 1}),
    ]


def test_a_file_of_faults_is_given_up() -> None:
    assert len(findings("a: b: c\n---\n" * 10_000)) == 20


_bad = st.lists(
    st.sampled_from(
        ["a", "b: ", "- ", "\n", "\r\n", "\r", "  ", "\t", "[", "]", "{", "}", ",", ":", "'", '"', "|", ">", "#",
         "---\n", "? ", "@", "%", "&x ", "*x", "é", "\u2028", r"\ud83d\ude00", r"\ud83d", "\ufeff", "<<<<<<< x", "\\"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(_bad)
def test_every_finding_stands_in_a_line_that_the_file_has(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in yamltext.parse(text, "f.yaml")[1]:
        assert problem.at.line <= len(lines)
        assert problem.at.column <= len(lines[problem.at.line - 1]) + 1
        if "not YAML" in problem.message and text.strip():
            assert problem.at.line <= len(text.rstrip().replace("\r\n", "\n").replace("\r", "\n").split("\n"))
