"""Which files are read, and as what: nothing is passed over in silence, and a file is the same for every call."""

from __future__ import annotations

import io
import os
import sys
import threading
from datetime import date
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket

import pytest

from config.conftest import Write
from config.test_load import keys, program, said
from tierops import config, pipeline
from tierops.config import files
from tierops.errors import TieropsError, UsageError

PROD = "version: 1\nenvironment: prod\n"
TOO_DEEP = "schema: an environment lies in tiers/environments itself, where it is looked for; move this one there"


@pytest.fixture(autouse=True)
def _beside_tiers(tiers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiers.parent)


TIERS = Path("tiers")


@pytest.mark.parametrize("ending", ["yaml", "yml", "YAML", "YML", "Yaml", "yMl"])
def test_an_ending_is_one_in_any_case(ending: str, write: Write) -> None:
    write(f"a.{ending}", program("a"))
    write(f"environments/prod.{ending}", PROD)
    for paths in ([], [TIERS], [TIERS / f"a.{ending}"]):
        assert keys(config.load(TIERS, environment="prod", paths=paths)) == ["a"]


def test_two_endings_of_one_environment_are_two_files(write: Write) -> None:
    write("a.yaml", program("a"))
    for name in ("prod.yaml", "prod.YML"):
        write(f"environments/{name}", PROD)
    with pytest.raises(UsageError, match=r"the environment 'prod' has two files: .*prod\.YML and .*prod\.yaml"):
        config.load(TIERS, environment="prod")


def test_what_begins_with_a_dot_is_passed_over(write: Write) -> None:
    write("a.yaml", program("a"))
    write("environments/prod.yaml", PROD)
    for name in (".yamllint.yaml", "._a.yaml", ".ipynb_checkpoints/a-checkpoint.yaml", "environments/._prod.yaml"):
        write(name, "\0\5\26")
    (TIERS / ".#a.yaml").symlink_to("user@host.1234:1700000000")
    (TIERS / "environments/.#prod.yaml").symlink_to("nowhere")
    (TIERS / ".loop").symlink_to(".", target_is_directory=True)
    for paths in ([], [TIERS], [Path()]):
        loaded = config.load(TIERS, environment="prod", paths=paths)
        assert (keys(loaded), loaded.problems) == (["a"], ())
    assert files.environments(TIERS).keys() == {"prod"}


def test_what_is_named_is_read_even_if_it_begins_with_a_dot(write: Write) -> None:
    path = write(".draft.yaml", program("a"))
    inside = write(".drafts/b.yaml", program("b"))
    assert keys(config.load(TIERS, paths=[path, inside.parent])) == ["a", "b"]
    (Path(".tiers")).mkdir()
    Path(".tiers/c.yaml").write_text(program("c"))
    assert keys(config.load(Path(".tiers"))) == ["c"]
    with pytest.raises(TieropsError, match="no program files"):
        config.load(TIERS)


def test_the_folder_may_be_the_one_where_one_is(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.yaml", program("a"))
    write("environments/prod.yaml", PROD)
    write(".github/workflows/ci.yml", "on: push")
    monkeypatch.chdir(TIERS)
    for paths in ([], [Path()]):
        loaded = config.load(Path(), environment="prod", paths=paths)
        assert (keys(loaded), loaded.problems) == (["a"], ())


ALL_CALLS = [[], ["tiers"], ["."], ["tiers/a.yaml", "tiers/environments"], ["tiers/a.yaml", "tiers/environments/eu"]]


@pytest.mark.parametrize("paths", [*ALL_CALLS, ["tiers/a.yaml", "tiers/environments/eu/de.YAML"]])
def test_an_environment_in_a_folder_of_its_own_is_named_by_every_call(paths: list[str], write: Write) -> None:
    write("a.yaml", program("a"))
    write("environments/prod.yaml", PROD)
    write("environments/eu/de.YAML", "version: 1\nenvironment: de\n")
    loaded = config.load(TIERS, environment="prod", paths=[Path(path) for path in paths])
    assert keys(loaded) == ["a"]
    assert [str(problem) for problem in loaded.problems] == [f"tiers/environments/eu/de.YAML:1:1: {TOO_DEEP}"]
    with pytest.raises(UsageError, match=r"no environment 'de'; tiers/environments/eu/de.YAML lies too deep"):
        config.load(TIERS, environment="de")


@pytest.mark.parametrize("paths", [[], ["tiers"], ["."], ["tiers/retail"], ["tiers/retail/environments/prod.yaml"]])
def test_a_folder_of_that_name_elsewhere_holds_programs_for_every_call(paths: list[str], write: Write) -> None:
    write("retail/environments/prod.yaml", "# x\n" + PROD)
    loaded = config.load(TIERS, paths=[Path(path) for path in paths])
    assert [str(problem) for problem in loaded.problems] == [f"tiers/retail/environments/prod.yaml:2:1: {TOO_DEEP}"]
    write("retail/environments/prod.yaml", program("a"))
    assert keys(config.load(TIERS, paths=[Path(path) for path in paths])) == ["a"]


def test_what_lies_outside_is_what_its_folder_is_called() -> None:
    for name, kind in (("x/environments/prod.yaml", "environment"), ("x/environments/eu/de.yaml", "program")):
        assert files.kind(Path(name), TIERS) == files.kind(Path(name).absolute(), TIERS) == kind
    assert files.kind(Path("tiersx/environments/eu/a.yaml"), TIERS) == "program"
    assert files.kind(Path("tiers/../tiers/environments/prod.yaml"), TIERS) == "environment"
    assert files.kind(Path("/environments/a.yaml"), Path("/")) == "environment"


def test_a_link_out_of_the_folder_is_refused_by_every_call(write: Write) -> None:
    write("sub/a.yaml", program("a"))
    Path("secret").write_text("token: canary")
    (TIERS / "sub/b.yaml").symlink_to("../../secret")
    for paths in ([], [TIERS], [TIERS / "sub"]):
        with pytest.raises(TieropsError, match=r"b\.yaml is a link that leads out of tiers"):
            config.load(TIERS, paths=paths)
    (TIERS / "sub/b.yaml").unlink()
    write("c.txt", program("c"))
    (TIERS / "sub/b.yaml").symlink_to("../c.txt")
    for paths in ([], [TIERS], [TIERS / "sub"]):
        assert keys(config.load(TIERS, paths=paths)) == ["a", "c"]


class _Stdin:
    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def _piped(content: bytes, name: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A path with this content that can be read once."""
    if name == "-":
        monkeypatch.setattr(sys, "stdin", _Stdin(content))
        return files.STDIN
    os.mkfifo(name)
    threading.Thread(target=Path(name).write_bytes, args=(content,), daemon=True).start()
    return Path(name)


@pytest.mark.parametrize("name", ["-", "pipe"])
def test_a_stream_is_read_once_whatever_it_is_read_for(
    name: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for environment in ("one", "two"):
        write(f"environments/{environment}.yaml", f"version: 1\nenvironment: {environment}\nvalues: {{low: 0}}\n")
    path = _piped(program("a").replace("from: 0", 'from: "${low}"').encode(), name, monkeypatch)
    read = pipeline.read_in_all_environments([TIERS], today=date(2026, 11, 27), paths=[path, path])
    assert [one.key for one in read.programs] == ["a"]
    assert read.problems == ()
    assert read.programs[0].targets[0].at.file == name


def test_a_descriptor_that_came_with_the_process_is_read() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"a: [1\n")
    os.close(writer)
    path = Path(f"/dev/fd/{reader}")
    loaded = config.load(TIERS, paths=[path])
    os.close(reader)
    assert [str(problem) for problem in loaded.problems] == [f"{path}:1:4: schema: not YAML: this `[` is never closed"]


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (b"", "-:1:1: schema: the file is empty; a program begins with `version: 1`"),
        (b"a: 1\n\xff", "-:2:1: schema: not UTF-8 (byte 0xff); save the file as UTF-8"),
        (b"#" * (10 * 2**20 + 5), "-:1:1: schema: larger than 10 MiB; is this the right file? Split it if it is"),
        (b"version: 1\nenvironment: x\nvalues: {a: [1]}", "-:3:13: schema: `a`: expected a number, or text"),
    ],
)
def test_what_is_wrong_in_a_stream_is_told_with_its_place(
    content: bytes, finding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (problem,) = config.load(TIERS, paths=[_piped(content, "-", monkeypatch)]).problems
    assert str(problem).startswith(finding)


def test_an_environment_in_a_stream_has_no_name_to_agree_with(monkeypatch: pytest.MonkeyPatch) -> None:
    assert config.load(TIERS, paths=[_piped(PROD.encode(), "-", monkeypatch)]) == config.Loaded((), (), None)


def test_no_stdin_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(TieropsError, match="cannot read -: there is no stdin"):
        config.load(TIERS, paths=[files.STDIN])


def test_a_pipe_that_has_the_name_of_a_program_is_not_waited_for() -> None:
    os.mkfifo(TIERS / "x.YAML")
    assert files.streams([TIERS / "x.YAML", TIERS, Path("nowhere")]) == {}
    assert said(config.load(TIERS, paths=[TIERS / "x.YAML"])) == [
        "x.YAML:1: schema: not an ordinary file, but a pipe or a device"
    ]


def test_a_byte_that_is_not_utf8_has_its_place() -> None:
    for content, at in ((b"\xff", "1:1"), ("é: ü".encode() + b"\xe9", "1:5"), (b"a\r\nb\rc\n  \xe9", "4:3")):
        (TIERS / "x.yaml").write_bytes(content)
        (problem,) = config.load(TIERS).problems
        assert str(problem).startswith(f"tiers/x.yaml:{at}: schema: not UTF-8")


def test_a_name_that_is_not_utf8_is_a_name(write: Write) -> None:
    write(os.fsdecode(b"caf\xe9.yaml"), "a: 1")
    (first, *_) = config.load(TIERS).problems
    assert os.fsencode(first.at.file) == b"tiers/caf\xe9.yaml"


def test_an_empty_environment_is_told_how_one_begins(write: Write) -> None:
    write("a.yaml", program("a"))
    write("environments/prod.yaml", "# nothing yet\n")
    (problem,) = config.load(TIERS, environment="prod").problems
    assert problem.message == "the file is empty; an environment begins with `version: 1` and `environment: prod`"


def test_a_value_that_yaml_objects_to_is_one_finding(write: Write) -> None:
    write("a.yaml", program("a").replace("from: 0", 'from: "${low}"'))
    write("environments/prod.yaml", f"{PROD}values: {{low: 1.000}}\n")
    (problem,) = config.load(TIERS, environment="prod").problems
    assert str(problem).startswith("tiers/environments/prod.yaml:3:15: schema: 1.000 is 1, for a point begins decimals")


def test_a_value_of_the_wrong_kind_is_found_where_it_stands(write: Write) -> None:
    write("a.yaml", program("a").replace("Bronze", '"${year}"').replace("from: 0", 'from: "${low}"'))
    write("environments/prod.yaml", f'{PROD}values:\n  year: 2024\n  low: "1,000"\n')
    text = "expected text with at least one visible character, found 2024; quote it if it is meant as text"
    number = "expected a number such as 250 or 9.99, at most 1000000000000000, found '1,000'; write 1000"
    problems = config.load(TIERS, environment="prod").problems
    assert [str(problem).removeprefix("tiers/environments/") for problem in problems] == [
        f"prod.yaml:4:9: schema: the value `year`, used at tiers/a.yaml:4:16: `name`: {text}",
        f"prod.yaml:5:8: schema: the value `low`, used at tiers/a.yaml:4:33: `from`: {number}",
    ]


@pytest.mark.parametrize(
    ("file", "name", "finding"),
    [
        ("Production", "production", "the file of the environment 'production' is named 'Production.yaml'; rename it"),
        ("Prod EU", "prod-eu", "the file of the environment 'prod-eu' is named 'Prod EU.yaml'; rename it to prod-eu.y"),
        (
            "prod",
            "production",
            "`environment` must be 'prod', as the file is named, or rename the file to production.y",
        ),
    ],
)
def test_a_file_whose_name_no_environment_has_is_to_be_renamed(
    file: str, name: str, finding: str, write: Write
) -> None:
    write("a.yaml", program("a"))
    write(f"environments/{file}.yaml", f"version: 1\nenvironment: {name}\n")
    (problem,) = config.load(TIERS, environment=file).problems
    assert problem.message.startswith(finding)


def test_a_socket_is_nothing_to_read(tiers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiers.parent)
    with socket(AF_UNIX, SOCK_STREAM) as listening:
        listening.bind("sock")
        with pytest.raises(TieropsError, match="cannot read sock: "):
            config.load(tiers, paths=[Path("sock")])
