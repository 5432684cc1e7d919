"""The report as one HTML file that loads nothing: for a browser, light or dark, and for paper."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from hashlib import sha256

from tierops import __version__, plan_file
from tierops.model import Kind, Report
from tierops.output import drawing, jinja, view, words

_MANY = 10  # changes from which a reader may want to filter
_MOST_OPEN = 12  # targets whose list is not folded


def render(report: Report) -> str:
    """A page with inline style, script and drawings; its policy forbids it to load anything."""
    targets = view.targets(report)
    told = [target for target in targets if target.is_worth_telling]
    is_result = report.results is not None
    drawings = [drawing.draw(target.plan) if target.lines and not is_result else None for target in told]
    kinds = Counter(line.kind for target in told for line in target.lines)
    script = jinja.source("report.js")
    return jinja.page(
        "report.html",
        title=words.title(report),
        sentences=words.summary(report),
        error=words.error(report.error, 20_000),
        findings=view.findings(report.problems),
        targets=list(zip(told, drawings, strict=True)),
        unchanged=[target.address for target in targets if not target.is_worth_telling],
        kinds=[
            (kind, kinds[kind], words.meaning(kind, is_planned=report.command in {"plan", "show"}))
            for kind in Kind
            if kinds[kind]
        ],
        has_filters=sum(kinds.values()) > _MANY and len(kinds) > 1,
        is_result=is_result,
        most_open=_MOST_OPEN,
        facts=view.facts(report.plan) if report.plan else (),
        digest=plan_file.to_data(report.plan)["digest"] if report.plan else "",
        usage=[words.usage(usage) for usage in report.usage],
        version=__version__,
        style=jinja.verbatim(jinja.source("report.css")),
        script=jinja.verbatim(script),
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        width=drawing.WIDTH,
    )
