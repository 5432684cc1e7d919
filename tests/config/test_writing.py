"""The writer is the inverse of the reader: what it writes, the loader reads as the same value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import example, given
from hypothesis import strategies as st

from tierops.config import scalars, values, writing, yamltext
from tierops.model import exact
from tierops.text import jsontext

AWKWARD = (
    "", " ", "a b", " a", "a ", "no", "yes", "null", "~", "true", "True", "1", "-1", "0x1F", "0o7", "1e3", ".5", ".inf",
    ".nan", "1" * 41, "1e999", "2027-01-31", "1:30",
    "a: b", "a:", ":a", "a:b", "a #b", "#a", "a#b", "- a", "-", "---", "...",
    "? a", "?a", "[a]", "{a}", "a, b", "a]", "&a", "*a", "!a", "|", ">", "'a'", '"a"', "a'b", 'a"b', "%a", "@a", "`a",
    "a\nb", "a\tb", "a\\b", "\0", "\x07", "\x85", "\xa0", "\u2028", "\ufeff", "\u200b", "é", "金卡", "🎉", "\U000e0001",
    "${a}", "$${a}", "$$${a}", "a${b}c", "${", "$", "<<", "=", "a?b", "x" * 1100,
)  # fmt: skip
texts = st.sampled_from(AWKWARD) | st.text(st.characters(codec="utf-8"), max_size=12)
numbers = (
    st.integers(-(10**38), 10**38)
    | st.decimals(-1000, 1000, places=4)
    | st.sampled_from([Decimal("1E-38"), Decimal("1E-40")])
)
data = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
).map(exact)


def read(lines: list[str], known: dict[str, str] | None = None) -> Any:
    documents, problems = yamltext.parse("\n".join(lines) + "\n", "f.yaml")
    assert problems == []
    filled, problems = values.fill(documents[0], known or {}, None)
    assert problems == []
    return filled.data


def same(one: Any, other: Any) -> bool:
    return jsontext.canonical(one) == jsontext.canonical(other)


@given(texts, data)
def test_what_is_written_is_read_back(key: str, value: Any) -> None:
    assert same(read(writing.Yaml().entry(key, value)), {key: value})


@given(texts, texts)
def test_a_text_is_read_back_between_brackets(key: str, value: str) -> None:
    yaml = writing.Yaml()
    short = key[:100]
    line = writing.flow({yaml.text(short, in_flow=True): yaml.text(value, in_flow=True)})
    assert read([f"- {line}"]) == [{short: value}]


@given(st.dictionaries(st.sampled_from(["n1", "n2"]), texts.filter(lambda t: t and "${" not in t)), texts, texts)
@example({"n1": "camp_1"}, "camp_1", "camp_1")
def test_a_known_key_is_written_as_its_name_and_what_is_below_it_as_it_is(
    known: dict[str, str], key: str, value: str
) -> None:
    yaml = writing.Yaml({text: name for name, text in known.items()})
    lines = yaml.entry(key, value)
    assert read(lines, known) == {key: value}
    # The value equals one by chance, for all that is known: it is written as it is.
    assert any("${n" in line for line in lines) == (key in known.values()) or "${n" in key + value


@pytest.mark.parametrize(
    "text",
    ["a b", "nobody", "once", "1 a", "250+ points", "é", "金卡", "a:b", "a#b", "Tier 1 - Top", "a = b", "3x", "=a"],
)
def test_what_a_person_would_not_quote_is_plain(text: str) -> None:
    assert writing.Yaml().text(text) == text


def test_what_a_ci_service_could_take_for_a_command_stands_between_quotes() -> None:
    assert writing.Yaml().text("a##[error]b").startswith('"')


@pytest.mark.parametrize(
    "text",
    ["no", "No", "NO", "yes", "on", "OFF", "y", "N", "null", "nUll", "~", "true", "tRue", "=", "<<", "1_000", "1,000",
     "1.000,50", "0x1F", "0x", "0b1", "-0x1F", "0o17", "010", "1:30", "190:20:30.15", "2027-01-31", "2027-1-3",
     "2027-01-31 10:20:30", "2027-01-31t10:20:30.5+02:00", ".inf", "-.Inf", ".NaN", "1e3", "1.5e+3", "+1", ".5", "1."],
)  # fmt: skip
def test_what_some_reader_takes_otherwise_is_quoted(text: str) -> None:
    assert writing.Yaml().text(text) == f'"{text}"'


@given(texts, texts)
@example("<<", "=")
@example("2027-01-31 1:2:3", "685_230.15")
def test_a_reader_of_yaml_1_1_reads_the_same_text(key: str, value: str) -> None:
    one, other = (text.replace("${", "$${") for text in (key, value))
    written = writing.Yaml().entry(key, [value, {value: key}])
    assert pyyaml.safe_load("\n".join(written)) == {one: [other, {other: one}]}


def test_what_cannot_be_seen_is_an_escape() -> None:
    assert writing.Yaml().text('a"\\\n\x07\u200b\U000e0001') == r'"a\"\\\n\x07\u200B\U000E0001"'


def test_blocks_look_as_written_by_hand() -> None:
    value = {"b": [1, {"x": Decimal("1.5"), "z": []}, [True, None]], "a": {}}
    assert writing.Yaml().entry("m", value) == [
        "m:",
        "  a: {}",
        "  b:",
        "    - 1",
        "    - x: 1.5",
        "      z: []",
        "    - - true",
        "      - null",
    ]


def test_a_key_too_long_for_its_line_is_written_with_a_question_mark() -> None:
    for value in ("x", ["x"]):
        lines = writing.Yaml().entry("k" * 1100, value)
        assert lines[0] == f"? {'k' * 1100}"
        assert read(lines) == {"k" * 1100: value}


def test_what_a_file_cannot_hold_is_refused() -> None:
    deep: Any = "x"
    for _ in range(41):
        deep = [deep]
    for value in (10**40, Decimal("1E-41"), Decimal("0." + "1" * 41), "\ud800", deep):
        with pytest.raises(writing.CannotSay):
            writing.Yaml().entry("k", value)
    assert same(read(writing.Yaml().entry("k", deep[0])), {"k": deep[0]})


@given(numbers)
def test_numbers_are_exact(value: Any) -> None:
    assert scalars.plain(writing.number(value)) == value
