"""`validate --all-environments`: what is wrong in one environment only does not get past, and is said once."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import Ended, Run

from tierops.errors import Exit

PROGRAM = """\
version: 1
program: club
targets: [{voucherify: {campaign: Club}}]
tiers:
  - {name: Bronze, from: 0}
  - {name: Silver, from: "${silver}"}
"""


def write(values: dict[str, str], program: str = PROGRAM) -> None:
    Path("tiers/environments").mkdir(parents=True)
    Path("tiers/club.yaml").write_text(program)
    for name, silver in values.items():
        text = f"version: 1\nenvironment: {name}\nvalues: {{{silver}}}\n"
        Path(f"tiers/environments/{name}.yaml").write_text(text)


@pytest.fixture
def validate(offline: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*arguments: str) -> Ended:
        return offline("validate", "--all-environments", *arguments)

    return run


def test_files_that_are_right_everywhere_are_counted_once(validate: Run) -> None:
    write({"eu": "silver: 100", "us": "silver: 200"})
    assert validate() == (Exit.DONE, "1 program, 1 target, 2 tiers: valid.\n", "")


def test_what_is_wrong_in_one_environment_says_in_which(validate: Run) -> None:
    write({"eu": "silver: 100", "uk": "silver: 0", "us": "silver: -1"})
    ended = validate()
    assert ended.code == Exit.FAILED
    assert "(environment uk)" in ended.out
    assert "(environment us)" in ended.out
    assert "environment eu" not in ended.out


def test_what_is_wrong_everywhere_is_said_once(validate: Run) -> None:
    write({"eu": "silver: 100", "us": "silver: 200"}, PROGRAM + "extra: 1\n")
    ended = validate()
    assert ended.code == Exit.FAILED
    assert ended.out.count("unknown key 'extra'") == 1
    assert "(environment" not in ended.out


def test_a_value_that_one_environment_lacks_is_named(validate: Run) -> None:
    write({"eu": "silver: 100", "us": ""})
    ended = validate()
    assert ended.code == Exit.FAILED
    assert ended.out.splitlines() == [
        "tiers/club.yaml:6:26: unknown-value: ${silver} has no value in the environment 'us'",
        (
            "0 programs, 0 targets, 0 tiers: 1 problem to solve. Because of these, ladders of 1 file were not checked"
            " for order, gaps and overlaps: tiers/club.yaml."
        ),
    ]


def test_a_broken_environment_file_is_named_though_nobody_asked_for_it(validate: Run) -> None:
    write({"eu": "silver: 100", "us": "silver: [1]"})
    ended = validate()
    assert ended.code == Exit.FAILED
    assert "tiers/environments/us.yaml:3:" in ended.out


def test_without_environments_the_files_are_checked_once(validate: Run) -> None:
    Path("tiers").mkdir()
    Path("tiers/club.yaml").write_text(PROGRAM.replace('"${silver}"', "100"))
    assert validate() == (Exit.DONE, "1 program, 1 target, 2 tiers: valid.\n", "")


def test_an_environment_that_the_shell_has_set_does_not_narrow_it(
    validate: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEROPS_ENV", "eu")
    write({"eu": "silver: 100", "us": ""})
    assert validate().code == Exit.FAILED


def test_paths_are_checked_in_every_environment(validate: Run) -> None:
    write({"eu": "silver: 100", "us": ""})
    Path("tiers/other.yaml").write_text("version: 2\n")
    ended = validate("tiers/club.yaml")
    assert "${silver} has no value in the environment 'us'" in ended.out
    assert "other.yaml" not in ended.out
