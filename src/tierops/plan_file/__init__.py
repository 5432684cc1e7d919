"""The plan file: a plan as JSON with a digest, and the plan that such a file holds.

`schemas/plan.schema.json` describes it. Numbers are exact, keys are in one order, and the bytes are checked, so that a
plan is either what tierops wrote or refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tierops import __version__
from tierops.errors import PlanRefused
from tierops.model import (
    Change,
    Identity,
    LiveTier,
    Plan,
    TargetPlan,
    Tier,
    Value,
    exact,
)
from tierops.text import jsontext
from tierops.text.visible import printable
from tierops.text.wording import ago

FORMAT_VERSION = "1"
LARGEST = 64 * 1024 * 1024  # bytes; 5,000 tiers take about seven million
_MOST_VALUES = 1_000_000  # each takes some 300 bytes of memory, far more than in the file; 5,000 tiers have 120,000
_ALTERED = "the plan was altered after it was made: it is not byte for byte what tierops wrote"
_MOST_TOLD = 200  # characters of what somebody else wrote
_CLOCKS_APART = timedelta(minutes=5)  # at most, between the machine that planned and the one that applies


def dumps(plan: Plan) -> str:
    """The text of a plan file."""
    return _text(to_data(plan))


def loads(content: bytes) -> Plan:
    """The plan in a file's bytes. Raises `PlanRefused` for anything but what `dumps` wrote."""
    if len(content) > LARGEST:
        raise PlanRefused(f"not a plan: more than {LARGEST // 1024**2} MiB, which no plan has")
    if content.count(b",") > _MOST_VALUES:
        raise PlanRefused(f"not a plan: more than {_MOST_VALUES:,} values, which no plan has")
    try:
        data = jsontext.loads(content)
    except ValueError as error:
        raise PlanRefused(f"not a plan, or cut short: it is not JSON ({str(error)[:_MOST_TOLD]})") from None
    if not isinstance(data, Mapping) or "format_version" not in data:
        raise PlanRefused("not a plan: no format_version; make one with `tierops plan --out FILE`")
    if data["format_version"] != FORMAT_VERSION:
        version = jsontext.dumps(data["format_version"])[:40]
        raise PlanRefused(
            f"plan format {version} is not the one this tierops reads ({FORMAT_VERSION}); make a new plan"
        )
    if "digest" not in data:
        raise PlanRefused(
            "not a plan: no digest; a report (--format json) is none, `tierops plan --out FILE` makes one"
        )
    if data["digest"] != jsontext.digest(_without(data, "digest")):
        raise PlanRefused(_ALTERED)
    plan = _plan(data)
    if _text(_undigested(plan) | {"digest": data["digest"]}).encode() != content:
        raise PlanRefused(_ALTERED)
    return plan


def check(plan: Plan, now: datetime, environment: str | None) -> None:
    """Raise `PlanRefused` unless this tierops made the plan for this environment and it is valid at `now` (UTC)."""
    if plan.tool_version != __version__:
        raise PlanRefused(
            f"the plan was made by tierops {printable(plan.tool_version)}, and this is {__version__}, which may plan"
            " otherwise; make a new one"
        )
    made, expiry = _time("created_at", plan.created_at), _time("expires_at", plan.expires_at)
    if made > now + _CLOCKS_APART:
        raise PlanRefused(
            f"the plan was made at {made.isoformat()}, but here it is {now.replace(microsecond=0).isoformat()}:"
            " one of the two clocks is wrong"
        )
    if now >= expiry:
        raise PlanRefused(
            f"the plan expired at {expiry.isoformat()}: it was made {ago(now - made)}, at {made.isoformat()};"
            " make a new one"
        )
    if plan.environment != environment:
        then, asked = (name or "no environment" for name in (plan.environment, environment))
        raise PlanRefused(f"the plan was made for {printable(then)}, not for {asked}")


def to_data(plan: Plan) -> dict[str, Value]:
    """The plan as JSON values, with its digest as the last key."""
    data = _undigested(plan)
    return data | {"digest": jsontext.digest(data)}


def signed_text(plan: Plan) -> str:
    """What a signature is made over: the canonical JSON of the plan file without its `signature` and `digest`."""
    return jsontext.canonical(_without(_undigested(plan), "signature"))


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
    return {
        "base_url": identity.base_url,
        "kind": identity.kind,
        "id": identity.id,
        "name": identity.name,
        "account": identity.account,
    }


def _undigested(plan: Plan) -> dict[str, Value]:
    data: dict[str, Value] = {
        "format_version": FORMAT_VERSION,
        "tool_version": plan.tool_version,
        "created_at": plan.created_at,
        "expires_at": plan.expires_at,
        "environment": plan.environment,
        "targets": [_target_data(target) for target in plan.targets],
    }
    if plan.signature:
        data["signature"] = plan.signature._asdict()
    return data


def _target_data(target: TargetPlan) -> Value:
    live = [_tier_data(tier) for tier in target.live]
    return {
        "address": target.address,
        "program": target.program,
        "target": target.target,
        "provider": target.provider,
        "at": target.at._asdict(),
        "place": dict(target.place),
        "identity": identity_data(target.identity),
        "unit": target.unit,
        "whole_numbers": target.whole_numbers,
        "proof": target.proof,
        # What the vendor touches by itself is no part of what must stay the same.
        "live_digest": jsontext.digest([tier | {"updated_at": None} for tier in live]),
        "live": live,
        "desired": [_tier_data(tier) for tier in target.desired],
        "changes": [change_data(change) for change in target.changes],
        "requests": [{"method": r.method, "path": r.path, "body": exact(r.body)} for r in target.requests],
    }


def _tier_data(tier: LiveTier | Tier) -> dict[str, Value]:
    lower, upper = exact(tier.range.lower), exact(tier.range.upper)
    data: dict[str, Value] = {"name": tier.name, "range": {"lower": lower, "upper": upper}, "fields": tier.fields}
    if isinstance(tier, LiveTier):
        return {"id": tier.id, **data, "updated_at": tier.updated_at}
    return data | {"at": tier.at and tier.at._asdict()}


def _time(key: str, text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise PlanRefused(f"not a plan: {key} is {text[:_MOST_TOLD]!r}, not a time with its zone")
    return time


def _plan(data: Mapping[str, Value]) -> Plan:
    from pydantic import TypeAdapter, ValidationError

    targets = data.get("targets")
    if isinstance(targets, list):
        targets = [_without(target, "address", "live_digest") for target in targets]
    try:
        return TypeAdapter(Plan).validate_python({**_without(data, "format_version", "digest"), "targets": targets})
    except ValidationError as error:
        first = error.errors()[0]
        where = printable(".".join(map(str, first["loc"]))[:_MOST_TOLD])
        raise PlanRefused(f"not a plan as its schema describes it: {where}: {first['msg']}") from None


def _without(value: Value, *derived: str) -> Any:
    return {k: v for k, v in value.items() if k not in derived} if isinstance(value, Mapping) else value


def _text(data: Value) -> str:
    return jsontext.dumps(data, indent=2) + "\n"
