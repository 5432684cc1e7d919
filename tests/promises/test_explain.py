"""Every rule is explained, and each example breaks its rule."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import outside
import pytest
from harness import Run

from tierops.emulator import Emulator
from tierops.errors import Exit
from tierops.output import rules
from tierops.output.findings import CHECKS, DRIFT
from tierops.rules import RULES

EVERY = [check.id for check in (*CHECKS, *DRIFT)]
WORDS = {
    "VENDOR: {PLACE: ": "voucherify: {campaign: ",
    "VENDOR: {METADATA: ": "voucherify: {metadata: ",
    "MULTIPLIER: ": "MULTIPLIER, multiplier: ",
    "VENDOR: {MULTIPLIER, ": "voucherify: {earning_rules: {e: {type: MULTIPLY, ",
}
TARGETS = "targets: [{voucherify: {campaign: Club}}]\n"
TIERS = "tiers: [{name: Bronze, from: 0}]\n"
BRONZE = {"name": "Bronze", "points": {"from": 0, "to": 249}}

# What is live where an example says that it is; nothing but the files where there is none.
LIVE: dict[str, list[dict[str, object]]] = {
    "threshold-rise": [BRONZE, {"name": "Silver", "points": {"from": 250}}],
    "notice-days": [BRONZE],
    "members": [BRONZE, {"name": "Silver", "points": {"from": 250}}],
    "drift-missing": [BRONZE],
    "drift-differs": [
        {"name": "Bronze", "points": {"from": 0, "to": 249}},
        {"name": "Silver", "points": {"from": 300}},
    ],
    "drift-unmanaged": [{"name": "Bronze", "points": {"from": 0}}, {"name": "Silver", "points": {"from": 250}}],
    "unreadable-target": [BRONZE],
    "drift-blocked": [{"name": "Bronze", "points": {"from": 0}}],
}


def example(rule: str) -> str:
    (block,) = re.findall(r"```yaml\n(.*?)```", rules.texts()[rule], flags=re.DOTALL)
    return str(block)


def write(text: str) -> None:
    """The example as files: what it leaves out is filled in."""
    Path("tiers").mkdir()
    multipliers = len(re.findall("MULTIPLIER", text))
    for word, meaning in WORDS.items():
        text = text.replace(word, meaning)
    if multipliers:
        text = re.sub(r"(multiplier: [0-9.]+)\}", r"\1}}}", text)
    parts = text.split("---\n")
    if parts[0].startswith("# tiers/policy.yaml"):
        Path("tiers/policy.yaml").write_text(parts.pop(0))
    documents = [
        "version: 1\n" + ("" if "program:" in part else "program: club\n") + ("" if "targets:" in part else TARGETS)
        + part + ("" if "tiers:" in part else TIERS)
        for part in parts
    ]  # fmt: skip
    Path("tiers/club.yaml").write_text("---\n".join(documents))


def test_every_rule_has_an_explanation_and_no_other() -> None:
    assert set(rules.texts()) == set(EVERY)
    for rule, text in rules.texts().items():
        assert "Mend: " in text, rule


@pytest.mark.parametrize("rule", [rule for rule in EVERY if rule not in {*LIVE, "similar-place"}])
def test_the_example_breaks_its_rule_and_no_other(rule: str, offline: Run) -> None:
    write(example(rule))
    with outside.installed("acme"):
        if rule == "not-representable":  # at a vendor that keeps only starts
            file = Path("tiers/club.yaml")
            file.write_text(
                file.read_text().replace("voucherify: {campaign: Club}", "acme: {club: Club, currency: EUR}")
            )
        ended = offline("validate")
    broken = {word.strip(" :") for word in re.findall(r" [a-z-]+: ", ended.out)} & RULES.keys()
    assert ended.code == Exit.FAILED
    # A gap that a vendor cannot hold is one all the same.
    assert broken - {"ladder-gap"} == {rule} - {"ladder-gap"}, ended.out
    assert rule in broken


@pytest.mark.parametrize("rule", LIVE)
def test_the_example_breaks_its_rule_where_live_is_as_it_says(rule: str, tierops: Run, emulator: Emulator) -> None:
    emulator.voucherify.add_campaign("Club", tiers=LIVE[rule])
    text = example(rule)
    if rule == "notice-days":  # the day must be one to come, for else nothing is refused
        text = text.replace("2027-02-01", str(datetime.now(UTC).date() + timedelta(days=12)))
        text = text.replace("2027-01-20", str(datetime.now(UTC).date()))
    write(text)
    if rule in RULES:
        ended = tierops("plan", "--format", "json")
        assert {problem["rule"] for problem in json.loads(ended.out)["problems"]} == {rule}
    else:
        (run,) = json.loads(tierops("drift", "--format", "sarif").out)["runs"]
        assert rule in {result["ruleId"] for result in run["results"]}


def test_a_place_that_reads_like_a_live_one_blocks_its_creates(tierops: Run, emulator: Emulator) -> None:
    emulator.fanfare.add_group("Coffee Club", "ltv", [{"name": "Bronze", "order": 0, "startValue": 0}])
    write(example("similar-place"))
    file = Path("tiers/club.yaml")
    file.write_text(
        re.sub(r"voucherify: \{campaign: (.*)\}", r"fanfare: {group: \1, attribute: ltv}", file.read_text())
    )
    ended = tierops("plan")
    assert "waive similar-place for a" in " ".join(ended.out.split())


def test_a_rule_is_explained_with_its_reason_and_how_to_waive_it(offline: Run) -> None:
    ended = offline("explain", "ladder-gap")
    assert ended.code == Exit.DONE
    assert ended.out.startswith("ladder-gap: error; can be waived\n\nA member must not fall out of the program")
    assert "waivers:\n  - {rule: ladder-gap, reason: …, until: YYYY-MM-DD}" in ended.out
    assert "waivers:" not in offline("explain", "duplicate-tier").out


def test_the_list_has_every_rule_with_its_reason(offline: Run) -> None:
    out = offline("explain").out
    for check in (*CHECKS, *DRIFT):
        assert re.search(rf"^  {check.id} +{re.escape(check.reason)}$", out, flags=re.MULTILINE)


def test_a_misspelt_rule_names_the_nearest(offline: Run) -> None:
    ended = offline("explain", "treshold-rise")
    assert ended.code == Exit.USAGE
    assert "there is no rule 'treshold-rise'; did you mean `threshold-rise`?" in ended.err
    assert "there is no rule 'xyz'; `tierops explain` lists them" in offline("explain", "xyz").err
