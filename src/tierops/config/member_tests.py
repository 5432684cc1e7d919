"""The tests of a program → who is where, as each of its targets must have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from tierops.config.marked import List, Map, nearest
from tierops.model import MemberTest, Position, Problem, Tier


def misplaced(data: Map, targets: Sequence[str]) -> Iterator[Problem]:
    """Tests of a tier or a target that the program does not have. `targets` are the names of those that it has."""
    tiers = list(dict.fromkeys(name for names in _names(data["tiers"]) for name in names))
    for test in data.get("tests", ()):
        if (tier := test["tier"]) is not None and tier not in tiers:
            hint = nearest(tier, tiers) or f"; there are: {', '.join(tiers)}"
            yield Problem("schema", f"there is no tier {tier!r} in this ladder{hint}", test.value_at["tier"])
        if (target := test.get("target")) is not None and target not in targets:
            hint = nearest(target, targets) or f"; there are: {', '.join(targets)}"
            yield Problem("schema", f"there is no target {target!r} in this program{hint}", test.value_at["target"])


def build(data: Map, target: str, ladder: Sequence[Tier]) -> tuple[MemberTest, ...]:
    """The tests of one target. A tier may be called by the program's name for it, or by one that a target has."""
    names = _names(data["tiers"])
    tests: List = data.get("tests", List(data.at))
    return tuple(
        MemberTest(Decimal(test["member"]["value"]), _called(test["tier"], names, ladder), test.get("note", ""), at)
        for test, at in _items(tests)
        if test.get("target", target) == target
    )


def _names(tiers: List) -> list[list[str]]:
    """For each tier, the program's name and those that overlays give it."""
    overlays = [[*tier.get("targets", {}).values()] for tier in tiers]
    return [
        [tier["name"], *(overlay["name"] for overlay in laid if "name" in overlay)]
        for tier, laid in zip(tiers, overlays, strict=True)
    ]


def _called(name: str | None, names: Sequence[Sequence[str]], ladder: Sequence[Tier]) -> str | None:
    """What this target calls the tier; its own name for one comes first."""
    if name is None or any(tier.name == name for tier in ladder):
        return name
    return next(tier.name for tier, known in zip(ladder, names, strict=True) if name in known)


def _items(items: List) -> Iterator[tuple[Map, Position]]:
    return zip(items, items.item_at, strict=True)
