"""What is no member is an error with its row and column, or a counted exclusion; nobody is dropped in silence."""

from __future__ import annotations

import gzip
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from balances import asked, ladder, take
from harness import Run

from tierops.errors import BadInput, TieropsError, UsageError
from tierops.members import run
from tierops.members.axis import Margin

LADDER = ladder("0", "250")
SAME = asked(LADDER, LADDER)
CELLS = {
    "": "value is empty",
    "12a": "value is no number",
    "-5": "value is negative",
    "-0.01": "value is negative",
    "NaN": "value is not a number (NaN)",
    "inf": "value is infinite",
    "-Infinity": "value is infinite",
    "1,5": "value has a decimal comma, or commas between its digits",
    "1.234,50": "value has a decimal comma, or commas between its digits",
    "1,234.50": "value has a decimal comma, or commas between its digits",
    "1e3": "value is no number",
    "0x10": "value is no number",
    "+5": "value is no number",
    "1.00000000001": "value has more than 10 decimals",
    "1" * 28: "value has more than 27 digits before the point",
}


def parquet(path: Path, query: str) -> Path:
    name = str(path).replace("'", "''")
    duckdb.sql(f"COPY ({query}) TO '{name}' (FORMAT parquet)")
    return path


@pytest.mark.parametrize(("cell", "flaw"), CELLS.items())
def test_a_cell_that_is_no_balance_is_told_with_row_and_column(cell: str, flaw: str, tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text(f'member_id,value\nann,10\nbob,"{cell}"\n')
    with pytest.raises(BadInput) as caught:
        take(path, SAME)
    (problem,) = caught.value.problems
    assert (problem.at.file, problem.at.line, problem.at.column) == (str(path), 3, 2)
    assert problem.message.startswith(f"row 3: {flaw}")
    assert "bob" not in problem.message
    assert f"1 row is no member ({flaw})" in str(caught.value)


def test_rows_are_left_out_only_with_their_number(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    rows = [f'm{n},"{cell}"' for n, cell in enumerate(CELLS)] + ["ann,249.999", "bob, 250 ", "one", "two,1,2"]
    path.write_text("\n".join(["member_id,value", *rows, ""]))
    (impact,) = take(path, SAME, engine=engine, skips_bad=True)
    skipped = dict(impact.skipped)
    assert skipped.pop("row has more or fewer columns than the header") == 2
    assert skipped == {flaw: list(CELLS.values()).count(flaw) for flaw in CELLS.values()}
    assert impact.members + sum(dict(impact.skipped).values()) == len(rows)
    assert impact.before.tiers == (("First", 1), ("Second", 1))  # 249.999 is below 250


def test_a_member_who_is_there_twice_is_told_by_row(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "members.csv"
    path.write_text("value,member_id\n10,ann\n20,bob\n300,ann\n")
    with pytest.raises(BadInput) as caught:
        take(path, SAME, engine=engine)
    assert "2 rows share their member_id with another row" in str(caught.value)
    assert "ann" not in str(caught.value.problems)
    if engine == "duckdb":
        assert [(one.at.line, one.at.column) for one in caught.value.problems] == [(2, 2), (4, 2)]
    (impact,) = take(path, SAME, engine=engine, skips_bad=True)
    assert (impact.members, impact.skipped) == (1, (("member_id occurs more than once", 2),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty: it has no header"),
        ("value\n", "it has a header and no rows"),
        ("id,balance\n1,2\n", "has no column 'value', but 'id', 'balance'"),
        ("Value\n1\n", "is it 'Value'? --value-column names it"),
        ("value,value\n1,2\n", "has two columns named 'value' (row 1)"),
        ('member_id,value\nann,1\nbob,"2\ncid,3\n', "row 3: a quote has no end"),
    ],
)
def test_a_file_that_is_no_list_of_members(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text(text)
    for skips_bad in (False, True):
        with pytest.raises(TieropsError) as caught:
            take(path, SAME, skips_bad=skips_bad)
        assert message in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding_is_an_error_and_no_guess(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_bytes("member_id,value\nrené,10\n".encode(encoding))
    with pytest.raises(TieropsError, match="UTF-8"):
        take(path, SAME)


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_other_marks_between_columns_are_seen_in_the_header(mark: str, tmp_path: Path, engine: str) -> None:
    path = tmp_path / "members.csv"
    path.write_bytes(f"\ufeffmember_id{mark}value\r\nann{mark}10\r\nbob{mark}300\r\n".encode())
    (impact,) = take(path, SAME, engine=engine)
    assert impact.before.tiers == (("First", 1), ("Second", 1))


def test_packed_files_are_read_and_short_ones_are_not(tmp_path: Path, engine: str) -> None:
    packed = gzip.compress(b"value\n" + b"10\n300\n" * 5000)
    whole, short = tmp_path / "whole.csv.gz", tmp_path / "short.csv.gz"
    whole.write_bytes(packed)
    short.write_bytes(packed[:-9])
    (impact,) = take(whole, SAME, engine=engine)
    assert impact.before.tiers == (("First", 5000), ("Second", 5000))
    with pytest.raises(TieropsError, match=r"short\.csv\.gz|GZIP"):
        take(short, SAME, engine=engine, skips_bad=True)


def test_a_file_that_changes_meanwhile_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text("value\n10\n")
    with run.opened(str(path)) as census:
        path.write_text("value\n10\n300\n")
        with pytest.raises(TieropsError, match="was changed while it was read"):
            run.take(census, [SAME], Margin(Decimal(5), True))


def test_folders_patterns_and_odd_names(tmp_path: Path, engine: str) -> None:
    folder = tmp_path / "lake [1]'s"
    folder.mkdir()
    with pytest.raises(TieropsError, match="it holds no CSV or Parquet files"):
        take(folder, SAME, engine=engine)
    (folder / "a*.csv").write_text("member_id,value\nann,10\n")
    (folder / "b.csv").write_text("value,member_id\n300,bob\n")  # in another order
    (folder / "_log.csv").write_text("nonsense\n")
    parquet(folder / "c.parquet", "SELECT 'cid' AS member_id, 260.00::DECIMAL(18,2) AS value").rename(folder / "c.pq")
    (impact,) = take(folder, SAME, engine=engine)
    assert impact.before.tiers == (("First", 1), ("Second", 2))
    (impact,) = take(f"{tmp_path}/lake*/b.csv", SAME, engine=engine)
    assert impact.members == 1
    with pytest.raises(TieropsError, match="there is no such file"):
        take(tmp_path / "nobody.csv", SAME, engine=engine)


def test_nested_columns_and_floats_are_refused(tmp_path: Path, engine: str) -> None:
    nested = parquet(tmp_path / "nested.parquet", "SELECT {'amount': 10} AS value")
    with pytest.raises(TieropsError, match="which is no balance; it is nested"):
        take(nested, SAME, engine=engine)
    floats = parquet(tmp_path / "floats.parquet", "SELECT 249.99::DOUBLE AS value")
    with pytest.raises(TieropsError, match="holds binary floating point"):
        take(floats, SAME, engine=engine)


def test_a_type_decides_what_a_float_is(tmp_path: Path, engine: str) -> None:
    values = "249.99::DOUBLE), (250::DOUBLE), (1e14::DOUBLE), (249.99999999999997::DOUBLE), (0.1::DOUBLE + 0.2::DOUBLE"
    sound = parquet(tmp_path / "sound.parquet", f"SELECT * FROM (VALUES ({values})) AS t(value)")
    (impact,) = take(sound, SAME, engine=engine, value_type="decimal(18,2)")
    assert impact.before.tiers == (("First", 2), ("Second", 3))  # what is beyond ten decimals is a float's noise
    bad = "249.999::DOUBLE), ('nan'::DOUBLE), ('inf'::DOUBLE), (-1::DOUBLE), (NULL), (1e300::DOUBLE), (1::DOUBLE"
    path = parquet(tmp_path / "bad.parquet", f"SELECT * FROM (VALUES ({bad})) AS t(value)")
    (impact,) = take(path, SAME, engine=engine, value_type="decimal(18,2)", skips_bad=True)
    assert dict(impact.skipped) == {
        "value has more than 2 decimals": 1,
        "value is not a number (NaN)": 1,
        "value is infinite": 1,
        "value is negative": 1,
        "value is empty": 1,
        "value is 1,000,000,000,000,000 or more": 1,
    }
    assert impact.members == 1


def test_a_type_bounds_text_and_decimals(tmp_path: Path, engine: str) -> None:
    text = tmp_path / "members.csv"
    text.write_text("value\n249.99\n249.990\n249.999\n1000000\n")
    (impact,) = take(text, SAME, engine=engine, value_type="decimal(8, 2)", skips_bad=True)
    assert dict(impact.skipped) == {
        "value has more than 2 decimals": 1,
        "value has more than 6 digits before the point": 1,
    }
    table = parquet(tmp_path / "t.parquet", "SELECT unnest([249.990, 249.999, 1000000.000])::DECIMAL(18,3) AS value")
    (impact,) = take(table, SAME, engine=engine, value_type="decimal(8,2)", skips_bad=True)
    assert dict(impact.skipped) == {
        "value has more than 2 decimals": 1,
        "value has more than 6 digits before the point": 1,
    }


@pytest.mark.parametrize("type_", ["float", "decimal(40,2)", "decimal(18,12)", "decimal(0,0)", "decimal(2,4)"])
def test_a_type_that_is_none(type_: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--value-type"):
        take(tmp_path, SAME, value_type=type_)


TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "UINTEGER", "DECIMAL(4,1)", "DECIMAL(38,2)", "VARCHAR")


def test_every_exact_type_is_taken(tmp_path: Path, engine: str) -> None:
    for type_ in TYPES:
        parquet(tmp_path / f"{type_}.parquet", f"SELECT unnest([7, 49, 50, 100])::{type_} AS value")
    huge = ladder("0", "50", "1000000000000000000000000000000")
    (impact,) = take(tmp_path, asked(huge, huge), engine=engine)
    assert impact.before.tiers == (("First", 2 * len(TYPES)), ("Second", 2 * len(TYPES)), ("Third", 0))


def test_columns_of_several_types_are_not_mixed_up(tmp_path: Path, engine: str) -> None:
    """Read together, the double of the second file would become a decimal, and 249.999 the next tier."""
    parquet(tmp_path / "a.parquet", "SELECT 1.00::DECIMAL(18,2) AS value")
    parquet(tmp_path / "b.parquet", "SELECT 249.999::DECIMAL(18,3) AS value")
    parquet(tmp_path / "c.parquet", "SELECT 250 AS value")
    (impact,) = take(tmp_path, SAME, engine=engine)
    assert impact.before.tiers == (("First", 2), ("Second", 1))
    parquet(tmp_path / "d.parquet", "SELECT 249.999::DOUBLE AS value")
    with pytest.raises(TieropsError, match=r"d\.parquet: the column 'value' holds binary floating point"):
        take(tmp_path, SAME, engine=engine)


def test_a_histogram_counts_many_in_a_row(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "members.csv"
    path.write_text("value,count,tier\n10,3,First\n300,1200,Second\n400,5,First\n10,2,\n")
    (impact,) = take(path, SAME, engine=engine)
    assert (impact.members, impact.before.tiers) == (1210, (("First", 5), ("Second", 1205)))
    held = {(move.before, move.after): move.members for move in impact.vendor or ()}
    assert (impact.vendor_differs, held) == (7, {("Second", "First"): 5, ("First", None): 2})
    path.write_text("value,count\n10,3\n20,many\n30,-1\n")
    (impact,) = take(path, SAME, engine=engine, skips_bad=True)
    assert impact.skipped == (("count is no whole number", 2),)


def test_a_command_tells_rows_as_it_tells_lines(offline: Run, tmp_path: Path) -> None:
    (tmp_path / "tiers").mkdir()
    (tmp_path / "tiers" / "club.yaml").write_text(
        "version: 1\nprogram: club\ntargets: [{fanfare: {group: Club, attribute: ltv}}]\ntiers: [{name: A, from: 0}]\n"
    )
    (tmp_path / "members.csv").write_text('value\n10\n"1,5"\n')
    ended = offline("impact", "--members", "members.csv")
    assert ended.code == 1
    assert "members.csv:3:1: members: row 3: value has a decimal comma" in ended.out
    assert "1 row is no member" in ended.err
    skipped = offline("impact", "--members", "members.csv", "--skip-bad")
    assert skipped.code == 0
    assert "1 row left out of the count (1 value has a decimal comma" in skipped.out


@pytest.mark.usefixtures("spark")
def test_a_table_of_the_lake_is_named_like_a_file(tmp_path: Path) -> None:
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    assert session is not None
    rows = session.sql(
        "SELECT * FROM VALUES ('ann', 249.99BD, 'First'), ('bob', 250.00BD, NULL) AS t(member_id, value, tier)"
    )
    rows.createOrReplaceTempView("crm_members")
    (impact,) = take("crm_members", SAME, engine="spark")
    assert impact.before.tiers == (("First", 1), ("Second", 1))
    assert impact.vendor_differs == 1
    with pytest.raises(TieropsError, match="nowhere"):
        take("nowhere", SAME, engine="spark")


def test_an_engine_that_is_not_installed_is_named_with_what_brings_it(
    offline: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiers").mkdir()
    (tmp_path / "tiers" / "club.yaml").write_text(
        "version: 1\nprogram: club\ntargets: [{fanfare: {group: Club, attribute: ltv}}]\ntiers: [{name: A, from: 0}]\n"
    )
    monkeypatch.setitem(sys.modules, "duckdb", None)
    monkeypatch.delitem(sys.modules, "tierops.members.embedded", raising=False)
    ended = offline("impact", "--members", "members.csv")
    assert ended.code == 1
    assert "pip install 'tierops[members]'" in ended.err
