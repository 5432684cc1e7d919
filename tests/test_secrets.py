"""Keys stay with tierops and the vendor: they are in no output, go to no other host, and only over verified TLS."""

from __future__ import annotations

import json
import logging
import os
import socket
import ssl
import threading
import traceback
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import escape
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest
from harness import Run, Slept
from hypothesis import given
from hypothesis import strategies as st

from tierops import cli
from tierops.emulator import Emulator
from tierops.emulator.server import serve
from tierops.errors import AnswerLost, Exit, TieropsError, VendorError
from tierops.providers import http
from tierops.providers.http import Client, Waiting
from tierops.text.redaction import MARK, Redaction

PLAIN = {
    "VOUCHERIFY_APP_ID": "c4n4ry0a-91fe-4b5d-8c1e-appidappid01",
    "VOUCHERIFY_APP_TOKEN": "c4n4ry1b-77aa-4c0d-9e2f-tokentoken02",
    "FANFARE_SECRET_KEY": "sk_live_C4n4ry2cQ9zVxW8yT3rB6mK1",
}
ODD = {
    "VOUCHERIFY_APP_ID": "kQ+/=%&Zx9'\"\\Jw2~Lm*(id)",
    "VOUCHERIFY_APP_TOKEN": "pT%2F+&<b>=/\\'\"yU7 oI5{to}",
    "FANFARE_SECRET_KEY": "sk_test_$w/9+==%25&&\"'\\Vb4N",
}
OAUTH = {
    "VOUCHERIFY_OAUTH_TOKEN": "oA+th/T0k3n==C4n4ry%7E~eyJhbGciOi",
    "FANFARE_SECRET_KEY": PLAIN["FANFARE_SECRET_KEY"],
}
KEYS = [PLAIN, ODD, OAUTH]


def written(secret: str) -> list[str]:
    """The ways in which a secret could stand in an output."""
    forms = [
        secret,
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
    ]
    forms += [escape(secret, quote=False), quote(quote(secret, safe=""), safe=""), secret[::-1][::-1]]
    encoded = [
        b64encode(secret.encode()).decode().rstrip("="),
        b64encode(f"id:{secret}".encode()).decode().rstrip("=")[4:-1],
    ]
    return [form for form in (*forms, *encoded) if len(form) >= 8]


def assert_absent(keys: dict[str, str], text: str) -> None:
    """No key, in any writing, and no 8 characters in a row of one; what is public of a key's form is not counted."""
    for secret in keys.values():
        for form in written(secret):
            for start in range(len(form) - 7):
                piece = form[start : start + 8]
                assert piece in {"sk_live_", "sk_test_"} or piece not in text, (piece, text)


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
        assert_absent(keys, ended.out + ended.err)
    assert ("GET /voucherify" in ended.err) == bool(verbosity)
    assert_absent(keys, caplog.text)
    for path in Path().rglob("*"):
        assert path.is_dir() or assert_absent(keys, path.read_text()) is None
    told = {value for sent in club.requests for value in sent.headers.values()}
    assert set(keys.values()) <= {value.removeprefix("Bearer ") for value in told}


def test_after_a_rotation_neither_the_old_nor_the_new_key_is_shown(
    club: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = ""
    for keys in (PLAIN, {**ODD, "VOUCHERIFY_APP_ID": PLAIN["VOUCHERIFY_APP_ID"]}):
        for name, value in keys.items():
            monkeypatch.setenv(name, value)
        for command in (("-v", "plan", "--out", "p.json"), ("-v", "apply", "p.json")):
            ended = tierops(*command)
            told += ended.out + ended.err + Path("p.json").read_text()
    assert_absent(PLAIN, told)
    assert_absent(ODD, told)


class Echo:
    """A vendor that says back what it was asked with."""

    def __init__(self, status: str, shape: Callable[[str], str], kind: str = "application/json") -> None:
        self.status, self.shape, self.kind, self.asked = status, shape, kind, 0

    def __call__(self, environ: dict, start_response: Callable) -> list[bytes]:
        self.asked += 1
        told = [v.removeprefix("Bearer ") for k, v in environ.items() if k.startswith(("HTTP_X_APP", "HTTP_AUTH"))]
        body = self.shape(" ".join(told)).encode()
        start_response(self.status, [("Content-Type", self.kind), ("Content-Length", str(len(body)))])
        return [body]


SHAPES: dict[str, Callable[[str], str]] = {
    "message": lambda told: json.dumps({"message": f"no project with {told}", "error": told, "details": told}),
    "details": lambda told: json.dumps({"message": "x", "details": [{"message": told[:20], "path": told[4:]}]}),
    "percent": lambda told: json.dumps({"message": quote(told, safe=""), "error": quote_plus(told)}),
    "base64": lambda told: json.dumps({"message": b64encode(told.encode()).decode()}),
    "html": lambda told: f"<h1>{escape(told)}</h1>",
    "text": lambda told: told,
    "unknown": lambda told: json.dumps({"strange": told}),
    "a repeated key": lambda told: json.dumps({"a": 1})[:-1] + "".join(f", {json.dumps(told)}: 1" for _ in "ab") + "}",
    "a name": lambda told: json.dumps({"id": "x", "name": told, "data": [{"id": told}], "pageInfo": {}}),
}


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "401 Unauthorized", "404 Not Found", "503 Busy"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_key_that_the_vendor_says_back_is_not_passed_on(
    shape: str, status: str, keys: dict[str, str], club: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_FIRST_PAUSE", 0)
    with serve(Echo(status, SHAPES[shape])) as server:
        monkeypatch.setenv("VOUCHERIFY_URL", server.url)
        monkeypatch.setenv("FANFARE_URL", server.url)
        for command in (("-vv", "plan"), ("import", "fanfare", "--all"), ("drift", "--format", "json")):
            ended = tierops(*command)
            assert ended.code == Exit.FAILED
            assert_absent(keys, ended.out + ended.err)


@pytest.mark.parametrize(
    ("status", "shape"),
    # Parts of a key in an answer that can be read are for the command line to hide.
    [(status, shape) for status in (200, 400, 503) for shape in SHAPES if (status, shape) != (200, "details")],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_exception_holds_a_key(method: str, status: int, shape: str, slept: Slept) -> None:
    key = ODD["FANFARE_SECRET_KEY"]
    answer = httpx.Response(status, content=SHAPES[shape](key), headers={"Content-Type": f"text/{quote(key)}"})
    client = connected("http://127.0.0.1", key, slept, httpx.MockTransport(lambda _: answer))
    with pytest.raises(VendorError) as caught:
        client.get("/x") if method == "get" else client.post("/x", [])
    assert isinstance(caught.value, AnswerLost) == (method == "post" and status in {200, 503})
    assert_absent({"key": key}, everything_about(caught.value))


@pytest.mark.parametrize(
    "failure", [httpx.RemoteProtocolError, httpx.ConnectError, httpx.ReadTimeout, httpx.ProxyError]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_lost_connection_tells_a_key(method: str, failure: type[httpx.RequestError], slept: Slept) -> None:
    key = PLAIN["FANFARE_SECRET_KEY"]

    def fail(request: httpx.Request) -> httpx.Response:
        raise failure(f"illegal header line: {key!r} {request.headers['Authorization']}", request=request)

    client = connected("http://127.0.0.1", key, slept, httpx.MockTransport(fail))
    with pytest.raises(VendorError) as caught:
        client.get("/x") if method == "get" else client.post("/x", [])
    assert_absent({"key": key}, everything_about(caught.value))


def everything_about(error: BaseException) -> str:
    told = "".join(traceback.format_exception(error))
    link: BaseException | None = error
    while link is not None:
        told += f"{link!r} {link} {vars(link)}"
        link = link.__cause__ or link.__context__
    return told


def connected(url: str, key: str, slept: Slept, transport: httpx.BaseTransport | None = None) -> Client:
    def explain(body: Any) -> str:
        return json.dumps(body, default=str)

    return Client(
        "Vendor", url, {"Authorization": f"Bearer {key}"}, explain, waiting=Waiting(sleep=slept), transport=transport
    )


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40), st.text(max_size=5))
def test_every_writing_of_a_secret_is_taken_out(secret: str, around: str) -> None:
    redaction = Redaction([secret])
    for form in written(secret):
        assert form not in redaction.whole(f"{around}{form}{around}") or form in MARK
        assert form[:8] not in redaction.every(f" {form[:8]} ") or form[:8] in MARK


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


def test_what_is_short_is_no_secret() -> None:
    redaction = Redaction(["app", "any", "", "1234567"])
    assert redaction.every("any app has 1234567") == "any app has 1234567"
    assert not redaction.is_in("any app")


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


# Where requests go.


Answer = Callable[[BaseHTTPRequestHandler], None]


class Heard(list[tuple[str, dict[str, str]]]):
    """Request lines and headers."""


@contextmanager
def listening(
    answer: Callable[[BaseHTTPRequestHandler], None], tls: ssl.SSLContext | None = None
) -> Iterator[tuple[str, Heard]]:
    """A server on loopback that hears what it is asked."""
    heard = Heard()

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline()
            if self.raw_requestline and self.parse_request():
                heard.append((self.requestline, dict(self.headers)))
                answer(self)
            self.close_connection = True

        def log_message(self, *_: Any) -> None: ...

    class Server(HTTPServer):
        def handle_error(self, *_: Any) -> None: ...  # a handshake that the client breaks off

    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def says(status: int, body: bytes = b"{}", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_redirect_is_told_and_not_followed(method: str, status: int, slept: Slept) -> None:
    with listening(says(200)) as (elsewhere, heard), listening(says(status, Location=f"{elsewhere}/x")) as (url, asked):
        client = connected(url, "c4n4ry1234", slept)
        with pytest.raises(VendorError, match=rf"with {status}, a redirect to '{elsewhere}/x': not followed"):
            client.get("/x") if method == "get" else client.post("/x", [])
        client.close()
    assert (len(asked), heard) == (1, [])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate authority of our own for 127.0.0.1, and a server's context with it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tierops test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return folder / "ca.pem", context


@pytest.fixture
def fresh_tls() -> Iterator[None]:
    http._tls.cache_clear()
    yield
    http._tls.cache_clear()


Certificate = tuple[Path, ssl.SSLContext]


@pytest.mark.usefixtures("fresh_tls")
def test_a_certificate_authority_of_ones_own_is_trusted_by_the_usual_variable(
    certificate: Certificate, slept: Slept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with listening(says(200, b"[1]"), certificate[1]) as (url, heard):
        client = connected(url, "c4n4ry1234", slept)
        assert client.get("/x") == [1]
        client.close()
    assert heard[0][1]["Authorization"] == "Bearer c4n4ry1234"


@pytest.mark.usefixtures("fresh_tls")
def test_an_unknown_certificate_ends_the_run_before_a_key_is_sent(certificate: Certificate, slept: Slept) -> None:
    with listening(says(200), certificate[1]) as (url, heard):
        client = connected(url, "c4n4ry1234", slept)
        with pytest.raises(VendorError, match=r"CERTIFICATE_VERIFY_FAILED.*is trusted with SSL_CERT_FILE=its\.pem"):
            client.get("/x")
        client.close()
    assert heard == []


@pytest.mark.usefixtures("fresh_tls")
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read_are_said(
    content: str | None, slept: Slept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(TieropsError, match="the certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read"):
        connected("https://vendor.example", "c4n4ry1234", slept)


def test_no_option_and_no_variable_turns_verification_off(monkeypatch: pytest.MonkeyPatch, slept: Slept) -> None:
    for command in (cli.cli, *map(cli.load, cli.COMMANDS)):
        for parameter in command.params:
            assert not {"insecure", "verify", "no_verify", "tls"} & {parameter.name or ""}
    for name in ("PYTHONHTTPSVERIFY", "CURL_INSECURE", "SSL_NO_VERIFY", "NODE_TLS_REJECT_UNAUTHORIZED"):
        monkeypatch.setenv(name, "0")
    context = http._tls()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.usefixtures("fresh_tls")
def test_a_proxy_sees_a_tunnel_and_no_key(
    certificate: Certificate, slept: Slept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    passed = bytearray()

    def tunnel(handler: BaseHTTPRequestHandler) -> None:
        host, _, port = handler.path.partition(":")
        with socket.create_connection((host, int(port))) as far:
            handler.send_response(200)
            handler.end_headers()
            near = handler.connection
            other_way = threading.Thread(target=pump, args=(far, near, bytearray()))
            other_way.start()
            pump(near, far, passed)
            other_way.join()

    with listening(says(200, b"[1]"), certificate[1]) as (url, heard), listening(tunnel) as (proxy, asked):
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        client = connected(url, "c4n4ry1234", slept)
        assert client.get("/x") == [1]
        client.close()
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        client = connected(url, "c4n4ry1234", slept)
        assert client.get("/x") == [1]
        client.close()
    assert [line.split()[0] for line, _ in asked] == ["CONNECT"]
    assert "c4n4ry1234" not in str(asked)
    assert passed
    assert b"c4n4ry1234" not in passed
    assert len(heard) == 2


def pump(source: socket.socket, target: socket.socket, passed: bytearray) -> None:
    try:
        while chunk := source.recv(65536):
            passed += chunk
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_loopback_goes_through_no_proxy(slept: Slept, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(says(200, b"[1]")) as (url, _), listening(says(502)) as (proxy, asked):
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        client = connected(url, "c4n4ry1234", slept)
        assert client.get("/x") == [1]
        client.close()
    assert asked == []


def test_a_proxy_that_refuses_is_told(slept: Slept, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(says(403)) as (proxy, asked):
        monkeypatch.setenv("HTTPS_PROXY", proxy.replace("http://", "http://me:c4n4rypass@"))
        client = connected("https://vendor.example", "c4n4ry1234", slept)
        with pytest.raises(VendorError, match="the proxy of HTTPS_PROXY or ALL_PROXY answered 403") as caught:
            client.get("/x")
        client.close()
    assert "c4n4ry" not in everything_about(caught.value)
    assert {line.split()[0] for line, _ in asked} == {"CONNECT"}


@pytest.mark.parametrize("proxy", ["socks5://u:c4n4ry@h:1", "foo://u:c4n4ry@h"])
def test_a_proxy_that_is_none_is_said_without_its_password(
    proxy: str, slept: Slept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(TieropsError, match="no way to Vendor: HTTPS_PROXY") as caught:
        connected("https://vendor.example", "c4n4ry1234", slept)
    assert "c4n4ry" not in str(caught.value)


# Answers that are out to fill the memory or to crash.


@pytest.mark.parametrize("method", ["get", "post"])
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
        client = connected(url, "c4n4ry1234", slept)
        with pytest.raises(VendorError, match="the answer is larger than 1 MiB") as caught:
            client.get("/x") if method == "get" else client.post("/x", [])
        client.close()
    assert isinstance(caught.value, AnswerLost) == (method == "post")


def test_an_answer_that_drips_is_given_up(slept: Slept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_SLOWEST", 0)
    with listening(says(200, b" " * 100)) as (url, _):
        client = connected(url, "c4n4ry1234", slept)
        with pytest.raises(VendorError, match="no answer in time"):
            client.get("/x")
        client.close()


def test_a_packed_bomb_is_dropped(slept: Slept, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    monkeypatch.setattr(http, "_LARGEST", 2**20)
    bomb = gzip.compress(b" " * 2**26)
    assert len(bomb) < 2**17
    with listening(says(200, bomb, **{"Content-Encoding": "gzip"})) as (url, _):
        client = connected(url, "c4n4ry1234", slept)
        with pytest.raises(VendorError, match="larger than"):
            client.get("/x")
        client.close()


def test_a_packed_answer_is_read(slept: Slept) -> None:
    import gzip

    with listening(says(200, gzip.compress(b"[1]"), **{"Content-Encoding": "gzip"})) as (url, _):
        client = connected(url, "c4n4ry1234", slept)
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
    client = connected(
        "http://127.0.0.1", "c4n4ry1234", slept, httpx.MockTransport(lambda _: httpx.Response(200, text=body))
    )
    with pytest.raises(VendorError, match=reason) as caught:
        client.get("/x")
    assert len(str(caught.value)) < 4000


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
        assert_absent(keys, ended.out + ended.err)
        assert not any(line.lstrip().startswith("::") for line in ended.err.splitlines())


@pytest.mark.parametrize(("when", "code"), [("create", Exit.UNKNOWN), ("carry_out", Exit.FAILED)])
def test_after_a_write_a_mistake_never_says_that_nothing_was_written(
    when: str, code: Exit, club: Emulator, tierops: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Broken("oops")

    monkeypatch.setattr("tierops.apply._read_back" if when == "create" else "tierops.apply.run", fail)
    ended = tierops("apply", "--auto-approve")
    assert ended.code == code
    assert ("creates may have been carried out: plan again to see" in ended.err) == (code == Exit.UNKNOWN)
    assert (club.writes > 0) == (code == Exit.UNKNOWN)


def test_the_tests_of_this_file_would_notice_a_key() -> None:
    with pytest.raises(AssertionError):
        assert_absent(PLAIN, f"… {quote(PLAIN['VOUCHERIFY_APP_TOKEN'][5:14])} …")
