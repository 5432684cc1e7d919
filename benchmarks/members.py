"""Who moves among ten million members: DuckDB, Spark on this machine, and plain Python, side by side in one run.

Each counts the matrix of two ladders of four tiers in a process of its own and must give the same numbers. Wall time is
that of the count, with the look for ids that are there twice; peak memory is that of the largest process.

    python benchmarks/members.py [--members 10000000] [--only duckdb,spark,python] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

BEFORE, AFTER = ("0", "50", "150", "500"), ("0", "75", "200", "600")
NAMES = ("First", "Second", "Third", "Fourth")


class Run(NamedTuple):
    """What came of one of them: seconds, MiB, and the moves as `Second → First: 2806`."""

    name: str
    seconds: float
    peak: float
    moves: dict[str, int]


def generate(folder: Path, members: int) -> tuple[Path, Path]:
    """The members as Parquet with decimal(18,2), and the same as CSV for plain Python."""
    import duckdb

    table, text = folder / f"members-{members}.parquet", folder / f"members-{members}.csv"
    if not table.exists():
        database = duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(folder)})
        balance = "CAST(power((hash(i) % 1000000007) / 1000000007, 4) * 2000 AS DECIMAL(18,2))"
        rows = f"SELECT i AS member_id, {balance} AS value FROM range({members}) t(i)"
        database.sql(f"COPY ({rows}) TO '{table}' (FORMAT parquet)")
        if members <= 10_000_000:
            database.sql(f"COPY (FROM '{table}') TO '{text}' (HEADER)")
    return table, text


def with_engine(engine: str, table: Path) -> dict[str, int]:
    from tierops.members import run
    from tierops.members.axis import Comparison, Margin
    from tierops.model import Range, Scale, Tier

    def ladder(starts: tuple[str, ...]) -> tuple[Tier, ...]:
        ends = [*map(Decimal, starts[1:]), None]
        return tuple(Tier(name, Range(Decimal(low), high)) for name, low, high in zip(NAMES, starts, ends, strict=True))

    before, after = ladder(BEFORE), ladder(AFTER)
    asked = Comparison("club/shop", "live", before, after, after, Scale("points", None))
    with run.opened(str(table), engine=engine) as census:
        (impact,) = run.take(census, [asked], Margin(Decimal(5), True)).impacts
    return {f"{move.before} → {move.after}": move.members or 0 for move in impact.after.moves}


def in_python(text: Path) -> dict[str, int]:
    """As somebody would write it: one row after the other."""
    import csv

    sides = [[Decimal(start) for start in starts] for starts in (BEFORE, AFTER)]
    moves: Counter[tuple[int, int]] = Counter()
    seen: set[str] = set()
    with text.open(newline="") as stream:
        rows = csv.reader(stream)
        next(rows)
        for member, value in rows:
            if member in seen:
                raise ValueError("there twice")
            seen.add(member)
            balance = Decimal(value)
            start, end = (bisect_right(starts, balance) - 1 for starts in sides)
            moves[start, end] += 1
    return {f"{NAMES[a]} → {NAMES[b]}": n for (a, b), n in moves.items() if a != b}


def measure(name: str, table: Path, text: Path) -> Run:
    command = [sys.executable, __file__, "--inside", name, str(text if name == "python" else table)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    data = json.loads(done.stdout.splitlines()[-1])
    return Run(name, data["seconds"], data["peak"], data["moves"])


def inside(name: str, file: Path) -> None:
    began = time.monotonic()
    moves = in_python(file) if name == "python" else with_engine(name, file)
    seconds = time.monotonic() - began
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(json.dumps({"seconds": seconds, "peak": max(peak, _java()), "moves": moves}))


def _java() -> float:
    """The peak of a JVM that this process started and that still runs, in MiB."""
    peaks = [0.0]
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if lines.get("Name", "").strip() == "java" and lines.get("PPid", "").strip() == str(_own()):
            peaks.append(int(lines["VmHWM"].split()[0]) / 1024)
    return max(peaks)


def _own() -> int:
    import os

    return os.getpid()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=10_000_000)
    parser.add_argument("--only", default="duckdb,spark,python")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--inside", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        inside(arguments.inside[0], Path(arguments.inside[1]))
        return
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="tierops-benchmark-"))
    try:
        table, text = generate(folder, arguments.members)
        runs = [measure(name, table, text) for name in arguments.only.split(",")]
    finally:
        if arguments.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{arguments.members:,} members")
    for run in runs:
        print(f"{run.name:<8} {run.seconds:8.1f} s  {run.peak:8.0f} MiB")
    if any(run.moves != runs[0].moves for run in runs):
        sys.exit(f"the answers differ: {[run.moves for run in runs]}")
    print("one answer:", ", ".join(f"{way} {number:,}" for way, number in sorted(runs[0].moves.items())))


if __name__ == "__main__":
    main()
