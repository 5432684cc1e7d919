"""The models accept exactly the documents that the JSON Schemas accept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from tierops.config import explain, models, schema
from tierops.model import exact

_numbers = st.sampled_from(
    [0, 1, -1, 250, 10**15, -(10**15), Decimal("9.99"), Decimal("0.0000001"), "250", "9.99", "-3", "${n}", "a${n}b"]
)
_integers = st.sampled_from([0, 1, 250, 10**15, "250", "-3", "${n}"])
_order = st.sampled_from([0, 1, "2", "${n}"])
_text = st.sampled_from(["x", "Coffee Club", " ü ", "${n}", "$${n}", "a\nb", "x\n", "0", "\x1cx"])
_key = st.sampled_from(["a", "0-", "a" * 63])
_mapping = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["MULTIPLY", "${t}"]), "multiplier": _numbers}),
    st.fixed_dictionaries({"type": st.sampled_from(["CUSTOM", "${t}"]), "points": _integers}),
)
_mappings = st.dictionaries(_text, _mapping, max_size=2)
_json = st.recursive(
    st.sampled_from([None, True, 1, Decimal("1.5"), "x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["", "a"]), inner, max_size=2),
    max_leaves=3,
)
_metadata = st.dictionaries(st.sampled_from(["", "perk"]), _json, max_size=2)
_changes = st.none() | st.dictionaries(_text, st.none() | _mapping, max_size=2)
_overlay = st.fixed_dictionaries(
    {},
    optional={
        "name": _text, "from": _numbers, "to": st.none() | _integers, "below": st.none() | _numbers,
        "earning_rules": _changes, "rewards": _changes, "metadata": st.none() | _metadata,
        "order": st.none() | _order, "icon": st.none() | _text,
    },
)  # fmt: skip
_fields = st.fixed_dictionaries({}, optional={"earning_rules": _mappings, "rewards": _mappings, "metadata": _metadata})
_tier_rest: dict[Any, st.SearchStrategy[Any]] = {
    "voucherify": _fields,
    "fanfare": st.fixed_dictionaries({}, optional={"order": _order, "icon": _text}),
    "targets": st.dictionaries(st.sampled_from(["uk", "${t}", ""]), _overlay, max_size=2),
}
_tier = st.one_of(
    st.fixed_dictionaries({"name": _text, "from": _numbers}, optional=_tier_rest | {"to": _integers}),
    st.fixed_dictionaries({"name": _text, "from": _numbers}, optional=_tier_rest | {"below": _numbers}),
)
_attribute = st.sampled_from(["loyaltyBalance", "aov", "${a}"])
_target = st.one_of(
    st.fixed_dictionaries({"voucherify": st.fixed_dictionaries({"campaign": _text})}, optional={"name": _key}),
    st.fixed_dictionaries(
        {"fanfare": st.fixed_dictionaries({"group": _text, "attribute": _attribute})}, optional={"name": _key}
    ),
)
_waiver = st.fixed_dictionaries(
    {
        "rule": st.sampled_from(["similar-name", "ladder-gap", "${r}"]),
        "reason": _text,
        "until": st.sampled_from(["2027-01-31", "2028-02-29", "0001-01-01", "${d}"]),
    }
)
_programs = st.fixed_dictionaries(
    {
        "version": st.just(1),
        "program": _key,
        "targets": st.lists(_target, min_size=1, max_size=2),
        "tiers": st.lists(_tier, min_size=1, max_size=2),
    },
    optional={"description": st.sampled_from(["", "x"]), "waivers": st.lists(_waiver, max_size=2)},
)
_provider = st.fixed_dictionaries({"url": st.sampled_from(["https://a.b", "http://127.0.0.1:8080/x"])})
_environments = st.fixed_dictionaries(
    {"version": st.just(1), "environment": _key},
    optional={
        "providers": st.fixed_dictionaries({}, optional={"voucherify": _provider, "fanfare": _provider}),
        "values": st.dictionaries(
            st.sampled_from(["a", "_B1"]), st.sampled_from(["x", 1, Decimal("1.5"), "a\nb", "$x", "\n"])
        ),
    },
)
_junk = st.sampled_from(
    [
        None, True, False, 0, 1, 2, -1, 10**15, 10**15 + 1, -(10**15) - 1, 10**60, Decimal("0.5"), Decimal("1e-40"),
        Decimal(10**15) + Decimal("0.1"), "", " ", "\n", "\x1c", "\u2028", "x", "x\n", "1", "1\n", "1.5", "1.5\n",
        "01", "1.", ".5", "+1", "1e3", "٣", "9" * 15, "9" * 16, "0." + "1" * 10, "0." + "1" * 11, "${", "${}",
        "${n}", "${n}\n", "${1}", "a\n${n}", "$${n}", "A", "a" * 63, "a" * 64, "a\n", "-a", "MULTIPLY", "CUSTOM",
        "CUSTOM\n", "custom", "aov", "aov\n", "ladder-gap", "schema", "2027-01-31", "2027-01-31\n", "2027-02-29",
        "2027-1-1", "20270131", "0000-01-01", "２027-01-01", "ftp://x", "https://", "https://u:p@h", "https://h\n",
        "https://h?q", "HTTPS://h", [], [None], {}, {"x": 1}, {"type": "MULTIPLY", "points": 1},
        {"type": "CUSTOM", "points": 1, "multiplier": 1}, {"type": "${t}"}, {"points": 1}, {"to": 1, "below": 2},
        {"name": "x", "from": 1, "to": 1, "below": None}, {"voucherify": {"campaign": "x"}},
        {"fanfare": {}, "voucherify": {}}, {"name": "x"},
    ]
)  # fmt: skip
_names = st.sampled_from(
    [
        "version", "program", "name", "from", "to", "below", "voucherify", "fanfare", "targets", "tiers", "waivers",
        "type", "multiplier", "points", "order", "icon", "rewards", "metadata", "url", "values", "x", "", " ",
        "${n}", "1a", "a\n", "from_",
    ]
)  # fmt: skip


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of the document with each of its keys or indexes."""
    for key in list(data) if isinstance(data, dict) else range(len(data)):
        yield data, key
        if isinstance(data[key], dict | list):
            yield from _places(data[key])


@st.composite
def _mutated(draw: st.DrawFn, documents: st.SearchStrategy[dict[str, Any]]) -> Any:
    document = deepcopy(draw(documents))
    for _ in range(draw(st.integers(0, 2))):
        places = list(_places(document))
        if not places:
            break
        container, key = draw(st.sampled_from(places))
        action = draw(st.sampled_from(["replace", "drop", "add", "newline", "twice"]))
        if action == "replace":
            container[key] = deepcopy(draw(_junk))
        elif action == "drop":
            del container[key]
        elif action == "add" and isinstance(container, dict):
            container[draw(_names)] = deepcopy(draw(_junk))
        elif action == "newline" and isinstance(container[key], str):
            container[key] += "\n"
        elif action == "twice" and isinstance(container, list):
            container.append(deepcopy(container[key]))
    return exact(document)


def _accepts(model: type[Any], data: Any, context: str | None) -> bool:
    try:
        model.model_validate(data, context=context)
    except ValidationError:
        return False
    return True


_SLOW = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_SLOW
@given(_mutated(_programs), st.booleans())
@example({"version": True, "program": "a", "targets": [], "tiers": []}, False)
def test_models_and_schema_agree_on_programs(data: Any, is_filled: bool) -> None:
    accepted = explain.validator("program", is_filled).is_valid(data)
    event(f"accepted: {accepted}")
    assert _accepts(models.ProgramFile, data, models.FILLED if is_filled else None) == accepted


@_SLOW
@given(_mutated(_environments))
def test_models_and_schema_agree_on_environments(data: Any) -> None:
    accepted = explain.validator("environment").is_valid(data)
    event(f"accepted: {accepted}")
    assert _accepts(models.EnvironmentFile, data, None) == accepted


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_programs.map(exact))
def test_what_is_generated_as_valid_is_valid(data: Any) -> None:
    assert explain.validator("program").is_valid(data)


def test_one_is_not_true() -> None:
    good = {"program": "a", "targets": [{"voucherify": {"campaign": "c"}}], "tiers": [{"name": "x", "from": 0}]}
    for version, accepted in ((1, True), (True, False), (Decimal("1.5"), False), ("1", False)):
        assert _accepts(models.ProgramFile, good | {"version": version}, None) is accepted
        assert explain.validator("program").is_valid(good | {"version": version}) is accepted


def _schemas(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        yield data
    if isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from _schemas(value)


@pytest.mark.parametrize("name", ["program", "environment"])
def test_schemas_are_well_formed_and_say_what_they_expect(name: str) -> None:
    contract = json.loads(schema(name))
    Draft202012Validator.check_schema(contract)
    assert contract["$id"] == f"{name}.schema.json"
    for example_ in contract["examples"]:
        assert explain.validator(name).is_valid(example_)
    for part in _schemas(contract):
        if isinstance(part.get("pattern"), str):
            # Only a closing `$` is taken for the very end, so there must be no other.
            assert "$" not in re.sub(r"\\\$", "", part["pattern"]).removesuffix("$")
        if {"const", "oneOf"} & part.keys() and "not" not in part and "const" not in part.get("not", {}):
            assert "errorMessage" in part or list(part) == ["const"]
        if "anyOf" in part:
            assert "errorMessage" in part


@pytest.mark.parametrize("name", ["program", "environment"])
def test_editors_find_words_and_an_example_for_every_key(name: str) -> None:
    contract = json.loads(schema(name))
    for part in _schemas(contract):
        for key, described in part.get("properties", {}).items():
            if isinstance(described, dict) and "not" not in described:
                target = contract["$defs"].get(str(described.get("$ref", "")).rpartition("/")[2], {})
                for word in ("title", "description", "examples"):
                    assert word in described or word in target, (key, word)
