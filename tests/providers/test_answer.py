"""Answers that are out to fill the memory or to crash, and what is said of those that are none."""

from __future__ import annotations

import httpx
import pytest
from harness import Slept
from vendors import CREATE, bearing

from tierops.errors import AnswerLost, VendorError
from tierops.providers.answer import Answer, described


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
        (f"[{'{},' * 600_000}{{}}]", "more than 1000000 entries"),
        (f"[{'[],' * 600_000}[]]", "more than 1000000 entries"),
        (f"[{'1,' * 1_200_000}1]", "more than 1000000 entries"),
    ],
    ids=lambda text: text[:12],
)
def test_json_that_is_out_to_hang_or_crash_is_refused(body: str, reason: str, slept: Slept) -> None:
    with pytest.raises(VendorError, match=reason) as caught:
        bearing("c4n4ry1234", slept, lambda _: httpx.Response(200, text=body)).get("/x")
    assert len(str(caught.value)) < 4000


@pytest.mark.parametrize(
    "charset", ["hex", "rot13", "base64", "zip", "idna", "utf-7", "undefined", "x" * 5000, "\u00fc"]
)
@pytest.mark.parametrize(("status", "is_lost"), [(200, True), (400, False), (403, False), (502, True)])
def test_an_answer_is_no_crash_whatever_charset_it_names(
    charset: str, status: int, is_lost: bool, slept: Slept
) -> None:
    kind = f"text/html; charset={charset}".encode("latin-1")
    page = httpx.Response(status, content=b"<p>caf\xc3\xa9 \xff", headers=[(b"Content-Type", kind)])
    with pytest.raises(VendorError, match=f"with {status}.*caf\u00e9 \ufffd") as caught:
        bearing("c4n4ry1234", slept, lambda _: page).create(CREATE, lambda _: ())
    assert isinstance(caught.value, AnswerLost) == is_lost


@pytest.mark.parametrize(
    ("content", "kind", "heading"),
    [
        (
            b"<!DOCTYPE html>\n<html><head><title>Just a\n moment&hellip;</title><p>x",
            "text/html",
            "Just a moment\u2026",
        ),
        (b"<html><body><h1>Access</h1>denied", "application/json", "Access denied"),
        (b"\xef\xbb\xbf  <!doctype HTML><p>Blocked", "", "Blocked"),
        (b"blocked", "application/xhtml+xml", "blocked"),
    ],
)
@pytest.mark.parametrize("status", [401, 403, 404, 407, 451])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_for_people_is_no_answer_of_an_api(
    method: str, status: int, content: bytes, kind: str, heading: str, slept: Slept
) -> None:
    page = httpx.Response(status, content=content, headers={"Content-Type": kind})
    client = bearing("c4n4ry1234", slept, lambda _: page)
    with pytest.raises(VendorError) as caught:
        client.get("/x") if method == "GET" else client.create(CREATE, lambda _: ())
    assert type(caught.value) is VendorError  # nothing of it reached the vendor, so nothing was created
    assert caught.value.status is None  # so no vendor's account says what to do about its own refusals
    assert f"with {status} and the page {heading!r}: no answer of the API; a proxy, a firewall" in str(caught.value)


def test_json_is_an_answer_whatever_it_is_said_to_be() -> None:
    answer = Answer(403, {"Content-Type": "text/html"}, b'{"message": "no"}')
    assert described(answer, lambda body: str(body["message"])) == "403: no"


def test_a_text_of_wide_characters_can_be_read() -> None:
    for encoding in ("utf-16", "utf-16-le"):
        answer = Answer(502, {"Content-Type": "text/plain"}, "Bad gateway".encode(encoding))
        assert described(answer, str) == "502: text/plain, 'Bad gateway'"
