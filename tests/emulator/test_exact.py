"""JSON whose numbers are kept digit for digit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tierops.emulator import exact


@pytest.mark.parametrize(
    "text",
    ['{"a":[1,"x",null,true,99.90,{"é":0.10}]}', "1E+2", "[]", "0.1000000000000000055511151231257827021181583404541"],
)
def test_written_as_read(text: str) -> None:
    assert exact.dumps(exact.loads(text), ensure_ascii=False) == text


def test_text_is_ascii_with_and_without_fractions() -> None:
    assert exact.dumps({"é": ["é"]}) == r'{"\u00e9":["\u00e9"]}'
    assert exact.dumps({"é": ["é", Decimal("0.10")]}) == r'{"\u00e9":["\u00e9",0.10]}'


def test_depth_counts_lists_and_objects_inside_each_other() -> None:
    assert [exact.is_deeper([{"a": [1]}], levels) for levels in (1, 2, 3)] == [True, True, False]
    assert not exact.is_deeper(1, 0)
    assert not exact.is_deeper([], 1)


@pytest.mark.parametrize("value", [float("nan"), [Decimal("0.1"), float("inf")]])
def test_what_is_no_number_is_a_value_error(value: Any) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        exact.dumps(value)


@pytest.mark.parametrize("value", [object(), Decimal("NaN"), [Decimal("Infinity")]])
def test_what_json_does_not_have_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        exact.dumps(value)
