"""A ladder as Talon.One's API has it, and the log of its changes; pure.

A tier has the least points to enter it, which belong to it, and no end: it reaches to the start of the next one. Below
the lowest start a member is in no tier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from tierops.errors import IncompleteRead, VendorError
from tierops.model import Edit, LiveTier, Range, Scale, Value, compact, exact
from tierops.providers.expect import expect_list, expect_map, expect_same, expect_text, short

HIGHEST = Decimal("999999999999.99")
_STARTS_ONLY = Scale(has_ends=False)
_TOLD = ("name", "minPoints")  # of a tier in the log; the rest is the vendor's own


def fields(block: Mapping[str, Value], _place: Mapping[str, str], _index: int) -> Mapping[str, Value]:
    """What a tier holds beside its range: nothing."""
    return compact(block)


def block(fields: Mapping[str, Value], _place: Mapping[str, str], _index: int) -> Mapping[str, Value]:
    """The block of a tier: its fields as they are."""
    return dict(fields)


def number(row: Mapping[str, Value], key: str = "id") -> int:
    """The id of a program or a tier. Raises `VendorError` where there is none."""
    value = row.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise VendorError(f"not as documented: no `{key}` in {short(row)}")
    return value


def decode(program: Mapping[str, Value]) -> tuple[LiveTier, ...]:
    """The whole ladder of a program, low to high.

    Raises `VendorError` for what is not as documented, also for a program that does not say which tiers it has:
    nothing documents that as one without tiers. Raises `IncompleteRead` where a tier is listed twice.
    """
    name = expect_text(program, "name")
    if program.get("tiers") is None:
        raise VendorError(f"loyalty program {name!r} does not say which tiers it has (no `tiers`): it cannot be read")
    rows = [expect_map(row, "tier") for row in expect_list(program["tiers"], "tiers")]
    for row in rows:
        expect_same(row, "programID", number(program), f"tier {short(row.get('name'))}")
        expect_same(row, "programName", name, f"tier {short(row.get('name'))}")
    if len({number(row) for row in rows}) < len(rows):
        raise IncompleteRead(f"loyalty program {name!r} lists a tier twice; nothing is planned from such a list")
    tiers = (LiveTier(str(number(row)), expect_text(row, "name"), Range(_points(row), None)) for row in rows)
    return _STARTS_ONLY.held(sorted(tiers, key=lambda tier: (tier.range.lower or 0, int(tier.id))))


def _points(row: Mapping[str, Value]) -> Decimal:
    value = row.get("minPoints")
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= HIGHEST:
        raise VendorError(f"not as documented: `minPoints` is {short(value)} in tier {short(row.get('name'))}")
    return Decimal(value)


def edits(row: Mapping[str, Value]) -> Iterator[Edit]:
    """What one entry of the log says of tiers: each that it adds, changes or takes away.

    An entry may show the whole program, or a tier alone; which of the two is documented nowhere.
    """
    at, by = str(row.get("created") or "at an unknown time"), _author(row)
    old, new = row.get("old"), row.get("new")
    before, after = _by_id(old), _by_id(new)
    for id_ in dict.fromkeys([*before, *after]):
        then, now = before.get(id_, _nothing(old)), after.get(id_, _nothing(new))
        if then != now:
            name = str((now or then or {}).get("name") or f"tier {id_}")
            kept = [key for key in _TOLD if not (then and now and then.get(key) == now.get(key))]
            yield Edit(at, by, name, _only(then, kept), _only(now, kept))


def _by_id(shown: Value) -> dict[str, Mapping[str, Value]]:
    """The tiers that a side of an entry shows, with what is told of each."""
    if not isinstance(shown, Mapping):
        return {}
    listed = shown.get("tiers")
    rows = listed if isinstance(listed, list) else [shown] if "minPoints" in shown else []
    return {
        str(row.get("id")): {key: exact(row[key]) for key in _TOLD if key in row}
        for row in rows
        if isinstance(row, Mapping)
    }


def _nothing(shown: Value) -> Mapping[str, Value] | None:
    """What a side says of a tier that is not in it: that there is none, where it shows all of them."""
    return {} if isinstance(shown, Mapping) and isinstance(shown.get("tiers"), list) else None


def _only(tier: Mapping[str, Value] | None, keys: Sequence[str]) -> Mapping[str, Value] | None:
    return None if tier is None else {key: tier[key] for key in keys if key in tier}


def _author(row: Mapping[str, Value]) -> str:
    """Who it was: a person, or a key. The API has numbers for both."""
    if isinstance(row.get("managementKeyId"), int):
        return f"management key {row['managementKeyId']}"
    return f"user {row['userId']}" if isinstance(row.get("userId"), int) else "somebody"
