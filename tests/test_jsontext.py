"""Exact numbers, one canonical text, and nothing that is not JSON."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierops.model import exact
from tierops.text import jsontext

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9)
    | st.text(max_size=5)
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
).map(exact)


@given(values, st.sampled_from([None, 2]))
def test_what_is_written_is_read_back_exactly(value, indent) -> None:
    assert jsontext.loads(jsontext.dumps(value, indent=indent)) == value


@given(values)
def test_the_standard_parser_reads_the_same_structure(value) -> None:
    floats = json.loads(json.dumps(value, default=float))
    assert json.loads(jsontext.dumps(value)) == floats


def test_the_canonical_text_is_one_for_equal_values_and_tells_true_from_one() -> None:
    assert jsontext.canonical({"b": 1, "a": [Decimal("1.5")]}) == '{"a":[1.5],"b":1}'
    assert jsontext.canonical({"a": True}) != jsontext.canonical({"a": 1})
    assert jsontext.digest({}).startswith("sha256:44136fa355b3678a")


def test_indented_text_is_as_the_standard_library_writes_it() -> None:
    value = {"a": [1, {"b": []}], "c": {}, "d": "é"}
    assert jsontext.dumps(value, indent=2) == json.dumps(value, indent=2)


NOT_JSON = """
{ | nul | NaN | [Infinity] | -Infinity | {"a":1,"a":2} | 1e999999 | 1e-999999 | \ufeff{}
"""


@pytest.mark.parametrize(
    "text", ["", *map(str.strip, NOT_JSON.split("|")), "1" * 61, "0." + "1" * 60, "[" * 100_000, b"\xff"]
)
def test_what_is_not_json_or_out_of_all_bounds_is_refused(text) -> None:
    with pytest.raises(ValueError, match=r"."):
        jsontext.loads(text)


@pytest.mark.parametrize("value", [1.5, object(), Decimal("NaN"), {1, 2}])
def test_what_json_cannot_say_is_not_written(value) -> None:
    with pytest.raises(TypeError, match="not a JSON value"):
        jsontext.dumps(value)


@pytest.mark.parametrize(
    ("value", "same"),
    [
        (Decimal("100.00"), 100),
        (Decimal("1E+2"), 100),
        (Decimal("99.90"), Decimal("99.9")),
        (Decimal("12345678901234567890123456789.50"), Decimal("12345678901234567890123456789.5")),
        ([Decimal("1.0"), {"a": Decimal("0.10")}], [1, {"a": Decimal("0.1")}]),
    ],
)
def test_a_number_has_one_form_and_loses_no_digit(value, same) -> None:
    found = exact(value)
    assert (found, repr(found)) == (same, repr(same))
