"""The README's pictures, made again: `make pictures`."""

from __future__ import annotations

import os
import re
import shutil
import sys
from html import escape
from pathlib import Path

from browser.png import with_palette
from reports import report, span

from tierops import plan as planning
from tierops.model import Identity, Live, LiveTier, Position, Target, TargetPlan, Tier
from tierops.output import Report, render
from tierops.providers import find

IMAGES = Path(__file__).parents[2] / "docs" / "images"
_LADDER = (
    ("Bronze", 0, 250, {}),
    ("Silver", 250, 500, {"metadata": {"perk": "free refill"}}),
    ("Gold", 500, 1000, {}),
    ("Platinum", 1000, 5000, {}),
)


# As the providers say it.
_PROOFS = {
    "voucherify": "{0} of {0} tiers, as `total` says",
    "fanfare": "{0} tiers in the list of all audiences and the same {0} in the group",
}


def _planned(provider: str, block: dict[str, str], id_: str, line: int, live: tuple[LiveTier, ...]) -> TargetPlan:
    vendor = find(provider)
    tiers = tuple(
        Tier(
            name,
            span(low, high),
            fields if provider == "voucherify" else {},
            Position("tiers/coffee-club.yaml", 9 + index, 5),
        )
        for index, (name, low, high, fields) in enumerate(_LADDER)
    )
    place = vendor.place(block)
    identity = Identity(vendor.default_url, vendor.noun, id_, place.name, None)
    at = Position("tiers/coffee-club.yaml", line, 5)
    return planning.build(
        Target("coffee-club", provider, place, vendor.scale(block), tiers, at),
        Live(identity, live, _PROOFS[provider].format(len(live))),
        vendor,
    )


def _example() -> Report:
    held = (
        LiveTier("ltr_1", "Bronze", span(0, 250)),
        LiveTier("ltr_2", "Silver", span(250, 500), {"metadata": {"perk": "free tea"}}, "2026-12-03T08:14:52Z"),
        LiveTier("ltr_9", "Staff", span(5000, None)),
    )
    group = (LiveTier("lt_1", "Bronze", span(0, 250)), LiveTier("lt_2", "Silver", span(250, 500)))
    return report(
        _planned("voucherify", {"campaign": "Coffee Club"}, "camp_rRsfatlwN7unSeUIJDCYedal", 5, held),
        _planned(
            "fanfare",
            {"group": "Coffee Club", "attribute": "loyaltyBalance"},
            "7c9e6679-7425-40de-944b-e07fc1f90ae7",
            6,
            group,
        ),
    )._replace(usage=())


EXAMPLE = _example()

_COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "36": "#79c0ff"}
_STYLES = {"1": "font-weight:700;color:#fff"} | {code: f"color:{colour}" for code, colour in _COLOURS.items()}


def terminal(text: str) -> str:
    """Text with ANSI colours as a page that looks like a terminal."""
    shown = ""
    for part in re.split(r"(\x1b\[[0-9;]*m)", text):
        code = re.fullmatch(r"\x1b\[([0-9;]*)m", part)
        if code is None:
            shown += escape(part)
        elif code[1] in {"0", ""}:
            shown += "</span>"
        else:
            shown += f'<span style="{_STYLES[code[1]]}">'
    return f"""<!doctype html><meta charset="utf-8"><title>terminal</title><style>
    body {{ margin: 0; padding: 24px; background: #f0f1f3; width: max-content; }}
    pre {{ margin: 0; padding: 20px 26px 24px; background: #0d1117; color: #c9d1d9; border-radius: 10px;
           font: 15px/1.45 "DejaVu Sans Mono", ui-monospace, Menlo, Consolas, monospace; }}
    .bar {{ display: block; margin-bottom: 14px; color: #6e7681; letter-spacing: 4px; }}
    </style><pre><span class="bar">●●●</span><b>$ tierops plan --env production</b>\n{shown}</pre>"""


def main() -> None:
    from browser.conftest import FLAGS
    from playwright.sync_api import sync_playwright

    IMAGES.mkdir(parents=True, exist_ok=True)
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or sys.exit("no chromium here")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=FLAGS)
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 1080, "height": 800}, color_scheme=scheme)
            page.set_content(render(EXAMPLE, "html"))
            end = page.evaluate("document.querySelector('main').getBoundingClientRect().bottom")
            clip = {"x": 0, "y": 0, "width": 1080, "height": end}
            picture = page.screenshot(full_page=True, clip=clip)
            (IMAGES / f"report-{scheme}.png").write_bytes(with_palette(picture))
        page = browser.new_page(viewport={"width": 900, "height": 400})
        page.set_content(terminal(render(EXAMPLE, "text")))
        (IMAGES / "terminal.png").write_bytes(with_palette(page.locator("pre").screenshot()))
        browser.close()


if __name__ == "__main__":
    main()
