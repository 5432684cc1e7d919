"""The one form of a tier's fields, and the numbers that not every reader can hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierops.model import compact, exact, rounded
from tierops.text import jsontext

_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(-5, 5, places=2) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=8,
)
_fields = st.dictionaries(st.sampled_from(["metadata", "rewards"]), _values, max_size=2)


@pytest.mark.parametrize(
    ("fields", "one_form"),
    [
        ({"a": None, "b": {}, "c": {"d": None}}, {}),
        ({"m": {"deep": {"a": None}}}, {}),
        ({"m": {"deep": {"a": {"b": {"c": None, "d": {}}}}, "x": 1}}, {"m": {"x": 1}}),
        ({"m": {"list": [{"a": None, "b": 1}, None, {}, {"c": {"d": None}}, [None, {"e": {}}]]}},
         {"m": {"list": [{"b": 1}, None, {}, {}, [None, {}]]}}),
        ({"m": {"a": [], "b": "", "c": 0, "d": False}}, {"m": {"a": [], "b": "", "c": 0, "d": False}}),
        ({"m": {"a": [Decimal("1.50"), Decimal("2.0")]}}, {"m": {"a": [Decimal("1.5"), 2]}}),
    ],
)  # fmt: skip
def test_null_an_empty_map_and_a_missing_key_are_one_at_every_depth(
    fields: dict[str, Any], one_form: dict[str, Any]
) -> None:
    assert jsontext.canonical(compact(fields)) == jsontext.canonical(one_form)


@given(_fields)
def test_the_one_form_has_no_other(fields: dict[str, Any]) -> None:
    once = compact(fields)
    assert jsontext.canonical(compact(once)) == jsontext.canonical(once)
    assert jsontext.canonical(exact(once)) == jsontext.canonical(once)
    assert jsontext.canonical(compact(_without_null(fields))) == jsontext.canonical(once)


def _without_null(value: Any) -> Any:
    """As a vendor hands it back that drops nulls."""
    if isinstance(value, dict):
        return {key: _without_null(item) for key, item in value.items() if item is not None}
    return [_without_null(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("number", [0, -5, 2**53, 10**17, 10**22, Decimal("0.1"), Decimal("99.95"), Decimal("1E-7")])
def test_a_number_that_a_double_holds_is_not_told(number: Any) -> None:
    assert list(rounded({"a": number, "b": True})) == []


@pytest.mark.parametrize(
    "number", [2**53 + 1, -(2**53) - 1, 12345678901234567, 2**60, 10**400, Decimal("0.12345678901234567890")]
)
def test_a_number_that_a_double_rounds_is_told_with_its_path(number: Any) -> None:
    assert list(rounded({"metadata": {"a": ["x", {"b": number}], "c": str(number)}})) == [
        (("metadata", "a", "1", "b"), number)
    ]
