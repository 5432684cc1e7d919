"""Whose certificates are believed."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import Slept
from vendors import bearing, listening, says

from tierops import cli
from tierops.errors import TieropsError, VendorError
from tierops.providers import trust

Certificate = tuple[Path, ssl.SSLContext]
Paths = type(ssl.get_default_verify_paths())


@pytest.fixture(autouse=True)
def fresh_trust() -> Iterator[None]:
    trust._context.cache_clear()
    yield
    trust._context.cache_clear()


def system(monkeypatch: pytest.MonkeyPatch, file: Path | str, folder: Path | str) -> None:
    """Let the system's store be these."""
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(variable, raising=False)
    paths = Paths(None, None, "SSL_CERT_FILE", str(file), "SSL_CERT_DIR", str(folder))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    # What OpenSSL does by itself with the paths that it was compiled with.
    monkeypatch.setattr(
        ssl.SSLContext,
        "load_default_certs",
        lambda self, _purpose=None: self.load_verify_locations(
            file if Path(file).is_file() else None, folder if Path(folder).is_dir() else "/nowhere"
        ),
    )


@pytest.fixture
def hashed(certificate: Certificate, tmp_path: Path) -> Path:
    """A folder with the authority in it, as `openssl rehash` leaves one."""
    folder = tmp_path / "hashed"
    folder.mkdir()
    command = ["openssl", "x509", "-noout", "-hash", "-in", str(certificate[0])]
    name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    (folder / f"{name}.0").write_bytes(certificate[0].read_bytes())
    return folder


def reads(certificate: Certificate, slept: Slept, **environ: str) -> bool:
    """Whether a server with the certificate is believed. It hears the key only then."""
    with listening(says(200, b"[1]"), certificate[1]) as (url, heard):
        client = bearing("c4n4ry1234", slept, url=url, **environ)
        try:
            return client.get("/x") == [1]
        except VendorError as error:
            if "CERTIFICATE_VERIFY_FAILED" not in str(error) or heard:
                raise
            return False
        finally:
            client.close()


def test_an_authority_in_the_folder_of_the_system_is_trusted(
    certificate: Certificate, hashed: Path, slept: Slept, monkeypatch: pytest.MonkeyPatch
) -> None:
    system(monkeypatch, "/nowhere/cert.pem", hashed)
    assert reads(certificate, slept)


def test_an_authority_in_the_file_of_the_system_is_trusted(
    certificate: Certificate, slept: Slept, monkeypatch: pytest.MonkeyPatch
) -> None:
    system(monkeypatch, certificate[0], "/nowhere")
    assert reads(certificate, slept)


def test_one_of_ones_own_is_trusted_by_either_variable(certificate: Certificate, hashed: Path, slept: Slept) -> None:
    assert not reads(certificate, slept)
    assert reads(certificate, slept, SSL_CERT_FILE=str(certificate[0]))
    assert reads(certificate, slept, SSL_CERT_DIR=f"{hashed.parent}:{hashed}")


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_variable_adds_to_the_system_and_replaces_nothing(
    variable: str, certificate: Certificate, slept: Slept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import certifi

    system(monkeypatch, certificate[0], "/nowhere")
    other = certifi.where() if variable == "SSL_CERT_FILE" else str(tmp_path)
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda *_: None)  # the variable is in its place
    assert reads(certificate, slept, **{variable: other})


def test_where_the_system_has_no_store_the_public_authorities_are_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system(monkeypatch, "/nowhere/cert.pem", tmp_path)  # an empty folder, as small containers have
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda *_: None)
    assert len(trust.context({}).get_ca_certs()) > 50


def test_an_unknown_certificate_ends_the_run_before_a_key_is_sent(certificate: Certificate, slept: Slept) -> None:
    with listening(says(200), certificate[1]) as (url, heard):
        client = bearing("c4n4ry1234", slept, url=url)
        with pytest.raises(VendorError, match=r"CERTIFICATE_VERIFY_FAILED.*is trusted with SSL_CERT_FILE=its\.pem"):
            client.get("/x")
        client.close()
    assert heard == []


@pytest.mark.parametrize(
    ("variable", "content"), [("SSL_CERT_FILE", None), ("SSL_CERT_FILE", "no certificate"), ("SSL_CERT_DIR", None)]
)
def test_certificates_that_cannot_be_read_are_said(
    variable: str, content: str | None, slept: Slept, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    with pytest.raises(TieropsError, match=f"the certificates that {variable} names cannot be read: "):
        bearing("c4n4ry1234", slept, url="https://vendor.example", **{variable: str(tmp_path / "ca.pem")})


def test_keys_that_cannot_be_logged_are_no_fault_of_a_certificate(
    slept: Slept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "missing" / "log"))
    with pytest.raises(TieropsError, match=r"^SSLKEYLOGFILE cannot be written: No such file"):
        bearing("c4n4ry1234", slept, url="https://vendor.example")


def test_every_client_shares_one_verifying_context() -> None:
    context = trust.context({})
    assert context is trust.context({"OTHER": "x"})
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_no_option_and_no_variable_turns_verification_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (cli.cli, *map(cli.load, cli.COMMANDS)):
        for parameter in command.params:
            assert not {"insecure", "verify", "no_verify", "tls"} & {parameter.name or ""}
    names = ("PYTHONHTTPSVERIFY", "CURL_INSECURE", "SSL_NO_VERIFY", "NODE_TLS_REJECT_UNAUTHORIZED")
    for name in names:
        monkeypatch.setenv(name, "0")
    context = trust.context(dict.fromkeys(names, "0"))
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
