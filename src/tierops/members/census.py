"""One pass over the members: files → judged rows → counts on an axis, with every row accounted for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import narwhals as nw

from tierops.errors import BadInput, TieropsError
from tierops.members import axis as axes
from tierops.members import expression as ex
from tierops.members import source
from tierops.members.axis import Axis, Comparison, Margin
from tierops.members.count import Counted
from tierops.members.engine import BROKEN, Engine, Part
from tierops.members.expression import Columns
from tierops.members.terms import Answer, Cell, Question
from tierops.model import MEMBERS, Position, Problem
from tierops.text.visible import printable

_MOST_SHOWN = 5  # rows that are no members, told one by one
_MOST_TIERS = 1000  # names of tiers that a vendor holds; more of them are no tiers
_NUMBER_LIKE = re.compile(r"[-+0-9.,' eEnaifty]{1,40}", re.IGNORECASE)  # what may be shown of a cell


class Read(NamedTuple):
    """A part of the source with what its columns are; `places` are the decimals of its balances."""

    part: Part
    columns: Columns
    places: int


class Census:
    """The members of one source, read with one engine."""

    def __init__(self, engine: Engine, question: Question) -> None:
        self._engine = engine
        self._question = question
        self._parts = engine.parts(question.file)
        self._stamps = source.stamps([file for part in self._parts for file in part.files])
        self._reads = [self._read(part) for part in self._parts]
        if len({bool(read.columns.id) for read in self._reads}) > 1:
            raise TieropsError(f"some files of {question.file} have a column member_id, and others have none")
        self.has_ids = bool(self._reads[0].columns.id)
        self._has_unchecked_ids = self.has_ids
        self._flaws = ex.Flaws()
        self._repeated: Any = None  # the ids to leave out

    @property
    def places(self) -> int:
        """The decimals of a balance."""
        return max(read.places for read in self._reads)

    def count(self, comparisons: Sequence[Comparison], margin: Margin) -> Counted:
        """Count. Raises `BadInput` for rows that are no members, unless they are to be skipped; `TieropsError`."""
        axis = axes.axis(comparisons, margin, self.places, self._question.most)
        answer = self.cells(axis)
        members: Counter[tuple[int, str | None]] = Counter()
        for cell in answer.cells:
            members[cell.bucket, cell.tier] += cell.members
        if len({tier for _, tier in members}) > _MOST_TIERS:
            raise TieropsError(f"the column 'tier' of {self._question.file} holds more than {_MOST_TIERS:,} names")
        skipped = tuple(sorted(answer.skipped.items()))
        return Counted(self._question.file, axis, margin, answer.rows, dict(members), skipped, answer.has_tiers)

    def cells(self, axis: Axis) -> Answer:
        """How many rows and members are in each bucket, and how many rows are in none. Raises as `count` does."""
        answer = self._answer(axis)
        if self._has_unchecked_ids and (repeated := self._repeats()):
            if not self._question.skips_bad:
                self._refuse_repeated(repeated)
            self._repeated = ex.repeated(self._judged()).select(ex.ID)
            answer = self._answer(axis)
        self._has_unchecked_ids = False
        source.refuse_changed(self._stamps)
        if not answer.rows:
            raise TieropsError(f"no members in {self._question.file}: it has a header and no rows")
        return answer

    def histogram(self, axis: Axis) -> list[int]:
        """The members in each bucket. Raises as `count` does."""
        buckets = [0] * (len(axis.cuts) + 1)
        for cell in self.cells(axis).cells:
            buckets[cell.bucket] += cell.members
        return buckets

    def placed(self, axis: Axis) -> Iterator[tuple[Any, ...]]:
        """The id and the bucket of each sound row, one after the other. For lists: it is who the members are."""
        frame = self._without_repeated(self._placed(axis)).filter(nw.col(ex.FLAW) == 0)
        yield from self._engine.stream(frame.select(ex.ID, ex.BUCKET))
        source.refuse_changed(self._stamps)

    def _read(self, part: Part) -> Read:
        columns = ex.columns(part.schema, self._question, part.where)
        digits = self._question.digits
        places = min(columns.places, digits[1]) if digits else columns.places
        if digits and not isinstance(columns.type, (nw.String, nw.Float32, nw.Float64)):
            places = columns.places
        return Read(part, columns, places)

    def _judge(self, read: Read, frame: Any) -> Any:
        return ex.judged(frame, read.columns, self._question, read.places, self._flaws)

    def _judged(self) -> Any:
        return nw.concat([self._judge(read, read.part.frame).select(ex.FLAW, self._id()) for read in self._reads])

    def _id(self) -> Any:
        """Ids of several kinds are compared as text."""
        kinds = {str(one.part.schema[one.columns.id]) for one in self._reads if one.columns.id}
        return nw.col(ex.ID).cast(nw.String) if len(kinds) > 1 else nw.col(ex.ID)

    def _placed(self, axis: Axis) -> Any:
        names = (ex.FLAW, ex.BUCKET, ex.TIER, ex.WEIGHT)
        return nw.concat(
            [
                ex.placed(self._judge(read, read.part.frame), read.columns, axis, read.places).select(
                    *names, self._id()
                )
                for read in self._reads
            ]
        )

    def _without_repeated(self, frame: Any) -> Any:
        if self._repeated is None:
            return frame
        flaw = f"{self._reads[0].columns.id} occurs more than once"
        marked = self._repeated.with_columns(self._flaws.lit(flaw).alias("repeated"))
        joined = frame.join(marked, on=ex.ID, how="left")
        is_repeated = (nw.col(ex.FLAW) == 0) & ~nw.col("repeated").is_null()
        return joined.with_columns(
            nw.when(is_repeated).then(nw.col("repeated")).otherwise(nw.col(ex.FLAW)).alias(ex.FLAW),
            nw.when(is_repeated).then(nw.lit(-1).cast(nw.Int64)).otherwise(nw.col(ex.BUCKET)).alias(ex.BUCKET),
        )

    def _answer(self, axis: Axis) -> Answer:
        groups = self._engine.rows(ex.counted(self._without_repeated(self._placed(axis))))
        broken = self._engine.broken()
        skipped: Counter[str] = Counter({BROKEN: len(broken)} if broken else {})
        cells = []
        for flaw, bucket, tier, rows, members in groups:
            if flaw:
                skipped[self._flaws.words[flaw]] += int(rows)
            else:
                cells.append(Cell(bucket=int(bucket), tier=tier or None, rows=int(rows), members=int(members)))
        if skipped and not self._question.skips_bad:
            raise self._refusal(skipped, [(str(row.file), row.row) for row in broken])
        rows = self._rows() + len(broken)
        has_tiers = any(read.columns.tier for read in self._reads)
        return Answer(rows=rows, cells=cells, skipped=dict(skipped), has_tiers=has_tiers)

    def _repeats(self) -> int:
        """How many rows have an id that another row has."""
        ((rows,),) = self._engine.rows(ex.repeated(self._judged()).select(nw.col(ex.ROWS).sum()))
        return int(rows or 0)

    def _rows(self) -> int:
        """All rows, counted apart from their balances."""
        return sum(int(rows) for part in self._parts for (rows,) in self._engine.rows(part.frame.select(nw.len())))

    def _refusal(self, skipped: Counter[str], broken: Sequence[tuple[str, int]]) -> BadInput:
        """What is said of rows that are no members: how many of each kind there are, and where the first ones are."""
        kinds = ", ".join(f"{amount:,} {flaw}" if amount > 1 else flaw for flaw, amount in skipped.most_common())
        total = skipped.total()
        rows = f"{total:,} rows are no members" if total > 1 else "1 row is no member"
        message = f"{self._question.file}: {rows} ({kinds}); mend them, or have them left out with --skip-bad"
        problems = [_problem(file, row, 1, BROKEN) for file, row in broken[:_MOST_SHOWN]]
        return BadInput(problems or [*islice(self._flawed(), _MOST_SHOWN)], message)

    def _flawed(self) -> Iterator[Problem]:
        for read in self._reads:
            for file, frame in self._engine.numbered(read.part):
                flawed = self._judge(read, frame).filter(nw.col(ex.FLAW) != 0).head(_MOST_SHOWN)
                for row, text, number in self._engine.rows(flawed.select(ex.ROW, "text", ex.FLAW)):
                    flaw = self._flaws.words[number]
                    name = next((column for column in read.part.schema if flaw.startswith(f"{column} ")), "")
                    cell = f": {text!r}" if text and name == read.columns.value and _NUMBER_LIKE.fullmatch(text) else ""
                    yield _problem(str(file), row, self._place(read, name), f"{flaw}{cell}")

    def _place(self, read: Read, flaw: str) -> int:
        names = list(read.part.schema)
        return names.index(flaw) + 1 if flaw in names else 1

    def _refuse_repeated(self, rows: int) -> None:
        """Say where one id is for the first and second time; the id itself is whom nobody may read of."""
        name = self._reads[0].columns.id or ""
        ((repeated,),) = self._engine.rows(ex.repeated(self._judged()).select(ex.ID).sort(ex.ID).head(1))
        problems = []
        for read in self._reads:
            for file, frame in self._engine.numbered(read.part):
                same = self._judge(read, frame).filter(self._id() == nw.lit(repeated)).head(_MOST_SHOWN)
                for (row,) in self._engine.rows(same.select(ex.ROW)):
                    problems.append(_problem(str(file), row, self._place(read, name), f"{name} occurs more than once"))
        raise BadInput(
            problems[:_MOST_SHOWN],
            f"{self._question.file}: {rows:,} rows share their {name} with another row, so a member would be counted"
            " twice; mend them, or have them left out and counted with --skip-bad",
        )


def _problem(file: str, row: int, column: int, what: str) -> Problem:
    return Problem(MEMBERS, printable(f"row {row:,}: {what}"), Position(file, row, column))
