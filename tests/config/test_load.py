"""Which files are read, as what, and what happens to those that cannot be."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from config.conftest import Write
from tierops import config
from tierops.config import Environment
from tierops.errors import Exit, TieropsError, UsageError
from tierops.model import Position

_PROGRAM = """\
version: 1
program: {key}
targets: [{{voucherify: {{campaign: c}}}}]
tiers: [{{name: Bronze, from: 0}}]
"""


def program(key: str) -> str:
    return _PROGRAM.format(key=key)


def keys(loaded: config.Loaded) -> list[str]:
    return [found.key for found in loaded.programs]


def said(loaded: config.Loaded) -> list[str]:
    return [f"{Path(p.at.file).name}:{p.at.line}: {p.rule}: {p.message}" for p in loaded.problems]


def test_every_yaml_file_below_the_folder_is_read_in_order(tiers: Path, write: Write) -> None:
    write("b.yaml", program("b"))
    write("a.yml", program("a1") + "---\n" + program("a2"))
    write("eu/c.yaml", program("c"))
    write("notes.txt", "no: [yaml")
    write("eu/environments/d.yaml", program("d"))
    loaded = config.load(tiers)
    assert keys(loaded) == ["a1", "a2", "b", "c", "d"]
    assert loaded.problems == ()
    assert loaded.environment is None


def test_a_linked_folder_is_refused_for_its_programs_would_be_forgotten(tiers: Path, write: Write) -> None:
    write("a.yaml", program("a"))
    (tiers / "up").symlink_to(tiers)
    with pytest.raises(TieropsError, match=r"up is a link to a folder, which is not followed"):
        config.load(tiers)


def test_positions_are_as_the_user_typed_the_folder(tiers: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("eu/a.yaml", program("a"))
    monkeypatch.chdir(tiers.parent)
    (found,) = config.load(Path("tiers")).programs
    assert found.at == Position("tiers/eu/a.yaml", 2, 10)
    assert found.targets[0].at == Position("tiers/eu/a.yaml", 3, 11)
    assert found.targets[0].tiers[0].at == Position("tiers/eu/a.yaml", 4, 9)


def test_only_the_named_paths_are_read(tiers: Path, write: Write) -> None:
    a = write("a.yaml", program("a"))
    write("b.yaml", program("b"))
    write("eu/c.yaml", program("c"))
    assert keys(config.load(tiers, paths=[tiers / "eu", a, a])) == ["c", "a"]
    assert keys(config.load(tiers / "not-there", paths=[a])) == ["a"]


def test_paths_in_environments_are_checked_as_environments(tiers: Path, write: Write) -> None:
    good = write("environments/good.yaml", "version: 1\nenvironment: good\n")
    write("environments/bad.yaml", program("bad"))
    assert config.load(tiers, paths=[good]) == config.Loaded((), (), None)
    loaded = config.load(tiers, paths=[tiers / "environments"])
    assert "bad.yaml:1: schema: `environment` is missing" in said(loaded)
    loaded = config.load(tiers, paths=[good], environment="good")
    assert loaded.environment == Environment("good", {}, {})


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([], "there is no folder nowhere; `tierops init` makes a folder tiers, `--dir` names another"),
        ([Path("nowhere/a.yaml")], "cannot read nowhere/a.yaml: No such file"),
        ([Path("x" * 300)], "cannot read x{300}: File name too long"),
    ],
)
def test_what_is_not_there_fails(paths: list[Path], message: str) -> None:
    with pytest.raises(TieropsError, match=message) as error:
        config.load(Path("nowhere"), paths=paths)
    assert error.value.exit_code is Exit.FAILED


def test_folders_without_programs_fail(tiers: Path, write: Write) -> None:
    write("environments/prod.yaml", "version: 1\nenvironment: prod\n")
    (tiers / "empty").mkdir()
    with pytest.raises(TieropsError, match=r"no program files .* `tierops init"):
        config.load(tiers, environment="prod")
    with pytest.raises(TieropsError, match="no YAML files in"):
        config.load(tiers, paths=[tiers / "empty"])


def test_a_file_in_place_of_the_folder_fails(tiers: Path, write: Write) -> None:
    with pytest.raises(TieropsError, match=r"cannot read the folder .*a\.yaml: Not a directory"):
        config.load(write("a.yaml", program("a")))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x.yaml:1: schema: the file is empty"),
        (b"version: 1\n\xff\xfea", "x.yaml:2: schema: not UTF-8 (byte 0xff); save the file as UTF-8"),
        (b"a: \0", "x.yaml:1: schema: the character U+0000 may not stand in YAML; is this UTF-16 or a binary file?"),
        (b"#" * (10 * 1024 * 1024 + 1), "x.yaml:1: schema: larger than 10 MiB"),
        (b"a: b: c", "x.yaml:1: schema: not YAML: "),
    ],
)
def test_an_unreadable_file_is_one_finding_and_the_others_go_on(
    tiers: Path, write: Write, content: bytes, message: str
) -> None:
    write("y.yaml", program("y"))
    (tiers / "x.yaml").write_bytes(content)
    loaded = config.load(tiers)
    assert keys(loaded) == ["y"]
    assert len(loaded.problems) == 1
    assert said(loaded)[0].startswith(message)


def test_a_folder_named_like_a_file_and_a_dangling_link_are_findings(tiers: Path, write: Write) -> None:
    write("y.yaml", program("y"))
    (tiers / "a.yaml").mkdir()
    (tiers / "b.yaml").symlink_to("nowhere")
    assert said(config.load(tiers)) == [
        "a.yaml:1: schema: cannot read this file: Is a directory",
        "b.yaml:1: schema: cannot read this file: No such file or directory",
    ]


def test_all_findings_come_out_at_once_and_in_order(tiers: Path, write: Write) -> None:
    write("b.yaml", program("B").replace("from: 0", "from: x") + "x: 1\n")
    write("a.yaml", program("a") + "---\n" + program("a").replace("version: 1", "version: 3"))
    loaded = config.load(tiers)
    assert keys(loaded) == ["a"]
    assert [line[:10] for line in said(loaded)] == ["a.yaml:6: ", "b.yaml:2: ", "b.yaml:4: ", "b.yaml:5: "]


def test_an_environment_gives_urls_and_values(tiers: Path, write: Write) -> None:
    write("a.yaml", program("a").replace("from: 0", 'from: "${low}"'))
    write(
        "environments/prod.yml",
        "version: 1\nenvironment: prod\nproviders: {fanfare: {url: https://admin.fanfare.io/api}}\n"
        "values: {low: 9.90, b: x}\n",
    )
    loaded = config.load(tiers, environment="prod")
    assert loaded.environment == Environment(
        "prod", {"fanfare": "https://admin.fanfare.io/api"}, {"low": Decimal("9.9"), "b": "x"}
    )
    assert loaded.programs[0].targets[0].tiers[0].range.lower == Decimal("9.9")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (None, "which environment.* there are: prod, staging, twice"),
        ("prud", r"no environment 'prud'; did you mean `prod`\? \(there are: prod, staging, twice\)"),
        ("../prod", "no environment '../prod'"),
        ("twice", "the environment 'twice' has two files"),
    ],
)
def test_an_environment_must_be_named_and_be_there(tiers: Path, write: Write, name: str | None, message: str) -> None:
    write("a.yaml", program("a"))
    for file in ("prod.yaml", "staging.yml", "twice.yaml", "twice.yml", "readme.md"):
        write(f"environments/{file}", "version: 1\n")
    with pytest.raises(UsageError, match=message):
        config.load(tiers, environment=name)


def test_an_environment_that_has_no_folder_is_a_usage_error(tiers: Path, write: Write) -> None:
    write("a.yaml", program("a"))
    with pytest.raises(UsageError, match=r"no environment 'prod': .*environments holds no environment files"):
        config.load(tiers, environment="prod")
    (tiers / "environments").mkdir()
    assert keys(config.load(tiers)) == ["a"]


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("version: 1\nenvironment: staging\n", ["prod.yaml:2: schema: `environment` must be 'prod', as the file"]),
        ("version: 1\nenvironment: prod\n---\nx: 1\n", ["prod.yaml:4: schema: an environment file holds one"]),
        (
            "version: 1\nenvironment: prod\nvalues:\n  1a: x\n  b: ''\n  c: '${d}'\n  d: [x]\n",
            [
                "prod.yaml:4: schema: the key '1a': the name of a value has letters, digits and underscores",
                "prod.yaml:5: schema: `b`: expected a number, or text that is not empty and holds no ${, found ''",
                "prod.yaml:6: schema: `c`: expected a number, or text",
                "prod.yaml:7: schema: `d`: expected a number, or text that is not empty and holds no ${, found a list",
            ],
        ),
        (
            "version: 1\nenvironment: prod\nproviders:\n  stripe: {}\n  fanfare:\n    url: https://u:p@x.io\n",
            [
                "prod.yaml:4: schema: unknown key 'stripe'; known here: fanfare, ",
                "prod.yaml:6: schema: `url`: expected an https address at admin.fanfare.io, without credentials, query",
            ],
        ),
        ("", ["prod.yaml:1: schema: the file is empty"]),
    ],
)
@pytest.mark.parametrize("full_check", [False, True])
def test_a_bad_environment_is_found_once_and_its_programs_are_not_blamed(
    tiers: Path, write: Write, text: str, findings: list[str], full_check: bool
) -> None:
    write("a.yaml", program("a").replace("from: 0", 'from: "${low}"'))
    path = write("environments/prod.yaml", text)
    for paths in ([], [path, tiers / "a.yaml"]):
        loaded = config.load(tiers, environment="prod", paths=paths, full_check=full_check)
        assert loaded.programs == ()
        assert loaded.environment is None
        assert [line[: len(want)] for line, want in zip(said(loaded), findings, strict=True)] == findings


def test_today_is_a_day_in_utc(tiers: Path, write: Write) -> None:
    waivers = (
        "waivers:\n"
        "  - {rule: ladder-gap, reason: r, until: 0001-01-01}\n"
        "  - {rule: tier-order, reason: r, until: 9999-12-31}\n"
    )
    write("a.yaml", program("a") + waivers)
    assert config.load(tiers).programs[0].targets[0].waived == {"tier-order"}
    loaded = config.load(tiers, today=date(1, 1, 1))
    assert loaded.programs[0].targets[0].waived == {"ladder-gap", "tier-order"}
    assert [waiver.at.line for waiver in loaded.programs[0].waivers] == [6, 7]


def test_schemas_come_out_as_text() -> None:
    for name in ("program", "environment", "policy", "plan"):
        assert f'"{name}.schema.json"' in config.schema(name)
    with pytest.raises(
        UsageError, match="no schema 'programme'; there are: program, environment, policy, project, plan"
    ):
        config.schema("programme")
