"""Files and folders that are out to hang, fill the memory or crash: refused quickly, in a sentence with a place."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Ended, Run

from tierops.errors import Exit

GOOD = """\
version: 1
program: club
targets: [{voucherify: {campaign: c}}]
tiers: [{name: Bronze, from: 0}]
"""
SECONDS = 15.0  # on a machine with much else to do; on an idle one it is less than one


def checked(run: Run, *arguments: str, code: Exit = Exit.FAILED) -> Ended:
    start = time.monotonic()
    ended = run(*arguments)
    assert time.monotonic() - start < SECONDS
    assert ended.code == code, ended.err
    assert "mistake" not in ended.err
    assert "Traceback" not in ended.err
    return ended


def many_targets() -> str:
    targets = "".join(f"- {{name: t{n}, voucherify: {{campaign: c{n}}}}}\n" for n in range(2000))
    tiers = "".join(f"- {{name: T{n}, from: {n}}}\n" for n in range(2000))
    return f"version: 1\nprogram: club\ntargets:\n{targets}tiers:\n{tiers}"


CONTENTS: dict[str, tuple[Callable[[], bytes | str], str]] = {
    "aliases": (
        lambda: "\n".join(["a0: &a0 [x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 50))]),
        r"^tiers/x.yaml:6:\d+: schema: more than 100,000 values in one file",
    ),
    "nesting": (lambda: "a: " + "[" * 200_000, r"^tiers/x.yaml:1:53: schema: nested more than 50 levels"),
    "nested blocks": (lambda: "".join(" " * n + "-\n" for n in range(1500)), "nested more than 50 levels"),
    "huge exponent": (lambda: GOOD.replace(": 0", ": 1e999999"), r"^tiers/x.yaml:4:30: schema: the number '1e999999'"),
    "tiny exponent": (lambda: GOOD.replace(": 0", ": 1e-999999"), "is out of range"),
    "quoted exponent": (lambda: GOOD.replace(": 0", ": '1e999999'"), r"^tiers/x.yaml:4:30: schema: "),
    "digits": (lambda: GOOD.replace(": 0", ": " + "9" * 1_000_000), r"^tiers/x.yaml:4:30: schema: the number '9{29}…'"),
    "infinity": (lambda: GOOD.replace(": 0", ": .inf"), r"^tiers/x.yaml:4:30: schema: .inf is no number"),
    "no number": (lambda: GOOD.replace(": 0", ": .nan"), r"^tiers/x.yaml:4:30: schema: .nan is no number"),
    "NUL": (lambda: GOOD.replace("club", "cl\0ub"), r"^tiers/x.yaml:2:12: schema: the character U\+0000"),
    "not UTF-8": (lambda: GOOD.encode().replace(b"Bronze", b"Br\xff"), r"^tiers/x.yaml:4:18: schema: not UTF-8"),
    "UTF-16": (lambda: GOOD.encode("utf-16"), r"^tiers/x.yaml:1:1: schema: not UTF-8 \(byte 0xff\)"),
    "UTF-16 without a mark": (lambda: GOOD.encode("utf-16-le"), r"^tiers/x.yaml:1:2: schema: the character U\+0000"),
    "tabs": (
        lambda: GOOD.replace("tiers: ", "tiers:\n\t"),
        r"^tiers/x.yaml:5:1: schema: not YAML: a tab may not indent",
    ),
    "objects": (lambda: GOOD.replace("0", "!!python/object/apply:os.abort []"), r"^tiers/x.yaml:4:30: .*not supported"),
    "merge keys": (lambda: GOOD + "<<: {program: x}\n", r"^tiers/x.yaml:5:1: schema: merge keys"),
    "more than 10 MiB": (lambda: "a" * (10 * 2**20 + 1), r"^tiers/x.yaml:1:1: schema: larger than 10 MiB"),
    "unclosed braces": (lambda: "- {a: b\n" * 1_000_000, r"^tiers/x.yaml:1:3: schema: not YAML: this `{` is never cl"),
    "blank lines behind a mark": (lambda: "a: 1\n\ufeff" + "\n" * (10 * 2**20 - 20), "`version` is missing"),
    "pairs of escapes": (lambda: 'a: "' + "\\ud83d\\ude00" * 800_000 + '"', "unknown key 'a'"),
    "commas": (lambda: "[1" + ",000" * 90_000 + "]", "more than 1,000 findings; the rest is not told"),
    "10 MiB of nothing": (lambda: "#" * 10 * 2**20, r"^tiers/x.yaml:1:1: schema: the file is empty"),
    "empty documents": (lambda: "---\n" * 100_000, "more than 1,000 documents in one file; split it"),
    "documents": (lambda: "---\na: 1\n" * 100_000, "more than 1,000 findings; the rest is not told"),
    "unknown keys": (lambda: "".join(f"tierss{n}: 1\n" for n in range(50_000)), "more than 1,000 findings"),
    "repeated keys": (lambda: "a: 1\n" * 50_000, "more than 1,000 findings"),
    "placeholders": (lambda: GOOD.replace("Bronze", "'" + "${" * 200_000 + "'"), "more than 1,000 findings"),
    "many tiers at many targets": (many_targets, r"^tiers/x.yaml:3:1: schema: 2,000 targets with 2,000 tiers each"),
}


@pytest.mark.parametrize("command", ["validate", "plan"])
@pytest.mark.parametrize("name", CONTENTS)
def test_a_file_is_refused_quickly_and_says_where(name: str, command: str, offline: Run) -> None:
    make, finding = CONTENTS[name]
    content = make()
    Path("tiers").mkdir()
    Path("tiers/x.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
    ended = checked(offline, command)
    assert re.search(finding, ended.out, re.MULTILINE), ended.out[:500]
    assert len(ended.out) < 400_000
    assert ended.out.count("\n") <= 1002


@pytest.mark.parametrize(
    "value",
    ["1e999999", "9" * 100_000, ".inf", ".nan", "!!python/object:os.abort {}", "[1]", '"\\ud800"', "a\0b"],
    ids=lambda value: ascii(value)[:20],
)
def test_a_value_of_an_environment_is_held_to_the_same(value: str, offline: Run) -> None:
    Path("tiers/environments").mkdir(parents=True)
    Path("tiers/x.yaml").write_text(GOOD.replace("0}", "'${x}'}"))
    Path("tiers/environments/e.yaml").write_text(f"version: 1\nenvironment: e\nvalues: {{x: {value}}}\n")
    ended = checked(offline, "plan", "--env", "e")
    assert re.search(r"^tiers/environments/e\.yaml:3:\d+: schema: ", ended.out, re.MULTILINE)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", ".", "e.yaml", "", "a/b", "\udcff", "*"])
def test_an_environment_is_a_name_and_no_path(name: str, offline: Run) -> None:
    Path("tiers/environments").mkdir(parents=True)
    Path("tiers/x.yaml").write_text(GOOD)
    Path("tiers/environments/e.yaml").write_text("version: 1\nenvironment: e\n")
    ended = checked(offline, "plan", "--env", name, code=Exit.USAGE)
    assert "(there are: e)" in ended.err or "there are: e" in ended.err


@pytest.mark.parametrize("pattern", ["[", "[a-", "[!", "***[", "?" * 5000, "(a+)+$", "*a" * 3000], ids=lambda p: p[:9])
def test_a_pattern_that_matches_nothing_says_so(pattern: str, tierops: Run, sample: Path) -> None:
    ended = checked(tierops, "plan", "--program", pattern, code=Exit.USAGE)
    assert "no such program; there are: loyalty-campaign" in ended.err


# What lies in the folder.


@pytest.fixture
def folder(offline: Run) -> Path:
    path = Path("tiers")
    path.mkdir()
    return path


def test_a_pipe_is_not_waited_for(folder: Path, offline: Run) -> None:
    os.mkfifo(folder / "x.yaml")
    told = "tiers/x.yaml:1:1: schema: not an ordinary file, but a pipe or a device\n"
    assert checked(offline, "validate").out.startswith(told)
    assert checked(offline, "validate", "tiers/x.yaml").out.startswith(told)
    (folder / "environments").mkdir()
    os.mkfifo(folder / "environments/e.yaml")
    assert "tiers/environments/e.yaml:1:1: schema: not an ordinary file" in checked(offline, "plan", "--env", "e").out


def test_an_endless_device_is_not_read(offline: Run) -> None:
    assert "/dev/zero:1:1: schema: larger than 10 MiB" in checked(offline, "validate", "/dev/zero").out


def test_a_folder_called_like_a_file_is_a_finding(folder: Path, offline: Run) -> None:
    (folder / "x.yaml").mkdir()
    assert "tiers/x.yaml:1:1: schema: cannot read this file: Is a directory" in checked(offline, "validate").out


def test_a_link_to_itself_is_a_finding(folder: Path, offline: Run) -> None:
    (folder / "x.yaml").symlink_to("x.yaml")
    ended = checked(offline, "validate")
    assert "x.yaml" in ended.out + ended.err


@pytest.mark.parametrize("where", ["tiers/x.yaml", "tiers/environments/e.yaml"])
def test_a_link_out_of_the_folder_is_refused_and_nothing_of_it_is_shown(where: str, folder: Path, offline: Run) -> None:
    Path("outside").write_text("canary-of-another-file")
    (folder / "good.yaml").write_text(GOOD)
    Path(where).parent.mkdir(exist_ok=True)
    Path(where).symlink_to(Path("outside").absolute())
    ended = checked(offline, "plan", "--env", "e") if "environments" in where else checked(offline, "plan")
    assert f"{where} is a link that leads out of tiers" in ended.err
    assert "canary" not in ended.out + ended.err


def test_a_link_within_the_folder_is_followed(folder: Path, offline: Run) -> None:
    (folder / "a.txt").write_text(GOOD)
    (folder / "x.yaml").symlink_to("a.txt")
    Path("linked").symlink_to("tiers")
    for directory in ("tiers", "linked"):
        assert checked(offline, "validate", "--dir", directory, code=Exit.DONE).out.startswith("1 program")


def test_a_link_upwards_is_no_loop(folder: Path, offline: Run) -> None:
    (folder / "x.yaml").write_text(GOOD)
    (folder / "up").symlink_to(".", target_is_directory=True)
    assert "tiers/up is a link to a folder" in checked(offline, "validate").err


@pytest.mark.parametrize(
    ("directory", "reason"),
    [
        ("a-file", "cannot read the folder a-file: Not a directory"),
        ("missing", "there is no folder missing"),
        ("loop", "cannot read the folder loop: Too many levels of symbolic links"),
        ("x" * 5000, "File name too long"),
        ("pipe", "cannot read the folder pipe: Not a directory"),
        ("/dev/null", "Not a directory"),
        ("empty", "no program files"),
    ],
    ids=lambda text: text[:20],
)
@pytest.mark.parametrize("command", ["validate", "plan"])
def test_a_folder_that_is_none_is_said(directory: str, reason: str, command: str, offline: Run) -> None:
    Path("a-file").write_text("x")
    Path("loop").symlink_to("loop")
    os.mkfifo("pipe")
    Path("empty").mkdir()
    assert reason in checked(offline, command, "--dir", directory).err


@pytest.mark.parametrize("name", ["a\nb", "\udcff\udcfe", "x" * 250, " ", "-v", "--", "‮", "*"], ids=ascii)
def test_a_file_with_a_strange_name_is_read(name: str, folder: Path, offline: Run) -> None:
    (folder / f"{name}.yaml").write_text(GOOD)
    checked(offline, "validate", code=Exit.DONE)
    (folder / f"{name}.yaml").write_text("a: 1")
    assert checked(offline, "validate").out.count("\n") == 6


def test_a_path_is_no_option(offline: Run) -> None:
    Path("-v").write_text(GOOD)
    checked(offline, "validate", "--", "-v", code=Exit.DONE)


def test_memory_stays_bounded(folder: Path) -> None:
    (folder / "x.yaml").write_text(
        "\n".join(["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1},*a{n - 1}]" for n in range(1, 90))])
    )
    script = (
        "import resource,sys;resource.setrlimit(resource.RLIMIT_AS,(2**29,2**29));from tierops import cli;cli.main()"
    )
    ended = subprocess.run([sys.executable, "-c", script, "validate"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (Exit.FAILED, "")
    assert "more than 100,000 values" in ended.stdout
