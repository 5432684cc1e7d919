"""What reviewers and pipelines see: one module per format, each a `render` of the same `Report`."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from tierops.output.report import Moved, Report
from tierops.text.visible import isolated

__all__ = ["Moved", "Report", "as_file", "render"]

_COLUMNS = 80  # of a text that is a file
_FOR_PEOPLE = frozenset({"text", "markdown", "html"})


def render(report: Report, format_: str) -> str:
    """The report in one format, by the name of its module, ending in a newline."""
    content = cast("str", import_module(f"tierops.output.{format_}").render(report))
    return isolated(content) if format_ in _FOR_PEOPLE else content


def as_file(report: Report, format_: str) -> str:
    """The report as the content of a file: text without colours, and with the error that a terminal gets on stderr."""
    content = render(report._replace(columns=_COLUMNS), format_)
    if format_ != "text":
        return content
    from click import unstyle

    return unstyle(content) + (f"error: {report.error}\n" if report.error else "")
