"""The HTML report in Chromium: quiet, readable on any screen and on paper, usable by everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from browser.conftest import SCREENSHOTS
from browser.pictures import EXAMPLE
from reports import EVERY, desired, live, many, report, some, target

from tierops.model import LiveTier
from tierops.output import Report

Open = Callable[..., Any]

TWO_HUNDRED = report(*(some(n, creates=n % 4) for n in range(200)))
TWELVE = report(*(some(n, creates=n % 4) for n in range(12)))
REPORTS: dict[str, Report] = {
    "1-target": EXAMPLE._replace(plan=EXAMPLE.plan and EXAMPLE.plan._replace(targets=EXAMPLE.plan.targets[:1])),
    "by-hand": EVERY["one tier more above an open one"],
    "alike": EVERY["targets that are alike"],
    "drift": EVERY["drift"],
    "12-targets": TWELVE,
    "200-targets": TWO_HUNDRED,
    "problems": EVERY["problems"],
    "apply": EVERY["apply"],
    "error": EVERY["error"],
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", REPORTS)
def test_nothing_serious_is_in_the_way_of_anybody(name: str, scheme: str, opened: Open, axe: str) -> None:
    page = opened(REPORTS[name], scheme=scheme)
    page.evaluate(axe)
    # Contrast takes minutes on a page that long, which has no colour that the shorter ones lack.
    rules = {"color-contrast": {"enabled": name != "200-targets"}}
    found = page.evaluate("rules => axe.run(document, {resultTypes: ['violations'], rules})", rules)["violations"]
    serious = [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in {"serious", "critical"}]
    assert serious == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", REPORTS)
def test_no_page_is_wider_than_its_window(name: str, width: int, scheme: str, opened: Open) -> None:
    page = opened(REPORTS[name], width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    height = min(page.evaluate("document.documentElement.scrollHeight"), 4000)
    page.screenshot(
        path=SCREENSHOTS / f"{name}-{width}-{scheme}.png",
        full_page=True,
        clip={"x": 0, "y": 0, "width": width, "height": height},
    )


def test_long_names_stay_in_their_places(opened: Open) -> None:
    called = ["W" * 300, "金" * 80, "a" * 79 + " b", "مرحبا", "<b>bold</b>"]
    page = opened(report(target(desired(called), live(desired(called)[:2]), name="N" * 300), environment="e" * 90), 360)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    outside = page.locator(".held").evaluate_all(
        "all => all.filter(one => one.getBoundingClientRect().right > 361).map(one => one.textContent)"
    )
    assert outside == []
    assert page.locator("b", has_text="bold").count() == 0


def seen(page: Any, selector: str) -> set[bool]:
    """Whether what the selector finds takes any room: all, none, or some."""
    measured = "found => [...new Set(found.map(one => one.getClientRects().length > 0))]"
    return set(page.locator(selector).evaluate_all(measured))


def test_kinds_can_be_switched_off_and_on(opened: Open) -> None:
    page = opened(TWELVE)
    assert seen(page, "tr[data-kind]") == {True}
    page.get_by_role("button", name="to create").click()
    assert seen(page, "tr[data-kind=create]") == {False}
    assert seen(page, "tr[data-kind=differs]") == {True}
    page.get_by_role("button", name="differing").click()
    assert seen(page, "section.target") == {False}
    page.get_by_role("button", name="to create").click()
    assert seen(page, "tr[data-kind=create]") == {True}


def test_a_target_is_found_by_its_name(opened: Open) -> None:
    page = opened(TWO_HUNDRED)
    page.get_by_label("Find a target").fill("club-77/")
    assert page.locator("section.target:not(.off)").all_text_contents()[0].strip().startswith("club-77/voucherify")
    assert page.locator("section.target:not(.off)").count() == 1


def test_a_ladder_stacks_on_a_narrow_screen(opened: Open) -> None:
    page = opened(EVERY["plan"], 390)
    boxes = (
        page.locator(".ladder tbody tr")
        .first.locator("td")
        .evaluate_all("cells => cells.map(cell => cell.getBoundingClientRect().left)")
    )
    assert len(boxes) == 3
    assert len(set(boxes)) == 1


def test_paper_shows_all(opened: Open) -> None:
    page = opened(TWO_HUNDRED)
    page.get_by_role("button", name="to create").click()
    page.emulate_media(media="print")
    assert seen(page, "tr[data-kind], section.target, .legend, .proof dd, .proof pre") == {True}
    assert seen(page, ".filters") == {False}


def test_everything_is_there_without_the_script(opened: Open) -> None:
    page = opened(TWO_HUNDRED, java_script_enabled=False)
    assert page.locator(".legend").is_visible()
    assert not page.locator(".filters").is_visible()
    page.locator("section.target > details > summary").last.click()
    assert page.locator("section.target").last.locator("h2").is_visible()


@pytest.mark.parametrize(
    "wild",
    [
        report(many(5000)),
        report(target(desired([f"T{n}" for n in range(5000)]), live(desired([f"T{n}" for n in range(4990)])))),
        report(target(desired(), [LiveTier(str(n), f"L{n}", desired()[0].range) for n in range(9)])),
    ],
    ids=["all new", "few new", "nine in one place"],
)
def test_a_wild_ladder_stays_usable(wild: Report, opened: Open) -> None:
    page = opened(wild)
    assert page.locator(".ladder .held").count() < 700
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
