"""A program file becomes one ladder for each target, values filled in, in exact numbers."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.conftest import Write
from tierops import config
from tierops.model import Program, Range, Target

_HEAD = """\
version: 1
program: coffee-club
description: Coffee Club
targets:
  - voucherify: {campaign: Coffee Club}
  - name: uk
    voucherify: {campaign: Coffee Club UK}
  - fanfare: {group: Coffee Club, attribute: loyaltyBalance}
tiers:
"""


def load(tiers: Path, write: Write, text: str, values: str | None = None) -> config.Loaded:
    write("a.yaml", text)
    if values is not None:
        write("environments/prod.yaml", f"version: 1\nenvironment: prod\nvalues: {values}\n")
    return config.load(tiers, environment=None if values is None else "prod")


def built(tiers: Path, write: Write, text: str, values: str | None = None) -> Program:
    loaded = load(tiers, write, text, values)
    assert loaded.problems == ()
    return loaded.programs[0]


def ranges(target: Target) -> list[tuple[Any, Any]]:
    return [(tier.range.lower, tier.range.upper) for tier in target.tiers]


def test_a_program_has_a_ladder_for_each_target(tiers: Path, write: Write) -> None:
    program = built(
        tiers,
        write,
        _HEAD
        + """\
  - {name: Bronze, from: 0}
  - name: Silver
    from: "250.50"
    voucherify:
      earning_rules:
        ern_1: {type: MULTIPLY, multiplier: "2.50"}
        ern_2: {type: CUSTOM, points: "5"}
      rewards: {}
      metadata: {perk: "010", none: null, deep: {kept: null}, n: 1.50}
    fanfare: {icon: medal}
    targets:
      uk:
        name: Sterling
        from: 200
        earning_rules: {ern_1: null, ern_3: {type: CUSTOM, points: 7}}
        rewards: {rewa_1: {type: MULTIPLY, multiplier: 1.0}}
        metadata: null
      fanfare: {order: 5, icon: null}
  - {name: Gold, from: 500, to: 1000, fanfare: {order: "9"}, targets: {fanfare: {order: null}}}
""",
    )
    assert (program.key, program.description, program.waivers) == ("coffee-club", "Coffee Club", ())
    default, uk, fanfare = program.targets
    assert [target.address for target in program.targets] == [
        "coffee-club/voucherify", "coffee-club/uk", "coffee-club/fanfare"
    ]  # fmt: skip
    assert default.place.fields == {"campaign": "Coffee Club"}
    assert fanfare.place.fields == {"group": "Coffee Club", "attribute": "loyaltyBalance"}
    assert ranges(default) == [(0, Decimal("250.5")), (Decimal("250.5"), 500), (500, 1001)]
    assert ranges(uk) == [(0, 200), (200, 500), (500, 1001)]
    assert [tier.name for tier in uk.tiers] == ["Bronze", "Sterling", "Gold"]
    assert [tier.fields for tier in default.tiers] == [
        {},
        {
            "earning_rules": {
                "ern_1": {"type": "MULTIPLY", "multiplier": Decimal("2.5")},
                "ern_2": {"type": "CUSTOM", "points": 5},
            },
            "metadata": {"perk": "010", "n": Decimal("1.5")},
        },
        {},
    ]
    assert uk.tiers[1].fields == {
        "earning_rules": {"ern_2": {"type": "CUSTOM", "points": 5}, "ern_3": {"type": "CUSTOM", "points": 7}},
        "rewards": {"rewa_1": {"type": "MULTIPLY", "multiplier": 1}},
    }
    assert [tier.fields for tier in fanfare.tiers] == [
        {"order": 0, "attribute": "loyaltyBalance"},
        {"order": 5, "attribute": "loyaltyBalance"},
        {"order": 2, "attribute": "loyaltyBalance"},
    ]


@pytest.mark.parametrize(
    ("tier", "overlay", "upper"),
    [
        ("", "", None),
        ("to: 9", "", 10),
        ("to: '9'", "", 10),
        ("below: 9.5", "", Decimal("9.5")),
        ("below: 0", "", 0),
        ("to: 9", "below: 9.5", Decimal("9.5")),
        ("below: 9.5", "to: 20", 21),
        ("below: 9.5", "to: 20, below: null", 21),
        ("to: 9", "to: null", None),
        ("to: 9", "below: null", 10),
    ],
)
def test_a_tier_ends_where_it_says(tiers: Path, write: Write, tier: str, overlay: str, upper: object) -> None:
    text = f"{_HEAD}  - {{name: A, from: -5, {tier}, targets: {{uk: {{{overlay}}}}}}}\n".replace(", ,", ",")
    ladder = built(tiers, write, text).targets[1].tiers
    assert ladder[0].range == Range(Decimal(-5), upper)  # type: ignore[arg-type]


def test_the_next_beginning_ends_a_tier_even_at_zero(tiers: Path, write: Write) -> None:
    text = _HEAD + "  - {name: A, from: -5}\n  - {name: B, from: 0}\n"
    assert ranges(built(tiers, write, text).targets[0]) == [(-5, 0), (0, None)]


def test_values_fill_strings_and_keys(tiers: Path, write: Write) -> None:
    text = """\
version: 1
program: a
description: 'costs $${5}, $$${x}, ${money} and ${n}${n}'
targets:
  - fanfare: {group: "${g}", attribute: "${attribute}"}
  - voucherify: {campaign: "${g}-${n}"}
tiers:
  - name: ${g}
    from: ${n}
    below: ${money}
    voucherify:
      earning_rules:
        ${key}: {type: "${type}", points: "${n}"}
        ${n}: {type: MULTIPLY, multiplier: "1${n}.${n}"}
      metadata: {number: "${n}", text: "n${n}", list: ["${money}", 5], deep: {k: "${key}"}}
"""
    values = "{g: G, attribute: aov, n: 5, money: 9.90, key: ern_1, type: CUSTOM}"
    program = built(tiers, write, text, values)
    fanfare, voucherify = program.targets
    assert program.description == "costs ${5}, $${x}, 9.9 and 55"
    assert fanfare.place.fields == {"group": "G", "attribute": "aov"}
    assert voucherify.place.fields == {"campaign": "G-5"}
    assert ranges(voucherify) == [(5, Decimal("9.9"))]
    assert voucherify.tiers[0].fields == {
        "earning_rules": {
            "ern_1": {"type": "CUSTOM", "points": 5},
            "5": {"type": "MULTIPLY", "multiplier": Decimal("15.5")},
        },
        "metadata": {"number": 5, "text": "n5", "list": [Decimal("9.9"), 5], "deep": {"k": "ern_1"}},
    }


def test_what_values_make_of_a_program_is_checked_again(tiers: Path, write: Write) -> None:
    text = """\
version: 1
program: a
targets: [{voucherify: {campaign: "${n}"}}]
tiers:
  - name: A
    from: ${word}
    to: ${missing}
    voucherify:
      rewards:
        ${word}: {type: "${word}", points: 1}
        x: {type: CUSTOM, points: 1}
waivers:
  - {rule: ladder-gap, reason: r, until: "${wrd}"}
"""
    loaded = load(tiers, write, text, "{word: x, n: 5}")
    assert loaded.programs == ()
    campaign = "expected text with at least one visible character, found 5; quote it if it is meant as text"
    number = "expected a number such as 250 or 9.99, at most 1000000000000000, found 'x'"
    used = f"schema: the value `word`, used at {tiers / 'a.yaml'}"
    assert [f"{Path(p.at.file).name}:{p.at.line}:{p.at.column}: {p.rule}: {p.message}" for p in loaded.problems] == [
        "a.yaml:7:9: unknown-value: ${missing} has no value in the environment 'prod'",
        "a.yaml:11:9: schema: with its values filled in, this key is 'x', as is the one on line 10",
        "a.yaml:13:42: unknown-value: ${wrd} has no value in the environment 'prod'; did you mean `word`?",
        f"prod.yaml:3:16: {used}:6:11: `from`: {number}",
        f"prod.yaml:3:16: {used}:10:25: `type`: expected MULTIPLY or CUSTOM, found 'x'",
        f"prod.yaml:3:22: {used.replace('word', 'n')}:3:35: `campaign`: {campaign}",
    ]
