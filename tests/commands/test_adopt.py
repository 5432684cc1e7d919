"""`tierops adopt`: what is live is written into a program file, and nothing else in it changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import Run

from tierops.emulator import Emulator
from tierops.errors import Exit

LIVE = [
    {"name": "Bronze", "points": {"from": 0, "to": 249}, "metadata": {"perk": "coffee"}},
    {"name": "Silver", "points": {"from": 250, "to": 599}, "metadata": {"perk": "tea", "old": 1}},
    {"name": "Gold", "points": {"from": 600}},
]
CLUB = """\
# yaml-language-server: $schema=../schemas/program.schema.json

version: 1
program: club   # the key
targets:
  - voucherify: {campaign: Club}
tiers:   # low to high

  # where everybody begins
  - name: "Bronze"
    from: 0
    voucherify:
      metadata: {perk: coffee}   # one cup
  - name: Silver   # the middle
    from: 0250
"""
SILVER = """\
    voucherify:
      # what the shop knows
      metadata:
        new: 1
        perk: milk   # not tea
"""
GOLD = """\
  - name: Gold
    from: 500   # agreed in May
    to: 1000
    # and no higher
"""


@pytest.fixture
def live(emulator: Emulator) -> Emulator:
    emulator.voucherify.add_campaign("Club", tiers=LIVE)
    return emulator


def write(text: str, name: str = "club.yaml") -> Path:
    path = Path("tiers") / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(text.encode())
    return path


def assert_equals_live(tierops: Run) -> None:
    ended = tierops("drift")
    assert (ended.code, ended.err) == (Exit.DONE, ""), ended.out


def test_what_differs_is_written_and_all_else_stays_as_it_was(live: Emulator, tierops: Run) -> None:
    silver = SILVER
    path = write(CLUB + silver + GOLD)
    ended = tierops("adopt", "club")
    assert (ended.code, ended.err) == (Exit.DONE, "wrote tiers/club.yaml\n")
    assert path.read_text() == CLUB + (
        "    voucherify:\n      # what the shop knows\n      metadata:\n"
        "        perk: tea    # not tea\n        old: 1\n"
        "  - name: Gold\n    from: 600   # agreed in May\n    # and no higher\n"
    )
    assert "-    from: 500   # agreed in May\n-    to: 1000\n+    from: 600   # agreed in May\n" in ended.out
    assert_equals_live(tierops)
    assert tierops("adopt", "club").err == "nothing to write: the file says already what is live\n"


def test_only_the_tier_that_is_named(live: Emulator, tierops: Run) -> None:
    path = write(CLUB + SILVER + GOLD)
    ended = tierops("adopt", "club", "--tier", "Silver")
    # It ends at 599 there, and Gold still begins at 500 here.
    assert (ended.code, "ladder-overlap: Gold overlaps Silver" in ended.err) == (Exit.FAILED, True), ended.err
    assert path.read_text() == CLUB + SILVER + GOLD
    assert tierops("adopt", "club", "--tier", "Silver", "--tier", "Gold").code == Exit.DONE


def test_a_tier_that_is_in_no_file_gets_its_place_in_the_ladder(live: Emulator, tierops: Run) -> None:
    path = write(CLUB.partition("  - name: Silver")[0] + "  - {name: Gold, from: 600}   # all the rest\n")
    ended = tierops("adopt", "club")
    assert (ended.code, ended.err) == (Exit.DONE, "wrote tiers/club.yaml\n")
    assert path.read_text().endswith(
        "      metadata: {perk: coffee}   # one cup\n"
        "  - name: Silver\n    from: 250\n    voucherify:\n      metadata:\n        perk: tea\n        old: 1\n"
        "  - {name: Gold, from: 600}   # all the rest\n"
    )
    assert_equals_live(tierops)


def test_what_is_in_the_file_alone_stays_in_it(live: Emulator, tierops: Run) -> None:
    path = write(CLUB.replace("0250", "260") + "  - {name: Gold, from: 600}\n  - {name: Platinum, from: 900}\n")
    ended = tierops("adopt", "club", "--tier", "Silver")
    assert ended.code == Exit.DONE
    assert "{name: Platinum, from: 900}" in path.read_text()
    assert "from: 250\n" in path.read_text()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_other_documents_marks_and_line_ends_stay(end: str, live: Emulator, tierops: Run) -> None:
    other = "---\nversion: 1\nprogram: other\ntargets:\n- voucherify: {campaign: Other}\ntiers:\n- {name: A, from: 0}\n"
    path = write("\ufeff" + (other + "---\n" + CLUB + SILVER + GOLD).replace("\n", end))
    live.voucherify.add_campaign("Other", tiers=[{"name": "A", "points": {"from": 0}}])
    assert tierops("adopt", "club").code == Exit.DONE
    text = path.read_bytes().decode()
    assert text.startswith("\ufeff---" + end + "version: 1")
    assert text.count(end) == text.count("\n")
    assert_equals_live(tierops)


def test_a_value_of_the_environment_is_not_written_over(live: Emulator, tierops: Run) -> None:
    write("version: 1\nenvironment: production\nvalues: {gold: 500, perk: perk}\n", "environments/production.yaml")
    text = CLUB + SILVER.replace("perk: milk", "${perk}: milk") + "  - {name: Gold, from: '${gold}'}\n"
    path = write(text)
    ended = tierops("--env", "production", "adopt", "club")
    assert ended.code == Exit.FAILED
    assert "from of tier 'Gold' is '${gold}' in the file: change that value instead" in ended.err
    assert path.read_text() == text
    path.write_text(text.replace("'${gold}'", "600"))
    assert tierops("--env", "production", "adopt", "club").code == Exit.DONE
    assert "        ${perk}: tea    # not tea\n" in path.read_text()


TWO = """\
version: 1
program: club
targets:
  - {name: eu, voucherify: {campaign: Club}}
  - {name: uk, voucherify: {campaign: Club UK}}
tiers:
  - {name: Bronze, from: 0, voucherify: {metadata: {perk: coffee}}}
  - name: Silver
    from: 200
    to: 599
    voucherify:
      metadata: {perk: tea, old: 1}
    targets:
      uk: {to: 499}   # a market of its own
  - {name: Gold, from: 600, targets: {uk: {from: 500}}}
"""


def test_what_all_targets_agree_on_is_said_once_and_the_rest_in_overlays(live: Emulator, tierops: Run) -> None:
    british = [
        LIVE[0] | {"points": {"from": 0, "to": 249}},
        LIVE[1] | {"points": {"from": 250, "to": 699}, "metadata": {"perk": "tea"}},
        {"name": "Gold", "points": {"from": 700, "to": 999}},
    ]
    live.voucherify.add_campaign("Club UK", tiers=british)
    path = write(TWO)
    ended = tierops("adopt", "club")
    assert (ended.code, ended.err) == (Exit.DONE, "wrote tiers/club.yaml\n")
    text = path.read_text()
    assert "    from: 250\n" in text
    assert "# a market of its own" in text
    assert "{uk: {from: 700, to: 999}}" in text
    assert_equals_live(tierops)


def test_a_tier_of_one_target_among_several_is_left_to_a_person(live: Emulator, tierops: Run) -> None:
    live.voucherify.add_campaign("Club UK", tiers=LIVE[:2])
    path = write(TWO.replace("  - {name: Gold, from: 600, targets: {uk: {from: 500}}}\n", ""))
    ended = tierops("adopt", "club", "--tier", "Gold")
    assert ended.code == Exit.FAILED
    assert (
        "tier 'Gold' is live at club/eu, and in the file it would be wanted at each of the program's targets"
        in ended.err
    )
    assert "Gold" not in path.read_text()


def test_a_ladder_that_breaks_a_rule_is_not_written(emulator: Emulator, tierops: Run) -> None:
    emulator.voucherify.add_campaign("Club", tiers=[LIVE[0], {"name": "Silver", "points": {"from": 300}}])
    path = write(CLUB)
    ended = tierops("adopt", "club")
    assert ended.code == Exit.FAILED
    assert "would break a rule, so nothing was written: ladder-gap: " in ended.err
    assert path.read_text() == CLUB


def test_one_end_of_an_alias_is_not_changed(live: Emulator, tierops: Run) -> None:
    shared = CLUB.replace("metadata: {perk: coffee}", "metadata: &m {perk: coffee}")
    path = write(shared + "    voucherify: {metadata: *m}\n  - {name: Gold, from: 600}\n")
    before = path.read_text()
    ended = tierops("adopt", "club")
    assert ended.code == Exit.FAILED
    assert "cannot be changed in one place alone" in ended.err
    assert path.read_text() == before


def test_what_is_misspelt(live: Emulator, tierops: Run) -> None:
    write(CLUB + SILVER + GOLD)
    ended = tierops("adopt", "clb")
    assert (ended.code, "did you mean `club`?" in ended.err) == (Exit.USAGE, True)
    ended = tierops("adopt", "club", "--tier", "Sliver")
    assert (ended.code, "no live tier 'Sliver' differs" in ended.err) == (Exit.USAGE, True)


def test_a_place_that_cannot_be_read_changes_no_file(emulator: Emulator, tierops: Run) -> None:
    path = write(CLUB + SILVER + GOLD)
    ended = tierops("adopt", "club")
    assert ended.code == Exit.FAILED
    assert path.read_text() == CLUB + SILVER + GOLD
