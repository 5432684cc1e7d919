"""jsonschema-rs, which decides, accepts exactly what jsonschema accepts, which explains; both read the same schema."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from config.conftest import Write
from tierops import config, providers
from tierops.config import check, contract, explain, schema, schemas
from tierops.config.contract import Contract
from tierops.model import exact
from tierops.providers.vendor import Vendor

OWN = providers.own()
_ODD_CATEGORIES = {"Zs", "Zl", "Zp", "Cc", "Cf", "Nd"}

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
_fields = {
    "voucherify": st.fixed_dictionaries(
        {}, optional={"earning_rules": _mappings, "rewards": _mappings, "metadata": _metadata}
    ),
    "voucherify-v2": st.fixed_dictionaries(
        {},
        optional={
            "downgrade": st.fixed_dictionaries({"type": st.sampled_from(["INHERIT", "NO_DOWNGRADE", "${d}"])}),
            "points_expiration": st.fixed_dictionaries({"type": st.sampled_from(["NO_EXPIRATION", "${d}"])}),
            "metadata": _metadata,
        },
    ),
    "fanfare": st.fixed_dictionaries({}, optional={"order": _order, "icon": _text}),
}
_tier_rest: dict[Any, st.SearchStrategy[Any]] = {
    **_fields,
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
_provider = st.fixed_dictionaries(
    {"url": st.sampled_from(["https://localhost", "http://127.0.0.1:8080/x", "https://[::1]/ü", "http://localhost:1"])}
)
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
        Decimal(10**15) + Decimal("0.1"), Decimal("1000000000000000.0000000000000001"), 2**63, -(2**64),
        Decimal(10) ** 40, "", " ", "\n", "\x1c", "\x1f", "\x85", "\u2028", "\ufeff", "\u200b", "x", "x\n",
        "1", "1\n", "1.5", "1.5\n", "01", "1.", ".5", "+1", "1e3", "٣", "9" * 15, "9" * 16, "0." + "1" * 10,
        "0." + "1" * 11, "${", "${}",
        "${n}", "${n}\n", "${1}", "a\n${n}", "$${n}", "A", "a" * 63, "a" * 64, "a\n", "-a", "MULTIPLY", "CUSTOM",
        "CUSTOM\n", "custom", "aov", "aov\n", "ladder-gap", "schema", "2027-01-31", "2027-01-31\n", "2027-02-29",
        "2027-1-1", "20270131", "2027-W01-1", "0000-01-01", "0000-02-29", "２027-01-01",
        "ftp://x", "https://", "https://u:p@h", "https://h\n",
        "https://h?q", "HTTPS://h", "https://api.voucherify.io", "https://us1.api.voucherify.io:443/a b",
        "https://admin.fanfare.io/api\u0085", "https://admin.fanfare.io/api\n", "http://127.0.0.1/\ufeff",
        [], [None], {}, {"x": 1}, {"type": "MULTIPLY", "points": 1},
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


def assert_agreed(contract: Contract, data: Any) -> None:
    accepted = explain.validator(contract).is_valid(data)
    event(f"accepted: {accepted}")
    assert check.accepts(contract)(data) == accepted


_SLOW = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_SLOW
@given(_mutated(_programs), st.booleans())
@example({"version": True, "program": "a", "targets": [], "tiers": []}, False)
def test_both_agree_on_programs(data: Any, is_filled: bool) -> None:
    assert_agreed(Contract("program", OWN, is_filled), data)


@_SLOW
@given(_mutated(_programs) | _mutated(_environments), st.sampled_from(["program", "environment"]), st.booleans())
def test_what_passes_with_the_vendors_that_it_names_passes_with_all(
    data: Any, kind: contract.Kind, is_filled: bool
) -> None:
    named = set(check._keys_for_vendors(data))
    few = tuple(vendor for vendor in OWN if vendor.name in named) or OWN
    for vendors in (few, few[:1], few[1:] or few):
        if check.accepts(Contract(kind, vendors, is_filled))(data):
            assert check.accepts(Contract(kind, OWN, is_filled))(data)


@_SLOW
@given(_mutated(_environments))
def test_both_agree_on_environments(data: Any) -> None:
    assert_agreed(Contract("environment", OWN), data)


@pytest.mark.parametrize("vendor", OWN, ids=lambda vendor: vendor.name)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_both_agree_on_what_one_vendor_has_of_a_tier(vendor: Vendor, data: st.DataObject) -> None:
    assert_agreed(
        Contract("fields", (vendor,), is_filled=True), data.draw(_mutated(_fields.get(vendor.name, st.just({}))))
    )
    assert_agreed(Contract("overlay", (vendor,), is_filled=True), data.draw(_mutated(_overlay)))


def test_both_read_the_patterns_alike() -> None:
    """Python, Rust and JavaScript differ in what is white space, what is a digit, and where a text ends."""
    everything = [contract.schema(Contract(kind, OWN)) for kind in ("program", "environment")]
    patterns = {part["pattern"] for part in _schemas(everything) if isinstance(part.get("pattern"), str)}
    assert len(patterns) > 8
    odd = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in _ODD_CATEGORIES]
    assert {"\x1c", "\x85", "\u2028", "\ufeff", "٣"} <= set(odd)
    for pattern in patterns:
        rust, python = ({"pattern": pattern} for _ in range(2))
        decides, explains = jsonschema_rs.Draft202012Validator(rust), explain._Exact(python)
        for character in odd:
            for text in (character, f"1{character}", f"https://localhost/{character}", "2027-01-0" + character):
                assert decides.is_valid(text) == explains.is_valid(text), (pattern, text)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_programs.map(exact))
def test_what_is_generated_as_valid_is_valid(data: Any) -> None:
    assert explain.validator(Contract("program", OWN)).is_valid(data)


def test_one_is_not_true() -> None:
    good = {"program": "a", "targets": [{"voucherify": {"campaign": "c"}}], "tiers": [{"name": "x", "from": 0}]}
    for version, accepted in ((1, True), (True, False), (Decimal("1.5"), False), ("1", False)):
        assert check.accepts(Contract("program", OWN))(good | {"version": version}) is accepted


@pytest.mark.parametrize(
    ("text", "is_own"),
    [
        ("https://api.voucherify.io", True),
        ("https://us1.api.voucherify.io/", True),
        ("https://a-b.c.api.voucherify.io:8443/v1", True),
        ("http://localhost:1", True),
        ("https://127.0.0.1/x", True),
        ("http://[::1]:8080/voucherify", True),
        ("http://api.voucherify.io", False),
        ("https://voucherify.io", False),
        ("https://evil-api.voucherify.io", False),
        ("https://api.voucherify.io.evil.example", False),
        ("https://evil.example/api.voucherify.io", False),
        ("https://evil.example#.api.voucherify.io", False),
        ("https://evil.example\\.api.voucherify.io", False),
        ("https://api.voucherify.io@evil.example", False),
        ("https://api.voucherify.io:443@evil.example", False),
        ("https://api.voucherify.io:pass@evil.example", False),
        ("https://apiXvoucherify.io", False),
        ("https://api.voucherify.io\n.evil.example", False),
        ("https://.api.voucherify.io", False),
        ("http://localhost.evil.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://10.0.0.1", False),
        ("https://admin.fanfare.io/api", False),
    ],
)
def test_a_file_may_name_the_vendors_own_hosts_and_this_machine_only(
    tiers: Path, write: Write, text: str, is_own: bool
) -> None:
    write("a.yaml", "version: 1\nprogram: a\ntargets: [{voucherify: {campaign: c}}]\ntiers: [{name: A, from: 0}]\n")
    url = json.dumps(text)
    write("environments/e.yaml", f"version: 1\nenvironment: e\nproviders:\n  voucherify:\n    url: {url}\n")
    loaded = config.load(tiers, environment="e")
    if is_own:
        assert loaded.environment == config.Environment("e", {"voucherify": text}, {})
        assert httpx.URL(text).host in {"localhost", "127.0.0.1", "::1"} or httpx.URL(text).host.endswith(
            "api.voucherify.io"
        )
    else:
        (problem,) = loaded.problems
        assert (problem.rule, problem.at.line) == ("schema", 5)
        assert "(for any other host set VOUCHERIFY_URL instead)" in problem.message


@pytest.fixture
def without_wheel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    check.accepts.cache_clear()
    yield
    check.accepts.cache_clear()


def test_where_there_is_no_wheel_jsonschema_decides(without_wheel: None, tiers: Path, write: Write) -> None:
    text = (
        "version: 1\nprogram: {key}\ntargets: [{{voucherify: {{campaign: c}}}}]\ntiers: [{{name: A, from: {start}}}]\n"
    )
    write("a.yaml", text.format(key="a", start=0))
    write("b.yaml", text.format(key="b", start="x"))
    loaded = config.load(tiers)
    assert [program.key for program in loaded.programs] == ["a"]
    assert [problem.message for problem in loaded.problems] == [
        "`from`: expected a number such as 250 or 9.99, at most 1000000000000000, found 'x'"
    ]


def test_what_only_one_of_them_refuses_is_refused(tiers: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.yaml", "version: 1\nprogram: a\ntargets: [{voucherify: {campaign: c}}]\ntiers: [{name: A, from: 0}]\n")
    monkeypatch.setattr(check, "accepts", lambda _: lambda _: False)
    loaded = config.load(tiers)
    assert loaded.programs == ()
    assert [str(problem).partition("a.yaml:")[2] for problem in loaded.problems] == [
        "1:1: schema: this is not as the schema says, but tierops cannot tell where"
    ]


@pytest.mark.parametrize("name", ["program", "environment", "policy", "project"])
def test_the_published_schemas_are_fresh(name: contract.Kind) -> None:
    """`make schemas` writes them."""
    published = Path(__file__).parents[2] / "schemas" / f"{name}.schema.json"
    assert published.read_text(encoding="utf-8") == schemas.text(name, OWN)
    assert json.loads(schemas.text(name, OWN)) == contract.schema(Contract(name, OWN))


def _schemas(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        yield data
    if isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from _schemas(value)


@pytest.mark.parametrize("name", ["program", "environment"])
def test_schemas_are_well_formed_and_say_what_they_expect(name: contract.Kind) -> None:
    contract = json.loads(schema(name))
    Draft202012Validator.check_schema(contract)
    assert contract["$id"] == f"{name}.schema.json"
    for example_ in contract["examples"]:
        assert explain.validator(Contract(name, OWN)).is_valid(example_)
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
