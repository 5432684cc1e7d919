"""What the declarations of vendors are made of."""

from __future__ import annotations

import pytest
from vendors import VENDOR

from tierops import providers
from tierops.errors import TieropsError, VendorError
from tierops.model import Place
from tierops.providers.accounts import credential, secrets_of, segment
from tierops.providers.vendor import Allowance, Part, counted, untold, whole


def test_a_place_is_told_from_others_by_the_parts_that_say_so() -> None:
    vendor = VENDOR._replace(parts=(Part("program", "p"), Part("unit", "u", is_home=False), Part("group", "g")))
    fields = {"group": "Status", "unit": "miles", "program": "Club"}
    assert vendor.place(fields) == Place("vendor", "ladder", ("Club", "Status"), fields)
    assert vendor.place(fields).name == "Club / Status"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("17", 17),
        ("9" * 15, 10**15 - 1),
        *((odd, None) for odd in ("9" * 16, "-1", "1.5", "１", "", None, "soon")),
    ],
)
def test_a_count_is_digits_and_anything_else_is_unsaid(text: str | None, number: int | None) -> None:
    assert whole(text) == number


def test_an_allowance_is_read_from_the_headers_of_these_names() -> None:
    read = counted("X-Left", "X-Size", "X-Ends")
    assert read({"X-Left": "1", "X-Size": "2", "X-Ends": "3"}) == Allowance(1, 2, 3.0)
    assert read({"X-Left": "many"}) == read({}) == Allowance() == untold({"X-Left": "1"})
    assert counted("X-Left")({"X-Left": "1"}) == Allowance(1)


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("Authorization", "Bearer abc", "abc"),
        ("authorization", "Basic a b", "a b"),
        ("Authorization", "abc", "abc"),
        ("X-Token", "two words", "two words"),
    ],
)
def test_a_key_is_what_a_header_holds_without_the_scheme(name: str, value: str, secret: str) -> None:
    assert secrets_of({name: value}) == [secret]


@pytest.mark.parametrize("secret", ["s3cr\u00e9t", "s3cr\x00t", "s3c\nret"])
def test_a_key_that_no_header_can_hold_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(TieropsError) as caught:
        credential({"VENDOR_KEY": secret}, "VENDOR_KEY")
    assert str(caught.value) == "VENDOR_KEY holds characters that no key has; copy it again"


def test_a_key_is_read_without_blanks_around_it_and_may_be_missing() -> None:
    assert credential({"VENDOR_KEY": " abc\r\n"}, "VENDOR_KEY") == "abc"
    assert credential({}, "VENDOR_KEY") == ""


@pytest.mark.parametrize(
    "value",
    ["abc def", '"abc def"', "'abc def'", "`abc def`", "Bearer abc def", "bearer  abc def", ' "Bearer abc def"\n'],
)
def test_what_is_copied_along_with_a_key_is_taken_off(value: str) -> None:
    assert credential({"VENDOR_KEY": value}, "VENDOR_KEY") == "abc def"


@pytest.mark.parametrize(
    "value", ['"abc', "abc'", '"', "\"abc'", "Bearerabc", 'a"b"', "abc Bearer", "$a", "a$AB", "${}"]
)
def test_what_belongs_to_a_key_stays(value: str) -> None:
    assert credential({"VENDOR_KEY": value}, "VENDOR_KEY") == value


@pytest.mark.parametrize(
    "value",
    [
        "${{ secrets.X }}",
        "${{secrets.X}}",
        '"${{ secrets.X }}"',
        "${X_KEY}",
        "$X_KEY",
        "$(X_KEY)",
        "Bearer ${{ env.X }}",
    ],
)
def test_what_only_stands_for_a_key_is_named(value: str) -> None:
    with pytest.raises(TieropsError) as caught:
        credential({"VENDOR_KEY": value}, "VENDOR_KEY")
    named = "VENDOR_KEY holds no key but a placeholder, as ${{ secrets.VENDOR_KEY }} is one, which nothing filled in"
    assert str(caught.value) == named


def test_a_key_is_a_secret_as_it_stands_there_and_as_it_is_sent() -> None:
    secrets = set(providers.secrets({"FANFARE_SECRET_KEY": ' "Bearer sk_live_123" '}))
    assert {'"Bearer sk_live_123"', "sk_live_123"} <= secrets


def test_a_name_is_one_step_of_a_path() -> None:
    assert segment("a/b?c#d %ü…") == "a%2Fb%3Fc%23d%20%25%C3%BC%E2%80%A6"


@pytest.mark.parametrize("name", ["", ".", "..", "a\ud800", "\udfff"], ids=ascii)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(VendorError, match="cannot be the name or id of anything that a URL leads to"):
        segment(name)
