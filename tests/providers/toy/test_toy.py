"""A vendor from which tierops only reads, as small as one can be. docs/providers.md follows it, and is held here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import outside
import pytest
from harness import Run

from tierops import apply, providers
from tierops.emulator import Emulator, Fault
from tierops.emulator.server import Served
from tierops.emulator.vendors import own
from tierops.errors import Exit, NotSent
from tierops.model import Kind, Request, Tier, Value
from tierops.providers import contract

with outside.installed("toy"):
    from toy_loyalty import VENDOR
    from toy_loyalty.emulator import Api

HERE = Path(__file__).parent
PROGRAM = """\
version: 1
program: stars
targets:
  - toy: {box: Stars}
tiers:
  - {name: Bear, from: 0, toy: {badge: bear}}
  - {name: Lion, from: 10}
"""


@pytest.fixture(autouse=True)
def _installed() -> Iterator[None]:
    with outside.installed("toy"):
        yield


def blocks(random: Random) -> dict[str, Value]:
    return {"badge": random.choice(["bear", "lion"])} if random.random() < 0.5 else {}


def fill(emulator: Emulator, tiers: Sequence[Tier]) -> None:
    rows: list[dict[str, Any]] = [
        {"name": tier.name, "first": int(tier.range.lower or 0), "last": tier.range.upper, **tier.fields}
        for tier in tiers
    ]
    emulator.toy.fill("Box", [row | ({"last": int(row["last"]) - 1} if row["last"] else {}) for row in rows])


class TestToy(contract.Reading):
    setup = contract.Setup(
        VENDOR,
        place={"box": "Box"},
        prepare=lambda emulator: emulator.toy.fill("Box", []),
        blocks=blocks,
        hold=fill,
        lies=(
            Fault("GET /boxes/*", "cap", value=1, times=None),
            Fault("GET /boxes/*", "total", value=1, times=None),
        ),
    )

    def test_every_create_is_blocked_with_its_sentence_and_nothing_is_sent(self) -> None:
        with self.setup.world() as world:
            planned = world.plan(contract.rising(self.setup))
            assert {(change.kind, change.note) for change in planned.changes} == {(Kind.BLOCKED, VENDOR.read_only)}
            assert planned.requests == ()
            result = world.apply(planned)
            assert (apply.exit_code([result]), world.emulator.writes) == (Exit.REMAINING, 0)
            with pytest.raises(NotSent):
                world.connection.send(Request("POST", "/boxes/Box", {}, ("T0",)))
            assert {sent[0] for sent in world.emulator.requests} == {"GET"}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    app = Emulator(vendors=(*own(), Api))
    app.toy.fill("Stars", [{"name": "Bear", "first": 0, "last": 9, "badge": "bear"}])
    yield app
    app.close()


@pytest.fixture
def toy(tierops: Run, emulator: Emulator, served: Served, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name, value in emulator.vendors["toy"].environ(served.url).items():
        monkeypatch.setenv(name, value)
    Path("tiers").mkdir()
    Path("tiers/stars.yaml").write_text(PROGRAM)
    return tierops


def test_it_plans_audits_and_imports_and_never_sends(toy: Run, emulator: Emulator) -> None:
    assert toy("validate").code == Exit.DONE
    planned = toy("plan", "--out", "plan.json", "--detailed-exitcode")
    assert (planned.code, VENDOR.read_only in " ".join(planned.out.split())) == (Exit.DIFFERENCES, True)
    assert toy("apply", "plan.json").code == Exit.REMAINING
    assert toy("apply", "--auto-approve").code == Exit.REMAINING
    assert toy("drift").code == Exit.DIFFERENCES
    assert (
        toy("import", "toy", "--at", "box=Stars", "--program", "stars", "--out", "tiers/stars.yaml", "--force").code
        == 0
    )
    assert toy("plan", "--detailed-exitcode").code == Exit.DONE
    assert {method for method, _, _ in emulator.requests} == {"GET"}


def test_the_documentation_follows_it_to_the_letter() -> None:
    """Each example is a part of one of its files, which the line before it names."""
    text = (HERE.parents[2] / "docs" / "providers.md").read_text()
    examples = re.findall(r"^`([^`\n]+)`[^\n]*:\n\n```\w*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    shown = dict.fromkeys(path for path, _ in examples)
    for path, example in examples:
        assert example in (HERE / path).read_text(), path
    files = {
        path.relative_to(HERE).as_posix() for path in HERE.rglob("*") if path.suffix in {".py", ".json", ".md", ".txt"}
    }
    assert shown.keys() == files
    assert providers.find("toy") is VENDOR
