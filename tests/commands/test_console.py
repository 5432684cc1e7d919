"""What comes out of a process: UTF-8, the right exit code where nothing can be written, and never a word too late."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from harness import Run

from tierops.emulator import Emulator
from tierops.errors import Exit

PROGRAM = """\
version: 1
program: club
targets: [{voucherify: {campaign: Clüb → 日本}}]
tiers:
  - {name: Brönze, from: 0}
  - {name: Gold, from: 100}
"""
APPLY = ("apply", "--auto-approve")

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")


@pytest.fixture(params=["", "1"], ids=["buffered", "unbuffered"])
def environ(request: pytest.FixtureRequest, tierops: Run) -> dict[str, str]:
    return os.environ | {"PYTHONUNBUFFERED": request.param}


@pytest.fixture
def club(emulator: Emulator, tmp_path: Path) -> Emulator:
    (tmp_path / "tiers").mkdir()
    (tmp_path / "tiers/x.yaml").write_text(PROGRAM, "utf-8")
    emulator.voucherify.add_campaign("Clüb → 日本", tiers=[])
    return emulator


def command(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[bytes]:
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.run([sys.executable, "-m", "tierops", *arguments], check=False, **streams | settings)


@contextmanager
def deaf() -> Iterator[int]:
    """A pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def full() -> IO[bytes]:
    return Path("/dev/full").open("wb")


@needs_full
@pytest.mark.parametrize(
    ("line", "code"), [(("plan",), Exit.FAILED), (APPLY, Exit.UNKNOWN), (("--help",), Exit.FAILED)]
)
def test_a_report_that_cannot_be_written_is_a_failure(
    line: tuple[str, ...], code: Exit, club: Emulator, environ: dict[str, str]
) -> None:
    with full() as stdout:
        ended = command(*line, stdout=stdout, env=environ)
    assert ended.returncode == code
    assert b"error: nothing can be written to stdout: OSError" in ended.stderr
    assert (b"creates may have been carried out" in ended.stderr) == (line == APPLY)
    assert b"Traceback" not in ended.stderr


@needs_full
def test_an_error_that_cannot_be_reported_is_a_failure(club: Emulator, environ: dict[str, str]) -> None:
    with full() as stdout:
        ended = command("plan", "--program", "nope", "--format", "json", stdout=stdout, env=environ)
    assert ended.returncode == Exit.FAILED
    assert b"error: nothing can be written to stdout: OSError" in ended.stderr
    assert b"Traceback" not in ended.stderr


@needs_full
@pytest.mark.parametrize("line", [("-v", "plan"), APPLY])
def test_progress_that_cannot_be_written_ends_nothing(
    line: tuple[str, ...], club: Emulator, environ: dict[str, str]
) -> None:
    with full() as stderr:
        ended = command(*line, stderr=stderr, env=environ)
    assert ended.returncode == Exit.DONE
    assert b"club/voucherify" in ended.stdout


@needs_full
def test_an_error_that_nobody_can_read_keeps_its_exit_code(club: Emulator, environ: dict[str, str]) -> None:
    with full() as stderr:
        assert command("plan", "--nonsense", stderr=stderr, env=environ).returncode == Exit.USAGE
    with full() as both:
        assert command("plan", stdout=both, stderr=both, env=environ).returncode == Exit.FAILED


@pytest.mark.parametrize(("line", "code"), [(("plan",), Exit.FAILED), (APPLY, Exit.UNKNOWN)])
def test_a_reader_that_has_gone_is_no_crash_and_hides_no_create(
    line: tuple[str, ...], code: Exit, club: Emulator, environ: dict[str, str]
) -> None:
    with deaf() as stdout:
        ended = command(*line, stdout=stdout, env=environ)
    assert ended.returncode == code
    assert (b"creates may have been carried out: plan again to see" in ended.stderr) == (line == APPLY)
    assert b"Traceback" not in ended.stderr


def closed(which: str, *line: str, environ: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    program = f'exec "{sys.executable}" -m tierops "$@" {which}'
    return subprocess.run(["sh", "-c", program, "sh", *line], env=environ, check=False, capture_output=True)


@pytest.mark.parametrize(
    "line",
    [(), ("--version",), ("plan", "--help"), ("nope",), ("validate",), ("plan",), ("journal",), ("init", "x"), APPLY],
)
def test_nothing_begins_where_stdout_is_closed(line: tuple[str, ...], club: Emulator, environ: dict[str, str]) -> None:
    """Nobody would hear what came of it."""
    ended = closed(">&-", *line, environ=environ)
    assert ended.returncode == Exit.FAILED
    assert b"error: nothing can be written to stdout: OSError: [Errno 9] it is closed" in ended.stderr
    assert closed(">&- 2>&-", *line, environ=environ).returncode == Exit.FAILED
    assert (club.requests, Path("x").exists()) == ([], False)


def test_closed_streams_that_say_nothing_of_the_outcome_end_nothing(club: Emulator, environ: dict[str, str]) -> None:
    ended = closed("2>&- <&-", "-v", *APPLY, environ=environ)
    assert ended.returncode == Exit.DONE
    assert b"created: " in ended.stdout


@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1"])
def test_whatever_the_locale_the_output_is_utf_8(locale: str, club: Emulator, environ: dict[str, str]) -> None:
    odd = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "latin-1"}
    ended = command("-v", "plan", env=environ | odd)
    assert ended.returncode == Exit.DONE
    assert "+ Brönze" in ended.stdout.decode("utf-8")
    assert "Clüb → 日本" in ended.stdout.decode("utf-8")
    data = json.loads(command("plan", "--format", "json", env=environ | odd).stdout.decode("utf-8"))
    assert data["plan"]["targets"][0]["identity"]["name"] == "Clüb → 日本"
    Path("tiers/x.yaml").write_text(PROGRAM.replace("日本", "日本国"), "utf-8")
    assert "Clüb → 日本国" in command("plan", env=environ | odd).stderr.decode("utf-8")


def test_what_no_encoding_has_is_escaped(club: Emulator, environ: dict[str, str]) -> None:
    ended = command("plan", "--program", b"\xff\xfe".decode("utf-8", "surrogateescape"), env=environ)
    assert ended.returncode == Exit.USAGE
    assert "--program \\udcff\\udcfe: no such program" in ended.stderr.decode("utf-8")
