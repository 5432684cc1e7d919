"""The proxy on the way: which, for what, and what is said of it."""

from __future__ import annotations

import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from canaries import everything_about
from harness import Slept
from vendors import CREATE, Notes, bearing, client, listening, says

from tierops import providers
from tierops.errors import NotSent, TieropsError, VendorError
from tierops.providers import proxies

Certificate = tuple[Path, ssl.SSLContext]
PROXY = {"HTTPS_PROXY": "http://proxy.example:3128"}


def way(host: str, without: str, port: int = 443) -> proxies.Proxy | None:
    return proxies.on_the_way("Vendor", host, port, {**PROXY, "NO_PROXY": without})


@pytest.mark.parametrize(
    ("host", "without"),
    [
        ("api.vendor.example", "*"),
        ("api.vendor.example", "localhost, api.vendor.example"),
        ("api.vendor.example", "10.0.0.0/8 vendor.example"),
        ("api.vendor.example", ".vendor.example"),
        ("vendor.example", ".vendor.example"),
        ("api.vendor.example", "*.vendor.example"),
        ("api.vendor.example", "API.Vendor.EXAMPLE"),
        ("api.vendor.example", "api.vendor.example:443"),
        ("api.vendor.example", "https://api.vendor.example"),
        ("10.1.2.3", "10.0.0.0/8"),
        ("10.1.2.3", "10.1.2.3:443"),
        ("::1", "::1"),
        ("::1", "[::1]"),
        ("::1", "[::1]:443"),
        ("::1", "0:0:0:0:0:0:0:1"),
        ("fd00::5", "fd00::/8"),
        ("fd00::5", "[fd00::]/8"),
        ("fd00::5", ".svc.cluster.local,10.96.0.0/12,fd00:10:96::/112,fd00::5"),
    ],
)
def test_what_no_proxy_covers_is_called_directly(host: str, without: str) -> None:
    assert way(host, without) is None


@pytest.mark.parametrize(
    ("host", "without"),
    [
        ("api.vendor.example", ""),
        ("api.vendor.example", "dor.example"),
        ("api.vendor.example", "api.vendor.example:8443"),
        ("api.vendor.example", "[::1],fd00::/8,10.0.0.0/8"),
        ("api.vendor.example", "[,],[::1,fd00::/999,10.0.0.0/99,:,::g,http://,%,/,[x]:y,.,*."),
        ("10.1.2.3", "11.0.0.0/8,2.3,fd00::/8"),
        ("::1", "127.0.0.1,[::2],[::1]:80"),
    ],
)
def test_everything_else_goes_through_the_proxy_whatever_cannot_be_read(host: str, without: str) -> None:
    assert way(host, without) == ("HTTPS_PROXY", "http", "proxy.example", 3128, None)


@pytest.mark.parametrize("without", ["fd00::/8", "[::1]", "[", ".svc,10.96.0.0/12,fd00:10:96::/112"])
def test_exceptions_to_no_proxy_are_no_reason_to_stop(without: str, slept: Slept) -> None:
    bearing("c4n4ry1234", slept, url="https://vendor.example", NO_PROXY=without).close()


@pytest.mark.parametrize(
    ("environ", "shown"),
    [
        ({}, None),
        ({"HTTPS_PROXY": " "}, None),
        ({"HTTP_PROXY": "http://p:1"}, None),
        ({"https_proxy": "p:1", "HTTPS_PROXY": "q:2", "ALL_PROXY": "r:3"}, "https_proxy http://p:1"),
        ({"HTTPS_PROXY": "https://p"}, "HTTPS_PROXY https://p:443"),
        ({"all_proxy": "HTTP://P"}, "all_proxy http://p:80"),
        ({"ALL_PROXY": "http://me:c4n4ry@[::1]:3128/"}, "ALL_PROXY http://[::1]:3128"),
    ],
)
def test_the_proxy_is_the_first_that_the_environment_names(environ: dict[str, str], shown: str | None) -> None:
    proxy = proxies.on_the_way("Vendor", "vendor.example", 443, environ)
    assert (proxy and f"{proxy.variable} {proxy.shown}") == shown


def test_the_password_of_a_proxy_is_a_secret() -> None:
    environ = {"HTTPS_PROXY": "http://me:c4n4ry%2Fpass@p:1", "all_proxy": "x:y-word@q", "ALL_PROXY": "http://r:1"}
    secrets = {"c4n4ry%2Fpass", "c4n4ry/pass", "y-word"}
    assert set(proxies.passwords(environ)) == secrets
    assert secrets <= set(providers.secrets(environ))


def test_a_proxy_sees_a_tunnel_and_no_key(certificate: Certificate, slept: Slept) -> None:
    environ = {"SSL_CERT_FILE": str(certificate[0])}
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
        environ["HTTPS_PROXY"] = proxy
        for without in ("", "127.0.0.1"):
            client = bearing("c4n4ry1234", slept, url=url, NO_PROXY=without, **environ)
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


def test_loopback_goes_through_no_proxy(slept: Slept) -> None:
    with listening(says(200, b"[1]")) as (url, _), listening(says(502)) as (proxy, asked):
        environ = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"), proxy)
        client = bearing("c4n4ry1234", slept, url=url, **environ)
        assert client.get("/x") == [1]
        client.close()
    assert asked == []


def test_a_proxy_that_refuses_is_told(slept: Slept) -> None:
    with listening(says(403)) as (proxy, asked):
        login = proxy.replace("http://", "http://me:c4n4rypass@")
        client = bearing("c4n4ry1234", slept, url="https://vendor.example", HTTPS_PROXY=login)
        with pytest.raises(VendorError, match=rf"{proxy} \(HTTPS_PROXY\): it answered 403") as caught:
            client.get("/x")
        client.close()
    assert "c4n4ry" not in everything_about(caught.value)
    assert {line.split()[0] for line, _ in asked} == {"CONNECT"}


@pytest.mark.parametrize(
    "proxy", ["socks5://u:c4n4ry@h:1", "foo://u:c4n4ry@h", "http://u:c4n4ry@[::1", "http://u:c4n4ry@h:99999", "http://"]
)
def test_a_proxy_that_is_none_is_said_without_its_password(proxy: str, slept: Slept) -> None:
    with pytest.raises(TieropsError, match="no way to Vendor: HTTPS_PROXY holds no address") as caught:
        bearing("c4n4ry1234", slept, url="https://vendor.example", HTTPS_PROXY=proxy)
    assert "c4n4ry" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "proxy..example:3128", "proxy.invalid:3128"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_proxy_that_cannot_be_reached_is_named_and_nothing_was_sent(method: str, host: str, slept: Slept) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = host.format(port=server.getsockname()[1])
    notes = Notes()
    made = client(
        None,
        slept,
        url="https://vendor.example",
        environ={"HTTPS_PROXY": f"http://me:c4n4rypass@{host}"},
        witness=notes,
    )
    with pytest.raises(VendorError) as caught:
        made.get("/x") if method == "GET" else made.create(CREATE, lambda _: ())
    made.close()
    said = str(caught.value)
    named = f"Vendor cannot be reached at https://vendor.example: by way of the proxy http://{host} (HTTPS_PROXY): "
    assert said.startswith(named)
    assert "c4n4ry" not in everything_about(caught.value)
    if method == "POST":
        assert isinstance(caught.value, NotSent)
        assert [note[1] for note in notes[1::2]] == [False] * 4


def test_a_proxy_that_says_nothing_is_named_and_nothing_was_sent(slept: Slept) -> None:
    def hang(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.close()

    with listening(hang) as (proxy, _):
        made = bearing("c4n4ry1234", slept, url="https://vendor.example", HTTPS_PROXY=proxy)
        with pytest.raises(NotSent, match=rf"by way of the proxy {proxy} \(HTTPS_PROXY\): Server disconnected"):
            made.create(CREATE, lambda _: ())
        made.close()
