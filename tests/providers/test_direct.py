"""Connections without a proxy: what is used again, where an answer ends, and that nothing is sent twice."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any, NamedTuple

import httpx
import pytest
from harness import Slept
from vendors import bearing

from tierops.providers import address, direct, wire
from tierops.providers.answer import Times
from tierops.providers.wire import Wire

TIMES = Times(connect=5, step=5, whole=10)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Asked(NamedTuple):
    """One request as the server heard it. `connection` counts the connections from 0, `number` the requests on it."""

    connection: int
    number: int
    line: str
    body: bytes


class Heard(list[Asked]):
    """All requests. `ended` counts the connections that were closed, whoever did it."""

    ended = 0

    @property
    def connections(self) -> list[int]:
        return [asked.connection for asked in self]


Says = Callable[[Asked], bytes | None]


@contextmanager
def serving(says: Says, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[tuple[str, Heard]]:
    """A server that keeps connections, answers with these bytes, and hangs up on None and after what ends with `!`."""
    heard, lock, opened = Heard(), threading.Lock(), Counter[str]()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            with lock:
                own = opened["connections"]
                opened["connections"] += 1
            with suppress(OSError):
                self.talk(own)

        def talk(self, own: int) -> None:
            number = 0
            while line := self.rfile.readline():
                length = 0
                while (header := self.rfile.readline().strip().lower()) and header:
                    if header.startswith(b"content-length:"):
                        length = int(header.partition(b":")[2])
                asked = Asked(own, number, line.decode().strip(), self.rfile.read(length))
                with lock:
                    heard.append(asked)
                number += 1
                answer = says(asked)
                if answer is None:
                    return
                self.wfile.write(answer.removesuffix(b"!"))
                if answer.endswith(b"!"):
                    return

    class Server(ThreadingTCPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        request_queue_size = 128
        daemon_threads = True

        def get_request(self) -> Any:
            line, whence = super().get_request()
            return (tls.wrap_socket(line, server_side=True) if tls else line), whence

        def shutdown_request(self, request: Any) -> None:
            super().shutdown_request(request)
            heard.ended += 1

    with Server((host, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        shown = f"[{host}]" if ":" in host else host
        try:
            yield f"{'https' if tls else 'http'}://{shown}:{server.server_address[1]}", heard
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def way(url: str, most: int = 16 * wire.MEBIBYTE, **environ: str) -> Iterator[Wire]:
    made = wire.to("Vendor", address.checked("Vendor", url), environ, most)
    try:
        yield made
    finally:
        made.close()


def asks(wire: Wire, url: str, method: str = "GET", content: bytes | None = None, times: Times = TIMES) -> Any:
    request = httpx.Request(method, f"{url}/x", content=content, extensions=times.extensions())
    return wire.handle_request(request)


def talks(answer: bytes | Says, *methods: str) -> tuple[list[Any], Heard]:
    """What comes of requests of these methods in turn, errors too."""
    found: list[Any] = []
    with serving(answer if callable(answer) else lambda _: answer) as (url, heard), way(url) as made:
        for method in methods:
            try:
                found.append(asks(made, url, method, b"{}" if method == "POST" else None))
            except httpx.RequestError as error:
                found.append(error)
    return found, heard


def waits_for(has_come: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not has_come():
        assert time.monotonic() < ends
        time.sleep(0.001)


LARGE = b"x" * 3_000_000
KEPT = {
    "a length": (OK, b"ok"),
    "a length of nothing": (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b""),
    "much": (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(LARGE), LARGE), LARGE),
    "chunks": (CHUNKED + b"2\r\nok\r\n10;name=value\r\n0123456789abcdef\r\n0\r\n\r\n", b"ok0123456789abcdef"),
    "a large chunk": (CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (len(LARGE), LARGE), LARGE),
    "no chunk": (CHUNKED + b"0\r\n\r\n", b""),
    "chunks with headers behind them": (CHUNKED + b"2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n", b"ok"),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    "other answers before": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK, b"ok"),
    "no reason": (OK.replace(b" OK", b""), b"ok"),
}


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_that_says_where_it_ends_leaves_its_connection_to_the_next(name: str, method: str) -> None:
    answer, body = KEPT[name]
    found, heard = talks(answer, method, method)
    assert [(answer.content, answer.extensions["flaw"]) for answer in found] == [(body, "")] * 2
    assert [(asked.connection, asked.number) for asked in heard] == [(0, 0), (0, 1)]
    assert [asked.body for asked in heard] == [b"{}" if method == "POST" else b""] * 2


def test_an_answer_to_head_has_no_body_whatever_its_length_says() -> None:
    found, heard = talks(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HEAD", "HEAD")
    assert [(answer.status_code, answer.content, answer.extensions["flaw"]) for answer in found] == [(200, b"", "")] * 2
    assert heard.connections == [0, 0]


@pytest.mark.parametrize(
    "answer",
    [
        OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        OK.replace(b"1.1", b"1.0"),
        b"HTTP/1.1 200 OK\r\n\r\nok!",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok!",
    ],
    ids=["it says so", "an old server", "it ends with the answer", "both"],
)
def test_a_connection_that_ends_is_not_used_again(answer: bytes) -> None:
    found, heard = talks(answer, "GET", "GET")
    assert [(answer.content, answer.extensions["flaw"]) for answer in found] == [(b"ok", "")] * 2
    assert heard.connections == [0, 1]


CUT = "breaks off (peer closed connection without sending complete message body"
FLAWS = {
    "a length": (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok!", f"{CUT} (1 bytes are missing))"),
    "a length, much": (b"HTTP/1.1 200 OK\r\nContent-Length: 3000001\r\n\r\n" + LARGE + b"!", f"{CUT} (1 bytes are "),
    "a length of nothing that came": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n!",
        f"{CUT} (3 bytes are missing))",
    ),
    "within a chunk": (CHUNKED + b"3\r\nok!", f"{CUT} (a chunk is missing))"),
    "behind a chunk": (CHUNKED + b"2\r\nok\r\n!", f"{CUT} (a chunk is missing))"),
    "before any chunk": (CHUNKED + b"!", f"{CUT} (a chunk is missing))"),
    "no number of a chunk": (CHUNKED + b"zz\r\nok\r\n0\r\n\r\n", f"{CUT} (a chunk is missing))"),
    "a chunk of -1": (CHUNKED + b"-1\r\n" + b"x" * 100_000, "breaks off (a chunk of a negative length)"),
    "a chunk of -5": (CHUNKED + b"-5\r\nok\r\n0\r\n\r\n", "breaks off ("),
}


@pytest.mark.parametrize("name", FLAWS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_body_that_is_cut_short_is_told_and_its_status_counts(name: str, method: str) -> None:
    cut, flaw = FLAWS[name]
    found, heard = talks(lambda asked: OK if asked.line.startswith("PUT") else cut, method, "PUT")
    assert found[0].extensions["flaw"].startswith(flaw)
    assert (found[0].status_code, found[0].content) == (200, b"")
    assert found[1].content == b"ok"
    assert heard.connections == [0, 1]  # nobody knows what would come on the first


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"!", "Server disconnected without sending a response."),
        (b"HTTP/1.1 200 OK\r\nContent-Le!", "a line among its headers is none"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n!", "its headers break off"),
        (b"HTTP/1.1 200 OK\r\n!", "its headers break off"),
        (b"HTTP/1.1 200 OK!", "its headers break off"),
        (b"220 mail.example ESMTP\r\n", "220 mail.example"),
        (b"HTTP/2 200 OK\r\n\r\n", "HTTP/2"),
        (b"HTTP/1.1 099 No\r\n\r\n", "099"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 101 + b"\r\n", "got more than 100 headers"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "got more than 65536 bytes when reading header line"),
        (b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 2\r\n\r\nok", "a line among its headers is none"),
    ],
    ids=lambda value: value[:30] if isinstance(value, bytes) else "",
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_no_answer_is_an_error_after_one_request(answer: bytes, says: str, method: str) -> None:
    (found,), heard = talks(answer, method)
    assert isinstance(found, httpx.RemoteProtocolError | httpx.ReadError)
    assert says in str(found)
    assert not isinstance(found, httpx.ConnectError)  # which would say that nothing was sent
    assert len(heard) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_that_the_server_closed_meanwhile_is_replaced_before_anything_is_sent(method: str) -> None:
    with serving(lambda _: OK + b"!") as (url, heard), way(url) as made:
        for turn in (1, 2, 3):
            assert asks(made, url, method, b"{}").content == b"ok"
            waits_for(lambda turn=turn: heard.ended == turn)
    assert [(asked.connection, asked.number) for asked in heard] == [(0, 0), (1, 0), (2, 0)]


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_what_fails_on_a_connection_that_was_kept_is_not_sent_again_by_itself(method: str) -> None:
    found, heard = talks(lambda asked: None if asked.number else OK, "GET", method, "GET")
    assert isinstance(found[1], httpx.ReadError | httpx.RemoteProtocolError)
    assert found[2].content == b"ok"
    assert [(asked.connection, asked.number) for asked in heard] == [(0, 0), (0, 1), (1, 0)]


def test_a_read_that_fails_on_a_connection_that_was_kept_is_tried_again_as_any_other(slept: Slept) -> None:
    one = OK.replace(b"ok", b"[]")
    with serving(lambda asked: None if asked.number else one) as (url, heard):
        client = bearing("c4n4ry1234", slept, url=url)
        assert client.get("/x") == client.get("/x") == []
        client.close()
    assert heard.connections == [0, 0, 1]


def test_an_answer_that_nobody_asked_for_answers_nothing() -> None:
    rogue = OK.replace(b"ok", b"no")
    found, heard = talks(lambda asked: OK + rogue if asked.connection == 0 else OK, "GET", "GET")
    assert [answer.content for answer in found] == [b"ok"] * 2
    assert len(heard) == 2


def test_a_connection_on_which_something_came_meanwhile_is_not_used() -> None:
    theirs, ours = socket.socketpair()
    connection = direct._Connection(ours, "127.0.0.1", 80)
    assert connection.is_quiet()
    theirs.send(OK)
    assert not connection.is_quiet()
    connection.close()
    theirs.close()


def test_a_connection_that_was_kept_too_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "_KEPT", 0.0)
    _, heard = talks(OK, "GET", "GET")
    assert heard.connections == [0, 1]


@pytest.mark.parametrize("threads", [16, 64])
def test_each_thread_gets_its_own_answer(threads: int) -> None:
    meeting = threading.Barrier(threads, timeout=20)

    def says(asked: Asked) -> bytes:
        if asked.number == 0:
            meeting.wait()  # so all are under way at once
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(asked.body), asked.body)

    with serving(says) as (url, heard), way(url) as made, ThreadPoolExecutor(threads) as pool:
        sent = [str(number).encode() for number in range(5 * threads)]
        assert list(pool.map(lambda content: asks(made, url, "POST", content).content, sent)) == sent
    assert sorted(asked.body for asked in heard) == sorted(sent)
    assert len(set(heard.connections)) == threads


def test_closing_hangs_up_at_once_and_on_what_is_under_way_at_its_end() -> None:
    is_asked, goes_on = threading.Event(), threading.Event()

    def says(asked: Asked) -> bytes:
        if asked.connection == 0:
            is_asked.set()
            goes_on.wait(10)
        return OK

    with serving(says) as (url, heard), way(url) as made, ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(asks, made, url)
        is_asked.wait(10)
        assert asks(made, url).content == b"ok"
        made.close()
        waits_for(lambda: heard.ended == 1)
        goes_on.set()
        assert under_way.result().content == b"ok"
        waits_for(lambda: heard.ended == 2)


def test_a_step_that_takes_too_long_ends_after_its_time() -> None:
    with serving(lambda _: time.sleep(0.5) or None) as (url, heard), way(url) as made:
        with pytest.raises(httpx.ReadTimeout):
            asks(made, url, times=Times(connect=5, step=0.05, whole=10))
        assert len(heard) == 1


def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with way(url) as made, pytest.raises(httpx.ConnectError, match="Connection refused"):
            asks(made, url, "POST", b"{}")


def test_a_connection_that_does_not_come_about_in_time_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(_address: object, timeout: float) -> None:
        assert timeout == pytest.approx(TIMES.connect)
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", hang)
    with way("http://127.0.0.1:9") as made, pytest.raises(httpx.ConnectError, match="no answer in time"):
        asks(made, "http://127.0.0.1:9")


def test_a_refusal_before_all_was_sent_is_heard() -> None:
    def refuse() -> None:
        line, _ = listener.accept()
        with line:  # closed with most of the request unread, which breaks the sending
            line.recv(100)
            line.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=refuse)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with way(url) as made:
            answer = asks(made, url, "POST", b"x" * 30_000_000)
        thread.join()
    assert (answer.status_code, answer.content) == (413, b"no")


def test_tls_keeps_its_connections_too(certificate: tuple[Path, ssl.SSLContext]) -> None:
    large = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(LARGE), LARGE)
    with (
        serving(lambda _: large, certificate[1]) as (url, heard),
        way(url, SSL_CERT_FILE=str(certificate[0])) as made,
    ):
        assert [asks(made, url, "POST", b"y" * 100_000).content for _ in range(3)] == [LARGE] * 3
    assert [(asked.connection, len(asked.body)) for asked in heard] == [(0, 100_000)] * 3


def test_more_than_was_asked_for_within_tls_answers_nothing(certificate: tuple[Path, ssl.SSLContext]) -> None:
    rogue = OK.replace(b"ok", b"no")
    with (
        serving(lambda _: OK + rogue + b" " * 12_000, certificate[1]) as (url, _),
        way(url, SSL_CERT_FILE=str(certificate[0])) as made,
    ):
        assert [asks(made, url).content for _ in range(3)] == [b"ok"] * 3


def test_an_unknown_authority_is_no_connection(certificate: tuple[Path, ssl.SSLContext]) -> None:
    with (
        serving(lambda _: OK, certificate[1]) as (url, heard),
        way(url) as made,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        asks(made, url, "POST", b"{}")
    assert heard == []


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")
def test_an_address_of_ipv6_is_called() -> None:
    with serving(lambda _: OK, host="::1") as (url, heard), way(url) as made:
        assert asks(made, url).content == b"ok"
    assert len(heard) == 1


def test_a_header_that_is_two_lines_is_not_sent() -> None:
    with serving(lambda _: OK) as (url, heard), way(url) as made:
        request = httpx.Request("POST", url, headers={"X-Key": "a\r\nX-Other: b"}, extensions=TIMES.extensions())
        with pytest.raises(httpx.RequestError, match="Invalid header value"):
            made.handle_request(request)
    assert heard == []
