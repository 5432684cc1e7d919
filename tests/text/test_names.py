"""Names that people read as one."""

from __future__ import annotations

import pytest

from tierops.text.names import difference, folded, has_visible, near, reads_like, suggestion


@pytest.mark.parametrize(
    ("other", "how"),
    [
        ("gold plus", "only in case or width"),
        ("Gold  Plus", "only in white space"),
        (" Gold Plus ", "only in white space"),
        ("Gold\u00a0Plus", "only in white space (U+00A0 NO-BREAK SPACE)"),
        ("Gold\u200b Plus", "only in an invisible character (U+200B ZERO WIDTH SPACE)"),
        ("Go\u00adld Plus", "only in an invisible character (U+00AD SOFT HYPHEN)"),
        ("\ufeffGold Plus", "only in an invisible character (U+FEFF ZERO WIDTH NO-BREAK SPACE)"),
        ("Gold\u2060 Plus", "only in an invisible character (U+2060 WORD JOINER)"),
        ("\u200eGold Plus", "only in an invisible character (U+200E LEFT-TO-RIGHT MARK)"),
        ("Gold\ufe0f Plus", "only in an invisible character (U+FE0F VARIATION SELECTOR-16)"),
        ("“Gold” Plus", "only in quotation marks or dashes (U+201C LEFT DOUBLE QUOTATION MARK, U+201D RIGHT DOUBLE"),
        ("Ｇold Plus", "only in case or width (U+FF27 FULLWIDTH LATIN CAPITAL LETTER G)"),
        ("“gold” plus", "in characters that look alike"),
    ],
)
def test_names_that_read_alike_say_how_they_differ(other: str, how: str) -> None:
    assert folded("Gold Plus") == folded(other)
    assert reads_like("Gold Plus", other)
    assert difference("Gold Plus", other).startswith(how)


def test_a_name_that_is_composed_reads_like_one_that_is_not() -> None:
    assert difference("Caf\u00e9", "Cafe\u0301") == (
        "only in their Unicode form (U+00E9 LATIN SMALL LETTER E WITH ACUTE, U+0301 COMBINING ACUTE ACCENT)"
    )


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\u00ad\ufeff", "\u3164", "\u2800 \u2060"])
def test_a_name_that_nobody_sees_is_none(text: str) -> None:
    assert not has_visible(text)
    assert has_visible(text + "x")


@pytest.mark.parametrize("typo", ["Cofee Club", "Coffeee Club", "Cofefe Club", "Coffea club"])
def test_a_misspelt_name_reads_like_the_right_one(typo: str) -> None:
    assert reads_like(typo, "Coffee Club")
    assert reads_like("Coffee Club", typo)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Coffee Club UK", "Coffee Club US"),
        ("Coffee Club 2025", "Coffee Club 2026"),
        ("Coffee Club", "Coffee Club UK"),
        ("Tier1000", "Tier1001"),
        ("Gold", "Bold"),
        ("Coffee Club", "Tea Club"),
        ("Coffea Clubs", "Coffee Club"),
        ("Silver", "Silvester"),
    ],
)
def test_names_that_differ_on_purpose_do_not_read_alike(one: str, other: str) -> None:
    assert not reads_like(one, other)


def test_the_nearest_name_is_one_that_reads_alike_before_one_that_is_close() -> None:
    assert near("coffee club", ["Coffee Clubs UK", "COFFEE CLUB", "Tea"]) == ("COFFEE CLUB",)
    assert near("Coffee Klubb", ["Coffee Club", "Tea"]) == ("Coffee Club",)
    assert near("Wine", ["Coffee Club", "Tea"]) == ()
    assert len(near("Club", ["club", "CLUB", "Club ", " club"])) == 3


def test_what_stands_for_a_sign_in_html_reads_like_it() -> None:
    assert reads_like("Tea &amp; Café", "Tea & Café")
    assert difference("Joe&#39;s", "Joe's") == "only in characters that are written as in HTML"
    assert not reads_like("Tea & Co", "Tea &amp;amp; Co")


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("coffee club", "; did you mean 'Coffee Club' (they differ only in case or width)?"),
        ("Coffee Club ", "; did you mean 'Coffee Club' (they differ only in white space)?"),
        ("Cofee Club", "; did you mean 'Coffee Club' (they differ in one letter)?"),
        ("Coffee Klubb", "; did you mean 'Coffee Club'?"),
        ("Wine", ""),
    ],
)
def test_a_name_that_there_is_none_of_is_answered_with_the_nearest_and_how_it_differs(wanted: str, says: str) -> None:
    assert suggestion(wanted, ["Tea", "Coffee Club"]) == says


def test_a_suggestion_shows_in_which_unicode_form_a_name_is() -> None:
    assert suggestion("Cafe\u0301", ["Café"]) == (
        "; did you mean 'Café' (they differ only in their Unicode form"
        " (U+00E9 LATIN SMALL LETTER E WITH ACUTE, U+0301 COMBINING ACUTE ACCENT))?"
    )
