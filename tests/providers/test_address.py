"""Which addresses may be called, over which TLS and through which proxies."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from canaries import everything_about
from harness import Slept
from vendors import bearing, client, listening, says

from tierops import cli
from tierops.errors import TieropsError, VendorError
from tierops.providers import address


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://api.voucherify.io", "plain http.*use https://api.voucherify.io"),
        ("http://127.0.0.1.evil.example", "plain http"),
        ("http://10.0.0.1", "plain http"),
        ("ftp://x", "must start with https://"),
        ("api.voucherify.io", "must start with https://"),
        ("https://", "must start with https://"),
        ("https://[::1", "not a URL"),
        ("https://user:pass@host", "must hold no user"),
        ("https://host/?a=1", "must hold no user, query"),
    ],
)
def test_an_address_that_must_not_be_called_is_refused(url: str, message: str, slept: Slept) -> None:
    with pytest.raises(TieropsError, match=message) as caught:
        client(None, slept, url=url)
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"])
def test_plain_http_is_for_loopback_and_reads_no_certificates(
    url: str, slept: Slept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: pytest.fail("read a CA bundle"))
    client(None, slept, url=url).close()


def test_every_https_client_shares_one_verifying_tls_context(slept: Slept, monkeypatch: pytest.MonkeyPatch) -> None:
    contexts = []
    original = httpx.Client.__init__
    monkeypatch.setattr(
        httpx.Client, "__init__", lambda self, **kw: contexts.append(kw["verify"]) or original(self, **kw)
    )
    for host in ("a", "b"):
        client(None, slept, url=f"https://{host}.example").close()
    assert contexts[0] is contexts[1]
    assert contexts[0].verify_mode is ssl.CERT_REQUIRED
    assert contexts[0].check_hostname


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate authority of our own for 127.0.0.1, and a server's context with it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tierops test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "ca.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return folder / "ca.pem", context


@pytest.fixture
def fresh_tls() -> Iterator[None]:
    address.tls.cache_clear()
    yield
    address.tls.cache_clear()


Certificate = tuple[Path, ssl.SSLContext]


@pytest.mark.usefixtures("fresh_tls")
def test_a_certificate_authority_of_ones_own_is_trusted_by_the_usual_variable(
    certificate: Certificate, slept: Slept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with listening(says(200, b"[1]"), certificate[1]) as (url, heard):
        client = bearing("c4n4ry1234", slept, url=url)
        assert client.get("/x") == [1]
        client.close()
    assert heard[0][1]["Authorization"] == "Bearer c4n4ry1234"


@pytest.mark.usefixtures("fresh_tls")
def test_an_unknown_certificate_ends_the_run_before_a_key_is_sent(certificate: Certificate, slept: Slept) -> None:
    with listening(says(200), certificate[1]) as (url, heard):
        client = bearing("c4n4ry1234", slept, url=url)
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
        bearing("c4n4ry1234", slept, url="https://vendor.example")


def test_no_option_and_no_variable_turns_verification_off(monkeypatch: pytest.MonkeyPatch, slept: Slept) -> None:
    for command in (cli.cli, *map(cli.load, cli.COMMANDS)):
        for parameter in command.params:
            assert not {"insecure", "verify", "no_verify", "tls"} & {parameter.name or ""}
    for name in ("PYTHONHTTPSVERIFY", "CURL_INSECURE", "SSL_NO_VERIFY", "NODE_TLS_REJECT_UNAUTHORIZED"):
        monkeypatch.setenv(name, "0")
    context = address.tls()
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
        client = bearing("c4n4ry1234", slept, url=url)
        assert client.get("/x") == [1]
        client.close()
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        client = bearing("c4n4ry1234", slept, url=url)
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
        client = bearing("c4n4ry1234", slept, url=url)
        assert client.get("/x") == [1]
        client.close()
    assert asked == []


def test_a_proxy_that_refuses_is_told(slept: Slept, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(says(403)) as (proxy, asked):
        monkeypatch.setenv("HTTPS_PROXY", proxy.replace("http://", "http://me:c4n4rypass@"))
        client = bearing("c4n4ry1234", slept, url="https://vendor.example")
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
        bearing("c4n4ry1234", slept, url="https://vendor.example")
    assert "c4n4ry" not in str(caught.value)
