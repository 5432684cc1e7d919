"""The report of `make mutation`: mutants per module, how many the tests killed, and why the others may live.

Run by the Python that mutmut is installed for. Writes `mutation.md` and exits with 1 where less than 95 % are killed,
where a survivor has no reason in `survivors.toml`, or where a mutant was not tried.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from mutmut.configuration import config
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

HERE = Path(__file__).parent
REPORT = Path("mutation.md")
LEAST = 95  # per cent
# A mutant that loops for ever is noticed by whoever runs the tests, so it counts as killed.
KILLED = {"killed", "timeout"}


class Reason(NamedTuple):
    """Why some mutants of the functions that `where` matches may live: those that `diff` or `pattern` describes."""

    where: str
    text: str
    diff: str = ""
    pattern: str = ""

    def fits(self, function: str, diff: str) -> bool:
        if not fnmatchcase(function, self.where):
            return False
        return bool(re.search(self.pattern, diff)) if self.pattern else squeezed(self.diff) == squeezed(diff)


class Survivor(NamedTuple):
    name: str
    function: str
    status: str
    diff: str
    reason: str


def squeezed(diff: str) -> list[str]:
    """The lines of a diff without their indentation, for code moves."""
    return [f"{line[0]} {line[1:].strip()}" for line in diff.strip().splitlines()]


def statuses(path: str) -> dict[str, str]:
    """What became of each mutant of a file, by its name."""
    codes = json.loads(Path(f"mutants/{path}.meta").read_text())["exit_code_by_key"]
    return {name: status_by_exit_code[code] for name, code in codes.items()}


def changed(name: str, path: str) -> str:
    """The lines that a mutant takes out and puts in."""
    lines = get_diff_for_mutant(name, path=path).splitlines()
    return "\n".join(line for line in lines if line[:1] in {"-", "+"} and line[:3] not in {"---", "+++"})


def function_of(name: str) -> str:
    """`tierops.rules.x__upper__mutmut_5` → `tierops.rules._upper`; a method has its class before it."""
    module, _, mangled = name.rpartition(".")
    bare = mangled.rpartition("__mutmut_")[0]
    return f"{module}." + (bare[2:].replace("ǁ", ".") if bare.startswith("xǁ") else bare[2:])


def survivors(path: str, found: dict[str, str], reasons: Sequence[Reason]) -> Iterable[Survivor]:
    for name, status in found.items():
        if status not in KILLED:
            function, diff = function_of(name), changed(name, path)
            reason = next((reason.text for reason in reasons if reason.fits(function, diff)), "")
            yield Survivor(name, function, status, diff, reason)


def table(found: dict[str, dict[str, str]]) -> Iterable[str]:
    yield "| module | mutants | killed | of these by time-out | survived | killed % |"
    yield "|---|---:|---:|---:|---:|---:|"
    rows = [(path.removeprefix("src/tierops/"), Counter(of.values())) for path, of in found.items()]
    rows.append(("**all**", sum((count for _, count in rows), Counter())))
    for title, count in rows:
        killed = sum(count[status] for status in KILLED)
        share = 100 * killed / count.total()
        yield (
            f"| {title} | {count.total()} | {killed} | {count['timeout']} | {count.total() - killed} | {share:.1f} |"
        )


def told(living: Sequence[Survivor]) -> Iterable[str]:
    for survivor in living:
        status = "" if survivor.status == "survived" else f" ({survivor.status})"
        yield f"### `{survivor.function}`{status}\n"
        yield f"```diff\n{survivor.diff}\n```\n"
        yield f"{survivor.reason or '**NO REASON**'}\n"


def main() -> int:
    reasons = [Reason(**entry) for entry in tomllib.loads((HERE / "survivors.toml").read_text())["survivor"]]
    found = {path: statuses(path) for path in config().only_mutate}
    living = [survivor for path, of in found.items() for survivor in survivors(path, of, reasons)]
    every = [status for of in found.values() for status in of.values()]
    share = 100 * sum(status in KILLED for status in every) / len(every)
    open_ones = [survivor for survivor in living if not survivor.reason]
    spare = [reason for reason in reasons if not any(reason.fits(s.function, s.diff) for s in living)]
    lines = [
        "# Mutation testing\n",
        "mutmut changes what stands in functions. Tables, constants and decorated functions stay as they are.\n",
        *table(found),
        f"\n{len(living)} survivors, {len(open_ones)} of them without a reason.\n",
        *(["## Survivors\n", *told(living)] if living else []),
        *(["## Reasons that no survivor needs\n", *(f"- `{r.where}`: {r.text}" for r in spare)] if spare else []),
    ]
    REPORT.write_text("\n".join(lines) + "\n")
    print("\n".join(table(found)))
    print(f"{share:.1f} % killed, {len(living)} survivors, {len(open_ones)} without a reason: see {REPORT}")
    return 1 if share < LEAST or open_ones or "not checked" in every else 0


if __name__ == "__main__":
    sys.exit(main())
