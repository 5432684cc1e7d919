"""The HTML report without a browser: one file that loads nothing, in which no name is more than text."""

from __future__ import annotations

import re
from base64 import b64encode
from decimal import Decimal
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from harness import Run
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import EVERY, desired, live, many, report, some, span, target

from tierops.errors import Exit
from tierops.model import LiveTier, Position, Problem, Range, Tier
from tierops.output import Report, drawing, render

VOID = {"meta", "link"}
LARGEST = 6_000_000  # bytes


class Page(HTMLParser):
    """The elements of a page; each that is opened must be closed, and ids are there once."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self.open == []
        ids = [attributes["id"] for _, attributes in self.tags if "id" in attributes]
        assert len(ids) == len(set(ids))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def links(page: Page) -> set[str]:
    return {
        str(attributes[name])
        for tag, attributes in page.tags
        for name in ("src", "href")
        if name in attributes and tag != "a"
    }


@pytest.mark.parametrize("name", EVERY)
def test_every_command_has_a_page_that_loads_nothing(name: str) -> None:
    text = render(EVERY[name], "html")
    page = Page(text)
    assert {link for link in links(page) if not link.startswith("#")} == {"data:,"}
    assert [tag for tag, _ in page.tags].count("h1") == 1
    policy = next(
        str(attributes["content"]) for tag, attributes in page.tags if tag == "meta" and "http-equiv" in attributes
    )
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert "default-src 'none'" in policy
    assert f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in policy


@given(
    st.text(min_size=1, max_size=40)
    | st.sampled_from(["</script><script>x", "' onload='x", '"><b>', "{{ 7*7 }}", "&lt;"])
)
@settings(max_examples=60, deadline=None)
def test_no_name_is_more_than_text(name: str) -> None:
    tiers = tuple(tier._replace(fields={"metadata": {name: name}}) for tier in desired([name, f"{name}2"]))
    held = (LiveTier(name, f"{name}3", Range(None, Decimal(0)), {name: name}, name),)
    plain = Page(render(report(target(desired(["a", "a2"]), ()), environment="e"), "html"))
    page = Page(render(report(target(tiers, held, name=name, program=name), environment=name), "html"))
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags} | {
        "b",
        "ul",
        "li",
        "summary",
        "details",
        "p",
    }
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]
    Page(render(Report("plan", report().exit_code, error=name), "html"))


@pytest.mark.parametrize(
    "wild",
    [
        report(many(5000)),
        report(*(target(desired([f"T{n}" for n in range(25)]), program=f"p{p}") for p in range(200))),
        report(target((), [LiveTier(str(n), f"L{n}", span(None, None)) for n in range(5000)])),
    ],
    ids=["one target", "200 targets", "all overlap"],
)
def test_a_huge_plan_makes_a_page_that_opens(wild: Report) -> None:
    assert len(render(wild, "html").encode()) < LARGEST


def test_findings_and_failures_are_told() -> None:
    assert "<code>tiers/coffee-club.yaml:12:5</code>" in render(EVERY["problems"], "html")
    assert "VOUCHERIFY_APP_ID is not set &lt;b&gt;@all&lt;/b&gt;" in render(EVERY["error"], "html")


bounds = st.none() | st.integers(0, 9)


@st.composite
def ladders(draw: st.DrawFn) -> list[Range]:
    return [span(*draw(st.tuples(bounds, bounds))) for _ in range(draw(st.integers(0, 6)))]


@given(ladders(), ladders())
def test_bars_never_cover_one_another(held: list[Range], wanted: list[Range]) -> None:
    drawn = drawing.draw(
        target(
            [Tier(f"D{n}", r) for n, r in enumerate(wanted)],
            [LiveTier(str(n), f"L{n}", r) for n, r in enumerate(held)],
        )
    )
    for band in drawn.bands:
        for row in {bar.y for bar in band.bars}:
            bars = sorted((bar.x, bar.width) for bar in band.bars if bar.y == row)
            assert all(x + width <= after + 13 for (x, width), (after, _) in pairwise(bars))
        assert all(bar.x > 0 and bar.x + bar.width <= drawing.WIDTH for bar in band.bars)


def marks(held: list[LiveTier], wanted: list[Tier]) -> list[tuple[str, str]]:
    return [(mark.kind, mark.label) for band in drawing.draw(target(wanted, held)).bands for mark in band.marks]


def test_gaps_overlaps_and_open_ends_are_marked() -> None:
    held = [LiveTier("1", "A", span(0, 100)), LiveTier("2", "B", span(200, 400)), LiveTier("3", "C", span(300, None))]
    assert marks(held, []) == [("gap", "gap"), ("overlap", "overlap"), ("none", "no tier")]
    bars = drawing.draw(target([], held)).bands[0].bars
    assert {bar.name: bar.outline.count("L") for bar in bars} == {"? A": 3, "? B": 3, "? C": 4}


def test_an_uneven_ladder_has_even_bars() -> None:
    wanted = [
        Tier(name, r) for name, r in zip("ABC", (span(0, 10), span(10, 1_000_000), span(1_000_000, None)), strict=True)
    ]
    (band,) = drawing.draw(target(wanted)).bands
    assert len({bar.width for bar in band.bars}) == 1
    assert [tick.label for tick in band.ticks] == ["0", "10", "1000000", ""]


def test_a_long_ladder_is_drawn_where_it_differs() -> None:
    tiers = desired([f"T{n}" for n in range(5000)])
    drawn = drawing.draw(target(tiers, live([tier for tier in tiers if tier.name != "T2500"])))
    (band,) = drawn.bands
    assert [bar.name for bar in band.bars] == ["+ T2500"]
    assert [mark.label for mark in band.marks if mark.kind == "alike"] == ["⋮ 2,500 alike", "⋮ 2,499 alike"] * 2
    assert "4,940 ranges more" in drawing.draw(many(5000)).note


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_the_command_line_writes_each_format(form: str, tierops: Run, sample: object) -> None:
    assert "1 program, 1 target, 3 tiers: valid." in tierops("validate", "--format", form).out
    ended = tierops("plan", "--format", form)
    assert ended.code == 1
    assert "Plan failed." in ended.out
    assert ended.err.startswith("error: ")


def test_some_page_has_filters_only_where_there_is_much() -> None:
    assert 'class="filters"' not in render(report(some()), "html")
    assert 'class="filters"' in render(report(*(some(n) for n in range(9))), "html")


@pytest.mark.parametrize(
    ("file", "href"),
    [
        ("tiers/club.yaml", "./tiers/club.yaml#L5"),
        ("/srv/tiers/club.yaml", "/srv/tiers/club.yaml#L5"),
        ("//evil.example/x", "/evil.example/x#L5"),
        ("javascript:alert(1)", "./javascript%3Aalert%281%29#L5"),
        ('a "b".yaml', "./a%20%22b%22.yaml#L5"),
        ("\udcff.yaml", "./%3F.yaml#L5"),
    ],
)
def test_a_finding_is_linked_to_its_file_and_line_and_to_nowhere_else(file: str, href: str) -> None:
    problem = Problem("ladder-gap", "nothing between", Position(file, 5, 3))
    page = render(Report("validate", Exit.FAILED, problems=(problem,)), "html")
    assert re.findall(r'<th scope="row"[^>]*><a href="([^"]*)">', page) == [href]
