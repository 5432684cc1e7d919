"""Keys stay with tierops and the vendor, whatever the command, the vendor's answer or a mistake in tierops."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from canaries import ECHOES, OAUTH, ODD, PLAIN, assert_absent
from harness import Run

from tierops.emulator import Emulator
from tierops.emulator.server import serve
from tierops.errors import Exit
from tierops.providers import limits
from tierops.text.redaction import MARK

KEYS = [PLAIN, ODD, OAUTH]


@pytest.fixture(params=KEYS, ids=["plain", "odd", "oauth"])
def keys(request: pytest.FixtureRequest, tierops: Run, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name in PLAIN:
        monkeypatch.delenv(name)
    for name, value in request.param.items():
        monkeypatch.setenv(name, value)
    return dict(request.param)


PROGRAM = """\
version: 1
program: club
targets:
  - voucherify: {campaign: Club}
  - fanfare: {group: Club, attribute: loyaltyBalance}
tiers: [{name: Bronze, from: 0, to: 9}, {name: Gold, from: 10}]
"""


@pytest.fixture
def club(emulator: Emulator, tmp_path: Path) -> Emulator:
    (tmp_path / "tiers").mkdir()
    (tmp_path / "tiers/x.yaml").write_text(PROGRAM)
    emulator.voucherify.add_campaign("Club", tiers=[])
    return emulator


COMMANDS = [
    ("validate",), ("plan", "--out", "p.json"), ("show", "p.json"), ("apply", "p.json"), ("plan",), ("drift",),
    ("import", "voucherify", "--campaign", "Club"), ("import", "fanfare", "--group", "Club"),
    ("plan", "--format", "json"),
]  # fmt: skip


@pytest.mark.parametrize("verbosity", [(), ("-v",), ("-vv",)], ids=str)
def test_no_output_and_no_file_holds_a_key(
    verbosity: tuple[str, ...], keys: dict[str, str], club: Emulator, tierops: Run, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)  # what httpx and httpcore would log, if anybody listened
    for command in COMMANDS:
        ended = tierops(*verbosity, *command)
        assert ended.code == Exit.DONE, ended.err
        assert_absent(ended.out + ended.err, *keys.values())
    assert ("GET /voucherify" in ended.err) == bool(verbosity)
    assert_absent(caplog.text, *keys.values())
    for path in Path().rglob("*"):
        assert path.is_dir() or assert_absent(path.read_text(), *keys.values()) is None
    sent_values = {value for sent in club.requests for value in sent.headers.values()}
    assert set(keys.values()) <= {value.removeprefix("Bearer ") for value in sent_values}


def test_after_a_rotation_neither_the_old_nor_the_new_key_is_shown(
    club: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = ""
    for keys in (PLAIN, {**ODD, "VOUCHERIFY_APP_ID": PLAIN["VOUCHERIFY_APP_ID"]}):
        for name, value in keys.items():
            monkeypatch.setenv(name, value)
        for command in (("-v", "plan", "--out", "p.json"), ("-v", "apply", "p.json")):
            ended = tierops(*command)
            outputs += ended.out + ended.err + Path("p.json").read_text()
    assert_absent(outputs, *PLAIN.values())
    assert_absent(outputs, *ODD.values())


class Echo:
    """A vendor that says back what it was asked with."""

    def __init__(self, status: str, shape: Callable[[str], str], kind: str = "application/json") -> None:
        self.status, self.shape, self.kind, self.asked = status, shape, kind, 0

    def __call__(self, environ: dict, start_response: Callable) -> list[bytes]:
        self.asked += 1
        keys = [v.removeprefix("Bearer ") for k, v in environ.items() if k.startswith(("HTTP_X_APP", "HTTP_AUTH"))]
        body = self.shape(" ".join(keys)).encode()
        start_response(self.status, [("Content-Type", self.kind), ("Content-Length", str(len(body)))])
        return [body]


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "401 Unauthorized", "404 Not Found", "503 Busy"])
@pytest.mark.parametrize("shape", ECHOES)
def test_a_key_that_the_vendor_says_back_is_not_passed_on(
    shape: str, status: str, keys: dict[str, str], club: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_FIRST_PAUSE", 0)
    with serve(Echo(status, ECHOES[shape])) as server:
        monkeypatch.setenv("VOUCHERIFY_URL", server.url)
        monkeypatch.setenv("FANFARE_URL", server.url)
        for command in (("-vv", "plan"), ("import", "fanfare", "--all"), ("drift", "--format", "json")):
            ended = tierops(*command)
            assert ended.code == Exit.FAILED
            assert_absent(ended.out + ended.err, *keys.values())


def test_the_name_of_the_project_and_the_version_of_the_api_are_no_secrets(
    club: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOUCHERIFY_PROJECT", "voucherify")
    club.voucherify.add_tiers("Club", [{"name": "v2018-08-01", "points": {"from": 900}}])
    ended = tierops("drift", "--format", "json")
    assert ended.code == Exit.DIFFERENCES
    assert MARK not in ended.out + ended.err
    assert "v2018-08-01" in ended.out
    assert '"provider": "voucherify"' in ended.out


@pytest.mark.parametrize("address", ["https://c4n4ry1234@h", "https://u:c4n4ry1234@[", "u:c4n4ry1234@h", "ftp://u:c4n4ry1234@h",
    "https://h/?k=c4n4ry1234", "https://h/#c4n4ry1234", "https://u:c4n4ry1234@h:x"])  # fmt: skip
@pytest.mark.parametrize("command", ["plan", "drift"])
def test_an_address_with_a_password_is_refused_and_not_said_back(
    address: str, command: str, club: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOUCHERIFY_URL", address)
    ended = tierops("-v", command)
    assert ended.code == Exit.FAILED
    assert "the address of Voucherify" in ended.err
    assert "c4n4ry" not in ended.err + ended.out


@pytest.mark.parametrize("name", ["..", ".", "\udcff", "x" * 100_000], ids=lambda name: ascii(name)[:8])
def test_a_name_leads_nowhere_else(name: str, club: Emulator, tierops: Run) -> None:
    ended = tierops("import", "voucherify", "--campaign", name)
    assert ended.code == Exit.FAILED
    assert "mistake" not in ended.err
    assert club.requests == []


# The end that nobody foresaw.


class Broken(Exception):
    """A mistake in tierops."""


@pytest.mark.parametrize("verbosity", [(), ("-v",)], ids=str)
def test_a_mistake_in_tierops_is_a_sentence_and_with_v_a_trace(
    verbosity: tuple[str, ...], keys: dict[str, str], club: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Broken(f"\n::error::{' '.join(os.environ[name] for name in keys)}")

    monkeypatch.setattr("tierops.rules.check", fail)
    for format_ in ("text", "json"):
        ended = tierops(*verbosity, "plan", "--format", format_)
        assert ended.code == Exit.FAILED
        assert "a mistake in tierops, please report it: Broken: " in ended.out + ended.err
        assert ("Traceback" in ended.err) == bool(verbosity)
        assert_absent(ended.out + ended.err, *keys.values())
        assert not any(line.lstrip().startswith("::") for line in ended.err.splitlines())


@pytest.mark.parametrize(
    ("where", "code", "message"),
    [
        ("tierops.apply.run", Exit.FAILED, "error: a mistake in tierops, please report it: Broken: oops"),
        ("tierops.apply.walk.settled", Exit.FAILED, "a mistake in tierops, please report it: Broken: oops"),
        ("tierops.apply.walk.showing", Exit.UNKNOWN, "unknown: Bronze"),
        ("tierops.apply.exit_code", Exit.UNKNOWN, "creates may have been carried out: plan again to see"),
    ],
)
def test_after_a_write_a_mistake_never_says_that_nothing_was_written(
    where: str, code: Exit, message: str, club: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Broken("oops")

    monkeypatch.setattr(where, fail)
    ended = tierops("apply", "--auto-approve")
    assert ended.code == code
    assert message in ended.out + ended.err
    assert (club.writes > 0) == (code == Exit.UNKNOWN)


def test_the_tests_of_this_file_would_notice_a_key() -> None:
    with pytest.raises(AssertionError):
        assert_absent(f"… {quote(PLAIN['VOUCHERIFY_APP_TOKEN'][5:14])} …", *PLAIN.values())
