"""The one expression: rows → sound members on an axis, written once with Narwhals for every engine.

A balance in text is judged as text before it is a number, for engines round 249.999 to 250.00 and take bad cells for
empty ones, without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import narwhals as nw

from tierops.errors import TieropsError
from tierops.members.axis import Axis, on_grid
from tierops.members.engine import BROKEN
from tierops.members.terms import MOST_PLACES, MOST_WHOLE, Question

FLAW, AMOUNT, WEIGHT, TIER, ID = "flaw", "amount", "weight", "tier", "id"
BUCKET, ROWS, MEMBERS = "bucket", "rows", "members"
ROW = "tierops_row"
"""The number of a row, where an engine was asked for it."""
BROKEN_COLUMN = "tierops_broken"
"""The text of a row whose cells are not as many as the header's, where an engine keeps it."""
_MOST_WEIGHT = 12  # digits of a count
_WHOLE_TYPES = (nw.Int8, nw.Int16, nw.Int32, nw.Int64, nw.UInt8, nw.UInt16, nw.UInt32)
_WIDE_TYPES = (nw.UInt64, nw.Int128, nw.UInt128)
_FLOATS = (nw.Float32, nw.Float64)
_OTHERS = ("member_id", "tier", "count")


class Flaws:
    """What keeps a row from being a member: in frames a number, which compares faster than words. 0 is nothing."""

    def __init__(self) -> None:
        self.words = [""]

    def lit(self, words: str) -> Any:
        """The number of a flaw, as an expression."""
        if words not in self.words:
            self.words.append(words)
        return nw.lit(self.words.index(words))


class Columns(NamedTuple):
    """What a source has: the column of the balance with its type, and which of the others are there."""

    value: str
    type: Any
    id: str | None
    tier: str | None
    weight: str | None
    id_is_text: bool

    @property
    def places(self) -> int:
        """The decimals of a balance."""
        if isinstance(self.type, nw.Decimal):
            return int(self.type.scale)
        return 0 if isinstance(self.type, (*_WHOLE_TYPES, *_WIDE_TYPES)) else MOST_PLACES


def columns(schema: Mapping[str, Any], question: Question, where: str) -> Columns:
    """The columns of a source. Raises `TieropsError` for one that is missing or that holds no balances."""
    value = question.value_column
    if value not in schema:
        from difflib import get_close_matches

        near = get_close_matches(value, schema, 1)
        hint = f"; is it {near[0]!r}? --value-column names it" if near else "; --value-column names it"
        raise TieropsError(f"{where} has no column {value!r}, but {', '.join(map(repr, list(schema)[:20]))}{hint}")
    type_ = schema[value]
    if isinstance(type_, _FLOATS) and question.value_type is None:
        raise TieropsError(
            f"{where}: the column {value!r} holds binary floating point ({type_}), which has no exact cents; write it"
            " as a decimal, or say how many decimals a balance has, as in --value-type 'decimal(18,2)'"
        )
    if not isinstance(type_, (nw.String, nw.Decimal, *_WHOLE_TYPES, *_WIDE_TYPES, *_FLOATS)):
        nested = "; it is nested" if isinstance(type_, (nw.Struct, nw.List, nw.Array)) else ""
        raise TieropsError(f"{where}: the column {value!r} holds {type_}, which is no balance{nested}")
    id_, tier, weight = (name if name in schema and name != value else None for name in _OTHERS)
    for name in _OTHERS:
        if name != value and isinstance(schema.get(name), (nw.Struct, nw.List, nw.Array)):
            raise TieropsError(f"{where}: the column {name!r} is nested ({schema[name]})")
    return Columns(value, type_, id_, tier, weight, isinstance(schema.get("member_id"), nw.String))


def judged(frame: Any, columns: Columns, question: Question, places: int, flaws: Flaws) -> Any:
    """The rows, each with its flaw (empty where it has none), its balance of so many places, weight, tier and id."""
    schema = frame.collect_schema().names()
    keep = [ROW] if ROW in schema else []
    source = nw.col(columns.value)
    if isinstance(columns.type, nw.String):
        text = source.str.strip_chars(" \t")
        frame = frame.with_columns(text.fill_null("").alias("text"))
        amount, flaw = _from_text(columns.value, question, places, flaws)
    elif isinstance(columns.type, _FLOATS):
        frame = frame.with_columns(source.cast(nw.String).fill_null("").alias("text"))
        amount, flaw = _from_float(columns.value, source, question, places, flaws)
    else:
        frame = frame.with_columns(
            source.cast(nw.Decimal(38, columns.places)).cast(nw.String).fill_null("").alias("text")
        )
        amount, flaw = _from_number(columns, source, question, flaws)
    frame = frame.with_columns(flaw.alias(FLAW))
    weight = nw.lit(1).cast(nw.Int64)
    if BROKEN_COLUMN in schema:
        frame = _flawed(frame, ~nw.col(BROKEN_COLUMN).is_null(), flaws.lit(BROKEN), is_first=True)
    if columns.weight:
        frame = frame.with_columns(nw.col(columns.weight).cast(nw.String).fill_null("").alias("weights"))
        is_sound = nw.col("weights").str.contains(rf"^[0-9]{{1,{_MOST_WEIGHT}}}\z")
        frame = _flawed(frame, ~is_sound, flaws.lit(f"{columns.weight} is no whole number"))
        weight = nw.when(is_sound).then(nw.col("weights")).otherwise(nw.lit("0")).cast(nw.Int64)
    id_ = nw.lit("")
    if columns.id:
        id_ = nw.col(columns.id)
        is_empty = id_.is_null() | (id_ == nw.lit("")) if columns.id_is_text else id_.is_null()
        frame = _flawed(frame, is_empty, flaws.lit(f"{columns.id} is empty"))
    tier = nw.lit("")
    if columns.tier:
        tier = nw.col(columns.tier).cast(nw.String).fill_null("").str.strip_chars(" \t")
    names = (amount.alias(AMOUNT), weight.alias(WEIGHT), tier.alias(TIER), id_.alias(ID))
    return frame.select(*keep, "text", FLAW, *names)


def _flawed(frame: Any, is_flawed: Any, flaw: Any, *, is_first: bool = False) -> Any:
    """The rows with one more flaw; who has one already keeps it, unless this one `is_first`."""
    is_so = is_flawed if is_first else (nw.col(FLAW) == 0) & is_flawed
    return frame.with_columns(nw.when(is_so).then(flaw).otherwise(nw.col(FLAW)).alias(FLAW))


def _from_text(name: str, question: Question, places: int, flaws: Flaws) -> tuple[Any, Any]:
    whole, _ = question.digits or (MOST_WHOLE, places)
    text = nw.col("text")
    is_sound = text.str.contains(rf"^0*[0-9]{{1,{whole}}}(\.[0-9]{{0,{places}}}0*)?\z") if whole else text == ""
    amount = nw.when(nw.col(FLAW) == 0).then(text).otherwise(nw.lit("0")).cast(nw.Decimal(38, places))
    patterns = (
        (r"^\z", "is empty"),
        (r"^-[0-9]*\.?[0-9]+\z", "is negative"),
        (r"^[+-]?(?i:nan)\z", "is not a number (NaN)"),
        (r"^[+-]?(?i:inf|infinity)\z", "is infinite"),
        (r"^-?[0-9][0-9.,' ]*,[0-9.]+\z", "has a decimal comma, or commas between its digits"),
        (rf"^0*[0-9]{{1,{whole}}}\.[0-9]+\z", f"has more than {places} decimals"),
        (r"^[0-9]+(\.[0-9]*)?\z", f"has more than {whole} digits before the point"),
    )
    flaw = flaws.lit(f"{name} is no number")
    for pattern, words in reversed(patterns):
        flaw = nw.when(text.str.contains(pattern)).then(flaws.lit(f"{name} {words}")).otherwise(flaw)
    return amount, nw.when(is_sound).then(nw.lit(0)).otherwise(flaw)


def _from_float(name: str, source: Any, question: Question, places: int, flaws: Flaws) -> tuple[Any, Any]:
    """The shortest text that names the float, to ten decimals: what is beyond is noise of its binary form."""
    text = nw.col("text")
    most = min(question.most, Decimal(10) ** 15)  # from there on a float has no cents
    is_finite = text.str.contains(r"^[0-9.]+([eE][-+]?[0-9]+)?\z") & (source < float(most))
    fine = nw.when(is_finite).then(text).otherwise(nw.lit("0")).cast(nw.Decimal(38, MOST_PLACES))
    is_fine = fine == fine.cast(nw.Decimal(38, places)).cast(nw.Decimal(38, MOST_PLACES))
    patterns = (
        (text == "", "is empty"),
        (text.str.contains(r"^-?(?i:nan)\z"), "is not a number (NaN)"),
        (text.str.contains(r"^-?(?i:inf|infinity)\z"), "is infinite"),
        (source < 0, "is negative"),
        (source >= float(most), f"is {grouped(most)} or more"),
        (~is_fine, f"has more than {places} decimals"),
    )
    flaw = nw.lit(0)
    for is_so, words in reversed(patterns):
        flaw = nw.when(is_so).then(flaws.lit(f"{name} {words}")).otherwise(flaw)
    return nw.when(nw.col(FLAW) == 0).then(fine.cast(nw.Decimal(38, places))).otherwise(None), flaw


def _from_number(columns: Columns, source: Any, question: Question, flaws: Flaws) -> tuple[Any, Any]:
    value = source.cast(nw.Decimal(38, 0)) if isinstance(columns.type, _WIDE_TYPES) else source
    patterns = [(source.is_null(), "is empty"), (value < 0, "is negative")]
    if question.digits:
        whole, places = question.digits
        most = limit(columns, question)
        if most < limit(columns):
            patterns.append(
                (value >= nw.lit(_literal(columns, most)), f"has more than {whole} digits before the point")
            )
        if places < columns.places:
            rounded = value.cast(nw.Decimal(38, places)).cast(nw.Decimal(38, columns.places))
            patterns.append((value != rounded, f"has more than {places} decimals"))
    flaw = nw.lit(0)
    for is_so, words in reversed(patterns):
        flaw = nw.when(is_so).then(flaws.lit(f"{columns.value} {words}")).otherwise(flaw)
    return value, flaw


def limit(columns: Columns, question: Question | None = None) -> Decimal:
    """What every sound balance of the column is below."""
    most = question.most if question else Decimal(10) ** 38
    if isinstance(columns.type, nw.Decimal):
        return min(most, Decimal(10) ** (columns.type.precision - columns.type.scale))
    for bits, types in ((7, nw.Int8), (8, nw.UInt8), (15, nw.Int16), (16, nw.UInt16), (31, nw.Int32), (32, nw.UInt32)):
        if isinstance(columns.type, types):
            return min(most, Decimal(2) ** bits)
    return min(most, Decimal(2) ** 63 if isinstance(columns.type, nw.Int64) else Decimal(10) ** MOST_WHOLE)


def placed(frame: Any, columns: Columns, axis: Axis, places: int) -> Any:
    """Judged rows with the bucket of each balance; what has a flaw is in none, which is -1."""
    own = (on_grid(cut, places) for cut in axis.cuts)
    cuts = [_literal(columns, cut) for cut in own if cut < limit(columns)]
    bucket = nw.when(nw.col(FLAW) == 0).then(_bucket(cuts, 0, len(cuts))).otherwise(nw.lit(-1))
    return frame.with_columns(bucket.cast(nw.Int64).alias(BUCKET))


def _bucket(cuts: Sequence[Decimal | int], first: int, last: int) -> Any:
    """Which bucket, found as in a sorted list: a ladder of thousands of tiers takes a dozen comparisons a row."""
    if first == last:
        return nw.lit(first)
    middle = (first + last) // 2
    return (
        nw.when(nw.col(AMOUNT) < nw.lit(cuts[middle]))
        .then(_bucket(cuts, first, middle))
        .otherwise(_bucket(cuts, middle + 1, last))
    )


def counted(frame: Any) -> Any:
    """Placed rows by flaw, bucket and the vendor's tier: how many rows, and how many members they are."""
    tier = nw.when(nw.col(FLAW) == 0).then(nw.col(TIER)).otherwise(nw.lit(""))
    frame = frame.with_columns(tier.alias(TIER))
    return frame.group_by(FLAW, BUCKET, TIER).agg(nw.len().alias(ROWS), nw.col(WEIGHT).sum().alias(MEMBERS))


def repeated(frame: Any) -> Any:
    """The ids that more than one sound row has, each with the number of its rows."""
    return frame.filter(nw.col(FLAW) == 0).group_by(ID).agg(nw.len().alias(ROWS)).filter(nw.col(ROWS) > 1)


def _literal(columns: Columns, amount: Decimal) -> Decimal | int:
    return int(amount) if isinstance(columns.type, _WHOLE_TYPES) else amount


def grouped(amount: Decimal) -> str:
    """An amount with its thousands told apart."""
    return f"{amount:,f}"
