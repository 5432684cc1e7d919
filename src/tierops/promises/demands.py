"""The rules of a policy that the files alone can break."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from tierops import providers
from tierops.model import Benefit, Demand, Policy, Problem, Program, Target
from tierops.promises.words import amount
from tierops.rules import Flaw, located

_ByPath: TypeAlias = Mapping[tuple[str, ...], Benefit]


def broken(program: Program, policy: Policy) -> Iterator[tuple[str, Problem]]:
    """What each target's ladder breaks, with the severity that the policy gives it."""
    for demand in policy.demands:
        if find := _FINDERS.get(demand.rule):
            for target in program.targets:
                for flaw in find(demand, target):
                    yield target.name, located(flaw._replace(severity=demand.severity), program)


def worse(upper: _ByPath, lower: _ByPath) -> Iterator[tuple[Benefit, Benefit]]:
    """The benefits of two tiers of which the first must not give less: (what it gives, what the second one gives)."""
    for path in dict.fromkeys((*lower, *upper)):
        less, more = _with_usual(upper.get(path), lower.get(path)), _with_usual(lower.get(path), upper.get(path))
        if less is not None and more is not None and less.measure == more.measure and _is_less(less, more):
            yield less, more


def numbers(listed: Sequence[Benefit]) -> dict[tuple[str, ...], Benefit]:
    """The benefits that can be compared, by path."""
    return {benefit.path: benefit for benefit in listed if not isinstance(benefit.amount, str)}


def _with_usual(benefit: Benefit | None, other: Benefit | None) -> Benefit | None:
    """The benefit, or what holds where a tier says nothing of it, as far as that is known."""
    if benefit is not None or other is None or other.measure is None or other.measure.usual is None:
        return benefit
    return other._replace(amount=other.measure.usual)


def _is_less(benefit: Benefit, other: Benefit) -> bool:
    amounts: Any = (benefit.amount, other.amount)
    return bool(amounts[0] > amounts[1] if benefit.is_price else amounts[0] < amounts[1])


def _benefits(_: Demand, target: Target) -> Iterator[Flaw]:
    told = providers.find(target.provider).benefits
    below: _ByPath = {}
    below_name = ""
    owners: dict[tuple[str, ...], str] = {}  # the tier that a benefit was last seen in
    for tier in sorted(target.tiers, key=lambda tier: tier.range.lower or 0):
        own = numbers(told(tier.fields))
        for less, more in worse(own, below) if below_name else ():
            name = owners.get(more.path, below_name)
            path = ".".join(less.path)
            message = f"{tier.name} is worse than {name}: {amount(less)} for {path}, and {amount(more)} in {name}"
            yield Flaw("benefits-never-worse", tier, message)
        # A grant of which a tier says nothing may be what it was; a multiplier is known to be one then.
        kept = {path: benefit for path, benefit in below.items() if benefit.measure and benefit.measure.usual is None}
        owners = {path: name for path, name in owners.items() if path in kept} | dict.fromkeys(own, tier.name)
        below, below_name = kept | own, tier.name


def _names(demand: Demand, target: Target) -> Iterator[Flaw]:
    pattern = str(demand.parameters["pattern"])
    for tier in target.tiers:
        if not re.fullmatch(pattern, tier.name):
            yield Flaw("name-pattern", tier, f"the name {tier.name!r} is not as the policy wants names: {pattern}")


def _most(demand: Demand, target: Target) -> Iterator[Flaw]:
    most: Any = demand.parameters["most"]
    if len(target.tiers) > most:
        message = f"{len(target.tiers):,} tiers, and the policy allows {int(most):,} at most"
        yield Flaw("most-tiers", target.tiers[int(most)], message)


def _metadata(demand: Demand, target: Target) -> Iterator[Flaw]:
    field, keys = providers.find(target.provider).metadata, demand.parameters["keys"]
    if not field or not isinstance(keys, Sequence):
        return
    for tier in target.tiers:
        held = tier.fields.get(field)
        missing = [str(key) for key in keys if not isinstance(held, Mapping) or key not in held]
        if missing:
            yield Flaw("required-metadata", tier, f"{tier.name} has no {', '.join(missing)} in its {field}")


_FINDERS: Mapping[str, Callable[[Demand, Target], Iterator[Flaw]]] = {
    "benefits-never-worse": _benefits,
    "name-pattern": _names,
    "most-tiers": _most,
    "required-metadata": _metadata,
}
