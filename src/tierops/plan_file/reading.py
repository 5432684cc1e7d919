"""A plan file's bytes → the plan, or the reason why it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tierops import __version__, plan, providers
from tierops.errors import PlanRefused, TieropsError
from tierops.model import Identity, Live, Place, Plan, Scale, Signature, Target, TargetPlan, Value
from tierops.plan_file.data import FORMAT_VERSION, pieces
from tierops.text import jsontext
from tierops.text.visible import printable
from tierops.text.wording import ago

if TYPE_CHECKING:
    from tierops.plan_file.document import PlanDocument, TargetDocument
    from tierops.providers.vendor import Vendor

LARGEST = 192 * 1024 * 1024  # bytes; 100,000 tiers take about 140 million
_MOST_VALUES = 3_000_000  # each takes some 300 bytes of memory, far more than in the file; 100,000 tiers have 2,400,000
_ALTERED = "the plan was altered after it was made: it is not byte for byte what tierops wrote"
_MOST_TOLD = 200  # characters of what somebody else wrote
_CLOCKS_APART = timedelta(minutes=5)  # at most, between the machine that planned and the one that applies


def loads(content: bytes) -> Plan:
    """The plan in a file's bytes. Raises `PlanRefused` for anything but what `dumps` wrote of what `build` made."""
    document = _document(_data(content))
    loaded = Plan(
        document.tool_version,
        document.created_at,
        document.expires_at,
        document.environment,
        tuple(_made_again(target) for target in document.targets),
        None if document.signature is None else Signature(**document.signature.model_dump()),
        tuple(document.unread),
        tuple(problem.value() for problem in document.policy),
    )
    if not _is_text_of(loaded, content):
        _refuse_other_version(loaded)
        raise PlanRefused(_why_other(document, loaded))
    return loaded


def check(plan: Plan, now: datetime, environment: str | None) -> None:
    """Raise `PlanRefused` unless this tierops made the plan for this environment and it is valid at `now` (UTC)."""
    _refuse_other_version(plan)
    created, expiry = _time("created_at", plan.created_at), _time("expires_at", plan.expires_at)
    if created > now + _CLOCKS_APART:
        raise PlanRefused(
            f"the plan was made at {created.isoformat()}, but here it is {now.replace(microsecond=0).isoformat()}:"
            " one of the two clocks is wrong"
        )
    if now >= expiry:
        raise PlanRefused(
            f"the plan expired at {expiry.isoformat()}: it was made {ago(now - created)}, at {created.isoformat()};"
            " make a new one"
        )
    if plan.environment != environment:
        then, asked = (name or "no environment" for name in (plan.environment, environment))
        raise PlanRefused(f"the plan was made for {printable(then)}, not for {asked}")


def _is_text_of(plan: Plan, content: bytes) -> bool:
    """Whether a file of this content is what `dumps` writes of the plan, which is not made a second time for that."""
    at = 0
    for piece in pieces(plan):
        part = piece.encode()
        if content[at : at + len(part)] != part:
            return False
        at += len(part)
    return at == len(content)


def _data(content: bytes) -> Mapping[str, Value]:
    """The JSON object, if its digest is that of the rest."""
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
    if data["digest"] != jsontext.digest({key: value for key, value in data.items() if key != "digest"}):
        raise PlanRefused(_ALTERED)
    return data


def _document(data: Mapping[str, Value]) -> PlanDocument:
    from pydantic import ValidationError

    from tierops.plan_file.document import PlanDocument

    try:
        return PlanDocument.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = printable(".".join(map(str, first["loc"]))[:_MOST_TOLD])
        raise PlanRefused(f"not a plan as its schema describes it: {where}: {first['msg']}") from None


def _made_again(document: TargetDocument) -> TargetPlan:
    """The plan of a target, from what the file says of the target and of the live ladder alone."""
    address = printable(document.address[:_MOST_TOLD])
    try:
        vendor = providers.find(document.provider)
    except TieropsError as error:
        raise PlanRefused(f"{address}: {printable(str(error))}") from None
    try:
        place, scale = _place(document, vendor)
        target = Target(
            document.program,
            document.target,
            place,
            scale,
            tuple(tier.value() for tier in document.desired),
            document.at.value(),
            frozenset(document.waived),
            document.effective_from,
        )
        live = Live(
            Identity(**document.identity.model_dump()),
            tuple(tier.value() for tier in document.live),
            document.proof,
            tuple(document.steps),
            document.facts,
            document.calls,
            tuple(document.near),
        )
        made = plan.build(target, live, vendor)
        return made if document.impact is None else made._replace(impact=document.impact.value())
    except Exception as error:  # noqa: BLE001 (a vendor's pure functions, on data that they cannot have made)
        what = f"{type(error).__name__}: {error}"
        raise PlanRefused(f"{address} is not what tierops itself would plan ({printable(what[:_MOST_TOLD])})") from None


def _place(document: TargetDocument, vendor: Vendor) -> tuple[Place, Scale]:
    parts = {part.name for part in vendor.parts}
    named = document.place.keys() - {*vendor.settings}
    if named != parts or not all(isinstance(document.place[name], str) for name in named):
        raise PlanRefused(f"a place of {vendor.title} has {', '.join(sorted(parts))}, each a text")
    place = vendor.place(document.place)
    return place, vendor.scale(place.fields)


def _refuse_other_version(plan: Plan) -> None:
    if plan.tool_version != __version__:
        raise PlanRefused(
            f"the plan was made by tierops {printable(plan.tool_version[:_MOST_TOLD])}, and this is {__version__},"
            " which may plan otherwise; make a new one"
        )


def _why_other(document: PlanDocument, loaded: Plan) -> str:
    for said, planned in zip(document.targets, loaded.targets, strict=True):
        kinds = [(change.kind.value, change.name, change.note) for change in planned.changes]
        sent = [(r.method, r.path, list(r.tiers)) for r in planned.requests]
        is_honest = [(c.kind, c.name, c.note) for c in said.changes] == kinds
        if not is_honest or [(r.method, r.path, r.tiers) for r in said.requests] != sent:
            return f"{printable(said.address[:_MOST_TOLD])} is not what tierops itself would plan; make a new plan"
    return _ALTERED


def _time(key: str, text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise PlanRefused(f"not a plan: {key} is {text[:_MOST_TOLD]!r}, not a time with its zone")
    return time
