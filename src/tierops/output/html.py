"""The report as one HTML file that loads nothing: for a browser, light or dark, and for paper."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from tierops import __version__, plan_file
from tierops.output import drawing, impact_html, jinja, view, words
from tierops.output import impact as told
from tierops.output.report import Report
from tierops.output.summary import summary, title

_MANY = 10  # changes from which a reader may want to filter
_MOST_OPEN = 12  # targets whose list is not folded


def render(report: Report) -> str:
    """A page with inline style, script and drawings; its policy forbids it to load anything."""
    targets = view.targets(report)
    changed = [target for target in targets if target.is_worth_telling]
    is_result = report.results is not None
    drawings = [drawing.draw(target.plan) if target.changes and not is_result else None for target in changed]
    kinds = words.amounts(change.kind for target in changed for change in target.changes)
    is_planned = report.command in {"plan", "show"}
    impacts = report.impacts or ()
    script = jinja.source("report.js")
    return jinja.page(
        "report.html",
        title=title(report),
        sentences=summary(report),
        error=words.error(report.error, 20_000),
        problems=view.problems(report.problems),
        targets=list(zip(changed, drawings, strict=True)),
        unchanged=[target.address for target in targets if not target.is_worth_telling],
        kinds=[(kind, amount, words.meaning(kind, is_planned=is_planned)) for kind, amount in kinds.items()],
        has_filters=sum(kinds.values()) > _MANY and len(kinds) > 1,
        is_result=is_result,
        most_open=_MOST_OPEN,
        facts=view.facts(report.plan) if report.plan else (),
        digest=plan_file.to_data(report.plan)["digest"] if report.plan else "",
        members_of=impact_html.members,
        moved=[impact_html.Section(told.heading(one), impact_html.members(one.impact, one.label)) for one in impacts],
        beside=told.side_by_side(impacts),
        usage=[words.usage(usage) for usage in report.usage],
        version=__version__,
        style=jinja.verbatim(jinja.source("report.css") + jinja.source("impact.css")),
        script=jinja.verbatim(script),
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        width=drawing.WIDTH,
    )
