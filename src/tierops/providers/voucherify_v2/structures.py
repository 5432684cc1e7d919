"""A tier structure as a target's block says it is to be, and as Loyalty v2 has it; pure.

What the block says of a structure is compared, what it does not say is left to whoever made it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tierops.errors import VendorError
from tierops.model import FieldChange, Live, LiveTier, Range, Request, Value, compact
from tierops.providers.expect import expect_list, expect_map, expect_same, expect_text
from tierops.text import jsontext

STRUCTURES = "/v2/loyalties/tier-structures"
DRAFT = "DRAFT"
SETTINGS = ("program", "card_definition", "type", "point_earned", "expiration", "downgrade", "metadata")

STATUS, UNLIKE = "status", "other settings"
"""Facts of a structure: its status, and the settings that are not as the block says, each as live and as said."""

_RULES = "rules"
_FIELDS = ("type", "point_balance", "point_earned", "expiration", "downgrade")
_BALANCE, _EARNED = "POINT_BALANCE", "POINT_EARNED"
_KEPT: Value = {"type": "NO_RETENTION"}  # the documented default


def can_be_made(settings: Mapping[str, Value]) -> bool:
    """Whether the block says what a create needs: the wallet, and how members drop. No default decides about that."""
    return {"card_definition", "downgrade"} <= settings.keys()


def asked(settings: Mapping[str, Value], card_id: str) -> dict[str, Value]:
    """What the fields of the structure are to be, as far as the block says. `card_id` is that of its wallet, if any."""
    said = {key: settings[key] for key in ("expiration", "downgrade", "metadata") if key in settings}
    if card_id:
        kind = settings.get("type", _BALANCE)
        earned = expect_map(settings.get("point_earned", {}), "point_earned")
        said |= {"type": kind, "point_earned" if kind == _EARNED else "point_balance": {**earned, **_card(card_id)}}
    return compact(said)


def facts(row: Mapping[str, Value], said: Mapping[str, Value]) -> dict[str, str]:
    """What decides about what a tier means: the status, what is counted, how a tier is lost, and what is not as said.

    Of what is said, the vendor's row counts as far as that goes: it may add what it takes for granted.
    """
    rules = {key: _part(row.get(key), said.get(key)) for key in dict.fromkeys((*_FIELDS, *said))}
    live = compact(rules)
    unlike: dict[str, Value] = {key: [live.get(key), value] for key, value in said.items() if live.get(key) != value}
    return {
        STATUS: expect_text(row, "status"),
        _RULES: jsontext.canonical(live),
        **({UNLIKE: jsontext.canonical(unlike)} if unlike else {}),
    }


def amiss(facts: Mapping[str, str]) -> tuple[FieldChange, ...]:
    """The settings that are not as the block says, by `facts`."""
    unlike = expect_map(jsontext.loads(facts.get(UNLIKE, "{}")), UNLIKE)
    sides = ((key, expect_list(value, key)) for key, value in unlike.items())
    return tuple(FieldChange(("structure", key), live, said) for key, (live, said) in sides)


def unlike(facts: Mapping[str, str]) -> str:
    """The same in words: `downgrade is … and not …`; empty where all is as the block says."""
    told = ((field.path[1], *map(jsontext.dumps, (field.before, field.after))) for field in amiss(facts))
    return ", ".join(f"{key} is {live} and not {said}" for key, live, said in told)


def facts_of_new(said: Mapping[str, Value]) -> dict[str, str]:
    """The facts of a structure that is not there, as they will be once it is made: what the plan rests on."""
    return {STATUS: DRAFT, _RULES: jsontext.canonical(compact({"expiration": _KEPT, **said}))}


def described(said: Mapping[str, Value]) -> str:
    """What a new structure is to be, for a person: `type POINT_BALANCE, downgrade.type MULTI_LEVEL, …`."""
    return ", ".join(f"{path} {value}" for path, value in _leaves({"expiration": _KEPT, **said}) if path != "metadata")


def create(live: Live) -> Request:
    """The request that makes the structure, always as a draft."""
    rules = expect_map(jsontext.loads(live.facts[_RULES]), _RULES)
    return Request("POST", STRUCTURES, {"name": live.identity.name, **rules, "status": DRAFT}, ())


def made(answer: Value, body: Value) -> tuple[LiveTier]:
    """The structure that the answer to `create` shows: its id and name, in the form of a tier without bounds.

    Raises `VendorError` unless it shows what was sent: by another name the structure would not be found.
    """
    row, sent = expect_map(answer, "tier structure"), dict(expect_map(body, "body"))
    id_, name, status = expect_text(row, "id"), expect_text(row, "name"), sent.pop("status")
    what = f"structure {name!r} ({id_})"
    expect_same(row, "object", "tier_structure", what)
    if name != sent.pop("name"):
        raise VendorError(f"the structure was made, but is stored as {name!r} ({id_}): name it so in the file")
    expect_same(row, "status", status, what)
    if told := unlike(facts(row, sent)):
        raise VendorError(f"{what} was made, but its {told}")
    return (LiveTier(id_, name, Range(None, None)),)


def _leaves(value: Mapping[str, Value], path: str = "") -> Iterator[tuple[str, str]]:
    for key in sorted(value):
        item = value[key]
        if isinstance(item, Mapping) and key != "metadata":
            yield from _leaves(item, f"{path}{key}.")
        else:
            yield f"{path}{key}", item if isinstance(item, str) else jsontext.dumps(item)


def _card(card_id: str) -> dict[str, Value]:
    return {"card_definition_id": card_id}


def _part(live: Value, said: Value) -> Value:
    """What of `live` has a counterpart in `said`; all of it where nothing is said."""
    if isinstance(live, Mapping) and isinstance(said, Mapping):
        return {key: _part(live.get(key), said[key]) for key in said}
    return live
