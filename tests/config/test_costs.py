"""What reading costs, in operations and not in seconds: as much for each program, however many there are."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

import pytest

from config.conftest import Write
from tierops import config, output, pipeline
from tierops.config.marked import List, Map
from tierops.errors import Exit
from tierops.output import Report

TODAY = date(2026, 6, 1)
Measure: TypeAlias = Callable[[int], Counter[str]]
Reading: TypeAlias = Callable[[Callable[[int], str]], Measure]
FEW, SOME, MANY = 20, 110, 200
NAMES = ("Bronze", "Silver", "Gold", "Platinum", "Ruby", "Emerald", "Sapphire", "Diamond", "Obsidian", "Legend")


def sound(number: int) -> str:
    """A program of ten tiers, at one vendor or the other."""
    is_odd = number % 2
    target = (
        f"fanfare: {{group: Club {number:05}, attribute: ltv}}" if is_odd else f"voucherify: {{campaign: C{number:05}}}"
    )
    block = "fanfare: {icon: star}" if is_odd else "voucherify: {metadata: {perk: tea}}"
    tiers = "".join(f"  - {{name: {name}, from: {250 * rung}, {block}}}\n" for rung, name in enumerate(NAMES))
    return f"version: 1\nprogram: club-{number:05}\ntargets: [{{{target}}}]\ntiers:\n{tiers}"


def refused(number: int) -> str:
    """One that the schema refuses."""
    return sound(number).replace("from: 500", "from: much")


def broken(number: int) -> str:
    """One whose ladder a rule objects to."""
    return sound(number).replace("from: 500", "from: 250")


def waived(number: int) -> str:
    """One with a waiver and with tests, of which one fails."""
    waiver = "waivers: [{rule: tier-order, reason: agreed, until: 2027-01-31}]\n"
    tests = "tests: [{member: {value: 250}, tier: Silver}, {member: {value: 250}, tier: Gold}]\n"
    return sound(number) + waiver + tests


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """How often each function, of Python and of C, is called in the block; by its file and name, or its name alone."""
    calls: Counter[str] = Counter()

    def count(frame: FrameType, event: str, function: Any) -> None:
        if event == "call":
            calls[f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_name}"] += 1
        elif event == "c_call":
            calls[function.__name__] += 1

    is_collecting = gc.isenabled()
    gc.disable()  # what a collection calls comes at another time each run
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        if is_collecting:
            gc.enable()


def grown(measure: Measure) -> tuple[dict[str, int], dict[str, int]]:
    """How many more calls of each function the same number of programs more takes: on top of few, and of more."""
    measure(FEW)  # what is made once, is made
    few, some, many = (measure(amount) for amount in (FEW, SOME, MANY))
    functions = few.keys() | some.keys() | many.keys()
    return (
        {name: some[name] - few[name] for name in functions},
        {name: many[name] - some[name] for name in functions},
    )


@pytest.fixture
def reading(tiers: Path, write: Write) -> Reading:
    """A measure of reading and checking so many programs, as `validate` does."""

    def of(text: Callable[[int], str]) -> Measure:
        def measure(amount: int) -> Counter[str]:
            for number in range(amount):
                write(f"{number:05}.yaml", text(number))
            with counted() as calls:
                files = pipeline.read_files([tiers], None, today=TODAY, has_advice=True)
            assert len({problem.at.file for problem in files.problems}) in {0, amount}
            for path in tiers.iterdir():
                path.unlink()
            return calls

        return measure

    return of


@pytest.mark.parametrize("text", [sound, refused, broken, waived])
def test_a_program_costs_as_much_among_many_as_among_few(reading: Reading, text: Callable[[int], str]) -> None:
    first, then = grown(reading(text))
    assert sum(first.values()) > 90 * 500
    assert {name: (first[name], then[name]) for name in first if first[name] != then[name]} == {}


def test_a_file_is_opened_and_parsed_once(
    reading: Reading,
) -> None:
    measure = reading(sound)
    measure(FEW)
    calls = measure(FEW)
    assert calls["yamltext.py:parse"] == calls["files.py:read"] == calls["files.py:_open"] == FEW
    assert calls["program.py:build"] == FEW
    assert calls["contract.py:_program"] == 0  # the schema: it was put together for the programs before
    assert not [name for name in calls if name.startswith(("validators.py", "_keywords.py", "explain.py"))]


def test_what_is_refused_is_explained_once(
    reading: Reading,
) -> None:
    measure = reading(refused)
    measure(FEW)
    calls = measure(FEW)
    assert calls["explain.py:problems"] == FEW
    assert calls["contract.py:_program"] == 0


def test_of_a_file_that_was_read_nothing_is_kept_but_its_programs(tiers: Path, write: Write) -> None:
    for number in range(FEW):
        write(f"{number:05}.yaml", waived(number))
    loaded = config.load(tiers, today=TODAY)
    assert len(loaded.programs) == FEW
    gc.collect()
    assert [thing for thing in gc.get_objects() if isinstance(thing, Map | List)] == []


@pytest.mark.parametrize("format_", ["text", "json", "markdown", "html", "sarif", "junit", "github"])
def test_a_finding_costs_as_much_among_many_as_among_few(tiers: Path, write: Write, format_: str) -> None:
    for number in range(MANY):
        write(f"{number:05}.yaml", broken(number))
    files = pipeline.read_files([tiers], None, today=TODAY, has_advice=True)
    assert len(files.problems) == MANY

    def measure(amount: int) -> Counter[str]:
        targets = tuple(target for program in files.programs[:amount] for target in program.targets)
        problems = files.problems[:amount]
        counts = (amount, amount, 10 * amount)
        report = Report("validate", Exit.FAILED, problems=problems, checked=counts, targets=targets)
        with counted() as calls:
            output.render(report, format_)
        return calls

    first, then = grown(measure)
    assert {name: (first[name], then[name]) for name in first if abs(first[name] - then[name]) > 5} == {}
