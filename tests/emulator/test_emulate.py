"""`tierops emulate`: what it says, and the data it starts with."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import outside
import pytest
from harness import Run

from tierops import providers
from tierops.commands import serving
from tierops.emulator import Emulator, Switches
from tierops.emulator.vendors import own
from tierops.errors import Exit, UsageError
from tierops.model import Place


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Switches, int]]:
    """What would have been served: its switches, and how many audiences it holds."""
    seen: list[tuple[Switches, int]] = []

    def serve(app: Emulator, host: str, port: int, *, log: bool, ready: Callable[[str], object]) -> None:
        seen.append((app.switches, len(app.fanfare.audiences())))
        ready(f"http://{host}:{port}")

    monkeypatch.setattr(serving, "run_forever", serve)
    return seen


def _run(switches: list[str], data: Path | None = None, **more: Any) -> list[str]:
    said: list[str] = []
    serving.run(
        "127.0.0.1", 8080, data, switches, has_examples=True, log=False, say=said.append, tell=lambda _: None, **more
    )
    return "".join(said).splitlines()


def test_it_says_how_to_reach_each_vendor_and_those_at_one_address_once(started: list[tuple[Switches, int]]) -> None:
    lines = _run(["fanfare.rules=between"])
    assert len({line.split()[1] for line in lines}) == len(lines)
    fanfare, voucherify = (next(line for line in lines if f" {name}_" in line) for name in ("FANFARE", "VOUCHERIFY"))
    assert voucherify.startswith("export VOUCHERIFY_URL=http://127.0.0.1:8080/voucherify ")
    assert fanfare == "export FANFARE_URL=http://127.0.0.1:8080/fanfare FANFARE_SECRET_KEY=any"
    assert started[0][0] == Switches.parse(["fanfare.rules=between"])


def test_examples_are_loaded_where_there_is_nothing_yet(started: list[tuple[Switches, int]], tmp_path: Path) -> None:
    _run([], tmp_path / "data.sqlite")
    _run([], tmp_path / "data.sqlite")
    assert [audiences for _, audiences in started] == [4, 4]


SHELL = """\
eval "$({tierops} emulate --port 0 --seed tiers 2>err &)"
{tierops} plan --env sandbox --detailed-exitcode --format json
echo "$?"
kill "$(sed -n 's/.* as process \\([0-9]*\\).*/\\1/p' err)"
"""


@pytest.mark.parametrize("vendor", ["voucherify", "both"])
def test_a_shell_evaluates_stdout_and_the_plan_after_init_works(vendor: str, offline: Run) -> None:
    assert offline("init", "--vendor", vendor, "--ci", "none").code == Exit.DONE
    tierops = f"{shlex.quote(sys.executable)} -m tierops"
    ended = subprocess.run(
        ["/bin/bash", "-euc", SHELL.replace("-euc", "-uc").format(tierops=tierops).replace("\necho", " || echo")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.stderr == ""
    report, _, code = ended.stdout.rstrip().rpartition("\n")
    assert (int(code), json.loads(report)["summary"]["create"]) == (Exit.DIFFERENCES, 6 if vendor == "both" else 3)
    said = Path("err").read_text()
    assert said.startswith("Serving at http://127.0.0.1:")
    assert "never tried against their live services" in said


def test_seeds_are_the_places_of_every_environment_or_of_the_chosen_one(
    offline: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[tuple[str, str]]] = []

    def serve(app: Emulator, *_: object, **__: object) -> None:
        seen.append([(campaign["name"], campaign["id"]) for campaign in app.voucherify.campaigns()])

    monkeypatch.setattr(serving, "run_forever", serve)
    Path("tiers/environments").mkdir(parents=True)
    for name, club in (("eu", "Club"), ("us", "camp_us"), ("uk", "Club")):
        values = f"version: 1\nenvironment: {name}\nvalues: {{club: {club}}}\n"
        Path(f"tiers/environments/{name}.yaml").write_text(values)
    Path("tiers/a.yaml").write_text(
        "version: 1\nprogram: a\ntargets:\n  - voucherify: {campaign: '${club}'}\n"
        "  - fanfare: {group: G, attribute: ltv}\ntiers:\n  - {name: A, from: 0}\n"
    )
    assert offline("emulate", "--seed", "tiers").code == Exit.DONE
    assert offline("emulate", "--seed", "tiers", "--env", "us", "--data", "kept.sqlite").code == Exit.DONE
    assert offline("emulate", "--seed", "tiers", "--env", "us", "--data", "kept.sqlite").code == Exit.DONE
    assert [name for name, _ in seen[0]] == ["Club", "camp_us"]
    assert seen[1] == seen[2] == [("camp_us", "camp_us")]
    Path("tiers/a.yaml").write_text("version: 2\n")
    ended = offline("emulate", "--seed", "tiers")
    assert (ended.code, ended.out, len(seen)) == (Exit.FAILED, "", 3)
    assert "the program files have errors, such as tiers/a.yaml:1:" in ended.err


def test_a_place_that_nothing_emulates_is_told(started: list[tuple[Switches, int]]) -> None:
    told: list[str] = []
    place = Place("acme", "club", ("Coffee Club",), {"club": "Coffee Club"})
    serving.run(
        "127.0.0.1", 8080, None, [], has_examples=False, places=[place], log=False, say=lambda _: None,
        tell=told.append,
    )  # fmt: skip
    assert told[0] == "club 'Coffee Club' is not there: acme is not emulated"


def test_switch_without_its_vendor_is_a_usage_error(started: list[tuple[Switches, int]]) -> None:
    with pytest.raises(UsageError, match=r"say fanfare\.overlap or voucherify\.overlap"):
        _run(["overlap=400"])
    assert started == []


def test_table_lists_the_switches_of_every_vendor() -> None:
    lines = serving.switch_table().splitlines()
    assert "voucherify.page=ignored | 400 | honoured" in lines
    assert "fanfare.overlap=issue | plain | accepted" in lines


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[Emulator]:
    """The emulators that a demonstration used."""
    seen: list[Emulator] = []

    def begun(*args: Any, **settings: Any) -> Emulator:
        seen.append(Emulator(*args, **settings))
        return seen[-1]

    monkeypatch.setattr("tierops.commands.demo.Emulator", begun)
    return seen


def test_demo_tells_its_story_with_no_setting_of_a_real_account(
    offline: Run, monkeypatch: pytest.MonkeyPatch, played: list[Emulator], tmp_path: Path
) -> None:
    settings = ("TIEROPS_ENV", "VOUCHERIFY_URL", "VOUCHERIFY_OAUTH_TOKEN", "VOUCHERIFY_PROJECT", "FANFARE_SECRET_KEY")
    for name in (*settings, "SALESFORCE_URL", "SALESFORCE_ACCESS_TOKEN", "OPENLOYALTY_TOKEN"):
        monkeypatch.setenv(name, "real")
    ended = offline("demo")
    assert ended.code == Exit.DONE
    assert "(requests that write, so far: 1; by this last apply: 0)" in ended.out
    assert "Silver is the second\nrequest to v2" in ended.out
    assert "(Creates that Voucherify Loyalty v2 got: 3.\nIt holds Bronze, Silver, Gold, each once.)" in ended.out
    assert "7. Somebody edits Middle in the dashboard: 600 points instead of 499." in ended.out
    assert "9. And who would move then?" in ended.out
    assert [line for line in ended.out.splitlines() if len(line) > 80 and not line.startswith("$ ")] == []
    assert list(tmp_path.iterdir()) == []

    (emulator,) = played
    ladder = ["Bronze", "Silver", "Gold"]
    assert [tier["name"] for tier in emulator.voucherify_v2.tiers("Travel Club (sandbox)")] == ladder
    assert [tier["Name"] for tier in emulator.salesforce.tiers("Status")] == ladder
    assert [tier["name"] for tier in emulator.openloyalty.tiers("Travel Club")] == ladder
    assert [audience["name"] for audience in emulator.fanfare.audiences()] == ladder
    posts = [body for method, path, body in emulator.requests if method == "POST" and path.endswith("/tiers")]
    assert [body["name"] for body in posts if isinstance(body, dict)] == ladder


def test_demo_fails_where_a_tier_is_there_twice(offline: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = next(kind for kind in own() if kind.loss)
    monkeypatch.setattr(vendor, "loss", vendor.loss._replace(held=lambda _: ["Bronze", "Silver", "Silver"]))
    ended = offline("demo")
    assert ended.code == Exit.FAILED
    assert "the demonstration failed: 3 creates were sent, and there are Bronze, Silver, Silver" in ended.err


def test_every_vendor_that_is_installed_is_served_and_has_its_switches(
    started: list[tuple[Switches, int]], offline: Run
) -> None:
    with outside.installed("acme", "toy"):
        exports = _run(["acme.rate_limit=7", "toy.order=falling"])
        assert "toy.order=rising | falling" in offline("emulate", "--switches").out
    served = [line.split()[1].partition("=")[0] for line in exports]
    assert served == sorted(served)
    assert set(served) > {"ACME_URL", "FANFARE_URL", "TOY_URL", "VOUCHERIFY_URL"}
    assert started[0][0]["acme"].rate_limit == 7
    with pytest.raises(UsageError, match="VENDOR one of fanfare, "):
        _run(["acme.rate_limit=7"])


def test_a_vendor_that_cannot_be_imported_is_told_and_the_others_are_served(
    started: list[tuple[Switches, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    information = tmp_path / "broken-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[tierops.providers]\nbroken = broken_loyalty:VENDOR\n")
    (tmp_path / "broken_loyalty.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    told: list[str] = []
    assert [kind.name for kind in providers.emulators(told.append)] == [kind.name for kind in own()]
    assert told == ["the vendor broken (broken_loyalty:VENDOR) cannot be used: division by zero"]
    _run([])
    assert len(started) == 1
