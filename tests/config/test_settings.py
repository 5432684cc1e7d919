"""`tierops.yaml` and `[tool.tierops]`: what a project says of itself, or why it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from tierops.config import settings
from tierops.config.settings import Settings
from tierops.errors import BadInput


def said(folder: Path) -> list[str]:
    with pytest.raises(BadInput) as refused:
        settings.read(folder)
    return [f"{Path(p.at.file).name}:{p.at.line}:{p.at.column}: {p.message}" for p in refused.value.problems]


def test_without_a_file_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert settings.read(tmp_path) == Settings()


def test_all_of_it(tmp_path: Path) -> None:
    (tmp_path / "tierops.yaml").write_text(
        "dir: [eu, us/tiers]\nenv: sandbox\nttl: 7d\nsettle: 0.5\nmax_wait: 60\n"
        "require_signature: keys/plan.pub\ntimezone: America/Los_Angeles\n"
    )
    assert settings.read(tmp_path) == Settings(
        (tmp_path / "eu", tmp_path / "us/tiers"), "sandbox", "7d", 0.5, 60.0, tmp_path / "keys/plan.pub",
        "America/Los_Angeles",
    )  # fmt: skip


def test_a_table_of_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n\n[tool.tierops]\ndir = "loyalty"\nsettle = 1.5\n')
    assert settings.read(tmp_path) == Settings(directories=(tmp_path / "loyalty",), settle=1.5)


def test_the_yaml_file_wins(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.tierops]\ndir = "loyalty"\nenv = "b"\n')
    (tmp_path / "tierops.yaml").write_text("env: a\n")
    assert settings.read(tmp_path) == Settings(env="a")


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("dri: tiers\n", "1:1: unknown key 'dri'; did you mean `dir`?"),
        ("dir: []\n", "1:6: `dir` needs at least one entry"),
        ("dir: ['']\n", "1:7: entry 1 of `dir`: expected a folder, found ''"),
        ("dir: 1\n", "1:6: `dir`: expected a folder, or a list of folders, found 1"),
        (
            "env: Prod\n",
            "1:6: `env`: expected 1 to 63 lower-case letters, digits and dashes, the first one no dash, found 'Prod'",
        ),
        (
            "ttl: 7\n",
            "1:6: `ttl`: expected a time such as 90s, 30m, 24h or 7d, found 7; quote it if it is meant as text",
        ),
        ("ttl: 7w\n", "1:6: `ttl`: expected a time such as 90s, 30m, 24h or 7d, found '7w'"),
        ("settle: -1\n", "1:9: `settle`: expected seconds, from 0 to 86,400, found -1"),
        ("timezone: Mars/Base\n", "1:11: there is no time zone 'Mars/Base'"),
        ("timezone: ../../etc/passwd\n", "1:11: there is no time zone '../../etc/passwd'"),
        ("a: 1\n---\nb: 2\n", "3:1: settings are one document only"),
        ("dir: 'x\n", None),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, finding: str | None, tmp_path: Path) -> None:
    (tmp_path / "tierops.yaml").write_text(text)
    findings = said(tmp_path)
    assert all(one.startswith("tierops.yaml:") for one in findings)
    if finding is not None:
        assert f"tierops.yaml:{finding}" in findings


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("x = 1\n[tool.tierops]\ndirs = 1\n", "2:1: unknown key 'dirs'; did you mean `dir`?"),
        (
            "\n[tool.tierops]\nttl = 2027-01-01\n",
            "2:1: `ttl`: expected a time such as 90s, 30m, 24h or 7d, found '2027-01-01'",
        ),
        ("[tool\n", "1:6: cannot be read: Expected ']' at the end of a table declaration (at line 1, column 6)"),
    ],
)
def test_what_is_wrong_in_pyproject(text: str, finding: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert said(tmp_path) == [f"pyproject.toml:{finding}"]


def test_folders_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.tierops]\ndir = ["eu", "us"]\n')
    assert settings.read(tmp_path).directories == (tmp_path / "eu", tmp_path / "us")


def test_an_empty_folder_says_nothing(tmp_path: Path) -> None:
    assert settings.read(tmp_path) == Settings()
