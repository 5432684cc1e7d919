"""Keys taken out of text, in whatever writing."""

from __future__ import annotations

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
