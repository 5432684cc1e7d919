"""Findings about a ladder stand where the part of the file stands that makes them."""

from __future__ import annotations

import difflib
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


@pytest.mark.parametrize("kind", ["targets", "values"])
def test_the_time_for_hints_does_not_grow_with_the_square(
    kind: str, tiers: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = 0
    quick = difflib.SequenceMatcher.real_quick_ratio

    def counted(matcher: difflib.SequenceMatcher[str]) -> float:
        nonlocal compared
        compared += 1
        return quick(matcher)

    monkeypatch.setattr(difflib.SequenceMatcher, "real_quick_ratio", counted)

    def comparisons(number: int) -> int:
        nonlocal compared
        compared = 0
        norths, souths = ([f"market_of_the_{side}_{n}" for n in range(number)] for side in ("north", "south"))
        names = [name.replace("_", "-") for name in norths] if kind == "targets" else ["uk"]
        targets = [f"  - {{name: {name}, voucherify: {{campaign: c{n}}}}}" for n, name in enumerate(names)]
        overlays = [f"      {name.replace('_', '-')}: {{from: 0}}" for name in souths]
        used = [f"      x{n}: ${{{name}}}" for n, name in enumerate(souths)]
        part = ["    targets:", *overlays] if kind == "targets" else ["    voucherify:", "     metadata:", *used]
        lines = ["version: 1", "program: club", "targets:", *targets, "tiers:", "  - name: A", "    from: 0", *part]
        write("a.yaml", "\n".join(lines) + "\n")
        values = "".join(f"  {name}: 1\n" for name in norths)
        write("environments/prod.yaml", f"version: 1\nenvironment: prod\nvalues:\n{values}")
        problems = config.load(tiers, environment="prod").problems
        assert len(problems) == number
        assert "; did you mean" in problems[0].message
        assert max(len(problem.message) for problem in problems) < 1000
        return compared

    comparisons(1)  # what does not depend on the number
    few, many = comparisons(100), comparisons(800)
    assert 0 < many < 2 * few + 800
