"""A vendor of another distribution is known by its entry point alone: its part of the schema, its targets, its host."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config import corner
from config.conftest import Write
from tierops import config, diff, importing, providers
from tierops.errors import TieropsError
from tierops.model import Identity, Live, LiveTier, Range, Scale

OWN = sorted(vendor.name for vendor in providers.own())
PROGRAM = """\
version: 1
program: tea-club
targets:
  - corner: {shop: Soho, shelf: Tea, currency: GBP}
  - voucherify: {campaign: Tea Club}
  - name: paris
    corner: {shop: Paris, shelf: Tea, currency: EUR}
tiers:
  - name: Cup
    from: 0
    corner: {prize: {what: tea, value: 1.5}, metadata: [small]}
    voucherify: {metadata: {perk: biscuit}}
    targets:
      paris: {metadata: [petit]}
      voucherify: {metadata: {perk: null}}
  - name: Pot
    from: 9.50
"""

Install = Callable[..., None]


def said(loaded: config.Loaded) -> list[str]:
    return [f"{problem.at.line}: {problem.message}" for problem in loaded.problems]


@pytest.mark.parametrize("full_check", [False, True])
def test_a_program_may_live_at_a_vendor_of_another_distribution(
    installed: Install, tiers: Path, write: Write, full_check: bool
) -> None:
    installed()
    write("a.yaml", PROGRAM)
    loaded = config.load(tiers, full_check=full_check)
    assert loaded.problems == ()
    soho, voucherify, paris = loaded.programs[0].targets
    assert soho.place.home == ("Soho", "Tea")
    assert soho.scale == Scale("GBP", 2)
    prize = {"what": "tea", "value": Decimal("1.5")}
    assert soho.tiers[0].fields == {"prize": prize, "metadata": ["small"], "currency": "GBP"}
    assert paris.tiers[0].fields == {"prize": prize, "metadata": ["petit"], "currency": "EUR"}
    assert voucherify.tiers[0].fields == {}


def test_without_its_distribution_the_vendor_is_an_unknown_key(tiers: Path, write: Write) -> None:
    write("a.yaml", PROGRAM)
    assert f"4: unknown key 'corner'; known here: name, {', '.join(OWN)}" in said(config.load(tiers))


def test_a_name_with_a_slip_is_an_unknown_key(tiers: Path, write: Write) -> None:
    write("a.yaml", "version: 1\nprogram: a\ntargets: [{voucherfy: {campaign: c}}]\ntiers: [{name: A, from: 0}]\n")
    assert said(config.load(tiers)) == [
        f"3: a target needs exactly one of {', '.join(f'`{name}`' for name in OWN[:-1])} and `{OWN[-1]}`",
        "3: unknown key 'voucherfy'; did you mean `voucherify`?",
    ]


def test_a_block_of_a_vendor_without_a_target_says_so(installed: Install, tiers: Path, write: Write) -> None:
    installed()
    write("a.yaml", "version: 1\nprogram: a\ntargets: [{voucherify: {campaign: c}}]\ntiers:\n"
          "  - {name: A, from: 0, corner: {prize: {what: tea, value: 1}}}\n")  # fmt: skip
    assert said(config.load(tiers)) == [
        "5: no target of this program is on corner; remove the block, or add the target"
    ]


@pytest.mark.parametrize("full_check", [False, True])
def test_a_field_in_an_overlay_is_what_the_targets_own_vendor_has(
    installed: Install, tiers: Path, write: Write, full_check: bool
) -> None:
    installed()
    text = PROGRAM.replace("paris: {metadata: [petit]}", "paris: {metadata: {perk: thé}}")
    text = text.replace(
        "voucherify: {metadata: {perk: null}}", "voucherify: {metadata: [x], prize: {what: tea, value: 1}}"
    )
    write("a.yaml", text)
    assert said(config.load(tiers, full_check=full_check)) == [
        "14: `metadata`: expected a list or null, found a mapping",
        "15: `metadata`: expected a mapping (key: value) or null, found a list",
        "15: the target `voucherify` is on voucherify, which has no `prize`",
    ]


def test_a_field_that_no_vendor_has_like_this_is_found(installed: Install, tiers: Path, write: Write) -> None:
    installed()
    write("a.yaml", PROGRAM.replace("[petit]", "5").replace("value: 1.5", "value: much"))
    assert said(config.load(tiers)) == [
        "11: `value`: expected a number, found 'much'",
        "14: `metadata`: expected what corner, voucherify or voucherify-v2 takes here, found 5",
    ]


def test_an_environment_may_hold_the_address_of_such_a_vendor(installed: Install, tiers: Path, write: Write) -> None:
    installed()
    write("a.yaml", PROGRAM)
    write(
        "environments/dev.yaml", "version: 1\nenvironment: dev\nproviders: {corner: {url: http://127.0.0.1:8080/x}}\n"
    )
    assert config.load(tiers, environment="dev").environment == config.Environment(
        "dev", {"corner": "http://127.0.0.1:8080/x"}, {}
    )
    write(
        "environments/dev.yaml", "version: 1\nenvironment: dev\nproviders:\n  corner: {url: https://corner.example}\n"
    )
    (finding,) = said(config.load(tiers, environment="dev"))
    assert finding.startswith("4: `url`: expected an address of this machine such as http://127.0.0.1:8080, without")
    assert "for any other host set CORNER_URL instead" in finding


def test_the_printed_schemas_know_every_vendor_that_is_installed(installed: Install) -> None:
    assert "corner" not in config.schema("program") + config.schema("environment")
    installed()
    program, environment = (json.loads(config.schema(name)) for name in ("program", "environment"))
    assert program["$defs"]["target"]["properties"].keys() == {"name", "corner", *OWN}
    assert environment["properties"]["providers"]["properties"].keys() == {"corner", *OWN}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({}, "has no .*schema.json that can be used: KeyError"),
        ([], "has no .*schema.json that can be used: TypeError"),
        ({**corner.SCHEMA, "$defs": {"text": {}}}, "takes names that are not its own in .*schema.json: text"),
        ({**corner.SCHEMA, "overlay": {"from": {}}}, "takes names that are not its own in .*schema.json: from"),
    ],
)
def test_a_vendor_whose_part_of_the_schema_is_no_good_is_named(
    installed: Install, tiers: Path, write: Write, schema: object, reason: str
) -> None:
    installed(schema)
    write("a.yaml", PROGRAM)
    with pytest.raises(TieropsError, match=f"the vendor corner {reason}"):
        config.load(tiers)


@pytest.mark.parametrize("place", [{"type": "objekt"}, {"$ref": "#/$defs/nowhere"}])
def test_a_part_that_is_no_json_schema_is_a_sentence(
    installed: Install, tiers: Path, write: Write, place: object
) -> None:
    installed({**corner.SCHEMA, "place": place})
    write("a.yaml", PROGRAM)
    with pytest.raises(TieropsError, match=f"the schema of corner, {', '.join(OWN)} is no JSON Schema"):
        config.load(tiers)


PLACE = {"shop": "Soho", "shelf": "Tea", "currency": "GBP"}


def cup(name: str, start: str, end: str | None, **fields: Any) -> LiveTier:
    return LiveTier(name, name, Range(Decimal(start), None if end is None else Decimal(end)), fields)


def _without(tier: LiveTier, field: str) -> dict[str, Any]:
    return {name: value for name, value in tier.fields.items() if name != field}


def test_a_ladder_of_such_a_vendor_can_be_imported(installed: Install, tiers: Path, write: Write) -> None:
    installed()
    ladder = (
        cup(
            "Cup", "0", "9.5", prize={"value": Decimal("1.5"), "what": "tea"}, metadata=["small", "tea"], currency="GBP"
        ),
        cup("Pot", "9.5", "20.25", prize={"value": 3, "what": "cake"}, metadata=["big", " "], currency="GBP"),
        cup("Urn", "30", None, prize={"value": 3, "what": "cake", "size": "tall"}, currency="GBP"),
    )
    live = Live(Identity("http://127.0.0.1", "shelf", "Soho", "Tea", None), ladder, "all of them")
    names = {"Soho": "shop", "Tea": "leaf", "tea": "drink", "GBP": "money", "big": "size"}
    imported = importing.program_text(
        providers.find("corner"), PLACE, live, key="tea-club", today=date(2027, 1, 31), names=names
    )
    head, _, body = imported.text.partition("tiers:\n")
    assert head.endswith('  - corner: {shop: "${shop}", shelf: "${leaf}", currency: GBP}\n')
    assert body.startswith("""\
  - name: Cup
    from: 0
    corner:
      prize: {what: tea, value: 1.5}
      metadata:
        - small
        - tea
  - name: Pot
    from: 9.5
    below: 20.25
    corner:
      prize: {what: cake, value: 3}
      # left out, a program file cannot hold it: {"metadata":["big"," "]}
  - name: Urn
    from: 30
    # left out, a program file cannot hold it: {"prize":{"value":3,"what":"cake","size":"tall"}}
waivers:
  - {rule: ladder-gap,""")
    assert [note.partition("shelf 'Tea': ")[2][:32] for note in imported.notes] == [
        "${shop}, ${leaf} stand for what ",
        "nothing between Pot and Urn: 20.",
        "tier 'Pot': metadata is left out",
        "tier 'Urn': prize is left out, f",
    ]
    write("a.yaml", imported.text)
    values = "{shop: Soho, leaf: Tea, drink: tea, money: GBP, size: big}"
    write("environments/e.yaml", f"version: 1\nenvironment: e\nvalues: {values}\n")
    loaded = config.load(tiers, environment="e", today=date(2027, 1, 31))
    assert loaded.problems == ()
    (target,) = loaded.programs[0].targets
    assert target.place.fields == PLACE
    kept = (
        ladder[0],
        ladder[1]._replace(fields=_without(ladder[1], "metadata")),
        ladder[2]._replace(fields=_without(ladder[2], "prize")),
    )
    assert diff.changes(kept, target.tiers) == ()


def test_what_a_vendor_demands_of_every_block_cannot_be_left_out(installed: Install) -> None:
    installed()
    ladder = (cup("Cup", "0", None, prize={"what": "gold"}, metadata=["small"], currency="GBP"),)
    live = Live(Identity("http://127.0.0.1", "shelf", "Soho", "Tea", None), ladder, "all of them")
    with pytest.raises(TieropsError, match=r"shelf 'Tea' cannot be .* file: `prize` is missing in `corner`; change it"):
        importing.program_text(providers.find("corner"), PLACE, live, key="tea-club", today=date(2027, 1, 31))


def test_other_distributions_are_looked_through_only_for_a_name_that_is_not_our_own(tiers: Path, write: Write) -> None:
    write("a.yaml", "version: 1\nprogram: a\ntargets: [{voucherify: {campaign: c}}]\ntiers: [{name: A, from: 0}]\n")
    code = (
        "import sys; from pathlib import Path; from tierops import config\n"
        f"assert config.load(Path({str(tiers)!r})).programs\n"
        "print('importlib.metadata' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
