"""A project says in `tierops.yaml` or `pyproject.toml` what its commands do where the line says nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import Run

from tierops.emulator import Emulator
from tierops.errors import Exit

LADDER = "tiers: [{name: Bronze, from: 0}, {name: Gold, from: 500}]\n"


def program(path: str, key: str, campaign: str, more: str = "") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(
        f"version: 1\nprogram: {key}\ntargets: [{{voucherify: {{campaign: '{campaign}'}}}}]\n{LADDER}{more}"
    )


def environment(path: str, name: str, values: str = "{x: 1}", url: str = "") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(f"version: 1\nenvironment: {name}\nvalues: {values}\n{url}")


def settings(text: str, folder: str = ".") -> None:
    (Path(folder) / "tierops.yaml").write_text(text)


def test_several_folders_are_one_project(offline: Run) -> None:
    program("loyalty/eu/club.yaml", "club-eu", "Club EU")
    program("loyalty/us/club.yaml", "club-us", "Club US")
    settings("dir: [loyalty/eu, loyalty/us]\n")
    assert "2 programs, 2 targets, 4 tiers: valid." in offline("validate").out
    program("loyalty/us/twin.yaml", "club-us-2", "Club EU")
    ended = offline("validate")
    assert ended.code == Exit.FAILED
    assert "loyalty/us/twin.yaml:3:11: duplicate-target: " in ended.out
    assert "loyalty/eu/club.yaml:3" in ended.out


def test_a_path_is_read_as_one_of_its_own_folder(offline: Run) -> None:
    program("eu/club.yaml", "club-eu", "Club EU")
    program("us/club.yaml", "club-us", "Club US")
    environment("us/environments/prod.yaml", "prod")
    settings("dir: [eu, us]\nenv: prod\n")
    assert "1 program, 1 target" in offline("validate", "us/club.yaml").out
    assert "1 program, 1 target" in offline("validate", "eu/club.yaml").out
    assert offline("validate", "us/environments/prod.yaml").code == Exit.DONE


def test_folders_share_an_environment(emulator: Emulator, tierops: Run) -> None:
    program("eu/club.yaml", "club-eu", "${campaign}")
    program("us/club.yaml", "club-us", "Club US")
    environment("eu/environments/prod.yaml", "prod", "{campaign: Club EU}")
    settings("dir: [eu, us]\n")
    for name in ("Club EU", "Club US"):
        emulator.voucherify.add_campaign(name)
    assert tierops("plan").code == Exit.USAGE
    ended = tierops("plan", "--env", "prod", "--format", "json")
    assert ended.code == Exit.DONE, ended.err
    targets = json.loads(ended.out)["plan"]["targets"]
    assert [target["program"] for target in targets] == ["club-eu", "club-us"]
    ended = tierops("plan", "--env", "other")
    assert (ended.code, "there is no environment 'other'" in ended.err) == (Exit.USAGE, True)
    assert tierops("list", "voucherify", "--env", "prod").code == Exit.DONE


def test_folders_that_contradict_each_other_are_refused(offline: Run) -> None:
    for folder, port in (("eu", 1), ("us", 2)):
        program(f"{folder}/club.yaml", f"club-{folder}", f"Club {folder}")
        url = f"providers: {{voucherify: {{url: 'http://127.0.0.1:{port}'}}}}\n"
        environment(f"{folder}/environments/prod.yaml", "prod", url=url)
    settings("dir: [eu, us]\nenv: prod\n")
    ended = offline("validate")
    assert ended.code == Exit.FAILED
    assert "two folders say other addresses of voucherify in the environment 'prod'" in ended.err


def test_the_line_wins_and_the_variable_of_the_environment_too(offline: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    program("tiers/club.yaml", "club", "${campaign}")
    environment("tiers/environments/a.yaml", "a", "{campaign: A}")
    environment("tiers/environments/b.yaml", "b", "{campaign: B}")
    settings("env: a\n")
    assert offline("validate").code == Exit.DONE
    assert "environment 'nope'" in offline("validate", "--env", "nope").err
    monkeypatch.setenv("TIEROPS_ENV", "nope")
    assert "environment 'nope'" in offline("validate").err


def test_settings_lie_beside_the_folder_that_the_line_names(offline: Run) -> None:
    program("shop/tiers/club.yaml", "club", "Club")
    environment("shop/tiers/environments/a.yaml", "a")
    settings("env: a\n", "shop")
    settings("env: nope\n")
    assert offline("validate", "--dir", "shop/tiers").code == Exit.DONE


def test_times_of_the_project(emulator: Emulator, tierops: Run) -> None:
    program("tiers/club.yaml", "club", "Club")
    emulator.voucherify.add_campaign("Club")
    Path("pyproject.toml").write_text('[tool.tierops]\nttl = "7d"\n')
    assert tierops("plan", "--out", "plan.json").code == Exit.DONE
    plan = json.loads(Path("plan.json").read_text())
    assert days(plan) == 7
    assert tierops("plan", "--out", "plan.json", "--ttl", "24h").code == Exit.DONE
    assert days(json.loads(Path("plan.json").read_text())) == 1


def days(plan: dict[str, str]) -> int:
    from datetime import datetime

    return (datetime.fromisoformat(plan["expires_at"]) - datetime.fromisoformat(plan["created_at"])).days


def test_a_project_may_require_a_signature(emulator: Emulator, tierops: Run) -> None:
    program("tiers/club.yaml", "club", "Club")
    emulator.voucherify.add_campaign("Club")
    assert tierops("plan", "--out", "plan.json").code == Exit.DONE
    settings("require_signature: plan.pub\n")
    ended = tierops("apply", "plan.json")
    assert (ended.code, "plan.pub" in ended.err) == (Exit.FAILED, True)
    assert tierops("apply", "--auto-approve").code == Exit.USAGE
    assert emulator.writes == 0


def test_waivers_end_where_the_project_is(offline: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime, tzinfo

    from tierops.commands import session

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime(2027, 2, 1, 5, tzinfo=UTC).astimezone(tz or UTC)

    monkeypatch.setattr(session, "datetime", Clock)
    waiver = "waivers: [{rule: similar-name, reason: agreed, until: 2027-01-31}]\n"
    program("tiers/club.yaml", "club", "Club", waiver)
    assert "expired-waiver" in offline("validate").out
    settings("timezone: America/Los_Angeles\n")
    assert offline("validate").code == Exit.DONE


def test_what_is_wrong_in_the_settings_is_found_by_every_command(offline: Run) -> None:
    program("tiers/club.yaml", "club", "Club")
    settings("dri: tiers\n")
    for line in (("validate",), ("plan",), ("drift",), ("validate", "--format", "json"), ("list", "voucherify")):
        ended = offline(*line)
        assert ended.code == Exit.FAILED, line
        assert "unknown key 'dri'" in ended.out + ended.err


def test_apply_takes_the_environment_from_the_plan_all_the_same(emulator: Emulator, tierops: Run) -> None:
    program("tiers/club.yaml", "club", "${campaign}")
    environment("tiers/environments/a.yaml", "a", "{campaign: A}")
    environment("tiers/environments/b.yaml", "b", "{campaign: B}")
    emulator.voucherify.add_campaign("B")
    settings("env: a\n")
    assert tierops("plan", "--env", "b", "--out", "plan.json").code == Exit.DONE
    ended = tierops("apply", "plan.json", "--journal", "journal.jsonl")
    assert ended.code == Exit.DONE, ended.err
    begun = json.loads(Path("journal.jsonl").read_text().splitlines()[0])
    assert begun["environment"] is None


def test_import_keeps_what_another_folder_targets(emulator: Emulator, tierops: Run) -> None:
    emulator.voucherify.add_campaign("Club", tiers=[{"name": "Bronze", "points": {"from": 0}}])
    program("us/club.yaml", "club", "Club")
    Path("eu").mkdir()
    settings("dir: [eu, us]\n")
    assert tierops("import", "voucherify", "--all").code == Exit.DONE
    assert list(Path("eu").iterdir()) == []


def test_a_project_has_one_policy(offline: Run) -> None:
    for folder in ("eu", "us"):
        program(f"{folder}/club.yaml", f"club-{folder}", f"Club {folder}")
        Path(folder, "policy.yaml").write_text("version: 1\nrules: {most-tiers: {most: 5}}\n")
    settings("dir: [eu, us]\n")
    ended = offline("validate")
    assert ended.code == Exit.FAILED
    assert "us/policy.yaml:1:1: schema: there is a policy already, in eu/policy.yaml; a project has one" in ended.out
