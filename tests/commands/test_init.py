"""A new repository: right from the start, whatever things are called, and nothing of anybody's is touched."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
import tomllib
from pathlib import Path

import pytest
import yaml
from harness import Run
from hypothesis import given
from hypothesis import strategies as st

from tierops import config, providers
from tierops.commands import scaffold
from tierops.config import yamltext
from tierops.emulator import Emulator
from tierops.errors import BadFile, Exit
from tierops.host import disk, resources
from tierops.providers.vendor import Vendor

ROOT = Path(__file__).parents[2]
COMMIT = "1f" * 20
WORKFLOWS = [f".github/workflows/tiers-{name}.yml" for name in ("plan", "apply", "drift")]


def files() -> dict[str, str]:
    """What lies in this folder; of links, where they lead."""
    return {
        str(path): f"-> {path.readlink()}" if path.is_symlink() else path.read_text()
        for path in sorted(Path().rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def loaded(environment: str | None = None) -> config.Loaded:
    found = config.load(Path("tiers"), environment=environment, full_check=True)
    assert found.problems == ()
    return found


# It works at once


@pytest.mark.parametrize("vendor", ["voucherify", "fanfare", "both"])
def test_a_new_repository_validates_and_plans(vendor: str, emulator: Emulator, tierops: Run) -> None:
    emulator.voucherify.add_campaign("My Club")
    named = {"voucherify": ["--campaign", "My Club"], "fanfare": ["--group", "My Club"]}
    chosen = [*named["voucherify"], *named["fanfare"]] if vendor == "both" else named[vendor]
    assert tierops("init", *chosen).code == Exit.DONE
    for environment in ("sandbox", "production"):
        targets = 2 if vendor == "both" else 1
        ended = tierops("validate", "--env", environment)
        assert ended.out == f"1 program, {targets} target{'s' * (targets > 1)}, {targets * 3} tiers: valid.\n"
        ended = tierops("plan", "--env", environment, "--detailed-exitcode", "--format", "json")
        assert ended.code == Exit.DIFFERENCES, ended
        assert json.loads(ended.out)["summary"] == {"create": 3 * targets, "differs": 0, "unmanaged": 0, "blocked": 0}
    assert emulator.writes == 0


def linter(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([str(ROOT / ".venv-lint/bin"), os.environ["PATH"]]))
    return found or pytest.skip(f"{name} is not here; `make workflows` installs it")


@pytest.mark.parametrize("source", [[], ["--source", f"acme/tierops@{COMMIT}"]], ids=["unknown", "known"])
def test_the_workflows_pass_their_linters(source: list[str], offline: Run) -> None:
    offline("init", *source)
    _passes(linter("zizmor"), "--offline", "--no-progress", ".github")
    _passes(linter("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)


@pytest.mark.parametrize("names", [(), ("no", "1e3", "staging")], ids=["default", "odd"])
def test_the_pipeline_for_gitlab_passes_its_linter(names: tuple[str, ...], offline: Run) -> None:
    offline("init", "--ci", "gitlab", *(word for name in names for word in ("--environment", name)))
    _passes(linter("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", ".gitlab-ci.yml")


def test_pre_commit_takes_the_configuration_and_the_hook(offline: Run) -> None:
    offline("init")
    _passes(linter("pre-commit"), "validate-config", ".pre-commit-config.yaml")
    _passes(linter("pre-commit"), "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml"))


def _passes(*command: str) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


# What is written


def test_the_files_and_what_to_do_next_are_named(offline: Run) -> None:
    ended = offline("init", "shop front", "--campaign", "My Club", "--source", f"acme/tierops@{COMMIT}")
    written = [line.removeprefix("created ") for line in ended.out.split("\n\n")[0].splitlines()]
    assert [f"shop front/{name}" for name in sorted(written)] == sorted(files())
    assert sorted(written) == sorted(
        [
            "tiers/my-club.yaml",
            "tiers/environments/sandbox.yaml",
            "tiers/environments/production.yaml",
            "tiers/.schemas/program.schema.json",
            "tiers/.schemas/environment.schema.json",
            *WORKFLOWS,
            ".pre-commit-config.yaml",
            ".gitignore",
        ]
    )
    assert "1. cd 'shop front'\n" in ended.out
    assert "tierops validate --env sandbox\n" in ended.out
    assert "export VOUCHERIFY_APP_ID=… VOUCHERIFY_APP_TOKEN=…\n" in ended.out
    assert "FANFARE" not in ended.out
    assert 'TIEROPS_ENVIRONMENTS to ["sandbox", "production"]' in ended.out
    assert "OWNER/" not in ended.out + "".join(files().values())
    assert (ended.code, ended.err) == (Exit.DONE, "")


def test_every_modeline_leads_to_a_schema_that_is_tierops_own(offline: Run) -> None:
    offline("init")
    paths = sorted(Path("tiers").rglob("*.yaml"))
    assert len(paths) == 3
    for path in paths:
        place = path.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
        kind = "program" if path.parent.name == "tiers" else "environment"
        assert (path.parent / place).read_text() == config.schema(kind)


def test_the_program_is_the_one_that_was_asked_for(offline: Run) -> None:
    offline(
        "init", "--vendor", "both", "--campaign", "camp_1", "--group", "Club", "--attribute", "ltv",
        "--program", "vip", "--environment", "eu", "--environment", "us", "--environment", "eu", "--ci", "none",
    )  # fmt: skip
    (program,) = loaded("eu").programs
    assert program.key == "vip"
    assert [dict(target.place.fields) for target in program.targets] == [
        {"campaign": "camp_1"},
        {"group": "Club", "attribute": "ltv"},
    ]
    assert [tier.name for tier in program.targets[0].tiers] == ["Bronze", "Silver", "Gold"]
    assert sorted(path.name for path in Path("tiers/environments").iterdir()) == ["eu.yaml", "us.yaml"]
    assert not Path(".github").exists()


def test_a_group_alone_means_fanfare_and_an_attribute_too(offline: Run) -> None:
    offline("init", "--group", "Club", "--ci", "none")
    offline("init", "other", "--at", "attribute=ltv", "--ci", "none")
    (program,) = loaded("sandbox").programs
    assert [(target.provider, target.place.fields) for target in program.targets] == [
        ("fanfare", {"group": "Club", "attribute": "loyaltyBalance"})
    ]
    assert '- fanfare: {group: "${group}", attribute: ltv}' in Path("other/tiers/coffee-club.yaml").read_text()


def test_a_part_that_several_vendors_have_goes_to_the_one_that_is_named_already_or_takes_the_value(
    offline: Run,
) -> None:
    offline("init", "--tier-set", "Club", "--attribute", "totalSpending", "--ci", "none")
    (program,) = loaded("sandbox").programs
    assert [target.provider for target in program.targets] == ["openloyalty"]


@pytest.mark.parametrize("vendor", providers.own(), ids=lambda vendor: vendor.name)
def test_the_parts_of_a_place_are_those_of_the_schema(vendor: Vendor) -> None:
    block = json.loads(config.schema("program"))["$defs"]["target"]["properties"][vendor.name]
    assert list(block["properties"]) == [*(part.name for part in vendor.parts), *vendor.settings]
    for part in vendor.parts:
        choices = block["properties"][part.name].get("anyOf", [{}])[0].get("enum", [])
        assert choices == list(part.choices)
        assert not part.choices or part.default in {"", *part.choices}


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(lambda text: text.strip())


@given(names, names, names)
def test_any_name_is_read_back_as_it_is(campaign: str, group: str, attribute: str) -> None:
    places = {"voucherify": {"campaign": campaign}, "fanfare": {"group": group, "attribute": attribute}}
    wanted = scaffold.Wanted("key", places, ("sandbox",), "none", scaffold.UNKNOWN)
    text = scaffold.texts(wanted)["tiers/key.yaml"]
    with_values = scaffold.texts(wanted._replace(has_values=True))
    values = program_in(with_values["tiers/environments/sandbox.yaml"]).get("values", {})
    filled = [
        values[value[2:-1]] if value in {"${campaign}", "${group}"} and value != literal else value.replace("$${", "${")
        for target, place in zip(program_in(with_values["tiers/key.yaml"])["targets"], places.values(), strict=True)
        for block in target.values()
        for value, literal in zip(block.values(), place.values(), strict=True)
    ]
    assert filled == [value for place in places.values() for value in place.values()]
    assert [
        {name: value.replace("$${", "${") for name, value in place.items()}
        for target in program_in(text)["targets"]
        for place in target.values()
    ] == list(places.values())


def program_in(text: str) -> dict:
    (document,), problems = yamltext.parse(text, "x.yaml")
    assert problems == []
    return document.data


@pytest.mark.parametrize(
    "name", ["${x}", "$${", "- a: b #c", "'\"\\", "a\nb", "a\u2028b", "null", "1e3", "yes", "日本"]
)
def test_names_that_yaml_would_take_otherwise_stay_names(name: str, offline: Run) -> None:
    assert offline("init", "--campaign", name, "--group", name, "--program", "key", "--ci", "none").code == Exit.DONE
    (program,) = loaded("sandbox").programs
    keys = zip(program.targets, ("campaign", "group"), strict=True)
    assert {target.place.fields[key] for target, key in keys} == {name}


def test_a_name_that_is_no_text_is_refused(offline: Run) -> None:
    ended = offline("init", "--campaign", "\udc80")
    assert (ended.code, files()) == (Exit.USAGE, {})
    assert "half of a surrogate pair" in ended.err


@pytest.mark.parametrize("name", ["null", "1e3", "no", "on", "0x1f", "1-1"])
def test_environments_with_odd_names_are_named_alike_everywhere(name: str, offline: Run) -> None:
    assert offline("init", "--environment", name, "--ci", "gitlab").code == Exit.DONE
    assert loaded(name).environment.name == name
    pipeline = yaml.safe_load(Path(".gitlab-ci.yml").read_text())
    assert pipeline[".environments"]["parallel"]["matrix"] == [{"TIEROPS_ENV": [name]}]
    assert pipeline[f"apply {name}"]["variables"] == {"TIEROPS_ENV": name}
    assert [key for key in pipeline if key.startswith("apply ")] == [f"apply {name}"]
    text = Path(".gitlab-ci.yml").read_text()
    assert "sandbox" not in text
    assert "production" not in text


def test_our_own_pipelines_are_what_the_templates_say(request: pytest.FixtureRequest) -> None:
    """`make pipelines` rewrites them."""
    texts = {f".github/workflows/{name}": scaffold.workflow(name, None) for name in scaffold.WORKFLOWS}
    texts["docs/gitlab-ci.yml"] = scaffold.gitlab_pipeline(None, ("sandbox", "production"))
    for path, text in texts.items():
        if request.config.getoption("--bless"):
            (ROOT / path).write_text(text)
        assert (ROOT / path).read_text() == text


def test_the_pipeline_for_gitlab_has_the_jobs_of_each_environment(offline: Run) -> None:
    offline("init", "--ci", "gitlab", "--source", f"acme/tierops@{COMMIT}")
    ours = yaml.safe_load((ROOT / "docs/gitlab-ci.yml").read_text())
    theirs = yaml.safe_load(Path(".gitlab-ci.yml").read_text())
    assert theirs["variables"].pop("TIEROPS") == f"git+https://github.com/acme/tierops@{COMMIT}"
    assert ours["variables"].pop("TIEROPS")
    assert theirs == ours


# Where tierops comes from


@pytest.mark.parametrize("path", WORKFLOWS)
def test_the_workflows_differ_from_our_own_in_the_source_only(path: str, offline: Run) -> None:
    offline("init", "--source", f"acme/tierops@{COMMIT}")
    ours, theirs = (ROOT / path).read_text(), Path(path).read_text()
    assert "uses: ./\n" in ours
    assert yaml.safe_load(ours.replace("uses: ./\n", f"uses: acme/tierops@{COMMIT}\n")) == yaml.safe_load(theirs)
    assert "./" not in theirs
    assert "OWNER/" not in theirs


def test_without_a_known_source_a_place_is_kept_that_cannot_run(offline: Run) -> None:
    ended = offline("init")
    place = f"OWNER/tierops@{'0' * 40}"
    assert all(f"uses: {place}\n" in Path(path).read_text() for path in WORKFLOWS)
    hook = yaml.safe_load(Path(".pre-commit-config.yaml").read_text())["repos"][0]
    assert (hook["repo"], hook["rev"]) == ("https://github.com/OWNER/tierops", "0" * 40)
    every = ", ".join([*WORKFLOWS, ".pre-commit-config.yaml"])
    assert f"commit of it where these say OWNER/tierops and {'0' * 40}: {every}; or again: tierops init" in ended.out


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("https://github.com/acme/tierops.git", True),
        ("ssh://git@github.com/acme/tierops", True),
        ("https://gitlab.example.com/acme/tierops", False),
        ("https://github.com.evil.example/acme/tierops", False),
    ],
)
def test_what_pip_installed_from_github_names_its_source(
    url: str, known: bool, offline: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = tmp_path / "site/tierops-9.dist-info"
    noted.mkdir(parents=True)
    (noted / "METADATA").write_text("Metadata-Version: 2.1\nName: tierops\nVersion: 9\n")
    (noted / "direct_url.json").write_text(
        json.dumps({"url": url, "vcs_info": {"vcs": "git", "commit_id": COMMIT, "requested_revision": "v9"}})
    )
    monkeypatch.syspath_prepend(noted.parent)
    offline("init", "new")
    assert (f"acme/tierops@{COMMIT}" in Path("new", WORKFLOWS[0]).read_text()) == known


def test_an_installed_tierops_brings_every_file_along() -> None:
    included = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    places = {f"tierops/{name}": resources.folder(name).relative_to(ROOT).as_posix() for name in ("schemas", "tiers")}
    assert {place: path for path, place in included["force-include"].items()} == places


# Nothing of anybody's is touched


def test_a_second_run_changes_nothing(offline: Run) -> None:
    first = offline("init", "--campaign", "My Club")
    before = files()
    ended = offline("init", "--campaign", "My Club")
    assert files() == before
    assert ended.code == Exit.DONE
    assert [line.split()[0] for line in ended.out.split("\n\n")[0].splitlines()] == ["kept"] * len(before)
    assert ended.out.partition("\n\n")[2] == first.out.partition("\n\n")[2].replace(", in each environment", "")


@pytest.mark.parametrize("pipeline", ["github", "gitlab"])
def test_a_source_that_is_known_by_now_is_put_into_its_places(pipeline: str, offline: Run) -> None:
    offline("init", "--campaign", "My Club", "--ci", pipeline)
    hook = Path(".pre-commit-config.yaml")
    hook.write_text(f"# ours\n{hook.read_text()}")
    assert "where these say OWNER/tierops" in offline("init").out
    ended = offline("init", "--source", f"acme/tierops@{COMMIT}")
    mended = [line.split()[1] for line in ended.out.splitlines() if line.startswith("mended")]
    assert mended == [*(WORKFLOWS if pipeline == "github" else [".gitlab-ci.yml"]), ".pre-commit-config.yaml"]
    assert "where these say" not in ended.out + offline("init").out
    assert hook.read_text().startswith("# ours\n")
    after = files()
    shutil.rmtree("tiers")
    for path in (*mended, ".gitignore"):
        Path(path).unlink()
    offline("init", "--campaign", "My Club", "--ci", pipeline, "--source", f"acme/tierops@{COMMIT}")
    assert {path: text.removeprefix("# ours\n") for path, text in after.items()} == files()


def test_what_comes_next_is_for_the_vendors_that_are_used(offline: Run) -> None:
    offline("init", "--group", "My Club", "--ci", "none")
    ended = offline("init", "--ci", "none", "--source", f"acme/tierops@{COMMIT}")
    assert "Set the keys: export FANFARE_SECRET_KEY=…\n" in ended.out
    assert "tierops plan --env sandbox " in ended.out


# Where in a repository


def repository(branch: str = "master") -> Path:
    subprocess.run(["git", "init", "-q", "-b", branch, "."], check=True)
    return Path.cwd()


def test_no_branch_is_named_that_the_repository_may_not_have(offline: Run) -> None:
    repository("trunk")
    offline("init")
    apply = yaml.load(Path(WORKFLOWS[1]).read_text(), yaml.BaseLoader)
    assert apply["on"]["push"] == {"branches": ["**"], "paths": ["tiers/**"]}
    conditions = [job["if"] for job in apply["jobs"].values()]
    assert all("github.ref_name == github.event.repository.default_branch" in condition for condition in conditions)


@pytest.mark.parametrize("pipeline", ["github", "gitlab"])
def test_in_a_folder_of_a_repository_what_is_for_all_of_it_goes_to_its_root(pipeline: str, offline: Run) -> None:
    repository()
    ended = offline("init", "shop/eu", "--ci", pipeline)
    root = {path for path in files() if not path.startswith(".git/")}
    pipelines = {*WORKFLOWS} if pipeline == "github" else {".gitlab-ci.yml"}
    assert {path for path in root if not path.startswith("shop/eu/tiers/")} == {
        *pipelines,
        ".pre-commit-config.yaml",
        "shop/eu/.gitignore",
    }
    assert f"shop/eu lies in the repository {Path.cwd()}: what is for all of it goes to its root." in ended.out
    assert f"created {os.path.relpath(min(pipelines), 'shop/eu')}\n" in ended.out
    hook = yaml.safe_load(Path(".pre-commit-config.yaml").read_text())["repos"][0]["hooks"][0]
    assert hook["args"] == ["--dir", "shop/eu/tiers"]
    if pipeline == "github":
        for path in WORKFLOWS:
            assert _uses_of_the_action(path) == {"shop/eu/tiers"}
        assert "HEAD -- shop/eu/tiers;" in Path(WORKFLOWS[0]).read_text()
        assert yaml.load(Path(WORKFLOWS[1]).read_text(), yaml.BaseLoader)["on"]["push"]["paths"] == ["shop/eu/tiers/**"]
    else:
        jobs = yaml.safe_load(Path(".gitlab-ci.yml").read_text())
        assert jobs[".changed"] == {"changes": ["shop/eu/tiers/**/*"]}
        lines = [line for job in jobs.values() if isinstance(job, dict) for line in job.get("script", ())]
        assert len(lines) == 4
        assert all("--dir shop/eu/tiers " in line for line in lines)


def _uses_of_the_action(path: str) -> set[str]:
    jobs = yaml.safe_load(Path(path).read_text())["jobs"].values()
    return {step["with"].get("dir") for job in jobs for step in job["steps"] if "command" in step.get("with", {})}


def test_programs_may_lie_in_a_folder_of_another_name(offline: Run) -> None:
    ended = offline("init", "--dir", "loyalty", "--campaign", "My Club")
    assert ended.code == Exit.DONE
    assert Path("loyalty/my-club.yaml").is_file()
    assert not Path("tiers").exists()
    assert all(_uses_of_the_action(path) == {"loyalty"} for path in WORKFLOWS)
    line = next(line for line in ended.out.splitlines() if "tierops validate" in line).partition("tierops ")[2]
    assert line == "validate --dir loyalty --env sandbox"
    assert offline(*line.split()).code == Exit.DONE
    ended = offline("init", "--dir", "other")
    assert all(f"{path} does not name other: see docs/monorepo.md of tierops" in ended.out for path in WORKFLOWS)
    plan = Path(WORKFLOWS[0])
    plan.write_text(
        plan.read_text().replace("dir: loyalty\n", "dir: ${{ matrix.dir }}\n") + "# dir: [loyalty, other]\n"
    )
    assert f"{WORKFLOWS[0]} does not name" not in offline("init", "--dir", "other").out


def test_a_home_that_is_a_repository_is_no_repository_of_what_lies_in_it(
    offline: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository()
    monkeypatch.setenv("HOME", str(tmp_path))
    offline("init", "work/club")
    assert Path("work/club", WORKFLOWS[0]).is_file()
    assert not Path(".github").exists()


def test_git_ignores_plans_journals_and_keys_and_nothing_else(offline: Run) -> None:
    repository()
    offline("init")
    ignored = ["plan.json", "plan-eu.json", "journal.jsonl", "plan-key.pem", ".env"]
    others = ["tiers/plan.json", "plan-key.pub", "tiers/coffee-club.yaml"]
    told = subprocess.run(["git", "check-ignore", *ignored, *others], capture_output=True, text=True, check=False)
    assert told.stdout.split() == ignored
    Path(".gitignore").write_text("*.pem\n.env\n")
    ended = offline("init")
    assert Path(".gitignore").read_text() == "*.pem\n.env\n"
    assert "Put what nobody should commit into .gitignore: /plan*.json /journal*.jsonl\n" in ended.out


@pytest.mark.parametrize("path", [".github/workflows/tiers-plan.yml", ".gitlab-ci.yml"])
def test_who_must_approve_is_a_line_to_copy(path: str, offline: Run) -> None:
    offline("init", "--ci", "gitlab" if "gitlab" in path else "github")
    text = Path(path).read_text()
    assert "CODEOWNERS" in text
    assert re.search(r"^#   /tiers/ @\w+/LOYALTY-TEAM$", text, re.MULTILINE)


def test_each_environment_has_the_name_of_the_ladder_as_a_value(offline: Run) -> None:
    offline("init", "--vendor", "both", "--campaign", "Club", "--ci", "none")
    assert '- voucherify: {campaign: "${campaign}"}\n' in Path("tiers/club.yaml").read_text()
    path = Path("tiers/environments/sandbox.yaml")
    assert path.read_text().endswith("values:\n  campaign: Club\n  group: Club\n")
    path.write_text(path.read_text().replace("campaign: Club", "campaign: Sandbox Club"))
    names = {
        environment: loaded(environment).programs[0].targets[0].place.name for environment in ("sandbox", "production")
    }
    assert names == {"sandbox": "Sandbox Club", "production": "Club"}
    # They have no value for a second one, and are not touched.
    assert offline("init", "--campaign", "Tea", "--ci", "none").code == Exit.DONE
    assert "- voucherify: {campaign: Tea}\n" in Path("tiers/tea.yaml").read_text()


def test_a_second_run_knows_the_pipeline_that_is_there(offline: Run) -> None:
    offline("init", "--ci", "gitlab")
    offline("init")
    assert not Path(".github").exists()


def test_what_is_there_is_kept_and_the_rest_is_added(offline: Run) -> None:
    Path("tiers").mkdir()
    Path("tiers/coffee-club.yaml").write_text("mine")
    Path(".pre-commit-config.yaml").symlink_to("nowhere")
    ended = offline("init", "--campaign", "Coffee Club")
    assert files()["tiers/coffee-club.yaml"] == "mine"
    assert files()[".pre-commit-config.yaml"] == "-> nowhere"
    assert "kept    tiers/coffee-club.yaml\n" in ended.out
    assert "kept    .pre-commit-config.yaml\n" in ended.out
    assert "created tiers/environments/sandbox.yaml\n" in ended.out


def test_a_file_with_the_other_ending_is_the_same_file(offline: Run) -> None:
    Path("tiers/environments").mkdir(parents=True)
    Path("tiers/environments/live.yml").write_text("version: 1\nenvironment: live\n")
    Path(".github/workflows").mkdir(parents=True)
    Path(".github/workflows/tiers-plan.yaml").write_text("mine")
    ended = offline("init", "--environment", "live")
    assert "kept    tiers/environments/live.yml\n" in ended.out
    assert "kept    .github/workflows/tiers-plan.yaml\n" in ended.out
    assert not {"tiers/environments/live.yaml", ".github/workflows/tiers-plan.yml"} & files().keys()
    assert offline("validate", "--env", "live").code == Exit.DONE


def test_programs_and_environments_that_are_there_are_enough(offline: Run) -> None:
    offline("init", "--campaign", "My Club", "--environment", "live", "--ci", "none")
    ended = offline("init")
    assert "kept    tiers: it has programs already (1)\n" in ended.out
    assert sorted(path.name for path in Path("tiers").rglob("*.yaml")) == ["live.yaml", "my-club.yaml"]
    assert 'TIEROPS_ENVIRONMENTS to ["live"]' in ended.out
    offline("init", "--group", "Second")
    assert sorted(path.name for path in Path("tiers").glob("*.yaml")) == ["my-club.yaml", "second.yaml"]


def test_a_link_in_place_of_a_folder_is_not_followed(offline: Run) -> None:
    Path("elsewhere").mkdir()
    Path("new").mkdir()
    Path("new/.github").symlink_to("../elsewhere")
    ended = offline("init", "new")
    assert (ended.code, files()) == (Exit.FAILED, {"new/.github": "-> ../elsewhere"})
    assert "new/.github is a symbolic link, through which init writes nothing; nothing was written" in ended.err


def test_the_named_folder_itself_may_be_a_link(offline: Run) -> None:
    Path("real").mkdir()
    Path("new").symlink_to("real")
    assert offline("init", "new").code == Exit.DONE
    assert Path("real/tiers/coffee-club.yaml").exists()


@pytest.mark.parametrize("place", ["new", "new/tiers", "new/tiers/environments", "new/.github/workflows"])
def test_a_file_in_place_of_a_folder_is_left_alone(place: str, offline: Run) -> None:
    Path(place).parent.mkdir(parents=True, exist_ok=True)
    Path(place).write_text("mine")
    ended = offline("init", "new")
    assert (ended.code, files()) == (Exit.FAILED, {place: "mine"})
    assert "nothing was written" in ended.err


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def late(source: Path, place: Path) -> None:
        place.write_text("theirs")
        link(source, place)

    monkeypatch.setattr(os, "link", late)
    assert not disk.create(tmp_path / "a", "ours", disk.ORDINARY)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "theirs"}


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, place: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(BadFile, match=r"cannot write .*: Operation not permitted"):
        disk.create(tmp_path / "a", "ours", disk.ORDINARY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--vendor", "voucherify", "--group", "G"], "group is fanfare's, but --vendor says voucherify"),
        (["--vendor", "fanfare", "--campaign", "C"], "campaign is voucherify's, but --vendor says fanfare"),
        (["--vendor", "voucherify", "--at", "attribute=ltv"], "attribute is fanfare's, but --vendor says voucherify"),
        (["--at", "club=C"], "no vendor has 'club'"),
        (["--at", "group=G", "--group", "H"], "group is given twice"),
        (["--at", "attribute=visits"], "attribute is known to fanfare and openloyalty: add --vendor"),
        (["--campaign", " "], "at least one visible character"),
        (["--program", "My Club"], "lower-case letters"),
        (["--environment", "EU"], "lower-case letters"),
        (["--group", "G", "--attribute", "visits"], "'visits' is not one of 'loyaltyBalance', "),
        (["--ci", "jenkins"], "'jenkins' is not one of"),
        (["--source", "acme/tierops@v1.0.0"], "a tag can be moved"),
        (["--source", "acme"], "OWNER/tierops@COMMIT"),
        (["--dir", "../tiers"], "a folder of its own for the programs, not ../tiers: name one below DIR"),
        (["--dir", "/tiers"], "a folder of its own for the programs, not /tiers: name one below DIR"),
        (["--dir", "."], "a folder of its own for the programs, not .: name one below DIR"),
        (["--dir", "my tiers"], "a pipeline cannot name the folder 'my tiers'"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(
    arguments: list[str], message: str, offline: Run
) -> None:
    ended = offline("init", *arguments)
    assert (ended.code, files()) == (Exit.USAGE, {})
    assert message in ended.err


# On a terminal

_ON_A_TERMINAL = "import sys; from tierops.cli import main; main(sys.argv[1:])"


def typed(answers: list[str], *arguments: str) -> tuple[int, str]:
    """Runs tierops on a terminal; types the next answer at each question."""
    ours, theirs = pty.openpty()
    quiet = termios.tcgetattr(theirs)
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, quiet)
    command = [sys.executable, "-c", _ON_A_TERMINAL, *arguments]
    shown, left = b"", list(answers)
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as process:
        os.close(theirs)
        while select.select([ours], [], [], 20)[0]:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
            if shown.endswith(b": ") and left:
                os.write(ours, left.pop(0).encode() + b"\n")
        else:
            process.kill()
    os.close(ours)
    assert left == []
    return process.returncode, shown.decode().replace("\r", "")


def test_a_terminal_is_asked_for_what_no_option_says(offline: Run) -> None:
    answers = ["nobody", "both", " ", "Club", "", "ltv", "My Club", "vip", "EU", "eu, us", "none"]
    code, shown = typed(answers, "init")
    assert code == Exit.DONE, shown
    assert "Voucherify: the campaign, by name or id [Coffee Club]: " in shown
    assert "Fanfare: the group, by name or id [Club]: " in shown
    assert "Fanfare: what a tier counts, such as ltv (loyaltyBalance, " in shown
    assert "Key of the program [club]: " in shown
    (program,) = loaded("us").programs
    assert program.key == "vip"
    assert [dict(target.place.fields) for target in program.targets] == [
        {"campaign": "Club"},
        {"group": "Club", "attribute": "ltv"},
    ]
    assert sorted(path.name for path in Path("tiers/environments").iterdir()) == ["eu.yaml", "us.yaml"]
    assert not Path(".github").exists()


def test_a_terminal_is_not_asked_for_what_options_say(offline: Run) -> None:
    code, shown = typed([""], "init", "--group", "Club", "--attribute", "ltv", "--program", "vip", "--ci", "none")
    assert code == Exit.DONE, shown
    assert shown.startswith("Environments [sandbox production]: ")


def test_enter_takes_the_default(offline: Run) -> None:
    code, shown = typed([""] * 5, "init")
    assert code == 0, shown
    on_a_terminal = files()
    shutil.rmtree("tiers")
    shutil.rmtree(".github")
    Path(".pre-commit-config.yaml").unlink()
    Path(".gitignore").unlink()
    offline("init")
    assert files() == on_a_terminal


def test_yes_asks_nothing(offline: Run) -> None:
    code, shown = typed([], "init", "--yes")
    assert code == 0
    assert shown.startswith("created tiers/coffee-club.yaml\n")


def test_what_pre_commit_runs_checks_every_environment(offline: Run) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert (hook["id"], hook["pass_filenames"]) == ("tierops-validate", False)
    program, *arguments = hook["entry"].split()
    assert program == "tierops"
    offline("init", "--campaign", "C", "--ci", "none")
    assert offline(*arguments).code == Exit.DONE
    Path("tiers/environments/production.yaml").write_text("version: 1\nenvironment: staging\n")
    assert offline(*arguments).code == Exit.FAILED
