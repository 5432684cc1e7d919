"""What reviewers and pipelines see: one module per format, each a `render` of the same `Report`."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from tierops.model import Report


def render(report: Report, format_: str) -> str:
    """The report in one format, by the name of its module, ending in a newline."""
    return cast("str", import_module(f"tierops.output.{format_}").render(report))
