"""`tierops compare`: environments side by side, from the files alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import Run

from tierops.errors import Exit

PROGRAM = """\
version: 1
program: club
targets:
  - voucherify: {campaign: "${campaign}"}
tiers:
  - name: Bronze
    from: 0
  - name: Gold
    from: ${gold}
    voucherify: {metadata: {perk: "${perk}", same: 1}}
"""


@pytest.fixture(autouse=True)
def _files(offline: Run) -> None:
    folder = Path("tiers/environments")
    folder.mkdir(parents=True)
    (folder.parent / "club.yaml").write_text(PROGRAM)
    for name, gold, perk in (("sandbox", 50, "tea"), ("staging", 500, "tea"), ("production", 500, "tea")):
        text = f"version: 1\nenvironment: {name}\nvalues: {{campaign: Club {name}, gold: {gold}, perk: {perk}}}\n"
        (folder / f"{name}.yaml").write_text(text)


def test_what_differs_stands_side_by_side(offline: Run) -> None:
    assert offline("compare", "sandbox", "production") == (Exit.DONE, """\
club/voucherify
                sandbox       production
  campaign      Club sandbox  Club production
  Bronze range  0–49 points   0–499 points
  Gold range    50+ points    500+ points

3 differences between sandbox and production.
""", "")  # fmt: skip


def test_what_is_the_same_is_no_difference(offline: Run) -> None:
    same = Path("tiers/environments/staging.yaml").read_text().replace("Club staging", "Club production")
    Path("tiers/environments/staging.yaml").write_text(same)
    ended = offline("compare", "staging", "production", "--detailed-exitcode")
    assert ended == (Exit.DONE, "No difference between staging and production.\n", "")
    assert offline("compare", "sandbox", "production", "--detailed-exitcode").code == Exit.DIFFERENCES


def test_three_as_json_and_as_markdown(offline: Run) -> None:
    document = json.loads(offline("compare", "sandbox", "staging", "production", "--format", "json").out)
    assert document["environments"] == ["sandbox", "staging", "production"]
    assert document["differences"][2] == {
        "target": "club/voucherify",
        "tier": "Gold",
        "what": "range",
        "values": {"sandbox": "50+ points", "staging": "500+ points", "production": "500+ points"},
    }
    page = offline("compare", "sandbox", "production", "--format", "markdown").out
    assert "| target | tier | what | sandbox | production |\n| --- | --- | --- | --- | --- |\n" in page
    assert "| club/voucherify | Gold | range | 50+ points | 500+ points |" in page


def test_one_environment_is_nothing_to_compare(offline: Run) -> None:
    assert offline("compare", "sandbox").code == Exit.USAGE
    ended = offline("compare", "sandbox", "produktion")
    assert (ended.code, "there is no environment 'produktion'" in ended.err) == (Exit.USAGE, True)


def test_names_of_others_change_no_line(offline: Run) -> None:
    path = Path("tiers/environments/sandbox.yaml")
    path.write_text(path.read_text().replace("Club sandbox", '"a\\u001b[31m|b"'))
    ended = offline("compare", "sandbox", "production")
    assert "\x1b" not in ended.out
    assert "a\\x1b[31m|b" in ended.out
