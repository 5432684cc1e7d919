"""What reviewers and pipelines see: one module per format, each a `render` of the same `Report`.

It answers with the text, or with pieces of it that are made one after the other where there may be much of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module

from tierops.output.report import Moved, Report
from tierops.text.visible import isolated, whole_lines

__all__ = ["Moved", "Report", "as_file", "blocks", "render"]

_COLUMNS = 80  # of a text that is a file
_FOR_PEOPLE = frozenset({"text", "markdown", "html"})


def render(report: Report, format_: str) -> str:
    """The report in one format, by the name of its module, ending in a newline."""
    return "".join(blocks(report, format_))


def blocks(report: Report, format_: str) -> Iterator[str]:
    """What `render` says, in blocks of whole lines that are made one after the other: a report may be long."""
    made = import_module(f"tierops.output.{format_}").render(report)
    content = whole_lines((made,) if isinstance(made, str) else made)
    return map(isolated, content) if format_ in _FOR_PEOPLE else content


def as_file(report: Report, format_: str) -> Iterator[str]:
    """The report as `blocks` of a file: text without colours, and with the error that a terminal gets on stderr."""
    content = blocks(report._replace(columns=_COLUMNS), format_)
    return _plain(content, report.error) if format_ == "text" else content


def _plain(content: Iterable[str], error: str) -> Iterator[str]:
    from click import unstyle

    yield from map(unstyle, content)
    if error:
        yield f"error: {error}\n"
