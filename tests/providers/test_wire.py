"""An exchange over a real connection: no answer fills the memory, lasts for ever or hides what it says."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from itertools import cycle, repeat

import pytest
from harness import Slept
from vendors import CREATE, Answer, bearing, listening, says

from tierops.errors import AnswerLost, VendorError
from tierops.providers import http, wire
from tierops.providers.answer import Times
from tierops.providers.http import Client

SHORT = 0.4  # seconds


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole of an exchange has less time than a step alone."""
    for name in ("_READ", "_WRITE"):
        monkeypatch.setattr(http, name, Times(connect=10, step=30, whole=SHORT))


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_LARGEST", wire.MEBIBYTE)


def pours(pieces: Callable[[], Iterator[bytes]], pause: float = 0) -> Answer:
    """An answer of these bytes, as long as somebody listens."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        try:
            for piece in pieces():
                handler.wfile.write(piece)
                time.sleep(pause)
        except OSError:
            pass

    return answer


def begins(*headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode()


@contextmanager
def vendor(answer: Answer, slept: Slept) -> Iterator[Client]:
    with listening(answer) as (url, _):
        client = bearing("c4n4ry1234", slept, url=url)
        try:
            yield client
        finally:
            client.close()


def fails(client: Client, method: str) -> VendorError:
    with pytest.raises(VendorError) as caught:
        client.get("/x") if method == "GET" else client.create(CREATE, lambda _: ())
    return caught.value


HEADER_BY_HEADER = b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    "answer",
    [
        pours(lambda: cycle([begins(status="100 Continue")]), 0.001),
        pours(lambda: cycle([begins(status="103 Early Hints")]), 0.05),
        pours(lambda: (bytes([byte]) for byte in HEADER_BY_HEADER), 0.05),
        pours(lambda: iter([b"", b""]), 2 * SHORT),
    ],
    ids=["1xx at once", "1xx slowly", "a byte now and then", "nothing"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_exchange_without_a_status_ends_in_time_and_is_lost(method: str, answer: Answer, slept: Slept) -> None:
    with vendor(answer, slept) as client:
        start = time.monotonic()
        error = fails(client, method)
        assert time.monotonic() - start < 4 * SHORT + 3  # a read has four tries
    assert "no answer in time" in str(error)
    assert isinstance(error, AnswerLost) == (method == "POST")
    if isinstance(error, AnswerLost):
        assert not error.is_taken


EMPTY_BLOCKS = zlib.compressobj(wbits=31)
PACKED = EMPTY_BLOCKS.compress(b"[") + EMPTY_BLOCKS.flush(zlib.Z_SYNC_FLUSH)
BLOCK = EMPTY_BLOCKS.flush(zlib.Z_FULL_FLUSH) or b"\x00\x00\x00\xff\xff"


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    "answer",
    [
        pours(lambda: iter([begins(), *repeat(b" ", 200)]), 0.05),
        pours(lambda: iter([begins("Content-Encoding: gzip"), PACKED, *repeat(b"\x00\x00\x00\xff\xff", 200)]), 0.05),
    ],
    ids=["bytes", "empty blocks"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_body_without_end_is_given_up_and_its_status_counts(method: str, answer: Answer, slept: Slept) -> None:
    with vendor(answer, slept) as client:
        error = fails(client, method)
    assert f"answered {method} /x with 200, but the answer breaks off (" in str(error)
    if method == "POST":
        assert isinstance(error, AnswerLost)
        assert error.is_taken


BOMB = gzip.compress(b" " * 2**26)


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize(
    ("answer", "flaw"),
    [
        (pours(lambda: iter([begins(), *repeat(b" " * 2**16, 1000)])), "is larger than 1 MiB"),
        (says(200, BOMB, **{"Content-Encoding": "gzip"}), "is larger than 1 MiB"),
        (
            pours(lambda: iter([begins("Content-Encoding: gzip"), PACKED, *repeat(BLOCK * 5000, 1000)])),
            "is larger than 1 MiB",
        ),
        (
            says(200, gzip.compress(gzip.compress(b"[1]")), **{"Content-Encoding": "gzip, gzip"}),
            "is packed as 'gzip, gzip', which nobody asked for",
        ),
        (says(200, b"[1]", **{"Content-Encoding": "br"}), "is packed as 'br', which nobody asked for"),
        (
            says(200, b"[1]", **{"Content-Encoding": "gzip"}),
            "cannot be unpacked as the gzip that it is said to be (Error -3",
        ),
        (says(200, gzip.compress(b"[1]")[:-6], **{"Content-Encoding": "gzip"}), "is packed as gzip, and breaks off"),
        (says(200, gzip.compress(b"[1]") + b"more", **{"Content-Encoding": "gzip"}), "goes on after the end of its"),
        (says(200, b"[1]", **{"Content-Length": "9"}), "breaks off (peer closed connection"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_wrong_with_a_body_is_told_as_it_is_and_its_status_counts(
    method: str, answer: Answer, flaw: str, slept: Slept
) -> None:
    assert len(BOMB) < 2**17
    with vendor(answer, slept) as client:
        error = fails(client, method)
    assert f"Vendor answered {method} /x with 200, but the answer {flaw}" in str(error)
    assert "reached" not in str(error)
    if method == "POST":  # a success that cannot be read was taken: it is never sent again
        assert isinstance(error, AnswerLost)
        assert error.is_taken


def test_a_refusal_that_cannot_be_unpacked_is_one(slept: Slept) -> None:
    with vendor(says(400, b"no", **{"Content-Encoding": "gzip"}), slept) as client:
        error = fails(client, "POST")
    assert type(error) is VendorError
    assert error.status == 400
    assert "with 400, but the answer cannot be unpacked" in str(error)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_a_packed_answer_is_read(encoding: str, slept: Slept) -> None:
    packed = says(200, gzip.compress(b"[1]"), **{"Content-Encoding": encoding})
    with listening(packed) as (url, heard):
        client = bearing("c4n4ry1234", slept, url=url)
        assert client.get("/x") == [1]
        client.close()
    assert heard[0][1]["Accept-Encoding"] == "gzip"


def test_a_connection_is_used_again_and_no_cookie_is_sent_back(slept: Slept) -> None:
    with listening(says(200, b"[1]", **{"Set-Cookie": "a=b"})) as (url, heard):
        client = bearing("c4n4ry1234", slept, url=url)
        assert client.get("/x") == client.get("/x") == [1]
        client.close()
    assert len(heard) == 2
    assert "Cookie" not in heard[1][1]


def test_a_vendor_that_hangs_up_is_told_without_a_full_stop(slept: Slept) -> None:
    with vendor(lambda handler: handler.connection.close(), slept) as client:
        assert str(fails(client, "POST")).endswith("is lost: Server disconnected without sending a response")
