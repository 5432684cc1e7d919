"""Faults in a file, and what `tierops emulate` says of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import Run

from tierops.commands import serving
from tierops.emulator import KINDS, Emulator, Fault, fault_file
from tierops.errors import BadInput, Exit

GOOD = """
# Answers get lost.
- {on: "POST /v1/loyalties/*/tiers", kind: drop-after}
- on: GET /audiences
  kind: lag
  times: always
  after: 2
  value: 3000
- {on: "* /*", kind: 429, times: 2}
"""
FAULTS = (
    Fault("POST /v1/loyalties/*/tiers", "drop-after"),
    Fault("GET /audiences", "lag", None, 2, 3000),
    Fault("* /*", "429", 2),
)


def test_yaml_and_json_are_read(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(GOOD)
    assert fault_file.read(path) == FAULTS
    entries = [fault.__dict__ | {"times": fault.times or "always"} for fault in FAULTS]
    path.write_text(json.dumps(entries, indent=2))
    assert fault_file.read(path) == FAULTS
    path.write_text("[]")
    assert fault_file.read(path) == ()


BAD = (
    ("", "1:1: schema: the file is empty; a list of faults begins with `- {on:"),
    ("on: 1\n", "1:1: schema: this is no list; a list of faults begins with"),
    ("[]\n---\n[]\n", "3:1: schema: a file of faults holds one list only"),
    ("- [\n", "1:3: schema: not YAML: this `[` is never closed"),
    ("- just text\n", "1:3: schema: a fault is a mapping with `on` and `kind`, not 'just text'"),
    ("- ~\n- []\n", "1:3: schema: a fault is a mapping with `on` and `kind`, not nothing"),
    ("- []\n", "1:3: schema: a fault is a mapping with `on` and `kind`, not a list"),
    ("- {kind: empty}\n", "1:3: schema: a fault needs `on`: a method and a path in quotes"),
    ("- {on: GET *}\n", "1:3: schema: a fault needs `kind`: the name of a fault"),
    ("- {on: GET *, kind: dropafter}\n", "1:21: schema: there is no fault 'dropafter'; did you mean `drop-after`?"),
    ("- {on: GET *, kind: 7}\n", "1:21: schema: there is no fault '7'; list them with `tierops emulate --fault-kinds`"),
    ("- {on: GET *, kind: empty, tims: 1}\n", "1:28: schema: a fault has no `tims`; did you mean `times`?"),
    (
        "- {on: GET *, kind: empty, x: 1}\n",
        "1:28: schema: a fault has no `x`; there are: on, kind, times, after, value",
    ),
    ("- {on: GET *, kind: empty, times: null}\n", "1:35: schema: `times` is a whole number, or `always`, not nothing"),
    ("- {on: GET *, kind: empty, times: true}\n", "1:35: schema: `times` is a whole number, or `always`, not 'True'"),
    ("- {on: GET *, kind: empty, after: 1.5}\n", "1:35: schema: `after` is a whole number, not '1.5'"),
    ("- {on: GET *, kind: empty, after: -1}\n", "1:35: schema: a fault comes after no fewer than 0 requests, not -1"),
    ("- {on: GET *, kind: cap, value: {}}\n", "1:33: schema: `value` is a whole number, not a mapping"),
    ("- {on: GET *, kind: cap, value: -1}\n", "1:33: schema: -1 is no value for a fault: 0 to 86400000"),
    ("- {on: GET *, kind: 401, kind: 403}\n", "1:26: schema: the key 'kind' is here twice"),
    ("- {on: nowhere, kind: empty}\n", "1:8: schema: a fault is on METHOD /path"),
    (f"- {{on: {'x' * 99}, kind: [empty]}}\n", "schema: `kind` is the name of a fault, not a list"),
)


@pytest.mark.parametrize(("text", "problem"), BAD, ids=lambda text: text[:40])
def test_bad_file_is_told_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        fault_file.read(path)
    told = [str(found) for found in caught.value.problems]
    assert any(problem in one for one in told)
    assert all(one.startswith(f"{path}:") and "\n" not in one and len(one) < 500 for one in told)


def test_every_problem_is_told_in_order(offline: Run, tmp_path: Path) -> None:
    (tmp_path / "faults.yaml").write_text("- {on: GET *, kind: x, after: -1}\n- text\n- {on: GET *, kind: cap}\n")
    ended = offline("emulate", "--faults", "faults.yaml")
    assert ended.code == Exit.FAILED
    assert [line[:17] for line in ended.out.splitlines()] == [
        "faults.yaml:1:21:",
        "faults.yaml:1:31:",
        "faults.yaml:2:3: ",
    ]
    assert ended.err == "error: 3 problems in the files\n"
    ended = offline("emulate", "--faults", "nowhere.yaml")
    assert ended.code == Exit.FAILED
    assert "nowhere.yaml:1:1: schema: cannot read this file: No such file or directory" in ended.out


def test_seed_that_is_no_number_is_a_usage_error(offline: Run) -> None:
    assert offline("emulate", "--chaos", "monkey").code == Exit.USAGE


def test_kinds_are_listed_with_what_they_do(offline: Run) -> None:
    ended = offline("emulate", "--fault-kinds")
    assert ended.code == Exit.DONE
    lines = ended.out.splitlines()
    assert lines[::2] == list(KINDS)
    assert lines[1::2] == [f"    {doc}" for doc in KINDS.values()]


def test_emulator_starts_with_the_faults_of_the_file_and_the_seed(
    offline: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "faults.yaml").write_text(GOOD)
    (tmp_path / "one.json").write_text('[{"on": "GET *", "kind": "empty"}]')
    seen: list[tuple[int, bool]] = []

    def serve(app: Emulator, host: str, port: int, *, log: bool, ready: object) -> None:
        assert callable(ready)
        ready(f"http://{host}:{port}")
        seen.append((len(app.faults), app.chaos is not None))

    monkeypatch.setattr(serving, "run_forever", serve)
    told = [
        offline("emulate", *arguments).err.splitlines()[2:]
        for arguments in ((), ("--faults", "faults.yaml"), ("--faults", "one.json", "--chaos", "7"), ("--chaos", "0"))
    ]
    assert seen == [(0, False), (3, False), (1, True), (0, True)]
    assert told == [
        [],
        ["Misbehaving as faults.yaml says: 3 faults."],
        ["Misbehaving as one.json says: 1 fault.", "Misbehaving at random, seed 7: about one request in 5."],
        ["Misbehaving at random, seed 0: about one request in 5."],
    ]
