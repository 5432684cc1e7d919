"""All that is wrong with a document is told at once; where the rules cannot be asked, that is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from harness import Run

from config.conftest import Write
from tierops import config, pipeline

HEAD = "version: 1\nprogram: club\ntargets: [{name: uk, voucherify: {campaign: UK}}]\n"
GAP = "tiers:\n  - {name: A, from: 0, to: 9}\n  - {name: B, from: 20"

TODAY = date(2026, 11, 27)


def found(tiers: Path, write: Write, text: str) -> tuple[list[str], tuple[str, ...]]:
    path = write("a.yaml", text)
    files = pipeline.read_files([tiers], None, today=TODAY, has_advice=True)
    assert files.programs == ()
    assert set(files.unchecked) <= {str(path)}
    return sorted(f"{one.at.line} {one.rule}" for one in files.problems), files.unchecked


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("extra: 1\n" + HEAD + GAP + "}\n", ["1 schema", "7 ladder-gap"]),
        (HEAD + GAP + ", colour: red}\n", ["6 ladder-gap", "6 schema"]),
        (HEAD + GAP + ", voucherify: {rewards: x}}\n", ["6 ladder-gap", "6 schema"]),
        (HEAD + GAP + ", fanfare: {icon: x}}\n", ["6 ladder-gap", "6 schema"]),
        (HEAD + GAP + ", targets: {us: {from: 5}}}\n", ["6 ladder-gap", "6 schema"]),
        (HEAD + GAP + ", targets: {uk: {icon: x}}}\n", ["6 ladder-gap", "6 schema"]),
        (HEAD.replace("1", "2", 1) + GAP + "}\n", ["1 schema", "6 ladder-gap"]),
        (HEAD + "description: '${x}'\n" + GAP + ", colour: red}\n", ["4 unknown-value", "7 ladder-gap", "7 schema"]),
    ],
)
def test_ladders_are_checked_beside_what_is_wrong_elsewhere(
    text: str, findings: list[str], tiers: Path, write: Write
) -> None:
    assert found(tiers, write, text) == (findings, ())


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        (HEAD + GAP + ", to: x, colour: red}\n", ["6 schema", "6 schema"]),
        (HEAD + GAP.replace("20", "'${x}'") + ", colour: red}\n", ["6 schema", "6 unknown-value"]),
        (HEAD.replace("campaign", "shop") + GAP + "}\n", ["3 schema", "3 schema"]),
        (HEAD + GAP + "}\n---\na: [\n", ["8 schema"]),
        (HEAD + GAP + ", targets: {uk: {to: 30, below: 31}}}\n", ["6 schema"]),
    ],
)
def test_where_they_cannot_be_checked_the_file_is_named(
    text: str, findings: list[str], tiers: Path, write: Write
) -> None:
    rules, unchecked = found(tiers, write, text)
    assert [rule for rule in rules if rule != "6 ladder-gap"] == findings
    assert unchecked == (str(tiers / "a.yaml"),)


def test_a_second_program_of_a_key_is_found_beside_other_findings(tiers: Path, write: Write) -> None:
    write("a.yaml", HEAD + GAP.replace("20", "10") + ", colour: red}\n")
    write("b.yaml", HEAD + GAP.replace("20", "10") + "}\n")
    found = {one.rule for one in pipeline.read_files([tiers], None, today=TODAY).problems}
    assert found == {"schema", "duplicate-program", "duplicate-target"}
    assert [one.key for one in config.load(tiers).programs] == ["club"]


def test_validate_names_the_files_that_were_not_checked(offline: Run) -> None:
    Path("tiers").mkdir()
    for name in "abcdefg":
        Path(f"tiers/{name}.yaml").write_text(HEAD.replace("club", name).replace("UK", name) + GAP + ", to: x}\n")
    ended = offline("validate")
    assert ended.out.splitlines()[-1] == (
        "0 programs, 0 targets, 0 tiers: 7 problems to solve. Because of these,"
        " ladders of 7 files were not checked for order, gaps and overlaps:"
        " tiers/a.yaml, tiers/b.yaml, tiers/c.yaml, tiers/d.yaml, tiers/e.yaml and 2 more."
    )
