"""A plan as JSON values, made target by target: all of them at once would take more memory than the plan itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256

from tierops.model import Change, Identity, LiveTier, Plan, Problem, TargetPlan, Tier, Value, exact
from tierops.plan_file.impact import impact_data
from tierops.text import jsontext
from tierops.text.jsontext import Entries, Items, Written

FORMAT_VERSION = "1"


def dumps(plan: Plan) -> str:
    """The text of a plan file."""
    return "".join(pieces(plan))


def pieces(plan: Plan) -> Iterator[str]:
    """The text of a plan file, target by target."""
    yield from jsontext.pieces(entries(plan), indent=2)
    yield "\n"


def entries(plan: Plan) -> Entries:
    """The plan as JSON values, with its digest as the last key; to be written once."""
    return Entries(_entries(plan))


def digest(plan: Plan) -> str:
    """The digest that its file ends with, which names the plan in reports."""
    made = sha256()
    for _ in _targets(plan, lambda text: made.update(text.encode())):
        pass
    return f"sha256:{made.hexdigest()}"


def signed_text(plan: Plan) -> str:
    """What a signature is made over: the canonical JSON of the plan file without its `signature` and `digest`."""
    texts: list[str] = []
    for _ in _targets(plan._replace(signature=None), texts.append):
        pass
    return "".join(texts)


def _entries(plan: Plan) -> Iterator[tuple[str, Written]]:
    made = sha256()
    for key, value in _undigested(plan).items():
        is_targets = key == "targets"
        yield key, Items(_targets(plan, lambda text: made.update(text.encode()))) if is_targets else value
    yield "digest", f"sha256:{made.hexdigest()}"


def _targets(plan: Plan, hear: Callable[[str], object]) -> Iterator[Value]:
    """Each target as JSON values; `hear` gets the canonical text of the whole plan on the way, bit by bit."""
    data = _undigested(plan)
    before = jsontext.canonical({key: value for key, value in data.items() if key < "targets"})
    after = jsontext.canonical({key: value for key, value in data.items() if key > "targets"})
    hear(f'{before[:-1]},"targets":[')  # there is something on both sides
    for number, target in enumerate(plan.targets):
        made = _target_data(target)
        hear(f"{',' if number else ''}{jsontext.canonical(made)}")
        yield made
    hear(f"],{after[1:]}")


def change_data(change: Change) -> dict[str, Value]:
    """One plan line as JSON values."""
    return {
        "kind": change.kind.value,
        "name": change.name,
        "before": None if change.before is None else _tier_data(change.before),
        "after": None if change.after is None else _tier_data(change.after),
        "fields": [
            {"path": list(field.path), "before": exact(field.before), "after": exact(field.after)}
            for field in change.fields
        ],
        "note": change.note,
    }


def identity_data(identity: Identity) -> dict[str, Value]:
    """A target's identity as JSON values."""
    return dict(identity._asdict())


def _undigested(plan: Plan) -> dict[str, Value]:
    """All of a plan but its targets, in the order of the file."""
    data: dict[str, Value] = {
        "format_version": FORMAT_VERSION,
        "tool_version": plan.tool_version,
        "created_at": plan.created_at,
        "expires_at": plan.expires_at,
        "environment": plan.environment,
        "targets": None,  # here, in their place; too many to be there at once
        "unread": list(plan.unread),
    }
    if plan.policy:
        data["policy"] = [_problem_data(problem) for problem in plan.policy]
    if plan.signature:
        data["signature"] = plan.signature._asdict()
    return data


def _problem_data(problem: Problem) -> Value:
    return {
        **problem._asdict(),
        "at": problem.at._asdict(),
        "severity": problem.severity.value,
        "targets": list(problem.targets),
    }


def _target_data(planned: TargetPlan) -> Value:
    target, live = planned.target, planned.live
    tiers = [_tier_data(tier) for tier in live.tiers]
    # What the vendor touches by itself is no part of what must stay the same.
    untouched: list[Value] = [tier | {"updated_at": None} for tier in tiers]
    data: dict[str, Value] = {
        "address": target.address,
        "program": target.program,
        "target": target.name,
        "provider": target.provider,
        "at": target.at._asdict(),
        "place": dict(target.place.block),
        "identity": identity_data(live.identity),
        "unit": target.scale.unit,
        "whole_numbers": target.scale.is_whole,
        "proof": live.proof,
        "steps": list(live.steps),
        "facts": dict(live.facts),
        "calls": live.calls,
        "near": list(live.near),
        "waived": sorted(target.waived),
        "live_digest": jsontext.digest([dict(live.facts), *untouched] if live.facts else untouched),
        "live": tiers,
        "desired": [_tier_data(tier) for tier in target.tiers],
        "changes": [change_data(change) for change in planned.changes],
        "requests": [
            {"method": r.method, "path": r.path, "body": exact(r.body), "tiers": list(r.tiers)}
            for r in planned.requests
        ],
    }
    if target.effective_from:
        data["effective_from"] = target.effective_from
    return data if planned.impact is None else data | {"impact": impact_data(planned.impact)}


def _tier_data(tier: LiveTier | Tier) -> dict[str, Value]:
    lower, upper = exact(tier.range.lower), exact(tier.range.upper)
    data: dict[str, Value] = {"name": tier.name, "range": {"lower": lower, "upper": upper}, "fields": tier.fields}
    if isinstance(tier, LiveTier):
        return {"id": tier.id, **data, "updated_at": tier.updated_at}
    return data | {"at": tier.at and tier.at._asdict()}
