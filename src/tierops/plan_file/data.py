"""A plan as JSON values."""

from __future__ import annotations

from tierops.model import Change, Identity, LiveTier, Plan, Problem, TargetPlan, Tier, Value, exact
from tierops.plan_file.impact import impact_data
from tierops.text import jsontext

FORMAT_VERSION = "1"


def dumps(plan: Plan) -> str:
    """The text of a plan file."""
    return jsontext.dumps(to_data(plan), indent=2) + "\n"


def to_data(plan: Plan) -> dict[str, Value]:
    """The plan as JSON values, with its digest as the last key."""
    data = _undigested(plan)
    return data | {"digest": jsontext.digest(data)}


def signed_text(plan: Plan) -> str:
    """What a signature is made over: the canonical JSON of the plan file without its `signature` and `digest`."""
    return jsontext.canonical(_undigested(plan._replace(signature=None)))


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
    data: dict[str, Value] = {
        "format_version": FORMAT_VERSION,
        "tool_version": plan.tool_version,
        "created_at": plan.created_at,
        "expires_at": plan.expires_at,
        "environment": plan.environment,
        "targets": [_target_data(target) for target in plan.targets],
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
