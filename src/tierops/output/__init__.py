"""What reviewers and pipelines see: one module per format, each a `render` of the same `Report`."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from tierops.model import Report

FORMATS = ("text", "json")


def render(report: Report, format_: str) -> str:
    """The report in one of `FORMATS`, ending in a newline."""
    return cast("str", import_module(f"tierops.output.{format_}").render(report))
