"""What of a document with findings can still be held against the rules: all of its ladders, or nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tierops.config import program, values
from tierops.config.check import Gate
from tierops.config.contract import common
from tierops.config.marked import Document, List, Map
from tierops.model import Program

_KEPT = ("version", "program", "targets", "tiers", "waivers")


def ladders(document: Document, gate: Gate, today: str) -> Program | None:
    """The program without what no rule of ladders looks at; None where that is not as the schema says either.

    `document` has its values filled in. The program is for finding more of what is wrong, and for nothing else.
    """
    bones = _bones(document.data)
    if bones is None or values.holds_placeholder(bones):
        return None
    if not gate.accepts(document._replace(data=bones), "program", is_filled=True):
        return None
    built, problems = program.build(bones, today)
    return None if problems else built


def _bones(data: Any) -> Map | None:
    if not isinstance(data, Map) or not all(isinstance(data.get(key), List) for key in ("targets", "tiers")):
        return None
    bones = _part(data, _KEPT)
    names = program.names(target for target in data["targets"] if isinstance(target, Map))
    tiers = List(data["tiers"].at)
    for tier, at in zip(data["tiers"], data["tiers"].item_at, strict=True):
        tiers.put(_tier(tier, names) if isinstance(tier, Map) else tier, at)
    bones["tiers"] = tiers
    bones["version"] = 1
    return bones


def _tier(tier: Map, names: Collection[str]) -> Map:
    kept = _part(tier, common() | {"targets"})
    if isinstance(overlays := tier.get("targets"), Map):
        known = _part(overlays, names)
        for name in known:
            known[name] = _part(known[name], common()) if isinstance(known[name], Map) else known[name]
        kept["targets"] = known
    return kept


def _part(whole: Map, keys: Collection[str]) -> Map:
    part = Map(whole.at)
    for key in whole:
        if key in keys:
            part.put(key, whole[key], whole.key_at[key], whole.value_at[key])
    return part
