"""Keys taken out of text, in whatever writing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from canaries import written
from hypothesis import given
from hypothesis import strategies as st

from tierops.text.redaction import MARK, Redaction


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40), st.text(max_size=5))
def test_every_writing_of_a_secret_is_taken_out(secret: str, around: str) -> None:
    redaction = Redaction([secret])
    for form in written(secret):
        assert form not in redaction.whole(f"{around}{form}{around}") or form in MARK
        assert form[:8] not in redaction.every(f" {form[:8]} ") or form[:8] in MARK


ESCAPES = {
    "json": lambda c: f"\\u{ord(c):04X}",
    "yaml": lambda c: f"\\U{ord(c):08x}",
    "python": lambda c: f"\\x{ord(c):02x}",
    "ecmascript": lambda c: f"\\u{{{ord(c):x}}}",
    "slash": lambda c: f"\\{c}" if not c.isalnum() and c != "_" else c,
    "url": lambda c: f"%{ord(c):02x}",
    "url twice": lambda c: f"%25{ord(c):02X}",
    "html": lambda c: f"&#{ord(c)};",
    "html in hexadecimal": lambda c: f"&#X{ord(c):X};",
    "json in json": lambda c: f"\\\\u{ord(c):04x}",
}
LETTERS = st.characters(min_codepoint=33, max_codepoint=126)


@given(st.text(LETTERS, min_size=8, max_size=40), st.data(), st.sampled_from(["", "é ", 'x"', "&<"]))
def test_a_secret_is_found_whichever_of_its_characters_are_escaped(
    secret: str, data: st.DataObject, around: str
) -> None:
    escape = ESCAPES[data.draw(st.sampled_from(sorted(ESCAPES)))]
    is_escaped = data.draw(st.lists(st.booleans(), min_size=len(secret), max_size=len(secret)))
    # What stands as it is may itself look like an escape, or like a part of one.
    literal = "".join(escape(c) if chosen or c in "\\%&" else c for c, chosen in zip(secret, is_escaped, strict=True))
    redaction = Redaction([secret])
    assert redaction.is_in(f"{around}{literal}{around}")
    for shown in (redaction.whole(f"{around}{literal}{around}"), redaction.every(f"{around}{literal}{around}")):
        assert shown == f"{around}{MARK}{around}"


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
def test_a_part_of_a_secret_is_found_in_escapes(escape: Callable[[str], str]) -> None:
    shown = Redaction(["s3cr3t/k3y+0123456789"]).every("a " + "".join(map(escape, "t/k3y+0123")) + " b")
    assert shown.startswith(f"a {MARK}")
    assert "k3y" not in shown


@pytest.mark.parametrize(
    "text", ["100% of 5%20 &amp; \\u00e9 \\n \\\\ &nope; %zz \\u{110000} \\x", "Café & Cie", '{"a":"b\\"c"}', "%"]
)
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    redaction = Redaction(["s3cr3t-key"])
    assert redaction.whole(text) == redaction.every(text) == text


def test_two_secrets_that_overlap_leave_one_mark() -> None:
    shown = Redaction(["abcdefgh-1", "efgh-1-ijk"]).whole("x \\u0061bcdefgh-1-ijk y")
    assert shown == f"x {MARK} y"


def test_a_long_report_is_looked_through_in_no_time() -> None:
    redaction = Redaction([f"s3cr3t-{number:08}" for number in range(6)])
    report = json.dumps([{"name": 'a "b" & c', "url": "x%20y", "id": n} for n in range(20_000)])
    start = time.perf_counter()
    assert redaction.whole(report) == report
    assert time.perf_counter() - start < 5  # seconds; it takes a tenth of one


def test_what_is_short_is_no_secret() -> None:
    redaction = Redaction(["app", "any", "", "1234567"])
    assert redaction.every("any app has 1234567") == "any app has 1234567"
    assert not redaction.is_in("any app")


@pytest.mark.parametrize("secrets", [["s3cr3t-one", "s3cr3t-two"], []], ids=["two", "none"])
def test_what_is_added_is_taken_out_beside_what_was_known(secrets: list[str]) -> None:
    redaction = Redaction(["s3cr3t-key"])
    redaction.add(secrets)
    text = " ".join(["s3cr3t-key", *secrets])
    assert redaction.whole(text) == " ".join([MARK] * (1 + len(secrets)))
    assert all(redaction.is_in(secret) for secret in secrets)


def test_threads_may_add_side_by_side() -> None:
    redaction = Redaction()
    secrets = [f"s3cr3t-{number:04}" for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda secret: redaction.add([secret]), secrets))
    assert redaction.whole(" ".join(secrets)) == " ".join([MARK] * 200)
