"""Plays schedules of trouble and counts how they end: `python -m chaos --runs 10000 --seed 1`."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Mapping
from multiprocessing import Pool
from random import Random

from chaos.schedules import TROUBLES, Verdict, play

_CODES = ("DONE", "FAILED", "REMAINING", "REFUSED", "PARTIAL", "UNKNOWN", "killed")
_MOST_SHOWN = 5

Key = tuple[int, int]
"""Seed and number: all that it takes to play a schedule again."""


def drawn(key: Key) -> Verdict:
    """Play one schedule; the classes take turns. What no run may raise breaks it as well."""
    seed, number = key
    trouble = TROUBLES[number % len(TROUBLES)]
    try:
        return play(trouble, Random(f"{seed}/{number}"))
    except Exception:  # noqa: BLE001 - a report, whatever it is
        return Verdict([trouble.name], [traceback.format_exc()])


def count(verdicts: Iterable[tuple[Key, Verdict]]) -> tuple[dict[str, Counter[str]], list[tuple[Key, Verdict]]]:
    """The sums of each class, and the schedules that broke a promise."""
    sums: dict[str, Counter[str]] = {trouble.name: Counter() for trouble in TROUBLES}
    broken = []
    for key, verdict in verdicts:
        found = sums[TROUBLES[key[1] % len(TROUBLES)].name]
        found.update(verdict.runs)
        found.update(
            {
                "schedules": 1,
                verdict.end: 1,
                "reported": verdict.reported,
                "silent": verdict.silent,
                "after": verdict.after,
                "false": verdict.false_successes,
            }
        )
        if verdict.broken:
            broken.append((key, verdict))
    return sums, broken


def table(sums: Mapping[str, Counter[str]]) -> str:
    """The sums in Markdown."""
    columns = ("schedules", "converged", "by hand", "reported", "after", "silent", "false", *_CODES)
    heads = ("schedules", "converged", "left to a person", "duplicates reported", "appeared after the run")
    heads += ("duplicates silent", "false successes", "done (0)", "failed (1)", "remaining (3)", "refused (4)")
    heads += ("part-way (5)", "unknown (6)", "killed")
    total: Counter[str] = Counter()
    lines = ["| class | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads)]
    for name, found in sums.items():
        total.update(found)
        lines.append(f"| {name} | " + " | ".join(f"{found[column]:,}" for column in columns) + " |")
    lines.append("| **all** | " + " | ".join(f"**{total[column]:,}**" for column in columns) + " |")
    return "\n".join(lines)


def main() -> int:
    """Play, print, and end with 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, metavar="N", help="how many schedules [1000]")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="what they are drawn from [1]")
    parser.add_argument("--only", type=int, metavar="N", help="play this one alone and tell its story")
    parser.add_argument("--jobs", type=int, metavar="N", help="how many processes [one for each core]")
    asked = parser.parse_args()
    if asked.only is not None:
        verdict = drawn((asked.seed, asked.only))
        _tell((asked.seed, asked.only), verdict)
        return 1 if verdict.broken else 0
    keys = [(asked.seed, number) for number in range(asked.runs)]
    start = time.monotonic()
    with Pool(asked.jobs) as pool:
        sums, broken = count(zip(keys, pool.imap(drawn, keys, chunksize=20), strict=True))
    print(f"{asked.runs:,} schedules from seed {asked.seed}, {time.monotonic() - start:.0f} s\n\n{table(sums)}")
    for key, verdict in broken[:_MOST_SHOWN]:
        _tell(key, verdict)
    if broken:
        print(f"\n{len(broken)} of {len(keys)} schedules broke a promise", file=sys.stderr)
    return 1 if broken else 0


def _tell(key: Key, verdict: Verdict) -> None:
    print(f"\nschedule {key[1]} of seed {key[0]} (again: make chaos SEED={key[0]} ONLY={key[1]})")
    print("\n".join(f"  {line}" for line in (*verdict.story, *(f"BROKEN: {text}" for text in verdict.broken))))


if __name__ == "__main__":
    sys.exit(main())
