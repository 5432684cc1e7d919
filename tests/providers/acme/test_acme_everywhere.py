"""What ACME brings along is all that it takes: no file of tierops knows of it, and every command does."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import outside
import pytest
import reference
from harness import Run
from jsonschema import Draft202012Validator

from tierops import providers
from tierops.emulator import Emulator
from tierops.emulator.server import Served
from tierops.errors import Exit
from tierops.text import jsontext

ROOT = Path(__file__).parents[3]
PROGRAM = """\
version: 1
program: coffee-club
targets:
  - acme: {club: Coffee Club, currency: EUR}
tiers:
  - name: Bronze
    from: 0
  - name: Silver
    from: 99.50
    acme: {color: silver, perks: [free refill]}
  - name: Gold
    from: 500
    targets:
      acme: {perks: [lounge, free refill]}
"""
SECRET = "acme-S3CRET-key-1234567890"


@pytest.fixture
def program(acme: Run, emulator: Emulator) -> Path:
    """A ladder of three tiers, of which the club has the lowest."""
    emulator.acme.add_club("Coffee Club", [{"label": "Bronze", "from_cents": 0}])
    path = Path("tiers/coffee-club.yaml")
    path.parent.mkdir()
    path.write_text(PROGRAM)
    return path


def posts(emulator: Emulator) -> list[str]:
    return [path for method, path, _ in emulator.requests if method != "GET"]


def test_a_program_is_validated_by_the_schema_that_acme_brings(acme: Run, program: Path) -> None:
    assert acme("validate").code == 0
    program.write_text(PROGRAM.replace("color: silver", "colour: silver").replace("[lounge, free refill]", "lounge"))
    ended = acme("validate")
    assert ended.code == Exit.FAILED
    assert "coffee-club.yaml:10:12: schema: unknown key 'colour'; did you mean `color`?" in ended.out + ended.err
    assert "coffee-club.yaml:14:21: schema:" in ended.out + ended.err


@pytest.mark.parametrize(
    ("line", "instead", "finding"),
    [
        ("from: 99.50", "from: 99.505", "8:5: not-representable: Silver has the bound 99.505"),
        ("from: 500", "from: 500\n    below: 1000", "11:5: not-representable: Gold would be 500+ there, not 500–<1000"),
        ("from: 99.50", "from: 99.50\n    below: 400", "8:5: not-representable: Silver would be 99.5–<500 there, not"),
    ],
    ids=["decimals", "an upper end", "a gap"],
)
def test_what_acme_cannot_hold_is_found_in_the_files(
    line: str, instead: str, finding: str, acme: Run, program: Path
) -> None:
    program.write_text(PROGRAM.replace(line, instead))
    ended = acme("validate")
    assert ended.code == Exit.FAILED
    assert finding.partition(": ")[2] in ended.out + ended.err


def test_a_plan_reads_only_and_says_what_acme_says_of_creates(acme: Run, program: Path, emulator: Emulator) -> None:
    ended = acme("plan", "--detailed-exitcode")
    assert ended.code == Exit.DIFFERENCES
    text = " ".join(ended.out.split())
    assert "Members with 99.50 to less than 500 EUR, now in Bronze, join this tier once the club is published" in text
    assert "Until then the level can be deleted in the console" in text
    assert "After the apply: publish the club 'Coffee Club' in ACME's console" in text
    assert "~" not in ended.out  # Bronze ends where Silver is to begin
    assert (posts(emulator), emulator.writes) == (["/acme/oauth/token"], 0)


def test_apply_creates_one_tier_after_the_other_and_names_the_step_by_hand(
    acme: Run, program: Path, emulator: Emulator
) -> None:
    ended = acme("apply", "--auto-approve")
    assert ended.code == Exit.DONE, ended
    assert "Publish the club 'Coffee Club' in ACME's console" in " ".join(ended.out.split())
    levels = [
        (level["label"], level["from_cents"], level.get("perks")) for level in emulator.acme.levels("Coffee Club")
    ]
    assert levels == [
        ("Bronze", 0, None),
        ("Silver", 9950, ["free refill"]),
        ("Gold", 50000, ["lounge", "free refill"]),
    ]
    assert acme("apply", "--auto-approve").code == Exit.DONE
    assert acme("plan", "--detailed-exitcode").code == Exit.DONE
    assert emulator.writes == 2


@pytest.mark.parametrize("format_", ["json", "markdown", "html"])
def test_a_plan_file_is_shown_in_every_format_and_carried_out_once(
    format_: str, acme: Run, program: Path, emulator: Emulator
) -> None:
    assert acme("plan", "--out", "plan.json").code == Exit.DONE
    shown = acme("show", "plan.json", "--format", format_)
    assert (shown.code, "Silver" in shown.out, "99.5" in shown.out) == (0, True, True)
    assert acme("apply", "plan.json").code == Exit.DONE
    assert acme("apply", "plan.json").code == Exit.DONE
    assert emulator.writes == 2


def test_a_plan_file_with_another_request_is_refused(acme: Run, program: Path, emulator: Emulator) -> None:
    acme("plan", "--out", "plan.json")
    plan = json.loads(Path("plan.json").read_text(), parse_float=Decimal)
    plan["targets"][0]["requests"][1]["path"] = "/v1/clubs/9/levels"
    del plan["digest"]
    plan["digest"] = jsontext.digest(plan)
    Path("plan.json").write_text(jsontext.dumps(plan, indent=2) + "\n")
    assert acme("apply", "plan.json").code == Exit.REFUSED
    assert emulator.writes == 0


def test_drift_only_reads_and_signs_in(acme: Run, program: Path, emulator: Emulator) -> None:
    acme("apply", "--auto-approve")
    assert acme("drift").code == Exit.DONE
    emulator.acme.edit_level("Coffee Club", "Silver", from_cents=10000)
    emulator.requests.clear()
    ended = acme("drift")
    assert ended.code == Exit.DIFFERENCES
    assert "coffee-club/acme: Bronze: live 0–<100, file 0–<99.5 EUR" in ended.out
    assert "coffee-club/acme: Silver: live 100–<500, file 99.5–<500 EUR" in ended.out
    assert posts(emulator) == ["/acme/oauth/token"]
    assert "ACME's API cannot change a level: edit it in the console" in " ".join(acme("plan").out.split())


def test_a_club_that_is_closed_blocks_its_creates(acme: Run, program: Path, emulator: Emulator) -> None:
    emulator.acme.close_club("Coffee Club")
    assert "the club is closed, and takes no levels any more" in acme("plan").out
    assert acme("apply", "--auto-approve").code == Exit.REMAINING
    assert emulator.writes == 0


@pytest.mark.parametrize("at", ["club=Coffee Club", "club=1"], ids=["title", "number"])
def test_what_is_imported_has_an_empty_plan(at: str, acme: Run, program: Path, emulator: Emulator) -> None:
    acme("apply", "--auto-approve")
    program.unlink()
    ended = acme("import", "acme", "--at", at, "--program", "coffee-club", "--out", "tiers/club.yaml")
    assert (ended.code, "GET" in ended.out) == (0, False), ended
    text = Path("tiers/club.yaml").read_text()
    assert "currency: EUR" in text
    assert "perks:" in text
    assert "below:" not in text
    assert acme("plan", "--detailed-exitcode").code == Exit.DONE


def test_every_club_is_imported(acme: Run, program: Path, emulator: Emulator) -> None:
    emulator.acme.add_club("Tea Club", [{"label": "Leaf", "from_cents": 150}], currency="GBP")
    program.unlink()
    assert acme("import", "acme", "--all").code == Exit.DONE
    assert sorted(path.name for path in Path("tiers").iterdir()) == ["coffee-club.yaml", "tea-club.yaml"]
    assert (
        "kept tiers/coffee-club.yaml: club 'Coffee Club' is a target of coffee-club"
        in acme("import", "acme", "--all").err
    )
    assert acme("plan", "--detailed-exitcode").code == Exit.DONE


def test_init_writes_a_repository_for_acme(acme: Run, emulator: Emulator) -> None:
    options = ("--vendor", "acme", "--at", "club=Coffee Club", "--ci", "github", "--environment", "sandbox", "--yes")
    ended = acme("init", *options)
    assert ended.code == Exit.DONE, ended
    assert "export ACME_URL=… ACME_CLIENT_ID=… ACME_CLIENT_SECRET=…" in ended.out
    assert 'acme: {club: "${club}", currency: EUR}' in Path("tiers/coffee-club.yaml").read_text()
    assert "values:\n  club: Coffee Club\n" in Path("tiers/environments/sandbox.yaml").read_text()
    for name in ("plan", "apply", "drift"):
        workflow = Path(f".github/workflows/tiers-{name}.yml").read_text()
        assert "ACME_CLIENT_SECRET: ${{ secrets.ACME_CLIENT_SECRET }}" in workflow
        assert "ACME_URL: ${{ vars.ACME_URL }}" in workflow
    assert acme("validate", "--env", "sandbox").code == Exit.DONE
    schema = json.loads(Path("tiers/.schemas/program.schema.json").read_text())
    assert "acme" in schema["$defs"]["target"]["properties"]
    emulator.acme.add_club("Coffee Club")
    assert acme("apply", "--env", "sandbox", "--auto-approve").code == Exit.DONE


def test_the_printed_schema_knows_acme(acme: Run) -> None:
    schema = json.loads(acme("schema").out)
    Draft202012Validator.check_schema(schema)
    program = {
        "version": 1,
        "program": "club",
        "targets": [{"acme": {"club": "Club", "currency": "EUR"}}],
        "tiers": [{"name": "A", "from": 0, "acme": {"perks": ["lounge"]}}],
    }
    assert [*Draft202012Validator(schema).iter_errors(program)] == []
    program["targets"] = [{"acme": {"club": "Club", "currency": "euro"}}]
    assert [*Draft202012Validator(schema).iter_errors(program)] != []
    environment = json.loads(acme("schema", "environment").out)
    assert "acme" in environment["properties"]["providers"]["properties"]


@pytest.mark.parametrize("command", ["validate", "plan", "apply", "drift"])
def test_a_key_is_redacted_wherever_it_may_come_from(
    command: str, acme: Run, program: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_CLIENT_SECRET", SECRET)
    program.write_text(PROGRAM.replace("Gold", SECRET).replace("from: 500", "from: 5"))
    ended = acme("-v", command, *(["--auto-approve"] if command == "apply" else []))
    assert ended.code == Exit.FAILED
    assert "[redacted]" in ended.out + ended.err
    assert SECRET not in ended.out + ended.err


def test_a_token_that_comes_back_is_shown_nowhere(
    acme: Run, program: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "acme-0-a-token-that-nobody-may-see"
    emulator.acme.add_levels("Coffee Club", [{"label": token, "from_cents": 1}])
    monkeypatch.setattr(emulator.vendors["acme"], "new_token", lambda: token)
    ended = acme("plan")
    assert ended.code == Exit.FAILED
    assert "ACME Loyalty sent back the key that it was asked with" in ended.err
    assert token not in ended.out + ended.err


def test_keys_that_are_missing_are_named(acme: Run, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACME_CLIENT_SECRET")
    ended = acme("plan")
    assert (ended.code, "set ACME_CLIENT_ID and ACME_CLIENT_SECRET" in ended.err) == (Exit.FAILED, True)
    monkeypatch.setenv("ACME_CLIENT_SECRET", SECRET)
    monkeypatch.delenv("ACME_URL")
    ended = acme("plan")
    assert (ended.code, "set ACME_URL" in ended.err) == (Exit.FAILED, True)


def test_a_process_of_its_own_finds_acme_by_the_entry_point(
    acme: Run, program: Path, emulator: Emulator, served: Served
) -> None:
    path = [str(ROOT / "src"), str(outside.FOLDERS["acme"])]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    command = [sys.executable, "-m", "tierops", "apply", "--auto-approve", "--settle", "0"]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (ended.returncode, emulator.writes) == (0, 2), ended.stderr
    without = subprocess.run(
        command, env=environ | {"PYTHONPATH": path[0]}, capture_output=True, text=True, check=False
    )
    assert without.returncode == Exit.FAILED
    assert "unknown key 'acme'" in without.stderr + without.stdout


def test_pip_sees_none_of_its_keys(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python3"
    log = shlex.quote(str(tmp_path / "env"))
    python.write_text(f'#!/bin/sh\nmkdir -p "$4/bin"\ncp "$0" "$4/bin/python"\nenv >>{log}\n')
    python.chmod(0o755)
    kept = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "HOME": str(tmp_path), "HTTPS_PROXY": "http://proxy:1"}
    hidden = {"RUNNER_TEMP": str(tmp_path), "GITHUB_ACTION_PATH": "/an action", "GITHUB_TOKEN": "t", "ANYTHING": "else"}
    hidden |= {variable.name: SECRET for variable in providers.find("acme").variables}
    script = ROOT / ".github" / "action" / "install.sh"
    subprocess.run(["bash", str(script)], env=kept | hidden, check=True, cwd=tmp_path)
    seen = (tmp_path / "env").read_text()
    assert SECRET not in seen
    assert set(re.findall(r"^(\w+)=", seen, re.MULTILINE)) - {"PWD", "OLDPWD", "SHLVL", "_"} == kept.keys()
    assert seen.count("HTTPS_PROXY=") == 2  # by venv, and by pip


def test_the_documentation_would_have_a_section_for_it() -> None:
    section = reference.page(providers.find("acme"))
    assert section.startswith("# ACME Loyalty")
    assert "| a target is a club | `club`, the club, by title or number; `currency`, " in section
    assert "`ACME_CLIENT_ID` (console, Integrations: the client id) and `ACME_CLIENT_SECRET` (" in section
    assert "| address | `ACME_URL`, required |" in section
    assert "Members in its range join this tier once the club is published. Until then" in section
    assert "A level has a start and no end" in section


def test_no_file_of_tierops_names_it() -> None:
    named = [path for path in (ROOT / "src").rglob("*.py") if re.search("acme", path.read_text(), re.IGNORECASE)]
    assert named == []
