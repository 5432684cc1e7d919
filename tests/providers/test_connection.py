"""How a vendor is connected: whose address, whose keys, and what is handed on to the client."""

from __future__ import annotations

import httpx
import pytest
from vendors import CREATE, Notes

from tierops.errors import NotSent, TieropsError
from tierops.providers.connection import open_connection
from tierops.providers.voucherify import VENDOR

KEYS = {"VOUCHERIFY_APP_ID": "app", "VOUCHERIFY_APP_TOKEN": "token"}


@pytest.mark.parametrize(
    ("environ", "file_url", "url"),
    [
        ({"VOUCHERIFY_URL": " https://env.example/ "}, "https://file.example", "https://env.example"),
        ({"VOUCHERIFY_URL": " "}, "https://file.example/", "https://file.example"),
        ({}, "", "https://api.voucherify.io"),
    ],
)
def test_the_environment_names_the_address_before_the_file_and_the_vendor(
    environ: dict[str, str], file_url: str, url: str
) -> None:
    connection = open_connection(VENDOR, KEYS | environ, file_url)
    assert connection.client.base_url == url
    connection.client.close()


def test_a_vendor_without_an_address_of_its_own_needs_one() -> None:
    with pytest.raises(TieropsError) as caught:
        open_connection(VENDOR._replace(default_url=""), KEYS)
    assert str(caught.value) == ("no address for Voucherify, where each customer has its own: set VOUCHERIFY_URL")


@pytest.mark.parametrize("environ", [{}, {"VOUCHERIFY_URL": "ftp://x"} | KEYS], ids=["no keys", "bad address"])
def test_nothing_is_connected_without_keys_or_with_a_bad_address(environ: dict[str, str]) -> None:
    with pytest.raises(TieropsError, match=r"no Voucherify keys|the address of Voucherify must start"):
        open_connection(VENDOR, environ)


def test_limits_mode_and_witness_reach_the_client() -> None:
    notes = Notes()
    answer = httpx.Response(200, json=[], headers={"X-Rate-Limit-Remaining": "4", "X-Rate-Limit-Limit": "9"})
    transport = httpx.MockTransport(lambda _: answer)
    connection = open_connection(VENDOR, KEYS, "http://127.0.0.1", transport=transport, witness=notes)
    assert connection.send(CREATE) == ()
    assert notes == [("POST", "/x"), (200, None)]
    connection.afford(4)
    with pytest.raises(NotSent, match="Voucherify allows 4 calls now"):
        connection.afford(5)
    reader = open_connection(VENDOR, KEYS, "http://127.0.0.1", transport=transport, is_read_only=True)
    with pytest.raises(NotSent, match="this command only reads"):
        reader.send(CREATE)
