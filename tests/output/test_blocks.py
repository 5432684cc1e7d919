"""A report of any length is written bit by bit, and what nobody will read is not made."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unicodedata import category

import pytest
from harness import Run
from hypothesis import given
from hypothesis import strategies as st
from reports import desired, live, report, span, target

from test_jsontext import values
from tierops import diff, output, plan_file
from tierops.output import Report, markdown, view
from tierops.plan_file import data
from tierops.text import jsontext, visible
from tierops.text.jsontext import Entries, Items

BLOCK = 1 << 16
PROGRAM = """\
version: 1
program: club
targets: [{voucherify: {campaign: Club}}]
tiers: [{name: Bronze, from: 0}]
"""
FORMATS = ["text", "json", "html", "github", "sarif"]


@pytest.fixture
def club(tierops: Run, tmp_path: Path) -> Run:
    (tmp_path / "tiers").mkdir()
    (tmp_path / "tiers/club.yaml").write_text(PROGRAM)
    return tierops


def planned(targets: int, command: str = "plan") -> Report:
    """A report of so many targets that have eight tiers to create each, none like another."""
    ladders = ([f"T{n} {i}" for i in range(8)] for n in range(targets))
    plans = [target(desired(names), program=f"p{n}") for n, names in enumerate(ladders)]
    return report(*plans, command=command)


@pytest.mark.parametrize("format_", FORMATS)
def test_no_block_grows_with_the_targets(format_: str) -> None:
    command = "drift" if format_ in {"github", "sarif"} else "plan"
    few, many = ([*output.blocks(planned(number, command), format_)] for number in (100, 400))
    assert sum(map(len, many)) > 3.5 * sum(map(len, few))
    assert max(map(len, many)) < 2 * BLOCK
    assert all(block.endswith("\n") for block in many)
    assert "".join(many) == output.render(planned(400, command), format_)


@pytest.mark.parametrize(
    "write",
    [
        lambda one: output.blocks(one, "json"),
        lambda one: output.as_file(one, "json"),
        lambda one: plan_file.pieces(one.plan),
    ],
)
def test_of_a_plan_one_target_is_json_at_a_time(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    make = data._target_data
    monkeypatch.setattr(data, "_target_data", lambda one: made.append(one.address) or make(one))
    pieces = write(planned(200))
    size = len(next(pieces))
    while size < BLOCK:
        size += len(next(pieces))
    assert len(made) < 50
    assert sum(map(len, pieces)) > 2 * BLOCK
    assert len(made) == 200


def test_what_ends_a_report_in_its_middle_is_told_on_stderr_alone(club: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def blocks(_report: Report, _format: str) -> Iterator[str]:
        yield '{"the": "beginning",\n'
        raise ValueError("no end")

    monkeypatch.setattr(output, "blocks", blocks)
    ended = club("validate", "--format", "json")
    assert ended.code == 1
    assert ended.out == '{"the": "beginning",\n'
    assert ended.err.count("ValueError: no end") == 1


def test_of_markdown_only_what_has_room_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    make = view.requests
    monkeypatch.setattr(view, "requests", lambda card: asked.append(card.title) or make(card))
    assert "Left out for want of room" in markdown.render(planned(200))
    assert len(asked) < 50
    asked.clear()
    assert "Left out for want of room" not in markdown.render(planned(200), 10**7)
    assert len(asked) == 200


def test_equal_tiers_are_compared_without_their_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = desired()
    monkeypatch.setattr(jsontext, "canonical", lambda _: pytest.fail("a text was made"))
    assert diff.changes(live(wanted), wanted) == ()
    changed = wanted[0]._replace(range=span(1, 250))
    assert [one.name for one in diff.changes(live((changed, *wanted[1:])), wanted)] == ["Bronze"]


@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
def test_live_tiers_without_an_end_are_named_up_to_a_number_on_each_rung(
    format_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    named: list[str] = []
    make = view._held
    monkeypatch.setattr(view, "_held", lambda name, *rest: named.append(name) or make(name, *rest))
    endless = [tier._replace(name=f"L{n}", range=span(n, None)) for n, tier in enumerate(desired(["x"] * 300))]
    held = report(target(desired(), live(endless)))
    text = output.render(held, format_)
    assert len(named) < 2 * 200 * 3 * 20
    assert ("280 more" in text) == (format_ == "html")  # a terminal and a comment have no room for it


@given(values, values)
def test_values_are_the_same_where_their_canonical_texts_are(one: Any, other: Any) -> None:
    assert jsontext.same(one, other) == (jsontext.canonical(one) == jsontext.canonical(other))
    assert jsontext.same(one, jsontext.loads(jsontext.canonical(one)))


@pytest.mark.parametrize(("one", "other"), [(True, 1), (False, 0), (None, False), ("1", 1), ([], {}), ([1], [True])])
def test_values_of_two_kinds_are_not_the_same(one: Any, other: Any) -> None:
    assert not jsontext.same(one, other)
    assert not jsontext.same({"a": [one]}, {"a": [other]})


@given(values)
def test_both_ways_to_the_canonical_text_lead_to_one(value: Any) -> None:
    assert jsontext.canonical(value) == jsontext._text(value, "", "", is_sorted=True)


@given(st.lists(values, max_size=3), st.dictionaries(st.text(max_size=3), values, max_size=3))
def test_what_is_written_bit_by_bit_is_what_is_written_at_once(items: Any, entries: Any) -> None:
    streamed = Entries([("items", Items(iter(items))), ("entries", Entries(entries.items()))])
    whole = {"items": items, "entries": entries}
    assert "".join(jsontext.pieces(streamed, indent=2)) == jsontext.dumps(whole, indent=2)
    assert json.loads("".join(jsontext.pieces(streamed, indent=2)), parse_float=str) is not None


def test_what_is_harmless_at_a_glance_is_so_one_by_one() -> None:
    glance = [c for c in map(chr, range(sys.maxunicode + 1)) if visible._harmless().fullmatch(c)]
    assert len(glance) > 500
    assert all(c.isprintable() and category(c)[0] != "M" and c not in visible._INVISIBLE for c in glance)
    assert not set(glance) & set(visible._JOINERS)


@given(st.lists(st.text("ab\n"), max_size=20), st.integers(1, 5))
def test_blocks_are_whole_lines_and_nothing_is_lost(pieces: list[str], least: int) -> None:
    blocks = [*visible.whole_lines(pieces, least)]
    assert "".join(blocks) == "".join(pieces)
    assert all(block.endswith("\n") and len(block) > 0 for block in blocks[:-1])
