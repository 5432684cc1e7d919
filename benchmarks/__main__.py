"""`python -m benchmarks`: measure all, or the parts that are named, tell it as a table and keep it as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import large, tools
from benchmarks.content import Shape
from benchmarks.measure import medians
from benchmarks.rounds import Row, side_by_side
from benchmarks.tools import KINDS, OctoDns, Terraform, Tierops, Tool

ROOT = Path(__file__).parents[1]
VENDORS = {"voucherify": 1000, "fanfare": 100}
"""Each with the most programs that are waited for unless asked: the emulated list of all audiences is slow."""
ROUNDS = {1: 15, 10: 7, 100: 3, 1000: 2}


def main() -> None:
    """Measure as the command line says."""
    line = _arguments()
    programs, octodns = ROOT / ".venv-bench" / "tierops" / "bin", ROOT / ".venv-bench" / "octodns" / "bin"
    found = shutil.which("terraform")
    terraform = Path(found) if found else None
    told: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="tierops-bench-") as work:
        for row in _rows(line, programs, octodns, terraform, Path(work)):
            told.append(row)
            print(_line(row), flush=True)
    if line.out:
        line.out.parent.mkdir(parents=True, exist_ok=True)
        line.out.write_text(json.dumps({"about": about(programs, octodns, terraform), "rows": told}, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--sizes", type=_numbers, default=(1, 10, 100, 1000), help="programs of ten tiers [1,10,100,1000]"
    )
    parser.add_argument("--rounds", type=int, help="instead of as many as suit each size")
    parser.add_argument("--latency", type=_numbers, default=(0, 50), help="milliseconds of each answer [0,50]")
    parser.add_argument("--only", default="", help="commands by a part of their name, such as `plan,drift`; or `start`,"
                        " `large`")  # fmt: skip
    parser.add_argument("--tools", default="", help="tools by a part of their name, such as `tierops`")
    parser.add_argument("--patience", type=float, default=300, help="seconds after which a command is given up [300]")
    parser.add_argument("--huge", action="store_true", help="terraform at 10,000 resources, plans of 10,000 programs")
    parser.add_argument("--out", type=Path, help="keep every run in this JSON file")
    return parser.parse_args()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _rows(line: argparse.Namespace, programs: Path, octodns: Path, terraform: Path | None, work: Path) -> Iterator[Row]:
    parts = [part for part in line.only.split(",") if part]
    kinds = [kind for kind in KINDS if not parts or any(part in kind for part in parts)]
    shapes = [Shape(1, 3)] if not parts or "start" in parts else []
    shapes += [Shape(size) for size in line.sizes] if not parts or kinds else []
    for latency in line.latency:
        for shape in shapes:
            if shape.tiers == 3 and latency:
                continue
            folder = work / f"{shape.programs}-{shape.tiers}-{latency}"
            field = _field(line, shape, latency, (programs, octodns, terraform), folder)
            rounds = line.rounds or ROUNDS.get(shape.programs, 3)
            yield from side_by_side(field, shape, latency, kinds or KINDS, rounds, line.patience)
            shutil.rmtree(folder)
    if not parts or "large" in parts:
        yield from large.loading(programs, work, (100, 1000, 10_000), line.rounds or 1)
        yield from large.formats(programs, work, 1000, line.rounds or 1)
        if line.huge:
            yield from large.formats(programs, work, 10_000, 1)


def _field(
    line: argparse.Namespace, shape: Shape, latency: int, places: tuple[Path, Path, Path | None], folder: Path
) -> Sequence[Tool]:
    """The tools that take part: only tierops where answers take their time, for the others ask nobody."""
    programs, octodns, terraform = places
    folder.mkdir()
    field: list[Tool] = [
        Tierops(programs / "tierops", folder / vendor, shape, vendor, latency)
        for vendor, most in VENDORS.items()
        if line.tools in f"tierops, {vendor}" and (shape.programs <= most or line.huge)
    ]
    if not latency and terraform and line.tools in "terraform" and (shape.programs < tools.HUGE or line.huge):
        field.append(Terraform(terraform, folder / "terraform", shape))
    if not latency and line.tools in OctoDns.name:
        field.append(OctoDns(octodns, folder / "octodns", shape))
    return field


def _line(row: Row) -> str:
    name = f"{row.tool:<20} {row.command:<30} {row.programs:>6} × {row.tiers:<3} {row.latency:>3} ms"
    if not row.runs:
        return f"{name}  given up after {row.over:.0f} s"
    wall, cpu, peak = medians(row.runs)
    requests = "" if row.requests is None else f"  {row.requests:>6} requests"
    return f"{name}  {wall:8.3f} s  {cpu:8.3f} s cpu  {peak:6.0f} MiB{requests}  ({len(row.runs)} runs)"


def about(programs: Path, octodns: Path, terraform: Path | None) -> dict[str, str]:
    """The machine, the versions and the day."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = subprocess.run([programs / "python", "--version"], capture_output=True, text=True, check=True)
    tierops = subprocess.run([programs / "tierops", "--version"], capture_output=True, text=True, check=True)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores ({cpu}), {memory:.0f} GiB, {platform.system()} {platform.release()}",
        "Python": python.stdout.split()[-1],
        "tierops": f"{tierops.stdout.split()[-1]} {_commit()}".strip(),
        "octoDNS": _installed(octodns, "octodns"),
        "terraform": tools.version(terraform) if terraform else "not installed",
    }


def _commit() -> str:
    """Of what is measured, where that is a clone."""
    if not (git := shutil.which("git")) or not (ROOT / ".git").exists():
        return ""
    command = [git, "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def _installed(programs: Path, package: str) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([programs / "python", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _lines(path: str) -> Sequence[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return ()


if __name__ == "__main__":
    main()
