"""Which addresses may be called, and how each is written."""

from __future__ import annotations

import ssl

import pytest
from harness import Slept
from vendors import VENDOR, client

from tierops.errors import TieropsError
from tierops.providers import address


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://api.voucherify.io", "plain http.*use https://api.voucherify.io"),
        ("http://[2001:db8::1]:8080/x", r"plain http.*use https://\[2001:db8::1\] "),
        ("http://127.0.0.1.evil.example", "plain http"),
        ("http://10.0.0.1", "plain http"),
        ("ftp://x", "must start with https://"),
        ("api.voucherify.io", "must start with https://"),
        ("https://", "must start with https://"),
        ("https://user:pass@host", "must hold no user"),
        ("https://host/?a=1", "must hold no user, query"),
    ],
)
def test_an_address_that_must_not_be_called_is_refused(url: str, message: str, slept: Slept) -> None:
    with pytest.raises(TieropsError, match=message) as caught:
        client(None, slept, url=url)
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://[::1",
        "https://api..voucherify.io",
        "https://.voucherify.io",
        f"https://{'a' * 64}.voucherify.io",
        f"https://{'a.' * 130}io",
        "https://xn--a.voucherify.io",
        "https://-a.example",
        "https://a_b-.example",
        "https://a b.example",
        "https://host:0",
        "https://host:65536",
        "https://host:port",
    ],
    ids=lambda url: url[:30],
)
def test_what_no_connection_can_be_made_to_is_no_url(url: str, slept: Slept) -> None:
    with pytest.raises(TieropsError, match="the address of Vendor is not a URL: 'https://"):
        client(None, slept, url=url)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/a/", "HTTP://127.0.0.1:1/a", "http://127.0.0.1:01/a/b/.."],
)
def test_equal_addresses_are_written_alike(url: str, slept: Slept) -> None:
    assert client(None, slept, url=url).base_url == "http://127.0.0.1:1/a"


@pytest.mark.parametrize(
    "url", ["https://API.Vendor.example", "https://api.vendor.example:443/", "HTTPS://api.vendor.EXAMPLE:443"]
)
def test_a_host_has_no_case_and_the_usual_port_goes_without_saying(url: str) -> None:
    assert address.checked("Vendor", url) == ("https://api.vendor.example", "", "api.vendor.example", 443, False)


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://h/v1", "https://h"),
        ("https://h/v1/", "https://h"),
        ("https://h/api/v1", "https://h/api"),
        ("https://h/v1/v1", "https://h/v1"),
        ("https://h/v2", "https://h"),
        ("https://h/v2/v1", "https://h/v2"),
        ("https://h/v3", "https://h/v3"),
        ("https://v1", "https://v1"),
        ("https://h/av1", "https://h/av1"),
    ],
)
def test_what_begins_every_path_is_no_part_of_an_address(url: str, own: str, slept: Slept) -> None:
    assert address.checked("Vendor", url, ("/v1", "/v2")).url == own
    assert client(None, slept, url=url, vendor=VENDOR._replace(prefixes=("/v1", "/v2"))).base_url == own


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1", "http://LOCALHOST:1"])
def test_plain_http_is_for_loopback_and_reads_no_certificates(
    url: str, slept: Slept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssl, "create_default_context", lambda *_, **__: pytest.fail("read a CA bundle"))
    client(None, slept, url=url).close()
