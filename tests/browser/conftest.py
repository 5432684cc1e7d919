"""A real browser. `make browser-test` installs what it takes and runs these; elsewhere they are skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tierops.output import Report, render

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if not os.environ.get("BROWSER_TESTS"):
        pytest.skip("run by `make browser-test`")
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: see `make browser-test`")
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        pytest.skip("no chromium here: install it, or name it in CHROMIUM")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which the package axe-playwright-python brings along."""
    found = find_spec("axe_playwright_python")
    if not found or not found.origin:
        pytest.skip("no axe-core: install axe-playwright-python")
    (path,) = Path(found.origin).parent.rglob("axe.min.js")
    return path.read_text(encoding="utf-8")


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a report. At the end the page must have loaded nothing but itself and complained of nothing."""
    contexts: list[Any] = []
    told: list[str] = []

    def open_(report: Report, width: int = 1280, scheme: str = "light", **options: Any) -> Any:
        path = tmp_path / f"{len(contexts)}.html"
        path.write_text(render(report, "html"), encoding="utf-8")
        contexts.append(chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: told.append(request.url) if request.url != path.as_uri() else None)
        page.goto(path.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [line for line in told if line != "data:,"] == []
