"""Findings about a ladder stand where the part of the file stands that makes them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from config.conftest import Write
from tierops import config, rules
from tierops.model import Severity

HEAD = """\
version: 1
program: club
targets:
  - {name: de, voucherify: {campaign: DE}}
  - {name: uk, voucherify: {campaign: UK}}
tiers:
"""


def found(tiers: Path, write: Write, ladder: str) -> list[str]:
    write("a.yaml", HEAD + ladder)
    loaded = config.load(tiers)
    assert loaded.problems == ()
    problems = rules.check(loaded.programs, date(2027, 1, 1))
    return [f"{one.at.line}:{one.at.column} {one.rule} {','.join(one.targets)}".strip() for one in problems]


LOW = "  - {name: A, from: 0}\n"
CLOSED = "  - name: A\n    from: 0\n    to: 2\n"  # three lines


def b(*lines: str) -> str:
    return "\n".join(["  - name: B", *(f"    {line}" for line in lines), ""])


@pytest.mark.parametrize(
    ("ladder", "finding"),
    [
        (LOW + b("from: 2.5"), "9:11 whole-numbers"),
        (LOW + b("from: 2", "below: 9.5"), "10:12 whole-numbers"),
        (LOW + b("from: 2", "to: 1"), "10:9 empty-range"),
        (LOW + b("from: 2", "targets:", "  uk: {from: 2.5}"), "11:18 whole-numbers uk"),
        (LOW + b("from: 2", "targets:", "  uk:", "    below: 4.5"), "12:16 whole-numbers uk"),
        ("  - name: A\n    from: 0\n    targets: {uk: {to: 1}}\n" + b("from: 3"), "9:24 ladder-gap uk"),
        (CLOSED + b("from: 3", "targets:", "  uk: {from: 4}"), "13:18 ladder-gap uk"),
        (CLOSED + b("from: 3", "targets:", "  uk: {from: 2}"), "13:18 ladder-overlap uk"),
        (LOW + b("from: 3", "targets:", "  uk: {name: A}"), "11:18 duplicate-tier uk"),
        (LOW + b("from: 3", "targets:", "  uk: {name: a}"), "11:18 similar-name uk"),
        (LOW + b("from: 3", "targets:", "  uk: {from: 0}"), "11:18 tier-order uk"),
        (CLOSED + b("from: 4"), "10:5 ladder-gap"),
    ],
)
def test_a_finding_about_one_part_stands_there(tiers: Path, write: Write, ladder: str, finding: str) -> None:
    assert found(tiers, write, ladder) == [finding]


def test_an_overlay_with_null_takes_the_end_away(tiers: Path, write: Write) -> None:
    ladder = "  - {name: A, from: 0, to: 999999999, targets: {uk: {to: null}}}\n"
    assert found(tiers, write, ladder) == ["7:28 ladder-gap de"]


def test_a_number_that_no_double_holds_is_warned_about_where_it_stands(tiers: Path, write: Write) -> None:
    write(
        "a.yaml",
        HEAD
        + """\
  - name: A
    from: 0
    voucherify:
      metadata:
        id: 9007199254740993
        list: [1, 9007199254740995]
    targets:
      uk: {metadata: {id: "9007199254740993", deep: {rate: 0.12345678901234567890}}}
""",
    )
    problems = rules.check(config.load(tiers).programs, date(2027, 1, 1))
    assert {one.severity for one in problems} == {Severity.WARNING}
    assert [(one.at.line, one.at.column, one.targets) for one in problems] == [
        (11, 13, ("de",)),
        (12, 19, ()),
        (14, 60, ("uk",)),
    ]
    assert "keeps 9007199254740992; quote it" in problems[0].message
