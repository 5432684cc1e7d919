"""The same ladders for each tool: programs of tierops, resources of terraform, zones of octoDNS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

NAMES = ("Bronze", "Silver", "Gold", "Platinum", "Sapphire", "Emerald", "Ruby", "Opal", "Pearl", "Diamond")
TARGETS = {
    "fanfare": "fanfare: {group: %s, attribute: loyaltyBalance}",
    "openloyalty": "openloyalty: {store: default, tier_set: %s, attribute: totalEarnedUnits, wallet: default}",
    "salesforce": "salesforce: {program: %s, tier_group: Status of %s}",
    "talonone": "talonone: {program: %s}",
    "voucherify": "voucherify: {campaign: %s}",
    "voucherify-v2": "voucherify-v2: {structure: %s}",
}
FIELDS = {
    "fanfare": "fanfare: {icon: %s}",
    "openloyalty": "",  # its default tier is there before, without anything of this
    "salesforce": "salesforce: {description: %s}",
    "talonone": "",  # a tier is its name and its start there
    "voucherify": "voucherify:\n      metadata: {perk: %s}",
    "voucherify-v2": "voucherify-v2:\n      metadata: {perk: %s}",
}
OCTODNS = """\
providers:
  files: {class: octodns.provider.yaml.YamlProvider, directory: ./files, default_ttl: 300}
  live: {class: octodns.provider.yaml.YamlProvider, directory: ./live, default_ttl: 300}
zones:
  '*': {sources: [files], targets: [live]}
"""


class Shape(NamedTuple):
    """How much there is: so many programs, each with so many tiers (ten at most)."""

    programs: int
    tiers: int = 10

    @property
    def all_tiers(self) -> int:
        """The tiers of all programs; for terraform resources, for octoDNS records."""
        return self.programs * self.tiers


class Tier(NamedTuple):
    """What each tool is told of a tier: three values."""

    name: str
    start: int
    perk: str


def ladder(shape: Shape) -> tuple[Tier, ...]:
    """The tiers of each program, low to high."""
    return tuple(Tier(name, n * n * 100, f"perk {n + 1}") for n, name in enumerate(NAMES[: shape.tiers]))


def keys(shape: Shape) -> Iterator[str]:
    """The key of each program, in order: `club-00001`."""
    return (f"club-{n:05}" for n in range(1, shape.programs + 1))


def tierops(folder: Path, shape: Shape, vendor: str) -> None:
    """One file for each program, in `tiers`. The vendor's place has the program's key for a name."""
    (folder / "tiers").mkdir(parents=True)
    tiers = "".join(
        f"  - name: {tier.name}\n    from: {tier.start}\n    {FIELDS[vendor].replace('%s', tier.perk)}\n"
        for tier in ladder(shape)
    )
    for key in keys(shape):
        text = f"version: 1\nprogram: {key}\ntargets:\n  - {TARGETS[vendor].replace('%s', key)}\ntiers:\n{tiers}"
        (folder / "tiers" / f"{key}.yaml").write_text(text)


def terraform(folder: Path, shape: Shape) -> None:
    """One file for each program, with a resource for each of its tiers."""
    folder.mkdir(parents=True)
    for key in keys(shape):
        resources = (
            f'resource "terraform_data" "{key}-{tier.name}" {{\n  input = {{\n    place = "{key}"\n'
            f'    name  = "{tier.name}"\n    from  = {tier.start}\n    perk  = "{tier.perk}"\n  }}\n}}\n'
            for tier in ladder(shape)
        )
        (folder / f"{key}.tf").write_text("\n".join(resources))


def terraform_state(folder: Path, shape: Shape, version: str) -> None:
    """The state that terraform has once all was applied: for so many resources that applying them takes hours."""
    kinds = {"place": "string", "name": "string", "from": "number", "perk": "string"}
    resources = [
        {
            "mode": "managed",
            "type": "terraform_data",
            "name": f"{key}-{tier.name}",
            "provider": 'provider["terraform.io/builtin/terraform"]',
            "instances": [
                {"schema_version": 0, "attributes": _attributes(key, tier, kinds), "sensitive_attributes": []}
            ],
        }
        for key in keys(shape)
        for tier in ladder(shape)
    ]
    state = {"version": 4, "terraform_version": version, "serial": 1, "lineage": _id("lineage"), "outputs": {}}
    (folder / "terraform.tfstate").write_text(json.dumps({**state, "resources": resources, "check_results": None}))


def _attributes(key: str, tier: Tier, kinds: dict[str, str]) -> dict[str, object]:
    held = {
        "value": {"place": key, "name": tier.name, "from": tier.start, "perk": tier.perk},
        "type": ["object", kinds],
    }
    return {"id": _id(f"{key}/{tier.name}"), "input": held, "output": held, "triggers_replace": None}


def _id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def octodns(folder: Path, shape: Shape) -> None:
    """One zone for each program, with a record for each of its tiers; both sides are folders of YAML."""
    (folder / "files").mkdir(parents=True)
    (folder / "live").mkdir()
    (folder / "config.yaml").write_text(OCTODNS)
    # octoDNS wants the names in order, as a person would count.
    records = "".join(
        f"tier-{n:02}:\n  type: TXT\n  value: name={tier.name} from={tier.start} perk={tier.perk}\n"
        for n, tier in enumerate(ladder(shape), start=1)
    )
    for key in keys(shape):
        (folder / "files" / f"{key}.example.yaml").write_text(f"---\n{records}")
