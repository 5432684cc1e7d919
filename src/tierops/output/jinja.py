"""The templates beside this module. They lay out; what they say is made in Python. The only importer of Jinja2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_FOLDER = Path(__file__).parent / "templates"


def pieces(name: str, **values: object) -> Iterator[str]:
    """An HTML template filled in, bit by bit; every value is escaped for HTML."""
    return _environment(is_html=True).get_template(name).generate(values)


@cache
def macros(name: str, escape: Callable[[str], str]) -> Any:
    """The macros of a template as functions; every value goes through `escape` unless `verbatim` said otherwise."""

    def finalize(value: object) -> str:
        return str(value) if isinstance(value, Markup) else escape(str(value))

    # Macros answer with `str`, and none calls another: so nothing is escaped twice.
    return _environment(is_html=False, finalize=finalize).get_template(name).module


def verbatim(text: str) -> str:
    """Text that a template takes as it is."""
    return Markup(text)  # noqa: S704 (the caller vouches for it)


def source(name: str) -> str:
    """The text of a file that goes into a page as it stands."""
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def _environment(*, is_html: bool, finalize: Callable[[object], str] | None = None) -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=is_html,  # noqa: S701 (Markdown is escaped by `finalize`)
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
