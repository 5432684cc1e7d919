"""The pipeline for GitLab: its plans, and the one note that each environment has in a merge request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from action_step import ROOT

NOTES = "/api/v4/projects/7/merge_requests/5/notes"
BOT = 11


class GitLab:
    """The notes of one merge request, one a page, and who the token belongs to."""

    def __init__(self) -> None:
        self.notes: list[dict[str, Any]] = []
        self.tokens: set[str | None] = set()
        self.is_down = False

    def note(self, body: str, author: int = BOT) -> dict[str, Any]:
        note = {"id": len(self.notes) + 100, "body": body, "author": {"id": author}}
        self.notes.append(note)
        return note

    def answer(self, method: str, url: str, body: dict[str, Any]) -> Any:
        path, query = urlsplit(url).path, parse_qs(urlsplit(url).query)
        if path == "/api/v4/user":
            return {"id": BOT}
        if path == NOTES and method == "GET":
            assert (query["sort"], query["per_page"]) == (["asc"], ["100"])
            page = int(query["page"][0])
            return self.notes[page - 1 : page]
        if path == NOTES and method == "POST":
            return self.note(body["body"])
        (note,) = [note for note in self.notes if path == f"{NOTES}/{note['id']}" and method == "PUT"]
        note.update(body)
        return note


@pytest.fixture
def gitlab(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitLab]:
    double = GitLab()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            double.tokens.add(self.headers["PRIVATE-TOKEN"])
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            self.send_response(502 if double.is_down else 200)
            self.end_headers()
            self.wfile.write(json.dumps(double.answer(self.command, self.path, body)).encode())

        do_POST = do_GET  # noqa: N815
        do_PUT = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("CI_API_V4_URL", f"http://127.0.0.1:{server.server_port}/api/v4")
    yield double
    server.shutdown()
    thread.join()
    server.server_close()


def pipeline() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "gitlab-ci.yml").read_text())
    return data


def after_plan(folder: Path, report: str | None = "**1 tier to create**\n", **variables: str) -> int:
    """What the job `plan` does once tierops has ended."""
    if report is not None:
        (folder / "plan.md").write_text(report)
    (script,) = pipeline()["plan"]["after_script"]
    given = {
        "CI_PROJECT_ID": "7", "CI_MERGE_REQUEST_IID": "5", "CI_JOB_URL": "https://gitlab.example/jobs/9",
        "TIEROPS_ENV": "production", "TIEROPS_NOTE_TOKEN": "glpat-x", "CI_API_V4_URL": os.environ["CI_API_V4_URL"],
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **variables,
    }  # fmt: skip
    return subprocess.run(["bash", "-c", script], env=given, cwd=folder, capture_output=True).returncode


def test_each_environment_has_one_note_that_every_push_edits(gitlab: GitLab, tmp_path: Path) -> None:
    gitlab.note("a question", 3)
    forged = gitlab.note("<!-- tierops:production -->\napproved", 3)
    assert after_plan(tmp_path) == 0
    assert after_plan(tmp_path, TIEROPS_ENV="sandbox") == 0
    assert after_plan(tmp_path, "nothing to do → 金\n") == 0
    assert forged["body"].endswith("approved")
    assert [note["body"] for note in gitlab.notes[2:]] == [
        "<!-- tierops:production -->\nnothing to do → 金\n\n[Job](https://gitlab.example/jobs/9)",
        "<!-- tierops:sandbox -->\n**1 tier to create**\n\n[Job](https://gitlab.example/jobs/9)",
    ]
    assert gitlab.tokens == {"glpat-x"}


@pytest.mark.parametrize(
    ("report", "variables"),
    [("x", {"TIEROPS_NOTE_TOKEN": ""}), ("x", {"CI_MERGE_REQUEST_IID": ""}), (None, {})],
    ids=["no token", "no merge request", "no report"],
)
def test_nothing_is_written_where_there_is_nothing_to_write(
    gitlab: GitLab, tmp_path: Path, report: str | None, variables: dict[str, str]
) -> None:
    after_plan(tmp_path, report, **variables)
    assert (gitlab.notes, gitlab.tokens) == ([], set())


def test_a_note_that_cannot_be_written_is_outside_of_what_fails_the_job(gitlab: GitLab, tmp_path: Path) -> None:
    """GitLab does not count how `after_script` ends; nothing of it is in `script`."""
    gitlab.is_down = True
    assert after_plan(tmp_path) != 0
    assert pipeline()["plan"]["script"] == [
        "tierops plan --ttl 7d --out plan.json --report html=plan.html --report markdown=plan.md"
    ]


def test_the_plan_lives_as_long_as_its_artifact() -> None:
    assert pipeline()["plan"]["artifacts"]["expire_in"] == "7 days"


def test_every_merge_request_has_a_pipeline() -> None:
    rules = pipeline()["validate"]["rules"]
    assert {"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'} in rules


def test_no_module_of_the_checkout_is_run_before_tierops_is_there() -> None:
    (install, _) = pipeline()["default"]["before_script"]
    assert install.startswith("python -I -m venv ")
