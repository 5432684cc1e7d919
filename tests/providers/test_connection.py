"""How a vendor is connected: whose address, whose keys, and what is handed on to the client."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn

import httpx
import pytest
from canaries import assert_absent, everything_about
from vendors import CREATE, Notes

from tierops.errors import IncompleteRead, NotSent, TieropsError
from tierops.model import Identity
from tierops.providers.connection import open_connection
from tierops.providers.voucherify import VENDOR

KEYS = {"VOUCHERIFY_APP_ID": "app", "VOUCHERIFY_APP_TOKEN": "c4n4ry1234abcde"}
PLACE = VENDOR.place({"campaign": "Club"})


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


@pytest.mark.parametrize("call", ["fetch", "discover", "locate", "send"])
def test_what_an_account_says_of_an_odd_answer_holds_no_part_of_a_key(call: str) -> None:
    class Outspoken:
        def __getattr__(self, _name: str) -> Callable[[object], NoReturn]:
            def fail(*_: object) -> NoReturn:
                try:
                    raise ValueError(KEYS["VOUCHERIFY_APP_TOKEN"])
                except ValueError as error:
                    raise IncompleteRead(f"received {KEYS['VOUCHERIFY_APP_TOKEN'][:12]}") from error

            return fail

    connection = open_connection(VENDOR, KEYS)._replace(account=Outspoken(), sleep=lambda _: None)
    with pytest.raises(IncompleteRead) as caught:
        getattr(connection, call)(*([] if call == "discover" else [PLACE]))
    assert str(caught.value) == "received [redacted]"
    assert_absent(everything_about(caught.value), KEYS["VOUCHERIFY_APP_TOKEN"])
    connection.client.close()


def test_a_read_says_with_which_key_it_was_made_and_tells_nothing_of_it() -> None:
    def identity(**more: str) -> Identity:
        rows = {"id": "camp_1", "name": "Club", "campaign_type": "LOYALTY_PROGRAM", "data": [], "total": 0}
        transport = httpx.MockTransport(lambda _: httpx.Response(200, json=rows))
        return open_connection(VENDOR, KEYS | more, "http://127.0.0.1", transport=transport).fetch(PLACE).identity

    first, other = identity(), identity(VOUCHERIFY_APP_TOKEN="c4n4ry-another-token")
    assert first.key == identity().key
    assert first._replace(key=None) == other._replace(key=None)
    assert first.key != other.key
    assert re.fullmatch("[0-9a-f]{16}", str(first.key))
