"""The HTML report without a browser: one file that loads nothing, in which no name is more than text."""

from __future__ import annotations

import re
from base64 import b64encode
from decimal import Decimal
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import PurePath

import pytest
from harness import Run
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import EVERY, desired, live, many, report, some, span, target

from tierops.errors import Exit
from tierops.model import LiveTier, Position, Problem, Range
from tierops.output import Report, render
from tierops.output.report import Checkout

VOID = {"meta", "link", "input"}
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
        "input",
        "label",
        "ol",
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


def cells(text: str) -> list[list[str]]:
    """What stands in each cell of the ladder: the range, live now, after this apply, what the files want."""
    (table,) = re.findall(r'<table role="table" class="ladder">.*?</table>', text, re.DOTALL)
    rows = re.findall(r'<tr role="row"><th scope="row".*?</tr>', table, re.DOTALL)
    bare = [[re.sub("<[^>]*>", " ", cell) for cell in re.split("</t[hd]>", row)[:-1]] for row in rows]
    return [[" ".join(cell.split()) for cell in row] for row in bare]


def test_the_ladder_says_what_is_what_will_be_and_what_the_files_want() -> None:
    held = [LiveTier("1", "A", span(0, 100)), LiveTier("2", "B", span(200, 400)), LiveTier("3", "C", span(300, None))]
    assert cells(render(report(target([], held)), "html")) == [
        ["400+", "C in no file", "C", "no tier"],
        ["300–399", "B in no file C in no file overlap", "B C overlap", "no tier"],
        ["200–299", "B in no file", "B", "no tier"],
        ["100–199", "no tier", "no tier", "no tier"],
        ["0–99", "A in no file", "A", "no tier"],
    ]


def test_a_drift_has_no_column_of_what_will_be() -> None:
    page = render(EVERY["drift"], "html")
    assert "After this apply" not in page
    assert "sha256:" not in page
    assert [len(row) for row in cells(page)] == [3] * 5


def test_a_long_ladder_is_told_where_it_differs() -> None:
    tiers = desired([f"T{n}" for n in range(5000)])
    held = live([tier for tier in tiers if tier.name != "T2500"])
    assert cells(render(report(target(tiers, held)), "html")) == [
        ["⋮", "2,499 ranges alike on all sides"],
        ["625000–625249", "no tier", "T2500 new", "T2500"],
        ["⋮", "2,500 ranges alike on all sides"],
    ]


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


HERE = Checkout(PurePath("/srv/club"), PurePath("/srv/club/eu"), "https://code.example/acme/club/blob/abc123/")


@pytest.mark.parametrize(
    ("file", "href"),
    [
        ("tiers/club.yaml", "eu/tiers/club.yaml"),
        ("../tiers/club.yaml", "tiers/club.yaml"),
        ("/srv/club/tiers/club.yaml", "tiers/club.yaml"),
        ("javascript:alert(1)", "eu/javascript%3Aalert%281%29"),
        ('a "b".yaml', "eu/a%20%22b%22.yaml"),
        ("\udcff.yaml", "eu/%3F.yaml"),
    ],
)
def test_a_finding_is_linked_to_its_file_and_line_on_the_code_host(file: str, href: str) -> None:
    problem = Problem("ladder-gap", "nothing between", Position(file, 5, 3))
    page = render(Report("validate", Exit.FAILED, problems=(problem,), checkout=HERE), "html")
    assert re.findall(r'<th scope="row"[^>]*><a href="([^"]*)">', page) == [f"{HERE.page}{href}#L5"]


@pytest.mark.parametrize("checkout", [None, HERE._replace(page=""), HERE])
def test_what_no_code_host_shows_is_text(checkout: Checkout | None) -> None:
    file = "/etc/tiers/club.yaml" if checkout and checkout.page else "tiers/club.yaml"
    problem = Problem("ladder-gap", "nothing between", Position(file, 5, 3))
    page = render(Report("validate", Exit.FAILED, problems=(problem,), checkout=checkout), "html")
    assert f"<code>{file}:5:3</code>" in page
    assert "<a " not in page
