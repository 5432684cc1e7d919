"""A ladder as Salesforce has it, and back; pure.

A tier is a record `LoyaltyTier` of a group. Members are judged by `MinimumEligibleBalance`, so a tier reaches to where
the next one starts; `MaximumEligibleBalance` is never written, and one that says something else is shown. Which of two
tiers is the higher one is told by the minimum; `SequenceNumber` must tell the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise

from tierops.errors import VendorError
from tierops.model import Live, LiveTier, Range, Request, Scale, Tier, Value, compact, digits, exact
from tierops.providers.expect import expect_text, short

DATA = "/services/data/v64.0"
CREATE = f"{DATA}/composite/sobjects"
OBJECT = "LoyaltyTier"

KEY_FIELD = "key field"
"""The fact that names the field whose unique value keeps a tier from being created twice."""

_FIELDS = {
    "sequence": "SequenceNumber",
    "color": "Color",
    "description": "Description",
    "enrollment": "EligibleEnrollmentType",
}
_MINIMUM, _MAXIMUM = "MinimumEligibleBalance", "MaximumEligibleBalance"
COLUMNS = ("Id", "Name", "LoyaltyTierGroupId", _MINIMUM, _MAXIMUM, *_FIELDS.values(), "LastModifiedDate")

_ODD_END, _ODD_RANK = "contradicting maximum", "contradicting sequence"
_MOST_RECORDS = 200  # of one request
_LONGEST_KEY_NAME = 200  # characters; the field holds 255 with the id before it
_HIGHEST = 9999  # sequence number
_STEP = 10  # between the sequence numbers of two tiers of which the file says none
_STARTS_ONLY = Scale(has_ends=False)


def requests(live: Live, tiers: Sequence[Tier]) -> tuple[Request, ...]:
    """All in one request, which creates every record or none; low to high, for they are created in this order."""
    rising = sorted(tiers, key=_start)
    records = encode(live, rising)
    return tuple(
        Request(
            "POST",
            CREATE,
            {"allOrNone": True, "records": records[first : first + _MOST_RECORDS]},
            tuple(tier.name for tier in rising[first : first + _MOST_RECORDS]),
        )
        for first in range(0, len(rising), _MOST_RECORDS)
    )


def encode(live: Live, tiers: Sequence[Tier]) -> list[Value]:
    """The record that creates each of these tiers beside what is live."""
    sequences, field = _sequences(live, tiers), live.facts.get(KEY_FIELD)
    return [
        {
            "attributes": {"type": OBJECT},
            "LoyaltyTierGroupId": live.identity.id,
            "Name": tier.name,
            _MINIMUM: exact(tier.range.lower),
            **{_FIELDS[name]: value for name, value in sorted(tier.fields.items()) if name in _FIELDS},
            "SequenceNumber": sequences[tier.name],
            **({field: _key(live.identity.id, tier.name)} if field else {}),
        }
        for tier in tiers
    ]


def decode(rows: Sequence[Mapping[str, Value]]) -> tuple[LiveTier, ...]:
    """The whole ladder, low to high. Raises `VendorError` for what is not as documented."""
    rising = _STARTS_ONLY.held(sorted(map(_decoded, rows), key=lambda tier: (_start(tier), tier.id)))
    odd_ends, odd_ranks = dict(_odd_ends(rising)), dict(_odd_ranks(rising))
    return tuple(
        tier._replace(
            fields=compact({**tier.fields, _ODD_END: odd_ends.get(tier.id), _ODD_RANK: odd_ranks.get(tier.id)})
        )
        for tier in rising
    )


def fields(block: Mapping[str, Value], _place: Mapping[str, str], _index: int) -> Mapping[str, Value]:
    """What a tier holds, from its block: a sequence as a number, however it was written; no text that is empty."""
    held = {name: value for name, value in block.items() if value != ""}
    if isinstance(sequence := held.get("sequence"), str):
        held["sequence"] = int(sequence)
    return compact(held)


def block(fields: Mapping[str, Value], _place: Mapping[str, str], _index: int) -> Mapping[str, Value]:
    """The block of a tier: without the maximum, which no file says."""
    return {name: value for name, value in fields.items() if name != "maximum"}


def doubt(live: Live) -> str:
    """Why nothing can be created in this ladder, whatever it is; empty where something can."""
    if without := [tier.name for tier in live.tiers if tier.range.lower is None]:
        return (
            f"{', '.join(map(repr, without))} {'has' if len(without) == 1 else 'have'} no minimum balance, so nobody"
            " can say which tier a member is in: set it in Salesforce"
        )
    for tier in live.tiers:
        for name in (_ODD_RANK, _ODD_END):
            if name in tier.fields:
                return f"{tier.name!r}: {tier.fields[name]}. Set it right in Salesforce"
    return ""


def unfit(live: Live, tiers: Sequence[Tier]) -> str:
    """Why just these tiers cannot be created: no number is free for one, or a live maximum would reach into it."""
    ladder = _together(live, tiers)
    sequences = _sequences(live, tiers)
    if too_high := [name for name, number in sequences.items() if number > _HIGHEST]:
        return f"{too_high[0]!r} would have a sequence number above {_HIGHEST}, the highest: give it a `sequence`"
    ranks = [(rung, sequences[rung.name] if isinstance(rung, Tier) else rung.fields.get("sequence")) for rung in ladder]
    ranked = [(rung, rank) for rung, rank in ranks if isinstance(rank, int)]
    for (below, low), (above, high) in pairwise(ranked):
        if low >= high:
            new = above if isinstance(above, Tier) else below
            return (
                f"{above.name!r} would have the sequence number {high}, which is not above {low} of {below.name!r}:"
                f" give {new.name!r} a `sequence` between those of its neighbours"
            )
    for below, above in pairwise(ladder):
        if isinstance(below, LiveTier) and isinstance(above, Tier) and not _ends_there(below, _start(above)):
            return (
                f"{below.name!r} has the maximum balance {_shown(below.fields['maximum'])}, and {above.name!r} is to"
                f" start at {digits(_start(above))}: empty the maximum in Salesforce"
            )
    return ""


def created(record: Value, id_: str) -> Mapping[str, Value]:
    """What was sent, as the row that it became under this id."""
    return {**record, "Id": id_} if isinstance(record, Mapping) else {}


def _sequences(live: Live, tiers: Sequence[Tier]) -> dict[str, int]:
    """The sequence number of each new tier: its own, or that of its place in the ladder, in steps of ten."""
    numbers: dict[str, int] = {}
    for place, rung in enumerate(_together(live, tiers), 1):
        if isinstance(rung, Tier):
            said = rung.fields.get("sequence")
            numbers[rung.name] = said if isinstance(said, int) else place * _STEP
    return numbers


def _key(group: str, name: str) -> str:
    """The same for one name in one group, whoever creates it, from whatever file."""
    folded = name.casefold()
    is_long = len(folded) > _LONGEST_KEY_NAME
    return f"{group}:{sha256(folded.encode()).hexdigest() if is_long else folded}"


def _decoded(row: Mapping[str, Value]) -> LiveTier:
    modified, name = row.get("LastModifiedDate"), expect_text(row, "Name")
    held: dict[str, Value] = {ours: row.get(theirs) for ours, theirs in _FIELDS.items()}
    held |= {"sequence": _number(row, "SequenceNumber"), "maximum": _number(row, _MAXIMUM)}
    for ours in ("color", "description", "enrollment"):
        if not isinstance(held[ours], str | None):
            raise VendorError(f"not as documented: `{_FIELDS[ours]}` is {short(held[ours])} in tier {short(name)}")
    minimum = _number(row, _MINIMUM)
    return LiveTier(
        expect_text(row, "Id"),
        name,
        Range(None if minimum is None else Decimal(minimum), None),
        compact({key: value for key, value in held.items() if value != ""}),
        modified if isinstance(modified, str) else None,
    )


def _number(row: Mapping[str, Value], field: str) -> int | Decimal | None:
    value = row.get(field)
    if value is None:
        return None
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        raise VendorError(f"not as documented: `{field}` is {short(value)} in tier {short(row.get('Name'))}")
    number = exact(value)
    return number if isinstance(number, int | Decimal) else None


def _odd_ends(rising: Sequence[LiveTier]) -> Iterator[tuple[str, str]]:
    """The tiers, by id, whose maximum is not where the next one starts, each with a sentence."""
    for tier in rising:
        if not _ends_there(tier, tier.range.upper):
            end = (
                "the last tier is open" if tier.range.upper is None else f"{digits(tier.range.upper)} is where it ends"
            )
            yield tier.id, f"its maximum balance is {_shown(tier.fields['maximum'])}, and {end}"


def _odd_ranks(rising: Sequence[LiveTier]) -> Iterator[tuple[str, str]]:
    """The tiers, by id, whose sequence number is not above that of a lower tier, each with a sentence."""
    ranked = [(tier, tier.fields["sequence"]) for tier in rising if "sequence" in tier.fields]
    for (below, low), (tier, rank) in pairwise(ranked):
        if isinstance(low, int) and isinstance(rank, int | Decimal) and rank <= low:
            yield (
                tier.id,
                f"its sequence number {_shown(rank)} is not above {low} of {below.name!r}, which starts lower",
            )


def _ends_there(tier: LiveTier, end: Decimal | None) -> bool:
    """Whether a live maximum says that the tier ends there: there, a unit or a cent below, or nothing at all."""
    maximum = tier.fields.get("maximum")
    if maximum is None or tier.range.lower is None:
        return True
    return end is not None and maximum in (end, end - 1, end - Decimal("0.01"))


def _shown(number: Value) -> str:
    return digits(number) if isinstance(number, int | Decimal) else short(number)


def _together(live: Live, tiers: Sequence[Tier]) -> list[Tier | LiveTier]:
    """The ladder as it would be, low to high."""
    ladder: list[Tier | LiveTier] = [*live.tiers, *tiers]
    return sorted(ladder, key=_start)


def _start(tier: Tier | LiveTier) -> Decimal:
    return Decimal("-Infinity") if tier.range.lower is None else tier.range.lower
