"""YAML is read with the 1.2 core rules, exactly, with places, and within bounds, by either of PyYAML's parsers."""

from __future__ import annotations

import json
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
        ("<<: {a: 1}", "1:1: schema: merge keys (`<<`) are not part of YAML 1.2"),
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


@pytest.mark.parametrize("key", ["<<: *a", "<< : [*a, *a]", "? <<\n  : *a", "<<: &c {x: 1}", "<<:", "<<: text"])
def test_a_merge_key_is_one_finding_wherever_it_stands(key: str) -> None:
    message = 'merge keys (`<<`) are not part of YAML 1.2; write the keys out, or quote "<<"'
    column = 5 if key.startswith("?") else 3
    assert findings(f"a: &a {{x: 1}}\nb:\n  {key}\n") == [f"f.yaml:3:{column}: schema: {message}"]


def test_what_a_merge_key_would_bring_is_not_said_to_be_missing() -> None:
    (document,), problems = yamltext.parse("a: &a {x: 1, y: 2}\nb: {<<: [*a], x: 3}\n", "f.yaml")
    assert document.data["b"] == {"x": 3, "y": 2}
    assert document.data["b"].value_at["y"] == problems[0].at == ("f.yaml", 2, 5)


@pytest.mark.parametrize("key", ['"<<"', "'<<'", "! <<", "!!str <<"])
def test_a_merge_key_in_quotes_is_a_key_like_any_other(key: str) -> None:
    assert read(f"{key}: {{x: 1}}\nb: <<\n") == {"<<": {"x": 1}, "b": "<<"}
    assert read(f"a: &a {key}\nb: {{*a : 1}}") == {"a": "<<", "b": {"<<": 1}}


@pytest.mark.parametrize(
    ("text", "digits", "value"),
    [("1.000", "1000", "1"), ("10.000", "10000", "10"), ("100.000", "100000", "100"), ("-5.000", "-5000", "-5"),
     ("99.500", "99500", "99.5"), ("1.250", "1250", "1.25"), ("!!float 1.000", "1000", "1")],
)  # fmt: skip
def test_a_point_before_three_digits_is_asked_about(text: str, digits: str, value: str) -> None:
    number = text.rpartition(" ")[2]
    message = f"{number} is {value}, for a point begins decimals; write {digits}, or {value} if that is meant"
    assert findings(f"a: {{b: {text}}}") == [f"f.yaml:1:8: schema: {message}"]
    assert read(f"[{digits}, {value}, '{number}']")[2] == number


@pytest.mark.parametrize("text", ["1.5", "2.50", "0.500", "1000.000", "1.0000", "1.255", "1.00", "1.000e0", "0.000"])
def test_a_point_that_can_only_begin_decimals_is_not(text: str) -> None:
    assert read(f"- {text}") == [Decimal(text)]


@pytest.mark.parametrize(
    ("text", "number", "digits"),
    [
        ("a: {b: 1,000}", "1,000", "1000"),
        ("a: {b: 1,000, c: 2}", "1,000", "1000"),
        ("a: {b: 1,500 }", "1,500", "1500"),
        ("a: {b: 1,000,000}", "1,000,000", "1000000"),
        ("a: {b: 1,000.50}", "1,000.50", "1000.50"),
        ("a: {b: 1,5}", "1,5", "1.5"),
        ("a: {b: 1,2,3}", "1,2,3", "the digits alone"),
        ("a: {b: 1,000\n}", "1,000", "1000"),
        ("a:  [1,000]", "1,000", "1000"),
        ("a:  [1,000,000, 2]", "1,000,000", "1000000"),
    ],
)
def test_a_comma_within_a_number_is_one_finding_where_it_stands(text: str, number: str, digits: str) -> None:
    message = f"between brackets a comma parts entries, so {number} is no number; write {digits}"
    assert findings(text) == [f"f.yaml:1:{text.index(',') + 1}: schema: {message}"]


def test_a_comma_between_entries_is_left_alone() -> None:
    assert read("a: [1,500, 1, 007, x,000]") == {"a": [1, 500, 1, 7, "x", 0]}
    assert read("a: 1,000") == {"a": "1,000"}
    assert findings("{a: 1, 2: 3}") == ["f.yaml:1:8: schema: the key '2' is not text; put it in quotes"]


def test_a_scalar_remembers_how_it_was_written() -> None:
    (document,), _ = yamltext.parse("[007, 0x1F, 1e3, 2.50, +1, ~, True, 250, 2.5, null, true, x, '007']", "f.yaml")
    assert list(document.written.values()) == ["007", "0x1F", "1e3", "2.50", "+1", "~", "True"]
    assert document.written[document.locate([0])] == "007"
    documents, _ = yamltext.parse("a: 007\n---\na: 7\n", "f.yaml")
    assert [len(document.written) for document in documents] == [1, 0]


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
    data = read("a: {'x\ufeff': \ufeffy, b: 1} # \ufeff")
    assert data == {"a": {"x\ufeff": "\ufeffy", "b": 1}}
    assert data["a"].key_at["b"] == ("f.yaml", 1, 15)


@pytest.mark.parametrize("between", ["---\n", "--- # x\n", "# x\n\n# y\n---\n", "%YAML 1.2\n---\n", "---\r\n"])
def test_a_byte_order_mark_may_begin_every_document(between: str) -> None:
    before = "a: 1\n...\n" if between[0] == "%" else "a: 1\n"
    documents, problems = yamltext.parse(f"{before}\ufeff{between}b: 2\n\ufeff# end", "f.yaml")
    assert [document.data for document in documents] == [{"a": 1}, {"b": 2}]
    assert problems == []


@pytest.mark.parametrize(("text", "at"), [("a: 1\n\ufeffb: 2", "2:1"), ("a: 1\ufeffb: 2", "1:5")])
def test_a_byte_order_mark_within_a_document_is_named(text: str, at: str) -> None:
    (found,) = findings(text)
    assert found.startswith(f"f.yaml:{at}: schema: ")
    assert "a byte order mark stands here: were two files joined? Write `---`" in found


@pytest.mark.parametrize("escape", [r"\ud800", r"\ude00", r"\ude00\ud83d", r"\\\\ud83d\ude00", r"\ud83d\ud83d\ude00"])
def test_half_of_a_surrogate_pair_is_a_finding(escape: str) -> None:
    for text in (f'a: "x{escape}"', f'"x{escape}": a'):
        (found,) = findings(text)
        assert "this escape is half of a surrogate pair and so no character" in found


@pytest.mark.parametrize("escape", [r"\UFFFFFFFF", r"\U7FFFFFFF"])
def test_an_escape_that_is_no_character_is_a_finding(escape: str) -> None:
    assert len(findings(f'a: "x{escape}"')) == 1
    assert len(findings(f'"x{escape}": a')) == 1


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029"])
class TestWhatBreaksNoLine:
    """Neither the places behind it nor the text around it change."""

    def test_in_a_scalar(self, character: str) -> None:
        for text in (f"x{character}y", f"'x{character} y'", f'"x{character}{character}y"', f"{character}x{character}"):
            data = read(f"{{a: {text}, b: 1}}\nc: 2" if text[0] == "{" else f"a: {text}\nb: 1")
            assert data["a"] == text.strip("'\"")
            assert data.key_at["b"] == ("f.yaml", 2, 1)
        assert read(f"a: |\n  x{character}y\n  z\nb: 1")["a"] == f"x{character}y\nz\n"

    def test_in_a_key(self, character: str) -> None:
        assert read(f"x{character}y: 1\n'{character}': 2").key_at == {
            f"x{character}y": ("f.yaml", 1, 1), character: ("f.yaml", 2, 1)
        }  # fmt: skip

    def test_in_a_comment(self, character: str) -> None:
        assert read(f"a: 1 # x{character}b: 2\nc: 3 # {character}") == {"a": 1, "c": 3}

    def test_in_a_finding(self, character: str) -> None:
        assert findings(f"a: 'x{character}' # {character}\n{character}: .nan\n")[0].startswith("f.yaml:2:4: ")
        assert findings(f"a: x{character}\nb: @\n")[0].startswith("f.yaml:2:4: schema: not YAML: ")
        assert findings(f"a: x{character}\nb: \0\n")[0].startswith("f.yaml:2:4: ")
        assert f"the key {f'{character}x'!r} is here twice" in findings(f"{character}x: 1\n{character}x: 2\n")[0]

    def test_beside_an_escape_for_it(self, character: str) -> None:
        escape = {"\x85": r"\N", "\u2028": r"\L", "\u2029": r"\P"}[character]
        assert read(f'"{character}{escape}\\U0010FFFD\U0010fffc"') == f"{character * 2}\U0010fffd\U0010fffc"


def test_lines_end_as_they_do_in_yaml() -> None:
    for end in ("\n", "\r", "\r\n"):
        assert read(f"a: 1{end}b: 2{end}").key_at["b"] == ("f.yaml", 2, 1)
        for bad in ("b: \0", "b: @", "b: .nan", f"{end}b: 'x{end}{end}"):
            line = 3 if bad.startswith(end) else 2
            assert findings(f"a: x{end}{bad}")[0].startswith(f"f.yaml:{line}:4: ")


def test_two_escapes_are_one_character_as_in_json() -> None:
    assert read(r'''{"a": "\ud83d\ude00", "\uD83C\uDF89": "x\uD83D\uDE00\ud83d\ude00\\\\\uD83D\uDe01"}''') == {
        "a": "😀", "🎉": "x😀😀\\\\😁"
    }  # fmt: skip
    assert read(json.dumps({"a": ["😀\U0010fffd\U0010ffff", "\ufffd"]})) == {"a": ["😀\U0010fffd\U0010ffff", "\ufffd"]}


def test_two_escapes_keep_their_places_and_are_text_outside_of_double_quotes() -> None:
    pair, other = r"\ud83d\ude00", r"\uD83D\uDe00"
    text = f"""{{a: ["{pair}", 1], 'b{pair}': x{other}, c: 1}} # {pair}"""
    data = read(text)
    assert data == {"a": ["😀", 1], f"b{pair}": f"x{other}", "c": 1}
    assert data.key_at["c"] == ("f.yaml", 1, text.index("c: 1") + 1)
    assert data["a"].item_at[1] == ("f.yaml", 1, text.index("1]") + 1)
    assert read(f"- |\n  {pair}\n") == [f"{pair}\n"]


def test_more_pairs_than_one_stand_in_can_count() -> None:
    text = "".join(chr(code) for code in range(0x10000, 0x10000 + 9000))
    assert read(json.dumps(text)) == text


def test_stand_ins_run_out_only_where_somebody_uses_them_all() -> None:
    private = "".join(map(chr, range(0xF0000, 0x110000)))
    documents, problems = yamltext.parse(f"a: {private}\nb: 'x\u2028y'", "f.yaml")
    assert documents[0].data["a"] == private
    assert problems == []


_texts = st.lists(
    st.sampled_from(
        ["a", "b: ", "- ", "\n", "  ", "[", "]", "{", "}", ", ", ": ", "&x ", "*x", "!!str ", "! ", "1", "0.5", "1e9",
         "'", '"', "|", ">", "\t", "#", "---\n", "...\n", "? ", "é", "😀", "\u2028", "\x85", "\r\n", "%", "@", "~",
         ".inf", "<<: ", "1,000", "1.000", r"\ud83d\ude00", "\ufeff"]
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
