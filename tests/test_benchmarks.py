"""The benchmarks measure the same thing for each tool, and what they tell is what was measured."""

from __future__ import annotations

import json
import re
import sys
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from benchmarks import aims, chart, content, report, scale
from benchmarks.measure import Run, TooLong, measured, medians
from benchmarks.rounds import Row, side_by_side
from benchmarks.tools import APPLY, CREATE, DRIFT, KINDS, PLAN, VALIDATE, Command
from tierops import pipeline

SHAPE = content.Shape(7, 10)
ABOUT = {"date": "2026-11-27", "machine": "two cores", "tierops": "1.2.3"}
ENVIRON = {"PATH": "/usr/bin:/bin"}


def test_each_tool_is_told_the_same(tmp_path: Path) -> None:
    content.tierops(tmp_path / "ours", SHAPE, "voucherify")
    content.terraform(tmp_path / "terraform", SHAPE)
    content.terraform_state(tmp_path / "terraform", SHAPE, "1.0.0")
    content.octodns(tmp_path / "octodns", SHAPE)

    programs = pipeline.read_files([tmp_path / "ours" / "tiers"], None, today=date(2026, 1, 1)).programs
    told = {
        (target.place.name, tier.name, int(tier.range.lower), tier.fields["metadata"]["perk"])  # type: ignore[index, call-overload]
        for program in programs
        for target in program.targets
        for tier in target.tiers
    }
    pattern = r'place = "(.*)"\s+name  = "(.*)"\s+from  = (.*)\s+perk  = "(.*)"'
    texts = [file.read_text() for file in (tmp_path / "terraform").glob("*.tf")]
    resources = [found for text in texts for found in re.findall(pattern, text)]
    zones = {file.name.removesuffix(".example.yaml"): file for file in (tmp_path / "octodns" / "files").iterdir()}
    records = [
        (key, *re.fullmatch(r"name=(.*) from=(.*) perk=(.*)", record["value"]).groups())  # type: ignore[union-attr]
        for key, file in zones.items()
        for record in yaml.safe_load(file.read_text()).values()
    ]
    state = json.loads((tmp_path / "terraform" / "terraform.tfstate").read_text())["resources"]
    assert len(told) == SHAPE.all_tiers == len(resources) == len(records) == len(state)
    for others in (resources, records):
        assert {(place, name, int(start), perk) for place, name, start, perk in others} == told
    assert {tuple(one["instances"][0]["attributes"]["input"]["value"].values()) for one in state} == {
        (place, name, start, perk) for place, name, start, perk in told
    }


@pytest.mark.parametrize("vendor", sorted(content.TARGETS))
def test_the_programs_are_right_for_each_vendor(vendor: str, tmp_path: Path) -> None:
    content.tierops(tmp_path, SHAPE, vendor)
    files = pipeline.read_files([tmp_path / "tiers"], None, today=date(2026, 1, 1), has_advice=True)
    assert (files.problems, len(files.programs)) == ((), SHAPE.programs)


class Recorder:
    """A tool that writes down what it is asked to do."""

    environ = ENVIRON

    def __init__(self, name: str, folder: Path, slow: str = "") -> None:
        self.name, self.folder, self._slow = name, folder, slow
        self.done: list[str] = []

    def empty(self) -> None:
        self.done.append("empty")

    def fill(self) -> None:
        self.done.append("fill")

    def command(self, kind: str) -> Command:
        self.done.append(kind)
        return Command(["/bin/sleep", "5"] if kind == self._slow else ["/bin/sh", "-c", "exit 2"], (0, 2))

    def requests(self) -> int:
        return len(self.done)

    def close(self) -> None:
        self.done.append("close")


def test_a_round_goes_from_nothing_to_everything(tmp_path: Path) -> None:
    tool = Recorder("one", tmp_path)
    rows = side_by_side([tool], SHAPE, 50, KINDS, 2, 60)
    assert tool.done == ["empty", *KINDS, "close"] * 2
    assert [(row.command, row.programs, row.tiers, row.latency, len(row.runs)) for row in rows] == [
        (kind, 7, 10, 50, 2) for kind in KINDS
    ]


def test_what_is_not_applied_in_a_round_is_filled_in(tmp_path: Path) -> None:
    tool = Recorder("one", tmp_path)
    side_by_side([tool], SHAPE, 0, (PLAN, DRIFT), 1, 60)
    assert tool.done == ["empty", "empty", "fill", PLAN, DRIFT, "close"]


def test_what_takes_too_long_is_given_up_once_and_for_all(tmp_path: Path) -> None:
    tools = [Recorder("quick", tmp_path), Recorder("slow", tmp_path, slow=APPLY)]
    rows = {(row.tool, row.command): row for row in side_by_side(tools, SHAPE, 0, (APPLY, PLAN), 2, 0.2)}
    assert (len(rows["slow", APPLY].runs), rows["slow", APPLY].over) == (0, 0.2)
    assert (len(rows["quick", APPLY].runs), rows["quick", APPLY].over) == (2, None)
    assert len(rows["slow", PLAN].runs) == 2


def test_the_tools_take_turns_at_going_first(tmp_path: Path) -> None:
    order: list[str] = []
    tools = [Recorder(name, tmp_path) for name in ("one", "two")]
    for tool in tools:
        tool.empty = lambda name=tool.name: order.append(name)  # type: ignore[method-assign, misc]
    side_by_side(tools, SHAPE, 0, (VALIDATE,), 2, 60)
    assert order == ["one", "two", "two", "one"]


def test_a_process_is_measured_with_all_that_it_did(tmp_path: Path) -> None:
    code = "block = bytearray(64 * 2**20); sum(range(10**6))"
    run = measured([sys.executable, "-c", code], tmp_path, ENVIRON)
    assert run.peak > 64
    assert run.cpu > 0
    assert run.wall > 0


def test_a_command_that_fails_ends_the_benchmark_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"(?s)exited with 3.*the reason"):
        measured(["/bin/sh", "-c", "echo the reason; exit 3"], tmp_path, ENVIRON)


def test_a_command_that_does_not_end_is_ended(tmp_path: Path) -> None:
    with pytest.raises(TooLong):
        measured(["/bin/sleep", "60"], tmp_path, ENVIRON, patience=0.2)


def rows() -> list[Row]:
    """As if terraform took ten times as long as tierops, and octoDNS half as long; on Fanfare apply is given up."""
    factors = {report.OURS: 1.0, report.FANFARE: 2.0, report.TERRAFORM: 10.0, report.OCTODNS: 0.5}
    side_by_side_rows = [
        Row(tool, kind, *shape, 0, [Run(by * shape.programs, 0.1, 40)] * 3, 200 if "," in tool else None)
        for shape in (content.Shape(1, 3), content.Shape(1), content.Shape(100))
        for kind in KINDS
        for tool, by in factors.items()
        if (tool, kind) != (report.FANFARE, APPLY)
    ]
    return [
        *side_by_side_rows,
        Row(report.FANFARE, APPLY, 100, 10, 0, [], None, 300),
        Row(report.OURS, PLAN, 1000, 10, 50, [Run(8.125, 3, 90)], 2000),
        Row("tierops", VALIDATE, 10_000, 10, 0, [Run(61, 50, 314)]),
    ]


def test_the_page_tells_what_was_measured() -> None:
    parts = report.sections(ABOUT, rows())
    assert "- machine: two cores" in parts["about"]
    figures = [f"{seconds} (0.100 s), 40 MiB" for seconds in ("1.00 s", "10.0 s", "0.500 s")]
    assert (
        f"| 1 of 3 tiers | apply | {' | '.join(figures)} | 10.00 × (1.00 ×) | 0.50 × (1.00 ×) |"
        in parts["side-by-side"]
    )
    assert "| 100 | apply | 100 s (0.100 s), 40 MiB, 200 requests | over 300 s |" in parts["vendors"]
    assert "| 1,000 | plan, no change | Voucherify | 8.12 s | 2,000 | 6.25 s | 1.30 × |" in parts["latency"]
    assert "| 10,000 | validate | 61.0 s | 50.0 s | 314 MiB | 5.00 ms |" in parts["large"]


def test_the_page_says_what_is_met_and_what_is_missed() -> None:
    told = {aim: (value, verdict) for aim, value, verdict in aims.lines(rows())}
    plan = "`plan` of 100 programs without a change: {} × as long"
    assert told[plan.format("terraform takes at least 6")] == ("10.00 ×", "met")
    assert told[plan.format("octoDNS takes at least 3")] == ("0.50 ×", "**missed**")
    assert told["`validate` of 10,000 programs: at most 60 s"] == ("61 s", "**missed**")
    assert told["`plan` of 1,000 programs at 50 ms: at most 1.3 × of requests × 50 ms / 16"] == ("1.30 ×", "met")
    assert told[f"{CREATE}, 100 programs: at most 1 × of octoDNS"] == ("2.00 ×", "**missed**")


def test_the_page_has_a_place_for_each_part_and_keeps_the_rest() -> None:
    page = report.PAGE.read_text()
    parts = {**report.sections(ABOUT, rows()), **scale.sections()}
    once = report.written(page, parts)
    assert report.written(once, parts) == once
    assert re.sub(r"(?s)(<!-- ([a-z-]+) -->\n).*?(<!-- /\2 -->)", r"\1\3", once) == re.sub(
        r"(?s)(<!-- ([a-z-]+) -->\n).*?(<!-- /\2 -->)", r"\1\3", page
    )
    with pytest.raises(ValueError, match="no <!-- other -->"):
        report.written(page, {"other": ""})


def test_what_is_reckoned_is_on_the_page() -> None:
    page = report.PAGE.read_text()
    assert report.written(page, scale.sections()) == page


def test_rows_come_back_from_the_file_as_they_went() -> None:
    about, read = report.load(json.dumps({"about": ABOUT, "rows": rows()}))
    assert about == ABOUT
    assert [tuple(row._replace(runs=tuple(row.runs))) for row in read] == [
        tuple(row._replace(runs=tuple(row.runs))) for row in rows()
    ]


def test_the_chart_is_svg_with_each_point_in_its_frame() -> None:
    picture = ElementTree.fromstring(report.picture(rows()))
    name = "{http://www.w3.org/2000/svg}"
    assert len(picture.findall(f"{name}g")) == len(KINDS)
    (left, top, wide, high) = map(float, picture.attrib["viewBox"].split())
    for mark in picture.iter(f"{name}circle"):
        assert left <= float(mark.attrib["cx"]) <= wide
        assert top <= float(mark.attrib["cy"]) <= high
    assert "prefers-color-scheme:dark" in chart.svg("", {"a": {"x": [(1, 2)]}})
    assert [text.text for text in picture.findall(f"{name}text")][:3] == ["tierops", "terraform", "octoDNS"]


def test_a_median_is_that_of_each_figure() -> None:
    assert medians([Run(1, 9, 5), Run(2, 8, 7), Run(3, 7, 6)]) == Run(2, 8, 6)
