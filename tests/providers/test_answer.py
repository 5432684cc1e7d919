"""Answers that are out to fill the memory, to last for ever or to crash."""

from __future__ import annotations

import gzip
from http.server import BaseHTTPRequestHandler

import httpx
import pytest
from harness import Slept
from vendors import CREATE, bearing, listening, says

from tierops.errors import AnswerLost, VendorError
from tierops.providers import answer, http


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_without_end_is_dropped(method: str, slept: Slept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_LARGEST", 2**20)

    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b" " * 2**16)
        except OSError:
            pass

    with listening(pour) as (url, _):
        client = bearing("c4n4ry1234", slept, url=url)
        with pytest.raises(VendorError, match="the answer is larger than 1 MiB") as caught:
            client.get("/x") if method == "GET" else client.create(CREATE, lambda _: ())
        client.close()
    assert isinstance(caught.value, AnswerLost) == (method == "POST")


def test_an_answer_that_drips_is_given_up(slept: Slept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "_SLOWEST", 0)
    with listening(says(200, b" " * 100)) as (url, _):
        client = bearing("c4n4ry1234", slept, url=url)
        with pytest.raises(VendorError, match="no answer in time"):
            client.get("/x")
        client.close()


def test_a_packed_bomb_is_dropped(slept: Slept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_LARGEST", 2**20)
    bomb = gzip.compress(b" " * 2**26)
    assert len(bomb) < 2**17
    with listening(says(200, bomb, **{"Content-Encoding": "gzip"})) as (url, _):
        client = bearing("c4n4ry1234", slept, url=url)
        with pytest.raises(VendorError, match="larger than"):
            client.get("/x")
        client.close()


def test_a_packed_answer_is_read(slept: Slept) -> None:
    with listening(says(200, gzip.compress(b"[1]"), **{"Content-Encoding": "gzip"})) as (url, _):
        client = bearing("c4n4ry1234", slept, url=url)
        assert client.get("/x") == [1]
        client.close()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("[" * 100_000, "nested too deeply"),
        ("[" * 200 + "]" * 200, "nested too deeply"),
        ('{"a":' * 400 + "1" + "}" * 400, "nested too deeply"),
        ('{"a":1e999999}', "number out of range"),
        (f"[{'9' * 1_000_000}]", "number out of range"),
        ("[NaN]", "not JSON: NaN"),
        ("[-Infinity]", "not JSON: -Infinity"),
        ('{"a":1,"a":2}', "key 'a' appears twice"),
        ("{" + ",".join(f'"k{n}":1' for n in range(100_000)) + ',"k99999":1}', "key 'k99999' appears twice"),
        ('{"' + "k" * 1_000_000 + '":1,"' + "k" * 1_000_000 + '":1}', "appears twice"),
        ("\x00", "not the JSON that is documented"),
    ],
    ids=lambda text: text[:12],
)
def test_json_that_is_out_to_hang_or_crash_is_refused(body: str, reason: str, slept: Slept) -> None:
    with pytest.raises(VendorError, match=reason) as caught:
        bearing("c4n4ry1234", slept, lambda _: httpx.Response(200, text=body)).get("/x")
    assert len(str(caught.value)) < 4000
