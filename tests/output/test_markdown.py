"""Markdown for a comment: valid, harmless whatever tiers are called, and never too long."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from reports import EVERY, desired, live, many, report, some, target

from tierops.model import LiveTier, Range, TargetPlan, Tier
from tierops.output import Report, markdown, render
from tierops.output.escaping import fenced, inline
from tierops.output.words import shortened
from tierops.text.visible import printable

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OWN_TAGS = {"<span>", "</span>", "<code>", "</code>"}
# What GitHub and GitLab find in text that is rendered already. Each element of the page is a text of its own.
FOUND_LATER = re.compile(
    r"@\w|#\d|GH-\d|\b[0-9a-f]{7,40}\b|(?:https?|ftp|[a-z]+)://|www\.|\$\S|[!&]\d|[%~^]\w|:(?:[\w+-]*[a-z][\w+-]*|[+-]1|100|1234):|mailto:\S+@",
    re.IGNORECASE,
)
_CHARACTERS = st.characters(codec="utf-8") | st.sampled_from("ab0 @#$!%~&^:/.-_*`|<>[]()\\\"'=+\n\r\t")
names = st.text(_CHARACTERS, min_size=1, max_size=60).filter(lambda name: name.strip() not in {"", "a", "b", "x"})


def pieces(token: Token) -> list[str]:
    """The texts of an inline token, one for each element that holds it."""
    texts = [""]
    for child in token.children or []:
        if child.type == "html_inline":
            texts.append("")
        else:
            assert child.type in {"text", "text_special", "entity", "code_inline", "strong_open", "strong_close"}, child
            if child.type == "code_inline":
                texts += ["", ""]
            else:
                texts[-1] += child.content
    return texts


def tables(tokens: list[Token]) -> list[list[int]]:
    """How many cells each row of each table has."""
    rows: list[list[int]] = []
    for token in tokens:
        if token.type == "table_open":
            rows.append([])
        elif token.type == "tr_open":
            rows[-1].append(0)
        elif token.type in {"td_open", "th_open"}:
            rows[-1][-1] += 1
    return rows


def check(text: str) -> list[Token]:
    """The page is well formed, and nothing in it does what only the page itself may do."""
    tokens = PARSER.parse(text)
    for rows in tables(tokens):
        assert len(set(rows)) == 1
    opened = 0
    for token in tokens:
        if token.type == "html_block":
            assert token.content.startswith(("<details><summary>", "</details>"))
            opened += token.content.count("<details>") - token.content.count("</details>")
            assert opened in {0, 1}
        if token.type == "fence":
            assert token.map
            assert text.split("\n")[token.map[1] - 1] == token.markup
        for child in token.children or []:
            assert child.type not in {"link_open", "image", "em_open", "s_open", "softbreak", "hardbreak"}
            if child.type == "html_inline":
                assert child.content in OWN_TAGS
    assert opened == 0
    return tokens


def shown(text: str) -> list[str]:
    """Every table cell and paragraph as a reader sees it."""
    return ["".join(c.content for c in t.children or [] if c.type != "html_inline") for t in PARSER.parse(text)]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("Gold", "Gold"),
        ("Gold & Silver", "Gold &amp; Silver"),
        ("a|b", "a&#124;b"),
        ("a\nb", "a\\\\nb"),
        ("\u202eevil", "\\\\u202eevil"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("[a](b)", "\\[a\\](b)"),
        ("![a](b)", "!\\[a\\](b)"),
        ("*a* _b_ ~c~", "\\*a\\* \\_b\\_ <span>\\~</span>c\\~"),
        ("`a`", "\\`a\\`"),
        ("\\", "\\\\"),
        ("@octocat", "<span>@</span>octocat"),
        ("@acme/team", "<span>@</span>acme/team"),
        ("a@example.com", "a<span>@</span>example.com"),
        ("#1", "<span>\\#</span>1"),
        ("acme/club#1", "acme/club<span>\\#</span>1"),
        ("GH-1", "GH<span>-</span>1"),
        ("!1 %1 &1", "<span>\\!</span>1 <span>%</span>1 <span>&amp;</span>1"),
        ("9eae3a0", "<span>9eae3a</span><span>0</span>"),
        ("https://example.com", "https<span>:</span>//example.com"),
        ("WWW.example.com", "WWW<span>.</span>example.com"),
        (":tada:", "<span>:</span>tada:"),
        ("$x$", "<span>$</span>x<span>$</span>"),
        ("1. Gold", "&#49;. Gold"),
        ("- Gold", "\\- Gold"),
        ("+ Gold", "\\+ Gold"),
        ("Gold - 1+", "Gold - 1+"),
        ("Top! 50% off: now", "Top! 50% off: now"),
    ],
)
def test_text_is_made_harmless_and_stays_readable(text: str, escaped: str) -> None:
    assert inline(text) == escaped


@given(names)
@example("www.a.b https://c.d e@f.g")
@example("| --- |")
@example("a\\|b")
@example("&amp; &#64; &lt;b&gt;")
@example("    0")
@example("  - 0")
@settings(max_examples=400)
def test_any_text_reads_as_it_is_and_does_nothing(name: str) -> None:
    for page in (f"{inline(name)}\n", f"| a | b |\n| --- | --- |\n| {inline(name)} | x |\n", f"# {inline(name)}\n"):
        tokens = check(page)
        content = [token for token in tokens if token.type == "inline" and token.content not in {"a", "b", "x"}]
        texts = [piece for token in content for piece in pieces(token)]
        assert "".join(texts).split() == printable(name).split()
        assert not [text for text in texts if FOUND_LATER.search(text)]
        assert {token.type for token in tokens} <= {
            "paragraph_open", "paragraph_close", "heading_open", "heading_close", "inline",
            *(f"{part}_{side}" for part in ("table", "thead", "tbody", "tr", "th", "td") for side in ("open", "close")),
        }  # fmt: skip


@given(st.text("`~a\n \x07", max_size=40))
def test_no_text_closes_its_fence(text: str) -> None:
    (token,) = PARSER.parse(f"{fenced(text, 'text')}\n")
    assert token.type == "fence"
    assert token.content == "\n".join(map(printable, text.split("\n"))) + "\n"


@pytest.mark.parametrize("name", EVERY)
def test_every_command_has_a_page(name: str) -> None:
    text = render(EVERY[name], "markdown")
    check(text)
    assert text.startswith("## ")
    assert text.endswith("\n")


def test_a_reviewer_reads_what_will_happen_first() -> None:
    text = render(EVERY["plan"], "markdown")
    assert text.split("\n")[2] == (
        "2 tiers will be created in Coffee Club (Voucherify): Platinum (750–999 points) and Diamond (1000 points or"
        " more). Members whose balance is in the range of a new tier join this tier immediately. Voucherify has no API"
        " to undo it. 1 live tier differs from the files; tierops never changes one."
    )
    assert "| **\\+** will be created | Platinum | 750–999 | Members with 750–999 points, now in no tier, join" in text
    assert "| points | live now | after this apply | the files want |" in text
    assert "| 750–999 | no tier | Platinum (new) | Platinum |" in text
    assert "| 250–499 | Silver (differs) | Silver | Silver (differs) |" in text


def test_what_apply_did_is_said_in_words() -> None:
    text = render(EVERY["apply"], "markdown")
    for words in (
        "created",
        "was there already",
        "not created",
        "in conflict",
        "| unknown |",
        "may or may not have been created",
    ):
        assert words in text
    assert "**Stopped:** reading back failed: 502 from a proxy" in text
    assert "What is live now was not read." in text


def test_problems_name_file_and_line() -> None:
    text = render(EVERY["problems"], "markdown")
    assert "2 programs, 3 targets, 12 tiers: 2 problems to solve. 1 problem waived." in text
    assert "| error | <code>tiers/coffee-club.yaml:12:5</code> | ladder-gap | nothing between Silver" in text


def test_a_plan_that_failed_says_why() -> None:
    tokens = check(render(EVERY["error"], "markdown"))
    (fence,) = [token for token in tokens if token.type == "fence"]
    assert fence.content == f"{EVERY['error'].error}\n"


def test_drift_speaks_of_what_is_missing() -> None:
    text = render(EVERY["drift"], "markdown")
    assert "Live differs from the files. 2 tiers are missing." in text
    assert "will be created" not in text
    assert "undo" not in text
    assert "| points | live now | the files want |" in text
    assert "sha256" not in text


@given(st.lists(names, min_size=1, max_size=4, unique=True), names)
@settings(max_examples=40, deadline=None)
def test_no_name_breaks_a_page(called: list[str], other: str) -> None:
    tiers = tuple(
        tier._replace(fields={"metadata": {other: other}}, at=tier.at and tier.at._replace(file=other))
        for tier in desired(called)
    )
    held = (LiveTier(other, f"{other}?", Range(None, Decimal(0)), {other: other}, other), *live(tiers[:1]))
    held = (held[0], held[1]._replace(fields={other: [other]}))
    pages = [
        report(target(tiers, held, name=other, program=other), environment=other),
        Report("plan", report().exit_code, error=other),
    ]
    for page in pages:
        text = render(page, "markdown")
        check(text)
        for token in PARSER.parse(text):
            for piece in pieces(token) if token.type == "inline" else ():
                assert not re.search(r"@\w|#\d|://|www\.", piece)
    first = [cell.translate({0x2068: None, 0x2069: None}) for cell in shown(render(pages[0], "markdown"))]
    assert all(shortened(name).split() in [cell.split() for cell in first] for name in called[1:])


def test_a_long_name_is_visibly_cut() -> None:
    text = render(report(target(desired(["N" * 200])), command="drift"), "markdown")
    assert "N" * 79 + "…" in text
    assert "N" * 80 not in text


@pytest.mark.parametrize(
    ("tiers", "limit", "is_whole"),
    [
        (1, markdown.COMMENT, True),
        (20, markdown.COMMENT, True),
        (5000, markdown.COMMENT, False),
        (5000, markdown.STEP_SUMMARY, False),
    ],
)
def test_a_plan_of_any_length_is_a_valid_comment(tiers: int, limit: int, is_whole: bool) -> None:
    text = markdown.render(report(many(tiers)), limit)
    check(text)
    assert fits(text, limit)
    assert ("Left out" in text) != is_whole
    assert f"{tiers:,} tier" in text


@st.composite
def plans(draw: st.DrawFn) -> tuple[TargetPlan, ...]:
    """Up to 40 targets, up to 400 tiers: with and without room in the limits that are tried."""
    number = draw(st.sampled_from([1, 2, 40]) | st.integers(1, 40))
    tiers = draw(st.sampled_from([1, 20, 400]) | st.integers(1, 400))
    name = draw(st.sampled_from(["Tier", "@|`<$&a" * 12, "\u202e\U000e0001" * 20, "金" * 60]))
    kept = draw(st.integers(0, max(1, tiers // number)))
    planned = []
    for place in range(number):  # each with names of its own: what is alike would be told once
        wanted = desired([f"{n} in {place} {name}" for n in range(max(1, tiers // number))])
        planned.append(target(wanted, live(wanted[:kept]), program=f"p{place}", name=name))
    return tuple(planned)


def fits(text: str, limit: int) -> bool:
    return max(len(text), len(text.encode()), len(text.encode("utf-16-le")) // 2) <= limit


@given(plans(), st.sampled_from([24_000, markdown.COMMENT]))
@settings(max_examples=10, deadline=None)
def test_no_plan_is_too_long_and_what_is_left_out_is_counted(targets: tuple[TargetPlan, ...], limit: int) -> None:
    plan = report(*targets)
    text = markdown.render(plan, limit)
    assert fits(text, limit)
    tokens = check(text)
    whole = markdown.render(plan, 10**9)
    assert ("Left out for want of room" in text) == (len(whole.encode()) > limit)
    assert digest(text) == digest(whole)
    changes = sum(len(planned.changes) for planned in targets)
    rows = len(
        re.findall(r"^\| \*\*\S+\*\* [^|]* \| [^|]* \| [^|]* \| [^|]* \| <code>tiers/coffee", text, re.MULTILINE)
    )
    left_out = re.search(r"and with them ([0-9,]+) lines? of tables", text)
    assert rows + int(left_out[1].replace(",", "") if left_out else 0) == changes
    assert sum(token.type == "heading_open" and token.tag == "h2" for token in tokens) == 1


def digest(text: str) -> str:
    return re.findall(r"plan <code>(sha256:[0-9a-f]{64})</code>", unescape(text))[-1]


def test_details_go_before_ladders_and_ladders_before_tables() -> None:
    targets = [some(n) for n in range(200)]
    limits = (24_000, 40_000, 65_000, 250_000, 400_000)
    pages = [markdown.render(report(*targets), limit) for limit in limits]
    counts = [[text.count(word) for word in ("| what it means |", "| live now |", "<summary>Req")] for text in pages]
    assert counts[0][0] < 200
    for tables_, ladders, requests in counts:
        assert tables_ == 200 or not ladders
        assert ladders == 200 or not requests
    assert counts[-1] == [200, 200, 200]


def test_a_summary_names_no_more_than_two_creates() -> None:
    tiers = (Tier("A", desired()[0].range),)
    assert "(Voucherify): A (any number of points)." in render(report(target(desired(["A"]))), "markdown")
    assert "A (less than 250 points)." in render(report(target(tiers)), "markdown")
    assert "3 tiers will be created in Coffee Club (Voucherify). Members" in render(report(many(3)), "markdown")
