"""YAML is read with the 1.2 core rules, exactly, with places, and within bounds, by either of PyYAML's parsers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierops.config import yamltext
from tierops.config.marked import Document, List, Map
from tierops.model import Position


@pytest.fixture(params=["c", "pure"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "pure":
        monkeypatch.delattr(yaml, "CSafeLoader")
    return str(request.param)


def read(text: str) -> Any:
    documents, problems = yamltext.parse(text, "f.yaml")
    assert problems == []
    return documents[0].data


def findings(text: str) -> list[str]:
    return [str(problem) for problem in yamltext.parse(text, "f.yaml")[1]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", None), ("null", None), ("Null", None), ("NULL", None), ("", None), ("nUll", "nUll"),
        ("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False), ("FALSE", False),
        ("tRue", "tRue"), ("yes", "yes"), ("no", "no"), ("on", "on"), ("y", "y"),
        ("0", 0), ("010", 10), ("+7", 7), ("-7", -7), ("0o17", 15), ("0xFf", 255), ("-0", 0),
        ("1.50", Decimal("1.5")), ("2.0", 2), ("1e3", 1000), ("12e-1", Decimal("1.2")), (".5", Decimal("0.5")),
        ("5.", 5), ("-.5", Decimal("-0.5")), ("0.1", Decimal("0.1")), ("-0.0", 0),
        ("1_000", "1_000"), ("1:30", "1:30"), ("2027-01-31", "2027-01-31"), ("0b1", "0b1"), ("-0x1", "-0x1"),
        ("1e", "1e"), (".", "."), ("-", [None]), ("+", "+"), ("٣", "٣"), ("=", "="), ("- x", ["x"]),
        ("'5'", "5"), ('"true"', "true"), ("''", ""), ("! 5", "5"), ("!!str 5", "5"), ("!!int '5'", 5),
        ("!!float 5", 5), ("!!float 5.5", Decimal("5.5")), ("!!bool true", True), ("!!null ''", None),
        ("!!map {}", {}), ("!!seq []", []), ("! [a]", ["a"]), ("|\n  5\n", "5\n"),
        ("1234567890123456789012345678901234567890", 1234567890123456789012345678901234567890),
        ("0.12345678901234567890123456789012345678", Decimal("0.12345678901234567890123456789012345678")),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    found = read(f"- {text}" if not text.startswith("- ") else f"-\n  {text}")[0]
    assert (found, type(found) in (List, Map) or type(found)) == (value, type(value) in (list, dict) or type(value))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- .inf", "1:3: schema: .inf is no number"),
        ("- -.Inf", "1:3: schema: -.Inf is no number"),
        ("- .NaN", "1:3: schema: .NaN is no number"),
        ("- 1e41", "1:3: schema: the number '1e41' is out of range"),
        ("- 1e-41", "1:3: schema: the number '1e-41' is out of range"),
        ("- " + "9" * 41, "1:3: schema: the number '99999999999999999999999999999…' has more than 40 characters"),
        ("- 0." + "9" * 41, "has more than 40 characters"),
        ("- 0x" + "f" * 41, "has more than 40 characters"),
        ("- 0o" + "7" * 41, "has more than 40 characters"),
        ("- 1e" + "9" * 5000, "has more than 40 characters"),
        ("- !!int x", "1:3: schema: !!int says what 'x' is not"),
        ("- !!int true", "!!int says what 'true' is not"),
        ("- !!float x", "!!float says what 'x' is not"),
        ("- !!bool yes", "!!bool says what 'yes' is not"),
        ("- !!null x", "!!null says what 'x' is not"),
        ("- !!binary eA==", "the tag 'tag:yaml.org,2002:binary' is not supported"),
        ("- !!python/object:os.system {}", "is not supported on a mapping"),
        ("- !!set [x]", "is not supported on a list"),
        ("- !!seq {}", "is not supported on a mapping"),
        ("1: x", "1:1: schema: the key '1' is not text; put it in quotes"),
        ("~: x", "1:1: schema: the key '~' is not text; put it in quotes"),
        (".nan: x", "1:1: schema: .nan is no number"),
        ("? [x]\n: y", "1:3: schema: a key must be text, not a list"),
        ("a: &a 1\n*a : 2", "2:1: schema: a key must be text, not a list, a mapping or an alias"),
        ("a: 1\nb: 2\na: 3", "3:1: schema: the key 'a' is here twice, first on line 1"),
        ("a: *b", "1:4: schema: there is no anchor `&b` above this alias"),
        ("a: &a\n  b: *a", "2:6: schema: the alias `*a` stands inside its own anchor (line 1)"),
        ("--- &a [1]\n--- *a", "2:5: schema: there is no anchor `&a`"),
        ("a: [1\nb", "schema: not YAML: "),
        ("a: b: c", "1:5: schema: not YAML: mapping values are not allowed"),
        ("a: 'x", "schema: not YAML: "),
        ("a: {b: ${c}}", "; text with ${…} in it needs quotes between brackets"),
        ("%YAML 2.0\n---\na", "1:1: schema: not YAML: found incompatible YAML document"),
        ("a: 1\nbc: x\0y", "2:6: schema: the character U+0000 may not stand in YAML; is this UTF-16"),
        ("a: x\x07", "1:5: schema: the character U+0007 may not stand in YAML; write it as an escape"),
        ("", "1:1: schema: the file is empty"),
        ("# nothing\n", "1:1: schema: the file is empty"),
        ("---\n---\n~\n", "1:1: schema: the file is empty"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_one_finding(text: str, message: str) -> None:
    found = findings(text)
    assert len(found) == 1
    assert message in found[0]


def test_findings_do_not_end_the_reading() -> None:
    assert [f.split(" ")[0] for f in findings("a: .inf\na: 1\n2: x\nb: *c\nd: !x y\ne: [1, ~, {f: .nan}]\n")] == [
        "f.yaml:1:4:", "f.yaml:2:1:", "f.yaml:3:1:", "f.yaml:4:4:", "f.yaml:5:4:", "f.yaml:6:15:"
    ]  # fmt: skip


def test_every_part_knows_its_place() -> None:
    data = read("ä😀: é\nlist:\n  - x\n  - {k: v}\n")
    assert data.key_at == {"ä😀": ("f.yaml", 1, 1), "list": ("f.yaml", 2, 1)}
    assert data.value_at == {"ä😀": ("f.yaml", 1, 5), "list": ("f.yaml", 3, 3)}
    assert data["list"].item_at == [("f.yaml", 3, 5), ("f.yaml", 4, 5)]
    assert data["list"][1].at == Position("f.yaml", 4, 5)
    assert data["list"][1].value_at == {"k": ("f.yaml", 4, 9)}


def test_places_are_found_by_path() -> None:
    document = Document(read("a:\n  - b: 1\n"), Position("f.yaml", 1, 1))
    assert document.locate(["a", 0, "b"]) == ("f.yaml", 2, 8)
    assert document.locate(["a", 0], "b") == ("f.yaml", 2, 5)
    assert document.locate(["a", 0], "c") == ("f.yaml", 2, 5)
    assert document.locate(["a", 7, "b"]) == ("f.yaml", 2, 3)
    assert document.locate(["x"]) == ("f.yaml", 1, 1)


def test_an_alias_is_what_its_anchor_is_at_its_own_place() -> None:
    data = read("a: &a [1, &n x]\nb: *a\nc: *n\n*n : k\n")
    assert data == {"a": [1, "x"], "b": [1, "x"], "c": "x", "x": "k"}
    assert data.value_at["b"] == ("f.yaml", 2, 4)


def test_a_merge_key_is_a_key_like_any_other() -> None:
    assert read("a: &a {x: 1}\nb: {<<: *a}\n") == {"a": {"x": 1}, "b": {"<<": {"x": 1}}}


def test_a_bomb_of_aliases_is_refused_quickly() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 50)]
    found = findings("\n".join(lines))
    assert len(found) == 1
    assert "more than 100,000 values in one file" in found[0]


def test_nesting_is_bounded() -> None:
    assert read("[" * 50 + "]" * 50)
    assert findings("[" * 51 + "]" * 51) == ["f.yaml:1:51: schema: nested more than 50 levels deep"]
    assert "nested more than 50 levels deep" in findings("[" * 100_000)[0]


def test_nesting_is_bounded_through_aliases_too() -> None:
    text = f"- &a {'[' * 30}{']' * 30}\n- {'[' * 19}*a{']' * 19}\n"
    assert read(text.replace("*a", "1"))
    assert findings(text) == []
    deeper = f"- &a {'[' * 30}{']' * 30}\n- {'[' * 20}*a{']' * 20}\n"
    assert "2:23: schema: nested more than 50 levels deep, counting what the alias stands for" in findings(deeper)[0]


def test_documents_are_read_one_by_one_and_empty_ones_left_out() -> None:
    documents, problems = yamltext.parse("---\na: 1\n---\n---\n# x\n---\nb: 2\n...\n", "f.yaml")
    assert [document.data for document in documents] == [{"a": 1}, {"b": 2}]
    assert [document.at.line for document in documents] == [2, 7]
    assert problems == []


def test_documents_before_a_syntax_error_are_kept() -> None:
    documents, problems = yamltext.parse("a: 1\n---\nb: [\n", "f.yaml")
    assert [document.data for document in documents] == [{"a": 1}]
    assert len(problems) == 1


def test_a_byte_order_mark_is_no_text() -> None:
    assert read("\ufeffa: 1") == {"a": 1}


@pytest.mark.parametrize("escape", [r"\ud800", r"\ud83d\ude00", r"\UFFFFFFFF", r"\U7FFFFFFF"])
def test_an_escape_that_is_no_character_is_a_finding(escape: str) -> None:
    assert len(findings(f'a: "x{escape}"')) == 1
    assert len(findings(f'"x{escape}": a')) == 1


_texts = st.lists(
    st.sampled_from(
        ["a", "b: ", "- ", "\n", "  ", "[", "]", "{", "}", ", ", ": ", "&x ", "*x", "!!str ", "! ", "1", "0.5", "1e9",
         "'", '"', "|", ">", "\t", "#", "---\n", "...\n", "? ", "é", "😀", "\u2028", "\x85", "\r\n", "%", "@", "~",
         ".inf"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


def _plain(data: Any) -> Any:
    if isinstance(data, Map):
        return data.at, [(key, data.key_at[key], data.value_at[key], _plain(value)) for key, value in data.items()]
    if isinstance(data, List):
        return data.at, data.item_at, [_plain(item) for item in data]
    return type(data), data


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(_texts)
def test_nothing_crashes_the_reader(text: str) -> None:
    documents, problems = yamltext.parse(text, "f.yaml")
    assert documents or problems


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=_texts)
def test_both_parsers_read_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = yamltext.parse(text, "f.yaml")
    with monkeypatch.context() as patch:
        patch.setattr(yaml, "CSafeLoader", yaml.SafeLoader, raising=False)
        second = yamltext.parse(text, "f.yaml")
    if not any("not YAML" in problem.message for problem in first[1] + second[1]):
        assert [_plain(document.data) for document in first[0]] == [_plain(document.data) for document in second[0]]
        assert first[1] == second[1]
