"""Services that look up files find them in the repository, wherever in it the command runs."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from harness import CAMPAIGN, Run

from tierops.commands import checkout
from tierops.emulator import Emulator

OVERLAP = """version: 1
program: {program}
targets: [{{voucherify: {{campaign: Coffee Club}}}}]
tiers:
  - {{name: Bronze, from: 0}}
  - {{name: Silver, from: 0}}
"""


@pytest.fixture(autouse=True)
def _no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)


def program(folder: str, name: str = "coffee-club") -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    Path(folder, "c.yaml").write_text(OVERLAP.format(program=name))


def results(run: Run, *arguments: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(run("validate", "--format", "sarif", *arguments).out)["runs"][0][
        "results"
    ]
    return listed


def files_in(run: Run, *arguments: str) -> dict[str, str]:
    """The one file that each format names."""
    (result,) = results(run, *arguments)
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    junit = ET.fromstring(run("validate", "--format", "junit", *arguments).out)
    (file,) = {case.attrib["file"] for case in junit.iter("testcase")}
    annotation = re.match("::error file=([^,]*),", run("validate", "--format", "github", *arguments).out)
    assert annotation
    root = f"{location['uriBaseId']}/" if "uriBaseId" in location else ""
    return {"sarif": root + location["uri"], "junit": file, "github": annotation[1]}


def named(file: str) -> dict[str, str]:
    return {"sarif": f"%SRCROOT%/{file}", "junit": file, "github": file}


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR", ""])
def test_files_are_named_from_the_root_of_the_repository(
    offline: Run, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    if variable:  # without git, as after a checkout that downloaded an archive
        monkeypatch.setenv(variable, str(Path.cwd()))
    else:
        Path(".git").mkdir()
    program("loyalty/tiers")
    program("loyalty/shop/code", "x")
    os.chdir("loyalty")
    assert files_in(offline) == named("loyalty/tiers/c.yaml")
    os.chdir("shop")
    assert files_in(offline, "--dir", "../tiers") == named("loyalty/tiers/c.yaml")
    assert files_in(offline, "--dir", str(Path("code").absolute())) == named("loyalty/shop/code/c.yaml")


def test_a_repository_below_the_workspace_is_the_root_and_one_around_it_is_not(
    offline: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".git").mkdir()
    program("work/shop/loyalty/tiers")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(Path("work").absolute()))
    os.chdir("work/shop/loyalty")
    assert files_in(offline) == named("shop/loyalty/tiers/c.yaml")
    Path("../.git").write_text("gitdir: elsewhere\n")  # as in a worktree
    assert files_in(offline) == named("loyalty/tiers/c.yaml")


def test_without_a_repository_files_are_named_from_where_the_command_runs(
    offline: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(Path("elsewhere").absolute()))
    program("tiers")
    assert files_in(offline) == named("tiers/c.yaml")


def test_a_file_outside_of_the_repository_has_its_whole_path(offline: Run) -> None:
    Path("shop/.git").mkdir(parents=True)
    program("tiers")
    whole = Path("tiers/c.yaml").absolute()
    os.chdir("shop")
    assert files_in(offline, "--dir", "../tiers") == {
        "sarif": f"file://{whole}",
        "junit": str(whole),
        "github": str(whole),
    }


def test_a_workspace_that_is_reached_through_a_link_is_the_same(offline: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    program("real/loyalty/tiers")
    Path("link").symlink_to("real")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(Path("link").absolute()))
    os.chdir("link/loyalty")
    assert files_in(offline) == named("loyalty/tiers/c.yaml")


def test_a_finding_keeps_its_fingerprint_however_its_folder_is_named(offline: Run) -> None:
    Path("tiers").mkdir()
    Path("tiers/c.yaml").write_text("version: 2\n")
    ways = ["tiers", str(Path("tiers").absolute()), f"../{Path.cwd().name}/tiers"]
    prints = [[result["partialFingerprints"] for result in results(offline, "--dir", way)] for way in ways]
    assert prints[0]
    assert prints[0] == prints[1] == prints[2]


def test_people_still_read_the_path_that_they_can_type(offline: Run) -> None:
    Path(".git").mkdir()
    program("loyalty/tiers")
    os.chdir("loyalty")
    assert "\ntiers/c.yaml:6:" in "\n" + offline("validate").out


def test_drift_names_the_file_of_a_missing_tier_from_the_root(tierops: Run, emulator: Emulator, sample: Path) -> None:
    emulator.voucherify.load_examples()
    emulator.voucherify.delete_tier(CAMPAIGN, "Middle")
    Path(".git").mkdir()
    Path("loyalty").mkdir()
    sample.parent.rename("loyalty/tiers")
    os.chdir("loyalty")
    assert "::warning file=loyalty/tiers/loyalty-campaign.yaml,line=" in tierops("drift", "--format", "github").out


GITHUB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/club", "GITHUB_SHA": "abc123"}


@pytest.mark.parametrize(
    ("environ", "page"),
    [
        (GITHUB, "https://github.com/acme/club/blob/abc123/"),
        (
            {"CI_PROJECT_URL": "https://gitlab.example:8443/acme/eu/club", "CI_COMMIT_SHA": "abc123"},
            "https://gitlab.example:8443/acme/eu/club/-/blob/abc123/",
        ),
        ({}, ""),
        (GITHUB | {"GITHUB_SHA": ""}, ""),
        (GITHUB | {"GITHUB_SERVER_URL": "javascript:alert(1)//"}, ""),
        (GITHUB | {"GITHUB_REPOSITORY": 'a/b" onclick="x'}, ""),
    ],
)
def test_files_are_shown_where_the_service_shows_the_commit(environ: dict[str, str], page: str) -> None:
    place = checkout.find(environ)
    assert place
    assert place.page == page
